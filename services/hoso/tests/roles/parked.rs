//! Records of a newer intake: kept, passed on, counted, listed; the rest of the province works on.

use api::hoso::processing::v1::dossier_name::Name;
use api::hoso::processing::v1::processing_service_client::ProcessingServiceClient;
use eventlog::{Append, EventLog, Expected, NewRecord, Settings, StreamId};
use serde_json::Value;
use tonic::Code;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::office::{connection, figures, filing, resolving, until_answered};
use crate::process::{Role, refused, said};
use crate::server::Server;

/// What `kind` in this version would be written like by a program of next year.
fn newer(stream: Uuid, kind: &str, schema_version: u16) -> Append {
    let event = NewRecord {
        event_id: Uuid::new_v4(),
        kind: kind.into(),
        schema_version,
        occurred_at: chassis::Clock::system().now_us(),
        actor: "clerk-1".into(),
        organisation: "000.00.06.H20".into(),
        correlation: stream,
        causation: Uuid::new_v4(),
        keys: Vec::new(),
        data: br#"{"by":"the head"}"#.to_vec(),
    };
    Append {
        stream: StreamId(stream),
        expected: Expected::Any,
        request: None,
        events: vec![event],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dossier_of_a_newer_program_is_parked_and_listed_and_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let nats = Server::start();
    let url = nats.url();
    let start = |role| Role::start(role, 0, folder.path(), &url);
    let (mut intake, processing, reporting) =
        (start("intake"), start("processing"), start("reporting"));
    let file = |address: String| {
        let request = filing();
        let to = api::hoso::intake::v1::intake_service_client::IntakeServiceClient::new(
            connection(&address),
        );
        until_answered("filing", move || {
            let (mut to, request) = (to.clone(), request.clone());
            async move { to.submit_and_accept_dossier(request).await }
        })
    };
    let blessed = file(intake.address.clone()).await.dossier.unwrap();
    let moved = file(intake.address.clone()).await.dossier.unwrap();

    intake.kill();
    let path = intake.data.join("log");
    let clock = || chassis::Clock::system().now_us();
    let log = tokio::task::spawn_blocking(move || {
        let log = EventLog::open(&path, Settings::new(clock)).unwrap();
        let id = |dossier: &str| dossier.parse().unwrap();
        for append in [
            newer(id(&blessed.dossier_id), "dossier_blessed", 1),
            newer(id(&moved.dossier_id), "transferred", 2),
        ] {
            log.append_blocking(append).unwrap();
        }
        log.close();
        (blessed, moved)
    });
    let (blessed, moved) = log.await.unwrap();
    intake.restart();

    let other = file(intake.address.clone()).await;
    let name = Name::DossierId(other.dossier.unwrap().dossier_id);
    let request = resolving(name, other.position);
    let officer = ProcessingServiceClient::new(connection(&processing.address));
    let resolved = until_answered("resolving", || {
        let (mut officer, request) = (officer.clone(), request.clone());
        async move { officer.resolve_dossier(request).await }
    })
    .await;

    // Commands about it are refused, with what to do.
    let request = resolving(Name::Code(blessed.code.clone()), String::new());
    let refusal = officer.clone().resolve_dossier(request).await.unwrap_err();
    assert_eq!(refusal.code(), Code::FailedPrecondition);
    let info = refusal.get_details_error_info().unwrap();
    assert_eq!(info.reason, "DOSSIER_NOT_UNDERSTOOD");
    assert_eq!(info.metadata["kind"], "dossier_blessed");
    assert!(info.metadata["hint"].contains("upgrade"));

    // The figures know of it, and do not guess.
    let report = figures(&reporting.address, resolved.position).await;
    let memo = |key| {
        report
            .memo
            .iter()
            .find(|line| line.key == key)
            .unwrap()
            .value
    };
    assert_eq!(memo("unclassified"), 2);
    assert_eq!(report.total.as_ref().unwrap().c3, 1);

    // Processing and reporting name it, in the same words.
    for server in [&processing.address, &reporting.address] {
        let listed = said(&["parked", "list", "--format", "json", "--server", server]);
        let listed = String::from_utf8(listed).unwrap();
        let listed: Vec<Value> = listed
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(listed.len(), 2, "{listed:?}");
        assert_eq!(listed[0]["code"], blessed.code);
        assert_eq!(listed[0]["kind"], "dossier_blessed");
        assert_eq!(listed[1]["dossier_id"], moved.dossier_id);
        assert_eq!(listed[1]["schema_version"], 2);
        let shown = said(&[
            "parked",
            "show",
            &moved.code,
            "--format",
            "json",
            "--server",
            server,
        ]);
        let shown: Value = serde_json::from_slice(&shown).unwrap();
        assert_eq!(shown["records"][0]["data"]["by"], "the head");
        assert_eq!(shown["records"][0]["revision"], 3);
        let table = String::from_utf8(said(&["parked", "list", "--server", server])).unwrap();
        assert!(
            table.contains("2 hồ sơ") && table.contains(&moved.code),
            "{table}"
        );
    }
    let id = resolved.dossier.unwrap().dossier_id;
    let told = refused(&["parked", "show", &id, "--server", &processing.address]);
    assert!(told.contains("NOT_FOUND"), "{told}");
    // Its history is told as far as it goes, with what is not understood.
    let server = ["--server", processing.address.as_str()];
    let history = said(&[&["dossier", "history", &blessed.code], &server[..]].concat());
    assert!(
        String::from_utf8(history)
            .unwrap()
            .contains("dossier_blessed")
    );

    let mut roles = [intake, processing, reporting];
    for role in &mut roles {
        role.kill();
        role.verify();
    }
    assert_eq!(roles[1].dump(), roles[2].dump());
}
