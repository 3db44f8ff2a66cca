//! A working calendar that came into use while the services run.

use serde::{Deserialize, Serialize};

use crate::ids::VersionHash;

/// A calendar took the place of the catalogue's own (*lịch làm việc được công bố*): in a history of its own, which the processing
/// log has once. Whoever follows the log uses it from this record on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CalendarPublished {
    /// The catalogue's own calendar whose place it takes: with another one the catalogue is up to date again by itself.
    pub replaces: VersionHash,
    /// Its version.
    pub version: VersionHash,
    /// The calendar, as `calendar.csv` of the catalogue is laid out.
    pub csv: Box<str>,
}
