//! What is known of dossiers in memory: those that are not over, whole; and in the register every one that was ever accepted.

use std::collections::HashMap;
use std::io::{self, Read, Write};

use application::snapshot;
use domain::dossier::{self, Dossier, Phase};
use domain::event::{Correction, Event, Occurrence};
use domain::ids::DossierId;
use serde::{Deserialize, Serialize};

use crate::register::{Register, Spot};
use crate::subtasks::Subtasks;
use crate::watched::Watched;

/// A dossier that is not over: neither returned nor closed for good.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Open {
    /// Its state.
    pub dossier: Dossier,
    /// Its revision.
    pub revision: u32,
    /// Its number in the register, once it is accepted.
    number: Option<u32>,
}

impl Open {
    fn spot(&self) -> Option<Spot> {
        Spot::of(self.number?, &self.dossier)
    }
}

/// The dossiers somebody still has to do something about, and the register of all.
#[derive(Debug, Default)]
pub struct Inbox {
    /// Where every accepted dossier stands in the lists.
    pub register: Register,
    /// What agencies were asked by others.
    pub subtasks: Subtasks,
    /// What may happen by itself.
    pub watched: Watched,
    /// Boxed: a map of large values wastes half of what it holds.
    open: HashMap<DossierId, Box<Open>>,
}

impl Inbox {
    /// A dossier that is not over, as it is now.
    pub fn open(&self, id: DossierId) -> Option<&Open> {
        self.open.get(&id).map(|open| &**open)
    }

    /// Takes in what happened to a dossier; its revision is this one now.
    pub fn take(&mut self, id: DossierId, revision: u32, occurrence: &Occurrence) {
        let mut open = self.open.remove(&id).unwrap_or_default();
        if let (Event::EventCorrected(it), Dossier::Unknown) = (&occurrence.event, &open.dossier)
            && let Correction::LegalTime(time) = &it.correction
        {
            let (was, is) = (time.due_was, time.timeline.due);
            return self.register.due_moved(id, was, is);
        }
        let was = open.spot();
        open.revision = revision;
        open.dossier = dossier::evolve(std::mem::take(&mut open.dossier), occurrence);
        if open.number.is_none()
            && let Some(case) = open.dossier.case()
        {
            open.number = Some(self.register.enter(id, case.code.as_str()));
        }
        self.register.move_to(was, open.spot());
        self.subtasks.update(id, &open.dossier);
        self.watched.update(id, &open.dossier);
        let over = match open.dossier.phase() {
            // Nothing more is left of it here than its place in the register, which only a time put right moves: what else
            // becomes known of it later finds it unknown.
            Phase::Unknown
            | Phase::Refused
            | Phase::Terminated
            | Phase::Returned
            | Phase::Withdrawn
            | Phase::Voided => true,
            Phase::Submitted
            | Phase::AwaitingIntakeSupplement
            | Phase::Accepted
            | Phase::InProcessing
            | Phase::AwaitingSupplement
            | Phase::AwaitingPayment
            | Phase::Suspended
            | Phase::Resolved => false,
        };
        if !over {
            self.open.insert(id, open);
        }
    }

    /// Lays the lists down.
    pub(crate) fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        self.register.write(to)?;
        snapshot::write_lines(to, &self.open)
    }

    /// The lists that were laid down.
    pub(crate) fn read(from: &mut dyn Read) -> io::Result<Self> {
        let mut inbox = Self {
            register: Register::read(from)?,
            ..Self::default()
        };
        for (id, open) in snapshot::read_lines::<(DossierId, Box<Open>)>(from)? {
            inbox.subtasks.update(id, &open.dossier);
            inbox.watched.update(id, &open.dossier);
            inbox.open.insert(id, open);
        }
        Ok(inbox)
    }
}
