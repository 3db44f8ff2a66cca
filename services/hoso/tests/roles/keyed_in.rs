//! What a clerk types at a postal terminal, with a line and without: what is printed, what is refused and kept nowhere.

use std::io::{BufRead as _, BufReader};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::offline::{Terminal, enrolled};
use crate::process::Role;
use crate::server::Server;

const CODE: &str = "000.00.06.H20-221215-1001";
const ITEM: [&str; 2] = ["--item", "EE123456785VN"];
const WHAT: [&str; 4] = ["--procedure", "2.001616", "--agency", "000.00.06.H20"];

/// A collected dossier, as the clerk types it; the applicant comes on standard input.
fn collect<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let rest = ["--applicant", "-", "--paper", "DON:1:1:0", "--synthetic"];
    [&["collect"], &WHAT[..], &rest, more].concat()
}

fn queue(terminal: &Terminal) -> Vec<Value> {
    let said = terminal.well(&["queue", "--format", "json"]);
    let lines = said.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What the folder has of entries and of receipt numbers.
fn kept(terminal: &Terminal) -> (Vec<Value>, Option<String>) {
    let state = std::fs::read_to_string(terminal.folder.join("state.json"));
    (queue(terminal), state.ok())
}

/// It is refused, and nothing of it is kept.
fn refused(terminal: &Terminal, words: &[&str]) -> String {
    let before = kept(terminal);
    let output = terminal.does(words);
    assert!(!output.status.success(), "{words:?}");
    assert_eq!(kept(terminal), before, "{words:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn office() -> (TempDir, Server, Role, Terminal) {
    let place = tempfile::tempdir().unwrap();
    let nats = Server::start();
    let intake = Role::start("intake", 1, place.path(), &nats.url());
    let terminal = enrolled(&intake, &place);
    (place, nats, intake, terminal)
}

#[test]
fn what_is_keyed_in_without_a_line_waits_and_is_taken_in_when_there_is_one() {
    let (_place, _nats, mut intake, terminal) = office();
    let leased = terminal.well(&["lease", "--series", "BL", "--count", "2"]);
    assert!(leased.contains("receipts BL/10000001–10000002"), "{leased}");
    intake.kill();

    let said = terminal.well(&collect(&["--slip", "PG-1"]));
    assert_eq!(said, "     1  phiếu gửi · slip PG-1\n");
    let said = terminal.well(&collect(&["--at-home"]));
    // The terminal's own number: never a dossier code.
    assert!(
        said.contains("     2  phiếu gửi · slip BC1-MAY2-"),
        "{said}"
    );
    let fee = ["--amount-vnd", "50000", "--slip", "PG-1"];
    let said = terminal.well(&[&["receipt", "--series", "BL"], &fee[..]].concat());
    assert_eq!(said, "     3  biên lai · receipt BL/10000001\n");
    let minute = ["--number", "BB-1", "--to", "point:TTPVHCC-DT"];
    let signed = ["--taker", "can-bo-1", "--paper", "PG-1=complete"];
    let said = terminal.well(&[&["hand-over"], &minute[..], &signed].concat());
    assert_eq!(said, "     4  biên bản giao nhận · minute BB-1\n");
    let nobody = ["--reason", "vang_nha"];
    let said = terminal.well(&[&["attempt", CODE], &ITEM[..], &nobody].concat());
    let item = |number: u32| format!("{number:>6}  bưu gửi · item EE123456785VN · {CODE}\n");
    assert_eq!(said, item(5));
    let said = terminal.well(&[&["deliver", CODE], &ITEM[..], &["--to-authorised"]].concat());
    assert_eq!(said, item(6));
    let said = terminal.well(&[&["return", CODE], &ITEM[..]].concat());
    assert_eq!(said, item(7));

    let failed = terminal.does(&["sync"]);
    assert_eq!(failed.status.code(), Some(1));
    let why = String::from_utf8(failed.stderr).unwrap();
    assert!(why.contains("nobody answers at"), "{why}");
    let waiting: Vec<_> = queue(&terminal)
        .iter()
        .map(|it| {
            (
                it["sequence"].clone(),
                it["what"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    assert_eq!(waiting.len(), 7);
    assert_eq!(waiting[0], (1.into(), "phiếu gửi PG-1".to_owned()));
    let receipt = "biên lai BL/10000001, 50000 đồng, PG-1";
    assert_eq!(waiting[2].1, receipt);
    assert_eq!(waiting[3].1, "biên bản BB-1, 1 hồ sơ");
    assert_eq!(waiting[4].1, format!("phát không thành công {CODE}"));
    assert_eq!(waiting[5].1, format!("phát thành công {CODE}"));
    assert_eq!(waiting[6].1, format!("chuyển hoàn {CODE}"));
    let told = terminal.well(&["queue"]);
    assert!(
        told.contains("7 chờ gửi · wait, 0 bị từ chối · refused"),
        "{told}"
    );
    assert!(!told.contains("Lê Văn Thử"), "nobody's name: {told}");

    intake.restart();
    let said = terminal.well(&["sync"]);
    assert_eq!(
        said,
        "7 đã nhận · taken, 0 đã có · known, 0 bị từ chối · refused, 0 mất · lost\n"
    );
    assert_eq!(queue(&terminal), Vec::<Value>::new());
}

#[test]
fn a_command_typed_again_because_nobody_saw_its_answer_is_kept_once() {
    let (_place, _nats, _intake, terminal) = office();
    terminal.well(&["lease", "--series", "BL", "--count", "5"]);
    let id = ["--command-id", "6f1c0f7e-9a55-4f0e-8d3b-0d5b7f6a3c11"];
    let fee = ["--series", "BL", "--amount-vnd", "50000", "--code", CODE];
    let words = [&["receipt"], &fee[..], &id].concat();
    let first = terminal.well(&words);
    assert_eq!(terminal.well(&words), first, "the same receipt's number");
    assert_eq!(queue(&terminal).len(), 1);
}

#[test]
fn what_cannot_be_right_is_refused_with_what_to_do_and_kept_nowhere() {
    let (_place, _nats, mut intake, terminal) = office();
    terminal.well(&["lease", "--series", "BL", "--count", "1"]);
    // None of it needs a line.
    intake.kill();
    let to = ["--to", "point:TTPVHCC-DT"];
    let minute = |more: &[&'static str]| [&["hand-over", "--number", "BB-1"], more].concat();
    let receipt = |more: &[&'static str]| [&["receipt", "--series", "BL"], more].concat();
    for (words, says) in [
        (
            collect(&["--paper", "DON:one"]),
            "CODE:ORIGINALS:CERTIFIED:COPIES",
        ),
        (collect(&["--slip", "hai dòng\nmột"]), "collected.slip"),
        (
            [&["collect"], &WHAT[..], &["--applicant", "/khong/co"]].concat(),
            "/khong/co: No such file",
        ),
        (["collect", "--applicant", "-"].to_vec(), "--procedure"),
        (
            minute(&["--to", "TTPVHCC-DT", "--paper", "PG-1"]),
            "terminal:ID, office:ID or point:ID",
        ),
        (
            minute(&[&to[..], &["--paper", "PG-1=maybe"]].concat()),
            "complete, incomplete, missing or damaged",
        ),
        (minute(&to), "--paper"),
        // Signed by one side only: what the other found cannot be known yet.
        (
            minute(&[&to[..], &["--paper", "PG-1=complete"]].concat()),
            "hand_over.papers[0].result",
        ),
        (
            minute(&[&to[..], &["--paper", "PG-1", "--paper", "PG-1"]].concat()),
            "is in the minute twice",
        ),
        (
            minute(&["--to", "terminal:BC1-MAY2", "--paper", "PG-1"]),
            "another than the side that gives",
        ),
        (receipt(&["--amount-vnd", "50000"]), "--code"),
        (
            receipt(&["--amount-vnd", "0", "--slip", "PG-1"]),
            "fee_receipt.amount_vnd",
        ),
        (
            receipt(&["--amount-vnd", "1.5", "--slip", "PG-1"]),
            "--amount-vnd",
        ),
        (
            receipt(&["--amount-vnd", "1", "--slip", "PG-1", "--notice", "TB-1"]),
            "fee_receipt.notice",
        ),
        (
            [
                "receipt",
                "--series",
                "XX",
                "--amount-vnd",
                "1",
                "--slip",
                "PG-1",
            ]
            .to_vec(),
            "hoso terminal lease --series XX",
        ),
        ([&["attempt", CODE], &ITEM[..]].concat(), "--reason"),
        (
            [&["attempt", CODE], &ITEM[..], &["--reason", "Đi vắng"]].concat(),
            "filing.delivery_failure.reason_code",
        ),
        (["deliver", CODE].to_vec(), "--item"),
        ([&["deliver", "hai chữ"], &ITEM[..]].concat(), "filing.code"),
        (
            [&["return", CODE], &ITEM[..], &["--signed-at", "hôm qua"]].concat(),
            "--signed-at",
        ),
        (
            ["dismiss", "9"].to_vec(),
            "`hoso terminal queue` lists them",
        ),
        (
            ["run", "--every", "0"].to_vec(),
            "must be 1 to 86400 seconds",
        ),
        (["lease", "--series", "BL"].to_vec(), "nobody answers at"),
    ] {
        let said = refused(&terminal, &words);
        assert!(said.contains(says), "{words:?}: {says} is not in {said}");
    }
    // An applicant that is none is never quoted.
    let mut said = terminal.command(&collect(&[]));
    let output = said.stdin(std::process::Stdio::null()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(said.contains("must be a JSON object with `name`"), "{said}");
    let mut nameless = terminal.command(&collect(&[]));
    let output = nameless.env_remove("HOSO_ACTOR").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("--actor"), "{said}");
    assert_eq!(queue(&terminal), Vec::<Value>::new());
}

#[test]
fn a_terminal_is_enrolled_into_a_folder_of_its_own_or_not_at_all() {
    let (place, _nats, intake, terminal) = office();
    let enrol = |id: &'static str, server: &str, folder: &str| {
        let mut words = ["enrol", "--office", "BC1", "--operator", "VNPOST-DT"].to_vec();
        words.extend(["--terminal", id, "--server", server]);
        let terminal = Terminal {
            folder: place.path().join(folder),
        };
        let output = terminal.does(&words);
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.success(), said, terminal.folder)
    };
    // The folder of another terminal, before the node hears of anything.
    let (well, said, _) = enrol("BC1-MAY9", &intake.address, "terminal");
    assert!(!well);
    assert!(
        said.contains("is the folder of terminal BC1-MAY2"),
        "{said}"
    );
    let (well, said, folder) = enrol("BC1 MAY9", &intake.address, "other");
    assert!(!well && !folder.exists());
    assert!(said.contains("terminal_id: "), "{said}");
    let (well, said, folder) = enrol("BC1-MAY9", "127.0.0.1:1", "other");
    assert!(!well && !folder.exists());
    assert!(said.contains("nobody answers at"), "{said}");
    // The same terminal again: it may stand in another office now.
    let again = terminal.well(&[
        "enrol",
        "--terminal",
        "BC1-MAY2",
        "--office",
        "BC2",
        "--operator",
        "VNPOST-DT",
        "--server",
        &intake.address,
    ]);
    assert!(again.starts_with("BC1-MAY2 · "), "{again}");
    terminal.well(&["sync"]);
    // A folder that is no terminal's.
    let nothing = Terminal {
        folder: place.path().join("nothing"),
    };
    for words in [&["queue"][..], &["sync"], &["dismiss", "1"], &collect(&[])] {
        let output = nothing.does(words);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("`hoso terminal enrol`"), "{words:?}: {said}");
    }
    assert!(!nothing.folder.exists());
}

#[test]
fn a_refused_entry_is_shown_until_somebody_has_seen_to_it() {
    let (_place, _nats, _intake, terminal) = office();
    let minute = ["hand-over", "--number", "BB-1", "--to", "point:KHONG-CO"];
    terminal.well(&[&minute[..], &["--paper", "PG-1"]].concat());
    let output = terminal.does(&["sync"]);
    assert_eq!(output.status.code(), Some(2), "somebody must look");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("1 bị từ chối · refused"), "{said}");
    let told = terminal.well(&["queue"]);
    let why = "Danh mục không có điểm tiếp nhận KHONG-CO. (HAND_OVER_TO_UNKNOWN_POINT)";
    assert!(told.contains(why), "{told}");
    // Nothing waits, and yet somebody has to look.
    assert_eq!(terminal.does(&["sync"]).status.code(), Some(2));
    assert_eq!(terminal.well(&["dismiss", "1"]), "");
    assert_eq!(queue(&terminal), Vec::<Value>::new());
    terminal.well(&["sync"]);
}

#[test]
fn run_uploads_as_soon_as_there_is_a_line_and_stops_when_told() {
    let (_place, _nats, mut intake, terminal) = office();
    intake.kill();
    terminal.well(&collect(&["--slip", "PG-1"]));
    let mut running = terminal.begin(&["run", "--every", "1"]);
    let mut said = BufReader::new(running.stderr.take().unwrap()).lines();
    let told = said.next().unwrap().unwrap();
    assert!(told.contains("chưa gửi được · not uploaded yet"), "{told}");
    intake.restart();
    let mut printed = BufReader::new(running.stdout.take().unwrap()).lines();
    let told = printed.next().unwrap().unwrap();
    assert!(told.starts_with("1 đã nhận · taken"), "{told}");
    // Keyed in while it runs.
    terminal.well(&collect(&["--slip", "PG-2"]));
    let told = printed.next().unwrap().unwrap();
    assert!(told.starts_with("1 đã nhận · taken"), "{told}");
    kill_process(Pid::from_child(&running), Signal::TERM).unwrap();
    let until = std::time::Instant::now() + Duration::from_secs(30);
    let status = loop {
        if let Some(status) = running.try_wait().unwrap() {
            break status;
        }
        assert!(std::time::Instant::now() < until, "it does not stop");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(status.success());
    assert_eq!(queue(&terminal), Vec::<Value>::new());
}

#[test]
fn a_terminal_that_is_pointed_at_another_node_keeps_what_it_has_and_says_whose_it_is() {
    let (place, nats, intake, terminal) = office();
    let other = Role::start("intake", 2, place.path(), &nats.url());
    terminal.well(&collect(&["--slip", "PG-1"]));
    let identity = terminal.folder.join("terminal.toml");
    let own = std::fs::read_to_string(&identity).unwrap();
    let pointed = own.replace(&intake.address, &other.address);
    std::fs::write(&identity, pointed).unwrap();
    let output = terminal.does(&["sync"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("TERMINAL_OF_ANOTHER_NODE"), "{said}");
    assert!(
        said.contains("thuộc nút tiếp nhận 1; đây là nút 2"),
        "{said}"
    );
    assert_eq!(queue(&terminal).len(), 1, "it waits");
    std::fs::write(&identity, own).unwrap();
    assert!(terminal.well(&["sync"]).starts_with("1 đã nhận · taken"));
}

#[test]
fn the_office_sees_who_has_which_papers_and_what_each_entry_was_answered() {
    let (_place, _nats, intake, terminal) = office();
    terminal.well(&collect(&["--slip", "PG-1"]));
    let minute = ["hand-over", "--number", "BB-1", "--to", "office:BC1"];
    terminal.well(&[&minute[..], &["--paper", "PG-1"]].concat());
    terminal.well(&[&minute[..], &["--paper", "PG-1"]].concat());
    terminal.does(&["sync"]);
    let at = ["--server", &intake.address];
    let asks = |words: &[&str]| {
        let output = terminal.does(&[words, &at[..]].concat());
        let said = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), said)
    };
    // Nothing waits for a working day yet.
    let (code, said) = asks(&["legs"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("0 giấy tờ đang trên đường từ 8 giờ làm việc"),
        "{said}"
    );
    let (code, said) = asks(&[
        "legs", "--older", "0", "--holder", "BC1-MAY2", "--format", "json",
    ]);
    assert_eq!(code, Some(2), "somebody must ask");
    let leg: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(leg["slip"], "PG-1");
    assert_eq!(leg["holder"], "terminal:BC1-MAY2");
    assert_eq!(leg["unacknowledged"], "BB-1");
    assert!(leg["working_minutes"].as_u64().unwrap() < 60);
    let (_, said) = asks(&["legs", "--older", "0"]);
    assert!(
        said.contains("PG-1") && said.contains("terminal:BC1-MAY2"),
        "{said}"
    );
    let (_, numbers) = intake.ask("/metrics");
    for line in [
        "hoso_custody_open_legs{role=\"intake\",holder=\"terminal\"} 1.0",
        "hoso_custody_open_legs{role=\"intake\",holder=\"office\"} 0.0",
        "hoso_custody_unacknowledged_legs{role=\"intake\"} 1.0",
        "hoso_custody_oldest_working_minutes{role=\"intake\"} ",
    ] {
        assert!(numbers.contains(line), "{line} is not in:\n{numbers}");
    }

    let (_, said) = asks(&["answers", "BC1-MAY2"]);
    assert_eq!(
        said.lines().filter(|line| line.starts_with('✓')).count(),
        2,
        "{said}"
    );
    assert!(said.contains("(HAND_OVER_NUMBER_TAKEN)"), "{said}");
    let (_, said) = asks(&["answers", "BC1-MAY2", "--refused", "--format", "json"]);
    let answer: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(answer["sequence"], 3);
    assert_eq!(answer["faults"][0]["field"], "hand_over.number");
    let (_, said) = asks(&["checklist", "2.001616"]);
    assert!(said.contains("* DON") && said.contains("  GPCU"), "{said}");
    let (code, said) = asks(&["checklist", "9.9"]);
    assert_eq!((code, said.as_str()), (Some(1), ""));
    let (_, said) = asks(&["checklist", "--format", "json"]);
    assert!(said.lines().count() > 50, "every procedure: {said}");
}
