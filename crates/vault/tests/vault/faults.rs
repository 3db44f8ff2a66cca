//! A disk that fails: the vault stops for good, what was acknowledged stays, and opening again puts it right.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::{fs, io};

use vault::{Content, EraseError, OpenError, PutError, RotateError, Settings, Step, Vault};

use crate::support::{beside_their_entries, master, open, settings, subject, wait};

const ALL: [Step; 6] = [
    Step::Write(Content::Manifest),
    Step::Sync(Content::Manifest),
    Step::Write(Content::Keys),
    Step::Sync(Content::Keys),
    Step::Write(Content::Entries),
    Step::Sync(Content::Entries),
];

/// Settings under which the disk fails at `step` as long as the switch is on.
fn failing(step: Step) -> (Settings, Arc<AtomicBool>) {
    let on = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&on);
    let before = Arc::new(move |found| {
        if found == step && switch.load(Ordering::SeqCst) {
            return Err(io::Error::other("no more"));
        }
        Ok(())
    });
    (
        Settings {
            before,
            ..settings()
        },
        on,
    )
}

#[test]
fn a_failed_write_or_sync_closes_the_vault_for_good_and_keeps_what_was_acknowledged() {
    let waited_for = |step: &&Step| **step != Step::Sync(Content::Keys);
    for step in ALL[2..].iter().filter(waited_for) {
        let folder = tempfile::tempdir().unwrap();
        let (settings, broken) = failing(*step);
        let vault = Vault::open(folder.path(), master(1), settings).unwrap();
        let kept = wait(vault.put(subject(1), b"kept".to_vec())).unwrap();
        broken.store(true, Ordering::SeqCst);
        let error = wait(vault.put(subject(2), b"lost".to_vec())).unwrap_err();
        assert!(matches!(error, PutError::Closed(_)), "{step:?}: {error}");
        broken.store(false, Ordering::SeqCst);
        // The disk is well again, and all the same nothing is taken: nobody knows what it holds.
        assert!(matches!(
            wait(vault.put(subject(1), Vec::new())),
            Err(PutError::Closed(_))
        ));
        assert!(matches!(
            wait(vault.erase(subject(1))),
            Err(EraseError::Closed(_))
        ));
        assert!(matches!(
            wait(vault.rotate(master(2))),
            Err(RotateError::Closed(_))
        ));
        assert!(vault.failed().unwrap().contains("no more"), "{step:?}");
        assert_eq!(*vault.get(kept.entry).unwrap(), b"kept");
        drop(vault);
        let vault = open(folder.path());
        assert_eq!(*vault.get(kept.entry).unwrap(), b"kept");
        assert_eq!(vault.status().damage, []);
        wait(vault.put(subject(2), b"now".to_vec())).unwrap();
    }
}

#[test]
fn once_the_keys_could_not_be_synced_no_later_call_takes_them_from_beside_their_entries() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, broken) = failing(Step::Sync(Content::Keys));
    let vault = Vault::open(folder.path(), master(1), settings).unwrap();
    // As many as a checkpoint waits for, less one.
    for n in 0..1_023 {
        wait(vault.put(subject(n), b"text".to_vec())).unwrap();
    }
    let beside = beside_their_entries(folder.path());
    assert_eq!(beside, 1_023);
    broken.store(true, Ordering::SeqCst);
    wait(vault.put(subject(2_000), b"text".to_vec())).unwrap();
    while vault.failed().is_none() {
        std::thread::yield_now();
    }
    // The system tells of a failed sync once; the next one would succeed.
    broken.store(false, Ordering::SeqCst);
    assert!(wait(vault.put(subject(3_000), b"more".to_vec())).is_err());
    assert!(wait(vault.erase(subject(1))).is_err());
    drop(vault);
    assert_eq!(beside_their_entries(folder.path()), beside + 1);
}

#[test]
fn a_failed_sync_of_the_keys_closes_the_vault_and_every_key_is_still_beside_its_entry() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, broken) = failing(Step::Sync(Content::Keys));
    let vault = Vault::open(folder.path(), master(1), settings).unwrap();
    broken.store(true, Ordering::SeqCst);
    // A put does not wait for it; a copy would not be whole without.
    let kept = wait(vault.put(subject(1), b"kept".to_vec())).unwrap();
    assert!(wait(vault.outline()).is_err());
    assert!(vault.failed().unwrap().contains("no more"));
    drop(vault);
    fs::write(folder.path().join("keys-0001"), [0; 4096]).unwrap();
    let vault = open(folder.path());
    assert_eq!(*vault.get(kept.entry).unwrap(), b"kept");
    wait(vault.outline()).unwrap();
}

#[test]
fn an_erasure_that_failed_is_done_when_asked_again_after_opening() {
    for step in &ALL[2..] {
        let folder = tempfile::tempdir().unwrap();
        let (settings, broken) = failing(*step);
        let vault = Vault::open(folder.path(), master(1), settings).unwrap();
        let gone = wait(vault.put(subject(1), b"text".to_vec())).unwrap();
        broken.store(true, Ordering::SeqCst);
        assert!(
            matches!(wait(vault.erase(subject(1))), Err(EraseError::Closed(_))),
            "{step:?}"
        );
        drop(vault);
        let vault = open(folder.path());
        wait(vault.erase(subject(1))).unwrap();
        assert!(vault.get(gone.entry).is_err() && vault.is_erased(subject(1)));
    }
}

#[test]
fn a_first_start_that_fails_anywhere_leaves_a_folder_that_starts() {
    for step in ALL {
        let folder = tempfile::tempdir().unwrap();
        let (settings, broken) = failing(step);
        broken.store(true, Ordering::SeqCst);
        let error = Vault::open(folder.path(), master(1), settings).unwrap_err();
        assert!(matches!(error, OpenError::Disk(_)), "{step:?}: {error}");
        let vault = open(folder.path());
        wait(vault.put(subject(1), b"text".to_vec())).unwrap();
    }
}

#[test]
fn a_change_of_the_master_key_that_fails_anywhere_leaves_exactly_one_key_that_opens() {
    // From the first step on, until a change has none left that could fail.
    for failing_step in 0.. {
        assert!(
            failing_step < 100,
            "a change of one key takes no such number of steps"
        );
        let folder = tempfile::tempdir().unwrap();
        let steps = Arc::new(AtomicUsize::new(usize::MAX / 2));
        let count = Arc::clone(&steps);
        let before = Arc::new(move |_| {
            if count.fetch_sub(1, Ordering::SeqCst) == 0 {
                return Err(io::Error::other("no more"));
            }
            Ok(())
        });
        let vault = Vault::open(
            folder.path(),
            master(1),
            Settings {
                before,
                ..settings()
            },
        )
        .unwrap();
        let kept = wait(vault.put(subject(1), b"kept".to_vec())).unwrap();
        steps.store(failing_step, Ordering::SeqCst);
        let changed = wait(vault.rotate(master(2)));
        if let Err(RotateError::NotChanged(_)) = changed {
            wait(vault.put(subject(1), b"goes on".to_vec())).unwrap();
        }
        drop(vault);
        let old = Vault::open(folder.path(), master(1), settings());
        if old.is_ok() {
            assert!(changed.is_err());
        }
        let vault = match old {
            Ok(vault) => vault,
            Err(error) => {
                assert!(matches!(error, OpenError::WrongMasterKey), "{error}");
                Vault::open(folder.path(), master(2), settings()).unwrap()
            }
        };
        assert_eq!(*vault.get(kept.entry).unwrap(), b"kept");
        // Nothing of the other key is left lying about.
        let keys = fs::read_dir(folder.path()).unwrap();
        let keys = keys.filter(|file| {
            file.as_ref()
                .unwrap()
                .file_name()
                .to_string_lossy()
                .starts_with("keys-")
        });
        assert_eq!(keys.count(), 1);
        if changed.is_ok() {
            assert!(failing_step >= 8, "only {failing_step} steps were seen");
            break;
        }
    }
}
