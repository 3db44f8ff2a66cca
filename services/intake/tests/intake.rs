//! An intake node in this process, over a real log, a real vault and real gRPC, closed and opened again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failed set-up fails the test"
)]

#[path = "intake/brought.rs"]
mod brought;
#[path = "intake/custody.rs"]
mod custody;
#[path = "intake/journal.rs"]
mod journal;
#[path = "intake/looked_up.rs"]
mod looked_up;
#[path = "intake/node.rs"]
mod node;
#[path = "intake/receipts.rs"]
mod receipts;
#[path = "intake/terminal.rs"]
mod terminal;
