//! What a line of the file says: the columns, and the request that a line becomes or everything that is wrong with it.
//!
//! * `since`: what happened to the dossier there since it was accepted
//! * `past`: the supplements, suspensions and fees of that which are over

mod past;
mod since;

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use api::hoso::dossier::v1::{Applicant, ApplicantKind, Channel, PlaceKind, SourceReference};
use api::hoso::intake::v1::{CarriedOver, ImportDossierRequest, Submission, carried_over};
use domain::ids::DossierId;
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::{Value, json};
use uuid::Uuid;

use super::columns::{COLUMNS, SYNTHETIC};
use super::rows::Row;
use crate::days;

/// What is wrong with a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Fault {
    /// The line.
    pub(super) line: u64,
    /// The column; empty when it is the line as a whole.
    pub(super) column: String,
    /// What is wrong, never quoting what people are called.
    pub(super) what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, what } = self;
        if column.is_empty() {
            write!(f, "dòng · line {line}: {what}")
        } else {
            write!(f, "dòng · line {line}, {column}: {what}")
        }
    }
}

impl Fault {
    pub(super) fn to_json(&self) -> Value {
        json!({ "line": self.line, "column": self.column, "what": self.what })
    }
}

/// A line that can be asked for.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Dossier {
    /// The line.
    pub(super) line: u64,
    /// The request.
    pub(super) request: ImportDossierRequest,
}

/// The requests of all lines that are sound in themselves, and the faults of the others.
pub(super) fn dossiers(rows: &[Row], system: &str, actor: &str) -> (Vec<Dossier>, Vec<Fault>) {
    let mut dossiers = Vec::new();
    let mut faults = Vec::new();
    let mut seen: HashMap<(&str, String), u64> = HashMap::new();
    for Row { line, values } in rows {
        let line = *line;
        let values = match values {
            Ok(values) => values,
            Err(what) => {
                let (column, what) = (String::new(), what.clone());
                faults.push(Fault { line, column, what });
                continue;
            }
        };
        let mut reading = Reading {
            line,
            values,
            faults: Vec::new(),
        };
        let request = reading.request(system, actor);
        for column in ["source_reference", "code"] {
            let value = reading.value(column).to_owned();
            if value.is_empty() {
                continue;
            }
            if let Some(first) = seen.insert((column, value), line) {
                reading.fault(column, format!("line {first} says the same"));
            }
        }
        faults.append(&mut reading.faults);
        dossiers.extend(request.map(|request| Dossier { line, request }));
    }
    (dossiers, faults)
}

/// A line while it is read.
struct Reading<'a> {
    line: u64,
    values: &'a BTreeMap<String, String>,
    faults: Vec<Fault>,
}

impl Reading<'_> {
    fn fault(&mut self, column: &str, what: impl Into<String>) {
        self.faults.push(Fault {
            line: self.line,
            column: column.to_owned(),
            what: what.into(),
        });
    }

    fn value(&self, column: &str) -> &str {
        self.values.get(column).map_or("", String::as_str)
    }

    fn text(&self, column: &str) -> String {
        self.value(column).to_owned()
    }

    fn required(&mut self, column: &str) -> String {
        let value = self.text(column);
        if value.is_empty() {
            self.fault(column, "must be filled");
        }
        value
    }

    fn one_of<T: Copy>(&mut self, column: &str, words: &[(&str, T)]) -> Option<T> {
        let value = self.required(column);
        let found = words.iter().find(|(word, _)| *word == value);
        if found.is_none() && !value.is_empty() {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.fault(column, format!("must be one of {}", words.join(", ")));
        }
        found.map(|(_, meaning)| *meaning)
    }

    fn yes(&mut self, column: &str) -> bool {
        match self.value(column) {
            "yes" | "true" | "1" => true,
            "" | "no" | "false" | "0" => false,
            _ => {
                self.fault(column, "must be yes or no");
                false
            }
        }
    }

    fn moment(&mut self, column: &str) -> Option<prost_types::Timestamp> {
        let value = self.value(column);
        if value.is_empty() {
            return None;
        }
        let at = moment(value);
        if at.is_none() {
            self.fault(
                column,
                "must be a moment, as 2026-10-05T09:12 or 05/10/2026 09:12",
            );
        }
        at.map(stamp)
    }

    fn due(&mut self) -> Option<carried_over::Due> {
        let value = self.value("due");
        if value.is_empty() {
            return None;
        }
        if let Ok(day) = days::date(value) {
            return Some(carried_over::Due::DueOn(day.to_string()));
        }
        let at = moment(value);
        if at.is_none() {
            self.fault(
                "due",
                "must be a day or a moment, as 2026-10-26, 26/10/2026 or 2026-10-26T16:30",
            );
        }
        at.map(|at| carried_over::Due::DueAt(stamp(at)))
    }

    fn request(&mut self, system: &str, actor: &str) -> Option<ImportDossierRequest> {
        let values = self.values;
        let known = |name: &&String| COLUMNS.contains(&name.as_str()) || *name == SYNTHETIC;
        for name in values.keys().filter(|name| !known(name)) {
            self.fault(
                name,
                "there is no such column; `hoso import --help` lists them",
            );
        }
        let reference = self.required("source_reference");
        let code = self.required("code");
        let channel = self.one_of(
            "channel",
            &[
                ("direct", (Channel::Direct, PlaceKind::Counter)),
                ("online", (Channel::Online, PlaceKind::Online)),
                ("postal", (Channel::Postal, PlaceKind::PostOffice)),
            ],
        );
        if self.value("accepted_at").is_empty() {
            self.fault("accepted_at", "must be filled");
        }
        let (accepted_at, filed_at) = (self.moment("accepted_at"), self.moment("filed_at"));
        let due = self.due();
        let original_due_on = self.day("original_due");
        let extensions = self.extensions();
        let (supplements, suspensions, fees) =
            (self.supplements(), self.suspensions(), self.fees());
        let wait = self.wait();
        let components = self.papers();
        let point = self.required("point");
        let operator = self.required("operator");
        let kind = self.one_of(
            "applicant_kind",
            &[
                ("citizen", ApplicantKind::Citizen),
                ("business", ApplicantKind::Business),
                ("state_agency", ApplicantKind::StateAgency),
                ("other_organisation", ApplicantKind::OtherOrganisation),
            ],
        );
        let applicant = Applicant {
            kind: kind.unwrap_or_default().into(),
            name: self.required("applicant_name"),
            identity_number: self.text("identity_number"),
            phone: self.text("phone"),
            email: self.text("email"),
            address: self.text("address"),
            submitter_name: self.text("submitter_name"),
            request_content: self.text("request_content"),
        };
        let (channel, place) = channel.unwrap_or_default();
        let submission = Submission {
            procedure: self.required("procedure"),
            agency: self.required("agency"),
            channel: channel.into(),
            assisted: self.yes("assisted"),
            place: place.into(),
            point: if channel == Channel::Postal {
                String::new()
            } else {
                point.clone()
            },
            operator,
            applicant: Some(applicant),
            components,
            source: Some(SourceReference {
                system: system.to_owned(),
                reference: reference.clone(),
            }),
            synthetic: self.yes(SYNTHETIC),
            boundary_independent: false,
        };
        let carried_over = CarriedOver {
            code,
            filed_at,
            accepted_at,
            due,
            law: self.text("law"),
            point,
            original_due_on,
            extensions,
            wait,
            supplements,
            suspensions,
            fees,
        };
        self.faults.is_empty().then(|| ImportDossierRequest {
            request_id: request_id(system, &reference).to_string(),
            submission: Some(submission),
            carried_over: Some(carried_over),
            actor: actor.to_owned(),
            validate_only: false,
            min_position: String::new(),
        })
    }
}

/// The same for the same dossier of the same system, whenever and wherever it is imported.
fn request_id(system: &str, reference: &str) -> Uuid {
    let name = format!("import {} {system} {reference}", system.len());
    DossierId::derive(&name, Uuid::nil()).0
}

/// A moment in Vietnam, unless it says where.
fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    let civil = match text.split_once(' ') {
        Some((day, time)) => days::date(day)
            .ok()
            .and_then(|day| Some(day.to_datetime(time.parse().ok()?))),
        // The time library takes a day for its beginning; a day is no moment.
        None if text.len() > 10 => text.parse::<DateTime>().ok(),
        None => None,
    };
    civil.map(domain::local::instant)
}

fn stamp(at: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: at.as_second(),
        nanos: at.subsec_nanosecond(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn row(line: u64, changes: &[(&str, &str)]) -> Row {
        let mut values: BTreeMap<String, String> = [
            ("source_reference", "2026-77"),
            ("code", "000.00.06.H20-261005-0361"),
            ("procedure", "2.001616"),
            ("agency", "000.00.06.H20"),
            ("channel", "online"),
            ("accepted_at", "05/10/2026 09:12"),
            ("due", "12/10/2026"),
            ("point", "CONG-DVC-DT"),
            ("operator", "000.00.06.H20"),
            ("applicant_kind", "citizen"),
            ("applicant_name", "Lê Văn Thử"),
        ]
        .into_iter()
        .chain(changes.iter().copied())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        values.insert("phone".into(), String::new());
        Row {
            line,
            values: Ok(values),
        }
    }

    pub(super) fn told(rows: &[Row]) -> Vec<String> {
        let (_, faults) = dossiers(rows, "motcua.cu", "clerk");
        faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_line_becomes_the_same_request_whenever_it_is_read() {
        let (first, faults) = dossiers(&[row(2, &[])], "motcua.cu", "clerk");
        assert_eq!(faults, []);
        let (again, _) = dossiers(&[row(9, &[])], "motcua.cu", "clerk");
        assert_eq!(first[0].request, again[0].request);
        let (other, _) = dossiers(&[row(2, &[])], "motcua.khac", "clerk");
        assert_ne!(first[0].request.request_id, other[0].request.request_id);
        let carried = first[0].request.carried_over.clone().unwrap();
        let accepted = "2026-10-05T09:12:00+07:00".parse().unwrap();
        assert_eq!(carried.accepted_at, Some(stamp(accepted)));
        let due = carried_over::Due::DueOn("2026-10-12".into());
        assert_eq!(carried.due, Some(due));
    }

    #[test]
    fn all_that_is_wrong_with_a_line_is_told_at_once() {
        let faults = told(&[row(
            7,
            &[
                ("channel", "fax"),
                ("accepted_at", "05/10/2026"),
                ("due", "soon"),
                ("assisted", "perhaps"),
                ("applicant_name", ""),
                ("shoe_size", "43"),
            ],
        )]);
        assert_eq!(
            faults,
            [
                "dòng · line 7, shoe_size: there is no such column; `hoso import --help` lists them",
                "dòng · line 7, channel: must be one of direct, online, postal",
                "dòng · line 7, accepted_at: must be a moment, as 2026-10-05T09:12 or 05/10/2026 09:12",
                "dòng · line 7, due: must be a day or a moment, as 2026-10-26, 26/10/2026 or 2026-10-26T16:30",
                "dòng · line 7, applicant_name: must be filled",
                "dòng · line 7, assisted: must be yes or no",
            ]
        );
    }

    #[test]
    fn a_number_or_a_code_that_stands_twice_in_the_file_is_told() {
        let faults = told(&[
            row(2, &[]),
            row(3, &[("code", "000.00.06.H20-261005-0362")]),
        ]);
        assert_eq!(
            faults,
            ["dòng · line 3, source_reference: line 2 says the same"]
        );
    }
}
