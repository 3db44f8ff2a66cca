//! A terminal's own journal on its own disk: what is keyed in is there, encrypted and synced, before anybody is told; what
//! is answered is taken away.
//!
//! | File | What |
//! |---|---|
//! | `terminal.toml` | who the terminal is; no secrets |
//! | `key` | its key, mode 0600 |
//! | `entries/0000000007` | an entry that waits for its answer, sealed |
//! | `refused/0000000003` | an entry that was refused, with the answer, until a person has looked at it, sealed |
//! | `damaged/0000000005` | an entry that could not be read any more, as it was found |
//! | `state.json` | the last number given, the receipt numbers left; no personal data |
//! | `*.new` | what was being written when the power went; nobody was told of it |
//!
//! An entry is a file: what a power cut tears is a file that nobody was told of, and what the disk spoils is that entry alone.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use api::hoso::intake::v1::{EntryAnswer, JournalEntry};
use prost::Message as _;
use serde::{Deserialize, Serialize};

use super::seal::{Damage, Key};
use crate::Failure;

const ENTRIES: &str = "entries";
const REFUSED: &str = "refused";
const DAMAGED: &str = "damaged";
const STATE: &str = "state.json";
const IDENTITY: &str = "terminal.toml";
/// What an unfinished file is called besides.
const UNFINISHED: &str = "new";

/// Who the terminal is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Its id.
    pub terminal: String,
    /// The post office it stands in.
    pub office: String,
    /// The firm that runs it.
    pub operator: String,
    /// The intake node that enrolled it.
    pub server: String,
    /// That node's digit; a folder of an earlier program does not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<u32>,
}

/// What is left of what was answered.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// The highest number ever given or told by the server.
    pub highest: u32,
    /// The catalogue version of the last welcome: by its checklists papers are counted.
    #[serde(default)]
    pub checklist: String,
    /// Receipt numbers that may be issued.
    #[serde(default)]
    pub receipts: Vec<Receipts>,
}

/// Receipt numbers that may be issued.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Receipts {
    /// The series.
    pub series: String,
    /// The next one.
    pub next: u64,
    /// The last one.
    pub last: u64,
}

/// A terminal's folder.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    key: Key,
    /// Who the terminal is.
    pub identity: Identity,
}

/// What was keyed in, as it lies in the journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Keyed {
    /// Its number.
    pub sequence: u32,
    /// It had been keyed in before, under the same command id.
    pub again: bool,
}

/// An entry that was refused, and why.
#[derive(Debug)]
pub struct Refused {
    /// The entry.
    pub entry: JournalEntry,
    /// The answer.
    pub answer: EntryAnswer,
}

/// Held while the folder is changed; whoever else wants to waits.
struct Locked<'a> {
    spool: &'a Spool,
    state: State,
    _lock: File,
}

impl Spool {
    /// Makes a terminal's folder, or says anew who it is.
    ///
    /// # Errors
    /// When it cannot be made, or is another terminal's.
    pub fn make(folder: &Path, identity: &Identity) -> Result<Self, Failure> {
        Self::may_make(folder, identity)?;
        for inner in [ENTRIES, REFUSED, DAMAGED] {
            fs::create_dir_all(folder.join(inner))?;
        }
        let text = toml::to_string(identity)?;
        keep(&folder.join(IDENTITY), text.as_bytes())?;
        // The folders' own names must survive too.
        if let Some(above) = folder.parent().filter(|it| !it.as_os_str().is_empty()) {
            File::open(above)?.sync_all()?;
        }
        Self::open(folder)
    }

    /// Whether the folder is this terminal's, or nobody's yet.
    ///
    /// # Errors
    /// When it is another terminal's.
    pub fn may_make(folder: &Path, identity: &Identity) -> Result<(), Failure> {
        match Self::open(folder) {
            Ok(there) if there.identity.terminal != identity.terminal => Err(format!(
                "{} is the folder of terminal {}; name another with --dir",
                folder.display(),
                there.identity.terminal
            )
            .into()),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Opens a terminal's folder.
    ///
    /// # Errors
    /// When there is none, or its key cannot be read.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(IDENTITY);
        let text = fs::read_to_string(&path).map_err(|error| {
            format!(
                "{}: {error}; `hoso terminal enrol` makes a terminal's folder",
                path.display()
            )
        })?;
        let identity =
            toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self {
            key: Key::read_or_draw(&folder.join("key"))?,
            folder: folder.to_owned(),
            identity,
        })
    }

    /// Writes what was keyed in; it is on the disk when this returns. The same command again is the same entry.
    ///
    /// # Errors
    /// When it cannot be written; nothing was keyed in then.
    pub fn append(&self, entry: JournalEntry) -> Result<Keyed, Failure> {
        self.locked()?.append(entry)
    }

    /// The numbers that wait for an answer, in order.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn waiting(&self) -> Result<BTreeSet<u32>, Failure> {
        numbers(&self.folder.join(ENTRIES))
    }

    /// An entry that waits.
    ///
    /// # Errors
    /// See [`Damage`]; one that is not there is cut off at nothing.
    pub fn entry(&self, sequence: u32) -> Result<JournalEntry, Damage> {
        let bytes = fs::read(self.path(ENTRIES, sequence)).map_err(|_| Damage::Form)?;
        let plain = self.key.open(&place(ENTRIES, sequence), &bytes)?;
        let entry = JournalEntry::decode(&plain[..]).map_err(|_| Damage::Content)?;
        (entry.sequence == sequence)
            .then_some(entry)
            .ok_or(Damage::Content)
    }

    /// The highest number given, and the highest up to which everything is answered.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn reach(&self) -> Result<(u32, u32), Failure> {
        let locked = self.locked()?;
        let waiting = self.waiting()?;
        let highest = locked.highest(&waiting);
        let acknowledged = waiting.first().map_or(highest, |first| first - 1);
        Ok((highest, acknowledged))
    }

    /// What is left of what was answered.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn state(&self) -> Result<State, Failure> {
        Ok(self.locked()?.state)
    }

    /// Changes what is kept besides the entries; on the disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written; nothing is changed then.
    pub fn change<R>(
        &self,
        change: impl FnOnce(&mut State) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let mut locked = self.locked()?;
        let result = change(&mut locked.state)?;
        locked.keep_state()?;
        Ok(result)
    }

    /// An entry is answered: it is taken away, a refused one laid aside for a person.
    ///
    /// # Errors
    /// When it cannot be; the entry waits on, and will be answered again.
    pub fn answered(&self, answer: &EntryAnswer) -> Result<(), Failure> {
        let sequence = answer.sequence;
        let mut locked = self.locked()?;
        if answer.refusal.is_some()
            && let Ok(entry) = self.entry(sequence)
        {
            let both = [
                entry.encode_length_delimited_to_vec(),
                answer.encode_to_vec(),
            ]
            .concat();
            let sealed = self.key.seal(&place(REFUSED, sequence), &both)?;
            keep(&self.path(REFUSED, sequence), &sealed)?;
        }
        locked.forget(sequence)
    }

    /// The server has something else under this number: the entry goes to the end, with the same command id.
    ///
    /// # Errors
    /// When it cannot be written; it keeps its number then.
    pub fn renumber(&self, sequence: u32) -> Result<(), Failure> {
        let mut locked = self.locked()?;
        if let Ok(entry) = self.entry(sequence) {
            let others = self.waiting()?.into_iter().filter(|it| *it != sequence);
            let moved = others
                .filter_map(|other| self.entry(other).ok())
                .any(|other| other.command_id == entry.command_id);
            if !moved {
                locked.write(entry)?;
            }
        }
        locked.forget(sequence)
    }

    /// An entry cannot be read any more: it is laid aside as it was found, and waits no longer.
    ///
    /// # Errors
    /// When it cannot be moved.
    pub fn lay_aside(&self, sequence: u32) -> Result<(), Failure> {
        let mut locked = self.locked()?;
        let from = self.path(ENTRIES, sequence);
        if from.exists() {
            fs::copy(&from, self.path(DAMAGED, sequence))?;
        }
        locked.forget(sequence)
    }

    /// The numbers of refused entries.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn refused(&self) -> Result<BTreeSet<u32>, Failure> {
        numbers(&self.folder.join(REFUSED))
    }

    /// A refused entry.
    ///
    /// # Errors
    /// See [`Damage`].
    pub fn refusal(&self, sequence: u32) -> Result<Refused, Damage> {
        let bytes = fs::read(self.path(REFUSED, sequence)).map_err(|_| Damage::Form)?;
        let plain = self.key.open(&place(REFUSED, sequence), &bytes)?;
        let mut rest = &plain[..];
        let entry = JournalEntry::decode_length_delimited(&mut rest);
        let answer = EntryAnswer::decode(rest);
        match (entry, answer) {
            (Ok(entry), Ok(answer)) => Ok(Refused { entry, answer }),
            (Err(_), _) | (_, Err(_)) => Err(Damage::Content),
        }
    }

    /// A person has seen to a refused entry: nothing is left of it.
    ///
    /// # Errors
    /// When none of that number is there.
    pub fn dismiss(&self, sequence: u32) -> Result<(), Failure> {
        let _locked = self.locked()?;
        fs::remove_file(self.path(REFUSED, sequence)).map_err(|_| {
            format!("no refused entry has the number {sequence}; `hoso terminal queue` lists them")
        })?;
        Ok(File::open(self.folder.join(REFUSED))?.sync_all()?)
    }

    /// The numbers of entries that could not be read any more.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn damaged(&self) -> Result<BTreeSet<u32>, Failure> {
        numbers(&self.folder.join(DAMAGED))
    }

    /// Only one synchronises at a time; none when another does.
    ///
    /// # Errors
    /// When the lock cannot be had for another reason.
    pub fn synchronising(&self) -> Result<Option<File>, Failure> {
        let file = File::create(self.folder.join("sync.lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error.into()),
        }
    }

    fn locked(&self) -> Result<Locked<'_>, Failure> {
        let lock = File::create(self.folder.join("lock"))?;
        lock.lock()?;
        for inner in [ENTRIES, REFUSED] {
            forget_unfinished(&self.folder.join(inner))?;
        }
        Ok(Locked {
            spool: self,
            state: self.read_state()?,
            _lock: lock,
        })
    }

    /// A state that cannot be read is told and laid aside: the server says what number comes next, and receipts are leased anew.
    fn read_state(&self) -> Result<State, Failure> {
        let path = self.folder.join(STATE);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(State::default()),
            Err(error) => return Err(error.into()),
        };
        if let Ok(state) = serde_json::from_slice(&text) {
            return Ok(state);
        }
        let aside = path.with_extension("damaged");
        tracing::error!(file = %aside.display(), "the terminal's state cannot be read; receipt numbers must be leased anew");
        fs::rename(&path, aside)?;
        Ok(State::default())
    }

    fn path(&self, inner: &str, sequence: u32) -> PathBuf {
        self.folder.join(inner).join(format!("{sequence:010}"))
    }
}

impl Locked<'_> {
    fn append(&mut self, entry: JournalEntry) -> Result<Keyed, Failure> {
        for sequence in self.spool.waiting()? {
            if let Ok(there) = self.spool.entry(sequence)
                && there.command_id == entry.command_id
            {
                let again = true;
                return Ok(Keyed { sequence, again });
            }
        }
        let sequence = self.write(entry)?;
        let again = false;
        Ok(Keyed { sequence, again })
    }

    /// Writes an entry at the end.
    fn write(&mut self, mut entry: JournalEntry) -> Result<u32, Failure> {
        let highest = self.highest(&self.spool.waiting()?);
        entry.sequence = highest
            .checked_add(1)
            .ok_or("the journal has no number left")?;
        let place = place(ENTRIES, entry.sequence);
        let plain = zeroize::Zeroizing::new(entry.encode_to_vec());
        let sealed = self.spool.key.seal(&place, &plain)?;
        keep(&self.spool.path(ENTRIES, entry.sequence), &sealed)?;
        Ok(entry.sequence)
    }

    /// The highest number, also of entries that are gone.
    fn highest(&self, waiting: &BTreeSet<u32>) -> u32 {
        self.state.highest.max(waiting.last().copied().unwrap_or(0))
    }

    /// Takes an entry away; its number is never given again.
    fn forget(&mut self, sequence: u32) -> Result<(), Failure> {
        let path = self.spool.path(ENTRIES, sequence);
        if !path.exists() {
            return Ok(());
        }
        let highest = self.highest(&self.spool.waiting()?);
        if self.state.highest < highest {
            self.state.highest = highest;
            self.keep_state()?;
        }
        fs::remove_file(path)?;
        Ok(File::open(self.spool.folder.join(ENTRIES))?.sync_all()?)
    }

    fn keep_state(&self) -> Result<(), Failure> {
        let text = serde_json::to_vec_pretty(&self.state)?;
        Ok(keep(&self.spool.folder.join(STATE), &text)?)
    }
}

fn place(inner: &str, sequence: u32) -> Vec<u8> {
    [inner.as_bytes(), &sequence.to_be_bytes()].concat()
}

/// Puts a file there whole, or not at all; synced with its name when this returns.
fn keep(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension(UNFINISHED);
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// The numbers of the files there; what has no number is none of ours.
fn numbers(folder: &Path) -> Result<BTreeSet<u32>, Failure> {
    let mut found = BTreeSet::new();
    for file in fs::read_dir(folder)? {
        let name = file?.file_name();
        found.extend(name.to_str().and_then(|name| name.parse::<u32>().ok()));
    }
    Ok(found)
}

fn forget_unfinished(folder: &Path) -> io::Result<()> {
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        if path.extension().is_some_and(|it| it == UNFINISHED) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "spool/tests.rs"]
mod tests;
