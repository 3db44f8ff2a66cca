//! The counters behind dossier codes: one per agency, civil day and issuing node, derived from the accepted records.
//!
//! A number is taken when every rule has passed, in memory; it counts once the record that carries it is on disk. A
//! number whose append failed is skipped; none is ever given twice, because the counters start from the records.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::code;
use domain::dossier::{CodeIssuer, CodesExhausted};
use domain::event::Event;
use domain::ids::DossierCode;
use eventlog::{EventLog, ReadError};
use jiff::civil::Date;

use crate::codec;

/// The counters of one node.
#[derive(Debug)]
pub struct Codes {
    /// The node's digit, part of every number it gives.
    node: u8,
    last: Mutex<HashMap<(Box<str>, Date), u32>>,
}

impl Codes {
    /// The counters of a service that accepts nothing.
    pub fn none() -> Self {
        Self {
            node: 0,
            last: Mutex::default(),
        }
    }

    /// The counters as the log leaves them.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn open(log: &EventLog, node: u8) -> Result<Self, ReadError> {
        let codes = Self {
            node,
            last: Mutex::default(),
        };
        let mut after = 0;
        loop {
            let records = log.read_after(after, 1024)?;
            let Some(last) = records.last() else { break };
            after = last.place.position;
            for record in &records {
                if &*record.event.kind == "dossier_accepted"
                    && let Ok(occurrence) = codec::decode(record)
                    && let Event::DossierAccepted(accepted) = &occurrence.event
                {
                    codes.observe(&accepted.code);
                }
            }
        }
        Ok(codes)
    }

    /// Makes sure a code that is out is never given again.
    pub fn observe(&self, code: &DossierCode) {
        let Some(parsed) = code::parse(code.as_str()) else {
            return;
        };
        let Some(sequence) = parsed.sequence_of(self.node) else {
            return;
        };
        let mut counters = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let last = counters
            .entry((parsed.prefix.into(), parsed.date))
            .or_default();
        *last = (*last).max(sequence);
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
}
