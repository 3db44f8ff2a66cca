//! Refusals as a caller gets them: whole, whoever made them.

use super::*;

#[test]
fn what_grpc_itself_refuses_has_a_reason_too() {
    for (made, code, reason) in [
        (
            Status::internal("failed to decode Protobuf message: buffer underflow"),
            Code::InvalidArgument,
            "MALFORMED_REQUEST",
        ),
        (
            Status::out_of_range("decoded message length too large"),
            Code::OutOfRange,
            "REQUEST_TOO_LARGE",
        ),
        (
            Status::resource_exhausted("too many calls are under way"),
            Code::ResourceExhausted,
            "BUSY",
        ),
        (
            Status::unimplemented(""),
            Code::Unimplemented,
            "METHOD_UNKNOWN",
        ),
        (
            Status::unimplemented("compressed with `snappy`"),
            Code::Unimplemented,
            "NOT_POSSIBLE",
        ),
    ] {
        let status = explained(&made);
        assert_eq!(status.code(), code);
        assert!(!status.message().is_empty());
        let info = status.get_details_error_info().unwrap();
        assert_eq!(
            (info.domain.as_str(), info.reason.as_str()),
            (DOMAIN, reason)
        );
    }
}
