//! What waits for intake: a fold over the log that keeps a list of it, the nearest answer limit first.

use std::io::{self, Read, Write};

use application::erasures::Erasures;
use application::identities::Unaccepted;
use application::projection::Fold;
use application::snapshot::{self, Keep};
use application::upcast;
use domain::event::{Channel, EventKind};
use domain::ids::{AgencyId, DossierId};
use eventlog::format::RecordView;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::waiting::{Filter, Place, Waiting};

/// The submissions that wait for intake.
#[derive(Debug, Default)]
pub struct Worklist {
    /// Whose personal data is erased.
    pub erasures: Erasures,
    /// Whom dossiers name that are not accepted.
    pub unaccepted: Unaccepted,
    waiting: Waiting,
}

impl Worklist {
    /// Up to `max` places after one, in order.
    pub fn page(&self, filter: &Filter, after: Option<Place>, max: usize) -> Vec<Place> {
        self.waiting.page(filter, after, max)
    }
}

/// Of `dossier_submitted`, what the list asks.
#[derive(Deserialize)]
struct Filed {
    agency: AgencyId,
    channel: Channel,
    #[serde(default)]
    answer_due: Option<Timestamp>,
}

/// Of `intake_supplement_received`.
#[derive(Deserialize)]
struct Supplemented {
    #[serde(default)]
    answer_due: Option<Timestamp>,
}

/// Of an event that says all by having happened.
#[derive(Deserialize)]
struct Happened {}

/// What counts of an event; none of one of a newer program.
fn read<T: DeserializeOwned>(record: &RecordView<'_>) -> Option<T> {
    let data = upcast::present(record.kind, record.schema_version, record.data)?;
    serde_json::from_slice(&data).ok()
}

impl Fold for Worklist {
    fn apply(&mut self, record: &RecordView<'_>) {
        self.erasures.apply(record);
        self.unaccepted.apply(record);
        let dossier = DossierId(record.stream.0);
        // A record of a newer program: the dossier stays listed as it was, and every call about it says why it is stuck.
        let Some(kind) = EventKind::named(record.kind) else {
            return;
        };
        match kind {
            EventKind::DossierSubmitted => {
                if let Some(filed) = read::<Filed>(record)
                    && let Ok(submitted_at) = Timestamp::from_microsecond(record.occurred_at)
                {
                    let place = Place::new(filed.answer_due, submitted_at, dossier);
                    self.waiting.insert(filed.agency, filed.channel, place);
                }
            }
            // Intake has answered; now the applicant's time runs.
            EventKind::IntakeSupplementRequested => {
                if let Some(Happened {}) = read(record) {
                    self.waiting.answer_by(dossier, None);
                }
            }
            EventKind::IntakeSupplementReceived => {
                if let Some(Supplemented { answer_due }) = read(record) {
                    self.waiting.answer_by(dossier, answer_due);
                }
            }
            EventKind::IntakeRefused | EventKind::DossierAccepted | EventKind::DossierWithdrawn => {
                if let Some(Happened {}) = read(record) {
                    self.waiting.remove(dossier);
                }
            }
            // What comes after acceptance is no longer intake's.
            EventKind::Transferred
            | EventKind::TaskAssigned
            | EventKind::SupplementRequested
            | EventKind::SupplementReceived
            | EventKind::SupplementNotBrought
            | EventKind::SupplementLapsed
            | EventKind::FeeRequested
            | EventKind::FeePaid
            | EventKind::DeadlineExtended
            | EventKind::ProcessingSuspended
            | EventKind::ProcessingResumed
            | EventKind::ProcessingTerminated
            | EventKind::DossierResolved
            | EventKind::ResultDelivered
            | EventKind::DueDateRecomputed
            | EventKind::SubjectErasureRequested
            | EventKind::SubjectKeyDestroyed
            | EventKind::DuplicateSubmission
            | EventKind::VoidProposed
            | EventKind::AcceptanceVoided
            | EventKind::EventCorrected
            | EventKind::CorrectionProposed
            | EventKind::SubjectReplaced
            | EventKind::FeeWaived
            | EventKind::FeeRefunded
            | EventKind::CompetentAgencyReceived
            | EventKind::SubtaskOpened
            | EventKind::SubtaskCompleted
            | EventKind::SubtaskCancelled
            | EventKind::ComponentDigitised
            | EventKind::ComponentReused
            | EventKind::DeliveryFailed
            | EventKind::ResultReturnedToAgency
            | EventKind::FeedbackLinked
            | EventKind::AgencySucceeded
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
            | EventKind::IdentityLookedUp => {}
        }
    }
}

impl Keep for Worklist {
    fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        snapshot::write_value(to, &(&self.erasures, &self.unaccepted))?;
        snapshot::write_lines(to, self.waiting.shelves())
    }

    fn read(&self, from: &mut dyn Read) -> io::Result<Self> {
        let (erasures, unaccepted) = snapshot::read_value(from)?;
        Ok(Self {
            erasures,
            unaccepted,
            waiting: Waiting::with(snapshot::read_lines(from)?),
        })
    }
}
