//! How far the machine's clock is believed, and what people are told when it is not.

use std::time::Duration;

use domain::local;
use eventlog::{ClockJump, ClockRule};
use jiff::Timestamp;
use jiff::civil::Date;

/// Nobody is switched off for longer without noticing; less is left to the machine's own time service.
const AHEAD_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The rule for a log that keeps the machine's time; on the confirmed day the clock is right whatever it is ahead of.
pub fn rule(confirmed: Option<Date>) -> ClockRule {
    let start = |day: Date| local::instant(day.at(0, 0, 0, 0)).as_microsecond();
    ClockRule {
        ahead_max: AHEAD_MAX,
        confirmed: confirmed.map(|day| {
            let next = day.tomorrow().unwrap_or(Date::MAX);
            start(day)..start(next)
        }),
    }
}

/// What the operator is told of a clock that is not believed, with what to do.
pub fn told(jump: &ClockJump) -> String {
    format!(
        "the clock says {}, but this log was last alive at {}: nothing is written until the clock is right, or the service is \
         started with --confirm-clock {}",
        minute(jump.now),
        minute(jump.expected),
        day(jump)
    )
}

/// The day that has to be confirmed.
pub fn day(jump: &ClockJump) -> Date {
    local::date(instant(jump.now))
}

/// A time of the log as people in Vietnam write it.
pub fn minute(micros: i64) -> String {
    local::datetime(instant(micros))
        .strftime("%Y-%m-%d %H:%M")
        .to_string()
}

fn instant(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_is_told_the_flag_that_helps() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
        let jump = ClockJump {
            now: at("2026-12-31T18:30:00Z"),
            expected: at("2026-11-25T02:00:00Z"),
        };
        let told = told(&jump);
        for part in [
            "2027-01-01 01:30",
            "2026-11-25 09:00",
            "--confirm-clock 2027-01-01",
        ] {
            assert!(told.contains(part), "{part} is not in: {told}");
        }
        let confirmed = rule(Some(day(&jump))).confirmed.unwrap();
        assert!(confirmed.contains(&jump.now));
        assert_eq!(confirmed.end - confirmed.start, 24 * 3_600_000_000);
    }
}
