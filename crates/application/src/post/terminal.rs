//! A terminal: where it stands, and what was noted about it.

use domain::event::{Event, Occurrence, TerminalEnrolled, TerminalFlag, TerminalNoted};
use domain::ids::TerminalId;
use domain::rejection::Rejection;
use eventlog::{Expected, Key, Record, Request, StreamId};
use jiff::Timestamp;

use super::By;
use crate::desk::Desk;
use crate::error::HandleError;

/// As many notes as are shown; older ones stay in the log.
const NOTES_MAX: usize = 100;

/// A terminal as this node knows it.
#[derive(Clone, Debug)]
pub struct Terminal {
    /// Where it stands and whose it is.
    pub enrolled: TerminalEnrolled,
    /// Since when.
    pub enrolled_at: Timestamp,
    /// What was noted, the oldest first, each with its time.
    pub notes: Vec<(Timestamp, TerminalNoted)>,
}

impl Terminal {
    /// The last note of this kind.
    pub fn last(&self, flag: TerminalFlag) -> Option<&(Timestamp, TerminalNoted)> {
        self.notes.iter().rev().find(|(_, note)| note.flag == flag)
    }
}

fn stream(desk: &Desk, terminal: &TerminalId) -> StreamId {
    super::stream(desk, "hoso terminal v1", &[terminal.as_str().as_bytes()])
}

impl Desk {
    /// Makes a terminal known, or moves it to another office.
    ///
    /// # Errors
    /// When the request came with another body, or it cannot be written.
    pub async fn enrol_terminal(
        &self,
        enrolled: TerminalEnrolled,
        by: &By,
    ) -> Result<Record, HandleError> {
        if let Some(record) = super::answered(self, by.request)? {
            return Ok(record);
        }
        super::may_write(self, by.now)?;
        let stream = stream(self, &enrolled.terminal);
        let happened = Occurrence {
            at: by.now,
            event: Event::TerminalEnrolled(enrolled),
        };
        Ok(super::append(self, stream, Expected::Any, by, &happened).await?)
    }

    /// A terminal that was made known here.
    ///
    /// # Errors
    /// When it was not, or cannot be read.
    pub fn terminal(&self, terminal: &TerminalId) -> Result<Terminal, HandleError> {
        let mut enrolled = None;
        let mut notes = Vec::new();
        for (record, event) in super::history(self, stream(self, terminal))? {
            let at = super::recorded_at(&record);
            if let Event::TerminalEnrolled(it) = event {
                enrolled = Some((at, it));
            } else if let Event::TerminalNoted(it) = event {
                notes.push((at, it));
            }
        }
        let (enrolled_at, enrolled) = enrolled.ok_or_else(|| Rejection::TerminalUnknown {
            terminal: terminal.clone(),
        })?;
        notes.drain(..notes.len().saturating_sub(NOTES_MAX));
        Ok(Terminal {
            enrolled,
            enrolled_at,
            notes,
        })
    }

    /// Notes what is wrong with a terminal, once: the same note again changes nothing.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn note_terminal(
        &self,
        terminal: &TerminalEnrolled,
        noted: TerminalNoted,
        told_by: &[u8],
        by: &By,
    ) -> Result<(), HandleError> {
        super::may_write(self, by.now)?;
        let stream = stream(self, &terminal.terminal);
        let key = super::digest("hoso terminal note v1", &[stream.0.as_bytes(), told_by]);
        let by = By {
            request: Request {
                key: Key(key),
                body: key,
            },
            ..by.clone()
        };
        let happened = Occurrence {
            at: by.now,
            event: Event::TerminalNoted(noted),
        };
        super::append(self, stream, Expected::Any, &by, &happened).await?;
        Ok(())
    }
}
