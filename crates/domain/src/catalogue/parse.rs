//! From files to a catalogue, or to every fault in them.

use super::names::Reading;
use super::table::{Source, Table};
use super::{Catalogue, CatalogueFault, Indexed, agencies, check, procedures, version_of};
use crate::calendar::Calendar;
use crate::law;

pub(super) fn parse(files: &[(&str, &str)]) -> Result<Catalogue, Vec<CatalogueFault>> {
    let reading = Reading::default();
    let files = named(files, &reading);
    let agency_file = file(&files, "agencies.toml", &reading);
    let point_file = file(&files, "points.toml", &reading);
    let field_file = file(&files, "fields.toml", &reading);
    let procedure_file = file(&files, "procedures.toml", &reading);
    let law_file = file(&files, "law.toml", &reading);
    let calendar_file = file(&files, "calendar.csv", &reading);

    let agencies = toml(agency_file, &reading, agencies::agencies);
    let points = toml(point_file, &reading, agencies::points);
    let fields = toml(field_file, &reading, procedures::fields);
    let procedures = toml(procedure_file, &reading, procedures::procedures);
    let laws = toml(law_file, &reading, law::parse);
    let calendar = calendar_file.and_then(|(name, text)| {
        Calendar::parse(name, text)
            .map_err(|faults| reading.faults(faults))
            .ok()
    });

    // With a file missing or unreadable, everything that refers into it would look wrong as well.
    if let (Some(agencies), Some(points), Some(fields), Some(procedures), Some(laws)) =
        (agencies, points, fields, procedures, laws)
    {
        reading.check_references();
        let name = |file: Option<(&'_ str, &'_ str)>| file.map_or("", |(name, _)| name).to_owned();
        let agencies = Indexed::new(agencies, |it| it.id.clone());
        check::agencies(&reading, &name(agency_file), &agencies);
        check::procedures(&reading, &name(procedure_file), &procedures, &agencies);
        check::laws(&reading, &name(law_file), &laws);
        if reading.clean() {
            check::every_deciding_agency_is_served(
                &reading,
                &name(procedure_file),
                &procedures,
                &points,
            );
        }
        if let (Some(calendar), true) = (calendar, reading.clean()) {
            let version = version_of(&files);
            return Ok(Catalogue {
                files_version: version.clone(),
                version,
                agencies,
                points: Indexed::new(points, |it| it.id.clone()),
                fields: Indexed::new(fields, |it| it.code.clone()),
                procedures: Indexed::new(procedures, |it| it.code.clone()),
                laws: Indexed::new(laws, |it| it.id.clone()),
                calendar,
            });
        }
    }
    let mut faults = reading.into_faults();
    faults.sort();
    faults.dedup();
    Err(faults)
}

/// The files by name alone; those that are no part of a catalogue, or there twice, are faults.
fn named<'a>(files: &[(&'a str, &'a str)], reading: &Reading) -> Vec<(&'a str, &'a str)> {
    let mut named: Vec<(&str, &str)> = Vec::new();
    for (path, text) in files {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        if !Catalogue::FILES.contains(&name) {
            reading.fault(
                path,
                1,
                format!(
                    "is no file of a catalogue; those are {}",
                    Catalogue::FILES.join(", ")
                ),
            );
        } else if named.iter().any(|(other, _)| *other == name) {
            reading.fault(path, 1, "is there twice");
        } else {
            named.push((name, text));
        }
    }
    named
}

fn file<'a>(
    files: &[(&'a str, &'a str)],
    name: &str,
    reading: &Reading,
) -> Option<(&'a str, &'a str)> {
    let found = files.iter().find(|(other, _)| *other == name).copied();
    if found.is_none() {
        reading.fault(name, 1, "is missing");
    }
    found
}

fn toml<T>(
    file: Option<(&str, &str)>,
    reading: &Reading,
    read: impl FnOnce(&Table<'_>) -> Vec<T>,
) -> Option<Vec<T>> {
    let (name, text) = file?;
    Source::new(name, text, reading).document(text, read)
}
