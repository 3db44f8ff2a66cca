//! Every choice of a run, drawn from its seed, and what was chosen, told line by line.

use std::fmt;

use proptest::prelude::RngExt as _;
use proptest::test_runner::{RngAlgorithm, TestRng};

/// The choices of one part of the world; each part draws from its own, so that one draws the same whatever others do.
#[derive(Debug)]
pub(crate) struct Chance(TestRng);

impl Chance {
    pub(crate) fn new(seed: u64, part: &str) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        for (to, from) in bytes[8..].iter_mut().zip(part.bytes()) {
            *to = from;
        }
        Self(TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0.random_range(0..end)
    }

    /// An index below `len`.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        self.0.random_range(0..len)
    }

    /// True so many times in a hundred.
    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.index(from.len())]
    }

    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.0.random();
        }
    }

    pub(crate) fn id(&mut self) -> uuid::Uuid {
        uuid::Builder::from_random_bytes(self.0.random()).into_uuid()
    }
}

/// What happened to a world, by kind.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Faults {
    /// The process died in the middle of a write, of sealing, of opening.
    pub(crate) deaths_at_work: u64,
    /// It died between two steps.
    pub(crate) deaths_at_rest: u64,
    /// Of both, those that took unsynced pages with them.
    pub(crate) power_cuts: u64,
    /// A follower died between two steps of a round.
    pub(crate) rounds_cut: u64,
    /// Messages that never came to the stream, or left it unread.
    pub(crate) lost: u64,
    /// Messages that came twice.
    pub(crate) doubled: u64,
    /// Acknowledgements of the stream that were lost.
    pub(crate) unacknowledged: u64,
    /// Times an origin could not be asked.
    pub(crate) cut_off: u64,
    /// Times the stream was emptied or its server away.
    pub(crate) stream_lost: u64,
    /// Answers that a client never saw.
    pub(crate) unanswered: u64,
    /// Of what nobody had heard, what was asked for at another node too.
    pub(crate) elsewhere: u64,
    /// Disks that were older ones, lost, or without their end.
    pub(crate) disasters: u64,
    /// Epochs that were opened after them.
    pub(crate) healed: u64,
    /// Of these, the ones that gave up what somebody had who was away.
    pub(crate) accepted: u64,
    /// Answers that were lost with what only one disk had.
    pub(crate) answers_lost: u64,
    /// Logs that were found to have two histories.
    pub(crate) tears: u64,
    /// Answers of vaults that did not come.
    pub(crate) vault_answers_lost: u64,
    /// Entries that no event names, destroyed.
    pub(crate) swept: u64,
    /// Erasures that were asked for.
    pub(crate) erasures: u64,
}

impl Faults {
    fn all(&self) -> [(u64, &'static str); 18] {
        [
            (self.deaths_at_work, "deaths in the middle of a write"),
            (self.deaths_at_rest, "deaths between two steps"),
            (self.power_cuts, "of them power cuts"),
            (self.rounds_cut, "rounds cut"),
            (self.lost, "messages lost"),
            (self.doubled, "doubled"),
            (self.unacknowledged, "acknowledgements lost"),
            (
                self.cut_off + self.stream_lost,
                "times cut off or without the stream",
            ),
            (self.unanswered, "answers never seen"),
            (self.elsewhere, "retries at another node of what was done"),
            (self.disasters, "disks lost or older"),
            (self.healed, "epochs opened"),
            (self.accepted, "of them with a loss accepted"),
            (
                self.answers_lost,
                "answers lost with the only disk that had them",
            ),
            (self.tears, "histories found torn"),
            (self.vault_answers_lost, "answers of vaults lost"),
            (self.swept, "entries that no event named swept"),
            (self.erasures, "erasures asked for"),
        ]
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.deaths_at_work += other.deaths_at_work;
        self.deaths_at_rest += other.deaths_at_rest;
        self.power_cuts += other.power_cuts;
        self.rounds_cut += other.rounds_cut;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.unacknowledged += other.unacknowledged;
        self.cut_off += other.cut_off;
        self.stream_lost += other.stream_lost;
        self.unanswered += other.unanswered;
        self.elsewhere += other.elsewhere;
        self.disasters += other.disasters;
        self.healed += other.healed;
        self.accepted += other.accepted;
        self.answers_lost += other.answers_lost;
        self.tears += other.tears;
        self.vault_answers_lost += other.vault_answers_lost;
        self.swept += other.swept;
        self.erasures += other.erasures;
    }

    pub(crate) fn all_kinds_were_met(&self) {
        for (count, what) in self.all() {
            assert!(count > 0, "no {what} in all runs: {self}");
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum: u64 = self.all().iter().map(|(count, _)| count).sum();
        let counted_twice = self.power_cuts + self.accepted;
        let followed = self.healed + self.answers_lost + self.tears + self.swept + self.erasures;
        write!(f, "{} faults", sum - counted_twice - followed)?;
        for (count, what) in self.all() {
            write!(f, ", {count} {what}")?;
        }
        Ok(())
    }
}
