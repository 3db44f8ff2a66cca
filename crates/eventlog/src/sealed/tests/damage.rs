//! A sealed file with any byte changed, or cut anywhere: the right data, or an error that names the file.

use std::fs;
use std::path::Path;

use super::made::{follow, listings, sample};

use crate::record::{Key, Record};
use crate::sealed::{SealedSegment, write};

/// Everything the file can be asked; every answer is an error that names the file, or right.
fn ask_everything(path: &Path, part: &[Record]) -> Result<(), String> {
    let named = |error: String| {
        assert!(error.contains(&path.display().to_string()), "{error}");
        error
    };
    let segment = SealedSegment::open(path).map_err(|error| named(error.to_string()))?;
    let mut first_error = Ok(());
    let mut keep = |error: crate::error::ReadError| first_error = Err(named(error.to_string()));
    match segment.read_after(0, usize::MAX) {
        Ok(records) => assert_eq!(records, part),
        Err(error) => keep(error),
    }
    for record in part {
        match segment.record(record.place.position) {
            Ok(found) => assert_eq!(found.as_ref(), Some(record)),
            Err(error) => keep(error),
        }
    }
    for stream in listings() {
        let of_stream: Vec<&Record> = part.iter().filter(|r| r.listed() == stream).collect();
        match segment.stream_records(stream) {
            Ok(found) => assert_eq!(found.iter().collect::<Vec<_>>(), of_stream),
            Err(error) => keep(error),
        }
        match segment.revision(stream) {
            Ok(found) => assert_eq!(found, of_stream.last().map(|r| r.revision)),
            Err(error) => keep(error),
        }
    }
    for key in (0..70_u128).map(|key| Key(key.to_be_bytes())) {
        let held = part
            .iter()
            .find(|r| r.event.keys.contains(&key))
            .map(|r| r.place.position);
        match segment.find_key(key) {
            Ok(found) => assert_eq!(found, held),
            Err(error) => keep(error),
        }
        let asked = |r: &&Record| r.request.is_some_and(|request| request.key == key);
        match segment.request_records(key) {
            Ok(found) => assert!(found.iter().eq(part.iter().filter(asked))),
            Err(error) => keep(error),
        }
    }
    for record in part {
        let time = record.place.recorded_at;
        let held = part
            .iter()
            .rev()
            .find(|r| r.place.recorded_at <= time)
            .map(|r| r.place.position);
        match segment.position_at(time) {
            Ok(found) => assert_eq!(found, held),
            Err(error) => keep(error),
        }
    }
    first_error
}

fn made() -> (tempfile::TempDir, std::path::PathBuf, Vec<Record>, Vec<u8>) {
    let mut records = sample(36);
    let part = records.split_off(6);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sealed");
    write(&path, &follow(&records), part.iter().cloned().map(Ok)).unwrap();
    ask_everything(&path, &part).unwrap();
    let bytes = fs::read(&path).unwrap();
    (folder, path, part, bytes)
}

#[test]
fn a_changed_byte_anywhere_is_an_error_or_changes_no_answer() {
    let (_folder, path, part, bytes) = made();
    let mut unnoticed = 0;
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        fs::write(&path, &changed).unwrap();
        if ask_everything(&path, &part).is_ok() {
            unnoticed += 1;
        }
    }
    // Every byte is covered by some checksum, and everything was asked.
    assert_eq!(unnoticed, 0, "of {}", bytes.len());
}

#[test]
fn a_file_cut_short_or_lengthened_does_not_open() {
    let (_folder, path, part, bytes) = made();
    for len in 0..bytes.len() {
        fs::write(&path, &bytes[..len]).unwrap();
        assert!(SealedSegment::open(&path).is_err(), "{len}");
    }
    for more in [1, 16, 4096] {
        let mut long = bytes.clone();
        long.resize(bytes.len() + more, 0);
        fs::write(&path, &long).unwrap();
        assert!(SealedSegment::open(&path).is_err(), "{more}");
    }
    fs::write(&path, &bytes).unwrap();
    ask_everything(&path, &part).unwrap();
}

#[test]
fn a_file_cut_short_while_it_is_open_gives_errors_not_wrong_data() {
    let (_folder, path, part, bytes) = made();
    let segment = SealedSegment::open(&path).unwrap();
    fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(100)
        .unwrap();
    for record in &part {
        let error = segment
            .record(record.place.position)
            .unwrap_err()
            .to_string();
        assert!(error.contains("sealed"), "{error}");
    }
    drop(bytes);
}
