//! Suspension (*tạm dừng xử lý*): national status 8 while the dossier is still pending, and its end.

use super::case::{Pause, PauseWhy};
use super::recount::Counting;
use super::{Case, Context, Suspended, times};
use crate::command::SuspendProcessing;
use crate::event::{Event, Occurrence, ProcessingResumed, ProcessingSuspended};
use crate::rejection::Rejection;

/// Suspends, with a reason.
pub(super) fn suspend(
    case: &Case,
    command: &SuspendProcessing,
    ctx: &Context<'_>,
) -> Vec<Occurrence> {
    vec![Occurrence {
        at: times::now_after(case.accepted_at, ctx),
        event: Event::ProcessingSuspended(ProcessingSuspended {
            reason: command.reason.clone(),
            recorded_in: None,
        }),
    }]
}

/// Goes on; the law version says whether the due date moves.
pub(super) fn resume(dossier: &Suspended, ctx: &Context<'_>) -> Result<Vec<Occurrence>, Rejection> {
    let counting = Counting::of(&dossier.case, ctx)?;
    let from = dossier.since;
    let to = times::now_after(from, ctx);
    let why = PauseWhy::Suspension;
    Ok(vec![Occurrence {
        at: to,
        event: Event::ProcessingResumed(ProcessingResumed {
            due: counting.due(&dossier.case.clone().paused(Pause { from, to, why })),
            calendar: counting.calendar.version().clone(),
            recorded_in: None,
        }),
    }])
}

#[cfg(test)]
mod tests {
    use super::super::Phase;
    use super::super::testing::*;

    #[test]
    fn a_suspension_moves_the_due_date_by_the_working_days_it_took() {
        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        story.at("2022-12-05T09:00").does(suspend());
        assert_eq!(story.dossier.phase(), Phase::Suspended);
        assert!(story.dossier.phase().is_pending());
        story.at("2022-12-08T09:00").does(resume());
        assert_eq!(story.due(), "2022-12-20");
    }

    #[test]
    fn while_suspended_nothing_is_decided() {
        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        story.does(suspend());
        for wish in [
            resolve(),
            refuse(),
            ask_supplement(),
            ask_fee("2"),
            suspend(),
            assign(),
            extend("2023-01-05"),
        ] {
            assert_eq!(story.refuses(wish).reason(), "SUSPENDED");
        }
    }

    #[test]
    fn what_is_not_suspended_does_not_resume() {
        let story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        assert_eq!(story.refuses(resume()).reason(), "NOT_SUSPENDED");
    }

    #[test]
    fn an_extension_and_a_suspension_move_the_due_date_in_the_order_they_came() {
        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        story.at("2022-12-02T09:00").does(extend("2022-12-20"));
        story
            .at("2022-12-05T09:00")
            .does(suspend())
            .at("2022-12-08T09:00")
            .does(resume());
        assert_eq!(story.due(), "2022-12-23");
    }
}
