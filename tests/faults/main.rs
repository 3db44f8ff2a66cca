//! What the disk really has: no answer before its sync, and every state that a power cut can leave.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a failed set-up fails the test, and says so"
)]

mod answers;
mod disk;
mod pages;
mod power;
mod riding;
mod scene;
mod strace;
mod wire;
