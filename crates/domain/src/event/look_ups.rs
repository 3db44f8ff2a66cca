//! Who looked for dossiers by an identity number (*tra cứu theo số định danh*): a history of its own for each look-up.
//!
//! Persisted: add, never change. Neither the number nor anything made from it is here, whatever was found.

use serde::{Deserialize, Serialize};

use crate::ids::{ActorId, DossierId};

/// For what an identity number was looked up.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookUpPurpose {
    /// The person asks about their own dossiers (*công dân hỏi hồ sơ của mình*).
    OwnDossiers,
    /// Whether the same was filed before (*kiểm tra trùng hồ sơ*).
    DuplicateCheck,
    /// The person exercises their rights over their data (*quyền của chủ thể dữ liệu*, Luật 91/2025/QH15).
    DataSubjectRights,
    /// A petition, complaint or denunciation is handled (*phản ánh, kiến nghị, khiếu nại, tố cáo*).
    Complaint,
    /// An inspection or an investigation by whoever is competent for it (*thanh tra, kiểm tra, điều tra*).
    Inspection,
}

impl LookUpPurpose {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::OwnDossiers,
        Self::DuplicateCheck,
        Self::DataSubjectRights,
        Self::Complaint,
        Self::Inspection,
    ];

    /// Its stable name, as the event has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OwnDossiers => "own_dossiers",
            Self::DuplicateCheck => "duplicate_check",
            Self::DataSubjectRights => "data_subject_rights",
            Self::Complaint => "complaint",
            Self::Inspection => "inspection",
        }
    }
}

/// Dossiers were looked for by an identity number: written before the answer is given, and the only event of its history. Who
/// acted, and for which agency, the record itself says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IdentityLookedUp {
    /// For what.
    pub purpose: LookUpPurpose,
    /// The number of the document that is the ground (*số văn bản*), when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Box<str>>,
    /// The account that called, when it named another that acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<ActorId>,
    /// The dossiers that were shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dossiers: Vec<DossierId>,
    /// There were more than were shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_has_one_name_in_the_event_and_outside() {
        for purpose in LookUpPurpose::ALL {
            assert_eq!(serde_json::to_value(purpose).unwrap(), purpose.as_str());
        }
    }
}
