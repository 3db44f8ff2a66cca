//! What rides along with appends: on the disk with their sync, never told of before, and offered again after an unclean stop.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use eventlog::{AppendError, EventLog, Expected, Faults, Keeper, Keeping, Rider, Settings, Taken};

use crate::support::{append, settings, stream};

/// Numbers ride along; those over 99 it does not keep.
#[derive(Clone, Default)]
struct Locker(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Taken since it last settled.
    taken: Vec<u8>,
    settled: Vec<u8>,
    restored: Vec<u8>,
    refuses_to_settle: bool,
}

impl Keeper for Locker {
    fn take(&self, riders: Vec<Rider>) -> Taken {
        let numbers: Vec<u8> = riders
            .into_iter()
            .map(|rider| *rider.downcast::<u8>().unwrap())
            .collect();
        let kept: Vec<u8> = numbers.iter().copied().filter(|it| *it < 100).collect();
        self.0.lock().unwrap().taken.extend(&kept);
        Taken {
            each: numbers.iter().map(|it| *it < 100).collect(),
            bytes: kept,
        }
    }

    fn settle(&self) -> io::Result<()> {
        let state = &mut *self.0.lock().unwrap();
        if state.refuses_to_settle {
            return Err(io::Error::other("the locker's disk is gone"));
        }
        state.settled.append(&mut state.taken);
        Ok(())
    }

    fn restore(&self, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().restored.extend(bytes);
        Ok(())
    }
}

impl Locker {
    fn open(&self, folder: &Path, settings: Settings) -> EventLog {
        let settings = Settings {
            keeping: Keeping::by(self.clone()),
            ..settings
        };
        EventLog::open(folder, settings).unwrap()
    }

    fn settled(&self) -> Vec<u8> {
        self.0.lock().unwrap().settled.clone()
    }

    fn restored(&self) -> Vec<u8> {
        self.0.lock().unwrap().restored.clone()
    }
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(future)
}

fn send(log: &EventLog, number: u8) -> Result<(), AppendError> {
    let wish = append(u128::from(number), [u128::from(number)]);
    wait(log.append_with(wish, Box::new(number), 1)).map(drop)
}

/// A copy of the folder as a killed process leaves it.
fn killed(folder: &Path) -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            let (path, to) = (entry.path(), to.join(entry.file_name()));
            if path.is_dir() {
                copy(&path, &to);
            } else {
                fs::copy(&path, &to).unwrap();
            }
        }
    }
    let to = tempfile::tempdir().unwrap();
    copy(folder, to.path());
    to
}

#[test]
fn what_rode_along_before_a_kill_is_offered_to_its_keeper_when_the_log_opens_and_once_settled_not_again()
 {
    let folder = tempfile::tempdir().unwrap();
    let before = Locker::default();
    let log = before.open(folder.path(), settings());
    for number in 1..=5 {
        send(&log, number).unwrap();
    }
    assert_eq!(before.settled(), [0; 0], "nothing has to be settled yet");
    let copy = killed(folder.path());
    let after = Locker::default();
    let reopened = after.open(copy.path(), settings());
    assert_eq!(after.restored(), [1, 2, 3, 4, 5]);
    assert_eq!(reopened.head().position, 5);
    reopened.close();
    drop(reopened);

    // A stop in order settles, and so does what was restored stay out of the journal.
    log.close();
    assert_eq!(before.settled(), [1, 2, 3, 4, 5]);
    for folder in [folder.path(), copy.path()] {
        let third = Locker::default();
        let _log = third.open(folder, settings());
        assert_eq!(third.restored(), [0; 0]);
    }
}

#[test]
fn a_log_that_a_tool_opens_without_a_keeper_lays_aside_what_rode_along_until_one_comes() {
    let folder = tempfile::tempdir().unwrap();
    let log = Locker::default().open(folder.path(), settings());
    send(&log, 1).unwrap();
    let first = killed(folder.path());
    log.close();
    drop(log);

    drop(EventLog::open(first.path(), settings()).unwrap());
    let keeper = Locker::default();
    let log = keeper.open(first.path(), settings());
    assert_eq!(keeper.restored(), [1]);
    send(&log, 2).unwrap();
    let second = killed(first.path());
    for _ in 0..2 {
        let tool = EventLog::open(second.path(), settings()).unwrap();
        assert_eq!(tool.head().position, 2);
    }
    let keeper = Locker::default();
    drop(keeper.open(second.path(), settings()));
    assert_eq!(keeper.restored(), [2]);
    let keeper = Locker::default();
    drop(keeper.open(second.path(), settings()));
    assert_eq!(keeper.restored(), [0; 0], "it was laid aside once");
}

#[test]
fn an_append_whose_rider_is_not_kept_is_refused_and_the_others_of_its_group_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let keeper = Locker::default();
    let log = keeper.open(folder.path(), settings());
    let sent = wait(async {
        let send = |number: u8| {
            let wish = append(u128::from(number), [u128::from(number)]);
            log.append_with(wish, Box::new(number), 1)
        };
        tokio::join!(send(1), send(100), send(2))
    });
    assert!(sent.0.is_ok() && sent.2.is_ok());
    assert_eq!(sent.1.unwrap_err(), AppendError::NotTaken);
    assert_eq!(log.stream(stream(100)).unwrap(), []);
    assert_eq!(log.head().position, 2);
    drop(log);
    // Without a keeper nothing rides along.
    let log = EventLog::open(folder.path(), settings()).unwrap();
    assert_eq!(send(&log, 3), Err(AppendError::NotTaken));
}

#[test]
fn when_an_append_is_refused_its_rider_is_on_the_disk_before_that_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let keeper = Locker::default();
    let log = keeper.open(folder.path(), settings());
    let mut wish = append(1, [1]);
    wish.expected = Expected::Exactly(7);
    let refused = wait(log.append_with(wish, Box::new(9_u8), 1)).unwrap_err();
    assert!(matches!(refused, AppendError::Conflict { .. }), "{refused}");
    // Whoever appends by hand now may name it.
    assert_eq!(keeper.settled(), [9]);
}

#[test]
fn the_journal_begins_anew_only_when_what_rode_along_is_settled_and_the_log_stops_when_it_cannot_be()
 {
    let folder = tempfile::tempdir().unwrap();
    let keeper = Locker::default();
    let begun = Arc::new(Mutex::new(Vec::new()));
    let (told, seen) = (keeper.clone(), Arc::clone(&begun));
    let small = Settings {
        store_segment_bytes: 512 << 10,
        faults: Faults::new(move |point| {
            if point == "checkpoint::synced" {
                let state = told.0.lock().unwrap();
                seen.lock().unwrap().push(state.taken.len());
            }
            Ok(())
        }),
        ..settings()
    };
    let log = keeper.open(folder.path(), small);
    // Each takes a sector at least, and half of 64 KiB is a checkpoint.
    for number in 0..90 {
        send(&log, number).unwrap();
    }
    let begun = begun.lock().unwrap().clone();
    assert!(
        begun.len() > 1 && begun.iter().all(|left| *left == 0),
        "{begun:?}"
    );

    keeper.0.lock().unwrap().refuses_to_settle = true;
    let mut failed = None;
    for number in 0..90 {
        failed = failed.or_else(|| send(&log, number % 90).err());
    }
    let failed = failed.expect("it did not go on for ever");
    assert!(matches!(failed, AppendError::Closed(_)), "{failed}");
    let copy = killed(folder.path());
    let after = Locker::default();
    let log = after.open(copy.path(), settings());
    let (settled, restored) = (keeper.settled(), after.restored());
    let all = usize::try_from(log.head().position).unwrap();
    assert!(settled.len() + restored.len() >= all, "one is nowhere");
}

#[test]
fn what_rides_along_counts_among_the_bytes_that_may_wait() {
    let folder = tempfile::tempdir().unwrap();
    let (go, held) = std::sync::mpsc::sync_channel::<()>(0);
    let (reach, reached) = std::sync::mpsc::sync_channel(1);
    let held = Mutex::new(held);
    let settings = Settings {
        queue_bytes_max: 10_000,
        queue_wait: std::time::Duration::from_millis(1),
        faults: Faults::new(move |point| {
            if point == "writer::sync" {
                // Whoever waited for it may be gone, and so may who lets it go on.
                let _ = reach.try_send(());
                let _ = held.lock().unwrap().recv();
            }
            Ok(())
        }),
        ..settings()
    };
    let log = Locker::default().open(folder.path(), settings);
    let send = |number: u8| {
        let wish = append(u128::from(number), [u128::from(number)]);
        log.append_with(wish, Box::new(number), 8_000)
    };
    wait(async {
        let first = tokio::spawn(send(1));
        tokio::task::yield_now().await;
        reached.recv().unwrap();
        let second = tokio::spawn(send(2));
        tokio::task::yield_now().await;
        // Taken, it would wait for the sync that is held.
        let third = tokio::time::timeout(std::time::Duration::from_secs(5), send(3)).await;
        assert_eq!(third.map(|sent| sent.unwrap_err()), Ok(AppendError::Busy));
        drop(go);
        for sent in [first, second] {
            sent.await.unwrap().unwrap();
        }
    });
    assert_eq!(log.head().position, 2);
}
