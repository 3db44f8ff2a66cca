//! What a client goes on to say is taken message by message, and none once its token has ended: also of a client that reads no
//! answer, which nobody can tell that it has.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body::{Body as HttpBody, Frame};
use prost::bytes::BytesMut;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;

use super::ahead::whole;
use super::outlived::{Holds, ended};

/// What a client says, for as long as its token holds.
pub(super) struct Said {
    body: Body,
    holds: Holds,
    /// What came and is not handed on.
    taken: Bytes,
    /// The first message was let in a moment ago.
    first: bool,
    over: bool,
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Said")
            .field("over", &self.over)
            .finish_non_exhaustive()
    }
}

impl Said {
    pub(super) fn new(body: Body, holds: Holds) -> Self {
        Self {
            body,
            holds,
            taken: Bytes::new(),
            first: true,
            over: false,
        }
    }

    /// The next whole message of what was taken. What is no message is handed on as it is, for whoever reads it to refuse.
    fn next(&mut self) -> Option<Result<Frame<Bytes>, Status>> {
        let length = whole(&self.taken).unwrap_or(Some(self.taken.len()))?;
        if !std::mem::take(&mut self.first)
            && let Err(why) = (self.holds)()
        {
            self.over = true;
            self.body = Body::empty();
            return Some(Err(ended(why)));
        }
        Some(Ok(Frame::data(self.taken.split_to(length))))
    }
}

impl HttpBody for Said {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.over {
            return Poll::Ready(None);
        }
        loop {
            if let Some(next) = self.next() {
                return Poll::Ready(Some(next));
            }
            let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(cx)) else {
                self.over = true;
                // Half a message at the end.
                let rest = std::mem::take(&mut self.taken);
                return Poll::Ready((!rest.is_empty()).then(|| Ok(Frame::data(rest))));
            };
            match frame?.into_data() {
                Ok(data) if self.taken.is_empty() => self.taken = data,
                Ok(data) => {
                    let mut together = BytesMut::from(std::mem::take(&mut self.taken));
                    together.extend_from_slice(&data);
                    self.taken = together.freeze();
                }
                Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.over || (self.taken.is_empty() && self.body.is_end_stream())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use http_body_util::BodyExt as _;

    use super::*;

    /// What comes in these pieces.
    struct Pieces(VecDeque<Bytes>);

    impl HttpBody for Pieces {
        type Data = Bytes;
        type Error = Status;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
            Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
        }
    }

    fn message(content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap();
        [&[0][..], &length.to_be_bytes(), content].concat()
    }

    fn said(pieces: &[&[u8]]) -> (Said, Arc<AtomicBool>) {
        let valid = Arc::new(AtomicBool::new(true));
        let held = Arc::clone(&valid);
        let holds: Holds = Arc::new(move || {
            held.load(Ordering::SeqCst)
                .then_some(())
                .ok_or("the token has expired")
        });
        let pieces = pieces.iter().map(|piece| Bytes::copy_from_slice(piece));
        let body = Body::new(Pieces(pieces.collect()));
        (Said::new(body, holds), valid)
    }

    async fn next(said: &mut Said) -> Option<Result<Bytes, Status>> {
        let frame = said.frame().await?;
        Some(frame.map(|frame| frame.into_data().unwrap()))
    }

    #[tokio::test]
    async fn of_entries_that_came_together_none_is_taken_after_the_token_ended() {
        let (one, two, three) = (message(b"one"), message(b""), message(b"three"));
        let all = [&one[..], &two, &three].concat();
        let (mut said, valid) = said(&[&all]);
        assert_eq!(next(&mut said).await.unwrap().unwrap(), one);
        assert_eq!(next(&mut said).await.unwrap().unwrap(), two);
        valid.store(false, Ordering::SeqCst);
        let refused = next(&mut said).await.unwrap().unwrap_err();
        assert_eq!(refused.code(), tonic::Code::Unauthenticated);
        assert!(next(&mut said).await.is_none());
    }

    #[tokio::test]
    async fn what_comes_in_pieces_comes_whole_and_what_is_no_message_comes_as_it_is() {
        let one = message(b"one");
        let (mut said, _) = said(&[&one[..2], &one[2..6], &one[6..], &one[..3]]);
        assert_eq!(next(&mut said).await.unwrap().unwrap(), one);
        assert_eq!(next(&mut said).await.unwrap().unwrap(), one[..3]);
        assert!(next(&mut said).await.is_none());

        let (mut said, _) = self::said(&[&[1, 0, 0, 0, 9, 7], &[0, 255, 255, 255, 255]]);
        assert_eq!(
            next(&mut said).await.unwrap().unwrap()[..],
            [1, 0, 0, 0, 9, 7]
        );
        assert_eq!(
            next(&mut said).await.unwrap().unwrap()[..],
            [0, 255, 255, 255, 255]
        );
    }
}
