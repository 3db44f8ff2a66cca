//! A clock that leaps, goes back, or was set while the log was closed: the log's time never goes back, and does not run ahead.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use eventlog::{AppendError, ClockRule, EventLog, OpenError, Settings};

use crate::support::{append, check, request, settings};

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;
/// 25/11/2025.
const START: i64 = 1_764_000_000_000_000;

/// A wall clock and a steady one, both set by the test.
#[derive(Clone)]
struct Clocks {
    wall: Arc<AtomicI64>,
    steady: Arc<AtomicI64>,
}

impl Clocks {
    fn new() -> Self {
        Self {
            wall: Arc::new(AtomicI64::new(START)),
            steady: Arc::new(AtomicI64::new(17)),
        }
    }

    /// Time passes as it should.
    fn pass(&self, time: i64) {
        self.wall.fetch_add(time, Ordering::SeqCst);
        self.steady.fetch_add(time, Ordering::SeqCst);
    }

    /// Somebody sets the wall clock.
    fn set(&self, by: i64) {
        self.wall.fetch_add(by, Ordering::SeqCst);
    }

    fn open(&self, folder: &Path, confirmed: Option<std::ops::Range<i64>>) -> EventLog {
        let (wall, steady) = (Arc::clone(&self.wall), Arc::clone(&self.steady));
        let settings = Settings {
            now: Arc::new(move || wall.load(Ordering::SeqCst)),
            steady: Arc::new(move || steady.load(Ordering::SeqCst)),
            clock_rule: Some(ClockRule {
                ahead_max: Duration::from_secs(24 * 3600),
                confirmed,
            }),
            ..settings()
        };
        EventLog::open(folder, settings).unwrap()
    }
}

fn write(log: &EventLog, number: u128) -> Result<i64, AppendError> {
    let appended = log.append_blocking(append(1, [number]))?;
    Ok(appended.records[0].place.recorded_at)
}

#[test]
fn a_clock_that_leaps_ahead_stops_the_writing_until_it_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let clocks = Clocks::new();
    let log = clocks.open(folder.path(), None);
    let wish = eventlog::Append {
        request: Some(request(1)),
        ..append(1, [1])
    };
    log.append_blocking(wish.clone()).unwrap();
    clocks.pass(14 * DAY);
    assert_eq!(write(&log, 2).unwrap(), START + 14 * DAY);
    clocks.set(30 * DAY);
    let refused = write(&log, 3).unwrap_err();
    let AppendError::ClockJumped(jump) = refused else {
        panic!("{refused}");
    };
    assert_eq!(jump.now - jump.expected, 30 * DAY);
    assert_eq!(log.clock_jump(), Some(jump));
    assert!(
        log.append_blocking(wish).unwrap().replayed,
        "a first answer is still given"
    );
    assert_eq!(log.read_after(0, 10).unwrap().len(), 2);
    clocks.set(-30 * DAY);
    clocks.pass(HOUR);
    assert_eq!(log.clock_jump(), None);
    // What somebody read from it before it came back is as wrong as it was.
    assert_eq!(log.leap_to(jump.now).map(|leap| leap.now), Some(jump.now));
    assert_eq!(log.leap_to(clocks.wall.load(Ordering::SeqCst)), None);
    assert_eq!(write(&log, 4).unwrap(), START + 14 * DAY + HOUR);
    check(&log);
}

#[test]
fn a_clock_that_goes_back_takes_the_logs_time_nowhere_and_may_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let clocks = Clocks::new();
    let log = clocks.open(folder.path(), None);
    let first = write(&log, 1).unwrap();
    clocks.set(-400 * DAY);
    clocks.pass(HOUR);
    assert_eq!(write(&log, 2).unwrap(), first);
    clocks.set(400 * DAY);
    assert_eq!(write(&log, 3).unwrap(), START + HOUR);
    check(&log);
}

#[test]
fn a_clock_that_leapt_while_the_log_was_closed_has_to_be_confirmed_by_its_day() {
    let folder = tempfile::tempdir().unwrap();
    let clocks = Clocks::new();
    let log = clocks.open(folder.path(), None);
    write(&log, 1).unwrap();
    clocks.pass(20 * DAY);
    log.close();
    drop(log);
    // Alive until just now, although nothing was written for weeks.
    clocks.pass(HOUR);
    let log = clocks.open(folder.path(), None);
    write(&log, 2).unwrap();
    drop(log);
    clocks.pass(3 * DAY);
    let now = clocks.wall.load(Ordering::SeqCst);
    for wrong in [None, Some(now - 2 * DAY..now - DAY)] {
        let log = clocks.open(folder.path(), wrong);
        assert_eq!(log.clock_jump().unwrap().now, now);
        assert!(matches!(
            write(&log, 3).unwrap_err(),
            AppendError::ClockJumped(_)
        ));
        // Being asked in vain is not being alive: the next start asks again.
    }
    let log = clocks.open(folder.path(), Some(now..now + DAY));
    assert_eq!(write(&log, 3).unwrap(), now);
    drop(log);
    let log = clocks.open(folder.path(), None);
    write(&log, 4).unwrap();
    check(&log);
}

#[test]
fn what_is_imported_waits_too_while_the_clock_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let clocks = Clocks::new();
    let origin = crate::support::open(&folder.path().join("origin"));
    crate::support::write(&origin, 1);
    let log = clocks.open(&folder.path().join("log"), None);
    write(&log, 1).unwrap();
    clocks.set(2 * DAY);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let records = origin.read_after(0, 10).unwrap();
    let refused = runtime.block_on(log.import(records.clone())).unwrap_err();
    assert!(matches!(refused, eventlog::ImportError::ClockJumped(_)));
    clocks.set(-2 * DAY);
    assert_eq!(runtime.block_on(log.import(records)).unwrap().taken, 1);
    check(&log);
}

/// Times set by hand are a rehearsal's; nothing real may ever follow them, nor they what is real.
#[test]
fn a_log_whose_clock_was_set_by_hand_never_takes_the_machines() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str, by_hand| {
        let settings = Settings {
            clock_by_hand: by_hand,
            ..settings()
        };
        EventLog::open(&folder.path().join(name), settings)
    };
    for (name, by_hand) in [("rehearsal", true), ("real", false)] {
        let log = open(name, Some(by_hand)).unwrap();
        write(&log, 1).unwrap();
        drop(log);
        let refused = open(name, Some(!by_hand)).unwrap_err();
        let expected = match by_hand {
            true => matches!(refused, OpenError::ClockByHand { .. }),
            false => matches!(refused, OpenError::ClockOfMachine { .. }),
        };
        assert!(expected, "{refused}");
        // Who only looks takes it as it is, and it stays what it is.
        assert_eq!(open(name, None).unwrap().head().position, 1);
        assert_eq!(open(name, Some(by_hand)).unwrap().head().position, 1);
    }
}
