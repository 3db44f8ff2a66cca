//! Due dates: the vectors of the calendar of 2021 to 2026, the edges, and what holds for every limit.

mod always;
mod standing_still;
mod vectors;

use std::sync::LazyLock;

use jiff::civil::DateTime;

use super::*;

const HOURS: WorkingHours = WorkingHours::STANDARD;

/// The shipped calendar.
fn calendar() -> &'static Calendar {
    static CALENDAR: LazyLock<Calendar> = LazyLock::new(|| {
        let text = include_str!("../../../../deploy/catalogue/calendar.csv");
        Calendar::parse("calendar.csv", text).expect("the shipped calendar is whole")
    });
    &CALENDAR
}

/// `2022-12-15 09:00`, or a date alone for nine in the morning.
fn at(text: &str) -> Timestamp {
    let text = if text.len() == 10 {
        format!("{text} 09:00")
    } else {
        text.to_owned()
    };
    local::instant(
        text.replace(' ', "T")
            .parse::<DateTime>()
            .expect("a civil time"),
    )
}

fn day(text: &str) -> Date {
    text.parse().expect("a date")
}

const fn limit(amount: u16, unit: TimeUnit) -> TimeLimit {
    TimeLimit { amount, unit }
}

const fn working_days(amount: u16) -> TimeLimit {
    limit(amount, TimeUnit::WorkingDays)
}

const fn working_hours(amount: u16) -> TimeLimit {
    limit(amount, TimeUnit::WorkingHours)
}

fn due_of(limit: TimeLimit, start: &str) -> Due {
    due(limit, at(start), calendar(), &HOURS)
}
