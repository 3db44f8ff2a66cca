//! What may have to happen to dossiers by itself: a part of the inbox, so that a look costs what there is to do, not what there is.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::dossier::{Case, Dossier, Waiting};
use domain::ids::{AgencyId, DossierId, VersionHash};
use jiff::civil::Date;

/// What is known of one dossier.
#[derive(Debug)]
struct Known {
    lapses_on: Option<Date>,
    provisional_on: Option<VersionHash>,
    agency: AgencyId,
}

/// Open dossiers by what may happen to them.
#[derive(Debug, Default)]
pub struct Watched {
    lapses: BTreeSet<(Date, DossierId)>,
    provisional: HashMap<DossierId, VersionHash>,
    agencies: HashMap<AgencyId, HashSet<DossierId>>,
    of: HashMap<DossierId, Known>,
}

impl Watched {
    /// Takes in what a dossier has become.
    pub fn update(&mut self, id: DossierId, dossier: &Dossier) {
        if let Some(known) = self.of.remove(&id) {
            if let Some(day) = known.lapses_on {
                self.lapses.remove(&(day, id));
            }
            if known.provisional_on.is_some() {
                self.provisional.remove(&id);
            }
            if let Some(theirs) = self.agencies.get_mut(&known.agency) {
                theirs.remove(&id);
                if theirs.is_empty() {
                    self.agencies.remove(&known.agency);
                }
            }
        }
        let Some(case) = dossier.case() else { return };
        let pending = dossier.ended().is_none();
        // A result that was not handed over passes to a successor as well.
        let to_deliver = dossier.outcome().is_some() && dossier.delivered().is_none();
        if !pending && !to_deliver {
            return;
        }
        let known = Known {
            lapses_on: lapses_on(dossier),
            provisional_on: provisional_on(case).filter(|_| pending),
            agency: case.agency_now.clone(),
        };
        if let Some(day) = known.lapses_on {
            self.lapses.insert((day, id));
        }
        if let Some(calendar) = &known.provisional_on {
            self.provisional.insert(id, calendar.clone());
        }
        self.agencies
            .entry(known.agency.clone())
            .or_default()
            .insert(id);
        self.of.insert(id, known);
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
        self.provisional
            .iter()
            .filter(|(_, counted_on)| *counted_on != calendar)
            .take(max)
            .map(|(id, _)| *id)
            .collect()
    }

    /// How many those are.
    pub fn provisional_count(&self, calendar: &VersionHash) -> u64 {
        let count = self.provisional.values().filter(|on| *on != calendar);
        count.fold(0, |count, _| count + 1)
    }

    /// What the agencies that somebody has taken over from still have, up to `max`.
    pub fn orphaned(&self, ended: impl Fn(&AgencyId) -> bool, max: usize) -> Vec<DossierId> {
        self.agencies
            .iter()
            .filter(|(agency, _)| ended(agency))
            .flat_map(|(_, theirs)| theirs.iter().copied())
            .take(max)
            .collect()
    }
}

fn lapses_on(dossier: &Dossier) -> Option<Date> {
    match dossier.waiting() {
        Some(Waiting::Supplement(request)) => request.lapses_on,
        Some(Waiting::Payment(_) | Waiting::Resumption { .. }) | None => None,
    }
}

fn provisional_on(case: &Case) -> Option<VersionHash> {
    case.due
        .filter(|due| due.provisional)
        .map(|_| case.calendar.clone())
}
