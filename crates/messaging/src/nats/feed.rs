//! One origin's records over NATS: the steady stream while it is whole, the origin itself for what is missing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use eventlog::{Head, LogId, Position, Record};
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::info;

use crate::feed::{Feed, FeedError, Met, News};
use crate::incoming::{Asked, Incoming, Next};
use crate::nats::steady::{Counts, Delivered, Receipt, Steady};
use crate::nats::subjects::{self, Ask, Role};
use crate::nats::{Nats, asking};

/// Records of the stream that wait to be taken: a round's worth.
const INBOX: usize = 1024;
/// The origin is asked where its log ends this often, so that a lost tail is noticed too.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// The longest wait for something new, as the port promises.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// After an answer that did not come in time so few records are asked for, and twice as many after each that did: over a
/// line so slow that a full answer never arrives, records arrive all the same.
const FEW: usize = 16;

/// Follows one log over NATS.
#[derive(Debug)]
pub struct NatsFeed {
    origin: Asking,
    inbox: Mutex<Inbox>,
    asked: watch::Receiver<Asked>,
    counts: Arc<Counts>,
    /// How many records the origin is asked for at a time.
    manageable: AtomicUsize,
    /// They end with the feed.
    _tasks: JoinSet<()>,
}

impl NatsFeed {
    /// A feed of this log. `follower` names who follows: with the same name it goes on where it was; two that run at
    /// the same time need two names. Must be called within a runtime.
    pub fn new(nats: Nats, role: Role, log: LogId, follower: &str) -> Self {
        let counts = Arc::new(Counts::default());
        let origin = Asking { nats, role, log };
        let steady = Steady {
            nats: origin.nats.clone(),
            role,
            log,
            follower: follower.to_owned(),
            counts: Arc::clone(&counts),
        };
        let (deliver, delivered) = mpsc::channel(INBOX);
        let (tell, asked) = watch::channel(Asked::new(Instant::now()));
        let mut tasks = JoinSet::new();
        tasks.spawn(steady.run(deliver));
        tasks.spawn(origin.clone().keep_asking(tell));
        Self {
            origin,
            inbox: Mutex::new(Inbox {
                delivered,
                incoming: Incoming::new(Instant::now()),
            }),
            asked,
            counts,
            manageable: AtomicUsize::new(usize::MAX),
            _tasks: tasks,
        }
    }

    /// What it has met.
    pub fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.counts)
    }

    /// What is missing, from the origin.
    async fn repaired(&self, have: Position, max: usize) -> Result<News, FeedError> {
        let max = max.min(self.manageable.load(Ordering::Relaxed));
        let answer = self.origin.records_after(have, max).await;
        let next = if answer.is_ok() {
            max.saturating_mul(2)
        } else {
            FEW
        };
        self.manageable.store(next, Ordering::Relaxed);
        let records = answer?;
        let count = u64::try_from(records.len()).unwrap_or(u64::MAX);
        self.counts.repaired.fetch_add(count, Ordering::Relaxed);
        info!(log = %self.origin.log, after = have, count, "the stream has a gap; filled from the origin");
        Ok(self.asked.borrow().news(have, records))
    }
}

impl Feed for NatsFeed {
    fn log(&self) -> LogId {
        self.origin.log
    }

    async fn after(&self, have: Position, max: usize) -> Result<News, FeedError> {
        let mut inbox = self.inbox.lock().await;
        let mut asked = self.asked.clone();
        let until = Instant::now() + LOOK_AGAIN;
        inbox.incoming.stands_at(have, Instant::now());
        loop {
            let records = inbox.take(max, &self.counts).await;
            let known = asked.borrow_and_update().clone();
            if !records.is_empty() {
                return Ok(known.news(have, records));
            }
            let wake = match inbox.incoming.judge(&known, until, Instant::now()) {
                Next::Repair => return self.repaired(have, max).await,
                Next::Nothing(newest) => return Ok(known.nothing(newest)),
                Next::Wait(wake) => wake,
            };
            let Inbox {
                delivered,
                incoming,
            } = &mut *inbox;
            tokio::select! {
                biased;
                Some(Delivered { record, receipt }) = delivered.recv() => incoming.came(record, receipt),
                _ = asked.changed() => {}
                () = tokio::time::sleep_until(wake) => {}
            }
        }
    }

    fn met(&self) -> Met {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Met {
            foreign: read(&self.counts.foreign),
            duplicates: read(&self.counts.duplicates),
            repaired: read(&self.counts.repaired),
        }
    }

    async fn distrust(&self) {
        self.inbox.lock().await.incoming.distrust();
    }

    async fn taken(&self, up_to: Position) {
        let receipts = self.inbox.lock().await.incoming.taken(up_to);
        for receipt in receipts {
            receipt.give().await;
        }
    }
}

/// What the stream brings, and what has come of it.
#[derive(Debug)]
struct Inbox {
    delivered: mpsc::Receiver<Delivered>,
    incoming: Incoming<Receipt>,
}

impl Inbox {
    /// What follows without a gap. What is here already is dropped.
    async fn take(&mut self, max: usize, counts: &Counts) -> Vec<Record> {
        let delivered = &mut self.delivered;
        let taken = self.incoming.take(max, || {
            let Delivered { record, receipt } = delivered.try_recv().ok()?;
            Some((record, receipt))
        });
        for receipt in taken.duplicates {
            counts.duplicates.fetch_add(1, Ordering::Relaxed);
            receipt.give().await;
        }
        taken.records
    }
}

/// One origin that can be asked.
#[derive(Clone, Debug)]
struct Asking {
    nats: Nats,
    role: Role,
    log: LogId,
}

impl Asking {
    async fn keep_asking(self, tell: watch::Sender<Asked>) {
        while !tell.is_closed() {
            let began = Instant::now();
            let head = self.head().await;
            let head = head.map_err(|error| error.to_string());
            tell.send_modify(|asked| asked.heard(head, began, Instant::now()));
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    async fn head(&self) -> Result<Head, FeedError> {
        let subject = subjects::ask(self.role, self.log, Ask::Head);
        asking::head(&self.nats, self.log, subject).await
    }

    async fn records_after(&self, after: Position, max: usize) -> Result<Vec<Record>, FeedError> {
        let subject = subjects::ask(self.role, self.log, Ask::RecordsAfter);
        asking::records_after(&self.nats, self.log, subject, after, max).await
    }
}
