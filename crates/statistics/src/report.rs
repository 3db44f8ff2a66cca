//! A report as others get it: one JSON object with a stable order of keys, or CSV.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use domain::local;
use jiff::Timestamp;
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use crate::checks::Check;
use crate::memo::Memo;
use crate::placement::{Class, Placement, State};
use crate::question::Period;
use crate::tally::Parts;

/// A numbered column of form II.06a.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Column {
    /// (3) received, in all.
    Received,
    /// (4) in the period, online.
    ReceivedOnline,
    /// (5) in the period, direct or by public post.
    ReceivedDirectOrPostal,
    /// (6) carried over.
    Opening,
    /// (7) ended, in all.
    Ended,
    /// (8) early.
    Early,
    /// (9) on time.
    OnTime,
    /// (10) overdue.
    Overdue,
    /// (11) pending, in all.
    Pending,
    /// (12) within its time.
    PendingWithin,
    /// (13) overdue.
    PendingOverdue,
}

impl Column {
    /// All columns, (3) to (13).
    pub const ALL: [Self; 11] = [
        Self::Received,
        Self::ReceivedOnline,
        Self::ReceivedDirectOrPostal,
        Self::Opening,
        Self::Ended,
        Self::Early,
        Self::OnTime,
        Self::Overdue,
        Self::Pending,
        Self::PendingWithin,
        Self::PendingOverdue,
    ];

    /// The column with this number on the official form, 3 to 13.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number.checked_sub(3)?)).copied()
    }

    /// The number on the official form.
    pub fn number(self) -> u8 {
        (3..)
            .zip(Self::ALL)
            .find(|(_, column)| *column == self)
            .map_or(0, |(number, _)| number)
    }

    /// The heading on the official form.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Received => "Tiếp nhận: tổng số",
            Self::ReceivedOnline => "Tiếp nhận trong kỳ: trực tuyến",
            Self::ReceivedDirectOrPostal => "Tiếp nhận trong kỳ: trực tiếp, dịch vụ bưu chính",
            Self::Opening => "Tiếp nhận: từ kỳ trước",
            Self::Ended => "Đã giải quyết: tổng số",
            Self::Early => "Đã giải quyết: trước hạn",
            Self::OnTime => "Đã giải quyết: đúng hạn",
            Self::Overdue => "Đã giải quyết: quá hạn",
            Self::Pending => "Đang giải quyết: tổng số",
            Self::PendingWithin => "Đang giải quyết: trong hạn",
            Self::PendingOverdue => "Đang giải quyết: quá hạn",
        }
    }

    /// Whether the column counts a dossier placed there.
    pub fn counts(self, place: Placement) -> bool {
        place.is_counted()
            && match self {
                Self::Received => true,
                Self::ReceivedOnline => place.received() && place.channel() == Some(1),
                Self::ReceivedDirectOrPostal => place.received() && place.channel() != Some(1),
                Self::Opening => !place.received(),
                Self::Ended => place.state() == State::Ended,
                Self::Early => place.state() == State::Ended && place.class() == Class::Early,
                Self::OnTime => place.state() == State::Ended && place.class() == Class::OnTime,
                Self::Overdue => place.state() == State::Ended && place.class() == Class::Overdue,
                Self::Pending => place.state() != State::Ended,
                Self::PendingWithin => place.state() == State::PendingWithin,
                Self::PendingOverdue => place.state() == State::PendingOverdue,
            }
    }
}

/// Columns (3) to (13) of one row.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize)]
#[expect(
    missing_docs,
    reason = "the columns of the official form; `Column` describes them"
)]
pub struct Cells {
    pub c3: u64,
    pub c4: u64,
    pub c5: u64,
    pub c6: u64,
    pub c7: u64,
    pub c8: u64,
    pub c9: u64,
    pub c10: u64,
    pub c11: u64,
    pub c12: u64,
    pub c13: u64,
}

impl Cells {
    pub(crate) fn of_parts(parts: &Parts) -> Self {
        let [c4, c5, c6, c8, c9, c10, c12, c13] = parts.map(u64::from);
        let (c3, c7, c11) = (c4 + c5 + c6, c8 + c9 + c10, c12 + c13);
        Self {
            c3,
            c4,
            c5,
            c6,
            c7,
            c8,
            c9,
            c10,
            c11,
            c12,
            c13,
        }
    }

    pub(crate) fn of_counts(count: impl Fn(Column) -> u64) -> Self {
        let [c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13] = Column::ALL.map(count);
        Self {
            c3,
            c4,
            c5,
            c6,
            c7,
            c8,
            c9,
            c10,
            c11,
            c12,
            c13,
        }
    }

    /// The figures in the order of the columns.
    pub fn all(&self) -> [u64; 11] {
        let Self {
            c3,
            c4,
            c5,
            c6,
            c7,
            c8,
            c9,
            c10,
            c11,
            c12,
            c13,
        } = *self;
        [c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13]
    }

    /// One figure.
    pub fn get(&self, column: Column) -> u64 {
        Column::ALL
            .into_iter()
            .zip(self.all())
            .find(|(of, _)| *of == column)
            .map_or(0, |(_, figure)| figure)
    }

    /// Two rows as one.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self::of_counts(|column| self.get(column) + other.get(column))
    }
}

/// One row of the form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Row {
    /// The field's, procedure's or agency's code, or the channel's name.
    pub key: String,
    /// Its name, when the caller gave one; the key otherwise.
    pub name: String,
    /// The figures.
    #[serde(flatten)]
    pub cells: Cells,
}

/// By which rules the figures came about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Rules {
    /// The form.
    pub form: &'static str,
    /// How an end is compared with its due date: civil dates for day procedures, instants for hour procedures.
    pub class: &'static str,
    /// When a pending dossier is overdue.
    pub pending: &'static str,
    /// What a row is.
    pub group: &'static str,
    /// `now` when the agencies are those in charge now; left out when they are those of acceptance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organised: Option<&'static str>,
    /// Only the dossiers of …
    pub filter: BTreeMap<&'static str, String>,
    /// The calendar by which late recording was told.
    pub calendar: String,
    /// The law versions of the counted dossiers.
    pub laws: Vec<String>,
    /// What the caller adds: catalogue version, chain hash.
    #[serde(flatten)]
    pub more: BTreeMap<String, String>,
}

/// Form II.06a, with everything needed to understand and to repeat it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// The reporting period.
    pub period: Period,
    /// As known at this instant …
    pub as_of: Timestamp,
    /// … that is, at this position of the log.
    pub position: u64,
    /// By which rules.
    pub rules: Rules,
    /// The rows with any figure, by key.
    pub rows: Vec<Row>,
    /// All rows together.
    pub total: Cells,
    /// What stands below the line.
    pub memo: Memo,
    /// What must hold, and whether it does.
    pub checks: Vec<Check>,
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.object(true, to)
    }
}

impl Report {
    /// The one JSON object there is for a report; without its figures when they may not be seen.
    pub(crate) fn object<S: Serializer>(&self, figures: bool, to: S) -> Result<S::Ok, S::Error> {
        let mut object = to.serialize_struct("Report", 8)?;
        object.serialize_field("period", &self.period)?;
        object.serialize_field("as_of", &format!("{}+07:00", local::datetime(self.as_of)))?;
        object.serialize_field("position", &self.position)?;
        object.serialize_field("rules", &self.rules)?;
        let (rows, checks) = if figures {
            (self.rows.as_slice(), self.checks.as_slice())
        } else {
            Default::default()
        };
        object.serialize_field("rows", rows)?;
        object.serialize_field("total", &figures.then_some(&self.total))?;
        object.serialize_field("memo", &figures.then_some(&self.memo))?;
        object.serialize_field("checks", checks)?;
        object.end()
    }

    /// Gives rows their names; a key without one keeps itself as its name.
    #[must_use]
    pub fn named(mut self, name: impl Fn(&str) -> Option<String>) -> Self {
        for row in &mut self.rows {
            if let Some(name) = name(&row.key) {
                row.name = name;
            }
        }
        self
    }

    /// Whether every check holds.
    pub fn holds(&self) -> bool {
        self.checks.iter().all(|check| check.holds)
    }

    /// The rows and the total as CSV (RFC 4180), with a heading row `key,name,c3,…,c13`.
    pub fn to_csv(&self) -> String {
        let mut csv = String::from("key,name,c3,c4,c5,c6,c7,c8,c9,c10,c11,c12,c13\r\n");
        for row in &self.rows {
            line(&mut csv, &row.key, &row.name, &row.cells);
        }
        line(&mut csv, "total", "Tổng số", &self.total);
        csv
    }
}

fn line(csv: &mut String, key: &str, name: &str, cells: &Cells) {
    let figures = cells.all().map(|figure| figure.to_string()).join(",");
    // Writing to a string cannot fail.
    let _ = write!(csv, "{},{},{figures}\r\n", quoted(key), quoted(name));
}

fn quoted(text: &str) -> Cow<'_, str> {
    if text.contains(['"', ',', '\r', '\n']) {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}
