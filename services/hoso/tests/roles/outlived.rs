//! What is open for a token ends with it, and whoever comes back with a new one misses nothing and takes nothing twice.

use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use api::hoso::intake::v1::sync_terminal_request::Body as Asked;
use api::hoso::intake::v1::sync_terminal_response::Body as Said;
use api::hoso::intake::v1::terminal_service_client::TerminalServiceClient;
use api::hoso::intake::v1::{JournalEntry, ListTerminalAnswersRequest};
use api::hoso::processing::v1::watch_service_client::WatchServiceClient;
use api::hoso::processing::v1::{
    AssignTaskRequest, Change, WatchDeadlinesRequest, WatchDeadlinesResponse, WatchDossiersRequest,
    WatchDossiersResponse,
};
use api::hoso::vault::v1::CopyVaultRequest;
use api::hoso::vault::v1::vault_service_client::VaultServiceClient;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::identity::with_token;
use crate::issuer::{self, Issuer};
use crate::own_terminals::{enrol, line, line_over, said, welcome};
use crate::process::hoso;
use crate::raw;
use crate::scene::{OWN, Scene, by_id};
use crate::side_door::get;

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
                Ok(None) => panic!("it ends without a reason after {} messages", came.len()),
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
    let entry = said(Asked::Entry(refused_entry(1)));
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

/// Waits until the token is no token any more.
async fn ended(scene: &Scene, token: &str) {
    let connection = scene.issuer.connection(&scene.hoso.intake, None);
    let any = "/hoso.intake.v1.TerminalService/ListChecklists";
    let until = Instant::now() + PATIENCE;
    while raw::ask(&connection, any, &[], token).await != Some(Code::Unauthenticated) {
        assert!(Instant::now() < until, "it does not end");
        sleep(Duration::from_millis(100)).await;
    }
}

/// An entry that is refused, and answered for ever.
fn refused_entry(sequence: u32) -> JournalEntry {
    JournalEntry {
        sequence,
        command_id: Uuid::new_v4().to_string(),
        ..JournalEntry::default()
    }
}

#[tokio::test]
async fn of_a_terminal_that_reads_no_answers_nothing_is_taken_after_its_token_ended() {
    let scene = Scene::set(&[]).await;
    enrol(&scene, "MAY-1").await;
    let claims = |more: u64| json!({"exp": ends_in(more), "terminal": "MAY-1"});
    let short = scene.token_with("terminal", &claims(6));
    let long = scene.token_with("terminal", &claims(3_600));
    let narrow = scene.issuer.narrow(&scene.hoso.intake);
    let mut open = line_over(narrow.clone(), "MAY-1", &short).await.unwrap();
    assert_eq!(welcome(&mut open).await.next_sequence, 1);
    // Its answer does not fit into what may be unread, so that the server cannot tell it anything more.
    let first = said(Asked::Entry(refused_entry(1)));
    open.say.send(first).await.unwrap();
    let calls = TerminalServiceClient::new(scene.issuer.connection(&scene.hoso.intake, None));
    let answered = async || {
        let asked = ListTerminalAnswersRequest {
            terminal_id: "MAY-1".to_owned(),
            ..ListTerminalAnswersRequest::default()
        };
        let mut to = calls.clone();
        let listed = to.list_terminal_answers(with_token(asked, &long)).await;
        listed.unwrap().into_inner().answers.len()
    };
    let until = Instant::now() + PATIENCE;
    while answered().await == 0 {
        assert!(Instant::now() < until, "the first entry is not taken");
        sleep(Duration::from_millis(50)).await;
    }
    ended(&scene, &short).await;
    let late = said(Asked::Entry(refused_entry(2)));
    open.say.send(late).await.unwrap();
    // What is asked after it over the same connection is answered after it came.
    for _ in 0..20 {
        let asked = "/hoso.intake.v1.TerminalService/ListChecklists";
        raw::ask(&narrow, asked, &[], &long).await;
        assert_eq!(answered().await, 1);
    }
    let mut again = line(&scene, "MAY-1", &long).await.unwrap();
    assert_eq!(welcome(&mut again).await.next_sequence, 2);
    is_told(&to_its_end(&mut open.said).await.1);
}

#[tokio::test]
async fn a_watch_of_deadlines_ends_with_its_token_and_begins_again_with_a_new_one() {
    let scene = Scene::set(&[]).await;
    let watch = async |token: &str| {
        let connection = scene.issuer.connection(&scene.hoso.processing, None);
        let asked = WatchDeadlinesRequest {
            agency: OWN.to_owned(),
            within_working_hours: 400,
            ..WatchDeadlinesRequest::default()
        };
        let mut to = WatchServiceClient::new(connection);
        let watch = to.watch_deadlines(with_token(asked, token)).await;
        watch.unwrap().into_inner()
    };
    let short = scene.token_with("officer", &json!({"exp": ends_in(4)}));
    let told = |came: Vec<WatchDeadlinesResponse>| {
        let notices = came.into_iter().filter_map(|it| it.notice);
        let dossiers = notices.filter_map(|notice| notice.dossier);
        dossiers.map(|it| it.dossier_id).collect::<Vec<_>>()
    };
    let (came, end) = to_its_end(&mut watch(&short).await).await;
    is_told(&end);
    assert_eq!(told(came), std::slice::from_ref(&scene.own.accepted));
    let again = scene.token("officer");
    let first = watch(&again).await.message().await.unwrap().unwrap();
    assert_eq!(told(vec![first]), std::slice::from_ref(&scene.own.accepted));
}

#[tokio::test]
async fn a_copy_of_a_vault_that_is_read_slowly_ends_with_its_token() {
    let scene = Scene::set(&[]).await;
    let short = scene.token_with("operator", &json!({"exp": ends_in(5)}));
    let narrow = scene.issuer.narrow(&scene.hoso.intake);
    let mut copy = VaultServiceClient::new(narrow)
        .copy_vault(with_token(CopyVaultRequest {}, &short))
        .await
        .unwrap()
        .into_inner();
    ended(&scene, &short).await;
    // What was on its way may come still.
    is_told(&to_its_end(&mut copy).await.1);
}

#[tokio::test]
async fn a_stream_of_the_side_door_ends_with_its_token_and_whoever_asks_again_is_told_why() {
    let scene = Scene::set(&[]).await;
    let at = &scene.hoso.reporting_http;
    let short = scene.token_with("ioc", &json!({"exp": ends_in(4)}));
    let changes = format!("/v1/reports/ii06a/changes?agency={OWN}");
    let mut open = get(&scene.issuer, at, &changes, &short).await;
    assert_eq!(open.code, 200);
    let mut lines = Vec::new();
    while let Some(line) = open.line().await {
        lines.push(line);
    }
    assert!(
        lines.iter().any(|line| line.starts_with("event: report")),
        "{lines:?}"
    );
    let mut refused = get(&scene.issuer, at, &changes, &short).await;
    assert_eq!(refused.code, 401);
    let mut said = String::new();
    while let Some(line) = refused.line().await {
        said.push_str(&line);
    }
    assert!(said.contains("UNAUTHENTICATED"), "{said}");
    let again = get(&scene.issuer, at, &changes, &scene.token("ioc")).await;
    assert_eq!(again.code, 200);
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
