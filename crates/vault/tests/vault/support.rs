//! What the tests share: opening, names of subjects, copies of folders, and searching them.

use std::fs;
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

use uuid::Uuid;
use vault::{Content, MasterKey, Settings, Step, Vault};

/// The master key number `n`.
pub(crate) fn master(n: u8) -> MasterKey {
    MasterKey::from_bytes(&[n; 32])
}

pub(crate) fn settings() -> Settings {
    Settings {
        free_bytes_min: 0,
        ..Settings::default()
    }
}

pub(crate) fn open(folder: &Path) -> Vault {
    Vault::open(folder, master(1), settings()).unwrap()
}

/// The subject number `n`; no run of zeros, so that its bytes can be searched for.
pub(crate) fn subject(n: u128) -> Uuid {
    Uuid::from_u128(n ^ 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c834)
}

/// Runs a future to its end on this thread.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(future)
}

/// Copies a folder's files as they are at this moment: what a killed process leaves.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let path = file.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

/// The names of the files that hold `part`.
pub(crate) fn files_with(folder: &Path, part: &[u8]) -> Vec<String> {
    assert!(part.len() >= 6, "too short to mean anything");
    let mut names = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        if bytes.windows(part.len()).any(|window| window == part) {
            names.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    names
}

/// How many subjects' wrapped keys lie beside their entries.
pub(crate) fn beside_their_entries(folder: &Path) -> usize {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap());
    let entries = files.filter(|file| file.file_name().to_string_lossy().starts_with("entries-"));
    let count = |bytes: Vec<u8>| {
        let blocks = bytes.chunks_exact(64);
        blocks.filter(|block| block.starts_with(b"HVE\x04")).count()
    };
    entries
        .map(|file| count(fs::read(file.path()).unwrap()))
        .sum()
}

/// What is done to the files of keys while this vault opens, in order; and the vault.
pub(crate) fn opened_watching_keys(folder: &Path) -> (Vault, Vec<Step>) {
    let steps = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&steps);
    let watching = Settings {
        before: Arc::new(move |step| {
            if let Step::Write(Content::Keys) | Step::Sync(Content::Keys) = step {
                seen.lock().unwrap().push(step);
            }
            Ok(())
        }),
        ..settings()
    };
    let vault = Vault::open(folder, master(1), watching).unwrap();
    let steps = steps.lock().unwrap().clone();
    (vault, steps)
}

/// Holds the vault's writer before a sync of keys, until it may go on.
pub(crate) struct Hold {
    after: Arc<AtomicUsize>,
    reached: Receiver<()>,
    go: SyncSender<()>,
}

impl Hold {
    /// And what is to be called before each step.
    pub(crate) fn new() -> (Self, impl Fn(Step) + Send + Sync + 'static) {
        let after = Arc::new(AtomicUsize::new(0));
        let (tell, reached) = sync_channel(1);
        let (go, gone) = sync_channel(1);
        let (count, gone) = (Arc::clone(&after), Mutex::new(gone));
        let before = move |step| {
            let counts = step == Step::Sync(Content::Keys) && count.load(Ordering::SeqCst) > 0;
            if counts && count.fetch_sub(1, Ordering::SeqCst) == 1 {
                tell.send(()).unwrap();
                gone.lock().unwrap().recv().unwrap();
            }
        };
        (Self { after, reached, go }, before)
    }

    /// Before the so-many-th sync of keys from now.
    pub(crate) fn before_sync(&self, nth: usize) {
        self.after.store(nth, Ordering::SeqCst);
    }

    /// Waits until it is held.
    pub(crate) fn reached(&self) {
        self.reached.recv().unwrap();
    }

    pub(crate) fn go(&self) {
        self.go.send(()).unwrap();
    }
}

/// Brings a call into the vault's queue; the answer is waited for later.
pub(crate) fn ask<F: Future>(call: F) -> Pin<Box<F>> {
    let mut call = Box::pin(call);
    let mut context = Context::from_waker(Waker::noop());
    assert!(call.as_mut().poll(&mut context).is_pending());
    call
}
