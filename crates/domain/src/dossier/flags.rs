//! What a person must know about a dossier: breaches that were recorded, and what is only provisional.
//!
//! What happened is recorded even when the law forbids it; a flag says so wherever the dossier is shown.

use super::{Case, Dossier, Filing, SubtaskEnd};
use crate::catalogue::{Catalogue, OnlineLevel};
use crate::event::{AcceptanceBasis, Channel};
use crate::local;

/// Something about a dossier that is not as it should be, or not certain.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Flag {
    /// Filed online though the procedure offers only information online.
    OnlineForInformationOnly,
    /// Filed for an agency that does not decide the procedure.
    FiledForOtherAgency,
    /// Intake asked for supplements more than once (NĐ 61/2018 Đ.17.2a).
    SecondIntakeSupplementRequest,
    /// Intake answered an online filing later than eight working hours (NĐ 45/2020 Đ.11).
    AnsweredLate,
    /// The acceptance was recorded late.
    AcceptanceRecordedLate,
    /// Passed on later than the law version allows (NĐ 61/2018 Đ.18.2).
    ForwardedLate,
    /// More than one supplement was asked for after acceptance (NĐ 61/2018 Đ.11.2c).
    SecondSupplementRequest,
    /// A supplement was asked for too long after acceptance (NĐ 61/2018 Đ.19.4).
    LateSupplementRequest,
    /// More than one extension (NĐ 61/2018 Đ.19.9).
    SecondExtension,
    /// An extension notified too late; it does not count.
    LateExtension,
    /// The due date was counted into a year without a published calendar.
    ProvisionalDueDate,
    /// Accepted without a due date: a bucket of its own, never "on time".
    NoDueDate,
    /// The same request was filed at two intake nodes: counted once.
    DuplicateSubmission,
    /// Boundary-independent: the clock starts when the competent agency has it.
    AwaitingCompetentAgency,
    /// Somebody proposed to void the acceptance, and nobody has confirmed it.
    VoidProposed,
    /// A recorded fact was put right.
    Corrected,
    /// Somebody proposed to put a legal time right, and nobody has confirmed it.
    CorrectionProposed,
    /// Another agency answered later than it should have.
    SubtaskOverdue,
    /// Processing ended while another agency had not answered.
    OpenSubtasksAtEnd,
    /// The post tried again sooner than two working days later (TT 17/2017).
    DeliveryAttemptTooSoon,
    /// The post gave the result back before it had tried twice (TT 17/2017).
    ResultBackTooSoon,
    /// Somebody other than the applicant was given the result, and no authorisation was brought (QĐ 45/2016 Đ.10).
    DeliveredWithoutAuthorisation,
    /// There is a petition or complaint about it.
    Feedback,
    /// Another system accepted it; its code, times and law are as recorded there.
    CarriedOver,
    /// Its due date is as recorded in that system, and hoso would have given another.
    DueDateAsRecorded,
    /// In that system it had another due date than its history gives here.
    DueDateNotAsRecorded,
}

impl Flag {
    /// Every flag there is.
    pub const ALL: [Self; 25] = [
        Self::OnlineForInformationOnly,
        Self::FiledForOtherAgency,
        Self::SecondIntakeSupplementRequest,
        Self::AnsweredLate,
        Self::AcceptanceRecordedLate,
        Self::ForwardedLate,
        Self::SecondSupplementRequest,
        Self::LateSupplementRequest,
        Self::SecondExtension,
        Self::LateExtension,
        Self::ProvisionalDueDate,
        Self::NoDueDate,
        Self::DuplicateSubmission,
        Self::AwaitingCompetentAgency,
        Self::VoidProposed,
        Self::Corrected,
        Self::CorrectionProposed,
        Self::SubtaskOverdue,
        Self::OpenSubtasksAtEnd,
        Self::DeliveryAttemptTooSoon,
        Self::ResultBackTooSoon,
        Self::DeliveredWithoutAuthorisation,
        Self::Feedback,
        Self::CarriedOver,
        Self::DueDateAsRecorded,
    ];

    /// The flag of this stable name; none of a name that only a newer program knows.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flag| flag.as_str() == name)
    }

    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OnlineForInformationOnly => "online_for_information_only",
            Self::FiledForOtherAgency => "filed_for_other_agency",
            Self::SecondIntakeSupplementRequest => "second_intake_supplement_request",
            Self::AnsweredLate => "answered_late",
            Self::AcceptanceRecordedLate => "acceptance_recorded_late",
            Self::ForwardedLate => "forwarded_late",
            Self::SecondSupplementRequest => "second_supplement_request",
            Self::LateSupplementRequest => "late_supplement_request",
            Self::SecondExtension => "second_extension",
            Self::LateExtension => "late_extension",
            Self::ProvisionalDueDate => "provisional_due_date",
            Self::NoDueDate => "no_due_date",
            Self::DuplicateSubmission => "duplicate_submission",
            Self::AwaitingCompetentAgency => "awaiting_competent_agency",
            Self::VoidProposed => "void_proposed",
            Self::Corrected => "corrected",
            Self::CorrectionProposed => "correction_proposed",
            Self::SubtaskOverdue => "subtask_overdue",
            Self::OpenSubtasksAtEnd => "open_subtasks_at_end",
            Self::DeliveryAttemptTooSoon => "delivery_attempt_too_soon",
            Self::ResultBackTooSoon => "result_back_too_soon",
            Self::DeliveredWithoutAuthorisation => "delivered_without_authorisation",
            Self::Feedback => "feedback",
            Self::CarriedOver => "carried_over",
            Self::DueDateAsRecorded => "due_date_as_recorded",
            Self::DueDateNotAsRecorded => "due_date_not_as_recorded",
        }
    }

    /// The name for people, in Vietnamese.
    pub fn label_vi(self) -> &'static str {
        match self {
            Self::OnlineForInformationOnly => "Nộp trực tuyến nhưng thủ tục chỉ cung cấp thông tin",
            Self::FiledForOtherAgency => "Nộp không đúng cơ quan có thẩm quyền",
            Self::SecondIntakeSupplementRequest => "Yêu cầu bổ sung trước tiếp nhận quá một lần",
            Self::AnsweredLate => "Trả lời hồ sơ trực tuyến quá 08 giờ làm việc",
            Self::AcceptanceRecordedLate => "Ghi nhận tiếp nhận muộn",
            Self::ForwardedLate => "Chuyển hồ sơ chậm",
            Self::SecondSupplementRequest => "Yêu cầu bổ sung quá một lần",
            Self::LateSupplementRequest => "Yêu cầu bổ sung quá thời hạn",
            Self::SecondExtension => "Hẹn lại quá một lần",
            Self::LateExtension => "Thông báo hẹn lại quá muộn, không được tính",
            Self::ProvisionalDueDate => "Ngày hẹn trả tạm tính, lịch chưa công bố",
            Self::NoDueDate => "Không có ngày hẹn trả",
            Self::DuplicateSubmission => "Nộp trùng tại hai nút tiếp nhận, chỉ tính một lần",
            Self::AwaitingCompetentAgency => "Chờ cơ quan có thẩm quyền nhận hồ sơ",
            Self::VoidProposed => "Có đề nghị hủy tiếp nhận, chờ xác nhận",
            Self::Corrected => "Có dữ liệu đã đính chính",
            Self::CorrectionProposed => "Có đề nghị đính chính thời điểm, chờ xác nhận",
            Self::SubtaskOverdue => "Cơ quan phối hợp trả lời quá hạn",
            Self::OpenSubtasksAtEnd => "Kết thúc khi cơ quan phối hợp chưa trả lời",
            Self::DeliveryAttemptTooSoon => "Hai lần phát cách nhau dưới 02 ngày làm việc",
            Self::ResultBackTooSoon => "Chuyển hoàn kết quả khi chưa phát đủ hai lần",
            Self::DeliveredWithoutAuthorisation => {
                "Trả kết quả cho người khác khi chưa có giấy ủy quyền"
            }
            Self::Feedback => "Có phản ánh, kiến nghị",
            Self::CarriedOver => "Chuyển tiếp từ hệ thống khác",
            Self::DueDateAsRecorded => "Ngày hẹn trả theo hệ thống cũ, khác ngày hoso tính",
            Self::DueDateNotAsRecorded => "Ngày hẹn trả khác ngày hệ thống cũ ghi",
        }
    }
}

impl Dossier {
    /// Everything a person must know about the dossier, each once, in a fixed order.
    pub fn flags(&self, catalogue: &Catalogue) -> Vec<Flag> {
        let mut flags = Vec::new();
        if let Some(filing) = self.filing() {
            of_filing(filing, catalogue, &mut flags);
        }
        if let Some(case) = self.case() {
            of_case(case, &mut flags);
            of_cooperation(case, self.ended().is_some(), &mut flags);
        }
        if let Self::Returned(returned) = self {
            let on = local::date(returned.delivered_at);
            let authorised = returned.filing.authorisations.iter();
            let missing =
                returned.to_authorised && !authorised.into_iter().any(|it| it.holds_on(on));
            raise(&mut flags, Flag::DeliveredWithoutAuthorisation, missing);
        }
        let feedback = self.filing().is_some_and(|it| !it.feedback.is_empty());
        raise(&mut flags, Flag::Feedback, feedback);
        flags
    }
}

fn of_filing(filing: &Filing, catalogue: &Catalogue, flags: &mut Vec<Flag>) {
    let filed = &filing.submitted;
    if let Some(procedure) = catalogue.procedure(&filed.procedure) {
        let online = match filed.channel {
            Channel::Online => true,
            Channel::Direct | Channel::Postal => false,
        };
        let information_only = match procedure.online {
            OnlineLevel::InformationOnly => true,
            OnlineLevel::Full | OnlineLevel::Partial => false,
        };
        raise(
            flags,
            Flag::OnlineForInformationOnly,
            online && information_only,
        );
        let decides = procedure.agencies.contains(&filed.agency);
        raise(flags, Flag::FiledForOtherAgency, !decides);
    }
    raise(
        flags,
        Flag::SecondIntakeSupplementRequest,
        filing.intake_requests > 1,
    );
    raise(flags, Flag::AnsweredLate, filing.answered_late);
    raise(
        flags,
        Flag::DuplicateSubmission,
        !filing.duplicates.is_empty(),
    );
}

fn of_case(case: &Case, flags: &mut Vec<Flag>) {
    let recorded_late = matches!(case.basis, AcceptanceBasis::RecordedLate { .. });
    let (carried_over, computed_otherwise, recorded_otherwise) = match &case.basis {
        AcceptanceBasis::CarriedOver {
            computed, recorded, ..
        } => (true, computed.is_some(), recorded.is_some()),
        AcceptanceBasis::ServerClock
        | AcceptanceBasis::HandOverMinute { .. }
        | AcceptanceBasis::RecordedLate { .. } => (false, false, false),
    };
    let forwarded_late = case.forwarded.is_some_and(|it| {
        it.expected_by
            .is_some_and(|expected_by| it.at > expected_by)
    });
    let second_extension = case.extensions().any(|it| it.ordinal > 1);
    let late_extension = case.extensions().any(|it| it.late_notice);
    let provisional = case.due.is_some_and(|due| due.provisional);
    raise(flags, Flag::AcceptanceRecordedLate, recorded_late);
    raise(flags, Flag::CarriedOver, carried_over);
    raise(flags, Flag::DueDateAsRecorded, computed_otherwise);
    raise(flags, Flag::DueDateNotAsRecorded, recorded_otherwise);
    raise(flags, Flag::ForwardedLate, forwarded_late);
    raise(
        flags,
        Flag::SecondSupplementRequest,
        case.supplement_requests > 1,
    );
    raise(
        flags,
        Flag::LateSupplementRequest,
        case.late_supplement_request,
    );
    raise(flags, Flag::SecondExtension, second_extension);
    raise(flags, Flag::LateExtension, late_extension);
    raise(flags, Flag::ProvisionalDueDate, provisional);
    let waits_for_agency = case.clock_from.is_none();
    raise(
        flags,
        Flag::NoDueDate,
        case.due.is_none() && !waits_for_agency,
    );
    raise(flags, Flag::AwaitingCompetentAgency, waits_for_agency);
}

fn of_cooperation(case: &Case, ended: bool, flags: &mut Vec<Flag>) {
    let mut ends = case.subtasks.iter().filter_map(|it| it.closed);
    let overdue = ends.any(SubtaskEnd::is_overdue);
    let open = case.subtasks.iter().any(|it| it.closed.is_none());
    raise(
        flags,
        Flag::VoidProposed,
        case.void_proposal.is_some() && !ended,
    );
    raise(flags, Flag::Corrected, case.corrections > 0);
    raise(
        flags,
        Flag::CorrectionProposed,
        case.correction_proposal.is_some(),
    );
    raise(flags, Flag::SubtaskOverdue, overdue);
    raise(flags, Flag::OpenSubtasksAtEnd, ended && open);
    raise(
        flags,
        Flag::DeliveryAttemptTooSoon,
        case.post.attempt_too_soon,
    );
    raise(flags, Flag::ResultBackTooSoon, case.post.back_too_soon);
}

fn raise(flags: &mut Vec<Flag>, flag: Flag, raised: bool) {
    if raised {
        flags.push(flag);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_flag_is_found_by_its_name_and_has_words_of_its_own() {
        for flag in Flag::ALL {
            assert_eq!(Flag::named(flag.as_str()), Some(flag));
        }
        assert_eq!(Flag::named("of_a_newer_program"), None);
        let words: BTreeSet<_> = Flag::ALL.into_iter().map(Flag::label_vi).collect();
        assert_eq!(words.len(), Flag::ALL.len());
    }
}
