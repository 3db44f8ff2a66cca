//! What is open for a token ends with it, and whoever comes back with a new one misses nothing and takes nothing twice.

use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use api::hoso::intake::v1::JournalEntry;
use api::hoso::intake::v1::sync_terminal_request::Body as Asked;
use api::hoso::intake::v1::sync_terminal_response::Body as Said;
use api::hoso::processing::v1::watch_service_client::WatchServiceClient;
use api::hoso::processing::v1::{
    AssignTaskRequest, Change, WatchDossiersRequest, WatchDossiersResponse,
};
use serde_json::json;
use tokio::time::timeout;
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::identity::with_token;
use crate::issuer::{self, Issuer};
use crate::own_terminals::{enrol, line, said, welcome};
use crate::process::hoso;
use crate::scene::{OWN, Scene, by_id};

const PATIENCE: Duration = Duration::from_secs(60);

/// A token ends so many seconds from now: half a minute is let pass, for clocks that differ.
fn ends_in(seconds: u64) -> u64 {
    issuer::now() + seconds - 30
}

/// What comes until the stream ends, and how it ends; not for ever.
async fn to_its_end<T>(stream: &mut Streaming<T>) -> (Vec<T>, Status) {
    let mut came = Vec::new();
    let end = timeout(PATIENCE, async {
        loop {
            match stream.message().await {
                Ok(Some(message)) => came.push(message),
                Ok(None) => panic!("it ends without a reason"),
                Err(end) => return end,
            }
        }
    });
    let end = end.await.expect("the stream outlives its token");
    (came, end)
}

fn is_told(end: &Status) {
    let reason = end.get_details_error_info().unwrap().reason;
    assert_eq!(
        (end.code(), reason.as_str()),
        (Code::Unauthenticated, "TOKEN_ENDED")
    );
}

async fn watching(
    scene: &Scene,
    after_position: &str,
    token: &str,
) -> Streaming<WatchDossiersResponse> {
    let connection = scene.issuer.connection(&scene.hoso.processing, None);
    let asked = WatchDossiersRequest {
        after_position: after_position.to_owned(),
        agency: OWN.to_owned(),
        ..WatchDossiersRequest::default()
    };
    let watch = WatchServiceClient::new(connection)
        .watch_dossiers(with_token(asked, token))
        .await;
    watch.unwrap().into_inner()
}

async fn assign(scene: &Scene, holder: &str) {
    let asked = AssignTaskRequest {
        change: Some(Change {
            request_id: Uuid::new_v4().to_string(),
            dossier: Some(by_id(&scene.own.accepted)),
            ..Change::default()
        }),
        holder: holder.to_owned(),
        unit: String::new(),
    };
    let head = scene.token("head");
    let mut processing = scene.processing();
    let assigned = processing.assign_task(with_token(asked, &head));
    assigned.await.unwrap();
}

#[tokio::test]
async fn a_watch_ends_with_its_token_and_goes_on_where_it_was_with_a_new_one() {
    let scene = Scene::set(&[]).await;
    let short = scene.token_with("officer", &json!({"exp": ends_in(4)}));
    let mut watch = watching(&scene, "", &short).await;
    let first = watch.message().await.unwrap().unwrap();
    assign(&scene, "binh").await;
    let (came, end) = to_its_end(&mut watch).await;
    is_told(&end);
    let last = came
        .iter()
        .fold(first.position, |_, message| message.position.clone());
    let changes = came.iter().filter(|message| message.change.is_some());
    assert_eq!(changes.count(), 1);

    assign(&scene, "cuong").await;
    let mut watch = watching(&scene, &last, &scene.token("officer")).await;
    let told = timeout(PATIENCE, async {
        loop {
            if let Some(change) = watch.message().await.unwrap().unwrap().change {
                break change;
            }
        }
    });
    let holder = told.await.unwrap().dossier.unwrap().holder;
    assert_eq!(holder, "cuong");
}

#[tokio::test]
async fn a_watch_ends_when_the_key_that_signed_its_token_is_taken_away() {
    let scene = Scene::set(&[]).await;
    let mut watch = watching(&scene, "", &scene.token("officer")).await;
    watch.message().await.unwrap().unwrap();
    let next = tempfile::tempdir().unwrap();
    let next = Issuer::new(next.path());
    fs::copy(next.file("jwks.json"), scene.issuer.file("jwks.json")).unwrap();
    let (_, end) = to_its_end(&mut watch).await;
    is_told(&end);
}

#[tokio::test]
async fn a_terminals_line_ends_with_its_token_and_nothing_is_taken_that_it_says_afterwards() {
    let scene = Scene::set(&[]).await;
    enrol(&scene, "MAY-1").await;
    let claims = |more: u64| json!({"exp": ends_in(more), "terminal": "MAY-1"});
    let short = scene.token_with("terminal", &claims(4));
    let mut open = line(&scene, "MAY-1", &short).await.unwrap();
    assert_eq!(welcome(&mut open).await.next_sequence, 1);
    let (_, end) = to_its_end(&mut open.said).await;
    is_told(&end);
    // An entry that would be refused, and answered for ever.
    let entry = JournalEntry {
        sequence: 1,
        command_id: Uuid::new_v4().to_string(),
        ..JournalEntry::default()
    };
    let entry = said(Asked::Entry(entry));
    // Whether it still goes out is the transport's affair.
    let _ = open.say.send(entry.clone()).await;
    let _ = timeout(PATIENCE, open.say.closed()).await;
    let long = scene.token_with("terminal", &claims(3_600));
    let mut again = line(&scene, "MAY-1", &long).await.unwrap();
    assert_eq!(welcome(&mut again).await.next_sequence, 1);
    again.say.send(entry).await.unwrap();
    let answer = timeout(PATIENCE, again.said.message()).await.unwrap();
    let answer = answer.unwrap().unwrap().body;
    assert!(matches!(answer, Some(Said::Answer(_))), "{answer:?}");
}

/// The lines that a program prints, as they come.
fn lines(from: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let _ = tell.send(line);
        }
    });
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_watches_from_the_command_line_goes_on_with_the_token_that_is_in_the_file_by_then() {
    let scene = Scene::set(&[]).await;
    let file = scene.issuer.file("token");
    let short = scene.token_with("officer", &json!({"exp": ends_in(8)}));
    fs::write(&file, short).unwrap();
    let mut watch = hoso()
        .args(["dossier", "watch", "--agency", OWN, "--format", "json"])
        .args(["--server", &format!("https://{}", scene.hoso.processing)])
        .env("HOSO_CA", scene.issuer.file("ca.pem"))
        .env("HOSO_TOKEN_FILE", &file)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let told = lines(watch.stdout.take().unwrap());
    let said = lines(watch.stderr.take().unwrap());
    // It begins with what happens from now on: until it is there, there is one more change to tell.
    let mut turn = 0;
    while told.recv_timeout(Duration::from_millis(300)).is_err() {
        turn += 1;
        assert!(turn < 60, "nothing is told");
        assign(&scene, &format!("officer-{turn}")).await;
    }
    fs::write(&file, scene.token("officer")).unwrap();
    let away = said
        .recv_timeout(PATIENCE)
        .expect("its token outlives itself");
    assert!(away.contains("waiting"), "{away}");
    assign(&scene, "cuong").await;
    loop {
        let line = told.recv_timeout(PATIENCE).expect("it did not come back");
        if line.contains("cuong") {
            break;
        }
    }
    watch.kill().unwrap();
    watch.wait().unwrap();
}
