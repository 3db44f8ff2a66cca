//! A vault is copied while it is used: the copy is a vault, and holds what was kept when it was begun.

use std::fs;
use std::path::Path;

use vault::copy::{self, CopyError, CopyFolder, CopyFolderError};
use vault::{GetError, Settings, Vault};

use crate::support::{beside_their_entries, files_with, master, open, settings, subject, wait};

/// Copies the vault as it is now; `between` runs after each piece.
fn copied(vault: &Vault, to: &Path, mut between: impl FnMut()) -> Result<(), CopyError> {
    let outline = wait(vault.outline())?;
    let mut folder = CopyFolder::begin(to, outline.vault).unwrap();
    for (number, part) in outline.parts.iter().enumerate() {
        folder.file(&part.name).unwrap();
        let mut at = 0;
        while at < part.bytes {
            let piece = wait(vault.piece(&outline, number, at))?;
            folder.add(&piece).unwrap();
            at += u64::try_from(piece.len()).unwrap();
            between();
        }
    }
    folder.finish().unwrap();
    Ok(())
}

#[test]
fn a_copy_taken_under_writing_is_a_vault_with_everything_kept_before() {
    let place = tempfile::tempdir().unwrap();
    let (folder, to) = (place.path().join("vault"), place.path().join("copy"));
    let small = Settings {
        file_bytes_max: 4096,
        ..settings()
    };
    let vault = Vault::open(&folder, master(1), small).unwrap();
    let mut kept = Vec::new();
    for n in 0..50 {
        let text = format!("Pham Van Dung, 08719000{n:04}");
        let sealed = wait(vault.put(subject(n), text.clone().into())).unwrap();
        kept.push((sealed, text));
    }
    wait(vault.erase(subject(7))).unwrap();
    wait(vault.put(subject(50), b"its key lies beside it".to_vec())).unwrap();
    let mut later = 1_000;
    copied(&vault, &to, || {
        later += 1;
        wait(vault.put(subject(later), b"kept later".to_vec())).unwrap();
    })
    .unwrap();
    assert!(later > 1_003, "the vault was written to meanwhile");
    assert!(files_with(&to, b"Pham Van Dung").is_empty());
    assert_eq!(beside_their_entries(&to), 0);
    for file in fs::read_dir(&to).unwrap() {
        let name = file.unwrap().file_name();
        assert_ne!(name, "lock", "a copy is not locked");
    }

    // Restored beside the old one, under the same master key only.
    let restored = place.path().join("restored");
    copy::restore(&to, &restored).unwrap();
    assert!(Vault::open(&restored, master(2), settings()).is_err());
    let again = open(&restored);
    assert!(again.status().damage.is_empty());
    for (n, (sealed, text)) in kept.iter().enumerate() {
        match again.get(sealed.entry) {
            Ok(plain) => assert_eq!(&plain[..], text.as_bytes()),
            Err(GetError::Erased { .. }) => assert_eq!(n, 7),
            Err(error) => panic!("{n}: {error}"),
        }
    }
    assert!(again.is_erased(subject(7)));
    assert_eq!(again.fingerprint("id", b"1"), vault.fingerprint("id", b"1"));
    wait(again.put(subject(9), b"and goes on".to_vec())).unwrap();

    // Taken again, it takes the place of the one before.
    copied(&vault, &to, || ()).unwrap();
    let third = place.path().join("third");
    copy::restore(&to, &third).unwrap();
    assert_eq!(open(&third).status().entries, vault.status().entries);
}

#[test]
fn what_is_erased_while_it_is_copied_spoils_the_copy_and_the_one_before_stays() {
    let place = tempfile::tempdir().unwrap();
    let (folder, to) = (place.path().join("vault"), place.path().join("copy"));
    let vault = open(&folder);
    let sealed = wait(vault.put(subject(1), b"one".to_vec())).unwrap();
    wait(vault.put(subject(2), b"two".to_vec())).unwrap();
    copied(&vault, &to, || ()).unwrap();
    let mut erased = false;
    let spoilt = copied(&vault, &to, || {
        if !std::mem::replace(&mut erased, true) {
            wait(vault.erase(subject(2))).unwrap();
        }
    });
    assert_eq!(spoilt, Err(CopyError::Changed));
    let restored = place.path().join("restored");
    copy::restore(&to, &restored).unwrap();
    assert_eq!(&open(&restored).get(sealed.entry).unwrap()[..], b"one");
}

#[test]
fn a_copy_of_another_vault_is_left_as_it_is() {
    let place = tempfile::tempdir().unwrap();
    let to = place.path().join("copy");
    let (one, other) = (open(&place.path().join("1")), open(&place.path().join("2")));
    copied(&one, &to, || ()).unwrap();
    let vault = wait(other.outline()).unwrap().vault;
    let refused = CopyFolder::begin(&to, vault).unwrap_err();
    assert!(matches!(refused, CopyFolderError::Exists { .. }));
    let refused = copy::restore(&to, &place.path().join("2")).unwrap_err();
    assert!(matches!(refused, CopyFolderError::Exists { .. }));
    let mut folder = CopyFolder::begin(&place.path().join("new"), vault).unwrap();
    for name in ["../entries-0001", "master.key", "keys-", "lock"] {
        let refused = folder.file(name).unwrap_err();
        assert!(matches!(refused, CopyFolderError::Name(_)), "{name}");
    }
}
