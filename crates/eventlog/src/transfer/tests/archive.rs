//! A backup folder is taken further, in whatever pieces the records come, and never mixes histories.

use std::io;
use std::path::Path;

use super::{fill, settings};
use crate::log::EventLog;
use crate::record::Record;
use crate::settings::Role;
use crate::transfer::{Archive, ArchiveError, import_into};
use crate::verify::{self, files};

/// What the backup lacks, as it would come from a service.
fn lacking(log: &EventLog, archive: &Archive) -> Vec<Result<Record, io::Error>> {
    let after = archive.end().map_or(0, |(_, position, _)| position);
    let mut records: Vec<_> = Vec::new();
    while let Some(last) = records.last().map_or(Some(after), |record: &Record| {
        (record.place.position < log.head().position).then_some(record.place.position)
    }) {
        let more = log.read_after(last, 1024).unwrap();
        if more.is_empty() {
            break;
        }
        records.extend(more);
    }
    records.into_iter().map(Ok).collect()
}

fn further(log: &EventLog, folder: &Path) -> Archive {
    let archive = Archive::open(folder).unwrap();
    let records = lacking(log, &archive);
    archive
        .extend(log.head().log, records.into_iter(), |_| ())
        .unwrap()
}

#[test]
fn a_backup_is_taken_further_and_restores_the_log() {
    let place = tempfile::tempdir().unwrap();
    let log = EventLog::open(&place.path().join("log"), settings()).unwrap();
    let folder = place.path().join("backup");
    assert!(further(&log, &folder).end().is_none());
    for round in 0..5 {
        fill(&log, round * 20..round * 20 + 20);
        let archive = further(&log, &folder);
        let head = log.head();
        assert_eq!(archive.end(), Some((head.log, head.position, head.hash)));
        // A small file is written anew instead of becoming many.
        assert_eq!(archive.files().len(), 1);
        assert_eq!(files(&archive.files(), &[]).unwrap().last, head.position);
    }
    let again = further(&log, &folder);
    let restored = place.path().join("restored");
    import_into(&restored, Role::Origin, &again.files(), &[], |_| ()).unwrap();
    let verified = verify::log(&log, &[]).unwrap();
    assert_eq!(files(&again.files(), &[]).unwrap(), verified);
}

#[test]
fn what_came_before_the_cut_is_kept_and_the_rest_taken_the_next_time() {
    let place = tempfile::tempdir().unwrap();
    let log = EventLog::open(&place.path().join("log"), settings()).unwrap();
    let folder = place.path().join("backup");
    fill(&log, 0..20);
    further(&log, &folder);
    fill(&log, 20..40);
    let archive = Archive::open(&folder).unwrap();
    let mut records = lacking(&log, &archive);
    records.truncate(7);
    records.push(Err(io::Error::other("the role went away")));
    let cut = archive.extend(log.head().log, records.into_iter(), |_| ());
    assert!(matches!(cut, Err(ArchiveError::Cut(_))), "{cut:?}");
    let kept = Archive::open(&folder).unwrap().end().unwrap();
    assert_eq!(kept.1, 40 + 7);
    assert_eq!(log.hash_at(kept.1).unwrap(), Some(kept.2));
    let whole = further(&log, &folder);
    assert_eq!(whole.end().unwrap().1, log.head().position);
    // Half a file of a backup that was killed is removed.
    std::fs::write(folder.join("half.sealed.tmp"), b"half").unwrap();
    Archive::open(&folder).unwrap();
    assert!(!folder.join("half.sealed.tmp").exists());
}

#[test]
fn records_of_another_history_are_refused_and_a_damaged_file_is_named() {
    let place = tempfile::tempdir().unwrap();
    let log = EventLog::open(&place.path().join("log"), settings()).unwrap();
    let other = EventLog::open(&place.path().join("other"), settings()).unwrap();
    let folder = place.path().join("backup");
    fill(&log, 0..20);
    fill(&other, 0..30);
    let archive = further(&log, &folder);
    let before = archive.end();
    let foreign = lacking(&other, &archive);
    assert!(!foreign.is_empty());
    let refused = archive.extend(log.head().log, foreign.into_iter(), |_| ());
    assert!(refused.is_err());
    let archive = Archive::open(&folder).unwrap();
    assert_eq!(archive.end(), before);
    let file = archive.files().remove(0);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes.truncate(bytes.len() / 2);
    std::fs::write(&file, bytes).unwrap();
    let damaged = Archive::open(&folder).unwrap_err().to_string();
    assert!(damaged.contains(file.to_str().unwrap()), "{damaged}");
}
