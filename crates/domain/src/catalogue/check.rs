//! What no single entry can tell: circles, codes that could meet, levels that do not fit.

use super::names::{Kind, Reading};
use super::{Agency, Indexed, Point, Procedure};
use crate::ids::AgencyId;
use crate::law::LawVersion;

pub(super) fn agencies(reading: &Reading, file: &str, agencies: &Indexed<AgencyId, Agency>) {
    let fault = |agency: &Agency, reason: String| {
        reading.fault(file, reading.line(Kind::Agency, agency.id.as_str()), reason);
    };
    for agency in agencies.iter() {
        if circular(agency, agencies, |it| it.parent.as_ref()) {
            fault(agency, format!("agency `{}` is above itself", agency.id));
        }
        if circular(agency, agencies, |it| it.successor.as_ref()) {
            fault(agency, format!("agency `{}` succeeds itself", agency.id));
        }
    }
    // Two agencies with one prefix would number their dossiers from the same start.
    let all: Vec<&Agency> = agencies.iter().collect();
    for (place, agency) in all.iter().enumerate() {
        for other in all.iter().take(place) {
            if agency.code_prefix == other.code_prefix && overlap(agency, other) {
                let prefix = &agency.code_prefix;
                fault(
                    agency,
                    format!(
                        "`code_prefix` {prefix} is also that of agency `{}`",
                        other.id
                    ),
                );
            }
        }
    }
}

fn overlap(a: &Agency, b: &Agency) -> bool {
    let begins_within = |first: &Agency, second: &Agency| second.valid_on(first.valid_from);
    begins_within(a, b) || begins_within(b, a)
}

fn circular<'a>(
    start: &'a Agency,
    agencies: &'a Indexed<AgencyId, Agency>,
    next: impl Fn(&'a Agency) -> Option<&'a AgencyId>,
) -> bool {
    let mut at = start;
    // A way longer than there are agencies is a circle that does not lead back here.
    for _ in 0..agencies.iter().len() {
        let Some(further) = next(at).and_then(|id| agencies.get(id)) else {
            return false;
        };
        if further.id == start.id {
            return true;
        }
        at = further;
    }
    false
}

pub(super) fn procedures(
    reading: &Reading,
    file: &str,
    procedures: &[Procedure],
    agencies: &Indexed<AgencyId, Agency>,
) {
    for procedure in procedures {
        let line = reading.line(Kind::Procedure, procedure.code.as_str());
        for agency in procedure.agencies.iter().filter_map(|id| agencies.get(id)) {
            if agency.level != procedure.level {
                reading.fault(
                    file,
                    line,
                    format!(
                        "procedure `{}` is of level {:?}, agency `{}` of level {:?}",
                        procedure.code, procedure.level, agency.id, agency.level
                    ),
                );
            }
        }
    }
}

/// Nobody can accept for an agency that no point serves; that is a gap in the data, not a rule of the law.
pub(super) fn every_deciding_agency_is_served(
    reading: &Reading,
    file: &str,
    procedures: &[Procedure],
    points: &[Point],
) {
    for procedure in procedures {
        for agency in &procedure.agencies {
            if !points.iter().any(|point| point.serves.contains(agency)) {
                let line = reading.line(Kind::Procedure, procedure.code.as_str());
                let code = &procedure.code;
                reading.fault(
                    file,
                    line,
                    format!("no one-stop point serves agency `{agency}`, which decides `{code}`"),
                );
            }
        }
    }
}

pub(super) fn laws(reading: &Reading, file: &str, laws: &[LawVersion]) {
    for (place, law) in laws.iter().enumerate() {
        for other in laws.iter().take(place) {
            if law.in_force_on(other.in_force_from) || other.in_force_on(law.in_force_from) {
                reading.fault(
                    file,
                    reading.line(Kind::Law, law.id.as_str()),
                    format!(
                        "law version `{}` is in force at the same time as `{}`",
                        law.id, other.id
                    ),
                );
            }
        }
    }
}
