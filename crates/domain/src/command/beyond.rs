//! The wishes beyond the straight way: voiding, putting right, giving back, asking other agencies, papers and the post.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::clock::TimeLimit;
use crate::event::{
    Authorised, Brought, Channel, ComponentDigitised, ComponentReused, DeliveryMode, PaymentMethod,
    Reason, SubtaskKind,
};
use crate::ids::{AgencyId, DossierName, TerminalId, VaultRef, VersionHash};

/// See [`crate::event::VoidProposed`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProposeVoid {
    /// Why.
    pub reason: Reason,
}

/// See [`crate::event::AcceptanceVoided`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VoidAcceptance;

/// See [`crate::event::EventCorrected`]; the old value is the dossier's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CorrectEvent {
    /// What is right.
    pub right: Right,
    /// Why.
    pub reason: Reason,
}

/// What is right about a fact that may be corrected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Right {
    /// How the dossier came.
    AcceptedChannel(Channel),
    /// Whether a clerk helped.
    AcceptedAssisted(bool),
    /// The result's number.
    ResolvedResult(Box<str>),
    /// Whether there is an electronic result.
    ResolvedElectronic(bool),
    /// How a fee was paid.
    PaidMethod {
        /// Which payment.
        notice: Box<str>,
        /// How.
        method: PaymentMethod,
    },
    /// The number of a receipt.
    PaidReceipt {
        /// Which payment.
        notice: Box<str>,
        /// The number.
        receipt: Box<str>,
    },
    /// How the result reached the applicant.
    DeliveredMode(DeliveryMode),
    /// When something happened.
    LegalTime {
        /// Which event: its number in the dossier's history, the first is 1.
        revision: u32,
        /// When it happened.
        at: Timestamp,
    },
}

/// See [`crate::event::SubjectReplaced`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReplaceSubject {
    /// Who the applicant is, in the vault.
    pub subject: VaultRef,
    /// Why.
    pub reason: Reason,
}

/// See [`crate::event::FeeWaived`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WaiveFee {
    /// The open notice.
    pub notice: Box<str>,
    /// Why.
    pub reason: Reason,
}

/// See [`crate::event::FeeRefunded`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefundFee {
    /// The notice that was paid.
    pub notice: Box<str>,
    /// In đồng.
    pub amount_vnd: u64,
    /// How.
    pub method: PaymentMethod,
    /// The number of the refund's receipt.
    pub receipt: Box<str>,
    /// Why.
    pub reason: Reason,
}

/// See [`crate::event::CompetentAgencyReceived`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceiveByCompetentAgency;

/// See [`crate::event::SubtaskOpened`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenSubtask {
    /// An opinion, or a part of the procedure.
    pub kind: SubtaskKind,
    /// Who has to answer.
    pub agency: AgencyId,
    /// The time it has.
    pub limit: TimeLimit,
    /// After which other one; none: at once.
    pub after: Option<u16>,
    /// What is asked.
    pub question: Reason,
}

/// See [`crate::event::SubtaskCompleted`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CompleteSubtask {
    /// Which.
    pub number: u16,
    /// The number of the answer.
    pub result: Option<Box<str>>,
    /// Its words, in the vault.
    pub answer: Option<VaultRef>,
}

/// See [`crate::event::SubtaskCancelled`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CancelSubtask {
    /// Which.
    pub number: u16,
    /// Why.
    pub reason: Reason,
}

/// See [`crate::event::ComponentDigitised`] and [`crate::event::ComponentReused`]; what was recorded before is left out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordComponents {
    /// What was digitised.
    pub digitised: Vec<ComponentDigitised>,
    /// What was reused.
    pub reused: Vec<ComponentReused>,
}

/// See [`crate::event::DeliveryFailed`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordDeliveryFailure {
    /// The postal item.
    pub item: Box<str>,
    /// Why.
    pub reason: Reason,
    /// What the postman noted, in the vault.
    pub proof: Option<VaultRef>,
}

/// See [`crate::event::ResultReturnedToAgency`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReturnResultToAgency {
    /// The postal item.
    pub item: Box<str>,
    /// The signed hand-over, in the vault.
    pub proof: Option<VaultRef>,
}

/// See [`crate::event::FeedbackLinked`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkFeedback {
    /// The system that keeps it.
    pub system: Box<str>,
    /// Its number there.
    pub number: Box<str>,
    /// When that system received it.
    pub received_on: Option<Date>,
}

/// See [`crate::event::AgencySucceeded`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PassToSuccessor;

/// See [`crate::event::FilingReceived`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceiveFiling {
    /// The dossier it is for.
    pub dossier: DossierName,
    /// What was brought.
    pub brought: Brought,
    /// What was noted with it, in the vault.
    pub words: Option<VaultRef>,
}

/// See [`crate::event::AuthorisationRecorded`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordAuthorisation {
    /// Who, and for what.
    pub authorised: Authorised,
}

/// See [`crate::event::DossierCollected`]; the agency is the one that the dossier was filed for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoteCollection {
    /// The slip's number.
    pub slip: Box<str>,
    /// The terminal that has it.
    pub terminal: TerminalId,
    /// The checklist by which the papers were counted.
    pub checklist: VersionHash,
    /// When, on the terminal's clock.
    pub device_at: Timestamp,
}
