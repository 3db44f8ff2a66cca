//! Where form II.06a puts one dossier, in one number: the only place that decides it.
//!
//! The columns, with `acc` the acceptance, `end` the end of processing and the period `[a, b)`:
//!
//! | Column | Counts |
//! |---|---|
//! | (4), (5) | `acc` in `[a, b)`, online; direct or by public post |
//! | (6) | `acc < a` and `end ≥ a` |
//! | (8), (9), (10) | `end` in `[a, b)`: early, on time, overdue; a withdrawal, termination or lapse is never early |
//! | (12), (13) | `acc < b` and `end ≥ b`: within its time, overdue |
//!
//! A dossier is placed by the version known at the report's position: so whoever is in (3) is in exactly one of (7) and
//! (11), and what was pending at the end of one period is the opening of the next. Four kinds stand outside all columns,
//! stocks and flows alike, so that every identity holds whatever happened; each has its own memo row:
//!
//! * *no due date*: it can be neither early nor late, and must not be taken for on time. Once it has a due date it is in
//!   the form, in the column of its acceptance;
//! * *unclassified*: it ended before it was accepted or without being accepted, or a record of it is not understood;
//! * *not accepted*: refused at intake, withdrawn before acceptance, or still waiting;
//! * *voided*: two persons said that it should never have been accepted.

use crate::day::{self, NEVER};
use crate::facts::{Columns, Exit, Wait, Waited, bits, channel};
use crate::question::{Bounds, PendingRule};
use crate::scan::number;

/// One dossier's place. The low 17 bits and the oddities are those of the facts' flags.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Placement(u32);

/// Placements of this many low bits are counted in an array; those above are rare.
pub(crate) const COMMON: u32 = 1 << 20;

const COPIED: u32 = (1 << 17) - 1;
const RECEIVED: u32 = 1 << 17;
const STATE_AT: u32 = 18;
const OUTSIDE_AT: u32 = 25;
const VOIDED: u32 = Exit::Voided as u32;

/// Ended in the period, or pending at its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Column (7).
    Ended,
    /// Column (12).
    PendingWithin,
    /// Column (13).
    PendingOverdue,
}

/// The class of an end, by a due date.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// Before the due date.
    Early,
    /// On it, or left without a result before it.
    OnTime,
    /// After it.
    Overdue,
    /// There is no due date.
    Unknown,
}

/// Why a dossier stands outside the form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Outside {
    /// Accepted, but without a due date.
    NoDueDate = 1,
    /// Ended before or without acceptance, or not understood.
    Unclassified = 2,
    /// Refused at intake in the period.
    RefusedAtIntake = 3,
    /// Withdrawn before acceptance in the period.
    WithdrawnBeforeAcceptance = 4,
    /// Filed in the period and never accepted, and at the period's end neither refused nor withdrawn.
    NeverAccepted = 5,
    /// Its acceptance was voided in the period.
    Voided = 6,
}

/// How an accepted dossier left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Left {
    /// With its result.
    Granted,
    /// Refused after examination.
    Refused,
    /// Taken back.
    Withdrawn,
    /// Stopped for good.
    Terminated,
    /// No supplement came.
    Lapsed,
}

/// What a pending dossier waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Waiting {
    /// A supplement.
    Supplement,
    /// A payment.
    Payment,
    /// It is suspended.
    Suspended,
}

/// The place of one version, or `None` when the period does not touch it.
#[inline]
pub(crate) fn place(
    (columns, waited): (&Columns, &[Waited]),
    at: usize,
    bounds: &Bounds,
    rule: PendingRule,
) -> Option<Placement> {
    let flags = columns.flags[at];
    let (begun, ended) = (columns.begun[at], columns.ended[at]);
    if flags & bits::OUTSIDE != 0 {
        return outside(flags, begun, ended, bounds);
    }
    if begun > bounds.to || ended < bounds.from {
        return None;
    }
    let received = if begun >= bounds.from { RECEIVED } else { 0 };
    let code = (flags & (COPIED | bits::ODD)) | received;
    if ended <= bounds.to {
        return Some(Placement(code & !bits::WAIT));
    }
    let waits = flags & bits::WAIT != 0
        && waited
            .get(number(columns.waited[at]))
            .is_some_and(|waited| waited.from <= bounds.last && bounds.last < waited.until);
    let over_from = columns.over_from[at];
    let overdue = match rule {
        PendingRule::Strict => bounds.instant >= over_from,
        PendingRule::ProvincialLax => !waits && day::of_micros(over_from - 1) < bounds.last,
    };
    let code = if waits { code } else { code & !bits::WAIT };
    Some(Placement(code | (if overdue { 2 } else { 1 }) << STATE_AT))
}

#[cold]
fn outside(flags: u32, begun: i32, ended: i32, bounds: &Bounds) -> Option<Placement> {
    let within = |day: i32| bounds.from <= day && day <= bounds.to;
    let unclassified =
        bits::NOT_UNDERSTOOD | bits::ENDED_WITHOUT_ACCEPTANCE | bits::ENDED_BEFORE_ACCEPTANCE;
    let exit = (flags & bits::EXIT) >> bits::EXIT_AT;
    let kind = if flags & unclassified != 0 {
        let first = begun.min(ended);
        let last = if ended == NEVER || begun == NEVER {
            ended
        } else {
            begun.max(ended)
        };
        // With no date known at all it may belong to any period, so it is shown in each.
        ((first == NEVER || first <= bounds.to) && last >= bounds.from)
            .then_some(Outside::Unclassified)
    } else if exit == VOIDED {
        within(ended).then_some(Outside::Voided)
    } else if flags & bits::ACCEPTED != 0 {
        (begun <= bounds.to && ended >= bounds.from).then_some(Outside::NoDueDate)
    } else if within(ended) {
        match exit {
            3 => Some(Outside::WithdrawnBeforeAcceptance),
            _ => Some(Outside::RefusedAtIntake),
        }
    } else {
        (within(begun) && ended > bounds.to).then_some(Outside::NeverAccepted)
    };
    let received = if within(begun) { RECEIVED } else { 0 };
    kind.map(|kind| {
        Placement(
            (flags & ((COPIED & !bits::WAIT) | bits::ODD))
                | received
                | (u32::from(kind as u8) << OUTSIDE_AT),
        )
    })
}

impl Placement {
    /// The place in the array of common placements; past its end for the rare ones.
    #[inline]
    pub(crate) fn code(self) -> u32 {
        self.0
    }

    /// Why it is outside the form; `None` inside.
    pub fn outside(self) -> Option<Outside> {
        match self.0 >> OUTSIDE_AT {
            1 => Some(Outside::NoDueDate),
            2 => Some(Outside::Unclassified),
            3 => Some(Outside::RefusedAtIntake),
            4 => Some(Outside::WithdrawnBeforeAcceptance),
            5 => Some(Outside::NeverAccepted),
            6 => Some(Outside::Voided),
            _ => None,
        }
    }

    /// Column (3) counts it.
    pub fn is_counted(self) -> bool {
        self.0 >> OUTSIDE_AT == 0
    }

    /// Accepted in the period; otherwise carried over.
    #[inline]
    pub fn received(self) -> bool {
        self.0 & RECEIVED != 0
    }

    /// Ended in the period, or pending at its end; meaningful for what is counted.
    #[inline]
    pub fn state(self) -> State {
        match (self.0 >> STATE_AT) & 0b11 {
            0 => State::Ended,
            1 => State::PendingWithin,
            _ => State::PendingOverdue,
        }
    }

    /// The class by the due date known at the report's position.
    #[inline]
    pub fn class(self) -> Class {
        class((self.0 & bits::CLASS) >> bits::CLASS_AT)
    }

    /// The class by the due date first promised.
    pub fn original_class(self) -> Class {
        class((self.0 & bits::ORIGINAL_CLASS) >> bits::ORIGINAL_CLASS_AT)
    }

    /// 0 direct, 1 online, 2 postal.
    #[inline]
    pub fn channel(self) -> Option<usize> {
        channel(self.0)
    }

    /// How it left in the period; `None` while pending, and outside the form.
    pub fn left(self) -> Option<Left> {
        if !self.is_counted() || self.state() != State::Ended {
            return None;
        }
        match (self.0 & bits::EXIT) >> bits::EXIT_AT {
            1 => Some(Left::Granted),
            2 => Some(Left::Refused),
            3 => Some(Left::Withdrawn),
            4 => Some(Left::Terminated),
            5 => Some(Left::Lapsed),
            _ => None,
        }
    }

    /// What it waits for at the end of the period.
    pub fn waiting(self) -> Option<Waiting> {
        const SUPPLEMENT: u32 = Wait::Supplement as u32;
        const PAYMENT: u32 = Wait::Payment as u32;
        const SUSPENDED: u32 = Wait::Suspended as u32;
        match (self.0 & bits::WAIT) >> bits::WAIT_AT {
            SUPPLEMENT => Some(Waiting::Supplement),
            PAYMENT => Some(Waiting::Payment),
            SUSPENDED => Some(Waiting::Suspended),
            _ => None,
        }
    }

    /// One of the facts' flags that a placement carries.
    pub(crate) fn has(self, flag: u32) -> bool {
        self.0 & flag & (COPIED | bits::ODD) != 0
    }
}

#[inline]
fn class(number: u32) -> Class {
    match number {
        0 => Class::Early,
        1 => Class::OnTime,
        2 => Class::Overdue,
        _ => Class::Unknown,
    }
}
