//! A legal time put right (*đính chính thời điểm*), with everything that was counted from it.
//!
//! The day of acceptance, the day of the end and the due date are what form II.06a goes by. A correction that changes any
//! of them changes figures that may be published, so two persons have to say the same: the first call proposes it, the same
//! correction from somebody else confirms it. How far back a time lies is no reason to keep a wrong one.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::timeline::{as_it_stands, numbered};
use super::{Case, Context, Dossier, SubtaskEnd, cooperation, times};
use crate::clock::{Due, Timeliness};
use crate::event::{
    AcceptanceBasis, Correction, CorrectionProposed, Event, EventCorrected, LegalTime, Occurrence,
    Reason, Timeline, timed,
};
use crate::ids::ActorId;
use crate::local;
use crate::rejection::{Rejection, TimeFault, TimeFaults};
use crate::speaker::Speaker;

/// A proposal to put a legal time right that nobody has confirmed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CorrectionProposal {
    /// Who proposed it.
    pub by: ActorId,
    /// The account that called, where it named this person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<ActorId>,
    /// When.
    pub at: Timestamp,
    /// Which event: its number in the history.
    pub revision: u32,
    /// When that happened.
    pub new: Timestamp,
}

/// Puts the time of an event right, or proposes to.
pub(super) fn retime(
    dossier: &Dossier,
    case: &Case,
    (revision, new): (u32, Timestamp),
    reason: &Reason,
    ctx: &Context<'_>,
) -> Result<Vec<Occurrence>, Rejection> {
    let mut standing = as_it_stands(ctx.history);
    let index = numbered(revision).unwrap_or(usize::MAX);
    let wrong = standing.get(index).ok_or(Rejection::NothingToCorrect {
        event: "legal_time.revision",
    })?;
    has_a_time(&wrong.event)?;
    let (kind, old) = (wrong.event.kind(), wrong.at);
    if new < old {
        times::may_record_late(ctx)?;
    }
    is_possible(&standing, index, new, case, ctx)?;
    if let Some(wrong) = standing.get_mut(index) {
        wrong.at = new;
    }
    if old == new {
        return Err(Rejection::CorrectionChangesNothing);
    }
    let timeline = Timeline::of(ctx.history, &standing, ctx)?;
    let proposed_by = if figures_of(dossier, case) == figures_after(&timeline) {
        None
    } else if let Some(by) = proposed(case, (revision, new), ctx)? {
        Some(by)
    } else {
        let proposal = Event::CorrectionProposed(CorrectionProposed {
            by: ctx.actor.clone(),
            through: ctx.through.cloned(),
            revision,
            event: kind.into(),
            old,
            new,
            reason: reason.clone(),
        });
        return Ok(now(proposal, case, ctx));
    };
    let through = ctx.through.filter(|_| proposed_by.is_some()).cloned();
    let corrected = Event::EventCorrected(EventCorrected {
        correction: Correction::LegalTime(Box::new(LegalTime {
            revision,
            event: kind.into(),
            old,
            new,
            due_was: case.due,
            timeline,
        })),
        reason: reason.clone(),
        proposed_by,
        through,
    });
    Ok(now(corrected, case, ctx))
}

fn now(event: Event, case: &Case, ctx: &Context<'_>) -> Vec<Occurrence> {
    let at = times::now_after(case.accepted_at, ctx);
    vec![Occurrence { at, event }]
}

/// Who proposed this very correction; none when it has to be proposed first.
fn proposed(
    case: &Case,
    (revision, new): (u32, Timestamp),
    ctx: &Context<'_>,
) -> Result<Option<ActorId>, Rejection> {
    let proposal = case.correction_proposal.as_deref();
    let Some(first) = proposal.filter(|it| it.revision == revision && it.new == new) else {
        return Ok(None);
    };
    let speaker = Speaker::new(&first.by, first.through.as_ref());
    Speaker::new(ctx.actor, ctx.through).follows(speaker, Rejection::CorrectionBySamePerson)?;
    Ok(Some(first.by.clone()))
}

fn has_a_time(event: &Event) -> Result<(), Rejection> {
    match timed(event.kind()) {
        Some(_) => Ok(()),
        None => Err(Rejection::TimeNotCorrectable {
            event: event.kind(),
        }),
    }
}

/// What happened happened in its order, and not in the future; everything that is wrong is told.
fn is_possible(
    standing: &[Occurrence],
    index: usize,
    new: Timestamp,
    case: &Case,
    ctx: &Context<'_>,
) -> Result<(), Rejection> {
    let (before, rest) = standing.split_at(index.min(standing.len()));
    let Some((Occurrence { event, .. }, after)) = rest.split_first() else {
        return Ok(());
    };
    let others = |it: &&Occurrence| {
        timed(it.event.kind()).is_some()
            && !may_be_either_way(event, &it.event, &case.basis)
            && are_in_order(event, &it.event)
    };
    let mut faults = Vec::new();
    if new > ctx.now {
        faults.push(TimeFault::InFuture { now: ctx.now });
    }
    let latest = before.iter().filter(others).max_by_key(|it| it.at);
    if let Some(it) = latest.filter(|it| new < it.at) {
        let (event, at) = (it.event.kind(), it.at);
        faults.push(TimeFault::Before { event, at });
    }
    let earliest = after.iter().filter(others).min_by_key(|it| it.at);
    if let Some(it) = earliest.filter(|it| new > it.at) {
        let (event, at) = (it.event.kind(), it.at);
        faults.push(TimeFault::After { event, at });
    }
    let on = local::date(new);
    if matches!(event, Event::DossierAccepted(_)) && ctx.catalogue.law_on(on).is_none() {
        faults.push(TimeFault::NoLaw { on });
    }
    if faults.is_empty() {
        return Ok(());
    }
    let faults = TimeFaults { at: new, faults };
    Err(Rejection::CorrectedTimeImpossible { faults })
}

/// What other agencies do goes on beside the rest, from acceptance to the end, and side by side.
fn are_in_order(a: &Event, b: &Event) -> bool {
    let (these, those) = (cooperation::concerned(a), cooperation::concerned(b));
    match (these.is_empty(), those.is_empty()) {
        (true, true) => true,
        (false, false) => these.iter().any(|number| those.contains(number)),
        (true, false) => begins_or_ends(a),
        (false, true) => begins_or_ends(b),
    }
}

fn begins_or_ends(event: &Event) -> bool {
    matches!(
        event,
        Event::DossierSubmitted(_)
            | Event::DossierAccepted(_)
            | Event::ProcessingTerminated(_)
            | Event::DossierResolved(_)
            | Event::DossierWithdrawn(_)
    )
}

/// A signed hand-over minute may be older than the recorded filing.
fn may_be_either_way(a: &Event, b: &Event, basis: &AcceptanceBasis) -> bool {
    matches!(basis, AcceptanceBasis::HandOverMinute { .. })
        && matches!(
            (a, b),
            (Event::DossierSubmitted(_), Event::DossierAccepted(_))
                | (Event::DossierAccepted(_), Event::DossierSubmitted(_))
        )
}

/// What reports count by: the days of acceptance and end, the due date, the class that follows, and whether another agency
/// answered late.
type Figures = (Date, Option<Date>, Option<Due>, Option<Timeliness>, bool);

fn figures(
    accepted_at: Timestamp,
    ended_at: Option<Timestamp>,
    due: Option<Due>,
    subtask_overdue: bool,
) -> Figures {
    let class = due.zip(ended_at).map(|(due, ended)| due.class(ended));
    (
        local::date(accepted_at),
        ended_at.map(local::date),
        due,
        class,
        subtask_overdue,
    )
}

fn figures_of(dossier: &Dossier, case: &Case) -> Figures {
    let ended_at = dossier.ended().map(|it| it.at);
    let mut ends = case.subtasks.iter().filter_map(|it| it.closed);
    let overdue = ends.any(SubtaskEnd::is_overdue);
    figures(case.accepted_at, ended_at, case.due, overdue)
}

fn figures_after(timeline: &Timeline) -> Figures {
    figures(
        timeline.accepted_at,
        timeline.ended_at,
        timeline.due,
        timeline.subtask_overdue(),
    )
}

#[cfg(test)]
mod tests;
