//! What intake has to be told.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use api::authority::Entry;
use application::ack::Ack;
use chassis::Clock;
use domain::Catalogue;
use jiff::civil::Date;
use vault::{LineKeys, MasterKeys};

/// The settings of one intake node.
#[derive(Debug)]
pub struct Settings {
    /// The folder with the node's log and vault.
    pub data: PathBuf,
    /// The node's digit in the codes it issues; each node of a province has its own.
    pub node: u8,
    /// Other nodes take dossiers in too: what is not known here may be at home there.
    pub one_of_several: bool,
    /// The catalogue in use.
    pub catalogue: Arc<Catalogue>,
    /// The time.
    pub clock: Clock,
    /// The day on which the machine's clock is right, whatever it is ahead of.
    pub clock_confirmed: Option<Date>,
    /// Opens the vault.
    pub master_key: MasterKeys,
    /// What processing speaks under with this vault; without it personal data stays here.
    pub line_key: Option<LineKeys>,
    /// How large the live part of the log grows before it is sealed, in bytes.
    pub segment_bytes_max: u64,
    /// Writes are refused while the disk has fewer bytes free than this.
    pub free_bytes_min: u64,
    /// How long a call waits for a position before it says that it is not here yet.
    pub patience: Duration,
    /// What an answer promises.
    pub ack: Ack,
    /// How long calls under way may take after the stop.
    pub drain: Duration,
    /// Who may call.
    pub entry: Entry,
}
