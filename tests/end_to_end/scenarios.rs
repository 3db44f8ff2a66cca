//! One test for each scenario of the Python client; some go on after the program was killed and started again.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use support::program::Hoso;
use support::python;
use tempfile::TempDir;

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
fn lists_come_in_order_and_in_pages() {
    play(&["lists"]);
}

#[test]
fn the_report_says_what_the_client_counted() {
    play(&["figures.HalfYear"]);
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
