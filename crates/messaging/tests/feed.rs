//! Both forms of the feed, the embedded one and a real NATS server, keep the same promises, whatever happens in between.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failed set-up fails the test"
)]

#[path = "feed/access.rs"]
mod access;
#[path = "feed/both.rs"]
mod both;
#[path = "feed/errands.rs"]
mod errands;
#[path = "feed/faults.rs"]
mod faults;
#[path = "feed/form.rs"]
mod form;
#[path = "feed/healing.rs"]
mod healing;
#[path = "feed/held.rs"]
mod held;
#[path = "feed/late.rs"]
mod late;
#[path = "feed/latest.rs"]
mod latest;
#[path = "feed/logs.rs"]
mod logs;
#[path = "feed/proxy.rs"]
mod proxy;
#[path = "feed/server.rs"]
mod server;
