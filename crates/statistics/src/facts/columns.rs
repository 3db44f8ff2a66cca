//! Facts as columns: one array for each thing a report compares, so that a report reads only what it needs.

use domain::ids::DossierId;

use super::Tables;
use super::bits;
use super::row::Row;
use crate::day::Day;

/// A position, in half the space: more of them than 32 bits count would need more memory for facts than any machine has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Known(u32);

impl Known {
    fn at(position: u64) -> Self {
        Self(u32::try_from(position).unwrap_or(u32::MAX))
    }

    /// Whether it was known at this position already.
    #[inline]
    pub(crate) fn by(self, position: u64) -> bool {
        u64::from(self.0) <= position
    }

    pub(crate) fn to_bytes(self) -> [u8; 4] {
        self.0.to_le_bytes()
    }

    pub(crate) fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(u32::from_le_bytes(bytes))
    }
}

/// Under what a dossier is counted: numbers of names. There are few of these, whatever the number of dossiers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Heading {
    pub(crate) agency: u32,
    pub(crate) field: u32,
    pub(crate) procedure: u32,
    pub(crate) law: u32,
}

/// The days of a last wait. Most dossiers never wait.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Waited {
    pub(crate) from: Day,
    pub(crate) until: Day,
}

/// The numbers that stand in the columns for what a row has in common with many others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Shared {
    heading: u32,
    waited: u32,
}

impl Shared {
    pub(crate) fn of(row: &Row, tables: &mut Tables) -> Self {
        Self {
            heading: tables.headings.number(heading(row)),
            waited: tables.waited.number(waited(row)),
        }
    }
}

fn heading(row: &Row) -> Heading {
    Heading {
        agency: row.agency,
        field: row.field,
        procedure: row.procedure,
        law: row.law,
    }
}

fn waited(row: &Row) -> Waited {
    Waited {
        from: row.waits_from,
        until: row.waits_until,
    }
}

/// What a report reads, of current and of past versions alike.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Columns {
    pub(crate) begun: Vec<Day>,
    pub(crate) ended: Vec<Day>,
    pub(crate) flags: Vec<u32>,
    pub(crate) marks: Vec<u32>,
    pub(crate) over_from: Vec<i64>,
    /// Numbers of [`Heading`]s.
    pub(crate) heading: Vec<u32>,
    /// Numbers of [`Waited`]s.
    pub(crate) waited: Vec<u32>,
    pub(crate) known_from: Vec<Known>,
}

/// What only folding needs, of a dossier's current version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Instants {
    pub(crate) begun_at: i64,
    pub(crate) ended_at: i64,
    pub(crate) due_at: i64,
    pub(crate) original_due_at: i64,
}

/// The version in force of each dossier, at the dossier's ordinal.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Current {
    pub(crate) columns: Columns,
    pub(crate) instants: Vec<Instants>,
    pub(crate) dossiers: Vec<DossierId>,
}

/// The versions that were in force once, in the order in which they ceased to be.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Past {
    pub(crate) columns: Columns,
    pub(crate) ordinals: Vec<u32>,
    pub(crate) known_to: Vec<Known>,
}

impl Columns {
    fn push(&mut self, row: &Row, shared: Shared, known_from: u64) {
        self.begun.push(row.begun);
        self.ended.push(row.ended);
        self.flags.push(row.flags);
        self.marks.push(row.marks);
        self.over_from.push(row.over_from);
        self.heading.push(shared.heading);
        self.waited.push(shared.waited);
        self.known_from.push(Known::at(known_from));
    }

    pub(crate) fn len(&self) -> usize {
        self.begun.len()
    }
}

impl Current {
    /// Adds a dossier; its ordinal is the number of dossiers before.
    pub(crate) fn push(&mut self, dossier: DossierId, row: &Row, shared: Shared, known_from: u64) {
        self.columns.push(row, shared, known_from);
        self.instants.push(instants(row));
        self.dossiers.push(dossier);
    }

    /// Whether the dossier has left, by whatever exit.
    pub(crate) fn is_ended(&self, ordinal: u32) -> bool {
        let flags = usize::try_from(ordinal)
            .ok()
            .and_then(|at| self.columns.flags.get(at));
        flags.is_some_and(|flags| flags & bits::EXIT != 0)
    }

    /// The row in force and since when.
    pub(crate) fn get(&self, at: usize, tables: &Tables) -> (Row, u64) {
        let columns = &self.columns;
        let instants = self.instants[at];
        let heading = tables.headings.get(columns.heading[at]);
        let waited = tables.waited.get(columns.waited[at]);
        let row = Row {
            agency: heading.agency,
            field: heading.field,
            procedure: heading.procedure,
            law: heading.law,
            flags: columns.flags[at],
            marks: columns.marks[at],
            begun_at: instants.begun_at,
            ended_at: instants.ended_at,
            due_at: instants.due_at,
            original_due_at: instants.original_due_at,
            waits_from: waited.from,
            waits_until: waited.until,
            begun: columns.begun[at],
            ended: columns.ended[at],
            over_from: columns.over_from[at],
        };
        (row, u64::from(columns.known_from[at].0))
    }

    /// The shared numbers of the row in force.
    pub(crate) fn shared(&self, at: usize) -> Shared {
        Shared {
            heading: self.columns.heading[at],
            waited: self.columns.waited[at],
        }
    }

    /// Puts the next version in the place of the one in force.
    pub(crate) fn set(&mut self, at: usize, row: &Row, shared: Shared, known_from: u64) {
        let columns = &mut self.columns;
        columns.begun[at] = row.begun;
        columns.ended[at] = row.ended;
        columns.flags[at] = row.flags;
        columns.marks[at] = row.marks;
        columns.over_from[at] = row.over_from;
        columns.heading[at] = shared.heading;
        columns.waited[at] = shared.waited;
        columns.known_from[at] = Known::at(known_from);
        self.instants[at] = instants(row);
    }
}

impl Past {
    pub(crate) fn push(
        &mut self,
        ordinal: u32,
        (row, shared): (&Row, Shared),
        known_from: u64,
        known_to: u64,
    ) {
        self.columns.push(row, shared, known_from);
        self.ordinals.push(ordinal);
        self.known_to.push(Known::at(known_to));
    }
}

fn instants(row: &Row) -> Instants {
    Instants {
        begun_at: row.begun_at,
        ended_at: row.ended_at,
        due_at: row.due_at,
        original_due_at: row.original_due_at,
    }
}

/// The channel's place in the tables by channel; `None` when it is not known.
pub(crate) fn channel(flags: u32) -> Option<usize> {
    match flags & bits::CHANNEL {
        0 => Some(0),
        1 => Some(1),
        2 => Some(2),
        _ => None,
    }
}
