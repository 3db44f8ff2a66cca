//! What takes months of a dossier's life, on a clock that is set by hand; and that such a folder is never taken for a real one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use support::program::Hoso;
use support::{python, repository};
use tempfile::TempDir;

/// A folder for a rehearsal: its clock, what scenarios leave each other, and the program's data.
struct Rehearsal {
    folder: TempDir,
}

impl Rehearsal {
    fn at(moment: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("clock"), moment).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn start(&self, more: &[&str]) -> Hoso {
        let clock = self.path("clock");
        let clock = [
            "--log",
            "info",
            "--rehearsal-clock",
            clock.to_str().unwrap(),
        ];
        Hoso::start_with(&self.path("data"), &[&clock, more].concat())
    }

    fn play(&self, scenario: &str, hoso: &Hoso) {
        python::run(scenario, hoso, &self.path("state.json"));
    }

    /// The shipped catalogue with some of its words replaced, and more procedures.
    fn catalogue(&self, edits: &[(&str, &str, &str)], procedures: &str) -> String {
        let to = self.path("catalogue");
        fs::create_dir(&to).unwrap();
        for file in fs::read_dir(repository::top().join("deploy/catalogue")).unwrap() {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            let mut text = fs::read_to_string(file.path()).unwrap();
            for (_, from, into) in edits.iter().filter(|(of, _, _)| *of == name) {
                assert!(text.contains(from), "{name} has no {from}");
                text = text.replacen(from, into, 1);
            }
            if name == "procedures.toml" {
                text.push_str(procedures);
            }
            fs::write(to.join(name), text).unwrap();
        }
        to.to_str().unwrap().to_owned()
    }
}

/// The winter and spring of 2023, every life side by side; the sweeps for lapsed supplements and ended agencies act on
/// the running services.
#[test]
fn complete_lives_come_to_what_a_person_worked_out_beforehand() {
    let rehearsal = Rehearsal::at("2022-12-01T08:00:00+07:00");
    let never = "supplement_lapses_after_working_days = { source = \"NĐ 61/2018/NĐ-CP không quy định\", certainty = \"not_established\" }";
    let ten_days = "supplement_lapses_after_working_days = { value = 10, source = \"thử\", certainty = \"assumed\" }";
    let prefix = "code_prefix = \"000.00.14.H20\"\nvalid_from = 2018-06-21\n";
    let ended = format!("{prefix}valid_to = 2023-02-28\nsuccessor = \"000.00.06.H20\"\n");
    let catalogue = rehearsal.catalogue(
        &[
            ("law.toml", never, ten_days),
            ("agencies.toml", prefix, &ended),
        ],
        r#"
[[procedure]]
code = "9.990001"
name = "Thủ tục thử nghiệm của cơ quan sẽ kết thúc hoạt động"
field = "H20-BS"
level = "department"
agencies = ["000.00.14.H20"]
online = "full"
limit = { amount = 20, unit = "working_days" }
valid_from = 2018-06-21
component = [{ code = "DON", name = "Đơn", required = true }]
synthetic = true
"#,
    );
    let hoso = rehearsal.start(&["--catalogue", &catalogue]);
    rehearsal.play("lives.Lives", &hoso);
    hoso.stop();
}

/// The folder says it, and its logs say it: also when the folder's mark is gone.
#[test]
fn a_rehearsal_is_never_served_as_real_nor_the_other_way_round() {
    let rehearsal = Rehearsal::at("2023-01-16T08:00:00+07:00");
    rehearsal.start(&[]).stop();
    let data = rehearsal.path("data");
    let refused = |more: &[&str], why: &str| {
        let ended = up(&data, more);
        assert!(!ended.status.success());
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(said.contains(why), "{said}");
    };
    refused(&[], "a folder of synthetic dossiers");
    fs::remove_file(data.join("DEMO")).unwrap();
    refused(&[], "never served with the machine's clock");
    let clock = rehearsal.path("clock");
    let by_hand = ["--rehearsal-clock", clock.to_str().unwrap()];
    refused(&by_hand, "may hold real dossiers");

    fs::remove_dir_all(&data).unwrap();
    Hoso::start(&data).stop();
    refused(&by_hand, "may hold real dossiers");
    fs::write(data.join("DEMO"), "").unwrap();
    refused(&by_hand, "never takes one that is set by hand");
    fs::remove_file(&clock).unwrap();
    refused(&by_hand, "must say the time");
}

/// `hoso up` on free ports, which must end by itself.
fn up(data: &Path, more: &[&str]) -> Output {
    let any = "127.0.0.1:0";
    Command::new(repository::built().join("hoso"))
        .args(["up", "--data"])
        .arg(data)
        .args(["--intake", any, "--processing", any, "--reporting", any])
        .args(more)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// The shipped example, on the day on which a department changes its software: checked, broken off, run again.
#[test]
fn dossiers_of_another_system_are_carried_over_once_and_whole() {
    let rehearsal = Rehearsal::at("2023-03-14T09:00:00+07:00");
    let hoso = rehearsal.start(&[]);
    let shipped = repository::top().join("deploy/examples/carried-over.csv");
    let text = fs::read_to_string(&shipped).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let count = lines.len() - 1;
    assert!(count >= 5);

    let checked = told(&import(&shipped, &hoso, &["--dry-run"]));
    assert_eq!(
        (&checked["read"], &checked["imported"]),
        (&count.into(), &0.into())
    );

    // Every fault of every line is told, and nothing is done.
    let broken = rehearsal.path("broken.csv");
    let wrong = text
        .replacen(",direct,", ",fax,", 1)
        .replacen("1.004580", "9.9", 1)
        .replacen(
            lines[3].split(',').next().unwrap(),
            lines[1].split(',').next().unwrap(),
            1,
        );
    fs::write(&broken, wrong).unwrap();
    let refused = import(&broken, &hoso, &[]);
    assert!(!refused.status.success());
    let said: Value = serde_json::from_slice(&refused.stdout).unwrap();
    let faults: Vec<(u64, &str)> = said["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| {
            (
                fault["line"].as_u64().unwrap(),
                fault["column"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        faults,
        [(2, "procedure"), (3, "channel"), (4, "source_reference")],
        "{said}"
    );
    rehearsal.play("carried.NothingYet", &hoso);

    // As far as it came before somebody pulled the plug; then the whole file, and once more.
    let begun = rehearsal.path("begun.csv");
    fs::write(&begun, lines[..3].join("\n")).unwrap();
    assert_eq!(told(&import(&begun, &hoso, &[]))["imported"], 2);
    hoso.kill();
    let hoso = rehearsal.start(&[]);
    let done = told(&import(&shipped, &hoso, &[]));
    assert_eq!(
        (&done["imported"], &done["imported_before"]),
        (&(count - 2).into(), &2.into())
    );
    assert_eq!(
        (&done["due_date_as_recorded"], &done["without_due_date"]),
        (&1.into(), &1.into())
    );
    let again = told(&import(&shipped, &hoso, &[]));
    assert_eq!(
        (&again["imported"], &again["imported_before"]),
        (&0.into(), &count.into())
    );
    rehearsal.play("carried.CarriedOver", &hoso);

    // The same as JSON Lines, with a number changed: that dossier was told otherwise before.
    let changed = rehearsal.path("changed.jsonl");
    let names: Vec<&str> = lines[0].split(',').collect();
    let object: serde_json::Map<String, Value> = names
        .iter()
        .zip(lines[1].split(','))
        .map(|(name, value)| ((*name).to_owned(), value.into()))
        .chain([("phone".to_owned(), "02773851234".into())])
        .collect();
    fs::write(&changed, Value::Object(object).to_string()).unwrap();
    let refused = import(&changed, &hoso, &[]);
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stdout).into_owned();
    assert!(said.contains("it was imported before"), "{said}");
    hoso.stop();
}

/// What waits in the other system waits on here, with its papers and its extensions; each thing that cannot be is told.
#[test]
fn what_waits_or_was_extended_in_another_system_is_carried_over_as_it_stands_there() {
    let rehearsal = Rehearsal::at("2023-03-14T09:00:00+07:00");
    let hoso = rehearsal.start(&[]);
    let shipped = repository::top().join("deploy/examples/carried-over-waiting.jsonl");
    let text = fs::read_to_string(&shipped).unwrap();
    let broken = rehearsal.path("broken.jsonl");
    let wrong = text
        // Asked for before it was accepted.
        .replacen("2023-03-08T09:00", "2023-03-01T09:00", 1)
        // In the future.
        .replacen("2023-03-09T10:00", "2023-03-19T10:00", 1)
        // The last extension is to another day than the due date.
        .replacen("2023-03-10>2023-03-20", "2023-03-10>2023-03-17", 1);
    fs::write(&broken, wrong).unwrap();
    let refused = import(&broken, &hoso, &[]);
    assert!(!refused.status.success());
    let said: Value = serde_json::from_slice(&refused.stdout).unwrap();
    let faults: Vec<(u64, &str)> = said["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| {
            (
                fault["line"].as_u64().unwrap(),
                fault["column"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        faults,
        [(1, "waits_since"), (2, "waits_since"), (3, "extensions")],
        "{said}"
    );
    let done = told(&import(&shipped, &hoso, &[]));
    assert_eq!(done["imported"], 3);
    hoso.kill();
    let hoso = rehearsal.start(&[]);
    let again = told(&import(&shipped, &hoso, &[]));
    assert_eq!(
        (&again["imported"], &again["imported_before"]),
        (&0.into(), &3.into())
    );
    rehearsal.play("carried.Waiting", &hoso);
    hoso.stop();
}

/// What is over in the other system has the effect that it would have had here; each thing that cannot be is told.
#[test]
fn supplements_suspensions_and_fees_of_another_system_count_as_if_they_had_been_lived_here() {
    let rehearsal = Rehearsal::at("2023-03-14T09:00:00+07:00");
    let hoso = rehearsal.start(&[]);
    let shipped = repository::top().join("deploy/examples/carried-over-lived.jsonl");
    let text = fs::read_to_string(&shipped).unwrap();
    let broken = rehearsal.path("broken.jsonl");
    let wrong = text
        // Brought before it was asked for.
        .replacen(">2023-03-01T10:00", ">2023-02-21T10:00", 1)
        // While it was suspended, and with another notice's number.
        .replacen("2023-03-07T09:00", "2023-03-06T09:00", 1)
        .replacen("notice=TB-2", "notice=TB-1", 1)
        // In the future.
        .replacen("2023-03-10T10:00", "2023-03-19T10:00", 1);
    fs::write(&broken, wrong).unwrap();
    let refused = import(&broken, &hoso, &["--dry-run"]);
    assert!(!refused.status.success());
    let said: Value = serde_json::from_slice(&refused.stdout).unwrap();
    let faults = said["faults"].as_array().unwrap();
    let faults: Vec<_> = faults
        .iter()
        .map(|fault| format!("{} {}", fault["line"], fault["column"].as_str().unwrap()))
        .collect();
    assert_eq!(
        faults,
        ["1 supplements", "2 fees", "2 fees", "3 waits_since"],
        "{said}"
    );
    let done = told(&import(&shipped, &hoso, &[]));
    assert_eq!(
        (&done["imported"], &done["due_date_not_as_recorded"]),
        (&3.into(), &1.into())
    );
    hoso.kill();
    let hoso = rehearsal.start(&[]);
    let again = told(&import(&shipped, &hoso, &[]));
    assert_eq!(again["imported_before"], 3);
    rehearsal.play("carried.Lived", &hoso);
    hoso.stop();
}

/// `hoso import`.
fn import(file: &Path, hoso: &Hoso, more: &[&str]) -> Output {
    Command::new(repository::built().join("hoso"))
        .arg("import")
        .arg(file)
        .args(["--system", "motcua.cu", "--format", "json"])
        .args(["--server", &hoso.intake])
        .args(more)
        .output()
        .unwrap()
}

fn told(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stdout)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}
