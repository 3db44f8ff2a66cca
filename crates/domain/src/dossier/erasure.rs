//! Erasure of personal data (Luật 91/2025/QH15): noted in every phase; the history, the counts and the phase stay.

use super::{Context, Filing};
use crate::command::NoteSubjectErased;
use crate::event::{Event, Occurrence, SubjectKeyDestroyed};
use crate::rejection::Rejection;

/// Notes that the vault destroyed the key.
pub(super) fn note(
    filing: &Filing,
    command: &NoteSubjectErased,
    ctx: &Context<'_>,
) -> Result<Vec<Occurrence>, Rejection> {
    not_noted_yet(filing)?;
    Ok(vec![Occurrence {
        at: ctx.now,
        event: Event::SubjectKeyDestroyed(SubjectKeyDestroyed {
            ground: command.ground.clone(),
        }),
    }])
}

fn not_noted_yet(filing: &Filing) -> Result<(), Rejection> {
    match filing.subject_erased_at {
        None => Ok(()),
        Some(_) => Err(Rejection::SubjectAlreadyErased),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;

    #[test]
    fn personal_data_is_erased_in_any_phase_and_the_phase_stays() {
        let wishes = [
            vec![],
            vec![accept()],
            vec![accept(), ask_supplement()],
            vec![accept(), resolve(), deliver()],
            vec![withdraw()],
        ];
        for before in wishes {
            let mut story = Story::filed("2022-12-01T09:00", TEN_DAYS);
            for wish in before {
                story.does(wish);
            }
            let phase = story.dossier.phase();
            story.does(erase());
            assert_eq!(story.dossier.phase(), phase);
            assert!(story.dossier.filing().unwrap().subject_erased_at.is_some());
            assert_eq!(story.refuses(erase()).reason(), "SUBJECT_ALREADY_ERASED");
        }
    }

    #[test]
    fn there_is_nothing_to_erase_of_an_unknown_dossier() {
        assert_eq!(
            Story::begins("2022-12-01T09:00").refuses(erase()).reason(),
            "DOSSIER_UNKNOWN"
        );
    }
}
