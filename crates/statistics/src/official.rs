//! The periods for which the form is officially drawn up: they begin on the 15th, and the year on 15 December.

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::question::Period;

/// The day of the month on which periods begin.
const FIRST_DAY: i8 = 15;
/// The month in which the reporting year begins.
const FIRST_MONTH: i32 = 12;

/// A kind of official period.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Span {
    /// Tháng: from the 15th to the 14th.
    Month,
    /// Quý: from 15 December, 15 March, 15 June or 15 September.
    Quarter,
    /// Sáu tháng: 15 December to 14 June, 15 June to 14 December.
    HalfYear,
    /// Năm: 15 December to 14 December.
    Year,
}

impl Span {
    /// Every kind, the shortest first.
    pub const ALL: [Self; 4] = [Self::Month, Self::Quarter, Self::HalfYear, Self::Year];

    /// The name used in requests and subjects.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::HalfYear => "half-year",
            Self::Year => "year",
        }
    }

    const fn months(self) -> i32 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::HalfYear => 6,
            Self::Year => 12,
        }
    }

    /// The official period of this kind in which a day lies. At the very ends of the calendar, what of it there is.
    pub fn around(self, day: Date) -> Period {
        let begun = if day.day() < FIRST_DAY {
            day.first_of_month().saturating_sub(1.month())
        } else {
            day.first_of_month()
        };
        let into = (i32::from(begun.month()) - FIRST_MONTH).rem_euclid(self.months());
        let first = begun.saturating_sub(into.months());
        let from = first.saturating_add(i32::from(FIRST_DAY - 1).days());
        let to = first
            .saturating_add(self.months().months())
            .saturating_add(i32::from(FIRST_DAY - 2).days());
        // Each end is the first of a month and some days: `to` cannot lie before `from`.
        Period::new(from, to.max(from)).unwrap_or_else(|_| Period::of_day(day))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn period(span: Span, day: Date) -> (String, String) {
        let period = span.around(day);
        (period.from().to_string(), period.to().to_string())
    }

    #[test]
    fn the_half_year_of_the_article_runs_from_15_december_to_14_june() {
        let expected = ("2022-12-15".to_owned(), "2023-06-14".to_owned());
        for day in [date(2022, 12, 15), date(2023, 1, 1), date(2023, 6, 14)] {
            assert_eq!(period(Span::HalfYear, day), expected);
        }
        assert_eq!(
            period(Span::HalfYear, date(2022, 12, 14)),
            ("2022-06-15".to_owned(), "2022-12-14".to_owned())
        );
    }

    #[test]
    fn months_quarters_and_years_begin_on_the_fifteenth() {
        for (span, day, from, to) in [
            (Span::Month, date(2023, 3, 14), "2023-02-15", "2023-03-14"),
            (Span::Month, date(2023, 12, 31), "2023-12-15", "2024-01-14"),
            (Span::Month, date(2024, 1, 1), "2023-12-15", "2024-01-14"),
            (Span::Quarter, date(2023, 3, 14), "2022-12-15", "2023-03-14"),
            (Span::Quarter, date(2023, 3, 15), "2023-03-15", "2023-06-14"),
            (Span::Quarter, date(2023, 11, 2), "2023-09-15", "2023-12-14"),
            (Span::Year, date(2023, 12, 14), "2022-12-15", "2023-12-14"),
            (Span::Year, date(2023, 12, 15), "2023-12-15", "2024-12-14"),
        ] {
            assert_eq!(period(span, day), (from.to_owned(), to.to_owned()));
        }
    }

    #[test]
    fn each_day_lies_in_its_periods_and_the_next_period_begins_the_day_after() {
        let mut day = date(2019, 12, 1);
        while day < date(2021, 3, 1) {
            for span in Span::ALL {
                let period = span.around(day);
                assert!(period.from() <= day && day <= period.to(), "{day}");
                let next = period.to().tomorrow().unwrap();
                assert_eq!(span.around(next).from(), next);
            }
            day = day.tomorrow().unwrap();
        }
    }

    #[test]
    fn the_ends_of_the_calendar_have_periods_too() {
        for day in [Date::MIN, Date::MAX] {
            for span in Span::ALL {
                let period = span.around(day);
                assert!(period.from() <= period.to());
            }
        }
    }
}
