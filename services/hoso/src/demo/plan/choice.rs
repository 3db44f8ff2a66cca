//! Which procedures people ask for: exactly 48 of those fully online for what comes through the portal, any for the rest.

use domain::Catalogue;
use domain::catalogue::{OnlineLevel, Procedure};
use domain::clock::{TimeLimit, TimeUnit};
use domain::event::Channel;
use domain::ids::AgencyId;
use jiff::civil::Date;

use super::dice::Dice;
use super::life::{Wait, Way};
use super::quotas::{Fate, Quirk};

/// So many fully-online procedures had at least one online dossier (the article: 48 of 110).
pub(crate) const ONLINE_PROCEDURES: usize = 48;

/// How often people ask for something of a field; what is not named here: 1. An invention.
const POPULAR: [(&str, usize); 12] = [
    ("H20-HDV", 9),
    ("H20-BS", 9),
    ("H20-QC", 8),
    ("H20-NTBD", 8),
    ("H20-LH", 6),
    ("H20-TDTT", 5),
    ("H20-XNKVHP", 5),
    ("H20-DVDL", 4),
    ("H20-MTNATL", 4),
    ("H20-VHCS", 4),
    ("H20-DSVH", 2),
    ("H20-TV", 2),
];

/// The procedures to choose from.
#[derive(Debug)]
pub(crate) struct Choice<'a> {
    /// The 48, with how often each is asked for.
    online: Vec<(&'a Procedure, usize)>,
    /// All, for what comes otherwise.
    any: Vec<(&'a Procedure, usize)>,
}

impl<'a> Choice<'a> {
    /// Chooses among the procedures of an agency that are valid all through the play.
    pub(crate) fn new(
        catalogue: &'a Catalogue,
        agency: &AgencyId,
        first: Date,
        last: Date,
        dice: &mut Dice,
    ) -> Self {
        let any: Vec<(&Procedure, usize)> = catalogue
            .procedures()
            .filter(|it| it.agencies.contains(agency) && it.valid_on(first) && it.valid_on(last))
            .map(|it| (it, popularity(it)))
            .collect();
        let mut left: Vec<(&Procedure, usize)> = any
            .iter()
            .filter(|(it, _)| fully_online(it) && in_days_or_hours(it.limit_for(Channel::Online)))
            .copied()
            .collect();
        let mut online = Vec::with_capacity(ONLINE_PROCEDURES);
        while online.len() < ONLINE_PROCEDURES {
            let weights: Vec<usize> = left.iter().map(|(_, weight)| *weight).collect();
            let Some(at) = dice.weighted(&weights) else {
                break;
            };
            let (procedure, weight) = left.swap_remove(at);
            online.push((procedure, weight * dice.between(1, 4)));
        }
        Self { online, any }
    }

    /// The n-th of the 48.
    pub(crate) fn online(&self, n: usize) -> Option<&'a Procedure> {
        self.online.get(n).map(|(procedure, _)| *procedure)
    }

    /// A procedure in which such a life is possible.
    pub(crate) fn pick(
        &self,
        way: Way,
        fate: Fate,
        quirk: Quirk,
        dice: &mut Dice,
    ) -> Option<&'a Procedure> {
        let from = match way {
            Way::Online { .. } => &self.online,
            Way::Direct | Way::Postal => &self.any,
        };
        let weights: Vec<usize> = from
            .iter()
            .map(|(it, weight)| {
                if suits(it, way, fate, quirk) {
                    *weight
                } else {
                    0
                }
            })
            .collect();
        from.get(dice.weighted(&weights)?)
            .map(|(procedure, _)| *procedure)
    }
}

fn popularity(procedure: &Procedure) -> usize {
    let field = procedure.field.as_str();
    POPULAR
        .iter()
        .find(|(of, _)| *of == field)
        .map_or(1, |(_, weight)| *weight)
}

fn fully_online(procedure: &Procedure) -> bool {
    match procedure.online {
        OnlineLevel::Full => true,
        OnlineLevel::Partial | OnlineLevel::InformationOnly => false,
    }
}

/// A limit within which something can happen.
fn in_days_or_hours(limit: Option<TimeLimit>) -> bool {
    limit.is_some_and(|limit| match limit.unit {
        TimeUnit::WorkingDays
        | TimeUnit::CalendarDays
        | TimeUnit::WorkingHours
        | TimeUnit::Months => true,
        TimeUnit::SameDay => false,
    })
}

/// Hour limits are met to the minute, so nothing there ends exactly on time; and they are too short for a pause.
fn in_days(limit: Option<TimeLimit>) -> bool {
    limit.is_some_and(|limit| match limit.unit {
        TimeUnit::WorkingDays | TimeUnit::CalendarDays | TimeUnit::Months => true,
        TimeUnit::WorkingHours | TimeUnit::SameDay => false,
    })
}

fn suits(procedure: &Procedure, way: Way, fate: Fate, quirk: Quirk) -> bool {
    let limit = procedure.limit_for(way.channel());
    let by_fate = match fate {
        Fate::AtOnce => return procedure.immediate,
        Fate::Early | Fate::Withdrawn => in_days_or_hours(limit),
        Fate::OnTime => in_days(limit),
        Fate::Pending(Wait::Payment) => procedure.fee_bearing && in_days(limit),
        Fate::Pending(
            Wait::Forwarding | Wait::Officer | Wait::Nothing | Wait::Supplement | Wait::Resumption,
        ) => in_days(limit),
    };
    let by_quirk = match quirk {
        Quirk::Plain | Quirk::IntakeSupplement | Quirk::Refused => true,
        Quirk::Supplement | Quirk::Suspension | Quirk::Extension => in_days(limit),
    };
    by_fate && by_quirk && !procedure.immediate
}
