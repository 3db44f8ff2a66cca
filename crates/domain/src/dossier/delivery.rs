//! Delivery (*trả kết quả*, NĐ 61/2018 Đ.20; QĐ 45/2016 Đ.9): the result, or the refusal, is handed over, or the post tries to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Context, Resolved, times};
use crate::clock;
use crate::command::{RecordDelivery, RecordDeliveryFailure, ReturnResultToAgency};
use crate::event::{DeliveryFailed, Event, Occurrence, ResultDelivered, ResultReturnedToAgency};
use crate::local;
use crate::rejection::Rejection;

/// How often the post tries before it gives a result back (TT 17/2017/TT-BTTTT: at least twice).
const ATTEMPTS_MIN: usize = 2;
/// How many working days lie between two attempts (TT 17/2017/TT-BTTTT).
const ATTEMPTS_APART_WORKING_DAYS: u32 = 2;

/// What the post did with a result. Persisted in corrections of times: add, never change.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PostalLeg {
    /// How often it failed, in all.
    pub failures: u16,
    /// The failed attempts since it was last handed to the post.
    pub attempts: Vec<Timestamp>,
    /// When it came back to the agency; none while the post has it or never had.
    pub back_at: Option<Timestamp>,
    /// An attempt followed the one before it too soon.
    pub attempt_too_soon: bool,
    /// It came back before it had been tried twice.
    pub back_too_soon: bool,
}

/// Records the hand-over. It does not move the end of processing: a result that waits to be fetched is not late.
pub(super) fn deliver(
    dossier: &Resolved,
    command: &RecordDelivery,
    ctx: &Context<'_>,
) -> Vec<Occurrence> {
    vec![Occurrence {
        at: times::now_after(dossier.ended.at, ctx),
        event: Event::ResultDelivered(ResultDelivered {
            mode: command.mode,
            item: command.item.clone(),
            proof: command.proof.clone(),
            to_authorised: command.to_authorised,
            filing: None,
        }),
    }]
}

/// Records that nobody was met. An attempt too soon after the one before it is a fact: recorded and flagged.
pub(super) fn fail(
    dossier: &Resolved,
    command: &RecordDeliveryFailure,
    ctx: &Context<'_>,
) -> Vec<Occurrence> {
    let post = &dossier.case.post;
    let at = times::now_after(dossier.ended.at, ctx);
    let too_soon = is_too_soon(post, at, ctx);
    vec![Occurrence {
        at,
        event: Event::DeliveryFailed(DeliveryFailed {
            attempt: post.failures.saturating_add(1),
            item: command.item.clone(),
            reason: command.reason.clone(),
            too_soon,
            proof: command.proof.clone(),
            filing: None,
        }),
    }]
}

/// Whether an attempt at that time follows the one before it too soon.
pub(super) fn is_too_soon(post: &PostalLeg, at: Timestamp, ctx: &Context<'_>) -> bool {
    post.attempts.last().is_some_and(|last| {
        let (last, now) = (local::date(*last), local::date(at));
        clock::working_days_between(last, now, ctx.catalogue.calendar())
            < ATTEMPTS_APART_WORKING_DAYS
    })
}

/// Records that the post gave it back; before two attempts that is a fact too, flagged.
pub(super) fn give_back(
    dossier: &Resolved,
    command: &ReturnResultToAgency,
    ctx: &Context<'_>,
) -> Result<Vec<Occurrence>, Rejection> {
    let post = &dossier.case.post;
    if post.back_at.is_some() {
        return Err(Rejection::ResultIsBack);
    }
    Ok(vec![Occurrence {
        at: times::now_after(dossier.ended.at, ctx),
        event: Event::ResultReturnedToAgency(ResultReturnedToAgency {
            item: command.item.clone(),
            too_soon: post.attempts.len() < ATTEMPTS_MIN,
            proof: command.proof.clone(),
            filing: None,
        }),
    }])
}

#[cfg(test)]
mod tests {
    use super::super::Phase;
    use super::super::testing::*;

    #[test]
    fn only_a_result_is_handed_over_and_only_once() {
        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        assert_eq!(story.refuses(deliver()).reason(), "NOT_RESOLVED");
        assert_eq!(story.refuses(fail_delivery()).reason(), "NOT_RESOLVED");
        story.does(resolve()).does(deliver());
        assert_eq!(story.dossier.phase(), Phase::Returned);
        assert_eq!(story.refuses(deliver()).reason(), "ALREADY_RETURNED");
        assert_eq!(story.refuses(fail_delivery()).reason(), "ALREADY_RETURNED");
    }

    #[test]
    fn a_refusal_is_handed_over_too() {
        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        story.does(refuse()).does(deliver());
        assert_eq!(story.dossier.phase(), Phase::Returned);
    }

    #[test]
    fn a_result_that_waits_to_be_fetched_is_not_late() {
        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        story.at("2022-12-15T16:00").does(resolve());
        story.at("2023-03-15T09:00").does(deliver());
        let (case, ended) = (
            story.dossier.case().unwrap(),
            story.dossier.ended().unwrap(),
        );
        assert_eq!(
            case.due.unwrap().class(ended.at),
            crate::clock::Timeliness::OnTime
        );
    }

    #[test]
    fn after_two_attempts_two_working_days_apart_the_post_gives_the_result_back() {
        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        story.does(resolve());
        story.at("2022-12-08T09:00").does(fail_delivery());
        story.at("2022-12-12T09:00").does(fail_delivery());
        story.at("2022-12-13T09:00").does(give_back());
        assert_eq!(story.dossier.phase(), Phase::Resolved);
        assert!(story.flags().is_empty(), "{:?}", story.flags());
        assert_eq!(story.refuses(give_back()).reason(), "RESULT_IS_BACK");
        story.at("2022-12-20T09:00").does(deliver());
        assert_eq!(story.dossier.phase(), Phase::Returned);
    }

    #[test]
    fn an_attempt_too_soon_and_a_return_too_soon_are_recorded_and_flagged() {
        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        story.does(resolve());
        // From Friday to Monday is one working day.
        story.at("2022-12-09T09:00").does(fail_delivery());
        story.at("2022-12-12T09:00").does(fail_delivery());
        assert_eq!(story.flags(), ["delivery_attempt_too_soon"]);
        story.does(give_back());
        story
            .at("2022-12-20T09:00")
            .does(fail_delivery())
            .does(give_back());
        assert_eq!(
            story.flags(),
            ["delivery_attempt_too_soon", "result_back_too_soon"]
        );
    }
}
