//! What the facts take from an event: read from its bytes past everything else, or taken out of the event itself.
//!
//! A log is read from its beginning only for the facts, and most of what lies in it is nothing to them: papers, holders,
//! reasons, references. [`FactEvent::read`] decodes the fields that count and skips the others, with text borrowed from the
//! log's own bytes. What an event *does* to a row is said once, in `change`, for both ways; a test holds the two ways
//! together for every event there is.

use std::borrow::Cow;

use domain::clock::{Due, Timeliness};
use domain::event::{
    AcceptanceBasis, Channel, Correction, DeliveryMode, Event, EventKind, LastWait, Outcome,
    PaymentMethod, ReuseSource,
};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::marks::{self, Change};
use super::row::{Exit, Wait};

/// An event as the facts see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FactEvent<'a> {
    pub(super) told: Told<'a>,
    pub(super) marks: Change,
}

/// What is told of a dossier, as far as it counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Told<'a> {
    Submitted(Submitted<'a>),
    Accepted(Accepted<'a>),
    /// It left.
    Ended(Exit),
    /// The result was handed over.
    Delivered,
    /// A wait began.
    Waits(Wait),
    /// What was waited for came; the due date from then on.
    GoesOn(Wait, Option<Due>),
    /// Another due date, if it counts.
    Promised(Option<Due>),
    /// It has a second history, which does not count.
    Duplicate,
    /// It came by another channel than was recorded.
    CameBy(Channel),
    /// A clerk helped to file online, or did not.
    Assisted(bool),
    /// A legal time was put right.
    Retimed(Box<Retimed<'a>>),
    /// Nothing that a row could hold; most events of a dossier's life.
    Nothing,
}

/// Of `dossier_submitted`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(super) struct Submitted<'a> {
    #[serde(borrow)]
    pub(super) procedure: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) agency: Cow<'a, str>,
    pub(super) channel: Channel,
    #[serde(default)]
    pub(super) assisted: bool,
    #[serde(default)]
    pub(super) synthetic: bool,
}

/// Of `dossier_accepted`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(super) struct Accepted<'a> {
    #[serde(borrow)]
    pub(super) procedure: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) field: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) agency: Cow<'a, str>,
    pub(super) channel: Channel,
    #[serde(default)]
    pub(super) assisted: bool,
    #[serde(default)]
    pub(super) due: Option<Due>,
    #[serde(borrow)]
    pub(super) law: Cow<'a, str>,
    pub(super) receipt_issued: bool,
    #[serde(default)]
    pub(super) boundary_independent: bool,
    #[serde(rename = "basis", deserialize_with = "is_carried_over")]
    pub(super) carried_over: bool,
}

/// What the acceptance time rests on, by its name.
#[derive(Deserialize)]
struct Basis<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
}

fn is_carried_over<'a, D: Deserializer<'a>>(basis: D) -> Result<bool, D::Error> {
    Ok(Basis::deserialize(basis)?.kind == "carried_over")
}

/// Of every event that may say a due date.
#[derive(Deserialize)]
struct MayPromise {
    #[serde(default)]
    due: Option<Due>,
}

/// Of `due_date_recomputed`.
#[derive(Deserialize)]
struct Promises {
    due: Due,
}

/// Of `dossier_resolved`.
#[derive(Deserialize)]
struct Resolved {
    outcome: Resolution,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Resolution {
    Granted {
        #[serde(default)]
        electronic: bool,
    },
    Refused {},
}

/// Of `fee_paid`.
#[derive(Deserialize)]
struct Paid {
    method: PaymentMethod,
    #[serde(default)]
    due: Option<Due>,
}

/// Of `supplement_requested`.
#[derive(Deserialize)]
struct Asked {
    ordinal: u16,
}

/// Of `result_delivered`.
#[derive(Deserialize)]
struct HandedOver {
    mode: DeliveryMode,
}

/// Of `event_corrected`.
#[derive(Deserialize)]
struct PutRight {
    correction: Correction,
}

/// Of a legal time that was put right.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Retimed<'a> {
    pub(super) law: Cow<'a, str>,
    pub(super) accepted_at: Timestamp,
    pub(super) ended_at: Option<Timestamp>,
    pub(super) original_due: Option<Due>,
    pub(super) due: Option<Due>,
    pub(super) last_wait: Option<LastWait>,
}

/// Of `component_digitised`.
#[derive(Deserialize)]
struct Digitised {
    #[serde(default)]
    certified: bool,
}

/// Of `component_reused`.
#[derive(Deserialize)]
struct Reused {
    source: ReuseSource,
}

/// Of `subtask_completed`.
#[derive(Deserialize)]
struct Answered {
    class: Timeliness,
}

impl<'a> FactEvent<'a> {
    /// Reads what counts of an event of this kind, and nothing of one that the facts do not ask.
    ///
    /// # Errors
    /// Those of the deserializer: what counts is not there or is not what it should be.
    pub fn read<D: Deserializer<'a>>(kind: EventKind, data: D) -> Result<Self, D::Error> {
        let plain = |told| told_and(told, Change::NONE);
        let goes_on = |wait, due| plain(Told::GoesOn(wait, due));
        Ok(match kind {
            EventKind::DossierSubmitted => plain(Told::Submitted(Submitted::deserialize(data)?)),
            EventKind::DossierAccepted => Self::of_accepted(Accepted::deserialize(data)?),
            EventKind::DossierResolved => match Resolved::deserialize(data)?.outcome {
                Resolution::Granted { electronic } => granted(electronic),
                Resolution::Refused {} => plain(Told::Ended(Exit::Refused)),
            },
            EventKind::SupplementReceived | EventKind::SupplementNotBrought => {
                goes_on(Wait::Supplement, MayPromise::deserialize(data)?.due)
            }
            EventKind::FeePaid => {
                let paid = Paid::deserialize(data)?;
                let told = Told::GoesOn(Wait::Payment, paid.due);
                told_and(told, Change::paid(paid.method))
            }
            EventKind::FeeWaived => told_and(
                Told::GoesOn(Wait::Payment, MayPromise::deserialize(data)?.due),
                Change::set(marks::FEE_WAIVED),
            ),
            EventKind::ProcessingResumed => {
                goes_on(Wait::Suspended, MayPromise::deserialize(data)?.due)
            }
            EventKind::DeadlineExtended | EventKind::CompetentAgencyReceived => {
                plain(Told::Promised(MayPromise::deserialize(data)?.due))
            }
            EventKind::DueDateRecomputed => {
                plain(Told::Promised(Some(Promises::deserialize(data)?.due)))
            }
            EventKind::IntakeRefused => plain(Told::Ended(Exit::RefusedAtIntake)),
            EventKind::DossierWithdrawn => plain(Told::Ended(Exit::Withdrawn)),
            EventKind::ProcessingTerminated => plain(Told::Ended(Exit::Terminated)),
            EventKind::SupplementLapsed => plain(Told::Ended(Exit::Lapsed)),
            EventKind::AcceptanceVoided => plain(Told::Ended(Exit::Voided)),
            EventKind::ResultDelivered => {
                let mode = HandedOver::deserialize(data)?.mode;
                told_and(Told::Delivered, Change::delivered(mode))
            }
            EventKind::SupplementRequested => asked(Asked::deserialize(data)?.ordinal),
            EventKind::FeeRequested => told_and(
                Told::Waits(Wait::Payment),
                Change::set(marks::FEE_REQUESTED),
            ),
            EventKind::ProcessingSuspended => plain(Told::Waits(Wait::Suspended)),
            EventKind::EventCorrected => put_right(&PutRight::deserialize(data)?.correction),
            EventKind::ComponentDigitised => digitised(Digitised::deserialize(data)?.certified),
            EventKind::ComponentReused => marked(Change::reused(Reused::deserialize(data)?.source)),
            EventKind::SubtaskCompleted => {
                marked(Change::answered(Answered::deserialize(data)?.class))
            }
            EventKind::FeeRefunded => marked(Change::set(marks::FEE_REFUNDED)),
            EventKind::SubtaskOpened => marked(Change::set(marks::SUBTASKS)),
            EventKind::DeliveryFailed => marked(Change::set(marks::DELIVERY_FAILED)),
            EventKind::ResultReturnedToAgency => marked(Change::set(marks::RESULT_BACK)),
            EventKind::FeedbackLinked => marked(Change::set(marks::FEEDBACK)),
            EventKind::AgencySucceeded => marked(Change::set(marks::SUCCEEDED)),
            EventKind::DuplicateSubmission => plain(Told::Duplicate),
            EventKind::IntakeSupplementRequested
            | EventKind::IntakeSupplementReceived
            | EventKind::Transferred
            | EventKind::TaskAssigned
            | EventKind::SubjectErasureRequested
            | EventKind::SubjectKeyDestroyed
            | EventKind::VoidProposed
            | EventKind::CorrectionProposed
            | EventKind::SubjectReplaced
            | EventKind::SubtaskCancelled
            | EventKind::FilingReceived
            | EventKind::FilingRefused
            | EventKind::AuthorisationRecorded
            | EventKind::DossierCollected
            | EventKind::HandOverSigned
            | EventKind::HandOverAcknowledged
            | EventKind::FeeReceiptIssued
            | EventKind::ReceiptRangeLeased
            | EventKind::CalendarPublished
            | EventKind::VaultLossDeclared
            | EventKind::VaultLossEnded
            | EventKind::TerminalEnrolled
            | EventKind::TerminalNoted
            | EventKind::JournalEntryAnswered
            | EventKind::IdentityLookedUp => marked(Change::NONE),
        })
    }

    fn of_accepted(accepted: Accepted<'a>) -> Self {
        let elsewhere = accepted.boundary_independent;
        let marks = if accepted.carried_over {
            Change::set(marks::CARRIED_OVER)
        } else {
            Change::set_if(marks::BOUNDARY_INDEPENDENT, elsewhere)
        };
        told_and(Told::Accepted(accepted), marks)
    }

    /// The same with text of its own.
    pub fn into_owned(self) -> FactEvent<'static> {
        let own = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        let told = match self.told {
            Told::Submitted(it) => Told::Submitted(Submitted {
                procedure: own(it.procedure),
                agency: own(it.agency),
                channel: it.channel,
                assisted: it.assisted,
                synthetic: it.synthetic,
            }),
            Told::Accepted(it) => Told::Accepted(Accepted {
                procedure: own(it.procedure),
                field: own(it.field),
                agency: own(it.agency),
                channel: it.channel,
                assisted: it.assisted,
                due: it.due,
                law: own(it.law),
                receipt_issued: it.receipt_issued,
                boundary_independent: it.boundary_independent,
                carried_over: it.carried_over,
            }),
            Told::Ended(exit) => Told::Ended(exit),
            Told::Delivered => Told::Delivered,
            Told::Waits(wait) => Told::Waits(wait),
            Told::GoesOn(wait, due) => Told::GoesOn(wait, due),
            Told::Promised(due) => Told::Promised(due),
            Told::Duplicate => Told::Duplicate,
            Told::CameBy(channel) => Told::CameBy(channel),
            Told::Assisted(assisted) => Told::Assisted(assisted),
            Told::Retimed(it) => Told::Retimed(Box::new(Retimed {
                law: own(it.law),
                ..*it
            })),
            Told::Nothing => Told::Nothing,
        };
        told_and(told, self.marks)
    }
}

fn told_and(told: Told<'_>, marks: Change) -> FactEvent<'_> {
    FactEvent { told, marks }
}

/// Nothing to the form.
fn marked(marks: Change) -> FactEvent<'static> {
    told_and(Told::Nothing, marks)
}

fn granted(electronic: bool) -> FactEvent<'static> {
    let marks = Change::set_if(marks::ELECTRONIC_RESULT, electronic);
    told_and(Told::Ended(Exit::Granted), marks)
}

fn asked(ordinal: u16) -> FactEvent<'static> {
    let marks = Change::set_if(marks::SECOND_SUPPLEMENT, ordinal > 1);
    told_and(Told::Waits(Wait::Supplement), marks)
}

fn digitised(certified: bool) -> FactEvent<'static> {
    let marks = if certified {
        marks::DIGITISED | marks::CERTIFIED_COPY
    } else {
        marks::DIGITISED
    };
    marked(Change::set(marks))
}

fn put_right(correction: &Correction) -> FactEvent<'static> {
    let told = match correction {
        Correction::AcceptedChannel { new, .. } => Told::CameBy(*new),
        Correction::AcceptedAssisted { new, .. } => Told::Assisted(*new),
        Correction::LegalTime(it) => Told::Retimed(Box::new(Retimed {
            law: Cow::Owned(it.timeline.law.as_str().to_owned()),
            accepted_at: it.timeline.accepted_at,
            ended_at: it.timeline.ended_at,
            original_due: it.timeline.original_due,
            due: it.timeline.due,
            last_wait: it.timeline.last_wait,
        })),
        Correction::ResolvedResult { .. }
        | Correction::ResolvedElectronic { .. }
        | Correction::PaidMethod { .. }
        | Correction::PaidReceipt { .. }
        | Correction::DeliveredMode { .. } => Told::Nothing,
    };
    told_and(told, Change::corrected(correction))
}

impl<'a> From<&'a Event> for FactEvent<'a> {
    fn from(event: &'a Event) -> Self {
        let plain = |told| told_and(told, Change::NONE);
        match event {
            Event::DossierSubmitted(it) => plain(Told::Submitted(Submitted {
                procedure: it.procedure.as_str().into(),
                agency: it.agency.as_str().into(),
                channel: it.channel,
                assisted: it.assisted,
                synthetic: it.synthetic,
            })),
            Event::DossierAccepted(it) => Self::of_accepted(Accepted {
                procedure: it.procedure.as_str().into(),
                field: it.field.as_str().into(),
                agency: it.agency.as_str().into(),
                channel: it.channel,
                assisted: it.assisted,
                due: it.due,
                law: it.law.as_str().into(),
                receipt_issued: it.receipt_issued,
                boundary_independent: it.boundary_independent,
                carried_over: matches!(it.basis, AcceptanceBasis::CarriedOver { .. }),
            }),
            Event::DossierResolved(it) => match &it.outcome {
                Outcome::Granted { electronic, .. } => granted(*electronic),
                Outcome::Refused { .. } => plain(Told::Ended(Exit::Refused)),
            },
            Event::SupplementReceived(it) => plain(Told::GoesOn(Wait::Supplement, it.due)),
            Event::SupplementNotBrought(it) => plain(Told::GoesOn(Wait::Supplement, it.due)),
            Event::FeePaid(it) => {
                let told = Told::GoesOn(Wait::Payment, it.due);
                told_and(told, Change::paid(it.method))
            }
            Event::FeeWaived(it) => told_and(
                Told::GoesOn(Wait::Payment, it.due),
                Change::set(marks::FEE_WAIVED),
            ),
            Event::ProcessingResumed(it) => plain(Told::GoesOn(Wait::Suspended, it.due)),
            Event::DeadlineExtended(it) => plain(Told::Promised(it.due)),
            Event::CompetentAgencyReceived(it) => plain(Told::Promised(it.due)),
            Event::DueDateRecomputed(it) => plain(Told::Promised(Some(it.due))),
            Event::IntakeRefused(_) => plain(Told::Ended(Exit::RefusedAtIntake)),
            Event::DossierWithdrawn(_) => plain(Told::Ended(Exit::Withdrawn)),
            Event::ProcessingTerminated(_) => plain(Told::Ended(Exit::Terminated)),
            Event::SupplementLapsed(_) => plain(Told::Ended(Exit::Lapsed)),
            Event::AcceptanceVoided(_) => plain(Told::Ended(Exit::Voided)),
            Event::ResultDelivered(it) => told_and(Told::Delivered, Change::delivered(it.mode)),
            Event::SupplementRequested(it) => asked(it.ordinal),
            Event::FeeRequested(_) => told_and(
                Told::Waits(Wait::Payment),
                Change::set(marks::FEE_REQUESTED),
            ),
            Event::ProcessingSuspended(_) => plain(Told::Waits(Wait::Suspended)),
            Event::EventCorrected(it) => put_right(&it.correction),
            Event::ComponentDigitised(it) => digitised(it.certified),
            Event::ComponentReused(it) => marked(Change::reused(it.source)),
            Event::SubtaskCompleted(it) => marked(Change::answered(it.class)),
            Event::FeeRefunded(_) => marked(Change::set(marks::FEE_REFUNDED)),
            Event::SubtaskOpened(_) => marked(Change::set(marks::SUBTASKS)),
            Event::DeliveryFailed(_) => marked(Change::set(marks::DELIVERY_FAILED)),
            Event::ResultReturnedToAgency(_) => marked(Change::set(marks::RESULT_BACK)),
            Event::FeedbackLinked(_) => marked(Change::set(marks::FEEDBACK)),
            Event::AgencySucceeded(_) => marked(Change::set(marks::SUCCEEDED)),
            Event::DuplicateSubmission(_) => plain(Told::Duplicate),
            Event::IntakeSupplementRequested(_)
            | Event::IntakeSupplementReceived(_)
            | Event::Transferred(_)
            | Event::TaskAssigned(_)
            | Event::SubjectErasureRequested(_)
            | Event::SubjectKeyDestroyed(_)
            | Event::VoidProposed(_)
            | Event::CorrectionProposed(_)
            | Event::SubjectReplaced(_)
            | Event::SubtaskCancelled(_)
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
            | Event::IdentityLookedUp(_) => marked(Change::NONE),
        }
    }
}
