//! What is true of a dossier in several phases: the filing, the case that acceptance makes of it, and how it ended.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{
    Authorisation, CorrectionProposal, DigitalPaper, Feedback, PostalLeg, Subtask, VoidProposal,
};
use crate::clock::{Due, TimeLimit};
use crate::event::{
    AcceptanceBasis, Channel, DossierAccepted, DossierSubmitted, DuplicateSubmission,
    PaymentMethod, PresentedComponent, Reason, SubjectErasureRequested,
};
use crate::ids::{
    ActorId, AgencyId, ComponentCode, DossierCode, FieldCode, LawId, OrganisationId, PointId,
    ProcedureCode, VersionHash,
};

/// What was filed, and what intake did with it before acceptance.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Filing {
    /// What the filing said.
    pub submitted: DossierSubmitted,
    /// When it was recorded as filed.
    pub submitted_at: Timestamp,
    /// All papers handed in so far, with every supplement.
    pub components: Vec<PresentedComponent>,
    /// How often intake asked for more; the law allows once (NĐ 61/2018 Đ.17.2a).
    pub intake_requests: u16,
    /// By when intake must answer an online filing; it starts anew with each supplement.
    pub answer_due: Option<Timestamp>,
    /// Intake answered later than that.
    pub answered_late: bool,
    /// On which ground the personal data is to be erased, once that was asked for.
    pub erasure: Option<SubjectErasureRequested>,
    /// When the personal data was destroyed.
    pub subject_erased_at: Option<Timestamp>,
    /// Other histories of the same dossier, each at another home.
    pub duplicates: Vec<DuplicateSubmission>,
    /// What was digitised or reused, in the order in which it became known.
    pub digital: Vec<DigitalPaper>,
    /// Petitions and complaints about it.
    pub feedback: Vec<Feedback>,
    /// Who may act for the applicant, in the order in which it was brought.
    pub authorisations: Vec<Authorisation>,
}

impl Filing {
    pub(super) fn new(submitted: DossierSubmitted, submitted_at: Timestamp) -> Self {
        Self {
            components: submitted.components.clone(),
            answer_due: submitted.answer_due,
            submitted,
            submitted_at,
            intake_requests: 0,
            answered_late: false,
            erasure: None,
            subject_erased_at: None,
            duplicates: Vec::new(),
            digital: Vec::new(),
            feedback: Vec::new(),
            authorisations: Vec::new(),
        }
    }

    /// Intake said something: asked for more, refused, accepted.
    pub(super) fn answered(&mut self, at: Timestamp) {
        self.answered_late |= self.answer_due.is_some_and(|due| at > due);
        self.answer_due = None;
    }
}

/// An accepted dossier: what acceptance said, where it is now, and all that moved its clock.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Case {
    /// The one dossier code.
    pub code: DossierCode,
    /// The procedure.
    pub procedure: ProcedureCode,
    /// Its field at acceptance.
    pub field: FieldCode,
    /// The competent agency.
    pub agency: AgencyId,
    /// How it came.
    pub channel: Channel,
    /// Filed online with a clerk's help.
    pub assisted: bool,
    /// Where it was accepted.
    pub point: PointId,
    /// Who runs that point.
    pub operator: OrganisationId,
    /// When it was accepted complete and correct.
    pub accepted_at: Timestamp,
    /// When the clock started: at acceptance, or when the competent agency had it; none until then.
    pub clock_from: Option<Timestamp>,
    /// What that time rests on.
    pub basis: AcceptanceBasis,
    /// Form 01 was issued.
    pub receipt_issued: bool,
    /// The statutory time; none when the procedure sets none.
    pub limit: Option<TimeLimit>,
    /// The law version that governs it to its end.
    pub law: LawId,
    /// The calendar the due date was last counted on.
    pub calendar: VersionHash,
    /// The catalogue at acceptance.
    pub catalogue: VersionHash,
    /// The due date on form 01.
    pub original_due: Option<Due>,
    /// The due date now; while it waits, the one from before the wait.
    pub due: Option<Due>,
    /// The agency that has it now.
    pub agency_now: AgencyId,
    /// The unit that has it now.
    pub unit: Option<Box<str>>,
    /// The officer's account that holds it.
    pub holder: Option<ActorId>,
    /// The first time it was passed on.
    pub forwarded: Option<Forwarding>,
    /// How many supplements were asked for after acceptance; the law allows one (NĐ 61/2018 Đ.11.2c).
    pub supplement_requests: u16,
    /// One of them was asked for later than the law version's working days.
    pub late_supplement_request: bool,
    /// Pauses and extensions in the order in which they happened.
    pub moves: Vec<ClockMove>,
    /// Financial obligations that were met.
    pub paid: Vec<PaidFee>,
    /// Facts that were put right.
    pub corrections: u16,
    /// Somebody proposed to void the acceptance.
    pub void_proposal: Option<VoidProposal>,
    /// Somebody proposed to put a legal time right.
    pub correction_proposal: Option<Box<CorrectionProposal>>,
    /// What other agencies were asked for.
    pub subtasks: Vec<Subtask>,
    /// What the post did with the result.
    pub post: PostalLeg,
}

/// A financial obligation that was met.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PaidFee {
    /// The notice's number.
    pub notice: Box<str>,
    /// In đồng.
    pub amount_vnd: u64,
    /// How.
    pub method: PaymentMethod,
    /// The receipt's number.
    pub receipt: Box<str>,
    /// What was given back, with the receipt of each refund, in đồng.
    pub refunds: Vec<(Box<str>, u64)>,
}

/// The first time a dossier was passed on (NĐ 61/2018 Đ.18.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Forwarding {
    /// When it was.
    pub at: Timestamp,
    /// When it had to be.
    pub expected_by: Option<Timestamp>,
}

/// Something that may move a due date; whether it does, the law version says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ClockMove {
    /// A wait that is over.
    Paused(Pause),
    /// An apology with a new date.
    Extended(Extension),
}

/// A wait that is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Pause {
    /// Since when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// For what.
    pub why: PauseWhy,
}

/// What a dossier waited for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseWhy {
    /// A supplement.
    Supplement,
    /// A supplement without which another system went on.
    SupplementNotBrought,
    /// A payment for which the procedure stops the clock.
    Payment,
    /// The end of a suspension.
    Suspension,
}

/// An apology with a new date (form 04, NĐ 61/2018 Đ.19.9).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Extension {
    /// The first is 1.
    pub ordinal: u16,
    /// When the apology was recorded.
    pub at: Timestamp,
    /// The day asked for.
    pub asked_for: Date,
    /// It came later than the law version allows.
    pub late_notice: bool,
    /// It counts: the due date is the day asked for.
    pub counts: bool,
    /// Another system made it: it counted there, whatever the law version says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub carried_over: bool,
}

/// A supplement asked for and not yet here.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SupplementRequest {
    /// The first is 1.
    pub ordinal: u16,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Why.
    pub reason: Reason,
    /// What is missing.
    pub missing: Vec<ComponentCode>,
    /// The last day for it, if the law version sets one.
    pub lapses_on: Option<Date>,
}

/// A financial obligation notified and not yet met.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FeeNotice {
    /// The notice's number.
    pub notice: Box<str>,
    /// In đồng.
    pub amount_vnd: u64,
    /// The clock stands still until it is paid.
    pub suspends_clock: bool,
    /// When it was notified.
    pub notified_at: Timestamp,
}

/// What an accepted dossier waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Waiting<'a> {
    /// A supplement.
    Supplement(&'a SupplementRequest),
    /// A payment.
    Payment(&'a FeeNotice),
    /// The end of a suspension.
    Resumption {
        /// Since when.
        since: Timestamp,
        /// Why it was suspended.
        reason: &'a Reason,
    },
}

/// The end of processing. It never changes again, whatever happens to the dossier.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ended {
    /// When, in the legal sense.
    pub at: Timestamp,
    /// How.
    pub exit: Exit,
}

/// How processing ended. What was refused at intake or withdrawn before acceptance never was in processing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// The result was issued.
    Granted,
    /// Form 03 after examination, entered as a result (NĐ 61/2018 Đ.19.8).
    RefusedAfterExamination,
    /// Taken back by the applicant.
    Withdrawn,
    /// Stopped for good (form 05).
    Terminated,
    /// No supplement came within the limit.
    SupplementLapsed,
    /// It should never have been accepted: no end that counts.
    Voided,
}

impl Exit {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::RefusedAfterExamination => "refused_after_examination",
            Self::Withdrawn => "withdrawn",
            Self::Terminated => "terminated",
            Self::SupplementLapsed => "supplement_lapsed",
            Self::Voided => "voided",
        }
    }

    /// The name for people, in Vietnamese.
    pub fn label_vi(self) -> &'static str {
        match self {
            Self::Granted => "Đã giải quyết",
            Self::RefusedAfterExamination => "Từ chối giải quyết",
            Self::Withdrawn => "Công dân rút hồ sơ",
            Self::Terminated => "Dừng giải quyết",
            Self::SupplementLapsed => "Quá hạn bổ sung hồ sơ",
            Self::Voided => "Hủy tiếp nhận",
        }
    }
}

impl Case {
    pub(super) fn new(accepted: DossierAccepted, accepted_at: Timestamp) -> Self {
        Self {
            code: accepted.code,
            procedure: accepted.procedure,
            field: accepted.field,
            agency_now: accepted.agency.clone(),
            agency: accepted.agency,
            channel: accepted.channel,
            assisted: accepted.assisted,
            point: accepted.point,
            operator: accepted.operator,
            accepted_at,
            clock_from: (!accepted.boundary_independent).then_some(accepted_at),
            basis: accepted.basis,
            receipt_issued: accepted.receipt_issued,
            limit: accepted.limit,
            law: accepted.law,
            calendar: accepted.calendar,
            catalogue: accepted.catalogue,
            original_due: accepted.due,
            due: accepted.due,
            unit: None,
            holder: None,
            forwarded: None,
            supplement_requests: 0,
            late_supplement_request: false,
            moves: Vec::new(),
            paid: Vec::new(),
            corrections: 0,
            void_proposal: None,
            correction_proposal: None,
            subtasks: Vec::new(),
            post: PostalLeg::default(),
        }
    }

    /// The payment for a notice.
    pub fn paid(&self, notice: &str) -> Option<&PaidFee> {
        self.paid.iter().find(|paid| &*paid.notice == notice)
    }

    /// A sub-task by its number.
    pub fn subtask(&self, number: u16) -> Option<&Subtask> {
        self.subtasks.iter().find(|it| it.number == number)
    }

    /// The waits that are over, oldest first.
    pub fn pauses(&self) -> impl Iterator<Item = &Pause> {
        self.moves.iter().filter_map(|it| match it {
            ClockMove::Paused(pause) => Some(pause),
            ClockMove::Extended(_) => None,
        })
    }

    /// The extensions, oldest first, also those that did not count.
    pub fn extensions(&self) -> impl Iterator<Item = &Extension> {
        self.moves.iter().filter_map(|it| match it {
            ClockMove::Extended(extension) => Some(extension),
            ClockMove::Paused(_) => None,
        })
    }

    /// The case after one more wait.
    pub(super) fn paused(mut self, pause: Pause) -> Self {
        self.moves.push(ClockMove::Paused(pause));
        self
    }

    /// The number that the next one of a counted thing bears.
    pub(super) fn next_extension(&self) -> u16 {
        next(self.extensions().count())
    }

    pub(super) fn next_subtask(&self) -> u16 {
        next(self.subtasks.len())
    }
}

impl PaidFee {
    /// What was paid and not given back, in đồng.
    pub fn kept_vnd(&self) -> u64 {
        let refunded = self.refunds.iter().map(|(_, amount)| *amount);
        refunded.fold(self.amount_vnd, u64::saturating_sub)
    }
}

fn next(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX).saturating_add(1)
}
