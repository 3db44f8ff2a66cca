//! The province: its services, what happens to them step by step, and how they come to rest.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use application::Writer;
use eventlog::{LogId, Role as LogRole};
use jiff::Timestamp;
use messaging::follow::Trouble;
use messaging::nats::Role;
use support::folder;

use crate::chance::{Chance, Faults};
use crate::client::{Clients, Errand};
use crate::machine::Machine;
use crate::net::Net;
use crate::node::Node;
use crate::verdict;
use crate::wire::{Shared, Step, drive, lock};

/// 15/12/2022, 08:00 in Vietnam.
const BEGINNING: i64 = 1_671_066_000_000_000;
const MINUTE: i64 = 60_000_000;
/// What a rest may take before something is stuck.
const ROUNDS_MAX: usize = 2000;

#[derive(Debug)]
pub(crate) struct World {
    chance: Chance,
    trace: String,
    clock: Arc<AtomicI64>,
    net: Shared<Net>,
    step: Step,
    nodes: Vec<Node>,
    intakes: usize,
    clients: Clients,
    /// A reporting node that begins from nothing later.
    late: Option<Node>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed, "world");
        let clock = Arc::new(AtomicI64::new(BEGINNING));
        let home = Arc::new(folder::in_memory());
        let net = Shared::new(Net::new(seed).into());
        let mut machine = |name: &str, role| {
            let id = LogId(chance.id());
            Machine::new(name, role, id, &home, &clock)
        };
        let digits = 0_u8..3;
        let fronts: Vec<_> = digits
            .map(|digit| {
                let machine = machine(&format!("intake-{digit}"), LogRole::Origin);
                Node::office(machine, Writer::Intake, digit)
            })
            .collect();
        let processing = machine("processing", LogRole::Origin);
        let counters = ["reporting-1", "reporting-2"].map(|name| {
            // Until it has a record a copy has an identity of its own.
            Node::counter(machine(name, LogRole::Replica))
        });
        let intakes = *chance.pick(&[1, 1, 2, 2, 3]);
        let mut nodes: Vec<_> = fronts.into_iter().take(intakes).collect();
        let mut processing = Node::office(processing, Writer::Processing, 0);
        for front in &nodes {
            lock(&net).origin(front.machine.id, Role::Intake);
            processing.follow(front.machine.id, &net);
        }
        let source = processing.machine.id;
        lock(&net).origin(source, Role::Processing);
        nodes.push(processing);
        let [mut first, second] = counters;
        first.follow(source, &net);
        nodes.push(first);
        let late = chance.percent(30).then_some(second);
        Self {
            chance,
            trace: String::new(),
            clock,
            net,
            step: Step::default(),
            nodes,
            intakes,
            clients: Clients::new(seed),
            late,
        }
    }

    /// What happened, and how much of it was a fault.
    pub(crate) fn told(self) -> (String, Faults) {
        let faults = lock(&self.net).faults;
        (self.trace, faults)
    }

    fn tell(&mut self, line: &str) {
        let _ = writeln!(self.trace, "{line}");
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.clock.load(Ordering::SeqCst)).expect("a time")
    }

    /// A whole run: something happens, everything comes to rest, and everything must hold.
    pub(crate) fn live(&mut self) {
        for node in 0..self.nodes.len() {
            self.start(node);
        }
        let steps = 30 + self.chance.below(70);
        for _ in 0..steps {
            self.happen();
        }
        self.rest();
        let heads = verdict::pass(&self.nodes, self.intakes, &self.clients, self.now());
        self.tell(heads.trim_end());
    }

    fn happen(&mut self) {
        let minutes = match self.chance.below(40) {
            0 => 11 * 60,
            1..6 => 90,
            _ => 2,
        };
        self.clock.fetch_add(
            MINUTE * (1 + i64::try_from(self.chance.below(minutes)).expect("small")),
            Ordering::SeqCst,
        );
        let node = self.chance.index(self.nodes.len());
        match self.chance.below(100) {
            0..34 => self.ask(),
            34..46 => self.relay(node),
            46..74 => self.follow(node, true),
            74..77 => self.fold(node),
            77..78 => self.lay_down(node),
            78..82 => {
                let mut net = lock(&self.net);
                net.now += self.chance.below(1500);
            }
            82..89 => self.doom(node),
            89..91 => self.die(node),
            91..92 => self.stop(node),
            92..94 => self.suffer(),
            94..95 => self.join(),
            _ => self.start(node),
        }
    }

    fn name(&self, node: usize) -> String {
        self.nodes[node].machine.name.clone()
    }

    fn start(&mut self, node: usize) {
        if self.nodes[node].lives() {
            return;
        }
        let name = self.name(node);
        if self.nodes[node].start(&self.net, &mut self.chance, &self.step) {
            let head = self.nodes[node].log().head();
            self.tell(&format!("{name} starts at {}", head.position));
        } else {
            lock(&self.net).faults.deaths_at_work += 1;
            self.tell(&format!("{name} dies while it starts"));
        }
    }

    /// Waits until the node's log is at rest, and buries it when it has died.
    fn settle(&mut self, node: usize) {
        if self.nodes[node].lives() && !self.nodes[node].machine.settle() {
            lock(&self.net).faults.deaths_at_work += 1;
            self.nodes[node].bury(&self.net);
            let name = self.name(node);
            self.tell(&format!("{name} is dead"));
        }
    }

    fn ask(&mut self) {
        if let Some(errand) = self.clients.errand(self.intakes) {
            self.go(&errand);
        }
    }

    fn go(&mut self, errand: &Errand) {
        let name = self.name(errand.at);
        let Some(desk) = self.nodes[errand.at].desk().cloned() else {
            return self.tell(&format!("{name} does not answer"));
        };
        let came = self.clients.ask(errand, &desk, self.now());
        drop(desk);
        self.tell(&format!("{name}: {}", came.line));
        if came.unanswered {
            lock(&self.net).faults.unanswered += 1;
        }
        self.settle(errand.at);
        assert!(
            !came.closed || !self.nodes[errand.at].lives(),
            "{name} took no more writes, and nothing had happened to it"
        );
    }

    fn relay(&mut self, node: usize) {
        let what = self.chance.below(9);
        let net = Arc::clone(&self.net);
        let Some((relay, log)) = self.nodes[node].relay() else {
            return;
        };
        let line = match what {
            0..4 => match relay.send(log, &mut lock(&net)) {
                Ok(sent) => format!("sends up to {sent}"),
                Err(reason) => format!("does not send: {reason}"),
            },
            4..8 => {
                let mut heard = relay.hear();
                for _ in 0..what {
                    heard = relay.hear();
                }
                format!("is out up to {heard}")
            }
            _ => {
                relay.keep(log.head().log);
                "keeps its checkpoint".to_owned()
            }
        };
        let name = self.name(node);
        self.tell(&format!("{name} {line}"));
    }

    /// A round of one of the node's followers; it may die at any step of it. Gives whether something was taken in.
    fn follow(&mut self, node: usize, mortal: bool) {
        if !self.nodes[node].lives() || self.nodes[node].lines.is_empty() {
            return;
        }
        let name = self.name(node);
        let line = self.chance.index(self.nodes[node].lines.len());
        let dies_at = if mortal && self.chance.percent(7) {
            self.chance.below(5)
        } else {
            u64::MAX
        };
        let mut steps = 0;
        let mut died_at = "";
        let follower = self.nodes[node].lines[line].follower.as_ref();
        let round = follower.expect("it is alive").round();
        let ended = drive(round, &self.step, |step| {
            steps += 1;
            died_at = step;
            steps <= dies_at
        });
        let position = self.nodes[node].log().head().position;
        match ended {
            Some(Ok(())) => self.tell(&format!("{name} has {position}")),
            Some(Err(Trouble::Wait(reason))) => {
                let reason = reason.replace(&self.nodes[node].lines[line].log.to_string(), "…");
                self.tell(&format!("{name} has {position} and waits: {reason}"));
            }
            Some(Err(Trouble::Stop(forked))) => panic!("{name}: {forked}"),
            None => {
                lock(&self.net).faults.rounds_cut += 1;
                lock(&self.net).faults.deaths_at_rest += 1;
                // What it had begun to write may be written all the same.
                if self.nodes[node].machine.settle() {
                    self.nodes[node].die(&self.net);
                } else {
                    self.nodes[node].bury(&self.net);
                }
                return self.tell(&format!("{name} dies in a round, {died_at}"));
            }
        }
        self.settle(node);
    }

    fn fold(&mut self, node: usize) {
        if let Some(figures) = self.nodes[node].figures() {
            let folded = figures.step().expect("it reads");
            let line = format!(
                "{} folds: {folded}, {}",
                self.name(node),
                figures.position()
            );
            self.tell(&line);
        }
    }

    fn lay_down(&mut self, node: usize) {
        if self.nodes[node].lives() {
            let position = self.nodes[node].lay_down();
            let name = self.name(node);
            self.tell(&format!("{name} lays down what it has up to {position}"));
        }
    }

    fn doom(&mut self, node: usize) {
        let point = self.nodes[node].machine.doom(&mut self.chance);
        let name = self.name(node);
        self.tell(&format!("{name} will die at {point}"));
    }

    fn die(&mut self, node: usize) {
        if self.nodes[node].lives() {
            lock(&self.net).faults.deaths_at_rest += 1;
            self.nodes[node].die(&self.net);
            let name = self.name(node);
            self.tell(&format!("{name} dies"));
        }
    }

    fn stop(&mut self, node: usize) {
        if self.nodes[node].lives() {
            self.nodes[node].stop(&self.net);
            let name = self.name(node);
            self.tell(&format!("{name} stops"));
        }
    }

    fn suffer(&mut self) {
        let node = self.chance.index(self.intakes + 1);
        let what = lock(&self.net).suffer(self.nodes[node].machine.id);
        let name = self.name(node);
        self.tell(&format!("{name}: {what}"));
    }

    /// A reporting node comes that has nothing yet.
    fn join(&mut self) {
        if let Some(mut late) = self.late.take() {
            late.follow(self.nodes[self.intakes].machine.id, &self.net);
            self.nodes.push(late);
            self.start(self.nodes.len() - 1);
        }
    }

    /// Everybody lives, everything arrives, and all work is done.
    fn rest(&mut self) {
        self.tell("from here on nothing happens any more");
        self.join();
        lock(&self.net).heal();
        self.clients.heal();
        for node in 0..self.nodes.len() {
            self.nodes[node].machine.spared();
            self.start(node);
        }
        for _ in 0..ROUNDS_MAX {
            if let Some(errand) = self.clients.open_errand(self.intakes) {
                self.go(&errand);
            }
            for node in 0..self.nodes.len() {
                while let Some((relay, log)) = self.nodes[node].relay() {
                    if relay.is_done(log.head().position) {
                        break;
                    }
                    relay
                        .send(log, &mut lock(&self.net))
                        .expect("the server is there");
                    relay.hear();
                }
                self.follow(node, false);
                self.fold(node);
            }
            if self.is_at_rest() {
                return;
            }
        }
        panic!("it does not come to rest");
    }

    fn is_at_rest(&mut self) -> bool {
        if self.clients.open_errand(self.intakes).is_some() {
            return false;
        }
        let processing = &self.nodes[self.intakes];
        let imported = self.nodes[..self.intakes].iter().all(|front| {
            let head = front.log().head();
            let mark = processing.log().watermark(head.log);
            mark.map_or(0, |mark| mark.position) == head.position
        });
        let head = processing.log().head();
        imported
            && self.nodes[self.intakes + 1..].iter().all(|counter| {
                let folded = counter.figures().map(|figures| figures.position());
                counter.log().head() == head && folded == Some(head.position)
            })
    }
}
