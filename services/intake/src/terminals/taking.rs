//! What an entry makes happen: each through the mechanism that stands for it, under a request that follows from the
//! terminal and the command, so that it happens once however often the entry comes.

use api::convert::brought;
use api::convert::post::{self, FeeReceipt, HandOver, Item, Keyed};
use api::edge;
use api::hoso::dossier::v1 as wire;
use api::hoso::intake::v1::JournalEntry;
use api::{EdgeError, Faults};
use application::post::By;
use application::post::journal::{self, Entry};
use application::{HandleError, Wish};
use domain::command::Command;
use domain::event::{EntryAnswer, EntryFlag, FeeReceiptIssued, HandOverSigned, Holder, Paper};
use domain::ids::{ActorId, DossierId, DossierName, FilingId, PointId};
use domain::rejection::Rejection;
use prost::Message;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;
use vault::Vault;

use super::session::{Ended, Session};

/// An entry whose marks were looked at.
pub(super) struct Looked {
    /// As it came.
    pub(super) wire: JournalEntry,
    /// What the journal keeps of it.
    pub(super) entry: Entry,
    /// What every entry must say, or what is wrong with that.
    keyed: Result<Keyed, EdgeError>,
    /// What it wishes, as bytes.
    content: Vec<u8>,
}

/// What became of an entry, to be written down.
pub(super) type Taken = (EntryAnswer, Vec<EntryFlag>);

impl Looked {
    /// Looks at an entry.
    pub(super) fn at(wire: JournalEntry, vault: &Vault) -> Self {
        let mut faults = Faults::default();
        let keyed = post::keyed(&wire, &mut faults);
        let keyed = faults.finish(keyed);
        let content = JournalEntry {
            item: wire.item.clone(),
            ..JournalEntry::default()
        }
        .encode_to_vec();
        let known = keyed.as_ref().ok();
        let entry = Entry {
            sequence: wire.sequence,
            command: known.map_or(Uuid::nil(), |keyed| keyed.command),
            device_at: known.map(|keyed| keyed.device_at),
            whole: vault.fingerprint("terminal entry", &wire.encode_to_vec()),
            content: hexadecimal(&vault.fingerprint("terminal content", &content)).into(),
            actor: known.map_or_else(|| ActorId::new("unknown"), |keyed| keyed.actor.clone()),
        };
        Self {
            wire,
            entry,
            keyed,
            content,
        }
    }
}

impl Session {
    /// Takes an entry whose turn it is; a refusal is an answer like any other, and an error only what will pass.
    pub(super) async fn take(&self, looked: &Looked) -> Result<Taken, Ended> {
        let keyed = match &looked.keyed {
            Ok(keyed) => keyed,
            Err(_) => return self.wrong(looked),
        };
        let mut faults = Faults::default();
        let operator = &self.terminal.enrolled.operator;
        let item = post::item(&looked.wire, operator, &mut faults)?;
        let item = match faults.finish(item) {
            Ok(item) => item,
            Err(error) => return Ok((refused(error, "")?, Vec::new())),
        };
        let mut flags = self.flags(keyed);
        let (within, taken) = match item {
            Item::Collected(it) => (
                "collected",
                self.collected(looked, keyed, *it, &mut flags).await,
            ),
            Item::HandOver(it) => (
                "hand_over",
                self.handed_over(looked, keyed, *it, &mut flags).await,
            ),
            Item::FeeReceipt(it) => (
                "fee_receipt",
                self.receipt(looked, keyed, it, &mut flags).await,
            ),
            Item::Filing(it) => {
                let filed = self.file(looked, keyed, "", it).await;
                ("filing", filed.map(|filing| EntryAnswer::Filed { filing }))
            }
            Item::Lost(reason) => ("lost", Ok(EntryAnswer::Lost { reason })),
        };
        match taken {
            Ok(answer) => Ok((answer, flags)),
            Err(error) => Ok((refused(error, within)?, Vec::new())),
        }
    }

    /// An entry whose marks are wrong, with the faults of its matter too.
    fn wrong(&self, looked: &Looked) -> Result<Taken, Ended> {
        let mut faults = Faults::default();
        let keyed = post::keyed(&looked.wire, &mut faults);
        let operator = &self.terminal.enrolled.operator;
        let item = post::item(&looked.wire, operator, &mut faults)?;
        match faults.finish(keyed.zip(item)) {
            // It was wrong a moment ago.
            Ok(_) => Err(HandleError::Contended.into()),
            Err(error) => Ok((refused(error, "")?, Vec::new())),
        }
    }

    /// An entry with the command of an earlier one: the same wish, or a mistake.
    pub(super) fn repeats(&self, sequence: u32, same: bool) -> Result<Taken, Ended> {
        if same {
            return Ok((EntryAnswer::Duplicate { of: sequence }, Vec::new()));
        }
        let earlier = self.calls.edge.desk.journal_answer(self.id(), sequence)?;
        let position = earlier.map_or(0, |it| it.record.place.position);
        let reused = HandleError::RequestReused { position };
        Ok((refused(reused.into(), "")?, Vec::new()))
    }

    fn flags(&self, keyed: &Keyed) -> Vec<EntryFlag> {
        let mut flags = Vec::new();
        if self.skewed {
            flags.push(EntryFlag::ClockSkewed);
        }
        if self.before.is_some_and(|before| keyed.device_at < before) {
            flags.push(EntryFlag::ClockWentBack);
        }
        flags
    }

    /// The account of the terminal's wishes: no other caller's requests are taken for them.
    fn principal(&self, part: &str) -> String {
        format!("terminal/{}{part}", self.id())
    }

    fn wish(&self, looked: &Looked, keyed: &Keyed, method: &str, part: &str) -> Wish {
        let principal = self.principal(part);
        let vault = self.calls.edge.desk.vault();
        Wish {
            request: Wish::request(vault, &principal, keyed.command, method, &looked.content),
            request_id: keyed.command,
            dossier: DossierId::derive(&principal, keyed.command),
            expected: None,
            actor: keyed.actor.clone(),
            organisation: self.terminal.enrolled.operator.clone(),
            now: (self.calls.edge.now)(),
            through: None,
            may_record_late: false,
        }
    }

    fn by(&self, looked: &Looked, keyed: &Keyed, method: &str) -> By {
        let wish = self.wish(looked, keyed, method, "");
        By {
            request: wish.request,
            request_id: wish.request_id,
            actor: wish.actor,
            organisation: wish.organisation,
            now: wish.now,
        }
    }

    /// The terminal itself, for what is noted about it; the request is another each time.
    pub(super) fn by_itself(&self) -> By {
        let id = Uuid::nil();
        let vault = self.calls.edge.desk.vault();
        By {
            request: Wish::request(vault, &self.principal(""), id, "SyncTerminal", b""),
            request_id: id,
            actor: ActorId::new("hoso"),
            organisation: self.terminal.enrolled.operator.clone(),
            now: (self.calls.edge.now)(),
        }
    }

    async fn collected(
        &self,
        looked: &Looked,
        keyed: &Keyed,
        (filed, collection): (api::convert::filing::Filed, post::Collection),
        flags: &mut Vec<EntryFlag>,
    ) -> Result<EntryAnswer, EdgeError> {
        let desk = &self.calls.edge.desk;
        if collection.checklist != *desk.catalogue().files_version() {
            flags.push(EntryFlag::ChecklistOutdated);
        }
        let wish = self.wish(looked, keyed, "Collected", "");
        let note = collection.command(self.id().clone(), keyed.device_at);
        let secrets = vec![edge::secret(&filed.applicant)?];
        let answer = desk
            .carry_out(&wish, secrets, move |kept| {
                vec![
                    Command::Submit(filed.clone().command(edge::only(kept))),
                    Command::NoteCollection(note.clone()),
                ]
            })
            .await?;
        Ok(EntryAnswer::Collected { dossier: answer.id })
    }

    async fn handed_over(
        &self,
        looked: &Looked,
        keyed: &Keyed,
        HandOver {
            mut signed,
            signed_at,
        }: HandOver,
        flags: &mut Vec<EntryFlag>,
    ) -> Result<EntryAnswer, EdgeError> {
        let desk = &self.calls.edge.desk;
        self.points_known(&signed)?;
        for line in &mut signed.papers {
            line.dossier = self.dossier(&line.paper)?;
        }
        let by = self.by(looked, keyed, "HandOver");
        let number = signed.number.clone();
        // A legal time is never later than the server's.
        let at = signed_at.min(by.now);
        desk.sign_hand_over(signed, at, &by).await?;
        // As it was written, which may have been before a crash.
        let minute = desk.signed_hand_over(&number)?;
        if minute.is_some_and(|it| it.papers.iter().any(|line| line.dossier.is_none())) {
            flags.push(EntryFlag::PaperUnknown);
        }
        if signed_at > at {
            flags.push(EntryFlag::SignedInFuture);
        }
        Ok(EntryAnswer::HandedOver { number })
    }

    fn points_known(&self, signed: &HandOverSigned) -> Result<(), HandleError> {
        let catalogue = self.calls.edge.desk.catalogue();
        let unknown = |holder: &Holder| match holder {
            Holder::Point(point) => {
                let point = PointId::new(&**point);
                catalogue.point(&point).is_none().then_some(point)
            }
            Holder::Terminal(_) | Holder::PostOffice(_) => None,
        };
        if let Some(point) = unknown(&signed.from) {
            return Err(Rejection::HandOverFromUnknownPoint { point }.into());
        }
        match unknown(&signed.to) {
            Some(point) => Err(Rejection::HandOverToUnknownPoint { point }.into()),
            None => Ok(()),
        }
    }

    fn dossier(&self, paper: &Paper) -> Result<Option<DossierId>, HandleError> {
        let name = match paper {
            Paper::Slip(slip) => post::by_slip(slip),
            Paper::Result(code) => DossierName::Code(code.clone()),
        };
        match self.calls.edge.desk.find(&name) {
            Ok(id) => Ok(Some(id)),
            Err(HandleError::Unknown) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn receipt(
        &self,
        looked: &Looked,
        keyed: &Keyed,
        given: FeeReceipt,
        flags: &mut Vec<EntryFlag>,
    ) -> Result<EntryAnswer, EdgeError> {
        let leased = self
            .calls
            .custody(|custody| custody.leased(self.id(), &given.series, given.number))
            .await;
        let receipt = FeeReceiptIssued {
            series: given.series.clone(),
            number: given.number,
            terminal: self.id().clone(),
            paper: given.paper.clone(),
            amount_vnd: given.amount_vnd,
            notice: given.notice.clone(),
            outside_range: !leased,
        };
        let by = self.by(looked, keyed, "FeeReceipt");
        self.calls.edge.desk.issue_receipt(receipt, &by).await?;
        if !leased {
            flags.push(EntryFlag::ReceiptOutsideRange);
        }
        let filing = match payment(&given) {
            Some(payment) => {
                let mut faults = Faults::default();
                let wished = brought::wished(Some(&payment), &mut faults)?;
                let wished = faults.finish(wished)?;
                Some(self.file(looked, keyed, "/payment", wished).await?)
            }
            None => None,
        };
        Ok(EntryAnswer::ReceiptIssued { filing })
    }

    /// Takes a filing in, as any counter does.
    async fn file(
        &self,
        looked: &Looked,
        keyed: &Keyed,
        part: &str,
        wished: api::convert::change::Wished,
    ) -> Result<FilingId, EdgeError> {
        let wish = self.wish(looked, keyed, "Filing", part);
        let build = wished.build;
        let answer = self
            .calls
            .edge
            .desk
            .carry_out(&wish, wished.secrets, move |kept| vec![build(kept)])
            .await?;
        let filing = FilingId(answer.id.0);
        // For a dossier that is not accepted yet, and was filed here, this node decides; the receipt stands in any case.
        let (desk, received) = (&self.calls.edge.desk, answer.record.place.position);
        self.calls
            .undecided
            .decide(desk, received, filing, wish.now)
            .await;
        Ok(filing)
    }
}

/// What a receipt files, when the agency had asked for the money.
fn payment(given: &FeeReceipt) -> Option<wire::Filing> {
    let (notice, Paper::Result(code)) = (given.notice.as_ref()?, &given.paper) else {
        return None;
    };
    Some(wire::Filing {
        dossier: Some(wire::filing::Dossier::Code(code.to_string())),
        brought: Some(wire::filing::Brought::Payment(wire::BroughtPayment {
            notice: notice.to_string(),
            amount_vnd: given.amount_vnd,
            method: "post".to_owned(),
            receipt: format!("{}/{}", given.series, given.number),
        })),
        ..wire::Filing::default()
    })
}

/// The refusal that an error is; one that will pass ends the stream instead.
pub(super) fn refused(error: EdgeError, within: &str) -> Result<EntryAnswer, Ended> {
    // What the rules say names the field of the item; the edge names the whole path.
    let ruled = matches!(&error, EdgeError::Handle(HandleError::Rejected(_)));
    let within = if ruled && !within.is_empty() {
        format!("{within}.")
    } else {
        String::new()
    };
    let status = Status::from(error);
    let stays = matches!(
        status.code(),
        Code::InvalidArgument
            | Code::FailedPrecondition
            | Code::NotFound
            | Code::PermissionDenied
            | Code::AlreadyExists
    );
    if !stays {
        return Err(status.into());
    }
    let details = status.get_error_details();
    let reason = details.error_info().map_or("INVALID", |info| &info.reason);
    let faults = details
        .bad_request()
        .into_iter()
        .flat_map(|request| &request.field_violations)
        .map(|it| (format!("{within}{}", it.field), it.description.clone()));
    let message = details
        .localized_message()
        .map_or("", |said| said.message.as_str());
    Ok(journal::refusal(reason, faults, message))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
