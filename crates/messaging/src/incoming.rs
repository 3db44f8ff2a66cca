//! What has come of one log and what to do about it: the decisions of a feed, without network, clock or thread.
//!
//! Records may come late, twice, in any order or never, and the origin may be away; what is given on is in order and
//! gapless all the same. Whoever moves messages asks here: a feed over NATS, or a simulation of one.

use std::collections::VecDeque;
use std::time::Duration;

use eventlog::{Head, Position, Record};
use tokio::time::Instant;

use crate::feed::{Newest, News};

/// Before what the origin has, and the stream has not brought, is asked for.
const STREAM_PATIENCE: Duration = Duration::from_millis(250);

/// What the stream has brought and nobody has taken yet. `R` tells the stream that a record need not come again.
#[derive(Debug)]
pub struct Incoming<R> {
    /// Looked at, but not next in order, or not looked at yet.
    next: Option<(Record, R)>,
    /// Taken, and perhaps not yet on the follower's disk.
    unacknowledged: VecDeque<(Position, R)>,
    /// Where the follower is, and since when.
    have: Position,
    since: Instant,
    /// What the stream brings next does not follow: only the origin is believed.
    distrusted: bool,
}

/// What could be taken.
#[derive(Debug)]
pub struct Taken<R> {
    /// What follows without a gap.
    pub records: Vec<Record>,
    /// Of what was here already: dropped, and not to come again.
    pub duplicates: Vec<R>,
}

/// What to do when nothing could be taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Ask the origin for what is missing.
    Repair,
    /// There is nothing new: the origin's log ends here, as far as is known.
    Nothing(Newest),
    /// Wait for more to come, but not longer than this.
    Wait(Instant),
}

impl<R> Incoming<R> {
    /// Before anything has come.
    pub fn new(now: Instant) -> Self {
        Self {
            next: None,
            unacknowledged: VecDeque::new(),
            have: 0,
            since: now,
            distrusted: false,
        }
    }

    /// The follower has everything up to here.
    pub fn stands_at(&mut self, have: Position, now: Instant) {
        if self.have != have {
            self.have = have;
            self.since = now;
            self.distrusted = false;
        }
    }

    /// What was taken last does not follow where the follower stands: what comes next is asked of the origin.
    pub fn distrust(&mut self) {
        self.next = None;
        self.distrusted = true;
    }

    /// This came while it was waited for; only to be told when nothing more could be taken.
    pub fn came(&mut self, record: Record, receipt: R) {
        self.next = Some((record, receipt));
    }

    /// At most `max` records that follow where the follower stands without a gap, out of what `more` gives.
    pub fn take(&mut self, max: usize, mut more: impl FnMut() -> Option<(Record, R)>) -> Taken<R> {
        let mut taken = Taken {
            records: Vec::new(),
            duplicates: Vec::new(),
        };
        let mut last = self.have;
        while taken.records.len() < max && !self.distrusted {
            let Some((record, receipt)) = self.next.take().or_else(&mut more) else {
                break;
            };
            let position = record.place.position;
            if position <= last {
                taken.duplicates.push(receipt);
            } else if position == last.saturating_add(1) {
                last = position;
                self.unacknowledged.push_back((position, receipt));
                taken.records.push(record);
            } else {
                self.next = Some((record, receipt));
                break;
            }
        }
        taken
    }

    /// What to do now that nothing could be taken. `until` is when the follower is to be answered at the latest.
    pub fn judge(&self, asked: &Asked, until: Instant, now: Instant) -> Next {
        if self.next.is_some() || self.distrusted {
            return Next::Repair;
        }
        let have = self.have;
        let mut wake = until;
        if let Some(head) = asked.head {
            // Only what the origin said after we had come here says something about what we have.
            if head.position <= have && asked.began > self.since {
                if head.position < have || now >= until {
                    return Next::Nothing(Newest {
                        position: head.position,
                        hash: Some(head.hash),
                        recorded_at: Some(head.recorded_at),
                    });
                }
            } else if head.position > have && asked.away.is_none() {
                let enough = asked.answered.max(self.since) + STREAM_PATIENCE;
                if now >= enough {
                    return Next::Repair;
                }
                wake = until.min(enough);
            }
        }
        if now >= until {
            Next::Nothing(asked.newest(have))
        } else {
            Next::Wait(wake)
        }
    }

    /// The receipts of everything up to this position, which is on the follower's disk now.
    pub fn taken(&mut self, up_to: Position) -> Vec<R> {
        let mut receipts = Vec::new();
        while let Some((_, receipt)) = self
            .unacknowledged
            .pop_front_if(|(position, _)| *position <= up_to)
        {
            receipts.push(receipt);
        }
        receipts
    }
}

/// What the origin said last.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Where its log ends.
    head: Option<Head>,
    /// Why it did not answer the last time.
    away: Option<String>,
    /// When the question was sent that `head` answers, and when the answer came.
    began: Instant,
    answered: Instant,
}

impl Asked {
    /// Before it was asked.
    pub fn new(now: Instant) -> Self {
        Self {
            head: None,
            away: None,
            began: now,
            answered: now,
        }
    }

    /// It was asked at `began` and answered now, or was away.
    pub fn heard(&mut self, head: Result<Head, String>, began: Instant, now: Instant) {
        match head {
            Ok(head) => {
                // News of the same end are no reason to wait longer for the stream to bring it.
                let answered = match self.head {
                    Some(before) if before.position == head.position => self.answered,
                    Some(_) | None => now,
                };
                *self = Self {
                    head: Some(head),
                    away: None,
                    began,
                    answered,
                };
            }
            Err(reason) => self.away = Some(reason),
        }
    }

    /// Records for a follower at `have`, with what is known of the origin's end.
    pub fn news(&self, have: Position, records: Vec<Record>) -> News {
        let last = records.last().map_or(have, |record| record.place.position);
        News {
            records,
            newest: self.newest(last),
            waiting: self.away.clone(),
        }
    }

    /// That there is nothing, and where the log ends.
    pub fn nothing(&self, newest: Newest) -> News {
        News {
            records: Vec::new(),
            newest,
            waiting: self.away.clone(),
        }
    }

    /// The end of the log as far as it is known to someone who has seen `last`.
    fn newest(&self, last: Position) -> Newest {
        match self.head {
            Some(head) if head.position > last => Newest {
                position: head.position,
                hash: Some(head.hash),
                recorded_at: Some(head.recorded_at),
            },
            Some(_) | None => Newest {
                position: last,
                hash: None,
                recorded_at: None,
            },
        }
    }
}

/// Are these the records after a position that were asked for: of that log, in order and gapless?
pub fn answers(records: &[Record], log: eventlog::LogId, after: Position) -> bool {
    let positions = (1..).map(|nth| after.saturating_add(nth));
    records
        .iter()
        .zip(positions)
        .all(|(record, position)| (record.place.log, record.place.position) == (log, position))
}
