//! How a program with TLS and tokens is entered: certificates of both sides, exchanged while it runs, and the commands.

use std::fs;
use std::path::Path;
use std::time::Duration;

use api::hoso::log::v1::GetStatusRequest;
use api::hoso::log::v1::log_service_client::LogServiceClient;
use serde_json::json;
use tonic::Code;

use crate::identity::{Guarded, with_token};
use crate::issuer::Issuer;
use crate::process::{Role, hoso, path, refused};
use crate::province::{key_file, nats_config};
use crate::raw;
use crate::scene::Scene;
use crate::server::Server;

#[tokio::test]
async fn a_client_without_a_certificate_does_not_come_in_where_one_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = Issuer::new(folder.path());
    issuer.certify("client");
    let ca = issuer.file("ca.pem");
    let hoso_up = Guarded::start(
        &folder.path().join("data"),
        &issuer,
        &["--tls-client-ca", path(&ca)],
    );
    let token = issuer.token("operator", &["operate"], &json!({}));
    let head = "/hoso.log.v1.LogService/GetHead";
    let without = issuer.connection(&hoso_up.intake, None);
    assert_ne!(raw::ask(&without, head, &[], &token).await, None);
    let with = issuer.connection(&hoso_up.intake, Some("client"));
    assert_eq!(raw::ask(&with, head, &[], &token).await, None);
    // A certificate says who connects; who may do what, a token says.
    assert_eq!(
        raw::ask(&with, head, &[], "").await,
        Some(Code::Unauthenticated)
    );
}

#[tokio::test]
async fn certificates_are_exchanged_while_it_runs_and_no_connection_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = Issuer::new(folder.path());
    let hoso_up = Guarded::start(&folder.path().join("data"), &issuer, &[]);
    let token = issuer.token("operator", &["operate"], &json!({}));
    let head = "/hoso.log.v1.LogService/GetHead";
    let old = issuer.connection(&hoso_up.intake, None);
    assert_eq!(raw::ask(&old, head, &[], &token).await, None);
    // Another authority, another key, in the same files.
    let next = tempfile::tempdir().unwrap();
    let next = Issuer::new(next.path());
    for name in ["server.key", "server.pem"] {
        fs::copy(next.file(name), issuer.file(name)).unwrap();
    }
    let until = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        let new = next.connection(&hoso_up.intake, None);
        if raw::ask(&new, head, &[], &token).await.is_none() {
            break;
        }
        assert!(
            tokio::time::Instant::now() < until,
            "the new certificate is not in use"
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(
        raw::ask(&old, head, &[], &token).await,
        None,
        "what was open stays open"
    );
}

#[tokio::test]
async fn the_commands_come_in_with_a_token_from_a_file_and_never_in_the_open() {
    let scene = Scene::set(&[]).await;
    let token = scene.issuer.file("token");
    fs::write(&token, scene.token("auditor")).unwrap();
    let (code, ca) = (scene.own.code.clone(), scene.issuer.file("ca.pem"));
    let run = async |server: String| {
        let (code, ca, token) = (code.clone(), ca.clone(), token.clone());
        let command = move || {
            hoso()
                .args(["dossier", "history", &code, "--server", &server])
                .env("HOSO_CA", ca)
                .env("HOSO_TOKEN_FILE", token)
                .output()
                .unwrap()
        };
        tokio::task::spawn_blocking(command).await.unwrap()
    };
    let at = &scene.hoso.processing;
    let output = run(format!("https://{at}")).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let output = run("http://192.0.2.1:7602".to_owned()).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("https:// only"), "{said}");
}

/// As `deploy/examples/guarded` has it, but for where the files are.
#[tokio::test]
async fn the_roles_of_the_guarded_example_are_come_in_to_with_a_token_only() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = Issuer::new(folder.path());
    let nats = Server::start_with(Some(&nats_config(folder.path())));
    for name in ["master.key", "line.key"] {
        key_file(&issuer.file(name));
    }
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/examples/guarded");
    let here = folder.path().to_str().unwrap();
    let mut roles = Vec::new();
    for (role, name) in [
        ("intake", "intake-centre.toml"),
        ("processing", "processing-main.toml"),
        ("reporting", "reporting-ioc.toml"),
    ] {
        let text = fs::read_to_string(shipped.join(name)).unwrap();
        let text = text
            .replace("/etc/hoso", here)
            .replace("https://dangnhap.tinh.vn", "tinh");
        fs::write(issuer.file(name), text).unwrap();
        roles.push(Role::start_shipped(
            role,
            &issuer.file(name),
            folder.path(),
            &nats.url(),
        ));
    }
    let token = issuer.token("operator", &["operate"], &json!({}));
    let status = "/hoso.log.v1.LogService/GetStatus";
    for role in &roles {
        let connection = issuer.connection(&role.address, None);
        assert_eq!(
            raw::ask(&connection, status, &[], "").await,
            Some(Code::Unauthenticated)
        );
        let until = tokio::time::Instant::now() + Duration::from_secs(60);
        // With its own credentials the relay gets through: nothing waits to be published.
        loop {
            let mut log = LogServiceClient::new(connection.clone());
            let asked = with_token(GetStatusRequest {}, &token);
            let now = log.get_status(asked).await.unwrap().into_inner();
            if now.unable.is_empty() && now.relay.is_none_or(|relay| relay.waiting.is_empty()) {
                break;
            }
            assert!(
                tokio::time::Instant::now() < until,
                "the relay does not get through"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[test]
fn what_does_not_go_together_is_told_at_once_and_a_secret_is_not_taken_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let data = path(folder.path());
    let said = refused(&[
        "intake",
        "--data",
        data,
        "--nats",
        "nats://127.0.0.1:4222",
        "--listen",
        "0.0.0.0:7601",
        "--tls-cert",
        "server.pem",
        "--jwks",
        "jwks.json",
    ]);
    for part in [
        "listen (",
        "without tls_cert and jwks",
        "it goes with tls_key",
        "it goes with token_issuer",
    ] {
        assert!(said.contains(part), "{part} is not in: {said}");
    }
    let said = refused(&[
        "intake",
        "--data",
        data,
        "--nats",
        "nats://intake:word@127.0.0.1:4222",
    ]);
    assert!(said.contains("can be read by everybody"), "{said}");
    assert!(!said.contains("word@"), "{said}");
}
