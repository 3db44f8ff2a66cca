//! A dossier carried over against the one that lived here: they stand alike, then and afterwards.

use proptest::prelude::*;

use super::super::case::ClockMove;
use super::super::testing::*;
use super::super::{Dossier, parts};
use super::*;
use crate::command::Command;
use crate::event::{AcceptanceBasis, Event, Occurrence};

/// But for what says where and when it was recorded, and that something was put right.
pub(super) fn without_memos(mut dossier: Dossier, like: &Dossier) -> Dossier {
    let (case, filing) = (like.case().unwrap(), like.filing().unwrap());
    if let Some(mine) = parts::case(&mut dossier) {
        mine.basis = case.basis.clone();
        mine.code = case.code.clone();
        mine.corrections = 0;
    }
    if let Some(mine) = parts::filing(&mut dossier) {
        mine.submitted = filing.submitted.clone();
    }
    if let Some(mine) = parts::case(&mut dossier) {
        for it in &mut mine.moves {
            if let ClockMove::Extended(it) = it {
                it.carried_over = false;
            }
        }
    }
    dossier
}

/// The dossier as another system would hand it over.
fn handed_over(lived: &Story) -> CarryOver {
    let filing = lived.dossier.filing().unwrap();
    let case = lived.dossier.case().unwrap();
    let mut wish = CarryOver {
        filed_at: Some(filing.submitted_at),
        accepted_at: case.accepted_at,
        due: case.due.map(|due| RecordedDue::At(due.at)),
        original_due: None,
        ..carried_over(case.procedure.as_str())
    };
    for Occurrence { at, event } in &lived.history {
        if let Event::DeadlineExtended(it) = event {
            wish.extensions.push(CarriedExtension {
                notified_at: *at,
                new_date: it.asked_for,
                reason: it.reason.code.clone(),
            });
        }
        wish.waits.extend(begun(*at, event));
        if let Some(last) = wish.waits.last_mut() {
            end(last, *at, event);
        }
    }
    if wish.extensions.is_empty()
        && wish
            .waits
            .iter()
            .all(|it| Wait::of(it, &wish).over.is_none())
    {
        return wish;
    }
    wish.original_due = case.original_due.map(|due| RecordedDue::At(due.at));
    wish
}

fn begun(since: Timestamp, event: &Event) -> Option<CarriedWait> {
    let awaited = if let Event::SupplementRequested(it) = event {
        Awaited::Supplement {
            reason: it.reason.code.clone(),
            components: it.components.clone(),
            lapses_on: it.lapses_on,
            over: None,
        }
    } else if let Event::ProcessingSuspended(it) = event {
        Awaited::Suspension {
            reason: it.reason.code.clone(),
            over: None,
        }
    } else if let Event::FeeRequested(it) = event {
        Awaited::Payment {
            notice: it.notice.clone(),
            amount_vnd: it.amount_vnd,
            over: None,
        }
    } else {
        return None;
    };
    Some(CarriedWait { since, awaited })
}

fn end(wait: &mut CarriedWait, at: Timestamp, event: &Event) {
    match (&mut wait.awaited, event) {
        (Awaited::Supplement { over, .. }, Event::SupplementReceived(it)) => {
            *over = Some((at, SupplementEnd::Brought(it.components.clone())));
        }
        (Awaited::Suspension { over, .. }, Event::ProcessingResumed(_)) => *over = Some(at),
        (Awaited::Payment { over, .. }, Event::FeePaid(it)) => {
            let (method, receipt) = (it.method, it.receipt.clone());
            *over = Some((at, PaymentEnd::Paid { method, receipt }));
        }
        (Awaited::Payment { over, .. }, Event::FeeWaived(it)) => {
            let reason = it.reason.code.clone();
            *over = Some((at, PaymentEnd::Waived { reason }));
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_global_rejects: 200_000, ..ProptestConfig::default() })]

    #[test]
    fn a_dossier_carried_over_stands_as_if_it_had_lived_here(
        beginning in any_beginning(),
        procedure in prop::sample::select(vec![TEN_DAYS, EIGHT_HOURS, WITH_FEE, WITH_RUNNING_FEE, WITHOUT_LIMIT]),
        life in prop::collection::vec((1..9_000_i64, prop::sample::select(vec![
            ask_supplement(), bring_supplement(), suspend(), resume(),
            ask_fee("TB-1"), pay("TB-1"), ask_fee("TB-2"), waive_fee("TB-2"), extend("2023-02-10"), extend("2027-03-01"),
        ])), 0..14),
        afterwards in prop::collection::vec((1..9_000_i64, prop::sample::select(vec![
            bring_supplement(), resume(), pay("TB-1"), pay("TB-2"), suspend(), resolve(), extend("2027-04-01"),
        ])), 0..6),
    ) {
        let minutes = jiff::SignedDuration::from_mins;
        let mut lived = Story::begins("2022-12-15T09:00");
        lived.now = beginning;
        lived.does(Command::Submit(submit(procedure)));
        let accepted = lived.decides(&accept());
        prop_assume!(accepted.is_ok());
        lived.happens(accepted.unwrap());
        // What another system recorded is nothing that a calendar to come counts anew.
        prop_assume!(!lived.dossier.case().unwrap().due.is_some_and(|due| due.provisional));
        for (gap, command) in life {
            lived.now += minutes(gap);
            if let Ok(happened) = lived.decides(&command) {
                // What the law did not let count did not count there either, or it would be another history.
                let counted = happened.iter().all(|it| !matches!(&it.event, Event::DeadlineExtended(it) if it.due.is_none()));
                if counted {
                    lived.happens(happened);
                }
            }
        }
        let wish = handed_over(&lived);
        let mut carried = Story::begins("2022-12-15T09:00");
        carried.now = lived.now;
        let answer = carried.decides(&Command::CarryOver(Box::new(wish)));
        prop_assume!(!matches!(&answer, Err(no) if no.reason() == "CARRIED_SUPPLEMENT_LAPSED"));
        prop_assert!(answer.is_ok(), "{answer:?}");
        carried.happens(answer.unwrap());
        for (gap, command) in [(0, assign())].into_iter().chain(afterwards) {
            for story in [&mut lived, &mut carried] {
                story.now += minutes(gap);
            }
            let (here, there) = (lived.decides(&command), carried.decides(&command));
            prop_assert_eq!(here.is_ok(), there.is_ok());
            if let (Ok(here), Ok(there)) = (here, there) {
                lived.happens(here);
                carried.happens(there);
            }
            let like = without_memos(lived.dossier.clone(), &lived.dossier);
            prop_assert_eq!(without_memos(carried.dossier.clone(), &lived.dossier), like);
            if let Some(case) = carried.dossier.case()
                && let AcceptanceBasis::CarriedOver { recorded, .. } = &case.basis
            {
                prop_assert_eq!(*recorded, None);
            }
        }
    }
}
