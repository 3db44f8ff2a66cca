//! What a follower has of a log on its own disk, told to the origin: so that an answer can wait for a second disk.

use eventlog::{EventLog, LogId, Position};
use tokio::sync::watch;

/// Tells `held` how much of the log `of` a follower in the same process has, until one of the two logs is closed or nobody
/// listens any more. [`nats::held`](crate::nats::held) does the same between processes.
pub async fn keep(follower: EventLog, of: LogId, held: watch::Sender<Position>) {
    let mut head = follower.watch();
    loop {
        // Seen before it is read, so that a change in between wakes us.
        head.borrow_and_update();
        let has = follower.watermark(of).map_or(0, |mark| mark.position);
        tell(&held, has);
        tokio::select! {
            moved = head.changed() => if moved.is_err() {
                return;
            },
            () = held.closed() => return,
        }
    }
}

/// Only what is new wakes those who wait.
pub(crate) fn tell(held: &watch::Sender<Position>, position: Position) {
    held.send_if_modified(|told| {
        let new = *told != position;
        *told = position;
        new
    });
}
