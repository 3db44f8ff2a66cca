//! What a log lives through while its system calls are recorded: played by a process of its own, which says what is acknowledged.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use eventlog::{
    Append, EventLog, Expected, Key, NewRecord, Record, Request, Role, Settings, StreamId, transfer,
};
use uuid::Uuid;

use crate::riding;

pub(crate) const FOLDER: &str = "HOSO_TEST_POWER_FOLDER";
pub(crate) const SCENE: &str = "HOSO_TEST_POWER_SCENE";
/// The test that is the process.
pub(crate) const CHILD: &str = "scene::child_main";

pub(crate) fn settings(role: Role) -> Settings {
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
    let id = Uuid::from_u128(u128::from(number));
    filed(id, vec![Key(u128::from(number).to_be_bytes())], data)
}

/// A submission, as far as a log looks at it.
pub(crate) fn filed(event_id: Uuid, keys: Vec<Key>, data: Vec<u8>) -> NewRecord {
    NewRecord {
        event_id,
        kind: "dossier_submitted".into(),
        schema_version: 1,
        occurred_at: 1_600_000_000_000_000,
        actor: "can-bo-1".into(),
        organisation: "000.00.06.H20".into(),
        correlation: Uuid::nil(),
        causation: Uuid::nil(),
        keys,
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

pub(crate) fn all(log: &EventLog) -> Vec<Record> {
    log.scan(1).collect::<Result<Vec<_>, _>>().unwrap().concat()
}

pub(crate) fn finish<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(future)
}

/// Says on the standard output, which is recorded too, what is acknowledged from now on.
pub(crate) fn say(name: &str, log: &EventLog) {
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
    match scene.to_str() {
        Some("life") => life(folder),
        Some("recovery") => recovery(folder),
        Some("office") => riding::life(folder),
        Some("office's recovery") => riding::recovery(folder),
        other => panic!("no scene is called {other:?}"),
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
