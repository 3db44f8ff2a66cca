//! Days and moments as people in Vietnam and programs write them.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

/// A day, as people in Vietnam and programs write it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Day(pub Date);

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        date(text).map(Self)
    }
}

/// The same, for a setting that is a day and no more.
///
/// # Errors
/// What a day looks like.
pub fn date(text: &str) -> Result<Date, String> {
    let parts: Vec<&str> = text.split('/').collect();
    let parsed = match parts.as_slice() {
        [day, month, year] => day
            .parse()
            .ok()
            .zip(month.parse().ok())
            .zip(year.parse().ok())
            .and_then(|((day, month), year)| Date::new(year, month, day).ok()),
        // A moment is no day, though the time library would take its day.
        _ if text.len() == 10 => text.parse().ok(),
        _ => None,
    };
    parsed.ok_or_else(|| "a day that exists, as 2022-12-15 or 15/12/2022".to_owned())
}

/// A moment in Vietnam; a day means its end.
///
/// # Errors
/// What a moment looks like.
pub fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(day) = date(text) {
        let next = day.tomorrow().map_err(|_| "too far away".to_owned())?;
        let end = domain::local::instant(next.at(0, 0, 0, 0));
        return Timestamp::from_microsecond(end.as_microsecond() - 1)
            .map_err(|error| error.to_string());
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant);
    }
    text.parse::<DateTime>()
        .map(domain::local::instant)
        .map_err(|_| "a day, or a moment such as 2023-03-15T09:00".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_may_be_written_the_vietnamese_way() {
        assert_eq!(date("15/12/2022"), date("2022-12-15"));
        assert!(date("30/2/2023").is_err());
        assert!(date("15-12-2022").is_err());
    }

    #[test]
    fn a_day_as_a_moment_is_its_end() {
        let end = moment("15/3/2023").unwrap();
        assert_eq!(end.to_string(), "2023-03-15T16:59:59.999999Z");
        assert_eq!(
            moment("2023-03-15T09:00").unwrap().to_string(),
            "2023-03-15T02:00:00Z"
        );
    }
}
