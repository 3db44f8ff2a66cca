//! A client not written by us: Python's gRPC, in an environment that `tests/run` makes.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::Hoso;
use crate::repository;

/// Runs one scenario of `end_to_end/client` (a module, or a class in one) against the program. `state` is a file in
/// which scenarios that follow each other leave word.
pub fn run(scenario: &str, hoso: &Hoso, state: &Path) {
    let target = target();
    let output = Command::new(target.join("venv/bin/python"))
        .arg(repository::top().join("tests/end_to_end/client/run.py"))
        .arg(scenario)
        .env("HOSO_INTAKE", &hoso.intake)
        .env("HOSO_PROCESSING", &hoso.processing)
        .env("HOSO_REPORTING", &hoso.reporting)
        .env(
            "HOSO_REPORTING_HTTP",
            hoso.http.last().expect("three are told"),
        )
        .env("HOSO_NATS", &hoso.nats)
        .env("HOSO_STATE", state)
        .env("HOSO_CLOCK", state.with_file_name("clock"))
        .env("HOSO_CONTRACT", target.join("python-contract"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONUTF8", "1")
        .env_remove("PYTHONPATH")
        .env_remove("PYTHONHOME")
        .env_remove("http_proxy")
        .env_remove("https_proxy")
        .env_remove("grpc_proxy")
        .output()
        .expect("Python starts");
    assert!(
        output.status.success(),
        "{scenario} failed ({}):\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
}

/// The target folder in which `tests/run` made the environment.
fn target() -> PathBuf {
    let built = repository::built();
    let target = built
        .ancestors()
        .find(|folder| folder.join("venv/bin/python").exists());
    target.map_or_else(
        || {
            panic!(
                "no Python environment (venv/) in {} or above it: `tests/run` makes it and runs all tests; \
                 `tests/run --prepare` only makes it",
                built.display()
            )
        },
        Path::to_owned,
    )
}
