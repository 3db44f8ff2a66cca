//! A request over NATS and its answer: nobody there, no answer in time, or a refusal that says why.

use std::time::Duration;

use async_nats::client::RequestErrorKind;
use async_nats::{HeaderMap, Message, Request};
use eventlog::{Head, LogId, Position, Record};
use tracing::{debug, warn};

use crate::feed::FeedError;
use crate::incoming;
use crate::nats::{Nats, answers, headers};

/// How long an answer may take.
const ANSWER_PATIENCE: Duration = Duration::from_secs(3);
/// What a NATS server takes when it has not said otherwise yet.
const PAYLOAD_MAX: usize = 1 << 20;

pub(crate) fn away(log: LogId, reason: String) -> FeedError {
    FeedError::Away { log, reason }
}

/// Asks for a head of a log.
pub(crate) async fn head(nats: &Nats, log: LogId, subject: String) -> Result<Head, FeedError> {
    let answer = ask(nats, log, subject, Vec::new()).await?;
    match answers::head(&answer) {
        Ok(head) if head.log == log => Ok(head),
        Ok(head) => Err(away(log, format!("log {} answers in its place", head.log))),
        Err(error) => Err(away(log, error.to_string())),
    }
}

/// Asks for the records of a log after a position.
pub(crate) async fn records_after(
    nats: &Nats,
    log: LogId,
    subject: String,
    after: Position,
    max: usize,
) -> Result<Vec<Record>, FeedError> {
    let question = answers::question_text(after, max).into_bytes();
    let answer = ask(nats, log, subject, question).await?;
    let records = answers::records(&answer).map_err(|error| away(log, error.to_string()))?;
    if !incoming::answers(&records, log, after) {
        let reason = "it answers with other records than those asked for";
        return Err(away(log, reason.to_owned()));
    }
    Ok(records)
}

/// Asks something of whoever answers for a log.
pub(crate) async fn ask(
    nats: &Nats,
    log: LogId,
    subject: String,
    question: Vec<u8>,
) -> Result<Vec<u8>, FeedError> {
    let request = Request::new()
        .payload(question.into())
        .timeout(Some(ANSWER_PATIENCE));
    let answer = nats.client().send_request(subject, request).await;
    let answer = answer.map_err(|error| {
        let reason = match error.kind() {
            RequestErrorKind::NoResponders => "nobody answers for it".to_owned(),
            RequestErrorKind::TimedOut => "it did not answer in time".to_owned(),
            RequestErrorKind::InvalidSubject
            | RequestErrorKind::MaxPayloadExceeded
            | RequestErrorKind::Other => error.to_string(),
        };
        away(log, reason)
    })?;
    let refusal = answer.headers.as_ref();
    match refusal.and_then(|headers| headers.get(answers::REFUSAL)) {
        Some(reason) => Err(FeedError::Unreadable {
            log,
            reason: reason.to_string(),
        }),
        None => Ok(answer.payload.into()),
    }
}

/// The largest message the server takes.
pub(crate) fn payload_max(nats: &Nats) -> usize {
    let info = nats.client().try_server_info();
    info.map_or(PAYLOAD_MAX, |info| info.max_payload)
}

/// Answers a request, or refuses it with the reason.
pub(crate) async fn reply(nats: &Nats, message: Message, answer: Result<Vec<u8>, String>) {
    let Some(to) = message.reply else { return };
    let client = nats.client();
    let sent = match answer {
        Ok(bytes) => client.publish(to, bytes.into()).await,
        Err(reason) => {
            warn!(reason, "a question is refused");
            let mut refusal = HeaderMap::new();
            refusal.insert(answers::REFUSAL, headers::encoded(&reason));
            client
                .publish_with_headers(to, refusal, Vec::new().into())
                .await
        }
    };
    // Whoever asked asks again.
    if let Err(error) = sent {
        debug!(%error, "not answered");
        return;
    }
    // One answer at a time is in memory: over a slow line they would pile up otherwise.
    if let Err(error) = client.flush().await {
        debug!(%error, "not answered yet");
    }
}
