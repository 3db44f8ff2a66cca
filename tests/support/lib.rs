//! What the tests of the whole stand on: the repository's files, the running program, and Python's gRPC client.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a failed set-up fails the test, and says so"
)]

pub mod folder;
pub mod program;
pub mod python;
pub mod repository;
