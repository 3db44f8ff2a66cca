//! The account of a due date, as an applicant or an inspector would read it.

use domain::clock::DayKind;
use domain::dossier::explain::{DeadlineExplanation, explain_deadline};

use crate::testing::*;

fn explained(story: &Story) -> DeadlineExplanation {
    explain_deadline(&story.history, &story.catalogue).unwrap()
}

fn told(explanation: &DeadlineExplanation) -> Vec<String> {
    explanation
        .days
        .iter()
        .map(|day| {
            let count = day
                .count
                .map(|count| format!(" {count}"))
                .unwrap_or_default();
            format!("{} {}{count}: {}", day.date, day.kind.as_str(), day.reason)
        })
        .collect()
}

#[test]
fn before_acceptance_there_is_no_due_date_to_explain() {
    let story = Story::filed("2022-12-15T09:00", TEN_DAYS);
    assert_eq!(explain_deadline(&story.history, &story.catalogue), None);
}

#[test]
fn every_day_is_counted_skipped_or_paused_with_its_reason() {
    let mut story = Story::accepted("2023-01-12T09:00", TEN_DAYS);
    story
        .at("2023-01-18T09:00")
        .does(suspend())
        .at("2023-01-30T09:00")
        .does(resume());
    let explanation = explained(&story);
    assert_eq!(
        explanation.days.last().unwrap().date.to_string(),
        story.due()
    );
    assert_eq!(explanation.days.last().unwrap().count, Some(10));
    assert_eq!(
        told(&explanation),
        [
            "2023-01-12 start: Ngày tiếp nhận, không tính",
            "2023-01-13 counted 1: Ngày làm việc",
            "2023-01-14 weekend: Thứ Bảy",
            "2023-01-15 weekend: Chủ nhật",
            "2023-01-16 counted 2: Ngày làm việc",
            "2023-01-17 counted 3: Ngày làm việc",
            "2023-01-18 counted 4: Ngày làm việc",
            "2023-01-19 paused: Tạm dừng xử lý",
            "2023-01-20 holiday: Tết Nguyên đán",
            "2023-01-21 weekend: Thứ Bảy",
            "2023-01-22 weekend: Chủ nhật",
            "2023-01-23 holiday: Tết Nguyên đán",
            "2023-01-24 holiday: Tết Nguyên đán",
            "2023-01-25 holiday: Tết Nguyên đán",
            "2023-01-26 holiday: Tết Nguyên đán",
            "2023-01-27 paused: Tạm dừng xử lý",
            "2023-01-28 weekend: Thứ Bảy",
            "2023-01-29 weekend: Chủ nhật",
            "2023-01-30 paused: Tạm dừng xử lý",
            "2023-01-31 counted 5: Ngày làm việc",
            "2023-02-01 counted 6: Ngày làm việc",
            "2023-02-02 counted 7: Ngày làm việc",
            "2023-02-03 counted 8: Ngày làm việc",
            "2023-02-04 weekend: Thứ Bảy",
            "2023-02-05 weekend: Chủ nhật",
            "2023-02-06 counted 9: Ngày làm việc",
            "2023-02-07 due 10: Ngày hẹn trả kết quả",
        ]
    );
}

#[test]
fn each_step_says_what_it_did_to_the_clock_in_both_languages() {
    let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
    story.at("2022-12-05T09:00").does(ask_supplement());
    story.at("2022-12-12T09:00").does(bring_supplement());
    story
        .at("2022-12-20T09:00")
        .does(extend("2022-12-30"))
        .does(resolve());
    let explanation = explained(&story);
    let steps: Vec<_> = explanation
        .steps
        .iter()
        .map(|step| {
            (
                step.what.vi.as_str(),
                step.what.en.as_str(),
                step.due_after.unwrap().date().to_string(),
            )
        })
        .collect();
    let steps: Vec<_> = steps
        .iter()
        .map(|(vi, en, due)| (*vi, *en, due.as_str()))
        .collect();
    assert_eq!(
        steps,
        [
            (
                "Tiếp nhận hồ sơ, mã 000.00.06.H20-221201-0001, hẹn trả 15/12/2022; bắt đầu tính thời hạn",
                "Accepted with code 000.00.06.H20-221201-0001, due on 2022-12-15; the clock starts",
                "2022-12-15"
            ),
            (
                "Yêu cầu bổ sung lần 1 (lý do: missing); thời hạn không tính trong khi chờ",
                "Supplement 1 asked for (reason: missing); the wait does not count",
                "2022-12-15"
            ),
            (
                "Nhận bổ sung hồ sơ, hẹn trả 26/12/2022; thời hạn tính lại từ đầu",
                "The supplement came, due on 2022-12-26; the time starts anew",
                "2022-12-26"
            ),
            (
                "Xin lỗi và hẹn lại lần 1, hẹn trả 30/12/2022",
                "Apology and extension 1, due on 2022-12-30",
                "2022-12-30"
            ),
            (
                "Có kết quả giải quyết GP-12; kết thúc tính thời hạn",
                "Resolved with result GP-12; the clock ends",
                "2022-12-30"
            ),
        ]
    );
    let first = explanation.days.first().unwrap();
    assert_eq!(
        (first.date, first.kind),
        (day("2022-12-12"), DayKind::Start)
    );
    assert_eq!(
        &*first.reason,
        "Ngày nhận đủ bổ sung, thời hạn tính lại từ đầu"
    );
    let last = explanation.days.last().unwrap();
    assert_eq!(&*last.reason, "Ngày hẹn trả kết quả (được hẹn lại)");
}

#[test]
fn the_rules_applied_are_named_with_source_and_certainty() {
    let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
    assert!(explained(&story).rules.is_empty(), "nothing but counting");
    story.at("2022-12-05T09:00").does(ask_supplement());
    let rules = explained(&story).rules;
    let named: Vec<_> = rules
        .iter()
        .map(|rule| (rule.parameter, rule.value.as_str(), rule.certainty.as_str()))
        .collect();
    assert_eq!(
        named,
        [
            ("on_supplement", "restart", "assumed"),
            ("supplement_request_within_working_days", "3", "assumed"),
            ("supplement_requests_max", "1", "assumed"),
            (
                "supplement_lapses_after_working_days",
                "not established",
                "not_established"
            ),
        ]
    );
    assert!(rules.iter().all(|rule| !rule.source.is_empty()));
}

#[test]
fn while_a_payment_is_awaited_the_days_are_told_as_paused() {
    let mut story = Story::accepted("2022-12-01T09:00", WITH_FEE);
    story.at("2022-12-05T09:00").does(ask_fee("TB-1"));
    let days = explained(&story).days;
    let sixth = days.iter().find(|it| it.date == day("2022-12-06")).unwrap();
    assert_eq!(
        (sixth.kind, &*sixth.reason),
        (DayKind::Paused, "Chờ thực hiện nghĩa vụ tài chính")
    );
}

#[test]
fn a_provisional_due_date_says_so_and_so_does_an_outdated_calendar() {
    let mut story = Story::accepted("2026-12-21T09:00", TEN_DAYS);
    assert!(explained(&story).provisional);
    assert!(explained(&story).calendar_is_current);
    assert!(
        explained(&story).steps[0]
            .what
            .vi
            .contains("hẹn trả (tạm tính) 05/01/2027")
    );
    story.catalogue = catalogue_with_2027();
    assert!(!explained(&story).calendar_is_current);
    story.does(recompute());
    assert!(!explained(&story).provisional);
    assert!(explained(&story).calendar_is_current);
}
