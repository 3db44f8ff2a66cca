//! How ends are classed, and what stands outside the form.

use super::*;
use jiff::Timestamp;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn accepted(due: Due) -> Row {
    let mut row = Row::UNKNOWN;
    row.begun_at = at("2023-01-10T08:00:00+07").as_microsecond();
    row.put(bits::ACCEPTED, true);
    row.put_due(Some(due));
    row.put_original_due(due);
    row
}

fn by_date(text: &str) -> Due {
    Due {
        at: at(text),
        rule: DueRule::ByDate,
        provisional: false,
    }
}

fn ended(mut row: Row, exit: Exit, when: &str) -> Row {
    row.ended_at = at(when).as_microsecond();
    row.put_exit(exit);
    row.settle();
    row
}

fn class_of(row: &Row) -> u32 {
    (row.flags & bits::CLASS) >> bits::CLASS_AT
}

#[test]
fn a_result_before_the_due_day_is_early_on_it_on_time_and_after_it_overdue() {
    let row = accepted(by_date("2023-01-20T17:00:00+07"));
    assert_eq!(
        class_of(&ended(row, Exit::Granted, "2023-01-19T23:59:59+07")),
        EARLY
    );
    assert_eq!(
        class_of(&ended(row, Exit::Granted, "2023-01-20T00:00:00+07")),
        ON_TIME
    );
    assert_eq!(
        class_of(&ended(row, Exit::Refused, "2023-01-20T23:59:59+07")),
        ON_TIME
    );
    assert_eq!(
        class_of(&ended(row, Exit::Granted, "2023-01-21T00:00:00+07")),
        OVERDUE
    );
}

#[test]
fn a_withdrawal_termination_or_lapse_is_never_early_and_past_due_it_is_overdue() {
    let row = accepted(by_date("2023-01-20T17:00:00+07"));
    for exit in [Exit::Withdrawn, Exit::Terminated, Exit::Lapsed] {
        assert_eq!(
            class_of(&ended(row, exit, "2023-01-11T09:00:00+07")),
            ON_TIME
        );
        assert_eq!(
            class_of(&ended(row, exit, "2023-01-23T09:00:00+07")),
            OVERDUE
        );
    }
}

#[test]
fn hour_procedures_compare_instants() {
    let due = at("2023-01-10T16:00:00+07");
    let row = accepted(Due {
        at: due,
        rule: DueRule::ByInstant,
        provisional: false,
    });
    assert_eq!(
        class_of(&ended(row, Exit::Granted, "2023-01-10T15:59:59+07")),
        EARLY
    );
    assert_eq!(
        class_of(&ended(row, Exit::Granted, "2023-01-10T16:00:00+07")),
        ON_TIME
    );
    assert_eq!(
        class_of(&ended(row, Exit::Granted, "2023-01-10T16:00:01+07")),
        OVERDUE
    );
}

#[test]
fn the_instant_from_which_a_due_date_is_over_agrees_with_the_clock() {
    for rule in [DueRule::ByDate, DueRule::ByInstant] {
        let due = Due {
            at: at("2023-01-20T17:00:00+07"),
            rule,
            provisional: false,
        };
        let mut row = accepted(due);
        row.settle();
        assert!(due.passed(day::timestamp(row.over_from)));
        assert!(!due.passed(day::timestamp(row.over_from - 1)));
    }
}

#[test]
fn an_end_before_acceptance_is_outside_the_form_and_one_at_the_same_instant_is_not() {
    let row = accepted(by_date("2023-01-20T17:00:00+07"));
    let before = ended(row, Exit::Granted, "2023-01-10T07:59:59+07");
    assert!(before.has(bits::OUTSIDE) && before.has(bits::ENDED_BEFORE_ACCEPTANCE));
    assert!(!ended(row, Exit::Granted, "2023-01-10T08:00:00+07").has(bits::OUTSIDE));
}

#[test]
fn without_a_due_date_there_is_no_class_and_no_place_in_the_form() {
    let mut row = accepted(by_date("2023-01-20T17:00:00+07"));
    row.put(bits::HAS_DUE, false);
    let row = ended(row, Exit::Granted, "2023-01-11T08:00:00+07");
    assert_eq!(class_of(&row), NO_CLASS);
    assert!(row.has(bits::OUTSIDE));
}
