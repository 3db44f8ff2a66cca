//! What processing has to be told.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use api::authority::Entry;
use chassis::Clock;
use domain::Catalogue;
use jiff::civil::Date;
use vault::{LineKeys, MasterKeys};

/// The settings of processing.
#[derive(Debug)]
pub struct Settings {
    /// The folder with its log and vault.
    pub data: PathBuf,
    /// The catalogue in use.
    pub catalogue: Arc<Catalogue>,
    /// The time.
    pub clock: Clock,
    /// The day on which the machine's clock is right, whatever it is ahead of.
    pub clock_confirmed: Option<Date>,
    /// Opens the vault.
    pub master_key: MasterKeys,
    /// What it speaks under with the vaults of intake nodes; without it personal data stays with them.
    pub line_key: Option<LineKeys>,
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
}
