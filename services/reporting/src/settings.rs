//! What reporting has to be told.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use api::authority::Entry;
use chassis::Clock;
use domain::Catalogue;

/// From how many dossiers on a row is shown to those who see counts only, unless told otherwise.
pub const SMALL_CELLS_MIN: u64 = 5;

/// The settings of a reporting replica.
#[derive(Debug)]
pub struct Settings {
    /// The folder with its copy of processing's log.
    pub data: PathBuf,
    /// The catalogue in use: names of rows, and the calendar by which late recording is told.
    pub catalogue: Arc<Catalogue>,
    /// The time.
    pub clock: Clock,
    /// How large the live part of the log grows before it is sealed, in bytes.
    pub segment_bytes_max: u64,
    /// Writes are refused while the disk has fewer bytes free than this.
    pub free_bytes_min: u64,
    /// How long a call waits for a position before it says that it is not here yet.
    pub patience: Duration,
    /// How long calls under way may take after the stop.
    pub drain: Duration,
    /// Who may call.
    pub entry: Entry,
    /// From how many dossiers on a row is shown over HTTP and NATS; smaller ones are merged. 0 shows all.
    pub small_cells_min: u64,
}
