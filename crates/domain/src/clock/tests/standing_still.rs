//! Due dates after the clock stood still, over Tết 2023 (20 to 26 January) and elsewhere.

use super::*;

fn resumed(limit: TimeLimit, start: &str, stopped: &str, again: &str) -> Due {
    let due = due_of(limit, start);
    resume(due, limit, at(stopped), at(again), calendar(), &HOURS)
}

#[test]
fn the_working_days_left_at_the_stop_are_left_at_the_resumption_over_tet() {
    // Accepted Mon 9, ten days: due Wed 1/2. Stopped Fri 13 (four days used): six left, counted after Mon 30.
    let limit = working_days(10);
    assert_eq!(due_of(limit, "2023-01-09").date(), day("2023-01-30"));
    let due = resumed(limit, "2023-01-09", "2023-01-13 10:00", "2023-01-30 10:00");
    assert_eq!(due.at, at("2023-02-07 17:00"));
    // Stopped before Tết and resumed within it: the days off cost nothing.
    let due = resumed(limit, "2023-01-09", "2023-01-19 16:00", "2023-01-24 10:00");
    assert_eq!(due.date(), day("2023-01-30"));
    // The same two days later: Friday 27 is lost, and only that.
    let due = resumed(limit, "2023-01-09", "2023-01-19 16:00", "2023-01-29 10:00");
    assert_eq!(due.date(), day("2023-01-31"));
}

#[test]
fn stopped_and_resumed_on_one_day_costs_nothing() {
    for (stopped, again) in [
        ("2023-01-13 08:00", "2023-01-13 16:00"),
        ("2023-01-09 09:00", "2023-01-09 09:01"),
        ("2023-01-30 08:00", "2023-01-30 16:00"),
        ("2023-01-21 08:00", "2023-01-24 16:00"), // all of it within Tết
    ] {
        let due = resumed(working_days(10), "2023-01-09", stopped, again);
        assert_eq!(due, due_of(working_days(10), "2023-01-09"), "{stopped}");
    }
}

#[test]
fn stopped_on_the_due_day_it_is_due_on_the_day_of_resumption() {
    let due = resumed(
        working_days(10),
        "2023-01-09",
        "2023-01-30 08:00",
        "2023-02-02 09:00",
    );
    assert_eq!(due.date(), day("2023-02-02"));
    let due = resumed(
        working_days(10),
        "2023-01-09",
        "2023-01-30 08:00",
        "2023-02-04 09:00",
    );
    assert_eq!(
        due.date(),
        day("2023-02-06"),
        "Saturday the 4th is no working day"
    );
}

#[test]
fn stopped_on_the_due_day_and_resumed_on_a_day_off_no_day_is_counted_twice() {
    let limit = working_days(19);
    let due = resumed(limit, "2023-02-07", "2023-03-06 12:00", "2023-03-11 07:00");
    assert_eq!(due.date(), day("2023-03-13"));
    let pause = Pause {
        from: at("2023-03-06 12:00"),
        to: Some(at("2023-03-11 07:00")),
    };
    let days = explain(limit, at("2023-02-07"), &[pause], due, calendar(), &HOURS);
    assert_eq!(days.last().unwrap().count, Some(19));
}

#[test]
fn a_stop_cures_no_breach() {
    let due = resumed(
        working_days(10),
        "2023-01-09",
        "2023-01-31 08:00",
        "2023-02-10 09:00",
    );
    assert_eq!(due.date(), day("2023-01-30"));
    let due = resumed(
        working_hours(8),
        "2023-01-09 07:00",
        "2023-01-09 17:00:01",
        "2023-02-10 09:00",
    );
    assert_eq!(due.at, at("2023-01-09 17:00"));
}

#[test]
fn working_minutes_left_at_the_stop_are_left_at_the_resumption_over_tet() {
    // Thu 19, 14:00, eight hours: three that day. Stopped at 15:00 with seven left, resumed Fri 27 at 09:00.
    let due = resumed(
        working_hours(8),
        "2023-01-19 14:00",
        "2023-01-19 15:00",
        "2023-01-27 09:00",
    );
    assert_eq!(due.at, at("2023-01-30 08:00"));
    assert_eq!(due.rule, DueRule::ByInstant);
    // Stopped after closing and resumed before opening: nothing lost.
    let due = resumed(
        working_hours(8),
        "2023-01-19 14:00",
        "2023-01-19 18:00",
        "2023-01-27 06:00",
    );
    assert_eq!(due, due_of(working_hours(8), "2023-01-19 14:00"));
}

#[test]
fn calendar_limits_keep_calendar_days() {
    // Accepted 3 January, 30 days: due 2 February. Stopped on the 10th with 23 days left, resumed on the 20th.
    let limit = limit(30, TimeUnit::CalendarDays);
    assert_eq!(due_of(limit, "2023-01-03").date(), day("2023-02-02"));
    let due = resumed(limit, "2023-01-03", "2023-01-10", "2023-01-20");
    assert_eq!(due.date(), day("2023-02-13"), "12 February is a Sunday");
}

#[test]
fn a_resumption_into_an_unpublished_year_is_provisional() {
    let due = resumed(working_days(5), "2026-12-21", "2026-12-22", "2026-12-30");
    assert!(due.provisional);
    let due = Due {
        provisional: true,
        ..due_of(working_days(5), "2023-05-04")
    };
    let due = resume(
        due,
        working_days(5),
        at("2023-05-05"),
        at("2023-05-08"),
        calendar(),
        &HOURS,
    );
    assert!(due.provisional, "what was provisional stays so");
}

#[test]
fn the_account_shows_the_days_of_tet_and_of_the_pause() {
    let limit = working_days(4);
    let pause = Pause {
        from: at("2023-01-19 10:00"),
        to: Some(at("2023-01-30 10:00")),
    };
    let due = resumed(limit, "2023-01-18", "2023-01-19 10:00", "2023-01-30 10:00");
    let account: Vec<_> = explain(limit, at("2023-01-18"), &[pause], due, calendar(), &HOURS)
        .into_iter()
        .map(|it| (it.date.day(), it.kind, it.reason.into_string(), it.count))
        .collect();
    let line = |day, kind, reason: &str, count| (day, kind, reason.to_owned(), count);
    let tet = "Tết Nguyên đán";
    assert_eq!(
        account,
        [
            line(18, DayKind::Start, "Ngày tiếp nhận, không tính", None),
            line(19, DayKind::Counted, "Ngày làm việc", Some(1)),
            line(20, DayKind::Holiday, tet, None),
            line(21, DayKind::Weekend, "Thứ Bảy", None),
            line(22, DayKind::Weekend, "Chủ nhật", None),
            line(23, DayKind::Holiday, tet, None),
            line(24, DayKind::Holiday, tet, None),
            line(25, DayKind::Holiday, tet, None),
            line(26, DayKind::Holiday, tet, None),
            line(27, DayKind::Paused, "Tạm dừng tính thời hạn", None),
            line(28, DayKind::Weekend, "Thứ Bảy", None),
            line(29, DayKind::Weekend, "Chủ nhật", None),
            line(30, DayKind::Paused, "Tạm dừng tính thời hạn", None),
            line(31, DayKind::Counted, "Ngày làm việc", Some(2)),
            line(1, DayKind::Counted, "Ngày làm việc", Some(3)),
            line(2, DayKind::Due, "Ngày hẹn trả kết quả", Some(4)),
        ]
    );
}

#[test]
fn the_account_names_worked_saturdays_rolled_ends_and_unpublished_years() {
    let account = |limit, start: &str| {
        explain(
            limit,
            at(start),
            &[],
            due_of(limit, start),
            calendar(),
            &HOURS,
        )
    };
    let days = account(working_days(3), "2024-04-26");
    let last = days.last().unwrap();
    assert_eq!(
        &*last.reason,
        "Ngày hẹn trả kết quả (Làm bù cho ngày nghỉ 29/4)"
    );
    assert_eq!((last.kind, last.count), (DayKind::Due, Some(3)));

    // Ten calendar days end on Tết: the days on the way to the 27th are not counted.
    let days = account(limit(10, TimeUnit::CalendarDays), "2023-01-10");
    let counts: Vec<_> = days
        .iter()
        .filter(|it| it.date >= day("2023-01-19"))
        .map(|it| it.count)
        .collect();
    assert_eq!(
        counts,
        [
            Some(9),
            Some(10),
            None,
            None,
            None,
            None,
            None,
            None,
            Some(10)
        ]
    );

    let days = account(working_days(1), "2026-12-31");
    assert_eq!(
        &*days.last().unwrap().reason,
        "Ngày hẹn trả kết quả (lịch năm 2027 chưa công bố)"
    );

    let days = account(working_hours(8), "2023-01-19 14:00");
    assert_eq!(&*days[0].reason, "Ngày tiếp nhận, tính từ giờ tiếp nhận");
    assert_eq!(
        (days[0].count, days.last().unwrap().count),
        (Some(3), Some(8))
    );
}
