//! The marks of a dossier: what rows below the line and the indices count besides the form, one bit each.
//!
//! Persisted in snapshots: a change is a new snapshot version.

use domain::clock::Timeliness;
use domain::event::{Correction, DeliveryMode, PaymentMethod, ReuseSource};

pub(crate) const CORRECTED: u32 = 1;
pub(crate) const FEE_REQUESTED: u32 = 1 << 1;
pub(crate) const FEE_WAIVED: u32 = 1 << 2;
pub(crate) const FEE_REFUNDED: u32 = 1 << 3;
pub(crate) const PAID_ONLINE: u32 = 1 << 4;
pub(crate) const DIGITISED: u32 = 1 << 5;
pub(crate) const CERTIFIED_COPY: u32 = 1 << 6;
pub(crate) const REUSED: u32 = 1 << 7;
pub(crate) const NATIONAL_STORE: u32 = 1 << 8;
pub(crate) const DATABASE: u32 = 1 << 9;
pub(crate) const ELECTRONIC_RESULT: u32 = 1 << 10;
pub(crate) const SUBTASKS: u32 = 1 << 11;
pub(crate) const SUBTASK_OVERDUE: u32 = 1 << 12;
pub(crate) const SECOND_SUPPLEMENT: u32 = 1 << 13;
pub(crate) const DELIVERED_BY_POST: u32 = 1 << 14;
pub(crate) const DELIVERY_FAILED: u32 = 1 << 15;
pub(crate) const RESULT_BACK: u32 = 1 << 16;
pub(crate) const FEEDBACK: u32 = 1 << 17;
pub(crate) const BOUNDARY_INDEPENDENT: u32 = 1 << 18;
pub(crate) const SUCCEEDED: u32 = 1 << 19;
pub(crate) const CARRIED_OVER: u32 = 1 << 20;
/// How many payments were made online, so that a correction of one leaves the others; eight bits.
const ONLINE_PAYMENTS_AT: u32 = 24;
const ONLINE_PAYMENTS_MAX: u32 = 0xff;

/// How many bits are marks.
pub(crate) const COUNT: usize = 21;
/// The bits that are marks.
pub(crate) const ALL: u32 = (1 << COUNT) - 1;

/// What an event does to the marks.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Change {
    set: u32,
    clear: u32,
    more_online: u32,
    less_online: u32,
}

impl Change {
    /// Nothing.
    pub(super) const NONE: Self = Self {
        set: 0,
        clear: 0,
        more_online: 0,
        less_online: 0,
    };

    /// These are set.
    pub(super) const fn set(set: u32) -> Self {
        Self { set, ..Self::NONE }
    }

    /// These are set, if it is so.
    pub(super) fn set_if(set: u32, so: bool) -> Self {
        if so { Self::set(set) } else { Self::NONE }
    }

    /// Paid so.
    pub(super) fn paid(method: PaymentMethod) -> Self {
        Self {
            more_online: online(method),
            ..Self::NONE
        }
    }

    /// Handed over so.
    pub(super) fn delivered(mode: DeliveryMode) -> Self {
        Self::set_if(DELIVERED_BY_POST, mode == DeliveryMode::Post)
    }

    /// Taken from there instead of asking for a paper.
    pub(super) fn reused(source: ReuseSource) -> Self {
        match source {
            ReuseSource::NationalStore => Self::set(REUSED | NATIONAL_STORE),
            ReuseSource::Database => Self::set(REUSED | DATABASE),
            ReuseSource::Component | ReuseSource::Result => Self::set(REUSED),
        }
    }

    /// Another agency answered so.
    pub(super) fn answered(class: Timeliness) -> Self {
        Self::set_if(SUBTASK_OVERDUE, class == Timeliness::Overdue)
    }

    /// A fact was put right.
    pub(super) fn corrected(correction: &Correction) -> Self {
        let corrected = Self::set(CORRECTED);
        let put = |mark, so| match so {
            true => Self::set(CORRECTED | mark),
            false => Self {
                clear: mark,
                ..corrected
            },
        };
        match correction {
            Correction::ResolvedElectronic { new, .. } => put(ELECTRONIC_RESULT, *new),
            Correction::DeliveredMode { new, .. } => {
                put(DELIVERED_BY_POST, *new == DeliveryMode::Post)
            }
            Correction::PaidMethod { old, new, .. } => Self {
                more_online: online(*new),
                less_online: online(*old),
                ..corrected
            },
            Correction::LegalTime(it) if !it.timeline.subtasks.is_empty() => {
                put(SUBTASK_OVERDUE, it.timeline.subtask_overdue())
            }
            Correction::AcceptedChannel { .. }
            | Correction::AcceptedAssisted { .. }
            | Correction::ResolvedResult { .. }
            | Correction::PaidReceipt { .. }
            | Correction::LegalTime(_) => corrected,
        }
    }

    /// The marks after it.
    pub(super) fn of(self, marks: u32) -> u32 {
        let marks = (marks | self.set) & !self.clear;
        if self.more_online == self.less_online {
            return marks;
        }
        let count = (marks >> ONLINE_PAYMENTS_AT) + self.more_online;
        let count = count.saturating_sub(self.less_online);
        let count = count.min(ONLINE_PAYMENTS_MAX);
        let others = marks & !(ONLINE_PAYMENTS_MAX << ONLINE_PAYMENTS_AT) & !PAID_ONLINE;
        let paid = if count > 0 { PAID_ONLINE } else { 0 };
        others | paid | (count << ONLINE_PAYMENTS_AT)
    }
}

fn online(method: PaymentMethod) -> u32 {
    u32::from(method == PaymentMethod::Online)
}
