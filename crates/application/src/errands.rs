//! What processing asks of an intake node, and what it is answered, both ends, under cover: entries that dossiers name, erasures,
//! and [`decisions`] about what was brought elsewhere; and the calendar that a node is told.
//!
//! | A question | Bytes |
//! |---|---|
//! | what is asked | 1: entries are, 2: subjects are to be erased, 3: a calendar is to be used, 4: filings are to be decided |
//! | the entries | for each the subject's id and the entry's, 16 each |
//! | or the subjects | for each its id, 16 |
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

use domain::event::{CalendarPublished, Event};
use domain::ids::DossierId;
use eventlog::{LogId, Record, epoch};
use jiff::Timestamp;
use thiserror::Error;
use uuid::Uuid;
use vault::line::{Awaiting, LineError};
use vault::{EraseError, GetError, LineKey, Vault};
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
    key: &LineKey,
    of: LogId,
    now: Timestamp,
    sealed: &[u8],
) -> Result<Vec<u8>, ErrandFault> {
    let heard = key.hear(of.0, sealed)?;
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
    for named in named.chunks(16) {
        let subject = Uuid::from_slice(named).map_err(|_| ErrandFault::Unreadable)?;
        if !vault.is_erased(subject) {
            vault.erase(subject).await?;
        }
    }
    Ok(())
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
mod tests {
    use domain::Catalogue;
    use domain::ids::VersionHash;

    use super::*;
    use crate::testing;

    /// A node that is told calendars, with a vault beside its log.
    fn calendars(folder: &std::path::Path) -> Calendars {
        let own = testing::shipped_catalogue();
        Calendars {
            desk: testing::desk(folder, &own, eventlog::Settings::new(|| 1)),
            own,
            folder: folder.to_owned(),
        }
    }

    fn published(own: &Catalogue, replaces: &str) -> CalendarPublished {
        let csv = testing::shipped_calendar() + "2026-12-31,off,Nghỉ,official\n";
        CalendarPublished {
            replaces: VersionHash::new(replaces),
            version: own
                .with_calendar(&csv)
                .unwrap()
                .calendar()
                .version()
                .clone(),
            csv: csv.into(),
        }
    }

    #[tokio::test]
    async fn a_calendar_is_taken_under_cover_or_openly_where_nobody_has_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let calendars = calendars(folder.path());
        let own = calendars.own.calendar().version().to_string();
        let told = published(&calendars.own, &own);
        let key = LineKey::from_bytes(&[3; 32]);
        let of = LogId(Uuid::from_u128(77));
        // Whoever has a key believes nothing that is said openly.
        let openly = tell_openly(&told).unwrap();
        let no = answer(&calendars, &key, of, Timestamp::UNIX_EPOCH, &openly).await;
        assert!(matches!(no, Err(ErrandFault::Line(_))), "{no:?}");
        let in_use = || calendars.desk.catalogue().calendar().version().to_string();
        assert_eq!(in_use(), own);
        for _ in 0..2 {
            let (question, awaiting) = tell_calendar(&key, of, &told).unwrap();
            let answered = answer(&calendars, &key, of, Timestamp::UNIX_EPOCH, &question).await;
            assert_eq!(open(awaiting, &answered.unwrap()).unwrap().given, []);
            assert_eq!(in_use(), told.version.as_str());
        }
        // One for another catalogue is refused, and the one before stays.
        let other = published(&calendars.own, "0000000000000000");
        let no = answer_openly(&calendars, &tell_openly(&other).unwrap());
        assert!(
            matches!(no, Err(ErrandFault::Calendar(CalendarError::Other { .. }))),
            "{no:?}"
        );
        assert_eq!(in_use(), told.version.as_str());
        answer_openly(&calendars, &openly).unwrap();
        // Personal data is never asked for openly.
        let (question, _) = ask_to_erase(&key, of, &[]).unwrap();
        let no = answer_openly(&calendars, &question);
        assert!(matches!(no, Err(ErrandFault::NoKey)), "{no:?}");
    }

    #[tokio::test]
    async fn entries_are_given_as_far_as_one_answer_holds_and_erased_ones_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let calendars = calendars(folder.path());
        let vault = calendars.desk.vault().clone();
        let key = LineKey::from_bytes(&[3; 32]);
        let of = LogId(Uuid::from_u128(77));
        let mut wanted = Vec::new();
        for n in 0..12_u128 {
            let subject = Uuid::from_u128(n);
            let kept = vault.put(subject, vec![7; 60_000]).await.unwrap();
            wanted.push(Wanted {
                dossier: DossierId(subject),
                entry: kept.entry,
                digest: kept.digest,
                of,
            });
        }
        vault.erase(Uuid::from_u128(1)).await.unwrap();
        let nobody = Wanted {
            entry: Uuid::from_u128(5),
            ..wanted[0]
        };
        wanted.insert(2, nobody);
        let (question, awaiting) = ask_entries(&key, of, wanted.iter()).unwrap();
        let answered = answer(&calendars, &key, of, Timestamp::UNIX_EPOCH, &question)
            .await
            .unwrap();
        assert!(answered.len() < 512 * 1024, "{}", answered.len());
        let answered = open(awaiting, &answered).unwrap();
        assert_eq!(answered.opening, vault.opening());
        assert!((3..13).contains(&answered.given.len()));
        assert_eq!(answered.given[1..3], [Given::Erased, Given::Unknown]);
        let here = testing::vault(&folder.path().join("here"), 2);
        let Given::Here(handed) = &answered.given[0] else {
            panic!("it is not here")
        };
        let first = wanted[0];
        here.take_over(first.dossier.0, first.entry, first.digest, handed)
            .await
            .unwrap();
        assert_eq!(*here.get(first.entry).unwrap(), [7; 60_000]);
    }

    #[tokio::test]
    async fn erasing_is_asked_as_often_as_need_be() {
        let folder = tempfile::tempdir().unwrap();
        let calendars = calendars(folder.path());
        let vault = calendars.desk.vault().clone();
        let key = LineKey::from_bytes(&[3; 32]);
        let of = LogId(Uuid::from_u128(77));
        let subjects = [Uuid::from_u128(1), Uuid::from_u128(2)];
        let kept = vault.put(subjects[0], b"text".to_vec()).await.unwrap();
        for _ in 0..2 {
            let (question, awaiting) = ask_to_erase(&key, of, &subjects).unwrap();
            let answered = answer(&calendars, &key, of, Timestamp::UNIX_EPOCH, &question)
                .await
                .unwrap();
            assert_eq!(open(awaiting, &answered).unwrap().given, []);
            assert!(!vault.has(kept.entry));
            assert!(subjects.iter().all(|subject| vault.is_erased(*subject)));
        }
        let stranger = LineKey::from_bytes(&[4; 32]);
        let (question, _) = ask_to_erase(&stranger, of, &subjects).unwrap();
        let refused = answer(&calendars, &key, of, Timestamp::UNIX_EPOCH, &question)
            .await
            .unwrap_err();
        let foreign = matches!(refused, ErrandFault::Line(LineError::Foreign));
        assert!(foreign, "{refused:?}");
    }
}
