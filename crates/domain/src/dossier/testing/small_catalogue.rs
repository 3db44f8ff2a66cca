//! A catalogue small enough to read: four agencies, two points, ten procedures, two law versions, a calendar with holes.

use crate::catalogue::Catalogue;

/// The department most tests file with.
pub const AGENCY: &str = "000.00.06.H20";
/// The provincial centre, whose counters the post's staff run.
pub const CENTRE: &str = "TTPVHCC-DT";
/// The post.
pub const POST: &str = "VNPOST-DT";
/// Ten working days, on every channel.
pub const TEN_DAYS: &str = "1.000010";
/// Information only online; five working days.
pub const INFORMATION_ONLY: &str = "1.000005";
/// Result at once; within the day.
pub const AT_ONCE: &str = "1.000001";
/// Eight working hours.
pub const EIGHT_HOURS: &str = "1.000008";
/// A fee stops the clock; fifteen working days, twelve online.
pub const WITH_FEE: &str = "1.000015";
/// A fee does not stop the clock; fifteen working days.
pub const WITH_RUNNING_FEE: &str = "1.000016";
/// Decided by another department.
pub const OF_ANOTHER_AGENCY: &str = "1.000099";
/// No statutory time.
pub const WITHOUT_LIMIT: &str = "1.000000";
/// Abolished at the end of 2022.
pub const ABOLISHED: &str = "1.000022";

const AGENCIES: &str = r#"
[[hours]]
name = "dong-thap"
morning = ["07:00", "11:30"]
afternoon = ["13:30", "17:00"]

[[agency]]
id = "000.00.00.H20"
name = "Ủy ban nhân dân tỉnh Đồng Tháp"
level = "province"
code_prefix = "000.00.00.H20"
valid_from = 2018-06-21
hours = "dong-thap"

[[agency]]
id = "000.00.06.H20"
name = "Sở Văn hóa, Thể thao và Du lịch tỉnh Đồng Tháp"
parent = "000.00.00.H20"
level = "department"
code_prefix = "000.00.06.H20"
valid_from = 2018-06-21
hours = "dong-thap"

[[agency]]
id = "000.00.09.H20"
name = "Sở Tài nguyên và Môi trường tỉnh Đồng Tháp"
parent = "000.00.00.H20"
level = "department"
code_prefix = "000.00.09.H20"
valid_from = 2018-06-21
valid_to = 2025-02-28
successor = "000.00.06.H20"
hours = "dong-thap"

[[agency]]
id = "000.00.10.H20"
name = "Ban quản lý dự án, đã giải thể"
parent = "000.00.00.H20"
level = "department"
code_prefix = "000.00.10.H20"
valid_from = 2018-06-21
valid_to = 2022-12-31
hours = "dong-thap"
"#;

const POINTS: &str = r#"
[[point]]
id = "TTPVHCC-DT"
name = "Trung tâm Kiểm soát thủ tục hành chính và Phục vụ hành chính công tỉnh Đồng Tháp"
place = "counter"
serves = ["000.00.06.H20", "000.00.09.H20"]
operators = ["000.00.00.H20", "VNPOST-DT"]
valid_from = 2018-06-21

[[point]]
id = "BD-CAOLANH"
name = "Bưu cục Cao Lãnh"
place = "post_office"
serves = ["000.00.09.H20"]
operators = ["VNPOST-DT"]
valid_from = 2018-06-21
valid_to = 2023-06-30
"#;

const FIELDS: &str = r#"
[[field]]
code = "H20-VH"
name = "Văn hóa"
"#;

const CALENDAR: &str = "\
# published: 2022, 2023, 2024, 2026
date,kind,reason,certainty
2022-02-01,off,Tết Nguyên đán,certain
2023-01-02,off,Nghỉ bù Tết Dương lịch,certain
2023-01-20,off,Tết Nguyên đán,certain
2023-01-23,off,Tết Nguyên đán,certain
2023-01-24,off,Tết Nguyên đán,certain
2023-01-25,off,Tết Nguyên đán,certain
2023-01-26,off,Tết Nguyên đán,certain
2024-02-08,off,Tết Nguyên đán,certain
2026-01-01,off,Tết Dương lịch,certain
2026-11-24,off,Ngày Văn hóa Việt Nam,certain
2027-01-01,off,Tết Dương lịch,certain
";

/// The calendar of 2027, published at last: 4 January is off as well.
const CALENDAR_2027: &str = "\
# published: 2022, 2023, 2024, 2026, 2027
date,kind,reason,certainty
2022-02-01,off,Tết Nguyên đán,certain
2023-01-20,off,Tết Nguyên đán,certain
2024-02-08,off,Tết Nguyên đán,certain
2026-11-24,off,Ngày Văn hóa Việt Nam,certain
2027-01-01,off,Tết Dương lịch,certain
2027-01-04,off,Hoán đổi,certain
";

fn procedures() -> String {
    let procedure = |code: &str, rest: &str| {
        format!(
            "[[procedure]]\ncode = \"{code}\"\nname = \"Thủ tục {code}\"\nfield = \"H20-VH\"\nlevel = \"department\"\n\
             valid_from = 2018-06-21\nsynthetic = true\n{rest}\n"
        )
    };
    let ours = "agencies = [\"000.00.06.H20\"]";
    let days = |n: u16| format!("limit = {{ amount = {n}, unit = \"working_days\" }}");
    [
        procedure(TEN_DAYS, &format!("{ours}\nonline = \"full\"\n{}", days(10))),
        procedure(INFORMATION_ONLY, &format!("{ours}\nonline = \"information_only\"\n{}", days(5))),
        procedure(
            AT_ONCE,
            &format!("{ours}\nonline = \"partial\"\nimmediate = true\nlimit = {{ amount = 0, unit = \"same_day\" }}"),
        ),
        procedure(
            EIGHT_HOURS,
            &format!("{ours}\nonline = \"full\"\nlimit = {{ amount = 8, unit = \"working_hours\" }}"),
        ),
        procedure(
            WITH_FEE,
            &format!(
                "{ours}\nonline = \"full\"\nfee_bearing = true\nfee_suspends_clock = true\n{}\n\
                 limit_online = {{ amount = 12, unit = \"working_days\" }}",
                days(15)
            ),
        ),
        procedure(
            WITH_RUNNING_FEE,
            &format!("{ours}\nonline = \"full\"\nfee_bearing = true\n{}", days(15)),
        ),
        procedure(
            OF_ANOTHER_AGENCY,
            &format!("agencies = [\"000.00.09.H20\"]\nonline = \"full\"\n{}", days(10)),
        ),
        procedure(WITHOUT_LIMIT, &format!("{ours}\nonline = \"full\"\nno_limit = true")),
        procedure(ABOLISHED, &format!("{ours}\nonline = \"full\"\nvalid_to = 2022-12-31\n{}", days(10))),
    ]
    .concat()
}

/// Two law versions with a gap between them: the first restarts after a supplement and knows no lapse, the second
/// suspends, and a supplement lapses after thirty working days.
fn law() -> String {
    let version =
        |id: &str, period: &str, on_supplement: &str, lapse: &str, on_suspension: &str| {
            let parameter = |name: &str, value: &str| {
                let (value, certainty) = match value {
                    "" => (String::new(), "not_established"),
                    value => (format!("value = {value}\n"), "assumed"),
                };
                format!(
                    "[law.{name}]\n{value}source = \"thử nghiệm\"\ncertainty = \"{certainty}\"\n"
                )
            };
            format!(
                "[[law]]\nid = \"{id}\"\nname = \"Luật thử {id}\"\n{period}\n{}\n",
                [
                    parameter("on_supplement", &format!("\"{on_supplement}\"")),
                    parameter("supplement_request_within_working_days", "3"),
                    parameter("supplement_requests_max", "1"),
                    parameter("supplement_lapses_after_working_days", lapse),
                    parameter("extensions_max", "1"),
                    parameter("extension_notice_days", "1"),
                    parameter("late_extension_counts", "false"),
                    parameter("on_suspension", &format!("\"{on_suspension}\"")),
                    parameter("online_answer_working_hours", "8"),
                    parameter("transfer_cutoff", "\"15:00\""),
                    parameter("same_day_cutoff", "\"15:00\""),
                    parameter("accept_back_dating_max_working_days", "30"),
                    parameter("record_late_max_working_days", "60"),
                ]
                .concat()
            )
        };
    [
        version(
            "restarts",
            "in_force_from = 2018-06-21\nin_force_to = 2025-06-30",
            "restart",
            "",
            "pause",
        ),
        version(
            "suspends",
            "in_force_from = 2025-08-01",
            "suspend",
            "30",
            "pause",
        ),
    ]
    .concat()
}

fn catalogue_on(calendar: &str) -> Catalogue {
    let (procedures, law) = (procedures(), law());
    Catalogue::parse(&[
        ("agencies.toml", AGENCIES),
        ("points.toml", POINTS),
        ("fields.toml", FIELDS),
        ("procedures.toml", &procedures),
        ("calendar.csv", calendar),
        ("law.toml", &law),
    ])
    .unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// The small catalogue.
pub fn catalogue() -> Catalogue {
    catalogue_on(CALENDAR)
}

/// The small catalogue once the calendar of 2027 is published.
pub fn catalogue_with_2027() -> Catalogue {
    catalogue_on(CALENDAR_2027)
}
