//! A log's machine: it may die at any of the log's own steps, and its next life begins from what the disk had then.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use application::{erasures, riding};
use eventlog::transfer;
use eventlog::{EventLog, Keeping, LogId, Position, Role, Settings};
use tempfile::TempDir;
use uuid::Uuid;
use vault::{MasterKey, Random, Vault};

use crate::chance::Chance;
use crate::disk::{Files, Unsynced, copy, live_files, log_in, photograph, put_back, unsealed};
use crate::office;
use crate::points::{POINTS, vault_point};

/// The log's threads come to rest within this, or something hangs.
const PATIENCE: Duration = Duration::from_secs(120);
/// Sealing happens after a handful of records.
const SEGMENT_BYTES: u64 = 12 * 1024;
/// A folder is filled up to this when it is opened; ten times what it ever holds here.
const STORE_SEGMENT_BYTES: usize = 512 * 1024;

/// A vault's files are filled up by so much, and one is begun after a handful of entries.
const VAULT_FILL_BYTES: u64 = 4 * 1024;
const VAULT_FILE_BYTES: u64 = 2 * 1024;

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
    /// The live segment's files as they were at their last sync, kept for a power cut.
    synced: Files,
    /// The vault's, likewise.
    vault: Unsynced,
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
                    now.synced = live_files(&log_in(&self.folder));
                }
            }
            "roll::done" => now.unsealed += 1,
            "seal::done" => now.unsealed -= 1,
            _ => {}
        }
        if now.death.is_some_and(|death| death.power.is_some()) {
            now.vault.at(point, &self.folder);
        }
        if let Some(death) = now.death
            && death.point == point
        {
            now.met += 1;
            if now.met == death.nth {
                // Of the log nothing but the file that a sync is for has unsynced pages before it, and after it none has. The
                // vault's files have some for longer: what rides along in the log's journal.
                let unsynced = matches!(point, "writer::sync" | "checkpoint::sync");
                let log = now.synced.iter().filter(|_| unsynced);
                let files: Files = log.chain(now.vault.files()).cloned().collect();
                let lost = death.power.filter(|_| !files.is_empty());
                let lost = lost.map(|seed| (&files, Chance::new(seed, "pages")));
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
    /// Until somebody takes it.
    vault: Option<Vault>,
    /// Where the log ended when it was last at rest: whoever looked at it then has seen that much.
    seen: AtomicU64,
    /// Draws the ids of records that the log writes by itself, and all that its vault draws.
    ids: Arc<Mutex<Chance>>,
    draws: Arc<Mutex<Chance>>,
    /// The disk as it was at some time.
    pub(crate) older: Option<Older>,
    /// The last backup of the log.
    pub(crate) backup: Option<Backup>,
    /// Names folders that are used once.
    copies: u32,
}

/// A copy of a whole disk.
#[derive(Debug)]
pub(crate) struct Older {
    folder: PathBuf,
    /// Where the log ended then, and when that was.
    pub(crate) position: Position,
    pub(crate) at: i64,
}

/// A copy of a log in exported files.
#[derive(Debug)]
pub(crate) struct Backup {
    files: Vec<PathBuf>,
    vault: PathBuf,
    /// Where the log ended then, and when it was taken.
    pub(crate) position: Position,
    pub(crate) at: i64,
}

impl Machine {
    pub(crate) fn new(
        name: &str,
        role: Role,
        id: LogId,
        seed: u64,
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
            vault: None,
            seen: AtomicU64::new(0),
            ids: Arc::new(Mutex::new(Chance::new(seed, name))),
            draws: Arc::new(Mutex::new(Chance::new(seed, &format!("{name}'s vault")))),
            older: None,
            backup: None,
            copies: 0,
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
        let folder = log_in(&self.state.folder);
        fs::create_dir_all(&self.state.folder).expect("a disk");
        self.state.lock().unsealed = unsealed(&folder);
        let mut keeping = Keeping::default();
        if self.role == Role::Origin {
            let Some(vault) = self.open_vault() else {
                self.bury();
                return false;
            };
            keeping = riding::keeping(&vault);
            self.vault = Some(vault);
        }
        let state = Arc::clone(&self.state);
        let clock = Arc::clone(&self.clock);
        let ids = Arc::clone(&self.ids);
        let draw = move || -> Uuid {
            let mut ids = ids.lock().unwrap_or_else(PoisonError::into_inner);
            ids.id()
        };
        let settings = Settings {
            segment_bytes_max: SEGMENT_BYTES,
            free_bytes_min: 0,
            store_segment_bytes: STORE_SEGMENT_BYTES,
            role: self.role,
            identity: Some(self.id),
            ids: Arc::new(draw),
            keeping,
            faults: eventlog::Faults::new(move |point| state.at(point)),
            ..Settings::new(move || clock.load(Ordering::SeqCst))
        };
        match EventLog::open(&folder, settings) {
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

    /// The time where it is.
    pub(crate) fn clock(&self) -> &Arc<AtomicI64> {
        &self.clock
    }

    /// The disk it has now.
    pub(crate) fn disk(&self) -> &Path {
        &self.state.folder
    }

    /// The vault beside the log.
    pub(crate) fn take_vault(&mut self) -> Option<Vault> {
        self.vault.take()
    }

    /// Opens the vault beside the log; none when it died of it.
    fn open_vault(&self) -> Option<Vault> {
        let (state, draws) = (Arc::clone(&self.state), Arc::clone(&self.draws));
        let settings = vault::Settings {
            free_bytes_min: 0,
            fill_bytes: VAULT_FILL_BYTES,
            file_bytes_max: VAULT_FILE_BYTES,
            before: Arc::new(move |step| state.at(vault_point(step))),
            random: Random::of_a_test(move |bytes| {
                let mut draws = draws.lock().unwrap_or_else(PoisonError::into_inner);
                draws.fill(bytes);
            }),
            ..vault::Settings::default()
        };
        let key = MasterKey::from_bytes(&[7; 32]);
        match Vault::open(&self.state.folder.join("vault"), key, settings) {
            Ok(vault) => Some(vault),
            Err(error) => {
                let dead = self.state.lock().dead;
                assert!(dead, "{}'s vault does not open: {error}", self.name);
                None
            }
        }
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
    pub(crate) fn kill(&mut self) {
        let mut now = self.state.lock();
        photograph(&self.state.folder, &self.state.next, None);
        now.dead = true;
        now.death = None;
    }

    /// It died at work: the next life begins from the copy. Gives whether pages were lost.
    pub(crate) fn bury(&mut self) -> bool {
        let cut = {
            let now = self.state.lock();
            assert!(now.dead);
            now.cut
        };
        drop(self.log.take());
        drop(self.vault.take());
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

    /// A folder's name of this machine's own that nothing has yet.
    fn fresh(&mut self, what: &str) -> PathBuf {
        self.copies += 1;
        let name = format!("{}-{what}-{}", self.name, self.copies);
        self.home.path().join(name)
    }

    /// Copies the disk as it is, while everything is at rest.
    pub(crate) fn remember(&mut self) {
        let folder = self.fresh("older");
        copy(&self.state.folder, &folder);
        let position = self.log().expect("it is alive").head().position;
        let at = self.clock.load(Ordering::SeqCst);
        let older = Older {
            folder,
            position,
            at,
        };
        if let Some(before) = self.older.replace(older) {
            drop(fs::remove_dir_all(before.folder));
        }
    }

    /// Takes a backup of the log, and of the vault if it has one; false when the machine has died of it.
    #[must_use]
    pub(crate) fn back_up(&mut self, of: Option<&Vault>) -> bool {
        let folder = self.fresh("backup");
        let vault = self.fresh("vault-backup");
        if let Some(of) = of
            && let Err(error) = office::copy_vault(of, &vault)
        {
            assert!(self.state.lock().dead, "{}: {error}", self.name);
            return false;
        }
        let at = self.clock.load(Ordering::SeqCst);
        let log = self.log().expect("it is alive");
        let exported = transfer::export(log, 0, &folder, |_| {}).expect("it is exported");
        let files: Vec<_> = exported.into_iter().map(|file| file.path).collect();
        let position = log.head().position;
        self.backup = (!files.is_empty()).then_some(Backup {
            files,
            vault,
            position,
            at,
        });
        true
    }

    /// The disk is what it was at some time, and nothing says so. Gives where the log ends.
    pub(crate) fn revert(&mut self) -> Position {
        let older = self.older.as_ref().expect("a copy");
        let position = older.position;
        drop(fs::remove_dir_all(&self.state.folder));
        copy(&older.folder, &self.state.folder);
        self.seen.store(position, Ordering::SeqCst);
        position
    }

    /// The disk is lost; the log is made anew of exported files, and the vault of the last copy, if there is one. Gives where
    /// the log ends, and from when on the vault lacks what it had.
    pub(crate) fn restore(&mut self, backup: &Backup, vault: Option<&Backup>) -> (Position, i64) {
        drop(fs::remove_dir_all(&self.state.folder));
        fs::create_dir_all(&self.state.folder).expect("a disk");
        let folder = log_in(&self.state.folder);
        transfer::import_into(&folder, self.role, &backup.files, &[], |_| {})
            .expect("the backup is whole");
        self.seen.store(backup.position, Ordering::SeqCst);
        if let Some(vault) = vault {
            vault::copy::restore(&vault.vault, &self.state.folder.join("vault"))
                .expect("the copy is whole");
        }
        erasures::mark_restored(&self.state.folder).expect("it is marked");
        (backup.position, vault.map_or(i64::MIN, |vault| vault.at))
    }

    /// The disk is lost.
    pub(crate) fn empty(&mut self) {
        drop(fs::remove_dir_all(&self.state.folder));
        self.seen.store(0, Ordering::SeqCst);
    }

    /// After a stop, the files of the newest records are what they were at some time: their disk had not written what it said
    /// it had. False when those files are others by now.
    pub(crate) fn lose_end(&mut self) -> bool {
        let older = self.older.as_ref().expect("a copy");
        let same = put_back(&older.folder, &self.state.folder);
        if same {
            self.seen.store(older.position, Ordering::SeqCst);
        }
        same
    }
}
