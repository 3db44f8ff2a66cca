//! The form counted the slow way, from the events and the words of its definitions alone: what the scan must agree with.

use std::collections::BTreeMap;

use domain::clock::{Due, DueRule, Timeliness};
use domain::event::{Channel, Correction, Event, Outcome};
use domain::ids::DossierId;
use domain::local;
use jiff::Timestamp;
use jiff::civil::Date;
use statistics::report::Cells;
use statistics::{PendingRule, Question};

use crate::history::Entry;

#[derive(Clone, Copy, PartialEq)]
enum Waits {
    No,
    Supplement,
    Payment,
    Suspended,
}

struct Dossier {
    accepted: Option<(Timestamp, Channel)>,
    due: Option<Due>,
    ended: Option<(Timestamp, bool)>,
    refused_at_intake: bool,
    voided: bool,
    understood: bool,
    waits: Waits,
    last_wait: Option<(Date, Option<Date>)>,
}

/// Columns (3) to (13) of everything, as known at the question's position.
pub(crate) fn count(log: &[Entry], question: &Question) -> Cells {
    let known = log
        .iter()
        .filter(|fact| fact.position <= question.as_of.position);
    let mut dossiers: BTreeMap<DossierId, Dossier> = BTreeMap::new();
    for fact in known {
        let dossier = dossiers.entry(fact.dossier).or_insert(Dossier {
            accepted: None,
            due: None,
            ended: None,
            refused_at_intake: false,
            voided: false,
            understood: true,
            waits: Waits::No,
            last_wait: None,
        });
        match &fact.occurrence {
            None => dossier.understood = false,
            Some(occurrence) => tell(dossier, occurrence.at, &occurrence.event),
        }
    }
    let mut cells = Cells::default();
    dossiers
        .values()
        .for_each(|dossier| place(dossier, question, &mut cells));
    cells
}

fn tell(dossier: &mut Dossier, at: Timestamp, event: &Event) {
    let day = local::date(at);
    let pending = dossier.accepted.is_some() && dossier.ended.is_none();
    match event {
        Event::DossierAccepted(accepted) if dossier.accepted.is_none() => {
            dossier.accepted = Some((at, accepted.channel));
            dossier.due = accepted.due;
        }
        Event::DossierResolved(resolved) => match resolved.outcome {
            Outcome::Granted { .. } | Outcome::Refused { .. } => end(dossier, at, true),
        },
        Event::ProcessingTerminated(_) | Event::SupplementLapsed(_) => end(dossier, at, false),
        Event::DossierWithdrawn(_) => {
            end(dossier, at, false);
        }
        Event::IntakeRefused(_) => {
            dossier.refused_at_intake |= dossier.ended.is_none();
            end(dossier, at, false);
        }
        Event::SupplementRequested(_) if pending && dossier.waits == Waits::No => {
            begin(dossier, Waits::Supplement, day);
        }
        Event::FeeRequested(_) if pending && dossier.waits == Waits::No => {
            begin(dossier, Waits::Payment, day);
        }
        Event::ProcessingSuspended(_) if pending && dossier.waits == Waits::No => {
            begin(dossier, Waits::Suspended, day);
        }
        Event::SupplementReceived(event) if pending => {
            go_on(dossier, Waits::Supplement, day, event.due);
        }
        Event::SupplementNotBrought(event) if pending => {
            go_on(dossier, Waits::Supplement, day, event.due);
        }
        Event::FeePaid(event) if pending => go_on(dossier, Waits::Payment, day, event.due),
        Event::FeeWaived(event) if pending => go_on(dossier, Waits::Payment, day, event.due),
        Event::CompetentAgencyReceived(event) if pending => {
            dossier.due = event.due.or(dossier.due);
        }
        Event::AcceptanceVoided(_) => {
            dossier.voided |= dossier.ended.is_none();
            end(dossier, at, false);
        }
        Event::EventCorrected(event) => {
            if let (Some((_, channel)), Correction::AcceptedChannel { new, .. }) =
                (&mut dossier.accepted, &event.correction)
            {
                *channel = *new;
            }
            if let (Some((accepted_at, _)), Correction::LegalTime(it)) =
                (&mut dossier.accepted, &event.correction)
            {
                *accepted_at = it.timeline.accepted_at;
                dossier.due = it.timeline.due;
                if let (Some((ended_at, _)), Some(right)) =
                    (&mut dossier.ended, it.timeline.ended_at)
                {
                    *ended_at = right;
                }
            }
        }
        Event::ProcessingResumed(event) if pending => {
            go_on(dossier, Waits::Suspended, day, event.due);
        }
        Event::DeadlineExtended(event) if pending => dossier.due = event.due.or(dossier.due),
        Event::DueDateRecomputed(event) if pending => dossier.due = Some(event.due),
        Event::DossierSubmitted(_)
        | Event::IntakeSupplementRequested(_)
        | Event::IntakeSupplementReceived(_)
        | Event::DossierAccepted(_)
        | Event::Transferred(_)
        | Event::TaskAssigned(_)
        | Event::SupplementRequested(_)
        | Event::SupplementReceived(_)
        | Event::SupplementNotBrought(_)
        | Event::FeeRequested(_)
        | Event::FeePaid(_)
        | Event::DeadlineExtended(_)
        | Event::ProcessingSuspended(_)
        | Event::ProcessingResumed(_)
        | Event::ResultDelivered(_)
        | Event::DueDateRecomputed(_)
        | Event::SubjectErasureRequested(_)
        | Event::SubjectKeyDestroyed(_)
        | Event::DuplicateSubmission(_)
        | Event::VoidProposed(_)
        | Event::CorrectionProposed(_)
        | Event::SubjectReplaced(_)
        | Event::FeeWaived(_)
        | Event::FeeRefunded(_)
        | Event::CompetentAgencyReceived(_)
        | Event::SubtaskOpened(_)
        | Event::SubtaskCompleted(_)
        | Event::SubtaskCancelled(_)
        | Event::ComponentDigitised(_)
        | Event::ComponentReused(_)
        | Event::DeliveryFailed(_)
        | Event::ResultReturnedToAgency(_)
        | Event::FeedbackLinked(_)
        | Event::AgencySucceeded(_)
        | Event::FilingReceived(_)
        | Event::FilingRefused(_)
        | Event::AuthorisationRecorded(_)
        | Event::DossierCollected(_)
        | Event::HandOverSigned(_)
        | Event::HandOverAcknowledged(_)
        | Event::FeeReceiptIssued(_)
        | Event::ReceiptRangeLeased(_)
        | Event::CalendarPublished(_)
        | Event::VaultLossDeclared(_)
        | Event::VaultLossEnded(_)
        | Event::TerminalEnrolled(_)
        | Event::TerminalNoted(_)
        | Event::JournalEntryAnswered(_)
        | Event::IdentityLookedUp(_) => {}
    }
}

fn end(dossier: &mut Dossier, at: Timestamp, result: bool) {
    if dossier.ended.is_none() {
        dossier.ended = Some((at, result));
        if let Some((_, until @ None)) = &mut dossier.last_wait {
            *until = Some(local::date(at));
        }
    }
}

fn begin(dossier: &mut Dossier, waits: Waits, day: Date) {
    dossier.waits = waits;
    dossier.last_wait = Some((day, None));
}

fn go_on(dossier: &mut Dossier, waits: Waits, day: Date, due: Option<Due>) {
    if dossier.waits == waits {
        dossier.waits = Waits::No;
        dossier.last_wait = dossier.last_wait.map(|(from, _)| (from, Some(day)));
        dossier.due = due;
    }
}

fn place(dossier: &Dossier, question: &Question, cells: &mut Cells) {
    let (Some((accepted, channel)), Some(due), true) =
        (dossier.accepted, dossier.due, dossier.understood)
    else {
        return;
    };
    if dossier.refused_at_intake
        || dossier.voided
        || dossier.ended.is_some_and(|(ended, _)| ended < accepted)
    {
        return;
    }
    let (from, to) = (question.period.from(), question.period.to());
    let accepted = local::date(accepted);
    let ended = dossier
        .ended
        .map(|(at, result)| (local::date(at), due.class(at), result));
    if accepted > to || ended.is_some_and(|(day, _, _)| day < from) {
        return;
    }
    cells.c3 += 1;
    match (accepted < from, channel) {
        (true, _) => cells.c6 += 1,
        (false, Channel::Online) => cells.c4 += 1,
        (false, Channel::Direct | Channel::Postal) => cells.c5 += 1,
    }
    match ended.filter(|(day, _, _)| *day <= to) {
        Some((_, class, result)) => {
            cells.c7 += 1;
            match (class, result) {
                (Timeliness::Early, true) => cells.c8 += 1,
                (Timeliness::Early, false) | (Timeliness::OnTime, _) => cells.c9 += 1,
                (Timeliness::Overdue, _) => cells.c10 += 1,
            }
        }
        None => {
            cells.c11 += 1;
            let end = local::instant(to.tomorrow().unwrap().at(0, 0, 0, 0));
            let last = to.min(local::date(question.as_of.at));
            let overdue = match question.due_rule {
                PendingRule::Strict => match due.rule {
                    DueRule::ByDate | DueRule::ByInstant => due.passed(end.min(question.as_of.at)),
                },
                PendingRule::ProvincialLax => {
                    let waits = dossier
                        .last_wait
                        .is_some_and(|(a, b)| a <= last && b.is_none_or(|until| last < until));
                    !waits && due.date() < last
                }
            };
            if overdue {
                cells.c13 += 1;
            } else {
                cells.c12 += 1;
            }
        }
    }
}
