//! Why a call was not let in: one reason for each kind, and nothing about what exists.

use std::time::Duration;

use thiserror::Error;
use tonic::Code;

use super::Answer;
use crate::authority::Scope;

/// A call was not let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum AccessError {
    /// Nobody knows who calls.
    #[error("nobody knows who calls: {0}")]
    Unauthenticated(&'static str),
    /// The token ended while the answer was under way.
    #[error("{0}: come back with a new token, after the last position that came")]
    Ended(&'static str),
    /// The token is good for other things.
    #[error("the token is not good for this call")]
    Scope(&'static [Scope]),
    /// It is about something that is not the caller's, or not here: the answer is the same.
    #[error(
        "this {0} is not one of the caller's, or is not here yet: name the position that the write answered with"
    )]
    NotYours(&'static str),
    /// One caller, or one address, calls too often.
    #[error("too many calls by one caller")]
    TooOften(Duration),
}

pub(super) fn answer(error: AccessError) -> Answer {
    match error {
        AccessError::Unauthenticated(_) => Answer::new(
            Code::Unauthenticated,
            "UNAUTHENTICATED",
            &error,
            "Chưa xác thực được tài khoản gọi, cần mã truy cập hợp lệ.",
        )
        .hint("send `authorization: Bearer TOKEN` with a token that has not ended, from the issuer and for the audience of this service"),
        AccessError::Ended(_) => Answer::new(
            Code::Unauthenticated,
            "TOKEN_ENDED",
            &error,
            "Mã truy cập đã hết hiệu lực, cần gọi lại bằng mã mới từ vị trí cuối cùng đã nhận.",
        )
        .hint("call again with a new token, from the last position that came"),
        AccessError::Scope(wanted) => {
            let names: Vec<_> = wanted.iter().map(|scope| scope.name()).collect();
            Answer::new(
                Code::PermissionDenied,
                "NOT_ALLOWED",
                &error,
                "Không có quyền thực hiện chức năng này.",
            )
            .with("scopes", &names.join(" "))
            .hint("call with a token that has one of these scopes")
        }
        AccessError::NotYours(kind) => Answer::new(
            Code::PermissionDenied,
            "NOT_ALLOWED",
            &error,
            "Không có quyền đối với nội dung này.",
        )
        .with("matter", &kind)
        .hint("call with a token whose claims name it; after a write elsewhere, with that write's position"),
        AccessError::TooOften(wait) => Answer::new(
            Code::ResourceExhausted,
            "TOO_MANY_CALLS",
            &error,
            "Gọi quá nhiều lần, vui lòng thử lại sau.",
        )
        .retry(wait),
    }
}
