//! Opinions (*lấy ý kiến*) and interlinked parts (*liên thông*) of other agencies, each with its own due date (NĐ 61/2018 Đ.19.5 to 19.7).
//!
//! Side by side, or one after the other. The lateness of one is visible and does not move the parent's clock.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::recount::Counting;
use super::{Case, Context, times};
use crate::clock::{Due, TimeLimit, Timeliness};
use crate::command::{CancelSubtask, CompleteSubtask, OpenSubtask};
use crate::event::{
    Event, Occurrence, SubtaskCancelled, SubtaskCompleted, SubtaskKind, SubtaskOpened, SubtaskStart,
};
use crate::ids::{AgencyId, VersionHash};
use crate::local;
use crate::rejection::Rejection;

/// What another agency was asked for, and what became of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Subtask {
    /// Its number within the dossier, from 1.
    pub number: u16,
    /// An opinion, or a part of the procedure.
    pub kind: SubtaskKind,
    /// Who has to answer.
    pub agency: AgencyId,
    /// The time it has.
    pub limit: TimeLimit,
    /// It starts when this one is closed.
    pub after: Option<u16>,
    /// When it was asked for.
    pub opened_at: Timestamp,
    /// When its answer is due; none until it starts.
    pub due: Option<Due>,
    /// How it was closed; none while it is open.
    pub closed: Option<SubtaskEnd>,
}

/// How a sub-task was closed. Persisted in corrections of times: add, never change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum SubtaskEnd {
    /// Answered.
    Completed {
        /// When.
        at: Timestamp,
        /// By its own due date.
        class: Timeliness,
    },
    /// Not needed any more.
    Cancelled {
        /// When.
        at: Timestamp,
    },
}

impl SubtaskEnd {
    /// Answered later than it should have been.
    pub fn is_overdue(self) -> bool {
        match self {
            Self::Completed { class, .. } => class == Timeliness::Overdue,
            Self::Cancelled { .. } => false,
        }
    }
}

/// Each due date and class as they follow from when the agencies were asked and answered.
pub(super) fn count_again(
    case: &mut Case,
    standing: &[Occurrence],
    counting: &Counting<'_>,
    ctx: &Context<'_>,
) {
    for subtask in &mut case.subtasks {
        let hours = ctx.catalogue.hours(&subtask.agency);
        let started = standing
            .iter()
            .find(|it| starts_here(&it.event, subtask.number))
            .map(|it| it.at);
        subtask.due = started.map(|at| {
            counting
                .law
                .due(subtask.limit, at, counting.calendar, hours)
        });
        if let (Some(SubtaskEnd::Completed { at, class }), Some(due)) =
            (&mut subtask.closed, subtask.due)
        {
            *class = due.class(*at);
        }
    }
}

/// Whether its time runs from this event on.
fn starts_here(event: &Event, number: u16) -> bool {
    let among = |starts: &[SubtaskStart]| starts.iter().any(|it| it.number == number);
    if let Event::SubtaskOpened(it) = event {
        it.number == number && it.due.is_some()
    } else if let Event::SubtaskCompleted(it) = event {
        among(&it.starts)
    } else if let Event::SubtaskCancelled(it) = event {
        among(&it.starts)
    } else {
        false
    }
}

/// The sub-tasks that an event opens, closes or lets start; none when it is about none.
pub(super) fn concerned(event: &Event) -> Vec<u16> {
    let with = |number: u16, starts: &[SubtaskStart]| {
        let starts = starts.iter().map(|it| it.number);
        starts.chain([number]).collect()
    };
    if let Event::SubtaskOpened(it) = event {
        vec![it.number]
    } else if let Event::SubtaskCompleted(it) = event {
        with(it.number, &it.starts)
    } else if let Event::SubtaskCancelled(it) = event {
        with(it.number, &it.starts)
    } else {
        Vec::new()
    }
}

/// Asks another agency.
pub(super) fn open(
    case: &Case,
    command: &OpenSubtask,
    ctx: &Context<'_>,
) -> Result<Vec<Occurrence>, Rejection> {
    agency_exists(&command.agency, ctx)?;
    let waits = match command.after {
        Some(before) => case
            .subtask(before)
            .ok_or_else(|| unknown(before))?
            .closed
            .is_none(),
        None => false,
    };
    let at = times::now_after(case.accepted_at, ctx);
    let (due, calendar) = due(case, &command.agency, command.limit, at, ctx)?;
    Ok(vec![Occurrence {
        at,
        event: Event::SubtaskOpened(SubtaskOpened {
            number: case.next_subtask(),
            kind: command.kind,
            agency: command.agency.clone(),
            limit: command.limit,
            due: (!waits).then_some(due),
            after: command.after,
            question: command.question.clone(),
            calendar,
        }),
    }])
}

/// Records the answer; those that waited for it start.
pub(super) fn complete(
    case: &Case,
    command: &CompleteSubtask,
    ctx: &Context<'_>,
) -> Result<Vec<Occurrence>, Rejection> {
    let subtask = still_open(case, command.number)?;
    let promised = subtask.due.ok_or_else(|| Rejection::SubtaskNotStarted {
        number: subtask.number,
        after: subtask.after.unwrap_or_default(),
    })?;
    let at = times::now_after(subtask.opened_at, ctx);
    let (starts, calendar) = starts(case, subtask.number, at, ctx)?;
    Ok(vec![Occurrence {
        at,
        event: Event::SubtaskCompleted(SubtaskCompleted {
            number: subtask.number,
            class: promised.class(at),
            result: command.result.clone(),
            answer: command.answer.clone(),
            starts,
            calendar,
        }),
    }])
}

/// Asks no more; those that waited for it start.
pub(super) fn cancel(
    case: &Case,
    command: &CancelSubtask,
    ctx: &Context<'_>,
) -> Result<Vec<Occurrence>, Rejection> {
    let subtask = still_open(case, command.number)?;
    let at = times::now_after(subtask.opened_at, ctx);
    let (starts, calendar) = starts(case, subtask.number, at, ctx)?;
    Ok(vec![Occurrence {
        at,
        event: Event::SubtaskCancelled(SubtaskCancelled {
            number: subtask.number,
            reason: command.reason.clone(),
            starts,
            calendar,
        }),
    }])
}

fn agency_exists(agency: &AgencyId, ctx: &Context<'_>) -> Result<(), Rejection> {
    if ctx.catalogue.agency_valid(agency, local::date(ctx.now)) {
        return Ok(());
    }
    Err(Rejection::SubtaskAgencyUnknown {
        agency: agency.clone(),
    })
}

fn still_open(case: &Case, number: u16) -> Result<&Subtask, Rejection> {
    let subtask = case.subtask(number).ok_or_else(|| unknown(number))?;
    match subtask.closed {
        None => Ok(subtask),
        Some(_) => Err(Rejection::SubtaskClosed { number }),
    }
}

fn unknown(number: u16) -> Rejection {
    Rejection::SubtaskUnknown { number }
}

/// The due date of an answer asked for at `from`, by the answering agency's own hours.
fn due(
    case: &Case,
    agency: &AgencyId,
    limit: TimeLimit,
    from: Timestamp,
    ctx: &Context<'_>,
) -> Result<(Due, VersionHash), Rejection> {
    let counting = Counting::of(case, ctx)?;
    let hours = ctx.catalogue.hours(agency);
    let due = counting.law.due(limit, from, counting.calendar, hours);
    Ok((due, counting.calendar.version().clone()))
}

fn starts(
    case: &Case,
    closed: u16,
    at: Timestamp,
    ctx: &Context<'_>,
) -> Result<(Vec<SubtaskStart>, VersionHash), Rejection> {
    let waiting = case
        .subtasks
        .iter()
        .filter(|it| it.after == Some(closed) && it.due.is_none() && it.closed.is_none());
    let starts = waiting
        .map(|it| {
            let (due, _) = due(case, &it.agency, it.limit, at, ctx)?;
            Ok(SubtaskStart {
                number: it.number,
                due,
            })
        })
        .collect::<Result<_, Rejection>>()?;
    Ok((starts, ctx.catalogue.calendar().version().clone()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::SubtaskEnd;
    use crate::clock::Timeliness;
    use crate::event::Event;

    fn due_of(story: &Story, number: u16) -> Option<String> {
        let due = story.dossier.case().unwrap().subtask(number).unwrap().due;
        due.map(|due| due.date().to_string())
    }

    fn class_of(story: &Story, number: u16) -> Timeliness {
        match story
            .dossier
            .case()
            .unwrap()
            .subtask(number)
            .unwrap()
            .closed
        {
            Some(SubtaskEnd::Completed { class, .. }) => class,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_opinion_has_its_own_due_date_and_class() {
        for (answered, class) in [
            ("2022-12-19T09:00", Timeliness::Early),
            ("2022-12-20T16:00", Timeliness::OnTime),
            ("2022-12-21T07:00", Timeliness::Overdue),
        ] {
            let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
            let parent = story.due();
            story.does(open_subtask(AGENCY, 3, None));
            assert_eq!(due_of(&story, 1).unwrap(), "2022-12-20");
            story.at(answered).does(complete_subtask(1));
            assert_eq!(class_of(&story, 1), class);
            assert_eq!(story.due(), parent, "the parent's clock does not move");
            let late = class == Timeliness::Overdue;
            assert_eq!(story.flags().contains(&"subtask_overdue"), late);
        }
    }

    #[test]
    fn one_after_the_other_each_starts_when_the_one_before_it_is_closed() {
        let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        story
            .does(open_subtask(AGENCY, 3, None))
            .does(open_subtask("000.00.09.H20", 2, Some(1)));
        assert_eq!(due_of(&story, 2), None);
        assert_eq!(
            story.refuses(complete_subtask(2)).reason(),
            "SUBTASK_NOT_STARTED"
        );
        story.at("2022-12-22T09:00").does(complete_subtask(1));
        assert_eq!(due_of(&story, 2).unwrap(), "2022-12-26");
        story.at("2022-12-23T09:00").does(complete_subtask(2));
        assert_eq!(class_of(&story, 2), Timeliness::Early);
    }

    #[test]
    fn what_is_not_needed_any_more_lets_the_next_one_start() {
        let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        story
            .does(open_subtask(AGENCY, 3, None))
            .does(open_subtask(AGENCY, 2, Some(1)))
            .at("2022-12-16T09:00")
            .does(cancel_subtask(1));
        let Event::SubtaskCancelled(event) = story.last() else {
            panic!()
        };
        assert_eq!(event.starts.len(), 1);
        assert_eq!(due_of(&story, 2).unwrap(), "2022-12-20");
        assert_eq!(
            story.refuses(complete_subtask(1)).reason(),
            "SUBTASK_CLOSED"
        );
        assert_eq!(story.refuses(cancel_subtask(1)).reason(), "SUBTASK_CLOSED");
        story.does(open_subtask(AGENCY, 2, Some(1)));
        assert!(
            due_of(&story, 3).is_some(),
            "the one before it is closed already"
        );
    }

    #[test]
    fn an_agency_answers_also_while_the_dossier_waits_but_not_after_its_end() {
        let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        story
            .does(open_subtask(AGENCY, 3, None))
            .does(open_subtask(AGENCY, 3, None))
            .does(ask_supplement());
        assert_eq!(
            story.refuses(open_subtask(AGENCY, 3, None)).reason(),
            "SUPPLEMENT_AWAITED"
        );
        story
            .does(complete_subtask(1))
            .does(bring_supplement())
            .does(resolve());
        assert_eq!(
            story.refuses(complete_subtask(2)).reason(),
            "ALREADY_RESOLVED"
        );
        assert_eq!(story.flags(), ["open_subtasks_at_end"]);
    }

    #[test]
    fn only_an_agency_that_exists_is_asked_and_only_what_was_asked_is_answered() {
        let story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        let no = story.refuses(open_subtask("000.00.99.H20", 3, None));
        assert_eq!(
            (no.reason(), no.field()),
            ("SUBTASK_AGENCY_UNKNOWN", Some("agency"))
        );
        assert_eq!(
            story.refuses(complete_subtask(1)).reason(),
            "SUBTASK_UNKNOWN"
        );
        assert_eq!(
            story.refuses(open_subtask(AGENCY, 3, Some(4))).reason(),
            "SUBTASK_UNKNOWN"
        );
    }
}
