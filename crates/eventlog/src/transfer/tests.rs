//! A log exported and restored is the same log, and nothing less than the whole of it is restored.

mod archive;
mod identity;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::{ExportError, RestoreError, export, import_into};
use crate::append::{Append, Expected};
use crate::epoch::{Opening, Why};
use crate::log::EventLog;
use crate::record::{ChainHash, Key, NewRecord, Position, Record, Request, StreamId};
use crate::sealed::SealedSegment;
use crate::settings::{Role, Settings};
use crate::verify::{self, Anchor, Verifier, files};

fn settings() -> Settings {
    let clock = Arc::new(AtomicI64::new(1_700_000_000_000_000));
    Settings {
        segment_bytes_max: 96 * 1024,
        free_bytes_min: 0,
        ..Settings::new(move || clock.fetch_add(1_000, Ordering::Relaxed))
    }
}

/// Bytes that do not compress away, the same for the same number.
fn noise(number: u64) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    })
    .take(200)
    .flatten()
    .collect()
}

fn fill(log: &EventLog, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let event = |n: u64| NewRecord {
            event_id: Uuid::from_u128(u128::from(number * 10 + n)),
            kind: "dossier.accepted".into(),
            schema_version: 1,
            occurred_at: 5,
            actor: "clerk".into(),
            organisation: "H20".into(),
            correlation: Uuid::nil(),
            causation: Uuid::nil(),
            keys: vec![Key(u128::from(number * 10 + n).to_be_bytes())],
            data: noise(number),
        };
        let append = Append {
            stream: StreamId(Uuid::from_u128(u128::from(number % 17))),
            expected: Expected::Any,
            request: Some(Request {
                key: Key(u128::from(number).to_be_bytes()),
                body: [1; 16],
            }),
            events: vec![event(0), event(1)],
        };
        log.append_blocking(append).unwrap();
    }
}

/// Waits until the log has at least this many sealed files and nothing waits to be sealed.
fn wait_for_sealed(log: &EventLog, count: usize) {
    let begun = Instant::now();
    while sealed_files(log.folder()).len() < count || log.segments().unwrap().unsealed() > 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "nothing is sealed"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn sealed_files(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| SealedSegment::open(path).is_ok())
        .collect();
    paths.sort();
    paths
}

fn all(log: &EventLog) -> Vec<Record> {
    log.read_after(0, usize::MAX).unwrap()
}

fn export_to(log: &EventLog, after: Position, folder: &Path) -> Vec<PathBuf> {
    let exported = export(log, after, folder, |_| {}).unwrap();
    exported.into_iter().map(|file| file.path).collect()
}

#[test]
fn a_log_exported_and_restored_is_the_same_log() {
    let folder = tempfile::tempdir().unwrap();
    let log = EventLog::open(&folder.path().join("log"), settings()).unwrap();
    fill(&log, 0..150);
    wait_for_sealed(&log, 2);
    fill(&log, 150..160);
    let head = log.head();
    let backup = folder.path().join("backup");
    let exported = export_to(&log, 0, &backup);
    assert!(exported.len() >= 3, "{exported:?}");
    let anchor = Anchor {
        position: 101,
        hash: log.hash_at(101).unwrap().unwrap(),
    };
    let verified = files(&exported, &[anchor]).unwrap();
    assert_eq!((verified.last, verified.hash), (head.position, head.hash));

    let copy = folder.path().join("copy");
    let mut shuffled = exported;
    shuffled.reverse();
    let mut progress = Vec::new();
    let told = |position| progress.push(position);
    let verified = import_into(&copy, Role::Origin, &shuffled, &[anchor], told).unwrap();
    assert_eq!((verified.log, verified.last), (head.log, head.position));
    assert_eq!(progress.last(), Some(&head.position));

    let opened = EventLog::open(&copy, settings()).unwrap();
    let mark = opened.awaits().unwrap();
    assert_eq!((mark.position, mark.hash), (head.position, head.hash));
    assert_eq!(mark.why, Why::Restored);
    assert_eq!(opened.head(), head);
    assert_eq!(all(&opened), all(&log));
    for number in [0, 77, 159_u64] {
        let stream = StreamId(Uuid::from_u128(u128::from(number % 17)));
        assert_eq!(opened.stream(stream).unwrap(), log.stream(stream).unwrap());
        let request = Key(u128::from(number).to_be_bytes());
        assert_eq!(
            opened.find_request(request).unwrap(),
            log.find_request(request).unwrap()
        );
    }
}

#[test]
fn a_whole_open_log_is_verified_files_and_live_records_alike() {
    let folder = tempfile::tempdir().unwrap();
    let log = EventLog::open(folder.path(), settings()).unwrap();
    fill(&log, 0..100);
    wait_for_sealed(&log, 1);
    fill(&log, 100..105);
    let head = log.head();
    let anchor = Anchor {
        position: head.position,
        hash: head.hash,
    };
    let verified = verify::log(&log, &[anchor]).unwrap();
    assert_eq!((verified.first, verified.last), (1, head.position));
    let wrong = Anchor {
        position: 3,
        hash: ChainHash([1; 32]),
    };
    let fault = verify::log(&log, &[wrong]).unwrap_err();
    assert_eq!(fault.position, Some(3));
    assert!(Verifier::new(&[anchor]).finish().is_err());
}

#[test]
fn a_tail_after_any_position_continues_what_was_exported_before() {
    let folder = tempfile::tempdir().unwrap();
    let log = EventLog::open(&folder.path().join("log"), settings()).unwrap();
    fill(&log, 0..40);
    let head = log.head().position;
    let early = export_to(&log, 0, &folder.path().join("early"));
    fill(&log, 40..120);
    wait_for_sealed(&log, 1);
    for after in [head, head - 5, head - 60, log.head().position - 1] {
        let late = export_to(&log, after, &folder.path().join(format!("late-{after}")));
        let first = SealedSegment::open(&late[0]).unwrap().first();
        assert_eq!(first, after + 1);
        files(&late, &[]).unwrap();
        let copy = folder.path().join(format!("copy-{after}"));
        let restored = import_into(
            &copy,
            Role::Origin,
            &[early.clone(), late].concat(),
            &[],
            |_| {},
        );
        if after <= head {
            assert_eq!(restored.unwrap().hash, log.head().hash);
            let opened = EventLog::open(&copy, settings()).unwrap();
            assert_eq!(all(&opened), all(&log));
        } else {
            let Err(RestoreError::Fault(fault)) = restored else {
                panic!("a gap was restored");
            };
            assert_eq!(fault.position, Some(head + 1));
            assert!(!copy.exists());
        }
    }
    let end = log.head().position;
    let none = export(&log, end, &folder.path().join("none"), |_| {}).unwrap();
    assert_eq!(none, []);
    let beyond = export(&log, end + 1, &folder.path().join("none"), |_| {});
    assert!(matches!(beyond, Err(ExportError::Beyond { .. })));
}

#[test]
fn exporting_again_takes_the_same_backup_further() {
    let folder = tempfile::tempdir().unwrap();
    let log = EventLog::open(&folder.path().join("log"), settings()).unwrap();
    let backup = folder.path().join("backup");
    let mut last = Vec::new();
    for part in 0..5 {
        fill(&log, part * 30..(part + 1) * 30);
        last = export_to(&log, 0, &backup);
        let head = log.head();
        let verified = files(&last, &[]).unwrap();
        assert_eq!((verified.last, verified.hash), (head.position, head.hash));
    }
    // Damage in the backup is mended by the next export.
    fs::write(&last[0], b"gone").unwrap();
    export_to(&log, 0, &backup);
    files(&last, &[]).unwrap();
    // Everything that ever lay there, overlapping as it may be, is one whole log.
    let everything = sealed_files(&backup);
    let copy = folder.path().join("copy");
    import_into(&copy, Role::Origin, &everything, &[], |_| {}).unwrap();
    assert_eq!(all(&EventLog::open(&copy, settings()).unwrap()), all(&log));
}

#[test]
fn nothing_is_restored_over_what_is_there_or_from_two_histories() {
    let folder = tempfile::tempdir().unwrap();
    let log = EventLog::open(&folder.path().join("log"), settings()).unwrap();
    fill(&log, 0..20);
    let first = export_to(&log, 0, &folder.path().join("first"));
    let copy = folder.path().join("copy");
    fs::create_dir(&copy).unwrap();
    import_into(&copy, Role::Origin, &first, &[], |_| {}).unwrap();
    let again = import_into(&copy, Role::Origin, &first, &[], |_| {});
    assert!(matches!(again, Err(RestoreError::NotEmpty { .. })));

    // The copy and the log go on, each in its own way.
    let opened = EventLog::open(&copy, settings()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let opening = opened.open_epoch(Opening::default());
    runtime.unwrap().block_on(opening).unwrap();
    fill(&opened, 20..30);
    fill(&log, 20..31);
    let other = export_to(&opened, 0, &folder.path().join("other"));
    let forked = export(&log, 0, &folder.path().join("other"), |_| {});
    assert!(matches!(forked, Err(ExportError::Exists { .. })));
    let head = log.head().position;
    let tail = export_to(&log, head - 2, &folder.path().join("tail"));
    let third = folder.path().join("third");
    let both = import_into(&third, Role::Origin, &[other, tail].concat(), &[], |_| {});
    assert!(matches!(both, Err(RestoreError::Fault(_))), "{both:?}");
    let wrong = Anchor {
        position: 7,
        hash: ChainHash([1; 32]),
    };
    let wrong = import_into(&third, Role::Origin, &first, &[wrong], |_| {});
    assert!(matches!(wrong, Err(RestoreError::Fault(_))), "{wrong:?}");
    let none = import_into(&third, Role::Origin, &[], &[], |_| {});
    assert!(matches!(none, Err(RestoreError::Fault(_))), "{none:?}");
    assert!(!third.exists());
}
