//! The power goes at any sync, with any of the pages written since the last one: what was acknowledged by then is there.
//!
//! A child of this test lives through everything a log does (it is made, appended to, imported into, replicated, its
//! segments are closed and sealed, it is stopped and opened again, exported and restored) while its system calls are
//! recorded. At every sync the disk is cut, opened and read. Of some cuts the recovery is recorded too, and cut again.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use eventlog::{
    Append, ChainHash, EventLog, Expected, Key, NewRecord, Position, Record, Request, Role,
    Settings, StreamId, chain, format, transfer,
};
use proptest::prelude::RngExt as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use support::folder;
use uuid::Uuid;

use crate::disk::{self, Disk, Event, Luck};
use crate::strace;

const FOLDER: &str = "HOSO_TEST_POWER_FOLDER";
const SCENE: &str = "HOSO_TEST_POWER_SCENE";
/// The logs of a scene.
const LOGS: [(&str, Role); 3] = [
    ("log", Role::Origin),
    ("copy", Role::Replica),
    ("restored", Role::Origin),
];
/// Of the first recording's cuts, so many have their recovery recorded and cut again.
const CUT_TWICE: usize = 4;

struct Dice(TestRng);

impl Dice {
    fn new(seed: u64) -> Self {
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

fn settings(role: Role) -> Settings {
    let clock = Arc::new(AtomicI64::new(1_700_000_000_000_000));
    Settings {
        segment_bytes_max: 8 * 1024,
        free_bytes_min: 0,
        role,
        ..Settings::new(move || clock.fetch_add(1000, Ordering::Relaxed))
    }
}

fn event(number: u64, bytes: usize) -> NewRecord {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut data = Vec::with_capacity(bytes + 8);
    while data.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        data.extend(state.to_le_bytes());
    }
    NewRecord {
        event_id: Uuid::from_u128(u128::from(number)),
        kind: "dossier_submitted".into(),
        schema_version: 1,
        occurred_at: 1_600_000_000_000_000,
        actor: "can-bo-1".into(),
        organisation: "000.00.06.H20".into(),
        correlation: Uuid::nil(),
        causation: Uuid::nil(),
        keys: vec![Key(u128::from(number).to_be_bytes())],
        data,
    }
}

fn append(log: &EventLog, number: u64, count: u64, bytes: usize) {
    let append = Append {
        // No two logs write the same ones.
        stream: StreamId(Uuid::from_u128(u128::from(number / 900 * 10 + number % 5))),
        expected: Expected::Any,
        request: Some(Request {
            key: Key(u128::from(number).to_be_bytes()),
            body: [1; 16],
        }),
        events: (0..count)
            .map(|nth| event(number * 100 + nth, bytes))
            .collect(),
    };
    log.append_blocking(append).unwrap();
}

fn all(log: &EventLog) -> Vec<Record> {
    log.scan(1).collect::<Result<Vec<_>, _>>().unwrap().concat()
}

fn finish<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(future)
}

/// Says on the standard output, which is recorded too, what is acknowledged from now on.
fn say(name: &str, log: &EventLog) {
    let head = log.head();
    let line = format!("acknowledged {name} {} {}\n", head.position, head.hash);
    std::io::stdout().write_all(line.as_bytes()).unwrap();
    std::io::stdout().flush().unwrap();
}

/// Runs in a process of its own, under strace.
#[test]
fn child_main() {
    let (Some(folder), Some(scene)) = (std::env::var_os(FOLDER), std::env::var_os(SCENE)) else {
        return;
    };
    let folder = Path::new(&folder);
    // The harness has begun a line.
    std::io::stdout().write_all(b"\n").unwrap();
    if scene == "life" {
        life(folder);
    } else {
        recovery(folder);
    }
}

/// Everything a log does.
fn life(folder: &Path) {
    let elsewhere = tempfile::tempdir().unwrap();
    let other = EventLog::open(elsewhere.path(), settings(Role::Origin)).unwrap();
    for number in 0..12 {
        append(&other, 900 + number, 1 + number % 3, 300);
    }
    let records = all(&other);
    let open = |name: &str, role| EventLog::open(&folder.join(name), settings(role)).unwrap();
    let log = open("log", Role::Origin);
    for number in 0..14 {
        append(
            &log,
            number,
            1 + number % 3,
            if number % 5 == 3 { 3000 } else { 300 },
        );
        say("log", &log);
    }
    for part in records.chunks(7) {
        finish(log.import(part.to_vec())).unwrap();
        say("log", &log);
    }
    log.close();
    drop(log);
    let log = open("log", Role::Origin);
    say("log", &log);
    for number in 20..26 {
        append(&log, number, 2, 500);
        say("log", &log);
    }
    let copy = open("copy", Role::Replica);
    for part in all(&log).chunks(20) {
        finish(copy.replicate(part.to_vec())).unwrap();
        say("copy", &copy);
    }
    copy.close();
    let exported = transfer::export(&log, 0, &folder.join("export"), |_| {}).unwrap();
    let files: Vec<_> = exported.into_iter().map(|file| file.path).collect();
    transfer::import_into(&folder.join("restored"), Role::Origin, &files, &[], |_| {}).unwrap();
    say("restored", &log);
    log.close();
}

/// A log that a power cut has left is opened, written to and stopped.
fn recovery(folder: &Path) {
    let log = EventLog::open(&folder.join("log"), settings(Role::Origin)).unwrap();
    say("log", &log);
    append(&log, 800, 2, 300);
    say("log", &log);
    log.close();
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

/// Runs a scene in `folder` and gives every moment at which something may be lost.
fn record(folder: &Path, scene: &str, mut acknowledged: Acknowledged) -> Vec<Moment> {
    let calls = folder.with_extension("calls");
    let mut disk = Disk::of(folder);
    let mut command = strace::under(&calls, disk::CALLS);
    let own = std::env::current_exe().unwrap();
    command.push(own.to_str().unwrap().to_owned());
    let child = Command::new(&command[0])
        .args(&command[1..])
        .args([
            "--exact",
            "power::child_main",
            "--nocapture",
            "--test-threads",
            "1",
        ])
        .env(FOLDER, folder)
        .env(SCENE, scene)
        .stdout(Stdio::piped())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout).into_owned();
    let erred = String::from_utf8_lossy(&child.stderr).into_owned();
    assert!(child.status.success(), "{scene} failed: {said}{erred}");
    assert!(
        said.contains("acknowledged log"),
        "{scene} did nothing: {said}"
    );
    let mut moments = Vec::new();
    let mut moment = |disk: &Disk, acknowledged: &Acknowledged, said: Option<&str>| {
        moments.push(Moment {
            disk: disk.clone(),
            acknowledged: acknowledged.clone(),
            said: said.map(str::to_owned),
        });
    };
    for call in strace::read(&calls) {
        let syncs = call.name == "fsync" || call.name == "fdatasync";
        if syncs && !disk.is_clean(folder) {
            moment(&disk, &acknowledged, None);
        }
        if let Event::Said(said) = disk.take(&call) {
            for line in said.lines() {
                let words: Vec<_> = line.split(' ').collect();
                if let ["acknowledged", log, position, hash] = words.as_slice() {
                    let what = (position.parse().unwrap(), (*hash).to_owned());
                    acknowledged.insert((*log).to_owned(), what);
                    moment(&disk, &acknowledged, Some(log));
                }
            }
        }
    }
    fs::remove_file(&calls).unwrap();
    moments
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
    let moments = record(&folder, "life", Acknowledged::new());
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
        let moments = record(&folder, "recovery", acknowledged);
        let end = histories(&folder);
        cut_all(&moments, &end, "a recovery", |_| false);
        again += moments.len();
    }
    println!("{again} cuts of a recovery");
}
