//! The steady stream: what JetStream delivers of one log, decoded, in the order in which it comes.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_nats::jetstream::message::Acker;
use async_nats::jetstream::{self, Message};
use eventlog::{LogId, Record};
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tracing::{debug, info, warn};

use crate::nats::subjects::Role;
use crate::nats::{Nats, headers, streams, subjects};
use crate::patience::Patience;

/// Messages asked for at a time.
const BATCH: usize = 512;
/// The server says this often that it is there; missing two means that the stream or the consumer is gone.
const HEARTBEAT: Duration = Duration::from_secs(1);
const EXPIRES: Duration = Duration::from_secs(10);

/// What a feed has met.
#[derive(Debug, Default)]
pub struct Counts {
    /// Messages that were no records, or of another log: dropped.
    pub foreign: AtomicU64,
    /// Records that were here already: dropped.
    pub duplicates: AtomicU64,
    /// Records that the stream did not bring, fetched from the origin.
    pub repaired: AtomicU64,
}

/// A record from the stream; acknowledged once it is on the follower's disk.
#[derive(Debug)]
pub(crate) struct Delivered {
    pub(crate) record: Record,
    pub(crate) receipt: Receipt,
}

/// Tells JetStream that a message need not come again.
pub(crate) struct Receipt(Acker);

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receipt")
    }
}

impl Receipt {
    /// If it is lost the message comes again, and is dropped as a duplicate.
    pub(crate) async fn give(&self) {
        if let Err(error) = self.0.ack().await {
            debug!(%error, "not acknowledged");
        }
    }
}

/// What the steady stream is of.
#[derive(Clone, Debug)]
pub(crate) struct Steady {
    pub(crate) nats: Nats,
    pub(crate) role: Role,
    pub(crate) log: LogId,
    /// The follower's name, which is part of its consumer's.
    pub(crate) follower: String,
    pub(crate) counts: Arc<Counts>,
}

impl Steady {
    /// Delivers until nobody takes any more. What is wrong with stream or consumer is waited out: the origin repairs.
    pub(crate) async fn run(self, to: mpsc::Sender<Delivered>) {
        let mut patience = Patience::default();
        let mut said = String::new();
        while !to.is_closed() {
            let mut delivered = false;
            let ended = self.deliver(&to, &mut delivered).await;
            if delivered {
                patience.again();
                said.clear();
            }
            if let Err(reason) = ended
                && said != reason
            {
                info!(log = %self.log, reason, "the stream delivers nothing; the origin is asked instead");
                said = reason;
            }
            tokio::time::sleep(patience.pause()).await;
        }
    }

    async fn deliver(
        &self,
        to: &mpsc::Sender<Delivered>,
        delivered: &mut bool,
    ) -> Result<(), String> {
        if !self.nats.connected() {
            return Err("NATS is away".to_owned());
        }
        let jetstream = jetstream::new(self.nats.client().clone());
        let stream = jetstream.get_stream_no_info(self.role.stream()).await;
        let stream = stream.map_err(|error| error.to_string())?;
        let config = streams::consumer(self.role, self.log, &self.follower);
        let name = streams::consumer_name(self.log, &self.follower);
        let consumer = stream.get_or_create_consumer(&name, config).await;
        let consumer = consumer.map_err(|error| error.to_string())?;
        let filter = subjects::log(self.role, self.log);
        if consumer.cached_info().config.filter_subject != filter {
            return Err(format!(
                "the consumer {name} is there but is not of {filter}"
            ));
        }
        let messages = consumer
            .stream()
            .max_messages_per_batch(BATCH)
            .heartbeat(HEARTBEAT)
            .expires(EXPIRES)
            .messages()
            .await;
        let mut messages = messages.map_err(|error| error.to_string())?;
        loop {
            let message = tokio::select! {
                message = messages.next() => message,
                () = to.closed() => return Ok(()),
            };
            let message = match message {
                Some(message) => message.map_err(|error| error.to_string())?,
                None => return Err("the delivery ended".to_owned()),
            };
            *delivered = true;
            if let Some(delivered) = self.read(message).await
                && to.send(delivered).await.is_err()
            {
                return Ok(());
            }
        }
    }

    /// The record in a message. What is none is dropped, for good.
    async fn read(&self, message: Message) -> Option<Delivered> {
        let (message, acker) = message.split();
        let receipt = Receipt(acker);
        let none = async_nats::HeaderMap::new();
        let envelope = message.headers.as_ref().unwrap_or(&none);
        let reason = match headers::to_record(envelope, &message.payload) {
            Ok(record) if record.place.log == self.log && record.place.position > 0 => {
                return Some(Delivered { record, receipt });
            }
            Ok(record) => format!("it is of log {}", record.place.log),
            Err(fault) => fault.to_string(),
        };
        self.counts.foreign.fetch_add(1, Ordering::Relaxed);
        warn!(subject = %message.subject, reason, "a message that is no record of this log is dropped");
        receipt.give().await;
        None
    }
}
