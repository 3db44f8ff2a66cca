//! The rules about administrative dossiers: pure functions of the history, a command and a context; no clock, no I/O.
//!
//! What is where:
//!
//! * [`command`]: every wish; [`event`]: every fact; [`ids`]: the names of things.
//! * [`dossier`]: the phases of a dossier. [`decide`] answers a wish with events or a [`Rejection`], in one table of
//!   phase × command; [`evolve`] applies an event; [`replay`] folds a history; [`explain_deadline`] accounts for a due date.
//! * [`rejection`]: why the rules said no, with a stable reason, in English and Vietnamese.
//! * [`clock`], [`calendar`], [`working_hours`], [`local`]: time limits and due dates on a versioned calendar.
//! * [`law`]: what each law version says, with its source and how certain it is; [`catalogue`]: agencies, one-stop
//!   points, fields, procedures, calendar and law versions as data.
//! * [`code`]: dossier codes; [`identity`]: identity numbers and postal item codes.

pub mod calendar;
pub mod catalogue;
pub mod clock;
pub mod code;
pub mod command;
pub mod dossier;
pub mod event;
pub mod identity;
pub mod ids;
pub mod law;
pub mod local;
pub mod rejection;
pub mod speaker;
pub mod working_hours;
mod written;

pub use catalogue::Catalogue;
pub use command::Command;
pub use dossier::{
    CodeIssuer, CodesExhausted, Context, Dossier, Phase, decide, decide_all, evolve,
    explain::{DeadlineExplanation, explain_deadline},
    replay,
};
pub use event::{Event, Occurrence};
pub use rejection::{Rejection, RejectionKind};
