//! Intake's calls. Each reads the wire, makes a wish and answers; no rule is here.

use api::convert::filing::{self, Filed};
use api::convert::{change, dossier as outward, values};
use api::edge::{self, Asked, Edge};
use api::hoso::dossier::v1 as wire;
use api::hoso::intake::v1::intake_service_server::IntakeService;
use api::hoso::intake::v1::{
    AcceptDossierRequest, AcceptDossierResponse, CorrectApplicantRequest, CorrectApplicantResponse,
    EraseSubjectRequest, EraseSubjectResponse, GetFilingRequest, GetFilingResponse,
    GetSubmissionRequest, GetSubmissionResponse, ImportDossierRequest, ImportDossierResponse,
    ListSubmissionsRequest, ListSubmissionsResponse, ReceiveFilingRequest, ReceiveFilingResponse,
    RecordComponentsRequest, RecordComponentsResponse, RefuseDossierRequest, RefuseDossierResponse,
    RequestIntakeSupplementRequest, RequestIntakeSupplementResponse, SubmitAndAcceptDossierRequest,
    SubmitAndAcceptDossierResponse, SubmitDossierRequest, SubmitDossierResponse,
    SupplementSubmissionRequest, SupplementSubmissionResponse, WithdrawSubmissionRequest,
    WithdrawSubmissionResponse,
};
use api::{EdgeError, Faults, text, token};
use application::personal::{self, Applicant};
use application::projection::Projection;
use application::{Answer, HandleError};
use domain::command::{Accept, Command, EarlierTime, RecordDelivery, Resolve};
use domain::event::DeliveryMode;
use domain::ids::{DossierId, OrganisationId, ProcedureCode, VaultRef};
use prost::Message;
use tonic::{Request, Response, Status};

use crate::reading::Changing;
use crate::receipt;
use crate::undecided::Undecided;
use crate::{Folded, fields};

/// What the calls work with.
#[derive(Clone, Debug)]
pub struct Calls {
    pub(crate) edge: Edge,
    pub(crate) one_of_several: bool,
    /// The clock is set by hand.
    pub(crate) rehearses: bool,
    pub(crate) worklist: Projection<Folded>,
    pub(crate) undecided: Undecided,
}

impl Calls {
    /// A mutation of a dossier that was filed before; the organisation is the one that runs the place of filing.
    async fn change<M: Message>(
        &self,
        asked: Asked<'_, M>,
        dossier: DossierId,
        secrets: Vec<Vec<u8>>,
        build: impl Fn(&[VaultRef]) -> Vec<Command> + Send + Sync + 'static,
    ) -> Result<Answer, EdgeError> {
        self.edge.wait_for(&asked.marks.min_position).await?;
        let operator = self.operator(dossier)?;
        self.edge
            .carry_out(asked, dossier, operator, secrets, build)
            .await
    }

    /// Carries out a change that is nothing but its command: the dossier afterwards, and the write's token.
    async fn wished<M: Changing>(
        &self,
        request: Request<M>,
    ) -> Result<(Option<wire::Dossier>, String), EdgeError> {
        let mut asked = request.into_inner();
        let min_position = asked.take_min_position();
        let mut faults = Faults::default();
        let marked = asked.marks(&min_position, &mut faults);
        let wished = asked.read(&mut faults)?;
        let ((id, marks), wished) = faults.finish(marked.zip(wished))?;
        let asked = Asked {
            marks: &marks,
            method: M::METHOD,
            body: &asked,
        };
        let build = wished.build;
        let answer = self
            .change(asked, id, wished.secrets, move |kept| vec![build(kept)])
            .await?;
        Ok((self.edge.written(&answer), edge::token_of(&answer)))
    }

    /// What this node does not know, another may.
    fn at_home<T>(&self, found: Result<T, EdgeError>) -> Result<T, EdgeError> {
        match found {
            Err(EdgeError::Handle(HandleError::Unknown)) if self.one_of_several => {
                Err(EdgeError::AnotherHome)
            }
            found => found,
        }
    }

    fn operator(&self, dossier: DossierId) -> Result<OrganisationId, EdgeError> {
        let loaded = self.at_home(self.edge.found(dossier))?;
        let filing = loaded.dossier.filing().ok_or(HandleError::Unknown)?;
        Ok(filing.submitted.operator.clone())
    }

    fn receipt(&self, answer: &Answer) -> Option<wire::Receipt> {
        Some(receipt::receipt(
            &self.edge.desk,
            answer,
            answer.dossier.filing()?,
            answer.dossier.case()?,
        ))
    }

    /// The signed minute by which a dossier came from the post: its signing is the moment of lawful filing, whether or not
    /// who accepts says so. One that is older than acceptance may go back gives no time.
    async fn handed_over(&self, dossier: DossierId) -> Option<EarlierTime> {
        let desk = &self.edge.desk;
        let head = desk.log().head();
        self.worklist.reach(head.position, self.edge.patience).await;
        let lawful = self
            .worklist
            .read(|(_, (_, custody)), _| custody.lawful(dossier).cloned())?;
        let (signed_at, now) = (lawful.signed_at, (self.edge.now)());
        domain::dossier::minute_counts(signed_at, now, &desk.catalogue()).then_some(
            EarlierTime::HandOverMinute {
                number: lawful.number,
                signed_at,
            },
        )
    }

    /// Whether the procedure gives its result at once (NĐ 61/2018 Đ.17.4: form 01 only if asked).
    fn immediate(&self, procedure: &ProcedureCode) -> bool {
        self.edge
            .desk
            .catalogue()
            .procedure(procedure)
            .is_some_and(|procedure| procedure.immediate)
    }
}

#[tonic::async_trait]
impl IntakeService for Calls {
    async fn submit_dossier(
        &self,
        request: Request<SubmitDossierRequest>,
    ) -> Result<Response<SubmitDossierResponse>, Status> {
        let mut asked = request.into_inner();
        let min_position = std::mem::take(&mut asked.min_position);
        let mut faults = Faults::default();
        let marks = change::marks(
            &asked.request_id,
            0,
            &asked.actor,
            &min_position,
            &mut faults,
        );
        let filed = filing::submission(asked.submission.as_ref(), &mut faults);
        let (marks, filed) = faults.finish(marks.zip(filed))?;
        self.may_take_in(filed.is_synthetic())?;
        self.edge.wait_for(&marks.min_position).await?;
        let asked = Asked {
            marks: &marks,
            method: "SubmitDossier",
            body: &asked,
        };
        let secrets = vec![edge::secret(&filed.applicant)?];
        let answer = self
            .edge
            .carry_out(
                asked,
                Edge::new_dossier(&marks),
                filed.operator.clone(),
                secrets,
                move |kept| vec![Command::Submit(filed.clone().command(edge::only(kept)))],
            )
            .await
            .map_err(|no| no.placed(&fields::FILING))?;
        Ok(Response::new(SubmitDossierResponse {
            dossier: self.edge.written(&answer),
            position: edge::token_of(&answer),
        }))
    }

    async fn accept_dossier(
        &self,
        request: Request<AcceptDossierRequest>,
    ) -> Result<Response<AcceptDossierResponse>, Status> {
        let mut asked = request.into_inner();
        let min_position = std::mem::take(&mut asked.min_position);
        let mut faults = Faults::default();
        let marks = change::marks(
            &asked.request_id,
            asked.expected_revision,
            &asked.actor,
            &min_position,
            &mut faults,
        );
        let id = change::dossier_id(&asked.dossier_id, &mut faults);
        let accept = filing::acceptance(asked.acceptance.as_ref(), &mut faults);
        let ((marks, id), accept) = faults.finish(marks.zip(id).zip(accept))?;
        self.edge.wait_for(&marks.min_position).await?;
        let filed = self.at_home(self.edge.found(id))?;
        let immediate = filed
            .dossier
            .filing()
            .is_some_and(|filing| self.immediate(&filing.submitted.procedure));
        let accept = Accept {
            receipt_issued: accept.receipt_issued || !immediate,
            earlier: match accept.earlier {
                Some(earlier) => Some(earlier),
                None => self.handed_over(id).await,
            },
            ..accept
        };
        let asked = Asked {
            marks: &marks,
            method: "AcceptDossier",
            body: &asked,
        };
        let operator = accept.operator.clone();
        let answer = self
            .edge
            .carry_out(asked, id, operator, Vec::new(), move |_| {
                vec![Command::Accept(accept.clone())]
            })
            .await
            .map_err(|no| no.placed(&fields::ACCEPTANCE))?;
        Ok(Response::new(AcceptDossierResponse {
            dossier: self.edge.written(&answer),
            receipt: self.receipt(&answer),
            position: edge::token_of(&answer),
        }))
    }

    async fn submit_and_accept_dossier(
        &self,
        request: Request<SubmitAndAcceptDossierRequest>,
    ) -> Result<Response<SubmitAndAcceptDossierResponse>, Status> {
        let mut asked = request.into_inner();
        let min_position = std::mem::take(&mut asked.min_position);
        let mut faults = Faults::default();
        let marks = change::marks(
            &asked.request_id,
            0,
            &asked.actor,
            &min_position,
            &mut faults,
        );
        let filed = filing::submission(asked.submission.as_ref(), &mut faults);
        let accept = filing::acceptance(asked.acceptance.as_ref(), &mut faults);
        let result = if asked.immediate_result.is_empty() {
            Some(None)
        } else {
            faults
                .take(
                    "immediate_result",
                    text::identifier(&asked.immediate_result, 128),
                )
                .map(|result| Some(Box::<str>::from(result)))
        };
        let immediate = filed
            .as_ref()
            .is_some_and(|filed: &Filed| self.immediate(&filed.procedure));
        if let Some(Some(_)) = &result
            && filed.is_some()
            && !immediate
        {
            faults.note(
                "immediate_result",
                "goes with immediate-result procedures only",
            );
        }
        let (((marks, filed), accept), result) =
            faults.finish(marks.zip(filed).zip(accept).zip(result))?;
        self.may_take_in(filed.is_synthetic())?;
        self.edge.wait_for(&marks.min_position).await?;
        let accept = Accept {
            receipt_issued: accept.receipt_issued || !immediate,
            ..accept
        };
        let asked = Asked {
            marks: &marks,
            method: "SubmitAndAcceptDossier",
            body: &asked,
        };
        let secrets = vec![edge::secret(&filed.applicant)?];
        let point = filed.point.clone();
        let answer = self
            .edge
            .carry_out(
                asked,
                Edge::new_dossier(&marks),
                accept.operator.clone(),
                secrets,
                move |kept| {
                    let submit = filed.clone().command(edge::only(kept));
                    let mut commands =
                        vec![Command::Submit(submit), Command::Accept(accept.clone())];
                    commands.extend(result.iter().cloned().flat_map(at_once));
                    commands
                },
            )
            .await
            .map_err(|no| {
                no.placed(&fields::of_both(
                    &self.edge.desk.catalogue(),
                    point.as_ref(),
                ))
            })?;
        Ok(Response::new(SubmitAndAcceptDossierResponse {
            dossier: self.edge.written(&answer),
            receipt: self.receipt(&answer),
            position: edge::token_of(&answer),
        }))
    }

    async fn refuse_dossier(
        &self,
        request: Request<RefuseDossierRequest>,
    ) -> Result<Response<RefuseDossierResponse>, Status> {
        let (dossier, position) = self.wished(request).await?;
        Ok(Response::new(RefuseDossierResponse { dossier, position }))
    }

    async fn request_intake_supplement(
        &self,
        request: Request<RequestIntakeSupplementRequest>,
    ) -> Result<Response<RequestIntakeSupplementResponse>, Status> {
        let (dossier, position) = self.wished(request).await?;
        Ok(Response::new(RequestIntakeSupplementResponse {
            dossier,
            position,
        }))
    }

    async fn supplement_submission(
        &self,
        request: Request<SupplementSubmissionRequest>,
    ) -> Result<Response<SupplementSubmissionResponse>, Status> {
        let (dossier, position) = self.wished(request).await?;
        Ok(Response::new(SupplementSubmissionResponse {
            dossier,
            position,
        }))
    }

    async fn correct_applicant(
        &self,
        request: Request<CorrectApplicantRequest>,
    ) -> Result<Response<CorrectApplicantResponse>, Status> {
        let (dossier, position) = self.wished(request).await?;
        Ok(Response::new(CorrectApplicantResponse {
            dossier,
            position,
        }))
    }

    async fn erase_subject(
        &self,
        request: Request<EraseSubjectRequest>,
    ) -> Result<Response<EraseSubjectResponse>, Status> {
        let id = request.get_ref().dossier_id.clone();
        self.wished(request).await?;
        Ok(Response::new(self.erase(&id).await?))
    }

    async fn record_components(
        &self,
        request: Request<RecordComponentsRequest>,
    ) -> Result<Response<RecordComponentsResponse>, Status> {
        let (dossier, position) = self.wished(request).await?;
        Ok(Response::new(RecordComponentsResponse {
            dossier,
            position,
        }))
    }

    async fn withdraw_submission(
        &self,
        request: Request<WithdrawSubmissionRequest>,
    ) -> Result<Response<WithdrawSubmissionResponse>, Status> {
        let (dossier, position) = self.wished(request).await?;
        Ok(Response::new(WithdrawSubmissionResponse {
            dossier,
            position,
        }))
    }

    async fn get_submission(
        &self,
        request: Request<GetSubmissionRequest>,
    ) -> Result<Response<GetSubmissionResponse>, Status> {
        let asked = request.into_inner();
        let mut faults = Faults::default();
        let name = change::submission_name(asked.name.as_ref(), &mut faults);
        let points = faults.take("min_position", token::read(&asked.min_position));
        let (name, points) = faults.finish(name.zip(points))?;
        let (id, loaded) = self.at_home(self.edge.look_up(&name, &points).await)?;
        let filing = loaded
            .dossier
            .filing()
            .ok_or(EdgeError::Handle(HandleError::Unknown))?;
        let vault = self.edge.desk.vault();
        let person: Option<Applicant> = personal::recall(vault, &filing.submitted.subject)
            .map_err(|error| EdgeError::Handle(error.into()))?;
        let erased = vault.is_erased(id.0);
        Ok(Response::new(GetSubmissionResponse {
            dossier: Some(self.edge.read(id, &loaded)),
            applicant_erased: person.is_none() && erased,
            applicant_not_here: person.is_none() && !erased,
            applicant: person.map(|person| outward::applicant(filing.submitted.applicant, person)),
            components: filing
                .components
                .iter()
                .map(values::wire_component)
                .collect(),
            position: self.edge.here(),
        }))
    }

    async fn receive_filing(
        &self,
        request: Request<ReceiveFilingRequest>,
    ) -> Result<Response<ReceiveFilingResponse>, Status> {
        Ok(Response::new(self.take_filing(request.into_inner()).await?))
    }

    async fn get_filing(
        &self,
        request: Request<GetFilingRequest>,
    ) -> Result<Response<GetFilingResponse>, Status> {
        Ok(Response::new(self.ask_filing(request.into_inner()).await?))
    }

    async fn import_dossier(
        &self,
        request: Request<ImportDossierRequest>,
    ) -> Result<Response<ImportDossierResponse>, Status> {
        Ok(Response::new(self.take_over(request.into_inner()).await?))
    }

    async fn list_submissions(
        &self,
        request: Request<ListSubmissionsRequest>,
    ) -> Result<Response<ListSubmissionsResponse>, Status> {
        Ok(Response::new(self.list(request.into_inner()).await?))
    }
}

/// An immediate result is entered and handed over in the same breath.
fn at_once(result: Box<str>) -> [Command; 2] {
    [
        Command::Resolve(Resolve {
            result,
            electronic: false,
            earlier: None,
        }),
        Command::RecordDelivery(RecordDelivery {
            mode: DeliveryMode::Counter,
            item: None,
            proof: None,
            to_authorised: false,
        }),
    ]
}
