//! Authorisation (*ủy quyền*; QĐ 45/2016 Đ.10): somebody else may act for the applicant, or fetch the result.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{Context, Filing, times};
use crate::command::RecordAuthorisation;
use crate::event::{AuthorisationRecorded, Authorised, Event, Occurrence};
use crate::ids::FilingId;

/// Somebody who may act for the applicant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Authorisation {
    /// Who, for what, and how long.
    pub authorised: Authorised,
    /// When it was brought.
    pub at: Timestamp,
    /// The filing that says who it is.
    pub filing: Option<FilingId>,
}

impl Authorisation {
    /// Whether it holds on this day. Either purpose is enough to fetch the result.
    pub(super) fn holds_on(&self, day: Date) -> bool {
        self.authorised.until.is_none_or(|until| day <= until)
    }
}

/// Records it, in any phase: what is brought after the result was fetched may still say why somebody else fetched it.
pub(super) fn record(
    filing: &Filing,
    command: &RecordAuthorisation,
    ctx: &Context<'_>,
) -> Vec<Occurrence> {
    let known = filing
        .authorisations
        .iter()
        .any(|it| it.authorised == command.authorised);
    if known {
        return Vec::new();
    }
    vec![Occurrence {
        at: times::now_after(filing.submitted_at, ctx),
        event: Event::AuthorisationRecorded(AuthorisationRecorded {
            authorised: command.authorised.clone(),
            filing: None,
        }),
    }]
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::command::{Command, RecordDelivery};
    use crate::event::{AuthorisedTo, DeliveryMode};

    fn deliver_to_another() -> Command {
        Command::RecordDelivery(RecordDelivery {
            mode: DeliveryMode::Post,
            item: Some("EE123456785VN".into()),
            proof: None,
            to_authorised: true,
        })
    }

    fn resolved() -> Story {
        let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        story.does(resolve());
        story
    }

    #[test]
    fn whoever_is_authorised_fetches_the_result() {
        for to in [AuthorisedTo::Act, AuthorisedTo::Collect] {
            let mut story = resolved();
            story.does(authorise(to, Some("2022-12-15")));
            story.does(deliver_to_another());
            assert!(story.flags().is_empty(), "{:?}", story.flags());
        }
    }

    #[test]
    fn a_result_handed_to_somebody_without_authorisation_is_flagged_until_the_paper_is_brought() {
        let mut story = resolved();
        story.does(authorise(AuthorisedTo::Act, Some("2022-12-14")));
        story.does(deliver_to_another());
        assert_eq!(story.flags(), ["delivered_without_authorisation"]);
        story.does(authorise(AuthorisedTo::Collect, None));
        assert!(story.flags().is_empty());
    }

    #[test]
    fn the_same_authorisation_is_recorded_once() {
        let mut story = resolved();
        let paper = authorise(AuthorisedTo::Act, None);
        story.does(paper.clone());
        assert_eq!(story.decides(&paper), Ok(Vec::new()));
    }
}
