//! An origin answers: where its log ends, and the records that a follower lacks.

use std::time::Duration;

use async_nats::{HeaderMap, Message, Subscriber};
use eventlog::EventLog;
use tokio_stream::StreamExt as _;
use tracing::{debug, warn};

use crate::nats::subjects::{self, Ask, Role};
use crate::nats::{Nats, answers, headers};
use crate::patience::Patience;

/// How often an origin says that it is there, besides when it is asked.
const ANNOUNCE_EVERY: Duration = Duration::from_secs(5);
/// What a NATS server takes when it has not said otherwise yet.
const PAYLOAD_MAX: usize = 1 << 20;

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
                    self.reply(message, Ok(answers::head_text(&self.log.head()).into())).await;
                }
                message = records.next() => {
                    let Some(message) = message else { return Ok(()) };
                    let answer = self.records(&message);
                    self.reply(message, answer).await;
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
        let info = self.nats.client().try_server_info();
        let payload_max = info.map_or(PAYLOAD_MAX, |info| info.max_payload);
        answers::records_bytes(&self.log, after, max, payload_max)
    }

    async fn announce(&self) {
        let head = answers::head_text(&self.log.head());
        let subject = subjects::announce(self.role);
        // Announcements are repeated: one that is lost is no matter.
        if let Err(error) = self.nats.client().publish(subject, head.into()).await {
            debug!(%error, "not announced");
        }
    }

    async fn reply(&self, message: Message, answer: Result<Vec<u8>, String>) {
        let Some(to) = message.reply else { return };
        let client = self.nats.client();
        let sent = match answer {
            Ok(bytes) => client.publish(to, bytes.into()).await,
            Err(reason) => {
                warn!(reason, "a follower's question is refused");
                let mut refusal = HeaderMap::new();
                refusal.insert(answers::REFUSAL, headers::encoded(&reason));
                client
                    .publish_with_headers(to, refusal, Vec::new().into())
                    .await
            }
        };
        // Whoever asked asks again.
        if let Err(error) = sent {
            debug!(%error, "not answered");
        }
    }
}
