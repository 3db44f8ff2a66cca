//! A service of the province: its machine, what it decides, publishes, follows and counts; all of it gone when it dies.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use application::codes::{Codes, Counters};
use application::projection::Projection;
use application::snapshot::{self, Keep, Mark};
use application::{Desk, Writer};
use domain::Catalogue;
use eventlog::{EventLog, LogId, Position};
use messaging::outgoing::{self, Outgoing};
use messaging::{Follower, Mode};
use reporting::figures::Figures;
use tempfile::TempDir;
use vault::{MasterKey, Vault};

use crate::chance::Chance;
use crate::machine::Machine;
use crate::net::{Net, Sent};
use crate::wire::{Shared, Step, Wire, lock};

/// Records that are sent at a time, so that there are steps between them.
const SEND: usize = 6;

/// The catalogue that hoso ships with.
pub(crate) fn catalogue() -> Arc<Catalogue> {
    static CATALOGUE: OnceLock<Arc<Catalogue>> = OnceLock::new();
    let catalogue = CATALOGUE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/catalogue");
        let read = |name: &&'static str| {
            let text = std::fs::read_to_string(folder.join(name)).expect(name);
            (*name, text)
        };
        let texts: Vec<_> = Catalogue::FILES.iter().map(read).collect();
        let files: Vec<_> = texts
            .iter()
            .map(|(name, text)| (*name, text.as_str()))
            .collect();
        Arc::new(Catalogue::parse(&files).expect("the catalogue parses"))
    });
    Arc::clone(catalogue)
}

/// A desk wants one; nothing is ever put into it here.
fn vault() -> Vault {
    static VAULT: OnceLock<(TempDir, Vault)> = OnceLock::new();
    let (_, vault) = VAULT.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let key = MasterKey::from_bytes(&[7; 32]);
        let vault = Vault::open(
            &folder.path().join("vault"),
            key,
            vault::Settings::default(),
        );
        (folder, vault.expect("the vault opens"))
    });
    vault.clone()
}

/// How far a log is published, as the product's relay decides it.
#[derive(Debug)]
pub(crate) struct Relay {
    /// Everything up to here is in the stream.
    acknowledged: Position,
    outgoing: Outgoing<Sent>,
    /// The checkpoint on the disk, and the one before: it is not synced.
    kept: [Option<(LogId, Position)>; 2],
}

impl Relay {
    fn new() -> Self {
        Self {
            acknowledged: 0,
            outgoing: Outgoing::new(0),
            kept: [None; 2],
        }
    }

    fn start(&mut self, log: &EventLog) {
        let head = log.head();
        let kept = self.kept[0].map_or(0, |(_, position)| position);
        assert!(kept <= head.position, "a checkpoint may lag, never lead");
        self.acknowledged = outgoing::resume(self.kept[0], &head).expect("it is of this log");
        self.outgoing = Outgoing::new(self.acknowledged);
    }

    /// Sends some records; gives how far it came.
    pub(crate) fn send(&mut self, log: &EventLog, net: &mut Net) -> Result<Position, &'static str> {
        let room = self.outgoing.room(log.head().position).min(SEND);
        for record in log
            .read_after(self.outgoing.sent(), room)
            .expect("it reads")
        {
            match net.publish(&record) {
                Ok(sent) => self.outgoing.push(record.place.position, Some(sent)),
                Err(reason) => {
                    self.outgoing = Outgoing::new(self.acknowledged);
                    return Err(reason);
                }
            }
        }
        Ok(self.outgoing.sent())
    }

    /// Waits for the next acknowledgement; without it everything after the last one is sent again.
    pub(crate) fn hear(&mut self) -> Position {
        match self.outgoing.pop() {
            Some((position, None | Some(Sent::Acknowledged))) => self.acknowledged = position,
            Some((_, Some(Sent::Unacknowledged))) => {
                self.outgoing = Outgoing::new(self.acknowledged);
            }
            None => {}
        }
        self.acknowledged
    }

    pub(crate) fn keep(&mut self, log: LogId) {
        self.kept = [Some((log, self.acknowledged)), self.kept[0]];
    }

    pub(crate) fn is_done(&self, head: Position) -> bool {
        self.acknowledged == head
    }
}

/// What a service does with what comes.
#[derive(Debug)]
pub(crate) enum Part {
    /// Intake and processing.
    Office {
        writer: Writer,
        /// Its digit in the codes it gives.
        digit: u8,
        desk: Option<Desk>,
        relay: Relay,
    },
    /// Reporting.
    Counter {
        figures: Option<Projection<Figures>>,
    },
}

/// Another log that is followed.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) log: LogId,
    mailbox: usize,
    pub(crate) follower: Option<Follower<Wire>>,
}

fn save<S: Keep>(folded: &Projection<S>, log: &EventLog, file: &Path) -> Position {
    folded.read(|state, position| {
        if let Some(mark) = Mark::at(log, position).expect("it reads") {
            snapshot::save(file, state, &mark).expect("it is written");
        }
        position
    })
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) machine: Machine,
    pub(crate) part: Part,
    pub(crate) lines: Vec<Line>,
}

impl Node {
    pub(crate) fn office(machine: Machine, writer: Writer, digit: u8) -> Self {
        let part = Part::Office {
            writer,
            digit,
            desk: None,
            relay: Relay::new(),
        };
        Self {
            machine,
            part,
            lines: Vec::new(),
        }
    }

    pub(crate) fn counter(machine: Machine) -> Self {
        Self {
            machine,
            part: Part::Counter { figures: None },
            lines: Vec::new(),
        }
    }

    pub(crate) fn follow(&mut self, log: LogId, net: &Shared<Net>) {
        let mailbox = lock(net).subscribe(log);
        self.lines.push(Line {
            log,
            mailbox,
            follower: None,
        });
    }

    pub(crate) fn lives(&self) -> bool {
        self.machine.log().is_some()
    }

    pub(crate) fn log(&self) -> &EventLog {
        self.machine.log().expect("it is alive")
    }

    pub(crate) fn desk(&self) -> Option<&Desk> {
        match &self.part {
            Part::Office { desk, .. } => desk.as_ref(),
            Part::Counter { .. } => None,
        }
    }

    pub(crate) fn relay(&mut self) -> Option<(&mut Relay, &EventLog)> {
        let log = self.machine.log()?;
        match &mut self.part {
            Part::Office { relay, .. } => Some((relay, log)),
            Part::Counter { .. } => None,
        }
    }

    pub(crate) fn figures(&self) -> Option<&Projection<Figures>> {
        match &self.part {
            Part::Counter { figures } => figures.as_ref(),
            Part::Office { .. } => None,
        }
    }

    /// Begins a life from its disk; false when it died of it.
    pub(crate) fn start(&mut self, net: &Shared<Net>, chance: &mut Chance, step: &Step) -> bool {
        if !self.machine.start() {
            return false;
        }
        let log = self.log().clone();
        assert!(
            log.awaits().is_none(),
            "nothing was lost: {:?}",
            log.awaits()
        );
        let mode = match &mut self.part {
            Part::Office {
                writer,
                digit,
                desk,
                relay,
            } => {
                let none = Counters::of(*digit);
                let folded = Projection::open_kept(log.clone(), none, self.machine.beside());
                let codes = folded
                    .expect("it reads")
                    .read(|counters, _| Codes::after(counters));
                let codes = Arc::new(codes);
                *desk = Some(Desk::new(log.clone(), vault(), catalogue(), codes, *writer));
                relay.start(&log);
                Mode::Import
            }
            Part::Counter { figures } => {
                let none = Figures::new(catalogue(), &log).expect("it reads");
                let kept = snapshot::load(&log, none, &self.machine.beside());
                let (mut state, kept) = kept.expect("it reads");
                let folded = state.catch_up(&log, kept).expect("it reads");
                *figures = Some(Projection::resume(log.clone(), state, folded));
                Mode::Replicate
            }
        };
        for line in &mut self.lines {
            let max = 1 + chance.index(24);
            let wire = Wire::new(net, line.log, line.mailbox, max, step);
            line.follower = Some(Follower::new(wire, log.clone(), mode));
        }
        lock(net).serves(self.machine.id, Some(log));
        true
    }

    /// Lays down what it has folded, from which its next start goes on; gives up to where that is.
    pub(crate) fn lay_down(&self) -> Position {
        let file = self.machine.beside();
        match &self.part {
            Part::Office { digit, .. } => {
                let folded = Projection::open(self.log().clone(), Counters::of(*digit));
                save(&folded.expect("it reads"), self.log(), &file)
            }
            Part::Counter { figures } => {
                save(figures.as_ref().expect("it is alive"), self.log(), &file)
            }
        }
    }

    /// Everything that was in memory is gone.
    fn forget(&mut self, net: &Shared<Net>) {
        lock(net).serves(self.machine.id, None);
        for line in &mut self.lines {
            line.follower = None;
        }
        match &mut self.part {
            Part::Office { desk, .. } => *desk = None,
            Part::Counter { figures } => *figures = None,
        }
    }

    /// It was found dead.
    pub(crate) fn bury(&mut self, net: &Shared<Net>) {
        self.forget(net);
        if self.machine.bury() {
            lock(net).faults.power_cuts += 1;
            // Nor is what was laid down beside the log more than a help.
            let file = self.machine.beside();
            if let Ok(bytes) = std::fs::read(&file) {
                std::fs::write(&file, &bytes[..bytes.len() / 2]).expect("it is written");
            }
            // The checkpoint was not synced either.
            if let Part::Office { relay, .. } = &mut self.part {
                relay.kept[0] = relay.kept[1];
            }
        }
    }

    pub(crate) fn die(&mut self, net: &Shared<Net>) {
        self.forget(net);
        self.machine.die();
    }

    pub(crate) fn stop(&mut self, net: &Shared<Net>) {
        self.forget(net);
        self.machine.stop();
    }
}
