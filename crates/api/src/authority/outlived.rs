//! What is being answered ends when the token that asked for it does: a stream must not go on for somebody who may no longer call.
//!
//! The token is verified again while the answer is open, by the same rule that let it in: it may have expired, or the key that
//! signed it was taken away. One place for every call of every service and for the side door.

use std::fmt;
use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::HeaderMap;

use crate::status::{AccessError, EdgeError};

/// How often it is looked whether the token still holds: most answers are over before the first time.
const EVERY: Duration = Duration::from_secs(1);

/// Whether the token still holds; why not, in English.
pub(super) type Holds = Arc<dyn Fn() -> Result<(), &'static str> + Send + Sync>;

/// What is said to whose token has ended.
pub(super) fn ended(why: &'static str) -> Status {
    EdgeError::from(AccessError::Ended(why)).into()
}

/// How an answer is ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ending {
    /// With the status in the trailers, as gRPC does.
    Status,
    /// As a stream over HTTP ends: whoever asks again is told why.
    Silent,
}

/// An answer that lasts as long as its token.
pub(super) struct Outlived {
    body: Body,
    holds: Holds,
    ending: Ending,
    due: Instant,
    /// Wakes whoever waits for the body when it is due.
    alarm: Option<Pin<Box<Sleep>>>,
    ended: bool,
}

impl fmt::Debug for Outlived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outlived")
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl Outlived {
    pub(super) fn new(body: Body, holds: Holds, ending: Ending) -> Self {
        Self {
            body,
            holds,
            ending,
            due: Instant::now() + EVERY,
            alarm: None,
            ended: false,
        }
    }

    fn end(&mut self, why: &'static str) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.ended = true;
        // Whoever makes the answer is to stop now, not when the last frame was taken.
        self.body = Body::empty();
        match self.ending {
            Ending::Silent => Poll::Ready(None),
            Ending::Status => {
                let mut trailers = HeaderMap::new();
                Poll::Ready(Some(
                    ended(why)
                        .add_header(&mut trailers)
                        .map(|()| Frame::trailers(trailers)),
                ))
            }
        }
    }
}

impl HttpBody for Outlived {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        loop {
            let now = Instant::now();
            if now >= self.due {
                if let Err(why) = (self.holds)() {
                    return self.end(why);
                }
                self.due = now + EVERY;
            }
            if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
                return Poll::Ready(frame);
            }
            let due = self.due;
            let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(due)));
            if alarm.deadline() != due {
                alarm.as_mut().reset(due);
            }
            if alarm.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::atomic::{AtomicBool, Ordering};

    use tokio::time::timeout;

    use super::*;

    /// An answer that never comes to its end.
    struct Endless;

    impl HttpBody for Endless {
        type Data = Bytes;
        type Error = Status;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
            Poll::Pending
        }
    }

    #[tokio::test]
    async fn a_stream_of_the_side_door_goes_on_while_its_token_holds_and_ends_when_it_does_not() {
        let valid = Arc::new(AtomicBool::new(true));
        let asked = Arc::new(AtomicBool::new(false));
        let (held, seen) = (Arc::clone(&valid), Arc::clone(&asked));
        let holds: Holds = Arc::new(move || {
            seen.store(true, Ordering::SeqCst);
            held.load(Ordering::SeqCst)
                .then_some(())
                .ok_or("the token has expired")
        });
        let body = Outlived::new(Body::new(Endless), holds, Ending::Silent);
        let mut body = pin!(body);
        let mut next = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx));
        while !asked.load(Ordering::SeqCst) {
            assert!(timeout(EVERY, &mut next).await.is_err());
        }
        valid.store(false, Ordering::SeqCst);
        let end = timeout(EVERY * 30, &mut next).await.expect("it outlives");
        assert!(end.is_none());
        assert!(body.is_end_stream());
    }
}
