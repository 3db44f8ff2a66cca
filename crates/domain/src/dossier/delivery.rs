//! Delivery (*trả kết quả*, NĐ 61/2018 Đ.20; QĐ 45/2016 Đ.9): the result, or the refusal, is handed over.

use super::{Context, Resolved, times};
use crate::command::RecordDelivery;
use crate::event::{Event, Occurrence, ResultDelivered};

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
        }),
    }]
}

#[cfg(test)]
mod tests {
    use super::super::Phase;
    use super::super::testing::*;

    #[test]
    fn only_a_result_is_handed_over_and_only_once() {
        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        assert_eq!(story.refuses(deliver()).reason(), "NOT_RESOLVED");
        story.does(resolve()).does(deliver());
        assert_eq!(story.dossier.phase(), Phase::Returned);
        assert_eq!(story.refuses(deliver()).reason(), "ALREADY_RETURNED");
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
}
