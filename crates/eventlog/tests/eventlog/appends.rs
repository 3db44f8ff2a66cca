//! Appends: revisions, requests, keys, bounds, and what readers see.

use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use eventlog::{Append, AppendError, EventLog, Expected, OpenError, Request, Settings};

use crate::support::{
    all, append, check, event, event_of, key, open, request, settings, stream, with_faults, write,
};

#[test]
fn what_was_appended_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let id = log.head().log;
    let written: Vec<_> = (0..100).map(|number| write(&log, number)).collect();
    assert_eq!(check(&log), written);
    drop(log);
    let log = open(folder.path());
    assert_eq!(check(&log), written);
    assert_eq!(log.head().log, id);
    assert_eq!(log.head().epoch, 1);
    write(&log, 100);
    assert_eq!(check(&log).len(), 101);
    assert_eq!(log.read_after(98, 2).unwrap(), check(&log)[98..100]);
    assert_eq!(log.read_after(99, 10).unwrap().len(), 2);
    assert_eq!(log.read_after(101, 10).unwrap(), []);
    assert_eq!(log.record(50).unwrap().as_ref(), Some(&written[49]));
    assert_eq!(log.record(0).unwrap(), None);
    assert_eq!(log.record(102).unwrap(), None);
}

#[test]
fn an_append_with_a_stale_revision_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let at = |expected, number| Append {
        expected,
        ..append(1, [number])
    };
    log.append_blocking(at(Expected::Exactly(0), 1)).unwrap();
    let error = log
        .append_blocking(at(Expected::Exactly(0), 2))
        .unwrap_err();
    assert_eq!(
        error,
        AppendError::Conflict {
            expected: 0,
            actual: 1
        }
    );
    log.append_blocking(at(Expected::Exactly(1), 3)).unwrap();
    assert_eq!(check(&log).len(), 2);
}

#[test]
fn a_repeated_request_gets_the_first_answer_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let wish = Append {
        request: Some(request(9)),
        ..append(1, [1, 2])
    };
    let first = log.append_blocking(wish.clone()).unwrap();
    assert!(!first.replayed);
    // More of the same stream, and the same request by a caller that expects the old revision.
    log.append_blocking(append(1, [3])).unwrap();
    let again = log
        .append_blocking(Append {
            expected: Expected::Exactly(0),
            ..wish.clone()
        })
        .unwrap();
    assert!(again.replayed);
    assert_eq!(again.records, first.records);
    drop(log);
    let log = open(folder.path());
    let again = log.append_blocking(wish.clone()).unwrap();
    assert!(again.replayed);
    assert_eq!(again.records, first.records);
    assert_eq!(log.find_request(key(9)).unwrap().unwrap(), first.records);
    assert_eq!(log.find_request(key(10)).unwrap(), None);
    let other = Request {
        body: [2; 16],
        ..request(9)
    };
    let error = log
        .append_blocking(Append {
            request: Some(other),
            ..wish
        })
        .unwrap_err();
    assert_eq!(error, AppendError::RequestReused { position: 1 });
    assert_eq!(check(&log).len(), 3);
}

#[test]
fn a_key_belongs_to_the_first_record_that_brings_it() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let with = |to, number, keys: &[_]| Append {
        events: vec![event(number, keys)],
        ..append(to, [])
    };
    log.append_blocking(with(1, 1, &[key(1), key(2)])).unwrap();
    let error = log
        .append_blocking(with(2, 2, &[key(3), key(2)]))
        .unwrap_err();
    assert_eq!(
        error,
        AppendError::KeyTaken {
            key: key(2),
            position: 1
        }
    );
    assert_eq!(log.find(key(3)).unwrap(), None);
    let twice = log
        .append_blocking(with(2, 2, &[key(4), key(4)]))
        .unwrap_err();
    assert_eq!(
        twice,
        AppendError::KeyTaken {
            key: key(4),
            position: 2
        }
    );
    drop(log);
    let log = open(folder.path());
    assert_eq!(log.find(key(2)).unwrap(), Some(1));
    assert!(log.append_blocking(with(2, 2, &[key(2)])).is_err());
    assert_eq!(check(&log).len(), 1);
}

#[test]
fn of_two_claims_of_a_key_at_once_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let (log, go) = held_at_its_sync(folder.path());
    let claim = |to| {
        let log = log.clone();
        std::thread::spawn(move || {
            let events = vec![event(to, &[key(7)])];
            log.append_blocking(Append {
                events,
                ..append(to, [])
            })
            .is_ok()
        })
    };
    // The writer is held at its first commit, so that the two claims are judged in one group.
    let (ticket, _) = log.ticket();
    ticket.append(append(1, [0])).unwrap();
    until_waiting(&log, 0);
    let claims = [claim(10), claim(11)];
    until_waiting(&log, 2);
    drop(go);
    let won: usize = claims
        .into_iter()
        .map(|claim| usize::from(claim.join().unwrap()))
        .sum();
    assert_eq!(won, 1);
    assert_eq!(log.find(key(7)).unwrap(), Some(2));
    assert_eq!(check(&log).len(), 2);
}

#[test]
fn nobody_sees_a_record_before_it_is_synced() {
    let (reached, at_sync) = mpsc::channel::<()>();
    let (go, wait) = mpsc::channel::<()>();
    let gate = std::sync::Mutex::new((reached, wait));
    let folder = tempfile::tempdir().unwrap();
    let log = EventLog::open(
        folder.path(),
        with_faults(move |point| {
            if point == "writer::sync" {
                let gate = gate.lock().unwrap();
                gate.0.send(()).map_err(io::Error::other)?;
                gate.1.recv().map_err(io::Error::other)?;
            }
            Ok(())
        }),
    )
    .unwrap();
    let mut watch = log.watch();
    let writing = {
        let log = log.clone();
        std::thread::spawn(move || {
            let events = vec![event(1, &[key(1)])];
            let wish = Append {
                events,
                request: Some(request(1)),
                ..append(1, [])
            };
            log.append_blocking(wish).unwrap()
        })
    };
    at_sync.recv().unwrap();
    assert_eq!(log.head().position, 0);
    assert!(!watch.has_changed().unwrap());
    assert_eq!(log.read_after(0, 10).unwrap(), []);
    assert_eq!(log.record(1).unwrap(), None);
    assert_eq!(log.stream(stream(1)).unwrap(), []);
    assert_eq!(log.revision(stream(1)).unwrap(), 0);
    assert_eq!(log.find(key(1)).unwrap(), None);
    assert_eq!(log.find_request(key(1)).unwrap(), None);
    assert_eq!(log.scan(1).count(), 0);
    assert_eq!(log.blocks(1).count(), 0);
    assert!(!writing.is_finished());
    go.send(()).unwrap();
    let appended = writing.join().unwrap();
    assert_eq!(all(&log), appended.records);
    // Whoever follows is told right after whoever waits.
    let start = Instant::now();
    while !watch.has_changed().unwrap() {
        assert!(start.elapsed() < Duration::from_secs(10));
        std::thread::yield_now();
    }
    assert_eq!(watch.borrow_and_update().position, 1);
    drop(go);
}

#[test]
fn what_is_too_large_or_unfit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let of = |events| Append {
        events,
        ..append(1, [])
    };
    let large = log
        .append_blocking(of(vec![event_of(1, &[], 49 * 1024)]))
        .unwrap_err();
    assert!(
        matches!(large, AppendError::TooLarge { max: 49_152, .. }),
        "{large}"
    );
    let many = (0..3)
        .map(|number| event_of(number, &[], 30 * 1024))
        .collect();
    assert!(matches!(
        log.append_blocking(of(many)),
        Err(AppendError::TooLarge { max: 65_536, .. })
    ));
    let mut unnamed = event(1, &[]);
    unnamed.kind = "".into();
    assert!(matches!(
        log.append_blocking(of(vec![unnamed])),
        Err(AppendError::Fault(_))
    ));
    let mut actor = event(1, &[]);
    actor.actor = "a".repeat(129).into();
    assert!(matches!(
        log.append_blocking(of(vec![actor])),
        Err(AppendError::Fault(_))
    ));
    assert_eq!(log.head().position, 0);
    log.append_blocking(of(vec![event_of(1, &[], 47 * 1024)]))
        .unwrap();
    assert_eq!(check(&log).len(), 1);
}

#[test]
fn a_nearly_full_disk_refuses_writes_and_serves_reads() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let wish = Append {
        request: Some(request(1)),
        ..append(1, [1])
    };
    log.append_blocking(wish.clone()).unwrap();
    drop(log);
    let settings = Settings {
        free_bytes_min: u64::MAX,
        ..settings()
    };
    let log = EventLog::open(folder.path(), settings).unwrap();
    let error = log.append_blocking(append(1, [2])).unwrap_err();
    assert!(
        matches!(error, AppendError::DiskNearlyFull { min: u64::MAX, .. }),
        "{error}"
    );
    assert!(log.append_blocking(wish).unwrap().replayed);
    assert_eq!(check(&log).len(), 1);
    assert_eq!(log.failed(), None);
}

/// A log whose writer is held before each sync until the sender is gone, and whose queue takes two. The sender goes first, so
/// that a test that fails lets its log close.
fn held_at_its_sync(folder: &Path) -> (EventLog, mpsc::Sender<()>) {
    let (go, wait) = mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let mut settings = with_faults(move |point| {
        if point == "writer::sync" {
            // An error means that the test has ended its part.
            let _ = wait.lock().unwrap().recv();
        }
        Ok(())
    });
    settings.queue_max = 2;
    settings.queue_wait = Duration::from_millis(20);
    let log = EventLog::open(folder, settings).unwrap();
    (log, go)
}

/// Until so many writes wait for the writer.
fn until_waiting(log: &EventLog, writes: usize) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while log.load().writes != writes {
        assert!(Instant::now() < deadline, "{:?}", log.load());
        std::thread::yield_now();
    }
}

#[test]
fn too_many_waiting_appends_are_refused_as_busy() {
    let folder = tempfile::tempdir().unwrap();
    let (log, go) = held_at_its_sync(folder.path());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let spawn = |number: u128| {
        let log = log.clone();
        std::thread::spawn(move || write(&log, number))
    };
    // The first is with the writer when it is held; two more fill the queue.
    let (ticket, first) = log.ticket();
    ticket.append(append(1, [0])).unwrap();
    until_waiting(&log, 0);
    let waiting = [spawn(1), spawn(2)];
    until_waiting(&log, 2);
    assert_eq!(
        log.append_blocking(append(1, [9])).unwrap_err(),
        AppendError::Busy
    );
    let busy = runtime.block_on(log.append(append(1, [9])));
    assert_eq!(busy.unwrap_err(), AppendError::Busy);
    drop(go);
    runtime.block_on(first).unwrap();
    for thread in waiting {
        thread.join().unwrap();
    }
    runtime.block_on(log.append(append(1, [10]))).unwrap();
    assert_eq!(check(&log).len(), 4);
}

#[test]
fn an_append_made_by_another_thread_is_answered_where_its_ticket_came_from() {
    let folder = tempfile::tempdir().unwrap();
    let (log, go) = held_at_its_sync(folder.path());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let mut waiting = Vec::new();
    // The first is with the writer when it is held; two more fill the queue.
    let mut put = |number: u128| {
        let (ticket, answer) = log.ticket();
        waiting.push(answer);
        std::thread::scope(|scope| {
            let made = scope.spawn(|| ticket.append(append(1, [number])));
            made.join().unwrap()
        })
    };
    put(0).unwrap();
    until_waiting(&log, 0);
    put(1).unwrap();
    put(2).unwrap();
    assert_eq!(put(3).unwrap_err(), AppendError::Busy);
    drop(go);
    let refused = waiting.pop().unwrap();
    let told = runtime.block_on(refused).unwrap_err();
    assert!(matches!(told, AppendError::Closed(_)), "{told}");
    for (answer, position) in waiting.into_iter().zip(1..) {
        let appended = runtime.block_on(answer).unwrap();
        assert_eq!(appended.records[0].place.position, position);
    }
    let (ticket, answer) = log.ticket();
    drop(ticket);
    runtime.block_on(answer).unwrap_err();
    drop(log);
    assert_eq!(check(&open(folder.path())).len(), 3);
}

#[test]
fn appends_that_come_together_are_judged_in_their_order_and_share_a_sync() {
    let syncs = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = Arc::clone(&syncs);
    let folder = tempfile::tempdir().unwrap();
    let settings = with_faults(move |point| {
        if point == "writer::sync" {
            count.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    });
    let log = EventLog::open(folder.path(), settings).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let mut wishes: Vec<_> = (0..300)
        .map(|number| append(number % 7, [number]))
        .collect();
    wishes[20].events = vec![event(20, &[key(1)])];
    wishes[21].events = vec![event(21, &[key(1)])];
    wishes[22].expected = Expected::Exactly(77);
    wishes[23].events = vec![event_of(23, &[], 50_000)];
    let answers = runtime.block_on(log.append_all(wishes));
    for (nth, answer) in answers.iter().enumerate() {
        assert_eq!(answer.is_err(), (21..24).contains(&nth), "{nth} {answer:?}");
    }
    let error = answers[21].clone().unwrap_err();
    assert_eq!(
        error,
        AppendError::KeyTaken {
            key: key(1),
            position: 21
        }
    );
    assert_eq!(syncs.load(Ordering::SeqCst), 1);
    let written: Vec<_> = answers
        .into_iter()
        .flatten()
        .flat_map(|one| one.records)
        .collect();
    assert_eq!(check(&log), written);
}

#[test]
fn a_folder_has_one_owner_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let error = EventLog::open(folder.path(), settings()).unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    let other = log.clone();
    log.close();
    assert!(matches!(
        other.append_blocking(append(1, [1])),
        Err(AppendError::Closed(_))
    ));
    assert!(other.read_after(0, 1).is_err());
    drop(open(folder.path()));
}

#[test]
fn the_logs_own_time_never_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let times = [50, 40, 60, 60, 55];
    let next = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let mut settings = settings();
    settings.now = Arc::new(move || times[next.fetch_add(1, Ordering::SeqCst).min(4)]);
    let log = EventLog::open(folder.path(), settings).unwrap();
    let seen: Vec<_> = (0..5)
        .map(|number| write(&log, number).place.recorded_at)
        .collect();
    assert_eq!(seen, [50, 50, 60, 60, 60]);
    for (time, position) in [(49, 0), (50, 2), (59, 2), (60, 5), (99, 5)] {
        assert_eq!(log.position_at(time).unwrap(), position, "{time}");
    }
}
