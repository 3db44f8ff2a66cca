//! The roles as separate processes over a real nats-server: killed at any moment, nothing acknowledged is lost or doubled.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failed set-up fails the test"
)]

#[path = "roles/faults.rs"]
mod faults;
#[path = "roles/load.rs"]
mod load;
#[path = "roles/office.rs"]
mod office;
#[path = "roles/process.rs"]
mod process;
#[path = "roles/province.rs"]
mod province;
#[path = "../../../crates/messaging/tests/feed/server.rs"]
mod server;
