//! What the facts take from an event: read from its bytes past everything else, or taken out of the event itself.
//!
//! A log is read from its beginning only for the facts, and most of what lies in it is nothing to them: papers, holders,
//! reasons, references. [`FactEvent::read`] decodes the fields that count and skips the others, with text borrowed from the
//! log's own bytes. What an event *does* to a row is said once, in `change`, for both ways; a test holds the two ways
//! together for every event there is.

use std::borrow::Cow;

use domain::clock::Due;
use domain::event::{Channel, Event, EventKind, Outcome};
use serde::{Deserialize, Deserializer};

use super::row::{Exit, Wait};

/// An event as the facts see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FactEvent<'a>(pub(super) Told<'a>);

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
    Granted {},
    Refused {},
}

impl<'a> FactEvent<'a> {
    /// Reads what counts of an event of this kind, and nothing of one that the facts do not ask.
    ///
    /// # Errors
    /// Those of the deserializer: what counts is not there or is not what it should be.
    pub fn read<D: Deserializer<'a>>(kind: EventKind, data: D) -> Result<Self, D::Error> {
        let goes_on = |wait| move |it: MayPromise| Told::GoesOn(wait, it.due);
        Ok(Self(match kind {
            EventKind::DossierSubmitted => Told::Submitted(Submitted::deserialize(data)?),
            EventKind::DossierAccepted => Told::Accepted(Accepted::deserialize(data)?),
            EventKind::DossierResolved => match Resolved::deserialize(data)?.outcome {
                Resolution::Granted {} => Told::Ended(Exit::Granted),
                Resolution::Refused {} => Told::Ended(Exit::Refused),
            },
            EventKind::SupplementReceived => {
                MayPromise::deserialize(data).map(goes_on(Wait::Supplement))?
            }
            EventKind::FeePaid => MayPromise::deserialize(data).map(goes_on(Wait::Payment))?,
            EventKind::ProcessingResumed => {
                MayPromise::deserialize(data).map(goes_on(Wait::Suspended))?
            }
            EventKind::DeadlineExtended => Told::Promised(MayPromise::deserialize(data)?.due),
            EventKind::DueDateRecomputed => Told::Promised(Some(Promises::deserialize(data)?.due)),
            EventKind::IntakeRefused => Told::Ended(Exit::RefusedAtIntake),
            EventKind::DossierWithdrawn => Told::Ended(Exit::Withdrawn),
            EventKind::ProcessingTerminated => Told::Ended(Exit::Terminated),
            EventKind::SupplementLapsed => Told::Ended(Exit::Lapsed),
            EventKind::ResultDelivered => Told::Delivered,
            EventKind::SupplementRequested => Told::Waits(Wait::Supplement),
            EventKind::FeeRequested => Told::Waits(Wait::Payment),
            EventKind::ProcessingSuspended => Told::Waits(Wait::Suspended),
            EventKind::DuplicateSubmission => Told::Duplicate,
            EventKind::IntakeSupplementRequested
            | EventKind::IntakeSupplementReceived
            | EventKind::Transferred
            | EventKind::TaskAssigned
            | EventKind::SubjectKeyDestroyed => Told::Nothing,
        }))
    }

    /// The same with text of its own.
    pub fn into_owned(self) -> FactEvent<'static> {
        let own = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        FactEvent(match self.0 {
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
            }),
            Told::Ended(exit) => Told::Ended(exit),
            Told::Delivered => Told::Delivered,
            Told::Waits(wait) => Told::Waits(wait),
            Told::GoesOn(wait, due) => Told::GoesOn(wait, due),
            Told::Promised(due) => Told::Promised(due),
            Told::Duplicate => Told::Duplicate,
            Told::Nothing => Told::Nothing,
        })
    }
}

impl<'a> From<&'a Event> for FactEvent<'a> {
    fn from(event: &'a Event) -> Self {
        Self(match event {
            Event::DossierSubmitted(it) => Told::Submitted(Submitted {
                procedure: it.procedure.as_str().into(),
                agency: it.agency.as_str().into(),
                channel: it.channel,
                assisted: it.assisted,
                synthetic: it.synthetic,
            }),
            Event::DossierAccepted(it) => Told::Accepted(Accepted {
                procedure: it.procedure.as_str().into(),
                field: it.field.as_str().into(),
                agency: it.agency.as_str().into(),
                channel: it.channel,
                assisted: it.assisted,
                due: it.due,
                law: it.law.as_str().into(),
                receipt_issued: it.receipt_issued,
            }),
            Event::DossierResolved(it) => match &it.outcome {
                Outcome::Granted { .. } => Told::Ended(Exit::Granted),
                Outcome::Refused { .. } => Told::Ended(Exit::Refused),
            },
            Event::SupplementReceived(it) => Told::GoesOn(Wait::Supplement, it.due),
            Event::FeePaid(it) => Told::GoesOn(Wait::Payment, it.due),
            Event::ProcessingResumed(it) => Told::GoesOn(Wait::Suspended, it.due),
            Event::DeadlineExtended(it) => Told::Promised(it.due),
            Event::DueDateRecomputed(it) => Told::Promised(Some(it.due)),
            Event::IntakeRefused(_) => Told::Ended(Exit::RefusedAtIntake),
            Event::DossierWithdrawn(_) => Told::Ended(Exit::Withdrawn),
            Event::ProcessingTerminated(_) => Told::Ended(Exit::Terminated),
            Event::SupplementLapsed(_) => Told::Ended(Exit::Lapsed),
            Event::ResultDelivered(_) => Told::Delivered,
            Event::SupplementRequested(_) => Told::Waits(Wait::Supplement),
            Event::FeeRequested(_) => Told::Waits(Wait::Payment),
            Event::ProcessingSuspended(_) => Told::Waits(Wait::Suspended),
            Event::DuplicateSubmission(_) => Told::Duplicate,
            Event::IntakeSupplementRequested(_)
            | Event::IntakeSupplementReceived(_)
            | Event::Transferred(_)
            | Event::TaskAssigned(_)
            | Event::SubjectKeyDestroyed(_) => Told::Nothing,
        })
    }
}
