//! A history so long that several threads count it: each figure is that of its parts all the same.

use domain::event::Channel;
use domain::ids::DossierId;
use statistics::facts::Fact;
use statistics::memo::MemoRow;
use statistics::report::Cells;
use statistics::{Facts, Grouping, Question, ii06a};
use uuid::Uuid;

use crate::history::{Log, calendar, fold, granted, half_year, supplement_requested, withdrawn};

/// So often the same five dossiers, each time under other ids: more rows than two threads' worth.
const TIMES: u32 = 42_000;

#[test]
fn a_long_history_is_counted_by_several_threads_and_each_figure_is_that_of_its_parts() {
    let mut log = Log::default();
    log.take_in(1, "2022-11-10T08:00:00", Channel::Postal, "2023-07-20")
        .take_in(2, "2023-01-10T08:00:00", Channel::Online, "2023-01-20")
        .take_in(3, "2023-02-10T08:00:00", Channel::Direct, "2023-02-20")
        .take_in(4, "2023-03-10T08:00:00", Channel::Online, "2023-03-20")
        .take_in(5, "2023-03-11T08:00:00", Channel::Direct, "2023-03-20")
        .add(2, "2023-01-12T08:00:00", granted())
        .add(4, "2023-03-25T08:00:00", withdrawn())
        .add(5, "2023-03-12T08:00:00", supplement_requested());
    let (few, many) = (fold(&log.0), often(&log));
    let length = u64::try_from(log.0.len()).unwrap();
    // Before the last event, too: then versions of the past are looked at as well.
    for known in [length, length - 1] {
        for group in Grouping::ALL {
            let as_of = |position| {
                let mut question = Question {
                    group,
                    ..half_year()
                };
                question.as_of.position = position;
                question
            };
            let one = ii06a(&few, &as_of(known));
            let all = ii06a(&many, &as_of(known * u64::from(TIMES)));
            assert_eq!(all.total.all(), times(&one.total), "by {}", group.as_str());
            let rows = one.rows.iter().map(|row| (&row.key, times(&row.cells)));
            assert!(rows.eq(all.rows.iter().map(|row| (&row.key, row.cells.all()))));
            for row in MemoRow::ALL {
                let counted = one.memo.get(*row) * u64::from(TIMES);
                assert_eq!(all.memo.get(*row), counted, "{row:?}");
            }
            assert!(all.checks.iter().all(|check| check.holds));
        }
    }
}

/// The log so often, one event of all before the next of any.
fn often(log: &Log) -> Facts {
    let mut facts = Facts::new(calendar());
    let mut position = 0;
    for entry in &log.0 {
        for time in 0..TIMES {
            position += 1;
            facts.apply_fact(&Fact {
                position,
                dossier: DossierId(Uuid::from_u128(
                    entry.dossier.0.as_u128() + (u128::from(time) << 64),
                )),
                ..entry.fact()
            });
        }
    }
    facts
}

fn times(cells: &Cells) -> [u64; 11] {
    cells.all().map(|figure| figure * u64::from(TIMES))
}
