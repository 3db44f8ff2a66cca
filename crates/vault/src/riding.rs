//! What rides along in the log's journal: kept here without a sync of its own, and once more after a stop that was unclean.
//!
//! A new subject's key and entries are written where they belong, and the same bytes, sealed under the [journal
//! key](crate::journal_key), are on the disk with the record that names them: one sync for both. Here they are synced for many
//! at once. When a vault has lost what its log's journal still has, it gets it back from there before anybody asks for it.

use std::collections::{HashMap, HashSet};

use tracing::{error, info};
use uuid::Uuid;

use crate::cipher::{SubjectTag, WRAPPED_BYTES, Wrapped};
use crate::disk::DiskError;
use crate::draft::Rider;
use crate::entry::{BLOCK, Ciphertext, Header, Kind};
use crate::index::SlotState;
use crate::journal_key::Opened;
use crate::keys::{self, Slot};
use crate::stowage::Kept;
use crate::writer::{Stop, Writer, nth_after};

impl Writer {
    /// Keeps riders of new subjects; whatever else there is to be done or said about one is left to a put.
    pub(crate) fn ride(&mut self, riders: &[Rider]) -> Kept {
        let full = |writer: &Self| writer.disk_nearly_full().is_some();
        if riders.is_empty() || self.closed().is_some() || full(self) {
            return Kept::none(riders.len());
        }
        self.ride_along(riders).unwrap_or_else(|stop| {
            self.stop(&stop);
            Kept::none(riders.len())
        })
    }

    fn ride_along(&mut self, riders: &[Rider]) -> Result<Kept, Stop> {
        let first = self.shared.index().slots.next();
        let mut batch = self.batch();
        let mut fresh = Vec::with_capacity(riders.len());
        let mut each = Vec::with_capacity(riders.len());
        let mut seen = HashSet::with_capacity(riders.len());
        for rider in riders {
            let known = self.shared.index().slots.of(&rider.tag).is_some();
            let new = !known && seen.insert(rider.tag);
            each.push(new);
            if new {
                let slot = nth_after(first, fresh.len())?;
                fresh.push((rider.tag, &rider.key));
                for entry in &rider.entries {
                    batch.add(entry, slot);
                }
            }
        }
        if fresh.is_empty() {
            let bytes = Vec::new();
            return Ok(Kept { each, bytes });
        }
        let slots = self.add_keys(&mut batch, first, &fresh)?;
        let bytes = self.journal_key.seal(&self.settings.random, &batch.bytes)?;
        let base = self.write_down(&batch, first, slots.into_iter())?;
        self.show(batch, base);
        Ok(Kept { each, bytes })
    }

    /// What rode along so far is on the disk where it belongs.
    pub(crate) fn settle(&mut self) -> Result<(), Stop> {
        if let Some(reason) = self.closed() {
            return Err(Stop::Closed(reason));
        }
        self.live.sync()?;
        self.checkpoint_in_time();
        match self.closed() {
            Some(reason) => Err(Stop::Closed(reason)),
            None => Ok(()),
        }
    }

    /// What rode along so far is where it belongs, and whatever a journal has of it nobody can read any more.
    pub(crate) fn forget_journal(&mut self) -> Result<(), Stop> {
        self.checkpoint()?;
        if self.journal_key.is_used() {
            let keyring = self.shared.keyring();
            let random = &self.settings.random;
            self.journal_key.renew(&keyring.wrapping, random)?;
        }
        Ok(())
    }

    /// Keeps what [`ride`](Self::ride) gave, on the disk, unless it is here.
    pub(crate) fn restore(&mut self, sealed: &[u8]) -> Result<(), Stop> {
        if let Some(reason) = self.closed() {
            return Err(Stop::Closed(reason));
        }
        match self.journal_key.open_sealed(sealed) {
            Opened::Settled => {
                info!("what the log's journal has is from before the last erasure: it is all here");
                Ok(())
            }
            Opened::Bytes(bytes) => self.restore_records(&Records::of(&bytes)),
            Opened::Unreadable => {
                // Whoever asks for an entry that is lost by it is told so.
                error!("what the log's journal has for this vault cannot be read");
                Ok(())
            }
        }
    }

    fn restore_records(&mut self, records: &Records) -> Result<(), Stop> {
        let mut batch = self.batch();
        let first = self.shared.index().slots.next();
        let mut fresh = Vec::new();
        let mut slots = Vec::new();
        for (old, tag, wrapped) in &records.keys {
            let entries = records.entries.get(old).map_or(&[][..], Vec::as_slice);
            let (here, missing): (Vec<_>, Vec<_>) = entries
                .iter()
                .partition(|entry| self.shared.index().entries.contains_key(&entry.entry()));
            let slot = match self.slot_of(*tag, wrapped, &here)? {
                Standing::Refused => continue,
                Standing::Here(slot) => slot,
                Standing::Keyless(slot) => {
                    slots.push((slot, Slot::Live(*tag, *wrapped)));
                    slot
                }
                Standing::Unknown => {
                    let slot = nth_after(first, fresh.len())?;
                    fresh.push(Slot::Live(*tag, *wrapped));
                    batch.add_key(*tag, slot, wrapped);
                    slot
                }
            };
            for entry in missing {
                batch.add(entry, slot);
            }
        }
        if slots.is_empty() && batch.bytes.is_empty() {
            return Ok(());
        }
        info!(
            entries = batch.entries.len(),
            keys = fresh.len() + slots.len(),
            "kept once more, out of the log's journal"
        );
        let base = self.write_down(&batch, first, fresh.into_iter())?;
        for (slot, key) in &slots {
            let file = &self.shared.keyring().file;
            file.write(&key.encode(), keys::offset(*slot))?;
        }
        self.live.sync()?;
        self.shared.keyring().file.sync()?;
        for (slot, key) in slots {
            if let Slot::Live(tag, _) = key {
                self.shared.index_mut().slots.restore(slot, tag);
            }
        }
        self.show(batch, base);
        Ok(())
    }

    fn slot_of(
        &self,
        tag: SubjectTag,
        wrapped: &Wrapped,
        here: &[&Ciphertext],
    ) -> Result<Standing, DiskError> {
        let index = self.shared.index();
        let known = index.slots.all_of(&tag);
        let states = known.iter().map(|slot| index.slots.state(*slot));
        if states.flatten().any(SlotState::refuses) {
            return Ok(Standing::Refused);
        }
        let ours = Slot::Live(tag, *wrapped);
        for slot in known {
            if keys::read(&self.shared.keyring().file, slot)? == ours {
                return Ok(Standing::Here(slot));
            }
        }
        // Its entries came to the disk, and its key did not.
        let places = here
            .iter()
            .filter_map(|entry| index.entries.get(&entry.entry()));
        let keyless = places
            .map(|place| place.slot)
            .find(|slot| index.slots.state(*slot) == Some(SlotState::Damaged));
        Ok(keyless.map_or(Standing::Unknown, Standing::Keyless))
    }
}

/// What the vault has of a subject that a journal brings.
enum Standing {
    /// It was erased.
    Refused,
    /// The very key is in this slot.
    Here(u32),
    /// An entry names this slot, which has no key.
    Keyless(u32),
    /// Nothing.
    Unknown,
}

/// The records in what rode along.
#[derive(Default)]
struct Records {
    /// Slot, subject, key.
    keys: Vec<(u32, SubjectTag, Wrapped)>,
    /// By slot.
    entries: HashMap<u32, Vec<Ciphertext>>,
}

impl Records {
    fn of(mut bytes: &[u8]) -> Self {
        let mut records = Self::default();
        while let Some(header) = Header::decode(bytes) {
            let span = usize::try_from(header.span()).unwrap_or(usize::MAX);
            let length = header.length as usize;
            let (Some(body), Some(rest)) = (bytes.get(BLOCK..BLOCK + length), bytes.get(span..))
            else {
                break;
            };
            records.take(&header, body);
            bytes = rest;
        }
        records
    }

    fn take(&mut self, header: &Header, body: &[u8]) {
        let Header {
            kind,
            entry,
            slot,
            nonce,
            ..
        } = *header;
        match kind {
            Kind::Entry => {
                let entry = Ciphertext::sealed(entry, nonce, body.to_vec());
                self.entries.entry(slot).or_default().push(entry);
            }
            Kind::Key => {
                let mut sealed = [0; WRAPPED_BYTES];
                if body.len() == sealed.len() {
                    sealed.copy_from_slice(body);
                    let tag = Uuid::into_bytes(entry);
                    self.keys.push((slot, tag, Wrapped { nonce, sealed }));
                }
            }
            Kind::Destroyed | Kind::End => {}
        }
    }
}
