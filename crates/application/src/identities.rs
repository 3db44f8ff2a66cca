//! Which dossiers name an identity number (*số định danh*): their applicant's, or that of whoever may act for the applicant.
//!
//! No file holds anything made from a number, so an erasure leaves nothing behind, and a vault that was restored or put under
//! another master key needs nothing done. Processing keeps marks in memory: half of a keyed digest of each number, and which
//! record names it. A mark only says where to look: the entry itself is read before a dossier is found, so what was erased or
//! put right since is not found, whatever the marks say. Intake, which answers for what is not accepted, keeps none: it knows
//! which entries there are, and reads them when it is asked.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::dossier::Dossier;
use domain::event::{Event, EventKind};
use domain::ids::{DossierId, FilingId, VaultRef};
use eventlog::format::RecordView;
use eventlog::{Position, Record, StreamId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vault::{GetError, Vault};

use crate::codec;
use crate::desk::{Desk, Loaded};
use crate::error::HandleError;
use crate::projection::{Fold, Projection};
use crate::upcast;

/// Blocks of the log that are looked through before others get their turn.
const BLOCKS: usize = 16;
/// What comes within this time is looked through together.
const TOGETHER: Duration = Duration::from_millis(50);
/// How long to wait after the log could not be read.
const AGAIN: Duration = Duration::from_secs(5);

/// Knows which records may name an identity number.
pub trait Numbers: Clone + Send + Sync + 'static {
    /// Waits until everything up to a position is known; false when it is not within `patience`.
    fn reach(
        &self,
        position: Position,
        patience: Duration,
    ) -> impl Future<Output = bool> + Send + '_;

    /// Which records may name this number. Reads the vault, so not on a thread that others wait for.
    fn naming(&self, number: &str) -> Naming;
}

/// Which records may name a number.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Naming {
    /// Where they are, the newest first.
    pub positions: Vec<Position>,
    /// Some personal data is not here yet or cannot be read: another one may name it too.
    pub incomplete: bool,
}

/// What an event of these kinds names, of which nothing else is read.
#[derive(Deserialize)]
struct Subject {
    subject: Entry,
}

#[derive(Deserialize)]
struct Authorisation {
    authorised: Authorised,
}

#[derive(Deserialize)]
struct Authorised {
    person: Entry,
}

#[derive(Deserialize)]
struct Entry {
    entry: Uuid,
}

/// Of what the vault keeps of a person.
#[derive(Deserialize)]
struct Numbered<'a> {
    #[serde(default, borrow)]
    identity_number: Cow<'a, str>,
}

/// The entry of the person that a record names, if it names one.
fn named(record: &RecordView<'_>) -> Option<Uuid> {
    fn read<T: DeserializeOwned>(record: &RecordView<'_>) -> Option<T> {
        let data = upcast::present(record.kind, record.schema_version, record.data)?;
        serde_json::from_slice(&data).ok()
    }
    match EventKind::named(record.kind) {
        Some(EventKind::DossierSubmitted | EventKind::SubjectReplaced) => {
            read(record).map(|it: Subject| it.subject.entry)
        }
        Some(EventKind::AuthorisationRecorded) => {
            read(record).map(|it: Authorisation| it.authorised.person.entry)
        }
        Some(_) | None => None,
    }
}

/// The same, of an event.
fn person(event: &Event) -> Option<&VaultRef> {
    if let Event::DossierSubmitted(it) = event {
        Some(&it.subject)
    } else if let Event::SubjectReplaced(it) = event {
        Some(&it.subject)
    } else if let Event::AuthorisationRecorded(it) = event {
        Some(&it.authorised.person)
    } else {
        None
    }
}

/// Does something with the number in an entry; nothing when there is none, or the entry is erased or not here.
///
/// # Errors
/// When it is here and cannot be read.
fn with_number<T>(
    vault: &Vault,
    entry: Uuid,
    make: impl FnOnce(&str) -> T,
) -> Result<Option<T>, Unreadable> {
    let text = match vault.get(entry) {
        Ok(text) => text,
        Err(GetError::Unknown { .. } | GetError::Erased { .. }) => return Ok(None),
        Err(GetError::Damaged { .. } | GetError::Read { .. }) => return Err(Unreadable),
    };
    let person: Numbered<'_> = serde_json::from_slice(&text).map_err(|_| Unreadable)?;
    let number = person.identity_number;
    Ok((!number.is_empty()).then(|| make(&number)))
}

/// An entry that is here and cannot be read. Its id is not told: who it is may follow from what was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Unreadable;

/// Half of a keyed digest: enough that few are read in vain.
fn mark(vault: &Vault, number: &str) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = vault.fingerprint("identity number", number.as_bytes());
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// The marks of one log; clones share them.
#[derive(Clone, Debug)]
pub struct Marks {
    desk: Desk,
    all: Arc<RwLock<BTreeSet<(u64, Position)>>>,
    /// Something is here that cannot be read.
    unreadable: Arc<AtomicBool>,
}

impl Marks {
    /// None yet.
    pub fn new(desk: Desk) -> Self {
        Self {
            desk,
            all: Arc::default(),
            unreadable: Arc::default(),
        }
    }

    fn change<R>(&self, change: impl FnOnce(&mut BTreeSet<(u64, Position)>) -> R) -> R {
        change(&mut self.all.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.all
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    fn add(&self, entry: Uuid, position: Position) {
        let vault = self.desk.vault();
        match with_number(vault, entry, |number| mark(vault, number)) {
            Ok(Some(mark)) => {
                self.change(|all| all.insert((mark, position)));
            }
            Ok(None) => {}
            Err(Unreadable) => self.unreadable.store(true, Ordering::Relaxed),
        }
    }

    /// The entries under this name have come from another vault: of a dossier, or of what was brought for one.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn came(&self, subject: Uuid) -> Result<(), HandleError> {
        for record in self.desk.log().stream(StreamId(subject))? {
            self.note(&record);
            if EventKind::named(&record.event.kind) == Some(EventKind::FilingReceived)
                && let Some(decision) = self.desk.decision(FilingId(subject))?
            {
                self.note(&decision.record);
            }
        }
        Ok(())
    }

    fn note(&self, record: &Record) {
        // What this program does not understand names nobody it knows of.
        if let Ok(occurrence) = codec::decode(record)
            && let Some(person) = person(&occurrence.event)
        {
            self.add(person.entry, record.place.position);
        }
    }

    /// Nothing of a dossier is marked any more.
    fn forget(&self, dossier: DossierId) {
        let records = match self.desk.records(dossier) {
            Ok(records) => records,
            Err(error) => {
                tracing::error!(%dossier, %error, "the marks of an erased dossier stay in memory");
                return;
            }
        };
        let positions: HashSet<_> = records.iter().map(|it| it.place.position).collect();
        // Erasures are rare: looking through all costs less than keeping a list per dossier for ever.
        self.change(|all| all.retain(|(_, position)| !positions.contains(position)));
    }

    fn of(&self, number: &str) -> Naming {
        let mark = mark(self.desk.vault(), number);
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        let found = all.range((mark, 0)..=(mark, Position::MAX));
        Naming {
            positions: found.rev().map(|(_, position)| *position).collect(),
            incomplete: self.unreadable.load(Ordering::Relaxed),
        }
    }
}

/// Makes marks from the log, from its beginning at each start.
#[derive(Debug)]
pub struct Marking {
    marks: Marks,
    /// Where the log ended at the start: whatever was erased by then was never marked.
    start: Position,
    /// Whose erasure was asked for before the start, and is not known to have been carried out by then.
    open: HashSet<DossierId>,
}

impl Fold for Marking {
    fn apply(&mut self, record: &RecordView<'_>) {
        let position = record.place.position;
        if let Some(entry) = named(record) {
            self.marks.add(entry, position);
        }
        let dossier = DossierId(record.stream.0);
        let kind = EventKind::named(record.kind);
        if kind == Some(EventKind::SubjectErasureRequested) {
            if position > self.start {
                self.marks.forget(dossier);
            } else {
                self.open.insert(dossier);
            }
        } else if kind == Some(EventKind::SubjectKeyDestroyed) && position <= self.start {
            self.open.remove(&dossier);
        }
        if position >= self.start && !self.open.is_empty() {
            for dossier in self.open.drain() {
                self.marks.forget(dossier);
            }
        }
    }
}

/// The marks, kept up with the log.
#[derive(Clone, Debug)]
pub struct Marked {
    /// The marks.
    pub marks: Marks,
    made: Projection<Marking>,
}

impl Marked {
    /// Nothing is looked through yet.
    pub fn new(marks: Marks) -> Self {
        let log = marks.desk.log().clone();
        let marking = Marking {
            marks: marks.clone(),
            start: log.head().position,
            open: HashSet::new(),
        };
        Self {
            marks,
            made: Projection::resume(log, marking, 0),
        }
    }

    /// Which records may name this number.
    pub fn of(&self, number: &str) -> Naming {
        self.marks.of(number)
    }

    /// Waits until everything up to a position is looked through; false when it is not within `patience`.
    pub async fn reach(&self, position: Position, patience: Duration) -> bool {
        self.made.reach(position, patience).await
    }

    /// Looks through the log beside everything else, as long as it is run.
    pub async fn keep_up(self) {
        let mut head = self.made.log().watch();
        loop {
            head.borrow_and_update();
            let made = self.made.clone();
            let some = tokio::task::spawn_blocking(move || {
                for _ in 0..BLOCKS {
                    if !made.step()? {
                        return Ok(false);
                    }
                }
                Ok::<_, eventlog::ReadError>(true)
            });
            match some.await {
                Ok(Ok(true)) => continue,
                Ok(Ok(false)) => {}
                Ok(Err(error)) => {
                    tracing::error!(%error, "the log cannot be looked through for identity numbers");
                    tokio::time::sleep(AGAIN).await;
                    continue;
                }
                Err(error) => {
                    tracing::error!(%error, "the log was not looked through for identity numbers");
                    tokio::time::sleep(AGAIN).await;
                    continue;
                }
            }
            if head.changed().await.is_err() {
                return;
            }
            tokio::time::sleep(TOGETHER).await;
        }
    }
}

/// The persons that dossiers name which are not accepted, each with the record that does: what intake answers for.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Unaccepted(HashMap<DossierId, Vec<(Position, Uuid)>>);

impl Unaccepted {
    /// Each record that names one, and the entry.
    pub fn named(&self) -> Vec<(Position, Uuid)> {
        self.0.values().flatten().copied().collect()
    }
}

impl Fold for Unaccepted {
    fn apply(&mut self, record: &RecordView<'_>) {
        let dossier = DossierId(record.stream.0);
        if let Some(entry) = named(record) {
            let at = (record.place.position, entry);
            self.0.entry(dossier).or_default().push(at);
        } else if matches!(
            EventKind::named(record.kind),
            Some(EventKind::DossierAccepted | EventKind::SubjectErasureRequested)
        ) {
            self.0.remove(&dossier);
        }
    }
}

/// Those records that name this number, of all these: each entry is read.
pub fn read_all(vault: &Vault, all: Vec<(Position, Uuid)>, number: &str) -> Naming {
    let mut naming = Naming::default();
    for (position, entry) in all {
        match with_number(vault, entry, |found| found == number) {
            Ok(Some(true)) => naming.positions.push(position),
            Ok(Some(false) | None) => {}
            Err(Unreadable) => naming.incomplete = true,
        }
    }
    naming
        .positions
        .sort_unstable_by_key(|at| std::cmp::Reverse(*at));
    naming
}

impl Desk {
    /// Of the dossiers that this service writes, those that name a number now and that `may` be shown: up to `max` of them
    /// before a position, the newest first, each at the newest record that names it.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn naming(
        &self,
        number: &str,
        positions: &[Position],
        before: Option<Position>,
        max: usize,
        may: impl Fn(&Dossier) -> bool,
    ) -> Result<Vec<(Position, DossierId)>, HandleError> {
        let mut found = Vec::new();
        for position in positions.iter().copied() {
            if found.len() == max {
                break;
            }
            if before.is_some_and(|before| position >= before) {
                continue;
            }
            let Some(record) = self.log().record(position)? else {
                continue;
            };
            let id = DossierId(record.stream.0);
            let (loaded, _) = self.load_known(id)?;
            let shown = self.may_write(&loaded.dossier).is_ok() && may(&loaded.dossier);
            if shown && self.newest(&loaded, number) == Some(position) {
                found.push((position, id));
            }
        }
        Ok(found)
    }

    /// The newest of a dossier's records that name this number, as it stands now.
    fn newest(&self, loaded: &Loaded, number: &str) -> Option<Position> {
        let filing = loaded.dossier.filing()?;
        if filing.erasure.is_some() {
            return None;
        }
        let applicant = filing.submitted.subject.entry;
        let events = loaded.records.iter().zip(&loaded.history);
        let names = events.rev().find(|(_, occurrence)| {
            let event = &occurrence.event;
            let Some(person) = person(event) else {
                return false;
            };
            let authorised = matches!(event, Event::AuthorisationRecorded(_));
            (authorised || person.entry == applicant)
                && with_number(self.vault(), person.entry, |found| found == number)
                    == Ok(Some(true))
        });
        names.map(|(record, _)| record.place.position)
    }
}
