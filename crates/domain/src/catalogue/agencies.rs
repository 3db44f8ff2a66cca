//! Reading agencies, their working hours, and one-stop points.

use std::collections::HashMap;

use super::names::Kind;
use super::table::{Table, time_of_day};
use super::{Agency, Level, Point};
use crate::code;
use crate::event::PlaceKind;
use crate::ids::{AgencyId, OrganisationId, PointId};
use crate::working_hours::{Shift, WorkingHours};

/// Where a point may be: nobody accepts at an applicant's home.
const PLACES: &[(&str, PlaceKind)] = &[
    ("counter", PlaceKind::Counter),
    ("post_office", PlaceKind::PostOffice),
    ("kiosk", PlaceKind::Kiosk),
    ("online", PlaceKind::Online),
];

pub(super) fn agencies(file: &Table<'_>) -> Vec<Agency> {
    let hours: HashMap<&str, WorkingHours> = file.each("hours", hours).into_iter().collect();
    file.each("agency", |table| agency(table, &hours))
}

fn hours<'a>(table: &Table<'a>) -> Option<(&'a str, WorkingHours)> {
    let name = table.define(Kind::Hours, "name");
    let (morning, afternoon) = (shift(table, "morning"), shift(table, "afternoon"));
    let hours = WorkingHours::new(morning?, afternoon?);
    if let Err(error) = hours {
        table.fault(table.line, error.to_string());
    }
    Some((name?, hours.ok()?))
}

fn shift(table: &Table<'_>, key: &'static str) -> Option<Shift> {
    let times = table.texts(key)?;
    let [open, close] = times.as_slice() else {
        table.fault(
            times.first()?.line,
            format!("`{key}` is not two times, like [\"07:00\", \"11:30\"]"),
        );
        return None;
    };
    let mut both = [open, close].map(|at| {
        let time = time_of_day(at.value);
        if time.is_none() {
            table.fault(
                at.line,
                format!("`{}` is not a time like \"07:00\"", at.value),
            );
        }
        time
    });
    Some(Shift {
        open: both[0].take()?,
        close: both[1].take()?,
    })
}

fn agency(table: &Table<'_>, hours: &HashMap<&str, WorkingHours>) -> Option<Agency> {
    let id = table.define(Kind::Agency, "id");
    if let Some(id) = id.filter(|id| !well_formed(id)) {
        table.fault(
            table.line,
            format!("`{id}` is not up to 35 of A to Z, 0 to 9 and `.` (QĐ 20/2020)"),
        );
    }
    let name = table.text("name");
    let parent = table
        .text_opt("parent")
        .map(|at| table.refer(Kind::Agency, at));
    let level = table.word("level", Level::NAMES);
    let prefix = table.text("code_prefix");
    if let Some(prefix) = prefix.filter(|prefix| code::prefix_style(prefix.value).is_none()) {
        table.fault(
            prefix.line,
            format!(
                "`{}` is no prefix of dossier codes, like 000.00.06.H20 or H20.06",
                prefix.value
            ),
        );
    }
    let period = table.period("valid_from", "valid_to");
    let successor = table.text_opt("successor");
    if let Some(successor) = successor.filter(|_| !table.has("valid_to")) {
        table.fault(successor.line, "there is a `successor` but no `valid_to`");
    }
    let successor = successor.map(|at| table.refer(Kind::Agency, at));
    let hours = table
        .text("hours")
        .and_then(|at| hours.get(table.refer(Kind::Hours, at)));
    let (valid_from, valid_to) = period?;
    Some(Agency {
        id: AgencyId::new(id?),
        name: name?.value.into(),
        parent: parent.map(AgencyId::new),
        level: level?,
        code_prefix: prefix?.value.into(),
        valid_from,
        valid_to,
        successor: successor.map(AgencyId::new),
        hours: *hours?,
    })
}

/// QĐ 20/2020/QĐ-TTg Đ.4.
fn well_formed(id: &str) -> bool {
    id.len() <= 35
        && id
            .bytes()
            .all(|b| b == b'.' || b.is_ascii_digit() || b.is_ascii_uppercase())
}

pub(super) fn points(file: &Table<'_>) -> Vec<Point> {
    file.each("point", point)
}

fn point(table: &Table<'_>) -> Option<Point> {
    let id = table.define(Kind::Point, "id");
    let name = table.text("name");
    let place = table.word("place", PLACES);
    let serves = table.texts("serves").map(|agencies| {
        agencies
            .into_iter()
            .map(|at| AgencyId::new(table.refer(Kind::Agency, at)))
            .collect()
    });
    let operators = table.texts("operators");
    let (valid_from, valid_to) = table.period("valid_from", "valid_to")?;
    Some(Point {
        id: PointId::new(id?),
        name: name?.value.into(),
        place: place?,
        serves: serves?,
        operators: operators?
            .iter()
            .map(|at| OrganisationId::new(at.value))
            .collect(),
        valid_from,
        valid_to,
    })
}
