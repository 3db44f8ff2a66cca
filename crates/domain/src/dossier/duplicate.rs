//! A second history of one dossier, begun by the same request at another intake node: which one stands.
//!
//! The history known first stands, unless only the other one was accepted: a receipt that an applicant holds must count.
//! The other history is kept; nothing that comes in it is applied any more.

use jiff::Timestamp;

use super::Dossier;
use crate::event::{DossierAccepted, DuplicateSubmission, Event, Occurrence};
use crate::ids::HomeId;

/// What the other history says, as far as it matters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OtherHistory {
    /// Where it was written.
    pub home: HomeId,
    /// Its acceptance, and when that was.
    pub acceptance: Option<(Timestamp, DossierAccepted)>,
}

/// What is to be written into the history that stands: nothing when it was written already, or as long as neither history
/// was accepted, for then intake writes it and either may still be.
pub fn notice(dossier: &Dossier, other: &OtherHistory, now: Timestamp) -> Vec<Occurrence> {
    let noticed = dossier.filing().is_none_or(|filing| {
        let mut homes = filing.duplicates.iter().map(|it| it.other_home);
        homes.any(|home| home == other.home)
    });
    if noticed {
        return Vec::new();
    }
    let noted = |void_code| Occurrence {
        at: now,
        event: Event::DuplicateSubmission(DuplicateSubmission {
            other_home: other.home,
            void_code,
        }),
    };
    match (dossier, &other.acceptance) {
        (Dossier::Unknown | Dossier::Submitted(_) | Dossier::AwaitingIntakeSupplement(_), None) => {
            Vec::new()
        }
        (
            Dossier::Unknown | Dossier::Submitted(_) | Dossier::AwaitingIntakeSupplement(_),
            Some((at, acceptance)),
        ) => vec![
            noted(None),
            Occurrence {
                at: *at,
                event: Event::DossierAccepted(acceptance.clone()),
            },
        ],
        (
            Dossier::Refused(_)
            | Dossier::Accepted(_)
            | Dossier::InProcessing(_)
            | Dossier::AwaitingSupplement(_)
            | Dossier::AwaitingPayment(_)
            | Dossier::Suspended(_)
            | Dossier::Terminated(_)
            | Dossier::Resolved(_)
            | Dossier::Returned(_)
            | Dossier::Withdrawn(_)
            | Dossier::Voided(_),
            acceptance,
        ) => {
            let own = dossier.case().map(|case| &case.code);
            let code = acceptance.as_ref().map(|(_, it)| &it.code);
            // What was carried over at two nodes has one code, which stands.
            vec![noted(code.filter(|code| own != Some(*code)).cloned())]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::dossier::Phase;
    use crate::ids::DossierCode;

    /// The same filing as another home has it, accepted there or not.
    fn other(accepted: bool) -> OtherHistory {
        let mut story = Story::filed("2022-12-01T09:10", TEN_DAYS);
        if accepted {
            story.does(accept());
        }
        let acceptance = if let Event::DossierAccepted(acceptance) = story.last() {
            Some((story.now, acceptance.clone()))
        } else {
            None
        };
        OtherHistory {
            home: HomeId(uuid::Uuid::from_u128(2)),
            acceptance,
        }
    }

    fn told(story: &mut Story, other: &OtherHistory) -> usize {
        let happened = notice(&story.dossier, other, story.now);
        let count = happened.len();
        story.happens(happened);
        count
    }

    #[test]
    fn the_first_history_stands_and_the_other_ones_code_is_void() {
        let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
        let before = story.dossier.clone();
        let mut theirs = other(true);
        let code = DossierCode::new("000.00.06.H20-221201-10001");
        if let Some((_, accepted)) = &mut theirs.acceptance {
            accepted.code = code.clone();
        }
        assert_eq!(told(&mut story, &theirs), 1);
        let duplicate = &story.dossier.filing().unwrap().duplicates[0];
        assert_eq!(duplicate.void_code.as_ref(), Some(&code));
        assert_eq!(story.dossier.case(), before.case());
        assert!(story.flags().contains(&"duplicate_submission"));
        assert_eq!(told(&mut story, &other(true)), 0, "it is said once");
    }

    #[test]
    fn a_dossier_carried_over_at_two_nodes_is_one_and_its_code_stands() {
        let mut story = Story::begins("2022-12-12T09:00");
        story.does(take_over(TEN_DAYS));
        let Some(Event::DossierAccepted(accepted)) = story.history.get(1).map(|it| &it.event)
        else {
            panic!()
        };
        let theirs = OtherHistory {
            home: HomeId(uuid::Uuid::from_u128(2)),
            acceptance: Some((story.now, accepted.clone())),
        };
        assert_eq!(told(&mut story, &theirs), 1);
        let duplicate = &story.dossier.filing().unwrap().duplicates[0];
        assert_eq!(duplicate.void_code, None);
    }

    #[test]
    fn a_receipt_that_only_the_other_home_gave_counts() {
        for asked in [false, true] {
            let mut story = Story::filed("2022-12-01T09:00", TEN_DAYS);
            if asked {
                story.does(ask_intake_supplement());
            }
            assert_eq!(told(&mut story, &other(false)), 0, "either may be accepted");
            assert_eq!(told(&mut story, &other(true)), 2);
            let (at, acceptance) = other(true).acceptance.unwrap();
            let case = story.dossier.case().unwrap();
            assert_eq!((&case.code, case.accepted_at), (&acceptance.code, at));
            assert_eq!(story.dossier.phase(), Phase::Accepted);
            assert_eq!(
                story.dossier.filing().unwrap().duplicates[0].void_code,
                None
            );
            // The home that was overtaken may go on without knowing; that is a duplicate too.
            let overtaken = OtherHistory {
                home: HomeId(uuid::Uuid::from_u128(1)),
                acceptance: None,
            };
            assert_eq!(told(&mut story, &overtaken), 1);
        }
    }

    #[test]
    fn what_was_refused_or_withdrawn_before_stays_so() {
        for ends in [refuse_intake(), withdraw()] {
            let mut story = Story::filed("2022-12-01T09:00", TEN_DAYS);
            story.does(ends);
            let phase = story.dossier.phase();
            assert_eq!(told(&mut story, &other(true)), 1);
            assert_eq!(story.dossier.phase(), phase);
        }
        assert!(notice(&Dossier::Unknown, &other(true), Timestamp::UNIX_EPOCH).is_empty());
    }
}
