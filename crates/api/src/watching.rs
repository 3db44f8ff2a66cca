//! Streams to watchers: a bounded number of them, each with a bounded buffer, ended with a reason.
//!
//! A watcher that does not take what it is told holds up nobody: it has a task and a buffer of its own, and is cut when it has
//! taken nothing for a while. All of them end at once when the service is to stop, so that they never hold up its drain.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use application::HandleError;
use application::log::Position;
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_stream::Stream;
use tonic::Status;

use crate::status::EdgeError;

/// Streams under way in one service.
const STREAMS_MAX: usize = 256;
/// Messages on their way to one watcher.
const BUFFER: usize = 32;
/// A watcher that takes nothing for so long is cut.
const PATIENCE: Duration = Duration::from_secs(30);
/// A stream with nothing to tell says so this often, so that both sides know how far it is.
const IDLE: Duration = Duration::from_secs(5);

/// Why a stream ended.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum WatchEnd {
    /// The service stops.
    #[error("the service stops; come back with the last position")]
    Stopping,
    /// The watcher took nothing for too long.
    #[error("nothing was taken for {} seconds; come back with the last position", .0.as_secs())]
    TooSlow(Duration),
    /// There are as many streams as there may be.
    #[error("there are as many watch streams as there may be")]
    TooMany,
    /// The position is of another log, or of a history of this one that was given up.
    #[error(
        "position {position} is not in the history that is here; read the lists anew and watch from the first page's position"
    )]
    AnotherHistory {
        /// The position asked for.
        position: Position,
    },
    /// So much has happened since the position that going on from it would cost more than beginning anew.
    #[error(
        "more than {most} records were written after position {position}; begin anew without a position"
    )]
    TooOld {
        /// The position asked for.
        position: Position,
        /// The most that are looked through.
        most: usize,
    },
}

/// The streams of one service; clones share their number.
#[derive(Clone, Debug)]
pub struct Watchers {
    room: Arc<Semaphore>,
    stopping: watch::Receiver<bool>,
    patience: Duration,
    idle: Duration,
}

impl Watchers {
    /// None yet; all of them end once `stopping` says true.
    pub fn new(stopping: watch::Receiver<bool>) -> Self {
        Self {
            room: Arc::new(Semaphore::new(STREAMS_MAX)),
            stopping,
            patience: PATIENCE,
            idle: IDLE,
        }
    }

    /// Begins a stream of what `tell` tells, which runs until it ends by itself, the watcher goes, or the service stops.
    ///
    /// # Errors
    /// When there are too many already.
    pub fn begin<T, F>(&self, tell: impl FnOnce(Teller<T>) -> F) -> Result<Watching<T>, EdgeError>
    where
        T: Send + 'static,
        F: Future<Output = Result<(), EdgeError>> + Send + 'static,
    {
        let room = Arc::clone(&self.room);
        let place = room
            .try_acquire_owned()
            .map_err(|_| EdgeError::Watch(WatchEnd::TooMany))?;
        let (to, told) = mpsc::channel(BUFFER);
        let (end, ended) = oneshot::channel();
        let teller = Teller {
            to: to.clone(),
            patience: self.patience,
            idle: self.idle,
            quiet_since: Instant::now(),
        };
        let mut stopping = self.stopping.clone();
        let telling = tell(teller);
        tokio::spawn(async move {
            let why = tokio::select! {
                told = telling => told.err().unwrap_or(EdgeError::Watch(WatchEnd::Stopping)),
                // Nobody is there to be told.
                () = to.closed() => return,
                // Without a sender the service is gone as well.
                _ = stopping.wait_for(|stop| *stop) => EdgeError::Watch(WatchEnd::Stopping),
            };
            let _ = end.send(why);
        });
        Ok(Watching {
            told,
            ended,
            why: None,
            over: false,
            _place: place,
        })
    }
}

/// Tells one watcher.
#[derive(Debug)]
pub struct Teller<T> {
    to: mpsc::Sender<T>,
    patience: Duration,
    idle: Duration,
    quiet_since: Instant,
}

impl<T: Send> Teller<T> {
    /// Tells, once there is room in the watcher's buffer.
    ///
    /// # Errors
    /// When there is none for too long, or the watcher has gone.
    pub async fn tell(&mut self, message: T) -> Result<(), EdgeError> {
        match self.to.send_timeout(message, self.patience).await {
            Ok(()) => {
                self.quiet_since = Instant::now();
                Ok(())
            }
            Err(mpsc::error::SendTimeoutError::Timeout(_)) => {
                Err(EdgeError::Watch(WatchEnd::TooSlow(self.patience)))
            }
            Err(mpsc::error::SendTimeoutError::Closed(_)) => {
                Err(EdgeError::Watch(WatchEnd::Stopping))
            }
        }
    }

    /// When a sign of life is due, if nothing else is told before.
    pub fn sign_of_life(&self) -> Instant {
        self.quiet_since + self.idle
    }

    /// Is a sign of life due?
    pub fn is_quiet(&self) -> bool {
        Instant::now() >= self.sign_of_life()
    }
}

/// What a watcher takes: messages, and at the end the reason.
#[derive(Debug)]
pub struct Watching<T> {
    told: mpsc::Receiver<T>,
    ended: oneshot::Receiver<EdgeError>,
    why: Option<EdgeError>,
    over: bool,
    /// Until the watcher has gone: what is on its way to it takes memory.
    _place: OwnedSemaphorePermit,
}

impl<T> Stream for Watching<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        if self.why.is_none()
            && let Poll::Ready(why) = Pin::new(&mut self.ended).poll(cx)
        {
            // A task that went without a word went with its runtime.
            self.why = Some(why.unwrap_or(EdgeError::Watch(WatchEnd::Stopping)));
        }
        // What was told before the end comes before it.
        if let Poll::Ready(Some(message)) = self.told.poll_recv(cx) {
            return Poll::Ready(Some(Ok(message)));
        }
        match self.why.take() {
            Some(why) => {
                self.over = true;
                Poll::Ready(Some(Err(why.into())))
            }
            None => Poll::Pending,
        }
    }
}

impl From<WatchEnd> for EdgeError {
    fn from(end: WatchEnd) -> Self {
        Self::Watch(end)
    }
}

/// A log that closes ends its watchers.
impl From<watch::error::RecvError> for EdgeError {
    fn from(_: watch::error::RecvError) -> Self {
        Self::Watch(WatchEnd::Stopping)
    }
}

/// A thread that read for a watcher came to nothing.
impl From<tokio::task::JoinError> for EdgeError {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Handle(HandleError::Broken(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use tokio_stream::StreamExt as _;
    use tonic::Code;
    use tonic_types::StatusExt as _;

    use super::*;

    fn reason(status: &Status) -> String {
        status.get_details_error_info().unwrap().reason
    }

    #[tokio::test]
    async fn a_watcher_that_takes_nothing_is_cut_with_a_reason_and_the_others_are_told_on() {
        let (_stop, stopping) = watch::channel(false);
        let watchers = Watchers {
            patience: Duration::from_millis(50),
            ..Watchers::new(stopping)
        };
        let told_about = Arc::new(());
        let under_way = Arc::downgrade(&told_about);
        let tell = |count: u64, while_told: Option<Arc<()>>| {
            move |mut teller: Teller<u64>| async move {
                let _while_told = while_told;
                for number in 0..count {
                    teller.tell(number).await?;
                }
                std::future::pending().await
            }
        };
        let slow = watchers.begin(tell(1_000, Some(told_about))).unwrap();
        let mut quick = watchers.begin(tell(100, None)).unwrap();
        for number in 0..100 {
            assert_eq!(quick.next().await.unwrap().unwrap(), number);
        }
        while under_way.upgrade().is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let taken: Vec<_> = slow.collect().await;
        let (end, told) = taken.split_last().unwrap();
        assert!(told.len() <= BUFFER + 1, "{}", told.len());
        assert!(told.iter().all(Result::is_ok));
        let end = end.as_ref().unwrap_err();
        assert_eq!(
            (end.code(), reason(end).as_str()),
            (Code::ResourceExhausted, "WATCH_TOO_SLOW")
        );
        assert!(end.get_details_retry_info().is_some());
    }

    #[tokio::test]
    async fn all_streams_end_at_once_when_the_service_stops_after_what_was_told() {
        let (stop, stopping) = watch::channel(false);
        let watchers = Watchers::new(stopping);
        let mut streams = Vec::new();
        for _ in 0..3 {
            let stream = watchers.begin(|mut teller: Teller<u8>| async move {
                teller.tell(7).await?;
                std::future::pending().await
            });
            streams.push(stream.unwrap());
        }
        tokio::task::yield_now().await;
        stop.send_replace(true);
        for mut stream in streams {
            assert_eq!(stream.next().await.unwrap().unwrap(), 7);
            let end = stream.next().await.unwrap().unwrap_err();
            assert_eq!(
                (end.code(), reason(&end).as_str()),
                (Code::Unavailable, "STOPPING")
            );
            assert!(end.get_details_retry_info().is_some());
            assert!(stream.next().await.is_none());
        }
    }

    #[tokio::test]
    async fn there_is_room_again_when_a_watcher_goes() {
        let (_stop, stopping) = watch::channel(false);
        let watchers = Watchers {
            room: Arc::new(Semaphore::new(1)),
            ..Watchers::new(stopping)
        };
        let forever = |_: Teller<u8>| std::future::pending();
        let first = watchers.begin(forever).unwrap();
        let refused = watchers.begin(forever).map(drop).unwrap_err();
        assert_eq!(reason(&Status::from(refused)), "TOO_MANY_WATCHES");
        drop(first);
        watchers.begin(forever).unwrap();
    }
}
