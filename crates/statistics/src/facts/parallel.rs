//! Reading a log with several workers: blocks are decoded side by side and folded one after the other, in order.

use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use domain::ids::DossierId;
use jiff::Timestamp;

use super::{FactEvent, Facts};

/// One record of the log, decoded as far as the facts ask.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fact<'a> {
    /// Where it stands in the log.
    pub position: u64,
    /// When the log wrote it.
    pub recorded_at: Timestamp,
    /// The dossier it is about.
    pub dossier: DossierId,
    /// What happened, and its legal time; `None` when this program does not understand the record.
    pub event: Option<(Timestamp, FactEvent<'a>)>,
}

impl Facts {
    /// Folds one decoded record.
    pub fn apply_fact(&mut self, fact: &Fact<'_>) {
        match &fact.event {
            Some((at, event)) => {
                self.apply_told(fact.position, fact.recorded_at, fact.dossier, *at, event);
            }
            None => self.apply_unclassified(fact.position, fact.dossier),
        }
    }
}

/// Folds the log's blocks, in the order the iterator gives them. `decode` runs on `workers` threads at once and hands the
/// facts of its block to the function it is given, which waits for the block's turn; they may borrow from the block. The
/// fold itself is cheap and stays in order, so the facts are the same as with one worker.
///
/// # Errors
///
/// The first error of `decode`, in the order of the log; what it had handed over is folded, nothing after it.
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
    D: Fn(B, &mut dyn FnMut(&[Fact<'_>])) -> Result<(), E> + Sync,
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
    D: Fn(B, &mut dyn FnMut(&[Fact<'_>])) -> Result<(), E>,
{
    let _stop = StopOnPanic(fold, turned);
    loop {
        let (ticket, block) = {
            let mut source = lock(source);
            let Some(block) = source.1.next() else { return };
            source.0 += 1;
            (source.0 - 1, block)
        };
        let my_turn = || {
            turned
                .wait_while(lock(fold), |fold| fold.turn != ticket && !fold.stopped)
                .unwrap_or_else(PoisonError::into_inner)
        };
        let result = decode(block, &mut |decoded| {
            let mut fold = my_turn();
            if !fold.stopped {
                decoded.iter().for_each(|fact| fold.facts.apply_fact(fact));
            }
        });
        let mut fold = my_turn();
        if fold.stopped {
            return;
        }
        if let Err(error) = result {
            fold.stopped = true;
            fold.failed = Some(error);
        }
        fold.turn += 1;
        drop(fold);
        turned.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
