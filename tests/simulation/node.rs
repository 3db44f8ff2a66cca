//! A service of the province: its machine, what it publishes, follows and counts; all of it gone when it dies.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use application::calendar::Calendars;
use application::projection::Projection;
use application::snapshot::{self, Keep, Mark};
use application::{Desk, Writer, erasures};
use domain::Catalogue;
use eventlog::{EventLog, LogId, Position};
use messaging::{AcceptedLoss, Follower, Healer, Mode};
use reporting::figures::Figures;

use crate::chance::Chance;
use crate::errand::Carrier;
use crate::machine::Machine;
use crate::net::Net;
use crate::office::Office;
use crate::relay::Relay;
use crate::wire::{Shared, Step, Wire, drive, lock};
use crate::witness::Onlooker;

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

/// What a service does with what comes.
#[derive(Debug)]
pub(crate) enum Part {
    /// Intake and processing.
    Office(Office),
    /// Reporting.
    Counter(Option<Projection<Figures>>),
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
    /// How far its disk had each log when it was last at rest.
    pub(crate) has: BTreeMap<LogId, Position>,
    /// The same of the disk that is remembered.
    pub(crate) had: BTreeMap<LogId, Position>,
    /// When what its vault may lack was put there, microseconds since 1970.
    pub(crate) lacks: Vec<RangeInclusive<i64>>,
}

impl Node {
    pub(crate) fn office(machine: Machine, writer: Writer, digit: u8) -> Self {
        Self::of(machine, Part::Office(Office::new(writer, digit)))
    }

    fn of(machine: Machine, part: Part) -> Self {
        Self {
            machine,
            part,
            lines: Vec::new(),
            has: BTreeMap::new(),
            had: BTreeMap::new(),
            lacks: Vec::new(),
        }
    }

    pub(crate) fn counter(machine: Machine) -> Self {
        Self::of(machine, Part::Counter(None))
    }

    pub(crate) fn is_counter(&self) -> bool {
        matches!(self.part, Part::Counter(_))
    }

    /// It is at rest: what its disk has now it has for good, as long as it has the disk.
    pub(crate) fn notice(&mut self) {
        let log = self.log();
        let head = log.head();
        let marks = log.watermarks();
        let marks = marks.into_iter().map(|(log, mark)| (log, mark.position));
        self.has = marks.chain([(head.log, head.position)]).collect();
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

    /// It ends where that log ends. Until it has a record a copy has an identity of its own.
    pub(crate) fn is_copy_of(&self, of: &EventLog) -> bool {
        let (head, of) = (self.log().head(), of.head());
        head == of || (head.position, of.position) == (0, 0)
    }

    /// Intake or processing.
    pub(crate) fn as_office(&self) -> Option<&Office> {
        match &self.part {
            Part::Office(office) => Some(office),
            Part::Counter(_) => None,
        }
    }

    pub(crate) fn as_office_mut(&mut self) -> Option<&mut Office> {
        match &mut self.part {
            Part::Office(office) => Some(office),
            Part::Counter(_) => None,
        }
    }

    pub(crate) fn desk(&self) -> Option<&Desk> {
        Some(&self.as_office()?.work.as_ref()?.desk)
    }

    pub(crate) fn relay(&mut self) -> Option<(&mut Relay, &EventLog)> {
        let log = self.machine.log()?;
        match &mut self.part {
            Part::Office(office) => Some((&mut office.relay, log)),
            Part::Counter(_) => None,
        }
    }

    pub(crate) fn figures(&self) -> Option<&Projection<Figures>> {
        match &self.part {
            Part::Counter(figures) => figures.as_ref(),
            Part::Office(_) => None,
        }
    }

    /// Begins a life from its disk, before it serves anybody; those who have seen its log are `onlookers`. False when it
    /// died of it.
    pub(crate) fn start(
        &mut self,
        onlookers: Vec<String>,
        net: &Shared<Net>,
        chance: &mut Chance,
        step: &Step,
    ) -> bool {
        if !self.machine.start() {
            return false;
        }
        let log = self.log().clone();
        let begun = match &self.part {
            Part::Office(_) => self.begin(onlookers, net, step),
            Part::Counter(_) => true,
        };
        if !begun {
            drop(log);
            self.bury(net);
            return false;
        }
        let mode = match &mut self.part {
            Part::Office(_) => Mode::Import,
            Part::Counter(figures) => {
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
        let desk = self.desk().map(|desk| Calendars {
            desk: desk.clone(),
            own: catalogue(),
            folder: self.machine.disk().to_owned(),
        });
        lock(net).serves(&self.machine.name, self.machine.id, Some((&log, desk)));
        true
    }

    /// What an office does before it serves anybody; false when it died of it.
    fn begin(&mut self, onlookers: Vec<String>, net: &Shared<Net>, step: &Step) -> bool {
        let log = self.log().clone();
        if let Some(office) = self.as_office()
            && let Some((_, published)) = office.relay.kept[0]
        {
            let by = "the relay beside it".to_owned();
            // If it dies of it, that is seen below.
            let _ = drive(log.seen_by(published, by), step, |_| true);
        }
        let Some(vault) = self.machine.take_vault() else {
            return false;
        };
        let disk = self.machine.disk().to_owned();
        if erasures::apply_after_restore(&log, &vault, &disk).is_err() {
            return false;
        }
        let healer = self.healer(onlookers, None, net, step);
        let _ = drive(healer.compare(), step, |_| true);
        drop(healer);
        if !self.machine.settle() {
            return false;
        }
        let fold = self.machine.beside();
        let carrier = Carrier::new(net, step, self.machine.clock());
        if let Some(office) = self.as_office_mut() {
            office.begin(&log, vault, &fold, carrier);
        }
        true
    }

    /// The healer of its log.
    pub(crate) fn healer(
        &self,
        onlookers: Vec<String>,
        accepted: Option<AcceptedLoss>,
        net: &Shared<Net>,
        step: &Step,
    ) -> Healer<Onlooker> {
        let all = Onlooker::all(onlookers, net, step);
        Healer::new(self.log().clone(), all, accepted)
    }

    /// Lays down what it has folded, from which its next start goes on; gives up to where that is.
    pub(crate) fn lay_down(&self) -> Position {
        let file = self.machine.beside();
        match &self.part {
            Part::Office(office) => save(&office.counted(self.log()), self.log(), &file),
            Part::Counter(figures) => {
                save(figures.as_ref().expect("it is alive"), self.log(), &file)
            }
        }
    }

    /// Everything that was in memory is gone.
    fn forget(&mut self, net: &Shared<Net>) {
        lock(net).serves(&self.machine.name, self.machine.id, None);
        for line in &mut self.lines {
            line.follower = None;
        }
        match &mut self.part {
            Part::Office(office) => office.work = None,
            Part::Counter(figures) => *figures = None,
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
            if let Some(office) = self.as_office_mut() {
                office.relay.kept[0] = office.relay.kept[1];
            }
        }
    }

    pub(crate) fn die(&mut self, net: &Shared<Net>) {
        // Only then does anything close in order.
        self.machine.kill();
        self.forget(net);
        self.machine.bury();
    }

    pub(crate) fn stop(&mut self, net: &Shared<Net>) {
        self.machine.spared();
        if let Some(desk) = self.desk() {
            desk.vault().close();
        }
        self.forget(net);
        self.machine.stop();
    }
}
