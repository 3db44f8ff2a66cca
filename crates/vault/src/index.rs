//! What is where, in memory: rebuilt from the files each time the vault opens.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::cipher::SubjectTag;
use crate::disk::DataFile;
use crate::entry::BLOCK;

/// Where an entry lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    /// Which file, from 0.
    pub(crate) file: u32,
    /// Where in it, in blocks.
    pub(crate) block: u32,
    /// Bytes of ciphertext.
    pub(crate) length: u32,
    /// The subject's slot.
    pub(crate) slot: u32,
}

impl Place {
    pub(crate) fn offset(&self) -> u64 {
        u64::from(self.block) * BLOCK as u64
    }

    fn mark(&self) -> Mark {
        Mark {
            file: self.file,
            block: self.block,
        }
    }
}

/// A moment in a vault's life: entries are older or younger than it, whatever any clock says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Mark {
    pub(crate) file: u32,
    pub(crate) block: u32,
}

/// A stretch of a file that is not what was written and cannot be told whose it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// The file's name in the vault's folder.
    pub file: String,
    /// Where the stretch begins.
    pub offset: u64,
    /// How long it is; 0 when the file ends too early.
    pub bytes: u64,
}

/// The state of a slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SlotState {
    Live,
    Erased,
    /// Damaged, but once a tombstone: nothing is kept about its subject any more, and nothing is destroyed on its word.
    DamagedTombstone,
    Damaged,
}

impl SlotState {
    /// Whether the subject is to be taken as erased.
    pub(crate) fn refuses(self) -> bool {
        match self {
            Self::Erased | Self::DamagedTombstone => true,
            Self::Live | Self::Damaged => false,
        }
    }
}

/// Which slot is whose.
#[derive(Default)]
pub(crate) struct Slots {
    states: Vec<SlotState>,
    by_tag: HashMap<SubjectTag, u32>,
    /// Slots of a subject besides the one in `by_tag`: damaged ones that were replaced.
    others: Vec<(SubjectTag, u32)>,
}

impl Slots {
    /// The slot that is taken next.
    pub(crate) fn next(&self) -> u32 {
        u32::try_from(self.states.len()).unwrap_or(u32::MAX)
    }

    /// Takes the next slot.
    pub(crate) fn push(&mut self, tag: Option<SubjectTag>, state: SlotState) {
        let slot = self.next();
        self.states.push(state);
        if let Some(tag) = tag {
            self.name(slot, tag);
        }
    }

    /// Takes the slots up to this one for given away: something names them.
    pub(crate) fn reach(&mut self, slot: u32) {
        while self.next() <= slot {
            self.push(None, SlotState::Damaged);
        }
    }

    /// The subject's key was found elsewhere; says whether it is this slot's. A tombstone stays.
    pub(crate) fn restore(&mut self, slot: u32, tag: SubjectTag) -> bool {
        self.reach(slot);
        match self.state(slot) {
            Some(SlotState::Damaged) => {
                self.set(slot, SlotState::Live);
                self.name(slot, tag);
                true
            }
            Some(SlotState::Live) => self.by_tag.get(&tag) == Some(&slot),
            Some(SlotState::Erased | SlotState::DamagedTombstone) | None => false,
        }
    }

    fn name(&mut self, slot: u32, tag: SubjectTag) {
        match self
            .by_tag
            .get(&tag)
            .map(|earlier| (*earlier, self.state(*earlier)))
        {
            Some((earlier, _)) if earlier == slot => {}
            // A tombstone speaks for its subject, whatever else there is.
            Some((_, Some(earlier))) if earlier.refuses() => self.others.push((tag, slot)),
            Some((earlier, _)) => {
                self.others.push((tag, earlier));
                self.by_tag.insert(tag, slot);
            }
            None => {
                self.by_tag.insert(tag, slot);
            }
        }
    }

    pub(crate) fn state(&self, slot: u32) -> Option<SlotState> {
        self.states.get(slot as usize).copied()
    }

    pub(crate) fn set(&mut self, slot: u32, to: SlotState) {
        if let Some(state) = self.states.get_mut(slot as usize) {
            *state = to;
        }
    }

    /// The subject's slot, and its state.
    pub(crate) fn of(&self, tag: &SubjectTag) -> Option<(u32, SlotState)> {
        let slot = *self.by_tag.get(tag)?;
        Some((slot, self.state(slot)?))
    }

    /// All the subject's slots.
    pub(crate) fn all_of(&self, tag: &SubjectTag) -> Vec<u32> {
        let others = self
            .others
            .iter()
            .filter(|(of, _)| of == tag)
            .map(|(_, slot)| *slot);
        self.by_tag
            .get(tag)
            .copied()
            .into_iter()
            .chain(others)
            .collect()
    }

    /// How many slots are in this state.
    pub(crate) fn count(&self, state: SlotState) -> usize {
        self.states.iter().filter(|found| **found == state).count()
    }
}

/// What is where.
pub(crate) struct Index {
    pub(crate) slots: Slots,
    pub(crate) entries: HashMap<Uuid, Place>,
    /// Files of entries, in order.
    pub(crate) files: Vec<Arc<DataFile>>,
    pub(crate) damage: Vec<Damage>,
    /// Where the next entry goes.
    pub(crate) end: Mark,
}

impl Index {
    /// Entries whose subject's slot is one of these.
    pub(crate) fn entries_in(&self, slots: &[u32]) -> Vec<(Uuid, Place)> {
        // Erasures are rare: looking through all costs less than keeping a list per subject in memory for ever.
        self.entries
            .iter()
            .filter(|(_, place)| slots.contains(&place.slot))
            .map(|(entry, place)| (*entry, *place))
            .collect()
    }

    /// Entries older than the mark whose subject was not erased.
    pub(crate) fn older_than(&self, mark: Mark) -> Vec<Uuid> {
        self.entries
            .iter()
            .filter(|(_, place)| place.mark() < mark)
            .filter(|(_, place)| self.slots.state(place.slot) != Some(SlotState::Erased))
            .map(|(entry, _)| *entry)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tombstone_speaks_for_its_subject_whatever_order_slots_are_found_in() {
        for order in [
            [SlotState::Erased, SlotState::Live],
            [SlotState::Live, SlotState::Erased],
        ] {
            let mut slots = Slots::default();
            for state in order {
                slots.push(Some([1; 16]), state);
            }
            assert_eq!(slots.of(&[1; 16]).unwrap().1, SlotState::Erased);
            assert_eq!(slots.all_of(&[1; 16]).len(), 2);
        }
    }
}
