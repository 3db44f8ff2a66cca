//! Who may make which call: every call of the contract and every address of a side door has its row, and no row is for nothing.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use api::authority::Matter;
use api::authority::roles::ROLES;
use api::authority::table::{ROWS, Read, Who};
use application::desk::Name;
use prost_types::field_descriptor_proto::Type;
use support::repository;
use uuid::Uuid;

use crate::messages;

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
    let calls = messages::calls().into_iter();
    let mut wanted: BTreeSet<_> = calls.map(|(call, _)| call).collect();
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

/// Who may call what and what of theirs it must be about, a line for each call: `+` where a role's tokens open it, `*` where no
/// token is needed; then what is looked at, by the fields that say it.
fn matrix() -> String {
    let takes: BTreeMap<_, _> = messages::calls().into_iter().collect();
    let mut text = format!("{:<66}", "");
    for role in ROLES {
        let _ = write!(text, " {}", role.name);
    }
    text.push_str(" | what must be theirs\n");
    for row in ROWS {
        let mut line = format!("{:<66}", row.call);
        for role in ROLES {
            let mark = match row.who {
                Who::Anyone => '*',
                Who::Scopes(any) if any.iter().any(|scope| role.scopes.contains(scope)) => '+',
                Who::Scopes(_) => '.',
            };
            let _ = write!(line, " {mark:<width$}", width = role.name.len());
        }
        if let Some(read) = row.about {
            let _ = write!(line, " | {}", looked_at(read, takes.get(row.call)));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// What a call is about, by the fields that say it.
fn looked_at(read: Read, takes: Option<&String>) -> String {
    let fields = Fields::default();
    // A side door has a query.
    let asked = takes.map_or_else(
        || b"agency=agency".to_vec(),
        |takes| messages::message(takes, &|path, kind| Some(fields.value(path, kind))),
    );
    let about = read(&asked).unwrap();
    let mut told: Vec<_> = about.matters.iter().map(|it| fields.tell(it)).collect();
    if !about.min_position.is_empty() {
        told.push(format!("after {}", about.min_position));
    }
    told.join(", ")
}

/// A value for each field that tells which it is.
#[derive(Default)]
struct Fields(RefCell<Vec<String>>);

impl Fields {
    /// Texts are the path itself; ids and numbers are its place in the list.
    fn value(&self, path: &str, kind: Type) -> String {
        let mut paths = self.0.borrow_mut();
        paths.push(path.to_owned());
        let is_id = path.ends_with("dossier_id") || path.ends_with("filing_id");
        if kind != Type::String {
            return paths.len().to_string();
        }
        if is_id {
            Uuid::from_u128(paths.len().try_into().unwrap()).to_string()
        } else {
            path.to_owned()
        }
    }

    fn path(&self, number: usize) -> String {
        self.0.borrow()[number - 1].clone()
    }

    fn tell(&self, matter: &Matter) -> String {
        let all = |name: &String| if name.is_empty() { "*" } else { name }.to_owned();
        let id = |id: Uuid| self.path(usize::try_from(id.as_u128()).unwrap());
        let dossier = |name: &Option<Name>| match name {
            Some(Name::Id(it)) => id(it.0),
            other => panic!("not by its id: {other:?}"),
        };
        match matter {
            Matter::Agency(agency) => format!("agency {}", all(agency)),
            Matter::Counter { point, operator } if point.is_empty() => format!("office {operator}"),
            Matter::Counter { point, operator } => format!("point {point} or office {operator}"),
            Matter::Read(name) => format!("to read {}", dossier(name)),
            Matter::Act {
                dossier: name,
                organisation,
            } => format!("to act on {} for {}", dossier(name), all(organisation)),
            Matter::Answer {
                dossier: name,
                number,
                organisation,
            } => {
                let part = self.path(usize::try_from(*number).unwrap());
                let organisation = all(organisation);
                format!(
                    "to act on {} or its {part} for {organisation}",
                    dossier(name)
                )
            }
            Matter::Filing(filing) => format!("filing {}", id(filing.unwrap().0)),
            Matter::Terminal(terminal) => format!("terminal {terminal}"),
            Matter::Minute { number, signing } => {
                let side = if *signing {
                    "taking side"
                } else {
                    "either side"
                };
                format!("{side} of {number}")
            }
            Matter::Holder(holder) => format!("holder {holder}"),
            Matter::Counts(min) => {
                format!("cells of {}", self.path(usize::try_from(*min).unwrap()))
            }
        }
    }
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
