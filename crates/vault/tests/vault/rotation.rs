//! Changing the master key.

use std::fs;

use vault::{OpenError, PutError, Vault};

use crate::support::{files_with, master, open, settings, subject, wait};

#[test]
fn after_a_change_only_the_new_master_key_opens_and_everything_is_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let print = vault.fingerprint("phone", b"0912345678");
    let kept: Vec<_> = (0..5)
        .map(|n| wait(vault.put(subject(n), format!("text {n}").into())).unwrap())
        .collect();
    wait(vault.erase(subject(3))).unwrap();
    let old = fs::read(folder.path().join("keys-0001")).unwrap();
    wait(vault.rotate(master(2))).unwrap();
    let check = |vault: &Vault| {
        for n in [0, 1, 2, 4] {
            assert_eq!(
                *vault.get(kept[n].entry).unwrap(),
                format!("text {n}").into_bytes()
            );
        }
        assert!(vault.is_erased(subject(3)));
        assert_eq!(
            wait(vault.put(subject(3), Vec::new())).unwrap_err(),
            PutError::Erased {
                subject: subject(3)
            }
        );
        assert_eq!(vault.fingerprint("phone", b"0912345678"), print);
        wait(vault.put(subject(0), b"more".to_vec())).unwrap();
        wait(vault.put(subject(9), b"more".to_vec())).unwrap();
    };
    check(&vault);
    for slot in old.chunks_exact(128).filter(|slot| slot[24] != 0) {
        assert_eq!(
            files_with(folder.path(), &slot[24..96]),
            Vec::<String>::new()
        );
    }
    drop(vault);
    let error = Vault::open(folder.path(), master(1), settings()).unwrap_err();
    assert!(matches!(error, OpenError::WrongMasterKey), "{error}");
    check(&Vault::open(folder.path(), master(2), settings()).unwrap());
}
