//! The network and the stream in it: loses, doubles, delays, reorders and forgets what is sent, as its seed says.

use std::collections::{BTreeMap, BTreeSet};

use eventlog::{EventLog, Head, LogId, Position, Record};
use messaging::nats::{Role, answers, headers};

use crate::chance::{Chance, Faults};

/// The longest way of a message, milliseconds.
const DELAY_MAX: u64 = 1500;

/// What came of sending a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sent {
    Acknowledged,
    /// It is in the stream or not: nobody says.
    Unacknowledged,
}

/// A message on its way to a follower.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Flying {
    due: u64,
    /// Breaks ties, by chance.
    order: u64,
    message: usize,
}

/// What the stream does for one follower.
#[derive(Debug, Default)]
struct Mailbox {
    flying: BTreeSet<Flying>,
    acknowledged: BTreeSet<usize>,
}

#[derive(Debug)]
struct Origin {
    role: Role,
    /// None while it is dead.
    log: Option<EventLog>,
    /// It cannot be asked before.
    away_until: u64,
    stream: BTreeMap<usize, Record>,
    mailboxes: Vec<Mailbox>,
}

/// All logs as they see each other.
#[derive(Debug)]
pub(crate) struct Net {
    /// Milliseconds since the beginning.
    pub(crate) now: u64,
    /// The stream's server is away before.
    down_until: u64,
    healed: bool,
    chance: Chance,
    origins: BTreeMap<LogId, Origin>,
    messages: usize,
    pub(crate) faults: Faults,
}

impl Net {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            now: 1,
            down_until: 0,
            healed: false,
            chance: Chance::new(seed, "net"),
            origins: BTreeMap::new(),
            messages: 0,
            faults: Faults::default(),
        }
    }

    pub(crate) fn origin(&mut self, id: LogId, role: Role) {
        let origin = Origin {
            role,
            log: None,
            away_until: 0,
            stream: BTreeMap::new(),
            mailboxes: Vec::new(),
        };
        self.origins.insert(id, origin);
    }

    fn of(&mut self, id: LogId) -> &mut Origin {
        self.origins.get_mut(&id).expect("a log that was announced")
    }

    /// The log is there, or not any more.
    pub(crate) fn serves(&mut self, id: LogId, log: Option<EventLog>) {
        if let Some(origin) = self.origins.get_mut(&id) {
            origin.log = log;
        }
    }

    /// A follower is known to the stream from now on.
    pub(crate) fn subscribe(&mut self, id: LogId) -> usize {
        self.of(id).mailboxes.push(Mailbox::default());
        self.of(id).mailboxes.len() - 1
    }

    /// The follower is there: what it has not acknowledged comes, or comes again.
    pub(crate) fn deliver_again(&mut self, id: LogId, mailbox: usize) {
        let origin = &self.origins[&id];
        let messages: Vec<usize> = origin.stream.keys().copied().collect();
        for message in messages {
            self.fly(id, mailbox, message);
        }
    }

    fn fly(&mut self, id: LogId, mailbox: usize, message: usize) {
        if self.of(id).mailboxes[mailbox]
            .acknowledged
            .contains(&message)
        {
            return;
        }
        let flying = Flying {
            due: self.now + self.chance.below(DELAY_MAX).pow(2) / DELAY_MAX,
            order: self.chance.below(u64::MAX),
            message,
        };
        self.of(id).mailboxes[mailbox].flying.insert(flying);
    }

    /// The relay sends a record.
    ///
    /// # Errors
    /// While the stream's server is away.
    pub(crate) fn publish(&mut self, record: &Record) -> Result<Sent, &'static str> {
        if self.now < self.down_until {
            return Err("the server is away");
        }
        let id = record.place.log;
        let role = self.of(id).role;
        let envelope = headers::to_headers(role, record).expect("a record fits a message");
        let came =
            headers::to_record(&envelope, &record.event.data).expect("a message is a record");
        if !self.healed && self.chance.percent(6) {
            self.faults.lost += 1;
            return Ok(Sent::Unacknowledged);
        }
        self.messages += 1;
        let message = self.messages;
        self.of(id).stream.insert(message, came);
        for mailbox in 0..self.of(id).mailboxes.len() {
            let copies = match self.chance.below(100) {
                _ if self.healed => 1,
                0..8 => {
                    self.faults.lost += 1;
                    0
                }
                8..20 => {
                    self.faults.doubled += 1;
                    2
                }
                _ => 1,
            };
            for _ in 0..copies {
                self.fly(id, mailbox, message);
            }
        }
        if !self.healed && self.chance.percent(6) {
            self.faults.unacknowledged += 1;
            return Ok(Sent::Unacknowledged);
        }
        Ok(Sent::Acknowledged)
    }

    /// The next message that has come for a follower.
    pub(crate) fn come(&mut self, id: LogId, mailbox: usize) -> Option<(Record, usize)> {
        let now = self.now;
        let origin = self.of(id);
        loop {
            let flying = &mut origin.mailboxes[mailbox].flying;
            let next = *flying.first().filter(|next| next.due <= now)?;
            flying.remove(&next);
            // The stream may have forgotten it meanwhile.
            if let Some(record) = origin.stream.get(&next.message) {
                return Some((record.clone(), next.message));
            }
        }
    }

    /// When the next message comes for a follower.
    pub(crate) fn next(&mut self, id: LogId, mailbox: usize) -> Option<u64> {
        Some(self.of(id).mailboxes[mailbox].flying.first()?.due)
    }

    pub(crate) fn acknowledge(&mut self, id: LogId, mailbox: usize, message: usize) {
        self.of(id).mailboxes[mailbox].acknowledged.insert(message);
    }

    fn ask(&mut self, id: LogId) -> Result<EventLog, String> {
        let now = self.now;
        let origin = self.of(id);
        if now < origin.away_until {
            return Err("it is cut off".to_owned());
        }
        origin
            .log
            .clone()
            .ok_or_else(|| "nobody answers for it".to_owned())
    }

    /// The origin says where its log ends.
    pub(crate) fn head(&mut self, id: LogId) -> Result<Head, String> {
        let head = self.ask(id)?.head();
        answers::head(answers::head_text(&head).as_bytes()).map_err(|error| error.to_string())
    }

    /// The origin gives records of its log.
    pub(crate) fn records(
        &mut self,
        id: LogId,
        after: Position,
        max: usize,
    ) -> Result<Vec<Record>, String> {
        let log = self.ask(id)?;
        let question = answers::question_text(after, max);
        let (after, max) =
            answers::question(question.as_bytes()).map_err(|error| error.to_string())?;
        let bytes =
            answers::records_bytes(after, max, 1 << 20, |after, max| log.read_after(after, max))?;
        answers::records(&bytes).map_err(|error| error.to_string())
    }

    /// Something befalls the network; gives what.
    pub(crate) fn suffer(&mut self, id: LogId) -> &'static str {
        match self.chance.below(4) {
            0 => {
                self.faults.stream_lost += 1;
                self.of(id).stream.clear();
                "its stream is emptied"
            }
            1 => {
                self.faults.stream_lost += 1;
                self.down_until = self.now + self.chance.below(4000);
                "the stream's server is away"
            }
            _ => {
                self.faults.cut_off += 1;
                let until = self.now + self.chance.below(6000);
                self.of(id).away_until = until;
                "it is cut off"
            }
        }
    }

    /// From now on everything arrives.
    pub(crate) fn heal(&mut self) {
        self.healed = true;
        self.down_until = 0;
        for origin in self.origins.values_mut() {
            origin.away_until = 0;
        }
    }
}
