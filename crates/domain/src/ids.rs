//! The names of things: one newtype for each kind of identifier, so that two kinds cannot be confused.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// Wraps the text as it is; what may be in it is checked where it enters.
            pub fn new(text: impl Into<Box<str>>) -> Self {
                Self(text.into())
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        /// A table of identifiers may be asked with the text alone.
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// Agency identifier (*mã định danh cơ quan*), QĐ 20/2020/QĐ-TTg or QCVN 102:2016: `000.00.06.H20`, `H20.06`.
    AgencyId
}
text_id! {
    /// National procedure code (*mã thủ tục hành chính*) without the agency suffix: `1.010708`.
    ProcedureCode
}
text_id! {
    /// Field of procedures (*lĩnh vực*), as in the catalogue: `H20-VH`.
    FieldCode
}
text_id! {
    /// One-stop point (*điểm tiếp nhận*) that may accept dossiers: catalogue data with validity.
    PointId
}
text_id! {
    /// Dossier code (*mã hồ sơ*), TT 01/2018/TT-VPCP Đ.19; opaque to everyone but its generator, at most 64 characters.
    DossierCode
}
text_id! {
    /// Paper required by a procedure (*thành phần hồ sơ*), a code of the catalogue.
    ComponentCode
}
text_id! {
    /// Who acted: an account of the calling system, never a person's name.
    ActorId
}
text_id! {
    /// The organisation an actor acted for: an agency's identifier or a firm's code.
    OrganisationId
}
text_id! {
    /// A postal terminal (*thiết bị tiếp nhận của bưu chính*), as the operator named it.
    TerminalId
}
text_id! {
    /// A law version of the catalogue: `nd61-2018`.
    LawId
}
text_id! {
    /// A version: the first 16 hexadecimal digits of the SHA-256 of the versioned content.
    VersionHash
}

/// A dossier, inside hoso: sixteen bytes, derived from who first asked and that request's id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DossierId(pub Uuid);

impl DossierId {
    /// The dossier that another system has under this number: whoever takes it over, on whichever node, means the same one.
    pub fn carried_over(source: &SourceReference) -> Self {
        let SourceReference { system, reference } = source;
        let mut hash = Sha256::new();
        hash.update(b"hoso dossier carried over v1\0");
        hash.update(system.as_bytes());
        hash.update([0]);
        hash.update(reference.as_bytes());
        let digest = hash.finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// The dossier that this principal's request creates: a retry, on whichever node, means the same dossier.
    pub fn derive(principal: &str, request_id: Uuid) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"hoso dossier v1\0");
        hash.update(principal.as_bytes());
        hash.update([0]);
        hash.update(request_id.as_bytes());
        let digest = hash.finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

impl fmt::Display for DossierId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for DossierId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Something that was brought for a dossier (*giấy tờ nộp sau*): the id of its own history, derived like a dossier's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FilingId(pub Uuid);

impl fmt::Display for FilingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for FilingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A dossier by one of its names.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DossierName {
    /// hoso's own id.
    Id(DossierId),
    /// The dossier code.
    Code(DossierCode),
    /// Another system's number.
    Source(SourceReference),
}

/// Where a dossier's history was begun: the log of the service that took it in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HomeId(pub Uuid);

impl fmt::Display for HomeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for HomeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What the vault holds, as an event may name it: where it is and the digest of its ciphertext. No personal data.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct VaultRef {
    /// The entry in the vault.
    pub entry: Uuid,
    /// SHA-256 of the ciphertext, in hexadecimal.
    pub digest: Box<str>,
}

/// The number another system gave the dossier, unique within that system.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct SourceReference {
    /// The system: `motcua.dongthap`.
    pub system: Box<str>,
    /// Its number for the dossier.
    pub reference: Box<str>,
}
