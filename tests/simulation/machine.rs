//! A log's machine: it may die at any of the log's own steps, and its next life begins from what the disk had then.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eventlog::{EventLog, LogId, Role, Settings};
use tempfile::TempDir;

use crate::chance::Chance;

/// The log's threads come to rest within this, or something hangs.
const PATIENCE: Duration = Duration::from_secs(120);
/// What a disk writes as one.
const PAGE: usize = 4096;
/// Sealing happens after a handful of records.
const SEGMENT_BYTES: u64 = 12 * 1024;
/// A folder is filled up to this when it is opened; ten times what it ever holds here.
const STORE_SEGMENT_BYTES: usize = 512 * 1024;

/// Where a machine may die: each is a point between two steps of writing, closing, sealing or opening.
const POINTS: [&str; 14] = [
    "writer::takes",
    "writer::apply",
    "writer::flush",
    "writer::sync",
    "writer::synced",
    "roll::begin",
    "roll::created",
    "roll::done",
    "manifest::write",
    "manifest::written",
    "seal::begin",
    "seal::record",
    "seal::written",
    "seal::done",
];

/// When and how it will die.
#[derive(Clone, Copy, Debug)]
struct Death {
    point: &'static str,
    /// At which time that it comes there.
    nth: u64,
    /// Unsynced pages are lost, or not, by this seed.
    power: Option<u64>,
}

#[derive(Debug, Default)]
struct Now {
    death: Option<Death>,
    /// Of the point at which it will die.
    met: u64,
    /// The writer has nothing to do.
    waits: bool,
    /// Segments that wait to be sealed.
    unsealed: u64,
    dead: bool,
    /// Pages were lost with it.
    cut: bool,
    /// The live file as it was at the last sync, kept for a power cut.
    synced: Vec<u8>,
}

#[derive(Debug)]
struct State {
    now: Mutex<Now>,
    changed: Condvar,
    folder: PathBuf,
    next: PathBuf,
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The log is at a point; what this gives is the system's answer to it.
    fn at(&self, point: &'static str) -> io::Result<()> {
        let mut now = self.lock();
        if now.dead {
            return Err(io::Error::other("the machine is off"));
        }
        match point {
            "writer::waits" => now.waits = true,
            "writer::takes" => {
                now.waits = false;
                if now.death.is_some_and(|death| death.power.is_some()) {
                    // All that was written before was synced.
                    now.synced = newest_live(&self.folder)
                        .map_or_else(Vec::new, |db| fs::read(db).expect("the live file reads"));
                }
            }
            "roll::done" => now.unsealed += 1,
            "seal::done" => now.unsealed -= 1,
            _ => {}
        }
        if let Some(death) = now.death
            && death.point == point
        {
            now.met += 1;
            if now.met == death.nth {
                // Before the sync nothing but the live file has unsynced pages, and after it none has.
                let unsynced = matches!(point, "writer::apply" | "writer::flush" | "writer::sync");
                let lost = death.power.filter(|_| unsynced);
                let lost = lost.map(|seed| (&now.synced[..], Chance::new(seed, "pages")));
                let cut = lost.is_some();
                photograph(&self.folder, &self.next, lost);
                now.cut = cut;
                now.dead = true;
            }
        }
        let dead = now.dead;
        drop(now);
        self.changed.notify_all();
        if dead {
            Err(io::Error::other("the machine is off"))
        } else {
            Ok(())
        }
    }
}

/// One log and the disk it is on.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) name: String,
    role: Role,
    pub(crate) id: LogId,
    home: Arc<TempDir>,
    life: u32,
    clock: Arc<AtomicI64>,
    state: Arc<State>,
    log: Option<EventLog>,
    /// Where the log ended when it was last at rest: whoever looked at it then has seen that much.
    seen: AtomicU64,
}

impl Machine {
    pub(crate) fn new(
        name: &str,
        role: Role,
        id: LogId,
        home: &Arc<TempDir>,
        clock: &Arc<AtomicI64>,
    ) -> Self {
        let life = |life: u32| home.path().join(format!("{name}-{life}"));
        Self {
            name: name.to_owned(),
            role,
            id,
            home: Arc::clone(home),
            life: 1,
            clock: Arc::clone(clock),
            state: Arc::new(State {
                now: Mutex::default(),
                changed: Condvar::new(),
                folder: life(1),
                next: life(2),
            }),
            log: None,
            seen: AtomicU64::new(0),
        }
    }

    /// A file beside the log, which outlives its lives.
    pub(crate) fn beside(&self) -> PathBuf {
        self.home.path().join(format!("{}.fold", self.name))
    }

    pub(crate) fn log(&self) -> Option<&EventLog> {
        self.log.as_ref()
    }

    /// Begins a life; false when it died of it.
    pub(crate) fn start(&mut self) -> bool {
        assert!(self.log.is_none());
        self.state.lock().unsealed = unsealed(&self.state.folder);
        let state = Arc::clone(&self.state);
        let clock = Arc::clone(&self.clock);
        let settings = Settings {
            segment_bytes_max: SEGMENT_BYTES,
            free_bytes_min: 0,
            store_segment_bytes: STORE_SEGMENT_BYTES,
            role: self.role,
            identity: Some(self.id),
            faults: eventlog::Faults::new(move |point| state.at(point)),
            ..Settings::new(move || clock.load(Ordering::SeqCst))
        };
        match EventLog::open(&self.state.folder, settings) {
            Ok(log) => {
                let (end, seen) = (log.head().position, self.seen.load(Ordering::SeqCst));
                assert!(
                    end >= seen,
                    "{} ends at {end}, and {seen} was there",
                    self.name
                );
                self.log = Some(log);
                if self.settle() {
                    return true;
                }
            }
            Err(error) => assert!(
                self.state.lock().dead,
                "{} does not open: {error}",
                self.name
            ),
        }
        self.bury();
        false
    }

    /// Waits until the log's threads have nothing to do; false when the machine has died.
    #[must_use]
    pub(crate) fn settle(&self) -> bool {
        let log = self.log.as_ref().expect("it is alive");
        let mut now = self.state.lock();
        loop {
            if now.dead {
                return false;
            }
            assert!(log.failed().is_none(), "{}: {:?}", self.name, log.failed());
            if now.waits && now.unsealed == 0 {
                self.seen.store(log.head().position, Ordering::SeqCst);
                return true;
            }
            let (guard, out) = self
                .state
                .changed
                .wait_timeout(now, PATIENCE)
                .unwrap_or_else(PoisonError::into_inner);
            assert!(!out.timed_out(), "{} does not come to rest", self.name);
            now = guard;
        }
    }

    /// It will die at some step to come; gives where.
    pub(crate) fn doom(&self, chance: &mut Chance) -> &'static str {
        let point = *chance.pick(&POINTS);
        let death = Death {
            point,
            nth: if point.starts_with("writer") {
                1 + chance.below(3)
            } else {
                1
            },
            power: chance.percent(60).then(|| chance.below(u64::MAX)),
        };
        let mut now = self.state.lock();
        now.death = Some(death);
        now.met = 0;
        point
    }

    /// It dies now, between two steps: all that was written is synced.
    pub(crate) fn die(&mut self) {
        {
            let mut now = self.state.lock();
            photograph(&self.state.folder, &self.state.next, None);
            now.dead = true;
            now.death = None;
        }
        self.bury();
    }

    /// It died at work: the next life begins from the copy. Gives whether pages were lost.
    pub(crate) fn bury(&mut self) -> bool {
        let cut = {
            let now = self.state.lock();
            assert!(now.dead);
            now.cut
        };
        drop(self.log.take());
        drop(fs::remove_dir_all(&self.state.folder));
        self.life += 1;
        let life = |life: u32| self.home.path().join(format!("{}-{life}", self.name));
        self.state = Arc::new(State {
            now: Mutex::default(),
            changed: Condvar::new(),
            folder: life(self.life),
            next: life(self.life + 1),
        });
        cut
    }

    /// A stop as an operator asks for it.
    pub(crate) fn stop(&mut self) {
        self.state.lock().death = None;
        let log = self.log.take().expect("it is alive");
        log.close();
        drop(log);
        self.state.lock().waits = false;
    }

    pub(crate) fn spared(&self) {
        self.state.lock().death = None;
    }
}

/// How many folders of this log wait to be sealed.
fn unsealed(folder: &Path) -> u64 {
    let Ok(text) = fs::read_to_string(folder.join("manifest")) else {
        return 0;
    };
    let json = text.split("\ncrc32").next().expect("a first part");
    let manifest: serde_json::Value = serde_json::from_str(json).expect("a manifest is JSON");
    let segments = manifest["segments"].as_array().expect("segments");
    let closed = segments.iter().filter(|segment| {
        let number = segment["number"].as_u64().expect("a number");
        let sealed = folder.join(format!("sealed-{number:06}"));
        !segment["end"].is_null() && segment["form"] == "folder" && !sealed.exists()
    });
    closed.count() as u64
}

fn newest_live(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let newest = names
        .filter(|name| name.starts_with("live-") && name.len() == "live-000001".len())
        .max()?;
    Some(folder.join(newest).join("db"))
}

/// Copies a folder as it is; of the live file's pages written since the last sync some are lost.
fn photograph(from: &Path, to: &Path, lost: Option<(&[u8], Chance)>) {
    let live = newest_live(from);
    copy(from, to);
    if let (Some((synced, mut chance)), Some(live)) = (lost, live)
        && let Ok(written) = fs::read(&live)
    {
        let keep = chance.below(101);
        let mut bytes = synced.to_vec();
        if chance.percent(50) && bytes.len() < written.len() {
            bytes.resize(written.len(), 0);
        }
        for (page, start) in bytes.chunks_mut(PAGE).zip((0..).step_by(PAGE)) {
            if chance.percent(keep)
                && let Some(new) = written.get(start..(start + page.len()).min(written.len()))
            {
                page[..new.len()].copy_from_slice(new);
            }
        }
        let path = to.join(live.strip_prefix(from).expect("it is in there"));
        fs::write(path, bytes).expect("the copy is written");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder for the copy");
    let Ok(entries) = fs::read_dir(from) else {
        return;
    };
    for entry in entries.filter_map(Result::ok) {
        let (path, name) = (entry.path(), entry.file_name());
        // A folder that was sealed may be on its way out: what no manifest names may be there or not.
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else if name != "lock"
            && let Ok(bytes) = fs::read(&path)
        {
            fs::write(to.join(name), bytes).expect("the copy is written");
        }
    }
}
