//! Everything that is wrong with a legal time as somebody wants to put it right, told at once.

use jiff::{Timestamp, civil::Date};

use crate::event::timed;
use crate::written::{dmy, moment};

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
            TimeFault::InFuture { now } => format!("muộn hơn giờ máy chủ {}", moment(*now)),
            TimeFault::Before { event, at } => {
                format!("sớm hơn lúc {} {}", label(event).0, moment(*at))
            }
            TimeFault::After { event, at } => {
                format!("muộn hơn lúc {} {}", label(event).0, moment(*at))
            }
            TimeFault::NoLaw { on } => {
                format!("không có phiên bản pháp luật có hiệu lực ngày {}", dmy(*on))
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

/// What is named where the history lacks it, in Vietnamese and English: a fact by its stable name, or the number of an event.
pub(super) fn label(event: &'static str) -> (&'static str, &'static str) {
    match event {
        "legal_time.revision" => ("có số thứ tự này", "event of that revision"),
        event => timed(event).unwrap_or((event, event)),
    }
}
