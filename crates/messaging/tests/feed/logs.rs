//! Logs of the test's own, what is written to them, and what must be true of a follower's.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use eventlog::{
    Append, EventLog, Expected, Key, NewRecord, Record, Request, Role, Settings, StreamId,
};
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn open(folder: &Path, role: Role) -> EventLog {
    // 15/12/2022, and a millisecond later each time.
    let time = AtomicI64::new(1_671_062_400_000_000);
    let settings = Settings {
        role,
        free_bytes_min: 0,
        ..Settings::new(move || time.fetch_add(1000, Ordering::Relaxed))
    };
    EventLog::open(folder, settings).unwrap()
}

fn event(number: u64) -> NewRecord {
    NewRecord {
        event_id: Uuid::new_v4(),
        kind: "DossierSubmitted".into(),
        schema_version: 1,
        occurred_at: 1_671_062_399_000_001,
        actor: "cán bộ 7".into(),
        organisation: "000.00.06.H20".into(),
        correlation: Uuid::new_v4(),
        causation: Uuid::new_v4(),
        keys: vec![Key(*Uuid::new_v4().as_bytes())],
        data: format!("{{\"number\":{number},\"label\":\"hồ sơ\"}}").into_bytes(),
    }
}

/// Writes this many records, each in a stream of its own.
pub(crate) async fn write(log: &EventLog, count: u64) {
    let waiting: Vec<_> = (0..count)
        .map(|number| {
            tokio::spawn(log.append(Append {
                stream: StreamId(Uuid::new_v4()),
                expected: Expected::Exactly(0),
                request: Some(Request {
                    key: Key(*Uuid::new_v4().as_bytes()),
                    body: [1; 16],
                }),
                events: vec![event(number)],
            }))
        })
        .collect();
    for append in waiting {
        append.await.unwrap().unwrap();
    }
}

pub(crate) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < until, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) fn all(log: &EventLog) -> Vec<Record> {
    log.scan(1).flat_map(|block| block.unwrap()).collect()
}

/// Waits until everything of `origin` is in `into`, and holds it against the origin: once, in order, to the byte.
pub(crate) async fn imported(origin: &EventLog, into: &EventLog) {
    let head = origin.head();
    eventually("everything is imported", || {
        into.watermark(head.log)
            .is_some_and(|mark| mark.position >= head.position)
    })
    .await;
    let theirs = all(origin);
    let ours = all(into);
    let ours = ours
        .iter()
        .filter(|record| record.origin.is_some_and(|place| place.log == head.log));
    assert_eq!(ours.map(Record::at_origin).collect::<Vec<_>>(), theirs);
    assert_eq!(into.watermark(head.log).unwrap().hash, origin.head().hash);
}

/// The same for a replica: the same records at the same positions with the same chain.
pub(crate) async fn replicated(origin: &EventLog, into: &EventLog) {
    let head = origin.head();
    eventually("everything is replicated", || {
        into.head().position >= head.position
    })
    .await;
    assert_eq!(all(into), all(origin));
    assert_eq!(into.head(), origin.head());
}
