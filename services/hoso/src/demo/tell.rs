//! What the demo says, piece by piece: Vietnamese first, English beside it. Nothing here asks anybody.

use std::fmt::Write as _;

use api::hoso::reporting::v1::{CheckFiguresResponse, GetReportResponse, ReportRow};
use statistics::published::Published;
use statistics::ratio::Ratio;

use super::check::{line, online_procedures};
use crate::stack::Stack;
use crate::table;

/// What is about to be played, and where.
pub(super) fn opening(folder: &str) -> String {
    format!(
        "Sở Văn hóa, Thể thao và Du lịch tỉnh Đồng Tháp, 15/12/2022 – 14/6/2023: sáu tháng hồ sơ qua ba dịch vụ tiếp nhận, \
         xử lý, báo cáo, bằng lời gọi gRPC thật, theo một đồng hồ ảo.\n\
         A department's half-year through intake, processing and reporting: real gRPC calls on a virtual clock.\n\
         Hồ sơ do máy sinh ra, không có thật; danh mục, lịch nghỉ và thời hạn thì thật đến mức đã biết.\n\
         The dossiers are synthetic and say so; catalogue, calendar and time limits are real as far as they are known.\n\
         Thư mục dữ liệu · data folder: {folder}"
    )
}

/// A heading.
pub(super) fn heading(vi: &str, en: &str) -> String {
    let title = format!("{vi} · {en}");
    let rule = "─".repeat(title.chars().count());
    format!("\n{title}\n{rule}")
}

/// The columns of a row as the form's identities.
pub(super) fn identities(row: &ReportRow) -> String {
    format!(
        "(3) {} = (4) {} + (5) {} + (6) {}; (7) {} = (8) {} + (9) {} + (10) {}; (11) {} = (12) {} + (13) {}",
        row.c3, row.c4, row.c5, row.c6, row.c7, row.c8, row.c9, row.c10, row.c11, row.c12, row.c13
    )
}

/// That the report is what was planned.
pub(super) fn as_planned(report: &GetReportResponse, before: &GetReportResponse) -> String {
    let (total, earlier) = (total(report), total(before));
    format!(
        "{}\n\
         Đúng như đã dựng, từng lĩnh vực và từng dòng ngoài biểu. As planned, field by field and line by line.\n\
         Kỳ trước (15/6 – 14/12/2022) khép lại với (11) = {}; kỳ này mở ra với (6) = {}. \
         The half-year before closes with what this one opens with.",
        identities(&total),
        earlier.c11,
        total.c6
    )
}

/// The total of a report.
pub(super) fn total(report: &GetReportResponse) -> ReportRow {
    report.total.clone().unwrap_or_default()
}

/// The article's figures beside the form's.
pub(super) fn beside(report: &GetReportResponse, published: &Published) -> String {
    let row = total(report);
    let opening_online = line(report, "opening_online");
    let opening_other = line(report, "opening_direct") + line(report, "opening_postal");
    let (received, resolved, pending) = (published.received, published.resolved, published.pending);
    let procedures = published
        .percentages
        .iter()
        .map(|it| it.ratio)
        .find(|ratio| ratio.numerator == 48);
    let lines = [
        (
            "đã tiếp nhận · received",
            received.total,
            "(3)".to_owned(),
            row.c3,
        ),
        (
            "  trực tuyến · online",
            received.online,
            format!("(4) {} + kỳ trước · carried over {opening_online}", row.c4),
            row.c4 + opening_online,
        ),
        (
            "  trực tiếp, bưu chính · direct, postal",
            received.direct_or_postal,
            format!("(5) {} + kỳ trước · carried over {opening_other}", row.c5),
            row.c5 + opening_other,
        ),
        (
            "kỳ trước chuyển qua · carried over",
            received.opening,
            "(6)".to_owned(),
            row.c6,
        ),
        (
            "đã giải quyết · resolved",
            resolved.total,
            "(7)".to_owned(),
            row.c7,
        ),
        (
            "  trước hạn · early",
            resolved.early,
            "(8)".to_owned(),
            row.c8,
        ),
        (
            "  đúng hạn · on time",
            resolved.on_time,
            "(9)".to_owned(),
            row.c9,
        ),
        (
            "  quá hạn · overdue",
            resolved.overdue,
            "(10)".to_owned(),
            row.c10,
        ),
        (
            "đang giải quyết · pending",
            pending.total,
            "(11)".to_owned(),
            row.c11,
        ),
        (
            "  trong hạn · within",
            pending.within,
            "(12)".to_owned(),
            row.c12,
        ),
        (
            "  quá hạn · overdue",
            pending.overdue,
            "(13)".to_owned(),
            row.c13,
        ),
        (
            "thủ tục có hồ sơ trực tuyến · procedures used online",
            procedures.map_or(0, |ratio| ratio.numerator),
            "ngoài biểu · below the line".to_owned(),
            online_procedures(report).unwrap_or_default(),
        ),
    ];
    let mut text = format!("{:<54}{:>8}   hoso\n", "", "bài báo");
    for (name, printed, column, counted) in lines {
        let mark = if printed == counted { "=" } else { "≠" };
        let _ = writeln!(text, "{name:<54}{printed:>8} {mark} {counted:<5} {column}");
    }
    text
}

/// What is wrong with the article's figures, and how they can be read; what holds is only counted.
pub(super) fn findings(checked: &CheckFiguresResponse) -> String {
    let mut text = String::new();
    let mut others = 0;
    for finding in &checked.findings {
        let mark = match finding.severity.as_str() {
            "error" => "✗",
            "warning" => "!",
            _ if finding.id.starts_with("reading") => "·",
            _ => {
                others += 1;
                continue;
            }
        };
        let _ = writeln!(
            text,
            "{mark} {}: {}\n    {}",
            finding.id, finding.text_vi, finding.text_en
        );
    }
    let _ = writeln!(
        text,
        "và {others} điều không có gì sai · and {others} with nothing wrong (hoso check-figures deploy/examples/dong-thap-2023-h1.toml)"
    );
    text
}

/// What was assumed so that the article's figures could be played at all.
pub(super) fn assumption(report: &GetReportResponse) -> String {
    let row = total(report);
    let received = row.c4 + row.c5;
    let online = Ratio::new(row.c4, received);
    format!(
        "Giả định · assumption: 428 đã là cột (3), gồm cả 47 hồ sơ kỳ trước chuyển qua (cách đọc B). Bài báo không nói 47 hồ sơ ấy nộp \
         bằng đường nào; ở đây chia theo tỷ lệ 353/75: 39 trực tuyến, 8 trực tiếp hoặc bưu chính.\n\
         Khi đó trong kỳ tiếp nhận {received}, trực tuyến {online}. Cách đọc B chỉ cho biết (4) nằm giữa 306 và 353, (5) giữa 28 và 75; \
         tỷ lệ thật nằm giữa {} và {}.\n\
         428 is taken for column (3), the 47 carried over included (reading B); how the 47 came is not in the article, so they are \
         split in proportion. Reading B allows (4) 306 to 353 and (5) 28 to 75.",
        Ratio::new(306, 381),
        Ratio::new(353, 381)
    )
}

/// The same report as known at two moments.
pub(super) fn then_and_now(then: &GetReportResponse, now: &GetReportResponse) -> String {
    let mut text = String::new();
    for report in [then, now] {
        let _ = writeln!(
            text,
            "như biết lúc · as known at {}, vị trí nhật ký · log position {}\n    {}",
            table::moment(report.as_of),
            report.log_position,
            identities(&total(report))
        );
    }
    text
}

/// What the late hand-over moved, and why.
pub(super) fn late(before: &GetReportResponse, after: &GetReportResponse, code: &str) -> String {
    let moved: Vec<String> = (3..)
        .zip(super::check::figures(&total(before)))
        .zip(super::check::figures(&total(after)))
        .filter(|((_, was), is)| was != is)
        .map(|((column, was), is)| format!("({column}) {was} → {is}"))
        .collect();
    format!(
        "{}Đã đổi · what moved: {}.\n\
         Vì sao · why: hồ sơ {code} nộp qua bưu chính; biên bản giao nhận ký ngày 14/6/2023, đến ngày 16/6/2023 mới được ghi. Ngày ký là \
         ngày tiếp nhận (QĐ 45/2016/QĐ-TTg Đ.7.4), nên hồ sơ thuộc kỳ đã báo cáo. Báo cáo như biết ngày 15/6 chạy lại vẫn ra số cũ; \
         báo cáo như biết sau 16/6 ra số mới, và nói được vì sao. Ký sau 15 giờ nên hẹn trả 15/6: lúc ghi thì đã quá hẹn. Số của Sở Văn hóa, Thể thao và Du lịch không đổi.\n\
         The hand-over minute was signed on 14/6 and recorded on 16/6. Its signing is the moment of lawful filing, so the dossier belongs \
         to the period already reported. The report as known on 15/6 stays what it was; the later one says what moved. Signed after 15:00 it was due on 15/6: past due before anybody knew of it. The other \
         department's figures do not move.",
        then_and_now(before, after),
        moved.join(", ")
    )
}

/// How fast it went.
pub(super) fn speed(calls: u64, events: u64, took: std::time::Duration) -> String {
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    let per_second = |count: u64| count.saturating_mul(1000) / milliseconds;
    let again = if events == 0 {
        "\nThư mục này đã được diễn trước đó: mọi yêu cầu nhận lại câu trả lời đầu tiên, không có gì bị nhân đôi. \
         This folder was played before: every request got its first answer again, nothing is doubled."
    } else {
        ""
    };
    format!(
        "{calls} lời gọi và {events} sự kiện mới trong {},{:01} giây: {} lời gọi/giây, {} sự kiện/giây, mỗi lời gọi trả lời khi dữ liệu đã \
         nằm trên đĩa.\n\
         {calls} calls and {events} new events in {}.{:01} s: {} calls/s, {} events/s, each answered when it is on disk; moments of the \
         half-year follow each other, so few calls are in flight at a time.{again}",
        milliseconds / 1000,
        milliseconds % 1000 / 100,
        per_second(calls),
        per_second(events),
        milliseconds / 1000,
        milliseconds % 1000 / 100,
        per_second(calls),
        per_second(events),
    )
}

/// Where the services listen, and what to paste next.
pub(super) fn next(
    stack: &Stack,
    program: &str,
    code: &str,
    late_code: &str,
    stays: bool,
) -> String {
    let (processing, reporting) = (stack.processing.grpc, stack.reporting.grpc);
    let mut text = format!(
        "intake {}\nprocessing {processing}\nreporting {reporting}\n",
        stack.intake.grpc
    );
    if !stays {
        text.push_str(
            "Đã kết thúc theo --exit; bỏ --exit để các dịch vụ chạy tiếp. Ended by --exit; without it the services stay up.",
        );
        return text;
    }
    let report = format!("{program} report ii06a --from 15/12/2022 --to 14/6/2023");
    let agency = super::plan::AGENCY;
    let _ = write!(
        text,
        "Dán thử ở cửa sổ khác · paste in another window:\n  \
         {program} dossier show {code} --server {processing}\n  \
         {program} dossier explain {code} --server {processing}\n  \
         {program} dossier history {late_code} --server {processing}\n  \
         {report} --agency {agency} --server {reporting}\n  \
         {report} --agency {agency} --as-of 15/3/2023 --by channel --server {reporting}\n  \
         {report} --by agency --format json --server {reporting}\n\
         Ctrl-C để dừng · to stop."
    );
    text
}
