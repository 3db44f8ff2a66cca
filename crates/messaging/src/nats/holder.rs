//! A follower answers the origins of its records: what it has of their logs, and the records themselves.

use async_nats::Message;
use eventlog::{EventLog, Head};
use tokio_stream::StreamExt as _;
use tracing::warn;

use crate::nats::subjects::{self, Ask, Role};
use crate::nats::{Nats, answers, asking};
use crate::patience::Patience;
use crate::witness::Holding;

/// Answers the origins of one role.
#[derive(Debug)]
pub struct Holder {
    nats: Nats,
    origins: Role,
    name: String,
    holding: Holding,
}

impl Holder {
    /// The follower of this name, which keeps `log`; `origins` is the role it follows.
    pub fn new(nats: Nats, origins: Role, name: String, log: EventLog) -> Self {
        Self {
            nats,
            origins,
            name,
            holding: Holding::new(log),
        }
    }

    /// Answers for ever.
    pub async fn run(self) {
        let mut patience = Patience::default();
        loop {
            if let Err(error) = self.answer_all().await {
                warn!(error, "what is held for origins cannot be asked for");
            }
            tokio::time::sleep(patience.pause()).await;
        }
    }

    /// Ends only when the connection was closed for good.
    async fn answer_all(&self) -> Result<(), String> {
        let subject = subjects::asked(self.origins, &self.name);
        let asked = self.nats.client().subscribe(subject).await;
        let mut asked = asked.map_err(|error| error.to_string())?;
        while let Some(message) = asked.next().await {
            let answer = self.answer(&message);
            asking::reply(&self.nats, message, answer).await;
        }
        Ok(())
    }

    fn answer(&self, message: &Message) -> Result<Vec<u8>, String> {
        let (log, what) = subjects::asked_for(&message.subject)
            .ok_or_else(|| format!("{} asks for nothing that is known", message.subject))?;
        match what {
            Ask::Head => {
                let seen = self.holding.seen(log);
                let head = Head {
                    log,
                    epoch: seen.map_or(0, |seen| seen.epoch),
                    position: seen.map_or(0, |seen| seen.position),
                    hash: seen.and_then(|seen| seen.hash).unwrap_or_default(),
                    recorded_at: 0,
                };
                Ok(answers::head_text(&head).into())
            }
            Ask::Vault => Err("a follower answers for no vault".to_owned()),
            Ask::RecordsAfter => {
                let question = answers::question(&message.payload);
                let (after, max) = question.map_err(|error| error.to_string())?;
                let payload_max = asking::payload_max(&self.nats);
                answers::records_bytes(after, max, payload_max, |after, max| {
                    self.holding.records_after(log, after, max)
                })
            }
        }
    }
}
