//! The bytes of the log: canonical records and the blocks that hold them, the same in the live segment, in sealed files and on the wire.

mod block;
mod builder;
mod cursor;
mod record;
mod view;

pub use block::{Block, BlockHeader, EncodedBlock};
pub use builder::BlockBuilder;
pub use record::{canonical, canonical_at_origin, canonical_len, decode_record};
pub use view::RecordView;

pub(crate) use builder::{Gathered, Packer};
pub(crate) use cursor::Cursor;
pub(crate) use record::{PLACE_LEN, REQUEST_LEN, check_event, event_len};

/// The longest canonical record an append may bring, bytes.
pub const RECORD_BYTES_MAX: usize = 48 * 1024;

/// The longest payload of a block before compression, bytes. Larger values would leave sled's
/// log for side files that are never synced.
pub const BLOCK_RAW_MAX: usize = 64 * 1024;

/// Length of a block's fixed header, bytes.
pub const BLOCK_HEADER_LEN: usize = 68;

/// Every record in a block is preceded by its length, bytes.
pub const LENGTH_PREFIX: usize = 4;
