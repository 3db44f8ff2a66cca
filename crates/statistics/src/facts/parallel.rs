//! Reading a log with several workers: blocks are decoded side by side and folded one after the other, in order.

use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use domain::event::Occurrence;
use domain::ids::DossierId;
use jiff::Timestamp;

use super::Facts;

/// One record of the log, decoded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fact {
    /// Where it stands in the log.
    pub position: u64,
    /// When the log wrote it.
    pub recorded_at: Timestamp,
    /// The dossier it is about.
    pub dossier: DossierId,
    /// What happened; `None` when this program does not understand the record.
    pub occurrence: Option<Occurrence>,
}

impl Facts {
    /// Folds one decoded record.
    pub fn apply_fact(&mut self, fact: &Fact) {
        match &fact.occurrence {
            Some(occurrence) => {
                self.apply(fact.position, fact.recorded_at, fact.dossier, occurrence);
            }
            None => self.apply_unclassified(fact.position, fact.dossier),
        }
    }
}

/// Folds the log's blocks, in the order the iterator gives them. `decode` adds a block's records to the vector it is
/// given and runs on `workers` threads at once; the fold itself is cheap and stays in order, so the facts are the same as
/// with one worker.
///
/// # Errors
///
/// The first error of `decode`, in the order of the log; everything before that block is folded, nothing after it.
pub fn fold_in_order<B, E, I, D>(
    facts: &mut Facts,
    blocks: I,
    decode: D,
    workers: NonZeroUsize,
) -> Result<(), E>
where
    B: Send,
    E: Send,
    I: Iterator<Item = B> + Send,
    D: Fn(B, &mut Vec<Fact>) -> Result<(), E> + Sync,
{
    let source = Mutex::new((0_u64, blocks));
    let fold = Mutex::new(Fold {
        turn: 0,
        facts,
        failed: None,
        stopped: false,
    });
    let turned = Condvar::new();
    std::thread::scope(|scope| {
        for _ in 0..workers.get() {
            scope.spawn(|| work(&source, &fold, &turned, &decode));
        }
    });
    let fold = fold.into_inner().unwrap_or_else(PoisonError::into_inner);
    fold.failed.map_or(Ok(()), Err)
}

/// The facts, and whose turn it is to fold.
struct Fold<'a, E> {
    turn: u64,
    facts: &'a mut Facts,
    failed: Option<E>,
    stopped: bool,
}

/// Wakes those who wait for a turn that a panicking worker will never take.
struct StopOnPanic<'a, 'b, E>(&'a Mutex<Fold<'b, E>>, &'a Condvar);

impl<E> Drop for StopOnPanic<'_, '_, E> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            lock(self.0).stopped = true;
            self.1.notify_all();
        }
    }
}

fn work<B, E, I, D>(
    source: &Mutex<(u64, I)>,
    fold: &Mutex<Fold<'_, E>>,
    turned: &Condvar,
    decode: &D,
) where
    I: Iterator<Item = B>,
    D: Fn(B, &mut Vec<Fact>) -> Result<(), E>,
{
    let _stop = StopOnPanic(fold, turned);
    let mut decoded = Vec::new();
    loop {
        let (ticket, block) = {
            let mut source = lock(source);
            let Some(block) = source.1.next() else { return };
            source.0 += 1;
            (source.0 - 1, block)
        };
        decoded.clear();
        let result = decode(block, &mut decoded);
        let mut fold = turned
            .wait_while(lock(fold), |fold| fold.turn != ticket && !fold.stopped)
            .unwrap_or_else(PoisonError::into_inner);
        if fold.stopped {
            return;
        }
        match result {
            Ok(()) => decoded.iter().for_each(|fact| fold.facts.apply_fact(fact)),
            Err(error) => {
                fold.stopped = true;
                fold.failed = Some(error);
            }
        }
        fold.turn += 1;
        drop(fold);
        turned.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
