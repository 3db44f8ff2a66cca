//! Changing the master key.

use std::fs;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use vault::{
    EraseError, Exchange, MasterKey, MasterKeys, OpenError, PutError, Rewrapped, Settings, Vault,
};

use crate::support::{Hold, ask, files_with, master, open, settings, subject, wait};

#[test]
fn after_a_change_only_the_new_master_key_opens_and_everything_is_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let print = vault.fingerprint("phone", b"0912345678");
    let kept: Vec<_> = (0..5)
        .map(|n| wait(vault.put(subject(n), format!("text {n}").into())).unwrap())
        .collect();
    wait(vault.erase(subject(3))).unwrap();
    wait(vault.put(subject(5), b"its key lies beside it still".to_vec())).unwrap();
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
        for piece in [&slot[24..48], &slot[48..96]] {
            assert_eq!(files_with(folder.path(), piece), Vec::<String>::new());
        }
    }
    drop(vault);
    let error = Vault::open(folder.path(), master(1), settings()).unwrap_err();
    assert!(matches!(error, OpenError::WrongMasterKey), "{error}");
    check(&Vault::open(folder.path(), master(2), settings()).unwrap());
}

/// A vault that wraps one key at a time and can be held.
fn slow(folder: &Path, keys: impl Into<MasterKeys>) -> (Vault, Hold) {
    let (hold, before) = Hold::new();
    let settings = Settings {
        rewrapped_at_once: 1,
        before: Arc::new(move |step| {
            before(step);
            Ok(())
        }),
        ..settings()
    };
    (Vault::open(folder, keys, settings).unwrap(), hold)
}

#[test]
fn work_goes_on_while_keys_are_wrapped_anew_and_what_is_erased_then_is_erased_under_either_key() {
    for to_its_end in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let (vault, hold) = slow(folder.path(), master(1));
        let kept: Vec<_> = (0..6)
            .map(|n| wait(vault.put(subject(n), format!("text {n}").into())).unwrap())
            .collect();
        hold.before_sync(3);
        let rotating = ask(vault.rotate(master(2)));
        hold.reached();
        // Two keys lie in the new file, the third is on its way.
        let under_way = Rewrapped { done: 2, of: 6 };
        assert_eq!(vault.exchange(), Exchange::UnderWay(under_way));
        let erasing = [ask(vault.erase(subject(0))), ask(vault.erase(subject(5)))];
        let putting = ask(vault.put(subject(9), b"new".to_vec()));
        assert_eq!(*vault.get(kept[1].entry).unwrap(), b"text 1");
        hold.go();
        for erased in erasing {
            wait(erased).unwrap();
        }
        let new = wait(putting).unwrap();
        let check = |vault: &Vault| {
            for n in [0, 5] {
                assert!(vault.is_erased(subject(n)));
                assert!(vault.get(kept[usize::try_from(n).unwrap()].entry).is_err());
            }
            for (n, kept) in kept.iter().enumerate().take(5).skip(1) {
                assert_eq!(
                    *vault.get(kept.entry).unwrap(),
                    format!("text {n}").into_bytes()
                );
            }
            assert_eq!(*vault.get(new.entry).unwrap(), b"new");
            assert_eq!(vault.status().damage, []);
        };
        if to_its_end {
            wait(rotating).unwrap();
            check(&vault);
        } else {
            drop(rotating);
        }
        drop(vault);
        // Whoever did not wait for the end does not know which of the two it is.
        let opened = [1, 2].map(|n| Vault::open(folder.path(), master(n), settings()));
        assert!(!to_its_end || matches!(opened[0], Err(OpenError::WrongMasterKey)));
        let vault = opened.into_iter().find_map(Result::ok).unwrap();
        check(&vault);
        assert_eq!(keys_files(folder.path()), 1);
    }
}

/// An erasure that is asked for, until its answer was seen.
type Erasing = Option<Pin<Box<dyn Future<Output = Result<(), EraseError>> + Send>>>;

#[test]
fn an_erasure_that_is_answered_while_the_old_keys_are_wiped_has_left_none_of_its_key_among_them() {
    let folder = tempfile::tempdir().unwrap();
    let (hold, held) = Hold::new();
    let erasing = Arc::new(Mutex::new(Erasing::None));
    let wrapped = Arc::new(Mutex::new(Vec::new()));
    // Where the wrapped key still is when the writer goes on after its answer.
    let left = Arc::new(Mutex::new(None));
    let (asked, key, found) = (
        Arc::clone(&erasing),
        Arc::clone(&wrapped),
        Arc::clone(&left),
    );
    let data = folder.path().to_owned();
    let settings = Settings {
        rewrapped_at_once: 1,
        before: Arc::new(move |step| {
            let mut asked = asked.lock().unwrap();
            let answered = asked.as_mut().is_some_and(|erasing| {
                let mut context = Context::from_waker(Waker::noop());
                erasing.as_mut().poll(&mut context).is_ready()
            });
            if answered {
                *asked = None;
                *found.lock().unwrap() = Some(files_with(&data, &key.lock().unwrap()));
            }
            drop(asked);
            held(step);
            Ok(())
        }),
        ..settings()
    };
    let vault = Vault::open(folder.path(), master(1), settings).unwrap();
    for n in 0..3 {
        wait(vault.put(subject(n), b"text".to_vec())).unwrap();
    }
    // The second slot of 128 bytes: nonce and sealed key.
    let keys = fs::read(folder.path().join("keys-0001")).unwrap();
    *wrapped.lock().unwrap() = keys[128 + 24..128 + 96].to_vec();
    // One sync for each key; with the fourth the new file is whole.
    hold.before_sync(4);
    let rotating = ask(vault.rotate(master(2)));
    hold.reached();
    let asking = vault.clone();
    let erase = async move { asking.erase(subject(1)).await };
    *erasing.lock().unwrap() = Some(ask(erase));
    hold.go();
    wait(rotating).unwrap();
    assert!(vault.is_erased(subject(1)) && !vault.is_erased(subject(0)));
    assert_eq!(left.lock().unwrap().take(), Some(Vec::new()));
}

fn keys_files(folder: &Path) -> usize {
    let names = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name());
    names
        .filter(|name| name.to_string_lossy().starts_with("keys-"))
        .count()
}

/// Runs the vault's own look at the files until it says this, not for ever.
fn until(vault: &Vault, said: impl Fn(&Exchange) -> bool) -> Exchange {
    wait(async {
        let until = Instant::now() + Duration::from_secs(30);
        let looking = vault.clone().keep_exchanging();
        let said = async {
            while !said(&vault.exchange()) {
                assert!(Instant::now() < until, "{:?}", vault.exchange());
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            vault.exchange()
        };
        tokio::select! {
            () = looking => panic!("it looks no more"),
            said = said => said,
        }
    })
}

#[test]
fn a_successor_laid_beside_the_key_is_taken_into_use_and_says_when_the_old_one_may_go() {
    let folder = tempfile::tempdir().unwrap();
    let (file, data) = (
        folder.path().join("master.key"),
        folder.path().join("vault"),
    );
    let successor = MasterKeys::successor(&file);
    MasterKey::generate_file(&file).unwrap();
    let keys = || MasterKeys::read_file(&file).unwrap();
    let vault = Vault::open(&data, keys(), settings()).unwrap();
    let kept = wait(vault.put(subject(1), b"kept".to_vec())).unwrap();
    assert_eq!(until(&vault, |_| true), Exchange::None);
    // Half written: it is complained about and changes nothing.
    fs::write(&successor, b"half").unwrap();
    until(&vault, |it| matches!(it, Exchange::Waits(_)));
    fs::remove_file(&successor).unwrap();
    let new = MasterKey::generate_file(&successor).unwrap();
    let done = Exchange::Done {
        old: file.clone(),
        new: successor.clone(),
    };
    until(&vault, |it| *it == done);
    assert!(vault.is_under(&new));
    drop(vault);

    // With both files it opens, says the same again, and goes on when the new one is in the place of the old one.
    let vault = Vault::open(&data, keys(), settings()).unwrap();
    until(&vault, |it| *it == done);
    fs::rename(&successor, &file).unwrap();
    until(&vault, |it| *it == Exchange::None);
    drop(vault);
    let vault = Vault::open(&data, keys(), settings()).unwrap();
    assert_eq!(*vault.get(kept.entry).unwrap(), b"kept");
}

#[test]
fn a_change_that_was_cut_off_is_made_at_the_next_start_and_with_the_old_file_gone_the_new_one_opens()
 {
    let folder = tempfile::tempdir().unwrap();
    let (file, data) = (
        folder.path().join("master.key"),
        folder.path().join("vault"),
    );
    let successor = MasterKeys::successor(&file);
    MasterKey::generate_file(&file).unwrap();
    let keys = || MasterKeys::read_file(&file).unwrap();
    let (vault, hold) = slow(&data, keys());
    let kept = [1, 2, 3].map(|n| wait(vault.put(subject(n), b"kept".to_vec())).unwrap());
    let new = MasterKey::generate_file(&successor).unwrap();
    hold.before_sync(2);
    let rotating = ask(vault.rotate(new.clone()));
    hold.reached();
    let closing = vault.clone();
    drop(rotating);
    let closing = std::thread::spawn(move || closing.close());
    hold.go();
    closing.join().unwrap();
    drop(vault);

    let vault = Vault::open(&data, keys(), settings()).unwrap();
    until(&vault, |it| matches!(it, Exchange::Done { .. }));
    assert!(vault.is_under(&new));
    drop(vault);
    fs::remove_file(&file).unwrap();
    let vault = Vault::open(&data, keys(), settings()).unwrap();
    for kept in kept {
        assert_eq!(*vault.get(kept.entry).unwrap(), b"kept");
    }
}
