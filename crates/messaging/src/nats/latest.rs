//! Values of which only the newest counts: JetStream keeps the last of each subject, and whoever knows most writes it.
//!
//! Every replica that computes the same value offers it. What decides is how much was known when it was computed, never who
//! came last: the server takes a value only in the place of the one it was compared with, so that a replica which is behind
//! never overwrites one which is ahead, and two that know the same write the same bytes once.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::context::{Context, ContextBuilder, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use eventlog::{LogId, Position};
use thiserror::Error;

use crate::nats::{Nats, StreamSettings, headers, streams, subjects};

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// Replicas that write the same subject at the same moment compare anew; after so many times they leave it for later.
const ATTEMPTS: usize = 8;
const DIGEST: &str = "hoso-digest";
const KNOWN: &str = "hoso-known";

/// How much of a log was known when a value was computed, and as of when it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    /// The log.
    pub log: LogId,
    /// Its epoch.
    pub epoch: u32,
    /// Up to which position.
    pub position: Position,
    /// As of this instant, in microseconds since 1970.
    pub as_of: i64,
}

impl Known {
    /// Whether a value that knows so much takes the place of one that knows that much. Another log's is replaced when it is
    /// older: a province that began a new log is not held up by the figures of the one it gave up.
    pub fn exceeds(&self, other: &Self) -> bool {
        let of = |known: &Self| (known.epoch, known.position, known.as_of);
        if self.log == other.log {
            of(self) > of(other)
        } else {
            self.as_of > other.as_of
        }
    }
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            log,
            epoch,
            position,
            as_of,
        } = self;
        write!(f, "{log}/{epoch}/{position}/{as_of}")
    }
}

/// A text that says of no value how much was known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("it is not log/epoch/position/instant")]
pub struct NotKnown;

impl FromStr for Known {
    type Err = NotKnown;

    fn from_str(text: &str) -> Result<Self, NotKnown> {
        let mut parts = text.split('/');
        let mut next = || parts.next().ok_or(NotKnown);
        let known = Self {
            log: LogId(next()?.parse().map_err(|_| NotKnown)?),
            epoch: next()?.parse().map_err(|_| NotKnown)?,
            position: next()?.parse().map_err(|_| NotKnown)?,
            as_of: next()?.parse().map_err(|_| NotKnown)?,
        };
        if parts.next().is_none() {
            Ok(known)
        } else {
            Err(NotKnown)
        }
    }
}

/// A value to be offered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Value {
    /// Whose it is: the agency's code.
    pub agency: String,
    /// The form.
    pub form: &'static str,
    /// The kind of period.
    pub period: &'static str,
    /// How much was known.
    pub known: Known,
    /// The same for values that say the same, whatever was known.
    pub digest: String,
    /// The value, a JSON object.
    pub payload: Vec<u8>,
}

impl Value {
    fn subject(&self) -> String {
        subjects::figures(&self.agency, self.form, self.period)
    }

    fn headers(&self) -> HeaderMap {
        let Self {
            agency,
            form,
            period,
            known,
            digest,
            ..
        } = self;
        let mut all = HeaderMap::new();
        all.insert(headers::SPEC_VERSION, "1.0");
        all.insert(
            headers::ID,
            format!("{known}/{}/{period}", subjects::token(agency)),
        );
        all.insert(headers::SOURCE, format!("/hoso/reporting/{}", known.log));
        all.insert(headers::TYPE, format!("hoso.figures.{form}"));
        all.insert(headers::SUBJECT, headers::encoded(agency));
        // An instant outside the years of CloudEvents leaves the attribute out; it is optional.
        if let Some(time) = headers::time(known.as_of) {
            all.insert(headers::TIME, time);
        }
        all.insert(headers::DATA_CONTENT_TYPE, "application/json");
        all.insert(KNOWN, known.to_string());
        all.insert(DIGEST, digest.as_str());
        all
    }
}

/// What became of an offer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Offered {
    /// It is the value now.
    Taken,
    /// The value says the same already.
    Same,
    /// The value there knows as much or more.
    Outdone,
}

/// The stream as it is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kept {
    /// When it was made, in nanoseconds since 1970: another one is another stream.
    pub created: i128,
    /// How many values it keeps.
    pub values: u64,
}

/// The last value of a subject.
struct Last {
    sequence: u64,
    known: Option<Known>,
    digest: String,
}

/// The values, as a replica writes them.
#[derive(Debug)]
pub struct Latest {
    nats: Nats,
    jetstream: Context,
    settings: StreamSettings,
}

impl Latest {
    /// The values kept by this server or cluster.
    pub fn new(nats: Nats, settings: StreamSettings) -> Self {
        let jetstream = ContextBuilder::new()
            .timeout(PATIENCE)
            .ack_timeout(PATIENCE)
            .build(nats.client().clone());
        Self {
            nats,
            jetstream,
            settings,
        }
    }

    /// Sees to it that the stream is there.
    ///
    /// # Errors
    /// With the reason when it is not: the server is away, refuses, or has another stream of that name.
    pub async fn ready(&self) -> Result<Kept, String> {
        if !self.nats.connected() {
            return Err("NATS is away".to_owned());
        }
        let info = streams::ensure_figures(&self.jetstream, self.settings)
            .await
            .map_err(|error| error.to_string())?;
        Ok(Kept {
            created: info.created.unix_timestamp_nanos(),
            values: info.state.messages,
        })
    }

    /// Offers a value. It is published only if it says something else than the value there and knows more.
    ///
    /// # Errors
    /// With the reason when the server cannot be asked; nothing or the whole value was written.
    pub async fn offer(&self, value: &Value) -> Result<Offered, String> {
        let subject = value.subject();
        for _ in 0..ATTEMPTS {
            let last = self.last(&subject).await?;
            let sequence = match last {
                None => 0,
                Some(last) if last.digest == value.digest => return Ok(Offered::Same),
                Some(last) if last.known.is_some_and(|last| !value.known.exceeds(&last)) => {
                    return Ok(Offered::Outdone);
                }
                Some(last) => last.sequence,
            };
            let message = PublishMessage::build()
                .headers(value.headers())
                .payload(value.payload.clone().into())
                .expected_last_subject_sequence(sequence);
            let sent = self.jetstream.send_publish(subject.clone(), message).await;
            let acknowledged = match sent {
                Ok(acknowledgement) => acknowledgement.await,
                Err(error) => Err(error),
            };
            match acknowledged {
                Ok(_) => return Ok(Offered::Taken),
                // Somebody else wrote between the look and the publication.
                Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => {}
                Err(error) => return Err(format!("{subject}: {error}")),
            }
        }
        Err(format!("{subject}: others write it faster"))
    }

    /// What the stream has now.
    async fn last(&self, subject: &str) -> Result<Option<Last>, String> {
        let stream = self.jetstream.get_stream_no_info(subjects::FIGURES).await;
        let stream = stream.map_err(|error| error.to_string())?;
        let message = match stream.get_last_raw_message_by_subject(subject).await {
            Ok(message) => message,
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => {
                return Ok(None);
            }
            Err(error) => return Err(format!("{subject}: {error}")),
        };
        let header = |name: &str| message.headers.get(name).map(ToString::to_string);
        Ok(Some(Last {
            sequence: message.sequence,
            known: header(KNOWN).and_then(|text| text.parse().ok()),
            digest: header(DIGEST).unwrap_or_default(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn known(log: u128, epoch: u32, position: Position, as_of: i64) -> Known {
        Known {
            log: LogId(Uuid::from_u128(log)),
            epoch,
            position,
            as_of,
        }
    }

    #[test]
    fn who_knows_more_of_the_log_or_as_much_of_it_at_a_later_time_exceeds() {
        let here = known(1, 2, 100, 50);
        for more in [
            known(1, 2, 101, 10),
            known(1, 2, 100, 51),
            known(1, 3, 7, 10),
            known(9, 1, 7, 51),
        ] {
            assert!(more.exceeds(&here) && !here.exceeds(&more), "{more:?}");
        }
        assert!(!here.exceeds(&here));
    }

    #[test]
    fn how_much_was_known_travels_in_a_header() {
        let here = known(7, 2, u64::MAX, -5);
        assert_eq!(here.to_string().parse(), Ok(here));
        for other in ["", "a/b/c/d", &format!("{here}/1")] {
            assert_eq!(other.parse::<Known>(), Err(NotKnown));
        }
    }
}
