//! Reads printed figures from TOML and reports everything that is wrong with the file at once.

use jiff::civil::Date;
use toml::{Table, Value};

use super::{Claim, Pending, Percentage, Published, Received, Resolved, Total};
use crate::question::Period;
use crate::ratio::Ratio;

/// Something missing, misspelt or of the wrong kind.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct Fault {
    /// Where: `received.online`, `percentage[2].printed`; the line of the file when it is no TOML.
    pub key: String,
    /// What is wrong.
    pub reason: String,
}

pub(super) fn parse(text: &str) -> Result<Published, Vec<Fault>> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(1, |span| {
            1 + text
                .bytes()
                .take(span.start)
                .filter(|byte| *byte == b'\n')
                .count()
        });
        vec![Fault {
            key: format!("line {line}"),
            reason: error.message().into(),
        }]
    })?;
    let mut reader = Reader { faults: Vec::new() };
    let published = reader.published(&Section {
        table: &table,
        path: String::new(),
    });
    match published {
        Some(published) if reader.faults.is_empty() => Ok(published),
        Some(_) | None => Err(reader.faults),
    }
}

/// A table and where it stands.
struct Section<'a> {
    table: &'a Table,
    path: String,
}

impl Section<'_> {
    fn key(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.into()
        } else {
            format!("{}.{name}", self.path)
        }
    }
}

/// Reads on after a fault, so that all are found; a value that could not be read is `None`.
struct Reader {
    faults: Vec<Fault>,
}

impl Reader {
    fn fault<T>(&mut self, key: String, reason: impl Into<String>) -> Option<T> {
        self.faults.push(Fault {
            key,
            reason: reason.into(),
        });
        None
    }

    fn known(&mut self, section: &Section<'_>, names: &[&str]) {
        for name in section
            .table
            .keys()
            .filter(|name| !names.contains(&name.as_str()))
        {
            self.fault::<()>(
                section.key(name),
                format!("not known here; known are {}", names.join(", ")),
            );
        }
    }

    fn value<'a>(&mut self, section: &Section<'a>, name: &str) -> Option<&'a Value> {
        match section.table.get(name) {
            Some(value) => Some(value),
            None => self.fault(section.key(name), "is missing"),
        }
    }

    fn section<'a>(&mut self, of: &Section<'a>, name: &str, names: &[&str]) -> Option<Section<'a>> {
        let value = self.value(of, name)?;
        let Some(table) = value.as_table() else {
            return self.fault(of.key(name), "must be a table");
        };
        let section = Section {
            table,
            path: of.key(name),
        };
        self.known(&section, names);
        Some(section)
    }

    /// The tables of an array; none when it is left out.
    fn sections<'a>(&mut self, of: &Section<'a>, name: &str, names: &[&str]) -> Vec<Section<'a>> {
        let Some(value) = of.table.get(name) else {
            return Vec::new();
        };
        let Some(values) = value.as_array() else {
            self.fault::<()>(of.key(name), format!("must be written as [[{name}]]"));
            return Vec::new();
        };
        let mut sections = Vec::new();
        for (number, value) in (1..).zip(values) {
            let path = format!("{}[{number}]", of.key(name));
            if let Some(table) = value.as_table() {
                let section = Section { table, path };
                self.known(&section, names);
                sections.push(section);
            } else {
                self.fault::<()>(path, "must be a table");
            }
        }
        sections
    }

    fn text(&mut self, section: &Section<'_>, name: &str) -> Option<String> {
        let value = self.value(section, name)?;
        match value.as_str() {
            Some(text) => Some(text.into()),
            None => self.fault(section.key(name), "must be text, in quotes"),
        }
    }

    fn count(&mut self, section: &Section<'_>, name: &str) -> Option<u64> {
        let value = self.value(section, name)?;
        match value
            .as_integer()
            .and_then(|number| u64::try_from(number).ok())
        {
            Some(number) => Some(number),
            None => self.fault(section.key(name), "must be a whole number, 0 or more"),
        }
    }

    fn counts(&mut self, section: &Section<'_>, name: &str) -> Option<Vec<u64>> {
        let value = self.value(section, name)?;
        let number = |value: &Value| {
            value
                .as_integer()
                .and_then(|number| u64::try_from(number).ok())
        };
        let counts = value
            .as_array()
            .and_then(|values| values.iter().map(number).collect::<Option<Vec<_>>>());
        match counts {
            Some(counts) if !counts.is_empty() => Some(counts),
            Some(_) | None => self.fault(
                section.key(name),
                "must be a list of whole numbers, 0 or more",
            ),
        }
    }

    fn date(&mut self, section: &Section<'_>, name: &str) -> Option<Date> {
        let value = self.value(section, name)?;
        let date = value
            .as_datetime()
            .filter(|at| at.time.is_none() && at.offset.is_none())
            .and_then(|at| at.date);
        let date = date.and_then(|date| {
            let month = i8::try_from(date.month).ok()?;
            Date::new(
                i16::try_from(date.year).ok()?,
                month,
                i8::try_from(date.day).ok()?,
            )
            .ok()
        });
        match date {
            Some(date) => Some(date),
            None => self.fault(
                section.key(name),
                "must be a date without quotes, as 2022-12-15",
            ),
        }
    }

    fn period(&mut self, root: &Section<'_>) -> Option<Period> {
        let section = self.section(root, "period", &["from", "to"])?;
        let (from, to) = (self.date(&section, "from"), self.date(&section, "to"));
        match Period::new(from?, to?) {
            Ok(period) => Some(period),
            Err(error) => self.fault(section.path, error.to_string()),
        }
    }

    fn received(&mut self, root: &Section<'_>) -> Option<Received> {
        let names = ["total", "online", "direct_or_postal", "opening"];
        let section = self.section(root, "received", &names)?;
        let [total, online, direct_or_postal, opening] =
            names.map(|name| self.count(&section, name));
        Some(Received {
            total: total?,
            online: online?,
            direct_or_postal: direct_or_postal?,
            opening: opening?,
        })
    }

    fn resolved(&mut self, root: &Section<'_>) -> Option<Resolved> {
        let names = ["total", "early", "on_time", "overdue"];
        let section = self.section(root, "resolved", &names)?;
        let [total, early, on_time, overdue] = names.map(|name| self.count(&section, name));
        Some(Resolved {
            total: total?,
            early: early?,
            on_time: on_time?,
            overdue: overdue?,
        })
    }

    fn pending(&mut self, root: &Section<'_>) -> Option<Pending> {
        let names = ["total", "within", "overdue"];
        let section = self.section(root, "pending", &names)?;
        let [total, within, overdue] = names.map(|name| self.count(&section, name));
        Some(Pending {
            total: total?,
            within: within?,
            overdue: overdue?,
        })
    }

    fn fees(&mut self, root: &Section<'_>) -> Option<Ratio> {
        root.table.get("fees")?;
        let section = self.section(root, "fees", &["bearing", "online"])?;
        let (bearing, online) = (
            self.count(&section, "bearing"),
            self.count(&section, "online"),
        );
        Some(Ratio::new(online?, bearing?))
    }

    fn percentage(&mut self, section: &Section<'_>) -> Option<Percentage> {
        let (name, printed) = (self.text(section, "name"), self.text(section, "printed"));
        let (numerator, denominator) = (
            self.count(section, "numerator"),
            self.count(section, "denominator"),
        );
        let printed = printed?;
        if super::rounding::printed(&printed).is_none() {
            return self.fault(
                section.key("printed"),
                "must be the digits as printed, as \"82,48\"",
            );
        }
        Some(Percentage {
            name: name?,
            printed,
            ratio: Ratio::new(numerator?, denominator?),
        })
    }

    fn total(&mut self, section: &Section<'_>) -> Option<Total> {
        let (name, value) = (self.text(section, "name"), self.count(section, "value"));
        let parts = self.counts(section, "parts");
        Some(Total {
            name: name?,
            value: value?,
            parts: parts?,
        })
    }

    fn claim(&mut self, section: &Section<'_>) -> Option<Claim> {
        let (text, candidates) = (
            self.text(section, "text"),
            self.counts(section, "candidates"),
        );
        Some(Claim {
            text: text?,
            candidates: candidates?,
        })
    }

    fn published(&mut self, root: &Section<'_>) -> Option<Published> {
        self.known(
            root,
            &[
                "title",
                "period",
                "received",
                "resolved",
                "pending",
                "fees",
                "percentage",
                "total",
                "claim",
            ],
        );
        let title = self.text(root, "title");
        let period = self.period(root);
        let (received, resolved, pending) =
            (self.received(root), self.resolved(root), self.pending(root));
        let fees = self.fees(root);
        let percentages = self.sections(
            root,
            "percentage",
            &["name", "printed", "numerator", "denominator"],
        );
        let percentages = percentages
            .iter()
            .filter_map(|section| self.percentage(section))
            .collect();
        let totals = self.sections(root, "total", &["name", "value", "parts"]);
        let totals = totals
            .iter()
            .filter_map(|section| self.total(section))
            .collect();
        let claims = self.sections(root, "claim", &["text", "candidates"]);
        let claims = claims
            .iter()
            .filter_map(|section| self.claim(section))
            .collect();
        Some(Published {
            title: title?,
            period: period?,
            received: received?,
            resolved: resolved?,
            pending: pending?,
            fees,
            percentages,
            totals,
            claims,
        })
    }
}
