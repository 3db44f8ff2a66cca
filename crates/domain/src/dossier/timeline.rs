//! The times of a dossier once a legal time is put right: counted from its history as it should have been recorded.

use jiff::Timestamp;

use super::case::{Case, ClockMove, Waiting};
use super::recount::Counting;
use super::{
    Context, Dossier, PostalLeg, Resolved, Subtask, cooperation, delivery, evolve, extension,
    handling, intake, parts, supplement,
};
use crate::event::{
    AcceptanceBasis, Correction, Event, LastWait, Occurrence, SubtaskTimes, Timeline,
};
use crate::local;
use crate::rejection::Rejection;

/// The history with every time that was put right in its place.
pub(super) fn as_it_stands(history: &[Occurrence]) -> Vec<Occurrence> {
    let mut standing = history.to_vec();
    for occurrence in history {
        if let Event::EventCorrected(it) = &occurrence.event
            && let Correction::LegalTime(it) = &it.correction
            && let Some(wrong) = numbered(it.revision).and_then(|at| standing.get_mut(at))
        {
            wrong.at = it.new;
        }
    }
    standing
}

/// Where an event of this number stands in the history.
pub(super) fn numbered(revision: u32) -> Option<usize> {
    usize::try_from(revision).ok()?.checked_sub(1)
}

impl Timeline {
    /// The times that `standing` gives, which is the history as recorded with other times in it.
    pub(super) fn of(
        recorded: &[Occurrence],
        standing: &[Occurrence],
        ctx: &Context<'_>,
    ) -> Result<Self, Rejection> {
        let (mut dossier, last_wait) = relived(recorded, standing, ctx);
        let (waits_since, lapses_on) = match dossier.waiting() {
            None => (None, None),
            Some(Waiting::Supplement(it)) => (Some(it.asked_at), it.lapses_on),
            Some(Waiting::Payment(it)) => (Some(it.notified_at), None),
            Some(Waiting::Resumption { since, .. }) => (Some(since), None),
        };
        let ended_at = dossier.ended().map(|it| it.at);
        let delivered_at = dossier.delivered().map(|(at, _)| at);
        let filing = parts::filing(&mut dossier).ok_or(Rejection::DossierUnknown)?;
        let (submitted_at, answered_late) = (filing.submitted_at, filing.answered_late);
        let case = parts::case(&mut dossier).ok_or(Rejection::NotAccepted)?;
        let mut lapses_on = lapses_on;
        if moved(recorded, standing, |_| true) {
            case.law = law(case, recorded, standing, ctx)?;
            let counting = Counting::of(case, ctx)?;
            count_again(case, recorded, standing, &counting, ctx)?;
            let asked = |event: &Event| matches!(event, Event::SupplementRequested(it) if it.recorded_in.is_none());
            if let Some(since) = waits_since.filter(|_| moved(recorded, standing, asked))
                && lapses_on.is_some()
            {
                lapses_on = supplement::lapses_on(since, &counting);
            }
        }
        Ok(Self {
            submitted_at,
            answered_late,
            accepted_at: case.accepted_at,
            clock_from: case.clock_from,
            law: case.law.clone(),
            calendar: case.calendar.clone(),
            original_due: case.original_due,
            due: case.due,
            moves: case.moves.clone(),
            late_supplement_request: case.late_supplement_request,
            forwarded: case.forwarded,
            waits_since,
            lapses_on,
            last_wait,
            ended_at,
            delivered_at,
            subtasks: case.subtasks.iter().map(times_of).collect(),
            post: Some(case.post.clone()).filter(|post| *post != PostalLeg::default()),
        })
    }

    /// Puts these times into a dossier.
    pub(super) fn put_into(&self, dossier: &mut Dossier) {
        if let Some(filing) = parts::filing(dossier) {
            filing.submitted_at = self.submitted_at;
            filing.answered_late = self.answered_late;
        }
        if let Some(case) = parts::case(dossier) {
            case.accepted_at = self.accepted_at;
            case.clock_from = self.clock_from;
            case.law = self.law.clone();
            case.calendar = self.calendar.clone();
            case.original_due = self.original_due;
            case.due = self.due;
            case.moves.clone_from(&self.moves);
            case.late_supplement_request = self.late_supplement_request;
            case.forwarded = self.forwarded;
            case.correction_proposal = None;
            for subtask in &mut case.subtasks {
                let mut right = self.subtasks.iter();
                if let Some(right) = right.find(|it| it.number == subtask.number) {
                    subtask.opened_at = right.opened_at;
                    subtask.due = right.due;
                    // A time that is put right neither opens nor closes anything.
                    subtask.closed = subtask.closed.map(|it| right.closed.unwrap_or(it));
                }
            }
            if let Some(post) = &self.post {
                case.post = post.clone();
            }
        }
        self.put_into_phase(dossier);
    }

    fn put_into_phase(&self, dossier: &mut Dossier) {
        let put = |to: &mut Timestamp, right: Option<Timestamp>| *to = right.unwrap_or(*to);
        match dossier {
            Dossier::AwaitingSupplement(it) => {
                put(&mut it.request.asked_at, self.waits_since);
                it.request.lapses_on = self.lapses_on;
            }
            Dossier::AwaitingPayment(it) => put(&mut it.notice.notified_at, self.waits_since),
            Dossier::Suspended(it) => put(&mut it.since, self.waits_since),
            Dossier::Terminated(it) => put(&mut it.ended.at, self.ended_at),
            Dossier::Resolved(it) => put(&mut it.ended.at, self.ended_at),
            Dossier::Voided(it) => put(&mut it.ended.at, self.ended_at),
            Dossier::Returned(it) => {
                put(&mut it.ended.at, self.ended_at);
                put(&mut it.delivered_at, self.delivered_at);
            }
            Dossier::Withdrawn(it) => {
                put(&mut it.withdrawn_at, self.ended_at);
                if let Some((_, ended)) = &mut it.after_acceptance {
                    put(&mut ended.at, self.ended_at);
                }
            }
            Dossier::Unknown
            | Dossier::Submitted(_)
            | Dossier::AwaitingIntakeSupplement(_)
            | Dossier::Refused(_)
            | Dossier::Accepted(_)
            | Dossier::InProcessing(_) => {}
        }
    }
}

/// The dossier that lived so, and the last time it waited.
fn relived(
    recorded: &[Occurrence],
    standing: &[Occurrence],
    ctx: &Context<'_>,
) -> (Dossier, Option<LastWait>) {
    let mut dossier = Dossier::Unknown;
    let mut last_wait: Option<LastWait> = None;
    let tried = moved(recorded, standing, |event| {
        matches!(event, Event::DeliveryFailed(_))
    });
    for (was, is) in recorded.iter().zip(standing) {
        let waited = dossier.waiting().is_some();
        dossier = if corrects_a_time(&is.event) {
            // What it says follows from all times together, which are in their places already.
            dossier
        } else if let Some(event) = attempt_judged_again(is, &dossier, ctx).filter(|_| tried) {
            evolve(dossier, &Occurrence { at: is.at, event })
        } else if let Some(event) = answer_due_again(was, is, &dossier, ctx) {
            evolve(dossier, &Occurrence { at: is.at, event })
        } else {
            evolve(dossier, is)
        };
        match (waited, dossier.waiting().is_some(), &mut last_wait) {
            (false, true, _) => {
                last_wait = Some(LastWait {
                    from: is.at,
                    until: None,
                });
            }
            (true, false, Some(wait)) => wait.until = Some(is.at),
            (true, true | false, _) | (false, false, _) => {}
        }
    }
    (dossier, last_wait)
}

fn corrects_a_time(event: &Event) -> bool {
    matches!(event, Event::EventCorrected(it) if it.correction.is_of_time())
}

/// A failed delivery as it would have been written after those before it.
fn attempt_judged_again(is: &Occurrence, dossier: &Dossier, ctx: &Context<'_>) -> Option<Event> {
    let (Event::DeliveryFailed(it), Dossier::Resolved(Resolved { case, .. })) =
        (&is.event, dossier)
    else {
        return None;
    };
    let mut failed = it.clone();
    failed.too_soon = delivery::is_too_soon(&case.post, is.at, ctx);
    Some(Event::DeliveryFailed(failed))
}

/// Intake's time for an answer runs from the filing, and anew from what was brought.
fn answer_due_again(
    was: &Occurrence,
    is: &Occurrence,
    dossier: &Dossier,
    ctx: &Context<'_>,
) -> Option<Event> {
    if was.at == is.at {
        return None;
    }
    if let Event::DossierSubmitted(it) = &is.event {
        let mut filed = it.clone();
        filed.answer_due = intake::answer_due(filed.channel, &filed.agency, is.at, ctx);
        Some(Event::DossierSubmitted(filed))
    } else if let (Event::IntakeSupplementReceived(it), Some(filing)) =
        (&is.event, dossier.filing())
    {
        let (mut received, filed) = (it.clone(), &filing.submitted);
        received.answer_due = intake::answer_due(filed.channel, &filed.agency, is.at, ctx);
        Some(Event::IntakeSupplementReceived(received))
    } else {
        None
    }
}

fn times_of(subtask: &Subtask) -> SubtaskTimes {
    SubtaskTimes {
        number: subtask.number,
        opened_at: subtask.opened_at,
        due: subtask.due,
        closed: subtask.closed,
    }
}

/// Whether an event of this sort has another time than was recorded.
fn moved(recorded: &[Occurrence], standing: &[Occurrence], of: impl Fn(&Event) -> bool) -> bool {
    let mut both = recorded.iter().zip(standing);
    both.any(|(was, is)| was.at != is.at && of(&was.event))
}

fn is_acceptance(event: &Event) -> bool {
    matches!(event, Event::DossierAccepted(_))
}

fn starts_the_clock(event: &Event) -> bool {
    matches!(
        event,
        Event::DossierAccepted(_) | Event::CompetentAgencyReceived(_)
    )
}

/// Whether it moves a due date, or says whether something was in time.
fn is_of_the_clock(event: &Event) -> bool {
    starts_the_clock(event)
        || matches!(
            event,
            Event::SupplementRequested(_)
                | Event::SupplementReceived(_)
                | Event::SupplementNotBrought(_)
                | Event::FeeRequested(_)
                | Event::FeePaid(_)
                | Event::FeeWaived(_)
                | Event::DeadlineExtended(_)
                | Event::ProcessingSuspended(_)
                | Event::ProcessingResumed(_)
        )
}

fn was_carried_over(case: &Case) -> bool {
    match case.basis {
        AcceptanceBasis::CarriedOver { .. } => true,
        AcceptanceBasis::ServerClock
        | AcceptanceBasis::HandOverMinute { .. }
        | AcceptanceBasis::RecordedLate { .. } => false,
    }
}

/// The due date on form 01 is the one that another system gave.
fn due_was_recorded(case: &Case) -> bool {
    match case.basis {
        AcceptanceBasis::CarriedOver { counted, .. } => !counted,
        AcceptanceBasis::ServerClock
        | AcceptanceBasis::HandOverMinute { .. }
        | AcceptanceBasis::RecordedLate { .. } => false,
    }
}

/// The law version in force on the day of acceptance; what another system said stays.
fn law(
    case: &Case,
    recorded: &[Occurrence],
    standing: &[Occurrence],
    ctx: &Context<'_>,
) -> Result<crate::ids::LawId, Rejection> {
    if was_carried_over(case) || !moved(recorded, standing, is_acceptance) {
        return Ok(case.law.clone());
    }
    let on = local::date(case.accepted_at);
    let law = ctx.catalogue.law_on(on);
    Ok(law.ok_or(Rejection::NoLawInForce { on })?.id.clone())
}

/// Counts what follows from the times, as it would have been counted at each step.
fn count_again(
    case: &mut Case,
    recorded: &[Occurrence],
    standing: &[Occurrence],
    counting: &Counting<'_>,
    ctx: &Context<'_>,
) -> Result<(), Rejection> {
    if moved(recorded, standing, is_acceptance)
        && let Some(forwarded) = &mut case.forwarded
    {
        forwarded.expected_by = Some(handling::expected_by_law(case.accepted_at, counting));
    }
    let of_subtasks = |event: &Event| !cooperation::concerned(event).is_empty();
    if moved(recorded, standing, |event| {
        is_acceptance(event) || of_subtasks(event)
    }) {
        cooperation::count_again(case, standing, counting, ctx);
    }
    if !moved(recorded, standing, is_of_the_clock) {
        return Ok(());
    }
    if !due_was_recorded(case) && moved(recorded, standing, starts_the_clock) {
        case.original_due = case
            .limit
            .zip(case.clock_from)
            .map(|(limit, from)| counting.fresh(limit, from));
    }
    judge_extensions(case, counting);
    let late = standing
        .iter()
        .any(|it| asked_late(it, case.accepted_at, counting));
    case.late_supplement_request = late;
    if case.due.is_some() || case.original_due.is_some() {
        case.due = counting.due(case);
        case.calendar = ctx.catalogue.calendar().version().clone();
    }
    Ok(())
}

/// Whether this asked for a supplement later than the law version allows.
fn asked_late(occurrence: &Occurrence, accepted_at: Timestamp, counting: &Counting<'_>) -> bool {
    matches!(occurrence.event, Event::SupplementRequested(_))
        && supplement::is_late(accepted_at, local::date(occurrence.at), counting)
}

/// Each extension against the due date that it was to move.
fn judge_extensions(case: &mut Case, counting: &Counting<'_>) {
    let moves = std::mem::take(&mut case.moves);
    for mut it in moves {
        if let ClockMove::Extended(extension) = &mut it
            && let Some(due) = counting.due(case)
        {
            let on = local::date(extension.at);
            extension.late_notice = extension::notice_is_late(on, due, counting);
            // What counted in another system counts.
            extension.counts = extension.carried_over
                || extension::counts(extension.ordinal, extension.late_notice, counting);
        }
        case.moves.push(it);
    }
}
