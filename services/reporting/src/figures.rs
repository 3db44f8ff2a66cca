//! Facts folded from the log, and how much of it was not understood.

use std::borrow::Cow;
use std::io::{self, Read, Write};
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use application::calendar;
use application::codec::{self, NotUnderstood};
use application::parked::{HasParked, Parked};
use application::projection::Fold;
use application::snapshot::{self, Keep};
use application::upcast;
use domain::Catalogue;
use domain::event::{Event, EventKind};
use domain::ids::{DossierId, VersionHash};
use eventlog::epoch;
use eventlog::format::{EncodedBlock, RecordView};
use eventlog::{DecodeError, EventLog, Position, ReadError};
use jiff::Timestamp;
use statistics::Facts;
use statistics::facts::{Fact, FactEvent, fold_in_order};

/// Blocks decoded at a time: workers take turns folding, and a turn costs as much as decoding several records.
const BLOCKS_A_TURN: usize = 8;

/// The facts, and what could not become one.
#[derive(Debug)]
pub struct Figures {
    /// The facts.
    pub facts: Facts,
    /// Dossiers that this program could not understand.
    pub parked: Parked,
    /// The catalogue in use: its calendar tells what was recorded late.
    catalogue: Arc<Catalogue>,
    /// The catalogue as it is deployed.
    own: Arc<Catalogue>,
    /// Those that the log has put in its place, each after its record's position; for a snapshot to be read with.
    published: Vec<(Position, Arc<Catalogue>)>,
}

impl Figures {
    /// No figures yet of this log, which may have published calendars since the catalogue was deployed.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn new(own: Arc<Catalogue>, log: &EventLog) -> Result<Self, ReadError> {
        let published = calendar::published(log)?
            .into_iter()
            .filter_map(|(at, it)| {
                let replaced = calendar::over(&own, &it.replaces, &it.csv).ok()?;
                Some((at, replaced))
            });
        Ok(Self {
            facts: Facts::new(own.calendar().clone()),
            parked: Parked::default(),
            catalogue: Arc::clone(&own),
            published: published.collect(),
            own,
        })
    }

    /// The catalogue in use.
    pub fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    fn puts_in_use(&mut self, catalogue: Arc<Catalogue>) {
        self.facts.use_calendar(catalogue.calendar().clone());
        self.catalogue = catalogue;
    }

    /// Folds everything the log holds after `after`, decompressed and decoded on every core, folded in order; says up to
    /// which position that is.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn catch_up(&mut self, log: &EventLog, after: Position) -> Result<Position, ReadError> {
        let last = log.head().position;
        let mut from = after;
        for (at, catalogue) in self.published.clone() {
            if at > from && at <= last {
                self.fold(log, from, at)?;
                self.puts_in_use(catalogue);
                from = at;
            }
        }
        self.fold(log, from, last)?;
        Ok(last)
    }

    /// Folds what lies between two positions, during which one calendar was in use.
    fn fold(&mut self, log: &EventLog, after: Position, last: Position) -> Result<(), ReadError> {
        if last <= after {
            return Ok(());
        }
        let parked = Mutex::new(std::mem::take(&mut self.parked));
        let damaged = |block: &EncodedBlock, error: &DecodeError| ReadError::Damaged {
            file: log.folder().display().to_string(),
            position: block.header.first,
            why: error.to_string(),
        };
        let decode = |blocks: Vec<Result<EncodedBlock, ReadError>>,
                      fold: &mut dyn FnMut(&[Fact<'_>])| {
            let blocks = blocks.into_iter().collect::<Result<Vec<_>, _>>()?;
            let decoded = blocks
                .iter()
                .map(|block| block.decode().map_err(|error| damaged(block, &error)))
                .collect::<Result<Vec<_>, _>>()?;
            let count = blocks.iter().map(|block| block.header.count).sum::<u32>();
            let mut facts = Vec::with_capacity(usize::try_from(count).unwrap_or_default());
            for (block, decoded) in blocks.iter().zip(&decoded) {
                for record in decoded.views() {
                    let record = record.map_err(|error| damaged(block, &error))?;
                    let new = record.place.position > after && record.place.position <= last;
                    // What does not stand is never counted.
                    if !new || record.rival || epoch::opens_view(&record) {
                        continue;
                    }
                    let fact = fact(&record);
                    if fact.event.is_none() {
                        let mut parked = parked.lock().unwrap_or_else(PoisonError::into_inner);
                        parked.note(fact.dossier, &why(&record));
                    }
                    facts.push(fact);
                }
            }
            fold(&facts);
            Ok(())
        };
        let workers = thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        // What begins later is folded with the calendar of then.
        let within = |block: &Result<EncodedBlock, ReadError>| {
            block.as_ref().map_or(true, |it| it.header.first <= last)
        };
        let mut blocks = log.blocks(after.saturating_add(1)).take_while(within);
        let blocks = std::iter::from_fn(|| {
            let some: Vec<_> = blocks.by_ref().take(BLOCKS_A_TURN).collect();
            (!some.is_empty()).then_some(some)
        });
        fold_in_order(&mut self.facts, blocks, decode, workers)?;
        // The last records may be about no dossier, or not count.
        self.facts.skip(last);
        self.parked = parked.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(())
    }
}

/// A record as the facts take it; without an event when it was not understood.
fn fact<'a>(record: &RecordView<'a>) -> Fact<'a> {
    let recorded_at = Timestamp::from_microsecond(record.place.recorded_at);
    Fact {
        position: record.place.position,
        // A time that no clock can have had: the record is not understood.
        event: event(record).filter(|_| recorded_at.is_ok()),
        recorded_at: recorded_at.unwrap_or_default(),
        dossier: DossierId(record.stream.0),
    }
}

/// What counts of the event, and its legal time.
fn event<'a>(record: &RecordView<'a>) -> Option<(Timestamp, FactEvent<'a>)> {
    let kind = EventKind::named(record.kind)?;
    let at = Timestamp::from_microsecond(record.occurred_at).ok()?;
    let told = match upcast::present(record.kind, record.schema_version, record.data)? {
        Cow::Borrowed(data) => read(kind, data).ok()?,
        Cow::Owned(data) => read(kind, &data).ok()?.into_owned(),
    };
    Some((at, told))
}

fn read(kind: EventKind, data: &[u8]) -> serde_json::Result<FactEvent<'_>> {
    FactEvent::read(kind, &mut serde_json::Deserializer::from_slice(data))
}

/// Why a record is no fact.
fn why(record: &RecordView<'_>) -> NotUnderstood {
    codec::decode_view(record)
        .err()
        .unwrap_or_else(|| NotUnderstood {
            position: record.place.position,
            kind: record.kind.into(),
            schema_version: record.schema_version,
            reason: "its times are none".to_owned(),
        })
}

impl Fold for Figures {
    fn apply(&mut self, record: &RecordView<'_>) {
        if epoch::opens_view(record) {
            self.facts.skip(record.place.position);
            return;
        }
        let fact = fact(record);
        if fact.event.is_none() {
            self.parked.note(fact.dossier, &why(record));
        }
        self.facts.apply_fact(&fact);
        if EventKind::named(record.kind) == Some(EventKind::CalendarPublished)
            && let Ok(occurrence) = codec::decode_view(record)
            && let Event::CalendarPublished(it) = occurrence.event
        {
            let own = Arc::clone(&self.own);
            let replaced = calendar::in_use(own, &it.replaces, &it.csv);
            self.puts_in_use(replaced);
        }
    }

    fn rival(&mut self, record: &RecordView<'_>) {
        self.facts.skip(record.place.position);
    }
}

impl HasParked for Figures {
    fn parked(&self) -> &Parked {
        &self.parked
    }
}

impl Keep for Figures {
    fn write(&self, mut to: &mut dyn Write) -> io::Result<()> {
        let version = self.catalogue.calendar().version();
        snapshot::write_value(to, &(&self.parked, version))?;
        self.facts.write_snapshot(&mut to)
    }

    fn read(&self, mut from: &mut dyn Read) -> io::Result<Self> {
        let (parked, version): (Parked, VersionHash) = snapshot::read_value(from)?;
        let known = self.published.iter().map(|(_, catalogue)| catalogue);
        let mut known = std::iter::once(&self.own).chain(known);
        // Whether something was recorded late was told by a calendar that is not in use any more.
        let catalogue = known
            .find(|it| *it.calendar().version() == version)
            .ok_or_else(|| io::Error::other("it was made with another calendar"))?;
        let facts = Facts::read_snapshot(&mut from, catalogue.calendar().clone());
        Ok(Self {
            facts: facts.map_err(io::Error::other)?,
            parked,
            catalogue: Arc::clone(catalogue),
            own: Arc::clone(&self.own),
            published: self.published.clone(),
        })
    }
}
