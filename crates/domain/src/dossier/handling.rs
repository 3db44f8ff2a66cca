//! Handling (*xử lý*): passing a dossier on and giving it to an officer (NĐ 61/2018 Đ.18, 19.1). The clock does not move.

use jiff::Timestamp;

use super::recount::Counting;
use super::{Case, Context, times};
use crate::clock;
use crate::command::{AssignTask, Transfer};
use crate::event::{Event, Occurrence, TaskAssigned, Transferred};
use crate::local;
use crate::rejection::Rejection;

/// Passes the dossier on; the first time says by when that had to be.
pub(super) fn transfer(
    case: &Case,
    command: &Transfer,
    ctx: &Context<'_>,
) -> Result<Vec<Occurrence>, Rejection> {
    receiver_valid(command, ctx)?;
    let expected_by = match case.forwarded {
        None => Some(expected_by(case, ctx)?),
        Some(_) => None,
    };
    Ok(vec![Occurrence {
        at: times::now_after(case.accepted_at, ctx),
        event: Event::Transferred(Transferred {
            to: command.to.clone(),
            unit: command.unit.clone(),
            expected_by,
        }),
    }])
}

/// Gives the dossier to an officer.
pub(super) fn assign(case: &Case, command: &AssignTask, ctx: &Context<'_>) -> Vec<Occurrence> {
    vec![Occurrence {
        at: times::now_after(case.accepted_at, ctx),
        event: Event::TaskAssigned(TaskAssigned {
            holder: command.holder.clone(),
            unit: command.unit.clone(),
        }),
    }]
}

fn receiver_valid(command: &Transfer, ctx: &Context<'_>) -> Result<(), Rejection> {
    if ctx
        .catalogue
        .agency_valid(&command.to, local::date(ctx.now))
    {
        return Ok(());
    }
    Err(Rejection::TransferToUnknownAgency {
        agency: command.to.clone(),
    })
}

/// NĐ 61/2018 Đ.18.2: the same day; at the start of the next working day when accepted after 15:00.
fn expected_by(case: &Case, ctx: &Context<'_>) -> Result<Timestamp, Rejection> {
    let counting = Counting::of(case, ctx)?;
    Ok(expected_by_law(case.accepted_at, &counting))
}

/// As [`expected_by`], under a law version that is known.
pub(super) fn expected_by_law(accepted_at: Timestamp, counting: &Counting<'_>) -> Timestamp {
    let Counting {
        law,
        calendar,
        hours,
    } = counting;
    let accepted = local::datetime(accepted_at);
    let day = accepted.date();
    if calendar.working(day) && accepted.time() <= law.transfer_cutoff.value {
        return hours.closing(day);
    }
    hours.opening(clock::working_day_after(day, 1, calendar))
}

#[cfg(test)]
mod tests {
    use super::super::Phase;
    use super::super::testing::*;
    use crate::event::Event;

    fn expected_by(accepted: &str) -> Option<jiff::Timestamp> {
        let mut story = Story::accepted(accepted, TEN_DAYS);
        story.does(transfer(AGENCY));
        let Event::Transferred(event) = story.last() else {
            panic!()
        };
        event.expected_by
    }

    #[test]
    fn what_is_accepted_by_three_is_passed_on_the_same_day() {
        assert_eq!(
            expected_by("2022-12-15T15:00"),
            Some(at("2022-12-15T17:00"))
        );
    }

    #[test]
    fn what_is_accepted_after_three_is_passed_on_as_the_next_working_day_begins() {
        assert_eq!(
            expected_by("2022-12-15T15:01"),
            Some(at("2022-12-16T07:00"))
        );
        assert_eq!(
            expected_by("2023-01-19T16:00"),
            Some(at("2023-01-27T07:00"))
        );
    }

    #[test]
    fn what_is_accepted_on_a_day_off_is_passed_on_as_the_next_working_day_begins() {
        assert_eq!(
            expected_by("2022-12-17T09:00"),
            Some(at("2022-12-19T07:00"))
        );
    }

    #[test]
    fn passing_on_late_is_recorded_and_flagged() {
        let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        story.at("2022-12-15T17:01").does(transfer(AGENCY));
        assert_eq!(story.flags(), ["forwarded_late"]);
    }

    #[test]
    fn only_the_first_passing_on_has_a_time() {
        let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        story
            .does(transfer(AGENCY))
            .at("2022-12-20T09:00")
            .does(transfer("000.00.00.H20"));
        let Event::Transferred(event) = story.last() else {
            panic!()
        };
        assert_eq!(event.expected_by, None);
        assert!(story.flags().is_empty());
        assert_eq!(
            story.dossier.case().unwrap().agency_now.as_str(),
            "000.00.00.H20"
        );
    }

    #[test]
    fn what_was_passed_on_late_stays_late_when_it_is_passed_on_again() {
        let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        story.at("2022-12-16T09:00").does(transfer(AGENCY));
        story.does(transfer("000.00.00.H20"));
        assert_eq!(story.flags(), ["forwarded_late"]);
    }

    #[test]
    fn a_dossier_goes_only_to_an_agency_that_exists() {
        let story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        let no = story.refuses(transfer("000.00.99.H20"));
        assert_eq!(
            (no.reason(), no.field()),
            ("TRANSFER_TO_UNKNOWN_AGENCY", Some("to"))
        );
    }

    #[test]
    fn an_officer_gets_the_dossier_and_loses_it_when_it_is_passed_on() {
        let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        story.does(assign());
        assert_eq!(story.dossier.phase(), Phase::InProcessing);
        let holder = |story: &Story| story.dossier.case().unwrap().holder.clone();
        assert_eq!(holder(&story).unwrap().as_str(), "can-bo-2");
        story.does(transfer(AGENCY));
        assert_eq!(holder(&story), None);
    }

    #[test]
    fn passing_on_does_not_move_the_due_date() {
        let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        let due = story.due();
        story
            .at("2022-12-19T09:00")
            .does(transfer(AGENCY))
            .does(assign());
        assert_eq!(story.due(), due);
    }
}
