//! What happened to dossiers, as watchers are told it: made out of the log once, however many watch.
//!
//! A change is the same whenever it is asked for: the dossier is folded up to its event, not as it is now. The newest changes
//! are kept for those who are up to date; who is behind reads the log, a few records at a time, on a thread of its own, and
//! hinders nobody.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use api::convert::{dossier as outward, values};
use api::edge::{self, Edge};
use api::hoso::processing::v1::DossierChange;
use api::token::Point;
use api::{EdgeError, edge::NOT_UNDERSTOOD};
use application::HandleError;
use application::codec::NotUnderstood;
use application::desk::Loaded;
use application::log::{Position, Record};
use domain::dossier::{self, Dossier};
use domain::ids::{AgencyId, DossierId, FieldCode};
use jiff::Timestamp;

/// Changes kept for those who are up to date; two kilobytes each.
const KEPT: usize = 1024;
/// Records read at a time by one who is behind.
const AT_ONCE: usize = 64;

/// A record as a watcher sees it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Where it is.
    pub at: Point,
    /// What happened to a dossier; none when the record is of something else.
    pub change: Option<Arc<Change>>,
}

/// What happened to a dossier, and whom it concerns.
#[derive(Debug)]
pub struct Change {
    /// As it is told.
    pub told: DossierChange,
    before: Whose,
    after: Whose,
    field: Option<FieldCode>,
}

/// Who has a dossier.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Whose {
    agency: Option<AgencyId>,
    unit: Option<Box<str>>,
}

/// What a watcher wants to be told.
#[derive(Clone, Debug, Default)]
pub struct Concern {
    /// Only of dossiers that this agency has or had.
    pub agency: Option<AgencyId>,
    /// Only of those that this unit has or had.
    pub unit: Option<Box<str>>,
    /// Only of this field.
    pub field: Option<FieldCode>,
}

impl Concern {
    /// Does it take this change?
    pub fn takes(&self, change: &Change) -> bool {
        let whose = |of: &Whose| {
            (self.agency.is_none() || self.agency == of.agency)
                && (self.unit.is_none() || self.unit == of.unit)
        };
        (whose(&change.before) || whose(&change.after))
            && (self.field.is_none() || self.field == change.field)
    }
}

impl Whose {
    fn of(dossier: &Dossier) -> Self {
        match (dossier.case(), dossier.filing()) {
            (Some(case), _) => Self {
                agency: Some(case.agency_now.clone()),
                unit: case.unit.clone(),
            },
            (None, Some(filing)) => Self {
                agency: Some(filing.submitted.agency.clone()),
                unit: None,
            },
            (None, None) => Self::default(),
        }
    }
}

/// The newest changes, without a gap.
#[derive(Debug, Default)]
struct Recent(VecDeque<Seen>);

impl Recent {
    /// Those after a position; none when it is not among them.
    fn after(&self, position: Position) -> Option<Vec<Seen>> {
        let first = self.0.front()?.at.position;
        let skip = usize::try_from((position + 1).checked_sub(first)?).ok()?;
        (skip < self.0.len()).then(|| self.0.iter().skip(skip).take(AT_ONCE).cloned().collect())
    }

    /// Keeps what follows, or lies beyond, what is kept.
    fn keep(&mut self, seen: &[Seen]) {
        let next = self.0.back().map(|last| last.at.position + 1);
        let Some(first) = seen.first().map(|seen| seen.at.position) else {
            return;
        };
        match next {
            Some(next) if first < next => return,
            Some(next) if first > next => self.0.clear(),
            Some(_) | None => {}
        }
        self.0.extend(seen.iter().cloned());
        let over = self.0.len().saturating_sub(KEPT);
        self.0.drain(..over);
    }
}

/// Makes changes out of the log; clones share what is kept.
#[derive(Clone, Debug)]
pub struct Changes {
    edge: Edge,
    recent: Arc<Mutex<Recent>>,
    /// Held while the newest are made, so that they are made once.
    making: Arc<tokio::sync::Mutex<()>>,
}

impl Changes {
    /// Over the desk's log.
    pub fn new(edge: Edge) -> Self {
        Self {
            edge,
            recent: Arc::default(),
            making: Arc::default(),
        }
    }

    /// Some of what came after a position; nothing at the end of the log.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn after(&self, position: Position) -> Result<Vec<Seen>, EdgeError> {
        let head = self.edge.desk.log().head().position;
        // Who is far behind keeps nobody waiting who is not.
        if position + (KEPT as Position) < head {
            return self.make(position).await;
        }
        if let Some(seen) = self.recent(position) {
            return Ok(seen);
        }
        let _making = self.making.lock().await;
        if let Some(seen) = self.recent(position) {
            return Ok(seen);
        }
        let seen = self.make(position).await?;
        self.lock().keep(&seen);
        Ok(seen)
    }

    fn recent(&self, position: Position) -> Option<Vec<Seen>> {
        self.lock().after(position)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn make(&self, position: Position) -> Result<Vec<Seen>, EdgeError> {
        let edge = self.edge.clone();
        let made = tokio::task::spawn_blocking(move || make(&edge, position)).await?;
        Ok(made?)
    }
}

fn make(edge: &Edge, after: Position) -> Result<Vec<Seen>, HandleError> {
    let records = edge.desk.log().read_after(after, AT_ONCE)?;
    let mut loaded = HashMap::new();
    let mut seen = Vec::with_capacity(records.len());
    for record in &records {
        let change = if record.rival {
            None
        } else {
            let id = DossierId(record.stream.0);
            let whole = match loaded.entry(id) {
                std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::hash_map::Entry::Vacant(unknown) => {
                    unknown.insert(edge.desk.load_known(id)?)
                }
            };
            change(edge, id, record, whole).map(Arc::new)
        };
        seen.push(Seen {
            at: Point {
                log: record.place.log,
                epoch: record.place.epoch,
                position: record.place.position,
            },
            change,
        });
    }
    Ok(seen)
}

/// The change that a record is; none when it is not a dossier's.
fn change(
    edge: &Edge,
    id: DossierId,
    record: &Record,
    (whole, stuck): &(Loaded, Option<NotUnderstood>),
) -> Option<Change> {
    let upto = usize::try_from(record.revision).unwrap_or(usize::MAX);
    let known = &whole.history[..upto.min(whole.history.len())];
    let (last, earlier) = known.split_last()?;
    let before = dossier::replay(earlier);
    let before_whose = Whose::of(&before);
    let after = dossier::evolve(before, last);
    if after == Dossier::Unknown {
        return None;
    }
    let catalogue = edge.desk.catalogue();
    let mut row = outward::dossier(id, &after, record.revision, &catalogue);
    if stuck.is_some() && upto > whole.history.len() {
        row.flags.push(NOT_UNDERSTOOD.to_owned());
    }
    let procedure = after.filing().map(|filing| &filing.submitted.procedure);
    let field = match after.case() {
        Some(case) => Some(case.field.clone()),
        None => procedure
            .and_then(|code| catalogue.procedure(code))
            .map(|procedure| procedure.field.clone()),
    };
    Some(Change {
        told: DossierChange {
            kind: record.event.kind.to_string(),
            occurred_at: Timestamp::from_microsecond(record.event.occurred_at)
                .ok()
                .map(values::timestamp),
            recorded_at: edge::recorded_at(record.place.recorded_at),
            agency_before: before_whose
                .agency
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            dossier: Some(row),
        },
        before: before_whose,
        after: Whose::of(&after),
        field,
    })
}

#[cfg(test)]
mod tests {
    use application::log::LogId;
    use uuid::Uuid;

    use super::*;

    fn seen(position: Position) -> Seen {
        Seen {
            at: Point {
                log: LogId(Uuid::from_u128(1)),
                epoch: 1,
                position,
            },
            change: None,
        }
    }

    fn some(positions: std::ops::RangeInclusive<Position>) -> Vec<Seen> {
        positions.map(seen).collect()
    }

    fn after(recent: &Recent, position: Position) -> Option<(Position, Position)> {
        let seen = recent.after(position)?;
        Some((seen.first()?.at.position, seen.last()?.at.position))
    }

    #[test]
    fn the_newest_changes_are_kept_without_a_gap() {
        let mut recent = Recent::default();
        recent.keep(&some(10..=20));
        assert_eq!(after(&recent, 9), Some((10, 20)));
        assert_eq!(after(&recent, 15), Some((16, 20)));
        assert_eq!((after(&recent, 8), after(&recent, 20)), (None, None));
        recent.keep(&some(12..=25));
        assert_eq!(
            after(&recent, 9),
            Some((10, 20)),
            "what overlaps is left out"
        );
        recent.keep(&some(21..=30));
        assert_eq!(after(&recent, 9), Some((10, 30)));
        recent.keep(&some(40..=41));
        assert_eq!(
            (after(&recent, 30), after(&recent, 39)),
            (None, Some((40, 41)))
        );
        recent.keep(&some(42..=42 + KEPT as Position));
        assert_eq!(recent.0.len(), KEPT);
    }
}
