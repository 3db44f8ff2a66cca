//! Erasing: the key first, then the ciphertexts, both overwritten in place and synced.

use std::sync::Arc;

use uuid::Uuid;

use crate::cipher::SubjectTag;
use crate::disk::{DataFile, DiskError};
use crate::entry::{BLOCK, Header, span};
use crate::error::EraseError;
use crate::index::{Place, SlotState};
use crate::keys::{self, Slot};
use crate::writer::{Erase, Stop, Writer};

/// How much is gathered before it is written, in bytes; one record may be larger.
const RUN_BYTES_MAX: usize = 256 * 1024;

impl Writer {
    pub(crate) fn erase(&mut self, erases: Vec<Erase>) {
        if erases.is_empty() {
            return;
        }
        let tags: Vec<SubjectTag> = erases.iter().map(|erase| erase.tag).collect();
        let done = match self.closed() {
            Some(reason) => Err(EraseError::Closed(reason)),
            None => self
                .erase_all(&tags)
                .map_err(|stop| EraseError::Closed(self.stop(&stop))),
        };
        for erase in erases {
            (erase.reply)(done.clone());
        }
    }

    fn erase_all(&mut self, tags: &[SubjectTag]) -> Result<(), Stop> {
        self.forget_journal()?;
        self.overwritten += 1;
        let mut graves = Vec::new();
        let mut fresh = Vec::new();
        let first = {
            let mut index = self.shared.index_mut();
            let first = index.slots.next();
            for tag in tags {
                let all = index.slots.all_of(tag);
                if all.is_empty() {
                    // Nothing is known of it yet, and nothing may be: the tombstone refuses what comes later.
                    index.slots.push(Some(*tag), SlotState::Erased);
                    fresh.push(Slot::Erased(*tag));
                }
                for slot in all {
                    // From now on readers are refused, so that none takes what is half overwritten for damage.
                    if index.slots.state(slot) != Some(SlotState::Erased) {
                        index.slots.set(slot, SlotState::Erased);
                        graves.push((slot, Slot::Erased(*tag)));
                    }
                }
            }
            first
        };
        let file = Arc::clone(&self.shared.keyring().file);
        for (slot, tombstone) in &graves {
            file.write(&tombstone.encode(), keys::offset(*slot))?;
        }
        if !graves.is_empty() {
            file.sync()?;
            self.erase_in_rotation(&graves)?;
        }
        self.write_slots(first, fresh)?;
        let slots: Vec<u32> = graves.iter().map(|(slot, _)| *slot).collect();
        let entries = self.shared.index().entries_in(&slots);
        self.overwrite(entries)?;
        Ok(())
    }

    pub(crate) fn sweep(&mut self, entries: &[Uuid]) -> Result<u64, EraseError> {
        if let Some(reason) = self.closed() {
            return Err(EraseError::Closed(reason));
        }
        self.forget_journal()
            .map_err(|stop| EraseError::Closed(self.stop(&stop)))?;
        self.overwritten += 1;
        let taken: Vec<(Uuid, Place)> = {
            let mut index = self.shared.index_mut();
            let places = entries
                .iter()
                .filter_map(|entry| index.entries.remove(entry));
            // No event named it, so nobody will ask for it: not even its id stays.
            places.map(|place| (Uuid::nil(), place)).collect()
        };
        self.overwrite(taken.iter().copied())
            .map_err(|error| EraseError::Closed(self.stop(&error.into())))?;
        Ok(taken.len() as u64)
    }

    /// Writes zeros over bodies, nonces and checksums of records, and syncs them; the id given here stays.
    pub(crate) fn overwrite(
        &self,
        records: impl IntoIterator<Item = (Uuid, Place)>,
    ) -> Result<(), DiskError> {
        let files = self.shared.index().files.clone();
        let mut touched = vec![false; files.len()];
        let mut run = Run::default();
        for (id, place) in records {
            if !run.goes_on_with(place) {
                run.write(&files)?;
            }
            run.add(id, place);
            if let Some(touched) = touched.get_mut(place.file as usize) {
                *touched = true;
            }
        }
        run.write(&files)?;
        for (file, _) in files.iter().zip(&touched).filter(|(_, touched)| **touched) {
            file.sync()?;
        }
        Ok(())
    }
}

/// Neighbouring records that are overwritten at once.
#[derive(Default)]
struct Run {
    file: u32,
    start: u64,
    bytes: Vec<u8>,
}

impl Run {
    fn goes_on_with(&self, place: Place) -> bool {
        let end = self.start + self.bytes.len() as u64;
        (self.file, end) == (place.file, place.offset()) && self.bytes.len() < RUN_BYTES_MAX
    }

    fn add(&mut self, id: Uuid, place: Place) {
        if self.bytes.is_empty() {
            (self.file, self.start) = (place.file, place.offset());
        }
        let header = Header::destroyed(id, place.slot, place.length);
        self.bytes.extend(header.encode());
        let body = usize::try_from(span(place.length)).unwrap_or(usize::MAX) - BLOCK;
        self.bytes.resize(self.bytes.len() + body, 0);
    }

    fn write(&mut self, files: &[Arc<DataFile>]) -> Result<(), DiskError> {
        if let Some(file) = files.get(self.file as usize)
            && !self.bytes.is_empty()
        {
            file.write(&self.bytes, self.start)?;
        }
        self.bytes.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MasterKey, Settings};

    #[test]
    fn after_an_erasure_no_file_holds_the_key_wrapped_or_bare_nor_the_ciphertext() {
        let folder = tempfile::tempdir().unwrap();
        let master = MasterKey::from_bytes(&[8; 32]);
        let settings = Settings {
            free_bytes_min: 0,
            ..Settings::default()
        };
        let mut writer = crate::open::open(folder.path(), &master, settings).unwrap();
        let (answer, answers) = std::sync::mpsc::channel();
        let tag = writer.shared.tag(Uuid::from_u128(1));
        let entries = crate::draft::fresh(vec![b"Tran Thi B, 087190001234".to_vec()]);
        let subject = Uuid::from_u128(1);
        let random = crate::Random::SYSTEM;
        writer.put(vec![crate::writer::Put {
            draft: crate::Draft::new(&writer.shared, subject, entries, &random, 1024).unwrap(),
            reply: Box::new(move |sealed| answer.send(sealed).unwrap()),
        }]);
        for (reply, answered) in std::mem::take(&mut writer.answers) {
            reply(answered);
        }
        let sealed = answers.recv().unwrap().unwrap();
        let (slot, key) = writer.known_key(tag).unwrap().unwrap();
        let Slot::Live(_, wrapped) = keys::read(&writer.shared.keyring().file, slot).unwrap()
        else {
            panic!("the slot is not live")
        };
        let place = writer.shared.index().entries[&sealed[0].entry];
        let mut record = vec![0; BLOCK + place.length as usize];
        writer.shared.index().files[0]
            .read(&mut record, place.offset())
            .unwrap();
        let all = || -> Vec<u8> {
            let files = std::fs::read_dir(folder.path()).unwrap();
            files
                .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
                .collect()
        };
        let holds = |all: &[u8], part: &[u8]| all.windows(part.len()).any(|window| window == part);

        assert!(!holds(&all(), key.bytes()), "a bare key on the disk");
        assert!(holds(&all(), &wrapped.sealed) && holds(&all(), &record[BLOCK..]));
        writer.erase_all(&[tag]).unwrap();
        let after = all();
        for part in [
            &wrapped.sealed[..],
            &wrapped.nonce,
            key.bytes(),
            &record[32..56],
        ] {
            assert!(part.chunks_exact(8).all(|piece| !holds(&after, piece)));
        }
        assert!(
            record[BLOCK..]
                .chunks_exact(8)
                .all(|piece| !holds(&after, piece))
        );
    }
}
