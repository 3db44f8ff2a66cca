//! The whole, as its users meet it: the real program, started over a folder of its own, driven by Python's gRPC.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a failed set-up fails the test"
)]

#[path = "../../services/hoso/tests/roles/issuer.rs"]
mod issuer;
mod personal_data;
mod rehearsals;
mod scenarios;
#[path = "../../crates/messaging/tests/feed/server.rs"]
#[allow(dead_code, reason = "the tests of the feed do more to their server")]
mod server;
