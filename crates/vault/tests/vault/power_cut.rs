//! Power cuts: after any step, any sectors of what was not synced yet may be old or new; what was acknowledged holds.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use proptest::prelude::RngExt as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use vault::{Content, GetError, OpenError, Sealed, Settings, Step, Vault};

use crate::support::{
    Hold, ask, beside_their_entries, copy, master, opened_watching_keys, settings, subject, wait,
};

/// What a disk is sure to keep whole.
const SECTOR: usize = 512;

type Files = BTreeMap<String, Vec<u8>>;

/// What had been acknowledged when the power went.
#[derive(Clone, Default)]
struct Told {
    kept: Vec<(u128, Sealed, Vec<u8>)>,
    erasing: Vec<u128>,
    erased: Vec<u128>,
    key: u8,
    rotating: bool,
}

/// A moment before a step: what is surely on the disk, what may be, and what callers were told.
struct Moment {
    synced: Files,
    written: Files,
    told: Told,
}

#[derive(Default)]
struct Recorder {
    folder: PathBuf,
    synced: Files,
    /// Becomes synced once the sync that is under way has succeeded, that is at the next step.
    syncing: Files,
    told: Told,
    moments: Vec<Moment>,
}

fn kind(name: &str) -> Option<Content> {
    if name.starts_with("keys-") {
        Some(Content::Keys)
    } else if name.starts_with("entries-") {
        Some(Content::Entries)
    } else if name.starts_with("manifest") {
        Some(Content::Manifest)
    } else {
        None
    }
}

fn files(folder: &Path) -> Files {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap());
    files
        .map(|file| (file.file_name().into_string().unwrap(), file.path()))
        .filter(|(name, _)| kind(name).is_some())
        .map(|(name, path)| (name, fs::read(path).unwrap()))
        .collect()
}

impl Recorder {
    fn before(&mut self, step: Step) {
        let written = files(&self.folder);
        self.synced.append(&mut self.syncing);
        // A rename takes the synced bytes along; names are durable when the folder is synced, which is no step here.
        if let Some(manifest) = written.get("manifest") {
            self.synced.insert("manifest".to_owned(), manifest.clone());
        }
        self.synced.retain(|name, _| written.contains_key(name));
        self.moments.push(Moment {
            synced: self.synced.clone(),
            written: written.clone(),
            told: self.told.clone(),
        });
        if let Step::Sync(content) = step {
            // The file that is synced is not named: of this content it is one that changed, or nothing is to be synced.
            let synced = written
                .into_iter()
                .filter(|(name, _)| kind(name) == Some(content));
            self.syncing.extend(synced);
        }
    }
}

/// Each sector as it was synced or as it was written since, by chance.
fn cut(moment: &Moment, chance: &mut TestRng, to: &Path) {
    for (name, written) in &moment.written {
        let empty = Vec::new();
        let synced = moment.synced.get(name).unwrap_or(&empty);
        let mut bytes = synced.clone();
        if chance.random_bool(0.7) {
            bytes.resize(written.len(), 0);
        }
        for (at, sector) in bytes.chunks_mut(SECTOR).enumerate() {
            let from = at * SECTOR;
            if chance.random_bool(0.5)
                && let Some(new) = written.get(from..(from + sector.len()).min(written.len()))
            {
                sector[..new.len()].copy_from_slice(new);
            }
        }
        fs::write(to.join(name), bytes).unwrap();
    }
}

fn check(moment: &Moment, folder: &Path, what: &str) {
    let small = Settings {
        file_bytes_max: 2_000,
        ..settings()
    };
    let told = &moment.told;
    let mut opened = Vault::open(folder, master(told.key), small.clone());
    if told.rotating && matches!(opened, Err(OpenError::WrongMasterKey)) {
        opened = Vault::open(folder, master(told.key + 1), small.clone());
    }
    let vault = opened.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(vault.status().damage, [], "{what}");
    for n in &told.erased {
        assert!(vault.is_erased(subject(*n)), "{what}");
    }
    for (n, sealed, text) in &told.kept {
        match vault.get(sealed.entry) {
            Ok(read) => {
                assert_eq!(*read, *text, "{what}");
                assert!(
                    !told.erased.contains(n),
                    "{what}: an erased entry came back"
                );
            }
            Err(GetError::Erased { .. }) => assert!(told.erasing.contains(n), "{what}"),
            Err(error) => panic!("{what}: {error}"),
        }
    }
    let more = wait(vault.put(subject(99), b"more".to_vec())).unwrap();
    drop(vault);
    let opened =
        [told.key, told.key + 1].map(|key| Vault::open(folder, master(key), small.clone()));
    let vault = opened.into_iter().find_map(Result::ok).unwrap();
    assert_eq!(*vault.get(more.entry).unwrap(), b"more", "{what}");
    assert_eq!(vault.status().damage, [], "{what}");
}

/// A short life with everything in it, recorded before each step.
fn life(folder: &Path) -> Vec<Moment> {
    let recorder = Recorder {
        folder: folder.to_owned(),
        told: Told {
            key: 1,
            ..Told::default()
        },
        ..Recorder::default()
    };
    let recorder = Arc::new(Mutex::new(recorder));
    let record = Arc::clone(&recorder);
    let (hold, held) = Hold::new();
    let small = Settings {
        file_bytes_max: 2_000,
        rewrapped_at_once: 1,
        before: Arc::new(move |step| {
            record.lock().unwrap().before(step);
            held(step);
            Ok(())
        }),
        ..settings()
    };
    let vault = Vault::open(folder, master(1), small).unwrap();
    let put = |n: u128, lengths: &[usize]| {
        let texts: Vec<Vec<u8>> = lengths.iter().map(|length| vec![7; *length]).collect();
        let sealed = wait(vault.put_many(subject(n), texts.clone())).unwrap();
        let kept = sealed
            .into_iter()
            .zip(texts)
            .map(|(sealed, text)| (n, sealed, text));
        recorder.lock().unwrap().told.kept.extend(kept);
    };
    let erase = |n: u128| {
        recorder.lock().unwrap().told.erasing.push(n);
        wait(vault.erase(subject(n))).unwrap();
        recorder.lock().unwrap().told.erased.push(n);
    };
    put(1, &[20, 600, 30]);
    put(2, &[300]);
    put(1, &[900, 10, 10, 10, 10]);
    erase(1);
    put(3, &[50, 700]);
    put(5, &[40]);
    recorder.lock().unwrap().told.rotating = true;
    // While the second key is wrapped anew somebody is erased whose key lies in the new file already, and somebody new comes.
    hold.before_sync(2);
    let rotating = ask(vault.rotate(master(2)));
    hold.reached();
    recorder.lock().unwrap().told.erasing.push(2);
    let erasing = ask(vault.erase(subject(2)));
    let putting = ask(vault.put(subject(6), vec![7; 60]));
    hold.go();
    wait(erasing).unwrap();
    recorder.lock().unwrap().told.erased.push(2);
    let sealed = wait(putting).unwrap();
    let kept = (6, sealed, vec![7; 60]);
    recorder.lock().unwrap().told.kept.push(kept);
    wait(rotating).unwrap();
    {
        let told = &mut recorder.lock().unwrap().told;
        (told.rotating, told.key) = (false, 2);
    }
    put(4, &[100, 100, 100]);
    erase(3);
    drop(vault);
    std::mem::take(&mut recorder.lock().unwrap().moments)
}

#[test]
fn a_power_cut_at_any_step_loses_nothing_acknowledged_and_revives_nothing_erased() {
    let folder = tempfile::tempdir().unwrap();
    let moments = life(folder.path());
    println!("{} moments", moments.len());
    let mut seed = [0; 32];
    for (at, moment) in moments.iter().enumerate() {
        for try_number in 0..2_u8 {
            seed[0] = try_number;
            seed[1..9].copy_from_slice(&(at as u64).to_le_bytes());
            let mut chance = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
            let cut_folder = tempfile::tempdir().unwrap();
            cut(moment, &mut chance, cut_folder.path());
            check(
                moment,
                cut_folder.path(),
                &format!("moment {at}, try {try_number}"),
            );
        }
    }
}

#[test]
fn an_entry_whose_key_never_reached_the_disk_takes_nobodys_place_and_is_swept() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open(folder.path(), master(1), settings()).unwrap();
    let kept = wait(vault.put(subject(1), b"kept".to_vec())).unwrap();
    let keys = fs::read(folder.path().join("keys-0001")).unwrap();
    let cut = wait(vault.put(subject(2), b"cut".to_vec())).unwrap();
    drop(vault);
    fs::write(folder.path().join("keys-0001"), keys).unwrap();

    let vault = Vault::open(folder.path(), master(1), settings()).unwrap();
    assert_eq!(vault.status().damage, []);
    assert!(vault.get(cut.entry).is_err());
    let again = wait(vault.put(subject(2), b"again".to_vec())).unwrap();
    let third = wait(vault.put(subject(3), b"third".to_vec())).unwrap();
    let named = [kept.entry, again.entry, third.entry];
    let swept = wait(vault.sweep(|entry| named.contains(&entry), vault.mark()));
    assert_eq!(swept.unwrap(), 1);
    drop(vault);
    let vault = Vault::open(folder.path(), master(1), settings()).unwrap();
    for (entry, text) in named.into_iter().zip(["kept", "again", "third"]) {
        assert_eq!(*vault.get(entry).unwrap(), text.as_bytes());
    }
    wait(vault.erase(subject(2))).unwrap();
    assert!(vault.get(again.entry).is_err() && vault.get(kept.entry).is_ok());
}

#[test]
fn a_new_subjects_key_that_only_its_entry_had_with_it_is_put_where_it_belongs_and_erased_like_any_other()
 {
    let [folder, cut] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let vault = Vault::open(folder.path(), master(1), settings()).unwrap();
    let before = fs::read(folder.path().join("keys-0001")).unwrap();
    let kept = [1, 2, 3].map(|n| {
        let sealed = wait(vault.put(subject(n), vec![7; 40])).unwrap();
        (n, sealed.entry)
    });
    assert_eq!(beside_their_entries(folder.path()), 3);
    copy(folder.path(), cut.path());
    fs::write(cut.path().join("keys-0001"), before).unwrap();

    let vault = Vault::open(cut.path(), master(1), settings()).unwrap();
    assert_eq!(beside_their_entries(cut.path()), 0);
    for (_, entry) in kept {
        assert_eq!(*vault.get(entry).unwrap(), vec![7; 40]);
    }
    wait(vault.erase(subject(2))).unwrap();
    let more = wait(vault.put(subject(1), b"more".to_vec())).unwrap();
    drop(vault);
    let vault = Vault::open(cut.path(), master(1), settings()).unwrap();
    assert_eq!(vault.status().damage, []);
    for (n, entry) in kept {
        assert_eq!(vault.get(entry).is_ok(), n != 2);
    }
    assert_eq!(*vault.get(more.entry).unwrap(), b"more");
}

#[test]
fn keys_lie_beside_their_entries_for_a_while_only() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open(folder.path(), master(1), settings()).unwrap();
    for n in 0..1_100 {
        wait(vault.put(subject(n), b"text".to_vec())).unwrap();
    }
    // The last put has been answered, and what is done after an answer comes before the next is.
    let left = beside_their_entries(folder.path());
    assert!((1..100).contains(&left), "{left}");
    drop(vault);
    assert_eq!(beside_their_entries(folder.path()), 0);
}

#[test]
fn what_a_killed_process_wrote_into_the_keys_file_is_synced_when_the_vault_opens() {
    let [folder, killed] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let vault = Vault::open(folder.path(), master(1), settings()).unwrap();
    wait(vault.put(subject(1), b"text".to_vec())).unwrap();
    copy(folder.path(), killed.path());
    // Known by the page cache; the disk may not have it. What comes next for this subject lies under that key.
    let (_vault, steps) = opened_watching_keys(killed.path());
    let [write, sync] = [Step::Write(Content::Keys), Step::Sync(Content::Keys)];
    // The subject's key, and then the journal's: each is on the disk before anything else is written.
    assert!(steps.starts_with(&[write, sync, write, sync]), "{steps:?}");
}
