//! `hoso load` as an operator runs it: what it tells a program, and what it refuses.

use serde_json::Value;

use crate::process::{refused, said};

fn told(args: &[&str]) -> Value {
    serde_json::from_slice(&said(args)).unwrap()
}

#[test]
fn a_load_tells_what_it_saw_as_one_object() {
    for (pace, key, value) in [("--callers", "callers", 4), ("--rate", "rate_asked", 50)] {
        let value_text = value.to_string();
        let told = told(&[
            "load",
            "--embedded",
            "--duration",
            "1s",
            "--warm-up",
            "200ms",
            "--method",
            "submit-and-accept",
            pace,
            &value_text,
            "--format",
            "json",
        ]);
        assert_eq!(told["measured"], "load");
        assert_eq!(told["method"], "submit-and-accept");
        assert_eq!(told["mix"], "online=60,direct=30,postal=10");
        assert_eq!(told[key], value);
        assert!(told["calls"].as_u64().unwrap() > 0, "{told}");
        assert!(told["rate"].as_f64().unwrap() > 0.0, "{told}");
        assert_eq!(told["errors"], serde_json::json!({}));
        let latency = |key: &str| told["latency_us"][key].as_u64().unwrap();
        // A durable call in less than twenty microseconds would be news.
        assert!(latency("p50") > 20, "{told}");
        assert!(latency("p50") <= latency("p99") && latency("p99") <= latency("max"));
    }
}

#[test]
fn durable_calls_are_told_beside_their_limits() {
    let told = told(&[
        "load",
        "ratios",
        "--callers",
        "1,8",
        "--rounds",
        "1",
        "--duration",
        "300ms",
        "--format",
        "json",
    ]);
    let rows = told["callers"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    for row in rows {
        for target in ["idle", "raw", "submit", "submit_and_accept"] {
            assert!(row[target]["rate"].as_f64().unwrap() > 0.0, "{row}");
            assert_eq!(row[target]["refused"], 0, "{row}");
        }
        assert!(row["submit_to_raw"].as_f64().unwrap() > 0.0);
        assert!(row["submit_to_idle_and_two_syncs"].as_f64().unwrap() > 0.0);
    }
    assert!(told["whole"]["submit"]["rate"].as_f64().unwrap() > 0.0);
}

#[test]
fn what_is_acknowledged_is_in_the_report_after_a_time_that_is_told() {
    let told = told(&[
        "load",
        "lag",
        "--rates",
        "50",
        "--duration",
        "1s",
        "--format",
        "json",
    ]);
    let row = &told["rates"][0];
    assert_eq!(row["rate_asked"], 50);
    assert!(row["probes"].as_u64().unwrap() > 0, "{told}");
    assert!(row["lag_us"]["p50"].as_u64().unwrap() > 20, "{told}");
}

#[test]
fn a_filled_folder_is_served_again_after_kill_9_and_no_real_service_takes_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("full");
    let data = data.to_str().unwrap();
    let filled = told(&["load", "fill", data, "--events", "600", "--format", "json"]);
    let events = filled["events"].as_u64().unwrap();
    assert!(events >= 600, "{filled}");
    let restarted = told(&["load", "restart", data, "--format", "json"]);
    for (row, role) in
        restarted["roles"]
            .as_array()
            .unwrap()
            .iter()
            .zip(["intake", "processing", "reporting"])
    {
        assert_eq!(row["role"], role);
        assert!(row["after_kill_ms"].as_f64().unwrap() > 0.0);
        assert!(row["memory"]["peak_mib"].as_u64().unwrap() > 0);
    }
    assert_eq!(restarted["roles"][2]["events"], events);
    let (office, intake) = rows_of_lists(data);
    assert!(office.iter().all(|rows| *rows > 0), "{office:?}");
    assert!(intake.iter().all(|rows| *rows == 0), "{intake:?}");
    assert!(refused(&["up", "--data", data]).contains("synthetic"));
    assert!(refused(&["load", "fill", data]).contains("not empty"));
}

/// How many rows are on a page of each of processing's lists and of intake's.
fn rows_of_lists(data: &str) -> (Vec<u64>, Vec<u64>) {
    let told = told(&[
        "load",
        "lists",
        data,
        "--duration",
        "100ms",
        "--format",
        "json",
    ]);
    for memory in ["memory", "intake_memory"] {
        assert!(told[memory]["peak_mib"].as_u64().unwrap() > 0, "{told}");
    }
    let lists = told["lists"].as_array().unwrap();
    let mut rows = Vec::new();
    for row in lists {
        assert!(row["latency_us"]["p99"].as_u64().unwrap() > 0, "{row}");
        rows.push(row["rows"].as_u64().unwrap());
    }
    let intake = rows.split_off(6);
    (rows, intake)
}

#[test]
fn a_folder_is_filled_with_what_waits_for_intake_or_with_what_is_pending() {
    let folder = tempfile::tempdir().unwrap();
    let filled = |until: &str| {
        let data = folder.path().join(until);
        let data = data.to_str().unwrap();
        let events = ["--events", "200", "--until", until, "--format", "json"];
        let filled = told(&[&["load", "fill", data][..], &events].concat());
        assert_eq!(filled["open"], filled["dossiers"], "{filled}");
        rows_of_lists(data)
    };
    let (office, intake) = filled("filed");
    assert!(office.iter().all(|rows| *rows == 0), "{office:?}");
    assert!(intake[0] > 0 && intake[1] > 0, "{intake:?}");
    assert_eq!(intake[3], 0, "an agency without any");
    let (office, intake) = filled("accepted");
    assert!(office[0] > 0 && office[1] > 0, "{office:?}");
    assert!(intake.iter().all(|rows| *rows == 0), "{intake:?}");
}

#[test]
fn a_folder_that_may_hold_real_dossiers_is_not_loaded() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("something"), "of somebody").unwrap();
    let told = refused(&[
        "load",
        "--embedded",
        "--data",
        folder.path().to_str().unwrap(),
    ]);
    assert!(told.contains("may hold real dossiers"), "{told}");
}
