//! An origin answers: where its log ends, and the records that a follower lacks.

use std::time::Duration;

use async_nats::{Message, Subscriber};
use eventlog::EventLog;
use tokio_stream::StreamExt as _;
use tracing::{debug, warn};

use crate::nats::subjects::{self, Ask, Role};
use crate::nats::{Nats, answers, asking};
use crate::patience::Patience;

/// How often an origin says that it is there, besides when it is asked.
const ANNOUNCE_EVERY: Duration = Duration::from_secs(5);

/// Answers followers for one log.
#[derive(Debug)]
pub struct Origin {
    nats: Nats,
    role: Role,
    log: EventLog,
}

impl Origin {
    /// An origin of this log.
    pub fn new(nats: Nats, role: Role, log: EventLog) -> Self {
        Self { nats, role, log }
    }

    /// Answers for ever.
    pub async fn run(self) {
        let mut patience = Patience::default();
        loop {
            if let Err(error) = self.answer_all().await {
                warn!(error, "the origin cannot listen");
            }
            tokio::time::sleep(patience.pause()).await;
        }
    }

    async fn subscribe(&self, subject: String) -> Result<Subscriber, String> {
        let subscribed = self.nats.client().subscribe(subject).await;
        subscribed.map_err(|error| error.to_string())
    }

    /// Ends only when the connection was closed for good.
    async fn answer_all(&self) -> Result<(), String> {
        let log = self.log.head().log;
        let ask = |what| subjects::ask(self.role, log, what);
        let mut heads = self.subscribe(ask(Ask::Head)).await?;
        let mut records = self.subscribe(ask(Ask::RecordsAfter)).await?;
        let mut lists = self.subscribe(subjects::list(self.role)).await?;
        let mut announce = tokio::time::interval(ANNOUNCE_EVERY);
        loop {
            tokio::select! {
                message = heads.next() => {
                    let Some(message) = message else { return Ok(()) };
                    let head = answers::head_text(&self.log.head()).into();
                    asking::reply(&self.nats, message, Ok(head)).await;
                }
                message = records.next() => {
                    let Some(message) = message else { return Ok(()) };
                    let answer = self.records(&message);
                    asking::reply(&self.nats, message, answer).await;
                }
                message = lists.next() => {
                    if message.is_none() {
                        return Ok(());
                    }
                    self.announce().await;
                }
                _ = announce.tick() => self.announce().await,
            }
        }
    }

    fn records(&self, message: &Message) -> Result<Vec<u8>, String> {
        let (after, max) =
            answers::question(&message.payload).map_err(|error| error.to_string())?;
        let payload_max = asking::payload_max(&self.nats);
        answers::records_bytes(after, max, payload_max, |after, max| {
            self.log.read_after(after, max)
        })
    }

    async fn announce(&self) {
        let head = answers::head_text(&self.log.head());
        let subject = subjects::announce(self.role);
        // Announcements are repeated: one that is lost is no matter.
        if let Err(error) = self.nats.client().publish(subject, head.into()).await {
            debug!(%error, "not announced");
        }
    }
}
