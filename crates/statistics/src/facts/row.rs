//! One dossier's facts at one time, and what follows from them: its class, and whether the form can place it.

use std::cmp::Ordering;

use domain::clock::{Due, DueRule};

use super::bits;
use crate::day::{self, DAY_MICROS, Day, NEVER, NO_INSTANT};

/// Not known: an index into no table.
pub(crate) const NONE: u32 = u32::MAX;

/// How a dossier left. The numbers are persisted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Exit {
    /// It has not.
    None = 0,
    /// The result was issued.
    Granted = 1,
    /// Refused after examination: a result.
    Refused = 2,
    /// Taken back by the applicant; before acceptance too.
    Withdrawn = 3,
    /// Stopped for good.
    Terminated = 4,
    /// No supplement came in time.
    Lapsed = 5,
    /// Refused at intake: never accepted.
    RefusedAtIntake = 6,
    /// It should never have been accepted: it counts nowhere.
    Voided = 7,
}

impl Exit {
    pub(crate) const ALL: [Self; 8] = [
        Self::None,
        Self::Granted,
        Self::Refused,
        Self::Withdrawn,
        Self::Terminated,
        Self::Lapsed,
        Self::RefusedAtIntake,
        Self::Voided,
    ];

    /// A withdrawal, termination or lapse is no result before its time: it never counts as early.
    fn is_result(self) -> bool {
        match self {
            Self::Granted | Self::Refused => true,
            Self::None
            | Self::Withdrawn
            | Self::Terminated
            | Self::Lapsed
            | Self::RefusedAtIntake
            | Self::Voided => false,
        }
    }
}

/// What a pending dossier waits for. The numbers are persisted; 0 is nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Wait {
    /// A supplement.
    Supplement = 1,
    /// A payment.
    Payment = 2,
    /// Suspended.
    Suspended = 3,
}

/// Numbers of the class bits.
pub(crate) const EARLY: u32 = 0;
pub(crate) const ON_TIME: u32 = 1;
pub(crate) const OVERDUE: u32 = 2;
pub(crate) const NO_CLASS: u32 = 3;

/// The facts of one dossier, as one version holds them. Small and `Copy`: folding allocates nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Row {
    /// Interned; [`NONE`] before it is known.
    pub(crate) agency: u32,
    pub(crate) field: u32,
    pub(crate) procedure: u32,
    pub(crate) law: u32,
    pub(crate) flags: u32,
    /// See [`super::marks`].
    pub(crate) marks: u32,
    /// When accepted, or filed as long as it is not accepted; microseconds, [`NO_INSTANT`] when neither is known.
    pub(crate) begun_at: i64,
    /// When processing ended, or it was refused or withdrawn before acceptance.
    pub(crate) ended_at: i64,
    /// The due date in force; meaningful with `HAS_DUE`.
    pub(crate) due_at: i64,
    /// The due date first promised; meaningful with `HAS_ORIGINAL`.
    pub(crate) original_due_at: i64,
    /// The days of the last wait: from, and until when it was over.
    pub(crate) waits_from: Day,
    pub(crate) waits_until: Day,
    // What follows, written by `settle`.
    pub(crate) begun: Day,
    pub(crate) ended: Day,
    /// The first instant at which the due date has passed.
    pub(crate) over_from: i64,
}

impl Row {
    /// A dossier nothing is known of.
    pub(crate) const UNKNOWN: Self = Self {
        agency: NONE,
        field: NONE,
        procedure: NONE,
        law: NONE,
        flags: bits::CHANNEL
            | (NO_CLASS << bits::CLASS_AT)
            | (NO_CLASS << bits::ORIGINAL_CLASS_AT)
            | bits::OUTSIDE,
        marks: 0,
        begun_at: NO_INSTANT,
        ended_at: NO_INSTANT,
        due_at: NO_INSTANT,
        original_due_at: NO_INSTANT,
        waits_from: NEVER,
        waits_until: NEVER,
        begun: NEVER,
        ended: NEVER,
        over_from: NO_INSTANT,
    };

    pub(crate) fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    pub(crate) fn put(&mut self, flag: u32, value: bool) {
        if value {
            self.flags |= flag;
        } else {
            self.flags &= !flag;
        }
    }

    fn put_number(&mut self, mask: u32, at: u32, number: u32) {
        self.flags = (self.flags & !mask) | ((number << at) & mask);
    }

    pub(crate) fn put_channel(&mut self, number: u32) {
        self.put_number(bits::CHANNEL, 0, number);
    }

    pub(crate) fn exit(&self) -> Exit {
        let number = (self.flags & bits::EXIT) >> bits::EXIT_AT;
        Exit::ALL
            .into_iter()
            .find(|exit| u32::from(*exit as u8) == number)
            .unwrap_or(Exit::None)
    }

    pub(crate) fn put_exit(&mut self, exit: Exit) {
        self.put_number(bits::EXIT, bits::EXIT_AT, u32::from(exit as u8));
    }

    /// Accepted, and not ended by any exit.
    pub(crate) fn is_pending(&self) -> bool {
        self.has(bits::ACCEPTED) && self.exit() == Exit::None
    }

    /// What it waits for now, as far as known.
    pub(crate) fn waits(&self) -> Option<Wait> {
        let number = (self.flags & bits::WAIT) >> bits::WAIT_AT;
        let last = [Wait::Supplement, Wait::Payment, Wait::Suspended];
        let last = last
            .into_iter()
            .find(|wait| u32::from(*wait as u8) == number);
        last.filter(|_| self.waits_until == NEVER)
    }

    pub(crate) fn begin_wait(&mut self, wait: Wait, on: Day) {
        self.put_number(bits::WAIT, bits::WAIT_AT, u32::from(wait as u8));
        self.waits_from = on;
        self.waits_until = NEVER;
    }

    pub(crate) fn end_wait(&mut self, on: Day) {
        if self.has(bits::WAIT) && self.waits_until == NEVER {
            self.waits_until = on;
        }
    }

    pub(crate) fn put_due(&mut self, due: Option<Due>) {
        self.put(bits::HAS_DUE, due.is_some());
        self.put(
            bits::DUE_BY_INSTANT,
            due.is_some_and(|due| due.rule == DueRule::ByInstant),
        );
        self.put(bits::PROVISIONAL, due.is_some_and(|due| due.provisional));
        self.due_at = due.map_or(NO_INSTANT, |due| due.at.as_microsecond());
    }

    pub(crate) fn put_original_due(&mut self, due: Due) {
        self.put(bits::HAS_ORIGINAL, true);
        self.put(bits::ORIGINAL_BY_INSTANT, due.rule == DueRule::ByInstant);
        self.original_due_at = due.at.as_microsecond();
    }

    /// The class of the end under a due date, as the form counts it: [`domain::clock::Due::class`] on the columns' own
    /// numbers, for this is done for every event; a test holds the two together.
    fn class(&self, has: u32, by_instant: u32, due_at: i64) -> u32 {
        if !self.has(has) || self.ended_at == NO_INSTANT {
            return NO_CLASS;
        }
        let order = if self.has(by_instant) {
            self.ended_at.cmp(&due_at)
        } else {
            self.ended.cmp(&day::of_micros(due_at))
        };
        match order {
            Ordering::Less if self.exit().is_result() => EARLY,
            Ordering::Less | Ordering::Equal => ON_TIME,
            Ordering::Greater => OVERDUE,
        }
    }

    /// Works out everything that follows from what was put in: whichever of acceptance and end became known first.
    pub(crate) fn settle(&mut self) {
        self.begun = if self.begun_at == NO_INSTANT {
            NEVER
        } else {
            day::of_micros(self.begun_at)
        };
        self.ended = if self.ended_at == NO_INSTANT {
            NEVER
        } else {
            day::of_micros(self.ended_at)
        };
        if self.ended != NEVER {
            let ended = self.ended;
            self.end_wait(ended);
        }
        let (accepted, exit) = (self.has(bits::ACCEPTED), self.exit());
        let never_accepted_exit = match exit {
            Exit::None | Exit::Withdrawn | Exit::RefusedAtIntake => true,
            Exit::Granted | Exit::Refused | Exit::Terminated | Exit::Lapsed | Exit::Voided => false,
        };
        self.put(
            bits::ENDED_WITHOUT_ACCEPTANCE,
            !accepted && !never_accepted_exit,
        );
        self.put(
            bits::ENDED_BEFORE_ACCEPTANCE,
            accepted && (self.ended_at < self.begun_at || exit == Exit::RefusedAtIntake),
        );
        self.over_from = if !self.has(bits::HAS_DUE) {
            NO_INSTANT
        } else if self.has(bits::DUE_BY_INSTANT) {
            self.due_at.saturating_add(1)
        } else {
            day::start_micros(day::of_micros(self.due_at)).saturating_add(DAY_MICROS)
        };
        let class = self.class(bits::HAS_DUE, bits::DUE_BY_INSTANT, self.due_at);
        self.put_number(bits::CLASS, bits::CLASS_AT, class);
        let original = self.class(
            bits::HAS_ORIGINAL,
            bits::ORIGINAL_BY_INSTANT,
            self.original_due_at,
        );
        self.put_number(bits::ORIGINAL_CLASS, bits::ORIGINAL_CLASS_AT, original);
        let placed =
            accepted && self.has(bits::HAS_DUE) && exit != Exit::Voided && !self.is_unclassified();
        self.put(bits::OUTSIDE, !placed);
    }

    fn is_unclassified(&self) -> bool {
        self.has(
            bits::NOT_UNDERSTOOD | bits::ENDED_WITHOUT_ACCEPTANCE | bits::ENDED_BEFORE_ACCEPTANCE,
        )
    }
}

#[cfg(test)]
mod tests;
