//! Taking in other logs' records: imported at own positions, or replicated verbatim.

use std::collections::HashMap;

use crate::append::Imported;
use crate::epoch;
use crate::error::ImportError;
use crate::format::{BLOCK_RAW_MAX, check_event};
use crate::record::{ChainHash, LogId, Place, Position, Record, Revision, StreamId};
use crate::segment::Segments;
use crate::stage::{Refused, Stage, import_len};

type Result<T> = std::result::Result<T, Refused<ImportError>>;

/// Judges a batch as if what was judged before it were already staged.
struct Judge<'a> {
    stage: &'a Stage,
    segments: &'a Segments,
    revisions: HashMap<StreamId, Revision>,
    writers: HashMap<(StreamId, Revision), LogId>,
    /// The last record of each log.
    marks: HashMap<LogId, Mark>,
}

/// The last record of a log: before the batch its chain hash is known too.
#[derive(Clone, Copy, Default)]
struct Mark {
    epoch: u32,
    position: Position,
    hash: Option<ChainHash>,
}

impl<'a> Judge<'a> {
    fn new(stage: &'a Stage, segments: &'a Segments) -> Self {
        Self {
            stage,
            segments,
            revisions: HashMap::new(),
            writers: HashMap::new(),
            marks: HashMap::new(),
        }
    }

    fn mark(&self, log: LogId) -> Mark {
        let staged = || self.stage.standing.watermarks.get(&log);
        let staged = || {
            staged().map_or_else(Mark::default, |mark| Mark {
                epoch: mark.epoch,
                position: mark.position,
                hash: Some(mark.hash),
            })
        };
        self.marks.get(&log).copied().unwrap_or_else(staged)
    }

    /// Another log may have written the record's revision here before: two histories of one stream, each in order. The
    /// later one is marked a rival from there on, which is kept and listed apart.
    fn mark_rival(&mut self, record: &mut Record) -> Result<()> {
        let (stream, writer) = (record.stream, record.place.log);
        let have = self.revision(stream)?;
        record.rival = have > 0
            && (self.revision(stream.rival(writer))? > 0
                || record.revision <= have && self.writer(stream, record.revision)? != writer);
        if !record.rival {
            self.writers.insert((stream, record.revision), writer);
        }
        Ok(())
    }

    fn writer(&self, stream: StreamId, revision: Revision) -> Result<LogId> {
        let staged = &self.stage.batch.writers;
        let imported = self.writers.get(&(stream, revision));
        match imported.or_else(|| staged.get(&(stream, revision))) {
            Some(writer) => Ok(*writer),
            // What is neither on disk nor imported before it was appended in the same commit.
            None => {
                let written = self.segments.writer(stream, revision)?;
                Ok(written.unwrap_or(self.stage.standing.log))
            }
        }
    }

    /// The revision of a stream as records are listed, with what was judged before.
    fn revision(&self, listed: StreamId) -> Result<Revision> {
        match self.revisions.get(&listed) {
            Some(revision) => Ok(*revision),
            None => Ok(self.stage.revision(self.segments, listed)?),
        }
    }

    /// Checks what every record must meet; the stream's next revision is taken then.
    fn take(&mut self, record: &Record) -> Result<()> {
        let bytes = import_len(record);
        if bytes > BLOCK_RAW_MAX {
            return Err(because(ImportError::TooLarge {
                bytes,
                max: BLOCK_RAW_MAX,
            }));
        }
        check_event(&record.event).map_err(|fault| because(fault.into()))?;
        let listed = record.listed();
        let have = self.revision(listed)?;
        if record.revision <= have {
            return Err(fork(
                record,
                "another record has this revision of the stream here",
            ));
        }
        // A rival begins where the other history was before it.
        let begins = record.rival && have == 0;
        if record.revision != have.saturating_add(1) && !begins {
            return Err(fork(
                record,
                "the revisions of the stream before it are not here",
            ));
        }
        self.revisions.insert(listed, record.revision);
        Ok(())
    }

    /// Does the record follow its log's last one? False: it was here before.
    fn follows(&mut self, place: &Place, record: &Record) -> Result<bool> {
        let before = self.mark(place.log);
        let (epoch, have) = (before.epoch, before.position);
        if place.position <= have {
            return if place.epoch > epoch {
                Err(fork(record, "a later epoch gives this position again"))
            } else {
                Ok(false)
            };
        }
        if place.position != have.saturating_add(1) {
            let (log, got) = (place.log, place.position);
            return Err(because(ImportError::Gap { log, have, got }));
        }
        if place.epoch < epoch {
            return Err(fork(
                record,
                "its epoch is lower than that of the record before it",
            ));
        }
        if place.epoch > epoch && have > 0 && !epoch::continues(record, place, before.hash) {
            return Err(fork(
                record,
                "a later epoch continues another history than the one here",
            ));
        }
        let mark = Mark {
            epoch: place.epoch,
            position: place.position,
            hash: None,
        };
        self.marks.insert(place.log, mark);
        Ok(true)
    }
}

fn because(error: ImportError) -> Refused<ImportError> {
    Refused::Because(error)
}

fn fork(record: &Record, why: &'static str) -> Refused<ImportError> {
    because(ImportError::Fork {
        log: record.place.log,
        position: record.place.position,
        stream: record.stream,
        revision: record.revision,
        why,
    })
}

fn not_an_origin(record: &Record, why: &'static str) -> Refused<ImportError> {
    let Place { log, position, .. } = record.place;
    because(ImportError::NotAnOrigin { log, position, why })
}

impl Stage {
    /// Stages records of another log at this log's next positions: all of them or none.
    pub(crate) fn import(&mut self, segments: &Segments, records: Vec<Record>) -> Result<Imported> {
        if self.awaits && !records.is_empty() {
            // Judged by less than was here it might look like a fork.
            return Err(because(ImportError::AwaitsEpoch));
        }
        let mut imported = Imported::default();
        let mut taken = Vec::with_capacity(records.len());
        let mut judge = Judge::new(self, segments);
        for mut record in records {
            if record.origin.is_some() {
                return Err(not_an_origin(
                    &record,
                    "it was itself imported: ask its origin",
                ));
            }
            if record.place.log == self.standing.log {
                return Err(not_an_origin(&record, "it is this log's own"));
            }
            let place = record.place;
            if judge.follows(&place, &record)? {
                judge.mark_rival(&mut record)?;
                judge.take(&record)?;
                imported.taken += 1;
                taken.push(record);
            } else {
                imported.duplicates += 1;
            }
        }
        let writers = judge.writers;
        self.may_write(taken.is_empty())?;
        self.batch.writers.extend(writers);
        for mut record in taken {
            record.origin = Some(record.place);
            record.place = self.next_place();
            self.room(import_len(&record), 0);
            self.push(&record).map_err(Refused::Broken)?;
            self.batch
                .revisions
                .insert(record.listed(), record.revision);
        }
        Ok(imported)
    }

    /// Stages records of the followed log, or of this one, where they are there: all of them or none. The second
    /// value is the place of the first record when it gives this log its identity, if it may.
    pub(crate) fn replicate(
        &mut self,
        segments: &Segments,
        records: Vec<Record>,
        may_adopt: bool,
    ) -> Result<(Imported, Option<Place>)> {
        let mut imported = Imported::default();
        let mut taken = Vec::with_capacity(records.len());
        let empty = self.standing.position == 0;
        let first = records.first().map(|record| record.place);
        let adopted = first.filter(|_| empty && may_adopt);
        let log = adopted.map_or(self.standing.log, |place| place.log);
        let mut recorded_at = self.standing.recorded_at;
        let mut judge = Judge::new(self, segments);
        if !empty {
            let mark = Mark {
                epoch: self.standing.epoch,
                position: self.standing.position,
                hash: Some(self.standing.chain),
            };
            judge.marks.insert(log, mark);
        }
        for record in records {
            if record.place.log != log {
                return Err(fork(&record, "it is another log's than the one followed"));
            }
            if !judge.follows(&record.place, &record)? {
                let position = record.place.position;
                let same = position > self.standing.position
                    || segments.record(position)?.is_none_or(|here| here == record);
                if !same {
                    return Err(fork(&record, "another record has this position here"));
                }
                imported.duplicates += 1;
                continue;
            }
            if record.place.recorded_at < recorded_at {
                return Err(fork(
                    &record,
                    "it was written before the record preceding it",
                ));
            }
            recorded_at = record.place.recorded_at;
            if let Some(origin) = &record.origin
                && !judge.follows(origin, &record).unwrap_or(false)
            {
                // Not a gap that asking again would fill: the followed log holds what it holds.
                return Err(fork(
                    &record,
                    "its origin's position does not follow the one before",
                ));
            }
            judge.take(&record)?;
            imported.taken += 1;
            taken.push(record);
        }
        self.may_write(taken.is_empty())?;
        let adopted = adopted.filter(|_| !taken.is_empty());
        if let Some(place) = &adopted {
            self.adopt(place);
        }
        for record in taken {
            self.room(import_len(&record), 0);
            self.push(&record).map_err(Refused::Broken)?;
            self.batch
                .revisions
                .insert(record.listed(), record.revision);
        }
        Ok((imported, adopted))
    }

    fn may_write(&self, nothing: bool) -> Result<()> {
        match (self.full, self.jump) {
            _ if nothing => Ok(()),
            (Some((free, min)), _) => Err(because(ImportError::DiskNearlyFull { free, min })),
            (None, Some(jump)) => Err(because(ImportError::ClockJumped(jump))),
            (None, None) => Ok(()),
        }
    }
}
