//! Worked examples, each counted by hand on the notices of its year.

use super::*;

#[test]
fn working_days_are_counted_by_date() {
    let table = [
        ("2022-12-15", 20, "2023-01-13"),
        ("2022-12-30", 1, "2023-01-03"),
        ("2022-12-30", 5, "2023-01-09"),
        ("2023-01-18", 5, "2023-02-01"),
        ("2023-01-19", 1, "2023-01-27"),
        ("2023-04-28", 3, "2023-05-08"),
        ("2024-04-26", 3, "2024-05-04"),
        ("2025-04-25", 1, "2025-04-26"),
        ("2025-04-25", 5, "2025-05-06"),
        ("2026-01-09", 1, "2026-01-10"),
        ("2026-02-13", 5, "2026-02-27"),
        ("2026-08-21", 3, "2026-08-25"),
        ("2026-11-23", 1, "2026-11-25"),
        ("2026-11-20", 3, "2026-11-26"),
    ];
    for (accepted, days, expected) in table {
        let due = due_of(working_days(days), accepted);
        assert_eq!(due.date(), day(expected), "{accepted} + {days}");
        assert_eq!(
            due.at,
            at(&format!("{expected} 17:00")),
            "at close of business"
        );
        assert_eq!((due.rule, due.provisional), (DueRule::ByDate, false));
    }
}

#[test]
fn working_hours_consume_working_minutes() {
    let table = [
        ("2022-12-30 07:00", 8, "2022-12-30 17:00"),
        ("2023-01-19 16:00", 8, "2023-01-27 16:00"),
        ("2023-04-28 10:00", 24, "2023-05-08 10:00"),
        ("2023-05-04 11:20", 1, "2023-05-04 14:20"),
        ("2023-05-04 12:00", 8, "2023-05-05 11:30"),
        ("2023-05-05 17:30", 8, "2023-05-08 17:00"),
        ("2024-05-03 15:00", 8, "2024-05-04 15:00"),
        ("2026-11-23 14:00", 8, "2026-11-25 14:00"),
        // A holiday, before opening, and a fraction of a second.
        ("2026-11-24 10:00", 1, "2026-11-25 08:00"),
        ("2023-05-04 06:00", 1, "2023-05-04 08:00"),
        ("2023-05-04 16:30:00.25", 1, "2023-05-05 07:30:00.25"),
    ];
    for (accepted, hours, expected) in table {
        let due = due_of(working_hours(hours), accepted);
        assert_eq!(
            local::datetime(due.at),
            local::datetime(at(expected)),
            "{accepted} + {hours}"
        );
        assert_eq!((due.rule, due.provisional), (DueRule::ByInstant, false));
        let answer = working_hours_after(at(accepted), hours.into(), calendar(), &HOURS);
        assert_eq!(answer, due.at);
    }
}

#[test]
fn a_day_and_eight_hours_differ_at_opening() {
    let opening = "2022-12-30 07:00";
    assert_eq!(due_of(working_days(1), opening).date(), day("2023-01-03"));
    assert_eq!(due_of(working_hours(8), opening).at, at("2022-12-30 17:00"));
}

#[test]
fn after_closing_on_friday_one_day_is_monday() {
    assert_eq!(
        due_of(working_days(1), "2023-05-05 17:30").date(),
        day("2023-05-08")
    );
    assert_eq!(
        due_of(working_days(1), "2023-05-06 10:00").date(),
        day("2023-05-08"),
        "on Saturday"
    );
}

#[test]
fn the_civil_day_is_that_of_viet_nam() {
    let evening: Timestamp = "2022-12-14T17:30:00Z".parse().unwrap();
    let due = due(working_days(1), evening, calendar(), &HOURS);
    assert_eq!(due.date(), day("2022-12-16"), "00:30 on the 15th");
}

#[test]
fn calendar_days_end_on_a_working_day() {
    let table = [
        ("2023-01-10", 7, "2023-01-17"),
        ("2023-01-10", 10, "2023-01-27"), // the 20th is Tết
        ("2024-04-24", 10, "2024-05-04"), // a worked Saturday needs no rolling
        ("2026-11-14", 10, "2026-11-25"),
    ];
    for (accepted, days, expected) in table {
        let due = due_of(limit(days, TimeUnit::CalendarDays), accepted);
        assert_eq!(
            (due.date(), due.provisional),
            (day(expected), false),
            "{accepted} + {days}"
        );
    }
}

#[test]
fn months_keep_the_day_number_or_the_months_last() {
    let table = [
        ("2023-02-15", 1, "2023-03-15"),
        ("2023-01-31", 1, "2023-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2022-12-31", 2, "2023-02-28"),
        ("2023-03-01", 2, "2023-05-04"), // 1 May and its make-ups
        ("2022-10-14", 3, "2023-01-16"), // a Saturday
    ];
    for (accepted, months, expected) in table {
        let due = due_of(limit(months, TimeUnit::Months), accepted);
        assert_eq!(
            (due.date(), due.provisional),
            (day(expected), false),
            "{accepted} + {months}"
        );
    }
}

#[test]
fn a_same_day_result_is_due_today_until_three_in_the_afternoon() {
    let same_day = limit(0, TimeUnit::SameDay);
    let table = [
        ("2023-05-04 08:00", "2023-05-04"),
        ("2023-05-04 15:00", "2023-05-04"),
        ("2023-05-04 15:00:00.000001", "2023-05-05"),
        ("2023-05-05 16:00", "2023-05-08"),
        ("2023-05-06 09:00", "2023-05-08"), // Saturday
        ("2023-05-06 16:00", "2023-05-08"),
        ("2026-11-23 15:01", "2026-11-25"),
    ];
    for (accepted, expected) in table {
        assert_eq!(
            due_of(same_day, accepted).date(),
            day(expected),
            "{accepted}"
        );
    }
    let noon = Time::constant(12, 0, 0, 0);
    let due = due_with_cutoff(same_day, at("2023-05-04 13:00"), noon, calendar(), &HOURS);
    assert_eq!(due.date(), day("2023-05-05"), "another cut-off");
}

#[test]
fn the_half_year_of_the_article_has_121_working_days() {
    let days = working_days_between(day("2022-12-14"), day("2023-06-14"), calendar());
    assert_eq!(days, 121);
    assert_eq!(
        working_days_between(day("2023-06-14"), day("2023-06-14"), calendar()),
        0
    );
    assert_eq!(
        working_days_between(day("2023-06-14"), day("2022-12-14"), calendar()),
        0
    );
}

#[test]
fn a_count_into_an_unpublished_year_is_provisional() {
    assert!(
        !due_of(working_days(5), "2026-12-24").provisional,
        "the 31st"
    );
    let into_2027 = due_of(working_days(6), "2026-12-24");
    assert_eq!(
        into_2027.date(),
        day("2027-01-04"),
        "New Year is certain by law, yet the year is not published"
    );
    assert!(into_2027.provisional);
    assert!(due_of(limit(2, TimeUnit::Months), "2026-11-23").provisional);
    assert!(due_of(working_hours(8), "2026-12-31 10:00").provisional);
    assert!(!due_of(working_hours(8), "2026-12-31 07:00").provisional);
    assert!(
        due_of(working_days(1), "2019-05-06").provisional,
        "2019 is not in the calendar"
    );
    assert!(
        !due_of(working_days(1), "2020-12-31").provisional,
        "only the day counted matters"
    );
}

#[test]
fn classes_go_by_date_for_days_and_by_instant_for_hours() {
    let by_date = due_of(working_days(5), "2023-01-18");
    assert_eq!(by_date.class(at("2023-01-31 23:59")), Timeliness::Early);
    assert_eq!(by_date.class(at("2023-02-01 00:00")), Timeliness::OnTime);
    assert_eq!(by_date.class(at("2023-02-01 23:59")), Timeliness::OnTime);
    assert_eq!(by_date.class(at("2023-02-02 00:00")), Timeliness::Overdue);
    assert!(
        !by_date.passed(at("2023-02-01 19:00")),
        "the evening of the due day is in time"
    );
    assert!(by_date.passed(at("2023-02-02 00:00")));

    let by_instant = due_of(working_hours(8), "2023-05-04 12:00");
    assert_eq!(by_instant.class(at("2023-05-05 11:29")), Timeliness::Early);
    assert_eq!(by_instant.class(at("2023-05-05 11:30")), Timeliness::OnTime);
    assert_eq!(
        by_instant.class(at("2023-05-05 11:30:00.000001")),
        Timeliness::Overdue
    );
    assert!(!by_instant.passed(at("2023-05-05 11:30")));
}

#[test]
fn a_due_date_is_written_in_the_log_without_what_is_usual() {
    let usual = due_of(working_days(1), "2023-05-04");
    let json = serde_json::to_string(&usual).unwrap();
    assert_eq!(json, r#"{"at":"2023-05-05T10:00:00Z","rule":"by_date"}"#);
    assert_eq!(serde_json::from_str::<Due>(&json).unwrap(), usual);
    let provisional = due_of(working_hours(8), "2026-12-31 10:00");
    let json = serde_json::to_string(&provisional).unwrap();
    assert!(
        json.contains(r#""rule":"by_instant","provisional":true"#),
        "{json}"
    );
    assert_eq!(
        serde_json::to_string(&limit(0, TimeUnit::SameDay)).unwrap(),
        r#"{"amount":0,"unit":"same_day"}"#
    );
}

#[test]
fn the_end_of_time_is_an_ordinary_provisional_date() {
    for unit in TimeUnit::NAMES.iter().map(|(_, unit)| *unit) {
        for start in [Timestamp::MAX, Timestamp::MIN, at("9999-12-30 16:59")] {
            let due = due(limit(u16::MAX, unit), start, calendar(), &HOURS);
            assert!(due.provisional);
            assert!(due.at > start || start == Timestamp::MAX || unit == TimeUnit::SameDay);
        }
    }
    let last = working_hours_after(Timestamp::MIN, u32::MAX, calendar(), &HOURS);
    assert_eq!(local::date(last), Date::MAX);
    assert_eq!(working_day_after(Date::MAX, 1, calendar()), Date::MAX);
}
