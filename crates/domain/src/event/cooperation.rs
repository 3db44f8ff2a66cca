//! What several agencies do for one dossier: opinions (*lấy ý kiến*) and interlinked parts (*liên thông*), each with its own due date.
//!
//! Persisted: add, never change.

use serde::{Deserialize, Serialize};

use super::Reason;
use crate::clock::{Due, TimeLimit, Timeliness};
use crate::ids::{AgencyId, VaultRef, VersionHash};

/// What another agency is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubtaskKind {
    /// *Lấy ý kiến* (NĐ 61/2018 Đ.19.5).
    Opinion,
    /// *Liên thông*: a part of the procedure that another agency decides (Đ.19.6, 19.7).
    Interlinked,
}

/// Another agency was asked. The parent's clock does not move (Đ.19.5, 19.6).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SubtaskOpened {
    /// Its number within the dossier, from 1.
    pub number: u16,
    /// An opinion, or a part of the procedure.
    pub kind: SubtaskKind,
    /// Who has to answer.
    pub agency: AgencyId,
    /// The time it has, from its start.
    pub limit: TimeLimit,
    /// When its answer is due; none while it waits for the one before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// It starts when this one is closed (paper: one after the other); none: at once (electronic: side by side).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u16>,
    /// What is asked, the words in the vault.
    pub question: Reason,
    /// The calendar used.
    pub calendar: VersionHash,
}

/// A sub-task that starts because the one before it was closed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SubtaskStart {
    /// Which.
    pub number: u16,
    /// When its answer is due.
    pub due: Due,
}

/// The agency answered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SubtaskCompleted {
    /// Which.
    pub number: u16,
    /// Early, on time or overdue, by its own due date.
    pub class: Timeliness,
    /// The number of the answer in that agency's own system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Box<str>>,
    /// The words of the answer, in the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<VaultRef>,
    /// Those that start now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starts: Vec<SubtaskStart>,
    /// The calendar used.
    pub calendar: VersionHash,
}

/// It is not needed any more.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SubtaskCancelled {
    /// Which.
    pub number: u16,
    /// Why.
    pub reason: Reason,
    /// Those that start now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starts: Vec<SubtaskStart>,
    /// The calendar used.
    pub calendar: VersionHash,
}

/// Boundary-independent filing (*phi địa giới*, NĐ 309/2026): the competent agency has the dossier, and the clock starts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CompetentAgencyReceived {
    /// The agency.
    pub agency: AgencyId,
    /// When the result is due; none when the procedure sets no time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// The calendar used.
    pub calendar: VersionHash,
}

/// The agency that had the dossier ended, and its successor has it now. The agency of acceptance stays what it was.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AgencySucceeded {
    /// The agency that ended.
    pub from: AgencyId,
    /// Who took over.
    pub to: AgencyId,
    /// The catalogue that says so.
    pub catalogue: VersionHash,
}
