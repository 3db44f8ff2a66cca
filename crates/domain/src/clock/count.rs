//! Counting on a calendar: days by date, hours by consuming working time.

use jiff::{
    SignedDuration, Span,
    civil::{Date, DateTime, Time},
};

use crate::calendar::Calendar;
use crate::working_hours::WorkingHours;

/// Where a count ended, and whether it looked at a day of a year that is not published.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Counted<T> {
    pub(super) end: T,
    pub(super) provisional: bool,
}

/// A calendar and hours to count with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counter<'a> {
    pub(super) calendar: &'a Calendar,
    pub(super) hours: &'a WorkingHours,
}

/// Every day after a date, until the last there is.
pub(super) fn days_after(date: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(date.tomorrow().ok(), |day| day.tomorrow().ok())
}

/// A date and every day after it.
pub(super) fn days_from(date: Date) -> impl Iterator<Item = Date> {
    std::iter::once(date).chain(days_after(date))
}

impl Counter<'_> {
    /// The n-th working day after a date; for 0 the first on or after it.
    pub(super) fn working_day(&self, date: Date, n: u32) -> Counted<Date> {
        if n == 0 {
            return self.roll(date);
        }
        let mut left = n;
        let mut provisional = false;
        for day in days_after(date) {
            provisional |= !self.calendar.published(day.year());
            if self.calendar.working(day) {
                left -= 1;
                if left == 0 {
                    return Counted {
                        end: day,
                        provisional,
                    };
                }
            }
        }
        BEYOND
    }

    /// The n-th day after a date, rolled forward to a working day.
    pub(super) fn calendar_day(&self, date: Date, n: i64) -> Counted<Date> {
        Span::new()
            .try_days(n)
            .and_then(|span| date.checked_add(span))
            .map_or(BEYOND, |end| self.roll(end))
    }

    /// The same day number this many months later, clamped to the month's length, rolled forward to a working day.
    pub(super) fn month(&self, date: Date, months: u16) -> Counted<Date> {
        months_after(date, months).map_or(BEYOND, |end| self.roll(end))
    }

    /// The first working day on or after a date.
    pub(super) fn roll(&self, date: Date) -> Counted<Date> {
        let mut provisional = false;
        for day in days_from(date) {
            provisional |= !self.calendar.published(day.year());
            if self.calendar.working(day) {
                return Counted {
                    end: day,
                    provisional,
                };
            }
        }
        BEYOND
    }

    /// The instant at which this much working time after `start` is used up.
    pub(super) fn consume(&self, start: DateTime, time: SignedDuration) -> Counted<DateTime> {
        let mut left = time;
        let mut from = start.time();
        let mut provisional = false;
        for day in days_from(start.date()) {
            provisional |= !self.calendar.published(day.year());
            if self.calendar.working(day) {
                for shift in self.hours.shifts() {
                    let begin = shift.open.max(from);
                    if begin >= shift.close {
                        continue;
                    }
                    let available = shift.close.duration_since(begin);
                    // Not strictly less: a limit used up as the stretch ends is due then, not when the next begins.
                    if left <= available {
                        return Counted {
                            end: day.to_datetime(begin.saturating_add(left)),
                            provisional,
                        };
                    }
                    left = left.saturating_sub(available);
                }
            }
            from = Time::MIN;
        }
        Counted {
            end: BEYOND.end.to_datetime(self.hours.closing_time()),
            provisional: true,
        }
    }

    /// The working time between two instants.
    pub(super) fn time_between(&self, from: DateTime, to: DateTime) -> SignedDuration {
        let mut time = SignedDuration::ZERO;
        for day in days_from(from.date()).take_while(|day| *day <= to.date()) {
            time = time.saturating_add(self.time_on(day, from, to));
        }
        time
    }

    /// The working time of one day that lies between two instants.
    pub(super) fn time_on(&self, day: Date, from: DateTime, to: DateTime) -> SignedDuration {
        let mut time = SignedDuration::ZERO;
        if self.calendar.working(day) {
            for shift in self.hours.shifts() {
                let begin = day.to_datetime(shift.open).max(from);
                let end = day.to_datetime(shift.close).min(to);
                if begin < end {
                    time = time.saturating_add(end.duration_since(begin));
                }
            }
        }
        time
    }
}

/// The same day number this many months later, or that month's last day; none past the last date there is.
pub(super) fn months_after(date: Date, months: u16) -> Option<Date> {
    Span::new()
        .try_months(i64::from(months))
        .and_then(|span| date.checked_add(span))
        .ok()
}

/// Where a count ends that would run past the last date there is.
const BEYOND: Counted<Date> = Counted {
    end: Date::MAX,
    provisional: true,
};
