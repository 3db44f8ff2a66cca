//! Bytes that changed on the disk: the entry they belong to is damaged, and nothing else is, and no text is ever wrong.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use vault::{GetError, Sealed, Settings, Vault};

use crate::support::{copy, master, open, settings, subject, wait};

fn flip(path: &Path, at: u64) {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 0x20], at).unwrap();
}

/// Four entries of two subjects, closed in order.
fn four(folder: &Path) -> Vec<(Sealed, Vec<u8>)> {
    let vault = open(folder);
    (0..4)
        .map(|n| {
            let text = format!("entry {n} {}", "x".repeat(30 * n)).into_bytes();
            (
                wait(vault.put(subject(n as u128 % 2), text.clone())).unwrap(),
                text,
            )
        })
        .collect()
}

/// Opens and reads all; says which are damaged. Nothing may be unknown, and no text wrong.
fn damaged(folder: &Path, kept: &[(Sealed, Vec<u8>)], what: &str) -> Vec<usize> {
    let vault = open(folder);
    let mut damaged = Vec::new();
    for (n, (sealed, text)) in kept.iter().enumerate() {
        match vault.get(sealed.entry) {
            Ok(read) => assert_eq!(*read, *text, "{what}"),
            Err(GetError::Damaged { .. }) => damaged.push(n),
            Err(error) => panic!("{what}: {error}"),
        }
    }
    damaged
}

#[test]
fn any_flipped_byte_damages_its_entry_only_and_the_vault_still_opens() {
    let folder = tempfile::tempdir().unwrap();
    let kept = four(folder.path());
    let entries = folder.path().join("entries-0001");
    let pristine = fs::read(&entries).unwrap();
    let used = pristine.iter().rposition(|byte| *byte != 0).unwrap() as u64 + 1;
    for at in 0..used {
        flip(&entries, at);
        let found = damaged(folder.path(), &kept, &format!("byte {at}"));
        assert!(found.len() <= 1, "byte {at}: {found:?}");
        // Where nothing is damaged the byte was padding or the end mark.
        fs::write(&entries, &pristine).unwrap();
    }
    for slot in 0..2_usize {
        for at in (slot as u64 * 128)..(slot as u64 + 1) * 128 {
            let keys = folder.path().join("keys-0001");
            flip(&keys, at);
            let found = damaged(folder.path(), &kept, &format!("key byte {at}"));
            assert_eq!(found, [slot, slot + 2], "key byte {at}");
            flip(&keys, at);
        }
    }
    assert!(damaged(folder.path(), &kept, "at the end").is_empty());
}

#[test]
fn damage_says_which_file_and_where_also_under_an_open_vault() {
    let folder = tempfile::tempdir().unwrap();
    let kept = four(folder.path());
    let vault = open(folder.path());
    // Into the ciphertext of the second entry, which comes after the first and its subject's key.
    let second = 64 + 64 + 128;
    flip(&folder.path().join("entries-0001"), second + 64 + 3);
    let entry = kept[1].0.entry;
    assert_eq!(
        vault.get(entry).unwrap_err(),
        GetError::Damaged {
            entry,
            file: "entries-0001".to_owned(),
            offset: second
        }
    );
    assert_eq!(*vault.get(kept[2].0.entry).unwrap(), kept[2].1);
    wait(vault.put(subject(0), b"more".to_vec())).unwrap();
}

#[test]
fn a_lost_page_is_reported_and_what_was_in_it_is_never_called_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let small = Settings {
        file_bytes_max: 10_000,
        ..settings()
    };
    let vault = Vault::open(folder.path(), master(1), small).unwrap();
    let kept: Vec<_> = (0..100)
        .map(|n| {
            let text = vec![n; 200];
            (
                wait(vault.put(subject(u128::from(n)), text.clone())).unwrap(),
                text,
            )
        })
        .collect();
    drop(vault);
    let file = OpenOptions::new()
        .write(true)
        .open(folder.path().join("entries-0001"))
        .unwrap();
    file.write_all_at(&[0; 4096], 4096).unwrap();
    let found = damaged(folder.path(), &kept, "lost page");
    assert!((9..=11).contains(&found.len()), "{found:?}");
    let vault = open(folder.path());
    let damage = vault.status().damage;
    assert_eq!(damage.len(), 1);
    assert_eq!(damage[0].file, "entries-0001");
    assert!(damage[0].offset < 4096 + 448 && damage[0].offset + damage[0].bytes >= 8192);
    // It goes on, and what comes now is well.
    let more = wait(vault.put(subject(0), b"more".to_vec())).unwrap();
    drop(vault);
    assert_eq!(*open(folder.path()).get(more.entry).unwrap(), b"more");
}

#[test]
fn a_lost_page_of_keys_is_not_given_to_new_subjects() {
    let folder = tempfile::tempdir().unwrap();
    let kept = four(folder.path());
    let file = OpenOptions::new()
        .write(true)
        .open(folder.path().join("keys-0001"))
        .unwrap();
    file.write_all_at(&[0; 4096], 0).unwrap();
    assert_eq!(damaged(folder.path(), &kept, "lost keys"), [0, 1, 2, 3]);
    let vault = open(folder.path());
    let new = wait(vault.put(subject(0), b"new".to_vec())).unwrap();
    assert_eq!(*vault.get(new.entry).unwrap(), b"new");
    assert!(matches!(
        vault.get(kept[0].0.entry),
        Err(GetError::Damaged { .. })
    ));
}

#[test]
fn a_damaged_key_is_replaced_for_what_comes_and_erasing_reaches_both() {
    let folder = tempfile::tempdir().unwrap();
    let kept = four(folder.path());
    flip(&folder.path().join("keys-0001"), 60);
    let vault = open(folder.path());
    let new = wait(vault.put(subject(0), b"new".to_vec())).unwrap();
    assert_eq!(*vault.get(new.entry).unwrap(), b"new");
    wait(vault.erase(subject(0))).unwrap();
    for entry in [new.entry, kept[0].0.entry, kept[2].0.entry] {
        assert_eq!(vault.get(entry).unwrap_err(), GetError::Erased { entry });
    }
    drop(vault);
    let keys = fs::read(folder.path().join("keys-0001")).unwrap();
    assert!(
        keys[24..96]
            .iter()
            .chain(&keys[256 + 24..256 + 96])
            .all(|byte| *byte == 0)
    );
    assert_eq!(open(folder.path()).status().erased, 2);
}

#[test]
fn a_torn_end_is_cut_back_to_the_last_whole_entry_and_the_vault_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let first = wait(vault.put(subject(0), b"first".to_vec())).unwrap();
    // Killed: no end mark. Then three entries in one batch, which reach the disk only in part.
    let killed = tempfile::tempdir().unwrap();
    copy(folder.path(), killed.path());
    // After the first entry and its subject's key.
    let start = 256;
    let batch =
        wait(vault.put_many(subject(0), vec![vec![1; 40], vec![2; 40], vec![3; 40]])).unwrap();
    let full = fs::read(folder.path().join("entries-0001")).unwrap();
    let prefix = fs::read(killed.path().join("entries-0001")).unwrap();
    for cut in (0..3 * 128).step_by(16) {
        for keep_end in [false, true] {
            let torn = tempfile::tempdir().unwrap();
            copy(killed.path(), torn.path());
            let mut bytes = prefix.clone();
            let kept = if keep_end {
                start + cut..start + 3 * 128
            } else {
                start..start + cut
            };
            bytes[kept.clone()].copy_from_slice(&full[kept]);
            fs::write(torn.path().join("entries-0001"), &bytes).unwrap();
            let vault = open(torn.path());
            assert_eq!(*vault.get(first.entry).unwrap(), b"first");
            assert_eq!(vault.status().damage, [], "cut {cut}");
            for (sealed, n) in batch.iter().zip(1..) {
                match vault.get(sealed.entry) {
                    Ok(text) => assert_eq!(*text, vec![n; 40]),
                    Err(GetError::Unknown { .. }) => {}
                    Err(error) => panic!("cut {cut}: {error}"),
                }
            }
            let more = wait(vault.put(subject(1), b"more".to_vec())).unwrap();
            drop(vault);
            let vault = open(torn.path());
            assert_eq!(*vault.get(more.entry).unwrap(), b"more");
            assert_eq!(vault.status().damage, [], "cut {cut}");
        }
    }
}

#[test]
fn what_is_torn_once_more_while_it_is_cleared_is_not_taken_for_damage() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let first = wait(vault.put(subject(0), b"first".to_vec())).unwrap();
    let killed = tempfile::tempdir().unwrap();
    wait(vault.put_many(subject(0), vec![vec![1; 40], vec![2; 40], vec![3; 40]])).unwrap();
    copy(folder.path(), killed.path());
    let entries = killed.path().join("entries-0001");
    // Of the batch after the first entry and its key, the first header and the last body never reached the disk.
    let (gap, last) = (256..320, 256 + 2 * 128);
    let mut torn = fs::read(&entries).unwrap();
    torn[gap].fill(0);
    torn[last + 64..last + 128].fill(0);
    fs::write(&entries, &torn).unwrap();
    drop(open(killed.path()));
    // The power goes while it is cleared: of what that wrote, only the last is there.
    let cleared = fs::read(&entries).unwrap();
    torn[last..last + 128].copy_from_slice(&cleared[last..last + 128]);
    fs::write(&entries, &torn).unwrap();
    let vault = open(killed.path());
    assert_eq!(vault.status().damage, []);
    assert_eq!(*vault.get(first.entry).unwrap(), b"first");
}

#[test]
fn what_was_recovered_once_can_be_damaged_later_and_is_not_taken_for_torn() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let kept = wait(vault.put(subject(0), b"kept".to_vec())).unwrap();
    let [killed, again] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    copy(folder.path(), killed.path());
    let recovered = open(killed.path());
    assert_eq!(*recovered.get(kept.entry).unwrap(), b"kept");
    copy(killed.path(), again.path());
    for at in [20, 70] {
        flip(&again.path().join("entries-0001"), at);
        let error = open(again.path()).get(kept.entry).unwrap_err();
        assert!(
            matches!(error, GetError::Damaged { .. }),
            "byte {at}: {error}"
        );
        flip(&again.path().join("entries-0001"), at);
    }
}
