//! Processing's calls. A change is read, wished and answered the same way whatever it is; no rule is here.

use api::convert::{change, dossier as outward, duplicate, history, values};
use api::edge::{self, Asked, Edge};
use api::hoso::dossier::v1 as wire;
use api::hoso::processing::v1::processing_service_server::ProcessingService;
use api::hoso::processing::v1::{
    AssignTaskRequest, AssignTaskResponse, ExplainDeadlineRequest, ExplainDeadlineResponse,
    ExtendDeadlineRequest, ExtendDeadlineResponse, GetDossierRequest, GetDossierResponse,
    GetHistoryRequest, GetHistoryResponse, LapseSupplementRequest, LapseSupplementResponse,
    ListDossiersRequest, ListDossiersResponse, ReceiveSupplementRequest, ReceiveSupplementResponse,
    RecordDeliveryRequest, RecordDeliveryResponse, RecordPaymentRequest, RecordPaymentResponse,
    RefuseAfterExaminationRequest, RefuseAfterExaminationResponse, RequestFeeRequest,
    RequestFeeResponse, RequestSupplementRequest, RequestSupplementResponse, ResolveDossierRequest,
    ResolveDossierResponse, ResumeProcessingRequest, ResumeProcessingResponse,
    SuspendProcessingRequest, SuspendProcessingResponse, TerminateProcessingRequest,
    TerminateProcessingResponse, TransferRequest, TransferResponse, WithdrawDossierRequest,
    WithdrawDossierResponse,
};
use api::token;
use api::{EdgeError, Faults, page};
use application::HandleError;
use application::desk::{Loaded, Name};
use application::projection::Projection;
use domain::ids::{ActorId, AgencyId, DossierId, OrganisationId};
use tonic::{Request, Response, Status};

use crate::board::Board;
use crate::inbox::{self, Filter, Place};
use crate::reading::Changing;

/// What the calls work with.
#[derive(Clone, Debug)]
pub struct Calls {
    pub(crate) edge: Edge,
    pub(crate) board: Projection<Board>,
}

impl Calls {
    /// Carries out any change: the dossier afterwards, and the write's token.
    async fn change<M: Changing>(
        &self,
        request: Request<M>,
    ) -> Result<(Option<wire::Dossier>, String), EdgeError> {
        let mut asked = request.into_inner();
        let min_position = asked
            .change()
            .as_mut()
            .map(|change| std::mem::take(&mut change.min_position));
        let mut faults = Faults::default();
        let given = asked.change().clone();
        let marked = change::change(
            given.as_ref(),
            &min_position.unwrap_or_default(),
            &mut faults,
        );
        let wished = asked.read(&mut faults)?;
        let ((name, marks), wished) = faults.finish(marked.zip(wished))?;
        let (id, organisation) = self.dossier_to_change(&name, &marks.min_position).await?;
        let asked = Asked {
            marks: &marks,
            method: M::METHOD,
            body: &asked,
        };
        let build = wished.build;
        let answer = self
            .edge
            .carry_out(asked, id, organisation, wished.secrets, |kept| {
                vec![build(kept)]
            })
            .await?;
        Ok((self.edge.written(&answer), edge::token_of(&answer)))
    }

    /// A dossier after the positions asked for are here. One whose own id is not known here may be on its way from
    /// intake, unless the caller waited for intake's answer.
    async fn look_up(
        &self,
        name: &Name,
        points: &[token::Point],
    ) -> Result<(DossierId, Loaded), EdgeError> {
        let id = self.known(name, points).await?;
        Ok((id, self.edge.desk.load(id)?))
    }

    /// The id of a dossier that is here, understood or not.
    async fn known(&self, name: &Name, points: &[token::Point]) -> Result<DossierId, EdgeError> {
        self.edge.wait_for(points).await?;
        let id = self.edge.desk.find(name)?;
        match (self.edge.desk.revision(id)?, points) {
            (0, []) => Err(EdgeError::DossierNotYetHere),
            (0, _) => Err(HandleError::Unknown.into()),
            _ => Ok(id),
        }
    }

    /// The dossier to change, and the agency that has it.
    async fn dossier_to_change(
        &self,
        name: &Name,
        points: &[token::Point],
    ) -> Result<(DossierId, OrganisationId), EdgeError> {
        let (id, loaded) = self.look_up(name, points).await?;
        let agency = loaded
            .dossier
            .case()
            .map_or_else(String::new, |case| case.agency_now.to_string());
        Ok((id, OrganisationId::new(agency)))
    }
}

#[tonic::async_trait]
impl ProcessingService for Calls {
    async fn transfer(
        &self,
        request: Request<TransferRequest>,
    ) -> Result<Response<TransferResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(TransferResponse { dossier, position }))
    }

    async fn assign_task(
        &self,
        request: Request<AssignTaskRequest>,
    ) -> Result<Response<AssignTaskResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(AssignTaskResponse { dossier, position }))
    }

    async fn request_supplement(
        &self,
        request: Request<RequestSupplementRequest>,
    ) -> Result<Response<RequestSupplementResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(RequestSupplementResponse {
            dossier,
            position,
        }))
    }

    async fn receive_supplement(
        &self,
        request: Request<ReceiveSupplementRequest>,
    ) -> Result<Response<ReceiveSupplementResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(ReceiveSupplementResponse {
            dossier,
            position,
        }))
    }

    async fn lapse_supplement(
        &self,
        request: Request<LapseSupplementRequest>,
    ) -> Result<Response<LapseSupplementResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(LapseSupplementResponse { dossier, position }))
    }

    async fn request_fee(
        &self,
        request: Request<RequestFeeRequest>,
    ) -> Result<Response<RequestFeeResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(RequestFeeResponse { dossier, position }))
    }

    async fn record_payment(
        &self,
        request: Request<RecordPaymentRequest>,
    ) -> Result<Response<RecordPaymentResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(RecordPaymentResponse { dossier, position }))
    }

    async fn extend_deadline(
        &self,
        request: Request<ExtendDeadlineRequest>,
    ) -> Result<Response<ExtendDeadlineResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(ExtendDeadlineResponse { dossier, position }))
    }

    async fn suspend_processing(
        &self,
        request: Request<SuspendProcessingRequest>,
    ) -> Result<Response<SuspendProcessingResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(SuspendProcessingResponse {
            dossier,
            position,
        }))
    }

    async fn resume_processing(
        &self,
        request: Request<ResumeProcessingRequest>,
    ) -> Result<Response<ResumeProcessingResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(ResumeProcessingResponse {
            dossier,
            position,
        }))
    }

    async fn terminate_processing(
        &self,
        request: Request<TerminateProcessingRequest>,
    ) -> Result<Response<TerminateProcessingResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(TerminateProcessingResponse {
            dossier,
            position,
        }))
    }

    async fn resolve_dossier(
        &self,
        request: Request<ResolveDossierRequest>,
    ) -> Result<Response<ResolveDossierResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(ResolveDossierResponse { dossier, position }))
    }

    async fn refuse_after_examination(
        &self,
        request: Request<RefuseAfterExaminationRequest>,
    ) -> Result<Response<RefuseAfterExaminationResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(RefuseAfterExaminationResponse {
            dossier,
            position,
        }))
    }

    async fn withdraw_dossier(
        &self,
        request: Request<WithdrawDossierRequest>,
    ) -> Result<Response<WithdrawDossierResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(WithdrawDossierResponse { dossier, position }))
    }

    async fn record_delivery(
        &self,
        request: Request<RecordDeliveryRequest>,
    ) -> Result<Response<RecordDeliveryResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(RecordDeliveryResponse { dossier, position }))
    }

    async fn get_dossier(
        &self,
        request: Request<GetDossierRequest>,
    ) -> Result<Response<GetDossierResponse>, Status> {
        let asked = request.into_inner();
        let mut faults = Faults::default();
        let name = change::name(asked.dossier.as_ref(), &mut faults);
        let points = faults.take("min_position", token::read(&asked.min_position));
        let (name, points) = faults.finish(name.zip(points))?;
        let (id, loaded) = self.look_up(&name, &points).await?;
        let others = self.edge.desk.other_histories(id, &loaded.dossier);
        let others = others.map_err(EdgeError::from)?;
        let notice = duplicate::notice(&name, &loaded, &others).unwrap_or_default();
        Ok(Response::new(GetDossierResponse {
            dossier: Some(wire::Dossier {
                other_histories: duplicate::outward(&loaded, &others),
                ..self.edge.read(id, &loaded)
            }),
            position: self.edge.here(),
            notice_vi: notice.vi,
            notice_en: notice.en,
        }))
    }

    async fn get_history(
        &self,
        request: Request<GetHistoryRequest>,
    ) -> Result<Response<GetHistoryResponse>, Status> {
        let asked = request.into_inner();
        let mut faults = Faults::default();
        let name = change::name(asked.dossier.as_ref(), &mut faults);
        let size = page::size(asked.page_size, &mut faults);
        let question = format!("{:?}", asked.dossier);
        let after = page::read(&asked.page_token, &question, &mut faults);
        let points = faults.take("min_position", token::read(&asked.min_position));
        let (name, points) = faults.finish(name.zip(points))?;
        let id = self.known(&name, &points).await?;
        let records = self.edge.desk.records(id).map_err(EdgeError::from)?;
        let revision = records.last().map_or(0, |record| record.revision);
        let skip = after
            .and_then(|bytes| <[u8; 4]>::try_from(bytes).ok())
            .map_or(0, u32::from_be_bytes);
        let skipped = usize::try_from(skip).unwrap_or(usize::MAX);
        let events: Vec<_> = records
            .iter()
            .skip(skipped)
            .take(size)
            .map(history::entry)
            .collect();
        let next = events
            .last()
            .filter(|last| last.revision < revision)
            .map(|last| page::write(&question, &last.revision.to_be_bytes()));
        Ok(Response::new(GetHistoryResponse {
            dossier_id: id.to_string(),
            events,
            next_page_token: next.unwrap_or_default(),
            position: self.edge.here(),
        }))
    }

    async fn explain_deadline(
        &self,
        request: Request<ExplainDeadlineRequest>,
    ) -> Result<Response<ExplainDeadlineResponse>, Status> {
        let asked = request.into_inner();
        let mut faults = Faults::default();
        let name = change::name(asked.dossier.as_ref(), &mut faults);
        let points = faults.take("min_position", token::read(&asked.min_position));
        let (name, points) = faults.finish(name.zip(points))?;
        let (_, loaded) = self.look_up(&name, &points).await?;
        let explained = outward::explanation(&loaded, self.edge.desk.catalogue()).ok_or(
            EdgeError::NotFound {
                what: "due date: the dossier was never accepted",
            },
        )?;
        Ok(Response::new(ExplainDeadlineResponse {
            position: self.edge.here(),
            ..explained
        }))
    }

    async fn list_dossiers(
        &self,
        request: Request<ListDossiersRequest>,
    ) -> Result<Response<ListDossiersResponse>, Status> {
        let asked = request.into_inner();
        let question = format!(
            "{}/{}/{:?}/{:?}",
            asked.agency, asked.holder, asked.phases, asked.due_before
        );
        let mut faults = Faults::default();
        let size = page::size(asked.page_size, &mut faults);
        let after = page::read(&asked.page_token, &question, &mut faults)
            .and_then(|bytes| Place::from_bytes(&bytes));
        let points = faults.take("min_position", token::read(&asked.min_position));
        let due_before = asked
            .due_before
            .map(|at| faults.take("due_before", values::instant(at)))
            .unwrap_or_default();
        let mut phases = Vec::with_capacity(asked.phases.len().min(16));
        for phase in asked.phases.iter().take(16) {
            match values::phase(*phase).filter(|phase| inbox::lists(*phase)) {
                Some(phase) => phases.push(phase),
                None => faults.note(
                    "phases",
                    "may hold accepted, in processing, awaiting supplement, awaiting payment, suspended and resolved",
                ),
            }
        }
        let points = faults.finish(points)?;
        self.edge.wait_for(&points).await?;
        let head = self.edge.desk.log().head();
        self.board.reach(head.position, self.edge.patience).await;
        let filter = Filter {
            agency: (!asked.agency.is_empty()).then(|| AgencyId::new(asked.agency.as_str())),
            holder: (!asked.holder.is_empty()).then(|| ActorId::new(asked.holder.as_str())),
            phases,
            due_before,
        };
        let places = self
            .board
            .read(|board, _| board.inbox.page(&filter, after, size + 1));
        let next = places
            .get(size)
            .and_then(|_| places.get(size - 1))
            .map(|last| page::write(&question, &last.to_bytes()));
        let dossiers = places
            .iter()
            .take(size)
            .map(|place| self.edge.listed(place.dossier))
            .collect::<Result<_, HandleError>>()
            .map_err(EdgeError::from)?;
        Ok(Response::new(ListDossiersResponse {
            dossiers,
            next_page_token: next.unwrap_or_default(),
            position: self.edge.here(),
        }))
    }
}
