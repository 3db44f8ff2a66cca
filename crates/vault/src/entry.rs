//! The records in a file of entries: a header, the ciphertext, zeros up to the next block.

use uuid::Uuid;

use crate::cipher::{NONCE_BYTES, Secret, SubjectTag, TAG_BYTES, WRAPPED_BYTES, Wrapped, sha256};
use crate::manifest::number;
use crate::settings::PLAINTEXT_BYTES_MAX;
use crate::vault::Sealed;

/// Records begin at multiples of this: a header then lies in one sector and is never torn.
pub(crate) const BLOCK: usize = 64;

const MAGIC: [u8; 3] = *b"HVE";
/// Bytes of a wrapped key, as a header counts them.
pub(crate) const KEY_LENGTH: u32 = 48;
const _: () = assert!(KEY_LENGTH as usize == WRAPPED_BYTES);

/// What a record is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// A ciphertext.
    Entry,
    /// Where a ciphertext was; zeros now.
    Destroyed,
    /// Everything before it was synced before it was written: at the end of a closed file, after each orderly stop, and
    /// after each recovery.
    End,
    /// A new subject's wrapped key, until the keys file is synced: see [`crate::checkpoint`].
    Key,
}

/// The header of a record. 64 bytes, little-endian: magic 3, kind 1, blocks back to what was not synced 4, entry 16
/// (of a key: its subject's tag), slot 4, length of the body 4, nonce 24, crc32 of the body 4, crc32 of all before 4.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Header {
    pub(crate) kind: Kind,
    /// How many blocks before this record began what was not synced yet, its own batch or an earlier one. All before that was
    /// synced when this was written, so damage there is damage, and only what is later can be torn.
    pub(crate) back: u32,
    pub(crate) entry: Uuid,
    pub(crate) slot: u32,
    pub(crate) length: u32,
    pub(crate) nonce: [u8; NONCE_BYTES],
    pub(crate) body_checksum: u32,
}

impl Header {
    /// The record that stands where a ciphertext was.
    pub(crate) fn destroyed(entry: Uuid, slot: u32, length: u32) -> Self {
        // It was synced long before it is overwritten: nothing up to here can be torn.
        Self {
            kind: Kind::Destroyed,
            back: 0,
            entry,
            slot,
            length,
            nonce: [0; NONCE_BYTES],
            body_checksum: 0,
        }
    }

    pub(crate) fn end() -> Self {
        Self {
            kind: Kind::End,
            ..Self::destroyed(Uuid::nil(), 0, 0)
        }
    }

    pub(crate) fn encode(&self) -> [u8; BLOCK] {
        let mut bytes = [0; BLOCK];
        bytes[..3].copy_from_slice(&MAGIC);
        bytes[3] = match self.kind {
            Kind::Entry => 1,
            Kind::Destroyed => 2,
            Kind::End => 3,
            Kind::Key => 4,
        };
        bytes[4..8].copy_from_slice(&self.back.to_le_bytes());
        bytes[8..24].copy_from_slice(self.entry.as_bytes());
        bytes[24..28].copy_from_slice(&self.slot.to_le_bytes());
        bytes[28..32].copy_from_slice(&self.length.to_le_bytes());
        bytes[32..56].copy_from_slice(&self.nonce);
        bytes[56..60].copy_from_slice(&self.body_checksum.to_le_bytes());
        let checksum = crc32fast::hash(&bytes[..60]);
        bytes[60..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// The header, if that is what the bytes are.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; BLOCK] = bytes.get(..BLOCK)?.try_into().ok()?;
        if bytes[..3] != MAGIC || number(bytes, 60) != crc32fast::hash(&bytes[..60]) {
            return None;
        }
        let kind = match bytes[3] {
            1 => Kind::Entry,
            2 => Kind::Destroyed,
            3 => Kind::End,
            4 => Kind::Key,
            _ => return None,
        };
        let length = number(bytes, 28);
        let fits = match kind {
            Kind::Entry => {
                (TAG_BYTES..=PLAINTEXT_BYTES_MAX + TAG_BYTES).contains(&(length as usize))
            }
            Kind::Destroyed => true,
            Kind::End => length == 0,
            Kind::Key => length == KEY_LENGTH,
        };
        let mut entry = [0; 16];
        entry.copy_from_slice(&bytes[8..24]);
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(&bytes[32..56]);
        fits.then_some(Self {
            kind,
            back: number(bytes, 4),
            entry: Uuid::from_bytes(entry),
            slot: number(bytes, 24),
            length,
            nonce,
            body_checksum: number(bytes, 56),
        })
    }

    /// Whether this body is the one that was written.
    pub(crate) fn fits(&self, body: &[u8]) -> bool {
        match self.kind {
            Kind::Entry | Kind::Key => crc32fast::hash(body) == self.body_checksum,
            Kind::Destroyed | Kind::End => body.iter().all(|byte| *byte == 0),
        }
    }

    /// Bytes of the whole record.
    pub(crate) fn span(&self) -> u64 {
        span(self.length)
    }
}

/// Bytes of a record whose body is `length` bytes long.
pub(crate) fn span(length: u32) -> u64 {
    BLOCK as u64 + u64::from(length).next_multiple_of(BLOCK as u64)
}

/// A place in a batch, in blocks; a batch is at most some tens of MiB.
fn blocks(at: usize) -> u32 {
    u32::try_from(at / BLOCK).unwrap_or(u32::MAX)
}

/// What a ciphertext is bound to besides its key: an entry cannot stand in for another, nor for another subject's.
pub(crate) fn bound_to(entry: Uuid, tag: SubjectTag) -> [u8; 56] {
    let mut bound = *b"hoso vault entry v1     ................................";
    bound[24..40].copy_from_slice(entry.as_bytes());
    bound[40..].copy_from_slice(&tag);
    bound
}

/// An entry as a batch holds it.
pub(crate) struct Fresh {
    pub(crate) entry: Uuid,
    pub(crate) slot: u32,
    /// Blocks from the start of the batch.
    pub(crate) block: u32,
    pub(crate) length: u32,
}

/// A new subject's key as a batch holds it.
pub(crate) struct FreshKey {
    pub(crate) tag: SubjectTag,
    pub(crate) slot: u32,
    /// Blocks from the start of the batch.
    pub(crate) block: u32,
}

/// Records that are written and synced together.
#[derive(Default)]
pub(crate) struct Batch {
    /// How many blocks before it are not synced when it is written.
    unsynced: u32,
    pub(crate) bytes: Vec<u8>,
    pub(crate) entries: Vec<Fresh>,
    pub(crate) keys: Vec<FreshKey>,
}

impl Batch {
    /// That comes after so many blocks which are not synced yet.
    pub(crate) fn after(unsynced: u32) -> Self {
        Self {
            unsynced,
            ..Self::default()
        }
    }

    /// How many blocks before this one nothing is known to be synced.
    fn back(&self, block: u32) -> u32 {
        block.saturating_add(self.unsynced)
    }

    /// Adds a new subject's key.
    pub(crate) fn add_key(&mut self, tag: SubjectTag, slot: u32, wrapped: &Wrapped) {
        let block = blocks(self.bytes.len());
        let header = Header {
            kind: Kind::Key,
            back: self.back(block),
            entry: Uuid::from_bytes(tag),
            slot,
            length: KEY_LENGTH,
            nonce: wrapped.nonce,
            body_checksum: crc32fast::hash(&wrapped.sealed),
        };
        self.bytes.extend(header.encode());
        self.bytes.extend(wrapped.sealed);
        self.bytes
            .resize(self.bytes.len().next_multiple_of(BLOCK), 0);
        self.keys.push(FreshKey { tag, slot, block });
    }

    /// Adds an entry, under the key in this slot.
    pub(crate) fn add(&mut self, sealed: &Ciphertext, slot: u32) {
        let block = blocks(self.bytes.len());
        // An entry is at most 64 KiB.
        let length = u32::try_from(sealed.bytes.len()).unwrap_or(u32::MAX);
        let header = Header {
            kind: Kind::Entry,
            back: self.back(block),
            entry: sealed.entry,
            slot,
            length,
            nonce: sealed.nonce,
            body_checksum: crc32fast::hash(&sealed.bytes),
        };
        self.bytes.extend(header.encode());
        self.bytes.extend(&sealed.bytes);
        self.bytes
            .resize(self.bytes.len().next_multiple_of(BLOCK), 0);
        self.entries.push(Fresh {
            entry: sealed.entry,
            slot,
            block,
            length,
        });
    }
}

/// An entry as it is kept, but for where.
pub(crate) struct Ciphertext {
    entry: Uuid,
    nonce: [u8; NONCE_BYTES],
    bytes: Vec<u8>,
    /// SHA-256 of `bytes`.
    digest: [u8; 32],
}

impl Ciphertext {
    pub(crate) fn seal(
        key: &Secret,
        tag: SubjectTag,
        entry: Uuid,
        nonce: [u8; NONCE_BYTES],
        plaintext: &[u8],
    ) -> Self {
        // All the room at once: growing later would leave a copy of the plaintext in freed memory.
        let mut bytes = Vec::with_capacity(plaintext.len() + TAG_BYTES);
        bytes.extend(plaintext);
        let mark = key.seal(&nonce, &bound_to(entry, tag), &mut bytes);
        bytes.extend(mark);
        Self::sealed(entry, nonce, bytes)
    }

    /// As a record has it.
    pub(crate) fn sealed(entry: Uuid, nonce: [u8; NONCE_BYTES], bytes: Vec<u8>) -> Self {
        let digest = sha256(&bytes);
        Self {
            entry,
            nonce,
            bytes,
            digest,
        }
    }

    /// Bytes of the ciphertext.
    pub(crate) fn length(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn entry(&self) -> Uuid {
        self.entry
    }

    /// As an event names it.
    pub(crate) fn named(&self) -> Sealed {
        Sealed {
            entry: self.entry,
            digest: self.digest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cipher::{Random, random_nonce};

    #[test]
    fn a_record_opens_only_as_the_entry_and_for_the_subject_it_was_sealed_for() {
        let key = Secret::random(&Random::SYSTEM).unwrap();
        let seal = |entry, text| {
            let nonce = random_nonce(&Random::SYSTEM).unwrap();
            Ciphertext::seal(&key, [1; 16], Uuid::from_u128(entry), nonce, text)
        };
        let (first, second) = (seal(5, "Nguyễn Văn A".as_bytes()), seal(6, b""));
        let mut batch = Batch::default();
        batch.add(&first, 4);
        batch.add(&second, 4);
        assert_eq!(batch.bytes.len() % BLOCK, 0);
        let at = batch.entries[1].block as usize * BLOCK;
        let header = Header::decode(&batch.bytes[at..]).unwrap();
        assert_eq!(
            (header.length as usize, header.back),
            (TAG_BYTES, batch.entries[1].block)
        );
        let header = Header::decode(&batch.bytes).unwrap();
        let body = &batch.bytes[BLOCK..BLOCK + header.length as usize];
        assert!(header.fits(body));
        assert_eq!(sha256(body), first.named().digest);
        let open = |entry, tag| {
            let mut text = body[..body.len() - TAG_BYTES].to_vec();
            let mark = &body[body.len() - TAG_BYTES..];
            key.open(&header.nonce, &bound_to(entry, tag), &mut text, mark)
                .then_some(text)
        };
        assert_eq!(
            open(header.entry, [1; 16]).unwrap(),
            "Nguyễn Văn A".as_bytes()
        );
        assert!(open(Uuid::nil(), [1; 16]).is_none());
        assert!(open(header.entry, [2; 16]).is_none());
    }

    #[test]
    fn headers_written_by_version_1_are_read_for_ever() {
        let header = Header {
            kind: Kind::Entry,
            back: 0x0102_0304,
            entry: Uuid::from_u128(0x1112_1314_1516_1718_191a_1b1c_1d1e_1f20),
            slot: 0x2122_2324,
            length: 0x30,
            nonce: [0x41; NONCE_BYTES],
            body_checksum: 0x5152_5354,
        };
        let mut written = Vec::new();
        written.extend(b"HVE\x01\x04\x03\x02\x01");
        written.extend(0x11..=0x20);
        written.extend(b"\x24\x23\x22\x21\x30\0\0\0");
        written.extend([0x41; 24]);
        written.extend(b"\x54\x53\x52\x51");
        written.extend(crc32fast::hash(&written).to_le_bytes());
        assert_eq!(Header::decode(&written), Some(header));
        assert_eq!(header.encode()[..], written);
    }

    #[test]
    fn a_key_written_by_version_2_is_read_for_ever() {
        let mut batch = Batch::default();
        let wrapped = Wrapped {
            nonce: [0x41; NONCE_BYTES],
            sealed: [0x61; WRAPPED_BYTES],
        };
        batch.add_key([0x11; 16], 0x2122_2324, &wrapped);
        let mut written = Vec::new();
        written.extend(b"HVE\x04\0\0\0\0");
        written.extend([0x11; 16]);
        written.extend(b"\x24\x23\x22\x21\x30\0\0\0");
        written.extend([0x41; 24]);
        written.extend(crc32fast::hash(&[0x61; 48]).to_le_bytes());
        written.extend(crc32fast::hash(&written).to_le_bytes());
        written.extend([0x61; 48]);
        written.extend([0; 16]);
        assert_eq!(batch.bytes, written);
        let header = Header::decode(&written).unwrap();
        assert_eq!((header.kind, header.span()), (Kind::Key, 128));
        assert!(header.fits(&[0x61; 48]) && !header.fits(&[0; 48]));
    }

    #[test]
    fn a_flipped_byte_in_a_header_is_noticed() {
        for header in [Header::end(), Header::destroyed(Uuid::from_u128(5), 3, 70)] {
            let bytes = header.encode();
            assert_eq!(Header::decode(&bytes), Some(header));
            for at in 0..BLOCK {
                let mut flipped = bytes;
                flipped[at] ^= 4;
                assert_eq!(Header::decode(&flipped), None, "byte {at}");
            }
        }
    }
}
