//! A small catalogue, ready wishes and a dossier to live through them: what the tests of the steps and the stories share.
//!
//! The integration tests include this file by its path: hence `crate::` means the library in both places.

#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a failed set-up fails the test; not every test binary uses every wish"
)]

#[path = "testing/any_wish.rs"]
mod any_wish;
#[path = "testing/small_catalogue.rs"]
mod small_catalogue;
#[path = "testing/wishes.rs"]
mod wishes;

use std::cell::Cell;

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
};

use crate::catalogue::Catalogue;
use crate::command::Command;
use crate::dossier::{
    CodeIssuer, CodeOfAnotherNode, CodesExhausted, Context, Dossier, decide, evolve, replay,
};
use crate::event::{Event, Occurrence};
use crate::ids::{ActorId, DossierCode, OrganisationId};
use crate::local;
use crate::rejection::Rejection;

pub use any_wish::*;
pub use small_catalogue::*;
pub use wishes::*;

/// A civil time here as an instant: `2022-12-15T09:00`.
pub fn at(civil: &str) -> Timestamp {
    local::instant(civil.parse::<DateTime>().expect(civil))
}

/// A civil date.
pub fn day(civil: &str) -> Date {
    civil.parse().expect(civil)
}

/// Issues 0001, 0002, … whatever the day.
#[derive(Default, Debug)]
pub struct Codes {
    issued: Cell<u32>,
    taken_over: Cell<u32>,
    exhausted: bool,
    foreign: Option<u8>,
}

impl Codes {
    /// None is left.
    pub fn exhausted() -> Self {
        Self {
            exhausted: true,
            ..Self::default()
        }
    }

    /// Every code of another system has the form of this node's.
    pub fn of_another(node: u8) -> Self {
        Self {
            foreign: Some(node),
            ..Self::default()
        }
    }

    /// How many codes of another system became ours.
    pub fn taken_over(&self) -> u32 {
        self.taken_over.get()
    }

    /// How many were asked for.
    pub fn issued(&self) -> u32 {
        self.issued.get()
    }
}

impl CodeIssuer for Codes {
    fn issue(&self, prefix: &str, day: Date) -> Result<DossierCode, CodesExhausted> {
        if self.exhausted {
            return Err(CodesExhausted);
        }
        self.issued.set(self.issued.get() + 1);
        let number = self.issued.get();
        Ok(DossierCode::new(format!(
            "{prefix}-{}-{number:04}",
            day.strftime("%y%m%d")
        )))
    }

    fn may_take_over(&self, _: &DossierCode) -> Result<(), CodeOfAnotherNode> {
        self.foreign
            .map_or(Ok(()), |node| Err(CodeOfAnotherNode(node)))
    }

    fn take_over(&self, _: &DossierCode) {
        self.taken_over.set(self.taken_over.get() + 1);
    }
}

/// A dossier, the time, and all that has happened to it.
#[derive(Debug)]
pub struct Story {
    pub catalogue: Catalogue,
    pub codes: Codes,
    pub now: Timestamp,
    pub may_record_late: bool,
    /// Who acts.
    pub actor: &'static str,
    /// The account that names who acts, if one does.
    pub through: Option<&'static str>,
    pub history: Vec<Occurrence>,
    pub dossier: Dossier,
}

impl Story {
    /// Nothing has happened yet.
    pub fn begins(civil: &str) -> Self {
        Self {
            catalogue: catalogue(),
            codes: Codes::default(),
            now: at(civil),
            may_record_late: false,
            actor: "can-bo-1",
            through: None,
            history: Vec::new(),
            dossier: Dossier::Unknown,
        }
    }

    /// Filed at the counter for a procedure.
    pub fn filed(civil: &str, procedure: &str) -> Self {
        let mut story = Self::begins(civil);
        story.does(Command::Submit(submit(procedure)));
        story
    }

    /// Filed and accepted at the counter for a procedure.
    pub fn accepted(civil: &str, procedure: &str) -> Self {
        let mut story = Self::filed(civil, procedure);
        story.does(accept());
        story
    }

    /// Time passes.
    pub fn at(&mut self, civil: &str) -> &mut Self {
        self.now = at(civil);
        self
    }

    /// What the rules say.
    pub fn decides(&self, command: &Command) -> Result<Vec<Occurrence>, Rejection> {
        self.asks(|ctx| decide(&self.dossier, command, ctx))
    }

    /// Whatever can be asked of the rules, at this time.
    pub fn asks<T>(&self, ask: impl FnOnce(&Context<'_>) -> T) -> T {
        let (actor, organisation) = (ActorId::new(self.actor), OrganisationId::new(AGENCY));
        let through = self.through.map(ActorId::new);
        let ctx = Context {
            now: self.now,
            catalogue: &self.catalogue,
            codes: &self.codes,
            actor: &actor,
            through: through.as_ref(),
            organisation: &organisation,
            may_record_late: self.may_record_late,
            history: &self.history,
        };
        ask(&ctx)
    }

    /// The wish must be granted, and happens.
    pub fn does(&mut self, command: Command) -> &mut Self {
        let happened = self
            .decides(&command)
            .unwrap_or_else(|no| panic!("{command:?} was refused: {no} ({})", no.reason()));
        self.happens(happened);
        self
    }

    /// These events happen.
    pub fn happens(&mut self, happened: Vec<Occurrence>) {
        for occurrence in happened {
            self.dossier = evolve(std::mem::take(&mut self.dossier), &occurrence);
            self.history.push(occurrence);
        }
        assert_eq!(
            replay(&self.history),
            self.dossier,
            "the history gives another dossier"
        );
    }

    /// The wish must be refused; what the rules answer.
    pub fn refuses(&self, command: Command) -> Rejection {
        match self.decides(&command) {
            Err(no) => no,
            Ok(happened) => panic!("{command:?} was granted: {happened:?}"),
        }
    }

    /// The event that happened last.
    pub fn last(&self) -> &Event {
        &self.history.last().expect("something happened").event
    }

    /// The due day now, as text.
    pub fn due(&self) -> String {
        self.dossier.case().unwrap().due.unwrap().date().to_string()
    }

    /// The stable names of the flags.
    pub fn flags(&self) -> Vec<&'static str> {
        self.dossier
            .flags(&self.catalogue)
            .iter()
            .map(|flag| flag.as_str())
            .collect()
    }
}
