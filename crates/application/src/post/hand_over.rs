//! Hand-over minutes (*biên bản giao nhận*): signed by one side or both, acknowledged by the other.

use domain::event::{Event, Found, HandOverAcknowledged, HandOverSigned, Occurrence};
use domain::ids::ActorId;
use domain::rejection::Rejection;
use eventlog::{AppendError, Expected, Record, StreamId};
use jiff::Timestamp;

use super::By;
use crate::desk::Desk;
use crate::error::HandleError;

/// A minute as recorded.
#[derive(Clone, Debug)]
pub struct Minute {
    /// When it was signed.
    pub signed_at: Timestamp,
    /// What it says, with what was found once both sides have signed.
    pub signed: HandOverSigned,
    /// The last record of it.
    pub record: Record,
}

fn stream(desk: &Desk, number: &str) -> StreamId {
    super::stream(desk, "hoso hand-over v1", &[number.as_bytes()])
}

impl Desk {
    /// Records a minute.
    ///
    /// # Errors
    /// When another minute has its number, or it cannot be written.
    pub async fn sign_hand_over(
        &self,
        signed: HandOverSigned,
        signed_at: Timestamp,
        by: &By,
    ) -> Result<Record, HandleError> {
        if let Some(record) = super::answered(self, by.request)? {
            return Ok(record);
        }
        super::may_write(self, by.now)?;
        let number = signed.number.clone();
        let stream = stream(self, &number);
        let happened = Occurrence {
            at: signed_at,
            event: Event::HandOverSigned(signed),
        };
        match super::append(self, stream, Expected::Exactly(0), by, &happened).await {
            Ok(record) => Ok(record),
            Err(AppendError::Conflict { .. }) => {
                Err(Rejection::HandOverNumberTaken { number }.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A minute as it was first written down; none when there is none of that number.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn signed_hand_over(&self, number: &str) -> Result<Option<HandOverSigned>, HandleError> {
        let first = super::history(self, stream(self, number))?
            .into_iter()
            .next();
        Ok(match first {
            Some((_, Event::HandOverSigned(signed))) => Some(signed),
            Some(_) | None => None,
        })
    }

    /// A minute by its number.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn hand_over(&self, number: &str) -> Result<Minute, HandleError> {
        let mut minute = None;
        for (record, event) in super::history(self, stream(self, number))? {
            let at = record.event.occurred_at;
            if let Event::HandOverSigned(signed) = event {
                let signed_at = Timestamp::from_microsecond(at).unwrap_or_default();
                minute = Some(Minute {
                    signed_at,
                    signed,
                    record,
                });
            } else if let Event::HandOverAcknowledged(it) = event
                && let Some(minute) = &mut minute
            {
                minute.signed_at = Timestamp::from_microsecond(at).unwrap_or_default();
                minute.record = record;
                acknowledge(&mut minute.signed, &it);
            }
        }
        minute.ok_or_else(|| {
            Rejection::HandOverUnknown {
                number: number.into(),
            }
            .into()
        })
    }

    /// The side that takes signs.
    ///
    /// # Errors
    /// When there is no such minute, both sides have signed already, or it cannot be written.
    pub async fn acknowledge_hand_over(
        &self,
        number: &str,
        taker: ActorId,
        found: Vec<Found>,
        by: &By,
    ) -> Result<Record, HandleError> {
        if let Some(record) = super::answered(self, by.request)? {
            return Ok(record);
        }
        super::may_write(self, by.now)?;
        let minute = self.hand_over(number)?;
        let signed = || Rejection::HandOverAcknowledged {
            number: number.into(),
        };
        if minute.signed.taker.is_some() {
            return Err(signed().into());
        }
        let happened = Occurrence {
            at: by.now,
            event: Event::HandOverAcknowledged(HandOverAcknowledged {
                number: number.into(),
                taker,
                found,
            }),
        };
        let expected = Expected::Exactly(1);
        match super::append(self, stream(self, number), expected, by, &happened).await {
            Ok(record) => Ok(record),
            Err(AppendError::Conflict { .. }) => Err(signed().into()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The minute as it stands once the other side has signed.
pub(super) fn acknowledge(signed: &mut HandOverSigned, by: &HandOverAcknowledged) {
    signed.taker = Some(by.taker.clone());
    for (paper, found) in signed.papers.iter_mut().zip(&by.found) {
        paper.found = Some(*found);
    }
}
