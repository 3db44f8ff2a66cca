//! Entries of the vault that no event names: what a crash between vault and log leaves behind is destroyed.

use std::collections::HashSet;
use std::time::Duration;

use domain::event::{AcceptanceBasis, Brought, Event, Outcome, Reason};
use domain::ids::VaultRef;
use eventlog::epoch;
use eventlog::{EventLog, ReadError};
use thiserror::Error;
use uuid::Uuid;
use vault::{EraseError, Vault};

use crate::codec;

/// How long a put may take to be named by an event; far longer than any call.
const GRACE: Duration = Duration::from_secs(600);
/// How often to look.
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// The sweep did not end; nothing that an event names was touched.
#[derive(Debug, Error)]
pub enum SweepError {
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The log holds an event this program cannot read, which may name any entry.
    #[error(transparent)]
    NotUnderstood(#[from] codec::NotUnderstood),
    /// The reading was cut off.
    #[error("the log was not read to its end: {0}")]
    Broken(String),
    /// The vault takes nothing.
    #[error(transparent)]
    Vault(#[from] EraseError),
}

/// Sweeps once a day, as long as it is run: marks what is there, waits, and then destroys what was there at the mark and
/// is named by no event since.
pub async fn keep_sweeping(log: EventLog, vault: Vault) {
    loop {
        // Records that others still have of this log name entries too.
        if log.watch_awaits().wait_for(Option::is_none).await.is_err() {
            return;
        }
        let mark = vault.mark();
        tokio::time::sleep(GRACE).await;
        if log.awaits().is_some() {
            continue;
        }
        match sweep(log.clone(), &vault, mark).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "vault entries that no event names were destroyed"),
            Err(error) => tracing::warn!(%error, "the vault was not swept"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Destroys the entries that were in the vault at the mark and that no event of the log names.
///
/// # Errors
/// When the log cannot be read as a whole, or the vault takes nothing; what is named stays in any case.
pub async fn sweep(log: EventLog, vault: &Vault, mark: vault::Mark) -> Result<u64, SweepError> {
    let entries = vault.older_than(mark);
    let unnamed = tokio::task::spawn_blocking(move || unnamed(&log, entries))
        .await
        .map_err(|error| SweepError::Broken(error.to_string()))??;
    Ok(vault.sweep(|entry| !unnamed.contains(&entry), mark).await?)
}

/// What the log says of an entry.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Nothing,
    /// An event names it.
    Named,
    /// Its data was put right in another entry: it is wanted no more, whoever names it.
    Replaced,
}

/// Those of these entries that no event names, and those whose data was put right in another. The log passes by once; what
/// is kept in memory is a byte for each entry, and few are found.
fn unnamed(log: &EventLog, mut entries: Vec<Uuid>) -> Result<HashSet<Uuid>, SweepError> {
    entries.sort_unstable();
    let mut said = vec![Said::Nothing; entries.len()];
    let mut hear = |entry: &Uuid, what: Said| {
        let at = entries.binary_search(entry).ok();
        if let Some(said) = at.and_then(|at| said.get_mut(at))
            && *said != Said::Replaced
        {
            *said = what;
        }
    };
    let mut after = 0;
    loop {
        let records = log.read_after(after, 1024)?;
        let Some(last) = records.last() else { break };
        after = last.place.position;
        for record in records.iter().filter(|record| !epoch::opens(record)) {
            let event = codec::decode(record)?.event;
            references(&event).for_each(|it| hear(&it.entry, Said::Named));
            if let Event::SubjectReplaced(it) = &event {
                hear(&it.replaced, Said::Replaced);
            }
        }
    }
    let heard = entries.into_iter().zip(said);
    Ok(heard
        .filter(|(_, said)| *said != Said::Named)
        .map(|(entry, _)| entry)
        .collect())
}

/// Everything in the vault that an event names.
pub(crate) fn references(event: &Event) -> impl Iterator<Item = &VaultRef> {
    let (subject, reason) = match event {
        Event::DossierSubmitted(it) => (Some(&it.subject), None),
        Event::IntakeSupplementRequested(it) => (None, Some(&it.reason)),
        Event::IntakeRefused(it) => (None, Some(&it.reason)),
        Event::DossierAccepted(it) => (None, late(&it.basis)),
        Event::SupplementRequested(it) => (None, Some(&it.reason)),
        Event::DeadlineExtended(it) => (None, Some(&it.reason)),
        Event::ProcessingSuspended(it) => (None, Some(&it.reason)),
        Event::ProcessingTerminated(it) => (None, Some(&it.reason)),
        Event::DossierResolved(it) => match &it.outcome {
            Outcome::Granted { .. } => (None, None),
            Outcome::Refused { reason } => (None, Some(reason)),
        },
        Event::ResultDelivered(it) => (it.proof.as_ref(), None),
        Event::DossierWithdrawn(it) => (None, it.reason.as_ref()),
        Event::IntakeSupplementReceived(_)
        | Event::Transferred(_)
        | Event::TaskAssigned(_)
        | Event::SupplementReceived(_)
        | Event::SupplementNotBrought(_)
        | Event::SupplementLapsed(_)
        | Event::FeeRequested(_)
        | Event::FeePaid(_)
        | Event::ProcessingResumed(_)
        | Event::DueDateRecomputed(_)
        | Event::SubjectErasureRequested(_)
        | Event::SubjectKeyDestroyed(_)
        | Event::DuplicateSubmission(_)
        | Event::CompetentAgencyReceived(_)
        | Event::ComponentDigitised(_)
        | Event::ComponentReused(_)
        | Event::FeedbackLinked(_)
        | Event::AgencySucceeded(_)
        | Event::FilingRefused(_)
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
        | Event::IdentityLookedUp(_) => (None, None),
        Event::FilingReceived(it) => (it.words.as_ref(), None),
        Event::AuthorisationRecorded(it) => (Some(&it.authorised.person), None),
        Event::VoidProposed(it) => (None, Some(&it.reason)),
        Event::AcceptanceVoided(it) => (None, Some(&it.reason)),
        Event::EventCorrected(it) => (None, Some(&it.reason)),
        Event::CorrectionProposed(it) => (None, Some(&it.reason)),
        Event::SubjectReplaced(it) => (Some(&it.subject), Some(&it.reason)),
        Event::FeeWaived(it) => (None, Some(&it.reason)),
        Event::FeeRefunded(it) => (None, Some(&it.reason)),
        Event::SubtaskOpened(it) => (None, Some(&it.question)),
        Event::SubtaskCompleted(it) => (it.answer.as_ref(), None),
        Event::SubtaskCancelled(it) => (None, Some(&it.reason)),
        Event::DeliveryFailed(it) => (it.proof.as_ref(), Some(&it.reason)),
        Event::ResultReturnedToAgency(it) => (it.proof.as_ref(), None),
    };
    let brought = if let Event::FilingReceived(it) = event {
        named_by(&it.brought)
    } else {
        None
    };
    subject
        .into_iter()
        .chain(brought)
        .chain(reason.and_then(|reason| reason.text.as_ref()))
}

/// What is in the vault because this was brought.
fn named_by(brought: &Brought) -> Option<&VaultRef> {
    match brought {
        Brought::Authorisation(authorised) => Some(&authorised.person),
        Brought::Withdrawal { reason } => reason.as_ref()?.text.as_ref(),
        Brought::DeliveryFailed { reason, .. } => reason.text.as_ref(),
        Brought::Supplement { .. }
        | Brought::Payment { .. }
        | Brought::Delivered { .. }
        | Brought::GivenBack { .. } => None,
    }
}

fn late(basis: &AcceptanceBasis) -> Option<&Reason> {
    match basis {
        AcceptanceBasis::ServerClock
        | AcceptanceBasis::HandOverMinute { .. }
        | AcceptanceBasis::CarriedOver { .. } => None,
        AcceptanceBasis::RecordedLate { reason } => Some(reason),
    }
}
