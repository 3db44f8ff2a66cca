//! The ends of processing: resolved, refused after examination, stopped for good, withdrawn (NĐ 61/2018 Đ.19, 20). The clock ends.

use super::{Case, Context, Filing, times};
use crate::command::{RefuseAfterExamination, Resolve, TerminateProcessing, Withdraw};
use crate::event::{
    DossierResolved, DossierWithdrawn, Event, Occurrence, Outcome, ProcessingTerminated,
};
use crate::rejection::Rejection;

/// Enters the result.
pub(super) fn resolve(
    case: &Case,
    command: &Resolve,
    ctx: &Context<'_>,
) -> Result<Vec<Occurrence>, Rejection> {
    let at = times::of_end(case, command.earlier.as_ref(), ctx)?;
    let outcome = Outcome::Granted {
        result: command.result.clone(),
        electronic: command.electronic,
    };
    Ok(vec![Occurrence {
        at,
        event: Event::DossierResolved(DossierResolved { outcome }),
    }])
}

/// Form 03 after examination: a result like any other, within the time limit (Đ.19.8).
pub(super) fn refuse(
    case: &Case,
    command: &RefuseAfterExamination,
    ctx: &Context<'_>,
) -> Vec<Occurrence> {
    let outcome = Outcome::Refused {
        reason: command.reason.clone(),
    };
    vec![Occurrence {
        at: times::now_after(case.accepted_at, ctx),
        event: Event::DossierResolved(DossierResolved { outcome }),
    }]
}

/// Stops processing for good, with a reason.
pub(super) fn terminate(
    case: &Case,
    command: &TerminateProcessing,
    ctx: &Context<'_>,
) -> Vec<Occurrence> {
    vec![Occurrence {
        at: times::now_after(case.accepted_at, ctx),
        event: Event::ProcessingTerminated(ProcessingTerminated {
            reason: command.reason.clone(),
        }),
    }]
}

/// Takes an accepted dossier back.
pub(super) fn withdraw(case: &Case, command: &Withdraw, ctx: &Context<'_>) -> Vec<Occurrence> {
    withdrawn(times::now_after(case.accepted_at, ctx), command)
}

/// Takes a filing back before anybody accepted it: no end of processing, for there was none.
pub(super) fn withdraw_filing(
    filing: &Filing,
    command: &Withdraw,
    ctx: &Context<'_>,
) -> Vec<Occurrence> {
    withdrawn(times::now_after(filing.submitted_at, ctx), command)
}

fn withdrawn(at: jiff::Timestamp, command: &Withdraw) -> Vec<Occurrence> {
    let reason = command.reason.clone();
    vec![Occurrence {
        at,
        event: Event::DossierWithdrawn(DossierWithdrawn {
            reason,
            filing: None,
        }),
    }]
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::super::{Exit, Phase};

    #[test]
    fn a_resolved_dossier_stays_resolved() {
        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        story.at("2022-12-10T09:00").does(resolve());
        let ended = *story.dossier.ended().unwrap();
        assert_eq!(ended.exit, Exit::Granted);
        for wish in [
            resolve(),
            refuse(),
            withdraw(),
            terminate(),
            suspend(),
            ask_supplement(),
            extend("2022-12-20"),
            recompute(),
        ] {
            assert_eq!(story.refuses(wish).reason(), "ALREADY_RESOLVED");
        }
        story.at("2022-12-20T09:00").does(deliver());
        assert_eq!(*story.dossier.ended().unwrap(), ended);
    }

    #[test]
    fn a_refusal_after_examination_is_a_result() {
        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        story.does(refuse());
        assert_eq!(story.dossier.phase(), Phase::Resolved);
        assert_eq!(
            story.dossier.ended().unwrap().exit,
            Exit::RefusedAfterExamination
        );
    }

    #[test]
    fn stopping_and_withdrawing_are_possible_in_every_pending_phase() {
        for wait in [
            None,
            Some(assign()),
            Some(ask_supplement()),
            Some(ask_fee("TB-1")),
            Some(suspend()),
        ] {
            for (end, phase, exit) in [
                (terminate(), Phase::Terminated, Exit::Terminated),
                (withdraw(), Phase::Withdrawn, Exit::Withdrawn),
            ] {
                let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
                if let Some(wait) = wait.clone() {
                    story.does(wait);
                }
                story.at("2022-12-02T09:00").does(end);
                assert_eq!(story.dossier.phase(), phase);
                assert_eq!(story.dossier.ended().unwrap().exit, exit);
                assert_eq!(story.dossier.ended().unwrap().at, at("2022-12-02T09:00"));
            }
        }
    }

    #[test]
    fn a_filing_withdrawn_before_acceptance_is_no_end_of_processing() {
        let mut filed = Story::filed("2022-12-01T09:00", TEN_DAYS);
        let mut waiting = Story::filed("2022-12-01T09:00", TEN_DAYS);
        waiting.does(ask_intake_supplement());
        for story in [&mut filed, &mut waiting] {
            story.does(withdraw());
            assert_eq!(story.dossier.phase(), Phase::Withdrawn);
            assert_eq!(story.dossier.ended(), None);
            assert_eq!(story.dossier.case(), None);
            assert_eq!(story.refuses(accept()).reason(), "ALREADY_WITHDRAWN");
        }
    }

    #[test]
    fn what_was_stopped_for_good_stays_stopped() {
        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        story.does(terminate());
        for wish in [resolve(), resume(), withdraw(), deliver(), terminate()] {
            assert_eq!(story.refuses(wish).reason(), "ALREADY_TERMINATED");
        }
    }
}
