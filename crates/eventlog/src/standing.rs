//! Where a log stands after a position, and the one place that says what may follow.

use std::collections::BTreeMap;

use crate::chain;
use crate::error::RecordFault;
use crate::format::{canonical, canonical_at_origin};
use crate::head::{Head, Watermark};
use crate::record::{ChainHash, LogId, Position, Record};

/// A log as it stands after a position: all that is needed to judge whether the next record follows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The log.
    pub log: LogId,
    /// The position of the last record; 0 before the first.
    pub position: Position,
    /// The epoch of the last record; 0 before the first.
    pub epoch: u32,
    /// When the last record was written, microseconds since 1970; `i64::MIN` before the first.
    pub recorded_at: i64,
    /// The chain hash after the last record.
    pub chain: ChainHash,
    /// The last record taken from each origin.
    pub watermarks: BTreeMap<LogId, Watermark>,
}

/// A record that cannot follow: its position is the one where the log breaks off.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Break {
    /// Another position belongs here.
    #[error("position {found} stands where {want} belongs")]
    Position {
        /// The position that belongs here.
        want: Position,
        /// The position found.
        found: Position,
    },
    /// The record is another log's.
    #[error("the record says it is in log {found}, not in {want}")]
    Log {
        /// The log it belongs to.
        want: LogId,
        /// The log it names.
        found: LogId,
    },
    /// Epochs only rise.
    #[error("the record's epoch is {found}, after epoch {last}")]
    Epoch {
        /// The epoch before.
        last: u32,
        /// The epoch found.
        found: u32,
    },
    /// A log's own time never goes back.
    #[error("the record was written at {found} µs, before the one preceding it at {last} µs")]
    Time {
        /// The time before, microseconds since 1970.
        last: i64,
        /// The time found.
        found: i64,
    },
    /// An imported record does not follow the one imported before it from the same log.
    #[error("position {found} of origin log {origin} stands where its {want} belongs")]
    Origin {
        /// The origin's log.
        origin: LogId,
        /// The position that belongs here.
        want: Position,
        /// The position found.
        found: Position,
    },
    /// The envelope cannot hold it.
    #[error(transparent)]
    Fault(#[from] RecordFault),
}

impl Standing {
    /// A log before its first record.
    pub fn start(log: LogId) -> Self {
        Self {
            log,
            position: 0,
            epoch: 0,
            recorded_at: i64::MIN,
            chain: ChainHash::default(),
            watermarks: BTreeMap::new(),
        }
    }

    /// The same as a head.
    pub fn head(&self) -> Head {
        Head {
            log: self.log,
            epoch: self.epoch,
            position: self.position,
            hash: self.chain,
            recorded_at: if self.position == 0 {
                0
            } else {
                self.recorded_at
            },
        }
    }

    /// Takes the next record, chain and origin's chain included.
    ///
    /// # Errors
    /// When it does not follow; the standing is unchanged then.
    pub fn take(&mut self, record: &Record) -> Result<(), Break> {
        let mut bytes = Vec::new();
        canonical(record, &mut bytes)?;
        let hash = chain::next(self.chain, &bytes);
        self.take_hashed(record, hash, &mut bytes)
    }

    /// Takes the next record, whose chain hash the caller has computed already; `buffer` is scratch space.
    pub(crate) fn take_hashed(
        &mut self,
        record: &Record,
        hash: ChainHash,
        buffer: &mut Vec<u8>,
    ) -> Result<(), Break> {
        self.check(record)?;
        if let Some(origin) = &record.origin {
            let before = self.watermarks.get(&origin.log);
            let want = before.map_or(0, |mark| mark.position).saturating_add(1);
            if origin.position != want {
                return Err(Break::Origin {
                    origin: origin.log,
                    want,
                    found: origin.position,
                });
            }
            buffer.clear();
            canonical_at_origin(record, buffer)?;
            let before = before.map_or_else(ChainHash::default, |mark| mark.hash);
            let mark = Watermark {
                epoch: origin.epoch,
                position: origin.position,
                hash: chain::next(before, buffer),
            };
            self.watermarks.insert(origin.log, mark);
        }
        self.position = record.place.position;
        self.epoch = record.place.epoch;
        self.recorded_at = record.place.recorded_at;
        self.chain = hash;
        Ok(())
    }

    /// Could the record follow, as far as its own place goes?
    pub(crate) fn check(&self, record: &Record) -> Result<(), Break> {
        let place = &record.place;
        let want = self.position.saturating_add(1);
        if place.position != want {
            return Err(Break::Position {
                want,
                found: place.position,
            });
        }
        if place.log != self.log {
            return Err(Break::Log {
                want: self.log,
                found: place.log,
            });
        }
        if place.epoch < self.epoch {
            return Err(Break::Epoch {
                last: self.epoch,
                found: place.epoch,
            });
        }
        if place.recorded_at < self.recorded_at {
            return Err(Break::Time {
                last: self.recorded_at,
                found: place.recorded_at,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealed::tests::made::{follow, sample};

    #[test]
    fn a_record_follows_only_at_its_place_in_its_log_and_in_its_origin() {
        let records = sample(60);
        let at = records.iter().rposition(|record| record.origin.is_some());
        let at = at.unwrap();
        let before = follow(&records[..at]);
        let refused = |change: &dyn Fn(&mut Record)| {
            let mut record = records[at].clone();
            change(&mut record);
            let mut standing = before.clone();
            let error = standing.take(&record).unwrap_err();
            assert_eq!(standing, before);
            error
        };
        let position = refused(&|record| record.place.position += 1);
        assert!(matches!(position, Break::Position { .. }));
        let log = refused(&|record| record.place.log = record.origin.unwrap().log);
        assert!(matches!(log, Break::Log { .. }));
        let epoch = refused(&|record| record.place.epoch = 0);
        assert!(matches!(epoch, Break::Epoch { .. }));
        let time = refused(&|record| record.place.recorded_at = before.recorded_at - 1);
        assert!(matches!(time, Break::Time { .. }));
        for step in [-1_i64, 1] {
            let origin = refused(&|record| {
                let origin = record.origin.as_mut().unwrap();
                origin.position = origin.position.checked_add_signed(step).unwrap();
            });
            assert!(matches!(origin, Break::Origin { .. }));
        }
        let fault = refused(&|record| record.event.kind = "".into());
        assert!(matches!(fault, Break::Fault(_)));
    }

    #[test]
    fn an_origins_chain_is_the_one_its_own_log_has() {
        let records = sample(60);
        let standing = follow(&records);
        assert!(!standing.watermarks.is_empty());
        for (log, mark) in &standing.watermarks {
            let mut own = Standing::start(*log);
            for record in records.iter().map(Record::at_origin) {
                if record.place.log == *log {
                    own.take(&record).unwrap();
                }
            }
            assert_eq!((own.position, own.chain), (mark.position, mark.hash));
        }
    }
}
