//! What an intake node and processing do besides answering: decide what follows, gather personal data, erase it, sweep what
//! no event names.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use application::calendar::Calendars;
use application::codes::{Codes, Counters};
use application::erasures::{self, Erasures};
use application::identities::Marks;
use application::losses::Losses;
use application::projection::Projection;
use application::{Desk, Writer, errands, follow_up, orphans};
use eventlog::{EventLog, LogId, Position};
use jiff::Timestamp;
use processing::board::Board;
use processing::gathering;
use processing::line::Line;
use processing::speaking::{self, Speaker};
use processing::vaults::Vaults;
use tokio::runtime::{Builder, Handle, Runtime};
use vault::copy::{CopyError, CopyFolder};
use vault::{LineKey, Vault};

use crate::errand::Carrier;
use crate::node::catalogue;
use crate::relay::Relay;
use crate::wire::finish;

/// The key of the line between the vaults of the province.
pub(crate) fn line_key() -> LineKey {
    LineKey::from_bytes(&[9; 32])
}

/// What an office is while it lives.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) desk: Desk,
    codes: Arc<Codes>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Intake(Projection<Erasures>),
    Processing(Box<Middle>),
}

/// What processing makes of what it takes in.
#[derive(Debug)]
struct Middle {
    speaker: Speaker<Carrier>,
    /// Up to here all that could be decided was.
    decided: Position,
    /// Up to here it was looked for what dossiers name in vaults.
    gathered: Position,
    /// So many of all erasures were carried out in its own vault.
    erased: usize,
}

/// An office, alive or not.
#[derive(Debug)]
pub(crate) struct Office {
    pub(crate) writer: Writer,
    /// Its digit in the codes it gives.
    digit: u8,
    pub(crate) relay: Relay,
    pub(crate) work: Option<Work>,
}

thread_local! {
    /// For what wants threads of its own.
    static RUNTIME: RefCell<Runtime> = RefCell::new(
        Builder::new_current_thread().build().expect("a runtime"),
    );
}

/// Where threads of its own come from.
pub(crate) fn runtime() -> Handle {
    RUNTIME.with_borrow(|runtime| runtime.handle().clone())
}

impl Office {
    pub(crate) fn new(writer: Writer, digit: u8) -> Self {
        Self {
            writer,
            digit,
            relay: Relay::new(),
            work: None,
        }
    }

    /// Begins to work on this disk.
    pub(crate) fn begin(&mut self, log: &EventLog, vault: Vault, fold: &Path, carrier: Carrier) {
        let none = Counters::of(self.digit);
        let folded = Projection::open_kept(log.clone(), none, fold.to_owned());
        let folded = folded.expect("it reads");
        let codes = folded.read(|counters, _| Arc::new(Codes::after(counters)));
        let issuer = Arc::<Codes>::clone(&codes);
        let desk = Desk::new(log.clone(), vault, catalogue(), issuer, self.writer);
        let kind = match self.writer {
            Writer::Intake => {
                let folded = Projection::open(log.clone(), Erasures::default());
                Kind::Intake(folded.expect("it reads"))
            }
            Writer::Processing => {
                let folded = Projection::open(log.clone(), Board::default());
                let speaker = Speaker {
                    desk: desk.clone(),
                    board: folded.expect("it reads"),
                    vaults: Vaults::default(),
                    marks: Marks::new(desk.clone()),
                    line: Line {
                        keys: line_key().into(),
                        errands: carrier,
                    },
                };
                Kind::Processing(Box::new(Middle {
                    speaker,
                    decided: 0,
                    gathered: 0,
                    erased: 0,
                }))
            }
        };
        self.work = Some(Work { desk, codes, kind });
        self.relay.start(log);
    }

    /// Lays down the codes it has counted.
    pub(crate) fn counted(&self, log: &EventLog) -> Projection<Counters> {
        let folded = Projection::open(log.clone(), Counters::of(self.digit));
        folded.expect("it reads")
    }

    /// Before the first write after a healing: codes that were taken back are counted, and what was erased meanwhile is
    /// erased in a vault that was restored. Says whether that is done.
    pub(crate) fn before_writes(&self, disk: &Path) -> bool {
        let work = self.work.as_ref().expect("it is alive");
        let log = work.desk.log();
        self.counted(log)
            .read(|counters, _| work.codes.raise(counters));
        erasures::apply_after_restore(log, work.desk.vault(), disk).is_ok()
    }

    fn middle(&mut self) -> Option<&mut Middle> {
        match &mut self.work.as_mut()?.kind {
            Kind::Processing(middle) => Some(middle),
            Kind::Intake(_) => None,
        }
    }

    /// Decides what can be decided of what was taken in; gives up to where that is done, if it could be.
    pub(crate) fn decide(&mut self, now: Timestamp) -> Option<Position> {
        let middle = self.middle()?;
        let (desk, board) = (&middle.speaker.desk, &middle.speaker.board);
        while board.step().expect("it reads") {}
        let due = |board: &Board, after| board.follow_ups(after);
        let done = finish(follow_up::decide(
            desk,
            board,
            due,
            middle.decided,
            now,
            |_, _| {},
        ))?;
        middle.decided = done;
        Some(done)
    }

    /// Carries out erasures as far as that is possible now, and looks for what is to be fetched from other vaults; says how
    /// it is then.
    pub(crate) fn tend(&mut self, now: Timestamp) -> String {
        let work = self.work.as_mut().expect("it is alive");
        match &mut work.kind {
            Kind::Intake(folded) => {
                while folded.step().expect("it reads") {}
                let open = folded.read(|erasures, _| erasures.open());
                for (dossier, _) in &open {
                    // What is not done now is done later.
                    let _ = finish(erasures::finish(&work.desk, *dossier, &[], now));
                }
                format!("{} erasures to finish", open.len())
            }
            Kind::Processing(middle) => {
                let Speaker {
                    desk,
                    board,
                    vaults,
                    ..
                } = &middle.speaker;
                while board.step().expect("it reads") {}
                let erased = speaking::erase(desk, board, vaults, &mut middle.erased, now);
                let _ = finish(erased);
                if let Ok(upto) = gathering::gather(desk, vaults, middle.gathered) {
                    middle.gathered = upto;
                }
                let open = board.read(|board, _| board.erasures.open().len());
                format!(
                    "{open} erasures to finish, all wanted up to {}",
                    middle.gathered
                )
            }
        }
    }

    /// The exchange with one other vault.
    pub(crate) fn speaker(&self) -> Option<&Speaker<Carrier>> {
        match &self.work.as_ref()?.kind {
            Kind::Processing(middle) => Some(&middle.speaker),
            Kind::Intake(_) => None,
        }
    }

    /// Whether nothing is left to decide, to fetch and to erase.
    pub(crate) fn is_done(&self) -> bool {
        let work = self.work.as_ref().expect("it is alive");
        let head = work.desk.log().head().position;
        match &work.kind {
            Kind::Intake(folded) => {
                // Of what was accepted meanwhile, processing writes down the rest.
                let accepted = |dossier| {
                    let loaded = work.desk.load(dossier).expect("it is understood");
                    loaded.dossier.case().is_some()
                };
                let open = folded.read(|erasures, _| erasures.open());
                folded.position() == head && open.into_iter().all(|(dossier, _)| accepted(dossier))
            }
            Kind::Processing(middle) => {
                let board = &middle.speaker.board;
                let (erasures, open) = board.read(|board, _| {
                    let erasures = &board.erasures;
                    (erasures.subjects().len(), erasures.open().len())
                });
                let lines = middle.speaker.vaults.now(erasures, &Losses::default());
                middle.decided == head
                    && middle.gathered == head
                    && board.position() == head
                    && open == 0
                    && lines
                        .iter()
                        .all(|line| line.entries_wanted == 0 && line.erasures_untold == 0)
            }
        }
    }

    /// Destroys the entries that no event names; none when it cannot be done now.
    pub(crate) fn sweep(&self) -> Option<u64> {
        let desk = &self.work.as_ref()?.desk;
        if desk.log().awaits().is_some() {
            return None;
        }
        let vault = desk.vault();
        let swept = orphans::sweep(desk.log().clone(), vault, vault.mark());
        RUNTIME.with_borrow(|runtime| runtime.block_on(swept)).ok()
    }
}

/// Copies a vault while it works; not when its machine dies of it.
pub(crate) fn copy_vault(vault: &Vault, to: &Path) -> Result<(), CopyError> {
    let outline = finish(vault.outline())?;
    let mut folder = CopyFolder::begin(to, outline.vault).expect("a folder");
    for (nth, part) in outline.parts.iter().enumerate() {
        folder.file(&part.name).expect("a file");
        let mut at = 0;
        loop {
            let piece = finish(vault.piece(&outline, nth, at))?;
            if piece.is_empty() {
                break;
            }
            at += piece.len() as u64;
            folder.add(&piece).expect("it is written");
        }
    }
    folder.finish().expect("it is written");
    Ok(())
}

/// Answers for the vault beside this log.
pub(crate) fn answer(
    desk: &Calendars,
    of: LogId,
    now: Timestamp,
    question: &[u8],
) -> Result<Vec<u8>, String> {
    let answer = finish(errands::answer(desk, &line_key().into(), of, now, question));
    answer.map_err(|fault| fault.to_string())
}
