//! What the tests share: a clock that counts, small events, settings with faults.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use eventlog::{
    Append, ChainHash, EventLog, Expected, Faults, Key, NewRecord, Record, Request, Role, Settings,
    StreamId, chain, format,
};
use uuid::Uuid;

/// Settings whose clock goes one millisecond a call, with a segment size that is never reached.
pub(crate) fn settings() -> Settings {
    let clock = Arc::new(AtomicI64::new(1_700_000_000_000_000));
    let mut settings = Settings::new(move || clock.fetch_add(1000, Ordering::Relaxed));
    settings.free_bytes_min = 0;
    settings
}

/// Settings that seal all the time.
pub(crate) fn small() -> Settings {
    Settings {
        segment_bytes_max: 8 * 1024,
        ..settings()
    }
}

pub(crate) fn replica() -> Settings {
    Settings {
        role: Role::Replica,
        ..settings()
    }
}

pub(crate) fn with_faults(
    faults: impl Fn(&'static str) -> std::io::Result<()> + Send + Sync + 'static,
) -> Settings {
    Settings {
        faults: Faults::new(faults),
        ..settings()
    }
}

pub(crate) fn open(folder: &Path) -> EventLog {
    EventLog::open(folder, settings()).unwrap()
}

pub(crate) fn stream(number: u128) -> StreamId {
    StreamId(Uuid::from_u128(number))
}

pub(crate) fn key(number: u128) -> Key {
    Key(number.to_be_bytes())
}

pub(crate) fn request(number: u128) -> Request {
    Request {
        key: key(number),
        body: [1; 16],
    }
}

pub(crate) fn event(number: u128, keys: &[Key]) -> NewRecord {
    event_of(number, keys, 300)
}

/// An event whose data is `bytes` long and depends on `number` only.
pub(crate) fn event_of(number: u128, keys: &[Key], bytes: usize) -> NewRecord {
    let mut data = format!("{{\"number\":{number},\"text\":\"hồ sơ ").into_bytes();
    let mut state = u64::try_from(number).unwrap_or(7) | 1;
    while data.len() < bytes {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        data.extend_from_slice(format!("{:x}", state >> 48).as_bytes());
    }
    data.extend_from_slice(b"\"}");
    NewRecord {
        event_id: Uuid::from_u128(number),
        kind: "DossierSubmitted".into(),
        schema_version: 1,
        occurred_at: 1_600_000_000_000_000,
        actor: "can-bo-1".into(),
        organisation: "000.00.06.H20".into(),
        correlation: Uuid::from_u128(1),
        causation: Uuid::from_u128(2),
        keys: keys.to_vec(),
        data,
    }
}

pub(crate) fn append(to: u128, numbers: impl IntoIterator<Item = u128>) -> Append {
    Append {
        stream: stream(to),
        expected: Expected::Any,
        request: None,
        events: numbers
            .into_iter()
            .map(|number| event(number, &[]))
            .collect(),
    }
}

/// Appends one event to stream 1 + number mod 5.
pub(crate) fn write(log: &EventLog, number: u128) -> Record {
    let appended = log
        .append_blocking(append(1 + number % 5, [number]))
        .unwrap();
    appended.records.into_iter().next().unwrap()
}

pub(crate) fn all(log: &EventLog) -> Vec<Record> {
    log.scan(1).collect::<Result<Vec<_>, _>>().unwrap().concat()
}

/// Every promise that can be checked by reading: gapless positions and revisions, the chain, the
/// look-ups. Gives all records.
pub(crate) fn check(log: &EventLog) -> Vec<Record> {
    let records = all(log);
    let head = log.head();
    let mut hash = ChainHash::default();
    let mut revisions = std::collections::HashMap::new();
    for (record, position) in records.iter().zip(1..) {
        assert_eq!(record.place.position, position);
        let revision = revisions
            .entry(record.listed())
            // A rival begins where the other history was before it.
            .or_insert(if record.rival { record.revision - 1 } else { 0 });
        *revision += 1;
        assert_eq!(record.revision, *revision);
        let mut bytes = Vec::new();
        format::canonical(record, &mut bytes).unwrap();
        hash = chain::next(hash, &bytes);
    }
    let len = u64::try_from(records.len()).unwrap();
    assert_eq!(head.position, len);
    assert_eq!(head.hash, hash);
    assert_eq!(log.hash_at(len).unwrap(), Some(hash));
    for (stream, revision) in revisions {
        assert_eq!(log.revision(stream).unwrap(), revision);
        let own: Vec<_> = records
            .iter()
            .filter(|record| record.listed() == stream)
            .cloned()
            .collect();
        assert_eq!(log.stream(stream).unwrap(), own);
    }
    let blocks: Vec<_> = log.blocks(1).collect::<Result<Vec<_>, _>>().unwrap();
    let last = blocks.last().map_or(0, |block| block.header.last);
    assert_eq!(last, len);
    assert_no_blobs(log.folder());
    records
}

/// Values that leave sled's log for side files are never synced.
pub(crate) fn assert_no_blobs(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        // A segment that has been sealed meanwhile has left its live folder, and no blobs in it.
        if let Ok(blobs) = std::fs::read_dir(entry.unwrap().path().join("blobs")) {
            assert_eq!(blobs.count(), 0);
        }
    }
}
