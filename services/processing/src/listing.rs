//! Lists of dossiers: the officer's inbox, what is finished, and what begins with a part of a code.

use std::sync::{Arc, Mutex, PoisonError};

use api::convert::values;
use api::edge::Edge;
use api::hoso::dossier::v1 as wire;
use api::hoso::processing::v1::{ListDossiersRequest, ListDossiersResponse};
use api::token::{self, Point};
use api::{EdgeError, Faults, page, place, text};
use application::HandleError;
use application::projection::Projection;
use domain::dossier::Phase;
use domain::ids::{ActorId, AgencyId, DossierId};

use crate::board::Board;
use crate::grpc::Calls;
use crate::register::{self, CodePlace, Filter, Place};
use crate::shown::Shown;

/// So many times the page are looked at for those that the other fields take, before a shorter page is given.
const LOOKED_AT: usize = 4;

impl Calls {
    /// A page of dossiers.
    ///
    /// # Errors
    /// When a field is wrong, or a position is not here.
    pub(crate) async fn ask_list_dossiers(
        &self,
        asked: ListDossiersRequest,
    ) -> Result<ListDossiersResponse, EdgeError> {
        let question = format!(
            "{}/{}/{:?}/{:?}/{:?}/{}",
            asked.agency,
            asked.holder,
            asked.phases,
            asked.due_from,
            asked.due_before,
            asked.code_prefix
        );
        let mut faults = Faults::default();
        let size = page::size(asked.page_size, &mut faults);
        let filter = filter(&asked, &mut faults);
        let by_code = !asked.code_prefix.is_empty();
        if by_code {
            faults.take(
                "code_prefix",
                text::identifier(&asked.code_prefix, domain::code::LENGTH_MAX),
            );
        }
        let (after, after_code) = if by_code {
            let after = place::read::<CodePlace>(&asked.page_token, &question, &mut faults);
            (None, after)
        } else {
            let after = place::read::<Place>(&asked.page_token, &question, &mut faults);
            (after, None)
        };
        let points = faults.take("min_position", token::read(&asked.min_position));
        let points = faults.finish(points)?;
        self.edge.wait_for(&points).await?;
        let here = self.caught_up().await?;
        let rows = self.rows();
        // Dossiers are read from the log: on a thread of its own, so that nobody waits for it.
        let listed = tokio::task::spawn_blocking(move || {
            if by_code {
                rows.by_code(
                    &asked.code_prefix,
                    after_code.as_ref(),
                    &filter,
                    size,
                    &question,
                )
            } else {
                rows.by_due(&filter, after, size, &question)
            }
        });
        let (dossiers, next_page_token) = listed.await??;
        Ok(ListDossiersResponse {
            dossiers,
            next_page_token,
            position: token::write(&[here]),
        })
    }

    /// Rows as of now.
    pub(crate) fn rows(&self) -> Rows {
        Rows {
            board: self.board.clone(),
            edge: self.edge.clone(),
            shown: Arc::clone(&self.shown),
        }
    }

    /// Waits until everything in the log now is in the lists, and says how far that is.
    ///
    /// # Errors
    /// When it is not within the patience.
    pub(crate) async fn caught_up(&self) -> Result<Point, EdgeError> {
        let head = self.edge.desk.log().head();
        if self.board.reach(head.position, self.edge.patience).await {
            return Ok(head.into());
        }
        Err(EdgeError::NotYetHere {
            log: head.log.to_string(),
            wanted: head.position,
            here: self.board.position(),
        })
    }
}

fn filter(asked: &ListDossiersRequest, faults: &mut Faults) -> Filter {
    let due_from = asked
        .due_from
        .and_then(|at| faults.take("due_from", values::instant(at)));
    let due_before = asked
        .due_before
        .and_then(|at| faults.take("due_before", values::instant(at)));
    let mut phases = Vec::with_capacity(asked.phases.len().min(16));
    for phase in asked.phases.iter().take(16) {
        match values::phase(*phase).filter(|phase| register::lists(*phase)) {
            Some(phase) => phases.push(phase),
            None => faults.note(
                "phases",
                "may hold the phases of accepted dossiers; intake lists the others",
            ),
        }
    }
    if phases.is_empty() {
        phases = if asked.code_prefix.is_empty() {
            register::PENDING.to_vec()
        } else {
            Phase::ALL.to_vec()
        };
    }
    Filter {
        agency: (!asked.agency.is_empty()).then(|| AgencyId::new(asked.agency.as_str())),
        holder: (!asked.holder.is_empty()).then(|| ActorId::new(asked.holder.as_str())),
        phases,
        due_from,
        due_before,
    }
}

/// Dossiers as lists show them.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    pub(crate) board: Projection<Board>,
    pub(crate) edge: Edge,
    shown: Arc<Mutex<Shown>>,
}

/// A page, and the token of the next one.
type Page = (Vec<wire::Dossier>, String);

impl Rows {
    fn by_due(
        &self,
        filter: &Filter,
        after: Option<Place>,
        size: usize,
        question: &str,
    ) -> Result<Page, HandleError> {
        let (ids, next) = self.board.read(|board, _| {
            let register = &board.inbox.register;
            let mut places = register.page(filter, after, size + 1);
            let next = place::cut(&mut places, size, question, |place| *place);
            let ids: Vec<_> = places
                .into_iter()
                .filter_map(|place| register.dossier(place))
                .collect();
            (ids, next)
        });
        let rows = self.of(&ids)?;
        Ok((rows.into_iter().map(|(row, _)| row).collect(), next))
    }

    /// In the order of codes, whatever the due dates.
    fn by_code(
        &self,
        prefix: &str,
        after: Option<&CodePlace>,
        filter: &Filter,
        size: usize,
        question: &str,
    ) -> Result<Page, HandleError> {
        let most = size * LOOKED_AT;
        let found = self
            .board
            .read(|board, _| board.inbox.register.by_code(prefix, after, most + 1));
        let mut rows = Vec::with_capacity(size);
        let mut seen = 0;
        for some in found.get(..most).unwrap_or(&found).chunks(size) {
            let ids: Vec<_> = some.iter().map(|(_, id)| *id).collect();
            for (row, phase) in self.of(&ids)? {
                seen += 1;
                if takes(filter, &row, phase) {
                    rows.push(row);
                }
                if rows.len() == size {
                    break;
                }
            }
            if rows.len() == size {
                break;
            }
        }
        let mut looked_at = found;
        looked_at.truncate(seen + 1);
        let next = place::cut(&mut looked_at, seen, question, |(code, _)| code.clone());
        Ok((rows, next))
    }

    /// These dossiers, with their phases: out of the log, but for open ones of which nothing has happened since they were
    /// shown last.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(crate) fn of(&self, ids: &[DossierId]) -> Result<Vec<(wire::Dossier, Phase)>, HandleError> {
        let catalogue = self.edge.desk.catalogue();
        let revisions: Vec<_> = self.board.read(|board, _| {
            let revision = |id: &DossierId| match board.parked.first(*id) {
                // One that is not understood is told as far as it is, which the log says.
                Some(_) => None,
                None => board.inbox.revision(*id),
            };
            ids.iter().map(revision).collect()
        });
        let lock = || self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shown = lock();
        let rows = ids.iter().zip(&revisions);
        let rows: Vec<_> = rows
            .map(|(id, revision)| shown.row(*id, (*revision)?, &catalogue))
            .collect();
        drop(shown);
        let wanted = ids.iter().zip(&rows).filter(|(_, row)| row.is_none());
        let wanted: Vec<_> = wanted.map(|(id, _)| *id).collect();
        let mut read = self.edge.listed(&wanted)?.into_iter();
        let mut shown = lock();
        let mut all = Vec::with_capacity(ids.len());
        for ((id, revision), row) in ids.iter().zip(revisions).zip(rows) {
            let row = row.or_else(|| {
                let row = read.next()?;
                if revision.is_some() {
                    shown.keep(*id, &row, &catalogue);
                }
                Some(row)
            });
            all.extend(row.map(|row| {
                let phase = values::phase(row.phase).unwrap_or(Phase::Unknown);
                (row, phase)
            }));
        }
        Ok(all)
    }
}

fn takes(filter: &Filter, row: &wire::Dossier, phase: Phase) -> bool {
    let due = row.due.as_ref().and_then(|due| due.at);
    let due = due.and_then(|at| values::instant(at).ok());
    filter.phases.contains(&phase)
        && filter
            .agency
            .as_ref()
            .is_none_or(|agency| agency.as_str() == row.agency_now)
        && filter
            .holder
            .as_ref()
            .is_none_or(|holder| holder.as_str() == row.holder)
        && filter
            .due_from
            .is_none_or(|from| due.is_none_or(|due| due >= from))
        && filter
            .due_before
            .is_none_or(|before| due.is_some_and(|due| due < before))
}

#[cfg(test)]
mod tests;
