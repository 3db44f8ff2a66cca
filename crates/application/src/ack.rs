//! When a write is acknowledged: once it is on one's own disk, or once the follower has it on its disk too.

use std::time::Duration;

use eventlog::Position;
use thiserror::Error;
use tokio::sync::watch;

/// What an answer promises.
#[derive(Clone, Debug, Default)]
pub enum Ack {
    /// The write is on this machine's disk: it survives the loss of power and of any process, not the loss of the disk.
    #[default]
    Local,
    /// The follower has it on its disk too: it survives the loss of either machine. While the follower is away no write is
    /// answered well, although each is on this disk; the same request again is answered as soon as the follower has it.
    /// The channel says how far the follower is in this log.
    Follower(watch::Receiver<Position>),
}

/// The follower has not said in time that it has the write. It is on this machine's disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error(
    "the write is on this machine's disk at position {position}, but the follower has {held} only; \
     the same request again is answered once it is there"
)]
pub struct NotYetAtFollower {
    /// Where the write is.
    pub position: Position,
    /// How much the follower has.
    pub held: Position,
}

impl Ack {
    /// Waits until what is promised of the write at this position holds.
    ///
    /// # Errors
    /// When it does not within `patience`.
    pub async fn wait(
        &self,
        position: Position,
        patience: Duration,
    ) -> Result<(), NotYetAtFollower> {
        let Self::Follower(held) = self else {
            return Ok(());
        };
        let mut held = held.clone();
        let there = held.wait_for(|held| *held >= position);
        let there = tokio::time::timeout(patience, there).await;
        if there.is_ok_and(|told| told.is_ok()) {
            return Ok(());
        }
        Err(NotYetAtFollower {
            position,
            held: *held.borrow(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_waits_for_the_follower_only_where_that_is_promised() {
        let short = Duration::from_millis(20);
        Ack::Local.wait(9, short).await.unwrap();
        let (follower, held) = watch::channel(3);
        let ack = Ack::Follower(held);
        ack.wait(3, short).await.unwrap();
        let error = ack.wait(9, short).await.unwrap_err();
        assert_eq!((error.position, error.held), (9, 3));
        let waiting = tokio::spawn({
            let ack = ack.clone();
            async move { ack.wait(9, Duration::from_secs(30)).await }
        });
        follower.send_replace(12);
        waiting.await.unwrap().unwrap();
    }
}
