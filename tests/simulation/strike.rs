//! Disasters: a disk is what it once was, is lost, or had not written what it said it had; and the healing after them.

use std::future::ready;

use application::Writer;
use eventlog::{LogId, Position, epoch};
use messaging::{AcceptedLoss, heal};

use crate::ledger::{Beyond, GivenUp, Struck};
use crate::wire::{drive, lock};
use crate::world::World;

/// Who decides to go on without somebody.
const OPERATOR: &str = "truc-ban";

/// What befalls a disk.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// It is what it was at some time, and nothing says so.
    Older,
    /// It is lost, and the log comes from its last backup.
    Backup,
    /// It is lost, and the log comes from its follower's copy.
    Rebuilt,
    /// The end of what it had said was written is not there.
    EndLost,
    /// It is lost, and was only a copy.
    Nothing,
}

impl World {
    /// A quiet moment is kept: as a copy of the whole disk, or as a backup of the log.
    pub(crate) fn remember(&mut self, node: usize) {
        let disk = self.chance.percent(50);
        let this = &mut self.nodes[node];
        if !this.lives() {
            return;
        }
        let what = if disk {
            this.machine.remember();
            this.had = this.has.clone();
            "disk is copied"
        } else {
            let vault = this.desk().map(|desk| desk.vault().clone());
            if !this.machine.back_up(vault.as_ref()) {
                return self.settle(node);
            }
            "log is backed up"
        };
        let position = self.nodes[node].log().head().position;
        let name = self.name(node);
        self.tell(&format!("{name}'s {what} at {position}"));
    }

    /// A disaster, if the last one is over.
    pub(crate) fn strike(&mut self, node: usize) {
        if self.ledger.busy() || !self.nodes[node].lives() {
            return;
        }
        let ways = self.ways(node);
        if ways.is_empty() {
            return;
        }
        let way = *self.chance.pick(&ways);
        let head = self.nodes[node].log().head();
        let others = self.others_have(node, head.log);
        let perhaps = lock(&self.net).in_stream_up_to(head.log);
        let silent = self.nodes.iter().any(|other| !other.lives());
        let Some(kept) = self.befall(node, way) else {
            return;
        };
        lock(&self.net).faults.disasters += 1;
        if self.chance.percent(50) {
            // What took the disk took the line too.
            for onlooker in self.onlookers(node) {
                lock(&self.net).cut_off(&onlooker);
            }
        }
        let name = self.name(node);
        self.tell(&format!(
            "{name}: {way:?}, of {} it has {kept}",
            head.position
        ));
        if node > self.intakes {
            return;
        }
        let beyond = match () {
            () if others > kept => Beyond::Surely,
            () if silent || perhaps > kept => Beyond::Perhaps,
            () => Beyond::No,
        };
        let told = self.clients.tellings;
        self.ledger.lose(head.log, kept.max(others), told);
        self.ledger.strike(node, Struck::new(kept, beyond));
    }

    fn ways(&self, node: usize) -> Vec<Way> {
        let machine = &self.nodes[node].machine;
        let counter = self.nodes[node].is_counter();
        let mut ways = Vec::new();
        if machine.older.is_some() {
            ways.push(Way::Older);
            if !counter {
                ways.push(Way::EndLost);
            }
        }
        if machine.backup.is_some() && !counter {
            ways.push(Way::Backup);
        }
        if node == self.intakes && self.copyist().is_some() {
            ways.push(Way::Rebuilt);
        }
        if counter {
            ways.push(Way::Nothing);
        }
        ways
    }

    /// A living node that has a copy of processing's log.
    fn copyist(&self) -> Option<usize> {
        let mut counters = self.intakes + 1..self.nodes.len();
        counters.find(|node| {
            let node = &self.nodes[*node];
            node.lives() && node.log().head().position > 0
        })
    }

    /// The furthest that any other disk surely has of a log.
    fn others_have(&self, node: usize, log: LogId) -> Position {
        let others = self
            .nodes
            .iter()
            .enumerate()
            .filter(|(nth, _)| *nth != node);
        let have = others.filter_map(|(_, other)| other.has.get(&log).copied());
        have.max().unwrap_or(0)
    }

    /// Gives where the log ends now; none when nothing came of it but a stop.
    fn befall(&mut self, node: usize, way: Way) -> Option<Position> {
        let copyist = self.copyist();
        let checkpoint_too = self.chance.percent(50);
        // Whether the relay's checkpoint went with it.
        let forgotten = match way {
            Way::EndLost => {
                self.stop(node);
                false
            }
            Way::Older | Way::Backup | Way::Rebuilt | Way::Nothing => {
                self.nodes[node].die(&self.net);
                !matches!(way, Way::Older) || checkpoint_too
            }
        };
        if forgotten && let Some(office) = self.nodes[node].as_office_mut() {
            office.relay.kept = [None; 2];
        }
        let kept = match way {
            Way::Older => {
                self.nodes[node].has = self.nodes[node].had.clone();
                let from = self.nodes[node].machine.older.as_ref()?.at;
                self.vault_lacks(node, from);
                self.nodes[node].machine.revert()
            }
            Way::EndLost => {
                if !self.nodes[node].machine.lose_end() {
                    return None;
                }
                self.nodes[node].has = self.nodes[node].had.clone();
                self.nodes[node].machine.older.as_ref()?.position
            }
            Way::Backup => {
                let backup = self.nodes[node].machine.backup.take()?;
                self.nodes[node].has.clear();
                let (kept, from) = self.nodes[node].machine.restore(&backup, Some(&backup));
                self.nodes[node].machine.backup = Some(backup);
                self.vault_lacks(node, from);
                kept
            }
            Way::Rebuilt => {
                let copyist = &mut self.nodes[copyist?].machine;
                assert!(copyist.back_up(None), "there is no vault to die of");
                let backup = copyist.backup.take()?;
                self.nodes[node].has.clear();
                let own = self.nodes[node].machine.backup.take();
                let (kept, from) = self.nodes[node].machine.restore(&backup, own.as_ref());
                self.nodes[node].machine.backup = own;
                self.vault_lacks(node, from);
                kept
            }
            Way::Nothing => {
                self.nodes[node].has.clear();
                self.nodes[node].machine.empty();
                0
            }
        };
        Some(kept)
    }

    /// What was put into the node's vault since then is gone.
    fn vault_lacks(&mut self, node: usize, from: i64) {
        let upto = self.now().as_microsecond();
        self.nodes[node].lacks.push(from..=upto);
    }

    /// Who has seen the log of this node, besides the stream.
    pub(crate) fn onlookers(&self, node: usize) -> Vec<String> {
        let office = self.nodes[node].as_office();
        let followers = match office.map(|office| office.writer) {
            Some(Writer::Intake) => self.intakes..=self.intakes,
            Some(Writer::Processing) => self.intakes + 1..=self.nodes.len() - 1,
            None => return Vec::new(),
        };
        followers.map(|node| self.name(node)).collect()
    }

    /// The node lives, and takes no writes until its next epoch is open.
    pub(crate) fn awaits(&self, node: usize) -> bool {
        self.nodes[node].lives() && self.nodes[node].log().awaits().is_some()
    }

    /// Holds the node's log against what others have seen; takes back what it lacks and opens its next epoch, if it waits.
    /// An operator may `accept` that something is lost.
    pub(crate) fn heal(&mut self, node: usize, mortal: bool, accept: bool) {
        if node > self.intakes || !self.nodes[node].lives() {
            return;
        }
        let onlookers = self.onlookers(node);
        if !self.awaits(node) {
            let healer = self.nodes[node].healer(onlookers, None, &self.net, &self.step);
            let _ = drive(healer.compare(), &self.step, |_| true);
            drop(healer);
            return self.settle(node);
        }
        let away: Vec<usize> = (self.intakes..self.nodes.len())
            .filter(|other| onlookers.contains(&self.name(*other)))
            .filter(|other| lock(&self.net).holding(&self.name(*other)).is_err())
            .collect();
        let accepted = accept.then(|| AcceptedLoss {
            by: OPERATOR.to_owned(),
            reason: "the line is down for days".to_owned(),
        });
        let head = self.nodes[node].log().head();
        if accepted.is_some() {
            self.give_up(node, away.clone());
        }
        let dies_at = if mortal && self.chance.percent(20) {
            self.chance.below(6)
        } else {
            u64::MAX
        };
        let (mut steps, mut died_at) = (0, "");
        let this = &self.nodes[node];
        let healer = this.healer(onlookers, accepted, &self.net, &self.step);
        let mut before_writes = |_| {
            let office = this.as_office().expect("it is one");
            ready(office.before_writes(this.machine.disk()))
        };
        let healed = drive(healer.heal(true, &mut before_writes), &self.step, |step| {
            steps += 1;
            died_at = step;
            steps <= dies_at
        });
        drop(healer);
        let name = self.name(node);
        match healed {
            Some(Ok(())) => {
                lock(&self.net).faults.healed += 1;
                let opened = self.nodes[node].log().head();
                let (epoch, position) = (opened.epoch, opened.position);
                let back = position - 1 - head.position;
                self.tell(&format!(
                    "{name} takes back {back} and opens epoch {epoch} at {position}"
                ));
                self.is_written_down(node, &away);
            }
            Some(Err(heal::Trouble::Lacking(reason))) => {
                self.tell(&format!("{name} takes no writes: {reason}"));
            }
            Some(Err(heal::Trouble::Fork(reason))) => self.torn_apart(head.log, &reason),
            None => {
                // No step comes after the epoch is opened.
                self.ledger.take_given_up(node);
                return self.cut(node, died_at);
            }
        }
        self.settle(node);
    }

    /// An operator would give up what only those have who are away.
    fn give_up(&mut self, node: usize, away: Vec<usize>) {
        let head = self.nodes[node].log().head();
        // Who copies a follower has the log at second hand, and is not asked: only those who follow it themselves are.
        let onlookers = self.onlookers(node);
        let heard = self.nodes.iter().enumerate();
        let heard = heard
            .filter(|(nth, other)| !away.contains(nth) && onlookers.contains(&other.machine.name));
        let heard = heard.filter_map(|(_, other)| other.has.get(&head.log).copied());
        let given_up = GivenUp {
            epoch: head.epoch,
            from: heard.max().unwrap_or(0).max(head.position),
            told: self.clients.tellings,
            away,
        };
        self.ledger.give_up(node, given_up);
    }

    /// What an operator gave up is given up if the next epoch is open, and is not if it is not.
    fn is_given_up(&mut self, node: usize) {
        let head = self.nodes[node].log().head();
        let Some(given_up) = self.ledger.take_given_up(node) else {
            return;
        };
        if head.epoch == given_up.epoch {
            return;
        }
        let from = given_up.from;
        self.ledger.lose(head.log, from, given_up.told);
        for other in given_up.away {
            if other == self.intakes {
                let has = self.nodes[other].has.get(&head.log);
                let surely = has.is_some_and(|has| *has > from);
                self.ledger.may_tear(head.log, surely);
            } else {
                self.ledger.outcasts.insert(other);
            }
        }
    }

    /// The record that opens the epoch says who was not heard, and who decided to go on.
    fn is_written_down(&mut self, node: usize, away: &[usize]) {
        let log = self.nodes[node].log();
        let record = log.record(log.head().position).expect("it reads");
        let record = record.expect("it is there");
        assert!(epoch::opens(&record), "an epoch begins with its record");
        let said: serde_json::Value = serde_json::from_slice(&record.event.data).expect("JSON");
        let from = said["from_position"].as_u64();
        assert_eq!(from, Some(record.place.position - 1));
        let not_heard = said["loss"]["not_heard"].as_array();
        let not_heard: Vec<_> = not_heard.into_iter().flatten().collect();
        for other in away {
            let name = self.name(*other);
            assert!(
                not_heard.iter().any(|said| **said == *name),
                "{name} was not heard, and the record does not say so: {said}"
            );
        }
        if !not_heard.is_empty() {
            assert_eq!(said["loss"]["by"], OPERATOR);
            lock(&self.net).faults.accepted += 1;
        }
    }

    /// A feed has stopped.
    pub(crate) fn stopped(&mut self, node: usize, origin: LogId, reason: &str) {
        if self.ledger.outcasts.remove(&node) {
            self.discard(node, reason);
        } else {
            self.torn_apart(origin, reason);
        }
    }

    /// What a copy has was given up: it begins anew.
    fn discard(&mut self, node: usize, why: &str) {
        self.die(node);
        self.nodes[node].has.clear();
        self.nodes[node].machine.empty();
        let name = self.name(node);
        self.tell(&format!("{name} is emptied: {why}"));
    }

    /// Two histories of a log are found.
    fn torn_apart(&mut self, log: LogId, reason: &str) {
        self.tell(&format!("two histories: {reason}"));
        if self.ledger.found().is_none() {
            lock(&self.net).faults.tears += 1;
        }
        self.ledger.find(log, reason);
    }

    /// A node has started.
    pub(crate) fn goes_on(&mut self, node: usize) {
        self.is_given_up(node);
        let awaits = self.awaits(node);
        if awaits && self.ledger.of(node).is_none() {
            // Of what was given up the relay's checkpoint still knows.
            let end = self.nodes[node].log().head().position;
            let relay = self.nodes[node].as_office().map(|office| &office.relay);
            let kept = relay.and_then(|relay| relay.kept[0]);
            let known = kept.is_some_and(|(_, position)| position > end);
            let torn = self.ledger.is_torn();
            assert!(known || torn, "{}: nothing was lost", self.name(node));
            self.ledger.strike(node, Struck::new(end, Beyond::No));
        }
        let Some(struck) = self.ledger.of(node) else {
            return;
        };
        match (awaits, struck.noticed, struck.beyond) {
            (true, _, _) => struck.noticed = true,
            (false, true, _) | (false, false, Beyond::No) => self.reconcile(node),
            (false, false, Beyond::Perhaps | Beyond::Surely) => struck.unaware = true,
        }
    }

    /// A node is at rest after something was done.
    pub(crate) fn went_on(&mut self, node: usize) {
        self.is_given_up(node);
        let awaits = self.awaits(node);
        let head = self.nodes[node].log().head();
        let Some(struck) = self.ledger.of(node) else {
            return;
        };
        let (kept, beyond) = (struck.kept, struck.beyond);
        if awaits {
            struck.noticed = true;
            struck.unaware = false;
        } else if struck.noticed {
            self.reconcile(node);
        } else if struck.unaware && head.position > kept {
            // It has written what others have otherwise.
            self.ledger.may_tear(head.log, beyond == Beyond::Surely);
            self.reconcile(node);
        }
    }

    /// Everybody has been asked: what nobody has is lost.
    pub(crate) fn all_is_known(&mut self) {
        if let Some(node) = self.ledger.unaware()
            && self.nodes[node].lives()
        {
            self.reconcile(node);
        }
        let end = self.nodes[self.intakes].log().head().position;
        for node in self.intakes + 1..self.nodes.len() {
            let beyond = self.nodes[node].lives() && self.nodes[node].log().head().position > end;
            if beyond && self.ledger.outcasts.remove(&node) {
                self.discard(node, "it ends beyond what it copies");
                self.start(node);
            }
        }
    }

    /// The node goes on from what it has: so do the clients.
    fn reconcile(&mut self, node: usize) {
        let Some(struck) = self.ledger.over(node) else {
            return;
        };
        let log = self.nodes[node].log().clone();
        let id = log.head().log;
        let is_lost = |record: &eventlog::Record| {
            record.place.log == id
                && log
                    .record(record.place.position)
                    .expect("it reads")
                    .as_ref()
                    != Some(record)
        };
        let lost = self.clients.lose(node, is_lost);
        lock(&self.net).faults.answers_lost += lost.len() as u64;
        let name = self.name(node);
        if !lost.is_empty() {
            self.tell(&format!("{name} has lost {} that it had told", lost.len()));
        }
        let epoch = log.head().epoch;
        self.ledger.reconcile(id, epoch, &struck, lost);
    }
}
