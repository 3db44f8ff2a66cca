//! The contract as code, and the border between the wire and the domain.

#[allow(missing_docs, clippy::all, reason = "generated code")]
pub mod hoso {
    pub mod dossier { pub mod v1 { tonic::include_proto!("hoso.dossier.v1"); } }
    pub mod intake { pub mod v1 { tonic::include_proto!("hoso.intake.v1"); } }
    pub mod log { pub mod v1 { tonic::include_proto!("hoso.log.v1"); } }
    pub mod processing { pub mod v1 { tonic::include_proto!("hoso.processing.v1"); } }
    pub mod reporting { pub mod v1 { tonic::include_proto!("hoso.reporting.v1"); } }
}
