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

/// The syncs that succeeded of files whose path begins so.
fn syncs<'a>(calls: &'a [Call], path: &Path) -> Vec<&'a Call> {
    let synced = calls
        .iter()
        .filter(|call| ["fsync", "fdatasync"].contains(&call.name.as_str()) && call.result == 0);
    synced.filter(|call| is_of(call, path)).collect()
}

/// What was written to such files; the zeros with which they are filled ahead of what comes are left out.
fn writes<'a>(calls: &'a [Call], path: &Path) -> Vec<&'a Call> {
    let written = calls
        .iter()
        .filter(|call| ["write", "writev", "pwrite64"].contains(&call.name.as_str()));
    written
        .filter(|call| is_of(call, path) && call.bytes().iter().any(|byte| *byte != 0))
        .collect()
}

fn is_of(call: &Call, path: &Path) -> bool {
    let path = path.to_str().expect("a path in UTF-8");
    call.files
        .first()
        .is_some_and(|file| file.starts_with(path))
}

#[test]
fn no_answer_is_sent_before_its_record_is_synced_and_the_personal_data_that_it_names_are_synced_with_it()
 {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("calls");
    let data = folder.path().join("data");
    let state = folder.path().join("state");
    let hoso = Hoso::start_under(&data, &["--log", "info"], &strace::under(&record, CALLS));
    python::run("one_after_the_other", &hoso, &state);
    hoso.stop();

    let calls = strace::read(&record);
    let log = data.join("intake/log/live-");
    let (written, synced) = (writes(&calls, &log), syncs(&calls, &log));
    assert!(!written.is_empty(), "intake's log is where it was thought");

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
        let within =
            |call: &&&Call| call.began > exchange.arrived && call.ended < exchange.answered;
        // One caller, one thing at a time: what is written in between is this request's.
        let own: Vec<_> = written.iter().filter(within).collect();
        let Some(end) = own.last().map(|write| write.ended) else {
            panic!("request {nth} was answered before its record was written: {exchange:?}");
        };
        let safe = synced.iter().filter(within);
        assert!(
            safe.map(|sync| sync.began).any(|began| began > end),
            "request {nth} was answered before its record was synced: {exchange:?}"
        );
        if nth < WRITES {
            let rides = |write: &&&Call| write.bytes().windows(4).any(|four| four == b"hRID");
            assert!(
                own.iter().any(rides),
                "request {nth}: its personal data and their key were not written with the event that names them"
            );
        }
    }
}
