//! The first message of a call, read ahead of whoever handles it and handed on unchanged.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body_util::BodyExt as _;
use prost::bytes::BytesMut;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;

/// Before each message: whether it is compressed, and its length.
const HEADER_BYTES: usize = 5;
/// As the services themselves have it (`chassis::serve::REQUEST_BYTES_MAX`).
const MESSAGE_BYTES_MAX: usize = 256 * 1024;

/// The first message, none if the body ends before it is whole; and the body as it was.
///
/// # Errors
/// As gRPC itself refuses: a message that is too large or compressed, a body that breaks off.
pub(super) async fn first_message(mut body: Body) -> Result<(Option<Bytes>, Body), Status> {
    let mut taken = BytesMut::new();
    let first = loop {
        if let Some(message) = message(&taken)? {
            break Some(message);
        }
        match body.frame().await {
            // Trailers end a body; none of ours has any.
            Some(frame) => match frame?.into_data() {
                Ok(data) => taken.extend_from_slice(&data),
                Err(_) => break None,
            },
            None => break None,
        }
    };
    let ahead = Some(taken.freeze()).filter(|taken| !taken.is_empty());
    Ok((first, Body::new(Replayed { ahead, rest: body })))
}

fn message(taken: &[u8]) -> Result<Option<Bytes>, Status> {
    let whole = whole(taken)?.and_then(|length| taken.get(HEADER_BYTES..length));
    Ok(whole.map(Bytes::copy_from_slice))
}

/// How many bytes the first message has with its header; none while it is not whole.
///
/// # Errors
/// As gRPC itself refuses: a message that is too large or compressed.
pub(super) fn whole(taken: &[u8]) -> Result<Option<usize>, Status> {
    let Some([compressed, a, b, c, d]) = taken.first_chunk::<HEADER_BYTES>() else {
        return Ok(None);
    };
    if *compressed != 0 {
        return Err(Status::unimplemented("messages are taken uncompressed"));
    }
    let length = usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).unwrap_or(usize::MAX);
    if length > MESSAGE_BYTES_MAX {
        return Err(Status::out_of_range(format!(
            "message length too large: found {length} bytes, the limit is: {MESSAGE_BYTES_MAX} bytes"
        )));
    }
    let whole = HEADER_BYTES + length;
    Ok((taken.len() >= whole).then_some(whole))
}

/// A body of which something was read already.
struct Replayed {
    ahead: Option<Bytes>,
    rest: Body,
}

impl http_body::Body for Replayed {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Status>>> {
        match self.ahead.take() {
            Some(ahead) => Poll::Ready(Some(Ok(http_body::Frame::data(ahead)))),
            None => Pin::new(&mut self.rest).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ahead.is_none() && self.rest.is_end_stream()
    }
}
