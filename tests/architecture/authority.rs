//! Who may make which call: every call of the contract and every address of a side door has its row, and no row is for nothing.

use std::collections::BTreeSet;

use api::authority::table::ROWS;
use support::repository;

use crate::contract;

/// Every call that a client can make, as the table names it.
fn calls() -> BTreeSet<String> {
    let mut calls = BTreeSet::new();
    for file in contract::contract() {
        for service in &file.service {
            for rpc in &service.method {
                calls.insert(format!(
                    "/{}.{}/{}",
                    file.package(),
                    service.name(),
                    rpc.name()
                ));
            }
        }
    }
    calls
}

/// Every address of a side door, as the sources lay it out.
fn doors() -> BTreeSet<String> {
    let sources = repository::files().into_iter();
    let serving = sources.filter(|source| {
        let path = source.path.as_str();
        path.starts_with("services/") && path.contains("/src/")
            || path == "crates/chassis/src/http.rs"
    });
    let mut doors = BTreeSet::new();
    for source in serving {
        let own = source.text.split("#[cfg(test)]").next().unwrap_or_default();
        for laid in own.split(".route(").skip(1) {
            let path = laid.trim_start().trim_start_matches('"').split('"').next();
            doors.insert(format!("GET {}", path.unwrap_or_default()));
        }
    }
    doors
}

#[test]
fn every_call_has_one_row_that_says_who_may_make_it() {
    let rows: Vec<_> = ROWS.iter().map(|row| row.call.to_owned()).collect();
    let mut wanted = calls();
    wanted.extend(doors());
    let named: BTreeSet<_> = rows.iter().cloned().collect();
    let without: Vec<_> = wanted.difference(&named).collect();
    assert!(
        without.is_empty(),
        "these have no row in crates/api/src/authority/table.rs, so that nobody may call them: {without:#?}"
    );
    let idle: Vec<_> = named.difference(&wanted).collect();
    assert!(
        idle.is_empty(),
        "these rows are for nothing that can be called: {idle:#?}"
    );
    assert_eq!(rows.len(), named.len(), "a call has two rows");
}
