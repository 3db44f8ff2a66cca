//! Voiding an acceptance (*hủy tiếp nhận*), as when the wrong procedure was picked: one person proposes, another confirms.
//!
//! Only a dossier that is still pending: what was decided is put right by correcting it, or by a new decision.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Case, Context, times};
use crate::command::ProposeVoid;
use crate::event::{AcceptanceVoided, Event, Occurrence, Reason, VoidProposed};
use crate::ids::ActorId;
use crate::rejection::Rejection;
use crate::speaker::Speaker;

/// A proposal to void the acceptance that nobody has confirmed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VoidProposal {
    /// Who proposed it.
    pub by: ActorId,
    /// The account that called, where it named this person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<ActorId>,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: Reason,
}

/// Proposes; a later proposal takes the place of an earlier one.
pub(super) fn propose(case: &Case, command: &ProposeVoid, ctx: &Context<'_>) -> Vec<Occurrence> {
    vec![Occurrence {
        at: times::now_after(case.accepted_at, ctx),
        event: Event::VoidProposed(VoidProposed {
            by: ctx.actor.clone(),
            through: ctx.through.cloned(),
            reason: command.reason.clone(),
        }),
    }]
}

/// Confirms, as somebody else than the one who proposed.
pub(super) fn void(case: &Case, ctx: &Context<'_>) -> Result<Vec<Occurrence>, Rejection> {
    let proposal = case
        .void_proposal
        .as_ref()
        .ok_or(Rejection::VoidNotProposed)?;
    let first = Speaker::new(&proposal.by, proposal.through.as_ref());
    Speaker::new(ctx.actor, ctx.through).follows(first, Rejection::VoidBySamePerson)?;
    Ok(vec![Occurrence {
        at: times::now_after(proposal.at, ctx),
        event: Event::AcceptanceVoided(AcceptanceVoided {
            proposed_by: proposal.by.clone(),
            through: ctx.through.cloned(),
            reason: proposal.reason.clone(),
        }),
    }])
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::super::{Exit, Phase};
    use crate::rejection::RejectionKind;

    #[test]
    fn it_takes_two_persons_to_void_an_acceptance() {
        let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        assert_eq!(story.refuses(void()).reason(), "VOID_NOT_PROPOSED");
        story.at("2022-12-16T09:00").does(propose_void());
        assert_eq!(story.flags(), ["void_proposed"]);
        assert!(
            story.dossier.phase().is_pending(),
            "a proposal changes nothing"
        );
        let no = story.refuses(void());
        assert_eq!(no.reason(), "VOID_BY_SAME_PERSON");
        assert_eq!(no.kind(), RejectionKind::PermissionDenied);
        story.actor = "truong-phong";
        story.at("2022-12-16T10:00").does(void());
        assert_eq!(story.dossier.phase(), Phase::Voided);
        let ended = story.dossier.ended().unwrap();
        assert_eq!(
            (ended.exit, ended.at),
            (Exit::Voided, at("2022-12-16T10:00"))
        );
    }

    #[test]
    fn one_account_does_not_name_both_persons_who_void_an_acceptance() {
        let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        story.through = Some("mot-cua");
        story.does(propose_void());
        story.actor = "truong-phong";
        assert_eq!(
            story.refuses(void()).reason(),
            "SECOND_PERSON_BY_SAME_ACCOUNT"
        );
        // The account by itself is no second person either.
        story.through = None;
        story.actor = "mot-cua";
        assert_eq!(
            story.refuses(void()).reason(),
            "SECOND_PERSON_BY_SAME_ACCOUNT"
        );
        // Nor is the first one, with an account of their own.
        story.actor = "can-bo-1";
        assert_eq!(story.refuses(void()).reason(), "VOID_BY_SAME_PERSON");
        story.actor = "truong-phong";
        story.does(void());
        assert_eq!(story.dossier.phase(), Phase::Voided);
    }

    #[test]
    fn a_voided_dossier_keeps_its_code_and_nothing_more_is_done_with_it() {
        let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        story.does(propose_void());
        story.actor = "truong-phong";
        story.does(void());
        assert_eq!(
            story.dossier.case().unwrap().code.as_str(),
            "000.00.06.H20-221215-0001"
        );
        for wish in [
            resolve(),
            accept(),
            withdraw(),
            suspend(),
            void(),
            deliver(),
            pay("TB-1"),
        ] {
            assert_eq!(story.refuses(wish).reason(), "ACCEPTANCE_VOIDED");
        }
    }

    #[test]
    fn an_acceptance_can_be_voided_while_something_is_awaited_but_not_after_the_end() {
        for wait in [ask_supplement(), ask_fee("TB-1"), suspend()] {
            let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
            story.does(wait).does(propose_void());
            story.actor = "truong-phong";
            story.does(void());
            assert_eq!(story.dossier.phase(), Phase::Voided);
        }
        let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        story.does(propose_void()).does(resolve());
        story.actor = "truong-phong";
        assert_eq!(story.refuses(void()).reason(), "ALREADY_RESOLVED");
        assert!(story.flags().is_empty(), "nobody can confirm it any more");
    }

    #[test]
    fn a_later_proposal_takes_the_place_of_an_earlier_one() {
        let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        story.does(propose_void());
        story.actor = "truong-phong";
        story.does(propose_void());
        assert_eq!(story.refuses(void()).reason(), "VOID_BY_SAME_PERSON");
        story.actor = "can-bo-1";
        story.does(void());
    }
}
