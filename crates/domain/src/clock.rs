//! Time limits and due dates: when the result is due, whether it was in time, and how the days were counted.
//!
//! Two conventions, which differ at the edges of a day, hence in the class a dossier falls into:
//!
//! * Day limits count **dates**. The day of acceptance is not counted; the result is due on the n-th following working
//!   day, at close of business. Calendar days and months end on their own date, rolled forward to a working day.
//! * Hour limits consume **working minutes** from the instant of acceptance. A limit that is used up exactly when a
//!   stretch of work ends is due then, not when the next stretch begins: 17:00, not 07:00 of the next day.
//!
//! Everything here is total: a count that would run past the last date there is ends on it and is provisional.

mod count;
mod explain;
mod resume;

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time},
};
use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::local;
use crate::working_hours::WorkingHours;

use count::{Counted, Counter};
pub use explain::{DayKind, EXPLAINED_DAYS_MAX, ExplainedDay, Pause, explain};
pub use resume::resume;

/// A same-day procedure is due on the day of acceptance up to this time, and on the next working day after it.
///
/// The rule of certification and extracts; a law version may set another.
pub const SAME_DAY_CUTOFF: Time = Time::constant(15, 0, 0, 0);

/// What a time limit is counted in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeUnit {
    /// *Ngày làm việc*.
    WorkingDays,
    /// *Ngày*: every day counts, the end is rolled forward to a working day.
    CalendarDays,
    /// *Giờ làm việc*.
    WorkingHours,
    /// *Tháng*: the same day number, or the month's last; the end is rolled forward to a working day.
    Months,
    /// *Trong ngày*: the same day, or the next working day when accepted after 15:00. The amount is 0.
    SameDay,
}

impl TimeUnit {
    pub(crate) const NAMES: &'static [(&'static str, Self)] = &[
        ("working_days", Self::WorkingDays),
        ("calendar_days", Self::CalendarDays),
        ("working_hours", Self::WorkingHours),
        ("months", Self::Months),
        ("same_day", Self::SameDay),
    ];

    /// The rule by which a limit in this unit is early, on time or overdue.
    pub fn rule(self) -> DueRule {
        match self {
            Self::WorkingHours => DueRule::ByInstant,
            Self::WorkingDays | Self::CalendarDays | Self::Months | Self::SameDay => {
                DueRule::ByDate
            }
        }
    }
}

/// A statutory time (*thời hạn giải quyết*).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct TimeLimit {
    /// How many units.
    pub amount: u16,
    /// Of what.
    pub unit: TimeUnit,
}

/// What a due date is compared by: `rule-II06-date-v1`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DueRule {
    /// Civil dates: for limits in days and months.
    ByDate,
    /// Instants: for limits in hours.
    ByInstant,
}

/// When the result is due (*ngày hẹn trả*).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Due {
    /// The instant; by date, the close of business of the due day.
    pub at: Timestamp,
    /// What it is compared by.
    pub rule: DueRule,
    /// It was counted into a year whose calendar is not published, and will be counted anew when it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
}

/// How an end of processing stands to its due date; the three classes of form II.06.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timeliness {
    /// *Trước hạn*.
    Early,
    /// *Đúng hạn*.
    OnTime,
    /// *Quá hạn*.
    Overdue,
}

impl Due {
    /// The due day.
    pub fn date(&self) -> Date {
        local::date(self.at)
    }

    /// The class of a dossier whose processing ended at this instant.
    pub fn class(&self, ended: Timestamp) -> Timeliness {
        let order = match self.rule {
            DueRule::ByDate => local::date(ended).cmp(&self.date()),
            DueRule::ByInstant => ended.cmp(&self.at),
        };
        match order {
            std::cmp::Ordering::Less => Timeliness::Early,
            std::cmp::Ordering::Equal => Timeliness::OnTime,
            std::cmp::Ordering::Greater => Timeliness::Overdue,
        }
    }

    /// Whether it is past due at this instant: exactly when an end at this instant would be overdue.
    ///
    /// By date, the evening of the due day is still in time.
    pub fn passed(&self, at: Timestamp) -> bool {
        self.class(at) == Timeliness::Overdue
    }
}

/// When the result of a dossier accepted at `start` is due.
pub fn due(limit: TimeLimit, start: Timestamp, calendar: &Calendar, hours: &WorkingHours) -> Due {
    due_with_cutoff(limit, start, SAME_DAY_CUTOFF, calendar, hours)
}

/// [`due`] with another cut-off for same-day procedures.
pub fn due_with_cutoff(
    limit: TimeLimit,
    start: Timestamp,
    same_day_cutoff: Time,
    calendar: &Calendar,
    hours: &WorkingHours,
) -> Due {
    let counter = Counter { calendar, hours };
    let accepted = local::datetime(start);
    let day = accepted.date();
    let end = match limit.unit {
        TimeUnit::WorkingDays => counter.working_day(day, u32::from(limit.amount)),
        TimeUnit::CalendarDays => counter.calendar_day(day, i64::from(limit.amount)),
        TimeUnit::Months => counter.month(day, limit.amount),
        TimeUnit::SameDay => counter.working_day(
            day,
            u32::from(accepted.time() > same_day_cutoff && calendar.working(day)),
        ),
        TimeUnit::WorkingHours => {
            let time = SignedDuration::from_hours(i64::from(limit.amount));
            return by_instant(counter.consume(accepted, time));
        }
    };
    by_date(end, hours)
}

/// The instant at which this many working hours after `start` are used up, as for the answer to an online filing.
pub fn working_hours_after(
    start: Timestamp,
    hours: u32,
    calendar: &Calendar,
    working_hours: &WorkingHours,
) -> Timestamp {
    let counter = Counter {
        calendar,
        hours: working_hours,
    };
    let time = SignedDuration::from_hours(i64::from(hours));
    local::instant(counter.consume(local::datetime(start), time).end)
}

/// The working time between two instants; none when `to` is not after `from`.
pub fn working_time_between(
    from: Timestamp,
    to: Timestamp,
    calendar: &Calendar,
    working_hours: &WorkingHours,
) -> SignedDuration {
    let counter = Counter {
        calendar,
        hours: working_hours,
    };
    counter.time_between(local::datetime(from), local::datetime(to))
}

/// The working days after `a`, up to and including `b`; none when `b` is not after `a`.
pub fn working_days_between(a: Date, b: Date, calendar: &Calendar) -> u32 {
    count::days_after(a)
        .take_while(|day| *day <= b)
        .map(|day| u32::from(calendar.working(day)))
        .sum()
}

/// The n-th working day after a date; the first working day on or after it when n is 0.
pub fn working_day_after(date: Date, n: u32, calendar: &Calendar) -> Date {
    Counter {
        calendar,
        hours: &WorkingHours::STANDARD,
    }
    .working_day(date, n)
    .end
}

fn by_date(end: Counted<Date>, hours: &WorkingHours) -> Due {
    Due {
        at: hours.closing(end.end),
        rule: DueRule::ByDate,
        provisional: end.provisional,
    }
}

fn by_instant(end: Counted<jiff::civil::DateTime>) -> Due {
    Due {
        at: local::instant(end.end),
        rule: DueRule::ByInstant,
        provisional: end.provisional,
    }
}

#[cfg(test)]
mod tests;
