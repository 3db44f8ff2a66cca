//! Everything that is wrong with a legal time as somebody wants to put it right, told at once.

use jiff::{Timestamp, civil::Date};

use crate::event::timed;
use crate::local;

/// A time that cannot be, and every reason why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TimeFaults {
    /// The time.
    pub at: Timestamp,
    /// Why it cannot be; never empty.
    pub faults: Vec<TimeFault>,
}

/// One reason why a time cannot be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TimeFault {
    /// It lies after the server's clock.
    InFuture {
        /// The server's clock.
        now: Timestamp,
    },
    /// It lies before what happened before it.
    Before {
        /// The stable name of that event.
        event: &'static str,
        /// When that was.
        at: Timestamp,
    },
    /// It lies after what happened after it.
    After {
        /// The stable name of that event.
        event: &'static str,
        /// When that was.
        at: Timestamp,
    },
    /// No law version was in force then.
    NoLaw {
        /// On that day.
        on: Date,
    },
}

impl TimeFaults {
    /// The sentence in Vietnamese.
    pub(super) fn vietnamese(&self) -> String {
        self.joined(|fault| match fault {
            TimeFault::InFuture { now } => format!("muộn hơn giờ máy chủ {}", civil(*now)),
            TimeFault::Before { event, at } => {
                format!("sớm hơn lúc {} {}", label(event).0, civil(*at))
            }
            TimeFault::After { event, at } => {
                format!("muộn hơn lúc {} {}", label(event).0, civil(*at))
            }
            TimeFault::NoLaw { on } => {
                format!(
                    "không có phiên bản pháp luật có hiệu lực ngày {}",
                    super::reasons::dmy(*on)
                )
            }
        })
    }

    fn english(&self) -> String {
        self.joined(|fault| match fault {
            TimeFault::InFuture { now } => format!("lies after the server's clock, {now}"),
            TimeFault::Before { event, at } => format!("lies before the {}, {at}", label(event).1),
            TimeFault::After { event, at } => format!("lies after the {}, {at}", label(event).1),
            TimeFault::NoLaw { on } => format!("lies on {on}, when no law version was in force"),
        })
    }

    fn joined(&self, tell: impl Fn(&TimeFault) -> String) -> String {
        self.faults.iter().map(tell).collect::<Vec<_>>().join("; ")
    }
}

impl std::fmt::Display for TimeFaults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.english())
    }
}

fn label(event: &'static str) -> (&'static str, &'static str) {
    timed(event).unwrap_or((event, event))
}

fn civil(at: Timestamp) -> impl std::fmt::Display {
    local::datetime(at).strftime("%H:%M %d/%m/%Y")
}
