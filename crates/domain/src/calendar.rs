//! The calendar of the civil service: which days are worked. An annual administrative act, so data with a version, not an algorithm.

mod parse;

use std::collections::{BTreeSet, HashMap};

use jiff::civil::{Date, Weekday};

use crate::catalogue::CatalogueFault;
use crate::ids::VersionHash;

/// What a calendar says about a day.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CalendarDayKind {
    /// Monday to Friday, worked.
    Weekday,
    /// Saturday or Sunday.
    Weekend,
    /// Monday to Friday, off: a public holiday, its make-up or a swap.
    Holiday,
    /// Saturday or Sunday, worked to make up for a day off (*làm bù*).
    WorkedWeekend,
}

/// One day of a calendar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Day<'a> {
    /// Whether it counts as a working day.
    pub working: bool,
    /// What sort of day it is.
    pub kind: CalendarDayKind,
    /// Why, in Vietnamese: "Tết Nguyên đán", "Chủ nhật"; empty for an ordinary working day.
    pub reason: &'a str,
    /// How certain the calendar is; none for a day it says nothing about.
    pub certainty: Option<&'a str>,
}

/// A day that differs from its weekday.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Exception {
    working: bool,
    reason: Box<str>,
    certainty: Box<str>,
}

/// A versioned calendar of days off and worked weekend days.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Calendar {
    version: VersionHash,
    published: BTreeSet<i16>,
    exceptions: HashMap<Date, Exception>,
}

impl Calendar {
    /// Reads a calendar: CSV `date,kind,reason,certainty` under a comment `# published: 2021..2026`.
    ///
    /// `kind` is `off` (a weekday off) or `worked` (a weekend day worked). Years not named as published may hold the days
    /// that are certain by law; what is counted on them is provisional.
    ///
    /// # Errors
    /// Every fault of the file, with its line.
    pub fn parse(name: &str, text: &str) -> Result<Self, Vec<CatalogueFault>> {
        parse::parse(name, text)
    }

    /// The version: a hash of the file.
    pub fn version(&self) -> &VersionHash {
        &self.version
    }

    /// What the calendar says about a day.
    pub fn day(&self, date: Date) -> Day<'_> {
        let weekend = weekend_name(date);
        if let Some(exception) = self.exceptions.get(&date) {
            return Day {
                working: exception.working,
                kind: if exception.working {
                    CalendarDayKind::WorkedWeekend
                } else {
                    CalendarDayKind::Holiday
                },
                reason: &exception.reason,
                certainty: Some(&exception.certainty),
            };
        }
        Day {
            working: weekend.is_none(),
            kind: match weekend {
                Some(_) => CalendarDayKind::Weekend,
                None => CalendarDayKind::Weekday,
            },
            reason: weekend.unwrap_or_default(),
            certainty: None,
        }
    }

    /// Whether a day counts as a working day.
    pub fn working(&self, date: Date) -> bool {
        self.exceptions.get(&date).map_or_else(
            || weekend_name(date).is_none(),
            |exception| exception.working,
        )
    }

    /// Whether the calendar of a year has been published; what is counted on any other is provisional.
    pub fn published(&self, year: i16) -> bool {
        self.published.contains(&year)
    }

    /// The published years, in order.
    pub fn published_years(&self) -> impl Iterator<Item = i16> + '_ {
        self.published.iter().copied()
    }

    /// Working days of a year.
    pub fn working_days_in(&self, year: i16) -> u32 {
        let days = (1..=12).flat_map(|month| (1..=31).map(move |day| Date::new(year, month, day)));
        let mut count = 0;
        for date in days.flatten() {
            count += u32::from(self.working(date));
        }
        count
    }
}

/// The Vietnamese name of a weekend day; none for Monday to Friday.
fn weekend_name(date: Date) -> Option<&'static str> {
    match date.weekday() {
        Weekday::Saturday => Some("Thứ Bảy"),
        Weekday::Sunday => Some("Chủ nhật"),
        Weekday::Monday
        | Weekday::Tuesday
        | Weekday::Wednesday
        | Weekday::Thursday
        | Weekday::Friday => None,
    }
}

#[cfg(test)]
mod tests;
