//! The keys file: fixed slots, one a subject, overwritten in place when the subject is erased.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cipher::{NONCE_BYTES, NoRandomness, Secret, SubjectTag, WRAPPED_BYTES, Wrapped};
use crate::disk::{DataFile, DiskError};
use crate::index::{SlotState, Slots};
use crate::manifest::number;
use crate::settings::Settings;

/// Bytes of a slot: a divisor of the sector, so that no slot is ever torn.
pub(crate) const SLOT_BYTES: usize = 128;
/// How many slots of zeros are written and synced ahead at a time: a new subject then costs no change of the file's length.
pub(crate) fn step_slots(settings: &Settings) -> u32 {
    u32::try_from(settings.fill_bytes / (2 * SLOT_BYTES as u64))
        .unwrap_or(u32::MAX)
        .max(1)
}

const MAGIC: [u8; 4] = *b"HVK1";
const LIVE: u8 = 1;
const ERASED: u8 = 2;

/// What a slot says. 128 bytes, little-endian: magic 4, state 1, zeros 3, subject tag 16, nonce 24, wrapped key 48,
/// zeros 28, crc32 of all before 4. A slot of zeros is free.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Slot {
    /// Nobody's yet.
    Free,
    /// A subject and its key.
    Live(SubjectTag, Wrapped),
    /// A subject whose key was destroyed.
    Erased(SubjectTag),
    /// Not what was written, but once a tombstone by the look of it.
    DamagedTombstone(SubjectTag),
    /// Not what was written; the tag may be right.
    Damaged(SubjectTag),
}

impl Slot {
    pub(crate) fn encode(&self) -> [u8; SLOT_BYTES] {
        let mut bytes = [0; SLOT_BYTES];
        let (state, tag) = match self {
            Self::Free | Self::Damaged(_) | Self::DamagedTombstone(_) => return bytes,
            Self::Live(tag, wrapped) => {
                bytes[24..48].copy_from_slice(&wrapped.nonce);
                bytes[48..96].copy_from_slice(&wrapped.sealed);
                (LIVE, tag)
            }
            Self::Erased(tag) => (ERASED, tag),
        };
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4] = state;
        bytes[8..24].copy_from_slice(tag);
        let checksum = crc32fast::hash(&bytes[..124]);
        bytes[124..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8; SLOT_BYTES]) -> Self {
        if *bytes == [0; SLOT_BYTES] {
            return Self::Free;
        }
        let mut tag = [0; 16];
        tag.copy_from_slice(&bytes[8..24]);
        let whole = bytes[..4] == MAGIC && number(bytes, 124) == crc32fast::hash(&bytes[..124]);
        if !whole {
            let keyless = bytes[24..96].iter().all(|byte| *byte == 0);
            return if keyless || bytes[4] == ERASED {
                Self::DamagedTombstone(tag)
            } else {
                Self::Damaged(tag)
            };
        }
        if bytes[4] != LIVE {
            return Self::Erased(tag);
        }
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(&bytes[24..48]);
        let mut sealed = [0; WRAPPED_BYTES];
        sealed.copy_from_slice(&bytes[48..96]);
        Self::Live(tag, Wrapped { nonce, sealed })
    }
}

/// Where a slot begins in the file.
pub(crate) fn offset(slot: u32) -> u64 {
    u64::from(slot) * SLOT_BYTES as u64
}

pub(crate) fn path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("keys-{number:04}"))
}

/// Reads a slot.
pub(crate) fn read(file: &DataFile, slot: u32) -> Result<Slot, DiskError> {
    let mut bytes = [0; SLOT_BYTES];
    file.read(&mut bytes, offset(slot))?;
    Ok(Slot::decode(&bytes))
}

/// Wraps a subject's key, as its slot holds it.
pub(crate) fn wrap(
    wrapping: &Secret,
    tag: SubjectTag,
    key: &Secret,
) -> Result<Wrapped, NoRandomness> {
    wrapping.wrap(key, &purpose(tag))
}

/// [`wrap`] for several, in order.
pub(crate) fn wrap_all(
    wrapping: &Secret,
    keys: &[(SubjectTag, &Secret)],
) -> Result<Vec<Wrapped>, NoRandomness> {
    let keys: Vec<_> = keys
        .iter()
        .map(|(tag, key)| (purpose(*tag), *key))
        .collect();
    wrapping.wrap_all(&keys)
}

/// A subject's key, if it was wrapped under this master key and for this subject.
pub(crate) fn key(wrapping: &Secret, tag: SubjectTag, wrapped: &Wrapped) -> Option<Secret> {
    wrapping.uncover(wrapped, &purpose(tag))
}

fn purpose(tag: SubjectTag) -> [u8; 48] {
    let mut purpose = *b"hoso vault subject key v1       ................";
    purpose[32..].copy_from_slice(&tag);
    purpose
}

/// The keys file in use and what opens it.
pub(crate) struct Keyring {
    pub(crate) wrapping: Secret,
    pub(crate) file: Arc<DataFile>,
}

/// Reads all slots; gives them and how many slots the file is long.
pub(crate) fn scan(file: &DataFile) -> Result<(Slots, u32), DiskError> {
    let mut slots = Slots::default();
    let mut chunk = vec![0; SLOT_BYTES * 4096];
    let mut at = 0;
    let mut length: u32 = 0;
    // Free slots between used ones: a batch that was cut, or a damaged disk. They are not ours to use again.
    let mut free = 0;
    loop {
        let filled = file.read(&mut chunk, at)?;
        for bytes in chunk[..filled].chunks_exact(SLOT_BYTES) {
            let mut slot = [0; SLOT_BYTES];
            slot.copy_from_slice(bytes);
            length = length.saturating_add(1);
            let (tag, state) = match Slot::decode(&slot) {
                Slot::Free => {
                    free += 1;
                    continue;
                }
                Slot::Live(tag, _) => (tag, SlotState::Live),
                Slot::Erased(tag) => (tag, SlotState::Erased),
                Slot::DamagedTombstone(tag) => (tag, SlotState::DamagedTombstone),
                Slot::Damaged(tag) => (tag, SlotState::Damaged),
            };
            for _ in 0..free {
                slots.push(None, SlotState::Damaged);
            }
            free = 0;
            slots.push(Some(tag), state);
        }
        if filled < chunk.len() {
            return Ok((slots, length));
        }
        at += filled as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(byte: u8) -> Secret {
        let mut secret = Secret::empty();
        secret.bytes_mut().fill(byte);
        secret
    }

    #[test]
    fn a_slot_gives_its_key_back_and_an_erased_one_holds_none() {
        let slot = Slot::Live([9; 16], wrap(&secret(1), [9; 16], &secret(2)).unwrap());
        let Slot::Live(tag, wrapped) = Slot::decode(&slot.encode()) else {
            panic!("not live")
        };
        assert_eq!(key(&secret(1), tag, &wrapped).unwrap().bytes(), &[2; 32]);
        let erased = Slot::Erased([9; 16]).encode();
        assert_eq!(erased[24..124], [0; 100]);
        assert_eq!(Slot::decode(&erased), Slot::Erased([9; 16]));
        assert_eq!(Slot::decode(&[0; SLOT_BYTES]), Slot::Free);
    }

    #[test]
    fn slots_written_by_version_1_are_read_for_ever() {
        let mut written = b"HVK1\x01\0\0\0".to_vec();
        written.extend([0x11; 16]);
        written.extend([0x22; 24]);
        written.extend([0x33; 48]);
        written.extend([0; 28]);
        written.extend(crc32fast::hash(&written).to_le_bytes());
        let slot = Slot::Live(
            [0x11; 16],
            Wrapped {
                nonce: [0x22; 24],
                sealed: [0x33; 48],
            },
        );
        assert_eq!(slot.encode()[..], written);
        assert_eq!(Slot::decode(written[..].try_into().unwrap()), slot);
    }

    #[test]
    fn a_flipped_byte_never_gives_another_key_and_never_revives_a_tombstone() {
        let wrapped = wrap(&secret(1), [9; 16], &secret(2)).unwrap();
        let slot = Slot::Live([9; 16], wrapped).encode();
        let erased = Slot::Erased([9; 16]).encode();
        for at in 0..SLOT_BYTES {
            for bit in 0..8 {
                let mut flipped = slot;
                flipped[at] ^= 1 << bit;
                let found = Slot::decode(&flipped);
                assert!(
                    matches!(found, Slot::Damaged(_) | Slot::DamagedTombstone(_)),
                    "byte {at}"
                );
                let mut flipped = erased;
                flipped[at] ^= 1 << bit;
                assert!(
                    matches!(Slot::decode(&flipped), Slot::DamagedTombstone(_)),
                    "byte {at}"
                );
            }
        }
    }
}
