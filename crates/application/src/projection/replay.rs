//! Reading a whole log at once: decompressed and decoded on every core, taken in in order.
//!
//! Decoding costs most, so that is what is shared out: the workers take the log's blocks in turn, decode them side by side,
//! and hand their events over when their turn has come. What the fold sees is what one thread would have given it.

use std::num::NonZero;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use domain::event::Occurrence;
use eventlog::format::EncodedBlock;
use eventlog::{DecodeError, EventLog, LogBlocks, Position, ReadError, Record};

use crate::codec::{self, NotUnderstood};

/// Blocks a worker takes at a time: their decoded events stay in its core's cache until its turn comes.
const TAKEN: usize = 2;

type Decoded = Vec<(Record, Result<Occurrence, NotUnderstood>)>;

/// Hands every record up to `last`, decoded, to `take`, in order.
///
/// # Errors
/// When the log cannot be read; what was handed over before stays so.
pub(super) fn replay(
    log: &EventLog,
    last: Position,
    take: impl FnMut(&Record, Result<&Occurrence, &NotUnderstood>) + Send,
) -> Result<(), ReadError> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let replay = Replay {
        log,
        last,
        blocks: Mutex::new((0, log.blocks(1))),
        taking: Mutex::new(Taking {
            turn: 0,
            take,
            failed: None,
        }),
        turned: Condvar::new(),
    };
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| replay.work());
        }
    });
    let taking = replay
        .taking
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    taking.failed.map_or(Ok(()), Err)
}

struct Replay<'a, T> {
    log: &'a EventLog,
    last: Position,
    /// The next turn's number, and the blocks not yet taken.
    blocks: Mutex<(u64, LogBlocks)>,
    taking: Mutex<Taking<T>>,
    turned: Condvar,
}

struct Taking<T> {
    /// Whose turn it is.
    turn: u64,
    take: T,
    /// Nothing is taken after a failure.
    failed: Option<ReadError>,
}

impl<T: FnMut(&Record, Result<&Occurrence, &NotUnderstood>)> Replay<'_, T> {
    /// Takes blocks, decodes them, waits for its turn and hands them over, until there are none.
    fn work(&self) {
        loop {
            let (turn, blocks) = self.next_blocks();
            let decoded = blocks.and_then(|blocks| self.decode(&blocks));
            let over = decoded.as_ref().map_or(true, Vec::is_empty);
            let mut taking = self.wait_for(turn);
            if taking.failed.is_none() {
                match decoded {
                    Ok(decoded) => {
                        for (record, event) in &decoded {
                            (taking.take)(record, event.as_ref());
                        }
                    }
                    Err(error) => taking.failed = Some(error),
                }
            }
            taking.turn += 1;
            drop(taking);
            self.turned.notify_all();
            if over {
                return;
            }
        }
    }

    fn next_blocks(&self) -> (u64, Result<Vec<EncodedBlock>, ReadError>) {
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = blocks.0;
        blocks.0 += 1;
        let wanted = |block: &Result<EncodedBlock, ReadError>| {
            block
                .as_ref()
                .map_or(true, |block| block.header.first <= self.last)
        };
        let taken = blocks.1.by_ref().take_while(wanted).take(TAKEN).collect();
        (turn, taken)
    }

    fn wait_for(&self, turn: u64) -> MutexGuard<'_, Taking<T>> {
        let taking = self.taking.lock().unwrap_or_else(PoisonError::into_inner);
        self.turned
            .wait_while(taking, |taking| taking.turn != turn)
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn decode(&self, blocks: &[EncodedBlock]) -> Result<Decoded, ReadError> {
        // Events are large to move, so the list never grows.
        let count: u64 = blocks
            .iter()
            .map(|block| block.header.last - block.header.first + 1)
            .sum();
        let mut decoded = Vec::with_capacity(usize::try_from(count).unwrap_or_default());
        for block in blocks {
            let damaged = |error: DecodeError| ReadError::Damaged {
                file: self.log.folder().display().to_string(),
                position: block.header.first,
                why: error.to_string(),
            };
            let block = block.decode().map_err(damaged)?;
            for record in block.records() {
                let record = record.map_err(damaged)?;
                if record.place.position <= self.last {
                    let event = codec::decode(&record);
                    decoded.push((record, event));
                }
            }
        }
        Ok(decoded)
    }
}
