//! A process killed at any moment: every acknowledged record is there afterwards.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use eventlog::{EventLog, Settings};

use crate::support::{append, check, event, settings, small, write};

const FOLDER: &str = "EVENTLOG_TEST_FOLDER";
const ABORT_AT: &str = "EVENTLOG_TEST_ABORT_AT";

/// Runs in a process of its own, appends and says what was acknowledged, until it is killed.
#[test]
fn child_main() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let mut settings = small();
    if let Some(point) = std::env::var_os(ABORT_AT) {
        // "point nth": dies when it comes to the point for the nth time.
        let text = point.into_string().unwrap();
        let (point, nth) = text.split_once(' ').unwrap();
        let (point, nth) = (point.to_owned(), nth.parse::<u32>().unwrap());
        let seen = AtomicU32::new(0);
        settings.faults = eventlog::Faults::new(move |at| {
            if at == point && seen.fetch_add(1, Ordering::SeqCst) + 1 == nth {
                std::process::abort();
            }
            Ok(())
        });
    }
    let log = EventLog::open(Path::new(&folder), settings).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..3_u128 {
            let log = &log;
            scope.spawn(move || {
                for number in 0..20_000_u128 {
                    let count = 1 + number % 3;
                    let numbers = (0..count).map(|nth| number * 10 + nth);
                    let appended = log.append_blocking(append(1 + thread, numbers)).unwrap();
                    let mut lines = String::new();
                    for record in appended.records {
                        lines.push_str(&format!(
                            "{} {}\n",
                            record.place.position,
                            record.event.event_id.as_u128()
                        ));
                    }
                    std::io::stdout().write_all(lines.as_bytes()).unwrap();
                }
            });
        }
    });
}

fn child(folder: &Path, abort_at: Option<&str>) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "kill::child_main",
            "--nocapture",
            "--test-threads",
            "1",
        ])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    if let Some(point) = abort_at {
        command.env(ABORT_AT, point);
    }
    command.spawn().unwrap()
}

/// What the child says was acknowledged, (position, event), until it has died. It is killed when it
/// has said `enough`.
fn acknowledged(child: &mut Child, enough: usize) -> Vec<(u64, u128)> {
    let mut said = Vec::new();
    let lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    for line in lines {
        let parts = line.split_once(' ');
        let parts =
            parts.and_then(|(position, event)| Some((position.parse().ok()?, event.parse().ok()?)));
        said.extend(parts);
        if said.len() == enough {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    said
}

/// Opens what the kill left; everything acknowledged is there with its content, and nothing is torn.
fn examine(folder: &Path, said: &[(u64, u128)], settings: Settings) -> EventLog {
    let log = EventLog::open(folder, settings).unwrap();
    assert_eq!(log.awaits(), None);
    let records = check(&log);
    for (position, number) in said {
        let record = &records[usize::try_from(*position).unwrap() - 1];
        assert_eq!(record.event, event(*number, &[]));
    }
    log
}

#[test]
fn after_kill_9_every_acknowledged_record_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut total = 0;
    for round in 0..24_usize {
        let mut child = child(folder.path(), None);
        if round % 6 == 5 {
            // Some die while opening, the others in the middle of appends, of closing or sealing a segment.
            std::thread::sleep(Duration::from_millis(u64::try_from(round).unwrap()));
            child.kill().unwrap();
        }
        let said = acknowledged(&mut child, 30 + round * 41 % 170);
        total += said.len();
        let log = examine(folder.path(), &said, small());
        // The log goes on, cleanly stopped every third time.
        write(&log, 1_000_000 + u128::try_from(round).unwrap());
        if round % 3 != 0 {
            log.close();
        }
    }
    assert!(
        total > 1000,
        "only {total} records were acknowledged in all rounds"
    );
}

#[test]
fn a_kill_at_any_step_of_sealing_loses_nothing() {
    let points = [
        "roll::begin",
        "roll::created",
        "roll::done",
        "seal::begin",
        "seal::record",
        "seal::written",
        "seal::done",
        "seal::remove",
        "checkpoint::flush",
        "checkpoint::sync",
        "checkpoint::synced",
        "writer::write",
        "writer::sync",
        "writer::synced",
    ];
    let mut cases: Vec<String> = points.iter().map(|point| format!("{point} 2")).collect();
    cases.push("seal::record 60".to_owned());
    // The first is of the making; then each closing and each sealing of a segment writes once.
    for nth in 1..=5 {
        cases.push(format!("manifest::write {nth}"));
        cases.push(format!("manifest::written {nth}"));
    }
    for case in cases {
        let folder = tempfile::tempdir().unwrap();
        let mut child = child(folder.path(), Some(&case));
        let said = acknowledged(&mut child, usize::MAX);
        let log = examine(folder.path(), &said, small());
        write(&log, 5_000_000);
        log.close();
        let log = EventLog::open(folder.path(), small()).unwrap();
        check(&log);
        drop(log);
        let names: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert!(
            !names
                .iter()
                .any(|name| name.to_str().unwrap().contains("tmp")),
            "{case}: {names:?}"
        );
    }
}

#[test]
fn two_processes_cannot_open_one_log() {
    let folder = tempfile::tempdir().unwrap();
    let log = EventLog::open(folder.path(), settings()).unwrap();
    let mut child = child(folder.path(), None);
    let said = acknowledged(&mut child, usize::MAX);
    assert_eq!(said, []);
    write(&log, 1);
    assert_eq!(check(&log).len(), 1);
}
