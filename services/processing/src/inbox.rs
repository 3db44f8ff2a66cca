//! What is known of dossiers in memory: those that are not over, in outline; and in the register every one that was ever
//! accepted. What else there is to say of a dossier is in the log.

use std::io::{self, Read, Write};

use application::snapshot;
use domain::clock::Due;
use domain::dossier::{Outline, Subtask};
use domain::event::{Correction, Event, Occurrence};
use domain::ids::DossierId;
use jiff::civil::Date;

use crate::open::OpenDossiers;
use crate::register::{Register, Spot};
use crate::subtasks::Subtasks;
use crate::watched::Watched;

/// The dossiers somebody still has to do something about, and the register of all.
#[derive(Debug, Default)]
pub struct Inbox {
    /// Where every accepted dossier stands in the lists.
    pub register: Register,
    /// What agencies were asked by others.
    pub subtasks: Subtasks,
    /// What may happen by itself.
    pub watched: Watched,
    open: OpenDossiers,
}

impl Inbox {
    /// When an accepted dossier that is not over is due, and the unit that has it.
    pub fn due_and_unit(&self, id: DossierId) -> Option<(Option<Due>, Option<&str>)> {
        self.open.due_and_unit(id)
    }

    /// At which revision a dossier is that is not over.
    pub fn revision(&self, id: DossierId) -> Option<u32> {
        self.open.revision(id)
    }

    /// A dossier that is not over, and its number in the register.
    fn outline(&self, id: DossierId) -> Option<(Option<u32>, Outline)> {
        let (number, mut outline) = self.open.get(id)?;
        if let Some(case) = &mut outline.case {
            case.lapses_on = self.watched.last_day(id);
            case.subtasks = self.subtasks.of(id).to_vec();
        }
        Some((number, outline))
    }

    /// Takes in what happened to a dossier; its revision is this one now.
    pub fn take(&mut self, id: DossierId, revision: u32, occurrence: &Occurrence) {
        let known = self.outline(id);
        if let (Event::EventCorrected(it), None) = (&occurrence.event, &known)
            && let Correction::LegalTime(time) = &it.correction
        {
            let (was, is) = (time.due_was, time.timeline.due);
            return self.register.due_moved(id, was, is);
        }
        let (number, was) = known.unwrap_or_default();
        let is = was.clone().after(occurrence);
        if was == is {
            return self.open.moved_on(id, revision);
        }
        let number = match (number, &occurrence.event) {
            (None, Event::DossierAccepted(accepted)) if is.case.is_some() => {
                Some(self.register.enter(id, accepted.code.as_str()))
            }
            (number, _) => number,
        };
        if let Some(number) = number {
            let spot = |outline| Spot::of(number, outline);
            self.register.move_to(spot(&was), spot(&is));
        }
        self.subtasks.update(id, &is);
        self.watched.update(id, &was, &is);
        // Nothing more is left here of one that is over than its place in the register, which only a time put right moves:
        // what else becomes known of it later finds it unknown.
        self.open.put(id, revision, number, &is);
    }

    /// Lays the lists down.
    pub(crate) fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        self.register.write(to)?;
        self.open.write(to)?;
        let asked: Vec<_> = self.subtasks.all().collect();
        snapshot::write_value(to, &(self.watched.last_days(), asked))
    }

    /// The lists that were laid down.
    pub(crate) fn read(from: &mut dyn Read) -> io::Result<Self> {
        let mut inbox = Self {
            register: Register::read(from)?,
            open: OpenDossiers::read(from)?,
            ..Self::default()
        };
        type Beside = (Vec<(Date, DossierId)>, Vec<(DossierId, Vec<Subtask>)>);
        let (last_days, asked): Beside = snapshot::read_value(from)?;
        for (day, id) in last_days {
            inbox.watched.lapses_on(id, Some(day));
        }
        for (id, subtasks) in asked {
            inbox.subtasks.put(id, subtasks);
        }
        for (id, calendar) in inbox.open.provisional() {
            inbox.watched.provisional_on(id, calendar);
        }
        Ok(inbox)
    }
}
