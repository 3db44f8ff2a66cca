//! The hours an agency works on a working day: a morning and an afternoon.

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time},
};

use crate::local;

/// A stretch of work without a break.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shift {
    /// When it begins.
    pub open: Time,
    /// When it ends.
    pub close: Time,
}

/// Working hours of an agency, in civil time, the same on every working day (a worked Saturday has them too).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WorkingHours {
    morning: Shift,
    afternoon: Shift,
}

/// The two stretches do not follow each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("working hours must run forward: opening, noon break, closing")]
pub struct NotForward;

impl WorkingHours {
    /// 07:00–11:30 and 13:30–17:00, the hours of most provincial agencies: eight hours.
    pub const STANDARD: Self = Self {
        morning: Shift {
            open: Time::constant(7, 0, 0, 0),
            close: Time::constant(11, 30, 0, 0),
        },
        afternoon: Shift {
            open: Time::constant(13, 30, 0, 0),
            close: Time::constant(17, 0, 0, 0),
        },
    };

    /// Working hours of a morning and an afternoon; without a break when one ends as the other begins.
    ///
    /// # Errors
    /// When a stretch is empty or backward, or the afternoon begins before the morning ends.
    pub fn new(morning: Shift, afternoon: Shift) -> Result<Self, NotForward> {
        let forward = morning.open < morning.close
            && morning.close <= afternoon.open
            && afternoon.open < afternoon.close;
        forward
            .then_some(Self { morning, afternoon })
            .ok_or(NotForward)
    }

    /// Both stretches, in order.
    pub fn shifts(&self) -> [Shift; 2] {
        [self.morning, self.afternoon]
    }

    /// The time of day at which the agency opens.
    pub fn opening_time(&self) -> Time {
        self.morning.open
    }

    /// The time of day of its close of business.
    pub fn closing_time(&self) -> Time {
        self.afternoon.close
    }

    /// The instant at which the agency opens on a day.
    pub fn opening(&self, day: Date) -> Timestamp {
        local::instant(day.to_datetime(self.opening_time()))
    }

    /// The close of business of a day.
    pub fn closing(&self, day: Date) -> Timestamp {
        local::instant(day.to_datetime(self.closing_time()))
    }

    /// The working time of one day.
    pub fn per_day(&self) -> SignedDuration {
        self.shifts()
            .iter()
            .map(|shift| shift.close.duration_since(shift.open))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    #[test]
    fn a_standard_day_has_eight_hours() {
        assert_eq!(
            WorkingHours::STANDARD.per_day(),
            SignedDuration::from_hours(8)
        );
        let day = date(2022, 12, 15);
        assert_eq!(
            WorkingHours::STANDARD.opening(day),
            "2022-12-15T00:00:00Z".parse().unwrap()
        );
        assert_eq!(
            WorkingHours::STANDARD.closing(day),
            "2022-12-15T10:00:00Z".parse().unwrap()
        );
    }

    #[test]
    fn hours_that_run_backward_are_refused() {
        let morning = Shift {
            open: time(7, 30, 0, 0),
            close: time(11, 30, 0, 0),
        };
        let afternoon = Shift {
            open: time(13, 0, 0, 0),
            close: time(17, 0, 0, 0),
        };
        assert!(WorkingHours::new(morning, afternoon).is_ok());
        assert_eq!(WorkingHours::new(afternoon, morning), Err(NotForward));
        let empty = Shift {
            open: time(13, 0, 0, 0),
            close: time(13, 0, 0, 0),
        };
        assert_eq!(WorkingHours::new(morning, empty), Err(NotForward));
    }
}
