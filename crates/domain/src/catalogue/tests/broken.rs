//! Broken catalogues: each kind of fault is found, at its line, together with every other.

use super::*;

/// The faults when a text in a file is replaced, which must be in it once.
fn faults(file: &str, from: &str, to: &str) -> Vec<String> {
    let whole = files(&[]);
    let (_, text) = whole
        .iter()
        .find(|(name, _)| *name == file)
        .expect("a file");
    assert_eq!(text.matches(from).count(), 1, "{from}");
    of(file, &text.replace(from, to))
}

/// The faults when a file is this.
fn of(file: &str, text: &str) -> Vec<String> {
    Catalogue::parse(&files(&[(file, text)]))
        .expect_err("broken")
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn added(file: &str, text: &str) -> Vec<String> {
    let whole = files(&[]);
    let (_, before) = whole
        .iter()
        .find(|(name, _)| *name == file)
        .expect("a file");
    of(file, &format!("{before}{text}"))
}

#[test]
fn a_fault_names_file_line_and_reason() {
    let table: &[(&str, &str, &str, &[&str])] = &[
        // Form.
        (
            "agencies.toml",
            "name = \"Sở cũ\"\n",
            "",
            &["agencies.toml:23: `name` is missing"],
        ),
        (
            "agencies.toml",
            "name = \"Sở cũ\"",
            "nmae = \"Sở cũ\"",
            &[
                "agencies.toml:23: `name` is missing",
                "agencies.toml:25: nothing is called `nmae` here",
            ],
        ),
        (
            "agencies.toml",
            "\"Sở cũ\"",
            "\"  \"",
            &["agencies.toml:25: `name` is not a text, or empty"],
        ),
        (
            "procedures.toml",
            "fee_online = true",
            "fee_online = \"yes\"",
            &["procedures.toml:11: `fee_online` is not true or false"],
        ),
        (
            "procedures.toml",
            "amount = 10,",
            "amount = 100000,",
            &["procedures.toml:8: `amount` is not a whole number in range"],
        ),
        (
            "procedures.toml",
            "amount = 10,",
            "amount = 2018,",
            &["procedures.toml:8: `amount` 2018 is not between 1 and 1000"],
        ),
        (
            "procedures.toml",
            "{ amount = 10, unit = \"working_days\" }",
            "{ unit = \"weeks\" }",
            &[
                "procedures.toml:8: `amount` is missing",
                "procedures.toml:8: `unit` is `weeks`, which is none of working_days, calendar_days, working_hours, months, same_day",
            ],
        ),
        (
            "agencies.toml",
            "valid_to = 2025-06-30",
            "valid_to = \"2025-06-30\"",
            &["agencies.toml:29: `valid_to` is not a date like 2026-11-24, without quotes"],
        ),
        (
            "agencies.toml",
            "valid_to = 2025-06-30",
            "valid_to = 2025-06-30T08:00:00",
            &["agencies.toml:29: `valid_to` is not a date like 2026-11-24, without quotes"],
        ),
        (
            "agencies.toml",
            "level = \"province\"",
            "level = \"region\"",
            &[
                "agencies.toml:18: `level` is `region`, which is none of province, department, district, commune",
            ],
        ),
        (
            "points.toml",
            "[\"000.00.06.H20\", \"VNPOST-DT\"]",
            "[]",
            &["points.toml:6: `operators` is not a list of at least one text"],
        ),
        (
            "points.toml",
            "\"counter\"",
            "\"home_collection\"",
            &[
                "points.toml:4: `place` is `home_collection`, which is none of counter, post_office, kiosk, online",
            ],
        ),
        // Working hours.
        (
            "agencies.toml",
            "\"07:30\"",
            "\"7h30\"",
            &["agencies.toml:3: `7h30` is not a time like \"07:00\""],
        ),
        (
            "agencies.toml",
            "\"11:30\"",
            "\"13:30\"",
            &["agencies.toml:1: working hours must run forward: opening, noon break, closing"],
        ),
        (
            "agencies.toml",
            "[\"13:00\", \"17:00\"]",
            "[\"13:00\"]",
            &["agencies.toml:4: `afternoon` is not two times, like [\"07:00\", \"11:30\"]"],
        ),
        // Names.
        (
            "agencies.toml",
            "name = \"usual\"",
            "name = \"other\"",
            &[
                "agencies.toml:13: there is no working hours `usual`",
                "agencies.toml:21: there is no working hours `usual`",
                "agencies.toml:31: there is no working hours `usual`",
            ],
        ),
        (
            "agencies.toml",
            "parent = \"000.00.00.H20\"",
            "parent = \"000.00.01.H20\"",
            &["agencies.toml:9: there is no agency `000.00.01.H20`"],
        ),
        (
            "agencies.toml",
            "successor = \"000.00.06.H20\"",
            "successor = \"000.00.08.H20\"",
            &["agencies.toml:30: there is no agency `000.00.08.H20`"],
        ),
        (
            "points.toml",
            "\"000.00.07.H20\"",
            "\"000.00.08.H20\"",
            &["points.toml:5: there is no agency `000.00.08.H20`"],
        ),
        (
            "fields.toml",
            "H20-VH",
            "H20-DL",
            &[
                "procedures.toml:4: there is no field `H20-VH`",
                "procedures.toml:21: there is no field `H20-VH`",
            ],
        ),
        (
            "procedures.toml",
            "1.003655",
            "1.003654",
            &["procedures.toml:19: procedure `1.003654` is already defined in line 2"],
        ),
        (
            "agencies.toml",
            "id = \"000.00.00.H20\"",
            "id = \"000.00.06.H20\"",
            &[
                "agencies.toml:9: there is no agency `000.00.00.H20`",
                "agencies.toml:16: agency `000.00.06.H20` is already defined in line 7",
            ],
        ),
        (
            "agencies.toml",
            "id = \"000.00.07.H20\"",
            "id = \"sở-cũ\"",
            &[
                "agencies.toml:23: `sở-cũ` is not up to 35 of A to Z, 0 to 9 and `.` (QĐ 20/2020)",
                "points.toml:5: there is no agency `000.00.07.H20`",
            ],
        ),
        // Sense.
        (
            "agencies.toml",
            "valid_to = 2025-06-30",
            "valid_to = 2018-06-20",
            &["agencies.toml:29: `valid_to` lies before `valid_from`"],
        ),
        (
            "agencies.toml",
            "valid_to = 2025-06-30\n",
            "",
            &["agencies.toml:29: there is a `successor` but no `valid_to`"],
        ),
        (
            "agencies.toml",
            "parent = \"000.00.00.H20\"",
            "parent = \"000.00.06.H20\"",
            &["agencies.toml:7: agency `000.00.06.H20` is above itself"],
        ),
        (
            "agencies.toml",
            "successor = \"000.00.06.H20\"",
            "successor = \"000.00.07.H20\"",
            &["agencies.toml:24: agency `000.00.07.H20` succeeds itself"],
        ),
        (
            "agencies.toml",
            "code_prefix = \"000.00.07.H20\"",
            "code_prefix = \"000.00.06.H20\"",
            &[
                "agencies.toml:24: `code_prefix` 000.00.06.H20 is also that of agency `000.00.06.H20`",
            ],
        ),
        (
            "agencies.toml",
            "code_prefix = \"000.00.07.H20\"",
            "code_prefix = \"SO-CU\"",
            &[
                "agencies.toml:27: `SO-CU` is no prefix of dossier codes, like 000.00.06.H20 or H20.06",
            ],
        ),
        (
            "procedures.toml",
            "limit_online = { amount = 8, unit = \"working_days\" }",
            "no_limit = true",
            &["procedures.toml:1: `no_limit` is set and yet there is a limit"],
        ),
        (
            "procedures.toml",
            "limit = { amount = 10, unit = \"working_days\" }\n",
            "",
            &["procedures.toml:1: there is a `limit_online` but no `limit`"],
        ),
        (
            "procedures.toml",
            "\"information_only\"",
            "\"partial\"",
            &[
                "procedures.toml:18: `limit` is missing; if the law sets no time, say `no_limit = true`",
            ],
        ),
        (
            "procedures.toml",
            "fee_bearing = true\n",
            "",
            &["procedures.toml:1: `fee_online` is set but `fee_bearing` is not"],
        ),
        (
            "points.toml",
            "[\"000.00.06.H20\", \"000.00.07.H20\"]",
            "[\"000.00.07.H20\"]",
            &[
                "procedures.toml:2: no one-stop point serves agency `000.00.06.H20`, which decides `1.003654`",
                "procedures.toml:19: no one-stop point serves agency `000.00.06.H20`, which decides `1.003655`",
            ],
        ),
        (
            "law.toml",
            "in_force_to = 2025-06-30",
            "in_force_to = 2025-07-01",
            &["law.toml:31: law version `nd118-2025` is in force at the same time as `nd61-2018`"],
        ),
        (
            "law.toml",
            "in_force_to = 2025-06-30",
            "in_force_to = 2017-06-30",
            &["law.toml:13: `in_force_to` lies before `in_force_from`"],
        ),
    ];
    for (file, from, to, expected) in table {
        assert_eq!(
            faults(file, from, to),
            *expected,
            "{file}: {from:?} → {to:?}"
        );
    }
}

#[test]
fn a_level_that_does_not_fit_is_a_fault() {
    let text = PROCEDURES.replacen("level = \"department\"", "level = \"district\"", 1);
    assert_eq!(
        of("procedures.toml", &text),
        [
            "procedures.toml:2: procedure `1.003654` is of level District, agency `000.00.06.H20` of level Department"
        ]
    );
}

#[test]
fn a_component_twice_or_half_is_a_fault() {
    let text = PROCEDURES.replace(
        "\n[[procedure]]\ncode = \"1.003655\"",
        "[[procedure.component]]\ncode = \"DON\"\nname = \"Đơn\"\n\n[[procedure]]\ncode = \"1.003655\"",
    );
    assert_eq!(
        of("procedures.toml", &text),
        [
            "procedures.toml:17: `required` is missing",
            "procedures.toml:18: component `DON` is already there",
        ]
    );
}

#[test]
fn a_law_parameter_must_say_its_source_and_certainty() {
    let law = |key: &str, value: &str| {
        let lines = LAW.lines().scan(false, |done, line| {
            let hit = !*done && line.starts_with(key);
            *done |= hit;
            Some(if hit {
                format!("{key} = {value}\n")
            } else {
                format!("{line}\n")
            })
        });
        of("law.toml", &lines.collect::<String>())
    };
    let line = 1 + LAW
        .lines()
        .position(|line| line.starts_with("extensions_max"))
        .unwrap();
    assert_eq!(
        law("extensions_max", "{ value = 1, certainty = \"surely\" }"),
        [
            format!(
                "law.toml:{line}: `certainty` is `surely`, which is none of official, practice, assumed, not_established"
            ),
            format!("law.toml:{line}: `source` is missing"),
        ]
    );
    assert_eq!(
        law("extensions_max", "1"),
        [format!("law.toml:{line}: `extensions_max` is not a table")]
    );
    assert_eq!(
        law(
            "transfer_cutoff",
            "{ value = \"3pm\", source = \"Đ.18.2\", certainty = \"official\" }"
        ),
        [format!(
            "law.toml:{}: `value` is not a time like \"15:00\"",
            line + 5
        )]
    );
    let lapse = "supplement_lapses_after_working_days";
    assert_eq!(
        law(lapse, "{ source = \"Đ.19\", certainty = \"official\" }").len(),
        1
    );
    assert_eq!(
        law(
            lapse,
            "{ value = 30, source = \"Đ.19\", certainty = \"not_established\" }"
        )
        .len(),
        1
    );
}

#[test]
fn what_is_not_toml_is_one_fault_and_hides_no_fault_of_another_file() {
    let points = POINTS.replace("\"counter\"", "\"shop\"");
    let agencies = AGENCIES.replace("name = \"Sở cũ\"", "name = \"Sở cũ");
    let found = Catalogue::parse(&files(&[
        ("agencies.toml", &agencies),
        ("points.toml", &points),
    ]))
    .expect_err("broken");
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!((&*found[0].file, found[0].line), ("agencies.toml", 25));
    assert!(found[0].reason.starts_with("not TOML: "), "{}", found[0]);
    assert_eq!(
        found[1].to_string(),
        "points.toml:4: `place` is `shop`, which is none of counter, post_office, kiosk, online"
    );
}

#[test]
fn unknown_tables_are_faults() {
    assert_eq!(
        added("fields.toml", "[[feild]]\ncode = \"X\"\n"),
        ["fields.toml:4: nothing is called `feild` here"]
    );
    assert_eq!(
        of("fields.toml", "field = 3\n")[0],
        "fields.toml:1: `field` is not a list of tables, written [[field]]"
    );
    assert_eq!(
        of("fields.toml", "field = [3]\n")[0],
        "fields.toml:1: `field` holds something that is not a table"
    );
}

#[test]
fn files_that_are_missing_unknown_or_there_twice_are_faults() {
    let mut some = files(&[]);
    some.retain(|(name, _)| *name != "law.toml" && *name != "calendar.csv");
    some.push(("notes.txt", ""));
    some.push(("elsewhere/fields.toml", ""));
    let faults: Vec<_> = Catalogue::parse(&some)
        .expect_err("broken")
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        faults,
        [
            "calendar.csv:1: is missing",
            "elsewhere/fields.toml:1: is there twice",
            "law.toml:1: is missing",
            "notes.txt:1: is no file of a catalogue; those are agencies.toml, points.toml, fields.toml, procedures.toml, calendar.csv, law.toml",
        ]
    );
}

#[test]
fn faults_of_all_files_come_at_once_with_those_of_the_calendar() {
    let calendar = CALENDAR.replace("2026-11-24,off", "2026-11-24,free");
    let line = 1 + CALENDAR
        .lines()
        .position(|line| line.starts_with("2026-11-24"))
        .unwrap();
    let fields = FIELDS.replace("name", "nmae");
    let faults: Vec<_> = Catalogue::parse(&files(&[
        ("calendar.csv", &calendar),
        ("fields.toml", &fields),
    ]))
    .expect_err("broken")
    .iter()
    .map(ToString::to_string)
    .collect();
    assert_eq!(
        faults,
        [
            format!("calendar.csv:{line}: kind `free` is neither `off` nor `worked`"),
            "fields.toml:1: `name` is missing".to_owned(),
            "fields.toml:3: nothing is called `nmae` here".to_owned(),
        ]
    );
}
