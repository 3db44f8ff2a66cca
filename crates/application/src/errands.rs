//! What processing asks of an intake node, and what it is answered, both ends, under cover: entries that dossiers name, erasures,
//! what was put right, and [`decisions`] about what was brought elsewhere; and the calendar that a node is told.
//!
//! | A question | Bytes |
//! |---|---|
//! | what is asked | 1: entries are, 2: subjects are to be erased, 3: a calendar is to be used, 4: filings are to be decided, 5: entries are to be destroyed |
//! | the entries | for each the subject's id and the entry's, 16 each |
//! | or the subjects, or the wrong entries | for each its id, 16 |
//! | or the calendar | as its event says it |
//! | or the filings | for each the record of its receipt as its own log has it: 4: length, little-endian; then the record |
//!
//! | An answer | Bytes |
//! |---|---|
//! | the opening of the vault | 16: another one than before means that it may have been restored, and knows less |
//! | for each entry, in the order asked | 1: here, erased, unknown or unreadable; 4: length, little-endian; then the entry |
//! | for each filing, in the order asked | 1: how it is with it; 4: length; then why it could not be decided, in words |
//!
//! An answer that would grow too long ends early, and the rest is asked again. Where there is no line key a calendar is told
//! openly, behind a mark of its own, and answered with nothing; a node that has a key hears it under cover only.

pub mod decisions;

use std::collections::HashSet;

use domain::event::{CalendarPublished, Event};
use domain::ids::DossierId;
use eventlog::{LogId, Record, epoch};
use jiff::Timestamp;
use thiserror::Error;
use uuid::Uuid;
use vault::line::{Awaiting, LineError};
use vault::{EraseError, GetError, LineKey, LineKeys, Vault};
use zeroize::Zeroizing;

use crate::calendar::{CalendarError, Calendars};
use crate::codec::{self, NotUnderstood};
use crate::orphans;

/// How many entries one question names at most.
pub const ASKED_MAX: usize = 256;
/// An answer ends early rather than pass this, with one entry of at most 64 KiB more; NATS takes 1 MiB by default.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

const ENTRIES: u8 = 1;
const ERASURES: u8 = 2;
const CALENDAR: u8 = 3;
const DECISIONS: u8 = 4;
const WRONG: u8 = 5;
/// Before a calendar that is told openly.
const OPENLY: &[u8] = b"hoso calendar v1\0";

const HERE: u8 = 0;
const ERASED: u8 = 1;
const UNKNOWN: u8 = 2;
const UNREADABLE: u8 = 3;

/// An entry that a dossier names and another vault has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// The dossier, or what was brought for one: in each vault the entry is kept under its name.
    pub dossier: DossierId,
    /// The entry.
    pub entry: Uuid,
    /// The digest of its ciphertext there.
    pub digest: [u8; 32],
    /// The log beside that vault.
    pub of: LogId,
}

/// What a vault says about an entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Given {
    /// Here it is, to be taken over.
    Here(Zeroizing<Vec<u8>>),
    /// Its subject was erased.
    Erased,
    /// There is no such entry, and will be none.
    Unknown,
    /// It is damaged there.
    Unreadable,
}

/// The answer of a vault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answered {
    /// Its opening.
    pub opening: Uuid,
    /// What it says of the entries asked for, the first ones at least.
    pub given: Vec<Given>,
}

/// A question or an answer that does not read.
#[derive(Debug, Error)]
pub enum ErrandFault {
    /// Not under this line's key.
    #[error(transparent)]
    Line(#[from] LineError),
    /// Not what this program asks or answers.
    #[error("what came does not read")]
    Unreadable,
    /// The vault does not erase now.
    #[error(transparent)]
    Erase(#[from] EraseError),
    /// The calendar is not put in use.
    #[error("the calendar is not in use there: {0}")]
    Calendar(#[from] CalendarError),
    /// Only what is under cover could be asked, and there is no key for it.
    #[error("this node was given no line key")]
    NoKey,
}

/// What the records of a dossier that was accepted elsewhere, or of something that was brought there, name and is kept there;
/// without what was put right since, and without what a filing brought: its own record names that, wherever it was brought.
///
/// # Errors
/// When one is not understood: it may name anything.
pub fn wanted(records: &[Record]) -> Result<Vec<Wanted>, NotUnderstood> {
    let mut wanted: Vec<Wanted> = Vec::new();
    for record in records.iter().filter(|record| !epoch::opens(record)) {
        let event = codec::decode(record)?.event;
        if let Event::SubjectReplaced(it) = &event {
            wanted.retain(|earlier| earlier.entry != it.replaced);
        }
        let Some(origin) = record.origin.filter(|_| event.filing().is_none()) else {
            continue;
        };
        wanted.extend(orphans::references(&event).filter_map(|it| {
            Some(Wanted {
                dossier: DossierId(record.stream.0),
                entry: it.entry,
                digest: digest(&it.digest)?,
                of: origin.log,
            })
        }));
    }
    Ok(wanted)
}

fn digest(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// Asks the vault beside a log for entries, [`ASKED_MAX`] at most.
///
/// # Errors
/// When the question cannot be sealed.
pub fn ask_entries<'a>(
    key: &LineKey,
    of: LogId,
    wanted: impl Iterator<Item = &'a Wanted>,
) -> Result<(Vec<u8>, Awaiting), LineError> {
    let mut question = vec![ENTRIES];
    for one in wanted.take(ASKED_MAX) {
        question.extend_from_slice(one.dossier.0.as_bytes());
        question.extend_from_slice(one.entry.as_bytes());
    }
    key.ask(of.0, &question)
}

/// Asks the vault beside a log to erase subjects. None at all asks only whether it is the same vault.
///
/// # Errors
/// When the question cannot be sealed.
pub fn ask_to_erase(
    key: &LineKey,
    of: LogId,
    subjects: &[Uuid],
) -> Result<(Vec<u8>, Awaiting), LineError> {
    let mut question = vec![ERASURES];
    for subject in subjects {
        question.extend_from_slice(subject.as_bytes());
    }
    key.ask(of.0, &question)
}

/// Asks the vault beside a log to destroy entries whose data was put right in others.
///
/// # Errors
/// When the question cannot be sealed.
pub fn ask_to_destroy(
    key: &LineKey,
    of: LogId,
    entries: &[Uuid],
) -> Result<(Vec<u8>, Awaiting), LineError> {
    let mut question = vec![WRONG];
    for entry in entries {
        question.extend_from_slice(entry.as_bytes());
    }
    key.ask(of.0, &question)
}

/// Tells the node beside whose log that vault is which calendar is in use.
///
/// # Errors
/// When it cannot be written or sealed.
pub fn tell_calendar(
    key: &LineKey,
    of: LogId,
    published: &CalendarPublished,
) -> Result<(Vec<u8>, Awaiting), ErrandFault> {
    let mut question = vec![CALENDAR];
    question.extend(written(published)?);
    Ok(key.ask(of.0, &question)?)
}

/// The same where nobody has a line key: there is nothing personal in it.
///
/// # Errors
/// When it cannot be written.
pub fn tell_openly(published: &CalendarPublished) -> Result<Vec<u8>, ErrandFault> {
    Ok([OPENLY, &written(published)?].concat())
}

fn written(published: &CalendarPublished) -> Result<Vec<u8>, ErrandFault> {
    serde_json::to_vec(published).map_err(|_| ErrandFault::Unreadable)
}

fn told(calendars: &Calendars, written: &[u8]) -> Result<(), ErrandFault> {
    let published = serde_json::from_slice(written).map_err(|_| ErrandFault::Unreadable)?;
    Ok(calendars.take(&published)?)
}

/// Answers a question that was put openly, to a node without a line key: a calendar alone may be told so.
///
/// # Errors
/// When it is anything else, or the calendar cannot be used.
pub fn answer_openly(calendars: &Calendars, question: &[u8]) -> Result<Vec<u8>, ErrandFault> {
    let written = question.strip_prefix(OPENLY).ok_or(ErrandFault::NoKey)?;
    told(calendars, written)?;
    Ok(Vec::new())
}

/// One item of an answer: how it is, and what belongs to that.
type Said = (u8, Zeroizing<Vec<u8>>);

/// Answers a question put to the node with the log `of`. What was to be erased is gone, what was to be decided is on the disk, and
/// a calendar that was told is in use, when this returns.
///
/// # Errors
/// When it is not one of ours, the vault does not erase now, or the calendar cannot be used.
pub async fn answer(
    calendars: &Calendars,
    keys: &LineKeys,
    of: LogId,
    now: Timestamp,
    sealed: &[u8],
) -> Result<Vec<u8>, ErrandFault> {
    let heard = keys.hear(of.0, sealed)?;
    let vault = calendars.desk.vault();
    let (what, named) = heard
        .question
        .split_first()
        .ok_or(ErrandFault::Unreadable)?;
    let said = match *what {
        ENTRIES => entries(vault, named)?,
        ERASURES => {
            erase(vault, named).await?;
            Vec::new()
        }
        CALENDAR => {
            told(calendars, named)?;
            Vec::new()
        }
        DECISIONS => decisions::decide(&calendars.desk, named, now).await?,
        WRONG => {
            destroy(vault, named).await?;
            Vec::new()
        }
        _ => return Err(ErrandFault::Unreadable),
    };
    // All the room at once: growing later would leave copies in freed memory.
    let room = said.iter().map(|(_, bytes)| bytes.len() + 5).sum::<usize>();
    let mut answer = Zeroizing::new(Vec::with_capacity(16 + room));
    answer.extend_from_slice(vault.opening().as_bytes());
    for (state, bytes) in said {
        answer.push(state);
        put(&mut answer, &bytes);
    }
    Ok(heard.answer(&answer)?)
}

/// Appends bytes after their length; a record or an entry is at most some 64 KiB.
fn put(to: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    to.extend_from_slice(&length.to_le_bytes());
    to.extend_from_slice(bytes);
}

/// What [`put`] appended, and what comes after it.
fn take(from: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, after) = from.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    after.split_at_checked(length)
}

fn entries(vault: &Vault, named: &[u8]) -> Result<Vec<Said>, ErrandFault> {
    let (mut given, mut bytes) = (Vec::new(), 0);
    for named in named.chunks(32) {
        let entry = named.get(16..).and_then(|id| Uuid::from_slice(id).ok());
        let one = give(vault, entry.ok_or(ErrandFault::Unreadable)?);
        bytes += one.1.len();
        given.push(one);
        if bytes > ANSWER_BYTES_MAX {
            break;
        }
    }
    Ok(given)
}

async fn erase(vault: &Vault, named: &[u8]) -> Result<(), ErrandFault> {
    for subject in ids(named)? {
        if !vault.is_erased(subject) {
            vault.erase(subject).await?;
        }
    }
    Ok(())
}

async fn destroy(vault: &Vault, named: &[u8]) -> Result<(), ErrandFault> {
    let mut wrong = ids(named)?;
    wrong.retain(|entry| vault.has(*entry));
    if !wrong.is_empty() {
        let destroyed = vault.sweep(|entry| !wrong.contains(&entry), vault.mark());
        destroyed.await?;
    }
    Ok(())
}

/// The ids of a question.
fn ids(named: &[u8]) -> Result<HashSet<Uuid>, ErrandFault> {
    let ids = named.chunks(16).map(Uuid::from_slice);
    ids.collect::<Result<_, _>>()
        .map_err(|_| ErrandFault::Unreadable)
}

/// What this vault has to say about an entry.
fn give(vault: &Vault, entry: Uuid) -> Said {
    match vault.hand_over(entry) {
        Ok(bytes) => (HERE, bytes),
        Err(GetError::Erased { .. }) => (ERASED, Zeroizing::default()),
        Err(GetError::Unknown { .. }) => (UNKNOWN, Zeroizing::default()),
        Err(error @ (GetError::Damaged { .. } | GetError::Read { .. })) => {
            tracing::error!(%error, "an entry that a dossier names cannot be handed over");
            (UNREADABLE, Zeroizing::default())
        }
    }
}

/// Opens an answer about entries or erasures.
///
/// # Errors
/// When it is none to that question.
pub fn open(awaiting: Awaiting, sealed: &[u8]) -> Result<Answered, ErrandFault> {
    let (opening, said) = opened(awaiting, sealed)?;
    let given = said.into_iter().map(|(state, bytes)| match state {
        HERE => Ok(Given::Here(bytes)),
        ERASED => Ok(Given::Erased),
        UNKNOWN => Ok(Given::Unknown),
        UNREADABLE => Ok(Given::Unreadable),
        _ => Err(ErrandFault::Unreadable),
    });
    let given = given.collect::<Result<_, _>>()?;
    Ok(Answered { opening, given })
}

/// The opening of whoever answered, and each item.
fn opened(awaiting: Awaiting, sealed: &[u8]) -> Result<(Uuid, Vec<Said>), ErrandFault> {
    let answer = awaiting.open(sealed)?;
    let read = || {
        let (opening, mut rest) = answer.split_first_chunk::<16>()?;
        let mut said = Vec::new();
        while let Some((state, after)) = rest.split_first() {
            let (bytes, after) = take(after)?;
            said.push((*state, Zeroizing::new(bytes.to_vec())));
            rest = after;
        }
        Some((Uuid::from_bytes(*opening), said))
    };
    read().ok_or(ErrandFault::Unreadable)
}

#[cfg(test)]
mod tests;
