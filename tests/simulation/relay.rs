//! The relay of a log: what of it is sent, heard of and kept, as the product decides it.

use eventlog::{EventLog, LogId, Position};
use messaging::outgoing::{self, Outgoing};

use crate::net::{Net, Sent};

/// Records that are sent at a time, so that there are steps between them.
const SEND: usize = 6;

/// How far a log is published, as the product's relay decides it.
#[derive(Debug)]
pub(crate) struct Relay {
    /// Everything up to here is in the stream.
    acknowledged: Position,
    outgoing: Outgoing<Sent>,
    /// The checkpoint on the disk, and the one before: it is not synced.
    pub(crate) kept: [Option<(LogId, Position)>; 2],
}

impl Relay {
    pub(crate) fn new() -> Self {
        Self {
            acknowledged: 0,
            outgoing: Outgoing::new(0),
            kept: [None; 2],
        }
    }

    pub(crate) fn start(&mut self, log: &EventLog) {
        let head = log.head();
        let kept = self.kept[0].map_or(0, |(_, position)| position);
        assert!(
            kept <= head.position || log.awaits().is_some(),
            "a checkpoint may lag, never lead"
        );
        self.acknowledged = outgoing::resume(self.kept[0], &head).expect("it is of this log");
        self.outgoing = Outgoing::new(self.acknowledged);
    }

    /// Sends some records; gives how far it came.
    pub(crate) fn send(&mut self, log: &EventLog, net: &mut Net) -> Result<Position, &'static str> {
        let room = self.outgoing.room(log.head().position).min(SEND);
        for record in log
            .read_after(self.outgoing.sent(), room)
            .expect("it reads")
        {
            match net.publish(&record) {
                Ok(sent) => self.outgoing.push(record.place.position, Some(sent)),
                Err(reason) => {
                    self.outgoing = Outgoing::new(self.acknowledged);
                    return Err(reason);
                }
            }
        }
        Ok(self.outgoing.sent())
    }

    /// Waits for the next acknowledgement; without it everything after the last one is sent again.
    pub(crate) fn hear(&mut self) -> Position {
        match self.outgoing.pop() {
            Some((position, None | Some(Sent::Acknowledged))) => self.acknowledged = position,
            Some((_, Some(Sent::Unacknowledged))) => {
                self.outgoing = Outgoing::new(self.acknowledged);
            }
            None => {}
        }
        self.acknowledged
    }

    pub(crate) fn keep(&mut self, log: LogId) {
        self.kept = [Some((log, self.acknowledged)), self.kept[0]];
    }

    pub(crate) fn is_done(&self, head: Position) -> bool {
        self.acknowledged == head
    }
}
