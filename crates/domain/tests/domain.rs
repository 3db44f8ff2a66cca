//! The domain from outside: whole lives of dossiers, any commands in any order, and the bytes of every event.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failed set-up fails the test"
)]

// The helpers name the library's modules through `crate::`, as they do inside it.
#[allow(
    unused_imports,
    reason = "which of them the helpers name is theirs to change"
)]
use domain::{catalogue, clock, command, dossier, event, ids, local, rejection};

#[path = "../src/dossier/testing.rs"]
mod testing;

#[path = "domain/explanation.rs"]
mod explanation;
#[path = "domain/golden.rs"]
mod golden;
#[path = "domain/lifecycle.rs"]
mod lifecycle;
#[path = "domain/properties.rs"]
mod properties;
#[path = "domain/table.rs"]
mod table;
