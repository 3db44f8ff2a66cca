//! The rows of the table of errors for wishes that were not granted: the rules, the log, the vault, a copy.

use application::backup::{BackupError, CopyError};
use application::personal::PersonalError;
use application::{HandleError, clock};
use domain::rejection::{Rejection, RejectionKind};
use tonic::Code;
use tracing::error;

use super::{Answer, LATER, SOON};
use crate::faults::FieldFault;

pub(super) fn rejected(no: &Rejection, field: Option<&str>) -> Answer {
    let code = match no.kind() {
        RejectionKind::InvalidArgument => Code::InvalidArgument,
        RejectionKind::FailedPrecondition => Code::FailedPrecondition,
        RejectionKind::NotFound => Code::NotFound,
        RejectionKind::PermissionDenied => Code::PermissionDenied,
        RejectionKind::ResourceExhausted => Code::ResourceExhausted,
    };
    let mut answer = Answer::new(code, no.reason(), no, &no.vietnamese()).hint(no.hint());
    answer.faults = field
        .map(|field| FieldFault {
            field: field.to_owned(),
            description: no.to_string(),
        })
        .into_iter()
        .collect();
    answer
}

pub(super) fn handled(handle: &HandleError) -> Answer {
    match handle {
        HandleError::Rejected(no) => rejected(no, no.field()),
        HandleError::Unknown => Answer::new(
            Code::NotFound,
            "DOSSIER_UNKNOWN",
            handle,
            "Không tìm thấy hồ sơ.",
        )
        .hint("check the number; a dossier that is not accepted yet is known to the intake node that took it in"),
        HandleError::Stale { expected, actual } => Answer::new(
            Code::Aborted,
            "STALE_REVISION",
            handle,
            "Hồ sơ đã được cập nhật, vui lòng tải lại.",
        )
        .hint("read the dossier again, and repeat the request with its revision if it is still wanted")
        .with("expected_revision", expected)
        .with("actual_revision", actual),
        HandleError::Contended => Answer::new(
            Code::Aborted,
            "CONTENDED",
            handle,
            "Hồ sơ đang được người khác cập nhật, vui lòng thử lại.",
        )
        .retry(SOON),
        HandleError::RequestReused { position } => Answer::new(
            Code::AlreadyExists,
            "REQUEST_ID_REUSED",
            handle,
            "Mã yêu cầu đã được dùng cho một yêu cầu khác.",
        )
        .hint("a new wish needs a new request_id; a repeated one must be the same in every field")
        .with("position", position),
        HandleError::SourceTaken { position } => Answer::new(
            Code::AlreadyExists,
            "SOURCE_REFERENCE_TAKEN",
            handle,
            "Số hồ sơ của hệ thống nguồn đã được dùng cho một hồ sơ khác.",
        )
        .hint("look the dossier up by this source reference; another dossier needs another reference")
        .with("position", position),
        HandleError::CodeTaken { position } => Answer::new(
            Code::AlreadyExists,
            "CODE_TAKEN",
            handle,
            "Mã hồ sơ đã được dùng cho một hồ sơ khác.",
        )
        .hint("look the dossier up by this code; another dossier needs another code")
        .with("position", position),
        HandleError::Elsewhere { writer } => Answer::new(
            Code::FailedPrecondition,
            "WRITTEN_ELSEWHERE",
            handle,
            "Hồ sơ này do dịch vụ khác xử lý.",
        )
        .hint("send it to the service that the metadata names: intake before acceptance, processing from then on")
        .with("service", writer),
        HandleError::NotUnderstood(why) => Answer::new(
            Code::FailedPrecondition,
            "DOSSIER_NOT_UNDERSTOOD",
            handle,
            "Hồ sơ có dữ liệu của phiên bản mới hơn, cần nâng cấp chương trình.",
        )
        .with("position", &why.position)
        .with("kind", &why.kind)
        .with("schema_version", &why.schema_version)
        .hint("upgrade this service to the program that wrote the record; until then `hoso parked show` says what it is"),
        HandleError::TooLarge { bytes } => Answer::new(
            Code::InvalidArgument,
            "TOO_LARGE",
            handle,
            "Nội dung quá lớn.",
        )
        .hint("send less at once, or shorter texts")
        .with("bytes", bytes),
        HandleError::Busy => Answer::new(
            Code::ResourceExhausted,
            "BUSY",
            handle,
            "Hệ thống đang bận, vui lòng thử lại.",
        )
        .retry(SOON),
        HandleError::DiskNearlyFull => Answer::new(
            Code::ResourceExhausted,
            "DISK_NEARLY_FULL",
            handle,
            "Ổ đĩa sắp đầy, tạm ngừng tiếp nhận.",
        )
        .retry(LATER),
        HandleError::ClockJumped(jump) => Answer::new(
            Code::Unavailable,
            "CLOCK_JUMPED",
            handle,
            "Đồng hồ máy chủ bị lệch, tạm ngừng ghi nhận cho đến khi được xác nhận.",
        )
        .with("clock", &clock::minute(jump.now))
        .with("expected", &clock::minute(jump.expected))
        .with("confirm", &clock::day(jump))
        .retry(LATER),
        HandleError::AwaitsEpoch => Answer::new(
            Code::Unavailable,
            "LOG_AWAITS_EPOCH",
            handle,
            "Nhật ký vừa được khôi phục, đang đối chiếu với các bản sao; tạm ngừng ghi nhận, vui lòng thử lại sau.",
        )
        .retry(LATER),
        HandleError::Closed(_) => Answer::new(
            Code::Unavailable,
            "LOG_CLOSED",
            handle,
            "Dịch vụ tạm ngừng ghi nhận.",
        )
        .retry(LATER),
        HandleError::Broken(detail) => {
            error!(detail, "a wish failed for a reason of our own");
            internal()
        }
        HandleError::Read(detail) => {
            error!(%detail, "the log cannot be read");
            Answer::new(
                Code::DataLoss,
                "LOG_UNREADABLE",
                &"the log cannot be read here; the operator must verify it",
                "Không đọc được nhật ký, cần kiểm tra.",
            )
            .hint("`hoso log verify` says where it is damaged; a follower or a backup has what is lost")
        }
        HandleError::Personal(detail) => personal(detail),
    }
}

fn personal(detail: &PersonalError) -> Answer {
    match detail {
        PersonalError::Erased => Answer::new(
            Code::FailedPrecondition,
            "SUBJECT_ERASED",
            detail,
            "Dữ liệu cá nhân của hồ sơ đã được xóa.",
        )
        .hint(
            "nothing that needs the personal data is possible any more; a new dossier has its own",
        ),
        PersonalError::Busy => handled(&HandleError::Busy),
        PersonalError::DiskNearlyFull => handled(&HandleError::DiskNearlyFull),
        PersonalError::Closed(reason) => handled(&HandleError::Closed(reason.clone())),
        PersonalError::TooLarge { bytes } => handled(&HandleError::TooLarge { bytes: *bytes }),
        PersonalError::Unreadable(reason) => {
            error!(reason, "the vault cannot be read");
            Answer::new(
                Code::DataLoss,
                "VAULT_UNREADABLE",
                &"the personal data cannot be read here; the operator must check the vault",
                "Không đọc được kho dữ liệu cá nhân, cần kiểm tra.",
            )
            .hint("the service's log lines say what cannot be read; a backup of the vault has it")
        }
    }
}

pub(super) fn copied(error: &BackupError) -> Answer {
    match error {
        BackupError::OtherHistory(known) => Answer::new(
            Code::FailedPrecondition,
            "OTHER_HISTORY",
            error,
            "Bản sao lưu thuộc một lịch sử khác của nhật ký.",
        )
        .hint("begin a new copy in an empty folder, and keep the old one until somebody has looked at both")
        .with("log", &known.log)
        .with("position", &known.position),
        BackupError::Read(detail) => handled(&HandleError::Read(detail.clone())),
        BackupError::Record(detail) => {
            error!(detail, "a record cannot be copied");
            internal()
        }
        BackupError::Vault(CopyError::Changed | CopyError::Busy) => handled(&HandleError::Busy),
        BackupError::Vault(CopyError::Closed(reason)) => {
            handled(&HandleError::Closed(reason.clone()))
        }
        BackupError::Vault(CopyError::Read(reason)) => {
            personal(&PersonalError::Unreadable(reason.clone()))
        }
    }
}

pub(super) fn internal() -> Answer {
    Answer::new(
        Code::Internal,
        "INTERNAL",
        &"an internal error; the service's log has the details",
        "Lỗi hệ thống.",
    )
    .hint("ask again; if it stays so, whoever runs the service finds the reason in its log lines")
}
