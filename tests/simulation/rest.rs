//! How a province comes to rest: everybody lives, everything arrives, and all work is done.

use crate::office::Office;
use crate::wire::lock;
use crate::world::World;

/// What a rest may take before something is stuck.
const ROUNDS_MAX: usize = 2000;
/// Every so many each vault is asked whether it is still the one it was.
const PING: usize = 4;
/// After so many an operator accepts that something is lost.
const PATIENCE: usize = 100;

impl World {
    /// Comes to rest, or to where two histories are found: then nothing more can be expected.
    pub(crate) fn rest(&mut self) {
        self.tell("from here on nothing happens any more");
        self.join();
        lock(&self.net).heal();
        self.clients.heal();
        for node in 0..self.nodes.len() {
            self.nodes[node].machine.spared();
            self.start(node);
        }
        for round in 0..ROUNDS_MAX {
            // The stream may know of records that nobody has any more.
            let accept = round > PATIENCE;
            for node in 0..=self.intakes {
                self.heal(node, false, accept);
            }
            self.all_is_known();
            if !self.ledger.is_torn()
                && let Some(errand) = self.clients.open_errand(self.intakes)
            {
                self.go(&errand);
            }
            for node in 0..self.nodes.len() {
                self.send_all(node);
                self.follow(node, false);
                self.fold(node);
            }
            self.decide();
            for node in 0..=self.intakes {
                self.tend(node);
            }
            let ping = round % PING == 0;
            self.speak(false, ping);
            if self.ledger.found().is_some() {
                return;
            }
            if ping && self.is_at_rest() {
                for node in 0..=self.intakes {
                    self.sweep(node);
                }
                return;
            }
        }
        panic!("it does not come to rest");
    }

    fn send_all(&mut self, node: usize) {
        let net = std::sync::Arc::clone(&self.net);
        while let Some((relay, log)) = self.nodes[node].relay() {
            if relay.is_done(log.head().position) {
                break;
            }
            relay
                .send(log, &mut lock(&net))
                .expect("the server is there");
            relay.hear();
        }
    }

    fn is_at_rest(&mut self) -> bool {
        if self.ledger.is_torn() || self.clients.open_errand(self.intakes).is_some() {
            return false;
        }
        if (0..self.nodes.len()).any(|node| !self.nodes[node].lives() || self.awaits(node)) {
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
            && self.nodes[..=self.intakes].iter().all(|office| {
                let office = office.as_office();
                office.is_some_and(Office::is_done)
            })
            && self.nodes[self.intakes + 1..].iter().all(|counter| {
                let folded = counter.figures().map(|figures| figures.position());
                counter.is_copy_of(processing.log()) && folded == Some(head.position)
            })
    }
}
