//! Taking in other logs: imported at own positions, or replicated verbatim.

use std::path::Path;

use eventlog::{
    Append, AppendError, EventLog, Expected, ImportError, Imported, OpenError, Record, Settings,
    Watermark,
};

use crate::support::{
    all, append, check, event, key, open, replica, request, settings, small, write,
};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(future)
}

pub(crate) fn import(log: &EventLog, records: Vec<Record>) -> Result<Imported, ImportError> {
    block_on(log.import(records))
}

pub(crate) fn replicate(log: &EventLog, records: Vec<Record>) -> Result<Imported, ImportError> {
    block_on(log.replicate(records))
}

fn origin(folder: &Path) -> EventLog {
    let log = open(folder);
    let events = vec![event(1, &[key(1)]), event(2, &[])];
    log.append_blocking(Append {
        request: Some(request(1)),
        events,
        ..append(1, [])
    })
    .unwrap();
    for number in 3..20 {
        write(&log, number);
    }
    log
}

#[test]
fn imported_records_keep_everything_but_their_place() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let from = origin(a.path());
    let into = open(b.path());
    let own = into.append_blocking(append(900, [900])).unwrap();
    let records = all(&from);
    let imported = import(&into, records.clone()).unwrap();
    assert_eq!(
        imported,
        Imported {
            taken: 19,
            duplicates: 0
        }
    );
    let head = from.head();
    let mark = Watermark {
        epoch: head.epoch,
        position: head.position,
        hash: head.hash,
    };
    for reopened in [false, true] {
        let into = if reopened {
            into.close();
            open(b.path())
        } else {
            into.clone()
        };
        assert_eq!(into.watermark(head.log), Some(mark));
        assert_eq!(into.watermarks(), [(head.log, mark)]);
        let here = check(&into);
        assert_eq!(here[0], own.records[0]);
        for (record, origin) in here[1..].iter().zip(&records) {
            assert_eq!(record.at_origin(), *origin);
            assert_eq!(record.origin, Some(origin.place));
            assert_eq!(record.place.log, into.head().log);
        }
        assert_eq!(into.find(key(1)).unwrap(), Some(2));
        assert_eq!(into.find_request(key(1)).unwrap().unwrap(), here[1..3]);
    }
    let into = open_again(into, b.path());
    write(&from, 20);
    let again = import(&into, all(&from)).unwrap();
    assert_eq!(
        again,
        Imported {
            taken: 1,
            duplicates: 19
        }
    );
    check(&into);
}

fn open_again(log: EventLog, folder: &Path) -> EventLog {
    drop(log);
    open(folder)
}

#[test]
fn a_gap_is_named_and_nothing_of_the_batch_is_taken() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (from, into) = (origin(a.path()), open(b.path()));
    let mut records = all(&from);
    import(&into, records[..5].to_vec()).unwrap();
    records.drain(..3);
    records.remove(4);
    let error = import(&into, records).unwrap_err();
    assert_eq!(
        error,
        ImportError::Gap {
            log: from.head().log,
            have: 7,
            got: 9
        }
    );
    assert_eq!(into.head().position, 5);
    assert_eq!(into.watermark(from.head().log).unwrap().position, 5);
}

#[test]
fn imports_of_several_logs_and_appends_share_one_chain() {
    let folders: Vec<_> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
    let into = EventLog::open(folders[0].path(), small()).unwrap();
    let (a, b) = (open(folders[1].path()), open(folders[2].path()));
    for number in 0..60 {
        a.append_blocking(append(100, [number])).unwrap();
        b.append_blocking(append(200, [number])).unwrap();
        let expected = Expected::Exactly(u32::try_from(number).unwrap());
        into.append_blocking(Append {
            expected,
            ..append(300, [number])
        })
        .unwrap();
        for origin in [&a, &b] {
            let have = into
                .watermark(origin.head().log)
                .map_or(0, |mark| mark.position);
            import(&into, origin.read_after(have, 10).unwrap()).unwrap();
        }
    }
    check(&into);
    let into = {
        drop(into);
        EventLog::open(folders[0].path(), small()).unwrap()
    };
    assert_eq!(check(&into).len(), 180);
    for origin in [&a, &b] {
        assert_eq!(
            into.watermark(origin.head().log).unwrap().hash,
            origin.head().hash
        );
    }
}

#[test]
fn a_position_given_again_in_a_later_epoch_is_a_fork() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (from, into) = (origin(a.path()), open(b.path()));
    let records = all(&from);
    import(&into, records.clone()).unwrap();
    let mut restored = records[10].clone();
    restored.place.epoch = 2;
    assert!(matches!(
        import(&into, vec![restored]),
        Err(ImportError::Fork { .. })
    ));
}

#[test]
fn only_an_origins_own_records_are_imported() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (from, into) = (origin(a.path()), open(b.path()));
    import(&into, all(&from)).unwrap();
    let own = import(&into, all(&into)).unwrap_err();
    assert!(matches!(own, ImportError::NotAnOrigin { .. }), "{own}");
    let third = tempfile::tempdir().unwrap();
    let relayed = import(&open(third.path()), all(&into)).unwrap_err();
    assert!(
        matches!(relayed, ImportError::NotAnOrigin { .. }),
        "{relayed}"
    );
}

#[test]
fn an_imported_key_that_is_taken_stays_the_first_ones() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (from, into) = (origin(a.path()), open(b.path()));
    let own = Append {
        events: vec![event(70, &[key(1)])],
        ..append(70, [])
    };
    into.append_blocking(own).unwrap();
    import(&into, all(&from)).unwrap();
    assert_eq!(into.find(key(1)).unwrap(), Some(1));
    let into = open_again(into, b.path());
    assert_eq!(into.find(key(1)).unwrap(), Some(1));
}

#[test]
fn a_replica_is_the_followed_log_byte_for_byte() {
    let folders: Vec<_> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
    let intake = origin(folders[0].path());
    let followed = open(folders[1].path());
    import(&followed, all(&intake)).unwrap();
    for number in 0..200 {
        followed
            .append_blocking(append(500 + number % 3, [number]))
            .unwrap();
    }
    let replica = || Settings {
        segment_bytes_max: 4096,
        ..replica()
    };
    let log = EventLog::open(folders[2].path(), replica()).unwrap();
    assert_eq!(log.head().position, 0);
    let refused = log.append_blocking(append(1, [1])).unwrap_err();
    assert!(matches!(refused, AppendError::Closed(_)));
    assert!(matches!(
        import(&log, all(&intake)),
        Err(ImportError::Role { .. })
    ));
    assert!(matches!(
        replicate(&followed, all(&intake)),
        Err(ImportError::Role { .. })
    ));
    let records = all(&followed);
    // It must begin at the beginning.
    let gap = replicate(&log, records[5..].to_vec()).unwrap_err();
    assert!(
        matches!(
            gap,
            ImportError::Gap {
                have: 0,
                got: 6,
                ..
            }
        ),
        "{gap}"
    );
    assert_eq!(replicate(&log, records[..50].to_vec()).unwrap().taken, 50);
    assert_eq!(log.head().log, followed.head().log);
    let more = replicate(&log, records[20..].to_vec()).unwrap();
    assert_eq!(
        more,
        Imported {
            taken: 169,
            duplicates: 30
        }
    );
    crate::sealing::wait_for_sealing(&log, 1);
    assert!(folders[2].path().join("sealed-000001").exists());
    for reopened in [false, true] {
        let log = if reopened {
            log.close();
            EventLog::open(folders[2].path(), replica()).unwrap()
        } else {
            log.clone()
        };
        assert_eq!(log.head(), followed.head());
        assert_eq!(check(&log), records);
        assert_eq!(log.watermarks(), followed.watermarks());
    }
    let error = EventLog::open(folders[2].path(), settings()).unwrap_err();
    assert!(matches!(error, OpenError::Role { .. }), "{error}");
}

#[test]
fn a_replica_stops_at_another_record_of_the_same_position() {
    let folders: Vec<_> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
    let followed = origin(folders[0].path());
    let log = EventLog::open(folders[1].path(), replica()).unwrap();
    let records = all(&followed);
    replicate(&log, records.clone()).unwrap();
    let mut other = records[7].clone();
    other.event.data[3] ^= 1;
    assert!(matches!(
        replicate(&log, vec![other]),
        Err(ImportError::Fork { position: 8, .. })
    ));
    let stranger = origin(folders[2].path());
    assert!(matches!(
        replicate(&log, all(&stranger)),
        Err(ImportError::Fork { .. })
    ));
    let mut back = records[18].clone();
    back.place.position = 20;
    back.revision += 1;
    back.place.recorded_at = 0;
    assert!(matches!(
        replicate(&log, vec![back]),
        Err(ImportError::Fork { .. })
    ));
    assert_eq!(log.head(), followed.head());
}
