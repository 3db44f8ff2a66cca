//! A role's line to the others over NATS: what it publishes, and whom it follows.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chassis::serve::{ServeError, Sockets};
use eventlog::{EpochError, EventLog, LogId, Position};
use intake::Intake;
use messaging::nats::digits::{self, Numbered};
use messaging::nats::{
    self, Access, AddressError, Holder, Latest, Published, Role, StreamSettings,
};
use messaging::{AcceptedLoss, Feeds, Healer, Nats, NatsErrands, NatsFeed, NatsWitness};
use processing::Processing;
use reporting::Reporting;
use thiserror::Error;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use uuid::Uuid;

use crate::stack::FolderKind;

/// How far the relay is, beside the log.
const CHECKPOINT: &str = "relayed";
/// The name under which a reporting replica follows: each has its own.
const FOLLOWER: &str = "follower";
/// How long a node without a history listens for others before it serves.
const OTHERS_SPEAK: Duration = Duration::from_millis(500);
/// The name under which processing follows.
pub const PROCESSING: &str = "processing";

/// Where NATS is, and what is asked of it.
#[derive(Clone, Debug)]
pub struct Line {
    /// The addresses of a server or cluster, with commas between.
    pub urls: String,
    /// On how many servers the streams are kept.
    pub replicas: usize,
    /// Logs to follow besides those that are found.
    pub origins: Vec<LogId>,
    /// Who follows the role's own log and can say what it lacks.
    pub followers: Vec<String>,
    /// What is accepted as lost when they cannot be heard.
    pub accepted: Option<AcceptedLoss>,
    /// The name under which the role follows, if it was given one.
    pub name: Option<String>,
    /// How the server is logged in to.
    pub access: Arc<Access>,
    /// Whose dossiers travel; those of the demo and of a load have streams of their own.
    pub kind: FolderKind,
}

/// A role ended badly.
#[derive(Debug, Error)]
pub enum RoleError {
    /// A socket or a file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The server.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// NATS.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The log.
    #[error(transparent)]
    Epoch(#[from] EpochError),
    /// A loss is accepted for the accident at hand, not for any that may come.
    #[error("nothing is lost: the log waits for no epoch; start the role without --accept-loss")]
    NothingLost,
    /// Two dossiers would have one code.
    #[error(
        "intake node {} gives out dossier codes with the digit {} already: give this node one of its own (`node`, 0 to 9)",
        .0.log, .0.digit
    )]
    DigitTaken(Numbered),
}

impl From<Numbered> for RoleError {
    fn from(other: Numbered) -> Self {
        Self::DigitTaken(other)
    }
}

impl Line {
    /// The line of all roles in one process, over one server or a cluster.
    ///
    /// # Errors
    /// When an address cannot be used.
    pub fn new(urls: String, kind: FolderKind) -> Result<Self, AddressError> {
        nats::addresses(&urls)?;
        Ok(Self {
            urls,
            replicas: 1,
            origins: Vec::new(),
            followers: Vec::new(),
            accepted: None,
            name: None,
            access: Arc::default(),
            kind,
        })
    }

    /// The same line, following this log too; the demo and a load follow no other, whoever else is on the same server.
    #[must_use]
    pub fn from(mut self, origin: LogId) -> Self {
        self.origins.push(origin);
        self
    }

    /// The same line, with these as the followers of the role's log.
    #[must_use]
    pub fn followed_by(mut self, follower: &str) -> Self {
        self.followers.push(follower.to_owned());
        self
    }

    fn feeds(
        kind: FolderKind,
        nats: Nats,
        role: Role,
        known: Vec<LogId>,
        follower: String,
    ) -> Feeds<NatsFeed> {
        match kind {
            FolderKind::Real => nats::feeds(nats, role, known, follower),
            FolderKind::Demo | FolderKind::Load => {
                let feed = |log| NatsFeed::new(nats.clone(), role, log, &follower);
                Feeds::fixed(known.into_iter().map(feed).collect())
            }
        }
    }

    const fn upstream(&self) -> (Role, Role) {
        match self.kind {
            FolderKind::Real => (Role::Intake, Role::Processing),
            FolderKind::Demo | FolderKind::Load => (Role::DemoIntake, Role::DemoProcessing),
        }
    }

    /// Serves intake and publishes its log; `held` wants to know how much of it processing has.
    ///
    /// # Errors
    /// When it cannot be served.
    pub async fn intake(
        self,
        node: Intake,
        data: &Path,
        sockets: Sockets,
        held: Option<watch::Sender<Position>>,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), RoleError> {
        let nats = Nats::connect_with(&self.urls, "hoso intake", &self.access).await?;
        let (intake, _) = self.upstream();
        // A node without a history waits a moment before anybody hears of it: one that was there before says so at once.
        let own = Numbered {
            log: node.log().head().log,
            digit: node.digit(),
            since: node.now().as_microsecond(),
        };
        let mut taken = Box::pin(digits::taken(nats.clone(), intake, own));
        if node.log().head().position == 0
            && let Ok(other) = timeout(OTHERS_SPEAK, &mut taken).await
        {
            return Err(other.into());
        }
        let healer = self.healer(&nats, intake, node.log(), data).await?;
        let mut published = self.publish(&nats, intake, node.log(), data);
        let node = node.published(published.relayed.clone());
        let of = node.log().head().log;
        let answer = nats::errands::answer(nats.clone(), intake, of, node.answering());
        published.tasks.spawn(answer);
        if let Some(held) = held {
            published
                .tasks
                .spawn(nats::held::hear(nats, intake, node.log().clone(), held));
        }
        let (tell, mut told) = oneshot::channel();
        let stop = async move {
            tokio::select! {
                () = stop => {}
                other = taken => drop(tell.send(other)),
            }
        };
        node.serve(healer, sockets, stop).await?;
        match told.try_recv() {
            Ok(other) => Err(other.into()),
            Err(_) => Ok(()),
        }
    }

    /// Serves processing, follows every intake node and publishes processing's log.
    ///
    /// # Errors
    /// When it cannot be served.
    pub async fn processing(
        self,
        role: Processing,
        data: &Path,
        sockets: Sockets,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), RoleError> {
        let nats = Nats::connect_with(&self.urls, "hoso processing", &self.access).await?;
        let (intake, processing) = self.upstream();
        let healer = self.healer(&nats, processing, role.log(), data).await?;
        let mut published = self.publish(&nats, processing, role.log(), data);
        let role = role.published(published.relayed.clone());
        published
            .tasks
            .spawn(nats::held::say(nats.clone(), intake, role.log().clone()));
        let name = PROCESSING.to_owned();
        let holder = Holder::new(nats.clone(), intake, name.clone(), role.log().clone());
        published.tasks.spawn(holder.run());
        let mut known = self.origins;
        let followed = role.log().watermarks().into_iter().map(|(log, _)| log);
        known.extend(
            followed
                .filter(|log| !known.contains(log))
                .collect::<Vec<_>>(),
        );
        let errands = NatsErrands::new(nats.clone(), intake);
        let feeds = Self::feeds(self.kind, nats, intake, known, name);
        Ok(role.serve(feeds, errands, healer, sockets, stop).await?)
    }

    /// Serves reporting and follows processing.
    ///
    /// # Errors
    /// When it cannot be served.
    pub async fn reporting(
        self,
        role: Reporting,
        data: &Path,
        sockets: Sockets,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), RoleError> {
        let nats = Nats::connect_with(&self.urls, "hoso reporting", &self.access).await?;
        let (_, processing) = self.upstream();
        let head = role.log().head();
        let known = if head.position > 0 {
            vec![head.log]
        } else {
            self.origins.clone()
        };
        let role = match self.kind {
            FolderKind::Real => role.publishing(Latest::new(nats.clone(), self.kept())),
            // Nobody looks for the figures of dossiers that are none.
            FolderKind::Demo | FolderKind::Load => role,
        };
        let follower = match self.name {
            Some(name) => name,
            None => follower(data)?,
        };
        let mut tasks = JoinSet::new();
        let log = role.log().clone();
        tasks.spawn(Holder::new(nats.clone(), processing, follower.clone(), log).run());
        let feeds = Self::feeds(self.kind, nats, processing, known, follower);
        Ok(role.serve(feeds, sockets, stop).await?)
    }

    /// Holds the log against what others have seen of it before anything is written to it.
    async fn healer(
        &self,
        nats: &Nats,
        role: Role,
        log: &EventLog,
        data: &Path,
    ) -> Result<Healer<NatsWitness>, RoleError> {
        if let Some((published, position)) = nats::relay::published(&data.join(CHECKPOINT))
            && published == log.head().log
        {
            log.seen_by(position, "the relay beside it".to_owned())
                .await?;
        }
        let witnesses = NatsWitness::all(nats, role, &self.followers);
        let healer = Healer::new(log.clone(), witnesses, self.accepted.clone());
        healer.look().await;
        if self.accepted.is_some() && log.awaits().is_none() {
            return Err(RoleError::NothingLost);
        }
        Ok(healer)
    }

    /// How streams are kept.
    fn kept(&self) -> StreamSettings {
        StreamSettings {
            replicas: self.replicas,
            ..StreamSettings::default()
        }
    }

    fn publish(&self, nats: &Nats, role: Role, log: &EventLog, data: &Path) -> Published {
        nats::publish(nats, role, log, data.join(CHECKPOINT), self.kept())
    }
}

/// The replica's own name, drawn once.
///
/// # Errors
/// When it cannot be read or kept.
pub fn follower(data: &Path) -> io::Result<String> {
    let file = data.join(FOLLOWER);
    match fs::read_to_string(&file) {
        Ok(name) if !name.trim().is_empty() => return Ok(name.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let name = format!("reporting-{}", Uuid::new_v4());
    fs::write(&file, format!("{name}\n"))?;
    Ok(name)
}
