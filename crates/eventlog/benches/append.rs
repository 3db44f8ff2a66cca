//! Appends against the bare disk: the same events to a preallocated file with fdatasync, interleaved in one run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a measuring program: it prints, and dies on any failure"
)]

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use eventlog::{Append, EventLog, Expected, NewRecord, Settings, StreamId};
use uuid::Uuid;

const EVENT_BYTES: usize = 300;
const ROUNDS: usize = 7;
const SLICE: Duration = Duration::from_millis(700);
/// An append holds at most 64 KiB: larger batches are several appends that come together.
const APPEND_MAX: usize = 64;

fn main() {
    let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("append-bench");
    let _ = fs::remove_dir_all(&root);
    fs::create_dir_all(&root).unwrap();
    println!(
        "events a second to the log, against a preallocated file with fdatasync; commit times in us"
    );
    println!(
        "{:>6} {:>10} {:>10} {:>7} {:>9} {:>9} {:>9} {:>9} {:>12}",
        "batch",
        "raw ev/s",
        "log ev/s",
        "ratio",
        "raw p10",
        "log p10",
        "raw p50",
        "log p50",
        "undisturbed"
    );
    for batch in [1, 64, 256] {
        against_raw(&root, batch);
    }
    for batch in [1, 64] {
        sizes(&root, batch);
    }
    fs::remove_dir_all(&root).unwrap();
}

fn settings() -> Settings {
    let clock = AtomicI64::new(1_700_000_000_000_000);
    Settings::new(move || clock.fetch_add(100, Ordering::Relaxed))
}

/// A Vietnamese dossier's event as it is in life: repetitive, with ids that are not.
fn event(number: u64) -> NewRecord {
    let id =
        Uuid::from_u128(u128::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C834));
    let mut data = format!(
        "{{\"procedure\":\"1.{:06}\",\"agency\":\"000.00.{:02}.H20\",\"applicant\":\"{id}\",\"channel\":\"counter\",\
         \"note\":\"Hồ sơ nộp tại quầy, giấy tờ đầy đủ\",\"fee\":{},\"received_at\":\"2026-03-{:02}T08:{:02}:{:02}Z\"",
        number % 709, number % 63, number % 500 * 1000, number % 28 + 1, number % 60, number % 59
    )
    .into_bytes();
    data.resize(EVENT_BYTES - 1, b' ');
    data.push(b'}');
    NewRecord {
        event_id: id,
        kind: "DossierAccepted".into(),
        schema_version: 1,
        occurred_at: 1_700_000_000_000_000,
        actor: format!("can-bo-{}", number % 200).into(),
        organisation: "000.00.06.H20".into(),
        correlation: id,
        causation: id,
        keys: Vec::new(),
        data,
    }
}

/// The bare disk, used well: a file whose bytes are all there already, so that a sync brings data
/// only. It is filled ahead 16 MiB at a time, as it grows, within the time measured.
struct Raw {
    file: File,
    at: u64,
    filled: u64,
    zeros: Vec<u8>,
}

impl Raw {
    fn new(path: &Path) -> Self {
        let file = File::options()
            .create(true)
            .truncate(true)
            .read(true)
            .write(true)
            .open(path)
            .unwrap();
        Self {
            file,
            at: 0,
            filled: 0,
            zeros: vec![0; 16 << 20],
        }
    }

    fn append(&mut self, events: &[NewRecord]) {
        let mut bytes = Vec::with_capacity(events.len() * (EVENT_BYTES + 8));
        for event in events {
            bytes.extend_from_slice(&u32::try_from(event.data.len()).unwrap().to_le_bytes());
            bytes.extend_from_slice(&crc32fast::hash(&event.data).to_le_bytes());
            bytes.extend_from_slice(&event.data);
        }
        let end = self.at + u64::try_from(bytes.len()).unwrap();
        if end > self.filled {
            self.file.write_all_at(&self.zeros, self.filled).unwrap();
            self.file.sync_data().unwrap();
            self.filled += u64::try_from(self.zeros.len()).unwrap();
        }
        self.file.write_all_at(&bytes, self.at).unwrap();
        self.file.sync_data().unwrap();
        self.at = end;
    }
}

fn log_append(log: &EventLog, runtime: &tokio::runtime::Runtime, events: Vec<NewRecord>) {
    let mut appends = Vec::new();
    let mut events = events.into_iter().peekable();
    while let Some(first) = events.peek() {
        let stream = StreamId(first.correlation);
        let events = events.by_ref().take(APPEND_MAX).collect();
        appends.push(Append {
            stream,
            expected: Expected::Any,
            request: None,
            events,
        });
    }
    if appends.len() == 1 {
        log.append_blocking(appends.remove(0)).unwrap();
        return;
    }
    for answer in runtime.block_on(log.append_all(appends)) {
        answer.unwrap();
    }
}

fn against_raw(root: &Path, batch: u64) {
    let folder = root.join(format!("log-{batch}"));
    let log = EventLog::open(&folder, settings()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let mut raw = Raw::new(&root.join(format!("raw-{batch}")));
    let mut next = 0;
    let mut take = || {
        next += batch;
        (next - batch..next).map(event).collect::<Vec<_>>()
    };
    let (mut ratios, mut rates) = (Vec::new(), Vec::new());
    let (mut raw_times, mut log_times) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        // Making the events is not timed: the same for both.
        let raw_rate = timed(batch, &mut raw_times, &mut take, |events| {
            raw.append(&events);
        });
        let log_rate = timed(batch, &mut log_times, &mut take, |events| {
            log_append(&log, &runtime, events);
        });
        ratios.push(log_rate / raw_rate);
        rates.push((raw_rate, log_rate));
    }
    rates.sort_by(|a, b| a.1.total_cmp(&b.1));
    let (raw_rate, log_rate) = rates[ROUNDS / 2];
    raw_times.sort_by(f64::total_cmp);
    log_times.sort_by(f64::total_cmp);
    let at = |times: &[f64], percent: usize| times[times.len() * percent / 100];
    println!(
        "{batch:>6} {raw_rate:>10.0} {log_rate:>10.0} {:>7.2} {:>9.0} {:>9.0} {:>9.0} {:>9.0} {:>12.2}",
        median(&mut ratios),
        at(&raw_times, 10),
        at(&log_times, 10),
        at(&raw_times, 50),
        at(&log_times, 50),
        // What neighbours on the same disk do to a tail says nothing about either.
        at(&raw_times, 10) / at(&log_times, 10),
    );
    drop(log);
    fs::remove_file(root.join(format!("raw-{batch}"))).unwrap();
    fs::remove_dir_all(folder).unwrap();
}

fn timed(
    batch: u64,
    times: &mut Vec<f64>,
    take: &mut impl FnMut() -> Vec<NewRecord>,
    mut append: impl FnMut(Vec<NewRecord>),
) -> f64 {
    let mut spent = Duration::ZERO;
    let mut events = 0;
    while spent < SLICE {
        let more = take();
        let start = Instant::now();
        append(more);
        let took = start.elapsed();
        times.push(took.as_secs_f64() * 1e6);
        spent += took;
        events += batch;
    }
    events as f64 / spent.as_secs_f64()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Bytes an event takes on disk, in the live segment and sealed.
fn sizes(root: &Path, batch: u64) {
    let folder = root.join(format!("size-{batch}"));
    let events: u64 = if batch == 1 { 20_000 } else { 200_000 };
    let log = EventLog::open(&folder, settings()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    for at in 0..events / batch {
        log_append(
            &log,
            &runtime,
            (at * batch..(at + 1) * batch).map(event).collect(),
        );
    }
    let live = bytes_in(&folder, "live-");
    drop(log);
    // A segment size that is passed at once: the next append closes the segment, and it is sealed.
    let log = EventLog::open(
        &folder,
        Settings {
            segment_bytes_max: 1,
            ..settings()
        },
    )
    .unwrap();
    log_append(&log, &runtime, vec![event(events)]);
    let start = Instant::now();
    while !folder.join("sealed-000001").exists() || folder.join("live-000001").exists() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "sealing takes too long"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    let sealed = bytes_in(&folder, "sealed-");
    println!(
        "batch {batch}: {:.0} bytes an event in the live segment, {:.0} sealed",
        live as f64 / events as f64,
        sealed as f64 / events as f64
    );
    drop(log);
    fs::remove_dir_all(folder).unwrap();
}

fn bytes_in(folder: &Path, prefix: &str) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .filter(|entry| entry.file_name().to_str().unwrap().starts_with(prefix))
        .map(|entry| {
            let path = entry.path();
            let file = if path.is_dir() { path.join("db") } else { path };
            fs::metadata(file).unwrap().len()
        })
        .sum()
}
