//! A time that was put right: the figures are those of the history that was right from the start, and those known before
//! stay what they were.

use domain::command::{Command, Right};
use jiff::Timestamp;
use jiff::civil::date;
use statistics::memo::MemoRow;
use statistics::report::{Cells, Report, Row};
use statistics::{AsOf, Facts, Grouping, PendingRule, Period, Question, ii06a};

use crate::history::{calendar, id};
use crate::testing::*;

const LATER: u64 = 1_000;

fn lived(steps: &[(&str, Command)]) -> Story {
    let mut story = Story::begins("2022-12-01T08:00");
    story.may_record_late = true;
    for (civil, command) in steps {
        story.at(civil).does(command.clone());
    }
    story
}

fn folded(story: &Story) -> Facts {
    let mut facts = Facts::new(calendar());
    for (position, occurrence) in (1..).zip(&story.history) {
        facts.apply(position, occurrence.at, id(1), occurrence);
    }
    facts
}

/// The figures of forms that end on every day, by both rules.
fn figures(facts: &Facts, position: u64) -> Vec<(Vec<Row>, Cells)> {
    let days = (0..60).map(|days| date(2022, 11, 25).saturating_add(jiff::Span::new().days(days)));
    let mut reports = Vec::new();
    for to in days {
        for due_rule in [PendingRule::Strict, PendingRule::ProvincialLax] {
            let as_of = AsOf {
                position,
                at: Timestamp::from_second(2_000_000_000).unwrap(),
            };
            let question = Question {
                due_rule,
                group: Grouping::Channel,
                ..Question::new(
                    Period::new(date(2022, 12, 5), to.max(date(2022, 12, 5))).unwrap(),
                    as_of,
                )
            };
            let Report { rows, total, .. } = ii06a(facts, &question);
            reports.push((rows, total));
        }
    }
    reports
}

#[test]
fn the_form_counts_a_time_that_was_put_right_as_if_it_had_been_right_from_the_start() {
    let right = [
        ("2022-12-01T08:30", Command::Submit(submit(TEN_DAYS))),
        ("2022-12-02T09:00", accept()),
        ("2022-12-05T09:00", ask_supplement()),
        ("2022-12-08T09:00", bring_supplement()),
        ("2022-12-12T09:00", suspend()),
        ("2022-12-15T09:00", resume()),
        ("2022-12-28T09:00", resolve()),
        ("2022-12-29T09:00", deliver()),
    ];
    let wrong_times = [
        (2, "2022-12-05T08:59"),
        (3, "2022-12-07T09:00"),
        (4, "2022-12-10T09:00"),
        (6, "2022-12-20T09:00"),
        (7, "2022-12-16T09:00"),
    ];
    for upto in 2..=right.len() {
        let lives = &right[..upto];
        let expected = lived(lives);
        for (revision, wrong) in wrong_times {
            if revision > upto {
                continue;
            }
            let mut steps = lives.to_vec();
            steps[revision - 1].0 = wrong;
            let mut story = lived(&steps);
            let known_before = figures(&folded(&story), LATER);
            let before = u64::try_from(story.history.len()).unwrap();
            story.at("2023-01-10T09:00");
            let put_right = Right::LegalTime {
                revision: u32::try_from(revision).unwrap(),
                at: at(right[revision - 1].0),
            };
            for actor in ["can-bo-1", "truong-phong"] {
                story.actor = actor;
                if !story.flags().contains(&"corrected") {
                    story.does(correct(put_right.clone()));
                }
            }
            let facts = folded(&story);
            let what = format!("{upto} steps, the time of {revision} put right");
            assert_eq!(
                figures(&facts, LATER),
                figures(&folded(&expected), LATER),
                "{what}"
            );
            assert_eq!(
                figures(&facts, before),
                known_before,
                "{what}, as known before"
            );
        }
    }
}

#[test]
fn an_agency_that_answered_in_time_after_all_is_not_counted_as_late_any_more() {
    let late = |story: &Story, position: u64| {
        let as_of = AsOf {
            position,
            at: Timestamp::from_second(2_000_000_000).unwrap(),
        };
        let period = Period::new(date(2022, 11, 25), date(2023, 1, 31)).unwrap();
        let report = ii06a(&folded(story), &Question::new(period, as_of));
        report.memo.get(MemoRow::SubtaskOverdue)
    };
    let mut story = lived(&[
        ("2022-12-01T08:30", Command::Submit(submit(TEN_DAYS))),
        ("2022-12-01T09:00", accept()),
        ("2022-12-01T10:00", open_subtask(AGENCY, 3, None)),
        ("2022-12-08T09:00", complete_subtask(1)),
    ]);
    assert_eq!(late(&story, LATER), 1);
    let at = at("2022-12-05T09:00");
    for actor in ["can-bo-1", "truong-phong"] {
        story.actor = actor;
        story.does(correct(Right::LegalTime { revision: 4, at }));
    }
    assert_eq!(late(&story, LATER), 0);
    assert_eq!(late(&story, 5), 1, "as known before");
}
