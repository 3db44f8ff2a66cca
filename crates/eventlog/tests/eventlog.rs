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
#[path = "eventlog/clock.rs"]
mod clock;
#[path = "eventlog/damage.rs"]
mod damage;
#[path = "eventlog/epochs.rs"]
mod epochs;
#[path = "eventlog/faults.rs"]
mod faults;
#[path = "eventlog/fixture.rs"]
mod fixture;
#[path = "eventlog/following.rs"]
mod following;
#[path = "eventlog/kill.rs"]
mod kill;
#[path = "eventlog/model.rs"]
mod model;
#[path = "eventlog/power.rs"]
mod power;
#[path = "eventlog/riders.rs"]
mod riders;
#[path = "eventlog/rivals.rs"]
mod rivals;
#[path = "eventlog/sealing.rs"]
mod sealing;
#[path = "eventlog/support.rs"]
mod support;
