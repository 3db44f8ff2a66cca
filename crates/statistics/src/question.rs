//! What can be asked: which period, as known when, grouped how, counted by which rule.

use std::collections::BTreeMap;

use domain::event::Channel;
use domain::ids::{AgencyId, FieldCode, ProcedureCode};
use domain::local;
use jiff::{Timestamp, civil::Date};
use serde::Serialize;

use crate::day::{self, Day};

/// Inclusive civil dates in Asia/Ho_Chi_Minh: from 00:00 of the first day to 00:00 of the day after the last.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Period {
    from: Date,
    to: Date,
}

/// A period that ends before it begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the period ends on {to}, before it begins on {from}")]
pub struct PeriodError {
    /// The first day given.
    pub from: Date,
    /// The last day given.
    pub to: Date,
}

impl Period {
    /// The days from `from` to `to`, both counted in.
    ///
    /// # Errors
    ///
    /// When `to` lies before `from`.
    pub fn new(from: Date, to: Date) -> Result<Self, PeriodError> {
        if to < from {
            Err(PeriodError { from, to })
        } else {
            Ok(Self { from, to })
        }
    }

    /// One day.
    pub fn of_day(day: Date) -> Self {
        Self { from: day, to: day }
    }

    /// The first day.
    pub fn from(&self) -> Date {
        self.from
    }

    /// The last day.
    pub fn to(&self) -> Date {
        self.to
    }

    pub(crate) fn first_day(&self) -> Day {
        day::of_date(self.from)
    }

    pub(crate) fn last_day(&self) -> Day {
        day::of_date(self.to)
    }
}

/// As known when: which part of the log is counted, and the instant that was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AsOf {
    /// The last position counted, in the log the facts come from.
    pub position: u64,
    /// The instant: a due date that has not passed by then is not called overdue.
    pub at: Timestamp,
}

/// One row of the form for each …
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// … field (*lĩnh vực*), the official form's rows.
    Field,
    /// … procedure (*thủ tục*).
    Procedure,
    /// … agency (*cơ quan*) that the dossier was accepted for.
    Agency,
    /// … channel (*kênh*).
    Channel,
}

impl Grouping {
    /// Every grouping.
    pub const ALL: [Self; 4] = [Self::Field, Self::Procedure, Self::Agency, Self::Channel];

    /// The name used in rules and requests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Field => "field",
            Self::Procedure => "procedure",
            Self::Agency => "agency",
            Self::Channel => "channel",
        }
    }
}

/// Which agency a dossier counts for.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum Organised {
    /// The one it was accepted for.
    #[default]
    Then,
    /// Whoever has taken over from that one: each agency that ended, with the one in charge now.
    Now(BTreeMap<AgencyId, AgencyId>),
}

impl Organised {
    /// The agency that an agency's dossiers count for.
    pub fn agency<'a>(&'a self, accepted_for: &'a AgencyId) -> &'a AgencyId {
        match self {
            Self::Then => accepted_for,
            Self::Now(successors) => successors.get(accepted_for).unwrap_or(accepted_for),
        }
    }
}

/// Only the dossiers of …; nothing set means all.
///
/// Before acceptance a dossier has no field yet, so a filter by field leaves out what was never accepted.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Filter {
    /// … this agency.
    pub agency: Option<AgencyId>,
    /// … this field.
    pub field: Option<FieldCode>,
    /// … this procedure.
    pub procedure: Option<ProcedureCode>,
    /// … this channel.
    pub channel: Option<Channel>,
}

/// When a pending dossier is overdue, columns (12) and (13).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PendingRule {
    /// Once its due day is over at the end of the period, or at the as-of instant when that is earlier: from then
    /// on it can only end overdue. Hour procedures: once the due instant has passed.
    #[default]
    Strict,
    /// As a provincial product in use counts: overdue only if due before the last day, and never while it waits for
    /// a supplement or a payment or is suspended.
    ProvincialLax,
}

impl PendingRule {
    /// The name used in rules and requests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::ProvincialLax => "provincial_lax",
        }
    }
}

/// A question for form II.06a.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// The reporting period.
    pub period: Period,
    /// As known when.
    pub as_of: AsOf,
    /// What a row is.
    pub group: Grouping,
    /// Which agency a dossier counts for, in the rows and in the filter.
    pub organised: Organised,
    /// Which dossiers.
    pub filter: Filter,
    /// How pending dossiers are classed.
    pub due_rule: PendingRule,
    /// Procedures that the catalogue offers for information only, for the check that none of them has online
    /// dossiers; `None` when the caller does not know, and then the check says so.
    pub information_only: Option<Vec<ProcedureCode>>,
}

impl Question {
    /// Form II.06a by field, of everything, under the strict rule.
    pub fn new(period: Period, as_of: AsOf) -> Self {
        Self {
            period,
            as_of,
            group: Grouping::Field,
            organised: Organised::default(),
            filter: Filter::default(),
            due_rule: PendingRule::default(),
            information_only: None,
        }
    }

    /// The bounds the scan compares with.
    pub(crate) fn bounds(&self) -> Bounds {
        let (from, to) = (self.period.first_day(), self.period.last_day());
        let end = day::start_micros(to.saturating_add(1));
        let instant = self.as_of.at.as_microsecond().min(end);
        let last = to.min(day::of_date(local::date(self.as_of.at)));
        Bounds {
            from,
            to,
            instant,
            last,
        }
    }
}

/// A question's times as the columns hold them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// First day of the period.
    pub(crate) from: Day,
    /// Last day of the period.
    pub(crate) to: Day,
    /// The end of the period, or the as-of instant when that is earlier.
    pub(crate) instant: i64,
    /// The last day of the period, or the as-of day when that is earlier.
    pub(crate) last: Day,
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_period_of_one_day_is_a_period_and_one_that_ends_before_it_begins_is_not() {
        let day = date(2023, 6, 14);
        assert!(Period::new(day, day).is_ok());
        let error = Period::new(date(2023, 6, 15), day).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the period ends on 2023-06-14, before it begins on 2023-06-15"
        );
    }
}
