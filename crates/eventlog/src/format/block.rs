//! A block: the records of one commit or of one stretch, compressed together, self-checked and chained.

use std::cell::RefCell;
use std::io;

use zstd::bulk::Decompressor;

use crate::chain;
use crate::error::DecodeError;
use crate::format::{BLOCK_HEADER_LEN, BLOCK_RAW_MAX, Cursor, RecordView, decode_record};
use crate::record::{ChainHash, Position, Record};

const MAGIC: [u8; 4] = *b"hBLK";
const VERSION: u8 = 1;
pub(super) const CODEC_RAW: u8 = 0;
pub(super) const CODEC_ZSTD: u8 = 1;
pub(super) const CHECKSUM_LEN: usize = 4;

/// What a block says about itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BlockHeader {
    /// Position of its first record.
    pub first: Position,
    /// Position of its last record.
    pub last: Position,
    /// How many records; always `last − first + 1`.
    pub count: u32,
    /// Bytes of the payload before compression.
    pub raw_len: u32,
    /// Bytes of the payload as stored.
    pub stored_len: u32,
    /// The chain hash after its last record.
    pub chain: ChainHash,
    pub(super) codec: u8,
}

impl BlockHeader {
    /// Reads the header at the start of `bytes`, which may go on; the checksum is not looked at.
    ///
    /// # Errors
    /// When it is cut short or contradicts itself.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new(bytes);
        if cursor.array("block magic")? != MAGIC {
            return Err(DecodeError::Value {
                what: "block magic",
                at: 0,
                why: "this is no block",
            });
        }
        let version = cursor.u8("block version")?;
        if version != VERSION {
            return Err(DecodeError::Version {
                what: "block",
                found: version,
                known: VERSION,
            });
        }
        let codec = cursor.u8("block codec")?;
        if codec != CODEC_RAW && codec != CODEC_ZSTD {
            return Err(DecodeError::Value {
                what: "block codec",
                at: 5,
                why: "unknown codec",
            });
        }
        if cursor.u16("block reserve")? != 0 {
            return Err(DecodeError::Value {
                what: "block reserve",
                at: 6,
                why: "not zero",
            });
        }
        let header = Self {
            first: cursor.u64("first position")?,
            last: cursor.u64("last position")?,
            count: cursor.u32("record count")?,
            raw_len: cursor.u32("raw length")?,
            stored_len: cursor.u32("stored length")?,
            chain: ChainHash(cursor.array("chain hash")?),
            codec,
        };
        header.check()?;
        Ok(header)
    }

    fn check(&self) -> Result<(), DecodeError> {
        let spans = self
            .last
            .checked_sub(self.first)
            .and_then(|n| n.checked_add(1));
        if self.first == 0 || spans != Some(u64::from(self.count)) {
            let why = "first, last and count contradict each other";
            return Err(DecodeError::Value {
                what: "block positions",
                at: 8,
                why,
            });
        }
        let max = u32::try_from(BLOCK_RAW_MAX).unwrap_or(u32::MAX);
        if self.raw_len > max || self.stored_len > self.raw_len {
            let why = "longer than a block may be";
            return Err(DecodeError::Value {
                what: "block length",
                at: 28,
                why,
            });
        }
        Ok(())
    }

    /// Bytes of the whole encoded block.
    pub fn encoded_len(&self) -> usize {
        // A block is at most 64 KiB: where u32 does not fit usize nothing here runs.
        let stored = usize::try_from(self.stored_len).unwrap_or(usize::MAX);
        stored.saturating_add(BLOCK_HEADER_LEN + CHECKSUM_LEN)
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&MAGIC);
        out.push(VERSION);
        out.push(self.codec);
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&self.first.to_le_bytes());
        out.extend_from_slice(&self.last.to_le_bytes());
        out.extend_from_slice(&self.count.to_le_bytes());
        out.extend_from_slice(&self.raw_len.to_le_bytes());
        out.extend_from_slice(&self.stored_len.to_le_bytes());
        out.extend_from_slice(&self.chain.0);
    }
}

/// A block as it is stored and sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EncodedBlock {
    /// Its header.
    pub header: BlockHeader,
    /// Header, payload and checksum.
    pub bytes: Box<[u8]>,
}

impl EncodedBlock {
    /// Takes exactly one block's bytes, checking header, length and checksum.
    ///
    /// # Errors
    /// Says what is wrong and where.
    pub fn from_bytes(bytes: Box<[u8]>) -> Result<Self, DecodeError> {
        let header = BlockHeader::decode(&bytes)?;
        let need = header.encoded_len();
        if bytes.len() < need {
            let left = bytes.len();
            return Err(DecodeError::CutShort {
                what: "block",
                at: 0,
                need,
                left,
            });
        }
        if bytes.len() > need {
            let left = bytes.len().saturating_sub(need);
            return Err(DecodeError::Trailing {
                what: "block",
                at: need,
                left,
            });
        }
        let (body, stored) = bytes.split_at(need.saturating_sub(CHECKSUM_LEN));
        let stored = Cursor::new(stored).u32("block checksum")?;
        let computed = crc32fast::hash(body);
        if stored != computed {
            return Err(DecodeError::Checksum {
                what: "block",
                stored,
                computed,
            });
        }
        Ok(Self { header, bytes })
    }

    /// Decompresses it.
    ///
    /// # Errors
    /// When the payload is not what the header says.
    pub fn decode(&self) -> Result<Block, DecodeError> {
        let end = self.bytes.len().saturating_sub(CHECKSUM_LEN);
        let payload = self.bytes.get(BLOCK_HEADER_LEN..end).unwrap_or_default();
        let raw_len = usize::try_from(self.header.raw_len).unwrap_or(usize::MAX);
        let raw = if self.header.codec == CODEC_RAW {
            payload.to_vec()
        } else {
            decompress(payload, raw_len)
                .map_err(|error| DecodeError::Decompress(error.to_string()))?
        };
        if raw.len() != raw_len {
            let why = "not the payload's length";
            return Err(DecodeError::Value {
                what: "raw length",
                at: 28,
                why,
            });
        }
        Ok(Block {
            header: self.header,
            raw,
        })
    }
}

thread_local! {
    /// Making a context costs as much as decompressing a tenth of a block, so each thread keeps one.
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

fn decompress(payload: &[u8], raw_len: usize) -> io::Result<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let mut decompressor = match kept.take() {
            Some(decompressor) => decompressor,
            None => Decompressor::new()?,
        };
        let raw = decompressor.decompress(payload, raw_len);
        *kept = Some(decompressor);
        raw
    })
}

/// A decompressed block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// Its header.
    pub header: BlockHeader,
    raw: Vec<u8>,
}

impl Block {
    /// The canonical bytes of each record, in order; exactly `header.count` of them, or an error.
    pub fn slices(&self) -> impl Iterator<Item = Result<&[u8], DecodeError>> {
        let mut cursor = Cursor::new(&self.raw);
        let mut left = self.header.count;
        let mut broken = false;
        std::iter::from_fn(move || {
            if broken || (left == 0 && cursor.left() == 0) {
                return None;
            }
            let next = if left == 0 {
                Err(DecodeError::Trailing {
                    what: "block",
                    at: cursor.at(),
                    left: cursor.left(),
                })
            } else {
                cursor
                    .len32("record length")
                    .and_then(|len| cursor.take("record", len))
            };
            left = left.saturating_sub(1);
            broken = next.is_err();
            Some(next)
        })
    }

    /// Each record where it lies, in order; its position is checked against the header's.
    pub fn views(&self) -> impl Iterator<Item = Result<RecordView<'_>, DecodeError>> {
        let mut position = self.header.first;
        self.slices().map(move |slice| {
            let view = RecordView::read(slice?)?;
            if view.place.position != position {
                return Err(DecodeError::Position {
                    want: position,
                    found: view.place.position,
                });
            }
            position = position.saturating_add(1);
            Ok(view)
        })
    }

    /// Each record, in order; its position is checked against the header's.
    pub fn records(&self) -> impl Iterator<Item = Result<Record, DecodeError>> {
        self.views().map(|view| view.map(|view| view.to_record()))
    }

    /// The record at `position`, if the block holds it.
    ///
    /// # Errors
    /// When the block's bytes are not records.
    pub fn record(&self, position: Position) -> Result<Option<Record>, DecodeError> {
        if position < self.header.first || position > self.header.last {
            return Ok(None);
        }
        let skip =
            usize::try_from(position.saturating_sub(self.header.first)).unwrap_or(usize::MAX);
        let Some(slice) = self.slices().nth(skip) else {
            return Ok(None);
        };
        let record = decode_record(slice?)?;
        if record.place.position != position {
            return Err(DecodeError::Position {
                want: position,
                found: record.place.position,
            });
        }
        Ok(Some(record))
    }

    /// Recomputes the chain from `before` over every record and compares it with the header's.
    ///
    /// # Errors
    /// When it does not match.
    pub fn verify_chain(&self, before: ChainHash) -> Result<ChainHash, DecodeError> {
        let mut hash = before;
        for slice in self.slices() {
            hash = chain::next(hash, slice?);
        }
        if hash != self.header.chain {
            return Err(DecodeError::Chain {
                last: self.header.last,
            });
        }
        Ok(hash)
    }
}
