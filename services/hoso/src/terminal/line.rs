//! A line from a terminal to its intake node, as one tries it out: open, say an entry, hear an answer.

use api::hoso::intake::v1::terminal_service_client::TerminalServiceClient;
use api::hoso::intake::v1::{
    EnrolTerminalRequest, EnrolTerminalResponse, EntryAnswer, JournalEntry,
    LeaseReceiptRangeRequest, ReceiptRange, SyncTerminalRequest, SyncTerminalResponse,
    TerminalHello, TerminalWelcome, journal_entry::Item, sync_terminal_request as to,
    sync_terminal_response as from,
};
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use uuid::Uuid;

use super::keyed::{now, stamp};
use crate::client::Channel;
use crate::{Failure, client};

/// Entries that may be on their way unheard.
pub const WINDOW: usize = 64;
/// The account in whose name a terminal tries things out.
pub const ACTOR: &str = "kiem-tra";
/// The post office in which it stands.
pub const OFFICE: &str = "KIEM-TRA";

/// A terminal that tries things out.
#[derive(Clone, Debug)]
pub struct Post {
    channel: Channel,
    terminal: String,
}

/// An open line: the server has said its welcome.
#[derive(Debug)]
pub struct Line {
    /// What it said.
    pub welcome: TerminalWelcome,
    to: mpsc::Sender<SyncTerminalRequest>,
    from: Streaming<SyncTerminalResponse>,
}

impl Post {
    /// A terminal of this name, at this server.
    ///
    /// # Errors
    /// When nobody answers there.
    pub async fn new(server: &str, terminal: String) -> Result<Self, Failure> {
        let channel = client::lasting(server).await?;
        Ok(Self { channel, terminal })
    }

    /// Another terminal at the same server.
    pub fn named(&self, terminal: String) -> Self {
        let channel = self.channel.clone();
        Self { channel, terminal }
    }

    /// The connection, for other calls.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// Makes it known.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn enrol(
        &self,
        operator: &str,
        request: Uuid,
    ) -> Result<EnrolTerminalResponse, Failure> {
        let request = EnrolTerminalRequest {
            request_id: request.to_string(),
            terminal_id: self.terminal.clone(),
            office: OFFICE.to_owned(),
            operator: operator.to_owned(),
            actor: ACTOR.to_owned(),
            min_position: String::new(),
        };
        let answer = self.calls().enrol_terminal(request).await;
        Ok(answer.map_err(|it| client::explain(&it))?.into_inner())
    }

    /// Gets receipt numbers.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn lease(&self, series: &str, count: u32) -> Result<ReceiptRange, Failure> {
        let request = LeaseReceiptRangeRequest {
            request_id: Uuid::new_v4().to_string(),
            terminal_id: self.terminal.clone(),
            series: series.to_owned(),
            count,
            actor: ACTOR.to_owned(),
            min_position: String::new(),
        };
        let answer = self.calls().lease_receipt_range(request).await;
        let answer = answer.map_err(|it| client::explain(&it))?.into_inner();
        answer.range.ok_or_else(|| "no numbers came".into())
    }

    /// An entry of its journal.
    pub fn entry(&self, sequence: u32, item: Item) -> JournalEntry {
        JournalEntry {
            sequence,
            command_id: Uuid::new_v4().to_string(),
            device_time: Some(stamp(now())),
            actor: ACTOR.to_owned(),
            item: Some(item),
        }
    }

    /// Opens a line and hears the welcome.
    ///
    /// # Errors
    /// When it is refused, or something else comes first.
    pub async fn open(
        &self,
        acknowledged: u32,
        highest: u32,
        device_time: Timestamp,
    ) -> Result<Line, Failure> {
        let hello = TerminalHello {
            terminal_id: self.terminal.clone(),
            office: OFFICE.to_owned(),
            acknowledged,
            highest,
            device_time: Some(stamp(device_time)),
            node: None,
        };
        Line::open(self.channel.clone(), hello).await
    }

    /// Its id.
    pub fn terminal(&self) -> &str {
        &self.terminal
    }

    /// The calls about terminals.
    pub fn calls(&self) -> TerminalServiceClient<Channel> {
        TerminalServiceClient::new(self.channel.clone())
    }
}

impl Line {
    /// Opens a line with this hello, and hears the welcome.
    ///
    /// # Errors
    /// When it is refused, or something else comes first.
    pub async fn open(channel: Channel, hello: TerminalHello) -> Result<Self, Failure> {
        let (to, said) = mpsc::channel(WINDOW + 1);
        to.send(request(to::Body::Hello(hello))).await?;
        let answers = TerminalServiceClient::new(channel)
            .sync_terminal(ReceiverStream::new(said))
            .await;
        let mut from = answers.map_err(|it| client::explain(&it))?.into_inner();
        match heard(&mut from).await? {
            Some(from::Body::Welcome(welcome)) => Ok(Self { welcome, to, from }),
            Some(_) | None => Err("the server did not begin with a welcome".into()),
        }
    }

    /// Says an entry.
    ///
    /// # Errors
    /// When the line is cut.
    pub async fn send(&self, entry: &JournalEntry) -> Result<(), Failure> {
        let said = self.to.send(request(to::Body::Entry(entry.clone()))).await;
        said.map_err(|_| "the line is cut".into())
    }

    /// What the server says next.
    ///
    /// # Errors
    /// When it ends, or an error ends it.
    pub async fn heard(&mut self) -> Result<from::Body, Failure> {
        let body = heard(&mut self.from).await?;
        body.ok_or_else(|| "the server ended before it had answered everything".into())
    }

    /// The next answer, whatever else comes before it.
    ///
    /// # Errors
    /// When none comes.
    pub async fn answer(&mut self) -> Result<EntryAnswer, Failure> {
        loop {
            if let from::Body::Answer(answer) = self.heard().await? {
                return Ok(answer);
            }
        }
    }
}

fn request(body: to::Body) -> SyncTerminalRequest {
    SyncTerminalRequest { body: Some(body) }
}

async fn heard(from: &mut Streaming<SyncTerminalResponse>) -> Result<Option<from::Body>, Failure> {
    match from.message().await.map_err(|it| client::explain(&it))? {
        None => Ok(None),
        Some(SyncTerminalResponse { body: Some(body) }) => Ok(Some(body)),
        Some(SyncTerminalResponse { body: None }) => Err("the server said nothing we know".into()),
    }
}
