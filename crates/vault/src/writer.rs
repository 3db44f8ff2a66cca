//! What writes, one thing at a time: keys and entries, their sync, and only then the answers.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use thiserror::Error;
use tracing::{error, info};
use uuid::Uuid;

use crate::cipher::{NoRandomness, Secret, SubjectTag, random_id, random_nonce};
use crate::copy::{CopyError, Outline};
use crate::disk::{self, DiskError};
use crate::draft::Draft;
use crate::entry::{Batch, Ciphertext, KEY_LENGTH};
use crate::error::{EraseError, PutError, RotateError};
use crate::files::Live;
use crate::index::{Mark, Place, SlotState};
use crate::journal_key::JournalKey;
use crate::keys::{self, SLOT_BYTES, Slot};
use crate::manifest::Manifest;
use crate::master_key::MasterKey;
use crate::open::Lock;
use crate::read::Shared;
use crate::rotate::Rotation;
use crate::settings::{FILE_BYTES_LIMIT, Settings};
use crate::vault::Sealed;

/// Where an answer goes.
pub(crate) type Reply<T> = Box<dyn FnOnce(T) + Send>;

/// What is said to a put.
pub(crate) type Answer = Result<Vec<Sealed>, PutError>;

/// Entries that somebody wants kept.
pub(crate) struct Put {
    pub(crate) draft: Draft,
    pub(crate) reply: Reply<Answer>,
}

/// A subject that is to be erased.
pub(crate) struct Erase {
    pub(crate) tag: SubjectTag,
    pub(crate) reply: Reply<Result<(), EraseError>>,
}

/// What the writer is asked for.
pub(crate) enum Job {
    Put(Put),
    Erase(Erase),
    /// Entries that nothing refers to.
    Sweep(Vec<Uuid>, Reply<Result<u64, EraseError>>),
    Rotate(MasterKey, Reply<Result<(), RotateError>>),
    Outline(Reply<Result<Outline, CopyError>>),
    /// A part of the outline, from this byte on.
    Piece(Outline, usize, u64, Reply<Result<Vec<u8>, CopyError>>),
    Close,
}

/// Why the writer stops for good.
#[derive(Debug, Error)]
pub(crate) enum Stop {
    #[error(transparent)]
    Disk(#[from] DiskError),
    #[error("the system gives no random bytes: {0}")]
    Random(#[from] NoRandomness),
    #[error("the vault has no room for more {0}")]
    Exhausted(&'static str),
    /// It was closed already.
    #[error("{0}")]
    Closed(String),
}

pub(crate) struct Writer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) settings: Settings,
    pub(crate) manifest: Manifest,
    /// Slots up to here are zeros, synced.
    pub(crate) slots_filled: u32,
    pub(crate) live: Live,
    /// What riders lie under in the log's journal.
    pub(crate) journal_key: JournalKey,
    /// How often something that was there was overwritten.
    pub(crate) overwritten: u64,
    /// A change of the master key, while it is under way.
    pub(crate) rotation: Option<Rotation>,
    /// Keys that lie beside their entries until the next checkpoint.
    pub(crate) noted: Vec<Place>,
    /// To be given once the turn is over: what follows a put may end the log, whose thread may be waiting for its turn.
    pub(crate) answers: Vec<(Reply<Answer>, Answer)>,
    /// Held while the vault is open; the lock goes when this is dropped.
    pub(crate) _lock: Lock,
}

impl Writer {
    /// Closes; says whether all that was written is synced.
    pub(crate) fn close(&mut self) -> bool {
        self.leave_rotation("it was closed before the master key was changed");
        let sound = self.shared.closed.get().is_none();
        let marked = sound
            && match self.checkpoint().and_then(|()| self.live.mark_end()) {
                Ok(()) => {
                    info!("vault closed");
                    true
                }
                Err(stop) => {
                    error!(%stop, "the vault's last mark was not written; opening checks its end");
                    false
                }
            };
        let _ = self.shared.closed.set("it was closed".to_owned());
        marked
    }

    /// Does the jobs in order, neighbours of a kind together; false when it is time to go.
    pub(crate) fn work(&mut self, jobs: &mut impl Iterator<Item = Job>) -> bool {
        let mut puts = Vec::new();
        let mut erases = Vec::new();
        for job in jobs {
            match job {
                Job::Put(put) => {
                    self.erase(std::mem::take(&mut erases));
                    puts.push(put);
                    continue;
                }
                Job::Erase(erase) => {
                    self.put(std::mem::take(&mut puts));
                    erases.push(erase);
                    continue;
                }
                Job::Sweep(..)
                | Job::Rotate(..)
                | Job::Outline(_)
                | Job::Piece(..)
                | Job::Close => {}
            }
            self.put(std::mem::take(&mut puts));
            self.erase(std::mem::take(&mut erases));
            match job {
                Job::Sweep(entries, reply) => reply(self.sweep(&entries)),
                Job::Rotate(new, reply) => self.rotate(&new, reply),
                Job::Outline(reply) => reply(self.outline()),
                Job::Piece(outline, part, at, reply) => reply(self.piece(&outline, part, at)),
                Job::Close => return false,
                Job::Put(_) | Job::Erase(_) => {}
            }
        }
        self.put(puts);
        self.erase(erases);
        true
    }

    /// Why nothing more is done, if so.
    pub(crate) fn closed(&self) -> Option<String> {
        self.shared.closed.get().cloned()
    }

    /// Stops for good: what the disk holds after a failed write or sync is not known until the vault opens again.
    pub(crate) fn stop(&self, stop: &Stop) -> String {
        let reason = stop.to_string();
        error!(%reason, "the vault is closed");
        self.shared.closed.get_or_init(|| reason).clone()
    }

    /// Keeps; the answers are given by whoever let the writer have its turn.
    pub(crate) fn put(&mut self, puts: Vec<Put>) {
        if puts.is_empty() {
            return;
        }
        let refused = self
            .closed()
            .map(PutError::Closed)
            .or_else(|| self.disk_nearly_full());
        if let Some(refused) = refused {
            for put in puts {
                self.answers.push((put.reply, Err(refused.clone())));
            }
            return;
        }
        let mut taken = Vec::with_capacity(puts.len());
        for put in puts {
            let erased = self
                .shared
                .index()
                .slots
                .of(&put.draft.tag)
                .is_some_and(|(_, state)| state.refuses());
            if erased {
                let subject = put.draft.subject;
                let erased = Err(PutError::Erased { subject });
                self.answers.push((put.reply, erased));
            } else {
                taken.push(put);
            }
        }
        match self.commit(&taken) {
            Ok(sealed) => {
                let answered = taken.into_iter().zip(sealed);
                let answered = answered.map(|(put, sealed)| (put.reply, Ok(sealed)));
                self.answers.extend(answered);
            }
            Err(stop) => {
                let reason = self.stop(&stop);
                for put in taken {
                    let closed = Err(PutError::Closed(reason.clone()));
                    self.answers.push((put.reply, closed));
                }
            }
        }
    }

    pub(crate) fn disk_nearly_full(&self) -> Option<PutError> {
        let min = self.settings.free_bytes_min;
        match disk::free_bytes(&self.shared.folder) {
            Ok(free) if free < min => Some(PutError::DiskNearlyFull { free, min }),
            Ok(_) => None,
            Err(error) => Some(PutError::Closed(self.stop(&error.into()))),
        }
    }

    /// New keys go along with the entries and are synced with them, and nobody is answered before. A power cut before that
    /// may leave an entry without its key: nobody was told of it, its slot counts as given away, and the sweep of orphans
    /// takes it.
    fn commit(&mut self, puts: &[Put]) -> Result<Vec<Vec<Sealed>>, Stop> {
        let first = self.shared.index().slots.next();
        let mut fresh = Vec::new();
        let mut known: HashMap<SubjectTag, (u32, Cow<'_, Secret>)> = HashMap::new();
        let mut batch = self.batch();
        let mut answers = Vec::with_capacity(puts.len());
        for Put { draft, .. } in puts {
            let mut foreseen = None;
            let (slot, key) = match known.entry(draft.tag) {
                Entry::Occupied(found) => found.into_mut(),
                Entry::Vacant(place) => place.insert(match self.known_key(draft.tag)? {
                    Some((slot, key)) => (slot, Cow::Owned(key)),
                    None => {
                        let slot = nth_after(first, fresh.len())?;
                        fresh.push(draft.tag);
                        foreseen = draft.foreseen.as_ref();
                        let key = match foreseen {
                            Some(foreseen) => Cow::Borrowed(&foreseen.key),
                            None => Cow::Owned(Secret::random(&self.settings.random)?),
                        };
                        (slot, key)
                    }
                }),
            };
            let made = match foreseen {
                Some(_) => Vec::new(),
                None => self.seal(draft, key)?,
            };
            let sealed = foreseen.map_or(&made, |foreseen| &foreseen.entries);
            for entry in sealed {
                batch.add(entry, *slot);
            }
            answers.push(sealed.iter().map(Ciphertext::named).collect());
        }
        let keys: Vec<_> = fresh
            .iter()
            .filter_map(|tag| Some((*tag, &*known.get(tag)?.1)))
            .collect();
        let slots = self.add_keys(&mut batch, first, &keys)?;
        let base = self.write_down(&batch, first, slots.into_iter())?;
        self.live.sync()?;
        self.show(batch, base);
        Ok(answers)
    }

    /// What is to be written next.
    pub(crate) fn batch(&self) -> Batch {
        Batch::after(self.live.unsynced())
    }

    /// Adds new subjects' keys, wrapped; gives them as their slots will hold them, from this one on.
    pub(crate) fn add_keys(
        &self,
        batch: &mut Batch,
        first: u32,
        keys: &[(SubjectTag, &Secret)],
    ) -> Result<Vec<Slot>, Stop> {
        let wrapped = keys::wrap_all(&self.shared.keyring().wrapping, keys)?;
        let mut slots = Vec::with_capacity(keys.len());
        for (((tag, _), wrapped), nth) in keys.iter().zip(wrapped).zip(0..) {
            batch.add_key(*tag, nth_after(first, nth)?, &wrapped);
            slots.push(Slot::Live(*tag, wrapped));
        }
        Ok(slots)
    }

    /// Writes new keys from this slot on, and entries; says where those lie. Nothing is synced yet.
    pub(crate) fn write_down(
        &mut self,
        batch: &Batch,
        first: u32,
        slots: impl Iterator<Item = Slot>,
    ) -> Result<Mark, Stop> {
        self.make_room(batch.bytes.len())?;
        let base = self.live.mark();
        self.fill_slots(first, slots)?;
        self.live.write(&batch.bytes)?;
        Ok(base)
    }

    /// Lets everybody see what was written.
    pub(crate) fn show(&mut self, batch: Batch, base: Mark) {
        let place = |block, length, slot| Place {
            file: base.file,
            block: base.block + block,
            length,
            slot,
        };
        let mut index = self.shared.index_mut();
        for key in batch.keys {
            index.slots.push(Some(key.tag), SlotState::Live);
            self.noted.push(place(key.block, KEY_LENGTH, key.slot));
        }
        for entry in batch.entries {
            let place = place(entry.block, entry.length, entry.slot);
            index.entries.insert(entry.entry, place);
        }
        index.end = self.live.mark();
    }

    /// Under the key that the subject has by now; what is here already is passed over.
    fn seal(&self, draft: &Draft, key: &Secret) -> Result<Vec<Ciphertext>, NoRandomness> {
        let random = &self.settings.random;
        let entries = draft.entries.iter();
        entries
            .filter(|brought| !brought.id.is_some_and(|id| self.shared.has(id)))
            .map(|brought| {
                let id = brought.id.map_or_else(|| random_id(random), Ok)?;
                let nonce = random_nonce(random)?;
                Ok(Ciphertext::seal(key, draft.tag, id, nonce, &brought.text))
            })
            .collect()
    }

    /// The subject's slot and key; none when it has none that can be read.
    pub(crate) fn known_key(&self, tag: SubjectTag) -> Result<Option<(u32, Secret)>, DiskError> {
        let Some((slot, SlotState::Live)) = self.shared.index().slots.of(&tag) else {
            return Ok(None);
        };
        let keyring = self.shared.keyring();
        if let Slot::Live(of, wrapped) = keys::read(&keyring.file, slot)?
            && of == tag
            && let Some(key) = keys::key(&keyring.wrapping, tag, &wrapped)
        {
            return Ok(Some((slot, key)));
        }
        error!(
            file = keyring.file.name(),
            offset = keys::offset(slot),
            "a subject's key is damaged; it gets a new one"
        );
        self.shared.index_mut().slots.set(slot, SlotState::Damaged);
        Ok(None)
    }

    /// Writes neighbouring new slots and syncs them.
    pub(crate) fn write_slots(&mut self, first: u32, slots: Vec<Slot>) -> Result<(), Stop> {
        if slots.is_empty() {
            return Ok(());
        }
        self.fill_slots(first, slots.into_iter())?;
        Ok(self.shared.keyring().file.sync()?)
    }

    /// Writes neighbouring new slots; they are not synced yet.
    fn fill_slots(&mut self, first: u32, slots: impl Iterator<Item = Slot>) -> Result<(), Stop> {
        let bytes: Vec<u8> = slots.flat_map(|slot| slot.encode()).collect();
        if bytes.is_empty() {
            return Ok(());
        }
        let file = Arc::clone(&self.shared.keyring().file);
        let end = nth_after(first, bytes.len() / SLOT_BYTES)?;
        if end > self.slots_filled {
            let filled = end
                .checked_next_multiple_of(keys::step_slots(&self.settings))
                .ok_or(Stop::Exhausted("subjects"))?;
            file.write_zeros(keys::offset(self.slots_filled), keys::offset(filled))?;
            file.sync()?;
            self.slots_filled = filled;
        }
        file.write(&bytes, keys::offset(first))?;
        Ok(())
    }

    /// Begins the next file when the batch would make this one too large.
    fn make_room(&mut self, bytes: usize) -> Result<(), Stop> {
        let max = self.settings.file_bytes_max.min(FILE_BYTES_LIMIT);
        if self.live.end == 0 || self.live.end + bytes as u64 <= max {
            return Ok(());
        }
        self.checkpoint()?;
        self.live.close()?;
        let number = self
            .live
            .number
            .checked_add(1)
            .ok_or(Stop::Exhausted("files"))?;
        let next = Live::create(&self.shared.folder, number, &self.settings)?;
        self.manifest.files = number.saturating_add(1);
        self.manifest
            .replace(&self.shared.folder, &self.settings.before)?;
        self.shared.index_mut().files.push(Arc::clone(&next.file));
        self.live = next;
        Ok(())
    }
}

/// A slot's number, counted from another.
pub(crate) fn nth_after(first: u32, nth: usize) -> Result<u32, Stop> {
    let nth = u32::try_from(nth)
        .ok()
        .and_then(|nth| first.checked_add(nth));
    nth.ok_or(Stop::Exhausted("subjects"))
}
