//! What NATS may lose, and what may come from it that is not ours: nothing is lost, doubled or believed.

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::stream::{Config, StorageType};
use async_nats::jetstream::{self, Context};
use eventlog::{EventLog, Position, Role as LogRole};
use messaging::Mode;
use messaging::nats::{Nats, Role, streams, subjects};
use tempfile::TempDir;

use crate::form::{Following, Form, Upstream, connect};
use crate::logs::{eventually, imported, open, write};
use crate::proxy::{Cable, Proxy};
use crate::server::Server;

/// One origin and one follower over a server of their own.
struct Line {
    form: Form,
    folder: TempDir,
    origin: EventLog,
    into: EventLog,
}

impl Line {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            origin: open(&folder.path().join("origin"), LogRole::Origin),
            into: open(&folder.path().join("into"), LogRole::Origin),
            form: Form::Nats(Server::start()),
            folder,
        }
    }

    fn server(&self) -> &Server {
        match &self.form {
            Form::Nats(server) => server,
            Form::Embedded => unreachable!("a line is over NATS"),
        }
    }

    async fn serve(&self) -> Upstream {
        self.form
            .serve(Role::Intake, &self.origin, self.folder.path())
            .await
    }

    async fn follow(&self) -> Following {
        self.form
            .follow(Role::Intake, &self.origin, &self.into, Mode::Import)
            .await
    }

    async fn jetstream(&self) -> Context {
        jetstream::new(connect(self.server()).await.client().clone())
    }

    /// Waits until the stream holds this many messages.
    async fn stream_holds(&self, messages: u64) {
        self.form.stream_holds("HOSO_INTAKE", messages).await;
    }

    async fn all_is_well(&self, records: Position) {
        imported(&self.origin, &self.into).await;
        assert_eq!(self.into.head().position, records);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_steady_stream_needs_no_help_from_the_origin_and_all_of_it_is_acknowledged() {
    let line = Line::new();
    let _up = line
        .form
        .publish(Role::Intake, &line.origin, line.folder.path())
        .await;
    let following = line.follow().await;
    for _ in 0..20 {
        write(&line.origin, 10).await;
    }
    line.all_is_well(200).await;
    let counts = following.counts.as_ref().unwrap();
    assert_eq!(counts.foreign.load(Ordering::Relaxed), 0);
    assert_eq!(counts.repaired.load(Ordering::Relaxed), 0);
    let stream = line.jetstream().await.get_stream("HOSO_INTAKE").await;
    let stream = stream.unwrap();
    let name = streams::consumer_name(line.origin.head().log, "follower.1");
    for _ in 0..1000 {
        let info = stream.consumer_info(&name).await.unwrap();
        if info.num_pending == 0 && info.num_ack_pending == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not everything was acknowledged");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gap_in_the_stream_is_filled_from_the_origin() {
    let line = Line::new();
    let _up = line.serve().await;
    write(&line.origin, 100).await;
    line.stream_holds(100).await;
    let stream = line
        .jetstream()
        .await
        .get_stream("HOSO_INTAKE")
        .await
        .unwrap();
    for lost in [1, 40, 41, 42, 77, 100] {
        stream.delete_message(lost).await.unwrap();
    }
    let following = line.follow().await;
    line.all_is_well(100).await;
    let repaired = following
        .counts
        .as_ref()
        .unwrap()
        .repaired
        .load(Ordering::Relaxed);
    assert!(repaired >= 6, "{repaired} records came from the origin");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_consumer_is_made_anew_and_what_it_brings_again_is_dropped() {
    let line = Line::new();
    let _up = line.serve().await;
    let following = line.follow().await;
    write(&line.origin, 100).await;
    line.all_is_well(100).await;
    line.stream_holds(100).await;
    let stream = line
        .jetstream()
        .await
        .get_stream("HOSO_INTAKE")
        .await
        .unwrap();
    let name = streams::consumer_name(line.origin.head().log, "follower.1");
    stream.delete_consumer(&name).await.unwrap();
    let counts = following.counts.as_ref().unwrap();
    eventually("the stream has come again", || {
        counts.duplicates.load(Ordering::Relaxed) >= 100
    })
    .await;
    write(&line.origin, 20).await;
    line.all_is_well(120).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_purged_or_deleted_while_all_run_loses_nothing() {
    let line = Line::new();
    let _up = line.serve().await;
    let _following = line.follow().await;
    write(&line.origin, 50).await;
    line.stream_holds(1).await;
    let jetstream = line.jetstream().await;
    let stream = jetstream.get_stream("HOSO_INTAKE").await.unwrap();
    let ((), purged) = tokio::join!(write(&line.origin, 50), stream.purge());
    purged.unwrap();
    line.all_is_well(100).await;
    let ((), deleted) = tokio::join!(
        write(&line.origin, 50),
        jetstream.delete_stream("HOSO_INTAKE")
    );
    deleted.unwrap();
    write(&line.origin, 50).await;
    line.all_is_well(200).await;
    // And the stream is there again.
    write(&line.origin, 1).await;
    line.stream_holds(1).await;
    line.all_is_well(201).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_and_a_server_that_lost_its_store_lose_nothing() {
    let line = Line::new();
    let _up = line.serve().await;
    let _following = line.follow().await;
    let mut written = 0;
    for wiped in [false, true, false] {
        write(&line.origin, 50).await;
        line.server().kill();
        write(&line.origin, 50).await;
        if wiped {
            line.server().wipe();
        }
        line.server().restart();
        write(&line.origin, 50).await;
        written += 150;
        line.all_is_well(written).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_origin_published_arrives_while_it_is_away_and_the_rest_when_it_is_back() {
    let line = Line::new();
    let up = line.serve().await;
    write(&line.origin, 80).await;
    line.stream_holds(80).await;
    drop(up);
    let following = line.follow().await;
    line.all_is_well(80).await;
    write(&line.origin, 20).await;
    eventually("it is said that the origin is away", || {
        let waiting = following.progress.borrow().waiting.clone();
        waiting.is_some_and(|waiting| waiting.contains("nobody answers"))
    })
    .await;
    assert_eq!(line.into.head().position, 80);
    let _up = line.serve().await;
    line.all_is_well(100).await;
    eventually("it is not away any more", || {
        following.progress.borrow().waiting.is_none()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_no_record_is_dropped_and_counted() {
    let line = Line::new();
    let _up = line.serve().await;
    let following = line.follow().await;
    write(&line.origin, 10).await;
    line.all_is_well(10).await;
    line.stream_holds(10).await;
    let jetstream = line.jetstream().await;
    let log = line.origin.head().log;
    let subject = format!("hoso.intake.{log}.-.DossierSubmitted");
    // No headers at all, headers that do not read, and a record of some other log.
    jetstream
        .publish(subject.clone(), "hello".into())
        .await
        .unwrap()
        .await
        .unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Msg-Id", format!("{log}/0/ten"));
    headers.insert("ce-type", "hoso.DossierSubmitted");
    jetstream
        .publish_with_headers(subject.clone(), headers, "{}".into())
        .await
        .unwrap()
        .await
        .unwrap();
    let elsewhere = open(&line.folder.path().join("elsewhere"), LogRole::Origin);
    write(&elsewhere, 1).await;
    let record = elsewhere.record(1).unwrap().unwrap();
    let headers = messaging::nats::headers::to_headers(Role::Intake, &record).unwrap();
    jetstream
        .publish_with_headers(subject, headers, record.event.data.into())
        .await
        .unwrap()
        .await
        .unwrap();
    let counts = following.counts.as_ref().unwrap();
    eventually("all three are dropped", || {
        counts.foreign.load(Ordering::Relaxed) == 3
    })
    .await;
    write(&line.origin, 10).await;
    line.all_is_well(20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_does_not_fit_is_told_and_left_alone_and_records_come_all_the_same() {
    let line = Line::new();
    let jetstream = line.jetstream().await;
    let config = Config {
        name: "HOSO_INTAKE".to_owned(),
        subjects: vec!["orders.>".to_owned()],
        storage: StorageType::Memory,
        ..Config::default()
    };
    jetstream.create_stream(config).await.unwrap();
    let told = streams::ensure(&jetstream, Role::Intake, Default::default())
        .await
        .unwrap_err()
        .to_string();
    assert!(
        told.contains("subjects") && told.contains("storage"),
        "{told}"
    );
    let _up = line.serve().await;
    let _following = line.follow().await;
    write(&line.origin, 30).await;
    line.all_is_well(30).await;
    let stream = jetstream.get_stream("HOSO_INTAKE").await.unwrap();
    assert_eq!(stream.cached_info().config.subjects, ["orders.>"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn origins_are_found_whichever_side_comes_first() {
    let line = Line::new();
    let second = open(&line.folder.path().join("second"), LogRole::Origin);
    let _first = line.serve().await;
    let nats: Nats = connect(line.server()).await;
    let mut found = messaging::nats::origins(nats, Role::Intake, Vec::new());
    assert_eq!(found.recv().await, Some(line.origin.head().log));
    let _second = line
        .form
        .serve(Role::Intake, &second, line.folder.path())
        .await;
    assert_eq!(found.recv().await, Some(second.head().log));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_not_written_by_us_finds_the_attributes_of_cloud_events() {
    let line = Line::new();
    let _up = line.serve().await;
    write(&line.origin, 1).await;
    line.stream_holds(1).await;
    let stream = line
        .jetstream()
        .await
        .get_stream("HOSO_INTAKE")
        .await
        .unwrap();
    let message = stream.get_raw_message(1).await.unwrap();
    let record = line.origin.record(1).unwrap().unwrap();
    let log = record.place.log;
    assert_eq!(
        message.subject.as_str(),
        subjects::record(Role::Intake, &record)
    );
    assert_eq!(
        message.subject.as_str(),
        format!("hoso.intake.{log}.000-00-06-H20.DossierSubmitted")
    );
    let header = |name: &str| message.headers.get(name).unwrap().to_string();
    assert_eq!(header("ce-specversion"), "1.0");
    assert_eq!(header("ce-id"), record.event.event_id.to_string());
    assert_eq!(header("ce-source"), format!("/hoso/intake/{log}"));
    assert_eq!(header("ce-type"), "hoso.DossierSubmitted");
    assert_eq!(header("ce-subject"), record.stream.to_string());
    assert_eq!(header("ce-time"), "2022-12-14T23:59:59.000001Z");
    assert_eq!(header("ce-sequence"), "00000000000000000001");
    assert_eq!(header("ce-datacontenttype"), "application/json");
    assert_eq!(header("hoso-actor"), "c%C3%A1n%20b%E1%BB%99%207");
    assert_eq!(message.payload, record.event.data);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_a_line_too_slow_for_a_full_answer_records_arrive_all_the_same() {
    let line = Line::new();
    write(&line.origin, 300).await;
    // A full answer takes twice the patience of whoever asked.
    let cable = Proxy::before(line.server().url().replace("nats://", "")).await;
    cable.is(Cable::Slow(Duration::from_millis(50)));
    let nats = Nats::connect(&cable.url(), "behind a slow line")
        .await
        .unwrap();
    let origin = messaging::nats::Origin::new(nats, Role::Intake, line.origin.clone());
    let _answering = tokio::spawn(origin.run());
    let _following = line.follow().await;
    line.all_is_well(300).await;
}
