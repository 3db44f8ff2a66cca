//! Civil days in Asia/Ho_Chi_Minh as whole numbers, and instants as microseconds: what the columns hold.

use domain::local;
use jiff::{Timestamp, civil::Date};

/// Days since 1970-01-01 in UTC+7.
pub type Day = i32;

/// No day: not accepted, not ended. Later than every real day, so that comparisons need no special case.
pub const NEVER: Day = i32::MAX;

/// No instant.
pub const NO_INSTANT: i64 = i64::MAX;

/// One day, in microseconds.
pub const DAY_MICROS: i64 = 86_400_000_000;

/// Vietnam keeps UTC+7 all year.
const OFFSET_MICROS: i64 = 7 * 3_600_000_000;

/// The civil day of an instant given in microseconds since 1970 UTC.
pub fn of_micros(micros: i64) -> Day {
    let days = micros.saturating_add(OFFSET_MICROS).div_euclid(DAY_MICROS);
    Day::try_from(days).unwrap_or(NEVER)
}

/// The first instant of a civil day, in microseconds since 1970 UTC.
pub fn start_micros(day: Day) -> i64 {
    i64::from(day)
        .saturating_mul(DAY_MICROS)
        .saturating_sub(OFFSET_MICROS)
}

/// The day number of a date.
pub fn of_date(date: Date) -> Day {
    of_micros(local::instant(date.at(0, 0, 0, 0)).as_microsecond())
}

/// The instant of a column value; what no timestamp can hold becomes the latest one.
pub fn timestamp(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_day_begins_at_midnight_in_vietnam() {
        let midnight: Timestamp = "2023-06-14T17:00:00Z".parse().unwrap();
        assert_eq!(
            of_micros(midnight.as_microsecond()),
            of_date(date(2023, 6, 15))
        );
        assert_eq!(
            of_micros(midnight.as_microsecond() - 1),
            of_date(date(2023, 6, 14))
        );
        assert_eq!(
            start_micros(of_date(date(2023, 6, 15))),
            midnight.as_microsecond()
        );
    }

    #[test]
    fn day_numbers_agree_with_the_calendar() {
        assert_eq!(of_date(date(1970, 1, 1)), 0);
        assert_eq!(of_date(date(1969, 12, 31)), -1);
        assert_eq!(of_date(date(2022, 12, 15)), 19_341);
    }
}
