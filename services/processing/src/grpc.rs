//! Processing's calls. A change is read, wished and answered the same way whatever it is; no rule is here.
//!
//! What is only asked is answered in [`crate::asking`].

use std::sync::{Arc, Mutex};

use api::convert::change;
use api::edge::{self, Asked, Edge};
use api::hoso::dossier::v1 as wire;
use api::hoso::processing::v1::processing_service_server::ProcessingService;
use api::hoso::processing::v1::{
    AssignTaskRequest, AssignTaskResponse, CancelSubtaskRequest, CancelSubtaskResponse,
    CompleteSubtaskRequest, CompleteSubtaskResponse, CorrectApplicantRequest,
    CorrectApplicantResponse, CorrectEventRequest, CorrectEventResponse, EraseSubjectRequest,
    EraseSubjectResponse, ExplainDeadlineRequest, ExplainDeadlineResponse, ExtendDeadlineRequest,
    ExtendDeadlineResponse, GetCalendarRequest, GetCalendarResponse, GetDossierRequest,
    GetDossierResponse, GetFilingRequest, GetFilingResponse, GetHistoryRequest, GetHistoryResponse,
    GiveUpVaultRequest, GiveUpVaultResponse, LapseSupplementRequest, LapseSupplementResponse,
    LinkFeedbackRequest, LinkFeedbackResponse, ListDossiersRequest, ListDossiersResponse,
    ListHeldFilingsRequest, ListHeldFilingsResponse, ListSubtasksRequest, ListSubtasksResponse,
    OpenSubtaskRequest, OpenSubtaskResponse, ProposeVoidRequest, ProposeVoidResponse,
    PublishCalendarRequest, PublishCalendarResponse, ReceiveByCompetentAgencyRequest,
    ReceiveByCompetentAgencyResponse, ReceiveSupplementRequest, ReceiveSupplementResponse,
    RecordComponentsRequest, RecordComponentsResponse, RecordDeliveryFailureRequest,
    RecordDeliveryFailureResponse, RecordDeliveryRequest, RecordDeliveryResponse,
    RecordPaymentRequest, RecordPaymentResponse, RefundFeeRequest, RefundFeeResponse,
    RefuseAfterExaminationRequest, RefuseAfterExaminationResponse, RequestFeeRequest,
    RequestFeeResponse, RequestSupplementRequest, RequestSupplementResponse, ResolveDossierRequest,
    ResolveDossierResponse, ResumeProcessingRequest, ResumeProcessingResponse,
    ReturnResultToAgencyRequest, ReturnResultToAgencyResponse, SuspendProcessingRequest,
    SuspendProcessingResponse, TerminateProcessingRequest, TerminateProcessingResponse,
    TrackDossierRequest, TrackDossierResponse, TransferRequest, TransferResponse,
    VoidAcceptanceRequest, VoidAcceptanceResponse, WaiveFeeRequest, WaiveFeeResponse,
    WithdrawDossierRequest, WithdrawDossierResponse,
};
use api::token;
use api::{EdgeError, Faults};
use application::Answer;
use application::desk::Name;
use application::projection::Projection;
use domain::Catalogue;
use domain::ids::{DossierId, OrganisationId};
use tonic::{Request, Response, Status};

use crate::board::Board;
use crate::calendar::Told;
use crate::homes::Homes;
use crate::reading::Changing;
use crate::shown::Shown;
use crate::vaults::Vaults;

/// What the calls work with.
#[derive(Clone, Debug)]
pub struct Calls {
    pub(crate) edge: Edge,
    pub(crate) board: Projection<Board>,
    /// What is known of the vaults of intake nodes.
    pub(crate) vaults: Vaults,
    /// The catalogue as it is deployed.
    pub(crate) own: Arc<Catalogue>,
    /// Which intake node has which published calendar.
    pub(crate) told: Told,
    /// What dossiers' homes are to be shown.
    pub(crate) homes: Homes,
    /// What lists have shown of late.
    pub(crate) shown: Arc<Mutex<Shown>>,
}

impl Calls {
    /// Carries out any change: the dossier afterwards, and the write's token.
    async fn change<M: Changing>(
        &self,
        request: Request<M>,
    ) -> Result<(Option<wire::Dossier>, String), EdgeError> {
        let answer = self.changed(request).await?;
        Ok((self.edge.written(&answer), edge::token_of(&answer)))
    }

    /// Carries out any change.
    pub(crate) async fn changed<M: Changing>(
        &self,
        request: Request<M>,
    ) -> Result<Answer, EdgeError> {
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
        self.edge
            .carry_out(asked, id, organisation, wished.secrets, move |kept| {
                vec![build(kept)]
            })
            .await
            .map_err(|no| no.placed(&[("actor", "change.actor"), ("correction", "right")]))
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

    async fn propose_void(
        &self,
        request: Request<ProposeVoidRequest>,
    ) -> Result<Response<ProposeVoidResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(ProposeVoidResponse { dossier, position }))
    }

    async fn void_acceptance(
        &self,
        request: Request<VoidAcceptanceRequest>,
    ) -> Result<Response<VoidAcceptanceResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(VoidAcceptanceResponse { dossier, position }))
    }

    async fn correct_event(
        &self,
        request: Request<CorrectEventRequest>,
    ) -> Result<Response<CorrectEventResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(CorrectEventResponse { dossier, position }))
    }

    async fn correct_applicant(
        &self,
        request: Request<CorrectApplicantRequest>,
    ) -> Result<Response<CorrectApplicantResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(CorrectApplicantResponse {
            dossier,
            position,
        }))
    }

    async fn erase_subject(
        &self,
        request: Request<EraseSubjectRequest>,
    ) -> Result<Response<EraseSubjectResponse>, Status> {
        Ok(Response::new(self.erase(request).await?))
    }

    async fn waive_fee(
        &self,
        request: Request<WaiveFeeRequest>,
    ) -> Result<Response<WaiveFeeResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(WaiveFeeResponse { dossier, position }))
    }

    async fn refund_fee(
        &self,
        request: Request<RefundFeeRequest>,
    ) -> Result<Response<RefundFeeResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(RefundFeeResponse { dossier, position }))
    }

    async fn receive_by_competent_agency(
        &self,
        request: Request<ReceiveByCompetentAgencyRequest>,
    ) -> Result<Response<ReceiveByCompetentAgencyResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(ReceiveByCompetentAgencyResponse {
            dossier,
            position,
        }))
    }

    async fn open_subtask(
        &self,
        request: Request<OpenSubtaskRequest>,
    ) -> Result<Response<OpenSubtaskResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(OpenSubtaskResponse { dossier, position }))
    }

    async fn complete_subtask(
        &self,
        request: Request<CompleteSubtaskRequest>,
    ) -> Result<Response<CompleteSubtaskResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(CompleteSubtaskResponse { dossier, position }))
    }

    async fn cancel_subtask(
        &self,
        request: Request<CancelSubtaskRequest>,
    ) -> Result<Response<CancelSubtaskResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(CancelSubtaskResponse { dossier, position }))
    }

    async fn record_components(
        &self,
        request: Request<RecordComponentsRequest>,
    ) -> Result<Response<RecordComponentsResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(RecordComponentsResponse {
            dossier,
            position,
        }))
    }

    async fn record_delivery_failure(
        &self,
        request: Request<RecordDeliveryFailureRequest>,
    ) -> Result<Response<RecordDeliveryFailureResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(RecordDeliveryFailureResponse {
            dossier,
            position,
        }))
    }

    async fn return_result_to_agency(
        &self,
        request: Request<ReturnResultToAgencyRequest>,
    ) -> Result<Response<ReturnResultToAgencyResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(ReturnResultToAgencyResponse {
            dossier,
            position,
        }))
    }

    async fn link_feedback(
        &self,
        request: Request<LinkFeedbackRequest>,
    ) -> Result<Response<LinkFeedbackResponse>, Status> {
        let (dossier, position) = self.change(request).await?;
        Ok(Response::new(LinkFeedbackResponse { dossier, position }))
    }

    async fn get_dossier(
        &self,
        request: Request<GetDossierRequest>,
    ) -> Result<Response<GetDossierResponse>, Status> {
        Ok(Response::new(
            self.ask_get_dossier(request.into_inner()).await?,
        ))
    }

    async fn get_history(
        &self,
        request: Request<GetHistoryRequest>,
    ) -> Result<Response<GetHistoryResponse>, Status> {
        Ok(Response::new(
            self.ask_get_history(request.into_inner()).await?,
        ))
    }

    async fn explain_deadline(
        &self,
        request: Request<ExplainDeadlineRequest>,
    ) -> Result<Response<ExplainDeadlineResponse>, Status> {
        Ok(Response::new(
            self.ask_explain_deadline(request.into_inner()).await?,
        ))
    }

    async fn list_dossiers(
        &self,
        request: Request<ListDossiersRequest>,
    ) -> Result<Response<ListDossiersResponse>, Status> {
        Ok(Response::new(
            self.ask_list_dossiers(request.into_inner()).await?,
        ))
    }

    async fn list_subtasks(
        &self,
        request: Request<ListSubtasksRequest>,
    ) -> Result<Response<ListSubtasksResponse>, Status> {
        Ok(Response::new(
            self.ask_list_subtasks(request.into_inner()).await?,
        ))
    }

    async fn get_filing(
        &self,
        request: Request<GetFilingRequest>,
    ) -> Result<Response<GetFilingResponse>, Status> {
        Ok(Response::new(
            self.ask_get_filing(request.into_inner()).await?,
        ))
    }

    async fn list_held_filings(
        &self,
        request: Request<ListHeldFilingsRequest>,
    ) -> Result<Response<ListHeldFilingsResponse>, Status> {
        Ok(Response::new(
            self.ask_list_held_filings(request.into_inner()).await?,
        ))
    }

    async fn give_up_vault(
        &self,
        request: Request<GiveUpVaultRequest>,
    ) -> Result<Response<GiveUpVaultResponse>, Status> {
        Ok(Response::new(self.give_up(&request.into_inner()).await?))
    }

    async fn publish_calendar(
        &self,
        request: Request<PublishCalendarRequest>,
    ) -> Result<Response<PublishCalendarResponse>, Status> {
        Ok(Response::new(
            self.put_calendar(&request.into_inner()).await?,
        ))
    }

    async fn get_calendar(
        &self,
        _request: Request<GetCalendarRequest>,
    ) -> Result<Response<GetCalendarResponse>, Status> {
        let calendar = Some(self.calendar());
        Ok(Response::new(GetCalendarResponse { calendar }))
    }

    async fn track_dossier(
        &self,
        request: Request<TrackDossierRequest>,
    ) -> Result<Response<TrackDossierResponse>, Status> {
        Ok(Response::new(self.track(request.into_inner())?))
    }
}
