//! What people bring later (*giấy tờ nộp sau*): received without asking the dossier, decided once by exactly one event that
//! names the filing, and counted from its receipt.

use jiff::Timestamp;

use super::{Context, Dossier, Withdrawn, times};
use crate::command::{
    Command, ReceiveFiling, ReceiveIntakeSupplement, ReceiveSupplement, RecordAuthorisation,
    RecordDelivery, RecordDeliveryFailure, RecordPayment, ReturnResultToAgency, Withdraw,
};
use crate::event::{
    Brought, DeliveryMode, Event, FilingReceived, FilingRefused, Occurrence, Reason,
};
use crate::ids::FilingId;
use crate::rejection::Rejection;

/// Why a filing is refused that tells again what is in the history already.
pub const ALREADY_RECORDED: &str = "ALREADY_RECORDED";

/// Takes it in.
pub(super) fn receive(command: &ReceiveFiling, ctx: &Context<'_>) -> Vec<Occurrence> {
    vec![Occurrence {
        at: ctx.now,
        event: Event::FilingReceived(FilingReceived {
            dossier: command.dossier.clone(),
            brought: command.brought.clone(),
            words: command.words.clone(),
        }),
    }]
}

/// What a filing makes happen to its dossier: the ordinary event, at the time from which it counts, or a refusal, now.
/// None while it is for a dossier that is not accepted, and says what only an accepted one can be told.
pub fn decide(
    dossier: &Dossier,
    filing: FilingId,
    received_at: Timestamp,
    received: &FilingReceived,
    ctx: &Context<'_>,
) -> Option<Occurrence> {
    let refused = |reason: &str| Occurrence {
        at: ctx.now,
        event: Event::FilingRefused(FilingRefused {
            filing,
            reason: reason.into(),
        }),
    };
    if let Some(no) = over_before_acceptance(dossier) {
        return Some(refused(no.reason()));
    }
    // The rules take that time for the present, so whatever they count begins there.
    let then = Context {
        now: counts_from(received_at, &received.brought, ctx),
        ..*ctx
    };
    match super::decide(dossier, &wish(dossier, received), &then) {
        Ok(happened) => Some(happened.into_iter().next().map_or_else(
            || refused(ALREADY_RECORDED),
            |it| Occurrence {
                at: it.at,
                event: it.event.deciding(filing),
            },
        )),
        Err(Rejection::NotAccepted) => None,
        Err(no) => Some(refused(no.reason())),
    }
}

/// Why nothing can be brought any more for a dossier that was never accepted; none while it may be, or was.
pub fn over_before_acceptance(dossier: &Dossier) -> Option<Rejection> {
    match dossier {
        Dossier::Refused(_) => Some(Rejection::RefusedAtIntake),
        Dossier::Withdrawn(Withdrawn {
            after_acceptance: None,
            ..
        }) => Some(Rejection::AlreadyWithdrawn),
        Dossier::Unknown
        | Dossier::Submitted(_)
        | Dossier::AwaitingIntakeSupplement(_)
        | Dossier::Accepted(_)
        | Dossier::InProcessing(_)
        | Dossier::AwaitingSupplement(_)
        | Dossier::AwaitingPayment(_)
        | Dossier::Suspended(_)
        | Dossier::Terminated(_)
        | Dossier::Resolved(_)
        | Dossier::Returned(_)
        | Dossier::Withdrawn(_)
        | Dossier::Voided(_) => None,
    }
}

/// The receipt; or the signature under what the post did, when the law version lets a signed paper reach back so far.
fn counts_from(received_at: Timestamp, brought: &Brought, ctx: &Context<'_>) -> Timestamp {
    let received_at = received_at.min(ctx.now);
    let at_receipt = Context {
        now: received_at,
        ..*ctx
    };
    signed_at(brought)
        .filter(|signed_at| times::signed_in_time(*signed_at, &at_receipt))
        .unwrap_or(received_at)
}

fn signed_at(brought: &Brought) -> Option<Timestamp> {
    match brought {
        Brought::Supplement { .. }
        | Brought::Payment { .. }
        | Brought::Withdrawal { .. }
        | Brought::Authorisation(_) => None,
        Brought::Delivered { signed_at, .. }
        | Brought::DeliveryFailed { signed_at, .. }
        | Brought::GivenBack { signed_at, .. } => *signed_at,
    }
}

/// The wish that a clerk would make of it at the counter.
fn wish(dossier: &Dossier, received: &FilingReceived) -> Command {
    let words = received.words.clone();
    match &received.brought {
        Brought::Supplement { components } if dossier.case().is_none() => {
            Command::ReceiveIntakeSupplement(ReceiveIntakeSupplement {
                components: components.clone(),
            })
        }
        Brought::Supplement { components } => Command::ReceiveSupplement(ReceiveSupplement {
            components: components.clone(),
        }),
        Brought::Payment {
            notice,
            amount_vnd,
            method,
            receipt,
        } => Command::RecordPayment(RecordPayment {
            notice: notice.clone(),
            amount_vnd: *amount_vnd,
            method: *method,
            receipt: receipt.clone(),
        }),
        Brought::Withdrawal { reason } => Command::Withdraw(Withdraw {
            reason: reason.as_ref().map(|reason| Reason {
                code: reason.code.clone(),
                text: words,
            }),
        }),
        Brought::Authorisation(authorised) => Command::RecordAuthorisation(RecordAuthorisation {
            authorised: authorised.clone(),
        }),
        Brought::Delivered {
            item,
            to_authorised,
            ..
        } => Command::RecordDelivery(RecordDelivery {
            mode: DeliveryMode::Post,
            item: Some(item.clone()),
            proof: words,
            to_authorised: *to_authorised,
        }),
        Brought::DeliveryFailed { item, reason, .. } => {
            Command::RecordDeliveryFailure(RecordDeliveryFailure {
                item: item.clone(),
                reason: reason.clone(),
                proof: words,
            })
        }
        Brought::GivenBack { item, .. } => Command::ReturnResultToAgency(ReturnResultToAgency {
            item: item.clone(),
            proof: words,
        }),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::testing::*;
    use super::super::{Phase, evolve};
    use super::*;
    use crate::event::{Authorised, AuthorisedTo, PaymentMethod};
    use crate::ids::{DossierCode, DossierName, VaultRef};

    const FILING: FilingId = FilingId(Uuid::from_u128(7));

    fn noted() -> VaultRef {
        VaultRef {
            entry: Uuid::from_u128(9),
            digest: "ab".repeat(32).into(),
        }
    }

    fn asks(story: &Story, received: &str, brought: &Brought) -> Option<Occurrence> {
        let filing = FilingReceived {
            dossier: DossierName::Code(DossierCode::new("000.00.06.H20-221201-0001")),
            brought: brought.clone(),
            words: Some(noted()),
        };
        story.asks(|ctx| decide(&story.dossier, FILING, at(received), &filing, ctx))
    }

    /// What a filing that was received then does to the dossier; it names the filing, whatever it is.
    fn brings(story: &mut Story, received: &str, brought: &Brought) -> Occurrence {
        let happened = asks(story, received, brought).unwrap();
        let dossier = story.dossier.clone();
        assert_eq!(happened.event.filing(), Some(FILING));
        story.dossier = evolve(dossier, &happened);
        happened
    }

    fn refusal(happened: &Occurrence) -> &str {
        let Event::FilingRefused(refused) = &happened.event else {
            panic!("{happened:?}")
        };
        &refused.reason
    }

    fn papers() -> Brought {
        Brought::Supplement {
            components: Vec::new(),
        }
    }

    fn money() -> Brought {
        Brought::Payment {
            notice: "TB-1".into(),
            amount_vnd: 250_000,
            method: PaymentMethod::Post,
            receipt: "BL-77".into(),
        }
    }

    #[test]
    fn the_clock_starts_anew_on_the_day_the_supplement_was_brought_not_when_it_was_decided() {
        let mut told_at_once = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        told_at_once.at("2022-12-02T09:00").does(ask_supplement());
        told_at_once.at("2022-12-06T09:00").does(bring_supplement());

        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        story.at("2022-12-02T09:00").does(ask_supplement());
        story.at("2022-12-19T09:00");
        let happened = brings(&mut story, "2022-12-06T09:00", &papers());
        assert_eq!(happened.at, at("2022-12-06T09:00"));
        assert_eq!(story.dossier.phase(), Phase::InProcessing);
        assert_eq!(story.due(), told_at_once.due());
    }

    #[test]
    fn a_payment_ends_the_wait_on_the_day_it_was_brought() {
        let mut story = Story::accepted("2022-12-01T09:00", WITH_FEE);
        story.at("2022-12-05T09:00").does(ask_fee("TB-1"));
        story.at("2022-12-15T09:00");
        brings(&mut story, "2022-12-07T09:00", &money());
        assert_eq!(story.due(), "2022-12-26");
        let again = brings(&mut story, "2022-12-08T09:00", &money());
        assert_eq!(refusal(&again), ALREADY_RECORDED);
        assert_eq!(again.at, at("2022-12-15T09:00"));
    }

    #[test]
    fn a_withdrawal_ends_the_clock_on_the_day_it_was_brought() {
        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        story.at("2022-12-20T09:00");
        let wish = Brought::Withdrawal { reason: None };
        brings(&mut story, "2022-12-05T09:00", &wish);
        assert_eq!(story.dossier.ended().unwrap().at, at("2022-12-05T09:00"));
        let again = brings(&mut story, "2022-12-05T09:00", &wish);
        assert_eq!(refusal(&again), "ALREADY_WITHDRAWN");
    }

    #[test]
    fn what_is_brought_for_a_dossier_that_has_ended_or_was_never_asked_is_refused_by_name() {
        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        let early = brings(&mut story, "2022-12-01T10:00", &papers());
        assert_eq!(refusal(&early), "SUPPLEMENT_NOT_REQUESTED");
        let early = brings(&mut story, "2022-12-01T10:00", &money());
        assert_eq!(refusal(&early), "FEE_NOT_REQUESTED");
        story.does(resolve());
        let late = brings(&mut story, "2022-12-01T10:00", &papers());
        assert_eq!(refusal(&late), "ALREADY_RESOLVED");
    }

    fn failed(signed: &str) -> Brought {
        Brought::DeliveryFailed {
            item: "EE123456785VN".into(),
            reason: reason("nobody_met"),
            signed_at: Some(at(signed)),
        }
    }

    fn given_back(signed: &str) -> Brought {
        Brought::GivenBack {
            item: "EE123456785VN".into(),
            signed_at: Some(at(signed)),
        }
    }

    fn delivered(to_authorised: bool) -> Brought {
        Brought::Delivered {
            item: "EE123456785VN".into(),
            to_authorised,
            signed_at: None,
        }
    }

    #[test]
    fn two_attempts_that_a_terminal_tells_at_once_are_as_far_apart_as_the_postman_noted_them() {
        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        story.does(resolve());
        story.at("2022-12-13T17:00");
        let synced = "2022-12-13T16:30";
        let first = brings(&mut story, synced, &failed("2022-12-08T09:00"));
        let Event::DeliveryFailed(told) = &first.event else {
            panic!("{first:?}")
        };
        assert_eq!(first.at, at("2022-12-08T09:00"));
        assert_eq!(told.proof, Some(noted()));
        brings(&mut story, synced, &failed("2022-12-12T09:00"));
        brings(&mut story, synced, &given_back("2022-12-13T09:00"));
        assert!(story.flags().is_empty(), "{:?}", story.flags());
        let again = brings(&mut story, synced, &given_back("2022-12-13T09:00"));
        assert_eq!(refusal(&again), "RESULT_IS_BACK");
    }

    #[test]
    fn a_signature_from_the_future_or_from_too_long_ago_counts_from_the_receipt() {
        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        story.does(resolve());
        story.at("2022-12-13T17:00");
        for signed in ["2022-12-13T16:31", "2022-09-01T09:00"] {
            let told = asks(&story, "2022-12-13T16:30", &failed(signed)).unwrap();
            assert_eq!(told.at, at("2022-12-13T16:30"), "signed {signed}");
        }
        let before_the_result = asks(&story, "2022-12-13T16:30", &failed("2022-12-01T08:00"));
        assert_eq!(before_the_result.unwrap().at, at("2022-12-01T09:00"));
    }

    #[test]
    fn a_result_is_handed_to_whoever_is_authorised_as_it_was_brought() {
        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        let early = brings(&mut story, "2022-12-01T10:00", &delivered(true));
        assert_eq!(refusal(&early), "NOT_RESOLVED");
        story.does(resolve());
        story.at("2022-12-13T17:00");
        brings(
            &mut story,
            "2022-12-13T08:00",
            &Brought::Authorisation(Authorised {
                to: AuthorisedTo::Collect,
                person: noted(),
                until: None,
            }),
        );
        brings(&mut story, "2022-12-13T09:00", &delivered(true));
        assert_eq!(story.dossier.phase(), Phase::Returned);
        assert!(story.flags().is_empty(), "{:?}", story.flags());
        let again = brings(&mut story, "2022-12-13T09:00", &delivered(true));
        assert_eq!(refusal(&again), "ALREADY_RETURNED");
    }

    #[test]
    fn before_acceptance_what_intake_asked_for_is_brought_and_what_only_processing_can_be_told_waits()
     {
        let mut story = Story::filed("2022-12-01T09:00", TEN_DAYS);
        let unasked = asks(&story, "2022-12-01T10:00", &papers()).unwrap();
        assert_eq!(refusal(&unasked), "INTAKE_SUPPLEMENT_NOT_REQUESTED");
        story.does(ask_intake_supplement());
        for wait in [money(), delivered(false), failed("2022-12-01T10:00")] {
            assert_eq!(asks(&story, "2022-12-01T10:00", &wait), None);
        }
        story.at("2022-12-08T09:00");
        brings(&mut story, "2022-12-02T09:00", &papers());
        assert_eq!(story.dossier.phase(), Phase::Submitted);
        let wish = Brought::Withdrawal {
            reason: Some(reason("moved_away")),
        };
        let told = brings(&mut story, "2022-12-05T09:00", &wish);
        assert_eq!(told.at, at("2022-12-05T09:00"));
        assert_eq!(story.dossier.case(), None);
        let paper = Brought::Authorisation(Authorised {
            to: AuthorisedTo::Act,
            person: noted(),
            until: None,
        });
        for late in [money(), paper, wish] {
            let late = asks(&story, "2022-12-06T09:00", &late).unwrap();
            assert_eq!(refusal(&late), "ALREADY_WITHDRAWN");
        }
    }
}
