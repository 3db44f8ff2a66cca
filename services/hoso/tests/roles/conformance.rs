//! The conformance run for vendors, over our own server: every promise is kept, said in a line, and nothing is left lying.

use std::fs;

use api::hoso::intake::v1::ListSubmissionsRequest;
use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use api::hoso::processing::v1::ListDossiersRequest;
use api::hoso::processing::v1::processing_service_client::ProcessingServiceClient;

use serde_json::json;

use crate::office::{connection, until_answered};
use crate::process::{Role, hoso, path, ran};
use crate::scene::Scene;
use crate::server::Server;

/// As many as the protocol page says that it tries, the clearing away with them.
const PROMISES: usize = 22;

fn lines(said: &str, mark: char) -> Vec<&str> {
    said.lines().filter(|line| line.starts_with(mark)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_own_server_keeps_every_promise_of_the_protocol_and_is_left_as_it_was() {
    let place = tempfile::tempdir().unwrap();
    let nats = Server::start();
    let intake = Role::start("intake", 1, place.path(), &nats.url());
    let processing = Role::start("processing", 0, place.path(), &nats.url());
    let to = ["--server", &intake.address];
    let (well, said) = ran(&[
        &["terminal", "check", "--processing", &processing.address],
        &to[..],
    ]
    .concat());
    assert!(well, "{said}");
    assert_eq!(lines(&said, '✓').len(), PROMISES, "{said}");
    assert_eq!(said.lines().count(), PROMISES, "one line each: {said}");
    for tried in [
        "#1 collected → TAKEN",
        "REFUSED HAND_OVER_NUMBER_TAKEN hand_over.number",
        "REFUSED INVALID_FIELD hand_over.papers[1].slip",
        "AcknowledgeHandOver → HAND_OVER_ACKNOWLEDGED",
        "[signed_in_future]",
        "AcceptDossier → 000.00.06.H20-",
        "to withdraw, 1 to void",
    ] {
        assert!(said.contains(tried), "{tried} is not in:\n{said}");
    }

    // Where nobody could void it again, nothing is accepted.
    let (well, said) = ran(&[&["terminal", "check"], &to[..]].concat());
    assert!(well, "{said}");
    assert_eq!(lines(&said, '–').len(), 1, "{said}");
    assert_eq!(lines(&said, '✓').len(), PROMISES - 1, "{said}");

    let waiting = until_answered("what waits at intake", || {
        let mut to = IntakeServiceClient::new(connection(&intake.address));
        async move { to.list_submissions(ListSubmissionsRequest::default()).await }
    });
    assert_eq!(waiting.await.submissions, []);
    let pending = until_answered("what officers have", || {
        let mut to = ProcessingServiceClient::new(connection(&processing.address));
        async move { to.list_dossiers(ListDossiersRequest::default()).await }
    });
    assert_eq!(pending.await.dossiers, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_tokens_every_promise_is_kept_too_and_two_accounts_take_back_what_was_accepted() {
    let scene = Scene::set(&[]).await;
    let issuer = &scene.issuer;
    let scopes = ["operate", "take-in", "accept", "read-applicant", "correct"];
    let all = json!({"agency": "*", "point": "*", "office": "*", "terminal": "*"});
    let [first, second] = ["first.jwt", "second.jwt"].map(|name| issuer.file(name));
    fs::write(&first, issuer.token("kiem-tra-1", &scopes, &all)).unwrap();
    fs::write(&second, issuer.token("kiem-tra-2", &["correct"], &all)).unwrap();
    let check = |seconds: &[&str]| {
        let output = hoso()
            .args(["terminal", "check"])
            .args(["--server", &format!("https://{}", scene.hoso.intake)])
            .args([
                "--processing",
                &format!("https://{}", scene.hoso.processing),
            ])
            .args(seconds)
            .env("HOSO_CA", issuer.file("ca.pem"))
            .env("HOSO_TOKEN_FILE", &first)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        (output.status.success(), said)
    };
    let (well, said) = check(&["--second-token-file", path(&second)]);
    assert!(well, "{said}");
    assert_eq!(lines(&said, '✓').len(), PROMISES, "{said}");
    let (well, said) = check(&[]);
    assert!(!well, "{said}");
    assert!(said.contains("VOID_BY_SAME_PERSON"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_breaks_a_promise_is_told_which_and_how() {
    let place = tempfile::tempdir().unwrap();
    let nats = Server::start();
    let intake = Role::start("intake", 1, place.path(), &nats.url());
    // Nobody of that name may accept there, so what acceptance promises cannot be kept.
    let (well, said) = ran(&[
        "terminal",
        "check",
        "--server",
        &intake.address,
        "--processing",
        "127.0.0.1:1",
        "--operator",
        "KHONG-CO",
    ]);
    assert!(!well, "{said}");
    let broken = lines(&said, '✗');
    assert_eq!(broken.len(), 1, "{said}");
    let told = broken[0];
    assert!(
        told.contains("acceptance counts from the signing"),
        "{told}"
    );
    assert!(told.contains(" ! ") && told.contains("KHONG-CO"), "{told}");
    assert_eq!(said.lines().count(), PROMISES, "one line each: {said}");
}
