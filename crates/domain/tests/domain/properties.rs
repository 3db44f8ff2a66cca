//! What holds whatever anybody wishes, in whatever order, at whatever time.

use domain::dossier::words::words;
use domain::dossier::{Dossier, Ended, evolve, explain::explain_deadline, replay};
use domain::event::Occurrence;
use domain::{Event, Phase};
use proptest::prelude::*;

use crate::golden::samples;
use crate::testing::*;

proptest! {
    #[test]
    fn no_wishes_in_any_order_break_what_must_hold(
        beginning in any_beginning(),
        attempts in any_attempts(40),
    ) {
        let mut ended: Option<Ended> = None;
        let mut code = None;
        let story = lived(beginning, &attempts, |story| {
            // `lived` compares the history's dossier with the living one after each event.
            let now = story.dossier.ended();
            if let Some(ended) = ended {
                assert_eq!(now.map(|it| it.exit), Some(ended.exit), "an ended dossier stays ended");
                let put_right = story.history.last().is_some_and(|it| corrects_a_time(&it.event));
                assert!(now == Some(&ended) || put_right, "an end stays when it was");
            }
            ended = story.dossier.ended().copied();
            let now = story.dossier.case().map(|case| case.code.clone());
            if code.is_some() {
                assert_eq!(now, code, "a code never changes");
            }
            code = now;
            if let (Some(case), Some(ended)) = (story.dossier.case(), story.dossier.ended()) {
                assert!(case.accepted_at <= ended.at, "processing ends after it begins");
            }
        });
        let accepted = story.history.iter().filter(|it| matches!(it.event, Event::DossierAccepted(_))).count();
        prop_assert_eq!(accepted, usize::from(story.dossier.case().is_some()), "one code an acceptance");
        let codes = story.codes.issued() + story.codes.taken_over();
        prop_assert!(codes <= u32::try_from(accepted).unwrap(), "no number is spent in vain");
    }

    #[test]
    fn the_same_wish_on_the_same_dossier_gives_the_same_answer(
        beginning in any_beginning(),
        attempts in any_attempts(20),
        wish in any_wish(),
    ) {
        let mut story = lived(beginning, &attempts, |_| {});
        story.codes = Codes::default();
        let first = story.decides(&wish);
        story.codes = Codes::default();
        prop_assert_eq!(first, story.decides(&wish));
    }

    #[test]
    fn every_due_date_can_be_explained_to_its_last_day(
        beginning in any_beginning(),
        attempts in any_attempts(40),
    ) {
        let story = lived(beginning, &attempts, |_| {});
        let explanation = explain_deadline(&story.history, &story.catalogue);
        prop_assert_eq!(explanation.is_some(), story.dossier.case().is_some());
        if let Some(explanation) = explanation {
            let due = story.dossier.case().and_then(|case| case.due);
            prop_assert_eq!(explanation.due, due);
            prop_assert_eq!(explanation.days.last().map(|day| day.date), due.map(|due| due.date()));
            prop_assert_eq!(explanation.steps.last().and_then(|step| step.due_after), due);
        }
    }

    #[test]
    fn any_history_can_be_read_even_one_that_makes_no_sense(
        picks in prop::collection::vec((0..samples().len(), 0_i64..4_000_000_000), 0..60),
    ) {
        let all = samples();
        let history: Vec<Occurrence> = picks
            .iter()
            .map(|(pick, second)| Occurrence {
                at: jiff::Timestamp::from_second(*second).unwrap(),
                event: all[*pick].event.clone(),
            })
            .collect();
        let mut dossier = Dossier::Unknown;
        let mut ended = None;
        for occurrence in &history {
            dossier = evolve(dossier, occurrence);
            if ended.is_some() && !corrects_a_time(&occurrence.event) {
                prop_assert_eq!(dossier.ended().copied(), ended);
            }
            ended = dossier.ended().copied();
            prop_assert!(!words(&occurrence.event).vi.is_empty());
        }
        prop_assert_eq!(&replay(&history), &dossier);
        explain_deadline(&history, &catalogue());
        dossier.flags(&catalogue());
    }
}

fn corrects_a_time(event: &Event) -> bool {
    matches!(event, Event::EventCorrected(it) if it.correction.is_of_time())
}

/// What may still become known once there is a result.
const AFTER_THE_END: [&str; 15] = [
    "duplicate_submission",
    "result_delivered",
    "subject_erasure_requested",
    "subject_key_destroyed",
    "event_corrected",
    "correction_proposed",
    "subject_replaced",
    "fee_refunded",
    "component_digitised",
    "component_reused",
    "delivery_failed",
    "result_returned_to_agency",
    "feedback_linked",
    "agency_succeeded",
    "authorisation_recorded",
];

#[test]
fn an_event_that_makes_no_sense_leaves_the_dossier_as_it_is() {
    let unknown = samples()
        .into_iter()
        .filter(|it| it.event.kind() != "dossier_submitted");
    for sample in unknown {
        let occurrence = Occurrence {
            at: at("2022-12-15T09:00"),
            event: sample.event,
        };
        assert_eq!(evolve(Dossier::Unknown, &occurrence), Dossier::Unknown);
    }
    let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
    story
        .does(ask_fee("TB-1"))
        .does(pay("TB-1"))
        .does(transfer("000.00.00.H20"))
        .does(resolve());
    for sample in samples() {
        let occurrence = Occurrence {
            at: at("2023-12-15T09:00"),
            event: sample.event,
        };
        let after = evolve(story.dossier.clone(), &occurrence);
        let changes = AFTER_THE_END.contains(&occurrence.event.kind());
        assert_eq!(
            after != story.dossier,
            changes,
            "{}",
            occurrence.event.kind()
        );
    }
}

#[test]
fn every_phase_can_be_reached() {
    let mut phases = vec![Phase::Unknown];
    let mut lives = |wishes: Vec<domain::Command>| {
        let mut story = Story::begins("2026-08-03T09:00");
        for wish in wishes {
            story.does(wish);
            phases.push(story.dossier.phase());
        }
    };
    let filed = || domain::Command::Submit(submit(TEN_DAYS));
    lives(vec![filed(), ask_intake_supplement(), refuse_intake()]);
    lives(vec![
        filed(),
        accept(),
        assign(),
        ask_supplement(),
        bring_supplement(),
    ]);
    lives(vec![
        filed(),
        accept(),
        ask_fee("1"),
        pay("1"),
        suspend(),
        terminate(),
    ]);
    lives(vec![filed(), accept(), resolve(), deliver()]);
    lives(vec![filed(), withdraw()]);
    let mut voided = Story::accepted("2026-08-03T09:00", TEN_DAYS);
    voided.does(propose_void()).actor = "truong-phong";
    voided.does(void());
    phases.push(voided.dossier.phase());
    phases.sort_unstable();
    phases.dedup();
    assert_eq!(phases, Phase::ALL);
}

#[test]
fn a_clock_that_stands_centuries_away_breaks_nothing() {
    for end in [jiff::Timestamp::MIN, at("2999-12-31T23:59")] {
        let mut story = Story::begins("2026-11-23T09:00");
        story.may_record_late = true;
        let wishes = [
            domain::Command::Submit(submit_online(TEN_DAYS)),
            ask_intake_supplement(),
            bring_intake_supplement(),
            accept(),
            transfer(AGENCY),
            extend("9999-12-31"),
            extend("-009999-01-01"),
            ask_supplement(),
            lapse(),
            bring_supplement(),
            suspend(),
            resume(),
            recompute(),
            resolve(),
        ];
        for wish in wishes {
            // Every wish is tried far away, then lived in our own time.
            let here = story.now;
            story.now = end;
            let _either = story.decides(&wish);
            story.now = here;
            if let Ok(happened) = story.decides(&wish) {
                story.happens(happened);
            }
        }
        story.now = end;
        explain_deadline(&story.history, &story.catalogue);
    }
}

#[test]
fn a_clock_at_the_end_of_time_still_files_and_accepts() {
    let mut story = Story::begins("2026-11-23T09:00");
    story.now = jiff::Timestamp::MAX;
    story
        .does(domain::Command::Submit(submit_online(TEN_DAYS)))
        .does(accept());
    assert!(story.dossier.case().unwrap().due.unwrap().provisional);
}
