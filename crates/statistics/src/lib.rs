//! The figures: facts folded from events, official forms computed from facts, published figures checked.
//!
//! * [`facts`]: every dossier as a few fixed-size columns, each version with the positions between which it was known.
//!   Nothing else is kept: no counter that could drift. Built by [`Facts::apply`], from zero or from a snapshot.
//! * [`question`]: which period, as known when, grouped how, counted by which rule.
//! * [`mod@ii06a`]: form II.06a, one scan over the facts; [`ii06a::cell`] names the dossiers behind a figure.
//! * [`placement`]: where the form puts one dossier. The one place that decides it; [`scan`] applies it to all, [`memo`]
//!   and [`checks`] read its answers.
//! * [`report`]: the form as JSON and CSV; [`small`]: as those may see it who may see counts only.
//! * [`official`]: the periods for which the form is drawn up.
//! * [`published`]: figures someone printed: which identities fail, by how much, and what that can mean.
//! * [`ratio`]: percentages, never without numerator and denominator.
//!
//! Pure: no I/O, no clock, no randomness.

pub mod checks;
pub mod day;
pub mod facts;
pub mod ii06a;
pub mod memo;
pub mod official;
pub mod placement;
pub mod published;
pub mod question;
pub mod ratio;
pub mod report;
pub mod scan;
pub mod small;
mod tally;

pub use facts::Facts;
pub use ii06a::{cell, ii06a};
pub use official::Span;
pub use question::{AsOf, Filter, Grouping, Organised, PendingRule, Period, Question};
pub use report::Report;
pub use small::Shown;
