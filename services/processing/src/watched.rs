//! What may have to happen to dossiers by itself: a part of the inbox, so that a look costs what there is to do, not what there is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::dossier::Outline;
use domain::ids::{DossierId, VersionHash};
use jiff::civil::Date;

/// Open dossiers by what may happen to them.
#[derive(Debug, Default)]
pub struct Watched {
    lapses: BTreeSet<(Date, DossierId)>,
    lapses_on: HashMap<DossierId, Date>,
    /// By the calendar that their due dates were counted on.
    provisional: BTreeMap<VersionHash, BTreeSet<DossierId>>,
}

impl Watched {
    /// Takes in what a dossier was and has become.
    pub fn update(&mut self, id: DossierId, was: &Outline, is: &Outline) {
        let lapses_on = is.case.as_ref().and_then(|case| case.lapses_on);
        self.lapses_on(id, lapses_on);
        let (was, is) = (provisional_on(was), provisional_on(is));
        if was != is {
            if let Some(calendar) = was
                && let Some(counted) = self.provisional.get_mut(calendar)
            {
                counted.remove(&id);
                if counted.is_empty() {
                    self.provisional.remove(calendar);
                }
            }
            if let Some(calendar) = is {
                self.provisional_on(id, calendar);
            }
        }
    }

    /// The last day for a dossier's supplement.
    pub fn lapses_on(&mut self, id: DossierId, day: Option<Date>) {
        let was = match day {
            Some(day) => self.lapses_on.insert(id, day),
            None => self.lapses_on.remove(&id),
        };
        if was != day {
            if let Some(was) = was {
                self.lapses.remove(&(was, id));
            }
            if let Some(day) = day {
                self.lapses.insert((day, id));
            }
        }
    }

    /// The last day for the supplement that this dossier waits for.
    pub fn last_day(&self, id: DossierId) -> Option<Date> {
        self.lapses_on.get(&id).copied()
    }

    /// Every such day.
    pub fn last_days(&self) -> &BTreeSet<(Date, DossierId)> {
        &self.lapses
    }

    /// A provisional due date was counted on this calendar.
    pub fn provisional_on(&mut self, id: DossierId, calendar: &VersionHash) {
        match self.provisional.get_mut(calendar) {
            Some(counted) => {
                counted.insert(id);
            }
            None => {
                let counted = BTreeSet::from([id]);
                self.provisional.insert(calendar.clone(), counted);
            }
        }
    }

    /// Whose supplement was due before this day and did not come, up to `max`.
    pub fn lapsed(&self, today: Date, max: usize) -> Vec<DossierId> {
        self.lapses
            .iter()
            .take_while(|(last_day, _)| *last_day < today)
            .take(max)
            .map(|(_, id)| *id)
            .collect()
    }

    /// Whose provisional due date was counted on another calendar than this one, up to `max`.
    pub fn provisional(&self, calendar: &VersionHash, max: usize) -> Vec<DossierId> {
        let others = self.provisional.iter().filter(|(on, _)| *on != calendar);
        others
            .flat_map(|(_, counted)| counted.iter().copied())
            .take(max)
            .collect()
    }

    /// How many those are.
    pub fn provisional_count(&self, calendar: &VersionHash) -> u64 {
        let others = self.provisional.iter().filter(|(on, _)| *on != calendar);
        let count: usize = others.map(|(_, counted)| counted.len()).sum();
        u64::try_from(count).unwrap_or(u64::MAX)
    }
}

fn provisional_on(outline: &Outline) -> Option<&VersionHash> {
    let case = outline.case.as_ref()?;
    let provisional = outline.phase.is_pending() && case.due.is_some_and(|due| due.provisional);
    provisional.then_some(&case.calendar)
}
