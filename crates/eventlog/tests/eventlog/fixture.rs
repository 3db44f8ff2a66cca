//! A folder written by an earlier version opens, reads the same, and goes on.

use std::fs;
use std::path::{Path, PathBuf};

use eventlog::{Append, EventLog, OpenError, Record, Settings};

use crate::damage::copy;
use crate::support::{append, check, event, key, request, settings, write};

/// The chain hash over all records of the fixture, as it was when it was made.
const HASH: &str = "f73f607cb635a350aa4364a2ac6f2e1eab12d57e10276490b0ebb088a197dc24";
/// Set to a folder to make the fixture there anew; the hash above is then another.
const MAKE: &str = "EVENTLOG_TEST_MAKE_FIXTURE";

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/eventlog/fixtures/v1")
}

/// One sealed file, then a live folder; keys, a request, two streams.
fn make(folder: &Path) {
    let settings = Settings {
        segment_bytes_max: 12 * 1024,
        ..settings()
    };
    let log = EventLog::open(folder, settings).unwrap();
    let events = vec![event(1, &[key(1)]), event(2, &[])];
    log.append_blocking(Append {
        request: Some(request(1)),
        events,
        ..append(1, [])
    })
    .unwrap();
    for number in 3..60 {
        write(&log, number);
    }
    crate::sealing::wait_for_sealing(&log, 1);
    log.append_blocking(Append {
        events: vec![event(60, &[key(60)])],
        ..append(60, [])
    })
    .unwrap();
    log.close();
}

fn opened(from: &Path, harm: impl FnOnce(&Path)) -> Result<Vec<Record>, OpenError> {
    let to = tempfile::tempdir().unwrap();
    copy(from, to.path());
    harm(to.path());
    let log = EventLog::open(to.path(), settings())?;
    let records = check(&log);
    assert_eq!(log.head().hash.to_string(), HASH);
    assert_eq!(log.find(key(1)).unwrap(), Some(1));
    assert_eq!(log.find(key(60)).unwrap(), Some(60));
    assert_eq!(log.find_request(key(1)).unwrap().unwrap(), records[..2]);
    write(&log, 61);
    check(&log);
    Ok(records)
}

#[test]
fn the_first_versions_folder_opens_and_goes_on() {
    if let Some(folder) = std::env::var_os(MAKE) {
        make(Path::new(&folder));
        return;
    }
    let records = opened(&fixture(), |_| ()).unwrap();
    assert_eq!(records.len(), 60);
    for (record, number) in records.iter().zip(1..) {
        assert_eq!(record.event.event_id.as_u128(), number);
    }
    // The same after an unclean stop.
    let unclean = opened(&fixture(), |folder| {
        fs::remove_file(folder.join("stopped")).unwrap();
    });
    assert_eq!(unclean.unwrap(), records);
}

#[test]
fn an_earlier_format_becomes_this_one_and_a_later_one_is_refused() {
    let to = tempfile::tempdir().unwrap();
    copy(&fixture(), to.path());
    drop(EventLog::open(to.path(), settings()).unwrap());
    let path = to.path().join("manifest");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("\"format\": 3"), "{text}");
    let text = text.replace("\"format\": 3", "\"format\": 4");
    let (body, _) = text.split_once("\ncrc32").unwrap();
    let line = format!("\ncrc32 {:08x}\n", crc32fast::hash(body.as_bytes()));
    fs::write(&path, format!("{body}{line}")).unwrap();
    let error = EventLog::open(to.path(), settings()).unwrap_err();
    assert!(error.to_string().contains("format 4"), "{error}");
}
