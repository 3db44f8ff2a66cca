//! The witness port: what somebody else has seen of one's own log, and gives back when it was lost.

use std::future::Future;
use std::sync::{Mutex, PoisonError};

use eventlog::{ChainHash, EventLog, LogId, Position, ReadError, Record, Watermark};

use crate::feed::FeedError;

/// Somebody who has seen the log from outside: a follower, or the stream on the way to it.
pub trait Witness: Send + Sync + 'static {
    /// Its name, as the settings have it and the record of a new epoch will.
    fn name(&self) -> &str;

    /// Does it keep what it has? Only such a one can say that nothing was lost.
    fn is_follower(&self) -> bool;

    /// The last record of the log that it has; none when it has none.
    fn seen(&self, log: LogId) -> impl Future<Output = Result<Option<Seen>, FeedError>> + Send;

    /// Up to `max` records of the log after a position, as they were there, in order and gapless.
    fn records_after(
        &self,
        log: LogId,
        after: Position,
        max: usize,
    ) -> impl Future<Output = Result<Vec<Record>, FeedError>> + Send;

    /// What it alone has of the log was given up: it must not hand it out any more, if it would by itself.
    fn forget(&self, _log: LogId) -> impl Future<Output = Result<(), FeedError>> + Send {
        std::future::ready(Ok(()))
    }
}

/// The last record of a log that a witness has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// Its epoch.
    pub epoch: u32,
    /// Its position.
    pub position: Position,
    /// The log's chain hash there, if the witness has computed it.
    pub hash: Option<ChainHash>,
}

impl From<Watermark> for Seen {
    fn from(mark: Watermark) -> Self {
        Self {
            epoch: mark.epoch,
            position: mark.position,
            hash: Some(mark.hash),
        }
    }
}

/// A follower's log, as the origins of its records ask for them.
#[derive(Debug)]
pub struct Holding {
    log: EventLog,
    /// Whose record was given last, its position there, and how far we had looked for it.
    last: Mutex<Option<(LogId, Position, Position)>>,
}

impl Holding {
    /// What this log holds.
    pub fn new(log: EventLog) -> Self {
        Self {
            log,
            last: Mutex::default(),
        }
    }

    /// The last record of `of` that is here.
    pub fn seen(&self, of: LogId) -> Option<Seen> {
        self.log.last_of(of).map(Seen::from)
    }

    /// Up to `max` records of `of` after a position. Whoever goes on where the last answer ended is answered at once; others
    /// are looked for.
    ///
    /// # Errors
    /// When they cannot be read back.
    pub fn records_after(
        &self,
        of: LogId,
        after: Position,
        max: usize,
    ) -> Result<Vec<Record>, ReadError> {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let from = match last {
            Some((log, position, looked)) if log == of && position == after => looked,
            Some(_) | None => 0,
        };
        let (records, looked) = self.log.records_of(of, after, from, max)?;
        if let Some(record) = records.last() {
            let last = Some((of, record.place.position, looked));
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = last;
        }
        Ok(records)
    }
}
