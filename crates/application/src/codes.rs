//! The counters behind dossier codes: one per agency, civil day and issuing node, derived from the accepted records.
//!
//! A number is taken when every rule has passed, in memory; it counts once the record that carries it is on disk. A
//! number whose append failed is skipped; none is ever given twice, because the counters start from the records.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::sync::{Mutex, PoisonError};

use domain::code;
use domain::dossier::{CodeIssuer, CodeOfAnotherNode, CodesExhausted};
use domain::event::Event;
use domain::ids::DossierCode;
use eventlog::format::RecordView;
use jiff::civil::Date;

use crate::codec;
use crate::projection::Fold;
use crate::snapshot::{self, Keep};

/// The last number given for each agency's prefix and day.
type Last = HashMap<(Box<str>, Date), u32>;

/// What the accepted records say about one node's numbers: a fold over its log.
#[derive(Clone, Debug)]
pub struct Counters {
    node: u8,
    last: Last,
}

impl Counters {
    /// Of the node with this digit, before the first record.
    pub fn of(node: u8) -> Self {
        Self {
            node,
            last: Last::new(),
        }
    }

    fn observe(&mut self, code: &DossierCode) {
        let Some(parsed) = code::parse(code.as_str()) else {
            return;
        };
        let Some(sequence) = parsed.sequence_of(self.node) else {
            return;
        };
        let key = (parsed.prefix.into(), parsed.date);
        let last = self.last.entry(key).or_default();
        *last = (*last).max(sequence);
    }
}

impl Fold for Counters {
    fn apply(&mut self, record: &RecordView<'_>) {
        if record.kind == "dossier_accepted"
            && let Ok(occurrence) = codec::decode_view(record)
            && let Event::DossierAccepted(accepted) = &occurrence.event
        {
            self.observe(&accepted.code);
        }
    }
}

impl Keep for Counters {
    fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        to.write_all(&[self.node])?;
        snapshot::write_lines(to, &self.last)
    }

    fn read(&self, from: &mut dyn Read) -> io::Result<Self> {
        let mut node = [0];
        from.read_exact(&mut node)?;
        // Another node's numbers say nothing about this one's.
        if node != [self.node] {
            return Err(io::Error::other("it counts another node's codes"));
        }
        Ok(Self {
            node: self.node,
            last: snapshot::read_lines(from)?.into_iter().collect(),
        })
    }
}

/// The counters of one node, from which codes are given out.
#[derive(Debug)]
pub struct Codes {
    /// The node's digit, part of every number it gives.
    node: u8,
    last: Mutex<Last>,
}

impl Codes {
    /// The counters of a service that accepts nothing.
    pub fn none() -> Self {
        Self::after(&Counters::of(0))
    }

    /// Gives out the numbers after those that are in the log.
    pub fn after(counters: &Counters) -> Self {
        Self {
            node: counters.node,
            last: Mutex::new(counters.last.clone()),
        }
    }
}

impl Codes {
    /// Counts what came into the log by another way than being given out here.
    pub fn raise(&self, counters: &Counters) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, number) in &counters.last {
            let known = last.entry(key.clone()).or_default();
            *known = (*known).max(*number);
        }
    }
}

impl CodeIssuer for Codes {
    fn issue(&self, prefix: &str, day: Date) -> Result<DossierCode, CodesExhausted> {
        let mut counters = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let last = counters.entry((prefix.into(), day)).or_default();
        let next = last.checked_add(1).ok_or(CodesExhausted)?;
        *last = next;
        drop(counters);
        Ok(code::format(prefix, day, self.node, next))
    }

    fn may_take_over(&self, code: &DossierCode) -> Result<(), CodeOfAnotherNode> {
        let writer = code::parse(code.as_str()).and_then(|parsed| parsed.node());
        match writer {
            Some(node) if node != self.node => Err(CodeOfAnotherNode(node)),
            Some(_) | None => Ok(()),
        }
    }

    fn take_over(&self, code: &DossierCode) {
        let mut taken = Counters::of(self.node);
        taken.observe(code);
        self.raise(&taken);
    }
}
