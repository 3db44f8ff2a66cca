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
use crate::ledger::Ledger;
use crate::machine::Machine;
use crate::net::Net;
use crate::node::Node;
use crate::office::{self, Office};
use crate::verdict;
use crate::wire::{Shared, Step, drive, lock};

/// 15/12/2022, 08:00 in Vietnam.
const BEGINNING: i64 = 1_671_066_000_000_000;
const MINUTE: i64 = 60_000_000;

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) chance: Chance,
    trace: String,
    clock: Arc<AtomicI64>,
    pub(crate) net: Shared<Net>,
    pub(crate) step: Step,
    pub(crate) nodes: Vec<Node>,
    /// How many of the nodes are intake's; processing comes after them, and then who counts.
    pub(crate) intakes: usize,
    pub(crate) clients: Clients,
    pub(crate) ledger: Ledger,
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
            Machine::new(name, role, id, seed, &home, &clock)
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
            ledger: Ledger::default(),
            late,
        }
    }

    /// What happened, and how much of it was a fault.
    pub(crate) fn told(self) -> (String, Faults) {
        let faults = lock(&self.net).faults;
        (self.trace, faults)
    }

    pub(crate) fn tell(&mut self, line: &str) {
        let _ = writeln!(self.trace, "{line}");
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.clock.load(Ordering::SeqCst)).expect("a time")
    }

    /// A whole run: something happens, everything comes to rest, and everything must hold.
    pub(crate) fn live(&mut self) {
        for node in 0..self.nodes.len() {
            self.start(node);
        }
        let steps = 30 + self.chance.below(70);
        for _ in 0..steps {
            if self.ledger.is_torn() {
                break;
            }
            self.happen();
        }
        self.rest();
        let heads = match self.ledger.found() {
            Some(tear) => verdict::torn(&self.nodes, tear),
            None => verdict::pass(self),
        };
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
        match self.chance.below(140) {
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
            95..101 => self.start(self.dead().unwrap_or(node)),
            101..107 => self.remember(node),
            107..113 => self.strike(node),
            113..120 => {
                let accept = self.chance.percent(20);
                self.heal(self.waiting().unwrap_or(node), true, accept);
            }
            120..124 => self.decide(),
            124..128 => self.tend(node),
            128..136 => {
                let ping = self.chance.percent(30);
                self.speak(true, ping);
            }
            _ => self.sweep(node),
        }
    }

    /// A node that does not live.
    fn dead(&self) -> Option<usize> {
        self.nodes.iter().position(|node| !node.lives())
    }

    /// A node that takes no writes before it is healed.
    fn waiting(&self) -> Option<usize> {
        (0..=self.intakes).find(|node| self.awaits(*node))
    }

    pub(crate) fn name(&self, node: usize) -> String {
        self.nodes[node].machine.name.clone()
    }

    pub(crate) fn start(&mut self, node: usize) {
        if self.nodes[node].lives() {
            return;
        }
        let name = self.name(node);
        let onlookers = self.onlookers(node);
        if self.nodes[node].start(onlookers, &self.net, &mut self.chance, &self.step) {
            let (head, awaits) = (self.nodes[node].log().head(), self.awaits(node));
            let waits = if awaits { ", and takes no writes" } else { "" };
            self.tell(&format!("{name} starts at {}{waits}", head.position));
            self.nodes[node].notice();
            self.goes_on(node);
        } else {
            lock(&self.net).faults.deaths_at_work += 1;
            self.tell(&format!("{name} dies while it starts"));
        }
    }

    /// Waits until the node's log is at rest, and buries it when it has died.
    pub(crate) fn settle(&mut self, node: usize) {
        if !self.nodes[node].lives() {
            return;
        }
        if self.nodes[node].machine.settle() {
            self.nodes[node].notice();
            self.went_on(node);
        } else {
            lock(&self.net).faults.deaths_at_work += 1;
            self.nodes[node].bury(&self.net);
            let name = self.name(node);
            self.tell(&format!("{name} is dead"));
        }
    }

    fn ask(&mut self) {
        let errand = match self.ledger.unaware() {
            // It goes on as if nothing had happened.
            Some(node) if node < self.intakes => Some(self.clients.filing_at(node)),
            Some(_) => None,
            None => self.clients.errand(self.intakes),
        };
        if let Some(errand) = errand {
            self.go(&errand);
        }
    }

    pub(crate) fn go(&mut self, errand: &Errand) {
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
        if came.elsewhere {
            lock(&self.net).faults.elsewhere += 1;
        }
        if came.erasure {
            lock(&self.net).faults.erasures += 1;
        }
        self.settle(errand.at);
        if let Some(told) = self.clients.told.last() {
            self.ledger.give(&told.record);
        }
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
    pub(crate) fn follow(&mut self, node: usize, mortal: bool) {
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
            Some(Err(Trouble::Stop(forked))) => self.stopped(node, forked.origin, &forked.reason),
            None => {
                lock(&self.net).faults.rounds_cut += 1;
                return self.cut(node, died_at);
            }
        }
        self.settle(node);
    }

    /// It dies between two steps of something longer.
    pub(crate) fn cut(&mut self, node: usize, step: &str) {
        lock(&self.net).faults.deaths_at_rest += 1;
        // What it had begun to write may be written all the same.
        if self.nodes[node].machine.settle() {
            self.nodes[node].die(&self.net);
        } else {
            self.nodes[node].bury(&self.net);
        }
        let name = self.name(node);
        self.tell(&format!("{name} dies, {step}"));
    }

    /// Processing decides what follows from what it took in.
    pub(crate) fn decide(&mut self) {
        let (node, now) = (self.intakes, self.now());
        let office = self.nodes[node].as_office_mut();
        if let Some(done) = office.and_then(|office| office.decide(now)) {
            self.tell(&format!("processing has decided up to {done}"));
        }
        self.settle(node);
    }

    /// An office carries out erasures, and looks for what is to be fetched.
    pub(crate) fn tend(&mut self, node: usize) {
        let (name, now) = (self.name(node), self.now());
        if node > self.intakes || !self.nodes[node].lives() {
            return;
        }
        if let Some(office) = self.nodes[node].as_office_mut() {
            let line = office.tend(now);
            self.tell(&format!("{name}: {line}"));
        }
        self.settle(node);
    }

    /// Processing asks the vault of one intake node something, if it has anything to ask.
    pub(crate) fn speak(&mut self, mortal: bool, ping: bool) {
        for front in 0..self.intakes {
            let of = self.nodes[front].machine.id;
            let dies_at = if mortal && self.chance.percent(7) {
                self.chance.below(3)
            } else {
                u64::MAX
            };
            let (mut steps, mut died_at) = (0, "");
            let processing = self.nodes[self.intakes].as_office();
            let Some(speaker) = processing.and_then(Office::speaker) else {
                return;
            };
            if speaker.desk.log().watermark(of).is_none() {
                continue;
            }
            let threads = office::runtime();
            let inside = threads.enter();
            let exchanged = drive(speaker.exchange(of, ping), &self.step, |step| {
                steps += 1;
                died_at = step;
                steps <= dies_at
            });
            drop(inside);
            let name = self.name(front);
            match exchanged {
                Some(Ok(_)) => {
                    self.tell(&format!("processing and the vault of {name} have spoken"));
                }
                Some(Err(error)) => self.tell(&format!("processing and {name}'s vault: {error}")),
                None => self.cut(self.intakes, died_at),
            }
            // Either may have died of it.
            self.settle(front);
            self.settle(self.intakes);
        }
    }

    pub(crate) fn sweep(&mut self, node: usize) {
        if node > self.intakes || !self.nodes[node].lives() || self.ledger.unaware() == Some(node) {
            return;
        }
        let name = self.name(node);
        let swept = self.nodes[node].as_office().and_then(Office::sweep);
        if let Some(swept) = swept {
            lock(&self.net).faults.swept += swept;
            self.tell(&format!(
                "{name} sweeps {swept} entries that no event names"
            ));
        }
        self.settle(node);
    }

    pub(crate) fn fold(&mut self, node: usize) {
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

    pub(crate) fn die(&mut self, node: usize) {
        if self.nodes[node].lives() {
            lock(&self.net).faults.deaths_at_rest += 1;
            self.nodes[node].die(&self.net);
            let name = self.name(node);
            self.tell(&format!("{name} dies"));
        }
    }

    pub(crate) fn stop(&mut self, node: usize) {
        if self.nodes[node].lives() {
            self.nodes[node].stop(&self.net);
            let name = self.name(node);
            self.tell(&format!("{name} stops"));
        }
    }

    fn suffer(&mut self) {
        let node = self.chance.index(self.nodes.len());
        let name = self.name(node);
        let what = lock(&self.net).suffer(&name, self.nodes[node].machine.id);
        self.tell(&format!("{name}: {what}"));
    }

    /// A reporting node comes that has nothing yet.
    pub(crate) fn join(&mut self) {
        if let Some(mut late) = self.late.take() {
            late.follow(self.nodes[self.intakes].machine.id, &self.net);
            self.nodes.push(late);
            self.start(self.nodes.len() - 1);
        }
    }
}
