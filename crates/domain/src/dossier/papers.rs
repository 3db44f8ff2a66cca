//! Digitisation and reuse (*số hóa, tái sử dụng*, TT 01/2023/TT-VPCP), paper by paper, in every phase: the facts the indices count.

use serde::{Deserialize, Serialize};

use super::{Context, Filing, times};
use crate::command::RecordComponents;
use crate::event::{ComponentDigitised, ComponentReused, Event, Occurrence};

/// What is known of a paper besides that it was handed in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum DigitalPaper {
    /// It was digitised.
    Digitised(ComponentDigitised),
    /// It was not asked for again.
    Reused(ComponentReused),
}

/// Records what is new; what was recorded before is left out, so that a scanner may send its list again.
pub(super) fn record(
    filing: &Filing,
    command: &RecordComponents,
    ctx: &Context<'_>,
) -> Vec<Occurrence> {
    let at = times::now_after(filing.submitted_at, ctx);
    let digitised = command
        .digitised
        .iter()
        .cloned()
        .map(DigitalPaper::Digitised);
    let reused = command.reused.iter().cloned().map(DigitalPaper::Reused);
    let mut fresh: Vec<DigitalPaper> = Vec::new();
    for paper in digitised.chain(reused) {
        if !filing.digital.contains(&paper) && !fresh.contains(&paper) {
            fresh.push(paper);
        }
    }
    fresh
        .into_iter()
        .map(|paper| Occurrence {
            at,
            event: match paper {
                DigitalPaper::Digitised(it) => Event::ComponentDigitised(it),
                DigitalPaper::Reused(it) => Event::ComponentReused(it),
            },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::command::{Command, RecordComponents};
    use crate::event::Event;

    #[test]
    fn papers_are_digitised_at_intake_in_processing_and_after_the_end() {
        let mut story = Story::filed("2022-12-15T09:00", TEN_DAYS);
        story.does(digitise("DON"));
        story.does(accept()).does(digitise("BANVE"));
        story
            .does(resolve())
            .does(deliver())
            .does(digitise("KETQUA"));
        assert_eq!(story.dossier.filing().unwrap().digital.len(), 3);
        assert!(matches!(story.last(), Event::ComponentDigitised(_)));
    }

    #[test]
    fn the_same_scan_sent_again_changes_nothing() {
        let mut story = Story::filed("2022-12-15T09:00", TEN_DAYS);
        story.does(digitise("DON"));
        assert_eq!(story.decides(&digitise("DON")), Ok(Vec::new()));
    }

    #[test]
    fn a_list_gives_an_event_for_each_paper() {
        let mut story = Story::filed("2022-12-15T09:00", TEN_DAYS);
        let (Command::RecordComponents(scans), Command::RecordComponents(reused)) =
            (digitise("DON"), reuse("CCCD"))
        else {
            panic!()
        };
        let twice = [scans.digitised.clone(), scans.digitised].concat();
        story.does(Command::RecordComponents(RecordComponents {
            digitised: twice,
            reused: reused.reused,
        }));
        let kinds: Vec<_> = story.history[1..]
            .iter()
            .map(|it| it.event.kind())
            .collect();
        assert_eq!(kinds, ["component_digitised", "component_reused"]);
    }
}
