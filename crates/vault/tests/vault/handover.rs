//! One vault takes an entry over from another.

use uuid::Uuid;
use vault::{GetError, PutError, TakeError, Vault};

use crate::support::{files_with, master, open, settings, subject, wait};

const TEXT: &[u8] = "Trần Thị B, 087190001234".as_bytes();

fn two() -> (tempfile::TempDir, Vault, Vault) {
    let folder = tempfile::tempdir().unwrap();
    let there = open(&folder.path().join("there"));
    let here = Vault::open(&folder.path().join("here"), master(2), settings()).unwrap();
    (folder, there, here)
}

#[test]
fn an_entry_that_is_taken_over_reads_the_same_under_its_id_and_lies_under_another_key() {
    let (folder, there, here) = two();
    let kept = wait(there.put(subject(1), TEXT.to_vec())).unwrap();
    let handed = there.hand_over(kept.entry).unwrap();
    let take = || wait(here.take_over(subject(1), kept.entry, kept.digest, &handed));
    take().unwrap();
    assert_eq!(*here.get(kept.entry).unwrap(), TEXT);
    // Again: nothing more, and what was put here beside it stays readable.
    let own = wait(here.put(subject(1), b"0912345678".to_vec())).unwrap();
    take().unwrap();
    assert_eq!(here.status().entries, 2);
    assert_eq!(*here.get(own.entry).unwrap(), b"0912345678");
    here.close();
    drop(here);
    let folder = folder.path().join("here");
    // Neither the key nor the ciphertext of the other vault is here.
    for part in [&handed[16..48], &handed[72..104]] {
        assert_eq!(files_with(&folder, part), Vec::<String>::new());
    }
    let here = Vault::open(&folder, master(2), settings()).unwrap();
    assert_eq!(*here.get(kept.entry).unwrap(), TEXT);
    wait(there.erase(subject(1))).unwrap();
    assert_eq!(*here.get(kept.entry).unwrap(), TEXT);
}

#[test]
fn only_the_entry_that_the_event_names_is_taken_over() {
    let (_folder, there, here) = two();
    let one = wait(there.put(subject(1), TEXT.to_vec())).unwrap();
    let two = wait(there.put(subject(1), b"another".to_vec())).unwrap();
    let handed = there.hand_over(one.entry).unwrap();
    let other = |entry, digest, handed: &[u8]| {
        let error = wait(here.take_over(subject(1), entry, digest, handed)).unwrap_err();
        assert_eq!(error, TakeError::Other { entry });
    };
    other(one.entry, two.digest, &handed);
    other(two.entry, one.digest, &handed);
    for at in [0, 20, 50, handed.len() - 1] {
        let mut altered = handed.to_vec();
        altered[at] ^= 1;
        other(one.entry, one.digest, &altered);
        other(one.entry, one.digest, &handed[..at]);
    }
    assert_eq!(here.status().entries, 0);
}

#[test]
fn a_copy_that_comes_after_the_erasure_is_refused() {
    let (_folder, there, here) = two();
    let kept = wait(there.put(subject(1), TEXT.to_vec())).unwrap();
    let handed = there.hand_over(kept.entry).unwrap();
    wait(here.erase(subject(1))).unwrap();
    let refused = wait(here.take_over(subject(1), kept.entry, kept.digest, &handed));
    let erased = PutError::Erased {
        subject: subject(1),
    };
    assert_eq!(refused.unwrap_err(), TakeError::Put(erased));
    wait(there.erase(subject(1))).unwrap();
    let entry = kept.entry;
    assert_eq!(
        there.hand_over(entry).unwrap_err(),
        GetError::Erased { entry }
    );
    let entry = Uuid::from_u128(9);
    assert_eq!(
        there.hand_over(entry).unwrap_err(),
        GetError::Unknown { entry }
    );
}

#[test]
fn each_opening_of_a_vault_is_told_from_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path());
    let opening = first.opening();
    assert_eq!(first.opening(), opening);
    first.close();
    drop(first);
    assert_ne!(open(folder.path()).opening(), opening);
}
