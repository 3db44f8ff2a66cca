//! Reading a calendar from CSV, with every fault at its line.

use std::collections::{BTreeSet, HashMap};

use jiff::civil::Date;

use super::{Calendar, Exception, weekend_name};
use crate::catalogue::{CatalogueFault, version_of};

const HEADER: [&str; 4] = ["date", "kind", "reason", "certainty"];
const PUBLISHED: &str = "# published:";

struct Reading<'a> {
    name: &'a str,
    faults: Vec<CatalogueFault>,
}

impl Reading<'_> {
    fn fault(&mut self, line: usize, reason: impl Into<Box<str>>) {
        self.faults
            .push(CatalogueFault::new(self.name, line, reason));
    }
}

pub(super) fn parse(name: &str, text: &str) -> Result<Calendar, Vec<CatalogueFault>> {
    let mut reading = Reading {
        name,
        faults: Vec::new(),
    };
    let published = published(&mut reading, text);
    let exceptions = exceptions(&mut reading, text);
    for (year, line) in &published {
        // Every year has Tết: a published year without a day off is a file cut short.
        if !exceptions
            .iter()
            .any(|(date, day)| date.year() == *year && !day.working)
        {
            reading.fault(*line, format!("{year} is published but has no day off"));
        }
    }
    if reading.faults.is_empty() {
        Ok(Calendar {
            version: version_of(&[(name, text)]),
            published: published.into_iter().map(|(year, _)| year).collect(),
            exceptions,
        })
    } else {
        reading.faults.sort();
        Err(reading.faults)
    }
}

/// The published years, each with the line that says so: `# published: 2021..2024, 2026`.
fn published(reading: &mut Reading<'_>, text: &str) -> Vec<(i16, usize)> {
    let mut years = BTreeSet::new();
    let mut found = Vec::new();
    let mut named = false;
    for (line, rest) in (1..)
        .zip(text.lines())
        .filter_map(|(n, l)| Some((n, l.strip_prefix(PUBLISHED)?)))
    {
        named = true;
        for part in rest.split(',').map(str::trim) {
            let range = part.split_once("..").unwrap_or((part, part));
            match (range.0.trim().parse::<i16>(), range.1.trim().parse::<i16>()) {
                (Ok(first), Ok(last))
                    if (1900..=2200).contains(&first) && (first..=2200).contains(&last) =>
                {
                    found.extend(
                        (first..=last)
                            .filter(|year| years.insert(*year))
                            .map(|year| (year, line)),
                    );
                }
                _ => reading.fault(
                    line,
                    format!("`{part}` is not a year or a range of years like 2021..2026"),
                ),
            }
        }
    }
    if !named {
        reading.fault(
            1,
            "no comment line `# published: …` says which years are published",
        );
    }
    found
}

fn exceptions(reading: &mut Reading<'_>, text: &str) -> HashMap<Date, Exception> {
    let mut header = false;
    let mut lines: HashMap<Date, usize> = HashMap::new();
    let mut exceptions = HashMap::new();
    let rows = (1..)
        .zip(text.lines())
        .filter(|(_, row)| !row.starts_with('#') && !row.trim().is_empty());
    for (line, row) in rows {
        let Some(columns) = columns(reading, line, row) else {
            continue;
        };
        if !header {
            header = true;
            if columns != HEADER[..] {
                reading.fault(line, "the first row must be `date,kind,reason,certainty`");
            }
            continue;
        }
        let Some((date, exception)) = exception(reading, line, &columns) else {
            continue;
        };
        if let Some(first) = lines.get(&date) {
            reading.fault(line, format!("{date} is already in line {first}"));
        } else {
            lines.insert(date, line);
            exceptions.insert(date, exception);
        }
    }
    if !header {
        reading.fault(1, "the row `date,kind,reason,certainty` is missing");
    }
    exceptions
}

/// One row. Each is read alone, so that its line is known for certain and a quote left open costs one row.
fn columns(reading: &mut Reading<'_>, line: usize, row: &str) -> Option<csv::StringRecord> {
    let mut csv = csv::ReaderBuilder::new()
        .has_headers(false)
        .trim(csv::Trim::All)
        .from_reader(row.as_bytes());
    match csv.records().next()? {
        Ok(columns) => Some(columns),
        Err(error) => {
            reading.fault(line, format!("not CSV: {error}"));
            None
        }
    }
}

fn exception(
    reading: &mut Reading<'_>,
    line: usize,
    columns: &csv::StringRecord,
) -> Option<(Date, Exception)> {
    let &[date, kind, reason, certainty] = columns.iter().collect::<Vec<_>>().as_slice() else {
        let length = columns.len();
        let expected = HEADER.join(", ");
        reading.fault(line, format!("{length} columns instead of {expected}"));
        return None;
    };
    for (column, content) in [("reason", reason), ("certainty", certainty)] {
        if content.is_empty() {
            reading.fault(line, format!("`{column}` is empty"));
        }
    }
    let working = match kind {
        "off" => Some(false),
        "worked" => Some(true),
        _ => {
            reading.fault(line, format!("kind `{kind}` is neither `off` nor `worked`"));
            None
        }
    };
    // The strict form only, so that nothing is read as a date by luck.
    let Some(date) = date
        .parse::<Date>()
        .ok()
        .filter(|parsed| parsed.to_string() == date)
    else {
        reading.fault(line, format!("`{date}` is not a date like 2026-11-24"));
        return None;
    };
    match (working?, weekend_name(date)) {
        (false, Some(weekday)) => {
            reading.fault(
                line,
                format!("{date} is off anyway: it is a weekend day ({weekday})"),
            );
        }
        (true, None) => {
            reading.fault(
                line,
                format!("{date} is worked anyway: it is not a weekend day"),
            );
        }
        (false, None) | (true, Some(_)) => {}
    }
    Some((
        date,
        Exception {
            working: working?,
            reason: reason.into(),
            certainty: certainty.into(),
        },
    ))
}
