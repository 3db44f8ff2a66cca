//! `ack = follower`: no answer before processing has the write too; and what that is good for.

use std::time::Duration;

use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use tokio::time::Instant;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::clerk::{self, until_answered};
use crate::office::connection;
use crate::process::{Role, Special, said};
use crate::record::Record;
use crate::running::Province;
use crate::server::Server;

fn follower() -> Special {
    Special {
        env: vec![("HOSO_ACK", "follower".into())],
        ..Special::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_processing_away_a_local_answer_is_given_and_one_that_waits_for_it_is_not() {
    let nats = Server::start();
    let mut province = Province::open(1, |_| nats.url());
    let patient = Role::start_with("intake", 2, province.folder(), &nats.url(), follower());
    let mut waits = IntakeServiceClient::new(connection(&patient.address));
    let mut local = IntakeServiceClient::new(connection(&province.intakes[0].address));
    let first = clerk::counter_filing();
    let filed = waits.submit_and_accept_dossier(first.clone()).await;
    let filed = filed.unwrap().into_inner();

    province.processing.kill();
    let quick = local
        .submit_and_accept_dossier(clerk::counter_filing())
        .await
        .unwrap()
        .into_inner();
    let again = waits.submit_and_accept_dossier(first).await;
    let again = again.unwrap().into_inner();
    assert_eq!(again, filed, "what processing has is answered at once");
    let second = clerk::counter_filing();
    let began = Instant::now();
    let refused = waits.submit_and_accept_dossier(second.clone()).await;
    let refused = refused.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(refused.code(), Code::Unavailable);
    let info = refused.get_details_error_info().unwrap();
    assert_eq!(info.reason, "NOT_YET_AT_FOLLOWER");
    assert!(refused.get_details_retry_info().is_some());

    province.processing.restart();
    let answered = until_answered(&province.record, "the same request", || {
        let (mut to, request) = (waits.clone(), second.clone());
        async move { to.submit_and_accept_dossier(request).await }
    })
    .await;
    let again = waits.submit_and_accept_dossier(second).await;
    assert_eq!(again.unwrap().into_inner(), answered);
    for answer in [filed, quick, answered] {
        province.record.wrote(&answer.position);
        province.record.note(clerk::counter_filed(answer));
    }
    province.intakes.push(patient);
    province.reconcile().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_lost_with_its_disk_right_after_an_answer_has_lost_nothing_that_processing_lacks() {
    let nats = Server::start();
    let mut province = Province::open(0, |_| nats.url());
    let mut node = Role::start_with("intake", 1, province.folder(), &nats.url(), follower());
    let filings: Vec<_> = (0..40).map(|_| clerk::counter_filing()).collect();
    let mut chance = province.chance.fork();
    let enough = chance.below(30) + 5;
    let acknowledged = Record::default();
    for filing in filings.into_iter().take(usize::try_from(enough).unwrap()) {
        let mut intake = IntakeServiceClient::new(connection(&node.address));
        let answer = intake.submit_and_accept_dossier(filing).await;
        acknowledged.note(clerk::counter_filed(answer.unwrap().into_inner()));
    }
    node.kill();
    std::fs::remove_dir_all(node.data()).unwrap();
    province.processing.kill();
    province.processing.verify();
    let there = province.processing.dump();
    for known in acknowledged.all() {
        let kinds: Vec<_> = there
            .iter()
            .filter(|record| record["stream"] == *known.id)
            .map(|record| record["kind"].as_str().unwrap())
            .collect();
        assert_eq!(
            kinds,
            ["dossier_submitted", "dossier_accepted"],
            "{known:?}"
        );
    }
}

#[test]
fn what_each_ack_promises_is_written_in_the_help() {
    let help = String::from_utf8(said(&["intake", "--help"])).unwrap();
    for part in ["--ack", "NOT_YET_AT_FOLLOWER", "--confirm-clock"] {
        assert!(help.contains(part), "{part} is not in:\n{help}");
    }
}
