//! The guard over the log's clock: time that leaps ahead is not believed until it is confirmed.
//!
//! A dossier accepted next year cannot be taken back, and the log's time never goes back. So a wall clock that is further
//! ahead of the last trusted time than may be stops the writing. While the log is open, the last trusted time goes on with a
//! clock that nobody can set; while it is closed, with a file beside the log that says when it was last alive.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;
use std::{fmt, io};

use rustix::time::{ClockId, clock_gettime};

use crate::durable;

/// The file that says when the log was last alive.
const ALIVE: &str = "alive";

/// How far the wall clock may leap ahead, and who has confirmed that it is right.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClockRule {
    /// The furthest it may be ahead of the last trusted time.
    pub ahead_max: Duration,
    /// Times in here are right, whatever they are ahead of (microseconds since 1970).
    pub confirmed: Option<Range<i64>>,
}

/// A wall clock that is further ahead than may be, microseconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockJump {
    /// What it says.
    pub now: i64,
    /// What it would say if no more time had passed than is known.
    pub expected: i64,
}

impl fmt::Display for ClockJump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hours = self.now.saturating_sub(self.expected) / 3_600_000_000;
        write!(
            f,
            "the clock is {hours} hours ahead of the last time the log was alive"
        )
    }
}

/// Microseconds of a clock that nobody sets, and that goes on while the machine sleeps.
pub(crate) fn steady_us() -> i64 {
    let since_boot = clock_gettime(ClockId::Boottime);
    since_boot
        .tv_sec
        .saturating_mul(1_000_000)
        .saturating_add(since_boot.tv_nsec / 1_000)
}

/// A wall clock that was trusted, and the steady clock at the same moment.
#[derive(Clone, Copy, Debug)]
struct Trusted {
    wall: i64,
    steady: i64,
}

/// Judges the wall clock of one log.
#[derive(Debug)]
pub(crate) struct Guard {
    rule: Option<ClockRule>,
    trusted: Option<Trusted>,
}

impl Guard {
    /// A guard that trusts `wall`, if anything is known of it, from `steady` on. Without a rule it believes everything.
    pub(crate) fn new(rule: Option<ClockRule>, wall: Option<i64>, steady: i64) -> Self {
        let trusted = wall.map(|wall| Trusted { wall, steady });
        Self { rule, trusted }
    }

    /// Is `now` further ahead than may be? What is not is trusted from here on. A clock behind the trusted time is no leap,
    /// and its coming back is none either.
    pub(crate) fn judge(&mut self, now: i64, steady: i64) -> Result<(), ClockJump> {
        let Some(rule) = &self.rule else {
            return Ok(());
        };
        if let Some(trusted) = self.trusted {
            let passed = steady.saturating_sub(trusted.steady).max(0);
            let expected = trusted.wall.saturating_add(passed);
            let ahead = now.saturating_sub(expected);
            let far = i64::try_from(rule.ahead_max.as_micros()).is_ok_and(|max| ahead > max);
            let confirmed = rule.confirmed.as_ref();
            if far && !confirmed.is_some_and(|right| right.contains(&now)) {
                return Err(ClockJump { now, expected });
            }
            if ahead <= 0 {
                return Ok(());
            }
        }
        self.trusted = Some(Trusted { wall: now, steady });
        Ok(())
    }

    /// The time that is trusted now, for the file.
    pub(crate) fn trusted(&self, steady: i64) -> Option<i64> {
        let trusted = self.trusted?;
        let passed = steady.saturating_sub(trusted.steady).max(0);
        Some(trusted.wall.saturating_add(passed))
    }
}

/// When the log was last alive; none where nobody wrote it down, or what is there does not read.
pub(crate) fn last_alive(folder: &Path) -> Option<i64> {
    let bytes = match durable::read(&folder.join(ALIVE)) {
        Ok(bytes) => bytes?,
        Err(error) => {
            tracing::warn!(folder = %folder.display(), %error, "when the log was last alive is not known");
            return None;
        }
    };
    str::from_utf8(&bytes).ok()?.parse().ok()
}

/// Writes down that the log is alive at this time.
pub(crate) fn alive(folder: &Path, at: i64) -> io::Result<()> {
    durable::replace(&folder.join(ALIVE), at.to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;
    const DAY: i64 = 24 * HOUR;

    fn rule(confirmed: Option<Range<i64>>) -> Option<ClockRule> {
        Some(ClockRule {
            ahead_max: Duration::from_secs(24 * 3600),
            confirmed,
        })
    }

    #[test]
    fn a_leap_of_more_than_a_day_is_not_believed_and_the_clock_coming_back_is() {
        let mut guard = Guard::new(rule(None), Some(0), 0);
        guard.judge(HOUR, HOUR).unwrap();
        guard.judge(HOUR + DAY, HOUR).unwrap();
        let jump = guard.judge(3 * DAY + HOUR, 2 * HOUR).unwrap_err();
        assert_eq!(
            (jump.now, jump.expected),
            (3 * DAY + HOUR, DAY + 2 * HOUR),
            "what is not believed does not move what is expected"
        );
        guard.judge(DAY + 3 * HOUR, 3 * HOUR).unwrap();
        assert_eq!(guard.trusted(4 * HOUR), Some(DAY + 4 * HOUR));
    }

    #[test]
    fn a_quiet_fortnight_is_no_leap_while_the_steady_clock_goes_on() {
        let mut guard = Guard::new(rule(None), Some(0), 0);
        guard.judge(14 * DAY, 14 * DAY).unwrap();
    }

    #[test]
    fn a_clock_that_went_back_may_come_back() {
        let mut guard = Guard::new(rule(None), Some(10 * DAY), 0);
        guard.judge(3 * DAY, HOUR).unwrap();
        guard.judge(10 * DAY + 2 * HOUR, 2 * HOUR).unwrap();
        guard.judge(12 * DAY, 2 * HOUR).unwrap_err();
    }

    #[test]
    fn a_confirmed_day_is_believed_and_no_other() {
        let mut guard = Guard::new(rule(Some(40 * DAY..41 * DAY)), Some(0), 0);
        guard.judge(42 * DAY, HOUR).unwrap_err();
        guard.judge(40 * DAY + HOUR, HOUR).unwrap();
        guard.judge(40 * DAY + 2 * HOUR, 2 * HOUR).unwrap();
        guard.judge(42 * DAY, 2 * HOUR).unwrap_err();
    }

    #[test]
    fn without_a_rule_or_anything_known_the_clock_is_believed() {
        Guard::new(None, Some(0), 0).judge(100 * DAY, 0).unwrap();
        let mut guard = Guard::new(rule(None), None, 0);
        guard.judge(100 * DAY, 0).unwrap();
        guard.judge(102 * DAY, 0).unwrap_err();
    }

    #[test]
    fn what_was_written_down_reads_back_and_damage_is_nothing_known() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(last_alive(folder.path()), None);
        alive(folder.path(), -7).unwrap();
        alive(folder.path(), 1_700_000_000_000_001).unwrap();
        assert_eq!(last_alive(folder.path()), Some(1_700_000_000_000_001));
        std::fs::write(folder.path().join(ALIVE), "17").unwrap();
        assert_eq!(last_alive(folder.path()), None);
    }
}
