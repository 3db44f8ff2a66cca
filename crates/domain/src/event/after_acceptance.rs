//! What is told of a dossier after its acceptance: one payload for each event, to the result's delivery and beyond.
//!
//! Persisted: add, never change.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{PresentedComponent, Reason};
use crate::clock::Due;
use crate::ids::{ActorId, AgencyId, ComponentCode, FilingId, HomeId, VaultRef, VersionHash};

/// NĐ 61/2018 Đ.18: forwarded, the same day, or at the next working day's start when received after 15:00.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Transferred {
    /// The agency it goes to; the parent clock does not move.
    pub to: AgencyId,
    /// The unit within it, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Box<str>>,
    /// By when it had to be forwarded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_by: Option<Timestamp>,
}

/// NĐ 61/2018 Đ.19.1.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TaskAssigned {
    /// The officer's account.
    pub holder: ActorId,
    /// The unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Box<str>>,
}

/// Form 02 after acceptance (NĐ 61/2018 Đ.19.4, 11.2c).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SupplementRequested {
    /// Why.
    pub reason: Reason,
    /// What is missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<ComponentCode>,
    /// The first is 1; more are facts that the law forbids, flagged by this number.
    pub ordinal: u16,
    /// Asked later than the law version's working days after acceptance (three, Đ.19.4): a fact, flagged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    /// When the request lapses without an answer, if the law version says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lapses_on: Option<Date>,
    /// The system in which it was recorded, when the dossier was taken over from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_in: Option<Box<str>>,
}

/// NĐ 61/2018 Đ.19.4: the time limit is counted from the start again once the dossier is complete.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SupplementReceived {
    /// What was brought.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<PresentedComponent>,
    /// The due date from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// The calendar used.
    pub calendar: VersionHash,
    /// The filing with which it came, when it was brought to an intake node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filing: Option<FilingId>,
    /// The system in which it was recorded, when the dossier was taken over from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_in: Option<Box<str>>,
}

/// The law version's limit for an answer passed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SupplementLapsed {
    /// Which request.
    pub ordinal: u16,
}

/// Another system went on without the supplement that it had asked for. Here a request lapses and ends the dossier.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SupplementNotBrought {
    /// Which request.
    pub ordinal: u16,
    /// The due date from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// The calendar used.
    pub calendar: VersionHash,
    /// The system in which it was recorded.
    pub recorded_in: Box<str>,
}

/// NĐ 61/2018 Đ.22; special laws for land and tax.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FeeRequested {
    /// The notice's number.
    pub notice: Box<str>,
    /// In đồng.
    pub amount_vnd: u64,
    /// The procedure's rule: whether the clock stands still until it is paid.
    pub suspends_clock: bool,
    /// The system in which it was recorded, when the dossier was taken over from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_in: Option<Box<str>>,
}

/// How it was paid (*hình thức thanh toán*).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    /// In cash at the counter.
    Cash,
    /// By bank transfer.
    Transfer,
    /// Online.
    Online,
    /// Through the post.
    Post,
}

/// NĐ 61/2018 Đ.22.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FeePaid {
    /// The notice that was paid.
    pub notice: Box<str>,
    /// In đồng.
    pub amount_vnd: u64,
    /// How.
    pub method: PaymentMethod,
    /// The receipt's number.
    pub receipt: Box<str>,
    /// The due date from now on; the same as before when the clock had not stood still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// The calendar used.
    pub calendar: VersionHash,
    /// The filing with which it came, when it was brought to an intake node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filing: Option<FilingId>,
    /// The system in which it was recorded, when the dossier was taken over from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_in: Option<Box<str>>,
}

/// The applicant need not pay (*đối tượng miễn phí*, or a decision to waive).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FeeWaived {
    /// The notice that was waived.
    pub notice: Box<str>,
    /// Why.
    pub reason: Reason,
    /// The due date from now on; the same as before when the clock had not stood still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// The calendar used.
    pub calendar: VersionHash,
    /// The system in which it was recorded, when the dossier was taken over from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_in: Option<Box<str>>,
}

/// A payment was given back (*hoàn phí*), in whole or in part.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FeeRefunded {
    /// The notice that had been paid.
    pub notice: Box<str>,
    /// In đồng.
    pub amount_vnd: u64,
    /// How.
    pub method: PaymentMethod,
    /// The number of the refund's own receipt.
    pub receipt: Box<str>,
    /// Why.
    pub reason: Reason,
}

/// Form 04 (NĐ 61/2018 Đ.19.9): at most one re-appointment, notified at least a day before the due date.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DeadlineExtended {
    /// Why.
    pub reason: Reason,
    /// The first is 1.
    pub ordinal: u16,
    /// The day asked for.
    pub asked_for: Date,
    /// Notified too late: recorded and flagged, the due date does not move.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late_notice: bool,
    /// The new due date; none when the law version does not let this extension count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// The system in which it was recorded, when the dossier was taken over from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_in: Option<Box<str>>,
}

/// National status 8 while it may still go on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProcessingSuspended {
    /// Why.
    pub reason: Reason,
    /// The system in which it was recorded, when the dossier was taken over from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_in: Option<Box<str>>,
}

/// The end of a suspension.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProcessingResumed {
    /// The due date from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// The calendar used.
    pub calendar: VersionHash,
    /// The system in which it was recorded, when the dossier was taken over from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_in: Option<Box<str>>,
}

/// Form 05 of TT 03/2025 (*thông báo dừng giải quyết*): national status 8 for good.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProcessingTerminated {
    /// Why.
    pub reason: Reason,
}

/// What the decision was.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// The result was issued.
    Granted {
        /// The result's number or file reference in the agency's own system.
        result: Box<str>,
        /// An electronic result was issued as well.
        #[serde(default)]
        electronic: bool,
    },
    /// Refused after examination, entered as a result (form 03, NĐ 61/2018 Đ.19.8).
    Refused {
        /// Why.
        reason: Reason,
    },
}

/// NĐ 61/2018 Đ.19, 20.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DossierResolved {
    /// Granted or refused.
    pub outcome: Outcome,
}

/// How the result reached the applicant.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryMode {
    /// Fetched at a counter.
    Counter,
    /// By the public post.
    Post,
    /// In the applicant's electronic store.
    Electronic,
}

/// NĐ 61/2018 Đ.20; QĐ 45/2016 Đ.9.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ResultDelivered {
    /// How.
    pub mode: DeliveryMode,
    /// The postal item, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Box<str>>,
    /// Proof of receipt: signature, authorisation; in the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<VaultRef>,
    /// Handed to somebody authorised, not to the applicant.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub to_authorised: bool,
    /// The filing with which it came, when it was brought to an intake node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filing: Option<FilingId>,
}

/// National status 7.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DossierWithdrawn {
    /// Why, if the applicant said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The filing with which it came, when it was brought to an intake node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filing: Option<FilingId>,
}

/// A newly published calendar moved a due date.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DueDateRecomputed {
    /// The due date from now on.
    pub due: Due,
    /// The calendar used.
    pub calendar: VersionHash,
}

/// Luật 91/2025/QH15: the applicant, or who may decide it, asked for the personal data to be erased.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SubjectErasureRequested {
    /// On whose request, as a code: `data_subject_request`.
    pub ground: Box<str>,
}

/// Luật 91/2025/QH15: the key is gone, the history and the counts stay.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SubjectKeyDestroyed {
    /// On whose request, as a code: `data_subject_request`.
    pub ground: Box<str>,
    /// The intake nodes whose vaults had the data, were given up as gone for good, and have not said that they destroyed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<HomeId>,
}
