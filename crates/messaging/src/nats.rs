//! The feed between processes: NATS JetStream carries the records, and the origin's log repairs what it loses.
//!
//! * [`subjects`]: what is published where; [`headers`]: a record as a message and back
//! * [`streams`]: the streams and consumers, made when missing, never altered
//! * [`relay`]: publishes an origin's log; [`origin`]: answers those who lack something
//! * [`witness`]: who has seen a log; [`holder`]: a follower answers for what it has seen
//! * [`discover`]: which origins there are; [`feed`]: one origin's records as a follower takes them; [`steady`]: the part of
//!   them that JetStream delivers; [`answers`]: what goes between a follower and an origin; [`held`]: what a follower says
//!   it has
//! * [`digits`]: no two intake nodes give out codes with the same digit
//! * [`Access`]: how a server is logged in to; [`login`]: as whom
//! * [`errands`]: what the vault beside an origin's log is asked
//! * [`latest`]: the current figures, the last value of each subject
//!
//! Nothing depends on JetStream remembering: it acknowledges before it syncs. Whatever it forgets is asked for at the
//! origin, whose log is the truth.

mod access;
pub mod answers;
mod asking;
pub mod digits;
pub mod discover;
pub mod errands;
pub mod feed;
pub mod headers;
pub mod held;
pub mod holder;
pub mod latest;
pub mod login;
pub mod origin;
pub mod relay;
pub mod steady;
pub mod streams;
pub mod subjects;
pub mod witness;

use std::path::PathBuf;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, Event, ServerAddr};
use eventlog::EventLog;
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{debug, info, warn};

pub use access::{Access, AccessFile, ClientFiles};
pub use async_nats::Subscriber;
pub use discover::{feeds, origins};
pub use errands::NatsErrands;
pub use feed::NatsFeed;
pub use holder::Holder;
pub use latest::Latest;
pub use origin::Origin;
pub use relay::{Relay, Relayed};
pub use streams::StreamSettings;
pub use subjects::Role;
pub use witness::NatsWitness;

/// Between attempts to reach a server that is away.
const RECONNECT_MAX: Duration = Duration::from_secs(1);
const RECONNECT_MIN: Duration = Duration::from_millis(50);
/// Messages that wait to be sent; whoever sends one more waits. With the largest records they hold 16 MiB.
const OUTGOING_MAX: usize = 256;
/// A connection on which nothing comes back any more is given up after three of these.
const PING_EVERY: Duration = Duration::from_secs(2);

/// A connection to a NATS server or cluster, kept up for ever. Clones share it.
#[derive(Clone, Debug)]
pub struct Nats {
    client: Client,
}

/// The address cannot be used.
#[derive(Debug, Error)]
#[error("the NATS address {url:?} cannot be used: {reason}")]
pub struct AddressError {
    /// As it was given, without what stands before an `@`.
    pub url: String,
    /// Why not.
    pub reason: String,
}

/// Checks the addresses of a server or cluster: `nats://[user:password@]host[:port]`, several with commas between.
///
/// # Errors
/// When one is no address.
pub fn addresses(urls: &str) -> Result<Vec<ServerAddr>, AddressError> {
    let parts = urls
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let parsed = parts.map(|url| {
        url.parse::<ServerAddr>().map_err(|error| AddressError {
            url: url.rsplit('@').next().unwrap_or_default().to_owned(),
            reason: error.to_string(),
        })
    });
    let all: Vec<_> = parsed.collect::<Result<_, _>>()?;
    if all.is_empty() {
        return Err(AddressError {
            url: urls.to_owned(),
            reason: "it is empty".to_owned(),
        });
    }
    Ok(all)
}

impl Nats {
    /// Connects in the background: the server may be away now and at any later time. `name` is what its operator sees.
    ///
    /// # Errors
    /// When an address cannot be used.
    pub async fn connect(urls: &str, name: &str) -> Result<Self, AddressError> {
        Self::connect_with(urls, name, &Access::default()).await
    }

    /// The same, coming in as the files say.
    ///
    /// # Errors
    /// When an address cannot be used.
    pub async fn connect_with(
        urls: &str,
        name: &str,
        access: &Access,
    ) -> Result<Self, AddressError> {
        let servers = addresses(urls)?;
        let who = name.to_owned();
        let client = access
            .options(&servers)
            .name(name)
            .retry_on_initial_connect()
            .connection_timeout(Duration::from_secs(2))
            .client_capacity(OUTGOING_MAX)
            .ping_interval(PING_EVERY)
            .reconnect_delay_callback(|attempt| {
                let doublings = u32::try_from(attempt).unwrap_or(u32::MAX).min(8);
                (RECONNECT_MIN * 2_u32.pow(doublings)).min(RECONNECT_MAX)
            })
            .event_callback(move |event| {
                let who = who.clone();
                async move { told(&who, &event) }
            })
            .connect(servers)
            .await
            .map_err(|error| AddressError {
                url: urls.rsplit('@').next().unwrap_or_default().to_owned(),
                reason: error.to_string(),
            })?;
        Ok(Self { client })
    }

    /// Whether a server is there now.
    pub fn connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// The client itself.
    pub fn client(&self) -> &Client {
        &self.client
    }
}

/// A log that is published, and whose followers are answered, until this is dropped.
#[derive(Debug)]
pub struct Published {
    /// How far its relay is.
    pub relayed: watch::Receiver<Relayed>,
    /// What publishes and answers; all of it ends with this.
    pub tasks: JoinSet<()>,
}

/// Publishes a log and answers its followers. `checkpoint` is the relay's file. Must be called within a runtime.
pub fn publish(
    nats: &Nats,
    role: Role,
    log: &EventLog,
    checkpoint: PathBuf,
    settings: StreamSettings,
) -> Published {
    let mut tasks = JoinSet::new();
    let relay = Relay::new(nats.clone(), role, log.clone(), checkpoint, settings);
    let relayed = relay.progress();
    tasks.spawn(relay.run());
    tasks.spawn(Origin::new(nats.clone(), role, log.clone()).run());
    Published { relayed, tasks }
}

fn told(who: &str, event: &Event) {
    match event {
        Event::Connected => info!(who, "NATS is connected"),
        Event::Disconnected => warn!(who, "NATS is away; what is written meanwhile is sent later"),
        Event::ServerError(_) | Event::SlowConsumer(_) => warn!(who, %event, "NATS"),
        // Every attempt to connect that fails is one; that the server is away was said.
        Event::ClientError(_) => debug!(who, %event, "NATS"),
        Event::LameDuckMode | Event::Draining | Event::Closed => info!(who, %event, "NATS"),
    }
}
