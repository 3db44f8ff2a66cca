//! Full segments become immutable files in the background, and nothing changes for readers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use eventlog::{Append, AppendError, EventLog, Expected};

use crate::support::{append, check, event, key, request, small, stream, write};

fn names(log: &EventLog, prefix: &str) -> Vec<String> {
    let entries = std::fs::read_dir(log.folder()).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(prefix))
        .collect();
    names.sort();
    names
}

/// Waits until there are so many sealed files and only the live segment is a folder: a segment is
/// closed after the append that filled it has been answered.
pub(crate) fn wait_for_sealing(log: &EventLog, files: usize) {
    let start = Instant::now();
    while names(log, "live-").len() > 1 || names(log, "sealed-").len() < files {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "{:?}",
            names(log, "")
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn everything_is_found_in_sealed_segments_too() {
    let folder = tempfile::tempdir().unwrap();
    let log = EventLog::open(folder.path(), small()).unwrap();
    let wish = Append {
        request: Some(request(1)),
        events: vec![event(1, &[key(1)]), event(2, &[])],
        ..append(77, [])
    };
    let first = log.append_blocking(wish.clone()).unwrap();
    for number in 10..400 {
        write(&log, number);
    }
    wait_for_sealing(&log, 4);
    for reopened in [false, true] {
        let log = if reopened {
            log.close();
            EventLog::open(folder.path(), small()).unwrap()
        } else {
            log.clone()
        };
        assert_eq!(check(&log).len(), 392);
        assert_eq!(log.find(key(1)).unwrap(), Some(1));
        assert_eq!(log.find_request(key(1)).unwrap().unwrap(), first.records);
        let again = log.append_blocking(wish.clone()).unwrap();
        assert!(again.replayed);
        assert_eq!(again.records, first.records);
        let taken = Append {
            events: vec![event(9, &[key(1)])],
            ..append(78, [])
        };
        let error = log.append_blocking(taken).unwrap_err();
        assert_eq!(
            error,
            AppendError::KeyTaken {
                key: key(1),
                position: 1
            }
        );
        let stale = Append {
            expected: Expected::Exactly(1),
            ..append(77, [9])
        };
        let error = log.append_blocking(stale).unwrap_err();
        assert_eq!(
            error,
            AppendError::Conflict {
                expected: 1,
                actual: 2
            }
        );
        for position in [2, 100, 391, 392] {
            let record = log.record(position).unwrap().unwrap();
            assert_eq!(log.position_at(record.place.recorded_at).unwrap(), position);
        }
    }
}

#[test]
fn a_stream_goes_on_over_segments_and_reopenings() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..6_u128 {
        let log = EventLog::open(folder.path(), small()).unwrap();
        for number in 0..60 {
            let expected = u32::try_from(round * 60 + number).unwrap();
            let next = Append {
                expected: Expected::Exactly(expected),
                ..append(1, [number])
            };
            log.append_blocking(next).unwrap();
        }
        assert_eq!(log.stream(stream(1)).unwrap().len(), check(&log).len());
        if round % 2 == 0 {
            log.close();
        }
    }
}

#[test]
fn readers_go_on_while_segments_are_closed_and_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let log = EventLog::open(folder.path(), small()).unwrap();
    write(&log, 0);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 1..1500 {
                write(&log, number);
            }
            done.store(true, Ordering::SeqCst);
        });
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    let before = log.head().position;
                    let mut next = 1;
                    for records in log.scan(1) {
                        for record in records.unwrap() {
                            assert_eq!(record.place.position, next);
                            next += 1;
                        }
                    }
                    assert!(next > before);
                    assert!(log.record(before).unwrap().is_some());
                    assert!(!log.stream(stream(1)).unwrap().is_empty());
                }
            });
        }
    });
    wait_for_sealing(&log, 10);
    assert_eq!(check(&log).len(), 1500);
}

#[test]
fn reopening_an_empty_or_small_log_does_not_make_it_grow() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..8_u128 {
        let log = EventLog::open(folder.path(), small()).unwrap();
        if round % 2 == 0 {
            write(&log, round);
        }
        log.close();
        assert_eq!(names(&log, "live-"), ["live-000001"]);
        let db = std::fs::metadata(folder.path().join("live-000001/db")).unwrap();
        assert!(db.len() <= 8 << 20, "{}", db.len());
    }
}
