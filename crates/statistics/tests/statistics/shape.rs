//! What a report looks like from outside: its JSON, its CSV, and its rows for those who see counts only.

use domain::event::Channel;
use statistics::ii06a;
use statistics::report::{Cells, Column, Report};

use crate::history::{Log, granted, half_year, submitted};

fn report() -> Report {
    let mut log = Log::default();
    log.take_in(0, "2023-01-10T08:00:00", Channel::Online, "2023-01-20")
        .take_in(1, "2023-01-10T08:00:00", Channel::Postal, "2023-01-20")
        .add(1, "2023-01-11T08:00:00", granted());
    let mut asked = half_year();
    asked.as_of.position = 5;
    ii06a(&log.facts(), &asked).named(|key| (key == "H20-VH").then(|| "Văn hóa, \"cơ sở\"".into()))
}

#[test]
fn the_json_has_its_keys_in_their_order() {
    let json = serde_json::to_string(&report()).unwrap();
    let start = concat!(
        r#"{"period":{"from":"2022-12-15","to":"2023-06-14"},"as_of":"2023-06-15T00:00:00+07:00","position":5,"#,
        r#""rules":{"form":"II.06a/VPCP/KSTT","class":"rule-II06-date-v1","pending":"strict","group":"field","filter":{},"calendar":""#,
    );
    assert!(json.starts_with(start), "{json}");
    let rows = concat!(
        r#""laws":["nd118-2025","nd61-2018"]},"rows":["#,
        r#"{"key":"H20-TT","name":"H20-TT","c3":1,"c4":0,"c5":1,"c6":0,"c7":1,"c8":1,"c9":0,"c10":0,"c11":0,"c12":0,"c13":0},"#,
        r#"{"key":"H20-VH","name":"Văn hóa, \"cơ sở\"","c3":1,"c4":1,"c5":0,"c6":0,"c7":0,"c8":0,"c9":0,"c10":0,"c11":1,"c12":0,"c13":1}],"#,
        r#""total":{"c3":2,"c4":1,"c5":1,"c6":0,"c7":1,"c8":1,"c9":0,"c10":0,"c11":1,"c12":0,"c13":1},"#,
        r#""memo":{"received_online":1,"received_direct":0,"received_postal":1,"#,
    );
    assert!(json.contains(rows), "{json}");
    let checks =
        r#""checks":[{"id":"C1","holds":true,"detail":"total: (3) 2 = (4)+(5)+(6) 2"},{"id":"C2","#;
    assert!(json.contains(checks), "{json}");
}

#[test]
fn the_same_question_gives_the_same_bytes() {
    assert_eq!(
        serde_json::to_vec(&report()).unwrap(),
        serde_json::to_vec(&report()).unwrap()
    );
}

#[test]
fn the_csv_has_every_row_and_the_total_and_quotes_what_must_be() {
    let lines = [
        "key,name,c3,c4,c5,c6,c7,c8,c9,c10,c11,c12,c13",
        "H20-TT,H20-TT,1,0,1,0,1,1,0,0,0,0,0",
        "H20-VH,\"Văn hóa, \"\"cơ sở\"\"\",1,1,0,0,0,0,0,0,1,0,1",
        "total,Tổng số,2,1,1,0,1,1,0,0,1,0,1",
        "",
    ];
    assert_eq!(report().to_csv(), lines.join("\r\n"));
}

#[test]
fn columns_have_the_numbers_of_the_official_form() {
    let numbers: Vec<u8> = Column::ALL.iter().map(|column| column.number()).collect();
    assert_eq!(numbers, (3..=13).collect::<Vec<u8>>());
    for number in 3..=13 {
        assert_eq!(
            Column::from_number(number).map(Column::number),
            Some(number)
        );
    }
    assert_eq!(
        (Column::from_number(2), Column::from_number(14)),
        (None, None)
    );
}

fn with_rows(sizes: &[u64]) -> Report {
    let mut report = report();
    report.rows = sizes
        .iter()
        .map(|size| statistics::report::Row {
            key: format!("{size}"),
            name: String::new(),
            cells: Cells {
                c3: *size,
                c4: *size,
                ..Cells::default()
            },
        })
        .collect();
    report
}

fn merged(sizes: &[u64]) -> Vec<(String, u64)> {
    let rows = with_rows(sizes).merge_small(5).rows;
    rows.into_iter()
        .map(|row| (row.key, row.cells.c3))
        .collect()
}

#[test]
fn small_rows_become_one_that_is_not_small() {
    assert_eq!(
        merged(&[9, 3, 4, 20]),
        [("9".into(), 9), ("20".into(), 20), ("other".into(), 7)]
    );
}

#[test]
fn a_single_small_row_takes_the_next_smallest_with_it_so_that_the_total_does_not_give_it_away() {
    assert_eq!(
        merged(&[9, 3, 20]),
        [("20".into(), 20), ("other".into(), 12)]
    );
    assert_eq!(merged(&[1, 2, 30]), [("other".into(), 33)]);
}

#[test]
fn without_small_rows_nothing_is_merged() {
    assert_eq!(merged(&[9, 5]), [("9".into(), 9), ("5".into(), 5)]);
}

#[test]
fn a_report_of_less_than_the_least_is_withheld_and_says_so() {
    let whole = report();
    let json = serde_json::to_string(&whole.clone().shown(3)).unwrap();
    assert!(json.contains(r#""small_cells_min":"3""#), "{json}");
    let end = r#"},"rows":[],"total":null,"memo":null,"checks":[]}"#;
    assert!(json.ends_with(end), "{json}");
    let keys = |json: &str| -> Vec<String> {
        let object: serde_json::Map<_, _> = serde_json::from_str(json).unwrap();
        object.keys().cloned().collect()
    };
    assert_eq!(keys(&json), keys(&serde_json::to_string(&whole).unwrap()));
}

#[test]
fn a_report_of_enough_or_of_none_is_shown_and_with_no_least_it_is_untouched() {
    assert!(report().shown(2).whole().is_some());
    let untouched = report().shown(0);
    assert_eq!(
        serde_json::to_string(&untouched).unwrap(),
        serde_json::to_string(&report()).unwrap()
    );
    let mut log = Log::default();
    let nobody = ii06a(&log.facts(), &half_year());
    assert!(nobody.shown(5).whole().is_some());
    // One who was never accepted is below the line, and a person all the same.
    log.add(0, "2023-01-10T08:00:00", submitted(0, Channel::Online));
    let one = ii06a(&log.facts(), &half_year());
    assert_eq!(one.total.c3, 0);
    assert!(one.shown(5).whole().is_none());
}
