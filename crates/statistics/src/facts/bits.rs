//! The bits of a row's flags: what a report asks of a dossier beside its days, in one number.
//!
//! The low 17 and the oddities are read by `placement` in place: one layout for both. Persisted in snapshots: a change
//! is a new snapshot version.

/// Two bits: 0 direct, 1 online, 2 postal, 3 not known.
pub(crate) const CHANNEL: u32 = 0b11;
/// Three bits: an [`super::row::Exit`].
pub(crate) const EXIT_AT: u32 = 2;
pub(crate) const EXIT: u32 = 0b111 << EXIT_AT;
/// Two bits: 0 early, 1 on time, 2 overdue, 3 not ended or no due date.
pub(crate) const CLASS_AT: u32 = 5;
pub(crate) const CLASS: u32 = 0b11 << CLASS_AT;
/// The same by the due date first promised.
pub(crate) const ORIGINAL_CLASS_AT: u32 = 7;
pub(crate) const ORIGINAL_CLASS: u32 = 0b11 << ORIGINAL_CLASS_AT;
pub(crate) const ASSISTED: u32 = 1 << 9;
pub(crate) const PROVISIONAL: u32 = 1 << 10;
pub(crate) const ACCEPTED_LATE: u32 = 1 << 11;
pub(crate) const ENDED_LATE: u32 = 1 << 12;
pub(crate) const DUPLICATE: u32 = 1 << 13;
pub(crate) const SYNTHETIC: u32 = 1 << 14;
/// Two bits: the kind of the last wait, a [`super::row::Wait`]; whether it holds on a day, the row's days say.
pub(crate) const WAIT_AT: u32 = 15;
pub(crate) const WAIT: u32 = 0b11 << WAIT_AT;

pub(crate) const IMMEDIATE: u32 = 1 << 17;
pub(crate) const SUBMITTED: u32 = 1 << 18;
pub(crate) const ACCEPTED: u32 = 1 << 19;

// Oddities: what the standing data checks count.
pub(crate) const ACCEPTED_IN_FUTURE: u32 = 1 << 20;
pub(crate) const ENDED_IN_FUTURE: u32 = 1 << 21;
pub(crate) const DELIVERED_WITHOUT_END: u32 = 1 << 22;
pub(crate) const ENDED_WITHOUT_ACCEPTANCE: u32 = 1 << 23;
pub(crate) const ENDED_BEFORE_ACCEPTANCE: u32 = 1 << 24;
pub(crate) const ODD: u32 = 0b1_1111 << 20;

pub(crate) const NOT_UNDERSTOOD: u32 = 1 << 25;
pub(crate) const HAS_DUE: u32 = 1 << 26;
pub(crate) const DUE_BY_INSTANT: u32 = 1 << 27;
pub(crate) const HAS_ORIGINAL: u32 = 1 << 28;
pub(crate) const ORIGINAL_BY_INSTANT: u32 = 1 << 29;
/// The form cannot place it: not accepted, no due date, voided, or unclassified.
pub(crate) const OUTSIDE: u32 = 1 << 30;
