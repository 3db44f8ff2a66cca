//! Filings that were taken in here and about which nothing is decided yet although this node may: the process ended in between,
//! the disk was full, the clock leapt. They stand in line, in the order in which they came, and so does whatever comes after them.
//!
//! Nothing of this is kept: the receipt is in the log, and a start looks for the last ones there. What is older than that, or is
//! for a dossier that is not here yet, processing asks for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use application::{Desk, HandleError};
use domain::event::EventKind;
use domain::ids::FilingId;
use eventlog::{EventLog, Position, ReadError};
use jiff::Timestamp;
use tokio::sync::watch;

/// How far back a start looks. The decision is written by the call that writes the receipt, so between the two are no more records
/// than the calls of that moment wrote.
const LOOKED_BACK: Position = 8_192;
/// Records read at a time.
const ROUND: usize = 1_024;
/// How long to wait after one could not be decided.
const AGAIN: Duration = Duration::from_secs(1);

/// Who stands in line; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Undecided(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    line: Mutex<BTreeMap<Position, FilingId>>,
    news: watch::Sender<()>,
}

impl Undecided {
    /// The filings at the end of the log, decided or not.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(crate) fn after_start(log: &EventLog) -> Result<Self, ReadError> {
        let mut line = BTreeMap::new();
        let mut after = log.head().position.saturating_sub(LOOKED_BACK);
        loop {
            let records = log.read_after(after, ROUND)?;
            let Some(last) = records.last() else { break };
            after = last.place.position;
            let received = records.iter().filter(|record| {
                EventKind::named(&record.event.kind) == Some(EventKind::FilingReceived)
            });
            line.extend(received.map(|it| (it.place.position, FilingId(it.stream.0))));
        }
        Ok(Self(Arc::new(Inner {
            line: Mutex::new(line),
            news: watch::Sender::new(()),
        })))
    }

    /// Every change under the lock is of single values, so a thread that died holding it left nothing half done.
    fn line(&self) -> MutexGuard<'_, BTreeMap<Position, FilingId>> {
        self.0.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stands_in_line(&self, received: Position, filing: FilingId) {
        self.line().insert(received, filing);
        self.0.news.send_replace(());
    }

    /// Decides a filing that was received just now, or lets it stand in line. The receipt stands in any case.
    pub(crate) async fn decide(
        &self,
        desk: &Desk,
        received: Position,
        filing: FilingId,
        now: Timestamp,
    ) {
        if !self.line().is_empty() {
            self.stands_in_line(received, filing);
            return;
        }
        match desk.decide_filing(filing, now).await {
            Ok(_) => {}
            Err(HandleError::NotUnderstood(why)) => {
                tracing::warn!(%filing, %why, "a filing waits for a newer program");
            }
            Err(error) => {
                tracing::warn!(%filing, %error, "a filing is not decided yet");
                self.stands_in_line(received, filing);
            }
        }
    }

    /// Decides whatever stands in line, as long as it is run.
    pub(crate) async fn keep_deciding(self, desk: Desk, now: impl Fn() -> Timestamp) {
        let mut news = self.0.news.subscribe();
        let mut known = String::new();
        loop {
            news.borrow_and_update();
            match self.decide_all(&desk, &now).await {
                Ok(()) => {
                    known.clear();
                    // This holds the sender, so it never fails.
                    let _ = news.changed().await;
                }
                Err(error) => {
                    let error = error.to_string();
                    if known != error {
                        tracing::warn!(%error, waiting = self.line().len(), "filings are not decided yet");
                        known = error;
                    }
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }

    /// One after the other; whoever cannot be decided keeps his place, and those behind him theirs.
    async fn decide_all(
        &self,
        desk: &Desk,
        now: &impl Fn() -> Timestamp,
    ) -> Result<(), HandleError> {
        loop {
            let first = self.line().first_key_value().map(|(at, it)| (*at, *it));
            let Some((received, filing)) = first else {
                return Ok(());
            };
            match desk.decide_filing(filing, now()).await {
                Ok(_) => {}
                Err(HandleError::NotUnderstood(why)) => {
                    tracing::warn!(%filing, %why, "a filing waits for a newer program");
                }
                Err(error) => return Err(error),
            }
            self.line().remove(&received);
            tokio::task::yield_now().await;
        }
    }
}
