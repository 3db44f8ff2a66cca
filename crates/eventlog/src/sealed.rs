//! Sealed files: one immutable, indexed file for each finished segment; the same format is exported and copied.
//!
//! ```text
//! header      magic, version, log, first position, checksum                       40 bytes
//! blocks      blocks as in the live segment, packed up to 32 KiB, self-checked
//! directory   first position, recorded at, offset, length of each block
//! indexes     streams → positions, keys → position, requests → position: sorted pages of 4 KiB,
//!             for each index the first entry and checksum of every page, and a filter
//! footer      where the log stood before and stands after, counts, sections, their checksums
//! trailer     length and checksum of the footer, magic                             16 bytes
//! ```
//!
//! Every byte is covered by a checksum. `open` checks header, footer, directory, page lists and
//! filters; index pages and blocks are checked each time they are read, so that what is returned is
//! what was written or an error that says where it is not.

mod blocks;
mod directory;
mod ends;
mod error;
mod filter;
mod footer;
mod index;
mod output;
mod read;
mod rebuilt;
mod source;
mod table;
#[cfg(test)]
pub(crate) mod tests;
mod write;

pub use blocks::Blocks;
pub use error::{SealError, SealedError};
pub use footer::Footer;
pub use read::SealedSegment;
pub use write::{temporary, write};

pub(crate) use index::Beginning;
pub(crate) use rebuilt::Rebuilt;

#[cfg(test)]
pub(crate) use footer::{header, trailer};
#[cfg(test)]
pub(crate) use output::Section;
