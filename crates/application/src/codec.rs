//! Event ↔ record: the payload as JSON, everything else in the envelope.

use domain::event::{Event, Occurrence};
use domain::ids::{ActorId, OrganisationId};
use eventlog::format::RecordView;
use eventlog::{Key, NewRecord, Position, Record, Request};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;
use uuid::Uuid;

use crate::{keys, upcast};

/// What the envelope says besides the event.
#[derive(Clone, Debug)]
pub struct Stamp<'a> {
    /// The request behind the event; with the event's place in the answer it gives the event's id.
    pub request: Request,
    /// The caller's own id of the request.
    pub causation: Uuid,
    /// The whole business: the dossier.
    pub correlation: Uuid,
    /// The acting account.
    pub actor: &'a ActorId,
    /// The organisation acted for.
    pub organisation: &'a OrganisationId,
}

/// A record that this program cannot read as an event. It is kept all the same.
#[derive(Clone, PartialEq, Eq, Debug, Error, Serialize, Deserialize)]
#[error("record {position}, {kind} version {schema_version}, is not understood: {reason}")]
pub struct NotUnderstood {
    /// Where it is.
    pub position: u64,
    /// What it calls itself.
    pub kind: Box<str>,
    /// Its schema version.
    pub schema_version: u16,
    /// What is wrong.
    pub reason: String,
}

/// The event as the log takes it; `index` is its place among the events of one request.
///
/// # Errors
/// When the payload cannot be written as JSON, which no event of ours can cause.
pub fn encode(
    occurrence: &Occurrence,
    index: u32,
    stamp: &Stamp<'_>,
) -> Result<NewRecord, serde_json::Error> {
    let mut data = Vec::with_capacity(512);
    occurrence
        .event
        .encode(&mut serde_json::Serializer::new(&mut data))?;
    Ok(NewRecord {
        event_id: event_id(stamp.request, index),
        kind: occurrence.event.kind().into(),
        schema_version: occurrence.event.schema_version(),
        occurred_at: occurrence.at.as_microsecond(),
        actor: stamp.actor.as_str().into(),
        organisation: stamp.organisation.as_str().into(),
        correlation: stamp.correlation,
        causation: stamp.causation,
        keys: keys_of(&occurrence.event),
        data,
    })
}

/// The event in a record.
///
/// # Errors
/// When this program does not know the event or its version, or the bytes are not what they should be.
pub fn decode(record: &Record) -> Result<Occurrence, NotUnderstood> {
    let event = &record.event;
    read(
        record.place.position,
        &event.kind,
        event.schema_version,
        event.occurred_at,
        &event.data,
    )
}

/// The event in a record that is read where it lies.
///
/// # Errors
/// As [`decode`].
pub fn decode_view(record: &RecordView<'_>) -> Result<Occurrence, NotUnderstood> {
    read(
        record.place.position,
        record.kind,
        record.schema_version,
        record.occurred_at,
        record.data,
    )
}

fn read(
    position: Position,
    kind: &str,
    schema_version: u16,
    occurred_at: i64,
    data: &[u8],
) -> Result<Occurrence, NotUnderstood> {
    let not_understood = |reason: String| NotUnderstood {
        position,
        kind: kind.into(),
        schema_version,
        reason,
    };
    let unknown = || not_understood("this program knows no such event".to_owned());
    let data = upcast::present(kind, schema_version, data).ok_or_else(unknown)?;
    let event = Event::decode(kind, &mut serde_json::Deserializer::from_slice(&data))
        .ok_or_else(unknown)?
        .map_err(|error| not_understood(error.to_string()))?;
    let at = Timestamp::from_microsecond(occurred_at)
        .map_err(|error| not_understood(error.to_string()))?;
    Ok(Occurrence { at, event })
}

/// An event's id follows from its request, so a repeated request names the same events.
fn event_id(request: Request, index: u32) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(b"hoso event v1");
    hash.update(request.key.0);
    hash.update(request.body);
    hash.update(index.to_be_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// The names an event gives its dossier.
fn keys_of(event: &Event) -> Vec<Key> {
    if let Event::DossierSubmitted(submitted) = event {
        submitted.source.iter().map(keys::source).collect()
    } else if let Event::DossierAccepted(accepted) = event {
        vec![keys::code(&accepted.code)]
    } else if let Event::JournalEntryAnswered(it) = event {
        it.first_of_its_command()
            .then(|| keys::command(&it.terminal, it.command))
            .into_iter()
            .collect()
    } else {
        Vec::new()
    }
}
