//! Power cuts, simulated: what was synced is on the disk, of what was written later any pages are.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use eventlog::EventLog;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::support::{append, check, event_of, settings, with_faults};

const COMMITS: usize = 40;

/// The data file as it was at one sync, and what was written of the next commit before its sync.
#[derive(Clone, Default)]
struct Moment {
    synced: Vec<u8>,
    written: Vec<u8>,
}

/// Writes commits of one to forty events and keeps the file's content around every sync.
fn moments(folder: &Path) -> Vec<Moment> {
    let db = folder.join("live-000001/db");
    let seen: Arc<Mutex<Vec<Moment>>> = Arc::default();
    let keep = Arc::clone(&seen);
    let path = db;
    let faults = move |point: &'static str| -> io::Result<()> {
        let mut seen = keep.lock().unwrap();
        if point == "writer::sync" {
            if let Some(last) = seen.last_mut() {
                last.written = fs::read(&path)?;
            }
        } else if point == "writer::synced" {
            seen.push(Moment {
                synced: fs::read(&path)?,
                written: Vec::new(),
            });
        }
        Ok(())
    };
    let log = EventLog::open(folder, with_faults(faults)).unwrap();
    for commit in 0..COMMITS {
        let commit = u128::try_from(commit).unwrap();
        let mut wish = append(1 + commit % 3, []);
        // Some commits are large, so that sled rewrites leaves and the file grows.
        let (count, bytes) = if commit % 7 == 3 {
            (12, 5000)
        } else {
            (1 + commit % 4, 300)
        };
        wish.events = (0..count)
            .map(|nth| event_of(commit * 100 + nth, &[], bytes))
            .collect();
        log.append_blocking(wish).unwrap();
    }
    // The last one has no next commit.
    let mut moments = seen.lock().unwrap().clone();
    moments.pop();
    moments
}

/// The file after the cut: the synced bytes, and pages of what was written later.
fn cut(moment: &Moment, page: usize, grown: bool, keep: impl Fn(usize) -> bool) -> Vec<u8> {
    let mut file = moment.synced.clone();
    if grown && file.len() < moment.written.len() {
        file.resize(moment.written.len(), 0);
    }
    for (nth, start) in (0..file.len()).step_by(page).enumerate() {
        let end = (start + page).min(file.len()).min(moment.written.len());
        if start < end && keep(nth) {
            file[start..end].copy_from_slice(&moment.written[start..end]);
        }
    }
    file
}

#[test]
fn a_power_cut_at_any_sync_keeps_every_acknowledged_record() {
    let folder = tempfile::tempdir().unwrap();
    let moments = moments(folder.path());
    assert_eq!(moments.len(), COMMITS - 1);
    let log = EventLog::open(folder.path(), settings()).unwrap();
    let whole = check(&log);
    drop(log);
    // The log's last position at each sync: a commit's records share their time.
    let mut ends: Vec<u64> = whole.iter().map(|record| record.place.position).collect();
    ends.retain(|position| {
        let at = usize::try_from(*position).unwrap();
        whole
            .get(at)
            .is_none_or(|next| next.place.recorded_at != whole[at - 1].place.recorded_at)
    });
    let manifest = {
        // As it was before the reopening above wrote the segment anew.
        let text = fs::read_to_string(folder.path().join("manifest")).unwrap();
        assert!(text.contains("\"number\": 1"), "{text}");
        text
    };
    let case = (
        0..COMMITS - 1,
        prop::bool::ANY,
        prop::bool::ANY,
        prop::collection::vec(any::<bool>(), 64),
        0..4,
    );
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 120,
        max_shrink_iters: 0,
        ..ProptestConfig::default()
    });
    runner
        .run(&case, |(nth, sectors, grown, kept, kind)| {
            let moment = &moments[nth];
            let page = if sectors { 512 } else { 4096 };
            let db = match kind {
                0 => cut(moment, page, grown, |_| false),
                1 => cut(moment, page, grown, |_| true),
                _ => cut(moment, page, grown, |page| kept[page % kept.len()]),
            };
            let to = tempfile::tempdir().unwrap();
            fs::write(to.path().join("manifest"), &manifest).unwrap();
            fs::create_dir(to.path().join("live-000001")).unwrap();
            fs::write(to.path().join("live-000001/db"), db).unwrap();
            let end = ends[nth];
            let records = check(&EventLog::open(to.path(), settings()).unwrap());
            prop_assert!(records.len() >= usize::try_from(end).unwrap());
            prop_assert_eq!(&records[..], &whole[..records.len()]);
            Ok(())
        })
        .unwrap();
}
