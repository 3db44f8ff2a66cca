//! Civil time in Việt Nam: a fixed seven hours ahead of UTC, without a time zone database.

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::Offset,
};

/// Asia/Ho_Chi_Minh has kept UTC+7 since 1975 and has no summer time; all dossiers are younger.
const OFFSET: Offset = Offset::constant(7);

/// The civil date of an instant.
pub fn date(t: Timestamp) -> Date {
    datetime(t).date()
}

/// The civil date and time of an instant.
pub fn datetime(t: Timestamp) -> DateTime {
    OFFSET.to_datetime(t)
}

/// The instant of a civil date and time; outside what an instant can hold, the nearest one.
pub fn instant(dt: DateTime) -> Timestamp {
    OFFSET.to_timestamp(dt).unwrap_or_else(|_| {
        if dt.year() < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnight_in_viet_nam_is_five_in_the_afternoon_before_in_utc() {
        let t: Timestamp = "2022-12-14T17:00:00Z".parse().unwrap();
        assert_eq!(
            datetime(t),
            "2022-12-15T00:00:00".parse::<DateTime>().unwrap()
        );
        assert_eq!(date(t), "2022-12-15".parse::<Date>().unwrap());
        assert_eq!(instant(datetime(t)), t);
        let before: Timestamp = "2022-12-14T16:59:59.999999Z".parse().unwrap();
        assert_eq!(date(before), "2022-12-14".parse::<Date>().unwrap());
    }

    #[test]
    fn an_instant_beyond_the_end_of_time_is_the_last_one() {
        assert_eq!(instant(DateTime::MAX), Timestamp::MAX);
        assert_eq!(instant(DateTime::MIN), Timestamp::MIN);
    }
}
