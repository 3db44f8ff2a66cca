//! No answer precedes its fdatasync: the real program's system calls, between each request and the first byte of its answer.

use std::path::Path;

use support::program::Hoso;
use support::python;

use crate::strace::{self, Call};
use crate::wire;

const CALLS: &str =
    "read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,pwrite64,fsync,fdatasync";
/// As many as the scenario makes of each of its two kinds of writes, one after the other.
const WRITES: usize = 12;

/// The syncs that succeeded of files whose path holds `part`.
fn syncs<'a>(calls: &'a [Call], part: &str) -> Vec<&'a Call> {
    let synced = calls
        .iter()
        .filter(|call| ["fsync", "fdatasync"].contains(&call.name.as_str()) && call.result == 0);
    synced
        .filter(|call| call.files.iter().any(|file| file.contains(part)))
        .collect()
}

#[test]
fn no_answer_is_sent_before_its_record_is_synced_and_the_vault_is_synced_before_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("calls");
    let data = folder.path().join("data");
    let state = folder.path().join("state");
    let hoso = Hoso::start_under(&data, &["--log", "info"], &strace::under(&record, CALLS));
    python::run("one_after_the_other", &hoso, &state);
    hoso.stop();

    let calls = strace::read(&record);
    let log = |role: &str| {
        let path = Path::new(&data).join(role).join("log").join("live-");
        path.to_str().unwrap().to_owned()
    };
    let vault = data.join("intake").join("vault");
    let logs = syncs(&calls, &log("intake"));
    let vaults = syncs(&calls, vault.to_str().unwrap());
    assert!(!logs.is_empty(), "intake's log is where it was thought");
    assert!(!vaults.is_empty(), "intake's vault is where it was thought");

    // The one connection that carried the writes: first those with personal data, then those without.
    let connections = wire::exchanges(&calls);
    let longest = connections.iter().max_by_key(|exchanges| exchanges.len());
    let exchanges = longest.expect("a client was there");
    assert_eq!(
        exchanges.len(),
        2 * WRITES,
        "requests on the client's connection"
    );
    for (nth, exchange) in exchanges.iter().enumerate() {
        assert!(exchange.arrived < exchange.answered);
        let within =
            |call: &&&Call| call.began > exchange.arrived && call.ended < exchange.answered;
        let log = logs.iter().find(within);
        let log = log.unwrap_or_else(|| {
            panic!("request {nth} was answered without a sync of the log: {exchange:?}")
        });
        if nth < WRITES {
            let before = vaults
                .iter()
                .filter(within)
                .any(|vault| vault.ended < log.began);
            assert!(
                before,
                "request {nth}: its personal data was not synced before the event that names it"
            );
        }
    }
}
