//! Export and restore: the sealed format carries backups, repairs and new followers from one folder to another.

mod archive;
mod error;
mod export;
mod restore;
#[cfg(test)]
mod tests;

pub use archive::Archive;
pub use error::{ArchiveError, ExportError, RestoreError};
pub(crate) use export::Records;
pub use export::{Exported, export};
pub use restore::import_into;
