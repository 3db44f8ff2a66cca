//! What a planned dossier is: how it comes, what happens to it and when, and where the form must put it.

use domain::clock::{Due, Timeliness};
use domain::event::Channel;
use domain::ids::{AgencyId, FieldCode, ProcedureCode};
use jiff::Timestamp;
use jiff::civil::Date;

use super::diary::Moment;

/// How a dossier comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// Through the portal.
    Online {
        /// With a clerk's help at the counter.
        assisted: bool,
    },
    /// Brought to the counter.
    Direct,
    /// By the public post, with a hand-over minute.
    Postal,
}

impl Way {
    /// The national channel.
    pub(crate) fn channel(self) -> Channel {
        match self {
            Self::Online { .. } => Channel::Online,
            Self::Direct => Channel::Direct,
            Self::Postal => Channel::Postal,
        }
    }
}

/// How a fee is paid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Payment {
    /// Online.
    Online,
    /// By bank transfer.
    Transfer,
    /// At the counter.
    Cash,
}

/// How a result reaches the applicant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Hand {
    /// At the counter.
    Counter,
    /// By the post.
    Post,
    /// In the applicant's electronic store.
    Electronic,
}

/// One thing that somebody does; each is one call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Act {
    /// File.
    Submit,
    /// File and accept in one call.
    SubmitAndAccept {
        /// When the hand-over minute was signed, for what came by post.
        minute: Option<Moment>,
        /// Resolve and deliver at once, too.
        at_once: bool,
    },
    /// Ask for what is missing, before acceptance.
    RequestIntakeSupplement,
    /// Bring it.
    SupplementSubmission,
    /// Refuse at intake.
    RefuseIntake,
    /// Take the filing back.
    WithdrawSubmission,
    /// Accept.
    Accept,
    /// Pass on to the unit that works on it.
    Transfer,
    /// Give to an officer.
    Assign,
    /// Ask for a supplement after acceptance.
    RequestSupplement,
    /// Bring it.
    ReceiveSupplement,
    /// Notify a fee.
    RequestFee,
    /// Record its payment.
    Pay(Payment),
    /// Apologise and name a new day.
    Extend(Date),
    /// Suspend.
    Suspend,
    /// Go on.
    Resume,
    /// Enter the result.
    Resolve,
    /// Refuse after examination.
    RefuseAfterExamination,
    /// Take the dossier back.
    Withdraw,
    /// Hand over the result.
    Deliver(Hand),
}

/// An act at its moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Step {
    /// When.
    pub(crate) at: Moment,
    /// What.
    pub(crate) act: Act,
}

/// How an accepted dossier ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exit {
    /// With its result.
    Granted,
    /// Refused after examination.
    Refused,
    /// Taken back.
    Withdrawn,
}

/// What a pending dossier waits for on the last day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wait {
    /// To be passed on.
    Forwarding,
    /// For an officer.
    Officer,
    /// For nothing: an officer works on it.
    Nothing,
    /// For a supplement.
    Supplement,
    /// For a payment.
    Payment,
    /// It is suspended.
    Resumption,
}

/// Where the form must put a dossier once its life is over or the play ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// Accepted: in the form.
    Counted {
        /// When it was accepted.
        accepted: Timestamp,
        /// The due date in force at the end.
        due: Due,
        /// When and how it ended, or what it waits for.
        state: Result<(Timestamp, Exit), Wait>,
    },
    /// Outside the form: nobody accepted it.
    NeverAccepted,
    /// Outside the form.
    RefusedAtIntake,
    /// Outside the form.
    WithdrawnBeforeAcceptance,
}

/// The life of one dossier.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Life {
    /// Its number in the play, from 1; applicant and request ids follow from it.
    pub(crate) number: u32,
    /// The agency that decides it.
    pub(crate) agency: AgencyId,
    /// What is asked for.
    pub(crate) procedure: ProcedureCode,
    /// The procedure's field.
    pub(crate) field: FieldCode,
    /// How it comes.
    pub(crate) way: Way,
    /// What happens to it, in order.
    pub(crate) steps: Vec<Step>,
    /// Where the form must put it.
    pub(crate) standing: Standing,
}

impl Exit {
    /// The class the form gives an end at this instant: leaving without a result is never early.
    pub(crate) fn class(self, due: Due, at: Timestamp) -> Timeliness {
        match (due.class(at), self) {
            (Timeliness::Early, Self::Withdrawn) => Timeliness::OnTime,
            (class, Self::Granted | Self::Refused | Self::Withdrawn) => class,
        }
    }
}
