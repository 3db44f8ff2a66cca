//! What can happen to JetStream while all roles run: purged, deleted, full, too short, and a follower that starts from nothing.

use std::time::Duration;

use messaging::Nats;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::office::figures;
use crate::process::Role;
use crate::running::Province;
use crate::server::Server;

const PATIENCE: Duration = Duration::from_secs(60);
const STREAMS: [&str; 2] = ["HOSO_INTAKE", "HOSO_PROCESSING"];

/// JetStream as its operator speaks to it.
struct JetStream(Nats);

impl JetStream {
    async fn of(server: &Server) -> Self {
        Self(Nats::connect(&server.url(), "operator").await.unwrap())
    }

    /// Asks until the server is there, and gives its answer.
    async fn ask(&self, subject: String, question: &Value) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let payload = question.to_string();
            match self
                .0
                .client()
                .request(subject.clone(), payload.into())
                .await
            {
                Ok(answer) => return serde_json::from_slice(&answer.payload).unwrap(),
                Err(error) => assert!(Instant::now() < until, "{subject}: {error}"),
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn api(&self, what: &str, question: Value) -> Value {
        self.ask(format!("$JS.API.{what}"), &question).await
    }

    async fn does(&self, what: &str, question: Value) {
        let answer = self.api(what, question).await;
        assert!(answer.get("error").is_none(), "{what}: {answer}");
    }

    /// How many messages the stream has got since it was made; none while it is not there.
    async fn brought(&self, stream: &str) -> u64 {
        let info = self.api(&format!("STREAM.INFO.{stream}"), json!({})).await;
        info["state"]["last_seq"].as_u64().unwrap_or(0)
    }

    async fn brought_by_all(&self) -> u64 {
        let [intake, processing] = STREAMS;
        self.brought(intake).await + self.brought(processing).await
    }

    async fn brings(&self, stream: &str, messages: u64) {
        let until = Instant::now() + PATIENCE;
        while self.brought(stream).await < messages {
            assert!(
                Instant::now() < until,
                "{stream} does not get {messages} messages"
            );
            sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_purged_or_deleted_and_consumers_deleted_under_load_lose_nothing() {
    let nats = Server::start();
    let mut province = Province::open(1, |_| nats.url());
    province.work(3);
    province.record.grown(3).await;
    let jetstream = JetStream::of(&nats).await;
    for name in STREAMS {
        jetstream
            .does(&format!("STREAM.PURGE.{name}"), json!({}))
            .await;
        province.record.grown(3).await;
        let there = jetstream
            .api(&format!("CONSUMER.NAMES.{name}"), json!({}))
            .await;
        let followers = there["consumers"].as_array().unwrap();
        assert!(!followers.is_empty(), "{name} has a follower");
        for follower in followers {
            let follower = follower.as_str().unwrap();
            let what = format!("CONSUMER.DELETE.{name}.{follower}");
            jetstream.does(&what, json!({})).await;
        }
        province.record.grown(3).await;
        jetstream
            .does(&format!("STREAM.DELETE.{name}"), json!({}))
            .await;
        province.record.grown(3).await;
        // It is made anew, and filled.
        jetstream.brings(name, 1).await;
    }
    province.reconcile().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_store_of_jetstream_delays_nobody_and_once_it_has_room_it_is_filled_again() {
    let nats = Server::start_with(Some(
        "jetstream { store_dir: \"/var/lib/nats\", max_file_store: 48KB }",
    ));
    let mut province = Province::open(1, |_| nats.url());
    province.work(3);
    let jetstream = JetStream::of(&nats).await;
    let until = Instant::now() + PATIENCE;
    // Full is what the server itself calls so.
    loop {
        let probe = json!("x".repeat(64));
        let answer = jetstream
            .ask("hoso.intake.probe.-.probe".to_owned(), &probe)
            .await;
        if let Some(error) = answer.get("error") {
            println!("the store is full: {error}");
            break;
        }
        assert!(Instant::now() < until, "the store does not get full");
        sleep(Duration::from_millis(50)).await;
    }
    province.record.grown(10).await;
    let before = jetstream.brought_by_all().await;
    for name in STREAMS {
        jetstream
            .does(&format!("STREAM.PURGE.{name}"), json!({}))
            .await;
    }
    // Whichever of the two relays is quicker has the room.
    let until = Instant::now() + PATIENCE;
    while jetstream.brought_by_all().await == before {
        assert!(Instant::now() < until, "no stream is filled again");
        sleep(Duration::from_millis(50)).await;
    }
    province.reconcile().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_away_for_longer_than_the_stream_keeps_and_who_starts_from_nothing_miss_nothing() {
    let nats = Server::start();
    let jetstream = JetStream::of(&nats).await;
    for (name, role) in STREAMS.iter().zip(["intake", "processing"]) {
        // How much a stream keeps is its operator's business.
        let short = json!({
            "name": name, "subjects": [format!("hoso.{role}.*.*.*")], "retention": "limits", "discard": "old",
            "storage": "file", "num_replicas": 1, "max_msgs": 5
        });
        jetstream
            .does(&format!("STREAM.CREATE.{name}"), short)
            .await;
    }
    let mut province = Province::open(1, |_| nats.url());
    province.work(2);
    province.record.grown(4).await;
    province.close().await;
    province.processing.kill();
    province.reporting.kill();
    let clerk = province.clerk(0);
    for _ in 0..20 {
        let known = clerk.pending(api::hoso::dossier::v1::Channel::Direct).await;
        province.record.note(known);
    }
    jetstream.brings("HOSO_INTAKE", 40).await;
    province.processing.restart();
    province.work(2);
    province.record.grown(4).await;
    province.reporting.restart();
    // A replica that knows nothing, on a system that runs; the one that was away is held against it.
    let newcomer = Role::start("reporting", 2, province.folder(), &nats.url());
    let mut old = std::mem::replace(&mut province.reporting, newcomer);
    province.close().await;
    figures(&old.address, province.record.newest()).await;
    province.reconcile().await;
    old.kill();
    old.verify();
    assert_eq!(old.dump(), province.reporting.dump());
}
