//! Who has seen a log over NATS: the followers that are listed, and the stream on the way to them.

use std::collections::BTreeMap;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::{LastRawMessageErrorKind, Stream};
use async_nats::jetstream::{self, ErrorCode};
use eventlog::{LogId, Position, Record};
use tokio_stream::StreamExt as _;

use crate::feed::FeedError;
use crate::nats::asking::{self, away};
use crate::nats::subjects::{self, Ask, Role};
use crate::nats::{Nats, headers};
use crate::witness::{Seen, Witness};

/// Messages read from the stream at a time, and how long it may take to bring them.
const BATCH: usize = 1024;
const EXPIRES: Duration = Duration::from_secs(2);
/// A reading that was cut off is forgotten by the server after this.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(30);

/// Somebody who has seen the logs of a role.
#[derive(Debug)]
pub struct NatsWitness {
    nats: Nats,
    role: Role,
    who: Who,
}

#[derive(Debug)]
enum Who {
    /// A follower, by its name.
    Follower(String),
    /// The role's own stream. It has what was published and nobody may have taken in yet; and it would hand that out.
    Stream,
}

impl NatsWitness {
    /// The witnesses of a role's log: the followers of these names, and the stream.
    pub fn all(nats: &Nats, role: Role, followers: &[String]) -> Vec<Self> {
        let followers = followers.iter().cloned().map(Who::Follower);
        let witness = |who| Self {
            nats: nats.clone(),
            role,
            who,
        };
        followers.chain([Who::Stream]).map(witness).collect()
    }

    /// The role's stream; none when there is none.
    async fn stream(&self, log: LogId) -> Result<Option<Stream>, FeedError> {
        let jetstream = jetstream::new(self.nats.client().clone());
        match jetstream.get_stream(self.role.stream()).await {
            Ok(stream) => Ok(Some(stream)),
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(why)
                    if why.error_code() == ErrorCode::STREAM_NOT_FOUND =>
                {
                    Ok(None)
                }
                GetStreamErrorKind::JetStream(_)
                | GetStreamErrorKind::EmptyName
                | GetStreamErrorKind::Request
                | GetStreamErrorKind::InvalidStreamName => Err(away(log, error.to_string())),
            },
        }
    }

    /// The last record of the log that was published.
    async fn published(&self, log: LogId) -> Result<Option<Seen>, FeedError> {
        let Some(stream) = self.stream(log).await? else {
            return Ok(None);
        };
        let subject = subjects::log(self.role, log);
        let message = match stream.get_last_raw_message_by_subject(&subject).await {
            Ok(message) => message,
            Err(error) => {
                return match error.kind() {
                    LastRawMessageErrorKind::NoMessageFound => Ok(None),
                    LastRawMessageErrorKind::JetStream(_)
                    | LastRawMessageErrorKind::InvalidSubject
                    | LastRawMessageErrorKind::Other => Err(away(log, error.to_string())),
                };
            }
        };
        let record = headers::to_record(&message.headers, &message.payload);
        // What is no record of the log says nothing about it.
        let record = record.ok().filter(|record| record.place.log == log);
        Ok(record.map(|record| Seen {
            epoch: record.place.epoch,
            position: record.place.position,
            hash: None,
        }))
    }

    /// Reads through what the stream has of the log.
    async fn in_stream(
        &self,
        log: LogId,
        after: Position,
        max: usize,
    ) -> Result<Vec<Record>, FeedError> {
        let Some(stream) = self.stream(log).await? else {
            return Ok(Vec::new());
        };
        let config = pull::Config {
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::None,
            filter_subject: subjects::log(self.role, log),
            inactive_threshold: FORGOTTEN_AFTER,
            ..pull::Config::default()
        };
        let consumer = stream.create_consumer(config).await;
        let consumer = consumer.map_err(|error| away(log, error.to_string()))?;
        let mut left = consumer.cached_info().num_pending;
        let upto = after.saturating_add(u64::try_from(max).unwrap_or(u64::MAX));
        let mut found = BTreeMap::new();
        while left > 0 {
            let batch = consumer.fetch().max_messages(BATCH).expires(EXPIRES);
            let batch = batch.messages().await;
            let mut batch = batch.map_err(|error| away(log, error.to_string()))?;
            let before = left;
            while let Some(message) = batch.next().await {
                let message = message.map_err(|error| away(log, error.to_string()))?;
                left = left.saturating_sub(1);
                let envelope = message.headers.as_ref();
                let record = envelope.and_then(|it| headers::to_record(it, &message.payload).ok());
                let wanted = record.filter(|record| {
                    let place = record.place;
                    place.log == log && place.position > after && place.position <= upto
                });
                if let Some(record) = wanted {
                    found.entry(record.place.position).or_insert(record);
                }
            }
            if left == before {
                return Err(away(log, "the stream brings nothing".to_owned()));
            }
        }
        let gapless = found.into_values().zip(after.saturating_add(1)..);
        Ok(gapless
            .take_while(|(record, position)| record.place.position == *position)
            .map(|(record, _)| record)
            .collect())
    }
}

impl Witness for NatsWitness {
    fn name(&self) -> &str {
        match &self.who {
            Who::Follower(name) => name,
            Who::Stream => self.role.stream(),
        }
    }

    fn is_follower(&self) -> bool {
        match self.who {
            Who::Follower(_) => true,
            Who::Stream => false,
        }
    }

    async fn seen(&self, log: LogId) -> Result<Option<Seen>, FeedError> {
        match &self.who {
            Who::Follower(name) => {
                let subject = subjects::ask_follower(self.role, name, log, Ask::Head);
                let head = asking::head(&self.nats, log, subject).await?;
                Ok((head.position > 0).then_some(Seen {
                    epoch: head.epoch,
                    position: head.position,
                    hash: Some(head.hash),
                }))
            }
            Who::Stream => self.published(log).await,
        }
    }

    async fn records_after(
        &self,
        log: LogId,
        after: Position,
        max: usize,
    ) -> Result<Vec<Record>, FeedError> {
        match &self.who {
            Who::Follower(name) => {
                let subject = subjects::ask_follower(self.role, name, log, Ask::RecordsAfter);
                asking::records_after(&self.nats, log, subject, after, max).await
            }
            Who::Stream => self.in_stream(log, after, max).await,
        }
    }

    async fn forget(&self, log: LogId) -> Result<(), FeedError> {
        match self.who {
            Who::Follower(_) => Ok(()),
            Who::Stream => {
                let Some(stream) = self.stream(log).await? else {
                    return Ok(());
                };
                let purged = stream.purge().filter(subjects::log(self.role, log)).await;
                purged.map_err(|error| away(log, error.to_string()))?;
                Ok(())
            }
        }
    }
}
