//! A vault that is gone for good: who says so, and that it spoke all the same.

use serde::{Deserialize, Serialize};

use crate::ids::{ActorId, HomeId};

/// A person in charge declared that the vault of an intake node is gone for good, its disk scrapped or burnt, say (*kho dữ
/// liệu của nút tiếp nhận không còn*): in a history of its own, of processing's log. Once a second person has declared it
/// too, erasures (Luật 91/2025/QH15) do not wait for it; until it speaks again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VaultLossDeclared {
    /// The intake node's log, beside which the vault was.
    pub home: HomeId,
    /// What became of it, in one line.
    pub reason: Box<str>,
    /// The account that called, where it named the person who acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<ActorId>,
}

/// The vault that was declared gone answered: from here on it is waited for again, and is told all that it missed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VaultLossEnded {
    /// The intake node's log, beside which the vault is.
    pub home: HomeId,
}
