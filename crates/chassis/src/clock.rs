//! The time, as a handle: the machine's, or one that a test or the demo sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// Where a service gets the time from; clones share it.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    /// Microseconds since 1970.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until it is set.
    pub fn manual(start: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(
            start.as_microsecond(),
        ))))
    }

    /// The time now, in whole microseconds: what a log keeps of it, so that a first answer and its repeat are the same.
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the one place that asks the machine"
    )]
    pub fn now(&self) -> Timestamp {
        let micros = match &self.0 {
            Source::System => Timestamp::now().as_microsecond(),
            Source::Manual(at) => at.load(Ordering::SeqCst),
        };
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The time now in microseconds since 1970, as logs keep it.
    pub fn now_us(&self) -> i64 {
        self.now().as_microsecond()
    }

    /// Sets a manual clock; the machine's own clock is not ours to set, and stays.
    pub fn set(&self, to: Timestamp) {
        match &self.0 {
            Source::System => {}
            Source::Manual(at) => at.store(to.as_microsecond(), Ordering::SeqCst),
        }
    }

    /// Whether somebody sets this clock by hand.
    pub fn is_manual(&self) -> bool {
        match &self.0 {
            Source::System => false,
            Source::Manual(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_time_comes_in_whole_microseconds() {
        let clock = Clock::system();
        for _ in 0..100 {
            assert_eq!(clock.now().subsec_nanosecond() % 1_000, 0);
        }
    }

    #[test]
    fn a_manual_clock_stands_still_until_it_is_set() {
        let start = Timestamp::from_second(1_000).unwrap();
        let clock = Clock::manual(start);
        assert_eq!(clock.now(), start);

        let later = Timestamp::from_second(2_000).unwrap();
        let other = clock.clone();
        other.set(later);
        assert_eq!(
            (clock.now(), other.now()),
            (later, later),
            "clones share one time"
        );
    }
}
