//! Between processes: a follower says how much of each origin's log is on its disk, and each origin hears it.
//!
//! What is said is said again every second, so a word that is lost costs time, and nothing else. It is believed only with
//! the origin's own chain hash at that position: a follower of another history has nothing of this one.

use std::collections::HashMap;
use std::time::Duration;

use eventlog::{EventLog, Head, LogId, Position, Watermark};
use tokio::sync::watch;
use tokio_stream::StreamExt as _;
use tracing::{debug, warn};

use crate::held::tell;
use crate::nats::subjects::{self, Role};
use crate::nats::{Nats, answers};
use crate::patience::Patience;

/// How often everything is said again.
const AGAIN: Duration = Duration::from_secs(1);

/// Says, for ever, how much of the logs of a role is in `into`, as soon as it is there.
pub async fn say(nats: Nats, role: Role, into: EventLog) {
    let mut said: HashMap<LogId, Watermark> = HashMap::new();
    let mut head = into.watch();
    let mut again = tokio::time::interval(AGAIN);
    loop {
        head.borrow_and_update();
        for (log, mark) in into.watermarks() {
            if said.insert(log, mark) == Some(mark) {
                continue;
            }
            let text = answers::head_text(&Head {
                log,
                epoch: mark.epoch,
                position: mark.position,
                hash: mark.hash,
                recorded_at: 0,
            });
            let subject = subjects::held(role, log);
            if let Err(error) = nats.client().publish(subject, text.into()).await {
                debug!(%error, "not said");
            }
        }
        tokio::select! {
            moved = head.changed() => if moved.is_err() {
                return;
            },
            _ = again.tick() => said.clear(),
        }
    }
}

/// Hears what the follower of this log has of it, until nobody wants to know any more.
pub async fn hear(nats: Nats, role: Role, log: EventLog, held: watch::Sender<Position>) {
    let mut patience = Patience::default();
    while !held.is_closed() {
        if let Err(error) = listen(&nats, role, &log, &held).await {
            warn!(error, "the follower cannot be heard");
        }
        tokio::time::sleep(patience.pause()).await;
    }
}

async fn listen(
    nats: &Nats,
    role: Role,
    log: &EventLog,
    held: &watch::Sender<Position>,
) -> Result<(), String> {
    let subject = subjects::held(role, log.head().log);
    let said = nats.client().subscribe(subject).await;
    let mut said = said.map_err(|error| error.to_string())?;
    loop {
        let message = tokio::select! {
            message = said.next() => message,
            () = held.closed() => None,
        };
        let Some(message) = message else {
            return Ok(());
        };
        match answers::head(&message.payload) {
            Ok(mark) if is_ours(log, &mark) => tell(held, mark.position),
            Ok(mark) => warn!(
                position = mark.position,
                "a follower has another history of this log; what it has does not count"
            ),
            Err(error) => warn!(%error, "what a follower says does not read"),
        }
    }
}

/// What is beyond the end of this log, or has another hash there, is not of it.
fn is_ours(log: &EventLog, mark: &Head) -> bool {
    mark.log == log.head().log
        && log
            .hash_at(mark.position)
            .is_ok_and(|hash| hash == Some(mark.hash))
}
