//! The service that says which dossiers are not understood, over any state that knows it.

use std::time::Duration;

use application::codec::NotUnderstood;
use application::parked::{self, HasParked};
use application::projection::{Fold, Projection};
use application::{HandleError, keys, position};
use domain::ids::{DossierCode, DossierId};
use jiff::Timestamp;
use tonic::{Request, Response, Status};

use crate::convert::{change, values};
use crate::edge::recorded_at;
use crate::hoso::log::v1::get_parked_request::Name;
use crate::hoso::log::v1::parked_service_server::{ParkedService, ParkedServiceServer};
use crate::hoso::log::v1::{
    GetParkedRequest, GetParkedResponse, ListParkedRequest, ListParkedResponse, ParkedDossier,
    ParkedRecord,
};
use crate::token::{self, Point};
use crate::{EdgeError, Faults, page, place, text};

/// Records shown of one dossier.
const RECORDS_MAX: usize = 100;
/// What a page token of the list is bound to: there is one list.
const QUESTION: &str = "parked";

/// Answers for one log and what was folded from it.
#[derive(Debug)]
pub struct ParkedCalls<S> {
    folded: Projection<S>,
    patience: Duration,
}

impl<S: Fold + HasParked> ParkedCalls<S> {
    /// The service over a projection; a call waits this long for the positions it asks for.
    pub fn server(folded: Projection<S>, patience: Duration) -> ParkedServiceServer<Self> {
        ParkedServiceServer::new(Self { folded, patience })
    }

    /// Waits until these positions, and whatever is in the log now, are folded.
    async fn wait_for(&self, points: &[Point]) -> Result<(), EdgeError> {
        let log = self.folded.log();
        for point in points {
            position::reach(log, point.log, point.position, self.patience).await?;
        }
        let head = log.head();
        if self.folded.reach(head.position, self.patience).await {
            Ok(())
        } else {
            Err(EdgeError::NotYetHere {
                log: head.log.to_string(),
                wanted: head.position,
                here: self.folded.position(),
            })
        }
    }

    fn outward(&self, id: DossierId, why: &NotUnderstood) -> Result<ParkedDossier, EdgeError> {
        let code = parked::code(self.folded.log(), id).map_err(HandleError::from)?;
        Ok(ParkedDossier {
            dossier_id: id.to_string(),
            code: code.map(|code| code.to_string()).unwrap_or_default(),
            position: why.position,
            kind: why.kind.to_string(),
            schema_version: u32::from(why.schema_version),
            reason: why.reason.clone(),
        })
    }

    /// The dossier with a code, if it is here.
    fn by_code(&self, code: &DossierCode) -> Result<DossierId, EdgeError> {
        let log = self.folded.log();
        let found = log.find(keys::code(code)).map_err(HandleError::from)?;
        let position = found.ok_or(HandleError::Unknown)?;
        let record = log.record(position).map_err(HandleError::from)?;
        Ok(DossierId(record.ok_or(HandleError::Unknown)?.stream.0))
    }

    fn here(&self) -> String {
        token::write(&[self.folded.log().head().into()])
    }
}

#[tonic::async_trait]
impl<S: Fold + HasParked> ParkedService for ParkedCalls<S> {
    async fn list_parked(
        &self,
        request: Request<ListParkedRequest>,
    ) -> Result<Response<ListParkedResponse>, Status> {
        let asked = request.into_inner();
        let mut faults = Faults::default();
        let size = page::size(asked.page_size, &mut faults);
        let after = place::read::<u64>(&asked.page_token, QUESTION, &mut faults);
        let points = faults.take("min_position", token::read(&asked.min_position));
        let points = faults.finish(points)?;
        self.wait_for(&points).await?;
        let (mut page, total, records) = self.folded.read(|state, _| {
            let parked = state.parked();
            let page = parked.page(after.unwrap_or_default(), size.saturating_add(1));
            (page, parked.dossiers(), parked.records())
        });
        let next_page_token = place::cut(&mut page, size, QUESTION, |(_, last)| last.position);
        let dossiers = page
            .iter()
            .map(|(id, why)| self.outward(*id, why))
            .collect::<Result<_, _>>()?;
        Ok(Response::new(ListParkedResponse {
            dossiers,
            next_page_token,
            total: u64::try_from(total).unwrap_or(u64::MAX),
            records,
            position: self.here(),
        }))
    }

    async fn get_parked(
        &self,
        request: Request<GetParkedRequest>,
    ) -> Result<Response<GetParkedResponse>, Status> {
        let asked = request.into_inner();
        let mut faults = Faults::default();
        let points = faults.take("min_position", token::read(&asked.min_position));
        let name = match &asked.name {
            Some(Name::DossierId(id)) => change::dossier_id(id, &mut faults).map(Ok),
            Some(Name::Code(code)) => faults
                .take("code", text::identifier(code, 64))
                .map(|code| Err(DossierCode::new(code))),
            None => {
                faults.note("name", "must name a dossier by its id or its code");
                None
            }
        };
        let (points, name) = faults.finish(points.zip(name))?;
        self.wait_for(&points).await?;
        let id = match name {
            Ok(id) => id,
            Err(code) => self.by_code(&code)?,
        };
        let why = self
            .folded
            .read(|state, _| state.parked().first(id).cloned())
            .ok_or(EdgeError::NotFound {
                what: "parked dossier: this program understands every record of it",
            })?;
        let records =
            parked::records(self.folded.log(), id, RECORDS_MAX).map_err(HandleError::from);
        Ok(Response::new(GetParkedResponse {
            dossier: Some(self.outward(id, &why)?),
            records: records
                .map_err(EdgeError::from)?
                .into_iter()
                .map(|(record, why)| {
                    let origin = record.origin.unwrap_or(record.place);
                    ParkedRecord {
                        position: record.place.position,
                        revision: record.revision,
                        kind: why.kind.to_string(),
                        schema_version: u32::from(why.schema_version),
                        reason: why.reason,
                        occurred_at: Timestamp::from_microsecond(record.event.occurred_at)
                            .ok()
                            .map(values::timestamp),
                        recorded_at: recorded_at(record.place.recorded_at),
                        actor: record.event.actor.to_string(),
                        origin_log_id: origin.log.to_string(),
                        origin_position: origin.position,
                        data_json: String::from_utf8_lossy(&record.event.data).into_owned(),
                    }
                })
                .collect(),
            position: self.here(),
        }))
    }
}
