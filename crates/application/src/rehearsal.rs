//! Asking the rules without doing anything: before the vault is written, and for who only wants to know.

use std::cell::Cell;

use domain::command::Command;
use domain::dossier::{CodeIssuer, CodeOfAnotherNode, CodesExhausted};
use domain::event::{AcceptanceBasis, Event, Occurrence};
use domain::ids::{DossierCode, VaultRef};
use eventlog::EventLog;
use jiff::civil::Date;

use crate::desk::{Desk, Wish};
use crate::error::HandleError;
use crate::loading::Loaded;
use crate::{keys, personal};

/// Gives out codes that nobody will see, and takes none over: for asking the rules only.
pub(crate) struct Rehearsal<'a> {
    codes: &'a dyn CodeIssuer,
    gave: Cell<bool>,
}

/// What the rules say to a wish, and about what.
pub(crate) struct Rehearsed {
    /// Some of it stands only in a rehearsal: codes that were given out or taken over.
    pub(crate) gave_codes: bool,
    pub(crate) occurrences: Vec<Occurrence>,
    pub(crate) loaded: Loaded,
}

impl<'a> Rehearsal<'a> {
    pub(crate) fn of(codes: &'a dyn CodeIssuer) -> Self {
        Self {
            codes,
            gave: Cell::new(false),
        }
    }

    /// Whether a code was given out or taken over.
    pub(crate) fn gave(&self) -> bool {
        self.gave.get()
    }
}

impl CodeIssuer for Rehearsal<'_> {
    fn issue(&self, prefix: &str, day: Date) -> Result<DossierCode, CodesExhausted> {
        self.gave.set(true);
        Ok(domain::code::format(prefix, day, 0, 1))
    }

    fn may_take_over(&self, code: &DossierCode) -> Result<(), CodeOfAnotherNode> {
        self.codes.may_take_over(code)
    }

    fn take_over(&self, _: &DossierCode) {
        self.gave.set(true);
    }
}

impl Desk {
    /// Whether the wish would be granted now; `true` when it was carried out before. Nothing is left anywhere.
    ///
    /// # Errors
    /// As [`Desk::carry_out`], as far as it can be known beforehand.
    pub fn would_carry_out(
        &self,
        wish: &Wish,
        secrets: usize,
        build: impl Fn(&[VaultRef]) -> Vec<Command>,
    ) -> Result<bool, HandleError> {
        if self.answered(wish.request)?.is_some() {
            return Ok(true);
        }
        self.rehearse(wish, &build(&vec![personal::placeholder(); secrets]))?;
        Ok(false)
    }
}

/// Whoever takes over what is here already is told so, whatever became of it since.
pub(crate) fn not_here_before(log: &EventLog, commands: &[Command]) -> Result<(), HandleError> {
    for command in commands {
        if let Command::CarryOver(wish) = command
            && let Some(source) = &wish.submit.source
            && let Some(position) = log.find(keys::source(source))?
        {
            return Err(HandleError::SourceTaken { position });
        }
    }
    Ok(())
}

/// Another dossier must not have the same number of the other system, nor the code that this one brings along.
pub(crate) fn names_are_free(
    log: &EventLog,
    occurrences: &[Occurrence],
) -> Result<(), HandleError> {
    for occurrence in occurrences {
        if let Event::DossierSubmitted(submitted) = &occurrence.event
            && let Some(source) = &submitted.source
            && let Some(position) = log.find(keys::source(source))?
        {
            return Err(HandleError::SourceTaken { position });
        }
        if let Event::DossierAccepted(accepted) = &occurrence.event
            && let AcceptanceBasis::CarriedOver { .. } = &accepted.basis
            && let Some(position) = log.find(keys::code(&accepted.code))?
        {
            return Err(HandleError::CodeTaken { position });
        }
    }
    Ok(())
}
