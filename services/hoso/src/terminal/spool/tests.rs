//! The journal on the disk: what was kept stays, what was torn was never told, what is spoilt is that entry alone.

use api::hoso::dossier::v1::Applicant;
use api::hoso::intake::v1::{Collected, EntryRefusal, EntryResult, journal_entry::Item};
use tempfile::TempDir;

use super::*;

fn terminal() -> (TempDir, Spool) {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::make(&folder.path().join("terminal"), &identity()).unwrap();
    (folder, spool)
}

fn identity() -> Identity {
    Identity {
        terminal: "BC1-MAY2".to_owned(),
        office: "BC1".to_owned(),
        operator: "VNPOST-DT".to_owned(),
        server: "127.0.0.1:7601".to_owned(),
        node: Some(1),
    }
}

fn collected(command: u128) -> JournalEntry {
    JournalEntry {
        sequence: 0,
        command_id: uuid::Uuid::from_u128(command).to_string(),
        device_time: None,
        actor: "buu-ta-1".to_owned(),
        item: Some(Item::Collected(Collected {
            slip: format!("PG-{command}"),
            applicant: Some(Applicant {
                name: "Nguyen Thi Mac Khen".to_owned(),
                ..Applicant::default()
            }),
            ..Collected::default()
        })),
    }
}

fn answer(sequence: u32, refused: bool) -> EntryAnswer {
    let result = if refused {
        EntryResult::Refused
    } else {
        EntryResult::Taken
    };
    EntryAnswer {
        sequence,
        result: result.into(),
        refusal: refused.then(|| EntryRefusal {
            reason: "INVALID_FIELD".to_owned(),
            ..EntryRefusal::default()
        }),
        ..EntryAnswer::default()
    }
}

fn commands(spool: &Spool) -> Vec<String> {
    let waiting = spool.waiting().unwrap().into_iter();
    waiting
        .map(|sequence| spool.entry(sequence).unwrap().command_id)
        .collect()
}

fn keyed(spool: &Spool, command: u128) -> u32 {
    spool.append(collected(command)).unwrap().sequence
}

#[test]
fn what_was_keyed_in_waits_in_order_and_its_number_is_never_given_again() {
    let (folder, spool) = terminal();
    assert_eq!([1, 2, 3].map(|it| keyed(&spool, it)), [1, 2, 3]);
    let again = spool.append(collected(2)).unwrap();
    assert_eq!((again.sequence, again.again), (2, true));
    for sequence in [1, 2, 3] {
        spool.answered(&answer(sequence, false)).unwrap();
    }
    assert_eq!(spool.reach().unwrap(), (3, 3));
    let spool = Spool::open(&folder.path().join("terminal")).unwrap();
    assert_eq!(spool.identity, identity());
    assert_eq!(keyed(&spool, 4), 4);
    assert_eq!(spool.reach().unwrap(), (4, 3));
}

#[test]
fn what_was_being_written_when_the_power_went_was_told_to_nobody() {
    let (_folder, spool) = terminal();
    keyed(&spool, 1);
    let whole = fs::read(spool.path(ENTRIES, 1)).unwrap();
    fs::write(spool.path(ENTRIES, 2).with_extension("new"), &whole[..20]).unwrap();
    assert_eq!(keyed(&spool, 2), 2);
    assert_eq!(commands(&spool).len(), 2);
    assert_eq!(fs::read_dir(spool.folder.join(ENTRIES)).unwrap().count(), 2);
}

#[test]
fn a_spoilt_entry_is_named_and_takes_no_other_with_it() {
    let (_folder, spool) = terminal();
    for command in 1..=3 {
        keyed(&spool, command);
    }
    let path = spool.path(ENTRIES, 2);
    let whole = fs::read(&path).unwrap();
    for at in 0..=whole.len() {
        let mut spoilt = whole.clone();
        match spoilt.get_mut(at) {
            Some(byte) => *byte ^= 0x40,
            // And one that is cut off.
            None => spoilt.truncate(at / 2),
        }
        fs::write(&path, spoilt).unwrap();
        assert!(spool.entry(2).is_err(), "byte {at}");
    }
    // One entry in another's place is as good as none.
    fs::copy(spool.path(ENTRIES, 1), &path).unwrap();
    assert_eq!(spool.entry(2).unwrap_err(), Damage::Sealed);
    assert!(spool.entry(1).is_ok() && spool.entry(3).is_ok());
    spool.lay_aside(2).unwrap();
    assert_eq!(spool.damaged().unwrap(), [2].into());
    assert_eq!(spool.waiting().unwrap(), [1, 3].into());
}

#[test]
fn a_refused_entry_stays_for_a_person_with_its_reason() {
    let (_folder, spool) = terminal();
    keyed(&spool, 1);
    spool.answered(&answer(1, true)).unwrap();
    assert!(spool.waiting().unwrap().is_empty());
    let refused = spool.refusal(1).unwrap();
    assert_eq!(refused.answer.refusal.unwrap().reason, "INVALID_FIELD");
    assert_eq!(refused.entry.item, collected(1).item);
    spool.dismiss(1).unwrap();
    assert!(spool.refused().unwrap().is_empty());
    assert!(spool.dismiss(1).is_err());
}

#[test]
fn an_entry_that_needs_another_number_keeps_its_command_and_is_there_once_whatever_crashed() {
    let (_folder, spool) = terminal();
    keyed(&spool, 1);
    let entry = fs::read(spool.path(ENTRIES, 1)).unwrap();
    spool.renumber(1).unwrap();
    assert_eq!(spool.waiting().unwrap(), [2].into());
    // As after a crash between writing it anew and taking the old one away.
    fs::write(spool.path(ENTRIES, 1), entry).unwrap();
    spool.renumber(1).unwrap();
    assert_eq!(spool.waiting().unwrap(), [2].into());
    assert_eq!(commands(&spool), [collected(1).command_id]);
}

#[test]
fn nothing_on_the_disk_can_be_read_without_the_key() {
    let (folder, spool) = terminal();
    keyed(&spool, 1);
    keyed(&spool, 2);
    spool.answered(&answer(2, true)).unwrap();
    let mut folders = vec![folder.path().to_owned()];
    while let Some(inner) = folders.pop() {
        for file in fs::read_dir(inner).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                let found = bytes.windows(8).any(|it| it == b"Mac Khen");
                assert!(!found, "{}", path.display());
            }
        }
    }
}

#[test]
fn a_state_that_is_spoilt_is_laid_aside_and_numbers_go_on_after_what_waits() {
    let (_folder, spool) = terminal();
    keyed(&spool, 1);
    keyed(&spool, 2);
    spool.answered(&answer(1, false)).unwrap();
    fs::write(spool.folder.join(STATE), b"{").unwrap();
    assert_eq!(spool.reach().unwrap(), (2, 1));
    assert_eq!(keyed(&spool, 3), 3);
    assert!(spool.folder.join("state.damaged").exists());
}

#[test]
fn another_terminal_does_not_take_the_folder_over() {
    let (folder, _spool) = terminal();
    let other = Identity {
        terminal: "BC1-MAY3".to_owned(),
        ..identity()
    };
    let refused = Spool::make(&folder.path().join("terminal"), &other).unwrap_err();
    assert!(refused.to_string().contains("BC1-MAY2"), "{refused}");
}
