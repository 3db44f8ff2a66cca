//! Erasure of personal data (Luật 91/2025/QH15): noted in every phase; the history, the counts and the phase stay.

use super::times;
use super::{Context, Filing};
use crate::command::{EraseSubject, NoteSubjectErased};
use crate::event::{Event, Occurrence, SubjectErasureRequested, SubjectKeyDestroyed};
use crate::rejection::Rejection;

/// Asks for it. Asked again, nothing more happens.
pub(super) fn request(
    filing: &Filing,
    command: &EraseSubject,
    ctx: &Context<'_>,
) -> Vec<Occurrence> {
    if filing.erasure.is_some() || filing.subject_erased_at.is_some() {
        return Vec::new();
    }
    vec![Occurrence {
        at: times::now_after(filing.submitted_at, ctx),
        event: Event::SubjectErasureRequested(SubjectErasureRequested {
            ground: command.ground.clone(),
        }),
    }]
}

/// Notes that every vault destroyed the key.
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
            left_out: command.left_out.clone(),
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
    fn an_erasure_is_asked_for_once_and_nothing_is_put_right_any_more() {
        let mut story = Story::filed("2022-12-01T09:00", TEN_DAYS);
        story.does(ask_to_erase());
        assert!(story.decides(&ask_to_erase()).unwrap().is_empty());
        assert_eq!(
            story.refuses(replace_subject(8)).reason(),
            "SUBJECT_ALREADY_ERASED"
        );
        story.does(accept());
        story.does(erase());
        assert!(story.decides(&ask_to_erase()).unwrap().is_empty());
    }

    #[test]
    fn there_is_nothing_to_erase_of_an_unknown_dossier() {
        assert_eq!(
            Story::begins("2022-12-01T09:00").refuses(erase()).reason(),
            "DOSSIER_UNKNOWN"
        );
    }
}
