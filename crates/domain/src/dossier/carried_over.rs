//! A dossier that another system accepted and has not ended (*hồ sơ chuyển tiếp*): code, times, due date and law stay as recorded.
//!
//! hoso issues nothing here, so it refuses only what names nothing it knows or cannot be: a code in no accepted pattern,
//! a time later than now, or one before the first law version of the catalogue, which is how far back a dossier may come
//! from. What hoso would have counted otherwise is kept beside what was recorded.

use jiff::Timestamp;

use super::carried_since::{self, Waits};
use super::{Context, evolve};
use crate::catalogue::{Catalogue, Procedure};
use crate::clock::{Due, DueRule, TimeLimit};
use crate::code;
use crate::command::{CarryOver, RecordedDue};
use crate::event::{AcceptanceBasis, DossierAccepted, DossierSubmitted, Event, Occurrence};
use crate::law::LawVersion;
use crate::local;
use crate::rejection::Rejection;

/// Everything about it that cannot be, at once: whoever carries over thousands does not want to be told one thing at a time.
pub fn faults(command: &CarryOver, catalogue: &Catalogue, now: Timestamp) -> Vec<Rejection> {
    let submit = &command.submit;
    let accepted_on = local::date(command.accepted_at);
    let mut faults = Vec::new();
    if catalogue.procedure(&submit.procedure).is_none() {
        let procedure = submit.procedure.clone();
        faults.push(Rejection::UnknownProcedure { procedure });
    }
    if catalogue.agency(&submit.agency).is_none() {
        let agency = submit.agency.clone();
        faults.push(Rejection::UnknownAgency { agency });
    }
    if catalogue.point(&command.point).is_none() {
        let point = command.point.clone();
        faults.push(Rejection::UnknownPoint { point });
    }
    if !code::accepts(command.code.as_str()) {
        let code = command.code.clone();
        faults.push(Rejection::CodeNotAccepted { code });
    }
    if command.accepted_at > now {
        let at = command.accepted_at;
        faults.push(Rejection::CarriedOverFromFuture { at, now });
    } else if catalogue.law_on(accepted_on).is_none() {
        faults.push(Rejection::NoLawInForce { on: accepted_on });
    }
    if let Some(law) = &command.law
        && catalogue.law(law).is_none()
    {
        faults.push(Rejection::UnknownLaw { law: law.clone() });
    }
    if let Some(filed_at) = command.filed_at
        && filed_at > command.accepted_at
    {
        let accepted_at = command.accepted_at;
        faults.push(Rejection::FiledAfterAcceptance {
            filed_at,
            accepted_at,
        });
    }
    let due_on = command
        .original_due
        .or(command.due)
        .map(carried_since::day_of);
    if let Some(due_on) = due_on
        && due_on < accepted_on
    {
        faults.push(Rejection::DueBeforeAcceptance {
            due_on,
            accepted_on,
        });
    }
    faults.extend(carried_since::faults(command, catalogue, now));
    if faults.is_empty()
        && let Err(no) = history(command, catalogue)
    {
        faults.push(no);
    }
    faults
}

/// Files and accepts it in one step, and lets happen what happened since, at the times recorded there.
pub(super) fn carry_over(
    command: &CarryOver,
    ctx: &Context<'_>,
) -> Result<Vec<Occurrence>, Rejection> {
    if let Some(first) = faults(command, ctx.catalogue, ctx.now).into_iter().next() {
        return Err(first);
    }
    let happened = history(command, ctx.catalogue)?;
    take_code(command, ctx)?;
    Ok(happened)
}

/// The events of its life there, as hoso would have written them.
fn history(command: &CarryOver, catalogue: &Catalogue) -> Result<Vec<Occurrence>, Rejection> {
    let submit = &command.submit;
    let procedure = catalogue.procedure(&submit.procedure).ok_or_else(|| {
        let procedure = submit.procedure.clone();
        Rejection::UnknownProcedure { procedure }
    })?;
    let law = law(command, catalogue)?;
    let filed = DossierSubmitted {
        procedure: submit.procedure.clone(),
        agency: submit.agency.clone(),
        channel: submit.channel,
        assisted: submit.assisted,
        place: submit.place,
        point: submit.point.clone(),
        operator: submit.operator.clone(),
        applicant: submit.applicant,
        subject: submit.subject.clone(),
        components: submit.components.clone(),
        source: submit.source.clone(),
        catalogue: catalogue.version().clone(),
        answer_due: None,
        boundary_independent: false,
        synthetic: submit.synthetic,
    };
    let filed = Occurrence {
        at: command.filed_at.unwrap_or(command.accepted_at),
        event: Event::DossierSubmitted(filed),
    };
    let given = Given::of(command, procedure, law, catalogue);
    let accepted = |recorded| Occurrence {
        at: command.accepted_at,
        event: Event::DossierAccepted(DossierAccepted {
            code: command.code.clone(),
            procedure: procedure.code.clone(),
            field: procedure.field.clone(),
            agency: submit.agency.clone(),
            channel: submit.channel,
            assisted: submit.assisted,
            point: command.point.clone(),
            operator: submit.operator.clone(),
            basis: AcceptanceBasis::CarriedOver {
                system: command.system.clone(),
                computed: given.computed_otherwise,
                counted: given.counted,
                recorded,
            },
            limit: procedure.limit_for(submit.channel),
            due: given.due,
            law: law.id.clone(),
            calendar: catalogue.calendar().version().clone(),
            catalogue: catalogue.version().clone(),
            receipt_issued: true,
            boundary_independent: false,
        }),
    };
    let begun = [filed, accepted(None)];
    let (dossier, since) = carried_since::occurrences(command, evolve::replay(&begun), catalogue)?;
    let due_now = dossier.case().and_then(|case| case.due);
    let recorded = recorded(command.due, command, procedure, catalogue)
        .filter(|_| !since.is_empty() && given.due.is_some())
        .filter(|recorded| due_now.is_some_and(|due| !alike(*recorded, due)));
    let [filed, _] = begun;
    Ok([filed, accepted(recorded)]
        .into_iter()
        .chain(since)
        .collect())
}

/// The law version recorded there, or the one in force on the day of acceptance.
pub(super) fn law<'a>(
    command: &CarryOver,
    catalogue: &'a Catalogue,
) -> Result<&'a LawVersion, Rejection> {
    let on = local::date(command.accepted_at);
    match &command.law {
        Some(law) => catalogue
            .law(law)
            .ok_or_else(|| Rejection::UnknownLaw { law: law.clone() }),
        None => catalogue.law_on(on).ok_or(Rejection::NoLawInForce { on }),
    }
}

/// The due date that was given with the acceptance.
struct Given {
    due: Option<Due>,
    /// It is counted here: only a later one was recorded.
    counted: bool,
    /// What hoso would have given, if that is another.
    computed_otherwise: Option<Due>,
}

impl Given {
    fn of(
        command: &CarryOver,
        procedure: &Procedure,
        law: &LawVersion,
        catalogue: &Catalogue,
    ) -> Self {
        let limit = procedure.limit_for(command.submit.channel);
        let hours = catalogue.hours(&command.submit.agency);
        let count =
            |limit: TimeLimit| law.due(limit, command.accepted_at, catalogue.calendar(), hours);
        let first = command.original_due;
        if first.is_none()
            && command.due.is_some()
            && let Some(limit) = limit
            && Waits::of(command).move_the_clock(law, procedure)
        {
            return Self {
                due: Some(count(limit)),
                counted: true,
                computed_otherwise: None,
            };
        }
        let due = recorded(first.or(command.due), command, procedure, catalogue);
        let computed = limit.map(count);
        let same = |computed: &Due| due.is_some_and(|due| alike(due, *computed));
        Self {
            due,
            counted: false,
            computed_otherwise: computed.filter(|computed| !same(computed)),
        }
    }
}

/// A day means its close of business; a procedure measured in hours is compared by the moment.
fn recorded(
    due: Option<RecordedDue>,
    command: &CarryOver,
    procedure: &Procedure,
    catalogue: &Catalogue,
) -> Option<Due> {
    let hours = catalogue.hours(&command.submit.agency);
    let rule = procedure
        .limit_for(command.submit.channel)
        .map_or(DueRule::ByDate, |limit| limit.unit.rule());
    due.map(|due| Due {
        at: match due {
            RecordedDue::On(day) => hours.closing(day),
            RecordedDue::At(at) => at,
        },
        rule,
        provisional: false,
    })
}

/// Whether a result is early, on time or late by either in the same way.
fn alike(recorded: Due, counted: Due) -> bool {
    match counted.rule {
        DueRule::ByDate => recorded.date() == counted.date(),
        DueRule::ByInstant => recorded.at == counted.at,
    }
}

/// The code stays, and is never given out here. Where no agency of the catalogue has its prefix nobody could give it out.
fn take_code(command: &CarryOver, ctx: &Context<'_>) -> Result<(), Rejection> {
    let code = &command.code;
    let prefix = code::parse(code.as_str()).map(|parsed| parsed.prefix);
    let ours = |prefix: &str| {
        let mut agencies = ctx.catalogue.agencies();
        agencies.any(|agency| *agency.code_prefix == *prefix)
    };
    if prefix.is_some_and(ours) {
        ctx.codes
            .may_take_over(code)
            .map_err(|of| Rejection::CodeOfAnotherNode {
                code: code.clone(),
                node: of.0,
            })?;
        ctx.codes.take_over(code);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::explain::explain_deadline;
    use super::super::testing::*;
    use super::*;
    use crate::command::Command;
    use crate::ids::{AgencyId, DossierCode, LawId, PointId, ProcedureCode};

    fn taken_over(wish: CarryOver) -> Story {
        let mut story = Story::begins("2022-12-12T09:00");
        story.does(Command::CarryOver(Box::new(wish)));
        story
    }

    #[test]
    fn a_dossier_of_the_old_system_keeps_its_code_its_times_and_its_due_date() {
        let story = taken_over(carried_over(TEN_DAYS));
        let case = story.dossier.case().unwrap();
        assert_eq!(case.code.as_str(), "000.00.06.H20-221201-0361");
        assert_eq!(case.accepted_at, at("2022-12-01T09:00"));
        let filing = story.dossier.filing().unwrap();
        assert_eq!(filing.submitted_at, at("2022-11-30T16:00"));
        assert_eq!(case.law.as_str(), "restarts");
        assert_eq!(story.due(), "2022-12-15");
        assert_eq!(story.flags(), ["carried_over"]);
        assert_eq!((story.codes.issued(), story.codes.taken_over()), (0, 1));
    }

    #[test]
    fn a_due_date_that_hoso_would_count_otherwise_is_kept_and_both_are_told() {
        let story = taken_over(CarryOver {
            due: Some(RecordedDue::On(day("2022-12-19"))),
            ..carried_over(TEN_DAYS)
        });
        assert_eq!(story.due(), "2022-12-19");
        assert_eq!(story.flags(), ["carried_over", "due_date_as_recorded"]);
        let explained = explain_deadline(&story.history, &story.catalogue).unwrap();
        let told = &explained.steps.first().unwrap().what.vi;
        assert!(told.contains("19/12/2022 như đã ghi tại đó"), "{told}");
        assert!(
            told.contains("hệ thống này tính: hẹn trả 15/12/2022"),
            "{told}"
        );
        assert_eq!(explained.days.last().unwrap().date, day("2022-12-19"));
    }

    #[test]
    fn what_moves_the_clock_afterwards_moves_the_recorded_due_date() {
        let mut story = taken_over(CarryOver {
            due: Some(RecordedDue::On(day("2022-12-19"))),
            ..carried_over(TEN_DAYS)
        });
        story.at("2022-12-13T09:00").does(suspend());
        story.at("2022-12-15T09:00").does(resume());
        assert_eq!(
            story.due(),
            "2022-12-21",
            "two working days of a suspension"
        );
    }

    #[test]
    fn without_a_recorded_due_date_there_is_none_and_a_person_is_told() {
        let story = taken_over(CarryOver {
            due: None,
            ..carried_over(TEN_DAYS)
        });
        assert_eq!(story.dossier.case().unwrap().due, None);
        assert_eq!(
            story.flags(),
            ["carried_over", "due_date_as_recorded", "no_due_date"]
        );
    }

    #[test]
    fn a_procedure_in_hours_is_due_at_the_moment_recorded() {
        let story = taken_over(CarryOver {
            due: Some(RecordedDue::At(at("2022-12-02T09:00"))),
            ..carried_over(EIGHT_HOURS)
        });
        let due = story.dossier.case().unwrap().due.unwrap();
        assert_eq!(
            (due.at, due.rule),
            (at("2022-12-02T09:00"), DueRule::ByInstant)
        );
        assert_eq!(story.flags(), ["carried_over"]);
    }

    #[test]
    fn everything_that_cannot_be_is_told_at_once() {
        let mut wish = CarryOver {
            filed_at: Some(at("2022-12-20T09:00")),
            code: DossierCode::new("HS-77"),
            accepted_at: at("2022-12-19T09:00"),
            due: Some(RecordedDue::On(day("2022-12-01"))),
            law: Some(LawId::new("nd0-1900")),
            point: PointId::new("BD-XA"),
            ..carried_over(TEN_DAYS)
        };
        wish.submit.procedure = ProcedureCode::new("9.9");
        wish.submit.agency = AgencyId::new("000.00.98.H20");
        let story = Story::begins("2022-12-12T09:00");
        let faults = faults(&wish, &story.catalogue, story.now);
        let told: Vec<_> = faults.iter().map(|no| (no.reason(), no.field())).collect();
        assert_eq!(
            told,
            [
                ("UNKNOWN_PROCEDURE", Some("procedure")),
                ("UNKNOWN_AGENCY", Some("agency")),
                ("UNKNOWN_POINT", Some("point")),
                ("CODE_NOT_ACCEPTED", Some("code")),
                ("CARRIED_OVER_FROM_FUTURE", Some("accepted_at")),
                ("UNKNOWN_LAW", Some("law")),
                ("FILED_AFTER_ACCEPTANCE", Some("filed_at")),
                ("DUE_BEFORE_ACCEPTANCE", Some("due")),
            ]
        );
        let first = story.refuses(Command::CarryOver(Box::new(wish))).reason();
        assert_eq!(first, "UNKNOWN_PROCEDURE");
    }

    #[test]
    fn it_may_come_from_as_far_back_as_there_is_a_law_version() {
        let story = Story::begins("2022-12-12T09:00");
        let no = story.refuses(Command::CarryOver(Box::new(CarryOver {
            filed_at: None,
            accepted_at: at("2001-03-01T09:00"),
            ..carried_over(TEN_DAYS)
        })));
        assert_eq!(no.reason(), "NO_LAW_IN_FORCE");
    }

    #[test]
    fn a_code_that_another_node_gives_out_is_imported_there() {
        let mut story = Story::begins("2022-12-12T09:00");
        story.codes = Codes::of_another(3);
        let no = story.refuses(take_over(TEN_DAYS));
        assert_eq!(no.reason(), "CODE_OF_ANOTHER_NODE");
        assert_eq!(story.codes.taken_over(), 0);
        // Nobody gives out codes with the prefix of another province.
        story.does(Command::CarryOver(Box::new(CarryOver {
            code: DossierCode::new("000.00.06.H56-221201-0361"),
            ..carried_over(TEN_DAYS)
        })));
    }
}
