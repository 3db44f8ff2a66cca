//! What people bring for a dossier after it was filed: taken in at once, decided by whoever writes the dossier.
//!
//! Persisted: add, never change. A filing names no person and holds no free words.

use serde::{Deserialize, Serialize};

use super::{Event, PaymentMethod, PresentedComponent, Reason};
use crate::ids::{DossierName, FilingId};

/// Something was brought to an intake node: a history of its own, begun and ended by this event. Whatever it does to a
/// clock counts from its time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FilingReceived {
    /// The dossier it is for; it may not be known here, or anywhere yet.
    pub dossier: DossierName,
    /// What was brought.
    pub brought: Brought,
}

/// What people bring.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Brought {
    /// Papers that were asked for (*giấy tờ bổ sung*).
    Supplement {
        /// The papers.
        components: Vec<PresentedComponent>,
    },
    /// Proof that a financial obligation was met (*chứng từ nộp tiền*).
    Payment {
        /// The notice that was paid.
        notice: Box<str>,
        /// In đồng.
        amount_vnd: u64,
        /// How.
        method: PaymentMethod,
        /// The receipt's number.
        receipt: Box<str>,
    },
    /// The wish to take the dossier back (*đơn rút hồ sơ*).
    Withdrawal {
        /// Why, if the applicant said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    },
}

/// In the dossier's history: a filing that the rules do not allow any more, or not yet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FilingRefused {
    /// Which filing.
    pub filing: FilingId,
    /// The rule's stable name: `SUPPLEMENT_NOT_REQUESTED`.
    pub reason: Box<str>,
}

impl Event {
    /// The filing that this event decides.
    pub fn filing(&self) -> Option<FilingId> {
        if let Self::SupplementReceived(it) = self {
            it.filing
        } else if let Self::FeePaid(it) = self {
            it.filing
        } else if let Self::DossierWithdrawn(it) = self {
            it.filing
        } else if let Self::FilingRefused(it) = self {
            Some(it.filing)
        } else {
            None
        }
    }
}
