//! The handle: what a service does with a vault.

use std::future::Future;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;
use tracing::{error, info};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::cipher::Random;
use crate::copy::{CopyError, Outline};
use crate::draft::{self, Brought, Draft};
use crate::error::{EraseError, GetError, OpenError, PutError, Refused, RotateError};
use crate::exchange::{Files, MasterKeys};
use crate::index::{Damage, Mark, SlotState};
use crate::master_key::MasterKey;
use crate::read::Shared;
use crate::settings::{QUEUE_BYTES_LIMIT, Settings};
use crate::stowage::Stowage;
use crate::turns::Turns;
use crate::writer::{Erase, Job, Put, Reply};

/// A kept entry, as an event names it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Sealed {
    /// The entry.
    pub entry: Uuid,
    /// SHA-256 of its ciphertext.
    pub digest: [u8; 32],
}

/// What a vault holds, in numbers; no personal data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Status {
    /// Entries that are known, erased ones included.
    pub entries: usize,
    /// Subjects with a key.
    pub subjects: usize,
    /// Subjects that were erased.
    pub erased: usize,
    /// Stretches of files that cannot be read, found on opening.
    pub damage: Vec<Damage>,
    /// Why nothing more is taken, if so.
    pub closed: Option<String>,
}

/// An open vault. Clones share it; it closes when the last is dropped, or on [`close`](Self::close).
#[derive(Clone, Debug)]
pub struct Vault(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) shared: Arc<Shared>,
    turns: Arc<Turns>,
    jobs: SyncSender<Job>,
    queue_bytes_max: usize,
    random: Random,
    /// Where the master key and its successor are.
    pub(crate) files: Option<Arc<Files>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault")
            .field("folder", &self.shared.folder)
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn close(&self) {
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // What was to follow a put may have had the last handle: the thread ends by itself then, as nobody can ask it any more.
        let elsewhere = |thread: &JoinHandle<()>| thread.thread().id() != thread::current().id();
        if let Some(thread) = thread.filter(elsewhere) {
            // Fails only when the thread is gone already.
            let _ = self.jobs.send(Job::Close);
            let _ = thread.join();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

impl Vault {
    /// Opens the vault in `folder`, or makes one there. Reads all of its files once, to know what is where.
    ///
    /// # Errors
    /// When it is open elsewhere, the master key is another, a file is missing or the disk fails. A damaged entry is no
    /// reason not to open: see [`status`](Self::status) and [`GetError::Damaged`].
    #[allow(
        clippy::needless_pass_by_value,
        reason = "the caller's copies of keys and settings are to end here"
    )]
    pub fn open(
        folder: &Path,
        keys: impl Into<MasterKeys>,
        settings: Settings,
    ) -> Result<Self, OpenError> {
        let queue_bytes_max = settings.queue_bytes_max.min(QUEUE_BYTES_LIMIT);
        let (jobs, waiting) = mpsc::sync_channel(settings.queue_max);
        let keys: MasterKeys = keys.into();
        let writer = keys.open(folder, &settings)?;
        let shared = Arc::clone(&writer.shared);
        let turns = Arc::new(Turns::new(writer));
        let own = Arc::clone(&turns);
        let thread = thread::Builder::new()
            .name("vault".to_owned())
            .spawn(move || own.run(&waiting))
            .map_err(|error| OpenError::Thread(error.to_string()))?;
        let vault = Self(Arc::new(Inner {
            shared,
            turns,
            jobs,
            queue_bytes_max,
            random: settings.random,
            files: keys.files,
            thread: Mutex::new(Some(thread)),
        }));
        let status = vault.status();
        info!(
            entries = status.entries,
            subjects = status.subjects,
            erased = status.erased,
            damaged = status.damage.len(),
            "vault open"
        );
        Ok(vault)
    }

    /// Keeps an entry under the subject's own key. Key and ciphertext are on the disk when this returns.
    ///
    /// If the caller stops waiting, the entry may be kept all the same: [`sweep`](Self::sweep) finds it.
    ///
    /// # Errors
    /// See [`PutError`]; nothing is kept then, unless the disk failed in the middle, when the vault is closed.
    pub async fn put(&self, subject: Uuid, plaintext: Vec<u8>) -> Result<Sealed, PutError> {
        one(self.put_many(subject, vec![plaintext]).await?)
    }

    /// Keeps several entries of a subject, all or none, with one sync.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub async fn put_many(
        &self,
        subject: Uuid,
        plaintexts: Vec<Vec<u8>>,
    ) -> Result<Vec<Sealed>, PutError> {
        let draft = self.draft(subject, plaintexts)?;
        let (reply, answer) = oneshot::channel();
        self.send_put(draft, to_task(reply))?;
        answer
            .await
            .unwrap_or_else(|_| Err(PutError::Closed(self.why_closed())))
    }

    /// Entries as they are to be kept by [`keep_then`](Self::keep_then). Nothing is written; an unused draft leaves nothing.
    ///
    /// # Errors
    /// When they are too large.
    pub fn draft(&self, subject: Uuid, plaintexts: Vec<Vec<u8>>) -> Result<Draft, PutError> {
        self.draft_of(subject, draft::fresh(plaintexts))
    }

    pub(crate) fn draft_of(&self, subject: Uuid, entries: Vec<Brought>) -> Result<Draft, PutError> {
        let Inner {
            shared,
            random,
            queue_bytes_max,
            ..
        } = &*self.0;
        Draft::new(shared, subject, entries, random, *queue_bytes_max)
    }

    /// [`put_many`](Self::put_many) that goes on by itself: `then` is called with the answer on the vault's own thread, which
    /// writes nothing meanwhile, so it must not wait for anything. It is dropped uncalled when the vault is gone by then.
    ///
    /// # Errors
    /// See [`PutError`]; `then` is not called then.
    pub fn keep_then(
        &self,
        draft: Draft,
        then: impl FnOnce(Result<Vec<Sealed>, PutError>) + Send + 'static,
    ) -> Result<(), PutError> {
        let reply: Reply<_> = Box::new(move |answer| {
            // What is done then is not the vault's, and must not end it.
            if panic::catch_unwind(AssertUnwindSafe(|| then(answer))).is_err() {
                error!("what was to follow a put panicked; the vault goes on");
            }
        });
        self.send_put(draft, reply)
    }

    /// Where what rides along in the log's journal is kept.
    pub fn stowage(&self) -> Stowage {
        let Inner { turns, shared, .. } = &*self.0;
        Stowage::new(Arc::clone(turns), Arc::clone(shared))
    }

    /// [`put`](Self::put) for a thread that may block.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn put_blocking(&self, subject: Uuid, plaintext: Vec<u8>) -> Result<Sealed, PutError> {
        let draft = self.draft(subject, vec![plaintext])?;
        let (reply, answer) = mpsc::sync_channel(1);
        self.send_put(draft, to_thread(reply))?;
        one(answer
            .recv()
            .unwrap_or_else(|_| Err(PutError::Closed(self.why_closed())))?)
    }

    pub(crate) fn send_put(
        &self,
        draft: Draft,
        reply: Reply<Result<Vec<Sealed>, PutError>>,
    ) -> Result<(), PutError> {
        let waiting = &self.0.shared.waiting;
        let bytes = draft.bytes;
        let before = waiting.fetch_add(bytes, Ordering::Relaxed);
        let sent = if before + bytes > self.0.queue_bytes_max {
            Err(Refused::Busy)
        } else {
            self.send(Job::Put(Put { draft, reply }))
        };
        sent.map_err(|refused| {
            waiting.fetch_sub(bytes, Ordering::Relaxed);
            refused.into()
        })
    }

    fn send(&self, job: Job) -> Result<(), Refused> {
        self.0.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Refused::Busy,
            TrySendError::Disconnected(_) => Refused::Closed(self.why_closed()),
        })
    }

    pub(crate) fn why_closed(&self) -> String {
        self.failed()
            .unwrap_or_else(|| "its writer is gone".to_owned())
    }

    /// Reads an entry. Reads the disk (or the page cache) on the calling thread.
    ///
    /// # Errors
    /// See [`GetError`]; what is given is exactly what was kept, or nothing.
    pub fn get(&self, entry: Uuid) -> Result<Zeroizing<Vec<u8>>, GetError> {
        self.0.shared.get(entry)
    }

    /// Whether the entry is here, with its key.
    pub fn has(&self, entry: Uuid) -> bool {
        self.0.shared.has(entry)
    }

    /// Destroys a subject's key, then overwrites its ciphertexts, and leaves a tombstone that refuses later entries. All
    /// of it is on the disk when this returns; doing it again is no error. A subject never seen gets its tombstone too.
    ///
    /// # Errors
    /// See [`EraseError`]: ask again. An erasure interrupted after the key is finished when the vault opens.
    pub async fn erase(&self, subject: Uuid) -> Result<(), EraseError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Erase(Erase {
            tag: self.0.shared.tag(subject),
            reply: to_task(reply),
        }))?;
        answer
            .await
            .unwrap_or_else(|_| Err(EraseError::Closed(self.why_closed())))
    }

    /// [`erase`](Self::erase) for a thread that may block.
    ///
    /// # Errors
    /// As [`erase`](Self::erase).
    pub fn erase_blocking(&self, subject: Uuid) -> Result<(), EraseError> {
        let (reply, answer) = mpsc::sync_channel(1);
        self.send(Job::Erase(Erase {
            tag: self.0.shared.tag(subject),
            reply: to_thread(reply),
        }))?;
        answer
            .recv()
            .unwrap_or_else(|_| Err(EraseError::Closed(self.why_closed())))
    }

    /// Whether the subject was erased.
    pub fn is_erased(&self, subject: Uuid) -> bool {
        let tag = self.0.shared.tag(subject);
        self.0
            .shared
            .index()
            .slots
            .of(&tag)
            .is_some_and(|(_, state)| state.refuses())
    }

    /// This moment, for [`sweep`](Self::sweep).
    pub fn mark(&self) -> Mark {
        self.0.shared.index().end
    }

    /// Destroys the ciphertexts of orphans: entries older than a mark that no event refers to. Says how many there were.
    ///
    /// An entry is kept before the event that names it, so: take the [`mark`](Self::mark), let every command that was
    /// under way then come to its end, and only then find out what is referred to. No clock is asked, so none can lie.
    ///
    /// # Errors
    /// See [`EraseError`].
    pub fn sweep(
        &self,
        referenced: impl Fn(Uuid) -> bool,
        older_than: Mark,
    ) -> impl Future<Output = Result<u64, EraseError>> + Send + 'static {
        let orphans = self.orphans(referenced, older_than);
        let vault = self.clone();
        async move {
            if orphans.is_empty() {
                return Ok(0);
            }
            let (reply, answer) = oneshot::channel();
            vault.send(Job::Sweep(orphans, to_task(reply)))?;
            answer
                .await
                .unwrap_or_else(|_| Err(EraseError::Closed(vault.why_closed())))
        }
    }

    /// The entries older than a mark whose subject was not erased.
    pub fn older_than(&self, mark: Mark) -> Vec<Uuid> {
        self.0.shared.index().older_than(mark)
    }

    fn orphans(&self, referenced: impl Fn(Uuid) -> bool, older_than: Mark) -> Vec<Uuid> {
        // The caller's function may take its time, or look into this vault: no lock is held meanwhile.
        let mut entries = self.older_than(older_than);
        entries.retain(|entry| !referenced(*entry));
        entries
    }

    /// Sixteen bytes by which equal inputs under equal labels can be recognised, and from which nobody without the vault
    /// can find the input, even by trying all identity numbers: HMAC-SHA-256 under a key of the vault's own, truncated.
    /// Stays the same for the vault's whole life; another vault gives others.
    pub fn fingerprint(&self, label: &str, bytes: &[u8]) -> [u8; 16] {
        self.0.shared.fingerprints.of(label, bytes)
    }

    /// Puts all subject keys under another master key, a step at a time: other calls go on meanwhile, and an erasure is final
    /// under either key. Fingerprints and entries stay as they are. When this returns, nothing is left under the old key.
    ///
    /// # Errors
    /// See [`RotateError`].
    pub async fn rotate(&self, new: MasterKey) -> Result<(), RotateError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Rotate(new, to_task(reply)))?;
        answer
            .await
            .unwrap_or_else(|_| Err(RotateError::Closed(self.why_closed())))
    }

    /// What a copy of the vault holds, as it is now.
    ///
    /// # Errors
    /// See [`CopyError`].
    pub async fn outline(&self) -> Result<Outline, CopyError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Outline(to_task(reply)))?;
        answer
            .await
            .unwrap_or_else(|_| Err(CopyError::Closed(self.why_closed())))
    }

    /// The bytes of a part of a copy from `at` on, at most [`PIECE_BYTES_MAX`](crate::copy::PIECE_BYTES_MAX); none at its end.
    ///
    /// # Errors
    /// See [`CopyError`]; after `Changed` a new outline is needed.
    pub async fn piece(
        &self,
        outline: &Outline,
        part: usize,
        at: u64,
    ) -> Result<Vec<u8>, CopyError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Piece(outline.clone(), part, at, to_task(reply)))?;
        answer
            .await
            .unwrap_or_else(|_| Err(CopyError::Closed(self.why_closed())))
    }

    /// Finishes what waits and closes; later calls are refused. The folder can be opened again when this returns.
    pub fn close(&self) {
        self.0.close();
    }

    /// Why nothing more is taken, if so: the disk failed, or the vault was closed.
    pub fn failed(&self) -> Option<String> {
        self.0.shared.closed.get().cloned()
    }

    /// Drawn each time the vault opens: another one than before means that it may be a copy that knows less.
    pub fn opening(&self) -> Uuid {
        self.0.shared.opening
    }

    /// What it holds, in numbers.
    pub fn status(&self) -> Status {
        let index = self.0.shared.index();
        Status {
            entries: index.entries.len(),
            subjects: index.slots.count(SlotState::Live),
            erased: index.slots.count(SlotState::Erased)
                + index.slots.count(SlotState::DamagedTombstone),
            damage: index.damage.clone(),
            closed: self.failed(),
        }
    }
}

/// The answer to a call with one entry.
fn one(sealed: Vec<Sealed>) -> Result<Sealed, PutError> {
    let lost = || PutError::Closed("an answer was lost".to_owned());
    sealed.into_iter().next().ok_or_else(lost)
}

/// Answers a task; that nobody waits any more is no error.
pub(crate) fn to_task<T: Send + 'static>(reply: oneshot::Sender<T>) -> Reply<T> {
    Box::new(move |answer| {
        let _ = reply.send(answer);
    })
}

/// Answers a thread.
fn to_thread<T: Send + 'static>(reply: SyncSender<T>) -> Reply<T> {
    Box::new(move |answer| {
        let _ = reply.send(answer);
    })
}
