//! Legal times put right, as an official would tell it; and a corrected history against the one that was right at once.

use proptest::prelude::*;

use super::super::testing::*;
use super::super::{Dossier, Phase, explain};
use super::*;
use crate::command::{Command, Right, Submit};
use crate::event::Channel;

fn time(revision: u32, civil: &str) -> Command {
    let at = at(civil);
    correct(Right::LegalTime { revision, at })
}

impl Story {
    /// Two persons say the same.
    fn put_right(&mut self, revision: u32, civil: &str) -> &mut Self {
        self.may_record_late = true;
        self.actor = "can-bo-1";
        self.does(time(revision, civil));
        self.actor = "truong-phong";
        self.does(time(revision, civil));
        self.actor = "can-bo-1";
        self
    }
}

fn accepted_a_day_late() -> Story {
    let mut story = Story::accepted("2022-12-16T09:00", TEN_DAYS);
    // The clerk filed it a day too late as well.
    story.may_record_late = true;
    story.does(time(1, "2022-12-15T08:30"));
    story
}

#[test]
fn a_wrong_acceptance_moves_the_due_date_once_two_persons_say_so() {
    let mut story = accepted_a_day_late();
    assert_eq!(story.due(), "2022-12-30");
    story
        .at("2022-12-19T09:00")
        .does(time(2, "2022-12-15T09:00"));
    assert_eq!(story.due(), "2022-12-30", "a proposal changes nothing");
    assert_eq!(story.flags(), ["corrected", "correction_proposed"]);
    let no = story.refuses(time(2, "2022-12-15T09:00"));
    assert_eq!(no.reason(), "CORRECTION_BY_SAME_PERSON");
    story.actor = "truong-phong";
    story.does(time(2, "2022-12-15T09:00"));
    assert_eq!(story.due(), "2022-12-29");
    assert_eq!(story.flags(), ["corrected"]);
    let case = story.dossier.case().unwrap();
    assert_eq!(case.original_due, case.due);
    assert_eq!(case.accepted_at, at("2022-12-15T09:00"));
    let Event::EventCorrected(event) = story.last() else {
        panic!()
    };
    assert_eq!(event.proposed_by, Some(ActorId::new("can-bo-1")));
    let Correction::LegalTime(it) = &event.correction else {
        panic!()
    };
    assert_eq!(
        (it.old, it.new),
        (at("2022-12-16T09:00"), at("2022-12-15T09:00"))
    );
}

#[test]
fn an_earlier_time_needs_the_right_to_record_late_and_a_later_one_does_not() {
    let mut story = Story::accepted("2022-12-16T09:00", TEN_DAYS);
    story.at("2022-12-16T11:00");
    let no = story.refuses(time(1, "2022-12-16T08:59"));
    assert_eq!(no.reason(), "RECORD_LATE_NOT_ALLOWED");
    story.does(time(2, "2022-12-16T10:00"));
    assert_eq!(story.due(), "2022-12-30");
}

#[test]
fn a_result_found_to_be_in_time_counts_as_in_time() {
    let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
    story.at("2022-12-20T09:00").does(resolve());
    story.at("2022-12-20T10:00").does(deliver());
    let due = story.dossier.case().unwrap().due.unwrap();
    assert_eq!(
        due.class(story.dossier.ended().unwrap().at),
        Timeliness::Overdue
    );
    story
        .at("2023-03-01T09:00")
        .put_right(3, "2022-12-15T16:00");
    let ended = story.dossier.ended().unwrap().at;
    assert_eq!(due.class(ended), Timeliness::OnTime);
    assert_eq!(story.dossier.phase(), Phase::Returned);
    // What nobody counts by, one person puts right.
    story.does(time(4, "2022-12-16T08:00"));
    assert_eq!(story.dossier.delivered().unwrap().0, at("2022-12-16T08:00"));
}

#[test]
fn an_extension_is_judged_against_the_due_date_that_it_should_have_moved() {
    let mut story = Story::accepted("2022-12-02T09:00", TEN_DAYS);
    assert_eq!(story.due(), "2022-12-16");
    story.at("2022-12-15T16:00").does(extend("2022-12-20"));
    assert_eq!(story.due(), "2022-12-20");
    story.may_record_late = true;
    story.does(time(1, "2022-12-01T08:00"));
    // It was due on the 15th: whoever was told on that day was told too late, and the extension does not count.
    story.put_right(2, "2022-12-01T09:00");
    assert_eq!(story.due(), "2022-12-15");
    assert_eq!(story.flags(), ["late_extension", "corrected"]);
}

#[test]
fn everything_that_is_wrong_with_a_time_is_told_at_once() {
    let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
    story.at("2022-12-05T09:00").does(suspend());
    story.at("2022-12-08T09:00").does(resume());
    story.may_record_late = true;
    story.at("2022-12-08T10:00");
    let no = story.refuses(time(3, "2023-12-08T09:00"));
    assert_eq!(no.reason(), "CORRECTED_TIME_IMPOSSIBLE");
    let Rejection::CorrectedTimeImpossible { faults } = &no else {
        panic!()
    };
    assert_eq!(
        faults.faults,
        [
            TimeFault::InFuture { now: story.now },
            TimeFault::After {
                event: "processing_resumed",
                at: at("2022-12-08T09:00")
            }
        ]
    );
    assert!(
        no.vietnamese()
            .contains("muộn hơn giờ máy chủ 10:00 08/12/2022"),
        "{}",
        no.vietnamese()
    );
    assert!(
        no.vietnamese().contains("muộn hơn lúc tiếp tục xử lý"),
        "{}",
        no.vietnamese()
    );
    let no = story.refuses(time(2, "2022-11-30T09:00"));
    assert!(no.to_string().contains("lies before the filing"), "{no}");
    let same = story.refuses(time(2, "2022-12-01T09:00"));
    assert_eq!(same.reason(), "CORRECTION_CHANGES_NOTHING");
    for missing in [0, 5, u32::MAX] {
        let no = story.refuses(time(missing, "2022-12-01T09:00"));
        assert_eq!(no.reason(), "NOTHING_TO_CORRECT");
    }
}

#[test]
fn the_law_version_of_the_right_day_of_acceptance_governs_and_there_must_be_one() {
    let mut story = Story::begins("2025-06-30T10:00");
    story.does(Command::Submit(submit(TEN_DAYS)));
    story.at("2025-08-01T09:00").does(accept());
    let newer = story.dossier.case().unwrap().law.clone();
    story.may_record_late = true;
    let between = story.refuses(time(2, "2025-07-15T09:00"));
    assert!(between.to_string().contains("no law version"), "{between}");
    story.put_right(2, "2025-06-30T10:30");
    let case = story.dossier.case().unwrap();
    let older = story.catalogue.law_on(local::date(case.accepted_at));
    assert_eq!(case.law, older.unwrap().id);
    assert_ne!(case.law, newer);
}

#[test]
fn a_correction_is_corrected_and_the_history_keeps_all() {
    let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
    story.at("2022-12-05T09:00").does(suspend());
    story.at("2022-12-08T09:00").does(resume());
    let as_recorded = story.dossier.case().unwrap().clone();
    story
        .at("2022-12-12T09:00")
        .put_right(4, "2022-12-09T09:00");
    assert_eq!(story.due(), "2022-12-21");
    story.put_right(4, "2022-12-08T09:00");
    let mut case = story.dossier.case().unwrap().clone();
    assert_eq!(case.corrections, 2);
    case.corrections = 0;
    assert_eq!(case, as_recorded);
    let old_time = |it: &Occurrence| {
        if let Event::EventCorrected(it) = &it.event
            && let Correction::LegalTime(it) = &it.correction
        {
            return Some(it.old);
        }
        None
    };
    let old: Vec<_> = story.history.iter().filter_map(old_time).collect();
    assert_eq!(old, [at("2022-12-08T09:00"), at("2022-12-09T09:00")]);
}

#[test]
fn the_explanation_says_what_was_put_right_and_counts_from_there() {
    let mut story = accepted_a_day_late();
    story
        .at("2022-12-19T09:00")
        .put_right(2, "2022-12-15T09:00");
    let told = explain::explain_deadline(&story.history, &story.catalogue).unwrap();
    assert_eq!(told.days[0].date, day("2022-12-15"));
    let last = told.steps.last().unwrap();
    assert_eq!(last.due_after.unwrap().date(), day("2022-12-29"));
    assert_eq!(
        last.what.vi,
        "Đính chính thời điểm tiếp nhận từ 09:00 16/12/2022 thành 09:00 15/12/2022, theo đề nghị của can-bo-1 (lý do: typing_error), hẹn trả 29/12/2022"
    );
    assert_eq!(
        last.what.en,
        "Put right: the time of acceptance from 2022-12-16 09:00 to 2022-12-15 09:00, as can-bo-1 proposed (reason: typing_error), due on 2022-12-29"
    );
}

#[test]
fn an_answer_that_came_earlier_than_recorded_was_in_time_once_two_persons_say_so() {
    let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
    story.does(open_subtask(AGENCY, 3, None));
    story.at("2022-12-16T09:00").does(suspend());
    story.at("2022-12-21T09:00").does(complete_subtask(1));
    assert_eq!(story.flags(), ["subtask_overdue"]);
    let parent = story.due();
    // Before the suspension even: what another agency does goes on beside it.
    story.put_right(5, "2022-12-15T16:00");
    assert_eq!(story.flags(), ["corrected"]);
    assert_eq!(story.due(), parent);
    // Asked a day later, it had a day more: no figure moves, and one person says so.
    story.does(time(5, "2022-12-20T16:00"));
    story.does(time(3, "2022-12-15T10:00"));
    let subtask = story.dossier.case().unwrap().subtask(1).unwrap();
    assert_eq!(subtask.opened_at, at("2022-12-15T10:00"));
    assert_eq!(subtask.due.unwrap().date(), day("2022-12-20"));
    let no = story.refuses(time(3, "2022-12-20T17:00"));
    assert_eq!(no.reason(), "CORRECTED_TIME_IMPOSSIBLE");
}

#[test]
fn the_posts_two_working_days_are_judged_by_the_right_times() {
    let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
    story.does(resolve());
    story.at("2022-12-08T09:00").does(fail_delivery());
    story.at("2022-12-09T09:00").does(fail_delivery());
    story.at("2022-12-13T09:00").does(give_back());
    assert_eq!(story.flags(), ["delivery_attempt_too_soon"]);
    story.may_record_late = true;
    story.does(time(4, "2022-12-06T09:00"));
    assert_eq!(story.flags(), ["corrected"]);
    let post = &story.dossier.case().unwrap().post;
    assert_eq!(
        post.attempts,
        [at("2022-12-06T09:00"), at("2022-12-09T09:00")]
    );
    story.does(time(6, "2022-12-12T09:00"));
    let post = &story.dossier.case().unwrap().post;
    assert_eq!(post.back_at, Some(at("2022-12-12T09:00")));
}

#[test]
fn an_answer_of_intake_that_was_in_time_is_not_late_when_its_own_supplement_is_put_right() {
    let mut story = Story::begins("2022-12-15T09:00");
    story.does(Command::Submit(submit_online(TEN_DAYS)));
    story.at("2022-12-15T10:00").does(ask_intake_supplement());
    story.at("2022-12-19T10:00").does(bring_intake_supplement());
    story.at("2022-12-20T11:00").does(accept());
    assert_eq!(story.flags(), ["answered_late"]);
    story
        .at("2022-12-21T09:00")
        .does(time(3, "2022-12-19T14:00"));
    assert_eq!(story.flags(), ["corrected"]);
}

#[test]
fn a_minute_may_be_older_than_the_filing_also_when_it_is_put_right() {
    let mut story = Story::begins("2022-12-15T09:00");
    story.does(Command::Submit(submit_by_post(TEN_DAYS)));
    story.does(accept_on_minute("2022-12-14T16:00"));
    story.put_right(2, "2022-12-13T16:00");
    assert_eq!(story.due(), "2022-12-27");
}

/// What is done in the story that was right from the start, in its order; each some minutes after the one before.
fn any_life() -> impl Strategy<Value = Vec<(i64, Command)>> {
    let waits = prop::sample::select(vec![
        vec![ask_supplement(), bring_supplement()],
        vec![suspend(), resume()],
        vec![ask_fee("TB-1"), pay("TB-1")],
        vec![transfer(AGENCY)],
        vec![extend("2023-02-10")],
        vec![extend("2027-03-01")],
        vec![assign()],
        vec![open_subtask(AGENCY, 3, None), complete_subtask(1)],
        vec![
            open_subtask(AGENCY, 3, None),
            open_subtask("000.00.09.H20", 2, Some(1)),
            complete_subtask(1),
            complete_subtask(2),
        ],
        vec![
            open_subtask(AGENCY, 2, None),
            open_subtask(AGENCY, 2, Some(1)),
            cancel_subtask(1),
        ],
        vec![ask_supplement()],
        vec![suspend()],
    ]);
    let procedures = [
        TEN_DAYS,
        EIGHT_HOURS,
        WITH_FEE,
        WITH_RUNNING_FEE,
        WITHOUT_LIMIT,
    ];
    let begun = (
        prop::sample::select(procedures.to_vec()),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    );
    let ends = prop::sample::select(vec![
        vec![],
        vec![resolve()],
        vec![resolve(), deliver()],
        vec![resolve(), fail_delivery(), fail_delivery(), give_back()],
        vec![
            resolve(),
            fail_delivery(),
            give_back(),
            fail_delivery(),
            fail_delivery(),
            deliver(),
        ],
        vec![withdraw()],
        vec![terminate()],
    ]);
    let life = (begun, prop::collection::vec(waits, 0..4), ends);
    life.prop_flat_map(|((procedure, online, elsewhere, asked), waits, end)| {
        let mut commands = vec![Command::Submit(Submit {
            channel: if online {
                Channel::Online
            } else {
                Channel::Direct
            },
            boundary_independent: elsewhere,
            ..submit(procedure)
        })];
        if asked {
            commands.extend([ask_intake_supplement(), bring_intake_supplement()]);
        }
        commands.push(accept());
        if elsewhere {
            commands.push(receive_by_agency());
        }
        commands.extend(waits.into_iter().flatten());
        commands.extend(end);
        let gaps = prop::collection::vec(1..9_000_i64, commands.len());
        gaps.prop_map(move |gaps| gaps.into_iter().zip(commands.clone()).collect())
    })
}

/// A life at these times; `None` when the rules do not allow it.
fn lives(times: &[Timestamp], commands: &[Command]) -> Option<Story> {
    let mut story = Story::begins("2022-12-15T09:00");
    for (time, command) in times.iter().zip(commands) {
        story.now = *time;
        let happened = story.decides(command).ok()?;
        story.happens(happened);
    }
    Some(story)
}

/// But for what says that something was put right, and for what says when it was recorded.
fn without_memos(mut dossier: Dossier, like: &Dossier) -> Dossier {
    if let Some(filing) = super::super::parts::filing(&mut dossier) {
        filing.submitted.answer_due = like.filing().unwrap().submitted.answer_due;
    }
    if let Some(case) = super::super::parts::case(&mut dossier) {
        case.corrections = 0;
        case.code = like.case().unwrap().code.clone();
    }
    dossier
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_global_rejects: 200_000, ..ProptestConfig::default() })]

    #[test]
    fn a_corrected_history_gives_what_the_one_that_was_right_from_the_start_gives(
        beginning in any_beginning(),
        life in any_life(),
        which in any::<prop::sample::Index>(),
        shift in -4_000..4_000_i64,
        detour in any::<bool>(),
    ) {
        let minutes = jiff::SignedDuration::from_mins;
        let mut now = beginning;
        let (times, commands): (Vec<_>, Vec<_>) = life
            .into_iter()
            .map(|(gap, command)| {
                now += minutes(gap);
                (now, command)
            })
            .unzip();
        let right = lives(&times, &commands);
        prop_assume!(right.is_some());
        let right = right.unwrap();
        // One of them was recorded at another time, between the ones before and after.
        let which = which.index(times.len());
        let mut wrong_times = times.clone();
        let low = which.checked_sub(1).map_or(beginning, |before| times[before]);
        let high = times.get(which + 1).copied().unwrap_or_else(|| times[which] + minutes(4_000));
        wrong_times[which] = (times[which] + minutes(shift)).clamp(low, high);
        let wrong = lives(&wrong_times, &commands);
        prop_assume!(wrong.is_some());
        let mut wrong = wrong.unwrap();
        let event = |story: &Story| story.history[which].event.kind();
        prop_assume!(timed(event(&right)).is_some() && wrong.history[which].at != right.history[which].at);
        wrong.now = high + minutes(10_000);
        wrong.may_record_late = true;
        let revision = u32::try_from(which + 1).unwrap();
        let says = |story: &mut Story, at: Timestamp| {
            for actor in ["can-bo-1", "truong-phong"] {
                story.actor = actor;
                if story.dossier.case().is_some()
                    && let Ok(happened) = story.decides(&correct(Right::LegalTime { revision, at }))
                {
                    story.happens(happened);
                }
            }
        };
        prop_assume!(wrong.dossier.case().is_some());
        if detour {
            says(&mut wrong, low);
        }
        says(&mut wrong, times[which]);
        prop_assert_eq!(without_memos(wrong.dossier, &right.dossier), right.dossier);
    }
}
