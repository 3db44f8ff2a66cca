//! The figures as others see them: whatever happened, the form balances, and it can be asked again.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failed set-up fails the test"
)]

// The domain's stories name its modules through `crate::`, as they do inside it.
#[allow(
    unused_imports,
    reason = "which of them the stories name is theirs to change"
)]
use domain::{catalogue, clock, command, dossier, event, ids, law, local, rejection};

#[path = "../../domain/src/dossier/testing.rs"]
mod testing;

#[path = "statistics/any.rs"]
mod any;
#[path = "statistics/any_history.rs"]
mod any_history;
#[path = "statistics/article.rs"]
mod article;
#[path = "statistics/form.rs"]
mod form;
#[path = "statistics/history.rs"]
mod history;
#[path = "statistics/long.rs"]
mod long;
#[path = "statistics/naive.rs"]
mod naive;
#[path = "statistics/outside.rs"]
mod outside;
#[path = "statistics/put_right.rs"]
mod put_right;
#[path = "statistics/rebuilding.rs"]
mod rebuilding;
#[path = "statistics/shape.rs"]
mod shape;
#[path = "statistics/two_ways.rs"]
mod two_ways;
