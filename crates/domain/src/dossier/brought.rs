//! What people bring later (*giấy tờ nộp sau*): received without asking the dossier, decided once by exactly one event that
//! names the filing, and counted from its receipt.

use jiff::Timestamp;

use super::{Context, Dossier};
use crate::command::{Command, ReceiveFiling, ReceiveSupplement, RecordPayment, Withdraw};
use crate::event::{Brought, Event, FilingReceived, FilingRefused, Occurrence};
use crate::ids::FilingId;

/// Why a filing is refused that tells again what is in the history already.
pub const ALREADY_RECORDED: &str = "ALREADY_RECORDED";

/// Takes it in.
pub(super) fn receive(command: &ReceiveFiling, ctx: &Context<'_>) -> Vec<Occurrence> {
    vec![Occurrence {
        at: ctx.now,
        event: Event::FilingReceived(FilingReceived {
            dossier: command.dossier.clone(),
            brought: command.brought.clone(),
        }),
    }]
}

/// What a filing makes happen to its dossier: the ordinary event, at the time of the receipt, or a refusal, now.
pub fn decide(
    dossier: &Dossier,
    filing: FilingId,
    received_at: Timestamp,
    brought: &Brought,
    ctx: &Context<'_>,
) -> Occurrence {
    // The rules take the receipt for the present, so whatever they count begins there.
    let at_receipt = Context {
        now: received_at.min(ctx.now),
        ..*ctx
    };
    let refused = |reason: &str| Occurrence {
        at: ctx.now,
        event: Event::FilingRefused(FilingRefused {
            filing,
            reason: reason.into(),
        }),
    };
    match super::decide(dossier, &wish(brought), &at_receipt) {
        Ok(happened) => happened
            .into_iter()
            .next()
            .map_or_else(|| refused(ALREADY_RECORDED), |it| naming(it, filing)),
        Err(no) => refused(no.reason()),
    }
}

/// The wish that a clerk would make of it at the counter.
fn wish(brought: &Brought) -> Command {
    match brought {
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
            reason: reason.clone(),
        }),
    }
}

/// The event with the filing it came from.
fn naming(mut occurrence: Occurrence, filing: FilingId) -> Occurrence {
    if let Event::SupplementReceived(it) = &mut occurrence.event {
        it.filing = Some(filing);
    } else if let Event::FeePaid(it) = &mut occurrence.event {
        it.filing = Some(filing);
    } else if let Event::DossierWithdrawn(it) = &mut occurrence.event {
        it.filing = Some(filing);
    }
    occurrence
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::testing::*;
    use super::super::{Phase, evolve};
    use super::*;
    use crate::event::PaymentMethod;

    const FILING: FilingId = FilingId(Uuid::from_u128(7));

    /// What a filing that was received then does to the dossier; it names the filing, whatever it is.
    fn brings(story: &mut Story, received: &str, brought: &Brought) -> Occurrence {
        let dossier = story.dossier.clone();
        let happened = story.asks(|ctx| decide(&dossier, FILING, at(received), brought, ctx));
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
}
