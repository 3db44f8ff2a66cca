//! Accounting for a due date: every civil day from the start to it, whether it was counted, and why.

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime, Weekday},
};
use serde::{Deserialize, Serialize};

use super::count::{Counter, days_from, months_after};
use super::{Due, TimeLimit, TimeUnit};
use crate::calendar::{Calendar, CalendarDayKind, Day};
use crate::local;
use crate::working_hours::WorkingHours;

/// A stretch during which the clock stood still.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Pause {
    /// When it stopped.
    pub from: Timestamp,
    /// When it went on; none while it stands still.
    pub to: Option<Timestamp>,
}

/// What a day was in the count.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// The day the clock started; by date it is not counted.
    Start,
    /// Counted.
    Counted,
    /// Saturday or Sunday.
    Weekend,
    /// A weekday off.
    Holiday,
    /// A weekend day worked to make up for a day off; counted.
    WorkedWeekend,
    /// The clock stood still; it would have been counted otherwise.
    Paused,
    /// The due day.
    Due,
}

impl DayKind {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Counted => "counted",
            Self::Weekend => "weekend",
            Self::Holiday => "holiday",
            Self::WorkedWeekend => "worked_weekend",
            Self::Paused => "paused",
            Self::Due => "due",
        }
    }
}

/// One day of the account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ExplainedDay {
    /// The day.
    pub date: Date,
    /// What it was.
    pub kind: DayKind,
    /// Why, in Vietnamese.
    pub reason: Box<str>,
    /// Why, in English.
    pub reason_en: Box<str>,
    /// How much of the limit is used up at the end of this day, in days or in whole hours (for months, in days); none for
    /// a day that uses up nothing. The due day always has it.
    pub count: Option<u32>,
}

/// The longest account in days, ten years: a due day beyond it is given, the days before it are not.
pub const EXPLAINED_DAYS_MAX: usize = 3_660;

/// Every civil day from the start of the clock to the due day. The due day is always there, and is the last.
///
/// `start` is the last start of the clock (acceptance, or the supplement that restarted it), `pauses` what came after it.
pub fn explain(
    limit: TimeLimit,
    start: Timestamp,
    pauses: &[Pause],
    due: Due,
    calendar: &Calendar,
    hours: &WorkingHours,
) -> Vec<ExplainedDay> {
    let account = Account {
        counter: Counter { calendar, hours },
        limit,
        start: local::datetime(start),
        due: local::datetime(due.at),
        pauses: merged(pauses),
    };
    account.days()
}

/// A reason in Vietnamese and in English.
type Said = (Box<str>, Box<str>);

fn said(vi: impl Into<Box<str>>, en: impl Into<Box<str>>) -> Said {
    (vi.into(), en.into())
}

/// A day that differs from an ordinary one; the calendar tells why in Vietnamese only.
fn off(date: Date, day: Day<'_>) -> Said {
    let en = match (day.kind, date.weekday()) {
        (CalendarDayKind::Weekend, Weekday::Saturday) => "Saturday".to_owned(),
        (CalendarDayKind::Weekend, _) => "Sunday".to_owned(),
        (CalendarDayKind::Holiday, _) => format!("Day off: {}", day.reason),
        (CalendarDayKind::WorkedWeekend, _) => format!("Weekend day worked: {}", day.reason),
        (CalendarDayKind::Weekday, _) => "Working day".to_owned(),
    };
    said(day.reason, en)
}

struct Account<'a> {
    counter: Counter<'a>,
    limit: TimeLimit,
    start: DateTime,
    due: DateTime,
    /// In order, none touching another.
    pauses: Vec<(DateTime, DateTime)>,
}

impl Account<'_> {
    fn days(&self) -> Vec<ExplainedDay> {
        let due = self.due.date();
        let mut days = Vec::new();
        let mut used = Used::default();
        for date in days_from(self.start.date()).take_while(|date| *date < due) {
            let before = used;
            self.count(date, &mut used);
            if days.len() + 1 < EXPLAINED_DAYS_MAX {
                days.push(self.day(date, before, used));
            }
        }
        self.count(due, &mut used);
        let due_reason = self.due_reason();
        days.push(ExplainedDay {
            date: due,
            kind: DayKind::Due,
            reason: due_reason.0,
            reason_en: due_reason.1,
            count: Some(used.number(self.limit.unit)),
        });
        days
    }

    /// Adds what a day uses up.
    fn count(&self, date: Date, used: &mut Used) {
        match self.limit.unit {
            TimeUnit::WorkingHours => {
                used.time = used.time.saturating_add(self.time_used_on(date));
            }
            TimeUnit::WorkingDays | TimeUnit::SameDay => {
                let counts = date > self.start.date() && self.counter.calendar.working(date);
                let uses = counts && !self.paused(date) && !self.resumed_onto(date, used.days);
                used.days += u32::from(uses);
            }
            TimeUnit::CalendarDays | TimeUnit::Months => {
                let counts = date > self.start.date() && !self.rolled(date, used.days);
                used.days += u32::from(counts && !self.paused(date));
            }
        }
    }

    fn day(&self, date: Date, before: Used, used: Used) -> ExplainedDay {
        let day = self.counter.calendar.day(date);
        let by_hours = self.limit.unit == TimeUnit::WorkingHours;
        let counted = used != before;
        let would_count = match self.limit.unit {
            TimeUnit::WorkingHours | TimeUnit::WorkingDays | TimeUnit::SameDay => day.working,
            TimeUnit::CalendarDays | TimeUnit::Months => !self.rolled(date, before.days),
        };
        let (kind, (reason, reason_en)) = if date == self.start.date() {
            (DayKind::Start, self.start_reason(date, day))
        } else if would_count && !counted {
            (
                DayKind::Paused,
                said("Tạm dừng tính thời hạn", "The clock stands still"),
            )
        } else {
            match day.kind {
                CalendarDayKind::Weekday => (DayKind::Counted, self.weekday_reason(date)),
                CalendarDayKind::Weekend => (DayKind::Weekend, off(date, day)),
                CalendarDayKind::Holiday => (DayKind::Holiday, off(date, day)),
                CalendarDayKind::WorkedWeekend => (DayKind::WorkedWeekend, off(date, day)),
            }
        };
        let shows_count = counted || (by_hours && kind == DayKind::Start);
        ExplainedDay {
            date,
            kind,
            reason,
            reason_en,
            count: shows_count.then(|| used.number(self.limit.unit)),
        }
    }

    fn start_reason(&self, date: Date, day: Day<'_>) -> Said {
        match (self.limit.unit, day.working) {
            (TimeUnit::WorkingHours, true) => said(
                "Ngày tiếp nhận, tính từ giờ tiếp nhận",
                "The day of acceptance, from its hour on",
            ),
            (TimeUnit::WorkingHours, false) => {
                let (vi, en) = off(date, day);
                said(
                    format!("Ngày tiếp nhận ({vi})"),
                    format!("The day of acceptance ({en})"),
                )
            }
            (
                TimeUnit::WorkingDays
                | TimeUnit::CalendarDays
                | TimeUnit::Months
                | TimeUnit::SameDay,
                _,
            ) => said(
                "Ngày tiếp nhận, không tính",
                "The day of acceptance, not counted",
            ),
        }
    }

    fn weekday_reason(&self, date: Date) -> Said {
        let (vi, en) = self.unpublished(date);
        said(format!("Ngày làm việc{vi}"), format!("Working day{en}"))
    }

    fn due_reason(&self) -> Said {
        let date = self.due.date();
        let day = self.counter.calendar.day(date);
        let (vi, en) = if day.reason.is_empty() {
            self.unpublished(date)
        } else {
            let (vi, en) = off(date, day);
            said(format!(" ({vi})"), format!(" ({en})"))
        };
        said(
            format!("Ngày hẹn trả kết quả{vi}"),
            format!("The due day{en}"),
        )
    }

    /// What to add to a day that no published calendar vouches for.
    fn unpublished(&self, date: Date) -> Said {
        let year = date.year();
        if self.counter.calendar.published(year) {
            return said("", "");
        }
        said(
            format!(" (lịch năm {year} chưa công bố)"),
            format!(" (the calendar of {year} is not published)"),
        )
    }

    /// By date, a pause takes the days after its first up to and including its last.
    fn paused(&self, date: Date) -> bool {
        self.pauses
            .iter()
            .any(|(from, to)| from.date() < date && date <= to.date())
    }

    /// Whether this is the due day only because a pause that began with nothing left to count ended on a day off.
    fn resumed_onto(&self, date: Date, used: u32) -> bool {
        let off_until_due = |day: Date| {
            days_from(day)
                .take_while(|day| *day < date)
                .all(|day| !self.counter.calendar.working(day))
        };
        date == self.due.date()
            && used >= u32::from(self.limit.amount)
            && (self.pauses.iter()).any(|(_, to)| to.date() < date && off_until_due(to.date()))
    }

    /// Whether a day lies after the end of a calendar limit, on the way to the next working day.
    fn rolled(&self, date: Date, used: u32) -> bool {
        let whole = match self.limit.unit {
            TimeUnit::Months => {
                months_after(self.start.date(), self.limit.amount).and_then(|end| {
                    u32::try_from(end.duration_since(self.start.date()).as_hours() / 24).ok()
                })
            }
            TimeUnit::CalendarDays
            | TimeUnit::WorkingDays
            | TimeUnit::WorkingHours
            | TimeUnit::SameDay => Some(u32::from(self.limit.amount)),
        };
        let due = self.due.date();
        whole.is_some_and(|whole| used >= whole)
            && !days_from(date)
                .take_while(|day| *day < due)
                .any(|day| self.counter.calendar.working(day))
    }

    fn time_used_on(&self, date: Date) -> SignedDuration {
        let time = |from: DateTime, to: DateTime| {
            self.counter
                .time_on(date, from.max(self.start), to.min(self.due))
        };
        let mut used = time(self.start, self.due);
        for (from, to) in &self.pauses {
            used = used.saturating_sub(time(*from, *to));
        }
        used
    }
}

/// What has been used up so far: days or working time, by the unit.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Used {
    days: u32,
    time: SignedDuration,
}

impl Used {
    fn number(self, unit: TimeUnit) -> u32 {
        match unit {
            TimeUnit::WorkingHours => u32::try_from(self.time.as_hours()).unwrap_or(0),
            TimeUnit::WorkingDays
            | TimeUnit::CalendarDays
            | TimeUnit::Months
            | TimeUnit::SameDay => self.days,
        }
    }
}

/// Pauses in order, those that touch made one; one that is still open lasts for ever.
fn merged(pauses: &[Pause]) -> Vec<(DateTime, DateTime)> {
    let mut stretches: Vec<_> = pauses
        .iter()
        .map(|pause| {
            (
                local::datetime(pause.from),
                pause.to.map_or(DateTime::MAX, local::datetime),
            )
        })
        .collect();
    stretches.sort();
    let mut merged: Vec<(DateTime, DateTime)> = Vec::new();
    for (from, to) in stretches {
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            Some(_) | None => merged.push((from, to)),
        }
    }
    merged
}
