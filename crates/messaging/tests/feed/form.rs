//! The two forms of the feed behind one face, so that one suite runs over both.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream;
use eventlog::{EventLog, LogId};
use messaging::follow::{Forked, Progress};
use messaging::nats::errands;
use messaging::nats::steady::Counts;
use messaging::nats::subjects::{self, Ask};
use messaging::nats::{Holder, Origin, Relay, Role, StreamSettings};
use messaging::{
    AcceptedLoss, Answering, Embedded, EmbeddedErrands, EmbeddedWitness, ErrandError, Errands,
    Feed, Follower, Healer, Mode, Nats, NatsErrands, NatsFeed, NatsWitness, Witness,
};
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

/// The errands of either form.
#[derive(Clone)]
pub(crate) enum Carrier {
    Embedded(EmbeddedErrands),
    Nats(NatsErrands),
}

impl Carrier {
    pub(crate) async fn ask(&self, of: LogId, question: &[u8]) -> Result<Vec<u8>, ErrandError> {
        match self {
            Self::Embedded(errands) => errands.ask(of, question.to_vec()).await,
            Self::Nats(errands) => errands.ask(of, question.to_vec()).await,
        }
    }
}

async fn healed<W: Witness>(
    log: &EventLog,
    witnesses: Vec<W>,
    accepted: Option<AcceptedLoss>,
) -> JoinSet<()> {
    let healer = Healer::new(log.clone(), witnesses, accepted);
    healer.look().await;
    let mut tasks = JoinSet::new();
    tasks.spawn(healer.run(|_| std::future::ready(true)));
    tasks
}

impl Form {
    /// The follower answers for what it has of the origins' logs; it does so directly in one process.
    pub(crate) async fn hold(&self, role: Role, name: &str, log: &EventLog) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        if let Self::Nats(server) = self {
            let nats = connect(server).await;
            let asked = nats.client().clone();
            let subject = subjects::ask_follower(role, name, log.head().log, Ask::Head);
            tasks.spawn(Holder::new(nats, role, name.to_owned(), log.clone()).run());
            for _ in 0..1000 {
                if asked.request(subject.clone(), "".into()).await.is_ok() {
                    return tasks;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            panic!("{name} does not answer");
        }
        tasks
    }

    /// The log is held against what its followers have of it, and healed until this is dropped.
    pub(crate) async fn heal(
        &self,
        role: Role,
        log: &EventLog,
        followers: &[(&str, &EventLog)],
        accepted: Option<AcceptedLoss>,
    ) -> JoinSet<()> {
        match self {
            Self::Embedded => {
                let witness =
                    |(name, log): &(&str, &EventLog)| EmbeddedWitness::new(name, (*log).clone());
                healed(log, followers.iter().map(witness).collect(), accepted).await
            }
            Self::Nats(server) => {
                let names = followers.iter().map(|(name, _)| (*name).to_owned());
                let names: Vec<_> = names.collect();
                let nats = connect(server).await;
                healed(log, NatsWitness::all(&nats, role, &names), accepted).await
            }
        }
    }

    /// The vault beside this log can be asked, until this is dropped.
    pub(crate) async fn answer(
        &self,
        role: Role,
        of: LogId,
        answering: Answering,
    ) -> (Carrier, JoinSet<()>) {
        let mut tasks = JoinSet::new();
        match self {
            Self::Embedded => (
                Carrier::Embedded(EmbeddedErrands::new(of, Some(answering))),
                tasks,
            ),
            Self::Nats(server) => {
                let nats = connect(server).await;
                tasks.spawn(errands::answer(nats.clone(), role, of, answering));
                (Carrier::Nats(NatsErrands::new(nats, role)), tasks)
            }
        }
    }

    /// Waits until the stream holds this many messages.
    pub(crate) async fn stream_holds(&self, stream: &str, messages: u64) {
        let Self::Nats(server) = self else { return };
        let jetstream = jetstream::new(connect(server).await.client().clone());
        for _ in 0..1000 {
            if let Ok(stream) = jetstream.get_stream(stream).await
                && stream.cached_info().state.messages >= messages
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the stream does not hold {messages} messages");
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
