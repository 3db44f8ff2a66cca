//! Old shapes of an event, read as the present one; each step takes one version to the next.
//!
//! Today every event has one version, so there is nothing to cast. When an event changes its meaning, its old version is
//! read here, for ever: records are never rewritten.

use std::borrow::Cow;

use domain::event::EventKind;

/// The event's bytes in the shape this program reads, or `None` when the version is newer than the program.
pub fn present<'a>(kind: &str, schema_version: u16, data: &'a [u8]) -> Option<Cow<'a, [u8]>> {
    let current = EventKind::named(kind)?.schema_version();
    (schema_version == current).then_some(Cow::Borrowed(data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_a_newer_program_is_not_guessed_at() {
        assert!(present("dossier_accepted", 1, b"{}").is_some());
        assert!(present("dossier_accepted", 2, b"{}").is_none());
        assert!(present("dossier_blessed", 1, b"{}").is_none());
    }
}
