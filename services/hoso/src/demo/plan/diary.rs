//! The moments at which something happens: five a working day and one in the evening, at minutes that differ from day to day.
//!
//! Few moments, so that several dossiers have something to do at each, and the play can have several calls in flight
//! while the virtual clock stands still.

use domain::calendar::Calendar;
use domain::local;
use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan as _};

use super::dice::Dice;

/// Each moment of a day: the earliest time, and how many minutes later it may be.
const SLOTS: [(i8, i8, usize); 6] = [
    (7, 35, 25),
    (9, 40, 40),
    (13, 45, 40),
    (15, 10, 30),
    (16, 15, 35),
    (19, 30, 90),
];
/// The last moment of office hours.
pub(crate) const LAST: u8 = 4;
/// After office hours: only the portal is open.
pub(crate) const EVENING: u8 = 5;

/// A moment of the play; moments are ordered as time is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Moment {
    /// The civil day.
    pub(crate) day: Date,
    /// Which of the day's moments.
    pub(crate) slot: u8,
}

impl Moment {
    /// The civil time.
    pub(crate) fn civil(self) -> DateTime {
        let [.., evening] = SLOTS;
        let (hour, minute, span) = SLOTS
            .get(usize::from(self.slot))
            .copied()
            .unwrap_or(evening);
        let earliest = self.day.at(hour, minute, 0, 0);
        let [year, month, day] = [
            self.day.year().unsigned_abs(),
            part(self.day.month()),
            part(self.day.day()),
        ];
        let seed = u64::from(year) << 32 | u64::from(month) << 16 | u64::from(day) << 8;
        let later = Dice::new(seed | u64::from(self.slot)).below(span);
        earliest.saturating_add(i64::try_from(later).unwrap_or_default().minutes())
    }

    /// The instant.
    pub(crate) fn instant(self) -> Timestamp {
        local::instant(self.civil())
    }
}

fn part(of_date: i8) -> u16 {
    u16::from(of_date.unsigned_abs())
}

/// The working days of the play.
#[derive(Debug)]
pub(crate) struct Diary {
    days: Vec<Date>,
}

impl Diary {
    /// The working days from one day to another, both counted in.
    pub(crate) fn new(calendar: &Calendar, from: Date, to: Date) -> Self {
        let days = from
            .series(1.day())
            .take_while(|day| *day <= to)
            .filter(|day| calendar.working(*day))
            .collect();
        Self { days }
    }

    /// The working days of a stretch, both ends counted in.
    pub(crate) fn days(&self, from: Date, to: Date) -> &[Date] {
        let first = self.days.partition_point(|day| *day < from);
        let end = self.days.partition_point(|day| *day <= to);
        self.days.get(first..end).unwrap_or_default()
    }

    /// The n-th working day after a day.
    pub(crate) fn after(&self, day: Date, n: usize) -> Option<Date> {
        let next = self.days.partition_point(|other| *other <= day);
        self.days.get((next + n).checked_sub(1)?).copied()
    }

    /// The n-th working day before a day.
    pub(crate) fn before(&self, day: Date, n: usize) -> Option<Date> {
        let here = self.days.partition_point(|other| *other < day);
        self.days.get(here.checked_sub(n)?).copied()
    }

    /// The next moment of office hours.
    pub(crate) fn next(&self, moment: Moment) -> Option<Moment> {
        if moment.slot < LAST {
            return Some(Moment {
                slot: moment.slot + 1,
                ..moment
            });
        }
        Some(Moment {
            day: self.after(moment.day, 1)?,
            slot: 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn diary() -> Diary {
        let catalogue = crate::shipped::catalogue(None).unwrap();
        Diary::new(catalogue.calendar(), date(2023, 1, 1), date(2023, 2, 28))
    }

    #[test]
    fn moments_of_a_day_are_in_order_and_in_office_hours_but_for_the_last() {
        for day in [date(2023, 1, 16), date(2023, 6, 14)] {
            let times: Vec<DateTime> = (0..=EVENING)
                .map(|slot| Moment { day, slot }.civil())
                .collect();
            assert!(times.is_sorted_by(|a, b| a < b));
            assert!(
                times[0] >= day.at(7, 0, 0, 0) && times[usize::from(LAST)] <= day.at(17, 0, 0, 0)
            );
        }
        assert_ne!(
            Moment {
                day: date(2023, 1, 16),
                slot: 1
            }
            .civil()
            .time(),
            Moment {
                day: date(2023, 1, 17),
                slot: 1
            }
            .civil()
            .time()
        );
    }

    #[test]
    fn the_day_after_the_last_before_tet_is_the_first_after_it() {
        let diary = diary();
        let eve = Moment {
            day: date(2023, 1, 19),
            slot: LAST,
        };
        assert_eq!(
            diary.next(eve),
            Some(Moment {
                day: date(2023, 1, 27),
                slot: 0
            })
        );
        assert_eq!(diary.after(date(2023, 1, 21), 1), Some(date(2023, 1, 27)));
        assert_eq!(diary.before(date(2023, 1, 21), 1), Some(date(2023, 1, 19)));
        assert_eq!(diary.days(date(2023, 1, 18), date(2023, 1, 27)).len(), 3);
    }
}
