//! Compensating events: an acceptance that two persons void, a fact that was wrong, an applicant's data put right.
//!
//! Persisted: add, never change. What was wrong stays in the history; the figures follow from the correction's position on.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Channel, DeliveryMode, LegalTime, PaymentMethod, Reason};
use crate::ids::{ActorId, VaultRef};

/// One person says that the acceptance should never have been, such as when the wrong procedure was picked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VoidProposed {
    /// Who says so; somebody else has to confirm.
    pub by: ActorId,
    /// The account that called, where it named this person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<ActorId>,
    /// Why.
    pub reason: Reason,
}

/// A second person confirms: the dossier leaves the figures, its code is never used again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AcceptanceVoided {
    /// Who proposed it.
    pub proposed_by: ActorId,
    /// The account that called to confirm it, where it named the person who acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<ActorId>,
    /// Why.
    pub reason: Reason,
}

/// A fact of an earlier event was wrong. What may be corrected is listed; a due date follows from what is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EventCorrected {
    /// Which field of which event, from what to what.
    pub correction: Correction,
    /// Why.
    pub reason: Reason,
    /// Who proposed it, when that was needed: whoever confirmed it is somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_by: Option<ActorId>,
    /// The account that called to confirm that, where it named the person who acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<ActorId>,
}

/// A field of an event with the value it had and the one that is right.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "field")]
pub enum Correction {
    /// How the dossier came. The due date on form 01 was promised and stays.
    #[serde(rename = "dossier_accepted.channel")]
    AcceptedChannel {
        /// As recorded.
        old: Channel,
        /// As it was.
        new: Channel,
    },
    /// Whether a clerk helped to file online.
    #[serde(rename = "dossier_accepted.assisted")]
    AcceptedAssisted {
        /// As recorded.
        old: bool,
        /// As it was.
        new: bool,
    },
    /// The result's number.
    #[serde(rename = "dossier_resolved.result")]
    ResolvedResult {
        /// As recorded.
        old: Box<str>,
        /// As it is.
        new: Box<str>,
    },
    /// Whether an electronic result was issued as well.
    #[serde(rename = "dossier_resolved.electronic")]
    ResolvedElectronic {
        /// As recorded.
        old: bool,
        /// As it is.
        new: bool,
    },
    /// How a fee was paid.
    #[serde(rename = "fee_paid.method")]
    PaidMethod {
        /// Which payment.
        notice: Box<str>,
        /// As recorded.
        old: PaymentMethod,
        /// As it was.
        new: PaymentMethod,
    },
    /// The number of the receipt for a fee.
    #[serde(rename = "fee_paid.receipt")]
    PaidReceipt {
        /// Which payment.
        notice: Box<str>,
        /// As recorded.
        old: Box<str>,
        /// As it is.
        new: Box<str>,
    },
    /// How the result reached the applicant.
    #[serde(rename = "result_delivered.mode")]
    DeliveredMode {
        /// As recorded.
        old: DeliveryMode,
        /// As it was.
        new: DeliveryMode,
    },
    /// When something happened.
    #[serde(rename = "legal_time")]
    LegalTime(Box<LegalTime>),
}

impl Correction {
    /// Whether it puts a legal time right.
    pub fn is_of_time(&self) -> bool {
        matches!(self, Self::LegalTime(_))
    }

    /// The event and the field, as the record names them.
    pub fn field(&self) -> &'static str {
        match self {
            Self::AcceptedChannel { .. } => "dossier_accepted.channel",
            Self::AcceptedAssisted { .. } => "dossier_accepted.assisted",
            Self::ResolvedResult { .. } => "dossier_resolved.result",
            Self::ResolvedElectronic { .. } => "dossier_resolved.electronic",
            Self::PaidMethod { .. } => "fee_paid.method",
            Self::PaidReceipt { .. } => "fee_paid.receipt",
            Self::DeliveredMode { .. } => "result_delivered.mode",
            Self::LegalTime(_) => "legal_time",
        }
    }
}

/// The applicant's data was wrong: it lies anew in the vault, and what lay there before is destroyed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SubjectReplaced {
    /// Who the applicant is: in the vault.
    pub subject: VaultRef,
    /// The entry that holds no longer; no event needs it any more.
    pub replaced: Uuid,
    /// Why.
    pub reason: Reason,
}
