//! The network and the stream in it: loses, doubles, delays, reorders and forgets what is sent, as its seed says.

use std::collections::{BTreeMap, BTreeSet};

use std::sync::Arc;

use application::calendar::Calendars;
use eventlog::{EventLog, Head, LogId, Place, Position, Record};
use messaging::nats::{Role, answers, headers};
use messaging::witness::Holding;

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
    /// What answers there for the vault.
    desk: Option<Calendars>,
    /// It cannot be asked before.
    away_until: u64,
    stream: BTreeMap<usize, Record>,
    mailboxes: Vec<Mailbox>,
}

/// A node's log, as those ask for it whose records it took in.
#[derive(Debug, Default)]
struct Holder {
    /// None while it is dead.
    log: Option<Arc<Holding>>,
    /// It cannot be asked before.
    away_until: u64,
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
    holders: BTreeMap<String, Holder>,
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
            holders: BTreeMap::new(),
            messages: 0,
            faults: Faults::default(),
        }
    }

    pub(crate) fn origin(&mut self, id: LogId, role: Role) {
        let origin = Origin {
            role,
            log: None,
            desk: None,
            away_until: 0,
            stream: BTreeMap::new(),
            mailboxes: Vec::new(),
        };
        self.origins.insert(id, origin);
    }

    fn of(&mut self, id: LogId) -> &mut Origin {
        self.origins.get_mut(&id).expect("a log that was announced")
    }

    /// The node's log is there, or not any more.
    pub(crate) fn serves(
        &mut self,
        name: &str,
        id: LogId,
        with: Option<(&EventLog, Option<Calendars>)>,
    ) {
        if let Some(origin) = self.origins.get_mut(&id) {
            (origin.log, origin.desk) = match &with {
                Some((log, desk)) => (Some(EventLog::clone(log)), desk.clone()),
                None => (None, None),
            };
        }
        let holder = self.holders.entry(name.to_owned()).or_default();
        holder.log = with.map(|(log, _)| Arc::new(Holding::new(log.clone())));
    }

    /// Who answers for the vault beside a log.
    pub(crate) fn desk(&mut self, id: LogId) -> Result<Calendars, String> {
        self.ask(id)?;
        let desk = self.of(id).desk.clone();
        desk.ok_or_else(|| "it has no vault".to_owned())
    }

    /// Whether an answer does not come.
    pub(crate) fn loses_an_answer(&mut self) -> bool {
        let lost = !self.healed && self.chance.percent(10);
        self.faults.vault_answers_lost += u64::from(lost);
        lost
    }

    /// What a node has of others' logs.
    pub(crate) fn holding(&self, name: &str) -> Result<Arc<Holding>, String> {
        let holder = self.holders.get(name);
        let here = holder.filter(|holder| self.now >= holder.away_until);
        let log = here.and_then(|holder| holder.log.clone());
        log.ok_or_else(|| "it does not answer".to_owned())
    }

    /// The record of a log that was published last.
    pub(crate) fn published_last(&mut self, id: LogId) -> Result<Option<Place>, &'static str> {
        self.stream_is_there()?;
        let newest = self.of(id).stream.values().next_back();
        Ok(newest.map(|record| record.place))
    }

    /// The furthest record of a log that the stream has, whoever asks.
    pub(crate) fn in_stream_up_to(&self, id: LogId) -> Position {
        let stream = self.origins.get(&id).map(|origin| &origin.stream);
        let positions = stream
            .into_iter()
            .flatten()
            .map(|(_, it)| it.place.position);
        positions.max().unwrap_or(0)
    }

    /// What the stream has of a log after a position, as far as it goes without a gap.
    pub(crate) fn in_stream(
        &mut self,
        id: LogId,
        after: Position,
        max: usize,
    ) -> Result<Vec<Record>, &'static str> {
        self.stream_is_there()?;
        let mut found = BTreeMap::new();
        for record in self.of(id).stream.values() {
            let position = record.place.position;
            if position > after {
                found.entry(position).or_insert_with(|| record.clone());
            }
        }
        let gapless = found.into_iter().zip(after + 1..);
        let gapless = gapless.take_while(|((position, _), want)| position == want);
        Ok(gapless.map(|((_, record), _)| record).take(max).collect())
    }

    /// Nothing of a log is in the stream any more.
    pub(crate) fn purge(&mut self, id: LogId) -> Result<(), &'static str> {
        self.stream_is_there()?;
        self.of(id).stream.clear();
        Ok(())
    }

    fn stream_is_there(&self) -> Result<(), &'static str> {
        if self.now < self.down_until {
            return Err("the server is away");
        }
        Ok(())
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
        self.stream_is_there()?;
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
    pub(crate) fn suffer(&mut self, name: &str, id: LogId) -> &'static str {
        let what = self.chance.below(4);
        let until = self.now + self.chance.below(6000);
        match (what, self.origins.get_mut(&id)) {
            (0, Some(origin)) => {
                self.faults.stream_lost += 1;
                origin.stream.clear();
                "its stream is emptied"
            }
            (1, _) => {
                self.faults.stream_lost += 1;
                self.down_until = until;
                "the stream's server is away"
            }
            (_, origin) => {
                self.faults.cut_off += 1;
                if let Some(origin) = origin {
                    origin.away_until = until;
                }
                self.holders.entry(name.to_owned()).or_default().away_until = until;
                "it is cut off"
            }
        }
    }

    /// A node cannot be asked for what it has, for a while.
    pub(crate) fn cut_off(&mut self, name: &str) {
        self.faults.cut_off += 1;
        let until = self.now + 5000 + self.chance.below(30_000);
        self.holders.entry(name.to_owned()).or_default().away_until = until;
    }

    /// From now on everything arrives.
    pub(crate) fn heal(&mut self) {
        self.healed = true;
        self.down_until = 0;
        for origin in self.origins.values_mut() {
            origin.away_until = 0;
        }
        for holder in self.holders.values_mut() {
            holder.away_until = 0;
        }
    }
}
