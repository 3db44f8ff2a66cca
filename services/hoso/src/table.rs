//! Reports, dossiers, receipts, histories and explanations as text for people: Vietnamese first, English second.

use std::fmt::Write as _;

use api::hoso::dossier::v1::{
    Channel, Dossier, Due, HistoryEntry, Phase, Receipt, TimeLimit, TimeUnit,
};
use api::hoso::processing::v1::ExplainDeadlineResponse;
use api::hoso::reporting::v1::{GetReportResponse, ReportRow};
use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets,
};
use domain::dossier::flags::Flag;
use domain::local;
use jiff::Timestamp;

/// The form's column headings, with their numbers.
const HEADINGS: [&str; 12] = [
    "(2)\nLĩnh vực",
    "(3)\nTiếp\nnhận",
    "(4)\nTrực\ntuyến",
    "(5)\nTr. tiếp,\nbưu chính",
    "(6)\nKỳ\ntrước",
    "(7)\nĐã giải\nquyết",
    "(8)\nTrước\nhạn",
    "(9)\nĐúng\nhạn",
    "(10)\nQuá\nhạn",
    "(11)\nĐang giải\nquyết",
    "(12)\nTrong\nhạn",
    "(13)\nQuá\nhạn",
];
const WIDTH: u16 = 150;
/// The longest name on one line; longer ones are wrapped.
const NAME_WIDTH: u16 = 48;

/// Form II.06a with its checks and what stands below the line.
pub fn report(report: &GetReportResponse) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "Biểu số II.06a/VPCP/KSTT · Tình hình, kết quả giải quyết thủ tục hành chính\n\
         Kỳ báo cáo {} – {} · số liệu đến {} · vị trí nhật ký {} · {}",
        day(&report.from),
        day(&report.to),
        moment(report.as_of),
        report.log_position,
        report.chain_hash.get(..16).unwrap_or_default(),
    );
    if report.total.is_none() {
        text.push_str(
            "Ít hồ sơ, không công bố số liệu · so few dossiers that no figures are given\n",
        );
        return text;
    }
    let _ = writeln!(text, "{}", grid(report));
    let _ = writeln!(text, "Kiểm tra · checks:");
    for check in &report.checks {
        let mark = if check.holds { "✓" } else { "✗" };
        let _ = writeln!(text, "  {mark} {}: {}", check.id, check.detail);
    }
    let _ = writeln!(text, "Ngoài biểu · below the line (khác 0 · other than 0):");
    for line in report.memo.iter().filter(|line| line.value > 0) {
        let _ = writeln!(text, "  {:>6}  {} · {}", line.value, line.label, line.key);
    }
    text
}

fn grid(report: &GetReportResponse) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH)
        .set_header(HEADINGS);
    for row in &report.rows {
        table.add_row(cells(row));
    }
    if let Some(total) = &report.total {
        table.add_row(cells(total));
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_constraint(if index == 0 {
            ColumnConstraint::UpperBoundary(Width::Fixed(NAME_WIDTH))
        } else {
            ColumnConstraint::ContentWidth
        });
    }
    table
}

fn cells(row: &ReportRow) -> Vec<Cell> {
    let figures = [
        row.c3, row.c4, row.c5, row.c6, row.c7, row.c8, row.c9, row.c10, row.c11, row.c12, row.c13,
    ];
    let name = if row.name.is_empty() {
        &row.key
    } else {
        &row.name
    };
    std::iter::once(Cell::new(name))
        .chain(
            figures
                .iter()
                .map(|figure| Cell::new(figure).set_alignment(CellAlignment::Right)),
        )
        .collect()
}

/// Form 01, the receipt.
pub fn receipt(receipt: &Receipt) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ · receipt (form 01)"
    );
    let _ = writeln!(text, "  Mã hồ sơ · code           {}", receipt.code);
    let _ = writeln!(text, "  Nơi tiếp nhận · received  {}", receipt.point_name);
    let _ = writeln!(text, "  Cơ quan · agency          {}", receipt.agency_name);
    let _ = writeln!(
        text,
        "  Thủ tục · procedure       {}",
        receipt.procedure_name
    );
    for component in &receipt.components {
        let _ = writeln!(
            text,
            "    {}: {} bản chính, {} bản sao chứng thực, {} bản chụp",
            component.code, component.originals, component.certified_copies, component.copies
        );
    }
    let _ = writeln!(
        text,
        "  Thời hạn · limit          {}",
        limit(receipt.limit.as_ref())
    );
    let _ = writeln!(
        text,
        "  Tiếp nhận lúc · accepted  {}",
        moment(receipt.accepted_at)
    );
    let _ = writeln!(
        text,
        "  Hẹn trả · due             {}",
        due(receipt.due.as_ref())
    );
    let _ = writeln!(text, "  Áp dụng · law             {}", receipt.law);
    let _ = writeln!(text, "  Neo nhật ký · anchor      {}", receipt.anchor);
    text
}

fn phase_in_english(phase: i32) -> String {
    let name = Phase::try_from(phase).map_or("", |phase| phase.as_str_name());
    let name = name.strip_prefix("PHASE_").unwrap_or(name);
    name.to_lowercase().replace('_', " ")
}

/// How a dossier ended, in words; a way that this program does not know, as the service says it.
fn exit(exit: &str) -> String {
    let vietnamese = match exit {
        "granted" => "có kết quả",
        "refused_after_examination" => "từ chối giải quyết",
        "withdrawn" => "công dân rút",
        "terminated" => "dừng giải quyết",
        "supplement_lapsed" => "quá hạn bổ sung",
        other => return other.to_owned(),
    };
    format!("{vietnamese} · {}", exit.replace('_', " "))
}

/// What a person must know, in words, and by their names for programs.
fn flags(flags: &[String]) -> String {
    let told = flags.iter().map(|name| {
        Flag::named(name).map_or_else(
            || name.clone(),
            |flag| format!("{} ({name})", flag.label_vi()),
        )
    });
    told.collect::<Vec<_>>().join("; ")
}

/// A dossier's state.
pub fn dossier(dossier: &Dossier) -> String {
    let code = if dossier.code.is_empty() {
        "(chưa có mã · no code yet)"
    } else {
        &dossier.code
    };
    let phase = api::convert::values::phase(dossier.phase);
    let label = phase.map_or("", domain::Phase::label_vi);
    let mut text = String::new();
    let _ = writeln!(text, "{code}");
    let _ = writeln!(
        text,
        "  Trạng thái · status       {label} · {} (mã quốc gia {})",
        phase_in_english(dossier.phase),
        dossier.national_status
    );
    let _ = writeln!(
        text,
        "  Thủ tục · procedure       {} {}",
        dossier.procedure, dossier.procedure_name
    );
    let _ = writeln!(text, "  Cơ quan · agency          {}", dossier.agency);
    if !dossier.agency_now.is_empty() && dossier.agency_now != dossier.agency {
        let _ = writeln!(text, "  Đang ở · now at           {}", dossier.agency_now);
    }
    let _ = writeln!(
        text,
        "  Kênh · channel            {}",
        channel(dossier.channel)
    );
    let _ = writeln!(
        text,
        "  Nộp lúc · filed           {}",
        moment(dossier.submitted_at)
    );
    let _ = writeln!(
        text,
        "  Tiếp nhận · accepted      {}",
        moment(dossier.accepted_at)
    );
    let _ = writeln!(
        text,
        "  Hẹn trả · due             {}",
        due(dossier.due.as_ref())
    );
    if dossier.due != dossier.original_due {
        let _ = writeln!(
            text,
            "  Hẹn ban đầu · first due   {}",
            due(dossier.original_due.as_ref())
        );
    }
    if dossier.ended_at.is_some() {
        let _ = writeln!(
            text,
            "  Kết thúc · ended          {} ({})",
            moment(dossier.ended_at),
            exit(&dossier.exit)
        );
    }
    if !dossier.holder.is_empty() {
        let _ = writeln!(text, "  Người giữ · holder        {}", dossier.holder);
    }
    if !dossier.flags.is_empty() {
        let _ = writeln!(
            text,
            "  Lưu ý · flags             {}",
            flags(&dossier.flags)
        );
    }
    if dossier.synthetic {
        let _ = writeln!(text, "  Dữ liệu tổng hợp, không có thật · synthetic data");
    }
    let _ = writeln!(text, "  Số sự kiện · revision     {}", dossier.revision);
    text
}

/// A history, oldest first.
pub fn history(events: &[HistoryEntry]) -> String {
    let mut text = String::new();
    for event in events {
        let recorded =
            if event.recorded_at.map(|at| at.seconds) == event.occurred_at.map(|at| at.seconds) {
                String::new()
            } else {
                format!(" (ghi nhận · recorded {})", moment(event.recorded_at))
            };
        let _ = writeln!(
            text,
            "{:>4}  {}{recorded}  {}\n      {} · {} · {}",
            event.revision,
            moment(event.occurred_at),
            event.text_vi,
            event.text_en,
            event.actor,
            event.organisation
        );
    }
    text
}

/// Why a due date is what it is.
pub fn explanation(explained: &ExplainDeadlineResponse) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{}: thời hạn {} từ {} · hẹn trả {}",
        explained.code,
        limit(explained.limit.as_ref()),
        moment(explained.accepted_at),
        due(explained.due.as_ref())
    );
    for step in &explained.steps {
        let _ = writeln!(
            text,
            "  {}  {} → {}\n                    {}",
            moment(step.at),
            step.text_vi,
            due(step.due.as_ref()),
            step.text_en
        );
    }
    for day_of in &explained.days {
        let count = if day_of.count > 0 {
            format!("{:>3}", day_of.count)
        } else {
            "  –".to_owned()
        };
        let _ = writeln!(
            text,
            "  {} {count}  {:<15} {} · {}",
            day(&day_of.date),
            day_of.kind,
            day_of.reason,
            day_of.reason_en
        );
    }
    let _ = writeln!(
        text,
        "  {} ({}) · lịch · calendar {} · danh mục · catalogue {}",
        explained.law_name, explained.law, explained.calendar, explained.catalogue
    );
    for rule in &explained.rules {
        let _ = writeln!(
            text,
            "  {} = {} · {} [{}]",
            rule.parameter, rule.value, rule.source, rule.certainty
        );
    }
    text
}

/// A civil day the Vietnamese way.
pub fn day(date: &str) -> String {
    date.parse::<jiff::civil::Date>().map_or_else(
        |_| date.to_owned(),
        |date| date.strftime("%d/%m/%Y").to_string(),
    )
}

/// A moment in Vietnam.
pub fn moment(at: Option<prost_types::Timestamp>) -> String {
    at.and_then(|at| Timestamp::new(at.seconds, at.nanos).ok())
        .map_or_else(
            || "–".to_owned(),
            |at| local::datetime(at).strftime("%d/%m/%Y %H:%M").to_string(),
        )
}

/// A due date.
pub fn due(due: Option<&Due>) -> String {
    match due {
        None => "không có · none".to_owned(),
        Some(due) if due.provisional => format!("{} (tạm tính · provisional)", moment(due.at)),
        Some(due) => moment(due.at),
    }
}

fn limit(limit: Option<&TimeLimit>) -> String {
    let Some(limit) = limit else {
        return "không quy định · none".to_owned();
    };
    let unit = match TimeUnit::try_from(limit.unit) {
        Ok(TimeUnit::WorkingDays) => "ngày làm việc · working days",
        Ok(TimeUnit::CalendarDays) => "ngày · calendar days",
        Ok(TimeUnit::WorkingHours) => "giờ làm việc · working hours",
        Ok(TimeUnit::Months) => "tháng · months",
        Ok(TimeUnit::SameDay) => return "trong ngày · same day".to_owned(),
        Ok(TimeUnit::Unspecified) | Err(_) => "",
    };
    format!("{} {unit}", limit.amount)
}

fn channel(channel: i32) -> &'static str {
    match Channel::try_from(channel) {
        Ok(Channel::Direct) => "trực tiếp · direct",
        Ok(Channel::Online) => "trực tuyến · online",
        Ok(Channel::Postal) => "bưu chính công ích · postal",
        Ok(Channel::Unspecified) | Err(_) => "–",
    }
}

/// A moment for programs: RFC 3339 in UTC.
pub fn instant(at: Option<prost_types::Timestamp>) -> Option<String> {
    at.and_then(|at| Timestamp::new(at.seconds, at.nanos).ok())
        .map(|at| at.to_string())
}

#[cfg(test)]
mod tests {
    use api::hoso::dossier::v1::{Dossier, Phase};

    #[test]
    fn a_dossier_is_told_to_people_in_words() {
        let told = super::dossier(&Dossier {
            phase: Phase::AwaitingSupplement.into(),
            flags: vec![
                "second_extension".to_owned(),
                "of_a_newer_program".to_owned(),
            ],
            ended_at: Some(prost_types::Timestamp::default()),
            exit: "supplement_lapsed".to_owned(),
            ..Dossier::default()
        });
        for words in [
            "Yêu cầu bổ sung giấy tờ · awaiting supplement",
            "(quá hạn bổ sung · supplement lapsed)",
            "(second_extension); of_a_newer_program",
        ] {
            assert!(told.contains(words), "{words} is not in:\n{told}");
        }
        assert!(!told.contains("PHASE_"), "{told}");
    }
}
