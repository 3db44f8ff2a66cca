//! Which agency has the dossier: the competent one of a boundary-independent filing, and the successor of one that ended.

use super::recount::Counting;
use super::{Case, Context, times};
use crate::event::{AgencySucceeded, CompetentAgencyReceived, Event, Occurrence};
use crate::local;
use crate::rejection::Rejection;

/// The competent agency has what was accepted elsewhere: the clock starts (NĐ 309/2026), and the due date is computed now.
pub(super) fn receive(case: &Case, ctx: &Context<'_>) -> Result<Vec<Occurrence>, Rejection> {
    clock_not_started(case)?;
    let counting = Counting::of(case, ctx)?;
    let at = times::now_after(case.accepted_at, ctx);
    Ok(vec![Occurrence {
        at,
        event: Event::CompetentAgencyReceived(CompetentAgencyReceived {
            agency: case.agency.clone(),
            due: case.limit.map(|limit| counting.fresh(limit, at)),
            calendar: counting.calendar.version().clone(),
        }),
    }])
}

/// Passes the dossier to whoever took over, once the agency that has it has ended.
pub(super) fn succeed(case: &Case, ctx: &Context<'_>) -> Result<Vec<Occurrence>, Rejection> {
    let today = local::date(ctx.now);
    let in_charge = ctx.catalogue.agency_in_charge(&case.agency_now, today);
    let successor = in_charge
        .filter(|agency| agency.id != case.agency_now)
        .ok_or_else(|| Rejection::NoSuccessor {
            agency: case.agency_now.clone(),
        })?;
    Ok(vec![Occurrence {
        at: times::now_after(case.accepted_at, ctx),
        event: Event::AgencySucceeded(AgencySucceeded {
            from: case.agency_now.clone(),
            to: successor.id.clone(),
            catalogue: ctx.catalogue.version().clone(),
        }),
    }])
}

fn clock_not_started(case: &Case) -> Result<(), Rejection> {
    match case.clock_from {
        None => Ok(()),
        Some(_) => Err(Rejection::ClockStarted),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::command::{Command, Submit};
    use crate::event::Event;
    use crate::ids::AgencyId;

    fn filed_elsewhere(civil: &str) -> Story {
        let mut story = Story::begins(civil);
        story.does(Command::Submit(Submit {
            boundary_independent: true,
            ..submit(TEN_DAYS)
        }));
        story.does(accept());
        story
    }

    #[test]
    fn what_is_filed_elsewhere_has_no_due_date_until_the_competent_agency_has_it() {
        let mut story = filed_elsewhere("2026-09-01T09:00");
        assert_eq!(story.dossier.case().unwrap().due, None);
        assert_eq!(story.flags(), ["awaiting_competent_agency"]);
        assert_eq!(story.refuses(extend("2026-12-01")).reason(), "NO_DUE_DATE");
        story.at("2026-09-03T09:00").does(receive_by_agency());
        assert_eq!(story.due(), "2026-09-17");
        let case = story.dossier.case().unwrap();
        assert_eq!(case.original_due, case.due);
        assert!(story.flags().is_empty());
        assert_eq!(story.refuses(receive_by_agency()).reason(), "CLOCK_STARTED");
    }

    #[test]
    fn a_wait_before_the_clock_starts_moves_nothing() {
        let mut story = filed_elsewhere("2026-09-01T09:00");
        story
            .does(ask_supplement())
            .at("2026-09-08T09:00")
            .does(bring_supplement());
        assert_eq!(story.dossier.case().unwrap().due, None);
        story.at("2026-09-08T10:00").does(receive_by_agency());
        assert_eq!(story.due(), "2026-09-22");
        story
            .at("2026-09-10T09:00")
            .does(suspend())
            .at("2026-09-11T09:00")
            .does(resume());
        assert_eq!(story.due(), "2026-09-23");
    }

    #[test]
    fn an_ordinary_dossiers_clock_started_at_acceptance() {
        let story = Story::accepted("2026-09-01T09:00", TEN_DAYS);
        assert_eq!(story.refuses(receive_by_agency()).reason(), "CLOCK_STARTED");
    }

    #[test]
    fn open_dossiers_of_an_agency_that_ended_pass_to_its_successor() {
        let mut story = Story::begins("2025-02-26T09:00");
        story.does(Command::Submit(Submit {
            agency: AgencyId::new("000.00.09.H20"),
            ..submit(OF_ANOTHER_AGENCY)
        }));
        story.does(accept()).does(assign());
        assert_eq!(story.refuses(succeed()).reason(), "NO_SUCCESSOR");
        let due = story.due();
        story.at("2025-03-03T07:00").does(succeed());
        let Event::AgencySucceeded(event) = story.last() else {
            panic!()
        };
        assert_eq!(event.to.as_str(), AGENCY);
        let case = story.dossier.case().unwrap();
        assert_eq!(case.agency_now.as_str(), AGENCY);
        assert_eq!(case.agency.as_str(), "000.00.09.H20", "as organised then");
        assert_eq!(story.due(), due);
        assert_eq!(story.refuses(succeed()).reason(), "NO_SUCCESSOR");
    }

    #[test]
    fn what_was_filed_before_the_end_of_an_agency_is_accepted_by_its_successor() {
        let mut story = Story::begins("2025-02-26T09:00");
        story.does(Command::Submit(Submit {
            agency: AgencyId::new("000.00.09.H20"),
            ..submit(OF_ANOTHER_AGENCY)
        }));
        story.at("2025-03-03T09:00").does(accept());
        let case = story.dossier.case().unwrap();
        assert_eq!(case.agency.as_str(), AGENCY);
        assert!(case.code.as_str().starts_with("000.00.06.H20-"));
    }
}
