//! Calls made from the contract's descriptors alone: every method, with messages filled in by the names of their fields.

use std::sync::LazyLock;
use std::time::Duration;

use prost::Message as _;
use prost::bytes::{Buf as _, BufMut as _};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FileDescriptorSet};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::identity::with_token;

static CONTRACT: LazyLock<FileDescriptorSet> =
    LazyLock::new(|| FileDescriptorSet::decode(api::DESCRIPTORS).unwrap());

/// Every call of ours, and the name of what it takes.
pub(crate) fn calls() -> Vec<(String, String)> {
    let ours = CONTRACT
        .file
        .iter()
        .filter(|file| file.package().starts_with("hoso."));
    ours.flat_map(|file| {
        file.service.iter().flat_map(|service| {
            service.method.iter().map(|method| {
                let call = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                (call, method.input_type().to_owned())
            })
        })
    })
    .collect()
}

fn message_of(name: &str) -> Option<&'static DescriptorProto> {
    CONTRACT.file.iter().find_map(|file| {
        let mut messages = file.message_type.iter();
        messages.find(|message| format!(".{}.{}", file.package(), message.name()) == name)
    })
}

/// A message with its texts filled in, where there is one for the field's name, and numbers that are large enough.
pub(crate) fn message(name: &str, text: &dyn Fn(&str) -> Option<String>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let Some(message) = message_of(name) else {
        return bytes;
    };
    let mut chosen = Vec::new();
    for field in &message.field {
        // Of several names for one thing, the first that is filled in.
        if field
            .oneof_index
            .is_some_and(|choice| chosen.contains(&choice))
        {
            continue;
        }
        let number = u32::try_from(field.number()).unwrap();
        let before = bytes.len();
        let kind = field.r#type();
        let numbers = [Type::Int32, Type::Uint32, Type::Uint64, Type::Enum];
        let one = field.label() != Label::Repeated;
        if kind == Type::String {
            if let Some(text) = text(field.name()) {
                prefixed(&mut bytes, number, text.as_bytes());
            }
        } else if kind == Type::Message && one {
            let inner = self::message(field.type_name(), text);
            if !inner.is_empty() {
                prefixed(&mut bytes, number, &inner);
            }
        } else if numbers.contains(&kind) && one {
            let value = if field.name() == "expected_revision" {
                0
            } else {
                5
            };
            prost::encoding::encode_varint(u64::from(number << 3), &mut bytes);
            prost::encoding::encode_varint(value, &mut bytes);
        }
        if let Some(choice) = field.oneof_index
            && bytes.len() > before
        {
            chosen.push(choice);
        }
    }
    bytes
}

fn prefixed(to: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    prost::encoding::encode_varint(u64::from(number << 3 | 2), to);
    prost::encoding::encode_varint(u64::try_from(bytes.len()).unwrap(), to);
    to.extend_from_slice(bytes);
}

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
