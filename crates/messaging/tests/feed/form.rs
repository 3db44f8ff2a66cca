//! The two forms of the feed behind one face, so that one suite runs over both.

use std::path::Path;
use std::sync::Arc;

use eventlog::EventLog;
use messaging::follow::{Forked, Progress};
use messaging::nats::steady::Counts;
use messaging::nats::{Origin, Relay, Role, StreamSettings};
use messaging::{Embedded, Feed, Follower, Mode, Nats, NatsFeed};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::server::Server;

pub(crate) enum Form {
    Embedded,
    Nats(Server),
}

impl Form {
    pub(crate) fn both() -> [Self; 2] {
        [Self::Embedded, Self::Nats(Server::start())]
    }
}

/// What an origin does for its followers; it is away once this is dropped.
pub(crate) struct Upstream {
    tasks: JoinSet<()>,
}

/// A follower at work; it ends when this is dropped.
pub(crate) struct Following {
    pub(crate) task: JoinHandle<Result<(), Forked>>,
    pub(crate) progress: watch::Receiver<Progress>,
    pub(crate) counts: Option<Arc<Counts>>,
}

impl Drop for Following {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) async fn connect(server: &Server) -> Nats {
    Nats::connect(&server.url(), "test").await.unwrap()
}

impl Form {
    /// The log is published, and its followers are answered.
    pub(crate) async fn serve(&self, role: Role, log: &EventLog, folder: &Path) -> Upstream {
        let mut upstream = self.publish(role, log, folder).await;
        if let Self::Nats(server) = self {
            let nats = connect(server).await;
            upstream
                .tasks
                .spawn(Origin::new(nats, role, log.clone()).run());
        }
        upstream
    }

    /// The log is published, and nobody is answered.
    pub(crate) async fn publish(&self, role: Role, log: &EventLog, folder: &Path) -> Upstream {
        let mut tasks = JoinSet::new();
        if let Self::Nats(server) = self {
            let nats = connect(server).await;
            let checkpoint = folder.join(format!("{}.relayed", log.head().log));
            let settings = StreamSettings::default();
            tasks.spawn(Relay::new(nats, role, log.clone(), checkpoint, settings).run());
        }
        Upstream { tasks }
    }

    pub(crate) async fn follow(
        &self,
        role: Role,
        log: &EventLog,
        into: &EventLog,
        mode: Mode,
    ) -> Following {
        match self {
            Self::Embedded => start(Embedded::new(log.clone()), into, mode, None),
            Self::Nats(server) => {
                let nats = connect(server).await;
                let feed = NatsFeed::new(nats, role, log.head().log, "follower.1");
                let counts = feed.counts();
                start(feed, into, mode, Some(counts))
            }
        }
    }
}

fn start<F: Feed>(feed: F, into: &EventLog, mode: Mode, counts: Option<Arc<Counts>>) -> Following {
    let follower = Follower::new(feed, into.clone(), mode);
    Following {
        progress: follower.progress(),
        task: tokio::spawn(follower.run(std::future::pending())),
        counts,
    }
}
