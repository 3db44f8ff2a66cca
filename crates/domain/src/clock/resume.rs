//! Moving a due date after the clock stood still: what was left of the time limit when it stopped is left when it goes on.

use jiff::Timestamp;

use super::count::Counter;
use super::{Due, DueRule, TimeLimit, TimeUnit, by_date, by_instant, working_days_between};
use crate::calendar::Calendar;
use crate::local;
use crate::working_hours::WorkingHours;

/// The due date after the clock stood still from `stopped` to `resumed`.
///
/// * Days that were counted before the stop stay consumed, and so does the day of the stop itself. What is left is
///   the working days after it up to the due date; as many are counted after the day of resumption, which, like a day
///   of acceptance, is not itself counted. So the days lost are exactly those after the stop up to the resumption:
///   none when both are on one day.
/// * Limits in calendar days and months keep calendar days instead, and end on a working day.
/// * Limits in hours keep working time to the instant.
/// * Stopped on the due day, with nothing left to count, it is due on the day of resumption (or the next working day).
/// * Stopped when it was already past due, it stays past due: a stop cures no breach. No stop makes a result due earlier.
pub fn resume(
    due: Due,
    limit: TimeLimit,
    stopped: Timestamp,
    resumed: Timestamp,
    calendar: &Calendar,
    hours: &WorkingHours,
) -> Due {
    if due.passed(stopped) || resumed <= stopped {
        return due;
    }
    let counter = Counter { calendar, hours };
    let moved = match due.rule {
        DueRule::ByInstant => {
            let left = counter.time_between(local::datetime(stopped), local::datetime(due.at));
            by_instant(counter.consume(local::datetime(resumed), left))
        }
        DueRule::ByDate => {
            let (from, again) = (local::date(stopped), local::date(resumed));
            let end = match limit.unit {
                TimeUnit::CalendarDays | TimeUnit::Months => {
                    counter.calendar_day(again, due.date().duration_since(from).as_hours() / 24)
                }
                TimeUnit::WorkingDays | TimeUnit::SameDay | TimeUnit::WorkingHours => {
                    counter.working_day(again, working_days_between(from, due.date(), calendar))
                }
            };
            by_date(end, hours)
        }
    };
    Due {
        at: moved.at.max(due.at),
        rule: due.rule,
        provisional: due.provisional || moved.provisional,
    }
}
