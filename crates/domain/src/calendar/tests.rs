//! What the calendar says, and what it refuses.

use jiff::civil::date;

use super::*;

pub(crate) const SHIPPED: &str = include_str!("../../../../deploy/catalogue/calendar.csv");

fn shipped() -> Calendar {
    Calendar::parse("calendar.csv", SHIPPED).expect("the shipped calendar is whole")
}

fn faults(text: &str) -> Vec<String> {
    Calendar::parse("calendar.csv", text)
        .expect_err("broken")
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn every_published_year_has_the_working_days_of_its_notice() {
    let calendar = shipped();
    let table = [
        (2021, 250),
        (2022, 249),
        (2023, 249),
        (2024, 251),
        (2025, 250),
        (2026, 249),
    ];
    for (year, days) in table {
        assert!(calendar.published(year));
        assert_eq!(calendar.working_days_in(year), days, "{year}");
    }
    assert!(calendar.published_years().eq(2021..=2026));
    assert!(!calendar.published(2027), "Tết 2027 has not been decided");
}

#[test]
fn a_day_says_why_it_is_off_or_worked() {
    let calendar = shipped();
    let tet = calendar.day(date(2023, 1, 23));
    assert_eq!(
        (tet.working, tet.kind, tet.reason),
        (false, CalendarDayKind::Holiday, "Tết Nguyên đán")
    );
    let swap = calendar.day(date(2024, 5, 4));
    assert_eq!(
        (swap.working, swap.kind),
        (true, CalendarDayKind::WorkedWeekend)
    );
    let sunday = calendar.day(date(2024, 5, 5));
    assert_eq!(
        (sunday.working, sunday.kind, sunday.reason),
        (false, CalendarDayKind::Weekend, "Chủ nhật")
    );
    let monday = calendar.day(date(2024, 5, 6));
    assert_eq!(
        (monday.working, monday.kind, monday.reason),
        (true, CalendarDayKind::Weekday, "")
    );
    assert_eq!(monday.certainty, None);
    let culture = calendar.day(date(2026, 11, 24));
    assert_eq!(
        (culture.working, culture.reason),
        (false, "Ngày Văn hóa Việt Nam")
    );
    assert!(culture.certainty.unwrap().starts_with("official"));
}

#[test]
fn a_calendar_that_changes_by_a_letter_is_another_version() {
    let other = SHIPPED.replace("Văn hóa", "Van hoa");
    let other = Calendar::parse("calendar.csv", &other).unwrap();
    assert_ne!(other.version(), shipped().version());
    assert_eq!(shipped().version().as_str().len(), 16);
}

#[test]
fn every_fault_is_named_with_its_line_at_once() {
    let text = "\
# published: 2023, soon
date,kind,reason,certainty
2023-01-02,off,Tết Dương lịch,official
# a comment in between does not shift the lines
2023-01-02,off,Tết Dương lịch,official
2023-13-01,off,nonsense,official
2023-01-07,off,a Saturday,official
2023-01-09,worked,a Monday,official
2023-01-20,closed,Tết,official
2023-01-23,off,,official
2023-01-24,off
";
    assert_eq!(
        faults(text),
        [
            "calendar.csv:1: `soon` is not a year or a range of years like 2021..2026",
            "calendar.csv:5: 2023-01-02 is already in line 3",
            "calendar.csv:6: `2023-13-01` is not a date like 2026-11-24",
            "calendar.csv:7: 2023-01-07 is off anyway: it is a weekend day (Thứ Bảy)",
            "calendar.csv:8: 2023-01-09 is worked anyway: it is not a weekend day",
            "calendar.csv:9: kind `closed` is neither `off` nor `worked`",
            "calendar.csv:10: `reason` is empty",
            "calendar.csv:11: 2 columns instead of date, kind, reason, certainty",
        ]
    );
}

#[test]
fn a_calendar_must_say_what_is_published_and_hold_it() {
    assert_eq!(
        faults("date,kind,reason,certainty\n2023-01-02,off,Tết,official\n"),
        ["calendar.csv:1: no comment line `# published: …` says which years are published"]
    );
    assert_eq!(
        faults(
            "# published: 2023..2024\ndate,kind,reason,certainty\n2023-01-02,off,Tết,official\n"
        ),
        ["calendar.csv:1: 2024 is published but has no day off"]
    );
    assert_eq!(
        faults("# published: 2023\nday;what\n"),
        [
            "calendar.csv:1: 2023 is published but has no day off",
            "calendar.csv:2: the first row must be `date,kind,reason,certainty`",
        ]
    );
    assert_eq!(faults("").len(), 2);
}
