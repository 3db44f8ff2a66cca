//! A log that may lack what others have seen: it is read, not written, until its next epoch is open; then nothing is given twice.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use eventlog::epoch::{self, EPOCH_OPENED, Heard, Loss, Opening, Why};
use eventlog::{Append, AppendError, EpochError, EventLog, ImportError, Record, Role, transfer};

use crate::support::{
    all, append, check, event, key, open, replica, request, small, stream, with_faults, write,
};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(future)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// A log of 30 records, of which `copy` is a restored one that ends at position 20.
struct Accident {
    _folders: tempfile::TempDir,
    log: EventLog,
    copy: PathBuf,
    replica: PathBuf,
}

fn accident() -> Accident {
    let folders = tempfile::tempdir().unwrap();
    let log = open(&folders.path().join("log"));
    for number in 0..19 {
        write(&log, number);
    }
    let asked = |number| Append {
        request: Some(request(number)),
        events: vec![event(number, &[key(number)])],
        ..append(number, [])
    };
    log.append_blocking(asked(500)).unwrap();
    let export = folders.path().join("export");
    transfer::export(&log, 0, &export, |_| {}).unwrap();
    for number in 20..29 {
        write(&log, number);
    }
    log.append_blocking(asked(501)).unwrap();
    let copies = [(Role::Origin, "copy"), (Role::Replica, "replica")].map(|(role, name)| {
        let folder = folders.path().join(name);
        transfer::import_into(&folder, role, &files(&export), &[], |_| {}).unwrap();
        folder
    });
    let [copy, replica] = copies;
    Accident {
        log,
        copy,
        replica,
        _folders: folders,
    }
}

fn opening() -> Opening {
    Opening {
        heard: vec![Heard {
            name: "processing".to_owned(),
            epoch: 1,
            position: 30,
        }],
        loss: None,
    }
}

#[test]
fn a_restored_log_is_read_but_not_written_also_after_the_next_start() {
    let accident = accident();
    let elsewhere = tempfile::tempdir().unwrap();
    let other = open(elsewhere.path());
    write(&other, 1);
    for _ in 0..2 {
        let log = open(&accident.copy);
        let awaits = log.awaits().unwrap();
        assert_eq!((&awaits.why, awaits.position), (&Why::Restored, 20));
        assert_eq!(check(&log), all(&accident.log)[..20]);
        let refused = log.append_blocking(append(1, [99])).unwrap_err();
        assert_eq!(refused, AppendError::AwaitsEpoch);
        let refused = block_on(log.import(all(&other))).unwrap_err();
        assert_eq!(refused, ImportError::AwaitsEpoch);
        // What was answered once is answered again.
        let repeated = Append {
            request: Some(request(500)),
            ..append(500, [500])
        };
        assert!(log.append_blocking(repeated).unwrap().replayed);
        assert_eq!(log.head().position, 20);
        log.close();
    }
}

#[test]
fn what_others_have_is_taken_back_verbatim_and_the_next_epoch_continues_it() {
    let accident = accident();
    let log = open(&accident.copy);
    let whole = all(&accident.log);
    let wrong = block_on(
        log.heal(
            all(&log)
                .into_iter()
                .skip(5)
                .chain(whole[25..].to_vec())
                .collect(),
        ),
    );
    assert!(
        matches!(
            wrong,
            Err(ImportError::Gap {
                have: 20,
                got: 26,
                ..
            })
        ),
        "{wrong:?}"
    );
    block_on(log.heal(whole[15..].to_vec())).unwrap();
    assert_eq!(log.head(), accident.log.head());
    assert_eq!(check(&log), whole);
    let opened = block_on(log.open_epoch(opening())).unwrap();
    let opened = log.record(opened.position).unwrap().unwrap();
    assert_eq!(log.awaits(), None);
    assert_eq!((opened.place.epoch, opened.place.position), (2, 31));
    assert_eq!(&*opened.event.kind, EPOCH_OPENED);
    assert!(epoch::opens(&opened));
    let data: serde_json::Value = serde_json::from_slice(&opened.event.data).unwrap();
    assert_eq!(data["found_at"], 20);
    assert_eq!(data["why"], "restored");
    assert_eq!(data["from_position"], 30);
    assert_eq!(data["from_hash"], accident.log.head().hash.to_string());
    assert_eq!(data["heard"][0]["name"], "processing");
    assert_eq!(data["loss"], serde_json::Value::Null);
    // The first answers are there, and nothing is healed any more.
    let first = log.find_request(key(501)).unwrap().unwrap();
    assert_eq!(first, whole[29..]);
    assert_eq!(log.find(key(501)).unwrap(), Some(30));
    let late = block_on(log.heal(whole)).unwrap_err();
    assert!(matches!(late, ImportError::Role { .. }), "{late}");
    let again = block_on(log.open_epoch(opening())).unwrap_err();
    assert_eq!(again, EpochError::NotAwaited);
    let next = write(&log, 77);
    assert_eq!((next.place.epoch, next.place.position), (2, 32));
    log.close();
    let log = open(&accident.copy);
    assert_eq!((log.awaits(), log.head().epoch), (None, 2));
    assert_eq!(write(&log, 78).place.epoch, 2);
    check(&log);
    assert_eq!(eventlog::verify::log(&log, &[]).unwrap().last, 33);
}

#[test]
fn a_log_shorter_than_somebody_has_seen_it_takes_no_writes() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    for number in 0..5 {
        write(&log, number);
    }
    assert!(!block_on(log.seen_by(5, "the relay".to_owned())).unwrap());
    write(&log, 5);
    assert!(block_on(log.seen_by(9, "processing".to_owned())).unwrap());
    let mut watched = log.watch_awaits();
    for reopened in [false, true] {
        let log = if reopened {
            open(folder.path())
        } else {
            log.clone()
        };
        let refused = log.append_blocking(append(1, [99])).unwrap_err();
        assert_eq!(refused, AppendError::AwaitsEpoch);
        let awaits = log.awaits().unwrap();
        assert!(
            awaits
                .to_string()
                .contains("processing has seen position 9"),
            "{awaits}"
        );
        if !reopened {
            log.close();
        }
    }
    assert!(watched.borrow_and_update().is_some());
    let log = open(folder.path());
    let loss = Loss {
        by: "operator".to_owned(),
        reason: "the disk of processing is gone too".to_owned(),
        not_heard: vec!["processing".to_owned()],
    };
    let heard = vec![Heard {
        name: "reporting".to_owned(),
        epoch: 4,
        position: 3,
    }];
    let opening = Opening {
        heard,
        loss: Some(loss),
    };
    let opened = block_on(log.open_epoch(opening)).unwrap();
    let opened = log.record(opened.position).unwrap().unwrap();
    // Above every epoch that anybody has heard of.
    assert_eq!((opened.place.epoch, opened.place.position), (5, 7));
    assert_eq!(&*opened.event.actor, "operator");
    let data: serde_json::Value = serde_json::from_slice(&opened.event.data).unwrap();
    assert_eq!(data["why"]["shorter"]["seen"], 9);
    assert_eq!(data["loss"]["not_heard"][0], "processing");
    write(&log, 8);
    check(&log);
}

#[test]
fn a_crash_between_any_two_steps_of_opening_leaves_it_open_or_to_be_opened_never_both() {
    for point in [
        "epoch::begin",
        "epoch::noted",
        "writer::write",
        "writer::sync",
        "writer::synced",
        "epoch::written",
        "manifest::write",
        "manifest::written",
        "epoch::numbered",
    ] {
        let accident = accident();
        let failing = Arc::new(AtomicBool::new(false));
        let fails = Arc::clone(&failing);
        let settings = with_faults(move |at| {
            if at == point && fails.load(Ordering::SeqCst) {
                return Err(io::Error::other("the power is gone"));
            }
            Ok(())
        });
        let log = EventLog::open(&accident.copy, settings).unwrap();
        block_on(log.heal(all(&accident.log)[20..25].to_vec())).unwrap();
        failing.store(true, Ordering::SeqCst);
        let error = block_on(log.open_epoch(opening())).unwrap_err();
        assert!(matches!(error, EpochError::Closed(_)), "{point}: {error}");
        assert!(log.failed().is_some());
        drop(log);
        let log = open(&accident.copy);
        if log.awaits().is_some() {
            assert_eq!(log.head().position, 25, "{point}");
            assert_eq!(
                log.append_blocking(append(1, [99])),
                Err(AppendError::AwaitsEpoch)
            );
            block_on(log.heal(all(&accident.log)[20..].to_vec())).unwrap();
            block_on(log.open_epoch(opening())).unwrap();
        }
        write(&log, 77);
        log.close();
        let log = open(&accident.copy);
        assert_eq!(log.awaits(), None, "{point}");
        let records = check(&log);
        let opened: Vec<_> = records
            .iter()
            .filter(|record| epoch::opens(record))
            .collect();
        assert_eq!(opened.len(), 1, "{point}");
        assert_eq!(opened[0].place.epoch, records.last().unwrap().place.epoch);
        let before = usize::try_from(opened[0].place.position).unwrap() - 1;
        assert_eq!(records[..before], all(&accident.log)[..before], "{point}");
    }
}

/// The log's next epoch, opened at 25 of 30, with a record after it.
fn later_epoch(accident: &Accident) -> Vec<Record> {
    let log = open(&accident.copy);
    block_on(log.heal(all(&accident.log)[20..25].to_vec())).unwrap();
    block_on(log.open_epoch(opening())).unwrap();
    for number in 80..90 {
        write(&log, number);
    }
    let records = all(&log);
    log.close();
    records
}

#[test]
fn a_follower_takes_the_epoch_that_continues_what_it_has_and_no_other() {
    let accident = accident();
    let old = all(&accident.log);
    let new = later_epoch(&accident);
    for (have, goes_on) in [(0, true), (10, true), (25, true), (26, false), (30, false)] {
        let folders = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let into = open(folders.0.path());
        let copy = EventLog::open(folders.1.path(), replica()).unwrap();
        block_on(into.import(old[..have].to_vec())).unwrap();
        block_on(copy.replicate(old[..have].to_vec())).unwrap();
        let imported = block_on(into.import(new[have..].to_vec()));
        let copied = block_on(copy.replicate(new[have..].to_vec()));
        if goes_on {
            assert!(imported.is_ok(), "{imported:?}");
            assert!(copied.is_ok(), "{copied:?}");
            assert_eq!(into.watermark(new[0].place.log).unwrap().epoch, 2);
            assert_eq!(all(&copy), new);
        } else {
            for refused in [imported, copied] {
                assert!(
                    matches!(refused, Err(ImportError::Fork { .. })),
                    "{refused:?}"
                );
            }
        }
        check(&into);
        check(&copy);
    }
}

#[test]
fn a_restored_replica_catches_up_without_an_epoch_of_its_own() {
    let accident = accident();
    let log = EventLog::open(&accident.replica, replica()).unwrap();
    assert_eq!(log.awaits(), None);
    assert!(block_on(log.seen_by(30, "somebody".to_owned())).unwrap());
    assert_eq!(log.awaits(), None);
    block_on(log.replicate(all(&accident.log)[20..].to_vec())).unwrap();
    assert_eq!(log.head(), accident.log.head());
    check(&log);
}

#[test]
fn what_a_log_holds_of_others_is_found_from_any_position() {
    let folders: Vec<_> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
    let into = EventLog::open(folders[0].path(), small()).unwrap();
    let (a, b) = (open(folders[1].path()), open(folders[2].path()));
    for number in 0..60 {
        write(&a, number);
        write(&a, 100 + number);
        b.append_blocking(append(200, [number])).unwrap();
        into.append_blocking(append(300, [number])).unwrap();
        for origin in [&a, &b] {
            let have = into
                .last_of(origin.head().log)
                .map_or(0, |mark| mark.position);
            block_on(into.import(origin.read_after(have, 10).unwrap())).unwrap();
        }
    }
    crate::sealing::wait_for_sealing(&into, 2);
    for reopened in [false, true] {
        let into = if reopened {
            into.close();
            EventLog::open(folders[0].path(), small()).unwrap()
        } else {
            into.clone()
        };
        for origin in [&a, &b, &into] {
            let (log, theirs) = (origin.head().log, all(origin));
            assert_eq!(into.last_of(log).unwrap().hash, origin.head().hash);
            for after in (0..=origin.head().position).step_by(7) {
                let (mut at, mut from, mut found) = (after, 0, Vec::new());
                loop {
                    let (records, looked) = into.records_of(log, at, from, 11).unwrap();
                    let Some(last) = records.last() else { break };
                    (at, from) = (last.place.position, looked);
                    found.extend(records);
                }
                assert_eq!(found, theirs[usize::try_from(after).unwrap()..]);
            }
        }
        assert_eq!(into.last_of(eventlog::LogId(stream(1).0)), None);
    }
}
