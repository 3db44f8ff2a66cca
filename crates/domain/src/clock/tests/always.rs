//! What holds for every limit, start and pause.

use jiff::ToSpan;
use proptest::prelude::*;

use super::*;

fn limits() -> impl Strategy<Value = TimeLimit> {
    prop_oneof![
        (1_u16..60).prop_map(working_days),
        (1_u16..120).prop_map(|n| limit(n, TimeUnit::CalendarDays)),
        (1_u16..200).prop_map(working_hours),
        (1_u16..8).prop_map(|n| limit(n, TimeUnit::Months)),
        Just(limit(0, TimeUnit::SameDay)),
    ]
}

/// Minutes of 2021 to 2027, half of them near the edges of a working day.
fn instants() -> impl Strategy<Value = Timestamp> {
    let days = 0_i64..2_500;
    let minutes = prop_oneof![
        0_i64..1_440,
        prop::sample::select(vec![
            0, 419, 420, 690, 691, 810, 900, 901, 1_019, 1_020, 1_021
        ]),
    ];
    (days, minutes).prop_map(|(days, minutes)| {
        at("2021-01-01 00:00")
            .saturating_add((days * 1_440 + minutes).minutes())
            .expect("no calendar units")
    })
}

fn any_day_or_instant() -> impl Strategy<Value = Timestamp> {
    prop_oneof![8 => instants(), 1 => Just(Timestamp::MAX), 1 => Just(at("9999-12-31 02:00"))]
}

proptest! {
    #[test]
    fn a_result_is_due_in_working_time_and_not_before_the_start(
        limit in limits(),
        start in instants(),
    ) {
        let due = due(limit, start, calendar(), &HOURS);
        prop_assert!(calendar().working(due.date()));
        prop_assert!(due.date() >= local::date(start));
        prop_assert_eq!(due.rule, limit.unit.rule());
        let time = local::datetime(due.at).time();
        match due.rule {
            DueRule::ByDate => prop_assert_eq!(time, HOURS.closing_time()),
            DueRule::ByInstant => {
                prop_assert!(HOURS.shifts().iter().any(|it| it.open < time && time <= it.close));
            }
        }
    }

    #[test]
    fn a_later_start_is_never_due_earlier(limit in limits(), a in instants(), b in instants()) {
        let (first, second) = (a.min(b), a.max(b));
        prop_assert!(
            due(limit, first, calendar(), &HOURS).at <= due(limit, second, calendar(), &HOURS).at
        );
    }

    #[test]
    fn the_account_ends_on_the_due_day_with_the_whole_limit(limit in limits(), start in instants()) {
        let due = due(limit, start, calendar(), &HOURS);
        let days = explain(limit, start, &[], due, calendar(), &HOURS);
        let last = days.last().expect("never empty");
        prop_assert_eq!((last.date, last.kind), (due.date(), DayKind::Due));
        let counted = days.iter().rev().find(|it| it.count.is_some()).expect("the due day at least");
        prop_assert_eq!(counted.date, due.date());
        match limit.unit {
            TimeUnit::WorkingDays | TimeUnit::CalendarDays | TimeUnit::WorkingHours => {
                prop_assert_eq!(last.count, Some(u32::from(limit.amount)));
            }
            TimeUnit::Months => prop_assert!(last.count >= Some(28 * u32::from(limit.amount))),
            TimeUnit::SameDay => prop_assert!(last.count <= Some(1)),
        }
    }

    #[test]
    fn the_account_has_every_day_once_and_its_count_only_grows(
        limit in limits(),
        start in instants(),
        from in 0_i64..60,
        length in 0_i64..60,
    ) {
        let due = due(limit, start, calendar(), &HOURS);
        let stopped = start.saturating_add((from * 24).hours()).unwrap();
        let again = stopped.saturating_add((length * 24).hours()).unwrap();
        let due = resume(due, limit, stopped, again, calendar(), &HOURS);
        let pause = Pause { from: stopped, to: Some(again) };
        let days = explain(limit, start, &[pause], due, calendar(), &HOURS);
        for pair in days.windows(2) {
            prop_assert_eq!(pair[0].date.tomorrow().unwrap(), pair[1].date);
        }
        prop_assert_eq!(days[0].date, local::date(start));
        prop_assert_eq!(days.last().map(|it| (it.date, it.kind)), Some((due.date(), DayKind::Due)));
        let counts: Vec<_> = days.iter().filter_map(|it| it.count).collect();
        prop_assert!(counts.is_sorted());
        if limit.unit == TimeUnit::WorkingDays && !calendar().working(local::date(stopped)) {
            prop_assert!(counts.last() >= Some(&u32::from(limit.amount)));
        }
        prop_assert!(days.iter().all(|it| !it.reason.is_empty()));
    }

    #[test]
    fn what_a_pause_leaves_is_the_whole_limit_in_days_and_in_hours(
        limit in prop_oneof![(1_u16..60).prop_map(working_days), (1_u16..200).prop_map(working_hours)],
        start in instants(),
        from in 0_i64..40,
        length in 0_i64..40,
    ) {
        let due = due(limit, start, calendar(), &HOURS);
        let stopped = start.saturating_add((from * 25).hours()).unwrap();
        if due.passed(stopped) {
            return Ok(());
        }
        let again = stopped.saturating_add((length * 23).hours()).unwrap();
        let moved = resume(due, limit, stopped, again, calendar(), &HOURS);
        prop_assert!(moved.at >= due.at);
        let pause = Pause { from: stopped, to: Some(again) };
        let days = explain(limit, start, &[pause], moved, calendar(), &HOURS);
        prop_assert_eq!(days.last().unwrap().count, Some(u32::from(limit.amount)));
    }

    #[test]
    fn in_time_and_past_due_exclude_each_other(limit in limits(), start in instants(), end in instants()) {
        let due = due(limit, start, calendar(), &HOURS);
        prop_assert_eq!(due.passed(end), due.class(end) == Timeliness::Overdue);
        prop_assert!(!due.passed(due.at));
        prop_assert_eq!(due.class(due.at), Timeliness::OnTime);
    }

}

proptest! {
    // Few, because some of them walk to the last year there is.
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn nothing_stops_the_clock(
        amount in any::<u16>(),
        unit in prop::sample::select(TimeUnit::NAMES),
        start in any_day_or_instant(),
        stopped in any_day_or_instant(),
        again in any_day_or_instant(),
        open in any::<bool>(),
    ) {
        // Small enough to be quick, large enough to run past the last year when it starts there.
        let limit = limit(amount % 3_000, unit.1);
        let due = due(limit, start, calendar(), &HOURS);
        let moved = resume(due, limit, stopped, again, calendar(), &HOURS);
        prop_assert!(moved.at >= due.at);
        let pause = Pause { from: stopped, to: (!open).then_some(again) };
        let days = explain(limit, start, &[pause], moved, calendar(), &HOURS);
        prop_assert!(days.len() <= EXPLAINED_DAYS_MAX);
        prop_assert_eq!(days.last().unwrap().date, moved.date());
    }
}
