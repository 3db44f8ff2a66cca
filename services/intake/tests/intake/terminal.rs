//! A terminal as a vendor would build it: a journal that only grows, and a line that breaks.

use std::collections::BTreeMap;
use std::time::Duration;

use api::hoso::dossier::v1::{Applicant, ApplicantKind, Component, PlaceKind};
use api::hoso::intake::v1::journal_entry::Item;
use api::hoso::intake::v1::sync_terminal_request::Body as Asked;
use api::hoso::intake::v1::sync_terminal_response::Body as Said;
use api::hoso::intake::v1::{
    Collected, EntryAnswer, EntryResult, HandOver, HandOverParty, HandedOver, JournalEntry,
    MissingEntries, PaperResult, PartyKind, SyncTerminalRequest, SyncTerminalResponse,
    TerminalHello, TerminalWelcome, handed_over,
};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};
use uuid::Uuid;

use crate::node::{CENTRE, DEPARTMENT, MORNING, Node, OFFICE, catalogue, wire};

/// Nothing here takes so long.
const PATIENCE: Duration = Duration::from_secs(60);
/// It must never come out of the vault.
pub(crate) const APPLICANT: &str = "Nguyễn Thị Thử";
pub(crate) const IDENTITY: &str = "087190001234";

#[derive(Clone)]
pub(crate) struct Terminal {
    pub(crate) id: String,
    pub(crate) journal: Vec<JournalEntry>,
    /// The answers it has, by the entry's number.
    pub(crate) answers: BTreeMap<u32, EntryAnswer>,
    /// What its clock says.
    pub(crate) now: &'static str,
}

impl Terminal {
    pub(crate) async fn enrolled(node: &Node, id: &str) -> Self {
        node.enrol(id).await;
        Self {
            id: id.to_owned(),
            journal: Vec::new(),
            answers: BTreeMap::new(),
            now: MORNING,
        }
    }

    /// Keys something in; its number in the journal.
    pub(crate) fn key_in(&mut self, item: Item) -> u32 {
        let sequence = u32::try_from(self.journal.len()).unwrap() + 1;
        self.journal.push(JournalEntry {
            sequence,
            command_id: Uuid::new_v4().to_string(),
            device_time: Some(wire(self.now)),
            actor: "postman-1".to_owned(),
            item: Some(item),
        });
        sequence
    }

    pub(crate) fn hello(&self) -> TerminalHello {
        let mut acknowledged = 0;
        while self.answers.contains_key(&(acknowledged + 1)) {
            acknowledged += 1;
        }
        TerminalHello {
            terminal_id: self.id.clone(),
            office: OFFICE.to_owned(),
            acknowledged,
            highest: u32::try_from(self.journal.len()).unwrap(),
            device_time: Some(wire(self.now)),
            node: None,
        }
    }

    /// Opens a line.
    pub(crate) async fn call(&self, node: &Node) -> (Line, TerminalWelcome) {
        Line::open(node, self.hello()).await.unwrap()
    }

    /// Sends whatever is not answered, and reads `answers_max` answers before the line breaks.
    pub(crate) async fn sync_until(&mut self, node: &Node, answers_max: usize) {
        let (mut line, welcome) = self.call(node).await;
        let from = usize::try_from(welcome.next_sequence).unwrap() - 1;
        // What was answered while the line broke is asked for again.
        let unanswered =
            (1..=from).find(|n| !self.answers.contains_key(&u32::try_from(*n).unwrap()));
        let from = unanswered.map_or(from, |n| n - 1);
        let mut left = answers_max;
        let sending = self.journal[from..].to_vec();
        let count = sending.len();
        let sender = line.sender();
        let sent = tokio::spawn(async move {
            for entry in sending {
                if sender.send(Asked::Entry(entry)).await.is_err() {
                    break;
                }
            }
        });
        for _ in 0..count {
            if left == 0 {
                break;
            }
            left -= 1;
            let answer = line.answer().await;
            if let Some(before) = self.answers.insert(answer.sequence, answer.clone()) {
                assert_eq!(before, answer, "the first answer, for ever");
            }
        }
        drop(line);
        sent.abort();
        let _ = sent.await;
    }

    pub(crate) async fn sync(&mut self, node: &Node) {
        self.sync_until(node, usize::MAX).await;
        assert_eq!(self.answers.len(), self.journal.len());
    }

    pub(crate) fn answer(&self, sequence: u32) -> &EntryAnswer {
        &self.answers[&sequence]
    }
}

/// What a terminal sends, in order.
#[derive(Clone)]
pub(crate) struct Sender(mpsc::Sender<SyncTerminalRequest>);

impl Sender {
    pub(crate) async fn send(&self, body: Asked) -> Result<(), ()> {
        let request = SyncTerminalRequest { body: Some(body) };
        self.0.send(request).await.map_err(|_| ())
    }
}

/// An open stream.
pub(crate) struct Line {
    sender: Sender,
    answers: Streaming<SyncTerminalResponse>,
}

impl Line {
    /// Opens a stream without a word.
    pub(crate) async fn silent(node: &Node) -> Result<Self, Status> {
        let (sender, sending) = mpsc::channel(1);
        let answers = node
            .terminals()
            .sync_terminal(ReceiverStream::new(sending))
            .await?
            .into_inner();
        Ok(Self {
            sender: Sender(sender),
            answers,
        })
    }

    pub(crate) async fn open(
        node: &Node,
        hello: TerminalHello,
    ) -> Result<(Self, TerminalWelcome), Status> {
        let mut line = Self::silent(node).await?;
        line.sender.send(Asked::Hello(hello)).await.unwrap();
        let said = line.said().await?;
        let Said::Welcome(welcome) = said else {
            panic!("no welcome: {said:?}")
        };
        Ok((line, welcome))
    }

    pub(crate) fn sender(&self) -> Sender {
        self.sender.clone()
    }

    pub(crate) async fn send(&self, entry: &JournalEntry) {
        self.sender.send(Asked::Entry(entry.clone())).await.unwrap();
    }

    /// What the node says next.
    pub(crate) async fn said(&mut self) -> Result<Said, Status> {
        let said = timeout(PATIENCE, self.answers.message()).await.unwrap()?;
        Ok(said.expect("the stream goes on").body.unwrap())
    }

    pub(crate) async fn answer(&mut self) -> EntryAnswer {
        let said = self.said().await.unwrap();
        let Said::Answer(answer) = said else {
            panic!("no answer: {said:?}")
        };
        answer
    }

    pub(crate) async fn missing(&mut self) -> MissingEntries {
        let said = self.said().await.unwrap();
        let Said::Missing(missing) = said else {
            panic!("nothing is missing: {said:?}")
        };
        missing
    }

    pub(crate) async fn asked(&mut self, entry: &JournalEntry) -> EntryAnswer {
        self.send(entry).await;
        self.answer().await
    }
}

pub(crate) fn collected(slip: &str) -> Item {
    Item::Collected(Collected {
        slip: slip.to_owned(),
        procedure: "2.001616".to_owned(),
        agency: DEPARTMENT.to_owned(),
        applicant: Some(Applicant {
            kind: ApplicantKind::Citizen.into(),
            name: APPLICANT.to_owned(),
            identity_number: IDENTITY.to_owned(),
            ..Applicant::default()
        }),
        components: vec![Component {
            code: "DON".to_owned(),
            originals: 1,
            ..Component::default()
        }],
        checklist: catalogue().version().to_string(),
        place: PlaceKind::HomeCollection.into(),
        synthetic: true,
        ..Collected::default()
    })
}

/// Everything about it is wrong.
pub(crate) fn bad() -> Item {
    Item::Collected(Collected {
        slip: "hai từ".to_owned(),
        place: PlaceKind::Counter.into(),
        ..Collected::default()
    })
}

pub(crate) fn postman(id: &str) -> HandOverParty {
    party(PartyKind::Terminal, id)
}

pub(crate) fn office() -> HandOverParty {
    party(PartyKind::PostOffice, OFFICE)
}

pub(crate) fn centre() -> HandOverParty {
    party(PartyKind::Point, CENTRE)
}

fn party(kind: PartyKind, id: &str) -> HandOverParty {
    HandOverParty {
        kind: kind.into(),
        id: id.to_owned(),
    }
}

pub(crate) fn slip(slip: &str, result: PaperResult) -> HandedOver {
    HandedOver {
        paper: Some(handed_over::Paper::Slip(slip.to_owned())),
        result: result.into(),
        ..HandedOver::default()
    }
}

pub(crate) fn code(code: &str, result: PaperResult) -> HandedOver {
    HandedOver {
        paper: Some(handed_over::Paper::Code(code.to_owned())),
        item: "EA000000001VN".to_owned(),
        result: result.into(),
        ..HandedOver::default()
    }
}

/// A minute that both sides have signed, or only the one that gives.
pub(crate) fn minute(
    number: &str,
    from: HandOverParty,
    to: HandOverParty,
    signed_at: &str,
    papers: Vec<HandedOver>,
) -> Item {
    let signed = papers
        .iter()
        .all(|it| it.result() != PaperResult::Unspecified);
    Item::HandOver(HandOver {
        number: number.to_owned(),
        from: Some(from),
        to: Some(to),
        signed_at: Some(wire(signed_at)),
        giver: "postman-1".to_owned(),
        taker: if signed { "clerk-1" } else { "" }.to_owned(),
        papers,
    })
}

pub(crate) fn reason(answer: &EntryAnswer) -> &str {
    assert_eq!(answer.result(), EntryResult::Refused, "{answer:?}");
    &answer.refusal.as_ref().unwrap().reason
}

pub(crate) fn taken(answer: &EntryAnswer) {
    assert_eq!(answer.result(), EntryResult::Taken, "{answer:?}");
}
