//! What may be missing after a disaster and what must not be; and that no position was given twice.

use std::collections::{BTreeMap, BTreeSet};

use eventlog::{LogId, Position, Record};
use uuid::Uuid;

use crate::client::Told;

/// Whether somebody has more of a log than its own disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Beyond {
    No,
    /// In the stream, or on a disk that is not read now.
    Perhaps,
    Surely,
}

/// A disaster that is not over.
#[derive(Debug)]
pub(crate) struct Struck {
    /// What the disk has of the log.
    pub(crate) kept: Position,
    pub(crate) beyond: Beyond,
    /// The log has taken no writes since it was known.
    pub(crate) noticed: bool,
    /// It serves as if nothing had happened.
    pub(crate) unaware: bool,
}

impl Struck {
    pub(crate) fn new(kept: Position, beyond: Beyond) -> Self {
        Self {
            kept,
            beyond,
            noticed: false,
            unaware: false,
        }
    }
}

/// What a disaster may have taken.
#[derive(Debug)]
struct Loss {
    log: LogId,
    /// Everything up to here is on some disk.
    safe: Position,
    /// It may have taken what was told before.
    told: usize,
}

/// An operator's decision to go on without those who are away. It counts once the next epoch is open: a healing that fails,
/// or dies before that, has given up nothing.
#[derive(Debug)]
pub(crate) struct GivenUp {
    /// The log's epoch when it was decided.
    pub(crate) epoch: u32,
    /// Everything up to here the log has, or somebody who was heard.
    pub(crate) from: Position,
    /// It may take what was told before.
    pub(crate) told: usize,
    /// Who was not heard.
    pub(crate) away: Vec<usize>,
}

/// Two histories of one log, and how that was found.
#[derive(Debug)]
pub(crate) struct Tear {
    pub(crate) log: LogId,
    pub(crate) reason: String,
    /// What was told, is not in the log any more, and must still be with those who had it.
    pub(crate) elsewhere: Vec<Told>,
}

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    losses: Vec<Loss>,
    /// By node.
    struck: BTreeMap<usize, Struck>,
    /// By node, while nobody knows yet whether the epoch was opened.
    given_up: BTreeMap<usize, GivenUp>,
    /// Logs that may have two histories, and whether they surely have.
    torn: BTreeMap<LogId, bool>,
    elsewhere: Vec<Told>,
    found: Option<Tear>,
    /// Copies that were given up while nobody could ask them.
    pub(crate) outcasts: BTreeSet<usize>,
    /// Each position that was told, and the event there.
    given: BTreeMap<(LogId, u32, Position), Uuid>,
}

impl Ledger {
    /// A disaster is not over, or there can be none any more.
    pub(crate) fn busy(&self) -> bool {
        !self.struck.is_empty() || !self.torn.is_empty() || !self.outcasts.is_empty()
    }

    pub(crate) fn strike(&mut self, node: usize, struck: Struck) {
        self.struck.insert(node, struck);
    }

    /// Of what was told so far, what is in this log beyond `safe` may be lost.
    pub(crate) fn lose(&mut self, log: LogId, safe: Position, told: usize) {
        self.losses.push(Loss { log, safe, told });
    }

    /// What an operator gives up at this node if its next epoch is opened.
    pub(crate) fn give_up(&mut self, node: usize, given_up: GivenUp) {
        self.given_up.insert(node, given_up);
    }

    /// Nothing came of it, or it is to be seen what did.
    pub(crate) fn take_given_up(&mut self, node: usize) -> Option<GivenUp> {
        self.given_up.remove(&node)
    }

    /// The disaster that befell this node.
    pub(crate) fn of(&mut self, node: usize) -> Option<&mut Struck> {
        self.struck.get_mut(&node)
    }

    /// The node that does not know what befell it.
    pub(crate) fn unaware(&self) -> Option<usize> {
        let mut struck = self.struck.iter();
        struck.find_map(|(node, struck)| struck.unaware.then_some(*node))
    }

    /// It is over for this node.
    pub(crate) fn over(&mut self, node: usize) -> Option<Struck> {
        self.struck.remove(&node)
    }

    /// There may be two histories of this log from now on, or surely are.
    pub(crate) fn may_tear(&mut self, log: LogId, surely: bool) {
        *self.torn.entry(log).or_default() |= surely;
    }

    /// There are two histories of a log.
    pub(crate) fn is_torn(&self) -> bool {
        self.torn.values().any(|surely| *surely)
    }

    pub(crate) fn found(&self) -> Option<&Tear> {
        self.found.as_ref()
    }

    /// Two histories of this log were found: they must be possible.
    pub(crate) fn find(&mut self, log: LogId, reason: &str) {
        assert!(self.torn.contains_key(&log), "log {log}: {reason}");
        if self.found.is_none() {
            self.found = Some(Tear {
                log,
                reason: reason.to_owned(),
                elsewhere: std::mem::take(&mut self.elsewhere),
            });
        }
    }

    /// This was told, and is not in its log any more.
    pub(crate) fn reconcile(&mut self, log: LogId, epoch: u32, struck: &Struck, lost: Vec<Told>) {
        let torn = self.torn.get(&log) == Some(&true);
        for told in lost {
            let place = told.record.place;
            let of_log = self.losses.iter().filter(|loss| loss.log == log);
            let mut taken = of_log.filter(|loss| told.nth < loss.told);
            let allowed = taken.any(|loss| place.position > loss.safe);
            if place.epoch >= epoch {
                // That epoch is opened anew: nobody had heard of it.
                self.given.remove(&(log, place.epoch, place.position));
            }
            assert!(
                allowed || torn,
                "log {log} has lost what was told at {} and somebody had",
                place.position
            );
            if !allowed {
                self.elsewhere.push(told);
            }
        }
        if !struck.noticed {
            // Nobody knew of what was lost: its positions come again.
            let kept = struck.kept;
            self.given
                .retain(|(of, _, at), _| *of != log || *at <= kept);
        }
    }

    /// This was told.
    pub(crate) fn give(&mut self, record: &Record) {
        let place = (record.place.log, record.place.epoch, record.place.position);
        let event = record.event.event_id;
        let before = *self.given.entry(place).or_insert(event);
        assert_eq!(before, event, "{place:?} is given twice");
    }
}
