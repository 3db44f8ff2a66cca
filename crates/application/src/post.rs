//! What the public post brings: each in a history of its own, and each only once, whatever crashes in between.
//!
//! * [`journal`]: the answers to a terminal's entries; [`terminal`]: the terminal itself
//! * [`hand_over`]: minutes; [`receipts`]: receipt numbers and receipts
//! * [`custody`]: who has which papers, since when
//!
//! Every history's id follows from this log and the thing's own name, so that no state is needed to find it, and so that
//! two nodes never write the same one.

pub mod custody;
pub mod hand_over;
pub mod journal;
pub mod receipts;
pub mod terminal;

use domain::event::{Event, Occurrence};
use domain::ids::{ActorId, OrganisationId};
use eventlog::{Append, AppendError, Expected, Record, Request, StreamId};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::codec::{self, Stamp};
use crate::desk::Desk;
use crate::error::HandleError;

/// Who wishes something that is no dossier's, and when.
#[derive(Clone, Debug)]
pub struct By {
    /// The request, by keyed digests.
    pub request: Request,
    /// The caller's own id of the request.
    pub request_id: Uuid,
    /// The acting account.
    pub actor: ActorId,
    /// The organisation acted for.
    pub organisation: OrganisationId,
    /// The server's time.
    pub now: Timestamp,
}

/// Sixteen bytes that follow from a text of parts; each part is preceded by its length.
pub(crate) fn digest(what: &str, parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update(what.as_bytes());
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    bytes
}

/// The history of something of this log.
pub(crate) fn stream(desk: &Desk, what: &str, parts: &[&[u8]]) -> StreamId {
    let head = desk.log().head();
    let mut all = vec![head.log.0.as_bytes().as_slice()];
    all.extend(parts);
    StreamId(uuid::Builder::from_custom_bytes(digest(what, &all)).into_uuid())
}

/// The record of this request, if it was carried out before.
fn answered(desk: &Desk, request: Request) -> Result<Option<Record>, HandleError> {
    let records = desk.log().find_request(request.key)?;
    let Some(record) = records.and_then(|records| records.into_iter().next()) else {
        return Ok(None);
    };
    if record.request != Some(request) {
        return Err(HandleError::RequestReused {
            position: record.place.position,
        });
    }
    Ok(Some(record))
}

/// Appends one event to one history; a repeat gets the first record.
pub(crate) async fn append(
    desk: &Desk,
    stream: StreamId,
    expected: Expected,
    by: &By,
    occurrence: &Occurrence,
) -> Result<Record, AppendError> {
    let stamp = Stamp {
        request: by.request,
        causation: by.request_id,
        correlation: stream.0,
        actor: &by.actor,
        organisation: &by.organisation,
    };
    let event = codec::encode(occurrence, 0, &stamp)
        .map_err(|error| AppendError::Closed(error.to_string()))?;
    let appended = desk
        .log()
        .append(Append {
            stream,
            expected,
            request: Some(by.request),
            events: vec![event],
        })
        .await?;
    // An append of one event answers with one record.
    appended
        .records
        .into_iter()
        .next()
        .ok_or_else(|| AppendError::Closed("the log answered without a record".to_owned()))
}

/// Nothing may be written while the log waits for its others, or under a time that nobody believes.
pub(crate) fn may_write(desk: &Desk, now: Timestamp) -> Result<(), HandleError> {
    if desk.log().awaits().is_some() {
        return Err(HandleError::AwaitsEpoch);
    }
    match desk.log().leap_to(now.as_microsecond()) {
        Some(jump) => Err(HandleError::ClockJumped(jump)),
        None => Ok(()),
    }
}

/// The events of a history, in order, each with its record.
fn history(desk: &Desk, stream: StreamId) -> Result<Vec<(Record, Event)>, HandleError> {
    desk.log()
        .stream(stream)?
        .into_iter()
        .map(|record| {
            let event = codec::decode(&record)?.event;
            Ok((record, event))
        })
        .collect()
}

/// When a record was written here.
fn recorded_at(record: &Record) -> Timestamp {
    Timestamp::from_microsecond(record.place.recorded_at).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use domain::event::TerminalEnrolled;
    use domain::ids::TerminalId;
    use eventlog::Settings;
    use jiff::SignedDuration;

    use super::*;
    use crate::{clock, testing};

    const NOW: &str = "2022-12-15T02:00:00Z";

    fn by(request: u8, now: Timestamp) -> By {
        By {
            request: Request {
                key: eventlog::Key([request; 16]),
                body: [0; 16],
            },
            request_id: Uuid::from_u128(u128::from(request)),
            actor: ActorId::new("operator-1"),
            organisation: OrganisationId::new("VNPOST-DT"),
            now,
        }
    }

    fn enrolled(terminal: &str) -> TerminalEnrolled {
        TerminalEnrolled {
            terminal: TerminalId::new(terminal),
            office: "BC1".into(),
            operator: OrganisationId::new("VNPOST-DT"),
        }
    }

    #[tokio::test]
    async fn what_the_post_brings_is_never_written_under_a_time_that_nobody_believes() {
        let folder = tempfile::tempdir().unwrap();
        let now: Timestamp = NOW.parse().unwrap();
        let micros = now.as_microsecond();
        let settings = Settings {
            clock_rule: Some(clock::rule(None)),
            free_bytes_min: 0,
            ..Settings::new(move || micros)
        };
        let desk = testing::desk(folder.path(), &testing::shipped_catalogue(), settings);
        let good = desk.enrol_terminal(enrolled("T-1"), &by(1, now)).await;
        let here = good.unwrap().place.position;
        // The time was read while the clock was wrong; when it is written down, the clock is right again.
        let leapt = now + SignedDuration::from_hours(40 * 24);
        let no = desk.enrol_terminal(enrolled("T-2"), &by(2, leapt)).await;
        assert!(matches!(no, Err(HandleError::ClockJumped(_))), "{no:?}");
        assert_eq!(desk.log().head().position, here, "nothing was written");
        let good = desk.enrol_terminal(enrolled("T-2"), &by(3, now)).await;
        assert_eq!(good.unwrap().place.position, here + 1);
    }
}
