//! The power goes at any sync, with any of the pages written since the last one: what was acknowledged by then is there.
//!
//! A child of this test lives through everything a log does (it is made, appended to, imported into, replicated, its
//! segments are closed and sealed, it is stopped and opened again, exported and restored) while its system calls are
//! recorded. At every sync the disk is cut, opened and read. Of some cuts the recovery is recorded too, and cut again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::Ordering;

use eventlog::{ChainHash, EventLog, Position, Record, Role, chain, format};
use proptest::prelude::RngExt as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use support::folder;

use crate::disk::{self, Disk, Event, Luck};
use crate::scene::{CHILD, FOLDER, SCENE, all, settings};
use crate::strace::{self, Call};

/// The logs of a scene.
const LOGS: [(&str, Role); 3] = [
    ("log", Role::Origin),
    ("copy", Role::Replica),
    ("restored", Role::Origin),
];
/// Of the first recording's cuts, so many have their recovery recorded and cut again.
const CUT_TWICE: usize = 4;

pub(crate) struct Dice(TestRng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self(TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
    }
}

impl Luck for Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }
}

/// What each log has acknowledged: position and chain hash.
type Acknowledged = BTreeMap<String, (Position, String)>;

/// A moment just before a sync, or just after an acknowledgement.
struct Moment {
    disk: Disk,
    acknowledged: Acknowledged,
    /// Which log has just acknowledged something.
    said: Option<String>,
}

/// A scene as it was played: the disk before it, and the system calls made in it.
pub(crate) struct Recording {
    folder: PathBuf,
    pub(crate) before: Disk,
    pub(crate) calls: Vec<Call>,
}

/// Plays a scene in `folder`.
pub(crate) fn record(folder: &Path, scene: &str) -> Recording {
    let calls = folder.with_extension("calls");
    let before = Disk::of(folder);
    let mut command = strace::under(&calls, disk::CALLS);
    let own = std::env::current_exe().unwrap();
    command.push(own.to_str().unwrap().to_owned());
    let child = Command::new(&command[0])
        .args(&command[1..])
        .args(["--exact", CHILD, "--nocapture"])
        .args(["--test-threads", "1"])
        .env(FOLDER, folder)
        .env(SCENE, scene)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout).into_owned();
    let erred = String::from_utf8_lossy(&child.stderr).into_owned();
    assert!(child.status.success(), "{scene} failed: {said}{erred}");
    assert!(
        said.contains("acknowledged log"),
        "{scene} did nothing: {said}"
    );
    let recording = Recording {
        folder: folder.to_owned(),
        before,
        calls: strace::read(&calls),
    };
    fs::remove_file(&calls).unwrap();
    recording
}

impl Recording {
    /// Every moment at which something may be lost. A disk that is `deaf` says yes to a sync of a live segment and does
    /// nothing.
    fn moments(&self, mut acknowledged: Acknowledged, deaf: bool) -> Vec<Moment> {
        let mut disk = self.before.clone();
        let mut moments = Vec::new();
        for call in &self.calls {
            let syncs = call.name == "fsync" || call.name == "fdatasync";
            let live = |path: &String| path.starts_with(self.folder.to_str().unwrap());
            let live = call
                .files
                .iter()
                .any(|path| live(path) && (path.ends_with("/db") || path.ends_with("/journal")));
            if syncs && deaf && live {
                continue;
            }
            if syncs && !disk.is_clean(&self.folder) {
                moments.push(Moment {
                    disk: disk.clone(),
                    acknowledged: acknowledged.clone(),
                    said: None,
                });
            }
            let Event::Said(said) = disk.take(call) else {
                continue;
            };
            for line in said.lines() {
                let words: Vec<_> = line.split(' ').collect();
                if let ["acknowledged", log, position, hash] = words.as_slice() {
                    let what = (position.parse().unwrap(), (*hash).to_owned());
                    acknowledged.insert((*log).to_owned(), what);
                    moments.push(Moment {
                        disk: disk.clone(),
                        acknowledged: acknowledged.clone(),
                        said: Some((*log).to_owned()),
                    });
                }
            }
        }
        moments
    }
}

/// Every log of a scene as it was in the end.
fn histories(folder: &Path) -> BTreeMap<&'static str, Vec<Record>> {
    let logs = LOGS
        .into_iter()
        .filter(|(name, _)| folder.join(name).exists());
    logs.map(|(name, role)| {
        let log = EventLog::open(&folder.join(name), settings(role)).unwrap();
        (name, all(&log))
    })
    .collect()
}

/// Opens what a cut left: what was acknowledged is there, nothing is torn, and nothing else was ever written.
fn check(
    folder: &Path,
    moment: &Moment,
    histories: &BTreeMap<&'static str, Vec<Record>>,
    what: &str,
) {
    for (name, role) in LOGS {
        let promised = moment.acknowledged.get(name);
        let path = folder.join(name);
        // A log of which nothing hangs in the air was looked at when something did.
        let steady = moment.disk.is_clean(&moment.disk.top().join(name));
        if steady && moment.said.as_deref() != Some(name) || promised.is_none() && !path.exists() {
            continue;
        }
        let log = EventLog::open(&path, settings(role))
            .unwrap_or_else(|error| panic!("{what}: {name} does not open: {error}"));
        // What was restored from an export waits to be asked after what came since; nothing else does.
        let waits = log.awaits().is_some();
        assert!(
            !waits || name == "restored",
            "{what}: {name} misses something"
        );
        let records = all(&log);
        let history = histories.get(name).map_or(&[][..], Vec::as_slice);
        assert!(
            records.len() <= history.len() && records == history[..records.len()],
            "{what}: {name} holds what was never written"
        );
        let mut hash = ChainHash::default();
        for record in &records {
            let mut bytes = Vec::new();
            format::canonical(record, &mut bytes).unwrap();
            hash = chain::next(hash, &bytes);
        }
        assert_eq!(log.head().hash, hash, "{what}: {name}: the chain");
        if let Some((position, hash)) = promised {
            let there = log.hash_at(*position).unwrap();
            assert_eq!(
                there.map(|hash| hash.to_string()).as_ref(),
                Some(hash),
                "{what}: {name} has acknowledged position {position} and has {}",
                records.len()
            );
        }
    }
}

/// Cuts at each moment and checks; gives the folders of the cuts that are wanted.
fn cut_all(
    moments: &[Moment],
    histories: &BTreeMap<&'static str, Vec<Record>>,
    what: &str,
    keep: impl Fn(usize) -> bool + Sync,
) -> Vec<(PathBuf, Acknowledged, tempfile::TempDir)> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let kept = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    let Some(moment) = moments.get(nth) else {
                        return;
                    };
                    let cut = |to: &Path| {
                        fs::create_dir_all(to).unwrap();
                        moment.disk.cut(&mut Dice::new(nth as u64), to);
                    };
                    let folder = folder::in_memory();
                    cut(&folder.path().join("cut"));
                    let what = format!("{what}, moment {nth} of {}", moments.len());
                    check(&folder.path().join("cut"), moment, histories, &what);
                    if keep(nth) {
                        let folder = folder::in_memory();
                        let path = folder.path().join("cut");
                        cut(&path);
                        let acknowledged = moment.acknowledged.clone();
                        kept.lock().unwrap().push((path, acknowledged, folder));
                    }
                }
            });
        }
    });
    kept.into_inner().unwrap()
}

#[test]
fn a_power_cut_at_any_sync_of_a_logs_life_and_of_its_recovery_keeps_what_was_acknowledged() {
    let place = folder::in_memory();
    let folder = place.path().join("life");
    fs::create_dir(&folder).unwrap();
    let recording = record(&folder, "life");
    let moments = recording.moments(Acknowledged::new(), false);
    let end = histories(&folder);
    assert_eq!(end.len(), LOGS.len());
    assert!(end["log"].len() > 60 && end["restored"] == end["log"] && end["copy"] == end["log"]);
    let every = moments.len() / CUT_TWICE;
    let cuts = cut_all(&moments, &end, "a life", |nth| nth % every == every / 2);
    println!("{} cuts of a life", moments.len());
    let mut again = 0;
    for (folder, acknowledged, _) in cuts {
        let only = |(log, what): (String, _)| (log == "log").then_some((log, what));
        let acknowledged: Acknowledged = acknowledged.into_iter().filter_map(only).collect();
        for other in ["copy", "export", "restored", "restored.restoring"] {
            drop(fs::remove_dir_all(folder.join(other)));
        }
        let moments = record(&folder, "recovery").moments(acknowledged, false);
        let end = histories(&folder);
        cut_all(&moments, &end, "a recovery", |_| false);
        again += moments.len();
    }
    println!("{again} cuts of a recovery");

    // That the above can fail at all: without the syncs, what was acknowledged is not there.
    let deaf = recording.moments(Acknowledged::new(), true);
    let said = deaf.iter().filter(|moment| moment.said.is_some()).take(12);
    let lost = said.enumerate().filter(|(nth, moment)| {
        let folder = folder::in_memory();
        moment.disk.cut(&mut Dice::new(*nth as u64), folder.path());
        let promised = &moment.acknowledged["log"].0;
        let log = EventLog::open(&folder.path().join("log"), settings(Role::Origin));
        log.map_or(true, |log| log.head().position < *promised)
    });
    assert!(
        lost.count() > 0,
        "a disk that ignores syncs loses nothing: this test sees nothing"
    );
}
