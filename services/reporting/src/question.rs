//! Which report is asked for, from the wire.

use api::Faults;
use api::convert::values;
use api::hoso::reporting::v1 as wire;
use api::text;
use domain::ids::{AgencyId, FieldCode, ProcedureCode};
use jiff::Timestamp;
use statistics::{Filter, Grouping, PendingRule, Period};

/// A question before it is tied to a position of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// The period.
    pub period: Period,
    /// As known at; now, when absent.
    pub as_of: Option<Timestamp>,
    /// What the rows are.
    pub grouping: Grouping,
    /// Which dossiers.
    pub filter: Filter,
    /// How pending dossiers are classed.
    pub pending_rule: PendingRule,
    /// Agencies are those in charge on the as-of day, not those of acceptance.
    pub organised_now: bool,
}

/// Reads the field `question`.
pub fn read(given: Option<&wire::ReportQuestion>, faults: &mut Faults) -> Option<Asked> {
    let Some(given) = given else {
        faults.note("question", "must say which report");
        return None;
    };
    faults.within("question", |faults| read_fields(given, faults))
}

/// Reads the fields of a question.
pub fn read_fields(given: &wire::ReportQuestion, faults: &mut Faults) -> Option<Asked> {
    let from = faults.take("from", values::date(&given.from));
    let to = faults.take("to", values::date(&given.to));
    let period = from.zip(to).and_then(|(from, to)| {
        faults.take(
            "to",
            Period::new(from, to).map_err(|error| error.to_string()),
        )
    });
    let as_of = match given.as_of {
        None => Some(None),
        Some(at) => faults.take("as_of", values::instant(at)).map(Some),
    };
    let grouping = match wire::Grouping::try_from(given.grouping) {
        Ok(wire::Grouping::Unspecified | wire::Grouping::Field) => Some(Grouping::Field),
        Ok(wire::Grouping::Procedure) => Some(Grouping::Procedure),
        Ok(wire::Grouping::Agency) => Some(Grouping::Agency),
        Ok(wire::Grouping::Channel) => Some(Grouping::Channel),
        Err(_) => {
            faults.note("grouping", "must be field, procedure, agency or channel");
            None
        }
    };
    let pending_rule = match wire::PendingRule::try_from(given.pending_rule) {
        Ok(wire::PendingRule::Unspecified | wire::PendingRule::Strict) => Some(PendingRule::Strict),
        Ok(wire::PendingRule::Provincial) => Some(PendingRule::ProvincialLax),
        Err(_) => {
            faults.note("pending_rule", "must be strict or provincial");
            None
        }
    };
    let organised_now = match wire::Organised::try_from(given.organised) {
        Ok(wire::Organised::Unspecified | wire::Organised::Then) => Some(false),
        Ok(wire::Organised::Now) => Some(true),
        Err(_) => {
            faults.note("organised", "must be then or now");
            None
        }
    };
    let channel = match given.channel {
        0 => Some(None),
        other => faults
            .take(
                "channel",
                values::channel(i32::try_from(other).unwrap_or(-1)),
            )
            .map(Some),
    };
    let mut code = |field: &str, text: &str| {
        if text.is_empty() {
            Some(None)
        } else {
            faults
                .take(field, text::identifier(text, 64))
                .map(|text| Some(text.to_owned()))
        }
    };
    let agency = code("agency", &given.agency);
    let field = code("field", &given.field);
    let procedure = code("procedure", &given.procedure);
    Some(Asked {
        period: period?,
        as_of: as_of?,
        grouping: grouping?,
        filter: Filter {
            agency: agency?.map(AgencyId::new),
            field: field?.map(FieldCode::new),
            procedure: procedure?.map(ProcedureCode::new),
            channel: channel?,
        },
        pending_rule: pending_rule?,
        organised_now: organised_now?,
    })
}
