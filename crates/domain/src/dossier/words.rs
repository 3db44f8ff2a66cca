//! What happened, as a sentence for people: each event in Vietnamese and English, without personal data.

use jiff::Timestamp;

use crate::clock::{Due, DueRule, Timeliness};
use crate::event::{
    AcceptanceBasis, AuthorisedTo, Brought, Correction, DossierAccepted, Event, EventCorrected,
    Outcome, SubtaskKind, timed,
};
use crate::ids::ActorId;
use crate::local;
use crate::written::{dmy, grouped, moment};

/// One sentence in both languages.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Words {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl Words {
    pub(super) fn new(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            vi: vi.into(),
            en: en.into(),
        }
    }
}

/// The sentence for an event, and where it was recorded if that was in another system.
pub fn words(event: &Event) -> Words {
    let words = sentence(event);
    let Some(system) = recorded_in(event) else {
        return words;
    };
    Words::new(
        format!("{} (như đã ghi tại {system})", words.vi),
        format!("{} (as recorded at {system})", words.en),
    )
}

/// The system that recorded what happened after the acceptance, if it was not this one.
pub(super) fn recorded_in(event: &Event) -> Option<&str> {
    if let Event::SupplementRequested(it) = event {
        it.recorded_in.as_deref()
    } else if let Event::SupplementReceived(it) = event {
        it.recorded_in.as_deref()
    } else if let Event::SupplementNotBrought(it) = event {
        Some(&it.recorded_in)
    } else if let Event::FeeRequested(it) = event {
        it.recorded_in.as_deref()
    } else if let Event::FeePaid(it) = event {
        it.recorded_in.as_deref()
    } else if let Event::FeeWaived(it) = event {
        it.recorded_in.as_deref()
    } else if let Event::ProcessingSuspended(it) = event {
        it.recorded_in.as_deref()
    } else if let Event::ProcessingResumed(it) = event {
        it.recorded_in.as_deref()
    } else if let Event::DeadlineExtended(it) = event {
        it.recorded_in.as_deref()
    } else {
        None
    }
}

/// Another due date than the one that follows here, in the system that the dossier comes from.
pub(super) fn say_what_was_recorded(words: &mut Words, basis: &AcceptanceBasis) {
    if let AcceptanceBasis::CarriedOver {
        system,
        recorded: Some(due),
        ..
    } = basis
    {
        let (vi, en) = (due_vi(Some(*due)), due_en(Some(*due)));
        words.vi.push_str(&format!("; tại {system} đã ghi: {vi}"));
        words.en.push_str(&format!("; {system} had recorded: {en}"));
    }
}

#[rustfmt::skip]
fn sentence(event: &Event) -> Words {
    match event {
        Event::DossierSubmitted(it) => Words::new(
            format!("Nộp hồ sơ thủ tục {}", it.procedure),
            format!("Filed for procedure {}", it.procedure)),
        Event::IntakeSupplementRequested(it) => Words::new(
            format!("Yêu cầu bổ sung trước khi tiếp nhận, lần {} (lý do: {})", it.ordinal, it.reason.code),
            format!("Intake asked for what is missing, request {} (reason: {})", it.ordinal, it.reason.code)),
        Event::IntakeSupplementReceived(_) => Words::new(
            "Nhận bổ sung trước khi tiếp nhận",
            "What was missing was brought before acceptance"),
        Event::IntakeRefused(it) => Words::new(
            format!("Từ chối tiếp nhận (lý do: {})", it.reason.code),
            format!("Refused at intake (reason: {})", it.reason.code)),
        Event::DossierAccepted(it) => accepted(it),
        Event::Transferred(it) => Words::new(
            format!("Chuyển hồ sơ đến {}", it.to),
            format!("Passed on to {}", it.to)),
        Event::TaskAssigned(it) => Words::new(
            format!("Phân công xử lý cho {}", it.holder),
            format!("Given to {}", it.holder)),
        Event::SupplementRequested(it) => Words::new(
            format!("Yêu cầu bổ sung lần {}{} (lý do: {})", it.ordinal, if it.late { ", quá thời hạn yêu cầu" } else { "" }, it.reason.code),
            format!("Supplement {} asked for{} (reason: {})", it.ordinal, if it.late { ", later than allowed" } else { "" }, it.reason.code)),
        Event::SupplementReceived(it) => Words::new(
            format!("Nhận bổ sung hồ sơ, {}", due_vi(it.due)),
            format!("The supplement came, {}", due_en(it.due))),
        Event::SupplementLapsed(it) => Words::new(
            format!("Quá hạn bổ sung lần {}, kết thúc xử lý", it.ordinal),
            format!("Supplement {} did not come in time, processing ended", it.ordinal)),
        Event::SupplementNotBrought(it) => Words::new(
            format!("Không nhận được bổ sung lần {}, tiếp tục xử lý, {}", it.ordinal, due_vi(it.due)),
            format!("Supplement {} was not brought and processing went on, {}", it.ordinal, due_en(it.due))),
        Event::FeeRequested(it) => Words::new(
            format!("Thông báo nghĩa vụ tài chính {}: {} đồng{}", it.notice, grouped(it.amount_vnd, '.'), if it.suspends_clock { ", tạm dừng tính thời hạn" } else { "" }),
            format!("Financial obligation {} notified: {} đồng{}", it.notice, grouped(it.amount_vnd, ','), if it.suspends_clock { ", the clock stands still" } else { "" })),
        Event::FeePaid(it) => Words::new(
            format!("Đã nộp {} đồng theo thông báo {}, {}", grouped(it.amount_vnd, '.'), it.notice, due_vi(it.due)),
            format!("{} đồng paid for notice {}, {}", grouped(it.amount_vnd, ','), it.notice, due_en(it.due))),
        Event::DeadlineExtended(it) => match it.due {
            Some(due) => Words::new(
                format!("Xin lỗi và hẹn lại lần {}, {}", it.ordinal, due_vi(Some(due))),
                format!("Apology and extension {}, {}", it.ordinal, due_en(Some(due)))),
            None => Words::new(
                format!("Xin lỗi và hẹn lại lần {} đến {}, không được tính: ngày hẹn trả giữ nguyên", it.ordinal, dmy(it.asked_for)),
                format!("Apology and extension {} to {}, which does not count: the due date stays", it.ordinal, it.asked_for)),
        },
        Event::ProcessingSuspended(it) => Words::new(
            format!("Tạm dừng xử lý (lý do: {})", it.reason.code),
            format!("Suspended (reason: {})", it.reason.code)),
        Event::ProcessingResumed(it) => Words::new(
            format!("Tiếp tục xử lý, {}", due_vi(it.due)),
            format!("Resumed, {}", due_en(it.due))),
        Event::ProcessingTerminated(it) => Words::new(
            format!("Dừng giải quyết (lý do: {})", it.reason.code),
            format!("Stopped for good (reason: {})", it.reason.code)),
        Event::DossierResolved(it) => match &it.outcome {
            Outcome::Granted { result, .. } => Words::new(
                format!("Có kết quả giải quyết {result}"),
                format!("Resolved with result {result}")),
            Outcome::Refused { reason } => Words::new(
                format!("Từ chối giải quyết (lý do: {})", reason.code),
                format!("Refused after examination (reason: {})", reason.code)),
        },
        Event::ResultDelivered(_) => Words::new("Đã trả kết quả", "The result was handed over"),
        Event::DossierWithdrawn(_) => Words::new("Công dân rút hồ sơ", "Withdrawn by the applicant"),
        Event::DueDateRecomputed(it) => Words::new(
            format!("Tính lại theo lịch {}, {}", it.calendar, due_vi(Some(it.due))),
            format!("Counted again on calendar {}, {}", it.calendar, due_en(Some(it.due)))),
        Event::SubjectErasureRequested(_) => Words::new(
            "Có yêu cầu xóa dữ liệu cá nhân của hồ sơ",
            "The personal data is to be erased"),
        Event::SubjectKeyDestroyed(it) if it.left_out.is_empty() => Words::new(
            "Đã xóa dữ liệu cá nhân của hồ sơ",
            "The personal data was destroyed"),
        Event::SubjectKeyDestroyed(it) => {
            let homes: Vec<String> = it.left_out.iter().map(ToString::to_string).collect();
            let homes = homes.join(", ");
            Words::new(
                format!("Đã xóa dữ liệu cá nhân của hồ sơ, trừ kho không còn của nút tiếp nhận {homes}"),
                format!("The personal data was destroyed, but for the vault of intake node {homes}, which was given up"))
        }
        Event::DuplicateSubmission(it) => match &it.void_code {
            Some(code) => Words::new(
                format!("Nộp trùng tại nút tiếp nhận {}: chỉ tính một lần, mã {code} cấp tại đó không có hiệu lực", it.other_home),
                format!("Filed at intake node {} too: counted once, the code {code} issued there is void", it.other_home)),
            None => Words::new(
                format!("Nộp trùng tại nút tiếp nhận {}: chỉ tính một lần", it.other_home),
                format!("Filed at intake node {} too: counted once", it.other_home)),
        },
        Event::VoidProposed(it) => Words::new(
            format!("{} đề nghị hủy tiếp nhận{} (lý do: {})", it.by, through_vi(it.through.as_ref()), it.reason.code),
            format!("{} proposed to void the acceptance{} (reason: {})", it.by, through_en(it.through.as_ref()), it.reason.code)),
        Event::AcceptanceVoided(it) => Words::new(
            format!("Hủy tiếp nhận theo đề nghị của {}{} (lý do: {})", it.proposed_by, through_vi(it.through.as_ref()), it.reason.code),
            format!("The acceptance was voided, as {} proposed{} (reason: {})", it.proposed_by, through_en(it.through.as_ref()), it.reason.code)),
        Event::CorrectionProposed(it) => {
            let (vi, en) = from_to(&it.event, it.old, it.new);
            Words::new(
                format!("{} đề nghị đính chính {vi}{} (lý do: {}), chờ người thứ hai xác nhận", it.by, through_vi(it.through.as_ref()), it.reason.code),
                format!("{} proposed to put right {en}{} (reason: {}); a second person has to confirm", it.by, through_en(it.through.as_ref()), it.reason.code))
        }
        Event::EventCorrected(EventCorrected { correction: Correction::LegalTime(time), reason, proposed_by, through }) => {
            let (vi, en) = from_to(&time.event, time.old, time.new);
            let due = time.timeline.due;
            let (by_vi, by_en) = match proposed_by {
                Some(by) => (format!(", theo đề nghị của {by}"), format!(", as {by} proposed")),
                None => Default::default(),
            };
            Words::new(
                format!("Đính chính {vi}{by_vi}{} (lý do: {}), {}", through_vi(through.as_ref()), reason.code, due_vi(due)),
                format!("Put right: {en}{by_en}{} (reason: {}), {}", through_en(through.as_ref()), reason.code, due_en(due)))
        }
        Event::EventCorrected(it) => {
            let (vi, en) = put_right(&it.correction);
            Words::new(
                format!("Đính chính {vi} (lý do: {})", it.reason.code),
                format!("Put right: {en} (reason: {})", it.reason.code))
        }
        Event::SubjectReplaced(it) => Words::new(
            format!("Đính chính thông tin người nộp (lý do: {})", it.reason.code),
            format!("The applicant's data was put right (reason: {})", it.reason.code)),
        Event::FeeWaived(it) => Words::new(
            format!("Miễn nghĩa vụ tài chính theo thông báo {}, {}", it.notice, due_vi(it.due)),
            format!("Financial obligation {} waived, {}", it.notice, due_en(it.due))),
        Event::FeeRefunded(it) => Words::new(
            format!("Hoàn {} đồng theo thông báo {}", grouped(it.amount_vnd, '.'), it.notice),
            format!("{} đồng given back for notice {}", grouped(it.amount_vnd, ','), it.notice)),
        Event::CompetentAgencyReceived(it) => Words::new(
            format!("Cơ quan có thẩm quyền {} nhận hồ sơ, {}", it.agency, due_vi(it.due)),
            format!("The competent agency {} has the dossier, {}", it.agency, due_en(it.due))),
        Event::SubtaskOpened(it) => {
            let (vi, en) = match it.kind {
                SubtaskKind::Opinion => ("Lấy ý kiến", "Opinion asked"),
                SubtaskKind::Interlinked => ("Liên thông", "Part asked"),
            };
            match it.due {
                Some(due) => Words::new(
                    format!("{vi} {} (việc {}), hạn {}", it.agency, it.number, day(due, "%d/%m/%Y")),
                    format!("{en} of {} (sub-task {}), due on {}", it.agency, it.number, day(due, "%Y-%m-%d"))),
                None => Words::new(
                    format!("{vi} {} (việc {}), sau việc {}", it.agency, it.number, it.after.unwrap_or_default()),
                    format!("{en} of {} (sub-task {}), after sub-task {}", it.agency, it.number, it.after.unwrap_or_default())),
            }
        }
        Event::SubtaskCompleted(it) => {
            let (vi, en) = match it.class {
                Timeliness::Early => ("trước hạn", "early"),
                Timeliness::OnTime => ("đúng hạn", "on time"),
                Timeliness::Overdue => ("quá hạn", "overdue"),
            };
            Words::new(
                format!("Việc phối hợp {} có kết quả, {vi}", it.number),
                format!("Sub-task {} was answered, {en}", it.number))
        }
        Event::SubtaskCancelled(it) => Words::new(
            format!("Hủy việc phối hợp {} (lý do: {})", it.number, it.reason.code),
            format!("Sub-task {} is not needed any more (reason: {})", it.number, it.reason.code)),
        Event::ComponentDigitised(it) => Words::new(
            format!("Số hóa thành phần {}", it.component),
            format!("Paper {} was digitised", it.component)),
        Event::ComponentReused(it) => Words::new(
            format!("Tái sử dụng dữ liệu cho thành phần {}", it.component),
            format!("Paper {} was not asked for again", it.component)),
        Event::DeliveryFailed(it) => Words::new(
            format!("Phát kết quả lần {} không thành (lý do: {})", it.attempt, it.reason.code),
            format!("Delivery attempt {} failed (reason: {})", it.attempt, it.reason.code)),
        Event::ResultReturnedToAgency(it) => Words::new(
            format!("Bưu chính chuyển hoàn kết quả, bưu gửi {}", it.item),
            format!("The post gave the result back, item {}", it.item)),
        Event::FeedbackLinked(it) => Words::new(
            format!("Có phản ánh, kiến nghị {} tại {}", it.number, it.system),
            format!("Feedback {} at {} is about this dossier", it.number, it.system)),
        Event::AgencySucceeded(it) => Words::new(
            format!("{} kế thừa hồ sơ của {}", it.to, it.from),
            format!("{} took over from {}", it.to, it.from)),
        Event::FilingReceived(it) => {
            let (vi, en) = match &it.brought {
                Brought::Supplement { .. } => ("giấy tờ bổ sung", "a supplement"),
                Brought::Payment { .. } => ("chứng từ nộp tiền", "a payment"),
                Brought::Withdrawal { .. } => ("đơn rút hồ sơ", "a withdrawal"),
                Brought::Authorisation(_) => ("giấy ủy quyền", "an authorisation"),
                Brought::Delivered { .. } => ("xác nhận phát kết quả", "proof that the result was delivered"),
                Brought::DeliveryFailed { .. } => ("báo phát không thành công", "word of a failed delivery"),
                Brought::GivenBack { .. } => ("kết quả chuyển hoàn", "a result given back by the post"),
            };
            Words::new(format!("Nhận {vi}"), format!("Received {en}"))
        }
        Event::FilingRefused(it) => Words::new(
            format!("Không nhận giấy tờ nộp sau {} (lý do: {})", it.filing, it.reason),
            format!("What was brought later, {}, is refused (reason: {})", it.filing, it.reason)),
        Event::AuthorisationRecorded(it) => {
            let (vi, en) = match it.authorised.to {
                AuthorisedTo::Act => ("thực hiện thủ tục", "act for the applicant"),
                AuthorisedTo::Collect => ("nhận kết quả", "fetch the result"),
            };
            Words::new(format!("Ghi nhận ủy quyền {vi}"), format!("Somebody else may {en}"))
        }
        Event::DossierCollected(it) => Words::new(
            format!("Bưu chính nhận hồ sơ theo phiếu gửi {}", it.slip),
            format!("The post collected it against slip {}", it.slip)),
        Event::HandOverSigned(it) => Words::new(
            format!("Lập biên bản giao nhận {}", it.number),
            format!("Minute {} was signed", it.number)),
        Event::HandOverAcknowledged(it) => Words::new(
            format!("Bên nhận ký biên bản giao nhận {}", it.number),
            format!("The side that takes signed minute {}", it.number)),
        Event::FeeReceiptIssued(it) => Words::new(
            format!("Thu {} đồng, biên lai {}/{}", grouped(it.amount_vnd, '.'), it.series, it.number),
            format!("{} đồng taken, receipt {}/{}", grouped(it.amount_vnd, ','), it.series, it.number)),
        Event::ReceiptRangeLeased(it) => Words::new(
            format!("Cấp biên lai {}/{}–{} cho {}", it.series, it.first, it.last, it.terminal),
            format!("Receipts {}/{}–{} given to {}", it.series, it.first, it.last, it.terminal)),
        Event::TerminalEnrolled(it) => Words::new(
            format!("Thiết bị {} thuộc bưu cục {}", it.terminal, it.office),
            format!("Terminal {} stands in {}", it.terminal, it.office)),
        Event::TerminalNoted(_) => Words::new(
            "Thiết bị có dấu hiệu bất thường",
            "Something is wrong with the terminal"),
        Event::JournalEntryAnswered(it) => Words::new(
            format!("Trả lời một mục trong sổ của thiết bị {}", it.terminal),
            format!("An entry of {}'s journal was answered", it.terminal)),
        Event::IdentityLookedUp(_) => Words::new(
            "Tra cứu hồ sơ theo số định danh",
            "Dossiers were looked for by an identity number"),
        Event::CalendarPublished(it) => Words::new(
            format!("Áp dụng lịch làm việc {}", it.version),
            format!("Calendar {} came into use", it.version)),
        Event::VaultLossDeclared(it) => Words::new(
            format!("Xác nhận kho dữ liệu của nút tiếp nhận {} không còn{} ({})", it.home, through_vi(it.through.as_ref()), it.reason),
            format!("The vault of intake node {} was declared gone for good{} ({})", it.home, through_en(it.through.as_ref()), it.reason)),
        Event::VaultLossEnded(it) => Words::new(
            format!("Kho dữ liệu của nút tiếp nhận {} hoạt động trở lại", it.home),
            format!("The vault of intake node {} spoke again", it.home)),
    }
}

/// Accepted here; or in another system, whose due date stands even where hoso would have given another.
fn accepted(it: &DossierAccepted) -> Words {
    match &it.basis {
        AcceptanceBasis::CarriedOver {
            system,
            computed,
            counted,
            recorded: _,
        } => {
            let (by_vi, by_en) = if *counted {
                (
                    "tính tại đây vì tại đó không ghi",
                    "as counted here, none was recorded there",
                )
            } else {
                ("như đã ghi tại đó", "as recorded there")
            };
            let (mut vi, mut en) = (
                format!(
                    "Tiếp nhận tại {system}, chuyển tiếp sang hệ thống này, mã {}, {} {by_vi}",
                    it.code,
                    due_vi(it.due)
                ),
                format!(
                    "Accepted at {system} and carried over with code {}, {} {by_en}",
                    it.code,
                    due_en(it.due)
                ),
            );
            if let Some(due) = computed {
                vi.push_str(&format!(" (hệ thống này tính: {})", due_vi(Some(*due))));
                en.push_str(&format!(
                    " (this system would have said: {})",
                    due_en(Some(*due))
                ));
            }
            Words::new(vi, en)
        }
        AcceptanceBasis::ServerClock
        | AcceptanceBasis::HandOverMinute { .. }
        | AcceptanceBasis::RecordedLate { .. } => Words::new(
            format!("Tiếp nhận hồ sơ, mã {}, {}", it.code, due_vi(it.due)),
            format!("Accepted with code {}, {}", it.code, due_en(it.due)),
        ),
    }
}

/// What a correction is about, in both languages.
fn put_right(correction: &Correction) -> (&'static str, &'static str) {
    match correction {
        Correction::AcceptedChannel { .. } => ("kênh tiếp nhận", "how it came"),
        Correction::AcceptedAssisted { .. } => (
            "việc hỗ trợ nộp trực tuyến tại quầy",
            "whether a clerk helped to file online",
        ),
        Correction::ResolvedResult { .. } => ("số kết quả giải quyết", "the result's number"),
        Correction::ResolvedElectronic { .. } => (
            "việc cấp kết quả điện tử",
            "whether there is an electronic result",
        ),
        Correction::PaidMethod { .. } => ("hình thức thanh toán", "how a fee was paid"),
        Correction::PaidReceipt { .. } => ("số biên lai", "the number of a fee's receipt"),
        Correction::DeliveredMode { .. } => {
            ("hình thức trả kết quả", "how the result was handed over")
        }
        Correction::LegalTime(_) => ("thời điểm", "a time"),
    }
}

/// A time that was put right, in both languages.
fn from_to(event: &str, old: Timestamp, new: Timestamp) -> (String, String) {
    let (vi, en) = timed(event).unwrap_or((event, event));
    let there = |at| local::datetime(at).strftime("%Y-%m-%d %H:%M");
    (
        format!("thời điểm {vi} từ {} thành {}", moment(old), moment(new)),
        format!("the time of {en} from {} to {}", there(old), there(new)),
    )
}

/// Through which account somebody acted, where it named them.
fn through_vi(through: Option<&ActorId>) -> String {
    through.map_or_else(String::new, |account| format!(", qua tài khoản {account}"))
}

fn through_en(through: Option<&ActorId>) -> String {
    through.map_or_else(String::new, |account| {
        format!(", through account {account}")
    })
}

fn due_vi(due: Option<Due>) -> String {
    match due {
        Some(due) if due.provisional => format!("hẹn trả (tạm tính) {}", day(due, "%d/%m/%Y")),
        Some(due) => format!("hẹn trả {}", day(due, "%d/%m/%Y")),
        None => "không có ngày hẹn trả".into(),
    }
}

fn due_en(due: Option<Due>) -> String {
    match due {
        Some(due) if due.provisional => format!("due (provisionally) on {}", day(due, "%Y-%m-%d")),
        Some(due) => format!("due on {}", day(due, "%Y-%m-%d")),
        None => "without a due date".into(),
    }
}

/// The due day; with the time when the procedure is measured in hours.
fn day(due: Due, format: &str) -> String {
    let date = due.date().strftime(format);
    match due.rule {
        DueRule::ByDate => date.to_string(),
        DueRule::ByInstant => format!("{date} {}", local::datetime(due.at).strftime("%H:%M")),
    }
}
