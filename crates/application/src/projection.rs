//! A reader of the log that keeps a list in memory and says how far it is.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::event::Occurrence;
use eventlog::{EventLog, Position, ReadError, Record};
use tokio::sync::watch;

use crate::codec::{self, NotUnderstood};

/// Records read at a time: enough to go fast, little enough to hold.
const ROUND: usize = 1024;

/// A fold over a log. It must give the same state whether it is fed at once or over years.
pub trait Fold: Send + Sync + 'static {
    /// Takes in the next record; an event this program does not understand comes as an error and must not be lost sight of.
    fn apply(&mut self, record: &Record, event: Result<&Occurrence, &NotUnderstood>);
}

/// A fold kept up to date; clones share it.
#[derive(Debug)]
pub struct Projection<S> {
    log: EventLog,
    state: Arc<RwLock<S>>,
    position: watch::Sender<Position>,
}

impl<S> Clone for Projection<S> {
    fn clone(&self) -> Self {
        Self {
            log: self.log.clone(),
            state: Arc::clone(&self.state),
            position: self.position.clone(),
        }
    }
}

impl<S: Fold> Projection<S> {
    /// Folds everything the log holds now, on the calling thread.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn open(log: EventLog, state: S) -> Result<Self, ReadError> {
        let projection = Self::resume(log, state, 0);
        while projection.step()? {}
        Ok(projection)
    }

    /// Goes on from a state in which everything up to `position` is folded already.
    pub fn resume(log: EventLog, state: S, position: Position) -> Self {
        Self {
            log,
            state: Arc::new(RwLock::new(state)),
            position: watch::Sender::new(position),
        }
    }

    /// Folds what comes, until the log closes.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn run(self) -> Result<(), ReadError> {
        let mut head = self.log.watch();
        loop {
            while self.step()? {
                tokio::task::yield_now().await;
            }
            let folded = *self.position.borrow();
            while head.borrow_and_update().position <= folded {
                if head.changed().await.is_err() {
                    return Ok(());
                }
            }
        }
    }

    /// Folds one round; false when there was nothing new.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn step(&self) -> Result<bool, ReadError> {
        let after = *self.position.borrow();
        let records = self.log.read_after(after, ROUND)?;
        let Some(last) = records.last().map(|record| record.place.position) else {
            return Ok(false);
        };
        let events: Vec<_> = records.iter().map(codec::decode).collect();
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for (record, event) in records.iter().zip(&events) {
            state.apply(record, event.as_ref());
        }
        drop(state);
        self.position.send_replace(last);
        Ok(true)
    }

    /// How far the fold is.
    pub fn position(&self) -> Position {
        *self.position.borrow()
    }

    /// Waits until the fold has reached a position; false when it has not within `patience`.
    pub async fn reach(&self, position: Position, patience: Duration) -> bool {
        let mut here = self.position.subscribe();
        tokio::time::timeout(patience, here.wait_for(|at| *at >= position))
            .await
            .is_ok_and(|reached| reached.is_ok())
    }

    /// Looks at the state and how far it is, both at one moment.
    pub fn read<R>(&self, look: impl FnOnce(&S, Position) -> R) -> R {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        look(&state, *self.position.borrow())
    }
}
