//! What became of papers and results on the way: digitised, reused, delivered by post, complained about.
//!
//! Persisted: add, never change.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Reason;
use crate::ids::{ComponentCode, FilingId, VaultRef};

/// A paper was digitised (*số hóa*, TT 01/2023/TT-VPCP).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ComponentDigitised {
    /// Which paper of the procedure's list.
    pub component: ComponentCode,
    /// SHA-256 of the file, in hexadecimal.
    pub digest: Box<str>,
    /// A certified electronic copy (*bản sao chứng thực điện tử*).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub certified: bool,
}

/// Where data was taken from instead of asking for a paper again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReuseSource {
    /// A paper digitised for an earlier dossier.
    Component,
    /// The result of an earlier procedure.
    Result,
    /// The citizen's store at the national portal (*kho dữ liệu điện tử*, DuocLayTuKhoDMQG).
    NationalStore,
    /// A national or specialised database (MaCSDL).
    Database,
}

/// A paper was not asked for again (NĐ 309/2026 Đ.4.2a: what databases hold is not asked for).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ComponentReused {
    /// Which paper of the procedure's list.
    pub component: ComponentCode,
    /// Where it was taken from.
    pub source: ReuseSource,
    /// The database's code (MaCSDL), when it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<Box<str>>,
    /// SHA-256 of the file, in hexadecimal, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Box<str>>,
}

/// The post did not meet the recipient (TT 17/2017/TT-BTTTT: at least two attempts, two working days apart).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DeliveryFailed {
    /// The first is 1.
    pub attempt: u16,
    /// The postal item.
    pub item: Box<str>,
    /// Why.
    pub reason: Reason,
    /// Less than two working days after the attempt before it: a fact, flagged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub too_soon: bool,
    /// What the postman noted, in the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<VaultRef>,
    /// The filing with which it came, when it was brought to an intake node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filing: Option<FilingId>,
}

/// The post gave the result back to the agency.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ResultReturnedToAgency {
    /// The postal item.
    pub item: Box<str>,
    /// Before two attempts had failed: a fact, flagged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub too_soon: bool,
    /// The signed hand-over, in the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<VaultRef>,
    /// The filing with which it came, when it was brought to an intake node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filing: Option<FilingId>,
}

/// A petition or complaint (*phản ánh, kiến nghị*) is about this dossier (NĐ 61/2018 Đ.31).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FeedbackLinked {
    /// The system that keeps it: `1022`.
    pub system: Box<str>,
    /// Its number there.
    pub number: Box<str>,
    /// When that system received it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_on: Option<Date>,
}
