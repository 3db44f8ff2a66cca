//! The figures as others see them: whatever happened, the form balances, and it can be asked again.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failed set-up fails the test"
)]

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
#[path = "statistics/naive.rs"]
mod naive;
#[path = "statistics/outside.rs"]
mod outside;
#[path = "statistics/rebuilding.rs"]
mod rebuilding;
#[path = "statistics/shape.rs"]
mod shape;
#[path = "statistics/two_ways.rs"]
mod two_ways;
