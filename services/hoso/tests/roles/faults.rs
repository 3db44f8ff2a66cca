//! Processes and NATS killed, stopped and started again at random moments, under load.

use std::time::Duration;

use rustix::process::Signal;
use tokio::time::sleep;

use crate::process::{refused, said};
use crate::running::Province;
use crate::server::Server;

/// What is done to a running province.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// kill -9 of a role, and its start.
    Killed(usize),
    /// SIGSTOP of a role, and SIGCONT a moment later.
    Stopped(usize),
    /// kill -9 of NATS, and its start with what it had stored, or with nothing.
    NatsKilled { wiped: bool },
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_write_is_in_each_log_exactly_once_whoever_is_killed_or_stopped() {
    const CLERKS: usize = 4;
    let nats = Server::start();
    let mut province = Province::open(2, |_| nats.url());
    province.work(CLERKS);
    let mut chance = province.chance.fork();
    let mut faults: Vec<_> = (0..4)
        .flat_map(|role| [Fault::Killed(role), Fault::Stopped(role)])
        .collect();
    faults.extend([false, true].map(|wiped| Fault::NatsKilled { wiped }));
    for fault in chance.shuffled(faults) {
        chance.moment(400).await;
        println!("{fault:?}");
        match fault {
            Fault::Killed(role) => province.roles()[role].restart(),
            Fault::Stopped(role) => {
                province.roles()[role].signal(Signal::STOP);
                sleep(Duration::from_millis(300)).await;
                province.roles()[role].signal(Signal::CONT);
            }
            Fault::NatsKilled { wiped } => {
                nats.kill();
                if wiped {
                    nats.wipe();
                }
                chance.moment(300).await;
                nats.restart();
            }
        }
    }
    province.record.grown(2 * CLERKS).await;
    province.reconcile().await;
}

#[test]
fn every_fault_of_the_settings_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("intake.toml");
    std::fs::write(
        &file,
        "nod = 3\nlisten = \"0.0.0.0:7601\"\nsegment_bytes_max = 1\n",
    )
    .unwrap();
    let told = refused(&["intake", "--config", file.to_str().unwrap(), "--node", "12"]);
    let parts = [
        "nod (",
        "data: it is missing",
        "nats: it is missing",
        "listen (",
        "node (--node or HOSO_NODE)",
        "segment_bytes_max (",
    ];
    for part in parts {
        assert!(told.contains(part), "{part} is not in: {told}");
    }
}

#[test]
fn the_demo_over_nats_prints_the_rows_and_the_total_of_the_embedded_one() {
    let nats = Server::start();
    let url = nats.url();
    let folder = tempfile::tempdir().unwrap();
    let play = |name: &str, more: &[&str]| {
        let data = folder.path().join(name);
        let args = [
            "demo",
            "--exit",
            "--format",
            "json",
            "--data",
            data.to_str().unwrap(),
        ];
        let said = said(&[&args, more].concat());
        let report: serde_json::Value = serde_json::from_slice(&said).unwrap();
        (report["rows"].to_string(), report["total"].to_string())
    };
    assert_eq!(play("nats", &["--nats", &url]), play("embedded", &[]));
}
