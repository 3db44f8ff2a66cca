//! A legal time put right: which event, from when to when, and every time and due date of the dossier that follows.
//!
//! Persisted: add, never change. The event that was wrong stays as it was recorded; whoever reads the history from its
//! beginning comes to the same dossier, because the correction says what follows and nothing is counted again.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::Reason;
use crate::clock::Due;
use crate::dossier::case::{ClockMove, Forwarding};
use crate::dossier::{PostalLeg, SubtaskEnd};
use crate::ids::{ActorId, LawId, VersionHash};

/// What a legal time is of, for people: in Vietnamese and in English. `None` for an event whose time nobody puts right:
/// what the clock did by itself, what was only noted, and what has a record of its own.
pub fn timed(kind: &str) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        "dossier_submitted" => ("nộp hồ sơ", "filing"),
        "intake_supplement_requested" => (
            "yêu cầu bổ sung trước tiếp nhận",
            "intake's request for what is missing",
        ),
        "intake_supplement_received" => (
            "nhận bổ sung trước tiếp nhận",
            "receipt of what was missing",
        ),
        "dossier_accepted" => ("tiếp nhận", "acceptance"),
        "competent_agency_received" => (
            "cơ quan có thẩm quyền nhận hồ sơ",
            "receipt by the competent agency",
        ),
        "transferred" => ("chuyển hồ sơ", "handing over"),
        "supplement_requested" => ("yêu cầu bổ sung", "request for a supplement"),
        "supplement_received" => ("nhận bổ sung", "receipt of the supplement"),
        "supplement_not_brought" => ("thôi chờ bổ sung", "end of the wait for the supplement"),
        "fee_requested" => ("thông báo nghĩa vụ tài chính", "notice of the fee"),
        "fee_paid" => ("nộp nghĩa vụ tài chính", "payment"),
        "fee_waived" => ("miễn nghĩa vụ tài chính", "waiver of the fee"),
        "deadline_extended" => ("gia hạn", "extension"),
        "processing_suspended" => ("tạm dừng xử lý", "suspension"),
        "processing_resumed" => ("tiếp tục xử lý", "resumption"),
        "processing_terminated" => ("dừng giải quyết", "end of processing"),
        "dossier_resolved" => ("có kết quả", "result"),
        "dossier_withdrawn" => ("rút hồ sơ", "withdrawal"),
        "result_delivered" => ("trả kết quả", "delivery of the result"),
        "delivery_failed" => ("phát không thành công", "failed delivery"),
        "result_returned_to_agency" => ("chuyển hoàn kết quả", "return of the result"),
        "subtask_opened" => ("đề nghị phối hợp", "question to another agency"),
        "subtask_completed" => ("trả lời phối hợp", "answer of the other agency"),
        "subtask_cancelled" => ("thôi đề nghị phối hợp", "end of the question"),
        _ => return None,
    })
}

/// One person says that a legal time is wrong which the figures go by; somebody else has to say the same.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CorrectionProposed {
    /// Who says so.
    pub by: ActorId,
    /// The account that called, where it named this person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<ActorId>,
    /// Which event: its number in the dossier's history, the first is 1.
    pub revision: u32,
    /// Its stable name.
    pub event: Box<str>,
    /// When it happened, as it stands now.
    pub old: Timestamp,
    /// When it did.
    pub new: Timestamp,
    /// Why.
    pub reason: Reason,
}

/// A legal time that was wrong.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LegalTime {
    /// Which event: its number in the dossier's history, the first is 1.
    pub revision: u32,
    /// Its stable name.
    pub event: Box<str>,
    /// When it happened, as it stood: recorded so, or put right so before.
    pub old: Timestamp,
    /// When it did.
    pub new: Timestamp,
    /// The due date before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_was: Option<Due>,
    /// What follows.
    pub timeline: Timeline,
}

/// Every legal time of a dossier that something goes by, and the clock that follows from them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Timeline {
    /// When it was filed.
    pub submitted_at: Timestamp,
    /// Intake answered an online filing later than it had to.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub answered_late: bool,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When the clock started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_from: Option<Timestamp>,
    /// The law version in force then.
    pub law: LawId,
    /// The calendar it is counted on.
    pub calendar: VersionHash,
    /// The due date that form 01 should have said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_due: Option<Due>,
    /// The due date now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// Pauses and extensions, in the order in which they happened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moves: Vec<ClockMove>,
    /// A supplement was asked for later than the law version allows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late_supplement_request: bool,
    /// The first time it was passed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded: Option<Forwarding>,
    /// Since when it waits, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_since: Option<Timestamp>,
    /// The last day for the supplement that it waits for, if one is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lapses_on: Option<Date>,
    /// The last time it waited, for whatever it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_wait: Option<LastWait>,
    /// When processing ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// When the result was handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    /// What other agencies were asked for; empty when none was, or when this was written by a program that left them as recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subtasks: Vec<SubtaskTimes>,
    /// What the post did with the result; none when it did nothing, or when this was written by a program that left it as
    /// recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<PostalLeg>,
}

/// When another agency was asked, by when it had to answer, and when it did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SubtaskTimes {
    /// Its number within the dossier.
    pub number: u16,
    /// When it was asked.
    pub opened_at: Timestamp,
    /// When its answer is due; none until it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// How it was closed; none while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<SubtaskEnd>,
}

impl Timeline {
    /// Whether another agency answered later than it should have.
    pub fn subtask_overdue(&self) -> bool {
        let mut ends = self.subtasks.iter().filter_map(|it| it.closed);
        ends.any(SubtaskEnd::is_overdue)
    }
}

/// A wait, over or not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LastWait {
    /// Since when.
    pub from: Timestamp,
    /// Until when; none while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}
