//! Who may make which call: every call of the contract and every address of a side door has its row, and no row is for nothing.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use api::authority::roles::ROLES;
use api::authority::table::{ROWS, Who};
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

/// Who may call what, a line for each call: `+` where a role's tokens open it, `*` where no token is needed.
fn matrix() -> String {
    let mut text = format!("{:<80}", "");
    for role in ROLES {
        let _ = write!(text, " {}", role.name);
    }
    text.push('\n');
    for row in ROWS {
        let matter = if row.about.is_some() {
            " of their own"
        } else {
            ""
        };
        let mut line = format!("{:<80}", format!("{}{matter}", row.call));
        for role in ROLES {
            let mark = match row.who {
                Who::Anyone => '*',
                Who::Scopes(any) if any.iter().any(|scope| role.scopes.contains(scope)) => '+',
                Who::Scopes(_) => '.',
            };
            let _ = write!(line, " {mark:<width$}", width = role.name.len());
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[test]
fn who_may_call_what_is_what_was_agreed() {
    let golden = repository::top().join("tests/architecture/authority.golden");
    let now = matrix();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &now).unwrap();
        return;
    }
    let agreed = fs::read_to_string(&golden).unwrap_or_default();
    assert!(
        now == agreed,
        "who may call what has changed. If it is meant to, write it down anew:\n\
         UPDATE_GOLDEN=1 cargo nextest run --workspace --test architecture\n\n{now}"
    );
}
