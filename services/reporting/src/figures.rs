//! Facts folded from the log, and how much of it was not understood.

use std::borrow::Cow;
use std::io::{self, Read, Write};
use std::num::NonZero;
use std::sync::{Mutex, PoisonError};
use std::thread;

use application::codec::{self, NotUnderstood};
use application::parked::{HasParked, Parked};
use application::projection::Fold;
use application::snapshot::{self, Keep};
use application::upcast;
use domain::calendar::Calendar;
use domain::event::EventKind;
use domain::ids::DossierId;
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
    /// Tells what was recorded late.
    calendar: Calendar,
}

impl Figures {
    /// No figures yet.
    pub fn new(calendar: Calendar) -> Self {
        Self {
            facts: Facts::new(calendar.clone()),
            parked: Parked::default(),
            calendar,
        }
    }

    /// Folds everything the log holds after `after`, decompressed and decoded on every core, folded in order; says up to
    /// which position that is.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn catch_up(&mut self, log: &EventLog, after: Position) -> Result<Position, ReadError> {
        let last = log.head().position;
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
        let mut blocks = log.blocks(after.saturating_add(1));
        let blocks = std::iter::from_fn(|| {
            let some: Vec<_> = blocks.by_ref().take(BLOCKS_A_TURN).collect();
            (!some.is_empty()).then_some(some)
        });
        fold_in_order(&mut self.facts, blocks, decode, workers)?;
        if last > after {
            // The last records may be about no dossier, or not count.
            self.facts.skip(last);
        }
        self.parked = parked.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(last)
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
        snapshot::write_value(to, &self.parked)?;
        self.facts.write_snapshot(&mut to)
    }

    fn read(&self, mut from: &mut dyn Read) -> io::Result<Self> {
        let parked = snapshot::read_value(from)?;
        let facts = Facts::read_snapshot(&mut from, self.calendar.clone());
        Ok(Self {
            facts: facts.map_err(io::Error::other)?,
            parked,
            calendar: self.calendar.clone(),
        })
    }
}
