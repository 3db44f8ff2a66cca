//! Who looked which dossiers up by an identity number, for auditors.

use api::convert::change;
use api::edge::recorded_at;
use api::hoso::processing::v1::audit_service_server::{AuditService, AuditServiceServer};
use api::hoso::processing::v1::{
    IdentityLookUp, ListIdentityLookUpsRequest, ListIdentityLookUpsResponse,
};
use api::{EdgeError, Faults, identity_service, page, place, token};
use application::{HandleError, look_ups};
use eventlog::Record;
use tonic::{Request, Response, Status};

use crate::grpc::Calls;

/// Answers auditors.
#[derive(Clone, Debug)]
pub struct AuditCalls {
    calls: Calls,
}

impl AuditCalls {
    /// The service over processing's log.
    pub fn server(calls: Calls) -> AuditServiceServer<Self> {
        AuditServiceServer::new(Self { calls })
            .max_decoding_message_size(chassis::serve::REQUEST_BYTES_MAX)
    }

    async fn list(
        &self,
        asked: ListIdentityLookUpsRequest,
    ) -> Result<ListIdentityLookUpsResponse, EdgeError> {
        let mut faults = Faults::default();
        let name = match &asked.dossier {
            Some(named) => change::name(Some(named), &mut faults).map(Some),
            None => Some(None),
        };
        let size = page::size(asked.page_size, &mut faults);
        let question = format!("look-ups/{:?}", asked.dossier);
        let before = place::read::<u64>(&asked.page_token, &question, &mut faults);
        let points = faults.take("min_position", token::read(&asked.min_position));
        let (name, points) = faults.finish(name.zip(points))?;
        self.calls.edge.wait_for(&points).await?;
        let here = self.calls.caught_up().await?;
        let dossier = match &name {
            Some(name) => Some(self.calls.known(name, &points).await?),
            None => None,
        };
        let mut places = self
            .calls
            .board
            .read(|board, _| board.look_ups.page(dossier, before, size + 1));
        let next_page_token = place::cut(&mut places, size, &question, |place| *place);
        let log = self.calls.edge.desk.log();
        let mut look_ups = Vec::with_capacity(places.len());
        for position in places {
            let record = log.record(position).map_err(HandleError::from)?;
            look_ups.extend(record.as_ref().and_then(outward));
        }
        Ok(ListIdentityLookUpsResponse {
            look_ups,
            next_page_token,
            position: token::write(&[here]),
        })
    }
}

/// A look-up as its record tells it; none when a newer program wrote it.
fn outward(record: &Record) -> Option<IdentityLookUp> {
    let told = look_ups::told(record)?;
    let born = record.origin.unwrap_or(record.place);
    Some(IdentityLookUp {
        at: recorded_at(born.recorded_at),
        actor: record.event.actor.to_string(),
        account: told.account.map(|it| it.to_string()).unwrap_or_default(),
        agency: record.event.organisation.to_string(),
        purpose: identity_service::wire_purpose(told.purpose).into(),
        reference: told.reference.map(String::from).unwrap_or_default(),
        dossier_ids: told.dossiers.iter().map(ToString::to_string).collect(),
        more: told.more,
        log_id: born.log.to_string(),
        position: record.place.position,
    })
}

#[tonic::async_trait]
impl AuditService for AuditCalls {
    async fn list_identity_look_ups(
        &self,
        request: Request<ListIdentityLookUpsRequest>,
    ) -> Result<Response<ListIdentityLookUpsResponse>, Status> {
        Ok(Response::new(self.list(request.into_inner()).await?))
    }
}
