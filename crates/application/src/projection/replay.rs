//! Reading a whole log at once: decompressed and decoded on every core, handed over in order.
//!
//! Decoding costs most, so that is what is shared out: the workers take the log's blocks in turn, and the caller's thread
//! gets their events in order. What the fold sees is what one thread would have given it.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::thread;

use domain::event::Occurrence;
use eventlog::format::EncodedBlock;
use eventlog::{EventLog, Position, ReadError, Record};

use crate::codec::{self, NotUnderstood};

/// Blocks a worker takes at a time: enough to make handing over cheap, little enough to hold a few of.
const TAKEN: usize = 8;
/// Turns that may wait for the caller, for each worker.
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
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let blocks = Mutex::new((0_u64, log.blocks(1)));
    let next_turn = || -> (u64, Result<Vec<EncodedBlock>, ReadError>) {
        let mut blocks = blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = blocks.0;
        blocks.0 += 1;
        let wanted = |block: &Result<EncodedBlock, ReadError>| {
            block.as_ref().map_or(true, |block| block.header.first <= last)
        };
        let taken = blocks.1.by_ref().take_while(wanted).take(TAKEN).collect();
        (turn, taken)
    };
    thread::scope(|scope| {
        let (sender, decoded) = mpsc::sync_channel(workers * AHEAD);
        for _ in 0..workers {
            let (sender, next_turn) = (sender.clone(), &next_turn);
            scope.spawn(move || {
                loop {
                    let (turn, blocks) = next_turn();
                    let read = blocks.and_then(|blocks| decode(log, &blocks, last));
                    let ends = read.as_ref().map_or(true, Vec::is_empty);
                    // A caller that has gone has found an error already.
                    if sender.send((turn, read)).is_err() || ends {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let (mut early, mut wanted) = (BTreeMap::new(), 0);
        for (turn, read) in decoded {
            early.insert(turn, read?);
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

fn decode(log: &EventLog, blocks: &[EncodedBlock], last: Position) -> Result<Decoded, ReadError> {
    let mut decoded = Vec::new();
    for block in blocks {
        let damaged = |error: eventlog::DecodeError| ReadError::Damaged {
            file: log.folder().display().to_string(),
            position: block.header.first,
            why: error.to_string(),
        };
        let block = block.decode().map_err(damaged)?;
        for record in block.records() {
            let record = record.map_err(damaged)?;
            if record.place.position <= last {
                let event = codec::decode(&record);
                decoded.push((record, event));
            }
        }
    }
    Ok(decoded)
}
