//! The events of a carried-over dossier since its acceptance: those that hoso itself would have written, at the times recorded
//! there, each with the system that it was recorded in.
//!
//! Due dates are counted from the one given at acceptance, by the law version and the procedure, as if the dossier had lived
//! here; an apology moves it to the day that was promised. What the law did not allow is a fact all the same: kept as it was,
//! and flagged.

use jiff::Timestamp;

use super::super::case::Pause;
use super::super::recount::Counting;
use super::super::{AwaitingPayment, Case, Dossier, evolve, extension, supplement};
use super::{End, Step, Wait, lapses_on, steps};
use crate::catalogue::Catalogue;
use crate::clock::Due;
use crate::command::{Awaited, CarriedExtension, CarryOver, PaymentEnd, SupplementEnd};
use crate::event::{
    DeadlineExtended, Event, FeePaid, FeeRequested, FeeWaived, Occurrence, ProcessingResumed,
    ProcessingSuspended, Reason, SupplementNotBrought, SupplementReceived, SupplementRequested,
};
use crate::ids::VersionHash;
use crate::local;
use crate::rejection::Rejection;

/// The events, in the order of their times, and the dossier after them; `dossier` is what was accepted there.
///
/// # Errors
/// When an extension is to no later day than the one on which it was due then.
pub(in crate::dossier) fn occurrences(
    command: &CarryOver,
    mut dossier: Dossier,
    catalogue: &Catalogue,
) -> Result<(Dossier, Vec<Occurrence>), Rejection> {
    let mut happened = Vec::new();
    for (at, step) in steps(command) {
        let case = dossier.case().ok_or(Rejection::NotAccepted)?;
        let counting = Counting::in_catalogue(case, catalogue).ok_or_else(|| {
            let law = case.law.clone();
            Rejection::LawVersionUnknown { law }
        })?;
        let there = There {
            command,
            catalogue,
            counting,
            case,
        };
        let event = match step {
            Step::Extended(it) => there.extended(it)?,
            Step::Begins(wait) => there.begins(&wait),
            Step::Ends(wait, end) => there.ends(&dossier, &wait, end, at),
        };
        let occurrence = Occurrence { at, event };
        dossier = evolve(dossier, &occurrence);
        happened.push(occurrence);
    }
    Ok((dossier, happened))
}

/// What the events are made of.
struct There<'a> {
    command: &'a CarryOver,
    catalogue: &'a Catalogue,
    counting: Counting<'a>,
    case: &'a Case,
}

impl There<'_> {
    fn recorded_in(&self) -> Option<Box<str>> {
        Some(self.command.system.clone())
    }

    fn extended(&self, it: &CarriedExtension) -> Result<Event, Rejection> {
        let before = self.case.due.ok_or(Rejection::NoDueDate)?;
        if it.new_date <= before.date() {
            let new_date = it.new_date;
            return Err(Rejection::CarriedExtensionOutOfOrder { new_date });
        }
        let notified_on = local::date(it.notified_at);
        Ok(Event::DeadlineExtended(DeadlineExtended {
            reason: reason(&it.reason),
            ordinal: self.case.next_extension(),
            asked_for: it.new_date,
            late_notice: extension::notice_is_late(notified_on, before, &self.counting),
            // It counted there, whatever the law version says.
            due: Some(self.counting.on_day(before, it.new_date)),
            recorded_in: self.recorded_in(),
        }))
    }

    fn begins(&self, it: &Wait<'_>) -> Event {
        let recorded_in = self.recorded_in();
        match it.awaited {
            Awaited::Supplement {
                reason: code,
                components,
                ..
            } => Event::SupplementRequested(SupplementRequested {
                reason: reason(code),
                components: components.clone(),
                ordinal: self.case.supplement_requests.saturating_add(1),
                late: supplement::is_late(
                    self.case.accepted_at,
                    local::date(it.since),
                    &self.counting,
                ),
                lapses_on: lapses_on(it, self.command, self.catalogue),
                recorded_in,
            }),
            Awaited::Suspension { reason: code, .. } => {
                Event::ProcessingSuspended(ProcessingSuspended {
                    reason: reason(code),
                    recorded_in,
                })
            }
            Awaited::Payment {
                notice, amount_vnd, ..
            } => {
                let procedure = self.catalogue.procedure(&self.case.procedure);
                Event::FeeRequested(FeeRequested {
                    notice: notice.clone(),
                    amount_vnd: *amount_vnd,
                    suspends_clock: procedure.is_some_and(|it| it.fee_suspends_clock),
                    recorded_in,
                })
            }
        }
    }

    fn ends(&self, dossier: &Dossier, it: &Wait<'_>, end: End<'_>, at: Timestamp) -> Event {
        let (due, calendar) = self.due_after(dossier, it, at);
        let recorded_in = self.recorded_in();
        match end {
            End::Supplement(SupplementEnd::Brought(components)) => {
                Event::SupplementReceived(SupplementReceived {
                    components: components.clone(),
                    due,
                    calendar,
                    filing: None,
                    recorded_in,
                })
            }
            End::Supplement(SupplementEnd::NotBrought) => {
                Event::SupplementNotBrought(SupplementNotBrought {
                    ordinal: self.case.supplement_requests,
                    due,
                    calendar,
                    recorded_in: self.command.system.clone(),
                })
            }
            End::Suspension => Event::ProcessingResumed(ProcessingResumed {
                due,
                calendar,
                recorded_in,
            }),
            End::Payment(fee, PaymentEnd::Paid { method, receipt }) => Event::FeePaid(FeePaid {
                notice: fee.notice.into(),
                amount_vnd: fee.amount_vnd,
                method: *method,
                receipt: receipt.clone(),
                due,
                calendar,
                filing: None,
                recorded_in,
            }),
            End::Payment(fee, PaymentEnd::Waived { reason: code }) => Event::FeeWaived(FeeWaived {
                notice: fee.notice.into(),
                reason: reason(code),
                due,
                calendar,
                recorded_in,
            }),
        }
    }

    /// The due date once the wait is over: moved when the clock had stood still.
    fn due_after(
        &self,
        dossier: &Dossier,
        it: &Wait<'_>,
        to: Timestamp,
    ) -> (Option<Due>, VersionHash) {
        let case = self.case;
        if let Dossier::AwaitingPayment(AwaitingPayment { notice, .. }) = dossier
            && !notice.suspends_clock
        {
            return (case.due, case.calendar.clone());
        }
        let (from, why) = (it.since, it.why());
        let pause = Pause { from, to, why };
        let due = self.counting.due(&case.clone().paused(pause));
        (due, self.counting.calendar.version().clone())
    }
}

/// Words there are none: nobody looks through another system's for people's names.
fn reason(code: &str) -> Reason {
    Reason {
        code: code.into(),
        text: None,
    }
}
