//! Waits after failures: each twice as long as the one before, up to a bound.

use std::time::Duration;

const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);

/// How long to wait next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience(Duration);

impl Default for Patience {
    fn default() -> Self {
        Self(SHORTEST)
    }
}

impl Patience {
    /// How long to wait now; the next wait is twice as long.
    pub(crate) fn pause(&mut self) -> Duration {
        let now = self.0;
        self.0 = (now * 2).min(LONGEST);
        now
    }

    /// It worked: the next wait is the shortest again.
    pub(crate) fn again(&mut self) {
        self.0 = SHORTEST;
    }
}
