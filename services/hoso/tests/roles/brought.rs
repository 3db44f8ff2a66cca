//! A counter takes in what people bring whatever it knows; processing decides it when it can, over NATS and after a restart.

use std::time::Duration;

use api::hoso::dossier::v1::{BroughtWithdrawal, Filing, SourceReference, filing};
use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use api::hoso::intake::v1::{ReceiveFilingRequest, ReceiveFilingResponse};
use api::hoso::processing::v1::processing_service_client::ProcessingServiceClient;
use api::hoso::processing::v1::{
    DossierName, FilingState, GetDossierRequest, GetFilingRequest, GetFilingResponse,
    ListHeldFilingsRequest, dossier_name,
};
use tokio::time::{Instant, sleep};
use tonic::Code;
use uuid::Uuid;

use crate::office::{connection, filing as counter_filing, until_answered};
use crate::process::Role;
use crate::server::Server;

async fn brought(intake: &Role, request: &ReceiveFilingRequest) -> ReceiveFilingResponse {
    until_answered("bringing", || {
        let mut to = IntakeServiceClient::new(connection(&intake.address));
        let request = request.clone();
        async move { to.receive_filing(request).await }
    })
    .await
}

/// What processing says about the filing, once it has what the receipt names.
async fn outcome(processing: &Role, receipt: &ReceiveFilingResponse) -> GetFilingResponse {
    let request = GetFilingRequest {
        filing_id: receipt.filing.as_ref().unwrap().filing_id.clone(),
        min_position: receipt.position.clone(),
    };
    until_answered("asking", || {
        let mut to = ProcessingServiceClient::new(connection(&processing.address));
        let request = request.clone();
        async move { to.get_filing(request).await }
    })
    .await
}

/// A filing has a number of the same kind as a dossier, and is none.
async fn as_a_dossier(processing: &Role, receipt: &ReceiveFilingResponse) -> Code {
    let id = receipt.filing.as_ref().unwrap().filing_id.clone();
    let request = GetDossierRequest {
        dossier: Some(DossierName {
            name: Some(dossier_name::Name::DossierId(id)),
        }),
        min_position: receipt.position.clone(),
    };
    let mut to = ProcessingServiceClient::new(connection(&processing.address));
    to.get_dossier(request).await.unwrap_err().code()
}

async fn held(processing: &Role) -> usize {
    let answer = until_answered("listing", || {
        let mut to = ProcessingServiceClient::new(connection(&processing.address));
        async move {
            to.list_held_filings(ListHeldFilingsRequest::default())
                .await
        }
    });
    answer.await.filings.len()
}

async fn decided(processing: &Role, receipt: &ReceiveFilingResponse) -> GetFilingResponse {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let told = outcome(processing, receipt).await;
        if told.state() != FilingState::Held {
            return told;
        }
        assert!(Instant::now() < until, "the filing is still held");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_brought_to_another_counter_before_the_dossier_is_known_ends_it_from_its_receipt()
 {
    let folder = tempfile::tempdir().unwrap();
    let nats = Server::start();
    let start = |role, node| Role::start(role, node, folder.path(), &nats.url());
    let nodes = [start("intake", 1), start("intake", 2)];
    let mut processing = start("processing", 0);

    let source = SourceReference {
        system: "motcua.dongthap".to_owned(),
        reference: "77".to_owned(),
    };
    let request = ReceiveFilingRequest {
        request_id: Uuid::new_v4().to_string(),
        filing: Some(Filing {
            dossier: Some(filing::Dossier::Source(source.clone())),
            brought: Some(filing::Brought::Withdrawal(BroughtWithdrawal {
                reason_code: "applicant_wish".to_owned(),
            })),
            words: String::new(),
        }),
        operator: "VNPOST-DT".to_owned(),
        actor: "clerk-2".to_owned(),
        min_position: String::new(),
    };
    let receipt = brought(&nodes[1], &request).await;
    assert_eq!(brought(&nodes[1], &request).await, receipt, "asked again");
    let told = outcome(&processing, &receipt).await;
    assert_eq!(told.state(), FilingState::Held);
    assert_eq!(held(&processing).await, 1);
    assert_eq!(as_a_dossier(&processing, &receipt).await, Code::NotFound);
    processing.kill();
    processing.restart();
    assert_eq!(held(&processing).await, 1);

    let mut filed = counter_filing();
    filed.submission.as_mut().unwrap().source = Some(source);
    let filed = until_answered("filing", || {
        let mut to = IntakeServiceClient::new(connection(&nodes[0].address));
        let filed = filed.clone();
        async move { to.submit_and_accept_dossier(filed).await }
    })
    .await;
    let told = decided(&processing, &receipt).await;
    assert_eq!(told.state(), FilingState::Decided);
    assert_eq!(told.dossier_id, filed.dossier.unwrap().dossier_id);
    let event = told.event.unwrap();
    assert_eq!(event.kind, "dossier_withdrawn");
    assert_eq!(event.actor, "clerk-2");
    assert_eq!(held(&processing).await, 0);

    // Another person brings it once more: told so, and nothing happens.
    let again = ReceiveFilingRequest {
        request_id: Uuid::new_v4().to_string(),
        ..request
    };
    let again = brought(&nodes[0], &again).await;
    let told = decided(&processing, &again).await;
    assert_eq!(told.state(), FilingState::Refused);
    assert_eq!(told.reason, "ALREADY_WITHDRAWN");
}
