//! What the events beyond the straight way make of a dossier: voided, put right, waived, asked of others, tried by the post.

use jiff::Timestamp;

use super::super::case::{Case, Ended, Exit, PaidFee};
use super::super::cooperation::{Subtask, SubtaskEnd};
use super::super::parts::{case, filing, pending, pending_case};
use super::super::{
    Authorisation, CorrectionProposal, DigitalPaper, Dossier, Feedback, Resolved, Returned,
    VoidProposal, Voided,
};
use super::with_due;
use crate::event::{
    AcceptanceVoided, AgencySucceeded, AuthorisationRecorded, Channel, CompetentAgencyReceived,
    Correction, CorrectionProposed, DeliveryFailed, DeliveryMode, EventCorrected, FeeRefunded,
    FeedbackLinked, Outcome, ResultReturnedToAgency, SubjectReplaced, SubtaskCancelled,
    SubtaskCompleted, SubtaskOpened, SubtaskStart, VoidProposed,
};

pub(super) fn void_proposed(mut dossier: Dossier, at: Timestamp, event: &VoidProposed) -> Dossier {
    if let Some(case) = pending_case(&mut dossier) {
        case.void_proposal = Some(VoidProposal {
            by: event.by.clone(),
            through: event.through.clone(),
            at,
            reason: event.reason.clone(),
        });
    }
    dossier
}

pub(super) fn voided(dossier: Dossier, at: Timestamp, event: &AcceptanceVoided) -> Dossier {
    let (filing, case) = match pending(dossier) {
        Ok(parts) => parts,
        Err(unchanged) => return unchanged,
    };
    let exit = Exit::Voided;
    Dossier::Voided(Voided {
        filing,
        case,
        ended: Ended { at, exit },
        reason: event.reason.clone(),
    })
}

pub(super) fn corrected(mut dossier: Dossier, event: &EventCorrected) -> Dossier {
    let Some(it) = case(&mut dossier) else {
        return dossier;
    };
    it.corrections = it.corrections.saturating_add(1);
    match &event.correction {
        Correction::AcceptedChannel { new, .. } => came_by(&mut dossier, *new),
        Correction::AcceptedAssisted { new, .. } => helped(&mut dossier, *new),
        Correction::ResolvedResult { new, .. } => {
            if let Some(Outcome::Granted { result, .. }) = outcome(&mut dossier) {
                result.clone_from(new);
            }
        }
        Correction::ResolvedElectronic { new, .. } => {
            if let Some(Outcome::Granted { electronic, .. }) = outcome(&mut dossier) {
                *electronic = *new;
            }
        }
        Correction::PaidMethod { notice, new, .. } => {
            if let Some(paid) = paid(it, notice) {
                paid.method = *new;
            }
        }
        Correction::PaidReceipt { notice, new, .. } => {
            if let Some(paid) = paid(it, notice) {
                paid.receipt.clone_from(new);
            }
        }
        Correction::DeliveredMode { new, .. } => handed_over(&mut dossier, *new),
        Correction::LegalTime(it) => it.timeline.put_into(&mut dossier),
    }
    dossier
}

pub(super) fn correction_proposed(
    mut dossier: Dossier,
    at: Timestamp,
    event: &CorrectionProposed,
) -> Dossier {
    if let Some(case) = case(&mut dossier) {
        case.correction_proposal = Some(Box::new(CorrectionProposal {
            by: event.by.clone(),
            through: event.through.clone(),
            at,
            revision: event.revision,
            new: event.new,
        }));
    }
    dossier
}

/// Only who files online is helped to: on any other channel nobody was.
fn came_by(dossier: &mut Dossier, channel: Channel) {
    if let Some(case) = case(dossier) {
        case.channel = channel;
    }
    if let Some(filing) = filing(dossier) {
        filing.submitted.channel = channel;
    }
    match channel {
        Channel::Online => {}
        Channel::Direct | Channel::Postal => helped(dossier, false),
    }
}

fn helped(dossier: &mut Dossier, assisted: bool) {
    if let Some(case) = case(dossier) {
        case.assisted = assisted;
    }
    if let Some(filing) = filing(dossier) {
        filing.submitted.assisted = assisted;
    }
}

fn outcome(dossier: &mut Dossier) -> Option<&mut Outcome> {
    match dossier {
        Dossier::Resolved(Resolved { outcome, .. })
        | Dossier::Returned(Returned { outcome, .. }) => Some(outcome),
        Dossier::Unknown
        | Dossier::Submitted(_)
        | Dossier::AwaitingIntakeSupplement(_)
        | Dossier::Refused(_)
        | Dossier::Accepted(_)
        | Dossier::InProcessing(_)
        | Dossier::AwaitingSupplement(_)
        | Dossier::AwaitingPayment(_)
        | Dossier::Suspended(_)
        | Dossier::Terminated(_)
        | Dossier::Withdrawn(_)
        | Dossier::Voided(_) => None,
    }
}

fn handed_over(dossier: &mut Dossier, by: DeliveryMode) {
    if let Dossier::Returned(Returned { mode, .. }) = dossier {
        *mode = by;
    }
}

fn paid<'a>(case: &'a mut Case, notice: &str) -> Option<&'a mut PaidFee> {
    case.paid.iter_mut().find(|paid| &*paid.notice == notice)
}

pub(super) fn subject_replaced(mut dossier: Dossier, event: &SubjectReplaced) -> Dossier {
    if let Some(filing) = filing(&mut dossier) {
        filing.submitted.subject = event.subject.clone();
    }
    dossier
}

pub(super) fn fee_refunded(mut dossier: Dossier, event: &FeeRefunded) -> Dossier {
    if let Some(paid) = case(&mut dossier).and_then(|case| paid(case, &event.notice)) {
        let told = (event.receipt.clone(), event.amount_vnd);
        paid.refunds.push(told);
    }
    dossier
}

pub(super) fn competent_agency_received(
    mut dossier: Dossier,
    at: Timestamp,
    event: &CompetentAgencyReceived,
) -> Dossier {
    let Some(case) = pending_case(&mut dossier) else {
        return dossier;
    };
    if case.clock_from.is_none() {
        case.clock_from = Some(at);
        case.original_due = event.due;
        *case = with_due(case.clone(), event.due, &event.calendar);
    }
    dossier
}

pub(super) fn agency_succeeded(mut dossier: Dossier, event: &AgencySucceeded) -> Dossier {
    if let Some(case) = case(&mut dossier) {
        case.agency_now = event.to.clone();
        // The units were the old agency's; the officer goes on until somebody else is given the dossier.
        case.unit = None;
    }
    dossier
}

pub(super) fn subtask_opened(
    mut dossier: Dossier,
    at: Timestamp,
    event: &SubtaskOpened,
) -> Dossier {
    if let Some(case) = pending_case(&mut dossier) {
        case.subtasks.push(Subtask {
            number: event.number,
            kind: event.kind,
            agency: event.agency.clone(),
            limit: event.limit,
            after: event.after,
            opened_at: at,
            due: event.due,
            closed: None,
        });
    }
    dossier
}

pub(super) fn subtask_completed(
    dossier: Dossier,
    at: Timestamp,
    event: &SubtaskCompleted,
) -> Dossier {
    let class = event.class;
    let end = SubtaskEnd::Completed { at, class };
    subtask_closed(dossier, event.number, end, &event.starts)
}

pub(super) fn subtask_cancelled(
    dossier: Dossier,
    at: Timestamp,
    event: &SubtaskCancelled,
) -> Dossier {
    let end = SubtaskEnd::Cancelled { at };
    subtask_closed(dossier, event.number, end, &event.starts)
}

fn subtask_closed(
    mut dossier: Dossier,
    number: u16,
    end: SubtaskEnd,
    starts: &[SubtaskStart],
) -> Dossier {
    let Some(case) = pending_case(&mut dossier) else {
        return dossier;
    };
    for subtask in &mut case.subtasks {
        if subtask.number == number {
            subtask.closed.get_or_insert(end);
        }
        if let Some(start) = starts.iter().find(|start| start.number == subtask.number) {
            subtask.due.get_or_insert(start.due);
        }
    }
    dossier
}

pub(super) fn paper_known(mut dossier: Dossier, paper: DigitalPaper) -> Dossier {
    if let Some(filing) = filing(&mut dossier) {
        filing.digital.push(paper);
    }
    dossier
}

pub(super) fn delivery_failed(
    mut dossier: Dossier,
    at: Timestamp,
    event: &DeliveryFailed,
) -> Dossier {
    if let Dossier::Resolved(Resolved { case, .. }) = &mut dossier {
        let post = &mut case.post;
        if post.back_at.take().is_some() {
            // Sent out once more: the post tries from the beginning.
            post.attempts.clear();
        }
        post.failures = event.attempt;
        post.attempts.push(at);
        post.attempt_too_soon |= event.too_soon;
    }
    dossier
}

pub(super) fn result_returned(
    mut dossier: Dossier,
    at: Timestamp,
    event: &ResultReturnedToAgency,
) -> Dossier {
    if let Dossier::Resolved(Resolved { case, .. }) = &mut dossier {
        case.post.back_at = Some(at);
        case.post.back_too_soon |= event.too_soon;
    }
    dossier
}

pub(super) fn feedback_linked(mut dossier: Dossier, event: &FeedbackLinked) -> Dossier {
    if let Some(filing) = filing(&mut dossier) {
        filing.feedback.push(Feedback {
            system: event.system.clone(),
            number: event.number.clone(),
            received_on: event.received_on,
        });
    }
    dossier
}

pub(super) fn authorised(
    mut dossier: Dossier,
    at: Timestamp,
    event: &AuthorisationRecorded,
) -> Dossier {
    if let Some(filing) = filing(&mut dossier) {
        filing.authorisations.push(Authorisation {
            authorised: event.authorised.clone(),
            at,
            filing: event.filing,
        });
    }
    dossier
}
