//! One dossier, two histories: what is said about it once it is noticed.

use serde::{Deserialize, Serialize};

use crate::ids::{DossierCode, HomeId};

/// The same request was filed at two intake nodes (*nộp trùng*): this history stands, the other one is kept and never
/// counted. When the other was accepted and this one was not, its acceptance follows as this history's own.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DuplicateSubmission {
    /// Where the other history was written.
    pub other_home: HomeId,
    /// The code that was issued there by then: void, it leads to this dossier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub void_code: Option<DossierCode>,
}
