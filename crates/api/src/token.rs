//! Position tokens: how far logs are, as an opaque text that every write returns and every call may wait for.

use application::log::{Head, LogId, Position};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

const VERSION: u8 = 1;
const ENTRY_BYTES: usize = 16 + 4 + 8;
/// More logs than one province has.
const ENTRIES_MAX: usize = 64;

/// One log's place in a token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Point {
    /// The log.
    pub log: LogId,
    /// Its epoch.
    pub epoch: u32,
    /// The position in it.
    pub position: Position,
}

impl From<Head> for Point {
    fn from(head: Head) -> Self {
        Self {
            log: head.log,
            epoch: head.epoch,
            position: head.position,
        }
    }
}

/// The token for these places.
pub fn write(points: &[Point]) -> String {
    let mut bytes = Vec::with_capacity(1 + points.len() * ENTRY_BYTES);
    bytes.push(VERSION);
    for point in points {
        bytes.extend(point.log.0.as_bytes());
        bytes.extend(point.epoch.to_be_bytes());
        bytes.extend(point.position.to_be_bytes());
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The places in a field that holds tokens, several separated by spaces or commas; an empty field asks for nothing.
///
/// # Errors
/// A sentence about what is wrong.
pub fn read(field: &str) -> Result<Vec<Point>, String> {
    let mut points = Vec::new();
    for token in field.split([' ', ',']).filter(|token| !token.is_empty()) {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| not_ours())?;
        let Some((&VERSION, entries)) = bytes.split_first() else {
            return Err(not_ours());
        };
        let (chunks, rest) = entries.as_chunks::<ENTRY_BYTES>();
        if !rest.is_empty() || points.len() + chunks.len() > ENTRIES_MAX {
            return Err(not_ours());
        }
        points.extend(chunks.iter().map(point));
    }
    Ok(points)
}

fn point(entry: &[u8; ENTRY_BYTES]) -> Point {
    let mut log = [0; 16];
    log.copy_from_slice(&entry[..16]);
    let mut epoch = [0; 4];
    epoch.copy_from_slice(&entry[16..20]);
    let mut position = [0; 8];
    position.copy_from_slice(&entry[20..]);
    Point {
        log: LogId(Uuid::from_bytes(log)),
        epoch: u32::from_be_bytes(epoch),
        position: u64::from_be_bytes(position),
    }
}

fn not_ours() -> String {
    "must be position tokens as a write returned them".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_what_it_was_made_of_and_nothing_else_is_one() {
        let points = [
            Point {
                log: LogId(Uuid::from_u128(7)),
                epoch: 1,
                position: 42,
            },
            Point {
                log: LogId(Uuid::from_u128(8)),
                epoch: 3,
                position: u64::MAX,
            },
        ];
        let token = write(&points);
        assert_eq!(read(&token).unwrap(), points);
        assert_eq!(read(&format!("{token} {token}")).unwrap().len(), 4);
        assert_eq!(read("").unwrap(), []);
        assert!(read("nonsense!").is_err());
        assert!(read(&token[..token.len() - 2]).is_err());
    }
}
