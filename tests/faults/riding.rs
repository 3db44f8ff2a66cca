//! The power goes at any sync of an intake's log and vault: whatever the log names, the vault has, and what was erased is gone.
//!
//! A new dossier's personal data are on the disk in the log's journal before they are where they belong. A child of this test
//! submits, erases and sweeps while its system calls are recorded; at every sync the disk is cut, and both are opened. Of some
//! cuts the opening is recorded too, and cut again.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use application::riding;
use eventlog::{Append, EventLog, Expected, Position, Role, Settings, StreamId};
use support::folder;
use uuid::Uuid;
use vault::{GetError, MasterKey, Vault};

use crate::disk::{Disk, Event};
use crate::power::{Dice, Recording, record};
use crate::scene::{all, filed, finish, say, settings};

/// Of the cuts, so many have what is done about them recorded and cut again.
const CUT_TWICE: usize = 4;

fn open(folder: &Path) -> (Vault, EventLog) {
    let small = vault::Settings {
        free_bytes_min: 0,
        // Several pages wait for one sync.
        fill_bytes: 32 * 1024,
        file_bytes_max: 24_000,
        ..vault::Settings::default()
    };
    let key = MasterKey::from_bytes(&[7; 32]);
    let vault = Vault::open(&folder.join("vault"), key, small).unwrap();
    let with_vault = Settings {
        keeping: riding::keeping(&vault),
        ..settings(Role::Origin)
    };
    let log = EventLog::open(&folder.join("log"), with_vault).unwrap();
    (vault, log)
}

fn subject(number: u8) -> Uuid {
    Uuid::from_u128(0x9e37_79b9_7f4a_7c15 ^ u128::from(number))
}

fn text(number: u8) -> Vec<u8> {
    format!("Nguyễn Văn {number}, ")
        .repeat(1 + 10 * usize::from(number % 7))
        .into_bytes()
}

/// An event names an entry: the dossier's number, and the entry's.
fn naming(number: u8, entry: Uuid) -> Append {
    Append {
        stream: StreamId(subject(number)),
        expected: Expected::Any,
        request: None,
        events: vec![filed(
            Uuid::new_v4(),
            Vec::new(),
            [&[number][..], entry.as_bytes()].concat(),
        )],
    }
}

fn tell(what: &str, number: u8) {
    let line = format!("{what} {number}\n");
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}

fn submit(vault: &Vault, log: &EventLog, number: u8) {
    let mut draft = vault.draft(subject(number), vec![text(number)]).unwrap();
    let entry = draft.foreseen().unwrap()[0].entry;
    let rider = draft.rider().unwrap();
    let bytes = rider.bytes();
    finish(log.append_with(naming(number, entry), Box::new(rider), bytes)).unwrap();
    say("log", log);
}

fn more(vault: &Vault, log: &EventLog, number: u8) {
    let kept = vault.put_blocking(subject(number), text(number)).unwrap();
    log.append_blocking(naming(number, kept.entry)).unwrap();
    say("log", log);
}

fn erase(vault: &Vault, number: u8) {
    tell("erasing", number);
    vault.erase_blocking(subject(number)).unwrap();
    tell("erased", number);
}

/// A short life of both.
pub(crate) fn life(folder: &Path) {
    let (vault, log) = open(folder);
    for number in 0..9 {
        submit(&vault, &log, number);
    }
    erase(&vault, 2);
    for number in 10..50 {
        submit(&vault, &log, number);
        if number % 9 == 0 {
            more(&vault, &log, number - 2);
        }
    }
    erase(&vault, 13);
    submit(&vault, &log, 50);
    log.close();
    vault.close();
    drop((vault, log));
    let (vault, log) = open(folder);
    for number in 60..66 {
        submit(&vault, &log, number);
    }
    // Nothing names this one.
    vault.put_blocking(subject(90), text(90)).unwrap();
    let named = named(&log);
    let swept = vault.sweep(
        |entry| named.iter().any(|(_, it)| *it == entry),
        vault.mark(),
    );
    assert_eq!(finish(swept).unwrap(), 1);
    submit(&vault, &log, 66);
    erase(&vault, 66);
    vault.close();
    log.close();
}

/// What a power cut left of both is opened, and one more comes.
pub(crate) fn recovery(folder: &Path) {
    let (vault, log) = open(folder);
    say("log", &log);
    submit(&vault, &log, 80);
    erase(&vault, 80);
    log.close();
    vault.close();
}

fn named(log: &EventLog) -> Vec<(u8, Uuid)> {
    let records = all(log).into_iter();
    let named = records.map(|record| {
        let (number, entry) = record.event.data.split_first().expect("a number");
        (*number, Uuid::from_slice(entry).expect("an entry"))
    });
    named.collect()
}

/// What had been promised.
#[derive(Clone, Default)]
struct Told {
    position: Position,
    erasing: BTreeSet<u8>,
    erased: BTreeSet<u8>,
}

impl Told {
    fn hear(&mut self, line: &str) {
        let words: Vec<_> = line.split(' ').collect();
        match words.as_slice() {
            ["acknowledged", "log", position, _] => self.position = position.parse().unwrap(),
            ["erasing", number] => drop(self.erasing.insert(number.parse().unwrap())),
            ["erased", number] => drop(self.erased.insert(number.parse().unwrap())),
            _ => {}
        }
    }
}

/// The disk before each sync and after each promise.
fn moments(recording: &Recording, mut told: Told) -> Vec<(Disk, Told)> {
    let mut disk = recording.before.clone();
    let mut moments = Vec::new();
    for call in &recording.calls {
        if call.name == "fsync" || call.name == "fdatasync" {
            moments.push((disk.clone(), told.clone()));
        }
        if let Event::Said(said) = disk.take(call) {
            said.lines().for_each(|line| told.hear(line));
            moments.push((disk.clone(), told.clone()));
        }
    }
    moments
}

fn check(folder: &Path, told: &Told, what: &str) {
    for opening in ["first", "second"] {
        let (vault, log) = open(folder);
        let what = format!("{what}, {opening} opening");
        assert_eq!(vault.status().damage, [], "{what}");
        assert!(log.awaits().is_none(), "{what}");
        let named = named(&log);
        assert!(
            named.len() as u64 >= told.position,
            "{what}: {} records",
            named.len()
        );
        for (number, entry) in named {
            match vault.get(entry) {
                Ok(kept) => {
                    assert_eq!(*kept, text(number), "{what}");
                    assert!(!told.erased.contains(&number), "{what}: {number} came back");
                }
                Err(GetError::Erased { .. }) => {
                    assert!(told.erasing.contains(&number), "{what}: {number} is gone");
                }
                Err(error) => panic!("{what}: the log names {number}'s entry: {error}"),
            }
        }
        log.close();
        vault.close();
    }
}

/// Cuts at each moment and checks; gives those that are to be cut again.
fn cut_all(moments: &[(Disk, Told)], what: &str) -> Vec<(tempfile::TempDir, Told)> {
    let next = AtomicUsize::new(0);
    let every = (moments.len() / CUT_TWICE).max(1);
    let kept = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let nth = next.fetch_add(1, Ordering::Relaxed)
                    && let Some((disk, told)) = moments.get(nth)
                {
                    let cut = || {
                        let place = folder::in_memory();
                        disk.cut(&mut Dice::new(nth as u64), &place.path().join("cut"));
                        place
                    };
                    let what = format!("{what}, moment {nth} of {}", moments.len());
                    check(&cut().path().join("cut"), told, &what);
                    if nth % every == every / 2 {
                        kept.lock().unwrap().push((cut(), told.clone()));
                    }
                }
            });
        }
    });
    kept.into_inner().unwrap()
}

#[test]
fn whatever_the_log_names_the_vault_has_after_a_power_cut_at_any_sync_and_what_was_erased_is_gone()
{
    let place = folder::in_memory();
    let folder = place.path().join("office");
    fs::create_dir(&folder).unwrap();
    let recording = record(&folder, "office");
    let moments = moments(&recording, Told::default());
    let end = moments.last().map(|(_, told)| told.clone()).unwrap();
    assert_eq!(end.erased, BTreeSet::from([2, 13, 66]));
    check(&folder, &end, "as it ended");
    let cuts = cut_all(&moments, "a life");
    println!("{} cuts of a life", moments.len());
    let mut again = 0;
    for (place, told) in cuts {
        let folder = place.path().join("cut");
        let recording = record(&folder, "office's recovery");
        let moments = self::moments(&recording, told);
        cut_all(&moments, "a recovery");
        again += moments.len();
    }
    println!("{again} cuts of a recovery");
}
