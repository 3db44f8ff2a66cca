//! A province in one thread: one seed decides everything that happens to its logs, and afterwards nothing may be lost or doubled.
//!
//! **Real**: the event logs (sled, sealing, recovery, epochs, on real folders), the vaults, the desks with every rule of a
//! dossier, what feed, follower, relay and healer decide, the records' form as messages, what processing notices, gathers and
//! erases, the projection behind the figures, export and restore.
//!
//! **Simulated**: the network and JetStream (`net`: loses, doubles, delays, reorders, forgets), time, the clients with
//! their retries, here or at another node, and death (`machine`: at any of the steps of log and vault, at any await of a
//! follower, a healer or a question to a vault, or at rest; the next life begins from a copy of the disk as it was at that
//! moment, after a power cut without some of the log's pages that were written and not synced yet). Disasters (`strike`): a
//! disk is what it once was, or is lost and comes from a backup or from its follower, or had not written its end. What may be
//! missing then, and what must not be, is kept in the `ledger`; where two histories may have begun, they must be found.
//!
//! **What determinism rests on**: one driver thread takes one step at a time and waits until the threads of log and vault are
//! at rest again; ids, keys, nonces, times and every choice come from the seed; nothing that is told depends on the order
//! of a hash map, on a thread's speed or on the machine's clock. What a power cut leaves of a vault is its own tests'.
//!
//! `HOSO_SEED=…` runs one seed and prints what happened; `HOSO_RUNS=…` runs so many seeds, whatever time that takes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a failed set-up fails the test, and says with which seed"
)]

mod chance;
mod client;
mod disk;
mod errand;
mod ledger;
mod machine;
mod model;
mod net;
mod node;
mod office;
mod points;
mod relay;
mod rest;
mod secrets;
mod strike;
mod verdict;
mod wire;
mod wishes;
mod witness;
mod world;

use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::chance::Faults;
use crate::world::World;

/// At least so many seeds, and more while there is time.
const RUNS_MIN: u64 = 2000;
const TIME: Duration = Duration::from_secs(20);
/// Seeds that are run twice by the meta test.
const TWICE: u64 = 12;

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var_os(name)?;
    let text = text.to_str().expect("a number");
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is no number: {text}")),
    )
}

/// One life of a province; gives the faults it met. A failure says with which seed.
fn live(seed: u64) -> (String, Faults) {
    let world = Mutex::new(World::new(seed));
    let lived = panic::catch_unwind(AssertUnwindSafe(|| {
        world.lock().unwrap().live();
    }));
    let world = world
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let (trace, faults) = world.told();
    if let Err(panic) = lived {
        println!("{trace}\nHOSO_SEED={seed} repeats this");
        panic::resume_unwind(panic);
    }
    (trace, faults)
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_whatever_one_seed_does() {
    if let Some(seed) = setting("HOSO_SEED") {
        println!("{}", live(seed).0);
        return;
    }
    let runs = setting("HOSO_RUNS");
    let began = Instant::now();
    let next = AtomicU64::new(1);
    let faults = Mutex::new(Faults::default());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let enough = match runs {
                Some(runs) => seed > runs,
                None => seed > RUNS_MIN && began.elapsed() > TIME,
            };
            if enough {
                return;
            }
            let (_, met) = live(seed);
            faults.lock().unwrap().add(met);
        }
    };
    // Most of a life is waiting for the logs' own threads: a few more lives at a time than there are cores.
    thread::scope(|scope| {
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            if let Err(panic) = worker.join() {
                panic::resume_unwind(panic);
            }
        }
    });
    let faults = faults.into_inner().unwrap();
    let runs = runs.unwrap_or_else(|| next.into_inner() - 5);
    println!(
        "{runs} runs in {:.1} s: {faults}",
        began.elapsed().as_secs_f32()
    );
    if setting("HOSO_RUNS").is_none() {
        faults.all_kinds_were_met();
    }
}

#[test]
fn the_same_seed_twice_is_the_same_to_the_byte() {
    for seed in 1000..1000 + TWICE {
        let (first, _) = live(seed);
        let (second, _) = live(seed);
        assert!(first.lines().count() > 30, "a life too short: {first}");
        for (nth, (one, other)) in first.lines().zip(second.lines()).enumerate() {
            assert_eq!(one, other, "line {nth} of seed {seed}");
        }
        assert_eq!(first, second, "seed {seed}");
    }
}
