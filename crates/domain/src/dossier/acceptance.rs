//! Acceptance (*tiếp nhận*): who may accept, the code, the due date; the clock starts (NĐ 61/2018 Đ.17; NĐ 309/2026 Đ.17.3).

use jiff::civil::Date;

use super::{Context, Filing, times};
use crate::catalogue::{Agency, Point, Procedure};
use crate::command::Accept;
use crate::event::{DossierAccepted, Event, Occurrence};
use crate::ids::{AgencyId, DossierCode, PointId, ProcedureCode};
use crate::law::LawVersion;
use crate::local;
use crate::rejection::Rejection;

/// Accepts a filing. Everything hoso itself issues here is binding, so every rule about authority, law and time must hold.
pub(super) fn accept(
    filing: &Filing,
    command: &Accept,
    ctx: &Context<'_>,
) -> Result<Vec<Occurrence>, Rejection> {
    let filed = &filing.submitted;
    let (at, basis) = times::of_acceptance(filing, command.earlier.as_ref(), ctx)?;
    let on = local::date(at);
    let law = law_in_force(on, ctx)?;
    let procedure = procedure_valid(&filed.procedure, on, ctx)?;
    let agency = agency_in_charge(&filed.agency, on, ctx)?;
    agency_decides(&filed.agency, agency, procedure)?;
    let point = point_valid(&command.point, on, ctx)?;
    if !filed.boundary_independent {
        point_serves(point, &filed.agency, agency)?;
    }
    operator_runs(command, point)?;

    let limit = procedure.limit_for(filed.channel);
    let calendar = ctx.catalogue.calendar();
    let hours = ctx.catalogue.hours(&agency.id);
    let starts_now = limit.filter(|_| !filed.boundary_independent);
    let due = starts_now.map(|limit| law.due(limit, at, calendar, hours));
    let code = code(agency, on, ctx)?;
    Ok(vec![Occurrence {
        at,
        event: Event::DossierAccepted(DossierAccepted {
            code,
            procedure: procedure.code.clone(),
            field: procedure.field.clone(),
            agency: agency.id.clone(),
            channel: filed.channel,
            assisted: filed.assisted,
            point: point.id.clone(),
            operator: command.operator.clone(),
            basis,
            limit,
            due,
            law: law.id.clone(),
            calendar: calendar.version().clone(),
            catalogue: ctx.catalogue.version().clone(),
            receipt_issued: command.receipt_issued,
            boundary_independent: filed.boundary_independent,
        }),
    }])
}

fn law_in_force<'a>(on: Date, ctx: &Context<'a>) -> Result<&'a LawVersion, Rejection> {
    ctx.catalogue
        .law_on(on)
        .ok_or(Rejection::NoLawInForce { on })
}

fn procedure_valid<'a>(
    procedure: &ProcedureCode,
    on: Date,
    ctx: &Context<'a>,
) -> Result<&'a Procedure, Rejection> {
    ctx.catalogue
        .procedure(procedure)
        .filter(|it| it.valid_on(on))
        .ok_or_else(|| Rejection::ProcedureNotValid {
            procedure: procedure.clone(),
            on,
        })
}

/// The agency filed for, or whoever has taken over from it.
fn agency_in_charge<'a>(
    agency: &AgencyId,
    on: Date,
    ctx: &Context<'a>,
) -> Result<&'a Agency, Rejection> {
    ctx.catalogue
        .agency_in_charge(agency, on)
        .ok_or_else(|| Rejection::AgencyNotValid {
            agency: agency.clone(),
            on,
        })
}

/// A successor decides what the agency before it decided.
fn agency_decides(
    filed_for: &AgencyId,
    agency: &Agency,
    procedure: &Procedure,
) -> Result<(), Rejection> {
    let decides = |id| procedure.agencies.contains(id);
    if decides(&agency.id) || decides(filed_for) {
        return Ok(());
    }
    Err(Rejection::AgencyDoesNotDecide {
        agency: agency.id.clone(),
        procedure: procedure.code.clone(),
    })
}

fn point_valid<'a>(point: &PointId, on: Date, ctx: &Context<'a>) -> Result<&'a Point, Rejection> {
    let known = ctx
        .catalogue
        .point(point)
        .ok_or_else(|| Rejection::UnknownPoint {
            point: point.clone(),
        })?;
    if known.valid_on(on) {
        Ok(known)
    } else {
        Err(Rejection::PointNotValid {
            point: point.clone(),
            on,
        })
    }
}

fn point_serves(point: &Point, filed_for: &AgencyId, agency: &Agency) -> Result<(), Rejection> {
    let serves = |id| point.serves.contains(id);
    if serves(&agency.id) || serves(filed_for) {
        return Ok(());
    }
    Err(Rejection::PointDoesNotServe {
        point: point.id.clone(),
        agency: agency.id.clone(),
    })
}

/// Authority belongs to the point and to who runs it, not to an employer: a postal employee at the Centre's counter accepts.
fn operator_runs(command: &Accept, point: &Point) -> Result<(), Rejection> {
    if point.operators.contains(&command.operator) {
        return Ok(());
    }
    Err(Rejection::OperatorNotAtPoint {
        operator: command.operator.clone(),
        point: point.id.clone(),
    })
}

/// Asked for last: a number given out for an acceptance that then fails would be a gap.
fn code(agency: &Agency, on: Date, ctx: &Context<'_>) -> Result<DossierCode, Rejection> {
    let prefix = &agency.code_prefix;
    ctx.codes
        .issue(prefix, on)
        .map_err(|_none_left| Rejection::CodesExhausted {
            prefix: prefix.clone(),
            on,
        })
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::command::{Accept, Command, Submit};
    use crate::event::Channel;
    use crate::ids::{AgencyId, OrganisationId, PointId};
    use crate::rejection::RejectionKind;

    fn refused(story: &Story, accept: Accept) -> &'static str {
        let no = story.refuses(Command::Accept(accept)).reason();
        assert_eq!(story.codes.issued(), 0, "no number is spent on a refusal");
        no
    }

    #[test]
    fn acceptance_gives_a_code_a_due_date_and_names_the_versions() {
        let story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        let case = story.dossier.case().unwrap();
        assert_eq!(case.code.as_str(), "000.00.06.H20-221215-0001");
        assert_eq!(story.due(), "2022-12-29");
        assert_eq!(case.due, case.original_due);
        assert_eq!(case.law.as_str(), "restarts");
        assert_eq!(case.calendar, *story.catalogue.calendar().version());
        assert_eq!(case.catalogue, *story.catalogue.version());
        assert_eq!(case.field.as_str(), "H20-VH");
    }

    #[test]
    fn a_procedure_must_be_in_force_on_the_day() {
        let story = Story::filed("2023-01-03T09:00", ABOLISHED);
        assert_eq!(refused(&story, acceptance()), "PROCEDURE_NOT_VALID");
        Story::accepted("2022-12-30T09:00", ABOLISHED);
    }

    #[test]
    fn an_agency_must_exist_on_the_day_and_decide_the_procedure() {
        let agency = AgencyId::new("000.00.10.H20");
        let dissolved = Submit {
            agency,
            ..submit(OF_ANOTHER_AGENCY)
        };
        let mut story = Story::begins("2023-01-03T09:00");
        story.does(Command::Submit(dissolved));
        assert_eq!(refused(&story, acceptance()), "AGENCY_NOT_VALID");
        let story = Story::filed("2022-12-15T09:00", OF_ANOTHER_AGENCY);
        assert_eq!(refused(&story, acceptance()), "AGENCY_DOES_NOT_DECIDE");
    }

    #[test]
    fn a_point_must_be_open_and_serve_the_agency() {
        let at_post_office = || Accept {
            point: PointId::new("BD-CAOLANH"),
            ..acceptance()
        };
        let story = Story::filed("2022-12-15T09:00", TEN_DAYS);
        assert_eq!(refused(&story, at_post_office()), "POINT_DOES_NOT_SERVE");
        let nowhere = Accept {
            point: PointId::new("BD-XA"),
            ..acceptance()
        };
        assert_eq!(refused(&story, nowhere), "UNKNOWN_POINT");
        let story = Story::filed("2023-07-03T09:00", TEN_DAYS);
        assert_eq!(refused(&story, at_post_office()), "POINT_NOT_VALID");
    }

    #[test]
    fn whoever_runs_the_point_accepts_and_nobody_else() {
        let story = Story::filed("2022-12-15T09:00", TEN_DAYS);
        let operator = OrganisationId::new("GRAB");
        let accept = Accept {
            operator,
            ..acceptance()
        };
        let no = story.refuses(Command::Accept(accept));
        assert_eq!(no.reason(), "OPERATOR_NOT_AT_POINT");
        assert_eq!(no.kind(), RejectionKind::PermissionDenied);
    }

    #[test]
    fn a_postal_clerk_at_the_centres_counter_accepts_on_the_direct_channel() {
        let story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        let case = story.dossier.case().unwrap();
        assert_eq!(case.operator.as_str(), POST);
        assert_eq!(case.channel, Channel::Direct);
    }

    #[test]
    fn without_a_law_version_nothing_is_accepted() {
        let story = Story::filed("2025-07-15T09:00", TEN_DAYS);
        assert_eq!(refused(&story, acceptance()), "NO_LAW_IN_FORCE");
    }

    #[test]
    fn the_statutory_time_depends_on_the_channel() {
        let direct = Story::accepted("2022-12-01T09:00", WITH_FEE);
        assert_eq!(direct.due(), "2022-12-22");
        let mut online = Story::begins("2022-12-01T09:00");
        online
            .does(Command::Submit(submit_online(WITH_FEE)))
            .does(accept());
        assert_eq!(online.due(), "2022-12-19");
    }

    #[test]
    fn a_procedure_without_a_time_has_no_due_date_and_says_so() {
        let story = Story::accepted("2022-12-15T09:00", WITHOUT_LIMIT);
        assert_eq!(story.dossier.case().unwrap().due, None);
        assert_eq!(story.flags(), ["no_due_date"]);
    }

    #[test]
    fn a_due_date_in_an_unpublished_year_is_provisional() {
        let story = Story::accepted("2026-12-21T09:00", TEN_DAYS);
        assert!(story.dossier.case().unwrap().due.unwrap().provisional);
        assert_eq!(story.flags(), ["provisional_due_date"]);
    }

    #[test]
    fn when_no_number_is_left_nothing_is_accepted() {
        let mut story = Story::filed("2022-12-15T09:00", TEN_DAYS);
        story.codes = Codes::exhausted();
        let no = story.refuses(accept());
        assert_eq!(no.reason(), "CODES_EXHAUSTED");
        assert_eq!(no.kind(), RejectionKind::ResourceExhausted);
    }

    #[test]
    fn an_accepted_dossier_is_not_accepted_again() {
        let story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        assert_eq!(story.refuses(accept()).reason(), "ALREADY_ACCEPTED");
        assert_eq!(story.codes.issued(), 1);
    }
}
