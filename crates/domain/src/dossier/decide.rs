//! The table of what is possible when: every phase with every command is a call to a step, or a named rejection.
//!
//! No arm stands for "the rest": a new phase or a new command does not compile until the table answers it.

use super::{
    Accepted, Context, Dossier as D, InProcessing, Returned, Terminated, Withdrawn, acceptance,
    delivery, ending, erasure, evolve, extension, fee, handling, intake, recompute, supplement,
    suspension,
};
use crate::command::Command as C;
use crate::event::Occurrence;
use crate::rejection::Rejection as No;

/// Accepted or being worked on: what processing may do is the same.
macro_rules! at_work {
    ($part:ident) => {
        D::Accepted(Accepted { $part, .. }) | D::InProcessing(InProcessing { $part, .. })
    };
}

/// Names of groups of commands, so that a line of the table can be read; each command is in exactly one.
macro_rules! any {
    (intake) => {
        C::RequestIntakeSupplement(_)
            | C::ReceiveIntakeSupplement(_)
            | C::RefuseIntake(_)
            | C::Accept(_)
    };
    (handling) => {
        C::Transfer(_) | C::AssignTask(_) | C::ExtendDeadline(_)
    };
    (supplement) => {
        C::RequestSupplement(_) | C::ReceiveSupplement(_) | C::LapseSupplement(_)
    };
    (fee) => {
        C::RequestFee(_) | C::RecordPayment(_)
    };
    (suspension) => {
        C::SuspendProcessing(_) | C::ResumeProcessing(_)
    };
    (result) => {
        C::Resolve(_) | C::RefuseAfterExamination(_)
    };
    (stop) => {
        C::TerminateProcessing(_)
    };
    (processing) => {
        any!(handling)
            | any!(supplement)
            | any!(fee)
            | any!(suspension)
            | any!(result)
            | any!(stop)
            | C::RecordDelivery(_)
            | C::RecomputeDueDate(_)
    };
}

/// What this wish makes happen to this dossier, or why it cannot.
///
/// # Errors
///
/// The [`No`] that names the rule; nothing has happened then.
#[rustfmt::skip]
pub fn decide(dossier: &D, command: &C, ctx: &Context<'_>) -> Result<Vec<Occurrence>, No> {
    match (dossier, command) {
        // Nothing filed.
        (D::Unknown, C::Submit(wish)) => intake::submit(wish, ctx),
        (D::Unknown, any!(intake) | any!(processing) | C::Withdraw(_) | C::NoteSubjectErased(_)) => Err(No::DossierUnknown),

        // Filed: intake asks once for what is missing, refuses, or accepts.
        (D::Submitted(it), C::RequestIntakeSupplement(wish)) => Ok(intake::request_supplement(&it.filing, wish, ctx)),
        (D::Submitted(_), C::ReceiveIntakeSupplement(_)) => Err(No::IntakeSupplementNotRequested),
        (D::Submitted(it), C::RefuseIntake(wish)) => Ok(intake::refuse(&it.filing, wish, ctx)),
        (D::Submitted(it), C::Accept(wish)) => acceptance::accept(&it.filing, wish, ctx),
        (D::Submitted(it), C::Withdraw(wish)) => Ok(ending::withdraw_filing(&it.filing, wish, ctx)),
        (D::Submitted(it), C::NoteSubjectErased(wish)) => erasure::note(&it.filing, wish, ctx),
        (D::Submitted(_), C::Submit(_)) => Err(No::AlreadySubmitted),
        (D::Submitted(_), any!(processing)) => Err(No::NotAccepted),

        // Intake waits for what is missing.
        (D::AwaitingIntakeSupplement(it), C::ReceiveIntakeSupplement(wish)) => Ok(intake::receive_supplement(it, wish, ctx)),
        (D::AwaitingIntakeSupplement(_), C::RequestIntakeSupplement(_) | C::Accept(_)) => Err(No::IntakeSupplementAwaited),
        (D::AwaitingIntakeSupplement(it), C::RefuseIntake(wish)) => Ok(intake::refuse(&it.filing, wish, ctx)),
        (D::AwaitingIntakeSupplement(it), C::Withdraw(wish)) => Ok(ending::withdraw_filing(&it.filing, wish, ctx)),
        (D::AwaitingIntakeSupplement(it), C::NoteSubjectErased(wish)) => erasure::note(&it.filing, wish, ctx),
        (D::AwaitingIntakeSupplement(_), C::Submit(_)) => Err(No::AlreadySubmitted),
        (D::AwaitingIntakeSupplement(_), any!(processing)) => Err(No::NotAccepted),

        // Refused at intake: nothing more.
        (D::Refused(it), C::NoteSubjectErased(wish)) => erasure::note(&it.filing, wish, ctx),
        (D::Refused(_), C::Submit(_)) => Err(No::AlreadySubmitted),
        (D::Refused(_), any!(intake) | any!(processing) | C::Withdraw(_)) => Err(No::RefusedAtIntake),

        // Accepted, or being worked on: everything that processing does.
        (at_work!(case), C::Transfer(wish)) => handling::transfer(case, wish, ctx),
        (at_work!(case), C::AssignTask(wish)) => Ok(handling::assign(case, wish, ctx)),
        (at_work!(case), C::ExtendDeadline(wish)) => extension::extend(case, wish, ctx),
        (at_work!(case), C::RequestSupplement(wish)) => supplement::request(case, wish, ctx),
        (D::Accepted(_) | D::InProcessing(_), C::ReceiveSupplement(_) | C::LapseSupplement(_)) => Err(No::SupplementNotRequested),
        (at_work!(case), C::RequestFee(wish)) => fee::request(case, wish, ctx),
        (at_work!(case), C::RecordPayment(wish)) => Err(fee::not_awaited(case, wish)),
        (at_work!(case), C::SuspendProcessing(wish)) => Ok(suspension::suspend(case, wish, ctx)),
        (D::Accepted(_) | D::InProcessing(_), C::ResumeProcessing(_)) => Err(No::NotSuspended),
        (at_work!(case), C::TerminateProcessing(wish)) => Ok(ending::terminate(case, wish, ctx)),
        (at_work!(case), C::Resolve(wish)) => ending::resolve(case, wish, ctx),
        (at_work!(case), C::RefuseAfterExamination(wish)) => Ok(ending::refuse(case, wish, ctx)),
        (D::Accepted(_) | D::InProcessing(_), C::RecordDelivery(_)) => Err(No::NotResolved),
        (at_work!(case), C::Withdraw(wish)) => Ok(ending::withdraw(case, wish, ctx)),
        (at_work!(case), C::RecomputeDueDate(_)) => recompute::recompute(case, ctx),
        (at_work!(filing), C::NoteSubjectErased(wish)) => erasure::note(filing, wish, ctx),
        (D::Accepted(_) | D::InProcessing(_), C::Submit(_)) => Err(No::AlreadySubmitted),
        (D::Accepted(_) | D::InProcessing(_), any!(intake)) => Err(No::AlreadyAccepted),

        // Waiting for a supplement: it comes, it lapses, or the matter ends.
        (D::AwaitingSupplement(it), C::ReceiveSupplement(wish)) => supplement::receive(it, wish, ctx),
        (D::AwaitingSupplement(it), C::LapseSupplement(_)) => supplement::lapse(it, ctx),
        (D::AwaitingSupplement(it), C::RecordPayment(wish)) => Err(fee::not_awaited(&it.case, wish)),
        (D::AwaitingSupplement(it), C::TerminateProcessing(wish)) => Ok(ending::terminate(&it.case, wish, ctx)),
        (D::AwaitingSupplement(it), C::Withdraw(wish)) => Ok(ending::withdraw(&it.case, wish, ctx)),
        (D::AwaitingSupplement(it), C::RecomputeDueDate(_)) => recompute::recompute(&it.case, ctx),
        (D::AwaitingSupplement(it), C::NoteSubjectErased(wish)) => erasure::note(&it.filing, wish, ctx),
        (D::AwaitingSupplement(_), any!(handling) | any!(result) | C::RequestSupplement(_) | C::RequestFee(_) | C::SuspendProcessing(_)) => Err(No::SupplementAwaited),
        (D::AwaitingSupplement(_), C::ResumeProcessing(_)) => Err(No::NotSuspended),
        (D::AwaitingSupplement(_), C::RecordDelivery(_)) => Err(No::NotResolved),
        (D::AwaitingSupplement(_), C::Submit(_)) => Err(No::AlreadySubmitted),
        (D::AwaitingSupplement(_), any!(intake)) => Err(No::AlreadyAccepted),

        // Waiting for a payment: it comes, or the matter ends.
        (D::AwaitingPayment(it), C::RecordPayment(wish)) => fee::pay(it, wish, ctx),
        (D::AwaitingPayment(it), C::ExtendDeadline(wish)) => extension::extend_while_unpaid(it, wish, ctx),
        (D::AwaitingPayment(it), C::TerminateProcessing(wish)) => Ok(ending::terminate(&it.case, wish, ctx)),
        (D::AwaitingPayment(it), C::Withdraw(wish)) => Ok(ending::withdraw(&it.case, wish, ctx)),
        (D::AwaitingPayment(it), C::RecomputeDueDate(_)) => recompute::recompute(&it.case, ctx),
        (D::AwaitingPayment(it), C::NoteSubjectErased(wish)) => erasure::note(&it.filing, wish, ctx),
        (D::AwaitingPayment(_), C::Transfer(_) | C::AssignTask(_) | any!(result) | C::RequestSupplement(_) | C::RequestFee(_) | C::SuspendProcessing(_)) => Err(No::PaymentAwaited),
        (D::AwaitingPayment(_), C::ReceiveSupplement(_) | C::LapseSupplement(_)) => Err(No::SupplementNotRequested),
        (D::AwaitingPayment(_), C::ResumeProcessing(_)) => Err(No::NotSuspended),
        (D::AwaitingPayment(_), C::RecordDelivery(_)) => Err(No::NotResolved),
        (D::AwaitingPayment(_), C::Submit(_)) => Err(No::AlreadySubmitted),
        (D::AwaitingPayment(_), any!(intake)) => Err(No::AlreadyAccepted),

        // Suspended: it goes on, or the matter ends.
        (D::Suspended(it), C::ResumeProcessing(_)) => suspension::resume(it, ctx),
        (D::Suspended(it), C::RecordPayment(wish)) => Err(fee::not_awaited(&it.case, wish)),
        (D::Suspended(it), C::TerminateProcessing(wish)) => Ok(ending::terminate(&it.case, wish, ctx)),
        (D::Suspended(it), C::Withdraw(wish)) => Ok(ending::withdraw(&it.case, wish, ctx)),
        (D::Suspended(it), C::RecomputeDueDate(_)) => recompute::recompute(&it.case, ctx),
        (D::Suspended(it), C::NoteSubjectErased(wish)) => erasure::note(&it.filing, wish, ctx),
        (D::Suspended(_), any!(handling) | any!(result) | C::RequestSupplement(_) | C::RequestFee(_) | C::SuspendProcessing(_)) => Err(No::Suspended),
        (D::Suspended(_), C::ReceiveSupplement(_) | C::LapseSupplement(_)) => Err(No::SupplementNotRequested),
        (D::Suspended(_), C::RecordDelivery(_)) => Err(No::NotResolved),
        (D::Suspended(_), C::Submit(_)) => Err(No::AlreadySubmitted),
        (D::Suspended(_), any!(intake)) => Err(No::AlreadyAccepted),

        // Resolved: the result is handed over, and that is all.
        (D::Resolved(it), C::RecordDelivery(wish)) => Ok(delivery::deliver(it, wish, ctx)),
        (D::Resolved(it), C::RecordPayment(wish)) => Err(fee::not_awaited(&it.case, wish)),
        (D::Resolved(it), C::NoteSubjectErased(wish)) => erasure::note(&it.filing, wish, ctx),
        (D::Resolved(_), any!(handling) | any!(supplement) | any!(suspension) | any!(result) | any!(stop) | C::RequestFee(_) | C::Withdraw(_) | C::RecomputeDueDate(_)) => Err(No::AlreadyResolved),
        (D::Resolved(_), C::Submit(_)) => Err(No::AlreadySubmitted),
        (D::Resolved(_), any!(intake)) => Err(No::AlreadyAccepted),

        // Returned, stopped for good, withdrawn: nothing more.
        (D::Returned(Returned { case, .. }) | D::Terminated(Terminated { case, .. }), C::RecordPayment(wish)) => Err(fee::not_awaited(case, wish)),
        (D::Returned(Returned { filing, .. }) | D::Terminated(Terminated { filing, .. }) | D::Withdrawn(Withdrawn { filing, .. }), C::NoteSubjectErased(wish)) => erasure::note(filing, wish, ctx),
        (D::Returned(_), any!(handling) | any!(supplement) | any!(suspension) | any!(result) | any!(stop) | C::RequestFee(_) | C::RecordDelivery(_) | C::Withdraw(_) | C::RecomputeDueDate(_)) => Err(No::AlreadyReturned),
        (D::Terminated(_), any!(handling) | any!(supplement) | any!(suspension) | any!(result) | any!(stop) | C::RequestFee(_) | C::RecordDelivery(_) | C::Withdraw(_) | C::RecomputeDueDate(_)) => Err(No::AlreadyTerminated),
        (D::Withdrawn(_), any!(intake) | any!(processing) | C::Withdraw(_)) => Err(No::AlreadyWithdrawn),
        (D::Returned(_) | D::Terminated(_), any!(intake)) => Err(No::AlreadyAccepted),
        (D::Returned(_) | D::Terminated(_) | D::Withdrawn(_), C::Submit(_)) => Err(No::AlreadySubmitted),
    }
}

/// Several wishes as one: all happen or none, each decided on what the ones before it made of the dossier.
///
/// The counter files and accepts in one step, and for an immediate result resolves and delivers too.
///
/// # Errors
///
/// The first [`No`]; a dossier code asked for on the way is then skipped, never used again.
pub fn decide_all(dossier: &D, commands: &[C], ctx: &Context<'_>) -> Result<Vec<Occurrence>, No> {
    let mut now = dossier.clone();
    let mut happened = Vec::new();
    for command in commands {
        let next = decide(&now, command, ctx)?;
        now = next.iter().fold(now, evolve);
        happened.extend(next);
    }
    Ok(happened)
}
