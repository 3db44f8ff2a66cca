//! What waits for intake: a fold over the log, the nearest answer limit first.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read, Write};

use api::place::{never, time};
use application::erasures::Erasures;
use application::identities::Unaccepted;
use application::projection::Fold;
use application::snapshot::{self, Keep};
use application::upcast;
use domain::event::{Channel, EventKind};
use domain::ids::{AgencyId, DossierId};
use eventlog::format::RecordView;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Where a submission stands in the list: those with an answer limit first, nearest first, then by time of filing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Place {
    /// By when intake must answer; the far future when there is no limit.
    pub answer_due: Timestamp,
    /// When it was filed.
    pub submitted_at: Timestamp,
    /// The dossier.
    pub dossier: DossierId,
}

impl api::place::Place for Place {
    fn to_bytes(&self) -> Vec<u8> {
        [
            &self.answer_due.as_microsecond().to_be_bytes()[..],
            &self.submitted_at.as_microsecond().to_be_bytes(),
            self.dossier.0.as_bytes(),
        ]
        .concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 32] = bytes.try_into().ok()?;
        Some(Self {
            answer_due: time(&bytes[..8])?,
            submitted_at: time(&bytes[8..16])?,
            dossier: DossierId(Uuid::from_slice(&bytes[16..]).ok()?),
        })
    }
}

/// What a list may be narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this agency.
    pub agency: Option<AgencyId>,
    /// Only this channel.
    pub channel: Option<Channel>,
    /// Only those whose limit has passed at this moment.
    pub late_at: Option<Timestamp>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Waiting {
    agency: AgencyId,
    channel: Channel,
}

/// The submissions that wait for intake.
#[derive(Debug, Default)]
pub struct Worklist {
    /// Whose personal data is erased.
    pub erasures: Erasures,
    /// Whom dossiers name that are not accepted.
    pub unaccepted: Unaccepted,
    waiting: BTreeMap<Place, Waiting>,
    places: HashMap<DossierId, Place>,
}

impl Worklist {
    /// Up to `max` places after one, in order.
    pub fn page(&self, filter: &Filter, after: Option<Place>, max: usize) -> Vec<Place> {
        let from = after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        self.waiting
            .range((from, std::ops::Bound::Unbounded))
            .filter(|(place, waiting)| {
                filter
                    .agency
                    .as_ref()
                    .is_none_or(|agency| *agency == waiting.agency)
                    && filter
                        .channel
                        .is_none_or(|channel| channel == waiting.channel)
                    && filter.late_at.is_none_or(|now| place.answer_due < now)
            })
            .map(|(place, _)| *place)
            .take(max)
            .collect()
    }

    fn remove(&mut self, dossier: DossierId) -> Option<(Place, Waiting)> {
        let place = self.places.remove(&dossier)?;
        let waiting = self.waiting.remove(&place)?;
        Some((place, waiting))
    }

    fn insert(&mut self, place: Place, waiting: Waiting) {
        self.places.insert(place.dossier, place);
        self.waiting.insert(place, waiting);
    }

    /// Puts a waiting dossier at another answer limit.
    fn answer_by(&mut self, dossier: DossierId, answer_due: Option<Timestamp>) {
        if let Some((place, waiting)) = self.remove(dossier) {
            let answer_due = answer_due.unwrap_or_else(never);
            self.insert(
                Place {
                    answer_due,
                    ..place
                },
                waiting,
            );
        }
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
                    let place = Place {
                        answer_due: filed.answer_due.unwrap_or_else(never),
                        submitted_at,
                        dossier,
                    };
                    let (agency, channel) = (filed.agency, filed.channel);
                    self.insert(place, Waiting { agency, channel });
                }
            }
            // Intake has answered; now the applicant's time runs.
            EventKind::IntakeSupplementRequested => {
                if let Some(Happened {}) = read(record) {
                    self.answer_by(dossier, None);
                }
            }
            EventKind::IntakeSupplementReceived => {
                if let Some(Supplemented { answer_due }) = read(record) {
                    self.answer_by(dossier, answer_due);
                }
            }
            EventKind::IntakeRefused | EventKind::DossierAccepted | EventKind::DossierWithdrawn => {
                if let Some(Happened {}) = read(record) {
                    self.remove(dossier);
                }
            }
            // What comes after acceptance is no longer intake's.
            EventKind::Transferred
            | EventKind::TaskAssigned
            | EventKind::SupplementRequested
            | EventKind::SupplementReceived
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
        snapshot::write_lines(to, &self.waiting)
    }

    fn read(&self, from: &mut dyn Read) -> io::Result<Self> {
        let (erasures, unaccepted) = snapshot::read_value(from)?;
        let mut list = Self {
            erasures,
            unaccepted,
            ..Self::default()
        };
        for (place, waiting) in snapshot::read_lines(from)? {
            list.insert(place, waiting);
        }
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use api::place::Place as _;

    use super::*;

    #[test]
    fn a_place_comes_out_of_a_page_token_as_it_went_in() {
        let place = Place {
            answer_due: never(),
            submitted_at: Timestamp::from_microsecond(1_795_493_826_312_555).unwrap(),
            dossier: DossierId(Uuid::from_u128(7)),
        };
        assert_eq!(Place::from_bytes(&place.to_bytes()), Some(place));
    }
}
