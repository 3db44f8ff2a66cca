//! The vaults of intake nodes, as processing speaks with them: what is fetched from each, and what each is told to erase.
//!
//! Nothing of this is kept on disk. What is wanted follows from the log and from what processing's own vault has; who is told of
//! an erasure begins anew with each start, and whenever a node's vault was opened anew: it may be a copy that knows less.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use application::errands::Wanted;
use application::losses::Losses;
use application::status::VaultLine;
use eventlog::{LogId, Position};
use tokio::sync::Notify;
use uuid::Uuid;

/// More than this many entries are not looked for ahead: the nodes that have them are away, and the log remembers.
const WANTED_MAX: usize = 100_000;

/// What is known of each vault; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Vaults(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    lines: Mutex<BTreeMap<LogId, Line>>,
    /// Up to where the log was looked through for what is wanted.
    looked_through: AtomicU64,
    news: Notify,
}

/// One vault.
#[derive(Debug, Default)]
struct Line {
    /// What it has that is to be here, each with the record that made it so, the oldest first.
    wanted: VecDeque<(Position, Wanted)>,
    /// Its opening, as it said last.
    opening: Option<Uuid>,
    /// How many of all erasures it has carried out.
    told: usize,
    /// How many of all wrong entries it has destroyed.
    destroyed: usize,
    /// Why it is waited for.
    waiting: Option<String>,
}

impl Vaults {
    /// Every change under the lock is of single values, so a thread that died holding it left nothing half done.
    fn lines(&self) -> MutexGuard<'_, BTreeMap<LogId, Line>> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes whoever speaks with a vault.
    pub(crate) fn wake(&self) {
        self.0.news.notify_waiters();
    }

    /// Waits to be woken.
    pub(crate) async fn woken(&self) {
        self.0.news.notified().await;
    }

    /// These are to be fetched, because of the record at this position.
    pub(crate) fn want(&self, position: Position, wanted: Vec<Wanted>) {
        let mut lines = self.lines();
        for one in wanted {
            let line = lines.entry(one.of).or_default();
            line.wanted.push_back((position, one));
        }
    }

    /// Whether so many are wanted that no more should be looked for.
    pub(crate) fn is_full(&self) -> bool {
        let wanted = self.lines().values().map(|line| line.wanted.len()).sum();
        let wanted: usize = wanted;
        wanted >= WANTED_MAX
    }

    /// The oldest record for which something is still wanted.
    pub(crate) fn oldest(&self) -> Option<Position> {
        let lines = self.lines();
        let oldest = |line: &Line| line.wanted.front().map(|(position, _)| *position);
        lines.values().filter_map(oldest).min()
    }

    /// What the log makes wanted up to here is known.
    pub(crate) fn looked_through(&self, upto: Position) {
        self.0.looked_through.store(upto, Ordering::Release);
    }

    /// Whether everything that the log names up to there is here, as far as it is to be had.
    pub(crate) fn has_all_upto(&self, position: Position) -> bool {
        self.0.looked_through.load(Ordering::Acquire) >= position && self.oldest().is_none()
    }

    /// The next of those wanted from a vault.
    pub(crate) fn next(&self, of: LogId, max: usize) -> Vec<Wanted> {
        let lines = self.lines();
        let wanted = lines.get(&of).into_iter().flat_map(|line| &line.wanted);
        wanted.take(max).map(|(_, wanted)| *wanted).collect()
    }

    /// The first of those wanted from a vault are not wanted any more.
    pub(crate) fn done(&self, of: LogId, count: usize) {
        if let Some(line) = self.lines().get_mut(&of) {
            let count = count.min(line.wanted.len());
            line.wanted.drain(..count);
        }
    }

    /// How many of all erasures a vault has carried out, as far as is known.
    pub(crate) fn told(&self, of: LogId) -> usize {
        self.lines().get(&of).map_or(0, |line| line.told)
    }

    /// A vault answered, as this opening: one that was opened anew is to be told everything again. Says whether it is the
    /// same as before.
    pub(crate) fn answered(&self, of: LogId, opening: Uuid) -> bool {
        let mut lines = self.lines();
        let line = lines.entry(of).or_default();
        line.waiting = None;
        let same = line.opening == Some(opening);
        if !same {
            line.opening = Some(opening);
            line.told = 0;
            line.destroyed = 0;
        }
        same
    }

    /// A vault has carried out so many of all erasures.
    pub(crate) fn erased(&self, of: LogId, told: usize) {
        if let Some(line) = self.lines().get_mut(&of) {
            line.told = told;
        }
    }

    /// How many of all wrong entries a vault has destroyed, as far as is known.
    pub(crate) fn destroyed(&self, of: LogId) -> usize {
        self.lines().get(&of).map_or(0, |line| line.destroyed)
    }

    /// A vault has destroyed so many of all wrong entries.
    pub(crate) fn has_destroyed(&self, of: LogId, count: usize) {
        if let Some(line) = self.lines().get_mut(&of) {
            line.destroyed = count;
        }
    }

    /// A vault does not answer; says whether that is news.
    pub(crate) fn waits(&self, of: LogId, reason: String) -> bool {
        let mut lines = self.lines();
        let line = lines.entry(of).or_default();
        let news = line.waiting.as_deref() != Some(&reason);
        line.waiting = Some(reason);
        news
    }

    /// Whether it answered when it was asked last.
    pub(crate) fn answers(&self, of: LogId) -> bool {
        let lines = self.lines();
        let line = lines.get(&of);
        line.is_some_and(|line| line.opening.is_some() && line.waiting.is_none())
    }

    /// Whether it did not answer when it was asked last.
    pub(crate) fn is_missed(&self, of: LogId) -> bool {
        let lines = self.lines();
        lines.get(&of).is_some_and(|line| line.waiting.is_some())
    }

    /// How it is with each vault, of `erasures` in all.
    pub fn now(&self, erasures: usize, losses: &Losses) -> Vec<VaultLine> {
        self.lines()
            .iter()
            .map(|(log, line)| VaultLine {
                log: *log,
                entries_wanted: line.wanted.len(),
                erasures_untold: erasures.saturating_sub(line.told),
                waiting: line.waiting.clone(),
                losses: losses.of(*log).to_vec(),
                given_up: losses.is_given_up(*log),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::DossierId;

    use super::*;

    fn wanted(of: LogId, n: u128) -> Wanted {
        Wanted {
            dossier: DossierId(Uuid::from_u128(n)),
            entry: Uuid::from_u128(n),
            digest: [0; 32],
            of,
        }
    }

    #[test]
    fn a_vault_that_was_opened_anew_is_told_everything_again() {
        let vaults = Vaults::default();
        let (of, first, second) = (
            LogId(Uuid::from_u128(1)),
            Uuid::from_u128(2),
            Uuid::from_u128(3),
        );
        assert!(!vaults.answered(of, first));
        vaults.erased(of, 7);
        vaults.has_destroyed(of, 3);
        assert!(vaults.answered(of, first));
        assert_eq!((vaults.told(of), vaults.destroyed(of)), (7, 3));
        assert!(!vaults.answered(of, second));
        assert_eq!((vaults.told(of), vaults.destroyed(of)), (0, 0));
        assert_eq!(vaults.now(9, &Losses::default())[0].erasures_untold, 9);
    }

    #[test]
    fn the_log_is_read_again_from_the_oldest_that_is_wanted() {
        let vaults = Vaults::default();
        let (near, far) = (LogId(Uuid::from_u128(1)), LogId(Uuid::from_u128(2)));
        vaults.want(10, vec![wanted(far, 1), wanted(near, 2)]);
        vaults.want(20, vec![wanted(near, 3)]);
        vaults.looked_through(20);
        assert_eq!(vaults.oldest(), Some(10));
        assert!(!vaults.has_all_upto(20));
        assert_eq!(vaults.next(near, 1), [wanted(near, 2)]);
        vaults.done(near, 5);
        assert_eq!((vaults.next(near, 9), vaults.oldest()), (vec![], Some(10)));
        vaults.done(far, 1);
        assert_eq!(vaults.oldest(), None);
        assert!(vaults.has_all_upto(20) && !vaults.has_all_upto(21));
    }
}
