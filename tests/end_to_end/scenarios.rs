//! One test for each scenario of the Python client; some go on after the program was killed and started again.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use support::program::Hoso;
use support::{python, repository};
use tempfile::TempDir;

use crate::issuer::Issuer;
use crate::server::Server;

/// A folder for the program's data and one file for what scenarios leave each other.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state.json")
    }
}

/// Plays scenarios against a program of their own, which must then stop as it should.
fn play(scenarios: &[&str]) {
    let place = Place::new();
    let hoso = Hoso::start(&place.data());
    for scenario in scenarios {
        python::run(scenario, &hoso, &place.state());
    }
    hoso.stop();
}

#[test]
fn a_dossier_lives_from_submission_to_delivery() {
    play(&["whole_life"]);
}

#[test]
fn who_writes_reads_it_at_once_at_every_service() {
    play(&["own_writes"]);
}

#[test]
fn a_postal_terminal_brings_what_it_collected() {
    play(&["post_terminal"]);
}

#[test]
fn lists_come_in_order_and_in_pages() {
    play(&["lists"]);
}

/// Each role comes in over TLS with a token of its own, does what it may, and is refused the rest.
#[test]
fn with_tokens_every_client_does_what_its_role_may_and_nothing_else() {
    use api::authority::roles::ROLES;
    use serde_json::{Value, json};

    let place = Place::new();
    let issuer = Issuer::new(place.folder.path());
    let mut tokens = serde_json::Map::new();
    for role in ROLES {
        let scopes: Vec<_> = role.scopes.iter().map(|scope| scope.name()).collect();
        let theirs = match role.name {
            "one-stop" | "ioc" | "auditor" => {
                json!({"agency": "*", "point": "*", "office": "*", "terminal": "*"})
            }
            _ => {
                json!({"agency": ["000.00.06.H20"], "point": ["TTPVHCC-DT"], "office": ["VNPOST-DT"], "terminal": ["BC1-MAY2"]})
            }
        };
        let token = issuer.token(role.name, &scopes, &theirs);
        tokens.insert(role.name.to_owned(), Value::String(token));
    }
    let file = |name: &str| issuer.file(name).to_str().unwrap().to_owned();
    let word = json!({"ca": file("ca.pem"), "tokens": tokens});
    fs::write(place.state(), word.to_string()).unwrap();
    let (certificate, key, jwks) = (file("server.pem"), file("server.key"), file("jwks.json"));
    let guarded = [
        "--tls-cert",
        &certificate,
        "--tls-key",
        &key,
        "--jwks",
        &jwks,
    ];
    let mut words = vec!["--log", "info", "--token-issuer", "tinh"];
    words.extend(guarded);
    let hoso = Hoso::start_with(&place.data(), &words);
    python::run("tokens", &hoso, &place.state());
    hoso.stop();
}

/// Also after `kill -9`, and not at all where nothing can be written.
#[test]
fn dossiers_are_found_by_an_identity_number_and_never_without_a_record() {
    let place = Place::new();
    let hoso = Hoso::start(&place.data());
    python::run("look_ups.Found", &hoso, &place.state());
    hoso.kill();
    let full = ["--free-bytes-min", "1000000000000000"];
    let hoso = Hoso::start_with(&place.data(), &full);
    python::run("look_ups.Kept", &hoso, &place.state());
    // It has complained of the disk, as it should.
    hoso.kill();
}

#[test]
fn whoever_watches_is_told_what_changes_and_what_is_due() {
    play(&["watches.Changes", "watches.Deadlines"]);
}

#[test]
fn the_report_says_what_the_client_counted() {
    play(&["figures.HalfYear"]);
}

#[test]
fn what_goes_beyond_the_straight_way_is_recorded_flagged_and_counted() {
    play(&[
        "beyond.Voided",
        "beyond.PutRight",
        "beyond.Money",
        "beyond.Together",
        "beyond.Post",
        "beyond.Papers",
        "beyond.Elsewhere",
    ]);
}

#[test]
fn what_people_bring_and_what_the_post_tells_is_decided_once() {
    play(&["brought"]);
}

/// A calendar is published while the program runs; what was computed without it is computed anew by itself, once, and intake
/// counts on it from then on, also across `kill -9`.
#[test]
fn a_published_calendar_settles_provisional_due_dates() {
    let place = Place::new();
    let folder = place.folder.path().join("catalogue");
    let shipped = repository::top().join("deploy/catalogue");
    fs::create_dir(&folder).unwrap();
    for file in fs::read_dir(&shipped).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
    let calendar = fs::read_to_string(shipped.join("calendar.csv")).unwrap();
    let years = "# published: 2021..2026";
    assert!(calendar.contains(years));
    let without = calendar.replace(years, "# published: 2021..2022");
    fs::write(folder.join("calendar.csv"), without).unwrap();
    let catalogue = folder.to_str().unwrap();
    let published = place.folder.path().join("published.csv");
    fs::write(&published, with_the_years_to_come(&calendar, years)).unwrap();

    let hoso = Hoso::start_with(&place.data(), &["--catalogue", catalogue]);
    python::run("beyond.Provisional", &hoso, &place.state());
    let broken = place.folder.path().join("broken.csv");
    fs::write(
        &broken,
        "date,kind,reason,certainty\n2027-02-30,off,Tết,official\n",
    )
    .unwrap();
    let refused = publish(&broken, &hoso);
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("broken.csv:2: "), "{said}");
    let told = |output: std::process::Output| -> serde_json::Value {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    assert_eq!(told(publish(&published, &hoso))["changed"], true);
    let again = told(publish(&published, &hoso));
    assert_eq!(
        (&again["changed"], &again["recomputed"]),
        (&false.into(), &0.into())
    );
    assert_eq!(again["not_yet_at"], serde_json::json!([]));
    python::run("beyond.Recomputed", &hoso, &place.state());
    hoso.kill();
    let hoso = Hoso::start_with(&place.data(), &["--catalogue", catalogue]);
    python::run("beyond.Recomputed", &hoso, &place.state());
    hoso.stop();
}

/// The calendar with every year a dossier of today can reach published, each with one day off.
fn with_the_years_to_come(calendar: &str, years: &str) -> String {
    let mut text = calendar.replace(years, "# published: 2021..2060");
    for year in 2027..=2060 {
        let weekday = (1..=3)
            .map(|day| jiff::civil::date(year, 3, day))
            .find(|day| day.weekday().to_monday_one_offset() <= 5)
            .unwrap();
        text.push_str(&format!("{weekday},off,Ngày thử,official\n"));
    }
    text
}

/// `hoso calendar publish`.
fn publish(file: &Path, hoso: &Hoso) -> std::process::Output {
    std::process::Command::new(repository::built().join("hoso"))
        .args(["calendar", "publish"])
        .arg(file)
        .args(["--server", &hoso.processing, "--format", "json"])
        .output()
        .unwrap()
}

#[test]
fn published_figures_are_checked() {
    play(&[
        "figures.Published",
        "figures.FiledWhereOnlyInformationIsGiven",
    ]);
}

#[test]
fn health_and_reflection_answer_as_every_tool_expects() {
    play(&["standard"]);
}

#[test]
fn the_operations_centre_reads_the_figures_over_http_as_they_change() {
    play(&["web.Asked", "web.Changes"]);
}

/// The streams as a consumer finds them that was not written for them, after every call that takes words was made.
#[test]
fn a_consumer_that_knows_nothing_of_hoso_finds_cloud_events_and_nothing_about_people() {
    play_over_nats(&["personal", "strangers.Records"]);
}

#[test]
fn the_figures_of_now_are_on_a_board_for_everybody() {
    play_over_nats(&["strangers.Board"]);
}

/// The same, with NATS between the services.
fn play_over_nats(scenarios: &[&str]) {
    let place = Place::new();
    let nats = Server::start();
    let hoso = Hoso::start_over(&place.data(), &nats.url());
    for scenario in scenarios {
        python::run(scenario, &hoso, &place.state());
    }
    hoso.stop();
}

#[test]
fn the_same_request_at_once_from_many_is_done_once() {
    play(&["repeated.AtOnce"]);
}

#[test]
fn broken_frames_disturb_nobody() {
    play(&["broken_frames"]);
}

/// The first answers are remembered on disk, not in the process: they outlive `kill -9`.
#[test]
fn a_repeated_request_gets_the_first_answer_also_after_a_kill() {
    let place = Place::new();
    let hoso = Hoso::start(&place.data());
    python::run("repeated.First", &hoso, &place.state());
    hoso.kill();
    // Also by a program whose answers wait until processing has the write too.
    let hoso = Hoso::start_with(&place.data(), &["--log", "info", "--ack", "follower"]);
    python::run("repeated.AfterTheKill", &hoso, &place.state());
    hoso.stop();
}

/// Fifteen kinds of bad input and more; what they leave behind is nothing, and that is taken literally: not one byte of
/// any service's data changes while they come in.
#[test]
fn bad_input_is_refused_and_leaves_no_trace() {
    let place = Place::new();
    let hoso = Hoso::start(&place.data());
    python::run("bad_input.Prepared", &hoso, &place.state());
    wait_until_gathered(&place);
    let before = fingerprints(&place.data());
    assert!(!before.is_empty());
    python::run("bad_input.Refused", &hoso, &place.state());
    let after = fingerprints(&place.data());
    let changed: Vec<_> = before
        .keys()
        .chain(after.keys())
        .filter(|file| before.get(*file) != after.get(*file))
        .collect();
    assert!(changed.is_empty(), "bad input changed {changed:?}");
    python::run("bad_input.Kept", &hoso, &place.state());
    hoso.stop();
}

/// Processing looks in its own time for the personal data that good requests left at intake, and marks how far it is.
fn wait_until_gathered(place: &Place) {
    let word: serde_json::Value =
        serde_json::from_slice(&fs::read(place.state()).unwrap()).unwrap();
    let (mark, head) = (
        place.data().join("processing/vault/gathered"),
        word["processing"].to_string(),
    );
    let given_up = Instant::now() + Duration::from_secs(30);
    // The mark is replaced by a rename, so that it is whole whenever it is read.
    while fs::read_to_string(&mark)
        .ok()
        .is_none_or(|text| text.split_whitespace().last() != Some(&head))
    {
        assert!(
            Instant::now() < given_up,
            "processing did not gather up to {head}"
        );
        thread::sleep(Duration::from_millis(20));
    }
}

/// What is in each file below a folder.
fn fingerprints(folder: &Path) -> BTreeMap<PathBuf, u64> {
    files(folder)
        .into_iter()
        // A log writes down every minute that it is alive, whatever is asked of it.
        .filter(|file| file.file_stem().is_none_or(|name| name != "alive"))
        .map(|file| {
            let mut hasher = DefaultHasher::new();
            fs::read(&file).unwrap().hash(&mut hasher);
            (file, hasher.finish())
        })
        .collect()
}

/// Every file below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found
}
