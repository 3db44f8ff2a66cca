//! The names under which a dossier can be found again, as sixteen bytes each.

use domain::ids::{DossierCode, SourceReference, TerminalId};
use eventlog::Key;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The key of a dossier code.
pub fn code(code: &DossierCode) -> Key {
    digest(&[b"code", code.as_str().as_bytes()])
}

/// The key of another system's number.
pub fn source(source: &SourceReference) -> Key {
    digest(&[
        b"source",
        source.system.as_bytes(),
        source.reference.as_bytes(),
    ])
}

/// The key of a terminal's command, under which its journal's answer is found.
pub fn command(terminal: &TerminalId, command: Uuid) -> Key {
    digest(&[
        b"terminal command",
        terminal.as_str().as_bytes(),
        command.as_bytes(),
    ])
}

/// Codes and references are no personal data, so a plain digest does; each part is preceded by its length, so that
/// ("ab", "c") and ("a", "bc") differ.
fn digest(parts: &[&[u8]]) -> Key {
    let mut hash = Sha256::new();
    hash.update(b"hoso key v1");
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut key = [0; 16];
    key.copy_from_slice(&hash.finalize()[..16]);
    Key(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_references_that_read_alike_have_two_keys() {
        let one = SourceReference {
            system: "ab".into(),
            reference: "c".into(),
        };
        let other = SourceReference {
            system: "a".into(),
            reference: "bc".into(),
        };
        assert_ne!(source(&one), source(&other));
        assert_ne!(source(&one), code(&DossierCode::new("abc")));
    }
}
