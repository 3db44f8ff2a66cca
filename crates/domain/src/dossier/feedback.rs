//! Feedback (*phản ánh, kiến nghị*, NĐ 61/2018 Đ.31): another system keeps it; the dossier says that it is about it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Context, Filing, times};
use crate::command::LinkFeedback;
use crate::event::{Event, FeedbackLinked, Occurrence};

/// A petition or complaint about the dossier.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Feedback {
    /// The system that keeps it.
    pub system: Box<str>,
    /// Its number there.
    pub number: Box<str>,
    /// When that system received it.
    pub received_on: Option<Date>,
}

/// Links it, in any phase; one that is linked already is not linked again.
pub(super) fn link(filing: &Filing, command: &LinkFeedback, ctx: &Context<'_>) -> Vec<Occurrence> {
    let known = filing
        .feedback
        .iter()
        .any(|it| it.system == command.system && it.number == command.number);
    if known {
        return Vec::new();
    }
    vec![Occurrence {
        at: times::now_after(filing.submitted_at, ctx),
        event: Event::FeedbackLinked(FeedbackLinked {
            system: command.system.clone(),
            number: command.number.clone(),
            received_on: command.received_on,
        }),
    }]
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;

    #[test]
    fn a_complaint_is_linked_once_whatever_has_become_of_the_dossier() {
        let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        story
            .does(resolve())
            .does(deliver())
            .does(link_feedback("77"));
        assert_eq!(story.decides(&link_feedback("77")), Ok(Vec::new()));
        story.does(link_feedback("78"));
        assert_eq!(story.dossier.filing().unwrap().feedback.len(), 2);
        assert_eq!(story.flags(), ["feedback"]);
    }
}
