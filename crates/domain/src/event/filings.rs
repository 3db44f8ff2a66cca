//! What people bring for a dossier after it was filed: taken in at once, decided by whoever writes the dossier.
//!
//! Persisted: add, never change. Whom a filing names and what was noted with it lie in the vault.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{Event, PaymentMethod, PresentedComponent, Reason};
use crate::ids::{DossierName, FilingId, VaultRef};

/// Something was brought to an intake node: a history of its own, begun and ended by this event. Whatever it does to a
/// clock counts from its time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FilingReceived {
    /// The dossier it is for; it may not be known here, or anywhere yet.
    pub dossier: DossierName,
    /// What was brought.
    pub brought: Brought,
    /// What was noted with it: the applicant's words, the postman's remarks; in the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<VaultRef>,
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
    /// That somebody else may act for the applicant (*giấy ủy quyền*).
    Authorisation(Authorised),
    /// Proof that the post handed the result over (*phát thành công*).
    Delivered {
        /// The postal item.
        item: Box<str>,
        /// To somebody authorised, not to the applicant.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        to_authorised: bool,
        /// When it was signed for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signed_at: Option<Timestamp>,
    },
    /// The post met nobody (*phát không thành công*).
    DeliveryFailed {
        /// The postal item.
        item: Box<str>,
        /// Why.
        reason: Reason,
        /// When the postman noted it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signed_at: Option<Timestamp>,
    },
    /// The post gave the result back to the agency (*chuyển hoàn*).
    GivenBack {
        /// The postal item.
        item: Box<str>,
        /// When the agency signed for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signed_at: Option<Timestamp>,
    },
}

/// What somebody is authorised to do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorisedTo {
    /// Everything the applicant may do about this dossier.
    Act,
    /// To fetch the result only.
    Collect,
}

/// Somebody who may act for the applicant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Authorised {
    /// What for.
    pub to: AuthorisedTo,
    /// Who: in the vault.
    pub person: VaultRef,
    /// The last day on which it holds, when it says one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

/// In the dossier's history: somebody else may act for the applicant (*ủy quyền*; QĐ 45/2016 Đ.10 for the post).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuthorisationRecorded {
    /// Who, and for what.
    pub authorised: Authorised,
    /// The filing with which it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filing: Option<FilingId>,
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
        if let Self::FilingRefused(it) = self {
            return Some(it.filing);
        }
        if let Self::IntakeSupplementReceived(it) = self {
            it.filing
        } else if let Self::SupplementReceived(it) = self {
            it.filing
        } else if let Self::FeePaid(it) = self {
            it.filing
        } else if let Self::DossierWithdrawn(it) = self {
            it.filing
        } else if let Self::AuthorisationRecorded(it) = self {
            it.filing
        } else if let Self::ResultDelivered(it) = self {
            it.filing
        } else if let Self::DeliveryFailed(it) = self {
            it.filing
        } else if let Self::ResultReturnedToAgency(it) = self {
            it.filing
        } else {
            None
        }
    }

    /// The same event, said to decide this filing.
    #[must_use]
    pub(crate) fn deciding(mut self, filing: FilingId) -> Self {
        let named = Some(filing);
        if let Self::IntakeSupplementReceived(it) = &mut self {
            it.filing = named;
        } else if let Self::SupplementReceived(it) = &mut self {
            it.filing = named;
        } else if let Self::FeePaid(it) = &mut self {
            it.filing = named;
        } else if let Self::DossierWithdrawn(it) = &mut self {
            it.filing = named;
        } else if let Self::AuthorisationRecorded(it) = &mut self {
            it.filing = named;
        } else if let Self::ResultDelivered(it) = &mut self {
            it.filing = named;
        } else if let Self::DeliveryFailed(it) = &mut self {
            it.filing = named;
        } else if let Self::ResultReturnedToAgency(it) = &mut self {
            it.filing = named;
        }
        self
    }
}
