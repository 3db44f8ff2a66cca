//! Form II.06a case by case: each rule of the columns and of the rows below them, as a sentence.

use std::collections::BTreeMap;

use domain::clock::{Due, DueRule};
use domain::event::Channel;
use domain::ids::AgencyId;
use jiff::civil::date;
use statistics::memo::MemoRow;
use statistics::report::{Cells, Column};
use statistics::{Filter, Grouping, Organised, PendingRule, Question, cell, ii06a};

use crate::history::{
    Log, accepted, at, by_date, extended, fee_requested, fold, granted, half_year, id, lapsed,
    memo, question, refused, report, resumed, supplement_requested, suspended, terminated, total,
    withdrawn,
};

#[test]
fn the_first_and_the_last_instant_of_the_period_belong_to_it() {
    let mut log = Log::default();
    log.take_in(1, "2022-12-14T23:59:59", Channel::Online, "2023-07-01")
        .take_in(2, "2022-12-15T00:00:00", Channel::Online, "2023-07-01")
        .take_in(3, "2023-06-14T23:59:59", Channel::Direct, "2023-07-01")
        .take_in(4, "2023-06-15T00:00:00", Channel::Direct, "2023-07-01");
    let total = total(&log);
    assert_eq!((total.c3, total.c4, total.c5, total.c6), (3, 1, 1, 1));
}

#[test]
fn post_and_counter_are_one_column_and_two_rows_below() {
    let mut log = Log::default();
    log.take_in(1, "2023-01-10T08:00:00", Channel::Direct, "2023-01-20")
        .take_in(2, "2023-01-10T08:00:00", Channel::Postal, "2023-01-20")
        .take_in(3, "2022-12-10T08:00:00", Channel::Postal, "2023-01-20");
    assert_eq!(total(&log).c5, 2);
    assert_eq!(memo(&log, MemoRow::ReceivedDirect), 1);
    assert_eq!(memo(&log, MemoRow::ReceivedPostal), 1);
    assert_eq!(memo(&log, MemoRow::OpeningPostal), 1);
}

#[test]
fn a_refusal_after_examination_is_a_result_and_may_be_early() {
    let mut log = Log::default();
    log.take_in(1, "2023-01-10T08:00:00", Channel::Online, "2023-01-20")
        .add(1, "2023-01-12T08:00:00", refused());
    assert_eq!(total(&log).c8, 1);
    assert_eq!(memo(&log, MemoRow::RefusedAfterExamination), 1);
}

#[test]
fn withdrawal_termination_and_lapse_are_on_time_before_the_due_date_and_overdue_after_it() {
    let mut log = Log::default();
    for (dossier, end) in [withdrawn(), terminated(), lapsed()]
        .into_iter()
        .enumerate()
    {
        let [early, late] = [
            u8::try_from(dossier).unwrap(),
            u8::try_from(dossier + 10).unwrap(),
        ];
        log.take_in(early, "2023-01-10T08:00:00", Channel::Online, "2023-01-20")
            .add(early, "2023-01-11T08:00:00", end.clone())
            .take_in(late, "2023-01-10T08:00:00", Channel::Online, "2023-01-20")
            .add(late, "2023-01-21T08:00:00", end);
    }
    let report = report(&log);
    assert_eq!(
        (report.total.c8, report.total.c9, report.total.c10),
        (0, 3, 3)
    );
    for row in [MemoRow::Withdrawn, MemoRow::Terminated, MemoRow::Lapsed] {
        assert_eq!(report.memo.get(row), 2);
    }
}

#[test]
fn what_is_due_on_the_last_day_is_overdue_at_its_end_and_within_by_the_laxer_rule() {
    let mut log = Log::default();
    log.take_in(1, "2023-06-01T08:00:00", Channel::Online, "2023-06-14")
        .take_in(2, "2023-06-01T08:00:00", Channel::Online, "2023-06-13")
        .take_in(3, "2023-06-01T08:00:00", Channel::Online, "2023-06-15");
    assert_eq!((total(&log).c12, total(&log).c13), (1, 2));
    let lax = Question {
        due_rule: PendingRule::ProvincialLax,
        ..half_year()
    };
    let total = ii06a(&log.facts(), &lax).total;
    assert_eq!((total.c12, total.c13), (2, 1));
}

#[test]
fn before_the_period_ends_the_due_day_counts_as_over_only_when_it_is() {
    let mut log = Log::default();
    log.take_in(1, "2023-01-10T08:00:00", Channel::Online, "2023-01-20");
    let asked = |when| {
        ii06a(
            &log.facts(),
            &question(date(2022, 12, 15), date(2023, 6, 14), 99, at(when)),
        )
        .total
    };
    assert_eq!(asked("2023-01-20T23:59:59").c12, 1);
    assert_eq!(asked("2023-01-21T00:00:00").c13, 1);
}

#[test]
fn an_hour_procedure_is_overdue_as_soon_as_its_instant_has_passed() {
    let mut log = Log::default();
    let due = Due {
        at: at("2023-01-10T16:00:00"),
        rule: DueRule::ByInstant,
        provisional: false,
    };
    log.add(
        1,
        "2023-01-10T08:00:00",
        accepted(1, Channel::Online, Some(due)),
    );
    let asked = |when| {
        ii06a(
            &log.facts(),
            &question(date(2023, 1, 1), date(2023, 1, 31), 99, at(when)),
        )
        .total
    };
    assert_eq!(asked("2023-01-10T16:00:00").c12, 1);
    assert_eq!(asked("2023-01-10T16:00:01").c13, 1);
}

#[test]
fn by_the_laxer_rule_whoever_waits_is_never_overdue() {
    let mut log = Log::default();
    for (dossier, wait) in (1..).zip([suspended(), supplement_requested(), fee_requested()]) {
        log.take_in(
            dossier,
            "2023-01-10T08:00:00",
            Channel::Online,
            "2023-01-20",
        )
        .add(dossier, "2023-01-12T08:00:00", wait);
    }
    assert_eq!(total(&log).c13, 3);
    let lax = ii06a(
        &log.facts(),
        &Question {
            due_rule: PendingRule::ProvincialLax,
            ..half_year()
        },
    );
    assert_eq!(lax.total.c12, 3);
    for row in [
        MemoRow::Suspended,
        MemoRow::AwaitingSupplement,
        MemoRow::AwaitingPayment,
    ] {
        assert_eq!(lax.memo.get(row), 1);
    }
}

#[test]
fn who_was_suspended_at_the_end_of_the_period_stays_so_in_its_report() {
    let mut log = Log::default();
    log.take_in(1, "2023-06-01T08:00:00", Channel::Online, "2023-06-30")
        .add(1, "2023-06-10T08:00:00", suspended())
        .add(
            1,
            "2023-06-20T08:00:00",
            resumed(Some(by_date("2023-07-10"))),
        )
        .add(1, "2023-07-01T08:00:00", granted());
    assert_eq!(memo(&log, MemoRow::Suspended), 1);
    let later = ii06a(
        &log.facts(),
        &question(
            date(2023, 6, 15),
            date(2023, 6, 25),
            99,
            at("2023-08-01T00:00:00"),
        ),
    );
    assert_eq!(
        (later.total.c11, later.memo.get(MemoRow::Suspended)),
        (1, 0)
    );
}

#[test]
fn what_went_on_again_on_the_last_day_is_not_suspended_at_its_end() {
    let mut log = Log::default();
    log.take_in(1, "2023-06-01T08:00:00", Channel::Online, "2023-06-30")
        .add(1, "2023-06-10T08:00:00", suspended())
        .add(
            1,
            "2023-06-14T16:00:00",
            resumed(Some(by_date("2023-07-10"))),
        );
    assert_eq!(memo(&log, MemoRow::Suspended), 0);
}

#[test]
fn an_extension_makes_it_on_time_by_the_due_date_in_force_and_not_by_the_first_one() {
    let mut log = Log::default();
    log.take_in(1, "2023-01-10T08:00:00", Channel::Online, "2023-01-20")
        .add(
            1,
            "2023-01-18T08:00:00",
            extended(Some(by_date("2023-01-31"))),
        )
        .add(1, "2023-01-31T08:00:00", granted());
    assert_eq!(total(&log).c9, 1);
    assert_eq!(memo(&log, MemoRow::EndedWithinDue), 1);
    assert_eq!(memo(&log, MemoRow::EndedWithinOriginalDue), 0);
}

#[test]
fn an_extension_that_does_not_count_moves_nothing() {
    let mut log = Log::default();
    log.take_in(1, "2023-01-10T08:00:00", Channel::Online, "2023-01-20")
        .add(1, "2023-01-18T08:00:00", extended(None))
        .add(1, "2023-01-31T08:00:00", granted());
    assert_eq!(total(&log).c10, 1);
}

#[test]
fn late_is_what_was_recorded_more_than_one_working_day_after() {
    let mut log = Log::default();
    // A Friday: Monday is one working day later, Tuesday two.
    for (dossier, recorded) in (1..).zip([
        "2023-01-13T16:00:00",
        "2023-01-16T16:00:00",
        "2023-01-17T07:00:00",
    ]) {
        log.add_late(
            dossier,
            "2023-01-13T08:00:00",
            recorded,
            accepted(1, Channel::Postal, Some(by_date("2023-01-31"))),
        );
    }
    assert_eq!(memo(&log, MemoRow::RecordedLate), 1);
}

#[test]
fn a_late_hand_over_moves_the_closed_period_and_the_report_as_known_then_stays() {
    let mut log = Log::default();
    log.take_in(1, "2023-06-01T08:00:00", Channel::Online, "2023-06-30");
    let mut then = half_year();
    then.as_of.position = 2;
    let due = Some(by_date("2023-06-28"));
    log.add_late(
        2,
        "2023-06-14T16:00:00",
        "2023-06-16T09:00:00",
        accepted(2, Channel::Postal, due),
    );
    assert_eq!(ii06a(&log.facts(), &then).total.c3, 1);
    assert_eq!(total(&log).c3, 2);
    assert_eq!(memo(&log, MemoRow::RecordedLate), 1);
}

#[test]
fn procedures_with_online_dossiers_are_counted_with_those_carried_over() {
    let mut log = Log::default();
    log.take_in(0, "2022-12-01T08:00:00", Channel::Online, "2023-01-20")
        .take_in(1, "2023-01-10T08:00:00", Channel::Online, "2023-01-20")
        .take_in(4, "2023-01-10T08:00:00", Channel::Online, "2023-01-20")
        .take_in(2, "2023-01-10T08:00:00", Channel::Direct, "2023-01-20");
    assert_eq!(report(&log).memo.procedures_with_online_dossiers, 2);
}

#[test]
fn a_figure_names_its_dossiers_and_an_unknown_row_none() {
    let mut log = Log::default();
    for dossier in 0..6 {
        log.take_in(
            dossier,
            "2023-01-10T08:00:00",
            Channel::Online,
            "2023-01-20",
        );
    }
    log.add(3, "2023-01-12T08:00:00", granted());
    let (facts, asked) = (log.facts(), half_year());
    assert_eq!(cell(&facts, &asked, Some("H20-VH"), Column::Early), [id(3)]);
    assert_eq!(
        cell(&facts, &asked, Some("H20-TT"), Column::Received),
        [id(1), id(4)]
    );
    assert_eq!(cell(&facts, &asked, None, Column::Received).len(), 6);
    assert_eq!(cell(&facts, &asked, Some("H20-ZZ"), Column::Received), []);
    let by_channel = Question {
        group: Grouping::Channel,
        ..asked
    };
    assert_eq!(
        cell(&facts, &by_channel, Some("online"), Column::Early),
        [id(3)]
    );
}

#[test]
fn nothing_at_all_balances() {
    let report = ii06a(&fold(&[]), &half_year());
    assert_eq!(report.total, Cells::default());
    assert!(report.rows.is_empty() && report.holds());
}

#[test]
fn as_organised_now_an_ended_agencys_dossiers_are_its_successors_in_rows_filter_and_cells() {
    let mut log = Log::default();
    log.take_in(0, "2023-01-10T08:00:00", Channel::Online, "2023-01-20")
        .take_in(1, "2023-01-10T08:00:00", Channel::Direct, "2023-01-20")
        .take_in(2, "2023-01-10T08:00:00", Channel::Direct, "2023-01-20");
    let facts = log.facts();
    let agency = |id: &str| AgencyId::new(id);
    let then = Question {
        group: Grouping::Agency,
        ..half_year()
    };
    let rows = |question: &Question| -> Vec<(String, u64)> {
        let report = ii06a(&facts, question);
        assert_eq!(
            report.rules.organised.is_some(),
            question.organised != Organised::Then
        );
        report
            .rows
            .into_iter()
            .map(|row| (row.key, row.cells.c3))
            .collect()
    };
    let row = |key: &str, count| (key.to_owned(), count);
    assert_eq!(
        rows(&then),
        [row("000.00.00.H20", 2), row("000.00.01.H20", 1)]
    );
    let merged = |into: &str| Question {
        organised: Organised::Now(BTreeMap::from([(agency("000.00.00.H20"), agency(into))])),
        ..then.clone()
    };
    assert_eq!(rows(&merged("000.00.01.H20")), [row("000.00.01.H20", 3)]);
    let fresh = merged("000.00.77.H20");
    assert_eq!(
        rows(&fresh),
        [row("000.00.01.H20", 1), row("000.00.77.H20", 2)]
    );
    assert_eq!(
        cell(&facts, &fresh, Some("000.00.77.H20"), Column::Received).len(),
        2
    );
    let only = Question {
        filter: Filter {
            agency: Some(agency("000.00.77.H20")),
            ..Filter::default()
        },
        ..fresh
    };
    assert_eq!(ii06a(&facts, &only).total.c3, 2);
    let gone = Question {
        filter: Filter {
            agency: Some(agency("000.00.00.H20")),
            ..Filter::default()
        },
        ..only
    };
    assert_eq!(ii06a(&facts, &gone).total.c3, 0);
}
