//! The wish to take over a dossier that another system accepted, with all that happened to it there.

use jiff::Timestamp;
use jiff::civil::Date;

use super::Submit;
use crate::event::{PaymentMethod, PresentedComponent};
use crate::ids::{ComponentCode, DossierCode, LawId, PointId};

/// A dossier that another system accepted and has not ended, as recorded there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CarryOver {
    /// What was filed; its source names the system it comes from and its number there.
    pub submit: Submit,
    /// That system, as the source names it.
    pub system: Box<str>,
    /// When it was filed; at its acceptance when that was not recorded.
    pub filed_at: Option<Timestamp>,
    /// The code it has.
    pub code: DossierCode,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When its result is due now, or was when the wait began that is not over; none when that was not recorded.
    pub due: Option<RecordedDue>,
    /// When it was due before anything moved that; none when nothing did, or it was not recorded.
    pub original_due: Option<RecordedDue>,
    /// The apologies with new dates, the earliest first.
    pub extensions: Vec<CarriedExtension>,
    /// What it waited for, in any order; at most one of them is not over.
    pub waits: Vec<CarriedWait>,
    /// The law version that governs it; the one in force on the day of acceptance when that was not recorded.
    pub law: Option<LawId>,
    /// Where it was accepted.
    pub point: PointId,
}

/// An apology with a new date, as another system recorded it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CarriedExtension {
    /// When the applicant was told.
    pub notified_at: Timestamp,
    /// The new day.
    pub new_date: Date,
    /// Why, as a code.
    pub reason: Box<str>,
}

/// A wait as another system recorded it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CarriedWait {
    /// Since when.
    pub since: Timestamp,
    /// For what.
    pub awaited: Awaited,
}

/// What a dossier waits for, or waited for, as another system recorded it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Awaited {
    /// Papers that were asked for after acceptance.
    Supplement {
        /// Why, as a code.
        reason: Box<str>,
        /// Which papers, if that was recorded.
        components: Vec<ComponentCode>,
        /// The last day for bringing them; as the law version says when that was not recorded.
        lapses_on: Option<Date>,
        /// When and how the wait ended; none while it lasts.
        over: Option<(Timestamp, SupplementEnd)>,
    },
    /// Whatever processing was suspended for.
    Suspension {
        /// Why, as a code.
        reason: Box<str>,
        /// When the wait ended; none while it lasts.
        over: Option<Timestamp>,
    },
    /// A payment.
    Payment {
        /// The notice's number.
        notice: Box<str>,
        /// In đồng.
        amount_vnd: u64,
        /// When and how the wait ended; none while it lasts.
        over: Option<(Timestamp, PaymentEnd)>,
    },
}

/// How a wait for a supplement ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SupplementEnd {
    /// It was brought.
    Brought(Vec<PresentedComponent>),
    /// It was not, and that system went on without it.
    NotBrought,
}

/// How a wait for a payment ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PaymentEnd {
    /// It was paid.
    Paid {
        /// How.
        method: PaymentMethod,
        /// The receipt's number.
        receipt: Box<str>,
    },
    /// It need not be paid.
    Waived {
        /// Why, as a code.
        reason: Box<str>,
    },
}

/// A due date as another system recorded it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecordedDue {
    /// The day: its close of business.
    On(Date),
    /// The moment.
    At(Timestamp),
}
