//! An apology with a new date (form 04, NĐ 61/2018 Đ.19.9): at most once, notified before the due date comes.

use jiff::civil::Date;

use super::recount::Counting;
use super::{AwaitingPayment, Case, Context, times};
use crate::clock::Due;
use crate::command::ExtendDeadline;
use crate::event::{DeadlineExtended, Event, Occurrence};
use crate::local;
use crate::rejection::Rejection;

/// Records the apology. A second one, or one too late, is a fact: recorded and flagged, and the due date does not move.
pub(super) fn extend(
    case: &Case,
    command: &ExtendDeadline,
    ctx: &Context<'_>,
) -> Result<Vec<Occurrence>, Rejection> {
    let counting = Counting::of(case, ctx)?;
    let due = case.due.ok_or(Rejection::NoDueDate)?;
    is_later(command.new_date, due)?;
    is_working_day(command.new_date, &counting)?;
    let at = times::now_after(case.accepted_at, ctx);
    let ordinal = case.next_extension();
    let late_notice = notice_is_late(local::date(at), due, &counting);
    let counts = counts(ordinal, late_notice, &counting);
    Ok(vec![Occurrence {
        at,
        event: Event::DeadlineExtended(DeadlineExtended {
            reason: command.reason.clone(),
            ordinal,
            asked_for: command.new_date,
            late_notice,
            due: counts.then(|| counting.on_day(due, command.new_date)),
            recorded_in: None,
        }),
    }])
}

/// While a payment is awaited the due date can be apologised for only if it is running towards it.
pub(super) fn extend_while_unpaid(
    dossier: &AwaitingPayment,
    command: &ExtendDeadline,
    ctx: &Context<'_>,
) -> Result<Vec<Occurrence>, Rejection> {
    if dossier.notice.suspends_clock {
        return Err(Rejection::PaymentAwaited);
    }
    extend(&dossier.case, command, ctx)
}

fn is_later(new_date: Date, due: Due) -> Result<(), Rejection> {
    let due_on = due.date();
    if new_date > due_on {
        Ok(())
    } else {
        Err(Rejection::ExtensionNotLater { new_date, due_on })
    }
}

fn is_working_day(new_date: Date, counting: &Counting<'_>) -> Result<(), Rejection> {
    if counting.calendar.working(new_date) {
        return Ok(());
    }
    Err(Rejection::ExtensionOnDayOff { new_date })
}

/// Đ.19.9: at the latest one day before the time runs out.
pub(super) fn notice_is_late(notified_on: Date, due: Due, counting: &Counting<'_>) -> bool {
    let days = i64::from(counting.law.extension_notice_days.value);
    let last_day = due.date().saturating_sub(jiff::Span::new().days(days));
    notified_on > last_day
}

pub(super) fn counts(ordinal: u16, late_notice: bool, counting: &Counting<'_>) -> bool {
    let law = counting.law;
    ordinal <= law.extensions_max.value && (!late_notice || law.late_extension_counts.value)
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::event::Event;

    #[test]
    fn the_first_extension_notified_a_day_before_moves_the_due_date() {
        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        story.at("2022-12-14T16:00").does(extend("2022-12-20"));
        assert_eq!(story.due(), "2022-12-20");
        let case = story.dossier.case().unwrap();
        assert_eq!(case.due.unwrap().at, at("2022-12-20T17:00"));
        assert_eq!(case.original_due.unwrap().date().to_string(), "2022-12-15");
        assert!(story.flags().is_empty());
    }

    #[test]
    fn an_extension_on_the_due_day_is_recorded_and_does_not_count() {
        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        story.at("2022-12-15T07:00").does(extend("2022-12-20"));
        let Event::DeadlineExtended(event) = story.last() else {
            panic!()
        };
        assert!(event.late_notice);
        assert_eq!(event.asked_for, day("2022-12-20"));
        assert_eq!(event.due, None);
        assert_eq!(story.due(), "2022-12-15");
        assert_eq!(story.flags(), ["late_extension"]);
    }

    #[test]
    fn a_second_extension_is_recorded_and_does_not_count() {
        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        story.does(extend("2022-12-20")).does(extend("2022-12-30"));
        assert_eq!(story.due(), "2022-12-20");
        assert_eq!(story.flags(), ["second_extension"]);
    }

    #[test]
    fn a_new_date_is_a_working_day_after_the_due_date() {
        let story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        let refused = |new_date: &str| {
            let no = story.refuses(extend(new_date));
            assert_eq!(no.field(), Some("new_date"));
            no.reason()
        };
        assert_eq!(refused("2022-12-15"), "EXTENSION_NOT_LATER");
        assert_eq!(refused("2022-12-17"), "EXTENSION_ON_DAY_OFF");
        assert_eq!(refused("2023-01-02"), "EXTENSION_ON_DAY_OFF");
    }

    #[test]
    fn an_extension_into_an_unpublished_year_is_provisional() {
        let mut story = Story::accepted("2026-12-01T09:00", TEN_DAYS);
        story.does(extend("2027-01-05"));
        assert!(story.dossier.case().unwrap().due.unwrap().provisional);
    }

    #[test]
    fn without_a_due_date_there_is_nothing_to_extend() {
        let story = Story::accepted("2022-12-01T09:00", WITHOUT_LIMIT);
        assert_eq!(story.refuses(extend("2022-12-20")).reason(), "NO_DUE_DATE");
    }

    #[test]
    fn a_running_clock_can_be_extended_while_a_payment_is_awaited() {
        let mut story = Story::accepted("2022-12-01T09:00", WITH_RUNNING_FEE);
        story
            .does(ask_fee("TB-1"))
            .does(extend("2023-01-05"))
            .does(pay("TB-1"));
        assert_eq!(story.due(), "2023-01-05");
    }
}
