//! One origin's records over NATS: the steady stream while it is whole, the origin itself for what is missing.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::{Request, client::RequestErrorKind};
use eventlog::{Head, LogId, Position, Record};
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::info;

use crate::feed::{Feed, FeedError, Newest, News};
use crate::nats::steady::{Counts, Delivered, Receipt, Steady};
use crate::nats::subjects::{self, Ask, Role};
use crate::nats::{Nats, answers};

/// Records of the stream that wait to be taken: a round's worth.
const INBOX: usize = 1024;
/// The origin is asked where its log ends this often, so that a lost tail is noticed too.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// Before what the origin has, and the stream has not brought, is asked for.
const STREAM_PATIENCE: Duration = Duration::from_millis(250);
/// The longest wait for something new, as the port promises.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How long an origin may take to answer.
const ANSWER_PATIENCE: Duration = Duration::from_secs(3);

/// Follows one log over NATS.
#[derive(Debug)]
pub struct NatsFeed {
    origin: Asking,
    inbox: Mutex<Inbox>,
    asked: watch::Receiver<Asked>,
    counts: Arc<Counts>,
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
        let (tell, asked) = watch::channel(Asked::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(steady.run(deliver));
        tasks.spawn(origin.clone().keep_asking(tell));
        Self {
            origin,
            inbox: Mutex::new(Inbox {
                delivered,
                next: None,
                unacknowledged: VecDeque::new(),
                have: 0,
                since: Instant::now(),
            }),
            asked,
            counts,
            _tasks: tasks,
        }
    }

    /// What it has met.
    pub fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.counts)
    }

    /// What is missing, from the origin.
    async fn repaired(&self, have: Position, max: usize) -> Result<News, FeedError> {
        let records = self.origin.records_after(have, max).await?;
        let count = u64::try_from(records.len()).unwrap_or(u64::MAX);
        self.counts.repaired.fetch_add(count, Ordering::Relaxed);
        info!(log = %self.origin.log, after = have, count, "the stream has a gap; filled from the origin");
        Ok(self.news(have, records))
    }

    fn news(&self, have: Position, records: Vec<Record>) -> News {
        let asked = self.asked.borrow();
        let last = records.last().map_or(have, |record| record.place.position);
        let newest = match asked.head {
            Some(head) if head.position > last => Newest {
                position: head.position,
                hash: Some(head.hash),
            },
            Some(_) | None => Newest {
                position: last,
                hash: None,
            },
        };
        News {
            records,
            newest,
            waiting: asked.away.clone(),
        }
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
        inbox.stands_at(have);
        loop {
            let records = inbox.take(have, max, &self.counts).await;
            if !records.is_empty() {
                return Ok(self.news(have, records));
            }
            if inbox.next.is_some() {
                return self.repaired(have, max).await;
            }
            let known = asked.borrow_and_update().clone();
            let mut wake = until;
            if let Some(head) = known.head {
                // Only what the origin said after we had come here says something about what we have.
                if head.position <= have && known.began > inbox.since {
                    if head.position < have || Instant::now() >= until {
                        return Ok(News {
                            records: Vec::new(),
                            newest: Newest {
                                position: head.position,
                                hash: Some(head.hash),
                            },
                            waiting: known.away,
                        });
                    }
                } else if head.position > have && known.away.is_none() {
                    let enough = known.answered.max(inbox.since) + STREAM_PATIENCE;
                    if Instant::now() >= enough {
                        return self.repaired(have, max).await;
                    }
                    wake = until.min(enough);
                }
            }
            if Instant::now() >= until {
                return Ok(self.news(have, Vec::new()));
            }
            tokio::select! {
                biased;
                Some(delivered) = inbox.delivered.recv() => inbox.next = Some(delivered),
                _ = asked.changed() => {}
                () = tokio::time::sleep_until(wake) => {}
            }
        }
    }

    async fn taken(&self, up_to: Position) {
        let mut inbox = self.inbox.lock().await;
        while let Some((_, receipt)) = inbox
            .unacknowledged
            .pop_front_if(|(position, _)| *position <= up_to)
        {
            receipt.give().await;
        }
    }
}

/// What the stream has brought and nobody has taken yet.
#[derive(Debug)]
struct Inbox {
    delivered: mpsc::Receiver<Delivered>,
    /// Looked at, but not next in order, or not looked at yet.
    next: Option<Delivered>,
    /// Taken, and perhaps not yet on the follower's disk.
    unacknowledged: VecDeque<(Position, Receipt)>,
    /// Where the follower is, and since when.
    have: Position,
    since: Instant,
}

impl Inbox {
    fn stands_at(&mut self, have: Position) {
        if self.have != have {
            self.have = have;
            self.since = Instant::now();
        }
    }

    /// What follows `have` without a gap. What is here already is dropped.
    async fn take(&mut self, have: Position, max: usize, counts: &Counts) -> Vec<Record> {
        let mut records = Vec::new();
        let mut last = have;
        while records.len() < max {
            let next = self.next.take();
            let Some(delivered) = next.or_else(|| self.delivered.try_recv().ok()) else {
                break;
            };
            let position = delivered.record.place.position;
            if position <= last {
                counts.duplicates.fetch_add(1, Ordering::Relaxed);
                delivered.receipt.give().await;
            } else if position == last.saturating_add(1) {
                last = position;
                self.unacknowledged.push_back((position, delivered.receipt));
                records.push(delivered.record);
            } else {
                self.next = Some(delivered);
                break;
            }
        }
        records
    }
}

/// What the origin said last.
#[derive(Clone, Debug)]
struct Asked {
    /// Where its log ends.
    head: Option<Head>,
    /// Why it did not answer the last time.
    away: Option<String>,
    /// When the question was sent that `head` answers, and when the answer came.
    began: Instant,
    answered: Instant,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            head: None,
            away: None,
            began: Instant::now(),
            answered: Instant::now(),
        }
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
            tell.send_modify(|asked| match head {
                Ok(head) => {
                    // News of the same end are no reason to wait longer for the stream to bring it.
                    let answered = match asked.head {
                        Some(before) if before.position == head.position => asked.answered,
                        Some(_) | None => Instant::now(),
                    };
                    *asked = Asked {
                        head: Some(head),
                        away: None,
                        began,
                        answered,
                    };
                }
                Err(error) => asked.away = Some(error.to_string()),
            });
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    async fn head(&self) -> Result<Head, FeedError> {
        let answer = self.ask(Ask::Head, String::new()).await?;
        match answers::head(&answer) {
            Ok(head) if head.log == self.log => Ok(head),
            Ok(head) => Err(self.away(format!("log {} answers in its place", head.log))),
            Err(error) => Err(self.away(error.to_string())),
        }
    }

    async fn records_after(&self, after: Position, max: usize) -> Result<Vec<Record>, FeedError> {
        let question = answers::question_text(after, max);
        let answer = self.ask(Ask::RecordsAfter, question).await?;
        let records = answers::records(&answer).map_err(|error| self.away(error.to_string()))?;
        let mut expected = after;
        for record in &records {
            expected = expected.saturating_add(1);
            if record.place.log != self.log || record.place.position != expected {
                return Err(
                    self.away("it answers with other records than those asked for".to_owned())
                );
            }
        }
        Ok(records)
    }

    async fn ask(&self, what: Ask, question: String) -> Result<Vec<u8>, FeedError> {
        let subject = subjects::ask(self.role, self.log, what);
        let request = Request::new()
            .payload(question.into())
            .timeout(Some(ANSWER_PATIENCE));
        let answer = self.nats.client().send_request(subject, request).await;
        let answer = answer.map_err(|error| {
            self.away(match error.kind() {
                RequestErrorKind::NoResponders => "nobody answers for it".to_owned(),
                RequestErrorKind::TimedOut => "it did not answer in time".to_owned(),
                RequestErrorKind::InvalidSubject
                | RequestErrorKind::MaxPayloadExceeded
                | RequestErrorKind::Other => error.to_string(),
            })
        })?;
        let refusal = answer.headers.as_ref();
        match refusal.and_then(|headers| headers.get(answers::REFUSAL)) {
            Some(reason) => Err(FeedError::Unreadable {
                log: self.log,
                reason: reason.to_string(),
            }),
            None => Ok(answer.payload.into()),
        }
    }

    fn away(&self, reason: String) -> FeedError {
        FeedError::Away {
            log: self.log,
            reason,
        }
    }
}
