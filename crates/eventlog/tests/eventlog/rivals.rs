//! The same stream written by two logs: the first history stands, the other is kept beside it, and the line never stops.

use std::path::Path;

use eventlog::{Append, EventLog, ImportError, Record, Settings, verify};

use crate::following::{import, replicate};
use crate::sealing::wait_for_sealing;
use crate::support::{all, append, check, event, key, open, replica, request, small, stream};

/// A node where the dossier of stream 1 was filed and accepted, with a code of the node's own, between others.
fn node(folder: &Path, digit: u128) -> EventLog {
    let log = open(folder);
    let others = 1000 * digit;
    for number in 0..5 {
        let to = append(others + number, [number, number + 1]);
        log.append_blocking(to).unwrap();
    }
    let filed = Append {
        request: Some(request(1)),
        events: vec![event(1, &[key(1)]), event(others + 2, &[key(others + 2)])],
        ..append(1, [])
    };
    log.append_blocking(filed).unwrap();
    log.append_blocking(append(others, [9])).unwrap();
    log
}

fn rivals(log: &EventLog, of: &EventLog) -> Vec<Record> {
    log.stream(stream(1).rival(of.head().log)).unwrap()
}

#[test]
fn a_history_that_another_log_began_is_kept_beside_it_and_the_line_goes_on() {
    let folders: Vec<_> = (0..4).map(|_| tempfile::tempdir().unwrap()).collect();
    let (first, second) = (node(folders[0].path(), 1), node(folders[1].path(), 2));
    let sealing = || Settings {
        segment_bytes_max: 2048,
        ..small()
    };
    let into = EventLog::open(folders[2].path(), sealing()).unwrap();
    import(&into, all(&first)).unwrap();
    into.append_blocking(append(1, [50])).unwrap();
    assert_eq!(import(&into, all(&second)).unwrap().taken, 13);
    // Both histories go on, and so do other streams of both nodes.
    second.append_blocking(append(1, [51])).unwrap();
    first.append_blocking(append(1000, [52])).unwrap();
    into.append_blocking(append(1, [53])).unwrap();
    for node in [&first, &second] {
        let more = node.read_after(13, 10).unwrap();
        assert_eq!(import(&into, more).unwrap().taken, 1);
    }
    for number in 0..40 {
        into.append_blocking(append(2 + number % 3, [number]))
            .unwrap();
    }
    wait_for_sealing(&into, 1);

    let copy = EventLog::open(
        folders[3].path(),
        Settings {
            segment_bytes_max: 2048,
            ..replica()
        },
    )
    .unwrap();
    replicate(&copy, all(&into)).unwrap();
    wait_for_sealing(&copy, 1);
    for reopened in [false, true] {
        let logs = if reopened {
            into.close();
            copy.close();
            let copy = Settings {
                segment_bytes_max: 2048,
                ..replica()
            };
            [
                EventLog::open(folders[2].path(), sealing()).unwrap(),
                EventLog::open(folders[3].path(), copy).unwrap(),
            ]
        } else {
            [into.clone(), copy.clone()]
        };
        for log in &logs {
            check(log);
            verify::log(log, &[]).unwrap();
            let standing = log.stream(stream(1)).unwrap();
            assert_eq!(
                standing.iter().map(|it| it.revision).collect::<Vec<_>>(),
                [1, 2, 3, 4]
            );
            assert!(standing.iter().all(|record| !record.rival));
            assert_eq!(log.revision(stream(1)).unwrap(), 4);
            let beside = rivals(log, &second);
            assert_eq!(
                beside.iter().map(|it| it.revision).collect::<Vec<_>>(),
                [1, 2, 3]
            );
            assert!(
                beside
                    .iter()
                    .all(|record| record.rival && record.stream == stream(1))
            );
            assert!(rivals(log, &first).is_empty());
            // The key both have is the first one's; the other's own leads to it, and the request to its first answer.
            let found = |key| {
                log.record(log.find(key).unwrap().unwrap())
                    .unwrap()
                    .unwrap()
            };
            assert!(!found(key(1)).rival);
            assert_eq!(found(key(2002)), beside[1]);
            assert_eq!(log.find_request(key(1)).unwrap().unwrap(), standing[..2]);
            // What the origins hold is unchanged: their chains are computed here as there.
            for node in [&first, &second] {
                let head = node.head();
                assert_eq!(log.watermark(head.log).unwrap().hash, head.hash);
            }
        }
        assert_eq!(logs[0].head(), logs[1].head());
    }
}

#[test]
fn both_histories_may_come_in_one_batch_of_writes() {
    let folders: Vec<_> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
    let (first, second) = (node(folders[0].path(), 1), node(folders[1].path(), 2));
    let into = open(folders[2].path());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    let interleaved = all(&first).into_iter().zip(all(&second));
    let records = interleaved.flat_map(|(a, b)| [a, b]).collect();
    runtime.block_on(async {
        let own = into.append(append(77, [1]));
        let (own, imported) = tokio::join!(own, into.import(records));
        own.unwrap();
        assert_eq!(imported.unwrap().taken, 26);
    });
    check(&into);
    assert_eq!(into.revision(stream(1)).unwrap(), 2);
    assert_eq!(rivals(&into, &second).len(), 2);
}

#[test]
fn what_a_stream_was_taken_over_from_is_kept_beside_it_from_there_on() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (from, into) = (open(a.path()), open(b.path()));
    from.append_blocking(append(1, [1])).unwrap();
    import(&into, all(&from)).unwrap();
    // This log wrote on, and so did the other.
    into.append_blocking(append(1, [50])).unwrap();
    from.append_blocking(append(1, [51])).unwrap();
    from.append_blocking(append(1, [52])).unwrap();
    import(&into, from.read_after(1, 10).unwrap()).unwrap();
    let beside = rivals(&into, &from);
    assert_eq!(
        beside.iter().map(|it| it.revision).collect::<Vec<_>>(),
        [2, 3]
    );
    assert_eq!(into.revision(stream(1)).unwrap(), 2);
    check(&into);
    verify::log(&into, &[]).unwrap();
}

#[test]
fn disorder_within_one_logs_own_history_is_a_fork() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (from, into) = (node(a.path(), 1), open(b.path()));
    import(&into, all(&from)).unwrap();
    from.append_blocking(append(1, [3])).unwrap();
    let next = from.read_after(13, 1).unwrap().remove(0);
    for wrong in [2, 4] {
        let mut record = next.clone();
        record.revision = wrong;
        let error = import(&into, vec![record]).unwrap_err();
        assert!(
            matches!(error, ImportError::Fork { .. }),
            "{wrong}: {error}"
        );
    }
    check(&into);
}
