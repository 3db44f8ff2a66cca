//! Gathering records into blocks, carrying the chain from one block to the next.

use crate::chain;
use crate::error::RecordFault;
use crate::format::block::{BlockHeader, CODEC_RAW, CODEC_ZSTD, EncodedBlock};
use crate::format::{BLOCK_RAW_MAX, LENGTH_PREFIX, canonical};
use crate::record::{ChainHash, Position, Record};

/// Shorter payloads gain too little for the time: a commit of a few events is written sooner as it is, and read again without
/// being decompressed. Sealing gathers all of them into full blocks, which are compressed.
const COMPRESS_FROM: usize = 16 * 1024;
/// Level 3 gains nothing over 1 on events; measured.
const ZSTD_LEVEL: i32 = 1;

/// Gathers records into blocks, carrying the chain from one to the next.
pub struct BlockBuilder {
    packer: Packer,
    raw: Vec<u8>,
    next: Position,
    count: u32,
    chain: ChainHash,
}

impl std::fmt::Debug for BlockBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlockBuilder")
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl BlockBuilder {
    /// Starts before the record at `next`, where the chain stands at `before`.
    pub fn new(next: Position, before: ChainHash) -> Self {
        Self {
            packer: Packer::new(),
            raw: Vec::with_capacity(BLOCK_RAW_MAX),
            next,
            count: 0,
            chain: before,
        }
    }

    /// Starts again at `next` and `before`, keeping the buffers; only between two blocks.
    pub(crate) fn restart(&mut self, next: Position, before: ChainHash) {
        self.raw.clear();
        self.count = 0;
        self.next = next;
        self.chain = before;
    }

    /// The position the next record must have.
    pub fn next_position(&self) -> Position {
        self.next
    }

    /// The chain hash after the last record taken.
    pub fn chain(&self) -> ChainHash {
        self.chain
    }

    /// Bytes gathered for the block under way.
    pub fn raw_len(&self) -> usize {
        self.raw.len()
    }

    /// Is there nothing in the block under way?
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Would a block hold `canonical` more bytes in `records` more records?
    pub fn fits(&self, canonical: usize, records: usize) -> bool {
        self.raw.len() + canonical + records * LENGTH_PREFIX <= BLOCK_RAW_MAX
    }

    /// Takes a record; the caller has seen that it `fits`.
    ///
    /// # Errors
    /// When the record's texts are too long for the envelope; nothing is taken then.
    pub fn push(&mut self, record: &Record) -> Result<(), RecordFault> {
        self.raw
            .reserve(if self.count == 0 { BLOCK_RAW_MAX } else { 0 });
        let start = self.raw.len();
        self.raw.extend_from_slice(&[0; LENGTH_PREFIX]);
        let body = start + LENGTH_PREFIX;
        if let Err(fault) = canonical(record, &mut self.raw) {
            self.raw.truncate(start);
            return Err(fault);
        }
        let len = u32::try_from(self.raw.len() - body).map_err(|_| RecordFault::Data)?;
        if let Some(prefix) = self.raw.get_mut(start..body) {
            prefix.copy_from_slice(&len.to_le_bytes());
        }
        self.chain = chain::next(self.chain, self.raw.get(body..).unwrap_or_default());
        self.next += 1;
        self.count += 1;
        Ok(())
    }

    /// Encodes what was gathered; none when there is nothing. The builder goes on with the next block.
    pub fn finish(&mut self) -> Option<EncodedBlock> {
        let gathered = self.gathered()?;
        let block = self.packer.pack(&gathered);
        // Kept for the next block: 64 KiB asked for anew with every commit are pages to be cleared anew.
        self.raw = gathered.raw;
        self.raw.clear();
        Some(block)
    }

    /// Ends the block under way without encoding it; none when there is nothing in it.
    pub(crate) fn gathered(&mut self) -> Option<Gathered> {
        if self.count == 0 {
            return None;
        }
        let gathered = Gathered {
            first: self.next - u64::from(self.count),
            last: self.next - 1,
            count: self.count,
            chain: self.chain,
            raw: std::mem::take(&mut self.raw),
        };
        self.count = 0;
        Some(gathered)
    }
}

/// A whole block that is not compressed yet.
pub(crate) struct Gathered {
    first: Position,
    last: Position,
    count: u32,
    chain: ChainHash,
    raw: Vec<u8>,
}

/// Compresses blocks.
pub(crate) struct Packer {
    compressor: Option<zstd::bulk::Compressor<'static>>,
    /// Where it compresses to: as long as the longest block may get on the way.
    compressed: Vec<u8>,
}

impl Packer {
    pub(crate) fn new() -> Self {
        Self {
            compressor: zstd::bulk::Compressor::new(ZSTD_LEVEL).ok(),
            compressed: Vec::new(),
        }
    }

    pub(crate) fn pack(&mut self, block: &Gathered) -> EncodedBlock {
        let raw = &block.raw;
        let compressed = match &mut self.compressor {
            Some(compressor) if raw.len() >= COMPRESS_FROM => {
                self.compressed.clear();
                self.compressed.reserve(zstd::compress_bound(BLOCK_RAW_MAX));
                compressor
                    .compress_to_buffer(raw.as_slice(), &mut self.compressed)
                    .ok()
                    .and_then(|len| self.compressed.get(..len))
                    .filter(|compressed| compressed.len() < raw.len())
            }
            Some(_) | None => None,
        };
        let payload = compressed.unwrap_or(raw);
        let header = BlockHeader {
            first: block.first,
            last: block.last,
            count: block.count,
            raw_len: u32::try_from(raw.len()).unwrap_or(u32::MAX),
            stored_len: u32::try_from(payload.len()).unwrap_or(u32::MAX),
            chain: block.chain,
            codec: if compressed.is_some() {
                CODEC_ZSTD
            } else {
                CODEC_RAW
            },
        };
        let mut bytes = Vec::with_capacity(header.encoded_len());
        header.encode(&mut bytes);
        bytes.extend_from_slice(payload);
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        EncodedBlock {
            header,
            bytes: bytes.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::format::BLOCK_HEADER_LEN;
    use crate::format::block::CHECKSUM_LEN;
    use crate::format::record::tests::record;

    fn gather(mut records: Vec<Record>, first: Position) -> (Vec<Record>, EncodedBlock) {
        let mut builder = BlockBuilder::new(first, ChainHash([7; 32]));
        for (record, position) in records.iter_mut().zip(first..) {
            record.place.position = position;
            builder.push(record).unwrap();
        }
        (records, builder.finish().unwrap())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_block_reads_back_as_it_was_written(records in prop::collection::vec(record(), 1..8), first in 1_u64..1 << 40) {
            let (records, block) = gather(records, first);
            let block = EncodedBlock::from_bytes(block.bytes).unwrap().decode().unwrap();
            prop_assert_eq!(block.header.first, first);
            let read: Vec<Record> = block.records().collect::<Result<_, _>>().unwrap();
            prop_assert_eq!(&read, &records);
            prop_assert_eq!(block.record(first).unwrap(), records.first().cloned());
            prop_assert_eq!(block.record(block.header.last).unwrap(), records.last().cloned());
            prop_assert_eq!(block.record(block.header.last + 1).unwrap(), None);
            block.verify_chain(ChainHash([7; 32])).unwrap();
            prop_assert!(block.verify_chain(ChainHash([8; 32])).is_err());
        }

        #[test]
        fn a_flipped_byte_is_refused(records in prop::collection::vec(record(), 1..4), at in any::<prop::sample::Index>(), bit in 0_u8..8) {
            let (_, block) = gather(records, 1);
            let mut bytes = block.bytes;
            let at = at.index(bytes.len());
            bytes[at] ^= 1_u8 << bit;
            prop_assert!(EncodedBlock::from_bytes(bytes).is_err());
        }

        #[test]
        fn a_block_cut_short_is_refused(records in prop::collection::vec(record(), 1..4), at in any::<prop::sample::Index>()) {
            let (_, block) = gather(records, 1);
            let cut = at.index(block.bytes.len());
            prop_assert!(EncodedBlock::from_bytes(block.bytes[..cut].into()).is_err());
        }
    }

    #[test]
    fn a_full_block_is_small_enough_to_stay_out_of_sleds_side_files() {
        let longest = BLOCK_RAW_MAX + BLOCK_HEADER_LEN + CHECKSUM_LEN;
        // Over a seventeenth of a quarter of sled's 8-MiB segment a consolidated leaf may leave the log.
        assert!(longest < 8 * 1024 * 1024 / 4 / 17);
    }
}
