//! A conformance run for whoever builds terminals or servers: each promise of the protocol, and whether this server keeps it.
//!
//! * `entries`: entry by entry; `minutes`: hand-over minutes and who has which papers; `clearing`: what was filed is taken back

mod clearing;
mod entries;
mod minutes;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use api::hoso::dossier::v1::{Applicant, ApplicantKind, Component, PlaceKind};
use api::hoso::intake::v1::{
    Collected, EntryAnswer, EntryResult, FeeReceipt, JournalEntry, ReceiptRange, fee_receipt,
    journal_entry::Item,
};
use jiff::Timestamp;
use uuid::Uuid;

use self::clearing::Left;
use super::keyed::now;
use super::line::{Line, Post};
use crate::{Failure, out};

/// With what the entries are filled.
#[derive(Clone, Debug)]
pub struct Example {
    /// The firm that runs the terminal.
    pub operator: String,
    /// A procedure of the server's catalogue.
    pub procedure: String,
    /// The agency that decides it.
    pub agency: String,
    /// A one-stop point that accepts for it.
    pub point: String,
    /// Where processing listens, where an acceptance can be voided again.
    pub processing: Option<String>,
    /// The token of a second account, where tokens are asked for.
    pub second_token_file: Option<PathBuf>,
}

/// A promise is not kept, and how that showed.
type Kept = Result<(), Failure>;

/// A terminal that tries everything.
struct Trial {
    post: Post,
    example: Example,
    /// The number of its next entry.
    next: u32,
    checklist: String,
    /// The first entry and its answer, to which others are compared.
    first: Option<(JournalEntry, EntryAnswer)>,
    /// The server's clock when it last said welcome.
    server_time: Timestamp,
    /// What was tried for this promise, and what came of it.
    tried: Vec<String>,
    /// It could not be tried, for want of something.
    skipped: bool,
    /// The dossiers that it filed.
    left: Left,
}

macro_rules! promises {
    ($trial:ident, $broken:ident, $($check:ident = $vi:literal, $en:literal;)*) => {$(
        let kept = tokio::time::timeout(PATIENCE, $trial.$check()).await;
        let kept = kept.unwrap_or_else(|_| Err("nothing was answered in time".into()));
        $broken |= kept.is_err();
        $trial.tell($vi, $en, kept);
    )*};
}

/// How long a promise may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Tries every promise; fails if one is not kept, or if something that was filed for it could not be taken back.
///
/// # Errors
/// When the server does not answer at all.
pub async fn run(server: &str, example: Example) -> Result<ExitCode, Failure> {
    let mut trial = Trial {
        post: Post::new(server, format!("kiem-tra-{}", Uuid::new_v4().simple())).await?,
        example,
        next: 1,
        checklist: String::new(),
        first: None,
        server_time: now(),
        tried: Vec::new(),
        skipped: false,
        left: Left::default(),
    };
    let mut broken = false;
    promises! { trial, broken,
        enrolled = "Thiết bị được ghi nhận, ghi lại không đổi", "a terminal is enrolled, and again changes nothing";
        stranger = "Thiết bị lạ bị từ chối, nêu rõ lý do", "an unknown terminal is refused by name";
        welcomed = "Máy chủ chào trước, chờ mục 1", "the welcome comes first and wants entry 1";
        taken = "Hồ sơ nhận ở bưu cục có định danh, chưa có mã", "a collected dossier has an id and no code";
        again = "Gửi lại một mục: câu trả lời đầu tiên", "an entry sent again gets its first answer";
        twice = "Một lệnh dưới số khác là trùng", "a command under another number is a duplicate";
        bad = "Mục sai bị từ chối từng trường, không chặn mục sau", "a bad entry is refused field by field and blocks nothing";
        early = "Mục đến sớm được giữ, đòi mục còn thiếu", "an early entry is held and the missing one asked for";
        cut = "Đứt giữa chừng: không mất, không trùng", "after a cut nothing is lost or doubled";
        reused = "Số đã dùng cho nội dung khác bị từ chối", "a number with another content is refused, the command can be sent anew";
        filed = "Báo phát không thành công được nhận ngay", "word of a delivery is received at once";
        receipts = "Số biên lai không cấp hai lần, không dùng hai lần", "receipt numbers are neither given nor used twice";
        one_sided = "Biên bản một bên ký: giấy tờ vẫn của bên giao", "papers stay with who gives until the other side signs";
        countersigned = "Bên nhận ký một lần, đúng các giấy tờ của biên bản", "the other side signs once, for every paper of the minute";
        found = "Kết quả kiểm đếm từng hồ sơ quyết định ai giữ", "what was found, paper by paper, decides who has it";
        refused = "Biên bản sai bị từ chối từng trường, không chặn mục sau", "a wrong minute is refused field by field and blocks nothing";
        future = "Biên bản ký sau giờ máy chủ tính theo giờ máy chủ", "a minute signed after the server's clock counts from the server's";
        listed = "Giấy tờ đang giữ liệt kê từng trang, theo giờ làm việc", "open legs are listed page by page, by working hours";
        accepted = "Tiếp nhận tính từ lúc ký biên bản", "acceptance counts from the signing of the minute";
        set_back = "Thiết bị bị lùi về bản cũ được báo", "a terminal set back to an older copy is told so";
        skewed = "Đồng hồ lệch được phát hiện", "a clock that is off is noticed";
        cleared = "Hồ sơ thử đã được rút hết", "what was filed here is taken back, and no leg stays open";
    }
    Ok(if broken {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

impl Trial {
    /// One line: the promise, what was tried for it and what came of it, and what was expected instead.
    fn tell(&mut self, vi: &str, en: &str, kept: Kept) {
        let tried = std::mem::take(&mut self.tried).join("; ");
        // A refusal names its fields on lines of their own.
        let tried = tried.replace('\n', " ");
        let skipped = std::mem::take(&mut self.skipped);
        out::print(&match kept {
            Ok(()) if skipped => format!("– {vi} · {en}: {tried}"),
            Ok(()) => format!("✓ {vi} · {en}: {tried}"),
            Err(why) => {
                let why = why.to_string().replace('\n', " ");
                format!("✗ {vi} · {en}: {tried} ! {why}")
            }
        });
    }

    /// Something was tried, and this came of it.
    fn tried(&mut self, what: impl Into<String>) {
        self.tried.push(what.into());
    }

    /// An entry was answered.
    fn heard(&mut self, entry: &JournalEntry, answer: &EntryAnswer) {
        let result = answer.result().as_str_name();
        let result = result.trim_start_matches("ENTRY_RESULT_");
        let mut said = format!("#{} {} → {result}", entry.sequence, kind(entry));
        if let Some(refusal) = &answer.refusal {
            said.push_str(&format!(" {}", refusal.reason));
            for fault in &refusal.faults {
                said.push_str(&format!(" {}", fault.field));
            }
        }
        for flag in &answer.flags {
            said.push_str(&format!(" [{flag}]"));
        }
        self.tried.push(said);
        if !answer.dossier_id.is_empty() {
            self.left.filed(&answer.dossier_id);
        }
    }

    /// A new line to the server.
    async fn line(&mut self) -> Result<Line, Failure> {
        let highest = self.next - 1;
        let line = self.post.open(0, highest, now()).await?;
        if let Some(at) = line.welcome.server_time {
            self.server_time = Timestamp::new(at.seconds, at.nanos)?;
        }
        Ok(line)
    }

    /// Sends one entry over a line of its own.
    async fn says(&mut self, entry: &JournalEntry) -> Result<EntryAnswer, Failure> {
        let mut line = self.line().await?;
        line.send(entry).await?;
        let answer = line.answer().await?;
        self.heard(entry, &answer);
        Ok(answer)
    }

    fn first(&self) -> Result<(JournalEntry, EntryAnswer), Failure> {
        let first = self.first.clone();
        first.ok_or_else(|| "no entry was taken before".into())
    }

    fn number(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    fn entry(&mut self, item: Item) -> JournalEntry {
        let sequence = self.number();
        self.post.entry(sequence, item)
    }

    fn collected(&mut self) -> JournalEntry {
        let sequence = self.number();
        JournalEntry {
            sequence,
            ..self.another()
        }
    }

    /// A collected dossier that has no number yet.
    fn another(&self) -> JournalEntry {
        let item = Item::Collected(Collected {
            slip: Uuid::new_v4().simple().to_string(),
            procedure: self.example.procedure.clone(),
            agency: self.example.agency.clone(),
            applicant: Some(Applicant {
                kind: ApplicantKind::Citizen.into(),
                name: "Nguyễn Văn Kiểm Tra".to_owned(),
                ..Applicant::default()
            }),
            components: vec![Component {
                code: "DON".to_owned(),
                originals: 1,
                ..Component::default()
            }],
            checklist: self.checklist.clone(),
            place: PlaceKind::PostOffice.into(),
            boundary_independent: false,
            synthetic: true,
        });
        self.post.entry(0, item)
    }

    fn receipt(&mut self, range: &ReceiptRange) -> JournalEntry {
        self.entry(Item::FeeReceipt(FeeReceipt {
            series: range.series.clone(),
            number: range.first,
            amount_vnd: 50_000,
            notice: String::new(),
            dossier: Some(fee_receipt::Dossier::Slip("KIEM-TRA".to_owned())),
        }))
    }
}

fn kind(entry: &JournalEntry) -> &'static str {
    match &entry.item {
        Some(Item::Collected(_)) => "collected",
        Some(Item::HandOver(_)) => "hand_over",
        Some(Item::FeeReceipt(_)) => "fee_receipt",
        Some(Item::Filing(_)) => "filing",
        Some(Item::Lost(_)) => "lost",
        None => "nothing",
    }
}

fn when(holds: bool, otherwise: &str) -> Kept {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

fn same<T: PartialEq + std::fmt::Debug + ?Sized>(what: &str, is: &T, should: &T) -> Kept {
    when(is == should, &format!("{what}: {is:?}, not {should:?}"))
}

fn is(answer: &EntryAnswer, should: EntryResult) -> Kept {
    let why = answer.refusal.as_ref().map(|it| it.reason.as_str());
    let (sequence, result) = (answer.sequence, answer.result());
    when(
        result == should,
        &format!("entry {sequence}: {result:?} {why:?}, not {should:?}"),
    )
}
