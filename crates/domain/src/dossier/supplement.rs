//! Supplements after acceptance (form 02, NĐ 61/2018 Đ.19.4): asked for, brought, or never brought.

use jiff::{Timestamp, civil::Date};

use super::case::{Pause, PauseWhy};
use super::recount::Counting;
use super::{AwaitingSupplement, Case, Context, times};
use crate::clock;
use crate::command::{ReceiveSupplement, RequestSupplement};
use crate::event::{Event, Occurrence, SupplementLapsed, SupplementReceived, SupplementRequested};
use crate::local;
use crate::rejection::Rejection;

/// Asks. A second request, or one after the law version's working days, is a fact: recorded and flagged.
pub(super) fn request(
    case: &Case,
    command: &RequestSupplement,
    ctx: &Context<'_>,
) -> Result<Vec<Occurrence>, Rejection> {
    let counting = Counting::of(case, ctx)?;
    let at = times::now_after(case.accepted_at, ctx);
    Ok(vec![Occurrence {
        at,
        event: Event::SupplementRequested(SupplementRequested {
            reason: command.reason.clone(),
            components: command.components.clone(),
            ordinal: case.supplement_requests.saturating_add(1),
            late: is_late(case.accepted_at, local::date(at), &counting),
            lapses_on: lapses_on(at, &counting),
            recorded_in: None,
        }),
    }])
}

/// Takes it in, on time or not; the law version says whether the time starts anew or goes on.
pub(super) fn receive(
    dossier: &AwaitingSupplement,
    command: &ReceiveSupplement,
    ctx: &Context<'_>,
) -> Result<Vec<Occurrence>, Rejection> {
    let counting = Counting::of(&dossier.case, ctx)?;
    let from = dossier.request.asked_at;
    let to = times::now_after(from, ctx);
    let why = PauseWhy::Supplement;
    Ok(vec![Occurrence {
        at: to,
        event: Event::SupplementReceived(SupplementReceived {
            components: command.components.clone(),
            due: counting.due(&dossier.case.clone().paused(Pause { from, to, why })),
            calendar: counting.calendar.version().clone(),
            filing: None,
            recorded_in: None,
        }),
    }])
}

/// Notes that none came.
pub(super) fn lapse(
    dossier: &AwaitingSupplement,
    ctx: &Context<'_>,
) -> Result<Vec<Occurrence>, Rejection> {
    let last_day = last_day(dossier, ctx)?;
    has_passed(last_day, ctx)?;
    Ok(vec![Occurrence {
        at: times::now_after(dossier.request.asked_at, ctx),
        event: Event::SupplementLapsed(SupplementLapsed {
            ordinal: dossier.request.ordinal,
        }),
    }])
}

pub(super) fn is_late(accepted_at: Timestamp, asked_on: Date, counting: &Counting<'_>) -> bool {
    let within = counting.law.supplement_request_within_working_days.value;
    let accepted_on = local::date(accepted_at);
    clock::working_days_between(accepted_on, asked_on, counting.calendar) > u32::from(within)
}

pub(super) fn lapses_on(asked_at: Timestamp, counting: &Counting<'_>) -> Option<Date> {
    let days = counting.law.supplement_lapses_after_working_days.value?;
    let asked_on = local::date(asked_at);
    Some(clock::working_day_after(
        asked_on,
        u32::from(days),
        counting.calendar,
    ))
}

/// The last day as the request said; when it said none, as the law version says now.
fn last_day(dossier: &AwaitingSupplement, ctx: &Context<'_>) -> Result<Date, Rejection> {
    if let Some(day) = dossier.request.lapses_on {
        return Ok(day);
    }
    let counting = Counting::of(&dossier.case, ctx)?;
    lapses_on(dossier.request.asked_at, &counting).ok_or_else(|| Rejection::SupplementNeverLapses {
        law: dossier.case.law.clone(),
    })
}

fn has_passed(lapses_on: Date, ctx: &Context<'_>) -> Result<(), Rejection> {
    if local::date(ctx.now) > lapses_on {
        Ok(())
    } else {
        Err(Rejection::SupplementNotLapsed { lapses_on })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::super::{Exit, Phase};
    use crate::event::Event;

    #[test]
    fn after_a_supplement_the_time_starts_anew_under_the_older_law() {
        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        assert_eq!(story.due(), "2022-12-15");
        story.at("2022-12-05T09:00").does(ask_supplement());
        story.at("2022-12-12T09:00").does(bring_supplement());
        assert_eq!(story.due(), "2022-12-26");
        let case = story.dossier.case().unwrap();
        assert_eq!(case.original_due.unwrap().date().to_string(), "2022-12-15");
    }

    #[test]
    fn after_a_supplement_the_time_goes_on_under_the_newer_law() {
        let mut story = Story::accepted("2026-09-01T09:00", TEN_DAYS);
        assert_eq!(story.due(), "2026-09-15");
        story.at("2026-09-03T09:00").does(ask_supplement());
        story.at("2026-09-10T09:00").does(bring_supplement());
        assert_eq!(story.due(), "2026-09-22");
    }

    #[test]
    fn a_supplement_asked_for_within_three_working_days_is_in_time() {
        for (asked, late) in [("2022-12-20T17:00", false), ("2022-12-21T07:00", true)] {
            let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
            story.at(asked).does(ask_supplement());
            let Event::SupplementRequested(event) = story.last() else {
                panic!()
            };
            assert_eq!(event.late, late, "asked at {asked}");
            assert_eq!(story.flags().contains(&"late_supplement_request"), late);
        }
    }

    #[test]
    fn a_second_supplement_is_recorded_and_flagged() {
        let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        story
            .does(ask_supplement())
            .does(bring_supplement())
            .does(ask_supplement());
        let Event::SupplementRequested(event) = story.last() else {
            panic!()
        };
        assert_eq!(event.ordinal, 2);
        assert_eq!(story.flags(), ["second_supplement_request"]);
    }

    #[test]
    fn a_late_request_stays_flagged_after_another_clock_reads_earlier() {
        let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        story
            .at("2022-12-21T09:00")
            .does(ask_supplement())
            .does(bring_supplement());
        story.at("2022-12-20T09:00").does(ask_supplement());
        assert_eq!(
            story.flags(),
            ["second_supplement_request", "late_supplement_request"]
        );
    }

    #[test]
    fn while_a_supplement_is_awaited_nothing_is_decided() {
        let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        story.does(ask_supplement());
        for wish in [
            resolve(),
            refuse(),
            ask_supplement(),
            ask_fee("1"),
            suspend(),
            assign(),
            extend("2023-01-05"),
        ] {
            assert_eq!(story.refuses(wish).reason(), "SUPPLEMENT_AWAITED");
        }
    }

    #[test]
    fn a_supplement_that_nobody_asked_for_is_not_recorded() {
        let story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        assert_eq!(
            story.refuses(bring_supplement()).reason(),
            "SUPPLEMENT_NOT_REQUESTED"
        );
        assert_eq!(story.refuses(lapse()).reason(), "SUPPLEMENT_NOT_REQUESTED");
    }

    #[test]
    fn a_supplement_lapses_only_after_the_last_day_of_the_law() {
        let mut story = Story::accepted("2026-08-03T09:00", TEN_DAYS);
        story.does(ask_supplement());
        let Event::SupplementRequested(event) = story.last() else {
            panic!()
        };
        assert_eq!(event.lapses_on, Some(day("2026-09-14")));
        story.at("2026-09-14T23:00");
        assert_eq!(story.refuses(lapse()).reason(), "SUPPLEMENT_NOT_LAPSED");
        story.at("2026-09-15T07:00").does(lapse());
        assert_eq!(story.dossier.phase(), Phase::Terminated);
        assert_eq!(story.dossier.ended().unwrap().exit, Exit::SupplementLapsed);
    }

    #[test]
    fn a_supplement_never_lapses_when_the_law_sets_no_limit() {
        let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        story.does(ask_supplement()).at("2024-12-16T09:00");
        assert_eq!(story.refuses(lapse()).reason(), "SUPPLEMENT_NEVER_LAPSES");
    }

    #[test]
    fn a_supplement_that_comes_after_the_last_day_is_still_taken_in() {
        let mut story = Story::accepted("2026-08-03T09:00", TEN_DAYS);
        story
            .does(ask_supplement())
            .at("2026-10-01T09:00")
            .does(bring_supplement());
        assert_eq!(story.dossier.phase(), Phase::InProcessing);
    }
}
