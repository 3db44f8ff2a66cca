//! What rides along in the log's journal: kept at once, once more after it was lost, and unreadable there once anything is erased.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;
use uuid::Uuid;
use vault::{Content, Kept, Rider, Settings, Step, Vault};

use crate::support::{
    copy, files_with, master, open, opened_watching_keys, settings, subject, wait,
};

fn rider(vault: &Vault, number: u128, texts: &[&str]) -> (Rider, Vec<Uuid>) {
    let texts = texts.iter().map(|text| text.as_bytes().to_vec());
    let mut draft = vault.draft(subject(number), texts.collect()).unwrap();
    let names = draft.foreseen().unwrap();
    let rider = draft.rider().unwrap();
    (rider, names.into_iter().map(|it| it.entry).collect())
}

/// A vault as it was before something rode along, what the journal has of that, and how it is called.
fn lost() -> (TempDir, Vec<u8>, Vec<Uuid>) {
    let [folder, before] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let vault = open(folder.path());
    wait(vault.put(subject(1), b"was here".to_vec())).unwrap();
    copy(folder.path(), before.path());
    let (one, mut entries) = rider(&vault, 2, &["Nguyễn Văn A", "ghi chú"]);
    let (other, more) = rider(&vault, 3, &["Trần Thị B"]);
    let kept = vault.stowage().stow(&[one, other]);
    assert_eq!(kept.each, [true, true]);
    entries.extend(more);
    (before, kept.bytes, entries)
}

fn read(vault: &Vault, entries: &[Uuid]) -> Vec<String> {
    let texts = entries.iter().map(|entry| vault.get(*entry).unwrap());
    texts
        .map(|text| String::from_utf8(text.to_vec()).unwrap())
        .collect()
}

const TEXTS: [&str; 3] = ["Nguyễn Văn A", "ghi chú", "Trần Thị B"];

#[test]
fn what_a_vault_has_lost_comes_back_out_of_the_journal_once() {
    let (folder, journal, entries) = lost();
    let vault = open(folder.path());
    assert!(!vault.has(entries[0]));
    vault.stowage().restore(&journal).unwrap();
    assert_eq!(read(&vault, &entries), TEXTS);
    let status = vault.status();
    vault.stowage().restore(&journal).unwrap();
    assert_eq!(
        vault.status(),
        status,
        "a second time there is nothing to do"
    );
    drop(vault);
    let vault = open(folder.path());
    assert_eq!(read(&vault, &entries), TEXTS);
    assert_eq!(vault.status().damage, []);
    // It goes on like any other.
    let more = wait(vault.put(subject(2), b"more".to_vec())).unwrap();
    assert_eq!(*vault.get(more.entry).unwrap(), b"more");
    wait(vault.erase(subject(2))).unwrap();
    assert!(vault.get(entries[0]).is_err() && vault.get(more.entry).is_err());
    assert_eq!(read(&vault, &entries[2..]), TEXTS[2..]);
}

#[test]
fn somebody_elses_journal_or_a_changed_byte_brings_nothing() {
    let (folder, journal, entries) = lost();
    let elsewhere = tempfile::tempdir().unwrap();
    let other = open(elsewhere.path());
    other.stowage().restore(&journal).unwrap();
    assert_eq!(other.status().entries, 0);
    let vault = open(folder.path());
    for at in 0..journal.len() {
        let mut changed = journal.clone();
        changed[at] ^= 1;
        vault.stowage().restore(&changed).unwrap();
        vault.stowage().restore(&journal[..at]).unwrap();
    }
    assert!(!vault.has(entries[0]));
    assert_eq!(vault.failed(), None);
}

#[test]
fn once_anything_is_erased_nobody_reads_what_a_journal_has_from_before() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let (first, entries) = rider(&vault, 2, &["Nguyễn Văn A"]);
    let journal = vault.stowage().stow(&[first]).bytes;
    let key = fs::read(folder.path().join("journal-key")).unwrap();
    wait(vault.erase(subject(2))).unwrap();
    // The tag, the nonce and the wrapped key of its one slot.
    for part in key[8..96].chunks_exact(8) {
        assert_eq!(files_with(folder.path(), part), [""; 0]);
    }
    let (_, late) = rider(&vault, 3, &["Trần Thị B"]);
    vault.stowage().restore(&journal).unwrap();
    assert!(vault.get(entries[0]).is_err() && !vault.has(late[0]));
    assert!(vault.is_erased(subject(2)));
    drop(vault);
    let vault = open(folder.path());
    vault.stowage().restore(&journal).unwrap();
    assert!(vault.get(entries[0]).is_err());
}

#[test]
fn under_another_master_key_a_journal_from_before_is_not_needed_and_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let (first, entries) = rider(&vault, 2, &["Nguyễn Văn A"]);
    let journal = vault.stowage().stow(&[first]).bytes;
    let key = fs::read(folder.path().join("journal-key")).unwrap();
    wait(vault.rotate(master(2))).unwrap();
    for part in key[24..96].chunks_exact(8) {
        assert_eq!(files_with(folder.path(), part), [""; 0]);
    }
    drop(vault);
    let vault = Vault::open(folder.path(), master(2), settings()).unwrap();
    vault.stowage().restore(&journal).unwrap();
    assert_eq!(read(&vault, &entries), TEXTS[..1]);
    let (second, entries) = rider(&vault, 3, &["Trần Thị B"]);
    let journal = vault.stowage().stow(&[second]).bytes;
    drop(vault);
    let vault = Vault::open(folder.path(), master(2), settings()).unwrap();
    vault.stowage().restore(&journal).unwrap();
    assert_eq!(read(&vault, &entries), TEXTS[2..]);
}

#[test]
fn whoever_is_known_or_erased_does_not_ride_along_and_neither_does_anybody_twice() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let [known, gone, new, twin] = [1, 2, 3, 3].map(|number| rider(&vault, number, &["text"]).0);
    wait(vault.put(subject(1), b"was here".to_vec())).unwrap();
    wait(vault.erase(subject(2))).unwrap();
    let kept = vault.stowage().stow(&[known, gone, new, twin]);
    assert_eq!(kept.each, [false, false, true, false]);
    assert_eq!(vault.status().subjects, 2);
    assert_eq!(vault.stowage().stow(&[]), Kept::default());
}

#[test]
fn when_the_disk_fails_nothing_rides_along_and_what_was_taken_is_not_said_to_be_settled() {
    let folder = tempfile::tempdir().unwrap();
    let fails = Arc::new(AtomicBool::new(false));
    let failing = |folder: &Path, on: Step| {
        let fails = Arc::clone(&fails);
        let settings = Settings {
            before: Arc::new(
                move |step| match step == on && fails.load(Ordering::SeqCst) {
                    true => Err(io::Error::other("the disk is gone")),
                    false => Ok(()),
                },
            ),
            ..settings()
        };
        Vault::open(folder, master(1), settings).unwrap()
    };
    let vault = failing(folder.path(), Step::Sync(Content::Entries));
    let (first, entries) = rider(&vault, 2, &["Nguyễn Văn A"]);
    let journal = vault.stowage().stow(&[first]).bytes;
    fails.store(true, Ordering::SeqCst);
    assert!(vault.stowage().settle().is_err());
    vault.close();
    assert!(
        vault.stowage().settle().is_err(),
        "it did not close in order"
    );
    let (second, _) = rider(&vault, 3, &["Trần Thị B"]);
    assert_eq!(vault.stowage().stow(&[second]).each, [false]);
    drop(vault);
    fails.store(false, Ordering::SeqCst);
    let vault = failing(folder.path(), Step::Write(Content::Entries));
    vault.stowage().restore(&journal).unwrap();
    assert_eq!(read(&vault, &entries), TEXTS[..1]);
    fails.store(true, Ordering::SeqCst);
    let (second, entries) = rider(&vault, 3, &["Trần Thị B"]);
    assert_eq!(vault.stowage().stow(&[second]).each, [false]);
    assert!(vault.failed().is_some() && !vault.has(entries[0]));
}

#[test]
fn what_a_killed_process_wrote_of_the_journal_key_is_on_the_disk_before_anything_lies_under_it() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let (_vault, steps) = opened_watching_keys(folder.path());
    let [write, sync] = [Step::Write(Content::Keys), Step::Sync(Content::Keys)];
    // There are no subjects: what is written is the journal key, as it reads.
    assert_eq!(steps, [sync, write, sync]);
}
