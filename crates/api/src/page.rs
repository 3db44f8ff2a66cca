//! Pages of a list (AIP-158): a bounded size, and an opaque token that belongs to one question.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::faults::Faults;

/// What 0 means.
pub const SIZE_DEFAULT: usize = 50;
/// What more than it means.
pub const SIZE_MAX: usize = 500;

/// What is said of a token that does not go on with this list.
pub const NOT_OURS: &str =
    "must be the token of this list's last page, with all other fields as they were then";

/// The size asked for: 0 is the default, too much is the most, negative is an error.
pub fn size(asked: i32, faults: &mut Faults) -> usize {
    match usize::try_from(asked) {
        Ok(0) => SIZE_DEFAULT,
        Ok(size) => size.min(SIZE_MAX),
        Err(_) => {
            faults.note("page_size", "must not be negative");
            SIZE_DEFAULT
        }
    }
}

/// A token for "after `last`", bound to the question that was asked.
pub fn write(question: &str, last: &[u8]) -> String {
    let mut bytes = bound_to(question).to_vec();
    bytes.extend(last);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What a token stands for; nothing for an empty one.
pub fn read(token: &str, question: &str, faults: &mut Faults) -> Option<Vec<u8>> {
    if token.is_empty() {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
    match bytes.split_at_checked(4) {
        Some((bound, last)) if bound == bound_to(question) => Some(last.to_vec()),
        _ => {
            faults.note("page_token", NOT_OURS);
            None
        }
    }
}

/// Four bytes are enough to notice a mistake; a token is no secret.
fn bound_to(question: &str) -> [u8; 4] {
    let mut hash: u32 = 0x811c_9dc5;
    for byte in question.bytes() {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    hash.to_be_bytes()
}
