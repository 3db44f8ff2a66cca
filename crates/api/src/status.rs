//! The one table of errors → status codes (AIP-193): a stable reason, all field faults, a sentence in Vietnamese, when to retry.

mod access;

use std::collections::HashMap;
use std::time::Duration;

use application::ack::NotYetAtFollower;
use application::backup::{BackupError, CopyError};
use application::personal::PersonalError;
use application::position::NotYetHere;
use application::{HandleError, clock};
use domain::rejection::RejectionKind;
use thiserror::Error;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use tracing::error;

use crate::faults::FieldFault;
use crate::watching::WatchEnd;

mod watches;

pub use access::AccessError;

/// Who says so, in every `ErrorInfo`.
pub const DOMAIN: &str = "hoso";
/// How long to wait before asking again for what is on its way.
const SOON: Duration = Duration::from_millis(200);
/// How long to wait when somebody must make room first.
const LATER: Duration = Duration::from_secs(30);

/// Everything that a call can be answered with instead of what it asked for.
#[derive(Debug, Error)]
pub enum EdgeError {
    /// The call was not let in.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Fields say what they may not.
    #[error("{} of the request's fields are wrong", .0.len())]
    Fields(Vec<FieldFault>),
    /// The wish was not granted.
    #[error(transparent)]
    Handle(#[from] HandleError),
    /// What the caller wants to read its own write from has not come here yet.
    #[error("position {wanted} of log {log} has not come here yet; {here} has")]
    NotYetHere {
        /// The log.
        log: String,
        /// The position asked for.
        wanted: u64,
        /// The newest position here.
        here: u64,
    },
    /// The write is here, and not yet where it has to be too.
    #[error(transparent)]
    NotYetAtFollower(#[from] NotYetAtFollower),
    /// A copy cannot be taken further.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// A dossier of that id may be on its way.
    #[error("this dossier is not here, or not here yet")]
    DossierNotYetHere,
    /// What identity numbers are looked up in is not made yet: the service has just started, and its log is long.
    #[error("the service has not looked through its log for identity numbers yet")]
    NotYetLookedThrough,
    /// Another intake node may have taken the dossier in.
    #[error(
        "this intake node does not know the dossier: ask the node that took it in, or, once it is accepted, processing"
    )]
    AnotherHome,
    /// Nothing of that name.
    #[error("no such {what}")]
    NotFound {
        /// What was looked for.
        what: &'static str,
    },
    /// A list was asked for more than it can give without end.
    #[error("{0}")]
    Unsupported(&'static str),
    /// A stream ended.
    #[error(transparent)]
    Watch(WatchEnd),
    /// Something is broken; the log line has it all, the caller gets no detail.
    #[error("an internal error: {0}")]
    Internal(String),
}

impl From<NotYetHere> for EdgeError {
    fn from(not_yet: NotYetHere) -> Self {
        Self::NotYetHere {
            log: not_yet.log.to_string(),
            wanted: not_yet.wanted,
            here: not_yet.here,
        }
    }
}

impl From<EdgeError> for Status {
    fn from(error: EdgeError) -> Self {
        refusal(answer(&error))
    }
}

/// A refusal that gRPC itself made, with what every refusal of ours says: bytes that are no request, a request that is
/// too large, a method nobody has. Its words name fields, never what was sent.
pub fn explained(made: &Status) -> Status {
    // The guard's own, on its way through gRPC: a token that ended under an open call.
    if made.get_details_error_info().is_some() {
        return made.clone();
    }
    let (code, reason, vietnamese) = match made.code() {
        Code::Internal => (
            Code::InvalidArgument,
            "MALFORMED_REQUEST",
            "Yêu cầu không đúng định dạng.",
        ),
        Code::OutOfRange => (Code::OutOfRange, "REQUEST_TOO_LARGE", "Yêu cầu quá lớn."),
        // The server's own gate (`chassis::limits`).
        Code::ResourceExhausted => return refusal(handled(&HandleError::Busy)),
        Code::Unimplemented if made.message().is_empty() => (
            Code::Unimplemented,
            "METHOD_UNKNOWN",
            "Dịch vụ không có chức năng này.",
        ),
        other @ (Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::InvalidArgument
        | Code::DeadlineExceeded
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::Unimplemented
        | Code::Unavailable
        | Code::DataLoss
        | Code::Unauthenticated) => (other, "NOT_POSSIBLE", "Không thực hiện được yêu cầu."),
    };
    let message = match made.message() {
        "" => "this service has no such method",
        message => message,
    };
    refusal(Answer::new(code, reason, &message, vietnamese))
}

fn refusal(answer: Answer) -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info(answer.reason, DOMAIN, answer.metadata);
    if !answer.faults.is_empty() {
        details.set_bad_request(
            answer
                .faults
                .iter()
                .map(|fault| tonic_types::FieldViolation::new(&fault.field, &fault.description))
                .collect::<Vec<_>>(),
        );
    }
    if let Some(wait) = answer.retry {
        details.set_retry_info(Some(wait));
    }
    details.set_localized_message("vi", answer.vietnamese);
    Status::with_error_details(answer.code, answer.message, details)
}

struct Answer {
    code: Code,
    reason: &'static str,
    message: String,
    vietnamese: String,
    metadata: HashMap<String, String>,
    faults: Vec<FieldFault>,
    retry: Option<Duration>,
}

impl Answer {
    fn new(
        code: Code,
        reason: &'static str,
        error: &dyn std::fmt::Display,
        vietnamese: &str,
    ) -> Self {
        Self {
            code,
            reason,
            message: error.to_string(),
            vietnamese: vietnamese.to_owned(),
            metadata: HashMap::new(),
            faults: Vec::new(),
            retry: None,
        }
    }

    fn with(mut self, key: &str, value: &impl ToString) -> Self {
        self.metadata.insert(key.to_owned(), value.to_string());
        self
    }

    fn retry(mut self, wait: Duration) -> Self {
        self.retry = Some(wait);
        self
    }
}

fn answer(error: &EdgeError) -> Answer {
    match error {
        EdgeError::Access(refused) => access::answer(*refused),
        EdgeError::Fields(faults) => {
            let mut answer = Answer::new(
                Code::InvalidArgument,
                "INVALID_FIELD",
                error,
                "Yêu cầu có trường dữ liệu không hợp lệ.",
            );
            answer.faults.clone_from(faults);
            answer
        }
        EdgeError::Handle(handle) => handled(handle),
        EdgeError::NotYetHere { log, wanted, here } => Answer::new(
            Code::Unavailable,
            "POSITION_NOT_YET_HERE",
            error,
            "Dữ liệu vừa ghi chưa đến nơi này, vui lòng thử lại.",
        )
        .with("log", log)
        .with("wanted", wanted)
        .with("here", here)
        .retry(SOON),
        EdgeError::NotYetAtFollower(not_yet) => Answer::new(
            Code::Unavailable,
            "NOT_YET_AT_FOLLOWER",
            error,
            "Đã ghi tại nơi tiếp nhận nhưng nơi xử lý chưa nhận được, vui lòng gửi lại đúng yêu cầu này.",
        )
        .with("position", &not_yet.position)
        .with("held", &not_yet.held)
        .retry(SOON),
        EdgeError::Backup(error) => copied(error),
        EdgeError::DossierNotYetHere => Answer::new(
            Code::Unavailable,
            "DOSSIER_NOT_YET_HERE",
            error,
            "Hồ sơ chưa đến nơi này, vui lòng thử lại.",
        )
        .retry(SOON),
        EdgeError::NotYetLookedThrough => Answer::new(
            Code::Unavailable,
            "LOOK_UP_NOT_READY",
            error,
            "Dịch vụ vừa khởi động, chưa sẵn sàng tra cứu theo số định danh, vui lòng thử lại.",
        )
        .retry(LATER),
        EdgeError::AnotherHome => Answer::new(
            Code::Unavailable,
            "DOSSIER_AT_ANOTHER_HOME",
            error,
            "Nút tiếp nhận này không có hồ sơ; hãy gọi nút đã tiếp nhận, hoặc dịch vụ xử lý nếu hồ sơ đã được tiếp nhận chính thức.",
        )
        .retry(LATER),
        EdgeError::NotFound { what } => {
            Answer::new(Code::NotFound, "NOT_FOUND", error, "Không tìm thấy.").with("what", what)
        }
        EdgeError::Unsupported(_) => Answer::new(
            Code::InvalidArgument,
            "UNSUPPORTED",
            error,
            "Yêu cầu này chưa được hỗ trợ.",
        ),
        EdgeError::Watch(end) => watches::ended(end),
        EdgeError::Internal(detail) => {
            error!(detail, "a call failed for a reason of our own");
            internal()
        }
    }
}

fn handled(handle: &HandleError) -> Answer {
    match handle {
        HandleError::Rejected(no) => {
            let code = match no.kind() {
                RejectionKind::InvalidArgument => Code::InvalidArgument,
                RejectionKind::FailedPrecondition => Code::FailedPrecondition,
                RejectionKind::NotFound => Code::NotFound,
                RejectionKind::PermissionDenied => Code::PermissionDenied,
                RejectionKind::ResourceExhausted => Code::ResourceExhausted,
            };
            let mut answer =
                Answer::new(code, no.reason(), no, &no.vietnamese()).with("hint", &no.hint());
            answer.faults = no
                .field()
                .map(|field| FieldFault {
                    field: field.to_owned(),
                    description: no.to_string(),
                })
                .into_iter()
                .collect();
            answer
        }
        HandleError::Unknown => Answer::new(
            Code::NotFound,
            "DOSSIER_UNKNOWN",
            handle,
            "Không tìm thấy hồ sơ.",
        ),
        HandleError::Stale { expected, actual } => Answer::new(
            Code::Aborted,
            "STALE_REVISION",
            handle,
            "Hồ sơ đã được cập nhật, vui lòng tải lại.",
        )
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
        .with("position", position),
        HandleError::SourceTaken { position } => Answer::new(
            Code::AlreadyExists,
            "SOURCE_REFERENCE_TAKEN",
            handle,
            "Số hồ sơ của hệ thống nguồn đã được dùng cho một hồ sơ khác.",
        )
        .with("position", position),
        HandleError::CodeTaken { position } => Answer::new(
            Code::AlreadyExists,
            "CODE_TAKEN",
            handle,
            "Mã hồ sơ đã được dùng cho một hồ sơ khác.",
        )
        .with("position", position),
        HandleError::Elsewhere { writer } => Answer::new(
            Code::FailedPrecondition,
            "WRITTEN_ELSEWHERE",
            handle,
            "Hồ sơ này do dịch vụ khác xử lý.",
        )
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
        .with(
            "hint",
            &"upgrade this service to the program that wrote the record; until then `hoso parked show` says what it is",
        ),
        HandleError::TooLarge { bytes } => Answer::new(
            Code::InvalidArgument,
            "TOO_LARGE",
            handle,
            "Nội dung quá lớn.",
        )
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
        }
    }
}

fn copied(error: &BackupError) -> Answer {
    match error {
        BackupError::OtherHistory(known) => Answer::new(
            Code::FailedPrecondition,
            "OTHER_HISTORY",
            error,
            "Bản sao lưu thuộc một lịch sử khác của nhật ký.",
        )
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

fn internal() -> Answer {
    Answer::new(
        Code::Internal,
        "INTERNAL",
        &"an internal error; the service's log has the details",
        "Lỗi hệ thống.",
    )
}

#[cfg(test)]
mod tests;
