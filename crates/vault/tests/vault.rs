//! The vault from outside: what it promises to a service, on real files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failed set-up fails the test"
)]

#[path = "vault/copies.rs"]
mod copies;
#[path = "vault/damage.rs"]
mod damage;
#[path = "vault/erasure.rs"]
mod erasure;
#[path = "vault/everyday.rs"]
mod everyday;
#[path = "vault/faults.rs"]
mod faults;
#[path = "vault/handover.rs"]
mod handover;
#[path = "vault/kill.rs"]
mod kill;
#[path = "vault/model.rs"]
mod model;
#[path = "vault/power_cut.rs"]
mod power_cut;
#[path = "vault/riding.rs"]
mod riding;
#[path = "vault/rotation.rs"]
mod rotation;
#[path = "vault/support.rs"]
mod support;
