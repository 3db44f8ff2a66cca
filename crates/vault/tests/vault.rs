//! The vault from outside: what it promises to a service, on real files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failed set-up fails the test"
)]

#[path = "vault/everyday.rs"]
mod everyday;
#[path = "vault/support.rs"]
mod support;
