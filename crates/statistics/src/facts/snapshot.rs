//! Facts as bytes, so that a restart need not fold the whole log: own format, versioned, checked by a SHA-256.
//!
//! Layout, all numbers little-endian: the magic and version; the calendar's version; the next position; four tables of
//! names and two of what rows have in common; the versions in force; the past versions; the SHA-256 of everything before. The order is that of the columns,
//! which follows from the events, so the bytes are canonical: equal facts, equal bytes.

mod bytes;

use std::io::{self, Read, Write};

use domain::calendar::Calendar;
use domain::ids::{AgencyId, DossierId, FieldCode, LawId, ProcedureCode};
use hashbrown::HashTable;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::columns::{Instants, Known};
use super::row::NONE;
use super::{Columns, Current, Facts, Heading, Names, Past, Tables, Waited};
use crate::scan::number;
use bytes::{
    Hashing, HashingReader, read_all, read_names, read_number, read_numbers, read_text, write_all,
    write_names, write_text,
};

/// The first bytes of a snapshot, with its version.
const MAGIC: &[u8; 8] = b"HSFACT\0\x05";

/// Why a snapshot was not taken. The remedy is always the same: fold the log from zero.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Not a snapshot, or one of another version of the format.
    #[error("this is no snapshot that this program can read")]
    OtherFormat,
    /// Whether something was recorded late was told by another calendar.
    #[error("the snapshot was made with calendar {found}, in use is {wanted}")]
    OtherCalendar {
        /// The snapshot's calendar version.
        found: Box<str>,
        /// The calendar version in use.
        wanted: Box<str>,
    },
    /// The bytes are not those that were written.
    #[error("the snapshot is damaged: {0}")]
    Damaged(&'static str),
    /// It could not be read.
    #[error("the snapshot could not be read")]
    Unreadable(#[from] io::Error),
}

impl Facts {
    /// Writes the facts. Give a buffered writer.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write_snapshot(&self, to: &mut impl Write) -> io::Result<()> {
        let mut out = Hashing {
            inner: to,
            hash: Sha256::new(),
        };
        self.write_content(&mut out)?;
        let digest = out.hash.finalize();
        out.inner.write_all(&digest)
    }

    /// The facts as bytes.
    pub fn snapshot(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // Writing to memory cannot fail.
        let _ = self.write_snapshot(&mut bytes);
        bytes
    }

    /// SHA-256 over the columns in canonical form: equal facts, equal digests.
    pub fn digest(&self) -> [u8; 32] {
        let mut out = Hashing {
            inner: &mut io::sink(),
            hash: Sha256::new(),
        };
        // Writing to nothing cannot fail.
        let _ = self.write_content(&mut out);
        out.hash.finalize().into()
    }

    /// The facts of a snapshot, if it is whole and was made with this calendar.
    ///
    /// # Errors
    ///
    /// [`RestoreError`]; then fold the log from zero.
    pub fn restore(bytes: &[u8], calendar: Calendar) -> Result<Self, RestoreError> {
        Self::read_snapshot(&mut &*bytes, calendar)
    }

    /// As [`Facts::restore`], from a (buffered) reader.
    ///
    /// # Errors
    ///
    /// [`RestoreError`]; then fold the log from zero.
    pub fn read_snapshot(from: &mut impl Read, calendar: Calendar) -> Result<Self, RestoreError> {
        let mut input = HashingReader {
            inner: from,
            hash: Sha256::new(),
        };
        let facts = Self::read_content(&mut input, calendar).map_err(shortened)?;
        let digest: [u8; 32] = input.hash.finalize().into();
        let mut stored = [0; 32];
        input
            .inner
            .read_exact(&mut stored)
            .map_err(|error| shortened(error.into()))?;
        if stored != digest {
            return Err(RestoreError::Damaged("its checksum differs"));
        }
        facts.checked()
    }

    fn write_content(&self, to: &mut impl Write) -> io::Result<()> {
        to.write_all(MAGIC)?;
        write_text(to, self.calendar.version().as_str())?;
        to.write_all(&self.next.to_le_bytes())?;
        write_names(to, self.names.agencies.names(), AgencyId::as_str)?;
        write_names(to, self.names.fields.names(), FieldCode::as_str)?;
        write_names(to, self.names.procedures.names(), ProcedureCode::as_str)?;
        write_names(to, self.names.laws.names(), LawId::as_str)?;
        write_all(to, self.tables.headings.values(), |it| {
            words::<4, 16>([it.agency, it.field, it.procedure, it.law].map(u32::to_le_bytes))
        })?;
        write_all(to, self.tables.waited.values(), |it| {
            words::<2, 8>([it.from, it.until].map(i32::to_le_bytes))
        })?;
        write_columns(to, &self.current.columns)?;
        write_all(to, &self.current.instants, |of| {
            let mut bytes = [0; 32];
            let values = [of.begun_at, of.ended_at, of.due_at, of.original_due_at];
            for (place, value) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(values) {
                *place = value.to_le_bytes();
            }
            bytes
        })?;
        write_all(to, &self.current.dossiers, |dossier| *dossier.0.as_bytes())?;
        write_columns(to, &self.past.columns)?;
        write_all(to, &self.past.ordinals, |value| value.to_le_bytes())?;
        write_all(to, &self.past.known_to, |value| value.to_bytes())
    }

    fn read_content(from: &mut impl Read, calendar: Calendar) -> Result<Self, RestoreError> {
        let mut magic = [0; 8];
        from.read_exact(&mut magic)?;
        if &magic != MAGIC {
            return Err(RestoreError::OtherFormat);
        }
        let found = read_text(from)?;
        if *found != *calendar.version().as_str() {
            return Err(RestoreError::OtherCalendar {
                found,
                wanted: calendar.version().as_str().into(),
            });
        }
        let next = read_number(from)?;
        let names = Names {
            agencies: read_names(from)?,
            fields: read_names(from)?,
            procedures: read_names(from)?,
            laws: read_names(from)?,
        };
        let tables = Tables {
            headings: read_numbers(from, |bytes: [u8; 16]| {
                let [agency, field, procedure, law] = parts(bytes).map(u32::from_le_bytes);
                Heading {
                    agency,
                    field,
                    procedure,
                    law,
                }
            })?,
            waited: read_numbers(from, |bytes: [u8; 8]| {
                let [from, until] = parts(bytes).map(i32::from_le_bytes);
                Waited { from, until }
            })?,
        };
        let current = Current {
            columns: read_columns(from)?,
            instants: read_all(from, |bytes: [u8; 32]| {
                let mut values = [0; 4];
                for (value, word) in values.iter_mut().zip(bytes.as_chunks::<8>().0) {
                    *value = i64::from_le_bytes(*word);
                }
                let [begun_at, ended_at, due_at, original_due_at] = values;
                Instants {
                    begun_at,
                    ended_at,
                    due_at,
                    original_due_at,
                }
            })?,
            dossiers: read_all(from, |bytes: [u8; 16]| DossierId(Uuid::from_bytes(bytes)))?,
        };
        let past = Past {
            columns: read_columns(from)?,
            ordinals: read_all(from, u32::from_le_bytes)?,
            known_to: read_all(from, Known::from_bytes)?,
        };
        Ok(Self {
            calendar,
            names,
            tables,
            current,
            past,
            ordinals: HashTable::new(),
            next,
        })
    }

    /// Everything indexes within its table; the index from dossiers to ordinals is built again.
    fn checked(mut self) -> Result<Self, RestoreError> {
        let (current, past) = (&self.current, &self.past);
        let rows = current.dossiers.len();
        let whole = named(self.tables.headings.values(), &self.names)
            && columns_are(&current.columns, rows, &self.tables)
            && current.instants.len() == rows
            && columns_are(&past.columns, past.ordinals.len(), &self.tables)
            && past.known_to.len() == past.ordinals.len()
            && past.ordinals.iter().all(|ordinal| number(*ordinal) < rows);
        if !whole {
            return Err(RestoreError::Damaged("its tables do not fit together"));
        }
        self.ordinals = HashTable::with_capacity(rows);
        for (ordinal, at) in (0_u32..).zip(0..rows) {
            self.remember(self.current.dossiers[at], ordinal);
        }
        Ok(self)
    }
}

/// Every heading is made of names that are there.
fn named(headings: &[Heading], names: &Names) -> bool {
    let within = |name: u32, table: usize| name == NONE || number(name) < table;
    headings.iter().all(|heading| {
        within(heading.agency, names.agencies.names().len())
            && within(heading.field, names.fields.names().len())
            && within(heading.procedure, names.procedures.names().len())
            && within(heading.law, names.laws.names().len())
    })
}

fn columns_are(columns: &Columns, rows: usize, tables: &Tables) -> bool {
    let within = |column: &[u32], table: usize| column.iter().all(|value| number(*value) < table);
    [
        columns.begun.len(),
        columns.ended.len(),
        columns.flags.len(),
        columns.marks.len(),
        columns.over_from.len(),
        columns.heading.len(),
        columns.waited.len(),
        columns.known_from.len(),
    ] == [rows; 8]
        && within(&columns.heading, tables.headings.values().len())
        && within(&columns.waited, tables.waited.values().len())
}

fn shortened(error: RestoreError) -> RestoreError {
    match error {
        RestoreError::Unreadable(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            RestoreError::Damaged("it is cut short")
        }
        RestoreError::Unreadable(_)
        | RestoreError::OtherFormat
        | RestoreError::OtherCalendar { .. }
        | RestoreError::Damaged(_) => error,
    }
}

fn write_columns(to: &mut impl Write, columns: &Columns) -> io::Result<()> {
    for column in [&columns.begun, &columns.ended] {
        write_all(to, column, |value| value.to_le_bytes())?;
    }
    for column in [
        &columns.flags,
        &columns.marks,
        &columns.heading,
        &columns.waited,
    ] {
        write_all(to, column, |value| value.to_le_bytes())?;
    }
    write_all(to, &columns.over_from, |value| value.to_le_bytes())?;
    write_all(to, &columns.known_from, |value| value.to_bytes())
}

fn read_columns(from: &mut impl Read) -> Result<Columns, RestoreError> {
    // Fields are evaluated as written: in the order of `write_columns`.
    Ok(Columns {
        begun: read_all(from, i32::from_le_bytes)?,
        ended: read_all(from, i32::from_le_bytes)?,
        flags: read_all(from, u32::from_le_bytes)?,
        marks: read_all(from, u32::from_le_bytes)?,
        heading: read_all(from, u32::from_le_bytes)?,
        waited: read_all(from, u32::from_le_bytes)?,
        over_from: read_all(from, i64::from_le_bytes)?,
        known_from: read_all(from, Known::from_bytes)?,
    })
}

/// Numbers of four bytes, one after the other.
fn words<const N: usize, const BYTES: usize>(numbers: [[u8; 4]; N]) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    for (place, number) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(numbers) {
        *place = number;
    }
    bytes
}

fn parts<const BYTES: usize, const N: usize>(bytes: [u8; BYTES]) -> [[u8; 4]; N] {
    let mut numbers = [[0; 4]; N];
    for (number, place) in numbers.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *number = *place;
    }
    numbers
}
