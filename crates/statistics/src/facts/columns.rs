//! Facts as columns: one array for each thing a report compares, so that a report reads only what it needs.

use domain::ids::DossierId;

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

/// What a report reads, of current and of past versions alike.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Columns {
    pub(crate) begun: Vec<Day>,
    pub(crate) ended: Vec<Day>,
    pub(crate) flags: Vec<u32>,
    pub(crate) marks: Vec<u32>,
    pub(crate) over_from: Vec<i64>,
    pub(crate) agency: Vec<u32>,
    pub(crate) field: Vec<u32>,
    pub(crate) procedure: Vec<u32>,
    pub(crate) law: Vec<u32>,
    pub(crate) waits_from: Vec<Day>,
    pub(crate) waits_until: Vec<Day>,
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
    fn push(&mut self, row: &Row, known_from: u64) {
        self.begun.push(row.begun);
        self.ended.push(row.ended);
        self.flags.push(row.flags);
        self.marks.push(row.marks);
        self.over_from.push(row.over_from);
        self.agency.push(row.agency);
        self.field.push(row.field);
        self.procedure.push(row.procedure);
        self.law.push(row.law);
        self.waits_from.push(row.waits_from);
        self.waits_until.push(row.waits_until);
        self.known_from.push(Known::at(known_from));
    }

    pub(crate) fn len(&self) -> usize {
        self.begun.len()
    }
}

impl Current {
    /// Adds a dossier; its ordinal is the number of dossiers before.
    pub(crate) fn push(&mut self, dossier: DossierId, row: &Row, known_from: u64) {
        self.columns.push(row, known_from);
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
    pub(crate) fn get(&self, at: usize) -> (Row, u64) {
        let columns = &self.columns;
        let instants = self.instants[at];
        let row = Row {
            agency: columns.agency[at],
            field: columns.field[at],
            procedure: columns.procedure[at],
            law: columns.law[at],
            flags: columns.flags[at],
            marks: columns.marks[at],
            begun_at: instants.begun_at,
            ended_at: instants.ended_at,
            due_at: instants.due_at,
            original_due_at: instants.original_due_at,
            waits_from: columns.waits_from[at],
            waits_until: columns.waits_until[at],
            begun: columns.begun[at],
            ended: columns.ended[at],
            over_from: columns.over_from[at],
        };
        (row, u64::from(columns.known_from[at].0))
    }

    /// Puts the next version in the place of the one in force.
    pub(crate) fn set(&mut self, at: usize, row: &Row, known_from: u64) {
        let columns = &mut self.columns;
        columns.begun[at] = row.begun;
        columns.ended[at] = row.ended;
        columns.flags[at] = row.flags;
        columns.marks[at] = row.marks;
        columns.over_from[at] = row.over_from;
        columns.agency[at] = row.agency;
        columns.field[at] = row.field;
        columns.procedure[at] = row.procedure;
        columns.law[at] = row.law;
        columns.waits_from[at] = row.waits_from;
        columns.waits_until[at] = row.waits_until;
        columns.known_from[at] = Known::at(known_from);
        self.instants[at] = instants(row);
    }
}

impl Past {
    pub(crate) fn push(&mut self, ordinal: u32, row: &Row, known_from: u64, known_to: u64) {
        self.columns.push(row, known_from);
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
