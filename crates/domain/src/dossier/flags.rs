//! What a person must know about a dossier: breaches that were recorded, and what is only provisional.
//!
//! What happened is recorded even when the law forbids it; a flag says so wherever the dossier is shown.

use super::{Case, Dossier, Filing};
use crate::catalogue::{Catalogue, OnlineLevel};
use crate::event::{AcceptanceBasis, Channel};

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
}

impl Flag {
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
        }
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
    let recorded_late = match case.basis {
        AcceptanceBasis::RecordedLate { .. } => true,
        AcceptanceBasis::ServerClock | AcceptanceBasis::HandOverMinute { .. } => false,
    };
    let forwarded_late = case.forwarded.is_some_and(|it| {
        it.expected_by
            .is_some_and(|expected_by| it.at > expected_by)
    });
    let second_extension = case.extensions().any(|it| it.ordinal > 1);
    let late_extension = case.extensions().any(|it| it.late_notice);
    let provisional = case.due.is_some_and(|due| due.provisional);
    raise(flags, Flag::AcceptanceRecordedLate, recorded_late);
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
    raise(flags, Flag::NoDueDate, case.due.is_none());
}

fn raise(flags: &mut Vec<Flag>, flag: Flag, raised: bool) {
    if raised {
        flags.push(flag);
    }
}
