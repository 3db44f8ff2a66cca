//! Corrections (*đính chính*): a fact that was recorded wrongly is put right by an event of its own; the wrong one stays in the history.

use super::{Case, Context, Dossier, Filing, retime, times};
use crate::command::{CorrectEvent, ReplaceSubject, Right};
use crate::event::{
    Channel, Correction, DeliveryMode, Event, EventCorrected, Occurrence, Outcome, SubjectReplaced,
};
use crate::rejection::Rejection;

/// Puts a fact right, whatever the phase after acceptance.
pub(super) fn correct(
    dossier: &Dossier,
    case: &Case,
    command: &CorrectEvent,
    ctx: &Context<'_>,
) -> Result<Vec<Occurrence>, Rejection> {
    if let Right::LegalTime { revision, at } = command.right {
        return retime::retime(dossier, case, (revision, at), &command.reason, ctx);
    }
    let correction = correction(dossier, case, &command.right)?;
    changes_something(&correction)?;
    goes_with_the_channel(case, &correction)?;
    Ok(vec![Occurrence {
        at: times::now_after(case.accepted_at, ctx),
        event: Event::EventCorrected(EventCorrected {
            correction,
            reason: command.reason.clone(),
            proposed_by: None,
            through: None,
        }),
    }])
}

/// Puts the applicant's data right; what the vault held before is not needed any more.
pub(super) fn replace_subject(
    filing: &Filing,
    command: &ReplaceSubject,
    ctx: &Context<'_>,
) -> Result<Vec<Occurrence>, Rejection> {
    if filing.subject_erased_at.is_some() || filing.erasure.is_some() {
        return Err(Rejection::SubjectAlreadyErased);
    }
    Ok(vec![Occurrence {
        at: times::now_after(filing.submitted_at, ctx),
        event: Event::SubjectReplaced(SubjectReplaced {
            subject: command.subject.clone(),
            replaced: filing.submitted.subject.entry,
            reason: command.reason.clone(),
        }),
    }])
}

/// The old value beside the new one; there must have been such an event.
fn correction(dossier: &Dossier, case: &Case, right: &Right) -> Result<Correction, Rejection> {
    match right {
        Right::AcceptedChannel(new) => Ok(Correction::AcceptedChannel {
            old: case.channel,
            new: *new,
        }),
        Right::AcceptedAssisted(new) => Ok(Correction::AcceptedAssisted {
            old: case.assisted,
            new: *new,
        }),
        Right::ResolvedResult(new) => {
            granted(dossier).map(|(result, _)| Correction::ResolvedResult {
                old: result.into(),
                new: new.clone(),
            })
        }
        Right::ResolvedElectronic(new) => {
            granted(dossier).map(|(_, electronic)| Correction::ResolvedElectronic {
                old: electronic,
                new: *new,
            })
        }
        Right::PaidMethod { notice, method } => {
            let paid = case.paid(notice).ok_or_else(|| nothing("fee_paid"))?;
            Ok(Correction::PaidMethod {
                notice: notice.clone(),
                old: paid.method,
                new: *method,
            })
        }
        Right::PaidReceipt { notice, receipt } => {
            let paid = case.paid(notice).ok_or_else(|| nothing("fee_paid"))?;
            Ok(Correction::PaidReceipt {
                notice: notice.clone(),
                old: paid.receipt.clone(),
                new: receipt.clone(),
            })
        }
        Right::DeliveredMode(new) => {
            delivered(dossier).map(|old| Correction::DeliveredMode { old, new: *new })
        }
        // A time is put right with all that follows from it.
        Right::LegalTime { .. } => Err(nothing("legal_time")),
    }
}

fn granted(dossier: &Dossier) -> Result<(&str, bool), Rejection> {
    match dossier.outcome() {
        Some(Outcome::Granted { result, electronic }) => Ok((result, *electronic)),
        Some(Outcome::Refused { .. }) | None => Err(nothing("dossier_resolved")),
    }
}

fn delivered(dossier: &Dossier) -> Result<DeliveryMode, Rejection> {
    dossier
        .delivered()
        .map(|(_, mode)| mode)
        .ok_or_else(|| nothing("result_delivered"))
}

fn nothing(event: &'static str) -> Rejection {
    Rejection::NothingToCorrect { event }
}

fn changes_something(correction: &Correction) -> Result<(), Rejection> {
    let same = match correction {
        Correction::AcceptedChannel { old, new } => old == new,
        Correction::AcceptedAssisted { old, new } | Correction::ResolvedElectronic { old, new } => {
            old == new
        }
        Correction::ResolvedResult { old, new } | Correction::PaidReceipt { old, new, .. } => {
            old == new
        }
        Correction::PaidMethod { old, new, .. } => old == new,
        Correction::DeliveredMode { old, new } => old == new,
        Correction::LegalTime(time) => time.old == time.new,
    };
    if same {
        return Err(Rejection::CorrectionChangesNothing);
    }
    Ok(())
}

/// Only who files online can be helped to do so.
fn goes_with_the_channel(case: &Case, correction: &Correction) -> Result<(), Rejection> {
    let assisted = match correction {
        Correction::AcceptedAssisted { new, .. } => *new,
        Correction::AcceptedChannel { .. }
        | Correction::ResolvedResult { .. }
        | Correction::ResolvedElectronic { .. }
        | Correction::PaidMethod { .. }
        | Correction::PaidReceipt { .. }
        | Correction::DeliveredMode { .. }
        | Correction::LegalTime(_) => false,
    };
    match case.channel {
        Channel::Direct | Channel::Postal if assisted => Err(Rejection::AssistedNeedsOnline),
        Channel::Direct | Channel::Online | Channel::Postal => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Phase;
    use super::super::testing::*;
    use crate::command::{Command, Right, Submit};
    use crate::event::*;

    #[test]
    fn a_wrong_channel_is_put_right_and_the_promised_due_date_stays() {
        let mut story = Story::accepted("2022-12-01T09:00", WITH_FEE);
        let due = story.due();
        story
            .at("2022-12-02T09:00")
            .does(correct(Right::AcceptedChannel(Channel::Online)));
        let case = story.dossier.case().unwrap();
        assert_eq!(case.channel, Channel::Online);
        assert_eq!(story.due(), due);
        assert_eq!(story.flags(), ["corrected"]);
        let Event::EventCorrected(event) = story.last() else {
            panic!()
        };
        assert_eq!(
            event.correction,
            Correction::AcceptedChannel {
                old: Channel::Direct,
                new: Channel::Online
            }
        );
        story.does(correct(Right::AcceptedAssisted(true)));
        assert!(story.dossier.case().unwrap().assisted);
        story.does(correct(Right::AcceptedChannel(Channel::Postal)));
        assert!(
            !story.dossier.case().unwrap().assisted,
            "only who files online is helped to"
        );
        let no = story.refuses(correct(Right::AcceptedAssisted(true)));
        assert_eq!(no.reason(), "ASSISTED_NEEDS_ONLINE");
    }

    #[test]
    fn what_did_not_happen_cannot_be_corrected_and_what_is_right_neither() {
        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        for right in [
            Right::ResolvedResult("GP-13".into()),
            Right::DeliveredMode(DeliveryMode::Post),
            Right::PaidReceipt {
                notice: "TB-1".into(),
                receipt: "BL-2".into(),
            },
        ] {
            assert_eq!(story.refuses(correct(right)).reason(), "NOTHING_TO_CORRECT");
        }
        let same = Right::AcceptedChannel(Channel::Direct);
        assert_eq!(
            story.refuses(correct(same)).reason(),
            "CORRECTION_CHANGES_NOTHING"
        );
        story.does(refuse());
        assert_eq!(
            story
                .refuses(correct(Right::ResolvedResult("GP-13".into())))
                .reason(),
            "NOTHING_TO_CORRECT",
            "a refusal has no result number"
        );
    }

    #[test]
    fn a_result_its_delivery_and_its_payment_are_put_right_after_the_end() {
        let mut story = Story::accepted("2022-12-01T09:00", WITH_FEE);
        story.does(ask_fee("TB-1")).does(pay("TB-1"));
        story.does(resolve()).does(deliver());
        let ended = *story.dossier.ended().unwrap();
        story
            .at("2022-12-20T09:00")
            .does(correct(Right::ResolvedResult("GP-13".into())))
            .does(correct(Right::ResolvedElectronic(false)))
            .does(correct(Right::DeliveredMode(DeliveryMode::Post)))
            .does(correct(Right::PaidMethod {
                notice: "TB-1".into(),
                method: PaymentMethod::Cash,
            }))
            .does(correct(Right::PaidReceipt {
                notice: "TB-1".into(),
                receipt: "BL-2".into(),
            }));
        assert_eq!(story.dossier.phase(), Phase::Returned);
        assert_eq!(*story.dossier.ended().unwrap(), ended);
        assert_eq!(
            story.dossier.outcome(),
            Some(&Outcome::Granted {
                result: "GP-13".into(),
                electronic: false
            })
        );
        assert_eq!(story.dossier.delivered().unwrap().1, DeliveryMode::Post);
        let paid = &story.dossier.case().unwrap().paid[0];
        assert_eq!((paid.method, &*paid.receipt), (PaymentMethod::Cash, "BL-2"));
    }

    #[test]
    fn before_acceptance_only_the_applicants_data_is_put_right() {
        let mut story = Story::filed("2022-12-01T09:00", TEN_DAYS);
        let no = story.refuses(correct(Right::AcceptedChannel(Channel::Online)));
        assert_eq!(no.reason(), "NOT_ACCEPTED");
        story.does(replace_subject(8));
        let Event::SubjectReplaced(event) = story.last() else {
            panic!()
        };
        assert_eq!(event.replaced, uuid::Uuid::from_u128(7));
        assert_eq!(
            story.dossier.filing().unwrap().submitted.subject.entry,
            uuid::Uuid::from_u128(8)
        );
    }

    #[test]
    fn what_was_erased_is_not_replaced() {
        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        story.does(erase());
        assert_eq!(
            story.refuses(replace_subject(8)).reason(),
            "SUBJECT_ALREADY_ERASED"
        );
    }

    #[test]
    fn the_flag_for_a_procedure_offered_for_information_only_follows_the_corrected_channel() {
        let mut story = Story::begins("2022-12-01T09:00");
        story.does(Command::Submit(Submit {
            ..submit_online(INFORMATION_ONLY)
        }));
        story.does(accept());
        assert!(story.flags().contains(&"online_for_information_only"));
        story.does(correct(Right::AcceptedChannel(Channel::Direct)));
        assert!(!story.flags().contains(&"online_for_information_only"));
    }
}
