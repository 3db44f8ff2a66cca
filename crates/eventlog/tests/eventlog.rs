//! The log as its callers see it: what holds after failures, kills, damage and reopening.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failed set-up fails the test"
)]

#[path = "eventlog/appends.rs"]
mod appends;
#[path = "eventlog/support.rs"]
mod support;
