//! The shape of the whole, held by tests: who may lean on whom, what a source file looks like, what the contract says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a failed set-up fails the test"
)]

mod authority;
mod contract;
mod dependencies;
#[path = "../../services/hoso/tests/roles/messages.rs"]
mod messages;
mod tidy;
