//! A one-stop software that never gives up: the same request again until it is answered, and a note of every answer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::hoso::dossier::v1::{Applicant, ApplicantKind, Channel, Component, PlaceKind};
use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use api::hoso::intake::v1::{
    Acceptance, Submission, SubmitAndAcceptDossierRequest, SubmitAndAcceptDossierResponse,
};
use api::hoso::processing::v1::processing_service_client::ProcessingServiceClient;
use api::hoso::processing::v1::{Change, DossierName, ResolveDossierRequest, dossier_name};
use api::hoso::reporting::v1::reporting_service_client::ReportingServiceClient;
use api::hoso::reporting::v1::{GetReportRequest, GetReportResponse, Grouping, ReportQuestion};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tonic::transport::{Channel as Connection, Endpoint};
use tonic::{Code, Response, Status};
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(60);
const DEPARTMENT: &str = "000.00.06.H20";
const CENTRE: &str = "TTPVHCC-DT";
const POST: &str = "VNPOST-DT";
/// Five working days.
const PROCEDURE: &str = "2.001616";

/// What was acknowledged about one dossier.
#[derive(Clone, Debug)]
pub(crate) struct Acknowledged {
    pub(crate) dossier: String,
    pub(crate) code: String,
    /// The token of the last write.
    pub(crate) position: String,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<Acknowledged>>>);

impl Notes {
    pub(crate) fn all(&self) -> Vec<Acknowledged> {
        self.0.lock().unwrap().clone()
    }
}

/// What the clerks tell about people; it must never come out anywhere else.
pub(crate) const PERSONAL: [&str; 4] = [APPLICANT, IDENTITY, ADDRESS, WISH];
const APPLICANT: &str = "Lê Văn Thử";
const IDENTITY: &str = "087190001234";
const ADDRESS: &str = "Phường Cao Lãnh, Đồng Tháp";
const WISH: &str = "Cấp lại giấy phép";

/// A connection for a stream that stays open.
pub(crate) fn lasting(address: &str) -> Connection {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    endpoint.connect_lazy()
}

pub(crate) fn connection(address: &str) -> Connection {
    Endpoint::from_shared(format!("http://{address}"))
        .unwrap()
        .connect_timeout(Duration::from_secs(1))
        .timeout(Duration::from_secs(5))
        .connect_lazy()
}

/// Asks until there is an answer. What cannot be answered by waiting ends the test.
pub(crate) async fn until_answered<T, F>(what: &'static str, ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Result<Response<T>, Status>>,
{
    until_answered_noting(what, |_| {}, ask).await
}

/// The same, every refusal that passes noted.
pub(crate) async fn until_answered_noting<T, F>(
    what: &'static str,
    note: impl Fn(&Status),
    mut ask: impl FnMut() -> F,
) -> T
where
    F: Future<Output = Result<Response<T>, Status>>,
{
    let until = Instant::now() + PATIENCE;
    let mut pause = Duration::from_millis(50);
    loop {
        let status = match ask().await {
            Ok(answer) => return answer.into_inner(),
            Err(status) => status,
        };
        // A connection that breaks in the middle of a call is told as UNKNOWN or CANCELLED by the transport.
        let passes = [
            Code::Unavailable,
            Code::DeadlineExceeded,
            Code::Unknown,
            Code::Cancelled,
            Code::Internal,
            Code::ResourceExhausted,
        ];
        assert!(passes.contains(&status.code()), "{what}: {status:?}");
        assert!(Instant::now() < until, "{what}: {status:?}");
        note(&status);
        sleep(pause).await;
        // Who is refused for being one too many comes back later each time.
        if status.code() == Code::ResourceExhausted {
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }
}

pub(crate) fn submission() -> Submission {
    Submission {
        procedure: PROCEDURE.to_owned(),
        agency: DEPARTMENT.to_owned(),
        channel: Channel::Direct.into(),
        place: PlaceKind::Counter.into(),
        point: CENTRE.to_owned(),
        operator: POST.to_owned(),
        applicant: Some(Applicant {
            kind: ApplicantKind::Citizen.into(),
            name: APPLICANT.to_owned(),
            identity_number: IDENTITY.to_owned(),
            address: ADDRESS.to_owned(),
            request_content: WISH.to_owned(),
            ..Applicant::default()
        }),
        components: vec![Component {
            code: "DON".to_owned(),
            originals: 1,
            ..Component::default()
        }],
        synthetic: true,
        ..Submission::default()
    }
}

/// Files and accepts a dossier under this request id: asks until there is an answer.
pub(crate) async fn file(intake: &str, request_id: Uuid) -> SubmitAndAcceptDossierResponse {
    let intake = IntakeServiceClient::new(connection(intake));
    let filing = SubmitAndAcceptDossierRequest {
        request_id: request_id.to_string(),
        ..filing()
    };
    until_answered("filing", || {
        let (mut to, request) = (intake.clone(), filing.clone());
        async move { to.submit_and_accept_dossier(request).await }
    })
    .await
}

/// Asks once, and gives the refusal.
pub(crate) async fn refused_to_file(intake: &str) -> Status {
    let mut intake = IntakeServiceClient::new(connection(intake));
    intake
        .submit_and_accept_dossier(filing())
        .await
        .unwrap_err()
}

pub(crate) fn acceptance() -> Acceptance {
    Acceptance {
        point: CENTRE.to_owned(),
        operator: POST.to_owned(),
        ..Acceptance::default()
    }
}

/// A filing at the counter, accepted at once.
pub(crate) fn filing() -> SubmitAndAcceptDossierRequest {
    SubmitAndAcceptDossierRequest {
        request_id: Uuid::new_v4().to_string(),
        submission: Some(submission()),
        acceptance: Some(acceptance()),
        actor: "clerk-1".to_owned(),
        ..SubmitAndAcceptDossierRequest::default()
    }
}

/// The result of a dossier, once processing has what the token names.
pub(crate) fn resolving(name: dossier_name::Name, min_position: String) -> ResolveDossierRequest {
    ResolveDossierRequest {
        change: Some(Change {
            request_id: Uuid::new_v4().to_string(),
            dossier: Some(DossierName { name: Some(name) }),
            actor: "officer-1".to_owned(),
            min_position,
            ..Change::default()
        }),
        result: "KQ-1".to_owned(),
        electronic: false,
    }
}

/// Files, accepts and resolves dossiers, one after the other, until the office closes.
pub(crate) async fn work(
    intake: String,
    processing: String,
    closed: watch::Receiver<bool>,
    notes: Notes,
) {
    let intake = IntakeServiceClient::new(connection(&intake));
    let processing = ProcessingServiceClient::new(connection(&processing));
    while !*closed.borrow() {
        let filing = filing();
        let filed = until_answered("filing", || {
            let (mut to, request) = (intake.clone(), filing.clone());
            async move { to.submit_and_accept_dossier(request).await }
        })
        .await;
        let dossier = filed.dossier.unwrap();
        let name = dossier_name::Name::DossierId(dossier.dossier_id.clone());
        let resolving = resolving(name, filed.position);
        let resolved = until_answered("resolving", || {
            let (mut to, request) = (processing.clone(), resolving.clone());
            async move { to.resolve_dossier(request).await }
        })
        .await;
        notes.0.lock().unwrap().push(Acknowledged {
            dossier: dossier.dossier_id,
            code: dossier.code,
            position: resolved.position,
        });
        sleep(Duration::from_millis(10)).await;
    }
}

/// This year's report by field, once reporting has everything that these tokens name.
pub(crate) async fn figures(reporting: &str, position: String) -> GetReportResponse {
    let reporting = ReportingServiceClient::new(connection(reporting));
    let year = jiff::tz::Offset::UTC
        .to_datetime(chassis::Clock::system().now())
        .year();
    let request = GetReportRequest {
        question: Some(ReportQuestion {
            from: format!("{}-01-01", year - 1),
            to: format!("{}-12-31", year + 1),
            grouping: Grouping::Field.into(),
            ..ReportQuestion::default()
        }),
        min_position: position,
        small_cells_min: 0,
    };
    until_answered("the report", || {
        let (mut to, request) = (reporting.clone(), request.clone());
        async move { to.get_report(request).await }
    })
    .await
}
