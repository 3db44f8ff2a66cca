//! What a service gives to whoever keeps a copy of it: the records of its log after a position, and its vault's files.
//!
//! Both are read while the service works; nothing here waits for a lock that a writer needs.

use std::sync::Arc;

use eventlog::{ChainHash, EventLog, LogId, Position, ReadError, format};
use thiserror::Error;
use tokio::sync::mpsc;
use vault::Vault;
pub use vault::copy::CopyError;

/// About how many bytes one parcel of records holds.
const PARCEL_BYTES: usize = 512 * 1024;
/// Parcels that wait for whoever takes them.
const PARCELS: usize = 2;
/// A vault that is erased from again and again is copied when it is quieter.
const TRIES: usize = 5;

/// Where the copy ends so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    /// The log it is of.
    pub log: LogId,
    /// Its last position.
    pub position: Position,
    /// The chain hash there.
    pub hash: ChainHash,
}

/// Some of what follows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parcel {
    /// The next records, canonical bytes each.
    pub records: Vec<Vec<u8>>,
    /// The last position that will come.
    pub last: Position,
}

/// A piece of a vault's file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    /// The vault's id.
    pub vault: uuid::Uuid,
    /// The file's name.
    pub file: Arc<str>,
    /// The next bytes of it.
    pub bytes: Vec<u8>,
    /// Forget what came before: the copy begins again with this piece.
    pub again: bool,
    /// Nothing follows.
    pub last: bool,
}

/// The copy cannot be taken further.
#[derive(Debug, Error)]
pub enum BackupError {
    /// The copy is of another log, or of another history of this one.
    #[error(
        "the copy ends at position {} of log {} with a chain hash that this log does not have there: it is of another \
         history, and is left as it is", .0.position, .0.log
    )]
    OtherHistory(Known),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A record cannot be written down.
    #[error("a record cannot be written down: {0}")]
    Record(String),
    /// The vault cannot be copied.
    #[error(transparent)]
    Vault(#[from] CopyError),
}

type Parcels<T> = mpsc::Receiver<Result<T, BackupError>>;

/// Everything after what is known, up to where the log ends now, in parcels. Must be called within a runtime.
///
/// # Errors
/// When what is known is not of this log's history.
pub fn records(log: &EventLog, known: Option<Known>) -> Result<Parcels<Parcel>, BackupError> {
    let head = log.head();
    if let Some(known) = known {
        let same = known.log == head.log
            && (known.position == 0 || log.hash_at(known.position)? == Some(known.hash));
        if !same {
            return Err(BackupError::OtherHistory(known));
        }
    }
    let (give, take) = mpsc::channel(PARCELS);
    let log = log.clone();
    let after = known.map_or(0, |known| known.position);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = pack(&log, after, head.position, &give) {
            // Whoever has gone need not be told.
            let _ = give.blocking_send(Err(error));
        }
    });
    Ok(take)
}

/// Gives the records after a position up to `last`; the last parcel may be empty.
fn pack(
    log: &EventLog,
    after: Position,
    last: Position,
    give: &mpsc::Sender<Result<Parcel, BackupError>>,
) -> Result<(), BackupError> {
    let (mut records, mut bytes) = (Vec::new(), 0);
    // A block's records at a time, 64 KiB at most: a parcel stays well below what a message may hold.
    for block in log.scan(after.saturating_add(1)) {
        let block = block?;
        let mut over = false;
        for record in block {
            over = record.place.position >= last;
            if record.place.position > last {
                break;
            }
            let mut canonical = Vec::with_capacity(format::canonical_len(&record));
            format::canonical(&record, &mut canonical)
                .map_err(|error| BackupError::Record(error.to_string()))?;
            bytes += canonical.len();
            records.push(canonical);
        }
        if over {
            break;
        }
        if bytes >= PARCEL_BYTES {
            let records = std::mem::take(&mut records);
            bytes = 0;
            // Whoever has gone needs nothing more.
            if give.blocking_send(Ok(Parcel { records, last })).is_err() {
                return Ok(());
            }
        }
    }
    let _ = give.blocking_send(Ok(Parcel { records, last }));
    Ok(())
}

/// A copy of the vault as it is now, in pieces. Must be called within a runtime.
pub fn vault(vault: Vault) -> Parcels<Piece> {
    let (give, take) = mpsc::channel(PARCELS);
    tokio::spawn(async move {
        let mut again = false;
        for attempt in 1..=TRIES {
            match copy(&vault, &give, again).await {
                Err(BackupError::Vault(CopyError::Changed)) if attempt < TRIES => again = true,
                Ok(()) => return,
                Err(error) => {
                    // Whoever has gone need not be told.
                    let _ = give.send(Err(error)).await;
                    return;
                }
            }
        }
    });
    take
}

async fn copy(
    vault: &Vault,
    give: &mpsc::Sender<Result<Piece, BackupError>>,
    mut again: bool,
) -> Result<(), BackupError> {
    let outline = vault.outline().await?;
    for (number, part) in outline.parts.iter().enumerate() {
        let file: Arc<str> = part.name.as_str().into();
        let mut at = 0;
        loop {
            let bytes = vault.piece(&outline, number, at).await?;
            at += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            let whole = at >= part.bytes;
            let piece = Piece {
                vault: outline.vault,
                file: Arc::clone(&file),
                bytes,
                again: std::mem::take(&mut again),
                last: whole && number + 1 == outline.parts.len(),
            };
            if give.send(Ok(piece)).await.is_err() {
                return Ok(());
            }
            if whole {
                break;
            }
        }
    }
    Ok(())
}
