//! A damaged folder gives what was written up to some point, or an error that says where; never wrong data.

use std::fs;
use std::path::Path;

use eventlog::{AppendError, EventLog, OpenError, Record};

use crate::support::{append, check, open, settings, small, write};

/// Copies a log's folder.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A stopped log of 150 records in small commits.
fn made(folder: &Path) -> Vec<Record> {
    let log = open(folder);
    let written = (0..150).map(|number| write(&log, number)).collect();
    log.close();
    written
}

/// As after many more commits: of those the journal has none any more.
fn without_journal(folder: &Path) {
    let journal = folder.join("live-000001/journal");
    let len = fs::metadata(&journal).unwrap().len();
    fs::write(journal, vec![0; usize::try_from(len).unwrap()]).unwrap();
}

/// Opens a copy that `harm` was done to: its records, and whether it takes no writes.
fn harmed(folder: &Path, harm: impl FnOnce(&Path)) -> Result<(Vec<Record>, bool), OpenError> {
    let to = tempfile::tempdir().unwrap();
    copy(folder, to.path());
    harm(&to.path().join("live-000001/db"));
    let db = fs::read(to.path().join("live-000001/db")).unwrap();
    let opened = EventLog::open(to.path(), settings());
    match opened {
        Ok(log) => {
            let records = check(&log);
            if log.awaits().is_none() {
                write(&log, 999);
                check(&log);
                return Ok((records, false));
            }
            // Less than at its last stop: it is read, but not written, and what was found is kept.
            let refused = log.append_blocking(append(9, [999])).unwrap_err();
            assert_eq!(refused, AppendError::AwaitsEpoch);
            assert!(fs::read(to.path().join("kept-live-000001/db")).unwrap() == db);
            Ok((records, true))
        }
        Err(error) => {
            // What is evidence stays as it was found.
            assert!(fs::read(to.path().join("live-000001/db")).unwrap() == db);
            Err(error)
        }
    }
}

type Harm = Box<dyn Fn(&mut Vec<u8>)>;

fn harms(len: usize) -> Vec<Harm> {
    let mut harms: Vec<Harm> = Vec::new();
    for nth in 0..40 {
        let at = (nth * 7919 + 13) * 104_729 % len;
        harms.push(Box::new(move |db| db[at] ^= 1 << (nth % 8)));
    }
    for nth in 0..12 {
        let at = len * nth / 12 + nth;
        harms.push(Box::new(move |db| db.truncate(at)));
        // A torn page.
        let page = at / 512 * 512;
        harms.push(Box::new(move |db| {
            let end = (page + 512).min(db.len());
            db[page..end].fill(0);
        }));
    }
    harms
}

#[test]
fn damage_after_an_unclean_stop_gives_a_prefix_or_an_error_that_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let written = made(folder.path());
    without_journal(folder.path());
    fs::remove_file(folder.path().join("stopped")).unwrap();
    let len = usize::try_from(
        fs::metadata(folder.path().join("live-000001/db"))
            .unwrap()
            .len(),
    )
    .unwrap();
    let mut noticed = 0;
    for harm in harms(len) {
        let result = harmed(folder.path(), |path| {
            let mut db = fs::read(path).unwrap();
            harm(&mut db);
            fs::write(path, db).unwrap();
        });
        match result {
            Ok((records, awaits)) => {
                assert!(!awaits);
                assert_eq!(records, written[..records.len()]);
                noticed += u32::from(records.len() < written.len());
            }
            Err(error) => {
                let text = error.to_string();
                assert!(text.contains("live-000001"), "{text}");
                noticed += 1;
            }
        }
    }
    assert!(noticed > 10, "only {noticed} harms reached data");
}

#[test]
fn damage_after_a_clean_stop_is_always_noticed_when_it_costs_a_record() {
    let folder = tempfile::tempdir().unwrap();
    let written = made(folder.path());
    without_journal(folder.path());
    let len = usize::try_from(
        fs::metadata(folder.path().join("live-000001/db"))
            .unwrap()
            .len(),
    )
    .unwrap();
    for harm in harms(len) {
        let result = harmed(folder.path(), |path| {
            let mut db = fs::read(path).unwrap();
            harm(&mut db);
            fs::write(path, db).unwrap();
        });
        if let Ok((records, awaits)) = result {
            assert_eq!(records, written[..records.len()]);
            assert_eq!(awaits, records.len() < written.len());
        }
    }
}

#[test]
fn what_the_journal_still_has_is_not_lost_with_the_pages_of_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let written = made(folder.path());
    let len = usize::try_from(
        fs::metadata(folder.path().join("live-000001/db"))
            .unwrap()
            .len(),
    )
    .unwrap();
    let (mut whole, mut all) = (0, 0);
    for harm in harms(len) {
        let result = harmed(folder.path(), |path| {
            let mut db = fs::read(path).unwrap();
            harm(&mut db);
            fs::write(path, db).unwrap();
        });
        all += 1;
        if let Ok((records, awaits)) = result {
            assert_eq!((&records, awaits), (&written, false));
            whole += 1;
        }
    }
    assert!(whole * 10 > all * 8, "{whole} of {all}");
}

#[test]
fn a_log_that_ends_before_what_its_journal_shows_takes_no_writes_until_somebody_has_looked() {
    let folder = tempfile::tempdir().unwrap();
    let written = made(folder.path());
    fs::remove_file(folder.path().join("stopped")).unwrap();
    let to = tempfile::tempdir().unwrap();
    // As it was made, and the second commit in the journal does not read.
    drop(open(to.path()));
    for file in ["db", "conf"] {
        let path = Path::new("live-000001").join(file);
        fs::copy(to.path().join(&path), folder.path().join(&path)).unwrap();
    }
    let journal = folder.path().join("live-000001/journal");
    let mut bytes = fs::read(&journal).unwrap();
    let second = (512..bytes.len())
        .step_by(512)
        .find(|at| bytes[*at..].starts_with(b"hJNL"));
    bytes[second.unwrap() + 100] ^= 1;
    fs::write(&journal, bytes).unwrap();
    let log = open(folder.path());
    assert_eq!(check(&log), written[..1]);
    let awaits = log.awaits().unwrap().to_string();
    assert!(
        awaits.contains("150") && awaits.contains("journal"),
        "{awaits}"
    );
}

#[test]
fn a_missing_emptied_or_replaced_db_is_an_error_not_an_empty_log() {
    let folder = tempfile::tempdir().unwrap();
    made(folder.path());
    for unclean in [false, true] {
        if unclean {
            fs::remove_file(folder.path().join("stopped")).unwrap();
        }
        let emptied = harmed(folder.path(), |db| fs::write(db, b"").unwrap());
        assert!(emptied.is_err());
        let to = tempfile::tempdir().unwrap();
        copy(folder.path(), to.path());
        fs::remove_file(to.path().join("live-000001/db")).unwrap();
        assert!(EventLog::open(to.path(), settings()).is_err());
        let to = tempfile::tempdir().unwrap();
        copy(folder.path(), to.path());
        fs::remove_file(to.path().join("manifest")).unwrap();
        let error = EventLog::open(to.path(), settings()).unwrap_err();
        assert!(matches!(error, OpenError::NoManifest { .. }), "{error}");
        let blob = |db: &Path| {
            let blobs = db.parent().unwrap().join("blobs");
            fs::write(blobs.join("1"), b"a value that was never synced").unwrap();
        };
        let error = harmed(folder.path(), blob).unwrap_err();
        assert!(error.to_string().contains("blobs"), "{error}");
    }
}

#[test]
fn a_damaged_sealed_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let log = EventLog::open(folder.path(), small()).unwrap();
    for number in 0..300 {
        write(&log, number);
    }
    crate::sealing::wait_for_sealing(&log, 1);
    drop(log);
    let path = folder.path().join("sealed-000001");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = EventLog::open(folder.path(), small()).unwrap_err();
    assert!(error.to_string().contains("sealed-000001"), "{error}");
}
