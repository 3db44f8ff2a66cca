//! A dossier (*hồ sơ*): an enum, a variant per phase, each holding only what is true in it.
//!
//! [`decide`] is the table of what is possible when; the files beside it are the steps, each with its rules and tests.
//! [`evolve`] applies what happened. Nothing here asks for the time or touches a disk: see [`Context`].

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::catalogue::Catalogue;
use crate::event::{DeliveryMode, Occurrence, Outcome, Reason};
use crate::ids::{ActorId, ComponentCode, DossierCode, OrganisationId};

mod acceptance;
mod authorisation;
pub mod brought;
pub mod carried_over;
mod carried_since;
pub mod case;
mod competence;
mod cooperation;
mod correction;
mod decide;
mod delivery;
pub mod duplicate;
mod ending;
mod erasure;
mod evolve;
pub mod explain;
mod extension;
mod fee;
mod feedback;
pub mod flags;
mod handling;
mod intake;
mod outline;
mod papers;
mod parts;
mod phase;
mod recompute;
mod recount;
mod retime;
mod supplement;
mod suspension;
#[cfg(test)]
mod testing;
mod timeline;
mod times;
mod voiding;
pub mod words;

pub use authorisation::Authorisation;
pub use case::{
    Case, Ended, Exit, Extension, FeeNotice, Filing, PaidFee, Pause, SupplementRequest, Waiting,
};
pub use cooperation::{Subtask, SubtaskEnd};
pub use decide::{decide, decide_all};
pub use delivery::PostalLeg;
pub use evolve::{evolve, replay};
pub use feedback::Feedback;
pub use outline::{CaseOutline, Outline};
pub use papers::DigitalPaper;
pub use phase::Phase;
pub use retime::CorrectionProposal;
pub use times::minute_counts;
pub use voiding::VoidProposal;

/// A dossier in one of its phases (national code table TrangThaiHoSo, see [`Phase::national_status`]).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[allow(
    clippy::large_enum_variant,
    reason = "a dossier lives on the stack of one fold"
)]
pub enum Dossier {
    /// Nothing has happened: there is no such dossier.
    #[default]
    Unknown,
    /// *Mới đăng ký*: filed, intake has to look at it.
    Submitted(Submitted),
    /// *Yêu cầu bổ sung* before acceptance: intake waits for what is missing.
    AwaitingIntakeSupplement(AwaitingIntakeSupplement),
    /// *Không được tiếp nhận*: refused at intake, with form 03.
    Refused(Refused),
    /// *Được tiếp nhận*: it has a code and a due date; nobody works on it yet.
    Accepted(Accepted),
    /// *Đang xử lý*: somebody works on it.
    InProcessing(InProcessing),
    /// *Yêu cầu bổ sung giấy tờ* after acceptance.
    AwaitingSupplement(AwaitingSupplement),
    /// *Yêu cầu thực hiện nghĩa vụ tài chính*.
    AwaitingPayment(AwaitingPayment),
    /// *Dừng xử lý*, for a time: still pending.
    Suspended(Suspended),
    /// *Dừng xử lý*, for good: the clock has ended.
    Terminated(Terminated),
    /// *Đã xử lý xong*: the result, or the refusal after examination, is there; the clock has ended.
    Resolved(Resolved),
    /// *Đã trả kết quả*.
    Returned(Returned),
    /// *Công dân yêu cầu rút hồ sơ*, before or after acceptance.
    Withdrawn(Withdrawn),
    /// *Hủy tiếp nhận*: two persons said that it should never have been accepted; it counts nowhere.
    Voided(Voided),
}

/// Filed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Submitted {
    /// What was filed.
    pub filing: Filing,
}

/// Waiting for what intake asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AwaitingIntakeSupplement {
    /// What was filed.
    pub filing: Filing,
    /// When intake asked.
    pub asked_at: Timestamp,
    /// Why.
    pub reason: Reason,
    /// What is missing.
    pub missing: Vec<ComponentCode>,
}

/// Refused at intake.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Refused {
    /// What was filed.
    pub filing: Filing,
    /// When.
    pub refused_at: Timestamp,
    /// Why.
    pub reason: Reason,
}

/// Accepted, not yet forwarded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Accepted {
    /// What was filed.
    pub filing: Filing,
    /// What acceptance made of it.
    pub case: Case,
}

/// Being worked on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InProcessing {
    /// What was filed.
    pub filing: Filing,
    /// What acceptance made of it.
    pub case: Case,
}

/// Waiting for a supplement.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AwaitingSupplement {
    /// What was filed.
    pub filing: Filing,
    /// What acceptance made of it.
    pub case: Case,
    /// What was asked for, and when.
    pub request: SupplementRequest,
}

/// Waiting for a payment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AwaitingPayment {
    /// What was filed.
    pub filing: Filing,
    /// What acceptance made of it.
    pub case: Case,
    /// What is to be paid.
    pub notice: FeeNotice,
}

/// Suspended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Suspended {
    /// What was filed.
    pub filing: Filing,
    /// What acceptance made of it.
    pub case: Case,
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub reason: Reason,
}

/// Stopped for good.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Terminated {
    /// What was filed.
    pub filing: Filing,
    /// What acceptance made of it.
    pub case: Case,
    /// When and how the clock ended.
    pub ended: Ended,
    /// Why; none when a supplement lapsed.
    pub reason: Option<Reason>,
}

/// The result is there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Resolved {
    /// What was filed.
    pub filing: Filing,
    /// What acceptance made of it.
    pub case: Case,
    /// When and how the clock ended.
    pub ended: Ended,
    /// Granted or refused.
    pub outcome: Outcome,
}

/// The result was handed over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Returned {
    /// What was filed.
    pub filing: Filing,
    /// What acceptance made of it.
    pub case: Case,
    /// When and how the clock ended: at the result, not at its delivery.
    pub ended: Ended,
    /// Granted or refused.
    pub outcome: Outcome,
    /// When it was handed over.
    pub delivered_at: Timestamp,
    /// How.
    pub mode: DeliveryMode,
    /// To somebody authorised, not to the applicant.
    pub to_authorised: bool,
}

/// Taken back by the applicant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Withdrawn {
    /// What was filed.
    pub filing: Filing,
    /// When.
    pub withdrawn_at: Timestamp,
    /// Why, if the applicant said.
    pub reason: Option<Reason>,
    /// The case and its end; none when it was withdrawn before acceptance, which counts nowhere as an end.
    pub after_acceptance: Option<(Case, Ended)>,
}

/// Accepted by mistake, as two persons said.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Voided {
    /// What was filed.
    pub filing: Filing,
    /// What acceptance had made of it; its code is never used again.
    pub case: Case,
    /// When the clock ended.
    pub ended: Ended,
    /// Why.
    pub reason: Reason,
}

/// Gives out dossier codes; asked last, once all rules have passed: a number may be skipped, never used twice.
pub trait CodeIssuer {
    /// The next code for this prefix and civil day.
    ///
    /// # Errors
    ///
    /// [`CodesExhausted`] when the issuer has no number left.
    fn issue(&self, prefix: &str, day: Date) -> Result<DossierCode, CodesExhausted>;

    /// Whether a code that another system gave out is safe here: no other node may ever give it out.
    ///
    /// # Errors
    ///
    /// [`CodeOfAnotherNode`] with the digit of the node that writes such codes.
    fn may_take_over(&self, code: &DossierCode) -> Result<(), CodeOfAnotherNode>;

    /// A code that another system gave out has become one of ours: it is never given out here.
    fn take_over(&self, code: &DossierCode);
}

/// Only the node with this digit can see to it that the code is not given out again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("node {0} gives out codes of this form")]
pub struct CodeOfAnotherNode(pub u8);

/// No number is left for this prefix and day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no dossier code is left for this day")]
pub struct CodesExhausted;

/// All that a decision may know besides the dossier and the wish.
#[allow(
    missing_debug_implementations,
    reason = "the issuer of codes is a trait object"
)]
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The server's clock.
    pub now: Timestamp,
    /// The catalogue in use.
    pub catalogue: &'a Catalogue,
    /// Gives out dossier codes.
    pub codes: &'a dyn CodeIssuer,
    /// Who acts.
    pub actor: &'a ActorId,
    /// The account that called, where it named who acts.
    pub through: Option<&'a ActorId>,
    /// For which organisation.
    pub organisation: &'a OrganisationId,
    /// The scope `record-late`: may bring an earlier legal time.
    pub may_record_late: bool,
    /// All that has happened to the dossier; asked only when a legal time is put right.
    pub history: &'a [Occurrence],
}

impl Dossier {
    /// What was filed; `None` only for an unknown dossier.
    pub fn filing(&self) -> Option<&Filing> {
        match self {
            Self::Unknown => None,
            Self::Submitted(Submitted { filing })
            | Self::AwaitingIntakeSupplement(AwaitingIntakeSupplement { filing, .. })
            | Self::Refused(Refused { filing, .. })
            | Self::Accepted(Accepted { filing, .. })
            | Self::InProcessing(InProcessing { filing, .. })
            | Self::AwaitingSupplement(AwaitingSupplement { filing, .. })
            | Self::AwaitingPayment(AwaitingPayment { filing, .. })
            | Self::Suspended(Suspended { filing, .. })
            | Self::Terminated(Terminated { filing, .. })
            | Self::Resolved(Resolved { filing, .. })
            | Self::Returned(Returned { filing, .. })
            | Self::Withdrawn(Withdrawn { filing, .. })
            | Self::Voided(Voided { filing, .. }) => Some(filing),
        }
    }

    /// What acceptance made of it; `None` for a dossier that was never accepted.
    pub fn case(&self) -> Option<&Case> {
        match self {
            Self::Unknown
            | Self::Submitted(_)
            | Self::AwaitingIntakeSupplement(_)
            | Self::Refused(_) => None,
            Self::Accepted(Accepted { case, .. })
            | Self::InProcessing(InProcessing { case, .. })
            | Self::AwaitingSupplement(AwaitingSupplement { case, .. })
            | Self::AwaitingPayment(AwaitingPayment { case, .. })
            | Self::Suspended(Suspended { case, .. })
            | Self::Terminated(Terminated { case, .. })
            | Self::Resolved(Resolved { case, .. })
            | Self::Returned(Returned { case, .. })
            | Self::Voided(Voided { case, .. }) => Some(case),
            Self::Withdrawn(Withdrawn {
                after_acceptance, ..
            }) => after_acceptance.as_ref().map(|(case, _)| case),
        }
    }

    /// When and how processing ended; `None` while pending, and for what never was accepted.
    pub fn ended(&self) -> Option<&Ended> {
        match self {
            Self::Unknown
            | Self::Submitted(_)
            | Self::AwaitingIntakeSupplement(_)
            | Self::Refused(_)
            | Self::Accepted(_)
            | Self::InProcessing(_)
            | Self::AwaitingSupplement(_)
            | Self::AwaitingPayment(_)
            | Self::Suspended(_) => None,
            Self::Terminated(Terminated { ended, .. })
            | Self::Resolved(Resolved { ended, .. })
            | Self::Returned(Returned { ended, .. })
            | Self::Voided(Voided { ended, .. }) => Some(ended),
            Self::Withdrawn(Withdrawn {
                after_acceptance, ..
            }) => after_acceptance.as_ref().map(|(_, ended)| ended),
        }
    }

    /// What the dossier waits for, after acceptance; `None` when it waits for nobody outside.
    pub fn waiting(&self) -> Option<Waiting<'_>> {
        match self {
            Self::AwaitingSupplement(it) => Some(Waiting::Supplement(&it.request)),
            Self::AwaitingPayment(it) => Some(Waiting::Payment(&it.notice)),
            Self::Suspended(it) => Some(Waiting::Resumption {
                since: it.since,
                reason: &it.reason,
            }),
            Self::Unknown
            | Self::Submitted(_)
            | Self::AwaitingIntakeSupplement(_)
            | Self::Refused(_)
            | Self::Accepted(_)
            | Self::InProcessing(_)
            | Self::Terminated(_)
            | Self::Resolved(_)
            | Self::Returned(_)
            | Self::Withdrawn(_)
            | Self::Voided(_) => None,
        }
    }

    /// What was decided; `None` when nothing was.
    pub fn outcome(&self) -> Option<&Outcome> {
        match self {
            Self::Resolved(Resolved { outcome, .. }) | Self::Returned(Returned { outcome, .. }) => {
                Some(outcome)
            }
            Self::Unknown
            | Self::Submitted(_)
            | Self::AwaitingIntakeSupplement(_)
            | Self::Refused(_)
            | Self::Accepted(_)
            | Self::InProcessing(_)
            | Self::AwaitingSupplement(_)
            | Self::AwaitingPayment(_)
            | Self::Suspended(_)
            | Self::Terminated(_)
            | Self::Withdrawn(_)
            | Self::Voided(_) => None,
        }
    }

    /// When and how the result was handed over.
    pub fn delivered(&self) -> Option<(Timestamp, DeliveryMode)> {
        match self {
            Self::Returned(it) => Some((it.delivered_at, it.mode)),
            Self::Unknown
            | Self::Submitted(_)
            | Self::AwaitingIntakeSupplement(_)
            | Self::Refused(_)
            | Self::Accepted(_)
            | Self::InProcessing(_)
            | Self::AwaitingSupplement(_)
            | Self::AwaitingPayment(_)
            | Self::Suspended(_)
            | Self::Terminated(_)
            | Self::Resolved(_)
            | Self::Withdrawn(_)
            | Self::Voided(_) => None,
        }
    }
}
