//! The calendar published while running: written down here, and told to every intake node, whenever each is there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use application::errands::{self, ErrandFault};
use application::{Desk, calendar};
use domain::event::CalendarPublished;
use domain::ids::VersionHash;
use eventlog::LogId;
use messaging::{ErrandError, Errands};
use thiserror::Error;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;
use vault::{LineKey, LineKeys};

use crate::line::Line;

/// How often to look whom it was not told yet.
const EVERY: Duration = Duration::from_secs(2);
/// A node may have been restored from an older copy: it is told again so often.
const AGAIN: Duration = Duration::from_secs(10 * 60);

/// Which intake node has which calendar; clones share it. It begins anew with each start: telling twice changes nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    nodes: Mutex<BTreeMap<LogId, Node>>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Node {
    has: Option<(VersionHash, Instant)>,
    /// Why it is waited for.
    waiting: Option<String>,
}

impl Told {
    /// Every change under the lock is of single values, so a thread that died holding it left nothing half done.
    fn nodes(&self) -> MutexGuard<'_, BTreeMap<LogId, Node>> {
        self.0.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A calendar was published: it is told at once.
    pub(crate) fn wake(&self) {
        self.0.news.notify_one();
    }

    /// Whether a node has this calendar.
    pub(crate) fn has(&self, of: LogId, version: &VersionHash) -> bool {
        let nodes = self.nodes();
        let has = nodes.get(&of).and_then(|node| node.has.as_ref());
        has.is_some_and(|(has, _)| has == version)
    }

    fn is_to_be_told(&self, of: LogId, version: &VersionHash) -> bool {
        let nodes = self.nodes();
        let has = nodes.get(&of).and_then(|node| node.has.as_ref());
        has.is_none_or(|(has, at)| has != version || at.elapsed() >= AGAIN)
    }

    fn answered(&self, of: LogId, version: &VersionHash, answer: Result<(), TellError>) {
        let mut nodes = self.nodes();
        let node = nodes.entry(of).or_default();
        match answer {
            Ok(()) => {
                node.has = Some((version.clone(), Instant::now()));
                node.waiting = None;
            }
            Err(error) => {
                let reason = error.to_string();
                if node.waiting.as_ref() != Some(&reason) {
                    tracing::warn!(log = %of, error = reason, "an intake node does not have the published calendar yet");
                    node.waiting = Some(reason);
                }
            }
        }
    }
}

/// It is not known to have arrived.
#[derive(Debug, Error)]
enum TellError {
    #[error(transparent)]
    Errand(#[from] ErrandError),
    #[error("the node's answer: {0}")]
    Answer(#[from] ErrandFault),
}

/// Tells every intake node whose records come here the calendar that is in use, as long as it is run.
pub(crate) async fn keep_telling<E: Errands>(
    desk: Desk,
    told: Told,
    errands: E,
    keys: Option<LineKeys>,
) {
    loop {
        match calendar::published(desk.log()) {
            Ok(published) => {
                let in_use = desk.catalogue();
                let last = published.into_iter().map(|(_, it)| it).next_back();
                let last = last.filter(|it| it.version == *in_use.calendar().version());
                if let Some(last) = last {
                    round(&desk, &told, &errands, keys.as_ref(), &last).await;
                }
            }
            Err(error) => tracing::error!(%error, "the published calendars cannot be read"),
        }
        tokio::select! {
            () = told.0.news.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Each of them at the same time: one that is away holds up no other.
async fn round<E: Errands>(
    desk: &Desk,
    told: &Told,
    errands: &E,
    keys: Option<&LineKeys>,
    published: &CalendarPublished,
) {
    let mut asking = JoinSet::new();
    for (of, _) in desk.log().watermarks() {
        if told.is_to_be_told(of, &published.version) {
            let (told, errands) = (told.clone(), errands.clone());
            let (keys, published) = (keys.cloned(), published.clone());
            asking.spawn(async move {
                let answer = tell(errands, keys, of, &published).await;
                told.answered(of, &published.version, answer);
            });
        }
    }
    while asking.join_next().await.is_some() {}
}

async fn tell<E: Errands>(
    errands: E,
    keys: Option<LineKeys>,
    of: LogId,
    published: &CalendarPublished,
) -> Result<(), TellError> {
    let Some(keys) = keys else {
        let question = errands::tell_openly(published)?;
        errands.ask(of, question).await?;
        return Ok(());
    };
    let line = Line { keys, errands };
    let question = |key: &LineKey| errands::tell_calendar(key, of, published);
    let (awaiting, answer) = line.ask::<TellError>(of, question).await?;
    errands::open(awaiting, &answer)?;
    Ok(())
}
