//! Keeping, reading and looking up, and who may open a vault.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use vault::{Content, GetError, OpenError, PutError, Settings, Step, Vault};

use crate::support::{files_with, master, open, settings, subject, wait};

#[test]
fn what_was_kept_reads_back_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let name = wait(vault.put(subject(1), "Nguyễn Văn An".into())).unwrap();
    let many = wait(vault.put_many(subject(2), vec![b"one".to_vec(), Vec::new()])).unwrap();
    assert_eq!(*vault.get(name.entry).unwrap(), "Nguyễn Văn An".as_bytes());
    drop(vault);
    let vault = open(folder.path());
    assert_eq!(*vault.get(name.entry).unwrap(), "Nguyễn Văn An".as_bytes());
    assert_eq!(*vault.get(many[0].entry).unwrap(), b"one");
    assert!(vault.get(many[1].entry).unwrap().is_empty());
    assert!(vault.has(name.entry) && !vault.has(subject(9)));
    assert_eq!(
        vault.get(subject(9)).unwrap_err(),
        GetError::Unknown { entry: subject(9) }
    );
    let status = vault.status();
    assert_eq!((status.entries, status.subjects, status.erased), (3, 2, 0));
}

#[test]
fn what_follows_a_put_comes_after_the_disk_has_it_and_cannot_end_the_vault() {
    let folder = tempfile::tempdir().unwrap();
    let synced = Arc::new(Mutex::new(0));
    let count = Arc::clone(&synced);
    let settings = Settings {
        before: Arc::new(move |step| {
            if step == Step::Sync(Content::Entries) {
                *count.lock().unwrap() += 1;
            }
            Ok(())
        }),
        ..settings()
    };
    let vault = Vault::open(folder.path(), master(1), settings).unwrap();
    let before = *synced.lock().unwrap();
    let (tell, told) = mpsc::channel();
    let then = {
        let (vault, synced) = (vault.clone(), Arc::clone(&synced));
        move |sealed: Result<Vec<vault::Sealed>, PutError>| {
            let entry = sealed.unwrap()[0].entry;
            let text = vault.get(entry).unwrap();
            tell.send((entry, text.to_vec(), *synced.lock().unwrap()))
                .unwrap();
            panic!("what follows has a fault");
        }
    };
    let draft = vault.draft(subject(1), vec![b"Nguyen Van An".to_vec()]);
    vault.keep_then(draft.unwrap(), then).unwrap();
    let (entry, text, syncs) = told.recv().unwrap();
    assert_eq!(text, b"Nguyen Van An");
    assert!(syncs > before, "it came before the sync");
    // The vault goes on, and what follows may be the last that has it.
    let (tell, told) = mpsc::channel();
    let (dropped, others) = mpsc::channel::<()>();
    let last = vault.clone();
    let draft = vault.draft(subject(2), vec![b"one".to_vec()]).unwrap();
    vault
        .keep_then(draft, move |sealed| {
            others.recv().unwrap_err();
            drop(last);
            tell.send(sealed.unwrap()[0].entry).unwrap();
        })
        .unwrap();
    drop(vault);
    drop(dropped);
    let other = told.recv().unwrap();
    let vault = opened_again(folder.path());
    assert_eq!(*vault.get(entry).unwrap(), b"Nguyen Van An");
    assert_eq!(*vault.get(other).unwrap(), b"one");
}

#[test]
fn of_two_drafts_of_one_new_subject_the_later_is_kept_under_the_key_of_the_earlier() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let draft = |text: &[u8]| vault.draft(subject(1), vec![text.to_vec()]).unwrap();
    let drafts = [draft(b"Nguyen Van An"), draft(b"0912345678")];
    // Nothing of a draft is there before it is kept.
    assert_eq!((vault.status().entries, vault.status().subjects), (0, 0));
    let foreseen = drafts.each_ref().map(|draft| draft.foreseen().unwrap());
    let (tell, told) = mpsc::channel();
    for draft in drafts {
        let tell = tell.clone();
        let then = move |sealed: Result<Vec<vault::Sealed>, PutError>| {
            tell.send(sealed.unwrap()).unwrap();
        };
        vault.keep_then(draft, then).unwrap();
    }
    let kept = [told.recv().unwrap(), told.recv().unwrap()];
    assert_eq!(kept[0], foreseen[0]);
    assert_ne!(kept[1], foreseen[1], "it lies under another key");
    // For a subject that is known nothing is foreseen.
    assert_eq!(draft(b"more").foreseen(), None);
    vault.close();
    let vault = open(folder.path());
    assert_eq!(*vault.get(kept[0][0].entry).unwrap(), b"Nguyen Van An");
    assert_eq!(*vault.get(kept[1][0].entry).unwrap(), b"0912345678");
    wait(vault.erase(subject(1))).unwrap();
    assert!(vault.get(kept[0][0].entry).is_err() && vault.get(kept[1][0].entry).is_err());
}

/// The folder is free a moment after its last handle is gone.
fn opened_again(folder: &std::path::Path) -> Vault {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    loop {
        match Vault::open(folder, master(1), settings()) {
            Err(OpenError::Locked { .. }) if std::time::Instant::now() < deadline => {
                std::thread::yield_now();
            }
            opened => return opened.unwrap(),
        }
    }
}

#[test]
fn nothing_on_the_disk_shows_what_was_kept_or_about_whom() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    wait(vault.put(subject(77), b"Le Thi Cuc 087190001234".to_vec())).unwrap();
    for secret in [
        &b"Le Thi Cuc"[..],
        b"087190001234",
        &[1; 32],
        subject(77).as_bytes(),
    ] {
        assert_eq!(files_with(folder.path(), secret), Vec::<String>::new());
    }
    assert_eq!(
        fs::metadata(folder.path().join("manifest"))
            .unwrap()
            .permissions()
            .mode()
            & 0o77,
        0
    );
    assert_eq!(
        fs::metadata(folder.path().join("keys-0001"))
            .unwrap()
            .permissions()
            .mode()
            & 0o77,
        0
    );
    assert!(!format!("{vault:?} {:?}", vault.status()).contains("Cuc"));
}

#[test]
fn the_digest_is_that_of_the_ciphertext_and_the_same_text_never_looks_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let one = wait(vault.put(subject(1), b"same".to_vec())).unwrap();
    let two = wait(vault.put(subject(1), b"same".to_vec())).unwrap();
    assert_ne!(one.entry, two.entry);
    assert_ne!(one.digest, two.digest);
}

#[test]
fn a_wrong_master_key_is_refused_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let kept = wait(open(folder.path()).put(subject(1), b"text".to_vec())).unwrap();
    let before = fs::read(folder.path().join("entries-0001")).unwrap();
    let error = Vault::open(folder.path(), master(2), settings()).unwrap_err();
    assert!(matches!(error, OpenError::WrongMasterKey), "{error}");
    assert_eq!(
        fs::read(folder.path().join("entries-0001")).unwrap(),
        before
    );
    assert_eq!(*open(folder.path()).get(kept.entry).unwrap(), b"text");
}

#[test]
fn a_vault_opens_once_at_a_time_and_again_as_soon_as_it_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let error = Vault::open(folder.path(), master(1), settings()).unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    let other = vault.clone();
    vault.close();
    let _again = open(folder.path());
    assert_eq!(
        wait(other.put(subject(1), Vec::new())).unwrap_err(),
        PutError::Closed("it was closed".to_owned())
    );
}

#[test]
fn a_lost_file_is_an_error_and_never_an_empty_vault() {
    for lost in ["manifest", "keys-0001", "entries-0001", "entries-0002"] {
        let folder = tempfile::tempdir().unwrap();
        let small = Settings {
            file_bytes_max: 100,
            ..settings()
        };
        let vault = Vault::open(folder.path(), master(1), small.clone()).unwrap();
        for _ in 0..2 {
            wait(vault.put(subject(1), b"text".to_vec())).unwrap();
        }
        drop(vault);
        fs::remove_file(folder.path().join(lost)).unwrap();
        let error = Vault::open(folder.path(), master(1), small).unwrap_err();
        assert!(
            matches!(
                error,
                OpenError::Missing { .. } | OpenError::ManifestMissing { .. }
            ),
            "{lost}: {error}"
        );
        assert!(error.to_string().contains(lost), "{error}");
    }
}

#[test]
fn a_first_start_that_was_interrupted_starts_again() {
    for kept in [&["keys-0001"][..], &["keys-0001", "entries-0001"]] {
        let folder = tempfile::tempdir().unwrap();
        drop(open(folder.path()));
        for file in fs::read_dir(folder.path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if !kept.contains(&name.as_str()) {
                fs::remove_file(path).unwrap();
            }
        }
        let vault = open(folder.path());
        wait(vault.put(subject(1), b"text".to_vec())).unwrap();
    }
}

#[test]
fn fingerprints_know_their_label_their_vault_and_survive_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let print = vault.fingerprint("identity number", b"087190001234");
    assert_eq!(print, vault.fingerprint("identity number", b"087190001234"));
    assert_ne!(print, vault.fingerprint("identity number", b"087190001235"));
    assert_ne!(print, vault.fingerprint("phone", b"087190001234"));
    assert_ne!(vault.fingerprint("a", b"bc"), vault.fingerprint("ab", b"c"));
    drop(vault);
    assert_eq!(
        print,
        open(folder.path()).fingerprint("identity number", b"087190001234")
    );
    let other = tempfile::tempdir().unwrap();
    assert_ne!(
        print,
        open(other.path()).fingerprint("identity number", b"087190001234")
    );
}

#[test]
fn an_entry_of_64_kib_is_kept_and_one_byte_more_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let kept = wait(vault.put(subject(1), vec![7; 65_536])).unwrap();
    assert_eq!(*vault.get(kept.entry).unwrap(), vec![7; 65_536]);
    let error = wait(vault.put(subject(1), vec![7; 65_537])).unwrap_err();
    assert_eq!(
        error,
        PutError::TooLarge {
            bytes: 65_537,
            max: 65_536
        }
    );
    let error = wait(vault.put_many(subject(1), vec![vec![7; 65_536]; 257])).unwrap_err();
    assert!(matches!(error, PutError::TooLarge { .. }), "{error}");
    // Many small ones weigh too.
    let error = wait(vault.put_many(subject(1), vec![Vec::new(); 200_000])).unwrap_err();
    assert!(matches!(error, PutError::TooLarge { .. }), "{error}");
    let most = wait(vault.put_many(subject(1), vec![vec![8; 65_536]; 250])).unwrap();
    drop(vault);
    assert_eq!(
        *open(folder.path()).get(most[249].entry).unwrap(),
        vec![8; 65_536]
    );
}

#[test]
fn a_nearly_full_disk_refuses_puts_and_still_reads_and_erases() {
    let folder = tempfile::tempdir().unwrap();
    let kept = wait(open(folder.path()).put(subject(1), b"text".to_vec())).unwrap();
    let full = Settings {
        free_bytes_min: u64::MAX,
        ..settings()
    };
    let vault = Vault::open(folder.path(), master(1), full).unwrap();
    let error = wait(vault.put(subject(1), b"more".to_vec())).unwrap_err();
    assert!(
        matches!(error, PutError::DiskNearlyFull { min: u64::MAX, .. }),
        "{error}"
    );
    assert_eq!(*vault.get(kept.entry).unwrap(), b"text");
    wait(vault.erase(subject(1))).unwrap();
    assert_eq!(vault.failed(), None);
}

#[test]
fn when_too_much_waits_a_call_is_refused_and_none_that_was_taken_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (go, gate) = mpsc::channel::<()>();
    let (arrive, arrived) = mpsc::channel();
    let gate = Mutex::new(gate);
    let slow = Settings {
        queue_max: 3,
        before: Arc::new(move |step| {
            if step == Step::Sync(Content::Entries) {
                let _ = arrive.send(());
                let _ = gate.lock().unwrap().recv();
            }
            Ok(())
        }),
        ..settings()
    };
    go.send(()).unwrap();
    let vault = Vault::open(folder.path(), master(1), slow).unwrap();
    arrived.recv().unwrap();
    let put = |n| {
        let vault = vault.clone();
        std::thread::spawn(move || vault.put_blocking(subject(n), vec![3; 10]))
    };
    let mut threads = vec![put(0)];
    arrived.recv().unwrap();
    // The first is at the gate and three wait: the other eight come back at once.
    threads.extend((1..12).map(put));
    while threads.iter().filter(|thread| thread.is_finished()).count() < 8 {
        std::thread::yield_now();
    }
    drop(go);
    let answers: Vec<_> = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect();
    let kept: Vec<_> = answers.iter().flatten().collect();
    assert_eq!(kept.len(), 4);
    assert!(answers.contains(&Err(PutError::Busy)));
    for sealed in kept {
        assert_eq!(*vault.get(sealed.entry).unwrap(), vec![3; 10]);
    }
}

#[test]
fn many_callers_at_once_each_get_their_own_back() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let threads: Vec<_> = (0..8)
        .map(|n| {
            let vault = vault.clone();
            std::thread::spawn(move || {
                for round in 0..20 {
                    let text = format!("subject {n} round {round}");
                    let sealed = vault.put_blocking(subject(n), text.clone().into()).unwrap();
                    assert_eq!(*vault.get(sealed.entry).unwrap(), text.as_bytes());
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(vault.status().entries, 160);
    assert_eq!(vault.status().subjects, 8);
}
