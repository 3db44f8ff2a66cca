//! Refusals as a caller gets them: whole, whoever made them.

use application::personal::PersonalError;

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
        says_what_to_do(&status);
        let info = status.get_details_error_info().unwrap();
        assert_eq!(
            (info.domain.as_str(), info.reason.as_str()),
            (DOMAIN, reason)
        );
    }
}

/// A hint, a time to come back, or each field that is to be put right.
fn says_what_to_do(status: &Status) {
    let details = status.get_error_details();
    let hint = details.error_info().and_then(|it| it.metadata.get("hint"));
    let fields = details
        .bad_request()
        .map_or(0, |it| it.field_violations.len());
    assert!(
        hint.is_some() || fields > 0 || details.retry_info().is_some(),
        "{status:?} says nothing of what to do"
    );
}

#[test]
fn every_refusal_says_what_to_do_next() {
    let unreadable = || PersonalError::Unreadable("a page".to_owned());
    let handled = [
        HandleError::Rejected(Rejection::NotResolved),
        HandleError::Unknown,
        HandleError::Stale {
            expected: 1,
            actual: 2,
        },
        HandleError::Contended,
        HandleError::RequestReused { position: 7 },
        HandleError::SourceTaken { position: 7 },
        HandleError::CodeTaken { position: 7 },
        HandleError::Elsewhere {
            writer: "processing",
        },
        HandleError::TooLarge { bytes: 1 << 20 },
        HandleError::Busy,
        HandleError::DiskNearlyFull,
        HandleError::AwaitsEpoch,
        HandleError::Broken("x".to_owned()),
        HandleError::Personal(PersonalError::Erased),
        HandleError::Personal(unreadable()),
    ];
    let others = [
        EdgeError::Access(AccessError::Unauthenticated("no token")),
        EdgeError::Access(AccessError::Ended("the token ended")),
        EdgeError::Access(AccessError::Scope(&[])),
        EdgeError::Access(AccessError::NotYours("agency")),
        EdgeError::Access(AccessError::TooOften(SOON)),
        EdgeError::DossierNotYetHere,
        EdgeError::NotYetLookedThrough,
        EdgeError::AnotherHome,
        EdgeError::NotFound { what: "record" },
        EdgeError::Unsupported("dòng"),
        EdgeError::Watch(WatchEnd::AnotherHistory { position: 7 }),
        EdgeError::Internal("x".to_owned()),
    ];
    for error in handled.into_iter().map(EdgeError::from).chain(others) {
        says_what_to_do(&Status::from(error));
    }
}

#[test]
fn one_wrong_field_is_counted_in_the_singular() {
    let fault = |field: &str| FieldFault {
        field: field.to_owned(),
        description: "must not be empty".to_owned(),
    };
    let said = |faults| EdgeError::Fields(faults).to_string();
    assert_eq!(
        said(vec![fault("actor")]),
        "the request is wrong in 1 field"
    );
    assert_eq!(
        said(vec![fault("actor"), fault("reason")]),
        "the request is wrong in 2 fields"
    );
}
