//! The one table of errors → status codes (AIP-193): a stable reason, all field faults, a sentence in Vietnamese, when to retry.

mod access;

use std::collections::HashMap;
use std::time::Duration;

use application::HandleError;
use application::ack::NotYetAtFollower;
use application::backup::BackupError;
use application::position::NotYetHere;
use domain::rejection::Rejection;
use thiserror::Error;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use tracing::error;

use crate::faults::FieldFault;
use crate::watching::WatchEnd;

mod handled;
mod placed;
mod watches;

pub use access::AccessError;
use handled::{copied, handled, internal, rejected};

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
    #[error("the request is wrong in {} field{}", .0.len(), if .0.len() == 1 { "" } else { "s" })]
    Fields(Vec<FieldFault>),
    /// The wish was not granted.
    #[error(transparent)]
    Handle(#[from] HandleError),
    /// The rules said no to what this field of the request says.
    #[error("{0}")]
    Placed(Box<Rejection>, &'static str),
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
        "" => "this service has no such method, or this role has nothing to answer it with",
        message => message,
    };
    let hint = "the contract is in `proto/`, and served by reflection: check the method and the message against it";
    refusal(Answer::new(code, reason, &message, vietnamese).hint(hint))
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

    /// What to do next, where neither a field nor a time to come back says so.
    fn hint(self, hint: &str) -> Self {
        self.with("hint", &hint)
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
        EdgeError::Placed(no, field) => rejected(no, Some(field)),
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
            Answer::new(Code::NotFound, "NOT_FOUND", error, "Không tìm thấy.")
                .with("what", what)
                .hint("check how it is named in the request")
        }
        EdgeError::Unsupported(_) => Answer::new(
            Code::InvalidArgument,
            "UNSUPPORTED",
            error,
            "Yêu cầu này chưa được hỗ trợ.",
        )
        .hint("leave out what the message names"),
        EdgeError::Watch(end) => watches::ended(end),
        EdgeError::Internal(detail) => {
            error!(detail, "a call failed for a reason of our own");
            internal()
        }
    }
}

#[cfg(test)]
mod tests;
