//! A due date counted again on a newly published calendar; the deadline watch asks for it, nobody else has to.

use super::recount::Counting;
use super::{Case, Context, times};
use crate::event::{DueDateRecomputed, Event, Occurrence};
use crate::ids::VersionHash;
use crate::rejection::Rejection;

/// Counts again, if there is another calendar than the one it was last counted on.
pub(super) fn recompute(case: &Case, ctx: &Context<'_>) -> Result<Vec<Occurrence>, Rejection> {
    let counting = Counting::of(case, ctx)?;
    let calendar = counting.calendar.version();
    let due = counting.due(case).ok_or(Rejection::NoDueDate)?;
    counted_on_another(case, calendar)?;
    Ok(vec![Occurrence {
        at: times::now_after(case.accepted_at, ctx),
        event: Event::DueDateRecomputed(DueDateRecomputed {
            due,
            calendar: calendar.clone(),
        }),
    }])
}

/// On the same calendar the same due date comes out, also a provisional one: the calendar it lacks is a new version.
fn counted_on_another(case: &Case, calendar: &VersionHash) -> Result<(), Rejection> {
    if case.calendar != *calendar {
        return Ok(());
    }
    Err(Rejection::NothingToRecompute {
        calendar: calendar.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::event::Event;

    #[test]
    fn a_provisional_due_date_is_counted_again_when_the_calendar_comes() {
        let mut story = Story::accepted("2026-12-21T09:00", TEN_DAYS);
        assert_eq!(story.due(), "2027-01-05");
        assert_eq!(story.refuses(recompute()).reason(), "NOTHING_TO_RECOMPUTE");
        story.catalogue = catalogue_with_2027();
        story.does(recompute());
        assert_eq!(story.due(), "2027-01-06");
        assert!(!story.dossier.case().unwrap().due.unwrap().provisional);
        assert!(matches!(story.last(), Event::DueDateRecomputed(_)));
        assert_eq!(story.refuses(recompute()).reason(), "NOTHING_TO_RECOMPUTE");
    }

    #[test]
    fn counting_again_keeps_what_moved_the_due_date() {
        let mut story = Story::accepted("2026-12-14T09:00", TEN_DAYS);
        assert_eq!(story.due(), "2026-12-28");
        story
            .at("2026-12-16T09:00")
            .does(suspend())
            .at("2026-12-23T09:00")
            .does(resume());
        assert_eq!(story.due(), "2027-01-05");
        story.catalogue = catalogue_with_2027();
        story.does(recompute());
        assert_eq!(story.due(), "2027-01-06");
    }

    #[test]
    fn while_it_waits_a_due_date_is_counted_again_as_well() {
        let mut story = Story::accepted("2026-12-21T09:00", TEN_DAYS);
        story.does(ask_supplement());
        story.catalogue = catalogue_with_2027();
        story.does(recompute());
        assert_eq!(story.due(), "2027-01-06");
    }

    #[test]
    fn without_a_due_date_there_is_nothing_to_count() {
        let story = Story::accepted("2026-12-21T09:00", WITHOUT_LIMIT);
        assert_eq!(story.refuses(recompute()).reason(), "NO_DUE_DATE");
    }
}
