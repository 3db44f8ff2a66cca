//! Which report is asked for, from the parameters of a web address: the same as over gRPC, by name.

use std::borrow::Cow;
use std::collections::BTreeMap;

use api::convert::values;
use api::hoso::reporting::v1 as wire;
use api::token::{self, Point};
use api::{EdgeError, Faults, text};
use domain::local;
use jiff::Timestamp;
use jiff::civil::Date;
use statistics::Span;

use crate::question::{self, Asked};

/// The parameters there are.
const PARAMETERS: [&str; 12] = [
    "from",
    "to",
    "period",
    "as_of",
    "by",
    "agency",
    "field",
    "procedure",
    "channel",
    "pending_rule",
    "organised",
    "min_position",
];

/// What a web address asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Wanted {
    asked: Asked,
    /// The period is the official one of this kind that is running, and moves with the time.
    span: Option<Span>,
    /// What must be here before it is answered.
    pub(crate) points: Vec<Point>,
}

impl Wanted {
    /// As known at this moment, if it says so.
    pub(crate) fn as_of(&self) -> Option<Timestamp> {
        self.asked.as_of
    }

    /// The question as of a moment.
    pub(crate) fn at(&self, moment: Timestamp) -> Asked {
        let mut asked = self.asked.clone();
        if let Some(span) = self.span {
            asked.period = span.around(local::date(moment));
        }
        asked
    }
}

/// Reads the part of a web address behind the `?`.
///
/// # Errors
/// With every fault.
pub(crate) fn read(query: &str, now: Timestamp) -> Result<Wanted, EdgeError> {
    let mut faults = Faults::default();
    let given = parameters(query, &mut faults);
    let text = |name: &str| given.get(name).map_or("", |value| value);
    let mut question = wire::ReportQuestion {
        from: text("from").to_owned(),
        to: text("to").to_owned(),
        agency: text("agency").to_owned(),
        field: text("field").to_owned(),
        procedure: text("procedure").to_owned(),
        ..wire::ReportQuestion::default()
    };
    let as_of = faults.take("as_of", moment(text("as_of")));
    question.as_of = as_of.flatten().map(values::timestamp);
    let days = given.contains_key("from") || given.contains_key("to");
    let span = match (given.get("period"), days) {
        (None, true) => None,
        (Some(_), true) => {
            faults.note("period", "may not stand beside from and to");
            None
        }
        (None, false) => Some(Span::HalfYear),
        (Some(name), false) => faults.take("period", span(name)),
    };
    if let Some(span) = span {
        let period = span.around(local::date(as_of.flatten().unwrap_or(now)));
        question.from = period.from().to_string();
        question.to = period.to().to_string();
    }
    let grouping = faults.take("by", grouping(text("by")));
    question.grouping = grouping.unwrap_or_default().into();
    let rule = faults.take("pending_rule", pending_rule(text("pending_rule")));
    question.pending_rule = rule.unwrap_or_default().into();
    let organised = faults.take("organised", organised(text("organised")));
    question.organised = organised.unwrap_or_default().into();
    question.channel = faults
        .take("channel", channel(text("channel")))
        .unwrap_or_default();
    // A period that does not read has been told of; without it there are no days to tell of.
    let readable = days || span.is_some();
    let asked = readable.then(|| question::read_fields(&question, &mut faults));
    let points = faults.take("min_position", token::read(text("min_position")));
    let wanted = asked.flatten().zip(points).map(|(asked, points)| Wanted {
        asked,
        span,
        points,
    });
    faults.finish(wanted)
}

/// Each parameter once; what is unknown or given twice is a fault.
fn parameters<'a>(query: &'a str, faults: &mut Faults) -> BTreeMap<&'static str, Cow<'a, str>> {
    let mut given = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match PARAMETERS.iter().find(|known| **known == name) {
            None => {
                // A name that no program would write is not repeated: it may be anything.
                let name = text::reason_code(&name).unwrap_or("?");
                let known = PARAMETERS.join(", ");
                faults.note(
                    name,
                    format!("there is no such parameter; there are {known}"),
                );
            }
            Some(name) if value.is_empty() => faults.note(name, "must not be empty"),
            Some(name) => {
                if given.insert(*name, value).is_some() {
                    faults.note(name, "is given twice");
                }
            }
        }
    }
    given
}

/// A day means its end.
fn moment(text: &str) -> Result<Option<Timestamp>, &'static str> {
    const WRONG: &str =
        "must be a day, as YYYY-MM-DD, or a moment, as 2023-03-15T09:00:00+07:00 with the + as %2B";
    if text.is_empty() {
        return Ok(None);
    }
    if text.len() == 10 {
        let day: Date = text.parse().map_err(|_| WRONG)?;
        let next = day.tomorrow().map_err(|_| WRONG)?;
        let end = local::instant(next.at(0, 0, 0, 0)).as_microsecond() - 1;
        return Timestamp::from_microsecond(end)
            .map(Some)
            .map_err(|_| WRONG);
    }
    text.parse().map(Some).map_err(|_| WRONG)
}

fn span(text: &str) -> Result<Span, &'static str> {
    Span::ALL
        .into_iter()
        .find(|span| span.as_str() == text)
        .ok_or("must be month, quarter, half-year or year")
}

fn grouping(text: &str) -> Result<wire::Grouping, &'static str> {
    match text {
        "" => Ok(wire::Grouping::Unspecified),
        "field" => Ok(wire::Grouping::Field),
        "procedure" => Ok(wire::Grouping::Procedure),
        "agency" => Ok(wire::Grouping::Agency),
        "channel" => Ok(wire::Grouping::Channel),
        _ => Err("must be field, procedure, agency or channel"),
    }
}

fn pending_rule(text: &str) -> Result<wire::PendingRule, &'static str> {
    match text {
        "" => Ok(wire::PendingRule::Unspecified),
        "strict" => Ok(wire::PendingRule::Strict),
        "provincial" => Ok(wire::PendingRule::Provincial),
        _ => Err("must be strict or provincial"),
    }
}

fn organised(text: &str) -> Result<wire::Organised, &'static str> {
    match text {
        "" => Ok(wire::Organised::Unspecified),
        "then" => Ok(wire::Organised::Then),
        "now" => Ok(wire::Organised::Now),
        _ => Err("must be then or now"),
    }
}

/// The national number of a channel; 0 for all.
fn channel(text: &str) -> Result<u32, &'static str> {
    match text {
        "" => Ok(0),
        "1" | "direct" => Ok(1),
        "2" | "online" => Ok(2),
        "3" | "postal" => Ok(3),
        _ => Err("must be 1 (direct), 2 (online) or 3 (postal)"),
    }
}

#[cfg(test)]
mod tests {
    use api::FieldFault;
    use statistics::{Grouping, PendingRule};

    use super::*;

    fn now() -> Timestamp {
        "2023-03-20T02:00:00Z".parse().unwrap()
    }

    fn faults(query: &str) -> Vec<String> {
        match read(query, now()) {
            Err(EdgeError::Fields(faults)) => faults
                .into_iter()
                .map(|FieldFault { field, .. }| field)
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn without_a_period_the_half_year_that_is_running_is_meant() {
        let wanted = read("", now()).unwrap();
        let asked = wanted.at(now());
        assert_eq!(asked.period.from().to_string(), "2022-12-15");
        assert_eq!(asked.period.to().to_string(), "2023-06-14");
        assert_eq!(asked.grouping, Grouping::Field);
        // And the next one, once it is running.
        let later = wanted.at("2023-06-14T17:00:00Z".parse().unwrap());
        assert_eq!(later.period.from().to_string(), "2023-06-15");
    }

    #[test]
    fn every_parameter_is_read() {
        let query = "from=2022-12-15&to=2023-06-14&as_of=2023-03-15&by=agency&agency=000.00.06.H20&field=H20-LH\
                     &procedure=2.001616&channel=online&pending_rule=provincial&organised=now";
        let wanted = read(query, now()).unwrap();
        let end_of_day = "2023-03-15T16:59:59.999999Z".parse().unwrap();
        assert_eq!(wanted.as_of(), Some(end_of_day));
        let asked = wanted.at(now());
        assert_eq!(asked.period.to().to_string(), "2023-06-14");
        assert_eq!(asked.grouping, Grouping::Agency);
        assert_eq!(asked.pending_rule, PendingRule::ProvincialLax);
        assert!(asked.organised_now);
        assert!(asked.filter.agency.is_some() && asked.filter.field.is_some());
        assert!(asked.filter.procedure.is_some() && asked.filter.channel.is_some());
        let moment = read("period=month&as_of=2023-03-15T09:00:00%2B07:00", now()).unwrap();
        assert_eq!(moment.as_of(), "2023-03-15T02:00:00Z".parse().ok());
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let query = "from=15/12/2022&as_of=soon&by=day&channel=4&pending_rule=lax&organised=soon&agency=S%E1%BB%9F&colour=red&by=field\
                     &min_position=no";
        let mut told = faults(query);
        told.sort();
        let mut expected = vec![
            "from",
            "to",
            "as_of",
            "by",
            "channel",
            "pending_rule",
            "organised",
            "agency",
            "colour",
            "min_position",
        ];
        expected.sort_unstable();
        assert_eq!(told, expected);
        assert_eq!(faults("period=week"), ["period"]);
        assert_eq!(
            faults("period=month&from=2023-01-01&to=2023-01-02"),
            ["period"]
        );
        assert_eq!(faults("%F0%9F%92%A9=1"), ["?"]);
        assert_eq!(faults("from=2023-06-15&to=2022-12-15"), ["to"]);
        assert_eq!(faults("agency="), ["agency"]);
    }
}
