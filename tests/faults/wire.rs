//! HTTP/2 as it went over a socket: when each request had arrived whole, and when its answer began.

use std::collections::BTreeMap;

use crate::strace::Call;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const END_STREAM: u8 = 1;

/// A request and its answer, by their places in the record of system calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange {
    /// The call that brought the last byte of the request had ended.
    pub(crate) arrived: usize,
    /// The call that sent the first byte of the answer began.
    pub(crate) answered: usize,
}

#[derive(Default)]
struct Connection {
    from_client: Frames,
    from_server: Frames,
    /// By stream.
    arrived: BTreeMap<u32, usize>,
    answered: BTreeMap<u32, usize>,
}

#[derive(Default)]
struct Frames {
    bytes: Vec<u8>,
    /// Where each piece of `bytes` came from.
    pieces: Vec<(usize, usize)>,
    read: usize,
}

/// A frame's kind, flags and stream, and which bytes it is.
struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    first: usize,
    last: usize,
}

impl Frames {
    fn push(&mut self, bytes: &[u8], place: usize) {
        self.bytes.extend_from_slice(bytes);
        self.pieces.push((self.bytes.len(), place));
    }

    /// Of which piece a byte is.
    fn place(&self, byte: usize) -> usize {
        let piece = self.pieces.partition_point(|(end, _)| *end <= byte);
        self.pieces[piece].1
    }

    fn next(&mut self) -> Option<Frame> {
        if self.read == 0 && self.bytes.starts_with(PREFACE) {
            self.read = PREFACE.len();
        }
        let head = self.bytes.get(self.read..self.read + 9)?;
        let len = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let end = self.read + 9 + len;
        if self.bytes.len() < end {
            return None;
        }
        let frame = Frame {
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff,
            first: self.read,
            last: end - 1,
        };
        self.read = end;
        Some(frame)
    }
}

/// All exchanges of the connections that a program accepted as a server, connection by connection, in order.
pub(crate) fn exchanges(calls: &[Call]) -> Vec<Vec<Exchange>> {
    let mut connections: BTreeMap<String, Connection> = BTreeMap::new();
    for call in calls {
        let Some(socket) = call
            .files
            .first()
            .filter(|file| file.starts_with("socket:") || file.starts_with("TCP:"))
        else {
            continue;
        };
        let bytes = call.bytes();
        let connection = connections.entry(socket.clone()).or_default();
        if ["read", "readv", "recvfrom", "recvmsg"].contains(&call.name.as_str()) {
            connection.from_client.push(&bytes, call.ended);
        } else if ["write", "writev", "sendto", "sendmsg"].contains(&call.name.as_str()) {
            connection.from_server.push(&bytes, call.began);
        }
    }
    connections
        .into_values()
        .filter(|connection| connection.from_client.bytes.starts_with(PREFACE))
        .map(|mut connection| {
            while let Some(frame) = connection.from_client.next() {
                if frame.flags & END_STREAM != 0 && [DATA, HEADERS].contains(&frame.kind) {
                    let place = connection.from_client.place(frame.last);
                    connection.arrived.insert(frame.stream, place);
                }
            }
            while let Some(frame) = connection.from_server.next() {
                if [DATA, HEADERS].contains(&frame.kind) {
                    let place = connection.from_server.place(frame.first);
                    connection.answered.entry(frame.stream).or_insert(place);
                }
            }
            let exchanges = connection.arrived.iter().filter_map(|(stream, arrived)| {
                Some(Exchange {
                    arrived: *arrived,
                    answered: *connection.answered.get(stream)?,
                })
            });
            exchanges.collect()
        })
        .collect()
}
