//! Calls made with messages as they lie on the wire.

use std::time::Duration;

use prost::bytes::{Buf as _, BufMut as _};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::identity::with_token;

/// What a call is answered with: no code when it went well, or began to.
pub(crate) async fn ask(
    connection: &Channel,
    call: &str,
    message: &[u8],
    token: &str,
) -> Option<Code> {
    let mut grpc = Grpc::new(connection.clone());
    if grpc.ready().await.is_err() {
        return Some(Code::Unavailable);
    }
    let mut request = with_token(message.to_vec(), token);
    request.set_timeout(Duration::from_secs(10));
    let path: PathAndQuery = call.parse().unwrap();
    // What takes a stream gets one message; whoever is not let in is told before any message comes back.
    let request = request.map(tokio_stream::once);
    match grpc.streaming(request, path, Bytes).await {
        Ok(_) => None,
        Err(status) => Some(status.code()),
    }
}

/// Messages as they lie on the wire.
#[derive(Clone, Copy)]
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, message: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&message);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut message = vec![0; from.remaining()];
        from.copy_to_slice(&mut message);
        Ok(Some(message))
    }
}
