//! Erasing and sweeping: nothing stays in any byte of any file, and nothing comes back.

use std::fs;
use std::path::Path;

use vault::{GetError, PutError, Settings, Vault};

use crate::support::{copy, files_with, master, open, settings, subject, wait};

/// What may not stay behind in the entries files, and then in the keys file: nonces, ciphertexts, wrapped keys.
fn pieces(folder: &Path) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    let files = fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(&path).unwrap();
        if name.starts_with("keys-") {
            // Nonce and wrapped key of each slot.
            pieces.extend(bytes.chunks_exact(128).map(|slot| slot[24..96].to_vec()));
        }
        if name.starts_with("entries-") {
            let mut at = 0;
            while bytes.get(at..at + 3) == Some(b"HVE") {
                let length =
                    u32::from_le_bytes(bytes[at + 28..at + 32].try_into().unwrap()) as usize;
                pieces.push(bytes[at + 32..at + 56].to_vec());
                pieces.push(bytes[at + 64..at + 64 + length].to_vec());
                at += 64 + length.next_multiple_of(64);
            }
        }
    }
    pieces.retain(|piece| piece.iter().any(|byte| *byte != 0));
    pieces
}

#[test]
fn erasing_leaves_neither_key_nor_ciphertext_in_any_byte_on_the_disk_and_the_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    let small = Settings {
        file_bytes_max: 600,
        ..settings()
    };
    let vault = Vault::open(folder.path(), master(1), small).unwrap();
    let mut gone = Vec::new();
    for n in 0..6 {
        let text = format!("Pham Van Dung, 08719000{n:04}");
        gone.push((
            wait(vault.put(subject(1), text.clone().into())).unwrap(),
            text,
        ));
    }
    let before = pieces(folder.path());
    assert_eq!(
        before.len(),
        1 + 2 * 6,
        "one key, six nonces and ciphertexts"
    );
    for piece in &before {
        assert!(!files_with(folder.path(), &piece[..16]).is_empty());
    }
    let other = wait(vault.put(subject(2), b"Hoang Thi Em".to_vec())).unwrap();

    wait(vault.erase(subject(1))).unwrap();

    for piece in &before {
        for part in piece.chunks_exact(8) {
            assert_eq!(files_with(folder.path(), part), Vec::<String>::new());
        }
    }
    for (_, text) in &gone {
        assert_eq!(
            files_with(folder.path(), text.as_bytes()),
            Vec::<String>::new()
        );
    }
    assert!(files_with(folder.path(), subject(1).as_bytes()).is_empty());
    let check = |vault: &Vault| {
        for (sealed, _) in &gone {
            let entry = sealed.entry;
            assert_eq!(vault.get(entry).unwrap_err(), GetError::Erased { entry });
            assert!(!vault.has(entry));
        }
        assert!(vault.is_erased(subject(1)) && !vault.is_erased(subject(2)));
        assert_eq!(
            wait(vault.put(subject(1), b"again".to_vec())).unwrap_err(),
            PutError::Erased {
                subject: subject(1)
            }
        );
        assert_eq!(*vault.get(other.entry).unwrap(), b"Hoang Thi Em");
        wait(vault.erase(subject(1))).unwrap();
        assert_eq!((vault.status().erased, vault.status().damage.len()), (1, 0));
    };
    check(&vault);
    drop(vault);
    check(&open(folder.path()));
}

#[test]
fn a_subject_that_was_never_seen_can_be_erased_and_then_never_comes() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    wait(vault.erase(subject(5))).unwrap();
    drop(vault);
    let vault = open(folder.path());
    assert!(vault.is_erased(subject(5)));
    assert_eq!(
        vault
            .put_blocking(subject(5), b"late".to_vec())
            .unwrap_err(),
        PutError::Erased {
            subject: subject(5)
        }
    );
    vault.erase_blocking(subject(5)).unwrap();
    assert_eq!(vault.status().erased, 1);
}

#[test]
fn an_erasure_cut_short_after_the_key_is_finished_on_opening() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let gone = wait(vault.put(subject(1), b"Vo Thi Phuong".to_vec())).unwrap();
    let whole = tempfile::tempdir().unwrap();
    copy(folder.path(), whole.path());
    wait(vault.erase(subject(1))).unwrap();
    drop(vault);
    // The key is gone; the ciphertext, and the key beside it, are not yet.
    fs::copy(
        whole.path().join("entries-0001"),
        folder.path().join("entries-0001"),
    )
    .unwrap();
    let ciphertexts = pieces(folder.path());
    assert_eq!(ciphertexts.len(), 4);
    let vault = open(folder.path());
    assert_eq!(
        vault.get(gone.entry).unwrap_err(),
        GetError::Erased { entry: gone.entry }
    );
    for piece in &ciphertexts {
        assert!(
            piece
                .chunks_exact(8)
                .all(|part| files_with(folder.path(), part).is_empty())
        );
    }
    // And half of it: the header says destroyed, the body is still there.
    drop(vault);
    let mut bytes = fs::read(folder.path().join("entries-0001")).unwrap();
    bytes[64..90].fill(0x5a);
    fs::write(folder.path().join("entries-0001"), &bytes).unwrap();
    let vault = open(folder.path());
    assert_eq!(files_with(folder.path(), &[0x5a; 8]), Vec::<String>::new());
    assert_eq!(
        vault.get(gone.entry).unwrap_err(),
        GetError::Erased { entry: gone.entry }
    );
}

#[test]
fn a_damaged_tombstone_still_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    wait(vault.put(subject(1), b"text".to_vec())).unwrap();
    wait(vault.erase(subject(1))).unwrap();
    drop(vault);
    for at in [0, 4, 6, 30, 60, 100, 125] {
        let mut bytes = fs::read(folder.path().join("keys-0001")).unwrap();
        bytes[at] ^= 8;
        fs::write(folder.path().join("keys-0001"), &bytes).unwrap();
        assert!(
            wait(open(folder.path()).put(subject(1), b"again".to_vec())).is_err(),
            "byte {at}"
        );
        bytes[at] ^= 8;
        fs::write(folder.path().join("keys-0001"), &bytes).unwrap();
    }
}

#[test]
fn orphans_older_than_the_mark_are_swept_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let named = wait(vault.put(subject(1), b"named by an event".to_vec())).unwrap();
    let orphan = wait(vault.put(subject(1), b"of a command that failed".to_vec())).unwrap();
    let before = pieces(folder.path());
    let mark = vault.mark();
    let young = wait(vault.put(subject(1), b"of a command under way".to_vec())).unwrap();
    let referenced = |entry| entry == named.entry;
    assert_eq!(wait(vault.sweep(referenced, mark)).unwrap(), 1);
    assert_eq!(wait(vault.sweep(referenced, mark)).unwrap(), 0);
    // Two entries, the subject's key between them, each a nonce and a body: the last is the orphan's ciphertext.
    assert!(
        before[5]
            .chunks_exact(8)
            .all(|part| files_with(folder.path(), part).is_empty())
    );
    let check = |vault: &Vault| {
        assert_eq!(*vault.get(named.entry).unwrap(), b"named by an event");
        assert_eq!(*vault.get(young.entry).unwrap(), b"of a command under way");
        let entry = orphan.entry;
        assert_eq!(vault.get(entry).unwrap_err(), GetError::Unknown { entry });
    };
    check(&vault);
    drop(vault);
    let vault = open(folder.path());
    check(&vault);
    assert_eq!(wait(vault.sweep(referenced, vault.mark())).unwrap(), 1);
}
