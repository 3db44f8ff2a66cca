//! What of a log is sent, acknowledged and kept: the decisions of the relay, without network, clock or thread.

use std::collections::VecDeque;

use eventlog::{Head, LogId, Position};

/// Acknowledgements that may be outstanding: 120,000 messages a second, measured; more gain little.
pub const WINDOW: usize = 256;

/// What was sent and not acknowledged yet, in order. `A` resolves to an acknowledgement.
#[derive(Debug)]
pub struct Outgoing<A> {
    /// Those without an acknowledgement to wait for cannot be sent at all.
    window: VecDeque<(Position, Option<A>)>,
    sent: Position,
}

impl<A> Outgoing<A> {
    /// Everything up to `acknowledged` is out; what was sent after it and never acknowledged is sent again.
    pub fn new(acknowledged: Position) -> Self {
        Self {
            window: VecDeque::new(),
            sent: acknowledged,
        }
    }

    /// Everything up to here was sent.
    pub fn sent(&self) -> Position {
        self.sent
    }

    /// How many records after [`Self::sent`] to send now, of a log that ends at `head`; zero when there are none or too
    /// much is outstanding.
    pub fn room(&self, head: Position) -> usize {
        if head > self.sent && self.window.len() <= WINDOW / 2 {
            WINDOW - self.window.len()
        } else {
            0
        }
    }

    /// The next one was sent, or cannot be.
    pub fn push(&mut self, position: Position, acknowledgement: Option<A>) {
        self.sent = position;
        self.window.push_back((position, acknowledgement));
    }

    /// The next acknowledgement to wait for, and up to where everything is out once it is here.
    pub fn pop(&mut self) -> Option<(Position, Option<A>)> {
        self.window.pop_front()
    }
}

/// A checkpoint of another log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Foreign {
    /// The log it is of.
    pub log: LogId,
    /// Where it says that log was.
    pub position: Position,
}

/// Where to go on: after the checkpoint, if it is this log's. What a log has lost after that was published all the same.
///
/// # Errors
/// When it is another's; everything is to be published then.
pub fn resume(checkpoint: Option<(LogId, Position)>, head: &Head) -> Result<Position, Foreign> {
    match checkpoint {
        Some((log, position)) if log == head.log => Ok(position.min(head.position)),
        Some((log, position)) => Err(Foreign { log, position }),
        None => Ok(0),
    }
}
