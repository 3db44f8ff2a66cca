//! Epochs: a log that may lack what others have seen takes no writes until its next epoch is open.
//!
//! A mark in the folder says that it waits, and why. The next epoch begins with a record of the log's own, in a stream that
//! has the log's id, which says where it continues; one of its keys is made of the chain hash there, so that a follower
//! can tell without reading the event whether it continues what the follower has.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::durable;
use crate::format::RecordView;
use crate::manifest::{put_hash, take_hash};
use crate::record::{ChainHash, Key, NewRecord, Place, Position, Record, StreamId};
use crate::standing::Standing;

/// The name of the record that opens an epoch. Persisted: it never changes.
pub const EPOCH_OPENED: &str = "epoch_opened";
const SCHEMA_VERSION: u16 = 1;

/// Why a log waits for its next epoch. Persisted: add, never change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It was restored from a copy, and others may have seen more of it.
    Restored,
    /// It is shorter than somebody has seen it.
    Shorter {
        /// The last position that was seen.
        seen: Position,
        /// By whom.
        by: String,
    },
}

/// A log that takes no writes until its next epoch is open. Reads go on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Awaits {
    /// Why.
    pub why: Why,
    /// The epoch of its last record when that was noticed.
    pub epoch: u32,
    /// Where it ended then.
    pub position: Position,
    /// The chain hash there.
    #[serde(serialize_with = "put_hash", deserialize_with = "take_hash")]
    pub hash: ChainHash,
    /// The record that is about to open the next epoch: its position and id. When the log holds it, the epoch is open.
    #[serde(default)]
    opening: Option<(Position, Uuid)>,
    /// What the opening waits for now, as far as that is known. Not kept.
    #[serde(skip)]
    pub waiting: Option<String>,
}

impl fmt::Display for Awaits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { why, position, .. } = self;
        match why {
            Why::Restored => write!(
                f,
                "it was restored from a copy that ended at position {position}"
            ),
            Why::Shorter { seen, by } => write!(
                f,
                "it ended at position {position}, but {by} has seen position {seen}"
            ),
        }?;
        match &self.waiting {
            Some(waiting) => write!(f, "; {waiting}"),
            None => Ok(()),
        }
    }
}

impl Awaits {
    pub(crate) fn new(why: Why, standing: &Standing) -> Self {
        Self {
            why,
            epoch: standing.epoch,
            position: standing.position,
            hash: standing.chain,
            opening: None,
            waiting: None,
        }
    }

    /// Reads the folder's mark; none when it waits for nothing.
    pub(crate) fn load(folder: &Path) -> io::Result<Option<Self>> {
        let bytes = durable::read(&mark(folder))?;
        bytes
            .map(|bytes| serde_json::from_slice(&bytes).map_err(io::Error::other))
            .transpose()
    }

    pub(crate) fn store(&self, folder: &Path) -> io::Result<()> {
        let bytes = serde_json::to_vec(self).map_err(io::Error::other)?;
        durable::replace(&mark(folder), &bytes)
    }

    /// From now on the log takes writes, after the next start too.
    pub(crate) fn remove(folder: &Path) -> io::Result<()> {
        durable::remove(&mark(folder))
    }

    /// The same mark, naming the record that is about to open the epoch.
    pub(crate) fn opening(&self, position: Position, event_id: Uuid) -> Self {
        Self {
            opening: Some((position, event_id)),
            ..self.clone()
        }
    }

    /// Where the record that opens the epoch was to be written, when it was decided on.
    pub(crate) fn opened_at(&self) -> Option<Position> {
        self.opening.map(|(position, _)| position)
    }

    /// Is this the record that opens the epoch?
    pub(crate) fn opened_by(&self, record: &Record) -> bool {
        self.opening == Some((record.place.position, record.event.event_id))
    }
}

fn mark(folder: &Path) -> PathBuf {
    folder.join("awaits-epoch")
}

/// What is known about others when the next epoch is opened; it goes into the record that opens it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Opening {
    /// Those who were asked what they have, and what they said.
    pub heard: Vec<Heard>,
    /// What was given up, if anything was.
    pub loss: Option<Loss>,
}

/// What somebody has of the log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Heard {
    /// Who.
    pub name: String,
    /// The epoch of the last record it has; 0 when it has none.
    pub epoch: u32,
    /// That record's position; 0 when it has none.
    pub position: Position,
}

/// Somebody's decision to go on without having heard everybody.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Loss {
    /// Who decided it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Who was not heard; what only they have is lost.
    pub not_heard: Vec<String>,
}

/// The data of the record. Persisted: add, never change.
#[derive(Debug, Serialize)]
struct Opened<'a> {
    /// Where the log ended when it was found to wait, and why it waited.
    found_at: Position,
    why: &'a Why,
    /// What the epoch continues.
    from_epoch: u32,
    from_position: Position,
    #[serde(serialize_with = "put_hash")]
    from_hash: ChainHash,
    #[serde(flatten)]
    opening: &'a Opening,
}

/// The record that opens the next epoch after `standing`.
pub(crate) fn record(
    awaits: &Awaits,
    standing: &Standing,
    opening: &Opening,
    event_id: Uuid,
    now: i64,
) -> io::Result<NewRecord> {
    let data = Opened {
        found_at: awaits.position,
        why: &awaits.why,
        from_epoch: standing.epoch,
        from_position: standing.position,
        from_hash: standing.chain,
        opening,
    };
    let by = opening
        .loss
        .as_ref()
        .map_or("hoso", |loss| loss.by.as_str());
    Ok(NewRecord {
        event_id,
        kind: EPOCH_OPENED.into(),
        schema_version: SCHEMA_VERSION,
        occurred_at: now,
        actor: by.into(),
        organisation: "".into(),
        correlation: standing.log.0,
        causation: standing.log.0,
        keys: vec![continuing(standing.chain)],
        data: serde_json::to_vec(&data).map_err(io::Error::other)?,
    })
}

/// The next epoch's number: above every one that anybody has heard of.
pub(crate) fn next(standing: &Standing, known: u32, opening: &Opening) -> u32 {
    let heard = opening.heard.iter().map(|heard| heard.epoch);
    let last = heard.chain([standing.epoch, known]).max();
    last.unwrap_or_default().saturating_add(1)
}

/// The key of a record that continues this hash.
fn continuing(hash: ChainHash) -> Key {
    let mut key = [0; 16];
    for (to, from) in key.iter_mut().zip(hash.0) {
        *to = from;
    }
    Key(key)
}

/// Is it a record that opens an epoch, and no dossier's?
pub fn opens(record: &Record) -> bool {
    is_of_log(
        &record.event.kind,
        record.stream,
        &record.origin.unwrap_or(record.place),
    )
}

/// The same of a record that lies where it was read.
pub fn opens_view(record: &RecordView<'_>) -> bool {
    is_of_log(
        record.kind,
        record.stream,
        &record.origin.unwrap_or(record.place),
    )
}

/// It opens an epoch, in the stream of the log where it was written.
fn is_of_log(kind: &str, stream: StreamId, born: &Place) -> bool {
    kind == EPOCH_OPENED && stream == StreamId(born.log.0)
}

/// Does the record open its epoch at `place`, right after what has this chain hash (if that is known)?
pub(crate) fn continues(record: &Record, place: &Place, hash: Option<ChainHash>) -> bool {
    is_of_log(&record.event.kind, record.stream, place)
        && hash.is_none_or(|hash| record.event.keys.contains(&continuing(hash)))
}
