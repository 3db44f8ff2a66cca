//! What an operator relies on: every role says how it is, refuses before its disk is full, and ends in order.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use api::hoso::processing::v1::watch_service_client::WatchServiceClient;
use api::hoso::processing::v1::{WatchDeadlinesRequest, WatchDossiersRequest};
use rustix::process::Signal;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::sleep;
use tonic::{Code, Streaming};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};
use tonic_types::StatusExt as _;

use crate::office::{self, Notes, connection, figures, work};
use crate::process::{Role, Special, path, ran};
use crate::province::key_file;
use crate::server::Server;

/// A condition that must come true on a slow machine too.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < until, "{what} does not come true");
        sleep(Duration::from_millis(50)).await;
    }
}

/// Lets one clerk work until so many dossiers are done.
pub(crate) async fn some_work(intake: &Role, processing: &Role, count: usize) -> Notes {
    let notes = Notes::default();
    let (closing, closed) = watch::channel(false);
    let addresses = (intake.address.clone(), processing.address.clone());
    let clerk = tokio::spawn(work(addresses.0, addresses.1, closed, notes.clone()));
    until("the work is done", || notes.all().len() >= count).await;
    closing.send_replace(true);
    clerk.await.unwrap();
    notes
}

/// A call that is under way until the role or its client ends it: a client that has more to ask about the contract, and
/// does not.
async fn held_open(address: &str) -> Streaming<ServerReflectionResponse> {
    let mut reflection = ServerReflectionClient::new(office::lasting(address));
    let asking = tokio_stream::pending::<ServerReflectionRequest>();
    let answers = reflection.server_reflection_info(asking).await;
    answers.unwrap().into_inner()
}

/// Whoever watches dossiers is told that the service stops, and keeps it from nothing.
#[tokio::test]
async fn a_watch_ends_at_once_when_the_service_is_asked_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let nats = Server::start();
    let patient = Special::with(&["--drain-seconds", "50"]);
    let mut processing = Role::start_with("processing", 1, folder.path(), &nats.url(), patient);
    let mut watches = WatchServiceClient::new(office::lasting(&processing.address));
    let changes = watches
        .watch_dossiers(WatchDossiersRequest::default())
        .await;
    let mut changes = changes.unwrap().into_inner();
    let first = changes.message().await.unwrap().unwrap();
    assert_eq!(first.change, None);
    let asked = WatchDeadlinesRequest {
        agency: "000.00.06.H20".to_owned(),
        ..WatchDeadlinesRequest::default()
    };
    let deadlines = watches.watch_deadlines(asked).await;
    let mut deadlines = deadlines.unwrap().into_inner();
    processing.signal(Signal::TERM);
    let ends = [
        loop {
            if let Err(end) = changes.message().await.map(Option::unwrap) {
                break end;
            }
        },
        loop {
            if let Err(end) = deadlines.message().await.map(Option::unwrap) {
                break end;
            }
        },
    ];
    for end in ends {
        let reason = end.get_details_error_info().unwrap().reason;
        assert_eq!(
            (end.code(), reason.as_str()),
            (Code::Unavailable, "STOPPING")
        );
        assert!(end.get_details_retry_info().is_some());
    }
    // Sooner than calls under way would be waited for; the connection, which has to hear of it too, is this thread's.
    let asked = Instant::now();
    until("the service has ended", || processing.gone()).await;
    assert!(asked.elapsed() < Duration::from_secs(40));
    let ended = processing.ended(Duration::ZERO);
    assert_eq!(ended.code(), Some(0), "{ended}");
    // After the stop, the position that was told last is gone on from.
    processing.restart();
    let mut watches = WatchServiceClient::new(office::lasting(&processing.address));
    let again = WatchDossiersRequest {
        after_position: first.position.clone(),
        ..WatchDossiersRequest::default()
    };
    let mut again = watches.watch_dossiers(again).await.unwrap().into_inner();
    assert_eq!(again.message().await.unwrap().unwrap(), first);
    processing.kill();
}

fn status(roles: &[&Role]) -> (bool, Value) {
    let [first, second, processing, reporting] = roles else {
        panic!("two intake nodes, processing, reporting")
    };
    let (sound, said) = ran(&[
        "status",
        "--intake",
        &first.address,
        "--intake",
        &second.address,
        "--processing",
        &processing.address,
        "--reporting",
        &reporting.address,
        "--format",
        "json",
    ]);
    (sound, serde_json::from_str(&said).unwrap())
}

/// The value of a number about what is followed or spoken with beside this log.
pub(crate) fn number_of(role: &Role, name: &str, origin: &str) -> f64 {
    let (_, text) = role.ask("/metrics");
    let mut lines = text
        .lines()
        .filter(|line| line.starts_with(&format!("{name}{{")));
    let line = lines.find(|line| line.contains(origin));
    let line = line.unwrap_or_else(|| panic!("{name} of {origin} is not in:\n{text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

/// The value of a number without labels besides the role.
pub(crate) fn number(role: &Role, name: &str) -> f64 {
    let (code, text) = role.ask("/metrics");
    assert_eq!(code, 200);
    let line = text
        .lines()
        .find(|line| line.starts_with(&format!("{name}{{")));
    let line = line.unwrap_or_else(|| panic!("{name} is not in:\n{text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_role_says_how_it_is_and_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let nats = Server::start();
    let url = nats.url();
    let key = folder.path().join("line.key");
    key_file(&key);
    let start = |role, node, words: &[&str]| {
        let special = Special::with(words);
        Role::start_with(role, node, folder.path(), &url, special)
    };
    let line = ["--line-key-file", path(&key)];
    let (first, mut second) = (start("intake", 1, &line), start("intake", 2, &line));
    let (processing, reporting) = (start("processing", 0, &line), start("reporting", 0, &[]));
    let notes = some_work(&first, &processing, 3).await;
    some_work(&second, &processing, 1).await;
    let last = notes.all().pop().unwrap();
    figures(&reporting.address, last.position).await;

    let roles = [&first, &second, &processing, &reporting];
    until("nothing is wrong", || status(&roles).0).await;
    let (_, said) = status(&roles);
    let at = |role: usize| &said["roles"][role]["status"];
    assert_eq!(at(2)["followed"].as_array().unwrap().len(), 2);
    for log in at(2)["followed"].as_array().unwrap() {
        assert_eq!(log["lag_records"], 0, "{log}");
    }
    until("all is published", || {
        status(&roles).1["roles"][2]["status"]["relay"]["unrelayed"] == 0
    })
    .await;
    assert_eq!(at(2)["hash"], at(3)["hash"]);

    for role in roles {
        assert_eq!(role.ask("/readyz"), (200, "ready\n".to_owned()));
        assert!((number(role, "hoso_ready") - 1.0).abs() < f64::EPSILON);
        let (_, text) = role.ask("/metrics");
        let position = number(role, "hoso_log_position");
        assert!(position > 1.0, "{text}");
        for word in office::PERSONAL {
            assert!(!text.contains(word), "{word} is in:\n{text}");
        }
        for name in ["hoso_log_sync_seconds_bucket", "hoso_disk_free_bytes{"] {
            assert!(text.contains(name), "{name} is not in:\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
    let (_, text) = processing.ask("/metrics");
    let calls =
        "service=\"hoso.processing.v1.ProcessingService\",method=\"ResolveDossier\",code=\"OK\"";
    assert!(text.contains(calls), "{text}");
    assert!(text.contains("hoso_feed_lag_records{"), "{text}");

    // What the shipped alerts ask about is what there is.
    let alerts = include_str!("../../../../deploy/prometheus/alerts.yml");
    let names = alerts
        .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .filter(|word| word.starts_with("hoso_"));
    let text = text + &reporting.ask("/metrics").1 + &first.ask("/metrics").1;
    for name in names {
        assert!(text.contains(name), "{name} is not in:\n{text}");
    }

    // One intake node goes away: it is shown as such, and processing says whom it waits for.
    second.kill();
    until("the loss is noticed", || {
        let (sound, said) = status(&[&first, &second, &processing, &reporting]);
        let wrong = |role: usize| said["roles"][role]["wrong"].to_string();
        !sound && wrong(1).contains("nobody answers") && wrong(2).contains("waits for log")
    })
    .await;
}

/// Takes room on a disk away, until it is dropped.
fn filler(folder: &Path, bytes: u64) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new_in(folder).unwrap();
    let flags = rustix::fs::FallocateFlags::empty();
    rustix::fs::fallocate(file.as_file(), flags, 0, bytes).unwrap();
    file
}

fn free_bytes(folder: &Path) -> u64 {
    let room = rustix::fs::fstatvfs(File::open(folder).unwrap()).unwrap();
    room.f_bavail * room.f_frsize
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fills_up_refuses_writes_says_why_and_recovers_by_itself() {
    // Others work on the same disk: what they take or free meanwhile is less than this.
    const MARGIN: u64 = 1 << 30;
    let folder = tempfile::tempdir().unwrap();
    let nats = Server::start();
    let min = free_bytes(folder.path()).saturating_sub(MARGIN);
    let min = min.to_string();
    let intake = Role::start_with(
        "intake",
        1,
        folder.path(),
        &nats.url(),
        Special::with(&["--free-bytes-min", &min]),
    );
    let mut calls = IntakeServiceClient::new(connection(&intake.address));
    let before = office::filing();
    let filed = calls
        .submit_and_accept_dossier(before.clone())
        .await
        .unwrap();
    let filed = filed.into_inner();

    let filler = filler(folder.path(), 2 * MARGIN);
    until("the disk is found nearly full", || {
        intake.ask("/readyz").0 == 503
    })
    .await;
    assert!(intake.ask("/readyz").1.contains("nearly full"));
    assert_eq!(intake.ask("/livez").0, 200);
    assert!(number(&intake, "hoso_ready").abs() < f64::EPSILON);
    let mut health = HealthClient::new(connection(&intake.address));
    let service = String::new();
    let said = health.check(HealthCheckRequest { service }).await.unwrap();
    assert_eq!(said.into_inner().status(), ServingStatus::NotServing);
    let wish = office::filing();
    let refused = calls.submit_and_accept_dossier(wish.clone()).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    let details = refused.get_error_details();
    assert_eq!(details.error_info().unwrap().reason, "DISK_NEARLY_FULL");
    assert!(details.retry_info().unwrap().retry_delay.is_some());
    // Reads go on, and so does the memory of what was answered.
    let again = calls.submit_and_accept_dossier(before).await.unwrap();
    assert_eq!(again.into_inner().position, filed.position);

    drop(filler);
    until("there is room again", || intake.ask("/readyz").0 == 200).await;
    calls.submit_and_accept_dossier(wish).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_is_asked_to_stop_says_so_answers_what_is_under_way_and_ends_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let nats = Server::start();
    let url = nats.url();
    let start = |role| {
        let special = Special::with(&["--drain-seconds", "2"]);
        Role::start_with(role, 1, folder.path(), &url, special)
    };
    let (mut intake, mut processing) = (start("intake"), start("processing"));
    let reporting = start("reporting");
    let notes = Notes::default();
    let (closing, closed) = watch::channel(false);
    let clerks: Vec<_> = (0..4)
        .map(|_| {
            let (intake, processing) = (intake.address.clone(), processing.address.clone());
            tokio::spawn(work(intake, processing, closed.clone(), notes.clone()))
        })
        .collect();
    until("work is under way", || notes.all().len() > 4).await;
    for role in [&mut intake, &mut processing] {
        let mut health = HealthClient::new(office::lasting(&role.address));
        let service = String::new();
        let watch = health.watch(HealthCheckRequest { service }).await.unwrap();
        let mut watch = watch.into_inner();
        let first = watch.message().await.unwrap().unwrap();
        assert_eq!(first.status(), ServingStatus::Serving);
        let held = held_open(&role.address).await;
        role.signal(Signal::TERM);
        let told = watch.message().await.unwrap().unwrap();
        assert_eq!(told.status(), ServingStatus::NotServing);
        assert_eq!(role.ask("/readyz"), (503, "stopping\n".to_owned()));
        assert_eq!(watch.message().await.unwrap(), None, "a watch ends");
        // This stream never ends by itself: the role ends it when the two seconds are over.
        let ended = role.ended(Duration::from_secs(20));
        drop(held);
        assert_eq!(ended.code(), Some(0), "{ended}");
        role.restart();
    }
    let done = notes.all().len();
    until("work goes on", || notes.all().len() > done).await;
    closing.send_replace(true);
    for clerk in clerks {
        clerk.await.unwrap();
    }
    let all = notes.all();
    let mut report = None;
    for one in &all[all.len() - 4..] {
        report = Some(figures(&reporting.address, one.position.clone()).await);
    }
    let total = report.unwrap().total.unwrap();
    let count = u64::try_from(all.len()).unwrap();
    assert_eq!((total.c3, total.c7, total.c11), (count, count, 0));

    // A second signal does not wait for the stream.
    let mut health = HealthClient::new(office::lasting(&intake.address));
    let service = String::new();
    let watch = health.watch(HealthCheckRequest { service }).await.unwrap();
    let mut watch = watch.into_inner();
    watch.message().await.unwrap();
    let held = held_open(&intake.address).await;
    intake.signal(Signal::TERM);
    watch.message().await.unwrap();
    until("the second signal is heard", || {
        intake.signal(Signal::TERM);
        std::thread::sleep(Duration::from_millis(100));
        intake.gone()
    })
    .await;
    let ended = intake.ended(Duration::ZERO);
    assert_eq!(ended.code(), Some(128 + 15), "{ended}");
    drop(held);
    intake.restart();
    intake.kill();
    intake.verify();
}
