//! Every event of a dossier: what happened and why, never what the state became.
//!
//! Persisted: add, never change. A changed meaning is a new schema version, read through `application::upcast`.

mod after_acceptance;
mod calendar;
mod cooperation;
mod corrections;
mod duplicate;
mod filings;
mod legal_time;
mod look_ups;
mod losses;
mod papers;
mod post;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::{Due, TimeLimit};
use crate::ids::{
    AgencyId, ComponentCode, DossierCode, FieldCode, FilingId, LawId, OrganisationId, PointId,
    ProcedureCode, SourceReference, VaultRef, VersionHash,
};

pub use after_acceptance::*;
pub use calendar::CalendarPublished;
pub use cooperation::*;
pub use corrections::*;
pub use duplicate::DuplicateSubmission;
pub use filings::*;
pub use legal_time::*;
pub use look_ups::*;
pub use losses::*;
pub use papers::*;
pub use post::*;

/// An event at its legal time, which is the envelope's `occurred_at`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Occurrence {
    /// When it legally happened; for acceptance and ends of processing the server's own clock unless a document says so.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// Declares the event list once: the enum, each event's stable name and schema version, and its decoding.
macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident = $name:literal v $version:literal),* $(,)?) => {
        /// What can happen to a dossier. The legal ground of each is in its payload's documentation.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub enum Event { $($(#[$doc])* $variant($variant),)* }

        /// Which of the events it is, without its payload.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum EventKind { $($(#[$doc])* $variant,)* }

        impl EventKind {
            /// The kind with this stable name; `None` when this program knows no such event.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The schema version this program writes.
            pub fn schema_version(self) -> u16 {
                match self { $(Self::$variant => $version,)* }
            }
        }

        impl Event {
            /// Every event's stable name with the schema version written now.
            pub const KINDS: &'static [(&'static str, u16)] = &[$(($name, $version)),*];

            /// The stable name, as in the record's type.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name,)* }
            }

            /// The schema version this program writes.
            pub fn schema_version(&self) -> u16 {
                match self { $(Self::$variant(_) => $version,)* }
            }

            /// Reads the payload of the event named `kind`; `None` when this program knows no such event.
            pub fn decode<'de, D: serde::Deserializer<'de>>(kind: &str, data: D) -> Option<Result<Self, D::Error>> {
                match kind {
                    $($name => Some($variant::deserialize(data).map(Self::$variant)),)*
                    _ => None,
                }
            }

            /// Writes the payload alone; the name travels beside it.
            pub fn encode<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                match self { $(Self::$variant(payload) => payload.serialize(to),)* }
            }
        }
    };
}

events! {
    /// A dossier was filed; nobody has looked at it yet.
    DossierSubmitted = "dossier_submitted" v 1,
    /// Intake asked for what is missing, before acceptance.
    IntakeSupplementRequested = "intake_supplement_requested" v 1,
    /// What intake asked for was brought, before acceptance.
    IntakeSupplementReceived = "intake_supplement_received" v 1,
    /// Intake refused the dossier.
    IntakeRefused = "intake_refused" v 1,
    /// The dossier was found complete and correct: it has a code and a due date, and the clock starts.
    DossierAccepted = "dossier_accepted" v 1,
    /// Passed to another agency or unit.
    Transferred = "transferred" v 1,
    /// Given to an officer.
    TaskAssigned = "task_assigned" v 1,
    /// A supplement was asked for after acceptance.
    SupplementRequested = "supplement_requested" v 1,
    /// The supplement came.
    SupplementReceived = "supplement_received" v 1,
    /// No supplement came within the law version's limit: the clock ends.
    SupplementLapsed = "supplement_lapsed" v 1,
    /// Another system went on without the supplement.
    SupplementNotBrought = "supplement_not_brought" v 1,
    /// A financial obligation was notified.
    FeeRequested = "fee_requested" v 1,
    /// The financial obligation was met.
    FeePaid = "fee_paid" v 1,
    /// An apology with a new date.
    DeadlineExtended = "deadline_extended" v 1,
    /// Processing was suspended; the dossier is still pending.
    ProcessingSuspended = "processing_suspended" v 1,
    /// Processing went on.
    ProcessingResumed = "processing_resumed" v 1,
    /// Processing was stopped for good: the clock ends.
    ProcessingTerminated = "processing_terminated" v 1,
    /// The result is there, or a refusal after examination: the clock ends.
    DossierResolved = "dossier_resolved" v 1,
    /// The result was handed over.
    ResultDelivered = "result_delivered" v 1,
    /// The applicant took the dossier back: the clock ends.
    DossierWithdrawn = "dossier_withdrawn" v 1,
    /// The due date was computed anew, on another calendar version.
    DueDateRecomputed = "due_date_recomputed" v 1,
    /// Somebody asked for the personal data of the dossier to be erased; from now on no vault keeps or gives any.
    SubjectErasureRequested = "subject_erasure_requested" v 1,
    /// The personal data of the dossier was destroyed in every vault that had it, but for those that it names as given up.
    SubjectKeyDestroyed = "subject_key_destroyed" v 1,
    /// The same request was filed at another intake node too: one dossier, and this history of it stands.
    DuplicateSubmission = "duplicate_submission" v 1,
    /// One person proposed to void the acceptance.
    VoidProposed = "void_proposed" v 1,
    /// A second person confirmed: the acceptance is void, the clock ends and nothing is counted.
    AcceptanceVoided = "acceptance_voided" v 1,
    /// A fact of an earlier event was put right.
    EventCorrected = "event_corrected" v 1,
    /// One person proposed to put a legal time right that the figures go by.
    CorrectionProposed = "correction_proposed" v 1,
    /// The applicant's data was put right in the vault.
    SubjectReplaced = "subject_replaced" v 1,
    /// The financial obligation was waived.
    FeeWaived = "fee_waived" v 1,
    /// A payment was given back.
    FeeRefunded = "fee_refunded" v 1,
    /// The competent agency has a boundary-independent dossier: the clock starts.
    CompetentAgencyReceived = "competent_agency_received" v 1,
    /// Another agency was asked for an opinion, or for its part.
    SubtaskOpened = "subtask_opened" v 1,
    /// It answered.
    SubtaskCompleted = "subtask_completed" v 1,
    /// It need not answer any more.
    SubtaskCancelled = "subtask_cancelled" v 1,
    /// A paper was digitised.
    ComponentDigitised = "component_digitised" v 1,
    /// A paper was not asked for again.
    ComponentReused = "component_reused" v 1,
    /// The post did not meet the recipient.
    DeliveryFailed = "delivery_failed" v 1,
    /// The post gave the result back to the agency.
    ResultReturnedToAgency = "result_returned_to_agency" v 1,
    /// A petition or complaint is about this dossier.
    FeedbackLinked = "feedback_linked" v 1,
    /// The agency that had the dossier ended; its successor has it.
    AgencySucceeded = "agency_succeeded" v 1,
    /// Something was brought for a dossier; a history of its own.
    FilingReceived = "filing_received" v 1,
    /// What was brought for this dossier is not allowed.
    FilingRefused = "filing_refused" v 1,
    /// Somebody else may act for the applicant.
    AuthorisationRecorded = "authorisation_recorded" v 1,
    /// The post collected the dossier against a signed slip.
    DossierCollected = "dossier_collected" v 1,
    /// Papers changed hands, or one side says so; a history of its own.
    HandOverSigned = "hand_over_signed" v 1,
    /// The other side signed too.
    HandOverAcknowledged = "hand_over_acknowledged" v 1,
    /// A fee was taken offline; a history of its own.
    FeeReceiptIssued = "fee_receipt_issued" v 1,
    /// Receipt numbers were given to a terminal; in the history of their series.
    ReceiptRangeLeased = "receipt_range_leased" v 1,
    /// A postal terminal was made known, or moved; in its own history.
    TerminalEnrolled = "terminal_enrolled" v 1,
    /// Something is wrong with a terminal; in its own history.
    TerminalNoted = "terminal_noted" v 1,
    /// An entry of a terminal's journal was answered; in the journal's history.
    JournalEntryAnswered = "journal_entry_answered" v 1,
    /// Dossiers were looked for by an identity number; a history of its own.
    IdentityLookedUp = "identity_looked_up" v 1,
    /// A calendar took the place of the catalogue's own; in a history of its own.
    CalendarPublished = "calendar_published" v 1,
    /// A person declared a node's vault gone for good; in a history of its own.
    VaultLossDeclared = "vault_loss_declared" v 1,
    /// A vault that was declared gone spoke; in that history.
    VaultLossEnded = "vault_loss_ended" v 1,
}

/// How the dossier came (*kênh thực hiện*), national code table KenhThucHien.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// 1, *trực tiếp*: a person stood at a counter, whoever employs the clerk.
    Direct,
    /// 2, *trực tuyến*.
    Online,
    /// 3, *bưu chính công ích*: the dossier itself travelled by the public post.
    Postal,
}

/// Where it was handed in; a fact apart from the channel and from who runs the place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    /// A counter of a one-stop (*Bộ phận Một cửa*).
    Counter,
    /// A post office.
    PostOffice,
    /// A self-service kiosk.
    Kiosk,
    /// Collected at the applicant's address.
    HomeCollection,
    /// A portal.
    Online,
}

/// Kind of applicant (*loại đối tượng*), national code table LoaiDoiTuong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicantKind {
    /// 1, *người dân*.
    Citizen,
    /// 2, *doanh nghiệp*.
    Business,
    /// 3, *cơ quan nhà nước*.
    StateAgency,
    /// 4, *tổ chức khác*.
    OtherOrganisation,
}

/// Why something was asked, refused or stopped: a short stable code, and the words in the vault.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reason {
    /// A short code, ASCII, chosen by the calling system: `missing_component`.
    pub code: Box<str>,
    /// The words people wrote; they may name people, so they lie in the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<VaultRef>,
}

/// One paper as it was handed in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PresentedComponent {
    /// Which paper of the procedure's list.
    pub code: ComponentCode,
    /// Originals.
    #[serde(default)]
    pub originals: u16,
    /// Certified copies.
    #[serde(default)]
    pub certified_copies: u16,
    /// Plain copies.
    #[serde(default)]
    pub copies: u16,
}

/// NĐ 61/2018 Đ.16.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DossierSubmitted {
    /// The procedure asked for.
    pub procedure: ProcedureCode,
    /// The agency that decides it.
    pub agency: AgencyId,
    /// How it came.
    pub channel: Channel,
    /// Filed online with a clerk's help at the counter.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub assisted: bool,
    /// Where it was handed in.
    pub place: PlaceKind,
    /// The one-stop point, when it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<PointId>,
    /// Who runs the place.
    pub operator: OrganisationId,
    /// Kind of applicant.
    pub applicant: ApplicantKind,
    /// Who the applicant is: in the vault.
    pub subject: VaultRef,
    /// The papers handed in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<PresentedComponent>,
    /// The other system's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceReference>,
    /// The catalogue in use.
    pub catalogue: VersionHash,
    /// By when intake must answer an online filing; none on other channels (NĐ 45/2020 Đ.11: 8 working hours).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_due: Option<Timestamp>,
    /// Filed outside the competent agency's boundary (*phi địa giới*): the clock starts when that agency has it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub boundary_independent: bool,
    /// The data are synthetic.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub synthetic: bool,
}

/// Form 02 before acceptance (NĐ 61/2018 Đ.17.1a, 17.2a: one full notice, once).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IntakeSupplementRequested {
    /// Why.
    pub reason: Reason,
    /// What is missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<ComponentCode>,
    /// The first request is 1; a second one breaks Đ.17.2a and is flagged by this number.
    pub ordinal: u16,
}

/// The applicant completed a filing before acceptance (NĐ 61/2018 Đ.17.2a).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IntakeSupplementReceived {
    /// What was brought.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<PresentedComponent>,
    /// By when intake must answer the completed online filing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_due: Option<Timestamp>,
    /// The filing with which it came, when it was brought to an intake node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filing: Option<FilingId>,
}

/// Form 03 at intake (NĐ 61/2018 Đ.17.1b).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IntakeRefused {
    /// Why: a refusal always says so.
    pub reason: Reason,
}

/// What the acceptance time rests on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AcceptanceBasis {
    /// The server's own clock at acceptance.
    ServerClock,
    /// A signed hand-over minute (*biên bản giao nhận*, QĐ 45/2016 Đ.7.4): its signing is the moment of lawful filing.
    HandOverMinute {
        /// The minute's number.
        number: Box<str>,
    },
    /// Recorded late under the scope `record-late`, with the reason given.
    RecordedLate {
        /// Why it was not recorded in time.
        reason: Reason,
    },
    /// Accepted in another system, which hoso took it over from: code, times, due date and law are as recorded there.
    CarriedOver {
        /// That system.
        system: Box<str>,
        /// The due date that hoso would have given; none when it is the one recorded there, or hoso would have given none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        computed: Option<Due>,
        /// No due date was recorded with the acceptance, and it was moved since: the one here is counted.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        counted: bool,
        /// The due date that it had there in the end; none when that is the one that its history gives.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recorded: Option<Due>,
    },
}

/// Form 01 (NĐ 61/2018 Đ.17.1c, 17.3; NĐ 309/2026 Đ.17.3). The dossier is judged by the versions named here.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DossierAccepted {
    /// The one code of the dossier.
    pub code: DossierCode,
    /// The procedure.
    pub procedure: ProcedureCode,
    /// Its field, as of now.
    pub field: FieldCode,
    /// The competent agency.
    pub agency: AgencyId,
    /// How it came.
    pub channel: Channel,
    /// Filed online with a clerk's help.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub assisted: bool,
    /// Where it was accepted.
    pub point: PointId,
    /// Who runs that point.
    pub operator: OrganisationId,
    /// What the time of acceptance rests on.
    pub basis: AcceptanceBasis,
    /// The statutory time for this procedure and channel; none when the procedure sets none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<TimeLimit>,
    /// When the result is due (*ngày hẹn trả*).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// The law version that governs it.
    pub law: LawId,
    /// The calendar used.
    pub calendar: VersionHash,
    /// The catalogue used: agency and procedure versions are those in it.
    pub catalogue: VersionHash,
    /// Whether form 01 was issued (not for immediate results unless asked, Đ.17.4).
    pub receipt_issued: bool,
    /// Accepted outside the competent agency's boundary: no due date until that agency has it (NĐ 309/2026).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub boundary_independent: bool,
}
