//! The table of what is possible when: every phase with every command is a call to a step, or a named rejection.
//!
//! No arm stands for "the rest": a new phase or a new command does not compile until the table answers it.

use super::{
    Accepted, AwaitingIntakeSupplement, AwaitingPayment, AwaitingSupplement, Context, Dossier as D,
    InProcessing, Refused, Resolved, Returned, Submitted, Suspended, Terminated, Voided, Withdrawn,
    acceptance, authorisation, brought, carried_over, competence, cooperation, correction,
    delivery, ending, erasure, evolve, extension, fee, feedback, handling, intake, papers,
    recompute, supplement, suspension, voiding,
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

/// Accepted and not ended.
macro_rules! pending {
    () => {
        D::Accepted(_)
            | D::InProcessing(_)
            | D::AwaitingSupplement(_)
            | D::AwaitingPayment(_)
            | D::Suspended(_)
    };
    ($part:ident) => {
        at_work!($part)
            | D::AwaitingSupplement(AwaitingSupplement { $part, .. })
            | D::AwaitingPayment(AwaitingPayment { $part, .. })
            | D::Suspended(Suspended { $part, .. })
    };
}

/// Accepted, whatever became of it; a dossier withdrawn before acceptance is not.
macro_rules! accepted {
    ($case:ident) => {
        pending!($case)
            | D::Terminated(Terminated { $case, .. })
            | D::Resolved(Resolved { $case, .. })
            | D::Returned(Returned { $case, .. })
            | D::Voided(Voided { $case, .. })
            | D::Withdrawn(Withdrawn {
                after_acceptance: Some(($case, _)),
                ..
            })
    };
}

/// Everything that was ever filed.
macro_rules! filed {
    () => {
        D::Submitted(_)
            | D::AwaitingIntakeSupplement(_)
            | D::Refused(_)
            | pending!()
            | D::Terminated(_)
            | D::Resolved(_)
            | D::Returned(_)
            | D::Withdrawn(_)
            | D::Voided(_)
    };
    ($filing:ident) => {
        D::Submitted(Submitted { $filing })
            | D::AwaitingIntakeSupplement(AwaitingIntakeSupplement { $filing, .. })
            | D::Refused(Refused { $filing, .. })
            | pending!($filing)
            | D::Terminated(Terminated { $filing, .. })
            | D::Resolved(Resolved { $filing, .. })
            | D::Returned(Returned { $filing, .. })
            | D::Withdrawn(Withdrawn { $filing, .. })
            | D::Voided(Voided { $filing, .. })
    };
}

/// Names of groups of commands, so that a line of the table can be read; each command is in exactly one.
macro_rules! any {
    (intake) => {
        C::RequestIntakeSupplement(_)
            | C::ReceiveIntakeSupplement(_)
            | C::RefuseIntake(_)
            | C::Accept(_)
            | C::NoteCollection(_)
    };
    (handling) => {
        C::Transfer(_)
            | C::AssignTask(_)
            | C::ExtendDeadline(_)
            | C::OpenSubtask(_)
            | C::ReceiveByCompetentAgency(_)
    };
    (supplement) => {
        C::RequestSupplement(_) | C::ReceiveSupplement(_) | C::LapseSupplement(_)
    };
    (fee) => {
        C::RequestFee(_) | C::RecordPayment(_) | C::WaiveFee(_)
    };
    (suspension) => {
        C::SuspendProcessing(_) | C::ResumeProcessing(_)
    };
    (result) => {
        C::Resolve(_) | C::RefuseAfterExamination(_)
    };
    (stop) => {
        C::TerminateProcessing(_) | C::ProposeVoid(_) | C::VoidAcceptance(_)
    };
    (answer) => {
        C::CompleteSubtask(_) | C::CancelSubtask(_)
    };
    (watch) => {
        C::RecomputeDueDate(_) | C::PassToSuccessor(_)
    };
    (delivery) => {
        C::RecordDelivery(_) | C::RecordDeliveryFailure(_) | C::ReturnResultToAgency(_)
    };
    (putting_right) => {
        C::CorrectEvent(_) | C::RefundFee(_)
    };
    (note) => {
        C::EraseSubject(_)
            | C::NoteSubjectErased(_)
            | C::ReplaceSubject(_)
            | C::RecordComponents(_)
            | C::LinkFeedback(_)
            | C::RecordAuthorisation(_)
    };
    (ended) => {
        any!(handling)
            | any!(answer)
            | any!(supplement)
            | any!(suspension)
            | any!(result)
            | any!(stop)
            | C::RequestFee(_)
            | C::WaiveFee(_)
            | C::Withdraw(_)
            | C::RecomputeDueDate(_)
    };
    (processing) => {
        any!(handling)
            | any!(supplement)
            | any!(fee)
            | any!(suspension)
            | any!(result)
            | any!(stop)
            | any!(answer)
            | any!(watch)
            | any!(delivery)
            | any!(putting_right)
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
        (D::Unknown, C::ReceiveFiling(wish)) => Ok(brought::receive(wish, ctx)),
        (D::Unknown, C::CarryOver(wish)) => carried_over::carry_over(wish, ctx),
        (D::Unknown, any!(intake) | any!(processing) | any!(note) | C::Withdraw(_)) => Err(No::DossierUnknown),

        // Filed, whatever became of it: what is known about the applicant and the papers.
        (filed!(filing), C::EraseSubject(wish)) => Ok(erasure::request(filing, wish, ctx)),
        (filed!(filing), C::NoteSubjectErased(wish)) => erasure::note(filing, wish, ctx),
        (filed!(filing), C::ReplaceSubject(wish)) => correction::replace_subject(filing, wish, ctx),
        (filed!(filing), C::RecordComponents(wish)) => Ok(papers::record(filing, wish, ctx)),
        (filed!(filing), C::LinkFeedback(wish)) => Ok(feedback::link(filing, wish, ctx)),
        (filed!(filing), C::RecordAuthorisation(wish)) => Ok(authorisation::record(filing, wish, ctx)),

        // A filing has a history of its own, and is decided by [`brought::decide`]; what is carried over begins so.
        (filed!(), C::ReceiveFiling(_) | C::CarryOver(_)) => Err(No::AlreadySubmitted),

        // Accepted, whatever became of it: what is put right, and money given back.
        (accepted!(case), C::CorrectEvent(wish)) => correction::correct(dossier, case, wish, ctx),
        (accepted!(case), C::RefundFee(wish)) => fee::refund(case, wish, ctx),

        // Accepted and not ended: who has it, what others answer, and whether it should be there at all.
        (pending!(case), C::RecomputeDueDate(_)) => recompute::recompute(case, ctx),
        (pending!(case) | D::Resolved(Resolved { case, .. }), C::PassToSuccessor(_)) => competence::succeed(case, ctx),
        (pending!(case), C::CompleteSubtask(wish)) => cooperation::complete(case, wish, ctx),
        (pending!(case), C::CancelSubtask(wish)) => cooperation::cancel(case, wish, ctx),
        (pending!(case), C::ProposeVoid(wish)) => Ok(voiding::propose(case, wish, ctx)),
        (pending!(case), C::VoidAcceptance(_)) => voiding::void(case, ctx),
        (pending!(case), C::TerminateProcessing(wish)) => Ok(ending::terminate(case, wish, ctx)),
        (pending!(case), C::Withdraw(wish)) => Ok(ending::withdraw(case, wish, ctx)),
        (pending!(), any!(delivery)) => Err(No::NotResolved),
        (pending!(), C::Submit(_)) => Err(No::AlreadySubmitted),
        (pending!(), any!(intake)) => Err(No::AlreadyAccepted),

        // Filed: intake asks once for what is missing, refuses, or accepts.
        (D::Submitted(it), C::RequestIntakeSupplement(wish)) => Ok(intake::request_supplement(&it.filing, wish, ctx)),
        (D::Submitted(_), C::ReceiveIntakeSupplement(_)) => Err(No::IntakeSupplementNotRequested),
        (D::Submitted(it), C::NoteCollection(wish)) => Ok(intake::note_collection(&it.filing, wish, ctx)),
        (D::Submitted(it), C::RefuseIntake(wish)) => Ok(intake::refuse(&it.filing, wish, ctx)),
        (D::Submitted(it), C::Accept(wish)) => acceptance::accept(&it.filing, wish, ctx),
        (D::Submitted(it), C::Withdraw(wish)) => Ok(ending::withdraw_filing(&it.filing, wish, ctx)),
        (D::Submitted(_), C::Submit(_)) => Err(No::AlreadySubmitted),
        (D::Submitted(_), any!(processing)) => Err(No::NotAccepted),

        // Intake waits for what is missing.
        (D::AwaitingIntakeSupplement(it), C::ReceiveIntakeSupplement(wish)) => Ok(intake::receive_supplement(it, wish, ctx)),
        (D::AwaitingIntakeSupplement(_), C::RequestIntakeSupplement(_) | C::NoteCollection(_) | C::Accept(_)) => Err(No::IntakeSupplementAwaited),
        (D::AwaitingIntakeSupplement(it), C::RefuseIntake(wish)) => Ok(intake::refuse(&it.filing, wish, ctx)),
        (D::AwaitingIntakeSupplement(it), C::Withdraw(wish)) => Ok(ending::withdraw_filing(&it.filing, wish, ctx)),
        (D::AwaitingIntakeSupplement(_), C::Submit(_)) => Err(No::AlreadySubmitted),
        (D::AwaitingIntakeSupplement(_), any!(processing)) => Err(No::NotAccepted),

        // Refused at intake: nothing more.
        (D::Refused(_), C::Submit(_)) => Err(No::AlreadySubmitted),
        (D::Refused(_), any!(intake) | any!(processing) | C::Withdraw(_)) => Err(No::RefusedAtIntake),

        // Accepted, or being worked on: everything that processing does.
        (at_work!(case), C::Transfer(wish)) => handling::transfer(case, wish, ctx),
        (at_work!(case), C::AssignTask(wish)) => Ok(handling::assign(case, wish, ctx)),
        (at_work!(case), C::ExtendDeadline(wish)) => extension::extend(case, wish, ctx),
        (at_work!(case), C::OpenSubtask(wish)) => cooperation::open(case, wish, ctx),
        (at_work!(case), C::ReceiveByCompetentAgency(_)) => competence::receive(case, ctx),
        (at_work!(case), C::RequestSupplement(wish)) => supplement::request(case, wish, ctx),
        (D::Accepted(_) | D::InProcessing(_), C::ReceiveSupplement(_) | C::LapseSupplement(_)) => Err(No::SupplementNotRequested),
        (at_work!(case), C::RequestFee(wish)) => fee::request(case, wish, ctx),
        (at_work!(case), C::RecordPayment(wish)) => fee::not_awaited(case, wish),
        (at_work!(case), C::WaiveFee(wish)) => Err(fee::nothing_to_waive(case, wish)),
        (at_work!(case), C::SuspendProcessing(wish)) => Ok(suspension::suspend(case, wish, ctx)),
        (D::Accepted(_) | D::InProcessing(_), C::ResumeProcessing(_)) => Err(No::NotSuspended),
        (at_work!(case), C::Resolve(wish)) => ending::resolve(case, wish, ctx),
        (at_work!(case), C::RefuseAfterExamination(wish)) => Ok(ending::refuse(case, wish, ctx)),

        // Waiting for a supplement: it comes, it lapses, or the matter ends.
        (D::AwaitingSupplement(it), C::ReceiveSupplement(wish)) => supplement::receive(it, wish, ctx),
        (D::AwaitingSupplement(it), C::LapseSupplement(_)) => supplement::lapse(it, ctx),
        (D::AwaitingSupplement(it), C::RecordPayment(wish)) => fee::not_awaited(&it.case, wish),
        (D::AwaitingSupplement(it), C::WaiveFee(wish)) => Err(fee::nothing_to_waive(&it.case, wish)),
        (D::AwaitingSupplement(_), any!(handling) | any!(result) | C::RequestSupplement(_) | C::RequestFee(_) | C::SuspendProcessing(_)) => Err(No::SupplementAwaited),
        (D::AwaitingSupplement(_), C::ResumeProcessing(_)) => Err(No::NotSuspended),

        // Waiting for a payment: it comes, it is waived, or the matter ends.
        (D::AwaitingPayment(it), C::RecordPayment(wish)) => fee::pay(it, wish, ctx),
        (D::AwaitingPayment(it), C::WaiveFee(wish)) => fee::waive(it, wish, ctx),
        (D::AwaitingPayment(it), C::RequestFee(wish)) => fee::request_again(it, wish),
        (D::AwaitingPayment(it), C::ExtendDeadline(wish)) => extension::extend_while_unpaid(it, wish, ctx),
        (D::AwaitingPayment(_), C::Transfer(_) | C::AssignTask(_) | C::OpenSubtask(_) | C::ReceiveByCompetentAgency(_) | any!(result) | C::RequestSupplement(_) | C::SuspendProcessing(_)) => Err(No::PaymentAwaited),
        (D::AwaitingPayment(_), C::ReceiveSupplement(_) | C::LapseSupplement(_)) => Err(No::SupplementNotRequested),
        (D::AwaitingPayment(_), C::ResumeProcessing(_)) => Err(No::NotSuspended),

        // Suspended: it goes on, or the matter ends.
        (D::Suspended(it), C::ResumeProcessing(_)) => suspension::resume(it, ctx),
        (D::Suspended(it), C::RecordPayment(wish)) => fee::not_awaited(&it.case, wish),
        (D::Suspended(it), C::WaiveFee(wish)) => Err(fee::nothing_to_waive(&it.case, wish)),
        (D::Suspended(_), any!(handling) | any!(result) | C::RequestSupplement(_) | C::RequestFee(_) | C::SuspendProcessing(_)) => Err(No::Suspended),
        (D::Suspended(_), C::ReceiveSupplement(_) | C::LapseSupplement(_)) => Err(No::SupplementNotRequested),

        // Resolved: the result is handed over, or the post tries to, and that is all.
        (D::Resolved(it), C::RecordDelivery(wish)) => Ok(delivery::deliver(it, wish, ctx)),
        (D::Resolved(it), C::RecordDeliveryFailure(wish)) => Ok(delivery::fail(it, wish, ctx)),
        (D::Resolved(it), C::ReturnResultToAgency(wish)) => delivery::give_back(it, wish, ctx),
        (D::Resolved(it), C::RecordPayment(wish)) => fee::not_awaited(&it.case, wish),
        (D::Resolved(_), any!(ended)) => Err(No::AlreadyResolved),
        (D::Resolved(_), C::Submit(_)) => Err(No::AlreadySubmitted),
        (D::Resolved(_), any!(intake)) => Err(No::AlreadyAccepted),

        // Returned, stopped for good, withdrawn, voided: nothing more.
        (D::Returned(Returned { case, .. }) | D::Terminated(Terminated { case, .. }), C::RecordPayment(wish)) => fee::not_awaited(case, wish),
        (D::Returned(_), any!(ended) | any!(delivery) | C::PassToSuccessor(_)) => Err(No::AlreadyReturned),
        (D::Terminated(_), any!(ended) | any!(delivery) | C::PassToSuccessor(_)) => Err(No::AlreadyTerminated),
        (D::Withdrawn(_), any!(intake) | any!(ended) | C::PassToSuccessor(_) | any!(delivery) | any!(putting_right) | C::RecordPayment(_)) => Err(No::AlreadyWithdrawn),
        (D::Voided(_), any!(intake) | any!(ended) | any!(delivery) | C::PassToSuccessor(_) | C::RecordPayment(_)) => Err(No::AcceptanceVoided),
        (D::Returned(_) | D::Terminated(_), any!(intake)) => Err(No::AlreadyAccepted),
        (D::Returned(_) | D::Terminated(_) | D::Withdrawn(_) | D::Voided(_), C::Submit(_)) => Err(No::AlreadySubmitted),
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
    if let [command] = commands {
        return decide(dossier, command, ctx);
    }
    let mut now = dossier.clone();
    let mut history = ctx.history.to_vec();
    for command in commands {
        let ctx = Context {
            history: &history,
            ..*ctx
        };
        let next = decide(&now, command, &ctx)?;
        now = next.iter().fold(now, evolve);
        history.extend(next);
    }
    Ok(history.split_off(ctx.history.len()))
}
