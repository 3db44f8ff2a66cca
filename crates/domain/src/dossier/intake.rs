//! Intake before acceptance: filing, asking once for what is missing, refusing (NĐ 61/2018 Đ.16, 17).

use jiff::Timestamp;

use super::{AwaitingIntakeSupplement, Context, Filing, times};
use crate::clock;
use crate::command::{
    NoteCollection, ReceiveIntakeSupplement, RefuseIntake, RequestIntakeSupplement, Submit,
};
use crate::event::{
    Channel, DossierCollected, DossierSubmitted, Event, IntakeRefused, IntakeSupplementReceived,
    IntakeSupplementRequested, Occurrence,
};
use crate::ids::AgencyId;
use crate::local;
use crate::rejection::Rejection;

/// Records a filing as it came. What is wrong with it intake says afterwards; only a filing that names nothing we know is refused.
pub(super) fn submit(command: &Submit, ctx: &Context<'_>) -> Result<Vec<Occurrence>, Rejection> {
    procedure_known(command, ctx)?;
    agency_known(command, ctx)?;
    point_known(command, ctx)?;
    Ok(vec![Occurrence {
        at: ctx.now,
        event: Event::DossierSubmitted(DossierSubmitted {
            procedure: command.procedure.clone(),
            agency: command.agency.clone(),
            channel: command.channel,
            assisted: command.assisted,
            place: command.place,
            point: command.point.clone(),
            operator: command.operator.clone(),
            applicant: command.applicant,
            subject: command.subject.clone(),
            components: command.components.clone(),
            source: command.source.clone(),
            catalogue: ctx.catalogue.version().clone(),
            answer_due: answer_due(command.channel, &command.agency, ctx.now, ctx),
            boundary_independent: command.boundary_independent,
            synthetic: command.synthetic,
        }),
    }])
}

/// The post has it, against a slip that both sides signed; whoever accepts it will be somebody else.
pub(super) fn note_collection(
    filing: &Filing,
    command: &NoteCollection,
    ctx: &Context<'_>,
) -> Vec<Occurrence> {
    vec![Occurrence {
        at: times::now_after(filing.submitted_at, ctx),
        event: Event::DossierCollected(DossierCollected {
            slip: command.slip.clone(),
            terminal: command.terminal.clone(),
            agency: filing.submitted.agency.clone(),
            checklist: command.checklist.clone(),
            device_at: command.device_at,
        }),
    }]
}

/// Form 02. A second one breaks Đ.17.2a: recorded, and its number says so.
pub(super) fn request_supplement(
    filing: &Filing,
    command: &RequestIntakeSupplement,
    ctx: &Context<'_>,
) -> Vec<Occurrence> {
    vec![Occurrence {
        at: times::now_after(filing.submitted_at, ctx),
        event: Event::IntakeSupplementRequested(IntakeSupplementRequested {
            reason: command.reason.clone(),
            components: command.components.clone(),
            ordinal: filing.intake_requests.saturating_add(1),
        }),
    }]
}

/// The filing is completed; an online one has a new limit for intake's answer.
pub(super) fn receive_supplement(
    dossier: &AwaitingIntakeSupplement,
    command: &ReceiveIntakeSupplement,
    ctx: &Context<'_>,
) -> Vec<Occurrence> {
    let at = times::now_after(dossier.asked_at, ctx);
    let filed = &dossier.filing.submitted;
    vec![Occurrence {
        at,
        event: Event::IntakeSupplementReceived(IntakeSupplementReceived {
            components: command.components.clone(),
            answer_due: answer_due(filed.channel, &filed.agency, at, ctx),
            filing: None,
        }),
    }]
}

/// Form 03.
pub(super) fn refuse(
    filing: &Filing,
    command: &RefuseIntake,
    ctx: &Context<'_>,
) -> Vec<Occurrence> {
    vec![Occurrence {
        at: times::now_after(filing.submitted_at, ctx),
        event: Event::IntakeRefused(IntakeRefused {
            reason: command.reason.clone(),
        }),
    }]
}

fn procedure_known(command: &Submit, ctx: &Context<'_>) -> Result<(), Rejection> {
    match ctx.catalogue.procedure(&command.procedure) {
        Some(_) => Ok(()),
        None => Err(Rejection::UnknownProcedure {
            procedure: command.procedure.clone(),
        }),
    }
}

fn agency_known(command: &Submit, ctx: &Context<'_>) -> Result<(), Rejection> {
    match ctx.catalogue.agency(&command.agency) {
        Some(_) => Ok(()),
        None => Err(Rejection::UnknownAgency {
            agency: command.agency.clone(),
        }),
    }
}

fn point_known(command: &Submit, ctx: &Context<'_>) -> Result<(), Rejection> {
    match &command.point {
        Some(point) if ctx.catalogue.point(point).is_none() => Err(Rejection::UnknownPoint {
            point: point.clone(),
        }),
        Some(_) | None => Ok(()),
    }
}

/// NĐ 45/2020 Đ.11: an online filing is answered within eight working hours; none when no law version says so.
pub(super) fn answer_due(
    channel: Channel,
    agency: &AgencyId,
    from: Timestamp,
    ctx: &Context<'_>,
) -> Option<Timestamp> {
    match channel {
        Channel::Online => {
            let law = ctx.catalogue.law_on(local::date(from))?;
            let hours = law.online_answer_working_hours.value;
            let (calendar, open) = (ctx.catalogue.calendar(), ctx.catalogue.hours(agency));
            Some(clock::working_hours_after(from, hours, calendar, open))
        }
        Channel::Direct | Channel::Postal => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::super::{Dossier, Phase};
    use crate::command::{Command, Submit};
    use crate::event::Event;
    use crate::ids::{AgencyId, PointId};
    use crate::rejection::RejectionKind;

    #[test]
    fn a_filing_names_a_procedure_an_agency_and_a_point_of_the_catalogue() {
        let story = Story::begins("2022-12-15T09:00");
        let refused = |submit: Submit| {
            let no = story.refuses(Command::Submit(submit));
            assert_eq!(no.kind(), RejectionKind::InvalidArgument);
            (no.reason(), no.field())
        };
        let agency = AgencyId::new("000.00.99.H20");
        let point = Some(PointId::new("BD-XA"));
        assert_eq!(
            refused(submit("9.9")),
            ("UNKNOWN_PROCEDURE", Some("procedure"))
        );
        assert_eq!(
            refused(Submit {
                agency,
                ..submit(TEN_DAYS)
            }),
            ("UNKNOWN_AGENCY", Some("agency"))
        );
        assert_eq!(
            refused(Submit {
                point,
                ..submit(TEN_DAYS)
            }),
            ("UNKNOWN_POINT", Some("point"))
        );
    }

    #[test]
    fn what_is_filed_wrongly_is_recorded_and_flagged() {
        let mut story = Story::begins("2022-12-15T09:00");
        story.does(Command::Submit(submit_online(INFORMATION_ONLY)));
        assert_eq!(story.flags(), ["online_for_information_only"]);
        let story = Story::filed("2022-12-15T09:00", OF_ANOTHER_AGENCY);
        assert_eq!(story.flags(), ["filed_for_other_agency"]);
    }

    #[test]
    fn only_an_online_filing_is_answered_within_eight_working_hours() {
        let mut story = Story::begins("2022-12-30T16:00");
        story.does(Command::Submit(submit_online(TEN_DAYS)));
        let answer_due = story.dossier.filing().unwrap().answer_due;
        assert_eq!(answer_due, Some(at("2023-01-03T16:00")));
        let story = Story::filed("2022-12-30T16:00", TEN_DAYS);
        assert_eq!(story.dossier.filing().unwrap().answer_due, None);
    }

    #[test]
    fn an_answer_after_the_limit_is_flagged_whatever_it_is() {
        for answer in [ask_intake_supplement(), refuse_intake(), accept()] {
            let mut story = Story::begins("2022-12-15T09:00");
            story.does(Command::Submit(submit_online(TEN_DAYS)));
            story.at("2022-12-16T09:01").does(answer);
            assert_eq!(story.flags(), ["answered_late"]);
        }
    }

    #[test]
    fn an_answer_in_the_last_moment_of_the_limit_is_in_time() {
        let mut story = Story::begins("2022-12-15T09:00");
        story.does(Command::Submit(submit_online(TEN_DAYS)));
        story.at("2022-12-16T09:00").does(accept());
        assert!(story.flags().is_empty());
    }

    #[test]
    fn a_supplement_starts_the_answers_limit_anew() {
        let mut story = Story::begins("2022-12-15T09:00");
        story.does(Command::Submit(submit_online(TEN_DAYS)));
        story.at("2022-12-15T10:00").does(ask_intake_supplement());
        story.at("2022-12-20T10:00").does(bring_intake_supplement());
        let filing = story.dossier.filing().unwrap();
        assert_eq!(filing.answer_due, Some(at("2022-12-21T10:00")));
        assert_eq!(filing.components, [paper("DON"), paper("BANVE")]);
    }

    #[test]
    fn a_second_request_for_what_is_missing_is_recorded_and_flagged() {
        let mut story = Story::filed("2022-12-15T09:00", TEN_DAYS);
        story
            .does(ask_intake_supplement())
            .does(bring_intake_supplement());
        assert!(story.flags().is_empty());
        story.does(ask_intake_supplement());
        assert_eq!(story.flags(), ["second_intake_supplement_request"]);
        let Event::IntakeSupplementRequested(event) = story.last() else {
            panic!()
        };
        assert_eq!(event.ordinal, 2);
    }

    #[test]
    fn what_is_missing_comes_before_acceptance() {
        let mut story = Story::filed("2022-12-15T09:00", TEN_DAYS);
        story.does(ask_intake_supplement());
        assert_eq!(
            story.refuses(accept()).reason(),
            "INTAKE_SUPPLEMENT_AWAITED"
        );
        assert_eq!(
            story.refuses(ask_intake_supplement()).reason(),
            "INTAKE_SUPPLEMENT_AWAITED"
        );
        story.does(bring_intake_supplement()).does(accept());
        assert_eq!(story.dossier.phase(), Phase::Accepted);
    }

    #[test]
    fn a_refused_filing_stays_refused() {
        let mut story = Story::filed("2022-12-15T09:00", TEN_DAYS);
        story.does(refuse_intake());
        for wish in [accept(), withdraw(), resolve(), bring_intake_supplement()] {
            assert_eq!(story.refuses(wish).reason(), "REFUSED_AT_INTAKE");
        }
        assert_eq!(story.dossier.ended(), None, "it never was in processing");
    }

    #[test]
    fn a_dossier_begins_with_its_filing() {
        let story = Story::begins("2022-12-15T09:00");
        let no = story.refuses(accept());
        assert_eq!(
            (no.reason(), no.kind()),
            ("DOSSIER_UNKNOWN", RejectionKind::NotFound)
        );
        assert_eq!(story.dossier, Dossier::Unknown);
    }
}
