//! The answers to a terminal's journal: the n-th record of its history answers entry n, so that nothing is left out or
//! answered twice, whoever asks at the same time.

use domain::event::{
    EntryAnswer, EntryFlag, EntryRefusal, Event, JournalEntryAnswered, Occurrence,
};
use domain::ids::{ActorId, TerminalId};
use eventlog::{AppendError, Expected, Key, Record, Request, Revision, StreamId};
use jiff::Timestamp;
use uuid::Uuid;

use super::By;
use crate::desk::Desk;
use crate::error::HandleError;
use crate::{codec, keys};

/// An entry as it came, without looking at what it wishes.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number, from 1.
    pub sequence: u32,
    /// Its command; nil when it has none that can be read.
    pub command: Uuid,
    /// When it was keyed in, on the device's clock.
    pub device_at: Option<Timestamp>,
    /// A keyed digest of all of it.
    pub whole: [u8; 16],
    /// A keyed digest of what it wishes, without its number and time.
    pub content: Box<str>,
    /// Whose account.
    pub actor: ActorId,
}

/// An answer as the log has it.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The entry's number.
    pub sequence: u32,
    /// The record.
    pub record: Record,
    /// What was answered.
    pub answered: JournalEntryAnswered,
}

/// What is known about an entry before it is looked at.
#[derive(Clone, Debug)]
pub enum Standing {
    /// It was answered before; this is the answer.
    Answered(Box<Answered>),
    /// Another entry has this number.
    Reused,
    /// Another entry, this one, has the same command: the same wish, or another one.
    Repeats {
        /// That entry.
        sequence: u32,
        /// It wishes the same.
        same: bool,
    },
    /// It is the next.
    Next,
    /// Others must come first, from this one on.
    Early(u32),
}

fn stream(desk: &Desk, terminal: &TerminalId) -> StreamId {
    super::stream(desk, "hoso journal v1", &[terminal.as_str().as_bytes()])
}

fn request(stream: StreamId, sequence: u32, whole: [u8; 16]) -> Request {
    let parts: [&[u8]; 2] = [stream.0.as_bytes(), &sequence.to_be_bytes()];
    Request {
        key: Key(super::digest("hoso journal entry v1", &parts)),
        body: whole,
    }
}

fn answered(record: Record) -> Result<Option<Answered>, HandleError> {
    let event = codec::decode(&record)?.event;
    let Event::JournalEntryAnswered(answered) = event else {
        return Ok(None);
    };
    Ok(Some(Answered {
        sequence: record.revision,
        record,
        answered,
    }))
}

impl Desk {
    /// How many entries of a terminal's journal are answered.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn journal_length(&self, terminal: &TerminalId) -> Result<Revision, HandleError> {
        Ok(self.log().revision(stream(self, terminal))?)
    }

    /// The answer to an entry, if there is one.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn journal_answer(
        &self,
        terminal: &TerminalId,
        sequence: u32,
    ) -> Result<Option<Answered>, HandleError> {
        let request = request(stream(self, terminal), sequence, [0; 16]);
        let records = self.log().find_request(request.key)?;
        match records.and_then(|records| records.into_iter().next()) {
            Some(record) => answered(record),
            None => Ok(None),
        }
    }

    /// The answer to the entry that first had this command, if there is one.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn journal_answer_of(
        &self,
        terminal: &TerminalId,
        command: Uuid,
    ) -> Result<Option<Answered>, HandleError> {
        let Some(position) = self.log().find(keys::command(terminal, command))? else {
            return Ok(None);
        };
        match self.log().record(position)? {
            Some(record) => answered(record),
            None => Ok(None),
        }
    }

    /// What is known about an entry.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn standing(&self, terminal: &TerminalId, entry: &Entry) -> Result<Standing, HandleError> {
        let length = self.journal_length(terminal)?;
        if entry.sequence > length.saturating_add(1) {
            return Ok(Standing::Early(length.saturating_add(1)));
        }
        if entry.sequence <= length {
            let earlier = self.journal_answer(terminal, entry.sequence)?;
            return Ok(match earlier {
                Some(it) if it.record.request.is_some_and(|r| r.body == entry.whole) => {
                    Standing::Answered(Box::new(it))
                }
                Some(_) | None => Standing::Reused,
            });
        }
        Ok(match self.journal_answer_of(terminal, entry.command)? {
            Some(it) => Standing::Repeats {
                sequence: it.sequence,
                same: it.answered.content == entry.content,
            },
            None => Standing::Next,
        })
    }

    /// Writes down the answer to the next entry; none when another session was faster, and it has to be looked at again.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn answer_entry(
        &self,
        terminal: &TerminalId,
        entry: &Entry,
        answer: EntryAnswer,
        flags: Vec<EntryFlag>,
        by: &By,
    ) -> Result<Option<Answered>, HandleError> {
        super::may_write(self, by.now)?;
        let stream = stream(self, terminal);
        let by = By {
            request: request(stream, entry.sequence, entry.whole),
            request_id: entry.command,
            actor: entry.actor.clone(),
            ..by.clone()
        };
        let happened = Occurrence {
            at: by.now,
            event: Event::JournalEntryAnswered(JournalEntryAnswered {
                terminal: terminal.clone(),
                command: entry.command,
                device_at: entry.device_at,
                content: entry.content.clone(),
                answer,
                flags,
            }),
        };
        let expected = Expected::Exactly(entry.sequence.saturating_sub(1));
        match super::append(self, stream, expected, &by, &happened).await {
            Ok(record) => answered(record),
            Err(
                AppendError::Conflict { .. }
                | AppendError::RequestReused { .. }
                | AppendError::KeyTaken { .. },
            ) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// A refusal as the journal keeps it.
pub fn refusal(
    reason: &str,
    faults: impl IntoIterator<Item = (String, String)>,
    message: &str,
) -> EntryAnswer {
    EntryAnswer::Refused(EntryRefusal {
        reason: reason.into(),
        faults: faults
            .into_iter()
            .take(FAULTS_MAX)
            .map(|(field, description)| (field.into(), description.into()))
            .collect(),
        message: message.into(),
    })
}

/// More faults than that say nothing more, and would not fit into a record.
const FAULTS_MAX: usize = 64;
