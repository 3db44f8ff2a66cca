//! Who has seen a log from outside, as its healer asks them: the nodes that follow it, and the stream on the way to them.

use eventlog::{LogId, Position, Record};
use messaging::FeedError;
use messaging::nats::answers;
use messaging::witness::{Seen, Witness};

use crate::net::Net;
use crate::wire::{Shared, Step, lock, step};

/// The most that one answer holds, bytes.
const ANSWER_BYTES: usize = 1 << 20;

#[derive(Debug)]
enum Who {
    Node(String),
    Stream,
}

/// Somebody who has seen a log.
#[derive(Debug)]
pub(crate) struct Onlooker {
    net: Shared<Net>,
    step: Step,
    who: Who,
}

impl Onlooker {
    /// The nodes of these names, and the stream.
    pub(crate) fn all(names: Vec<String>, net: &Shared<Net>, step: &Step) -> Vec<Self> {
        let nodes = names.into_iter().map(Who::Node);
        let all = nodes.chain([Who::Stream]).map(|who| Self {
            net: Shared::clone(net),
            step: Step::clone(step),
            who,
        });
        all.collect()
    }
}

fn away<R: ToString>(log: LogId) -> impl Fn(R) -> FeedError {
    move |reason| FeedError::Away {
        log,
        reason: reason.to_string(),
    }
}

impl Witness for Onlooker {
    fn name(&self) -> &str {
        match &self.who {
            Who::Node(name) => name,
            Who::Stream => "the stream",
        }
    }

    fn is_follower(&self) -> bool {
        matches!(self.who, Who::Node(_))
    }

    async fn seen(&self, log: LogId) -> Result<Option<Seen>, FeedError> {
        step(&self.step, "before asking who has seen more").await;
        match &self.who {
            Who::Node(name) => {
                let holding = lock(&self.net).holding(name).map_err(away(log))?;
                Ok(holding.seen(log))
            }
            Who::Stream => {
                let last = lock(&self.net).published_last(log).map_err(away(log))?;
                Ok(last.map(|place| Seen {
                    epoch: place.epoch,
                    position: place.position,
                    hash: None,
                }))
            }
        }
    }

    async fn records_after(
        &self,
        log: LogId,
        after: Position,
        max: usize,
    ) -> Result<Vec<Record>, FeedError> {
        step(&self.step, "before taking back").await;
        match &self.who {
            Who::Node(name) => {
                let holding = lock(&self.net).holding(name).map_err(away(log))?;
                let bytes = answers::records_bytes(after, max, ANSWER_BYTES, |after, max| {
                    holding.records_after(log, after, max)
                });
                answers::records(&bytes.map_err(away(log))?).map_err(away(log))
            }
            Who::Stream => {
                let records = lock(&self.net).in_stream(log, after, max);
                records.map_err(away(log))
            }
        }
    }

    async fn forget(&self, log: LogId) -> Result<(), FeedError> {
        step(&self.step, "before giving up what only others have").await;
        match &self.who {
            Who::Node(_) => Ok(()),
            Who::Stream => lock(&self.net).purge(log).map_err(away(log)),
        }
    }
}
