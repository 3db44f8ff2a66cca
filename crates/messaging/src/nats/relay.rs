//! The relay publishes an origin's own log: the log is the outbox, a checkpoint beside it says how far it is out.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_nats::jetstream::context::{Context, ContextBuilder, PublishAckFuture};
use async_nats::jetstream::message::PublishMessage;
use eventlog::{EventLog, LogId, Position, Record};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{error, info, warn};

use crate::nats::subjects::{self, Role};
use crate::nats::{Nats, StreamSettings, headers, streams};
use crate::outgoing::{self, Foreign, Outgoing, WINDOW};
use crate::patience::Patience;

/// An acknowledgement that takes longer is taken for lost, and the message is sent again.
const ACK_PATIENCE: Duration = Duration::from_secs(2);
/// The checkpoint may lag: what is published twice is dropped by its followers.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(1);
/// A wait that gets longer than this is said.
const WORTH_SAYING: Duration = Duration::from_millis(200);

/// How far a relay is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Relayed {
    /// Everything up to here is in the stream.
    pub position: Position,
    /// Why it waits, when it does.
    pub waiting: Option<String>,
}

/// Publishes one log.
#[derive(Debug)]
pub struct Relay {
    nats: Nats,
    jetstream: Context,
    role: Role,
    log: EventLog,
    checkpoint: PathBuf,
    settings: StreamSettings,
    progress: watch::Sender<Relayed>,
}

impl Relay {
    /// A relay of this log; `checkpoint` is the file in which it keeps how far it is.
    pub fn new(
        nats: Nats,
        role: Role,
        log: EventLog,
        checkpoint: PathBuf,
        settings: StreamSettings,
    ) -> Self {
        let jetstream = ContextBuilder::new()
            .timeout(ACK_PATIENCE)
            .ack_timeout(ACK_PATIENCE)
            .max_ack_inflight(2 * WINDOW)
            .backpressure_on_inflight(true)
            .build(nats.client().clone());
        Self {
            nats,
            jetstream,
            role,
            log,
            checkpoint,
            settings,
            progress: watch::Sender::new(Relayed::default()),
        }
    }

    /// How far it is, as it goes.
    pub fn progress(&self) -> watch::Receiver<Relayed> {
        self.progress.subscribe()
    }

    /// Publishes until the log takes no more writes. NATS being away is waited out.
    pub async fn run(self) {
        let position = self.start();
        self.progress
            .send_modify(|progress| progress.position = position);
        let mut patience = Patience::default();
        let mut said = String::new();
        loop {
            let before = self.progress.borrow().position;
            let Err(reason) = self.publish_all().await else {
                return;
            };
            if self.progress.borrow().position > before {
                patience.again();
            }
            let pause = patience.pause();
            // What is over at once, such as the first moments of a connection, is not worth a line.
            if said != reason && pause >= WORTH_SAYING {
                warn!(role = %self.role, reason, "the relay waits; the service goes on");
                said.clone_from(&reason);
            }
            self.progress
                .send_modify(|progress| progress.waiting = Some(reason));
            tokio::time::sleep(pause).await;
        }
    }

    /// Where to go on: after the checkpoint, if it is this log's. What a log has lost after that was published all the same.
    fn start(&self) -> Position {
        let head = self.log.head();
        let resumed = outgoing::resume(published(&self.checkpoint), &head);
        resumed.unwrap_or_else(|Foreign { log, position }| {
            error!(%log, position, "the checkpoint is another log's; everything is published");
            0
        })
    }

    /// Ends well when the log was closed, badly when something has to be waited for.
    async fn publish_all(&self) -> Result<(), String> {
        if !self.nats.connected() {
            return Err("NATS is away".to_owned());
        }
        let ensured = streams::ensure(&self.jetstream, self.role, self.settings).await;
        ensured.map_err(|error| error.to_string())?;
        if self.progress.borrow().waiting.is_some() {
            info!(role = %self.role, "the relay goes on");
            self.progress
                .send_modify(|progress| progress.waiting = None);
        }
        let mut head = self.log.watch();
        let acked = self.progress.borrow().position;
        let mut outgoing = Outgoing::new(acked);
        let mut kept = (acked, Instant::now());
        loop {
            self.send_some(&mut outgoing).await?;
            let acked = self.progress.borrow().position;
            if acked > kept.0 && kept.1.elapsed() >= CHECKPOINT_EVERY {
                self.keep(acked);
                kept = (acked, Instant::now());
            }
            if let Some((position, ack)) = outgoing.pop() {
                if let Some(ack) = ack {
                    ack.await.map_err(|error| error.to_string())?;
                }
                self.progress
                    .send_modify(|progress| progress.position = position);
                continue;
            }
            tokio::select! {
                moved = head.wait_for(|head| head.position > outgoing.sent()) => {
                    if moved.is_err() {
                        self.keep(acked);
                        return Ok(());
                    }
                }
                () = tokio::time::sleep(CHECKPOINT_EVERY), if acked > kept.0 => {}
            }
        }
    }

    /// Sends what is next, as far as there is room.
    async fn send_some(&self, outgoing: &mut Outgoing<PublishAckFuture>) -> Result<(), String> {
        let room = outgoing.room(self.log.head().position);
        if room == 0 {
            return Ok(());
        }
        let records = self.log.read_after(outgoing.sent(), room);
        for record in records.map_err(|error| error.to_string())? {
            let position = record.place.position;
            outgoing.push(position, self.send(record).await?);
        }
        Ok(())
    }

    async fn send(&self, record: Record) -> Result<Option<PublishAckFuture>, String> {
        let position = record.place.position;
        let envelope = match headers::to_headers(self.role, &record) {
            Ok(envelope) => envelope,
            Err(fault) => {
                error!(position, %fault, "a record that no message can hold; followers fetch it from here");
                return Ok(None);
            }
        };
        let subject = subjects::record(self.role, &record);
        let message = PublishMessage::build()
            .headers(envelope)
            .payload(record.event.data.into());
        let sent = self.jetstream.send_publish(subject, message).await;
        sent.map(Some).map_err(|error| error.to_string())
    }

    /// Keeps how far it is, whole or not at all. No sync: losing it costs work, never records.
    fn keep(&self, position: Position) {
        let text = format!("{} {position}\n", self.log.head().log);
        let new = self.checkpoint.with_extension("new");
        let kept = fs::write(&new, text).and_then(|()| fs::rename(&new, &self.checkpoint));
        if let Err(error) = kept {
            warn!(%error, file = %self.checkpoint.display(), "the relay's checkpoint is not kept");
        }
    }
}

/// Which log was published, and up to which position, as this checkpoint says.
pub fn published(file: &Path) -> Option<(LogId, Position)> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            warn!(%error, file = %file.display(), "the relay's checkpoint does not read");
            return None;
        }
    };
    let (log, position) = text.trim_end().split_once(' ')?;
    Some((LogId(log.parse().ok()?), position.parse().ok()?))
}
