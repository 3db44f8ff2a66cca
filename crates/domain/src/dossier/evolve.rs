//! What an event makes of a dossier. History is the past: it is applied, never judged, and nothing here can fail.
//!
//! An event that makes no sense in a phase leaves the dossier as it is; what [`super::decide`] promises, the tests hold
//! together with this.

mod beyond;

use jiff::Timestamp;

use super::case::{
    ClockMove, Extension, FeeNotice, Forwarding, PaidFee, Pause, PauseWhy, SupplementRequest,
};
use super::parts::{at_work, filing, pending, pending_case};
use super::{
    Accepted, AwaitingIntakeSupplement, AwaitingPayment, AwaitingSupplement, Case, DigitalPaper,
    Dossier, Ended, Exit, Filing, InProcessing, Refused, Resolved, Returned, Submitted, Suspended,
    Terminated, Withdrawn,
};
use crate::clock::Due;
use crate::event::{
    DeadlineExtended, DossierAccepted, DossierResolved, DossierSubmitted, DossierWithdrawn,
    DueDateRecomputed, DuplicateSubmission, Event, FeePaid, FeeRequested, FeeWaived, IntakeRefused,
    IntakeSupplementReceived, IntakeSupplementRequested, Occurrence, Outcome, ProcessingResumed,
    ProcessingSuspended, ProcessingTerminated, ResultDelivered, SubjectErasureRequested,
    SupplementNotBrought, SupplementReceived, SupplementRequested, TaskAssigned, Transferred,
};
use crate::ids::VersionHash;

/// The dossier after this event.
pub fn evolve(dossier: Dossier, occurrence: &Occurrence) -> Dossier {
    let at = occurrence.at;
    match &occurrence.event {
        Event::DossierSubmitted(event) => submitted(dossier, at, event),
        Event::IntakeSupplementRequested(event) => intake_asked(dossier, at, event),
        Event::IntakeSupplementReceived(event) => intake_supplemented(dossier, event),
        Event::IntakeRefused(event) => refused(dossier, at, event),
        Event::DossierAccepted(event) => accepted(dossier, at, event),
        Event::Transferred(event) => transferred(dossier, at, event),
        Event::TaskAssigned(event) => assigned(dossier, event),
        Event::SupplementRequested(event) => supplement_asked(dossier, at, event),
        Event::SupplementReceived(event) => supplemented(dossier, at, event),
        Event::SupplementLapsed(_) => supplement_lapsed(dossier, at),
        Event::SupplementNotBrought(event) => supplement_not_brought(dossier, at, event),
        Event::FeeRequested(event) => fee_asked(dossier, at, event),
        Event::FeePaid(event) => fee_paid(dossier, at, event),
        Event::DeadlineExtended(event) => extended(dossier, at, event),
        Event::ProcessingSuspended(event) => suspended(dossier, at, event),
        Event::ProcessingResumed(event) => resumed(dossier, at, event),
        Event::ProcessingTerminated(event) => terminated(dossier, at, event),
        Event::DossierResolved(event) => resolved(dossier, at, event),
        Event::ResultDelivered(event) => delivered(dossier, at, event),
        Event::DossierWithdrawn(event) => withdrawn(dossier, at, event),
        Event::DueDateRecomputed(event) => recomputed(dossier, event),
        Event::SubjectErasureRequested(event) => erasure_requested(dossier, event),
        Event::SubjectKeyDestroyed(_) => subject_erased(dossier, at),
        Event::DuplicateSubmission(event) => duplicated(dossier, event),
        Event::VoidProposed(event) => beyond::void_proposed(dossier, at, event),
        Event::AcceptanceVoided(event) => beyond::voided(dossier, at, event),
        Event::EventCorrected(event) => beyond::corrected(dossier, event),
        Event::CorrectionProposed(event) => beyond::correction_proposed(dossier, at, event),
        Event::SubjectReplaced(event) => beyond::subject_replaced(dossier, event),
        Event::FeeWaived(event) => fee_waived(dossier, at, event),
        Event::FeeRefunded(event) => beyond::fee_refunded(dossier, event),
        Event::CompetentAgencyReceived(event) => {
            beyond::competent_agency_received(dossier, at, event)
        }
        Event::SubtaskOpened(event) => beyond::subtask_opened(dossier, at, event),
        Event::SubtaskCompleted(event) => beyond::subtask_completed(dossier, at, event),
        Event::SubtaskCancelled(event) => beyond::subtask_cancelled(dossier, at, event),
        Event::ComponentDigitised(event) => {
            beyond::paper_known(dossier, DigitalPaper::Digitised(event.clone()))
        }
        Event::ComponentReused(event) => {
            beyond::paper_known(dossier, DigitalPaper::Reused(event.clone()))
        }
        Event::DeliveryFailed(event) => beyond::delivery_failed(dossier, at, event),
        Event::ResultReturnedToAgency(event) => beyond::result_returned(dossier, at, event),
        Event::FeedbackLinked(event) => beyond::feedback_linked(dossier, event),
        Event::AgencySucceeded(event) => beyond::agency_succeeded(dossier, event),
        Event::AuthorisationRecorded(event) => beyond::authorised(dossier, at, event),
        // What is brought changes a dossier by the event it leads to.
        Event::FilingReceived(_) | Event::FilingRefused(_) => dossier,
        // Where the papers are is no part of the dossier's state; the others are no dossier's.
        Event::DossierCollected(_)
        | Event::HandOverSigned(_)
        | Event::HandOverAcknowledged(_)
        | Event::FeeReceiptIssued(_)
        | Event::ReceiptRangeLeased(_)
        | Event::CalendarPublished(_)
        | Event::VaultLossDeclared(_)
        | Event::VaultLossEnded(_)
        | Event::TerminalEnrolled(_)
        | Event::TerminalNoted(_)
        | Event::JournalEntryAnswered(_)
        | Event::IdentityLookedUp(_) => dossier,
    }
}

/// The dossier after its whole history.
pub fn replay<'a>(history: impl IntoIterator<Item = &'a Occurrence>) -> Dossier {
    history.into_iter().fold(Dossier::Unknown, evolve)
}

fn submitted(dossier: Dossier, at: Timestamp, event: &DossierSubmitted) -> Dossier {
    let Dossier::Unknown = dossier else {
        return dossier;
    };
    Dossier::Submitted(Submitted {
        filing: Filing::new(event.clone(), at),
    })
}

fn intake_asked(dossier: Dossier, at: Timestamp, event: &IntakeSupplementRequested) -> Dossier {
    let Dossier::Submitted(Submitted { mut filing }) = dossier else {
        return dossier;
    };
    filing.answered(at);
    filing.intake_requests = event.ordinal;
    Dossier::AwaitingIntakeSupplement(AwaitingIntakeSupplement {
        filing,
        asked_at: at,
        reason: event.reason.clone(),
        missing: event.components.clone(),
    })
}

fn intake_supplemented(dossier: Dossier, event: &IntakeSupplementReceived) -> Dossier {
    let Dossier::AwaitingIntakeSupplement(AwaitingIntakeSupplement { mut filing, .. }) = dossier
    else {
        return dossier;
    };
    filing.components.extend_from_slice(&event.components);
    filing.answer_due = event.answer_due;
    Dossier::Submitted(Submitted { filing })
}

fn refused(dossier: Dossier, at: Timestamp, event: &IntakeRefused) -> Dossier {
    let (Dossier::Submitted(Submitted { mut filing })
    | Dossier::AwaitingIntakeSupplement(AwaitingIntakeSupplement { mut filing, .. })) = dossier
    else {
        return dossier;
    };
    filing.answered(at);
    Dossier::Refused(Refused {
        filing,
        refused_at: at,
        reason: event.reason.clone(),
    })
}

fn accepted(dossier: Dossier, at: Timestamp, event: &DossierAccepted) -> Dossier {
    // Another home may have accepted it while this one waited for a supplement.
    let (Dossier::Submitted(Submitted { mut filing })
    | Dossier::AwaitingIntakeSupplement(AwaitingIntakeSupplement { mut filing, .. })) = dossier
    else {
        return dossier;
    };
    filing.answered(at);
    Dossier::Accepted(Accepted {
        filing,
        case: Case::new(event.clone(), at),
    })
}

fn transferred(dossier: Dossier, at: Timestamp, event: &Transferred) -> Dossier {
    let (filing, mut case) = match at_work(dossier) {
        Ok(parts) => parts,
        Err(unchanged) => return unchanged,
    };
    case.forwarded.get_or_insert(Forwarding {
        at,
        expected_by: event.expected_by,
    });
    case.agency_now = event.to.clone();
    case.unit.clone_from(&event.unit);
    case.holder = None;
    Dossier::InProcessing(InProcessing { filing, case })
}

fn assigned(dossier: Dossier, event: &TaskAssigned) -> Dossier {
    let (filing, mut case) = match at_work(dossier) {
        Ok(parts) => parts,
        Err(unchanged) => return unchanged,
    };
    case.holder = Some(event.holder.clone());
    if event.unit.is_some() {
        case.unit.clone_from(&event.unit);
    }
    Dossier::InProcessing(InProcessing { filing, case })
}

fn supplement_asked(dossier: Dossier, at: Timestamp, event: &SupplementRequested) -> Dossier {
    let (filing, mut case) = match at_work(dossier) {
        Ok(parts) => parts,
        Err(unchanged) => return unchanged,
    };
    case.supplement_requests = event.ordinal;
    case.late_supplement_request |= event.late;
    let request = SupplementRequest {
        ordinal: event.ordinal,
        asked_at: at,
        reason: event.reason.clone(),
        missing: event.components.clone(),
        lapses_on: event.lapses_on,
    };
    Dossier::AwaitingSupplement(AwaitingSupplement {
        filing,
        case,
        request,
    })
}

fn supplemented(dossier: Dossier, at: Timestamp, event: &SupplementReceived) -> Dossier {
    let Dossier::AwaitingSupplement(AwaitingSupplement {
        mut filing,
        case,
        request,
    }) = dossier
    else {
        return dossier;
    };
    filing.components.extend_from_slice(&event.components);
    let wait = Pause {
        from: request.asked_at,
        to: at,
        why: PauseWhy::Supplement,
    };
    goes_on(filing, case.paused(wait), event.due, &event.calendar)
}

fn supplement_not_brought(
    dossier: Dossier,
    at: Timestamp,
    event: &SupplementNotBrought,
) -> Dossier {
    let Dossier::AwaitingSupplement(AwaitingSupplement {
        filing,
        case,
        request,
    }) = dossier
    else {
        return dossier;
    };
    let wait = Pause {
        from: request.asked_at,
        to: at,
        why: PauseWhy::SupplementNotBrought,
    };
    goes_on(filing, case.paused(wait), event.due, &event.calendar)
}

fn supplement_lapsed(dossier: Dossier, at: Timestamp) -> Dossier {
    let Dossier::AwaitingSupplement(AwaitingSupplement { filing, case, .. }) = dossier else {
        return dossier;
    };
    let ended = Ended {
        at,
        exit: Exit::SupplementLapsed,
    };
    Dossier::Terminated(Terminated {
        filing,
        case,
        ended,
        reason: None,
    })
}

fn fee_asked(dossier: Dossier, at: Timestamp, event: &FeeRequested) -> Dossier {
    let (filing, case) = match at_work(dossier) {
        Ok(parts) => parts,
        Err(unchanged) => return unchanged,
    };
    let notice = FeeNotice {
        notice: event.notice.clone(),
        amount_vnd: event.amount_vnd,
        suspends_clock: event.suspends_clock,
        notified_at: at,
    };
    Dossier::AwaitingPayment(AwaitingPayment {
        filing,
        case,
        notice,
    })
}

fn fee_paid(mut dossier: Dossier, at: Timestamp, event: &FeePaid) -> Dossier {
    if let Dossier::AwaitingPayment(AwaitingPayment { case, .. }) = &mut dossier {
        case.paid.push(PaidFee {
            notice: event.notice.clone(),
            amount_vnd: event.amount_vnd,
            method: event.method,
            receipt: event.receipt.clone(),
            refunds: Vec::new(),
        });
    }
    payment_over(dossier, at, event.due, &event.calendar)
}

fn fee_waived(dossier: Dossier, at: Timestamp, event: &FeeWaived) -> Dossier {
    payment_over(dossier, at, event.due, &event.calendar)
}

/// Paid or waived: nothing is awaited any more.
fn payment_over(
    dossier: Dossier,
    at: Timestamp,
    due: Option<Due>,
    calendar: &VersionHash,
) -> Dossier {
    let Dossier::AwaitingPayment(AwaitingPayment {
        filing,
        mut case,
        notice,
    }) = dossier
    else {
        return dossier;
    };
    if notice.suspends_clock {
        let why = PauseWhy::Payment;
        case = case.paused(Pause {
            from: notice.notified_at,
            to: at,
            why,
        });
    }
    goes_on(filing, case, due, calendar)
}

fn extended(mut dossier: Dossier, at: Timestamp, event: &DeadlineExtended) -> Dossier {
    if let Some(case) = pending_case(&mut dossier) {
        case.moves.push(ClockMove::Extended(Extension {
            ordinal: event.ordinal,
            at,
            asked_for: event.asked_for,
            late_notice: event.late_notice,
            counts: event.due.is_some(),
            carried_over: event.recorded_in.is_some(),
        }));
        case.due = event.due.or(case.due);
    }
    dossier
}

fn suspended(dossier: Dossier, at: Timestamp, event: &ProcessingSuspended) -> Dossier {
    let (filing, case) = match at_work(dossier) {
        Ok(parts) => parts,
        Err(unchanged) => return unchanged,
    };
    Dossier::Suspended(Suspended {
        filing,
        case,
        since: at,
        reason: event.reason.clone(),
    })
}

fn resumed(dossier: Dossier, at: Timestamp, event: &ProcessingResumed) -> Dossier {
    let Dossier::Suspended(Suspended {
        filing,
        case,
        since,
        ..
    }) = dossier
    else {
        return dossier;
    };
    let wait = Pause {
        from: since,
        to: at,
        why: PauseWhy::Suspension,
    };
    goes_on(filing, case.paused(wait), event.due, &event.calendar)
}

fn terminated(dossier: Dossier, at: Timestamp, event: &ProcessingTerminated) -> Dossier {
    let (filing, case) = match pending(dossier) {
        Ok(parts) => parts,
        Err(unchanged) => return unchanged,
    };
    let ended = Ended {
        at,
        exit: Exit::Terminated,
    };
    Dossier::Terminated(Terminated {
        filing,
        case,
        ended,
        reason: Some(event.reason.clone()),
    })
}

fn resolved(dossier: Dossier, at: Timestamp, event: &DossierResolved) -> Dossier {
    let (filing, case) = match at_work(dossier) {
        Ok(parts) => parts,
        Err(unchanged) => return unchanged,
    };
    let exit = match event.outcome {
        Outcome::Granted { .. } => Exit::Granted,
        Outcome::Refused { .. } => Exit::RefusedAfterExamination,
    };
    let outcome = event.outcome.clone();
    Dossier::Resolved(Resolved {
        filing,
        case,
        ended: Ended { at, exit },
        outcome,
    })
}

fn delivered(dossier: Dossier, at: Timestamp, event: &ResultDelivered) -> Dossier {
    let Dossier::Resolved(Resolved {
        filing,
        case,
        ended,
        outcome,
    }) = dossier
    else {
        return dossier;
    };
    let (delivered_at, mode, to_authorised) = (at, event.mode, event.to_authorised);
    Dossier::Returned(Returned {
        filing,
        case,
        ended,
        outcome,
        delivered_at,
        mode,
        to_authorised,
    })
}

fn withdrawn(dossier: Dossier, at: Timestamp, event: &DossierWithdrawn) -> Dossier {
    let (filing, after_acceptance) = match pending(dossier) {
        Ok((filing, case)) => {
            let exit = Exit::Withdrawn;
            (filing, Some((case, Ended { at, exit })))
        }
        Err(
            Dossier::Submitted(Submitted { filing })
            | Dossier::AwaitingIntakeSupplement(AwaitingIntakeSupplement { filing, .. }),
        ) => (filing, None),
        Err(unchanged) => return unchanged,
    };
    let reason = event.reason.clone();
    Dossier::Withdrawn(Withdrawn {
        filing,
        withdrawn_at: at,
        reason,
        after_acceptance,
    })
}

fn recomputed(mut dossier: Dossier, event: &DueDateRecomputed) -> Dossier {
    if let Some(case) = pending_case(&mut dossier) {
        case.due = Some(event.due);
        case.calendar = event.calendar.clone();
    }
    dossier
}

fn erasure_requested(mut dossier: Dossier, event: &SubjectErasureRequested) -> Dossier {
    if let Some(filing) = filing(&mut dossier) {
        filing.erasure.get_or_insert_with(|| event.clone());
    }
    dossier
}

fn subject_erased(mut dossier: Dossier, at: Timestamp) -> Dossier {
    if let Some(filing) = filing(&mut dossier) {
        filing.subject_erased_at.get_or_insert(at);
    }
    dossier
}

fn duplicated(mut dossier: Dossier, event: &DuplicateSubmission) -> Dossier {
    if let Some(filing) = filing(&mut dossier) {
        filing.duplicates.push(event.clone());
    }
    dossier
}

/// Processing goes on after a wait, with the due date that follows from it.
fn goes_on(filing: Filing, case: Case, due: Option<Due>, calendar: &VersionHash) -> Dossier {
    let case = with_due(case, due, calendar);
    Dossier::InProcessing(InProcessing { filing, case })
}

fn with_due(mut case: Case, due: Option<Due>, calendar: &VersionHash) -> Case {
    case.due = due;
    case.calendar = calendar.clone();
    case
}
