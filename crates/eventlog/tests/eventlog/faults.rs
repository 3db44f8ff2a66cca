//! A write that fails closes the log for good; what was synced stays readable and survives.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use eventlog::{AppendError, EventLog};

use crate::support::{append, check, open, stream, with_faults, write};

#[test]
fn a_failed_write_closes_the_log_and_the_synced_prefix_stays() {
    for point in ["writer::write", "writer::sync", "writer::synced"] {
        let folder = tempfile::tempdir().unwrap();
        let failing = Arc::new(AtomicBool::new(false));
        let fail = Arc::clone(&failing);
        let settings = with_faults(move |at| {
            if at == point && fail.load(Ordering::SeqCst) {
                return Err(io::Error::other("the disk is gone"));
            }
            Ok(())
        });
        let log = EventLog::open(folder.path(), settings).unwrap();
        let written: Vec<_> = (0..20).map(|number| write(&log, number)).collect();
        failing.store(true, Ordering::SeqCst);
        let mut watch = log.watch();
        watch.mark_unchanged();
        let threads: Vec<_> = (0..4)
            .map(|number| {
                let log = log.clone();
                std::thread::spawn(move || log.append_blocking(append(9, [100 + number])))
            })
            .collect();
        for thread in threads {
            let error = thread.join().unwrap().unwrap_err();
            assert!(
                matches!(&error, AppendError::Closed(why) if why.contains("disk is gone")),
                "{error}"
            );
        }
        failing.store(false, Ordering::SeqCst);
        let later = log.append_blocking(append(9, [200])).unwrap_err();
        assert!(matches!(later, AppendError::Closed(_)), "{later}");
        assert!(log.failed().unwrap().contains("disk is gone"));
        // Watchers learn that nothing more will come; readers keep what was synced.
        let start = Instant::now();
        while watch.has_changed().is_ok() {
            assert!(start.elapsed() < Duration::from_secs(10));
            std::thread::yield_now();
        }
        assert_eq!(check(&log), written);
        assert!(log.stream(stream(9)).unwrap().is_empty());
        drop(log);
        let log = open(folder.path());
        let survivors = check(&log);
        assert_eq!(survivors[..20], written);
        // What was not acknowledged is there whole or not at all.
        assert!(survivors.len() <= 24);
        write(&log, 300);
        check(&log);
    }
}

#[test]
fn a_segment_that_cannot_be_closed_or_sealed_loses_nothing() {
    for point in ["seal::begin", "seal::written", "seal::remove"] {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = with_faults(move |at| {
            if at == point {
                Err(io::Error::other("not now"))
            } else {
                Ok(())
            }
        });
        settings.segment_bytes_max = 8 * 1024;
        let log = EventLog::open(folder.path(), settings).unwrap();
        let written: Vec<_> = (0..200).map(|number| write(&log, number)).collect();
        assert_eq!(check(&log), written);
        assert_eq!(log.failed(), None);
        drop(log);
        let log = open(folder.path());
        assert_eq!(check(&log), written);
    }
}

#[test]
fn a_slow_disk_refuses_what_it_cannot_take_in_time_and_is_as_before_when_it_is_quick_again() {
    let folder = tempfile::tempdir().unwrap();
    let slow = Arc::new(AtomicBool::new(false));
    let is_slow = Arc::clone(&slow);
    let mut settings = with_faults(move |at| {
        while at == "writer::sync" && is_slow.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    });
    settings.queue_max = 4;
    settings.queue_wait = Duration::from_millis(50);
    let log = EventLog::open(folder.path(), settings).unwrap();
    write(&log, 1);
    slow.store(true, Ordering::SeqCst);
    // One group is at the disk, four writes wait; everybody else is told so, and soon.
    let callers: Vec<_> = (0..40)
        .map(|number| {
            let log = log.clone();
            std::thread::spawn(move || {
                let start = Instant::now();
                let answer = log.append_blocking(append(100 + number, [100 + number]));
                (answer, start.elapsed())
            })
        })
        .collect();
    let start = Instant::now();
    while callers.iter().filter(|caller| caller.is_finished()).count() < 30 {
        assert!(start.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(1));
    }
    slow.store(false, Ordering::SeqCst);
    let (mut written, mut busy) = (1, 0);
    for caller in callers {
        match caller.join().unwrap() {
            (Ok(_), _) => written += 1,
            (Err(AppendError::Busy), _) => busy += 1,
            (Err(error), after) => panic!("{error} after {after:?}"),
        }
    }
    assert!(busy >= 30, "{busy} were refused");
    write(&log, 2);
    assert_eq!(check(&log).len(), written + 1);
}
