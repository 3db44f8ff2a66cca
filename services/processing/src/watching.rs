//! The watch streams: what happens to dossiers after a position, and which of them are due.

use api::edge::Edge;
use api::hoso::processing::v1::watch_service_server::{WatchService, WatchServiceServer};
use api::hoso::processing::v1::{
    WatchDeadlinesRequest, WatchDeadlinesResponse, WatchDossiersRequest, WatchDossiersResponse,
};
use api::token::{self, Point};
use api::watching::{Teller, WatchEnd, Watchers, Watching};
use api::{EdgeError, Faults, text};
use application::HandleError;
use application::position;
use domain::ids::{AgencyId, FieldCode};
use tonic::{Request, Response, Status};

use crate::changes::{Changes, Concern};
use crate::grpc::Calls;

/// What the streams are told from.
#[derive(Clone, Debug)]
pub struct Watches {
    pub(crate) calls: Calls,
    changes: Changes,
    watchers: Watchers,
}

impl Watches {
    pub(crate) fn new(calls: Calls, watchers: Watchers) -> Self {
        Self {
            changes: Changes::new(calls.edge.clone()),
            calls,
            watchers,
        }
    }

    /// The service; its streams end when the watchers do.
    pub fn server(calls: Calls, watchers: Watchers) -> WatchServiceServer<Self> {
        WatchServiceServer::new(Self::new(calls, watchers))
            .max_decoding_message_size(chassis::serve::REQUEST_BYTES_MAX)
    }

    fn dossiers(
        &self,
        asked: &WatchDossiersRequest,
    ) -> Result<(Option<Point>, Concern), EdgeError> {
        let mut faults = Faults::default();
        let after = after(&asked.after_position, &mut faults);
        let agency = optional("agency", &asked.agency, &mut faults);
        let unit = unit(&asked.unit, &mut faults);
        let field = optional("field", &asked.field, &mut faults);
        let (((after, agency), unit), field) =
            faults.finish(after.zip(agency).zip(unit).zip(field))?;
        let concern = Concern {
            agency: agency.map(AgencyId::new),
            unit,
            field: field.map(FieldCode::new),
        };
        Ok((after, concern))
    }
}

#[tonic::async_trait]
impl WatchService for Watches {
    type WatchDossiersStream = Watching<WatchDossiersResponse>;
    type WatchDeadlinesStream = Watching<WatchDeadlinesResponse>;

    async fn watch_dossiers(
        &self,
        request: Request<WatchDossiersRequest>,
    ) -> Result<Response<Self::WatchDossiersStream>, Status> {
        let (after, concern) = self.dossiers(&request.into_inner())?;
        let from = start(&self.calls.edge, after).await?;
        let changes = self.changes.clone();
        let edge = self.calls.edge.clone();
        let stream = self
            .watchers
            .begin(|teller| tell_changes(edge, changes, concern, from, teller))?;
        Ok(Response::new(stream))
    }

    async fn watch_deadlines(
        &self,
        request: Request<WatchDeadlinesRequest>,
    ) -> Result<Response<Self::WatchDeadlinesStream>, Status> {
        let rounds = self.deadlines(&request.into_inner()).await?;
        let stream = self.watchers.begin(|teller| rounds.tell(teller))?;
        Ok(Response::new(stream))
    }
}

/// Tells what concerns the watcher from a position on, for as long as it is run.
async fn tell_changes(
    edge: Edge,
    changes: Changes,
    concern: Concern,
    mut at: Point,
    mut teller: Teller<WatchDossiersResponse>,
) -> Result<(), EdgeError> {
    let mut head = edge.desk.log().watch();
    // The first message says at once from where it goes on.
    teller.tell(progress(at)).await?;
    loop {
        head.borrow_and_update();
        loop {
            let seen = changes.after(at.position).await?;
            if seen.is_empty() {
                break;
            }
            for seen in seen {
                at = seen.at;
                if let Some(change) = seen.change.filter(|change| concern.takes(change)) {
                    teller
                        .tell(WatchDossiersResponse {
                            position: token::write(&[at]),
                            change: Some(change.told.clone()),
                        })
                        .await?;
                }
            }
            if teller.is_quiet() {
                teller.tell(progress(at)).await?;
            }
        }
        tokio::select! {
            moved = head.changed() => moved?,
            () = tokio::time::sleep_until(teller.sign_of_life()) => {
                teller.tell(progress(at)).await?;
            }
        }
    }
}

fn progress(at: Point) -> WatchDossiersResponse {
    WatchDossiersResponse {
        position: token::write(&[at]),
        change: None,
    }
}

/// The one place of a token; none for an empty one, which asks for what comes from now on.
pub(crate) fn after(given: &str, faults: &mut Faults) -> Option<Option<Point>> {
    let points = faults.take("after_position", token::read(given))?;
    match points.as_slice() {
        [] => Some(None),
        [one] => Some(Some(*one)),
        _ => {
            faults.note("after_position", "must be one position of processing's log");
            None
        }
    }
}

/// Where to begin: at the end of the log, or at a position that its history has.
pub(crate) async fn start(edge: &Edge, after: Option<Point>) -> Result<Point, EdgeError> {
    let log = edge.desk.log();
    let head = log.head();
    let Some(after) = after else {
        return Ok(head.into());
    };
    let another = WatchEnd::AnotherHistory {
        position: after.position,
    };
    if after.log != head.log || after.epoch > head.epoch {
        return Err(another.into());
    }
    if after.position > head.position {
        // An epoch that is over has no more records than are here.
        if after.epoch < head.epoch {
            return Err(another.into());
        }
        position::reach(log, after.log, after.position, edge.patience).await?;
    }
    if after.position == 0 {
        return Ok(after);
    }
    let record = log.record(after.position).map_err(HandleError::from)?;
    match record {
        Some(record) if record.place.epoch == after.epoch => Ok(after),
        Some(_) | None => Err(another.into()),
    }
}

pub(crate) fn optional<'a>(
    name: &str,
    given: &'a str,
    faults: &mut Faults,
) -> Option<Option<&'a str>> {
    if given.is_empty() {
        return Some(None);
    }
    faults.take(name, text::identifier(given, 64)).map(Some)
}

pub(crate) fn unit(given: &str, faults: &mut Faults) -> Option<Option<Box<str>>> {
    if given.is_empty() {
        return Some(None);
    }
    let unit = faults.take("unit", text::line(given, 64))?;
    Some(Some(unit.into()))
}

#[cfg(test)]
mod tests;
