//! The contract as code, and the border between the wire and the domain.
//!
//! * [`hoso`]: what `proto/` generates
//! * [`convert`]: wire → domain with all field faults at once, domain → wire
//! * [`text`]: what text from outside may be
//! * [`token`] and [`page`]: opaque positions and pages; [`place`]: where in a list a page begins
//! * [`log_service`]: the service every role answers about its log; [`vault_service`]: the copy of a vault
//! * [`parked_service`]: which dossiers are not understood; [`identity_service`]: dossiers by an identity number
//! * [`authority`]: who may make which call
//! * [`edge`]: the steps every call shares; [`watching`]: streams to watchers
//! * [`status`]: the one table of errors → status codes; [`problem`]: the same over HTTP

pub mod authority;
pub mod convert;
pub mod edge;
pub mod faults;
pub mod identity_service;
pub mod log_service;
pub mod page;
pub mod parked_service;
pub mod place;
pub mod problem;
pub mod status;
pub mod text;
pub mod token;
pub mod vault_service;
pub mod watching;

pub use faults::{Faults, FieldFault};
pub use status::EdgeError;

/// The contract's descriptors, for reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/contract.bin"));

/// What `proto/` generates; its documentation is there.
#[allow(warnings, clippy::all, clippy::restriction, reason = "generated code")]
#[rustfmt::skip]
pub mod hoso {
    pub mod dossier { pub mod v1 { tonic::include_proto!("hoso.dossier.v1"); } }
    pub mod identity { pub mod v1 { tonic::include_proto!("hoso.identity.v1"); } }
    pub mod intake { pub mod v1 { tonic::include_proto!("hoso.intake.v1"); } }
    pub mod log { pub mod v1 { tonic::include_proto!("hoso.log.v1"); } }
    pub mod processing { pub mod v1 { tonic::include_proto!("hoso.processing.v1"); } }
    pub mod reporting { pub mod v1 { tonic::include_proto!("hoso.reporting.v1"); } }
    pub mod vault { pub mod v1 { tonic::include_proto!("hoso.vault.v1"); } }
}
