//! Accounting for a due date: every civil day from the start to it, whether it was counted, and why.

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime},
};
use serde::{Deserialize, Serialize};

use super::count::{Counter, days_from, months_after};
use super::{Due, TimeLimit, TimeUnit};
use crate::calendar::{Calendar, CalendarDayKind};
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
        days.push(ExplainedDay {
            date: due,
            kind: DayKind::Due,
            reason: self.due_reason(),
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
        let (kind, reason) = if date == self.start.date() {
            (DayKind::Start, self.start_reason(day.working, day.reason))
        } else if would_count && !counted {
            (DayKind::Paused, "Tạm dừng tính thời hạn".into())
        } else {
            match day.kind {
                CalendarDayKind::Weekday => (DayKind::Counted, self.weekday_reason(date)),
                CalendarDayKind::Weekend => (DayKind::Weekend, day.reason.into()),
                CalendarDayKind::Holiday => (DayKind::Holiday, day.reason.into()),
                CalendarDayKind::WorkedWeekend => (DayKind::WorkedWeekend, day.reason.into()),
            }
        };
        let shows_count = counted || (by_hours && kind == DayKind::Start);
        ExplainedDay {
            date,
            kind,
            reason,
            count: shows_count.then(|| used.number(self.limit.unit)),
        }
    }

    fn start_reason(&self, working: bool, off: &str) -> Box<str> {
        match (self.limit.unit, working) {
            (TimeUnit::WorkingHours, true) => "Ngày tiếp nhận, tính từ giờ tiếp nhận".into(),
            (TimeUnit::WorkingHours, false) => format!("Ngày tiếp nhận ({off})").into(),
            (
                TimeUnit::WorkingDays
                | TimeUnit::CalendarDays
                | TimeUnit::Months
                | TimeUnit::SameDay,
                _,
            ) => "Ngày tiếp nhận, không tính".into(),
        }
    }

    fn weekday_reason(&self, date: Date) -> Box<str> {
        let year = date.year();
        if self.counter.calendar.published(year) {
            "Ngày làm việc".into()
        } else {
            format!("Ngày làm việc (lịch năm {year} chưa công bố)").into()
        }
    }

    fn due_reason(&self) -> Box<str> {
        let date = self.due.date();
        let day = self.counter.calendar.day(date);
        let year = date.year();
        if !day.reason.is_empty() {
            format!("Ngày hẹn trả kết quả ({})", day.reason).into()
        } else if self.counter.calendar.published(year) {
            "Ngày hẹn trả kết quả".into()
        } else {
            format!("Ngày hẹn trả kết quả (lịch năm {year} chưa công bố)").into()
        }
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
