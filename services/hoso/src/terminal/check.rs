//! A conformance run for whoever builds terminals or servers: each promise of the protocol, and whether this server keeps it.

use std::process::ExitCode;
use std::time::Duration;

use api::hoso::dossier::v1::{
    Applicant, ApplicantKind, BroughtDeliveryFailure, Component, Filing, PlaceKind, filing,
};
use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use api::hoso::intake::v1::{
    Collected, EntryAnswer, EntryResult, FeeReceipt, GetSubmissionRequest, JournalEntry,
    ReceiptRange, fee_receipt, get_submission_request::Name, journal_entry::Item,
    sync_terminal_response as from,
};
use uuid::Uuid;

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
}

macro_rules! promises {
    ($trial:ident, $broken:ident, $($check:ident = $vi:literal, $en:literal;)*) => {$(
        let kept = tokio::time::timeout(PATIENCE, $trial.$check()).await;
        let kept = kept.unwrap_or_else(|_| Err("nothing was answered in time".into()));
        let mark = if kept.is_ok() { "✓" } else { "✗" };
        out::print(&format!("{mark} {} · {}", $vi, $en));
        if let Err(why) = kept {
            $broken += 1;
            out::print(&format!("    ! {why}"));
        }
    )*};
}

/// How long a promise may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Tries every promise; fails if one is not kept.
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
    };
    let mut broken = 0_u32;
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
        set_back = "Thiết bị bị lùi về bản cũ được báo", "a terminal set back to an older copy is told so";
        skewed = "Đồng hồ lệch được phát hiện", "a clock that is off is noticed";
    }
    Ok(if broken == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Trial {
    async fn enrolled(&mut self) -> Kept {
        let operator = self.example.operator.clone();
        let request = Uuid::new_v4();
        let first = self.post.enrol(&operator, request).await?;
        let again = self.post.enrol(&operator, request).await?;
        same("the terminal", &first.terminal, &again.terminal)
    }

    async fn stranger(&mut self) -> Kept {
        let post = self.post.named(format!("la-{}", Uuid::new_v4().simple()));
        match post.open(0, 0, now()).await {
            Err(_) => Ok(()),
            Ok(_) => Err("it was let in".into()),
        }
    }

    async fn welcomed(&mut self) -> Kept {
        let line = self.line().await?;
        same("the entry it wants", &line.welcome.next_sequence, &1)?;
        self.checklist.clone_from(&line.welcome.catalogue);
        when(!self.checklist.is_empty(), "the welcome names no catalogue")
    }

    async fn taken(&mut self) -> Kept {
        let entry = self.collected();
        let answer = self.says(&entry).await?;
        is(&answer, EntryResult::Taken)?;
        when(!answer.dossier_id.is_empty(), "it has no dossier id")?;
        let mut calls = IntakeServiceClient::new(self.post.channel());
        let asked = GetSubmissionRequest {
            name: Some(Name::DossierId(answer.dossier_id.clone())),
            min_position: answer.position.clone(),
        };
        let dossier = calls.get_submission(asked).await?.into_inner().dossier;
        let dossier = dossier.ok_or("the dossier is not there")?;
        self.first = Some((entry, answer));
        when(dossier.code.is_empty(), "it has a code")?;
        when(dossier.due.is_none(), "it has a due date")
    }

    async fn again(&mut self) -> Kept {
        let (entry, first) = self.first()?;
        let again = self.says(&entry).await?;
        same("the answer", &again, &first)
    }

    async fn twice(&mut self) -> Kept {
        let (entry, first) = self.first()?;
        let sequence = self.number();
        let answer = self.says(&JournalEntry { sequence, ..entry }).await?;
        is(&answer, EntryResult::Duplicate)?;
        same(
            "the entry it repeats",
            &answer.duplicate_of,
            &first.sequence,
        )?;
        same("the dossier", &answer.dossier_id, &first.dossier_id)
    }

    async fn bad(&mut self) -> Kept {
        let mut wrong = self.collected();
        if let Some(Item::Collected(it)) = &mut wrong.item {
            it.applicant = Some(Applicant {
                identity_number: "1".to_owned(),
                ..Applicant::default()
            });
        }
        let right = self.collected();
        let mut line = self.line().await?;
        line.send(&wrong).await?;
        line.send(&right).await?;
        let (refused, taken) = (line.answer().await?, line.answer().await?);
        is(&refused, EntryResult::Refused)?;
        let faults = refused.refusal.map(|it| it.faults).unwrap_or_default();
        for field in ["name", "identity_number"] {
            let field = format!("collected.applicant.{field}");
            let named = faults.iter().any(|fault| fault.field == field);
            when(named, &format!("the field {field} is not named"))?;
        }
        is(&taken, EntryResult::Taken)
    }

    async fn early(&mut self) -> Kept {
        let (first, second) = (self.collected(), self.collected());
        let mut line = self.line().await?;
        line.send(&second).await?;
        match line.heard().await? {
            from::Body::Missing(missing) => {
                same("the first missing one", &missing.from, &first.sequence)?;
            }
            other @ (from::Body::Welcome(_) | from::Body::Answer(_) | from::Body::Progress(_)) => {
                return Err(format!("it says {other:?}").into());
            }
        }
        line.send(&first).await?;
        for entry in [first, second] {
            let answer = line.answer().await?;
            same("the order", &answer.sequence, &entry.sequence)?;
            is(&answer, EntryResult::Taken)?;
        }
        Ok(())
    }

    async fn cut(&mut self) -> Kept {
        let entry = self.collected();
        let line = self.line().await?;
        line.send(&entry).await?;
        drop(line);
        let once = self.says(&entry).await?;
        let twice = self.says(&entry).await?;
        is(&once, EntryResult::Taken)?;
        same("the answer", &once, &twice)
    }

    async fn reused(&mut self) -> Kept {
        let (_, first) = self.first()?;
        let mut other = JournalEntry {
            sequence: first.sequence,
            ..self.another()
        };
        let answer = self.says(&other).await?;
        let reason = answer.refusal.map(|it| it.reason).unwrap_or_default();
        same("the reason", reason.as_str(), "SEQUENCE_REUSED")?;
        other.sequence = self.number();
        is(&self.says(&other).await?, EntryResult::Taken)
    }

    async fn filed(&mut self) -> Kept {
        let item = Item::Filing(Filing {
            dossier: Some(filing::Dossier::Code("KIEM-TRA-1".to_owned())),
            brought: Some(filing::Brought::DeliveryFailure(BroughtDeliveryFailure {
                postal_item: "EE123456785VN".to_owned(),
                signed_at: None,
                reason_code: "vang_nha".to_owned(),
            })),
            words: String::new(),
        });
        let entry = self.entry(item);
        let answer = self.says(&entry).await?;
        is(&answer, EntryResult::Taken)?;
        when(!answer.filing_id.is_empty(), "it has no filing id")
    }

    async fn receipts(&mut self) -> Kept {
        let (first, second) = (
            self.post.lease("KT", 2).await?,
            self.post.lease("KT", 2).await?,
        );
        let apart = first.last < second.first || second.last < first.first;
        when(apart, "a number was given twice")?;
        let entry = self.receipt(&first);
        is(&self.says(&entry).await?, EntryResult::Taken)?;
        let entry = self.receipt(&first);
        is(&self.says(&entry).await?, EntryResult::Refused)
    }

    async fn set_back(&mut self) -> Kept {
        let line = self.post.open(0, 1, now()).await?;
        when(line.welcome.set_back, "it is not told")
    }

    async fn skewed(&mut self) -> Kept {
        let highest = self.next - 1;
        let tomorrow = now() + jiff::SignedDuration::from_hours(24);
        let line = self.post.open(0, highest, tomorrow).await?;
        when(line.welcome.clock_skewed, "it is not noticed")?;
        let hours = line.welcome.skew_seconds / 3_600;
        when(
            (23..=24).contains(&hours),
            &format!("it is said to be {hours} h"),
        )
    }

    /// A new line to the server.
    async fn line(&self) -> Result<Line, Failure> {
        let highest = self.next - 1;
        self.post.open(0, highest, now()).await
    }

    /// Sends one entry over a line of its own.
    async fn says(&self, entry: &JournalEntry) -> Result<EntryAnswer, Failure> {
        let mut line = self.line().await?;
        line.send(entry).await?;
        line.answer().await
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
