//! Every wish about a dossier, as the domain takes it: already checked for form, not yet for law.

mod beyond;
mod carried;

use jiff::{Timestamp, civil::Date};

use crate::event::{
    ApplicantKind, Channel, DeliveryMode, PaymentMethod, PlaceKind, PresentedComponent, Reason,
};
use crate::ids::{
    ActorId, AgencyId, ComponentCode, HomeId, OrganisationId, PointId, ProcedureCode,
    SourceReference, VaultRef,
};

pub use beyond::*;
pub use carried::*;

/// A wish; the decide table says in which phase it is possible.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// File a dossier.
    Submit(Submit),
    /// Ask for what is missing, before acceptance.
    RequestIntakeSupplement(RequestIntakeSupplement),
    /// Bring what intake asked for.
    ReceiveIntakeSupplement(ReceiveIntakeSupplement),
    /// Refuse at intake.
    RefuseIntake(RefuseIntake),
    /// Accept: code, due date, clock.
    Accept(Accept),
    /// Pass on.
    Transfer(Transfer),
    /// Give to an officer.
    AssignTask(AssignTask),
    /// Ask for a supplement after acceptance.
    RequestSupplement(RequestSupplement),
    /// Bring it.
    ReceiveSupplement(ReceiveSupplement),
    /// Note that none came in time.
    LapseSupplement(LapseSupplement),
    /// Notify a financial obligation.
    RequestFee(RequestFee),
    /// Record that it was paid.
    RecordPayment(RecordPayment),
    /// Apologise and name a new date.
    ExtendDeadline(ExtendDeadline),
    /// Suspend.
    SuspendProcessing(SuspendProcessing),
    /// Go on.
    ResumeProcessing(ResumeProcessing),
    /// Stop for good.
    TerminateProcessing(TerminateProcessing),
    /// Enter the result.
    Resolve(Resolve),
    /// Refuse after examination.
    RefuseAfterExamination(RefuseAfterExamination),
    /// Hand over the result.
    RecordDelivery(RecordDelivery),
    /// Take the dossier back.
    Withdraw(Withdraw),
    /// Compute the due date anew on the calendar in force.
    RecomputeDueDate(RecomputeDueDate),
    /// Erase the personal data.
    EraseSubject(EraseSubject),
    /// Note that the personal data was destroyed.
    NoteSubjectErased(NoteSubjectErased),
    /// Say that the acceptance should never have been.
    ProposeVoid(ProposeVoid),
    /// Confirm that, as a second person.
    VoidAcceptance(VoidAcceptance),
    /// Put a fact of an earlier event right.
    CorrectEvent(CorrectEvent),
    /// Put the applicant's data right.
    ReplaceSubject(ReplaceSubject),
    /// Waive a financial obligation.
    WaiveFee(WaiveFee),
    /// Give a payment back.
    RefundFee(RefundFee),
    /// Note that the competent agency has a boundary-independent dossier.
    ReceiveByCompetentAgency(ReceiveByCompetentAgency),
    /// Ask another agency.
    OpenSubtask(OpenSubtask),
    /// Record its answer.
    CompleteSubtask(CompleteSubtask),
    /// Ask no more.
    CancelSubtask(CancelSubtask),
    /// Record what was digitised or reused.
    RecordComponents(RecordComponents),
    /// Record that the post did not meet the recipient.
    RecordDeliveryFailure(RecordDeliveryFailure),
    /// Record that the post gave the result back.
    ReturnResultToAgency(ReturnResultToAgency),
    /// Link a petition or complaint.
    LinkFeedback(LinkFeedback),
    /// Pass the dossier to whoever took over from the agency that has it.
    PassToSuccessor(PassToSuccessor),
    /// Take in what was brought for a dossier, whether or not that is known.
    ReceiveFiling(ReceiveFiling),
    /// Record that somebody else may act for the applicant.
    RecordAuthorisation(RecordAuthorisation),
    /// Note that the post collected the dossier, right after it was filed.
    NoteCollection(NoteCollection),
    /// Take over a dossier that another system accepted.
    CarryOver(Box<CarryOver>),
}

/// See [`crate::event::DossierSubmitted`]; the time is the server's, or the document's where one is named.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Submit {
    /// The procedure asked for.
    pub procedure: ProcedureCode,
    /// The competent agency.
    pub agency: AgencyId,
    /// How it came.
    pub channel: Channel,
    /// With a clerk's help.
    pub assisted: bool,
    /// Where.
    pub place: PlaceKind,
    /// At which one-stop point.
    pub point: Option<PointId>,
    /// Who runs the place.
    pub operator: OrganisationId,
    /// Kind of applicant.
    pub applicant: ApplicantKind,
    /// Who, in the vault.
    pub subject: VaultRef,
    /// Papers.
    pub components: Vec<PresentedComponent>,
    /// The other system's number.
    pub source: Option<SourceReference>,
    /// Filed outside the competent agency's boundary.
    pub boundary_independent: bool,
    /// Generated data.
    pub synthetic: bool,
}

/// See [`crate::event::IntakeSupplementRequested`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestIntakeSupplement {
    /// Why.
    pub reason: Reason,
    /// What is missing.
    pub components: Vec<ComponentCode>,
}

/// See [`crate::event::IntakeSupplementReceived`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceiveIntakeSupplement {
    /// What was brought.
    pub components: Vec<PresentedComponent>,
}

/// See [`crate::event::IntakeRefused`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefuseIntake {
    /// Why.
    pub reason: Reason,
}

/// An earlier legal time than the server's, and the document or scope that allows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EarlierTime {
    /// A signed hand-over minute.
    HandOverMinute {
        /// Its number.
        number: Box<str>,
        /// When both sides signed.
        signed_at: Timestamp,
    },
    /// Under the scope `record-late`.
    RecordedLate {
        /// When it really happened.
        at: Timestamp,
        /// Why it was not recorded then.
        reason: Reason,
    },
}

/// See [`crate::event::DossierAccepted`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accept {
    /// The one-stop point that accepts; it must be valid and have authority for the agency.
    pub point: PointId,
    /// Who runs it.
    pub operator: OrganisationId,
    /// An earlier time and its ground.
    pub earlier: Option<EarlierTime>,
    /// Form 01 was issued; for immediate results only if asked.
    pub receipt_issued: bool,
}

/// See [`crate::event::Transferred`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transfer {
    /// To which agency.
    pub to: AgencyId,
    /// To which unit.
    pub unit: Option<Box<str>>,
}

/// See [`crate::event::TaskAssigned`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AssignTask {
    /// The officer's account.
    pub holder: ActorId,
    /// The unit.
    pub unit: Option<Box<str>>,
}

/// See [`crate::event::SupplementRequested`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestSupplement {
    /// Why.
    pub reason: Reason,
    /// What is missing.
    pub components: Vec<ComponentCode>,
}

/// See [`crate::event::SupplementReceived`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceiveSupplement {
    /// What was brought.
    pub components: Vec<PresentedComponent>,
}

/// See [`crate::event::SupplementLapsed`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LapseSupplement;

/// See [`crate::event::FeeRequested`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestFee {
    /// The notice's number.
    pub notice: Box<str>,
    /// In đồng.
    pub amount_vnd: u64,
}

/// See [`crate::event::FeePaid`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordPayment {
    /// The notice paid.
    pub notice: Box<str>,
    /// In đồng.
    pub amount_vnd: u64,
    /// How.
    pub method: PaymentMethod,
    /// The receipt's number.
    pub receipt: Box<str>,
}

/// See [`crate::event::DeadlineExtended`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExtendDeadline {
    /// Why.
    pub reason: Reason,
    /// The new day.
    pub new_date: Date,
}

/// See [`crate::event::ProcessingSuspended`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SuspendProcessing {
    /// Why.
    pub reason: Reason,
}

/// See [`crate::event::ProcessingResumed`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResumeProcessing;

/// See [`crate::event::ProcessingTerminated`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TerminateProcessing {
    /// Why.
    pub reason: Reason,
}

/// See [`crate::event::DossierResolved`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resolve {
    /// The result's number.
    pub result: Box<str>,
    /// With an electronic result.
    pub electronic: bool,
    /// An earlier time and its ground.
    pub earlier: Option<EarlierTime>,
}

/// See [`crate::event::Outcome::Refused`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefuseAfterExamination {
    /// Why.
    pub reason: Reason,
}

/// See [`crate::event::ResultDelivered`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordDelivery {
    /// How.
    pub mode: DeliveryMode,
    /// The postal item.
    pub item: Option<Box<str>>,
    /// Proof, in the vault.
    pub proof: Option<VaultRef>,
    /// To somebody authorised, not to the applicant.
    pub to_authorised: bool,
}

/// See [`crate::event::DossierWithdrawn`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Withdraw {
    /// Why.
    pub reason: Option<Reason>,
}

/// See [`crate::event::DueDateRecomputed`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecomputeDueDate;

/// See [`crate::event::SubjectErasureRequested`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EraseSubject {
    /// On whose request.
    pub ground: Box<str>,
}

/// See [`crate::event::SubjectKeyDestroyed`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoteSubjectErased {
    /// On whose request.
    pub ground: Box<str>,
    /// The nodes whose vaults were given up and not waited for.
    pub left_out: Vec<HomeId>,
}
