//! The digit that an intake node writes into dossier codes is its own: nodes tell theirs, and of two with the same one the
//! later ends, before two dossiers have one code.

use std::time::Duration;

use async_nats::Message;
use eventlog::LogId;
use tokio_stream::StreamExt as _;
use tracing::warn;

use crate::nats::Nats;
use crate::nats::subjects::{self, Role};
use crate::patience::Patience;

/// How often a node tells its digit, besides when another tells the same.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// An intake node, and the digit of the codes that it gives out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Numbered {
    /// Its log.
    pub log: LogId,
    /// Its digit.
    pub digit: u8,
    /// Since when it works, microseconds since 1970.
    pub since: i64,
}

impl Numbered {
    fn text(self) -> String {
        format!("{} {} {}", self.log, self.digit, self.since)
    }

    fn read(message: &Message) -> Option<Self> {
        let text = std::str::from_utf8(&message.payload).ok()?;
        let mut parts = text.split(' ');
        let numbered = Self {
            log: LogId(parts.next()?.parse().ok()?),
            digit: parts.next()?.parse().ok()?,
            since: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(numbered)
    }

    /// Whether the other one was there first; between two of the same moment, their ids decide.
    fn yields_to(self, other: Self) -> bool {
        (other.since, other.log) < (self.since, self.log)
    }
}

/// Tells a node's digit for as long as no node that was there first has the same; then, which one that is.
pub async fn taken(nats: Nats, role: Role, own: Numbered) -> Numbered {
    let mut patience = Patience::default();
    loop {
        match listen(&nats, role, own).await {
            Ok(Some(other)) => return other,
            Ok(None) => {}
            Err(error) => warn!(%role, error, "the digits of other nodes cannot be heard"),
        }
        tokio::time::sleep(patience.pause()).await;
    }
}

/// Ends without another when the connection was closed for good.
async fn listen(nats: &Nats, role: Role, own: Numbered) -> Result<Option<Numbered>, String> {
    let subject = subjects::digit(role);
    let heard = nats.client().subscribe(subject.clone()).await;
    let mut heard = heard.map_err(|error| error.to_string())?;
    let mut tell = tokio::time::interval(TELL_EVERY);
    loop {
        tokio::select! {
            message = heard.next() => {
                let Some(message) = message else { return Ok(None) };
                let same = Numbered::read(&message)
                    .filter(|it| it.log != own.log && it.digit == own.digit);
                let Some(other) = same else { continue };
                if own.yields_to(other) {
                    return Ok(Some(other));
                }
            }
            _ = tell.tick() => {}
        }
        // When it is time, and at once where a later node must hear of it.
        let told = nats.client().publish(subject.clone(), own.text().into());
        told.await.map_err(|error| error.to_string())?;
    }
}
