//! What belongs in the vault and never in an event: who the applicant is, and what people wrote.

use domain::ids::VaultRef;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;
use vault::{EraseError, GetError, PutError, Sealed, Vault};

/// The applicant's personal data, as the vault keeps it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applicant {
    /// Name of the owner of the dossier.
    pub name: String,
    /// CCCD, CMND or tax code.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub identity_number: String,
    /// Telephone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub phone: String,
    /// E-mail.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// Address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// Who handed it in, when that is somebody else.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub submitter_name: String,
    /// What is asked for, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub request_content: String,
}

/// Never shows what it holds: a log line must not carry it.
impl std::fmt::Debug for Applicant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Applicant(…)")
    }
}

/// Somebody who is not the applicant: whom the applicant authorised.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Name.
    pub name: String,
    /// CCCD, CMND or tax code.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub identity_number: String,
    /// Telephone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub phone: String,
}

/// Never shows what it holds: a log line must not carry it.
impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Person(…)")
    }
}

/// The vault could not keep or give.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum PersonalError {
    /// The dossier's data was erased: nothing more may be kept about it.
    #[error("the personal data of this dossier was erased; nothing more may be kept about it")]
    Erased,
    /// Too large to keep.
    #[error("the personal data would take {bytes} bytes, more than an entry may")]
    TooLarge {
        /// How large.
        bytes: usize,
    },
    /// Too much waits already.
    #[error("too many entries wait to be written to the vault")]
    Busy,
    /// The disk is nearly full.
    #[error("the vault's disk is nearly full")]
    DiskNearlyFull,
    /// The vault is closed: a write failed, or the service stops.
    #[error("the vault takes no more: {0}")]
    Closed(String),
    /// An entry cannot be read.
    #[error("a vault entry cannot be read: {0}")]
    Unreadable(String),
}

impl From<PutError> for PersonalError {
    fn from(error: PutError) -> Self {
        match error {
            PutError::Erased { .. } => Self::Erased,
            PutError::TooLarge { bytes, .. } => Self::TooLarge { bytes },
            PutError::Busy => Self::Busy,
            PutError::DiskNearlyFull { .. } => Self::DiskNearlyFull,
            PutError::Closed(reason) => Self::Closed(reason),
        }
    }
}

impl From<EraseError> for PersonalError {
    fn from(error: EraseError) -> Self {
        match error {
            EraseError::Busy => Self::Busy,
            EraseError::Closed(reason) => Self::Closed(reason),
        }
    }
}

/// A value as the vault keeps it.
///
/// # Errors
/// When it cannot be written as JSON, which no value of ours can cause.
pub fn secret<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, PersonalError> {
    serde_json::to_vec(value).map_err(|error| PersonalError::Unreadable(error.to_string()))
}

/// Stands for a reference while the rules are asked; it never reaches a log.
pub(crate) fn placeholder() -> VaultRef {
    VaultRef {
        entry: Uuid::nil(),
        digest: "".into(),
    }
}

/// What an event says of a kept value.
pub(crate) fn reference(sealed: &Sealed) -> VaultRef {
    VaultRef {
        entry: sealed.entry,
        digest: hexadecimal(&sealed.digest).into(),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| DIGITS.get(usize::from(digit)).copied().map(char::from))
        .collect()
}

/// Reads a value again; `None` when it was erased or never came to this vault.
///
/// # Errors
/// When the entry is damaged.
pub fn recall<T: DeserializeOwned>(
    vault: &Vault,
    reference: &VaultRef,
) -> Result<Option<T>, PersonalError> {
    match vault.get(reference.entry) {
        Ok(plain) => serde_json::from_slice(&plain)
            .map(Some)
            // The parser's own words could quote the entry.
            .map_err(|_| PersonalError::Unreadable("it is not of the expected shape".to_owned())),
        Err(GetError::Unknown { .. } | GetError::Erased { .. }) => Ok(None),
        Err(error) => Err(PersonalError::Unreadable(error.to_string())),
    }
}
