//! One terminal's stream: a hello, a welcome, and then entry by entry until either side ends.
//!
//! Nothing here has to be remembered: what is answered lies in the log, and what is held is sent again by the terminal
//! when the line is cut. Two streams of one terminal at once are told apart by the journal's revision only, and get along.

use std::collections::BTreeMap;
use std::time::Duration;

use api::convert::post::{self, Hello};
use api::convert::{post_outward, values};
use api::hoso::intake::v1::sync_terminal_request::Body as Asked;
use api::hoso::intake::v1::sync_terminal_response::Body as Said;
use api::hoso::intake::v1::{
    EntryAnswer, JournalEntry, MissingEntries, SyncProgress, SyncTerminalRequest,
    SyncTerminalResponse, TerminalWelcome,
};
use api::{EdgeError, Faults};
use application::HandleError;
use application::post::journal::{Answered, Standing};
use application::post::terminal::Terminal;
use domain::event::{TerminalFlag, TerminalNoted};
use domain::ids::TerminalId;
use domain::rejection::Rejection;
use jiff::Timestamp;
use prost::Message;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tonic::{Status, Streaming};

use super::TerminalCalls;
use super::taking::{Looked, refused};

/// Entries that came too early and are held, at most: so many, and so many bytes.
const HELD_MAX: u32 = 64;
const HELD_BYTES_MAX: usize = 1024 * 1024;
/// A clock that is further off is noted.
const SKEW_SECONDS_MAX: i64 = 120;
/// How often the server says how far it is when nothing comes.
const PROGRESS_EVERY: Duration = Duration::from_secs(15);
/// How long a terminal may take to say hello, or to read an answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often an entry is looked at again when another stream of the same terminal was faster.
const TRIES_MAX: u32 = 8;

/// Where a hello has what the rules name.
const HELLO: [(&str, &str); 3] = [
    ("terminal_id", "hello.terminal_id"),
    ("office", "hello.office"),
    ("node", "hello.node"),
];

/// Why a stream ends.
pub(super) enum Ended {
    /// The terminal has gone, or is done.
    Gone,
    /// With an error.
    Because(Box<Status>),
}

impl From<EdgeError> for Ended {
    fn from(error: EdgeError) -> Self {
        Status::from(error).into()
    }
}

impl From<HandleError> for Ended {
    fn from(error: HandleError) -> Self {
        EdgeError::from(error).into()
    }
}

impl From<Status> for Ended {
    fn from(status: Status) -> Self {
        Self::Because(Box::new(status))
    }
}

/// A terminal that has said hello.
pub(super) struct Session {
    pub(super) calls: TerminalCalls,
    pub(super) terminal: Terminal,
    /// Its clock is off by more than is let pass.
    pub(super) skewed: bool,
    /// When the entry before was keyed in, on its clock.
    pub(super) before: Option<Timestamp>,
    say: mpsc::Sender<Result<SyncTerminalResponse, Status>>,
    held: BTreeMap<u32, JournalEntry>,
    held_bytes: usize,
    /// The entry that was asked for last.
    asked_for: u32,
}

impl Session {
    /// Serves a stream to its end.
    pub(super) async fn run(
        calls: TerminalCalls,
        mut incoming: Streaming<SyncTerminalRequest>,
        say: mpsc::Sender<Result<SyncTerminalResponse, Status>>,
    ) {
        let mut stopping = calls.stopping.clone();
        let ended = tokio::select! {
            ended = Self::serve(calls, &mut incoming, say.clone()) => ended,
            _ = stopping.wait_for(|stopping| *stopping) => Err(stops()),
            // Nobody hears the answers any more: the line is cut, or the token ended. Nothing more is taken.
            () = say.closed() => Ok(()),
        };
        if let Err(Ended::Because(status)) = ended {
            // A terminal that does not read is not waited for.
            let _ = timeout(PATIENCE, say.send(Err(*status))).await;
        }
    }

    async fn serve(
        calls: TerminalCalls,
        incoming: &mut Streaming<SyncTerminalRequest>,
        say: mpsc::Sender<Result<SyncTerminalResponse, Status>>,
    ) -> Result<(), Ended> {
        let first = timeout(PATIENCE, heard(incoming)).await;
        let hello = match first.unwrap_or(Err(Ended::Gone))? {
            Some(Asked::Hello(hello)) => {
                let mut faults = Faults::default();
                let read = post::hello(&hello, &mut faults);
                faults.finish(read)?
            }
            Some(Asked::Entry(_)) | None => return Err(out_of_turn("must come first")),
        };
        let mut session = Self::open(calls, say, &hello).await?;
        loop {
            match timeout(PROGRESS_EVERY, heard(incoming)).await {
                Ok(Ok(Some(Asked::Entry(entry)))) => session.entry(entry).await?,
                Ok(Ok(Some(Asked::Hello(_)))) => return Err(out_of_turn("is said once")),
                Ok(Ok(None)) => return Ok(()),
                Ok(Err(ended)) => return Err(ended),
                Err(_) => session.progress().await?,
            }
        }
    }

    /// The welcome, after whatever the hello shows was noted.
    async fn open(
        calls: TerminalCalls,
        say: mpsc::Sender<Result<SyncTerminalResponse, Status>>,
        hello: &Hello,
    ) -> Result<Self, Ended> {
        let desk = calls.edge.desk.clone();
        let here = calls.has(hello);
        here.map_err(|no| EdgeError::from(no).placed(&HELLO))?;
        let terminal = desk.terminal(&hello.terminal);
        let terminal = terminal.map_err(|no| EdgeError::from(no).placed(&HELLO))?;
        if terminal.enrolled.office != hello.office {
            let office = terminal.enrolled.office;
            let terminal = hello.terminal.clone();
            let no = HandleError::from(Rejection::TerminalOfAnotherOffice { terminal, office });
            return Err(EdgeError::from(no).placed(&HELLO).into());
        }
        let now = (calls.edge.now)();
        let length = desk.journal_length(&hello.terminal)?;
        let skew_seconds = hello.device_time.duration_since(now).as_secs();
        let before = desk.journal_answer(&hello.terminal, length)?;
        let mut session = Self {
            calls,
            terminal,
            skewed: skew_seconds.abs() > SKEW_SECONDS_MAX,
            before: before.and_then(|it| it.answered.device_at),
            say,
            held: BTreeMap::new(),
            held_bytes: 0,
            asked_for: 0,
        };
        let set_back = hello.highest < length;
        let server_behind = hello.acknowledged > length;
        if set_back {
            session
                .note(
                    TerminalFlag::SetBack,
                    hello.highest,
                    0,
                    &[hello.highest, length],
                )
                .await?;
        }
        if server_behind {
            let told_by = [hello.acknowledged, length];
            session
                .note(TerminalFlag::ServerBehind, hello.acknowledged, 0, &told_by)
                .await?;
        }
        if session.skewed {
            session.note_skew(skew_seconds, now).await?;
        }
        let catalogue = session.calls.edge.desk.catalogue();
        let welcome = TerminalWelcome {
            next_sequence: length.saturating_add(1),
            set_back,
            server_behind,
            server_time: Some(values::timestamp(now)),
            skew_seconds,
            clock_skewed: session.skewed,
            catalogue: catalogue.files_version().to_string(),
            held_max: HELD_MAX,
        };
        session.say(Said::Welcome(welcome)).await?;
        Ok(session)
    }

    pub(super) fn id(&self) -> &TerminalId {
        &self.terminal.enrolled.terminal
    }

    async fn say(&mut self, said: Said) -> Result<(), Ended> {
        let said = Ok(SyncTerminalResponse { body: Some(said) });
        match timeout(PATIENCE, self.say.send(said)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Ended::Gone),
        }
    }

    async fn progress(&mut self) -> Result<(), Ended> {
        let length = self.calls.edge.desk.journal_length(self.id())?;
        let progress = SyncProgress {
            next_sequence: length.saturating_add(1),
            server_time: Some(values::timestamp((self.calls.edge.now)())),
        };
        self.say(Said::Progress(progress)).await
    }

    /// A skew is noted when it is new, or has changed, or a day later: not with every call.
    async fn note_skew(&mut self, skew_seconds: i64, now: Timestamp) -> Result<(), Ended> {
        let known = self.terminal.last(TerminalFlag::ClockSkewed);
        let known = known.is_some_and(|(at, note)| {
            now.duration_since(*at).as_hours() < 24
                && (note.skew_seconds - skew_seconds).abs() <= SKEW_SECONDS_MAX
        });
        if known {
            return Ok(());
        }
        let told_by = now.as_microsecond().to_be_bytes();
        let noted = TerminalNoted {
            flag: TerminalFlag::ClockSkewed,
            sequence: 0,
            skew_seconds,
        };
        self.write_note(noted, &told_by).await
    }

    async fn note(
        &mut self,
        flag: TerminalFlag,
        sequence: u32,
        skew_seconds: i64,
        told_by: &[u32],
    ) -> Result<(), Ended> {
        let mut bytes = format!("{flag:?}").into_bytes();
        bytes.extend(told_by.iter().flat_map(|number| number.to_be_bytes()));
        let noted = TerminalNoted {
            flag,
            sequence,
            skew_seconds,
        };
        self.write_note(noted, &bytes).await
    }

    async fn write_note(&mut self, noted: TerminalNoted, told_by: &[u8]) -> Result<(), Ended> {
        tracing::warn!(terminal = %self.id(), flag = ?noted.flag, sequence = noted.sequence, "something is wrong with a terminal");
        let by = self.by_itself();
        let desk = &self.calls.edge.desk;
        Ok(desk
            .note_terminal(&self.terminal.enrolled, noted, told_by, &by)
            .await?)
    }

    /// An entry, and the held ones whose turn it is then.
    async fn entry(&mut self, entry: JournalEntry) -> Result<(), Ended> {
        let mut next = Some(entry);
        while let Some(entry) = next {
            let sequence = entry.sequence;
            if !self.answered(entry).await? {
                return Ok(());
            }
            next = sequence
                .checked_add(1)
                .and_then(|after| self.held.remove(&after));
            if let Some(entry) = &next {
                self.held_bytes -= entry.encoded_len().min(self.held_bytes);
            }
        }
        Ok(())
    }

    /// Answers an entry; false when it came too early and is held, or is not.
    async fn answered(&mut self, entry: JournalEntry) -> Result<bool, Ended> {
        if entry.sequence == 0 {
            return Err(out_of_turn("must be numbered from 1"));
        }
        let looked = Looked::at(entry, self.calls.edge.desk.vault());
        for _ in 0..TRIES_MAX {
            let desk = self.calls.edge.desk.clone();
            let (answer, flags) = match desk.standing(self.id(), &looked.entry)? {
                Standing::Answered(it) => {
                    self.answer(&it).await?;
                    return Ok(true);
                }
                Standing::Reused => {
                    self.reused(&looked).await?;
                    return Ok(true);
                }
                Standing::Early(next) => {
                    self.early(looked.wire, next).await?;
                    return Ok(false);
                }
                Standing::Repeats { sequence, same } => self.repeats(sequence, same)?,
                Standing::Next => self.take(&looked).await?,
            };
            let by = self.by_itself();
            let written = desk
                .answer_entry(self.id(), &looked.entry, answer, flags, &by)
                .await?;
            if let Some(it) = written {
                self.before = it.answered.device_at.or(self.before);
                self.answer(&it).await?;
                return Ok(true);
            }
        }
        Err(HandleError::Contended.into())
    }

    /// The answer that the log has, once it is where it was promised to be.
    async fn answer(&mut self, it: &Answered) -> Result<(), Ended> {
        let edge = &self.calls.edge;
        let position = it.record.place.position;
        edge.ack
            .wait(position, edge.patience)
            .await
            .map_err(EdgeError::from)?;
        let told = self.calls.told_answer(it)?;
        self.say(Said::Answer(told)).await
    }

    /// Another entry has the number: the log keeps that one, the terminal keeps this one.
    async fn reused(&mut self, looked: &Looked) -> Result<(), Ended> {
        let sequence = looked.entry.sequence;
        let mut told_by = b"SequenceReused".to_vec();
        told_by.extend(sequence.to_be_bytes());
        told_by.extend(looked.entry.whole);
        let noted = TerminalNoted {
            flag: TerminalFlag::SequenceReused,
            sequence,
            skew_seconds: 0,
        };
        self.write_note(noted, &told_by).await?;
        let error = HandleError::from(Rejection::SequenceReused { sequence }).into();
        let mut told = EntryAnswer {
            sequence,
            command_id: looked.wire.command_id.clone(),
            ..EntryAnswer::default()
        };
        post_outward::matter(&refused(error, "")?, None, &mut told);
        self.say(Said::Answer(told)).await
    }

    /// Holds what came too early, and asks for what must come first, once for each gap.
    async fn early(&mut self, entry: JournalEntry, next: u32) -> Result<(), Ended> {
        let (sequence, bytes) = (entry.sequence, entry.encoded_len());
        let room = self.held.len() < usize::try_from(HELD_MAX).unwrap_or(usize::MAX)
            && self.held_bytes + bytes <= HELD_BYTES_MAX;
        if room && self.held.insert(sequence, entry).is_none() {
            self.held_bytes += bytes;
        }
        if self.asked_for == next {
            return Ok(());
        }
        self.asked_for = next;
        let first = self.held.keys().next().copied().unwrap_or(sequence);
        let missing = MissingEntries {
            from: next,
            to: first.saturating_sub(1),
        };
        self.say(Said::Missing(missing)).await
    }
}

async fn heard(incoming: &mut Streaming<SyncTerminalRequest>) -> Result<Option<Asked>, Ended> {
    match incoming.message().await {
        Ok(Some(message)) => match message.body {
            Some(body) => Ok(Some(body)),
            None => Err(out_of_turn("must be a hello or an entry")),
        },
        Ok(None) => Ok(None),
        // Bytes that are no message get a reason; a line that was cut has nobody who reads it.
        Err(status) => Err(api::status::explained(&status).into()),
    }
}

fn out_of_turn(said: &str) -> Ended {
    let mut faults = Faults::default();
    faults.note(
        if said.contains("number") {
            "entry.sequence"
        } else {
            "hello"
        },
        said,
    );
    match faults.finish(None::<()>) {
        Ok(()) => Ended::Gone,
        Err(error) => error.into(),
    }
}

/// What a terminal is told when the node stops: it comes back.
fn stops() -> Ended {
    HandleError::Closed("the node stops".to_owned()).into()
}
