//! What the public post does, as its terminals tell it: collected dossiers, hand-over minutes, receipts, and the terminals
//! themselves.
//!
//! Persisted: add, never change. Nothing here names a person: clerks and postmen are accounts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{
    ActorId, AgencyId, DossierCode, DossierId, FilingId, OrganisationId, TerminalId, VersionHash,
};

/// The system in whose name a slip's number is a dossier's source reference.
pub const SLIP_SYSTEM: &str = "phieu-gui";

/// In the dossier's history: the post collected it against a slip that both sides signed (*phiếu gửi hồ sơ*, QĐ 45/2016
/// Đ.6). It is filed by the event before this one, and is not accepted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DossierCollected {
    /// The slip's number.
    pub slip: Box<str>,
    /// The terminal that has it.
    pub terminal: TerminalId,
    /// The agency it has to be brought to.
    pub agency: AgencyId,
    /// The checklist by which the papers were counted (QĐ 45/2016 Đ.6.2).
    pub checklist: VersionHash,
    /// When, on the terminal's clock.
    pub device_at: Timestamp,
}

/// Who holds papers that are on their way.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Holder {
    /// A terminal, and the postman with it.
    Terminal(TerminalId),
    /// A post office (*bưu cục*).
    PostOffice(Box<str>),
    /// A one-stop point.
    Point(Box<str>),
}

impl Holder {
    /// Its id, whatever it is.
    pub fn id(&self) -> &str {
        match self {
            Self::Terminal(id) => id.as_str(),
            Self::PostOffice(id) | Self::Point(id) => id,
        }
    }
}

/// What is on its way.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paper {
    /// A collected dossier, by its slip.
    Slip(Box<str>),
    /// A result, by the dossier's code.
    Result(DossierCode),
}

/// What the side that takes found.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// There, with every paper.
    Complete,
    /// There, and papers are missing.
    Incomplete,
    /// Not there.
    Missing,
    /// There, and damaged.
    Damaged,
}

/// One line of a minute.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HandedOver {
    /// What.
    pub paper: Paper,
    /// The postal item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Box<str>>,
    /// Which dossier, when it was known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dossier: Option<DossierId>,
    /// What was found; none while the side that takes has not signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
}

/// A hand-over minute (*biên bản giao nhận hồ sơ*, QĐ 45/2016 Đ.7, Đ.9): a history of its own. Its time is that of the signing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HandOverSigned {
    /// The minute's number.
    pub number: Box<str>,
    /// Who gives.
    pub from: Holder,
    /// Who takes.
    pub to: Holder,
    /// Who signed for the side that gives.
    pub giver: ActorId,
    /// Who signed for the side that takes; none while nobody has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taker: Option<ActorId>,
    /// What.
    pub papers: Vec<HandedOver>,
}

/// The other side signed a minute, at the server's time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HandOverAcknowledged {
    /// The minute's number.
    pub number: Box<str>,
    /// Who signed.
    pub taker: ActorId,
    /// What was found, in the order of the minute's papers.
    pub found: Vec<Found>,
}

/// A fee was taken offline and a receipt issued (*biên lai*): a history of its own, so that no number is used twice.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FeeReceiptIssued {
    /// The series.
    pub series: Box<str>,
    /// The number.
    pub number: u64,
    /// The terminal that issued it.
    pub terminal: TerminalId,
    /// What for.
    pub paper: Paper,
    /// In đồng.
    pub amount_vnd: u64,
    /// The notice that was paid, when the agency had asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Box<str>>,
    /// The number was not the terminal's to use.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outside_range: bool,
}

/// Receipt numbers were given to a terminal: in the history of their series.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReceiptRangeLeased {
    /// The series.
    pub series: Box<str>,
    /// The first number.
    pub first: u64,
    /// The last number.
    pub last: u64,
    /// Whose they are.
    pub terminal: TerminalId,
}

/// A terminal was made known, or stands in another office now: in the terminal's own history.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TerminalEnrolled {
    /// The terminal.
    pub terminal: TerminalId,
    /// The post office.
    pub office: Box<str>,
    /// The firm that runs it.
    pub operator: OrganisationId,
}

/// What may be wrong with a terminal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TerminalFlag {
    /// Its journal is shorter than what it had sent: it was set back to an older copy of itself.
    SetBack,
    /// It sent another entry under a number that was taken.
    SequenceReused,
    /// Its clock is off.
    ClockSkewed,
    /// It has had answers that this node does not know of: the node lost them.
    ServerBehind,
}

/// Something is not as it should be with a terminal: in the terminal's own history.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TerminalNoted {
    /// What.
    pub flag: TerminalFlag,
    /// The entry it is about, or how far the terminal was.
    #[serde(default)]
    pub sequence: u32,
    /// How far its clock is ahead.
    #[serde(default)]
    pub skew_seconds: i64,
}

/// An entry of a terminal's journal was answered: in the journal's own history, in which the n-th event is the answer to
/// entry n.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct JournalEntryAnswered {
    /// The terminal.
    pub terminal: TerminalId,
    /// The entry's command; nil when it had none.
    pub command: Uuid,
    /// When it was keyed in, on the terminal's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_at: Option<Timestamp>,
    /// A keyed digest of what it wishes: the same command with another content is another wish.
    pub content: Box<str>,
    /// What became of it.
    pub answer: EntryAnswer,
    /// What is not as it should be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<EntryFlag>,
}

/// The reason for which an entry is refused whose command an earlier one has, with another content.
pub const COMMAND_REUSED: &str = "REQUEST_ID_REUSED";

impl JournalEntryAnswered {
    /// Whether this is the first entry with its command: the one that later ones repeat.
    pub fn first_of_its_command(&self) -> bool {
        let repeats = match &self.answer {
            EntryAnswer::Duplicate { .. } => true,
            EntryAnswer::Refused(refusal) => *refusal.reason == *COMMAND_REUSED,
            EntryAnswer::Collected { .. }
            | EntryAnswer::HandedOver { .. }
            | EntryAnswer::ReceiptIssued { .. }
            | EntryAnswer::Filed { .. }
            | EntryAnswer::Lost { .. } => false,
        };
        !repeats && !self.command.is_nil()
    }
}

/// What became of an entry.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryAnswer {
    /// A dossier was filed.
    Collected {
        /// Which.
        dossier: DossierId,
    },
    /// A minute was recorded.
    HandedOver {
        /// Its number.
        number: Box<str>,
    },
    /// A receipt was recorded.
    ReceiptIssued {
        /// The payment that was filed with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        filing: Option<FilingId>,
    },
    /// A filing was received.
    Filed {
        /// Which.
        filing: FilingId,
    },
    /// The terminal has the entry no more.
    Lost {
        /// Why, as a code.
        reason: Box<str>,
    },
    /// An earlier entry says the same.
    Duplicate {
        /// Which.
        of: u32,
    },
    /// It was refused.
    Refused(EntryRefusal),
}

/// Why an entry was refused.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EntryRefusal {
    /// The stable reason.
    pub reason: Box<str>,
    /// Every field that is wrong, and what would be right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<(Box<str>, Box<str>)>,
    /// The sentence for people, in Vietnamese.
    pub message: Box<str>,
}

/// What is not as it should be with an entry that was taken.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryFlag {
    /// The device's clock was off when it was sent.
    ClockSkewed,
    /// It is earlier, on the device's clock, than the entry before it.
    ClockWentBack,
    /// The papers were counted by another version of the checklist than the one in use.
    ChecklistOutdated,
    /// The receipt's number was not the terminal's to use.
    ReceiptOutsideRange,
    /// The minute was signed after the server had it, by its own words.
    SignedInFuture,
    /// A paper of the minute belongs to no dossier that is known here.
    PaperUnknown,
}
