//! Which dossiers of an agency are due soon or overdue, each told once for each state it comes into.
//!
//! A watcher is told in rounds: the clock or the log has moved, what is due is looked at anew, and what differs from what was
//! told is told. What was told at an earlier round need not be remembered: it follows from the position and the moment of that
//! round, so a watcher that comes back with them is told exactly what changed while it was away. Each stream looks by itself;
//! what cannot be read of one dossier keeps nothing from being told of the others.

mod earlier;

use std::collections::HashMap;
use std::time::Duration;

use api::edge::Edge;
use api::hoso::dossier::v1 as wire;
use api::hoso::processing::v1::{
    DeadlineNotice, DeadlineState, WatchDeadlinesRequest, WatchDeadlinesResponse,
};
use api::place::{self, Place as _};
use api::token::Point;
use api::watching::Teller;
use api::{EdgeError, Faults, page, text};
use application::HandleError;
use application::log::{LogId, Position};
use domain::Catalogue;
use domain::clock::{self, Due};
use domain::dossier::Outline;
use domain::ids::{AgencyId, DossierId};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::board::Board;
use crate::listing::Rows;
use crate::register::{Filter, PENDING};
use crate::watching::{self, Watches};

/// How often to see whether the log has moved.
const EVERY: Duration = Duration::from_secs(1);
/// How long a look is good for when only the time passes.
const GOOD_FOR: SignedDuration = SignedDuration::from_secs(15);
/// Dossiers whose rows are made at a time.
const AT_ONCE: usize = 64;

/// Working hours: a working day's, and a quarter's.
const HOURS_DEFAULT: u32 = 8;
const HOURS_MAX: u32 = 400;

/// Whose deadlines, and how far ahead.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    agency: AgencyId,
    unit: Option<Box<str>>,
    hours: u32,
}

/// How a dossier stands to its due date.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    /// It is due within the hours asked for.
    DueSoon,
    /// It is overdue.
    Overdue,
}

impl From<State> for DeadlineState {
    fn from(state: State) -> Self {
        match state {
            State::DueSoon => Self::DueSoon,
            State::Overdue => Self::Overdue,
        }
    }
}

/// A moment, and up to when a dossier is due soon at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    now: Timestamp,
    horizon: Timestamp,
}

impl Scope {
    pub(crate) fn at(&self, now: Timestamp, catalogue: &Catalogue) -> Moment {
        let hours = catalogue.hours(&self.agency);
        Moment {
            now,
            horizon: clock::working_hours_after(now, self.hours, catalogue.calendar(), hours),
        }
    }

    /// The state of a dossier at a moment; none when it is nobody's to hurry about, or not of this agency.
    pub(crate) fn state(&self, dossier: &Outline, moment: &Moment) -> Option<State> {
        let case = dossier.case.as_ref();
        let case = case.filter(|case| dossier.phase.is_pending() && case.agency == self.agency)?;
        self.state_in_unit(case.due, case.unit.as_deref(), moment)
    }

    /// The state of a pending dossier of this agency.
    fn state_in_unit(
        &self,
        due: Option<Due>,
        unit: Option<&str>,
        moment: &Moment,
    ) -> Option<State> {
        let ours = self.unit.is_none() || self.unit.as_deref() == unit;
        ours.then(|| state(due?, moment)).flatten()
    }

    /// Everything there is to tell of at a moment, the nearest due date first.
    fn present(&self, board: &Board, moment: &Moment) -> Vec<(DossierId, State)> {
        let filter = Filter {
            agency: Some(self.agency.clone()),
            phases: PENDING.to_vec(),
            due_before: moment
                .horizon
                .checked_add(SignedDuration::from_micros(1))
                .ok(),
            ..Filter::default()
        };
        let register = &board.inbox.register;
        register
            .page(&filter, None, usize::MAX)
            .into_iter()
            .filter_map(|place| {
                let id = register.dossier(place)?;
                let (due, unit) = board.inbox.due_and_unit(id)?;
                let state = self.state_in_unit(due, unit, moment)?;
                Some((id, state))
            })
            .collect()
    }
}

fn state(due: Due, moment: &Moment) -> Option<State> {
    if due.passed(moment.now) {
        Some(State::Overdue)
    } else {
        (due.at <= moment.horizon).then_some(State::DueSoon)
    }
}

/// Up to where a watcher was told: a position of the log and a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Mark {
    point: Point,
    at: Timestamp,
}

impl place::Place for Mark {
    fn to_bytes(&self) -> Vec<u8> {
        [
            &self.point.log.0.as_bytes()[..],
            &self.point.epoch.to_be_bytes(),
            &self.point.position.to_be_bytes(),
            &self.at.as_microsecond().to_be_bytes(),
        ]
        .concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 36] = bytes.try_into().ok()?;
        Some(Self {
            point: Point {
                log: LogId(Uuid::from_slice(&bytes[..16]).ok()?),
                epoch: u32::from_be_bytes(bytes[16..20].try_into().ok()?),
                position: u64::from_be_bytes(bytes[20..28].try_into().ok()?),
            },
            at: place::time(&bytes[28..])?,
        })
    }
}

/// One watcher's rounds.
#[derive(Debug)]
pub(crate) struct Rounds {
    edge: Edge,
    rows: Rows,
    scope: Scope,
    question: String,
    told: HashMap<DossierId, State>,
    mark: Option<Mark>,
}

impl Watches {
    /// Reads what is asked, and what was told already to one who comes back.
    ///
    /// # Errors
    /// When a field is wrong, or it cannot be gone on from the position.
    pub(crate) async fn deadlines(
        &self,
        asked: &WatchDeadlinesRequest,
    ) -> Result<Rounds, EdgeError> {
        let question = format!(
            "deadlines/{}/{}/{}",
            asked.agency, asked.unit, asked.within_working_hours
        );
        let mut faults = Faults::default();
        let agency = faults.take("agency", text::identifier(&asked.agency, 64));
        let unit = watching::unit(&asked.unit, &mut faults);
        let hours = match asked.within_working_hours {
            0 => Some(HOURS_DEFAULT),
            hours @ 1..=HOURS_MAX => Some(hours),
            _ => {
                faults.note("within_working_hours", "may be at most 400");
                None
            }
        };
        let mark = mark(&asked.after_position, &question, &mut faults);
        let (((agency, unit), hours), mark) =
            faults.finish(agency.zip(unit).zip(hours).zip(mark))?;
        let scope = Scope {
            agency: AgencyId::new(agency),
            unit,
            hours,
        };
        let calls = &self.calls;
        if let Some(mark) = mark {
            watching::start(&calls.edge, Some(mark.point)).await?;
        }
        // What the watcher has just written is among what it is told first.
        calls.caught_up().await?;
        let told = match mark {
            None => HashMap::new(),
            Some(mark) => {
                let (rows, scope) = (calls.rows(), scope.clone());
                let earlier = move || earlier::told(&rows, &scope, mark);
                tokio::task::spawn_blocking(earlier).await??
            }
        };
        Ok(Rounds {
            edge: calls.edge.clone(),
            rows: calls.rows(),
            scope,
            question,
            told,
            mark,
        })
    }
}

/// The mark in a position; none for an empty one.
fn mark(given: &str, question: &str, faults: &mut Faults) -> Option<Option<Mark>> {
    if given.is_empty() {
        return Some(None);
    }
    let read = page::read(given, question, &mut Faults::default());
    let mark = read.and_then(|bytes| Mark::from_bytes(&bytes));
    faults
        .take(
            "after_position",
            mark.ok_or(
                "must be a position of this stream, with all other fields as they were then",
            ),
        )
        .map(Some)
}

impl Rounds {
    /// Tells, for as long as it is run.
    pub(crate) async fn tell(
        mut self,
        mut teller: Teller<WatchDeadlinesResponse>,
    ) -> Result<(), EdgeError> {
        let mut looked: Option<(Position, Timestamp)> = None;
        loop {
            let now = (self.edge.now)();
            let stale = looked.is_none_or(|(position, at)| {
                position != self.rows.board.position() || at + GOOD_FOR <= now || now < at
            });
            if stale {
                let (position, notices) = self.look(now);
                let news = !notices.is_empty() || looked.is_none();
                looked = Some((position, now));
                self.tell_all(&notices, now, &mut teller).await?;
                self.mark = Some(self.mark_at(position, now)?);
                if news {
                    teller.tell(self.end(now)).await?;
                }
            }
            if teller.is_quiet() {
                teller.tell(self.end(now)).await?;
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// What differs from what was told, which it is from then on; and the position that this is of.
    fn look(&mut self, now: Timestamp) -> (Position, Vec<(DossierId, DeadlineState)>) {
        let moment = self.scope.at(now, &self.edge.desk.catalogue());
        let (position, present) = self
            .rows
            .board
            .read(|board, position| (position, self.scope.present(board, &moment)));
        let mut gone = std::mem::take(&mut self.told);
        let mut notices = Vec::new();
        for (id, state) in present {
            if gone.remove(&id) != Some(state) {
                notices.push((id, state.into()));
            }
            self.told.insert(id, state);
        }
        notices.extend(gone.into_keys().map(|id| (id, DeadlineState::Gone)));
        (position, notices)
    }

    async fn tell_all(
        &self,
        notices: &[(DossierId, DeadlineState)],
        now: Timestamp,
        teller: &mut Teller<WatchDeadlinesResponse>,
    ) -> Result<(), EdgeError> {
        for some in notices.chunks(AT_ONCE) {
            let (rows, ids) = (self.rows.clone(), some.iter().map(|(id, _)| *id));
            let ids: Vec<_> = ids.collect();
            let shown = tokio::task::spawn_blocking(move || shown(&rows, &ids)).await?;
            for (dossier, (_, state)) in shown.into_iter().zip(some) {
                teller
                    .tell(WatchDeadlinesResponse {
                        notice: Some(DeadlineNotice {
                            state: (*state).into(),
                            dossier: Some(dossier),
                        }),
                        position: String::new(),
                        at: Some(api::convert::values::timestamp(now)),
                    })
                    .await?;
            }
        }
        Ok(())
    }

    fn mark_at(&self, position: Position, at: Timestamp) -> Result<Mark, EdgeError> {
        let log = self.edge.desk.log();
        let record = match position {
            0 => None,
            position => log.record(position).map_err(HandleError::from)?,
        };
        let head = log.head();
        Ok(Mark {
            point: Point {
                log: head.log,
                epoch: record.map_or(head.epoch, |record| record.place.epoch),
                position,
            },
            at,
        })
    }

    /// The end of a round, or a sign of life.
    fn end(&self, now: Timestamp) -> WatchDeadlinesResponse {
        WatchDeadlinesResponse {
            notice: None,
            position: self
                .mark
                .map(|mark| page::write(&self.question, &mark.to_bytes()))
                .unwrap_or_default(),
            at: Some(api::convert::values::timestamp(now)),
        }
    }
}

/// Dossiers as lists show them; of one that cannot be read its id alone, so that the others are told.
fn shown(rows: &Rows, ids: &[DossierId]) -> Vec<wire::Dossier> {
    if let Ok(all) = rows.of(ids) {
        return all.into_iter().map(|(row, _)| row).collect();
    }
    let one = |id: &DossierId| match rows.of(std::slice::from_ref(id)) {
        Ok(mut rows) => rows.pop().map(|(row, _)| row),
        Err(error) => {
            tracing::error!(dossier = %id, %error, "a deadline is told of a dossier that cannot be read");
            None
        }
    };
    ids.iter()
        .map(|id| {
            one(id).unwrap_or_else(|| wire::Dossier {
                dossier_id: id.to_string(),
                ..wire::Dossier::default()
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
