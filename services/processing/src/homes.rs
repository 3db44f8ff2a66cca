//! What was brought to one node for a dossier that another has and that is not accepted yet: shown to that home, which decides it,
//! and shown again until the decision is here.
//!
//! Nothing of this is kept on disk: what is held, and for which dossier, follows from the log, so a start begins anew. A home that
//! is away, or cannot decide now, is asked again; meanwhile the filing is listed with whom it waits for, and why. Of one dossier
//! the oldest is decided before the next is shown: of two papers the first is the first.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use application::errands::ErrandFault;
use application::errands::decisions::{self, SHOWN_MAX, Told};
use application::filings::{FilingStanding, Receipt};
use application::projection::Projection;
use application::{Desk, HandleError};
use domain::ids::{DossierId, FilingId};
use eventlog::LogId;
use jiff::Timestamp;
use messaging::{ErrandError, Errands};
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use vault::LineKey;

use crate::board::Board;

/// How long to wait after a home did not answer: at first, and at most.
const AGAIN: Duration = Duration::from_millis(250);
const AGAIN_MAX: Duration = Duration::from_secs(5);
/// How long to wait after it answered that it cannot decide now.
const NOT_NOW: Duration = Duration::from_secs(2);
/// How long a decision may take to come here before it is asked for again: a home whose disk was lost forgets what it said.
const DECISION_COMES: Duration = Duration::from_secs(30);

/// What the homes are to be shown; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Homes(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    lines: Mutex<BTreeMap<LogId, Line>>,
    news: watch::Sender<()>,
    /// Why none of them can be shown anything.
    unable: OnceLock<&'static str>,
}

/// One home.
#[derive(Debug, Default)]
struct Line {
    shown: BTreeMap<FilingId, Shown>,
    /// Why it does not answer.
    problem: Option<String>,
}

/// What a home is to be shown.
#[derive(Clone, Debug)]
struct Shown {
    dossier: DossierId,
    /// When it may be shown next.
    next: Instant,
    /// The home has answered, and the decision is on its way here.
    answered: bool,
    /// Why it could not be decided there.
    problem: Option<String>,
}

impl Default for Homes {
    fn default() -> Self {
        Self(Arc::new(Inner {
            lines: Mutex::default(),
            news: watch::Sender::new(()),
            unable: OnceLock::new(),
        }))
    }
}

impl Homes {
    /// Every change under the lock is of single values, so a thread that died holding it left nothing half done.
    fn lines(&self) -> MutexGuard<'_, BTreeMap<LogId, Line>> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it is with a filing: if its dossier's home decides it, it is to be shown to it.
    pub(crate) fn hear(&self, filing: FilingId, stands: FilingStanding) {
        if let FilingStanding::AtHome { dossier, home } = stands {
            let shown = Shown {
                dossier,
                next: Instant::now(),
                answered: false,
                problem: None,
            };
            let mut lines = self.lines();
            let line = lines.entry(home).or_default();
            line.shown.entry(filing).or_insert(shown);
            drop(lines);
            self.0.news.send_replace(());
        }
    }

    /// Nothing can be shown to anybody.
    fn is_unable(&self, why: &'static str) {
        let _ = self.0.unable.set(why);
    }

    /// Why a filing is not decided by its home yet; `None` when nothing is wrong.
    pub(crate) fn problem(&self, home: LogId, filing: FilingId) -> Option<String> {
        if let Some(why) = self.0.unable.get() {
            return Some((*why).to_owned());
        }
        let lines = self.lines();
        let line = lines.get(&home)?;
        let shown = line.shown.get(&filing)?;
        shown.problem.clone().or_else(|| line.problem.clone())
    }

    fn shown_to(&self, home: LogId) -> BTreeMap<FilingId, Shown> {
        let lines = self.lines();
        lines
            .get(&home)
            .map(|line| line.shown.clone())
            .unwrap_or_default()
    }

    fn drop(&self, home: LogId, filing: FilingId) {
        if let Some(line) = self.lines().get_mut(&home) {
            line.shown.remove(&filing);
        }
    }

    /// What a home said of a filing.
    fn told(&self, home: LogId, filing: FilingId, told: Told) {
        let mut lines = self.lines();
        let Some(line) = lines.get_mut(&home) else {
            return;
        };
        line.problem = None;
        let Some(shown) = line.shown.get_mut(&filing) else {
            return;
        };
        let problem = match told {
            Told::Decided | Told::ForAcceptance | Told::ForProcessing => None,
            Told::NoDossier => Some("it does not have the dossier".to_owned()),
            Told::NotNow(why) => Some(why),
        };
        shown.answered = problem.is_none();
        shown.next = Instant::now()
            + if shown.answered {
                DECISION_COMES
            } else {
                NOT_NOW
            };
        shown.problem = problem;
    }

    /// A home does not answer; says whether that is news.
    fn is_away(&self, home: LogId, why: String) -> bool {
        let mut lines = self.lines();
        let line = lines.entry(home).or_default();
        let news = line.problem.as_deref() != Some(&why);
        line.problem = Some(why);
        news
    }
}

/// Shows the homes what is theirs to decide.
pub(crate) struct Shower<E> {
    pub(crate) desk: Desk,
    pub(crate) board: Projection<Board>,
    pub(crate) homes: Homes,
    pub(crate) now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub(crate) line: crate::line::Line<E>,
}

impl<E: Clone> Clone for Shower<E> {
    fn clone(&self) -> Self {
        Self {
            desk: self.desk.clone(),
            board: self.board.clone(),
            homes: self.homes.clone(),
            now: Arc::clone(&self.now),
            line: self.line.clone(),
        }
    }
}

/// No answer that could be used.
#[derive(Debug, Error)]
enum ShowError {
    #[error(transparent)]
    Errand(#[from] ErrandError),
    #[error("its answer: {0}")]
    Answer(#[from] ErrandFault),
    #[error("it has answered nothing of what was asked")]
    Nothing,
    #[error(transparent)]
    Log(#[from] HandleError),
}

/// Without a line key there is nobody to show anything to: what is brought waits for the acceptance.
pub(crate) fn without_key(homes: &Homes) {
    homes.is_unable(
        "processing has no line key (line_key_file): the filing waits until its dossier is accepted",
    );
}

impl<E: Errands> Shower<E> {
    /// Shows each home what is its, as long as it is run.
    pub(crate) async fn run(self) {
        let mut news = self.homes.0.news.subscribe();
        let mut known = BTreeSet::new();
        let mut lines = JoinSet::new();
        loop {
            news.borrow_and_update();
            let homes: Vec<_> = self.homes.lines().keys().copied().collect();
            for home in homes {
                if known.insert(home) {
                    lines.spawn(self.clone().keep_showing(home));
                }
            }
            // This holds the sender, so it never fails.
            let _ = news.changed().await;
        }
    }

    async fn keep_showing(self, home: LogId) {
        let mut news = self.homes.0.news.subscribe();
        let mut again = AGAIN;
        loop {
            news.borrow_and_update();
            match self.show(home).await {
                Ok(true) => again = AGAIN,
                Ok(false) => {
                    let next = self.homes.shown_to(home).values().map(|it| it.next).min();
                    let pause = next.map_or(DECISION_COMES, |next| {
                        next.saturating_duration_since(Instant::now()).max(AGAIN)
                    });
                    tokio::select! {
                        _ = news.changed() => {}
                        () = tokio::time::sleep(pause) => {}
                    }
                }
                Err(error) => {
                    if self.homes.is_away(home, error.to_string()) {
                        tracing::info!(log = %home, %error, "a dossier's home is waited for");
                    }
                    tokio::time::sleep(again).await;
                    again = (again * 2).min(AGAIN_MAX);
                }
            }
        }
    }

    /// Shows it the next ones; false when there are none now.
    async fn show(&self, home: LogId) -> Result<bool, ShowError> {
        let due = self.due(home)?;
        if due.is_empty() {
            return Ok(false);
        }
        let question = |key: &LineKey| {
            let records = due.iter().map(|receipt| &receipt.record);
            decisions::ask(key, home, records)
        };
        let (awaiting, answer) = self.line.ask::<ShowError>(home, question).await?;
        let told = decisions::open(awaiting, &answer)?;
        if told.is_empty() {
            return Err(ShowError::Nothing);
        }
        for (receipt, told) in due.iter().zip(told) {
            self.homes.told(home, receipt.filing(), told);
        }
        Ok(true)
    }

    /// The oldest of each dossier that its home has not answered, or answered long ago; what is decided by now, or not this home's
    /// any more, is forgotten.
    fn due(&self, home: LogId) -> Result<Vec<Receipt>, HandleError> {
        let now = Instant::now();
        let shown = self.homes.shown_to(home);
        let mut places: Vec<_> = self.board.read(|board, _| {
            let place = |filing: &FilingId| board.filings.place(*filing);
            shown
                .iter()
                .map(|(filing, it)| (place(filing), *filing, it))
                .collect()
        });
        places.sort_unstable_by_key(|(place, filing, _)| (*place, *filing));
        let (mut due, mut taken) = (Vec::new(), BTreeSet::new());
        for (place, filing, it) in places {
            if place.is_none() {
                self.homes.drop(home, filing);
                continue;
            }
            // Whoever was answered holds up nobody: what is decided there is only not here yet.
            if (!it.answered && !taken.insert(it.dossier)) || it.next > now {
                continue;
            }
            let Some(receipt) = self.desk.filing(filing)? else {
                continue;
            };
            match self.desk.filing_standing(&receipt, (self.now)()) {
                Ok(FilingStanding::AtHome { home: of, .. }) if of == home => due.push(receipt),
                Ok(_) | Err(HandleError::NotUnderstood(_)) => self.homes.drop(home, filing),
                Err(error) => return Err(error),
            }
            if due.len() == SHOWN_MAX {
                break;
            }
        }
        Ok(due)
    }
}
