//! What a log is opened with: its role, bounds, its clock, and the places where tests may break it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::guard::{self, ClockRule};
use crate::live::STORE_SEGMENT_BYTES;
use crate::record::LogId;
use crate::rider::Keeping;

/// Who writes the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Takes appends of its own and imports from others.
    #[default]
    Origin,
    /// Follows one log verbatim and has that log's identity.
    Replica,
}

impl Role {
    /// The role's name in the manifest and in errors.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Origin => "origin",
            Self::Replica => "replica",
        }
    }
}

/// How large the live segment grows unless told otherwise, bytes. It is what a log holds in memory and what is read and
/// written anew after an unclean stop: some days of a whole province.
pub const SEGMENT_BYTES_MAX: u64 = 64 << 20;

/// What a log is opened with.
#[derive(Clone)]
pub struct Settings {
    /// The live segment is sealed when it passes this many bytes; default [`SEGMENT_BYTES_MAX`].
    pub segment_bytes_max: u64,
    /// Writes are refused while the disk has less free than this, bytes; default 1 GiB. Keep it
    /// above twice `segment_bytes_max`: opening after an unclean stop writes the live segment anew.
    pub free_bytes_min: u64,
    /// The time, microseconds since 1970, for `recorded_at`; the log never lets it go back.
    pub now: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// How far that clock may leap ahead before the log takes no more writes; by default it is believed whatever it says.
    pub clock_rule: Option<ClockRule>,
    /// Whether somebody sets that clock by hand. A log is one or the other for ever and does not open as the other; by
    /// default it opens as what it is, and one that is made takes the machine's.
    pub clock_by_hand: Option<bool>,
    /// Microseconds of a clock that nobody sets; the machine's, since it was started.
    pub steady: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// Who writes the log.
    pub role: Role,
    /// The identity of a log that is made; default: drawn by chance. One that is there keeps its own.
    pub identity: Option<LogId>,
    /// How many writes may wait; default 16,384.
    pub queue_max: usize,
    /// How many bytes may wait; default 16 MiB.
    pub queue_bytes_max: usize,
    /// How long an append waits for room before it is refused as busy; default 1 s.
    pub queue_wait: Duration,
    /// Who keeps what rides along with appends; by default nothing does.
    pub keeping: Keeping,
    /// The ids of the log's own records, and its own where none is given; by default drawn by chance.
    pub ids: Arc<dyn Fn() -> Uuid + Send + Sync>,
    /// The store's own segments, bytes; a power of two. Folders are filled up to one when they are opened, which is most
    /// of what a short life costs: only tests with thousands of lives want them smaller.
    #[doc(hidden)]
    pub store_segment_bytes: usize,
    /// Where tests break things.
    #[doc(hidden)]
    pub faults: Faults,
}

impl Settings {
    /// The defaults, with this clock (microseconds since 1970).
    pub fn new(now: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self {
            segment_bytes_max: SEGMENT_BYTES_MAX,
            free_bytes_min: 1 << 30,
            now: Arc::new(now),
            clock_rule: None,
            clock_by_hand: None,
            steady: Arc::new(guard::steady_us),
            role: Role::Origin,
            identity: None,
            queue_max: 16 * 1024,
            queue_bytes_max: 16 << 20,
            queue_wait: Duration::from_secs(1),
            keeping: Keeping::default(),
            ids: Arc::new(Uuid::new_v4),
            store_segment_bytes: STORE_SEGMENT_BYTES,
            faults: Faults::default(),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("segment_bytes_max", &self.segment_bytes_max)
            .field("free_bytes_min", &self.free_bytes_min)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

type Hook = dyn Fn(&'static str) -> io::Result<()> + Send + Sync;

/// Called at named points of writing and sealing; what it returns is taken for the system's answer.
#[doc(hidden)]
#[derive(Clone, Default)]
pub struct Faults(Option<Arc<Hook>>);

impl Faults {
    /// Calls `hook` with the point's name, such as "writer::sync".
    pub fn new(hook: impl Fn(&'static str) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hook)))
    }

    pub(crate) fn at(&self, point: &'static str) -> io::Result<()> {
        self.0.as_ref().map_or(Ok(()), |hook| hook(point))
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Faults").field(&self.0.is_some()).finish()
    }
}
