//! Generates the contract's code from `proto/` with protox: no protoc to install.

use std::path::PathBuf;

#[allow(
    clippy::disallowed_methods,
    reason = "this is how Cargo tells a build script where to write"
)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from("../../proto");
    let files = [
        "hoso/dossier/v1/dossier.proto",
        "hoso/identity/v1/identity.proto",
        "hoso/intake/v1/intake.proto",
        "hoso/intake/v1/terminal.proto",
        "hoso/log/v1/log.proto",
        "hoso/log/v1/parked.proto",
        "hoso/processing/v1/audit.proto",
        "hoso/processing/v1/processing.proto",
        "hoso/processing/v1/watch.proto",
        "hoso/reporting/v1/reporting.proto",
        "hoso/vault/v1/vault.proto",
    ];
    println!("cargo:rerun-if-changed=../../proto");
    let descriptors = protox::compile(files, [&root])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(
        out.join("contract.bin"),
        prost::Message::encode_to_vec(&descriptors),
    )?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
