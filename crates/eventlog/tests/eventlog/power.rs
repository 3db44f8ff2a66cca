//! Power cuts, simulated: what was synced is on the disk, of what was written later any pages are.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use eventlog::{EventLog, Settings};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::support::{append, check, event_of, settings, with_faults};

const COMMITS: usize = 40;

/// What a live folder keeps in.
const FILES: [&str; 2] = ["journal", "db"];

/// The files as they were synced, and as they were written when the power went.
#[derive(Clone, Default)]
struct Moment {
    synced: [Vec<u8>; 2],
    written: [Vec<u8>; 2],
    /// How many commits had been synced.
    commits: usize,
}

/// With a journal that is soon full.
fn small_store(settings: Settings) -> Settings {
    Settings {
        store_segment_bytes: 512 << 10,
        ..settings
    }
}

/// Writes commits of one to forty events and keeps the files' content before every sync.
fn moments(folder: &Path) -> Vec<Moment> {
    let live = folder.join("live-000001");
    let seen: Arc<Mutex<(Moment, Vec<Moment>)>> = Arc::default();
    let keep = Arc::clone(&seen);
    let faults = move |point: &'static str| -> io::Result<()> {
        let (now, moments) = &mut *keep.lock().unwrap();
        let read = |nth: usize| fs::read(live.join(FILES[nth]));
        match point {
            "writer::sync" | "checkpoint::sync" if now.commits > 0 => {
                now.written = [read(0)?, read(1)?];
                moments.push(now.clone());
            }
            "writer::synced" => {
                now.commits += 1;
                now.synced[0] = read(0)?;
                if now.synced[1].is_empty() {
                    // As it was made.
                    now.synced[1] = read(1)?;
                }
            }
            "checkpoint::synced" => now.synced[1] = read(1)?,
            _ => {}
        }
        Ok(())
    };
    let log = EventLog::open(folder, small_store(with_faults(faults))).unwrap();
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
    drop(log);
    std::mem::take(&mut seen.lock().unwrap().1)
}

/// A file after the cut: the synced bytes, and pages of what was written later.
fn cut(
    synced: &[u8],
    written: &[u8],
    page: usize,
    grown: bool,
    keep: impl Fn(usize) -> bool,
) -> Vec<u8> {
    let mut file = synced.to_vec();
    if grown && file.len() < written.len() {
        file.resize(written.len(), 0);
    }
    for (nth, start) in (0..file.len()).step_by(page).enumerate() {
        let end = (start + page).min(file.len()).min(written.len());
        if start < end && keep(nth) {
            file[start..end].copy_from_slice(&written[start..end]);
        }
    }
    file
}

#[test]
fn a_power_cut_at_any_sync_keeps_every_acknowledged_record() {
    let folder = tempfile::tempdir().unwrap();
    let moments = moments(folder.path());
    let checkpoints = moments.len() - (COMMITS - 1);
    assert!(checkpoints >= 2, "{checkpoints} checkpoints");
    let log = EventLog::open(folder.path(), small_store(settings())).unwrap();
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
        0..moments.len(),
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
            let keep = |page: usize| match kind {
                0 => false,
                1 => true,
                _ => kept[page % kept.len()],
            };
            let to = tempfile::tempdir().unwrap();
            fs::write(to.path().join("manifest"), &manifest).unwrap();
            fs::create_dir(to.path().join("live-000001")).unwrap();
            for (nth, file) in FILES.iter().enumerate() {
                let bytes = cut(&moment.synced[nth], &moment.written[nth], page, grown, keep);
                fs::write(to.path().join("live-000001").join(file), bytes).unwrap();
            }
            let end = ends[moment.commits - 1];
            let log = EventLog::open(to.path(), small_store(settings())).unwrap();
            let records = check(&log);
            prop_assert!(
                log.awaits().is_none(),
                "what nobody was told of is not missed"
            );
            prop_assert!(records.len() >= usize::try_from(end).unwrap());
            prop_assert_eq!(&records[..], &whole[..records.len()]);
            Ok(())
        })
        .unwrap();
}
