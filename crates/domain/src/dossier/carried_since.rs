//! What another system recorded of a dossier since it was accepted there: apologies with new dates, and what it waited for;
//! in its order, and everything about it that cannot be.
//!
//! * `events`: what it becomes

use jiff::Timestamp;
use jiff::civil::Date;

use super::carried_over;
use super::case::PauseWhy;
use super::recount::{self, Effect};
use crate::catalogue::{Catalogue, Procedure};
use crate::clock;
use crate::command::{
    Awaited, CarriedExtension, CarriedWait, CarryOver, PaymentEnd, RecordedDue, SupplementEnd,
};
use crate::law::LawVersion;
use crate::local;
use crate::rejection::{CarriedPart, Rejection};

/// The day of a due date as recorded.
pub(super) fn day_of(due: RecordedDue) -> Date {
    match due {
        RecordedDue::On(day) => day,
        RecordedDue::At(at) => local::date(at),
    }
}

mod events;

pub(super) use events::occurrences;

/// A wait, and when it began and ended in the dossier's life after acceptance.
#[derive(Clone, Copy)]
struct Wait<'a> {
    awaited: &'a Awaited,
    since: Timestamp,
    over: Option<(Timestamp, End<'a>)>,
}

/// How a wait ended.
#[derive(Clone, Copy)]
enum End<'a> {
    Supplement(&'a SupplementEnd),
    Suspension,
    Payment(Fee<'a>, &'a PaymentEnd),
}

/// What was to be paid.
#[derive(Clone, Copy)]
struct Fee<'a> {
    notice: &'a str,
    amount_vnd: u64,
}

impl<'a> Wait<'a> {
    fn of(wait: &'a CarriedWait, command: &CarryOver) -> Self {
        let awaited = &wait.awaited;
        let over = match awaited {
            Awaited::Supplement { over, .. } => {
                over.as_ref().map(|(at, end)| (*at, End::Supplement(end)))
            }
            Awaited::Suspension { over, .. } => over.map(|at| (at, End::Suspension)),
            // Fees are often paid with the filing; here they belong to the accepted dossier.
            Awaited::Payment {
                notice,
                amount_vnd: amount,
                over,
            } => over.as_ref().map(|(at, end)| {
                let (notice, amount_vnd) = (&**notice, *amount);
                let end = End::Payment(Fee { notice, amount_vnd }, end);
                (command.accepted_at.max(*at), end)
            }),
        };
        let since = match over {
            Some((_, End::Payment(..))) => wait.since.max(command.accepted_at),
            Some((_, End::Supplement(_) | End::Suspension)) | None => wait.since,
        };
        Self {
            awaited,
            since,
            over,
        }
    }

    fn until(&self) -> Option<Timestamp> {
        self.over.map(|(at, _)| at)
    }

    /// What it did to the clock, the law version says.
    fn why(&self) -> PauseWhy {
        match (self.awaited, self.over) {
            (Awaited::Supplement { .. }, Some((_, End::Supplement(SupplementEnd::NotBrought)))) => {
                PauseWhy::SupplementNotBrought
            }
            (Awaited::Supplement { .. }, _) => PauseWhy::Supplement,
            (Awaited::Suspension { .. }, _) => PauseWhy::Suspension,
            (Awaited::Payment { .. }, _) => PauseWhy::Payment,
        }
    }

    /// The field that tells of it.
    fn part(&self) -> CarriedPart {
        match self.over {
            None => CarriedPart::Wait,
            Some((_, End::Supplement(_))) => CarriedPart::Supplements,
            Some((_, End::Suspension)) => CarriedPart::Suspensions,
            Some((_, End::Payment(..))) => CarriedPart::Fees,
        }
    }
}

/// The waits in the order in which they began.
pub(super) struct Waits<'a>(Vec<Wait<'a>>);

impl<'a> Waits<'a> {
    pub(super) fn of(command: &'a CarryOver) -> Self {
        let waits = command.waits.iter();
        let mut waits: Vec<_> = waits.map(|wait| Wait::of(wait, command)).collect();
        waits.sort_by_key(|it| (it.since, it.until().unwrap_or(Timestamp::MAX)));
        Self(waits)
    }

    /// Whether any of those that are over took time from the clock or started it anew.
    pub(super) fn move_the_clock(&self, law: &LawVersion, procedure: &Procedure) -> bool {
        self.0.iter().any(|it| {
            let effect = match it.awaited {
                Awaited::Payment { .. } if !procedure.fee_suspends_clock => Effect::None,
                Awaited::Payment { .. }
                | Awaited::Supplement { .. }
                | Awaited::Suspension { .. } => recount::effect_of(it.why(), law),
            };
            effect != Effect::None && it.until().is_some_and(|until| until > it.since)
        })
    }

    /// Whether any of them was over after that.
    fn end_after(&self, at: Timestamp) -> bool {
        self.0.iter().any(|it| it.until() > Some(at))
    }
}

/// Everything about it that cannot be, at once.
pub(super) fn faults(command: &CarryOver, catalogue: &Catalogue, now: Timestamp) -> Vec<Rejection> {
    let waits = Waits::of(command);
    let mut faults = of_extensions(command, &waits, now);
    let mut before: Option<&Wait<'_>> = None;
    let mut paid = Vec::new();
    for it in &waits.0 {
        faults.extend(outside(it, command.accepted_at, now));
        if let Some(before) = before
            && before.until().is_none_or(|until| until > it.since)
        {
            let (part, from, other) = (it.part(), it.since, before.since);
            faults.push(Rejection::CarriedWaitsOverlap { part, from, other });
        }
        before = Some(it);
        if let Awaited::Payment { notice, .. } = it.awaited {
            if paid.contains(&notice) {
                let notice = notice.clone();
                faults.push(Rejection::CarriedFeeTwice { notice });
            }
            if let Some((_, End::Payment(_, PaymentEnd::Paid { .. }))) = it.over {
                paid.push(notice);
            }
        }
        if it.over.is_none()
            && (command.accepted_at..=now).contains(&it.since)
            && let Some(lapses_on) = lapses_on(it, command, catalogue)
            && lapses_on < local::date(now)
        {
            faults.push(Rejection::CarriedSupplementLapsed { lapses_on });
        }
    }
    faults
}

/// A wait lies between acceptance and now.
fn outside(it: &Wait<'_>, accepted_at: Timestamp, now: Timestamp) -> Option<Rejection> {
    let since = it.since;
    let begins = (accepted_at..=now).contains(&since);
    match it.until() {
        None => (!begins).then_some(Rejection::CarriedWaitOutside { since }),
        Some(until) => {
            let (part, from) = (it.part(), since);
            let sound = begins && (from..=now).contains(&until);
            (!sound).then_some(Rejection::CarriedPastOutside { part, from, until })
        }
    }
}

/// They come one after the other, and each moves the due date to a later day; the last one to the day on which it is due,
/// unless something else may have moved that since. On which day it was due after a wait, the history says.
fn of_extensions(command: &CarryOver, waits: &Waits<'_>, now: Timestamp) -> Vec<Rejection> {
    let mut faults = Vec::new();
    let (extended, waited) = (
        !command.extensions.is_empty(),
        waits.end_after(Timestamp::MIN),
    );
    let (Some(original), Some(due), true) = (command.original_due, command.due, extended) else {
        if extended || (command.original_due.is_some() && !waited) {
            faults.push(Rejection::CarriedExtensionWithoutDue);
        }
        return faults;
    };
    let (mut at, mut due_on) = (command.accepted_at, day_of(original));
    for it in &command.extensions {
        let in_order = (at..=now).contains(&it.notified_at);
        if !in_order || (it.new_date <= due_on && !waited) {
            let new_date = it.new_date;
            faults.push(Rejection::CarriedExtensionOutOfOrder { new_date });
        }
        (at, due_on) = (it.notified_at, it.new_date);
    }
    if due_on != day_of(due) && !waits.end_after(at) {
        let (new_date, due_on) = (due_on, day_of(due));
        faults.push(Rejection::CarriedExtensionNotDue { new_date, due_on });
    }
    faults
}

/// When a supplement that was asked for lapses: as recorded, or as the law version says.
fn lapses_on(wait: &Wait<'_>, command: &CarryOver, catalogue: &Catalogue) -> Option<Date> {
    let Awaited::Supplement { lapses_on, .. } = wait.awaited else {
        return None;
    };
    lapses_on.or_else(|| {
        let law = carried_over::law(command, catalogue).ok()?;
        let days = law.supplement_lapses_after_working_days.value?;
        let asked_on = local::date(wait.since);
        Some(clock::working_day_after(
            asked_on,
            u32::from(days),
            catalogue.calendar(),
        ))
    })
}

/// One thing that happened.
#[derive(Clone, Copy)]
enum Step<'a> {
    Extended(&'a CarriedExtension),
    Begins(Wait<'a>),
    Ends(Wait<'a>, End<'a>),
}

/// All of them, in the order of their times.
fn steps(command: &CarryOver) -> Vec<(Timestamp, Step<'_>)> {
    let extended = command.extensions.iter();
    let mut steps: Vec<_> = extended
        .map(|it| (it.notified_at, Step::Extended(it)))
        .collect();
    for it in Waits::of(command).0 {
        steps.push((it.since, Step::Begins(it)));
        steps.extend(it.over.map(|(at, end)| (at, Step::Ends(it, end))));
    }
    steps.sort_by_key(|(at, _)| *at);
    steps
}

#[cfg(test)]
mod against_lived;
#[cfg(test)]
mod tests;
