//! The same refusals over HTTP: a status becomes a problem (RFC 9457), with its reason, its sentence and every fault.

use serde::Serialize;
use tonic::codegen::http::{HeaderValue, Response, StatusCode, header};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A refusal as HTTP tells it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Problem {
    /// A name for the kind of problem; not a page.
    #[serde(rename = "type")]
    pub kind: String,
    /// In Vietnamese, for people.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// In English, for the log of the one who asked.
    pub detail: String,
    /// The stable reason, the same as over gRPC.
    pub reason: String,
    /// Every parameter that says what it may not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
    /// After how many seconds asking again may help.
    #[serde(skip)]
    pub retry_after_s: Option<u64>,
}

/// One parameter that says what it may not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Fault {
    /// The parameter.
    pub parameter: String,
    /// What is wrong and what would be right, in English.
    pub detail: String,
}

impl From<&Status> for Problem {
    fn from(refusal: &Status) -> Self {
        let details = refusal.get_error_details();
        let reason = details
            .error_info()
            .map_or_else(|| "INTERNAL".to_owned(), |info| info.reason.clone());
        let title = details.localized_message();
        let faults = details.bad_request();
        let retry = details.retry_info().and_then(|info| info.retry_delay);
        Self {
            kind: format!("urn:hoso:{reason}"),
            title: title.map_or_else(String::new, |said| said.message.clone()),
            status: http_status(refusal.code()),
            detail: refusal.message().to_owned(),
            reason,
            errors: faults
                .into_iter()
                .flat_map(|request| &request.field_violations)
                .map(|fault| Fault {
                    parameter: fault.field.clone(),
                    detail: fault.description.clone(),
                })
                .collect(),
            // HTTP knows whole seconds only.
            retry_after_s: retry.map(|wait| wait.as_secs().max(1)),
        }
    }
}

/// A refusal as HTTP answers it.
pub fn response(refusal: &Status) -> Response<Vec<u8>> {
    let problem = Problem::from(refusal);
    // A problem is plain text and numbers: it can always be written.
    let mut answer = Response::new(serde_json::to_vec(&problem).unwrap_or_default());
    *answer.status_mut() =
        StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    if let Some(seconds) = problem.retry_after_s {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if refusal.code() == Code::Unauthenticated {
        let how = HeaderValue::from_static("Bearer realm=\"hoso\"");
        headers.insert(header::WWW_AUTHENTICATE, how);
    }
    answer
}

/// As Google's HTTP mapping has it.
fn http_status(code: Code) -> u16 {
    match code {
        Code::Ok => 200,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => 400,
        Code::Unauthenticated => 401,
        Code::PermissionDenied => 403,
        Code::NotFound => 404,
        Code::AlreadyExists | Code::Aborted => 409,
        Code::ResourceExhausted => 429,
        Code::Cancelled => 499,
        Code::Unimplemented => 501,
        Code::Unavailable => 503,
        Code::DeadlineExceeded => 504,
        Code::Unknown | Code::Internal | Code::DataLoss => 500,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EdgeError, Faults};

    #[test]
    fn a_problem_says_all_that_the_status_says() {
        let mut faults = Faults::default();
        faults.note("from", "must be a day");
        faults.note("by", "must be field, procedure, agency or channel");
        let refused = faults.finish(None::<()>).unwrap_err();
        let problem = Problem::from(&Status::from(refused));
        assert_eq!(
            (problem.status, problem.reason.as_str()),
            (400, "INVALID_FIELD")
        );
        assert_eq!(problem.kind, "urn:hoso:INVALID_FIELD");
        assert!(!problem.title.is_empty() && !problem.detail.is_empty());
        let parameters: Vec<_> = problem
            .errors
            .iter()
            .map(|fault| &fault.parameter)
            .collect();
        assert_eq!(parameters, ["from", "by"]);
        assert_eq!(problem.retry_after_s, None);
    }

    #[test]
    fn where_waiting_helps_the_problem_says_how_long() {
        let refused = EdgeError::NotYetHere {
            log: "log".to_owned(),
            wanted: 7,
            here: 5,
        };
        let problem = Problem::from(&Status::from(refused));
        assert_eq!(problem.status, 503);
        assert_eq!(problem.retry_after_s, Some(1));
        assert!(problem.errors.is_empty());
    }
}
