//! Whatever happened, and however it is asked: the form balances, and agrees with its definitions.

use domain::event::Channel;
use domain::ids::{AgencyId, FieldCode, ProcedureCode};
use jiff::ToSpan;
use proptest::prelude::*;
use statistics::ii06a::memo_cell;
use statistics::memo::MemoRow;
use statistics::report::{Cells, Column};
use statistics::{AsOf, Filter, Grouping, PendingRule, Period, Question, cell, ii06a};

use crate::any::{any_log, any_period, hour};
use crate::history::{Entry, fold};
use crate::naive;

fn any_filter() -> impl Strategy<Value = Filter> {
    let rarely = |text: &'static str| proptest::option::weighted(0.2, Just(text));
    let channel = proptest::option::weighted(0.2, Just(Channel::Online));
    (
        rarely("000.00.01.H20"),
        rarely("H20-VH"),
        rarely("1.000002"),
        channel,
    )
        .prop_map(|(agency, field, procedure, channel)| Filter {
            agency: agency.map(AgencyId::new),
            field: field.map(FieldCode::new),
            procedure: procedure.map(ProcedureCode::new),
            channel,
        })
}

/// A question about any period, as known anywhere in the log or after it, by any rule and grouping.
fn any_question() -> impl Strategy<Value = Question> {
    let group = prop::sample::select(Grouping::ALL.to_vec());
    let rule = prop::sample::select(vec![PendingRule::Strict, PendingRule::ProvincialLax]);
    let position = prop_oneof![Just(u64::MAX), 0..200_u64];
    (
        any_period(),
        position,
        0..9000_i64,
        group,
        rule,
        any_filter(),
    )
        .prop_map(
            |(period, position, hours, group, due_rule, filter)| Question {
                group,
                due_rule,
                filter,
                ..Question::new(
                    period,
                    AsOf {
                        position,
                        at: hour(hours),
                    },
                )
            },
        )
}

const IDENTITIES: [&str; 7] = ["C1", "C2", "C3", "C4", "C5", "C6", "C11"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn every_identity_holds_for_any_history(log in any_log(), question in any_question()) {
        let report = ii06a(&fold(&log), &question);
        for check in report.checks.iter().filter(|check| IDENTITIES.contains(&check.id)) {
            prop_assert!(check.holds, "{}: {}", check.id, check.detail);
        }
        for cells in report.rows.iter().map(|row| row.cells).chain([report.total]) {
            prop_assert_eq!(cells.c3, cells.c4 + cells.c5 + cells.c6);
            prop_assert_eq!(cells.c7, cells.c8 + cells.c9 + cells.c10);
            prop_assert_eq!(cells.c11, cells.c12 + cells.c13);
            prop_assert_eq!(cells.c3, cells.c7 + cells.c11);
        }
        let sum = report.rows.iter().fold(Cells::default(), |sum, row| sum.plus(&row.cells));
        prop_assert_eq!(sum, report.total);
    }

    #[test]
    fn a_period_opens_with_what_the_one_before_closed_with(log in any_log(), question in any_question(), days in 0..90_i64) {
        let facts = fold(&log);
        let eve = question.period.from().yesterday().unwrap();
        let before = Period::new(eve.saturating_sub(days.days()), eve).unwrap();
        let now = ii06a(&facts, &question);
        let then = ii06a(&facts, &Question { period: before, ..question });
        let opening: Vec<_> = now.rows.iter().map(|row| (&row.key, row.cells.c6)).filter(|(_, count)| *count > 0).collect();
        let closing: Vec<_> = then.rows.iter().map(|row| (&row.key, row.cells.c11)).filter(|(_, count)| *count > 0).collect();
        prop_assert_eq!(opening, closing);
    }

    #[test]
    fn the_scan_agrees_with_the_definitions_counted_slowly(log in any_log(), question in any_question()) {
        let question = Question { filter: Filter::default(), ..question };
        prop_assert_eq!(ii06a(&fold(&log), &question).total, naive::count(&log, &question));
    }

    #[test]
    fn as_of_a_position_is_what_the_facts_were_then(log in any_log(), question in any_question()) {
        let position = question.as_of.position;
        let then: Vec<Entry> = log.iter().filter(|fact| fact.position <= position).cloned().collect();
        let (whole, prefix) = (ii06a(&fold(&log), &question), ii06a(&fold(&then), &question));
        prop_assert_eq!(whole, prefix);
    }

    #[test]
    fn behind_every_figure_are_as_many_dossiers(log in any_log(), question in any_question()) {
        let facts = fold(&log);
        let report = ii06a(&facts, &question);
        let rows = report.rows.iter().map(|row| (Some(row.key.as_str()), row.cells)).chain([(None, report.total)]);
        for (key, cells) in rows {
            for column in Column::ALL {
                let mut dossiers = cell(&facts, &question, key, column);
                prop_assert_eq!(u64::try_from(dossiers.len()).unwrap(), cells.get(column));
                dossiers.sort();
                dossiers.dedup();
                prop_assert_eq!(u64::try_from(dossiers.len()).unwrap(), cells.get(column));
            }
        }
        for (row, count) in report.memo.rows() {
            prop_assert_eq!(u64::try_from(memo_cell(&facts, &question, row).len()).unwrap(), count, "{}", row.key());
        }
    }

    #[test]
    fn every_dossier_touched_is_in_the_form_or_in_one_row_outside_it(log in any_log(), question in any_question()) {
        let facts = fold(&log);
        let mut seen = cell(&facts, &question, None, Column::Received);
        for row in [MemoRow::NoDueDate, MemoRow::Unclassified, MemoRow::NeverAccepted, MemoRow::RefusedAtIntake, MemoRow::WithdrawnBeforeAcceptance, MemoRow::AcceptanceVoided] {
            seen.extend(memo_cell(&facts, &question, row));
        }
        let count = seen.len();
        seen.sort();
        seen.dedup();
        prop_assert_eq!(seen.len(), count);
    }

    #[test]
    fn merging_small_rows_keeps_the_total_and_leaves_no_small_row(log in any_log(), question in any_question(), threshold in 1..6_u64) {
        let report = ii06a(&fold(&log), &question);
        let merged = report.clone().merge_small(threshold);
        let sum = merged.rows.iter().fold(Cells::default(), |sum, row| sum.plus(&row.cells));
        prop_assert_eq!(sum, report.total);
        let small = merged.rows.iter().filter(|row| row.cells.c3 < threshold).count();
        prop_assert!(small == 0 || merged.rows.len() == 1);
    }

    #[test]
    fn an_agency_none_of_whose_dossiers_changed_has_the_figures_it_had(log in any_log(), question in any_question(), position in 0..40_u64) {
        let facts = fold(&log);
        let touched = facts.agencies_touched_after(position);
        for agency in facts.agencies() {
            let asked = |position| {
                let mut question = question.clone();
                question.filter = Filter { agency: Some(agency.clone()), ..Filter::default() };
                question.as_of.position = position;
                let mut report = ii06a(&facts, &question);
                report.position = 0;
                report
            };
            prop_assert!(touched.contains(agency) || asked(position) == asked(u64::MAX), "{agency}");
        }
        prop_assert_eq!(facts.agencies_touched_after(u64::MAX), []);
    }
}
