//! Which origins of a role there are: those that announce themselves.

use std::collections::HashSet;

use eventlog::LogId;
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tracing::{info, warn};

use crate::feed::Feeds;
use crate::nats::subjects::{self, Role};
use crate::nats::{Nats, NatsFeed, answers};
use crate::patience::Patience;

/// Tells each log of a role's origins once: those that are known beforehand, then those that announce themselves, until
/// nobody listens any more.
pub fn origins(nats: Nats, role: Role, known: Vec<LogId>) -> mpsc::Receiver<LogId> {
    let (found, logs) = mpsc::channel(16);
    tokio::spawn(async move {
        let mut seen = HashSet::new();
        for log in known {
            if seen.insert(log) && found.send(log).await.is_err() {
                return;
            }
        }
        let mut patience = Patience::default();
        while !found.is_closed() {
            if let Err(error) = listen(&nats, role, &mut seen, &found).await {
                warn!(%role, error, "origins cannot be looked for");
            }
            tokio::time::sleep(patience.pause()).await;
        }
    });
    logs
}

/// The feeds of those origins, for a follower of this name (see [`NatsFeed::new`]).
pub fn feeds(nats: Nats, role: Role, known: Vec<LogId>, follower: String) -> Feeds<NatsFeed> {
    let mut logs = origins(nats.clone(), role, known);
    let (found, feeds) = mpsc::channel(16);
    tokio::spawn(async move {
        while let Some(log) = logs.recv().await {
            let feed = NatsFeed::new(nats.clone(), role, log, &follower);
            if found.send(feed).await.is_err() {
                return;
            }
        }
    });
    Feeds::found(feeds)
}

/// Ends when nobody listens any more, or when the connection was closed for good.
async fn listen(
    nats: &Nats,
    role: Role,
    seen: &mut HashSet<LogId>,
    found: &mpsc::Sender<LogId>,
) -> Result<(), String> {
    let client = nats.client();
    let announced = client.subscribe(subjects::announce(role)).await;
    let mut announced = announced.map_err(|error| error.to_string())?;
    let asked = client
        .publish(subjects::list(role), Vec::new().into())
        .await;
    asked.map_err(|error| error.to_string())?;
    loop {
        let message = tokio::select! {
            message = announced.next() => message,
            () = found.closed() => None,
        };
        let Some(message) = message else {
            return Ok(());
        };
        match answers::head(&message.payload) {
            Ok(head) => {
                if seen.insert(head.log) {
                    info!(%role, log = %head.log, "an origin is there");
                    if found.send(head.log).await.is_err() {
                        return Ok(());
                    }
                }
            }
            Err(error) => warn!(%role, %error, "an announcement is dropped"),
        }
    }
}
