//! Reading a whole log at once: decoded on every core, handed over in order.
//!
//! Decoding costs most, so that is what is shared out: each worker reads and decodes a chunk of positions by itself, and the
//! caller's thread takes the chunks in order. What the fold sees is what one thread would have given it.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;

use domain::event::Occurrence;
use eventlog::{EventLog, Position, ReadError, Record};

use crate::codec::{self, NotUnderstood};

/// Positions in a chunk: enough to make handing over cheap, little enough to hold a few of.
const CHUNK: usize = 2048;
/// Chunks that may wait for each worker.
const AHEAD: usize = 4;

type Decoded = Vec<(Record, Result<Occurrence, NotUnderstood>)>;

/// Hands every record up to `last`, decoded, to `take`, in order.
///
/// # Errors
/// When the log cannot be read; what was handed over before stays so.
pub(super) fn replay(
    log: &EventLog,
    last: Position,
    mut take: impl FnMut(&Record, Result<&Occurrence, &NotUnderstood>),
) -> Result<(), ReadError> {
    let step = u64::try_from(CHUNK).unwrap_or(u64::MAX);
    let chunks = last.div_ceil(step);
    let workers = thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(usize::try_from(chunks).unwrap_or(usize::MAX));
    let next = AtomicU64::new(0);
    thread::scope(|scope| {
        let (sender, decoded) = mpsc::sync_channel(workers * AHEAD);
        for _ in 0..workers {
            let sender = sender.clone();
            let next = &next;
            scope.spawn(move || {
                loop {
                    let chunk = next.fetch_add(1, Ordering::Relaxed);
                    if chunk >= chunks {
                        return;
                    }
                    let read = chunk_of(log, chunk * step, last);
                    let failed = read.is_err();
                    // A caller that has gone has found an error already.
                    if sender.send((chunk, read)).is_err() || failed {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut early = BTreeMap::new();
        let mut wanted = 0;
        for (chunk, read) in decoded {
            early.insert(chunk, read?);
            while let Some(records) = early.remove(&wanted) {
                for (record, event) in &records {
                    take(record, event.as_ref());
                }
                wanted += 1;
            }
        }
        Ok(())
    })
}

/// The records after a position, up to a chunk's end; a log may hand them out in several parts.
fn chunk_of(log: &EventLog, after: Position, last: Position) -> Result<Decoded, ReadError> {
    let end = after.saturating_add(CHUNK as u64).min(last);
    let mut decoded = Vec::with_capacity(CHUNK);
    let mut at = after;
    while at < end {
        let wanted = usize::try_from(end - at).unwrap_or(CHUNK);
        let records = log.read_after(at, wanted)?;
        let Some(newest) = records.last() else { break };
        at = newest.place.position;
        decoded.extend(records.into_iter().map(|record| {
            let event = codec::decode(&record);
            (record, event)
        }));
    }
    Ok(decoded)
}
