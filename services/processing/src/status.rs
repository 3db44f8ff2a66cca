//! What processing tells about itself, to people over gRPC and to Prometheus.

use std::sync::Arc;

use application::status::{Folded, FollowedLog, GivenTwice, RelayedLog, Source};
use chassis::metrics::Tell;
use messaging::{Followed, Progress, Relayed};
use tokio::sync::watch;

use crate::grpc::Calls;
use crate::register::Register;
use crate::vaults::Vaults;

/// As many codes that two dossiers have are told by name; all are counted.
const CODES_TOLD_MAX: usize = 20;

/// Where its status comes from.
pub(crate) fn source(
    calls: &Calls,
    unable: watch::Receiver<Option<String>>,
    followed: Followed,
    relayed: Option<watch::Receiver<Relayed>>,
    vaults: Vaults,
) -> Source {
    let erasures = calls.board.clone();
    let (board, now) = (calls.board.clone(), Arc::clone(&calls.edge.now));
    Source {
        role: "processing",
        log: calls.edge.desk.log().clone(),
        unable,
        followed: Arc::new(move || followed.now().into_iter().filter_map(follow).collect()),
        vaults: Arc::new(move || {
            erasures.read(|board, _| vaults.now(board.erasures.subjects().len(), &board.losses))
        }),
        vault: Some(calls.edge.desk.vault().clone()),
        relayed: Arc::new(move || relayed.as_ref().map(|it| relay(&it.borrow()))),
        folded: Arc::new(move || {
            board.read(|board, position| Folded {
                position,
                not_understood: Some(board.parked.records()),
                held_filings: u64::try_from(board.filings.held()).ok(),
                codes_given_twice: Some(given_twice(&board.inbox.register)),
            })
        }),
        now_us: Arc::new(move || now().as_microsecond()),
    }
}

fn given_twice(register: &Register) -> GivenTwice {
    let mut twice = GivenTwice::default();
    for (code, first, again) in register.codes_given_twice() {
        twice.count += 1;
        if twice.newest.len() < CODES_TOLD_MAX {
            twice.newest.push((code.to_owned(), first, again));
        }
    }
    twice
}

fn follow(progress: Progress) -> Option<FollowedLog> {
    Some(FollowedLog {
        log: progress.origin?,
        have: progress.have,
        upstream: progress.upstream,
        lag_us: progress.lag_us(),
        waiting: progress.waiting,
        duplicates: progress.met.duplicates,
        repaired: progress.met.repaired,
        foreign: progress.met.foreign,
    })
}

fn relay(relayed: &Relayed) -> RelayedLog {
    RelayedLog {
        position: relayed.position,
        waiting: relayed.waiting.clone(),
    }
}

/// Its numbers, at each scrape.
pub(crate) fn tell(source: Source) -> Tell {
    Arc::new(move |sheet| {
        let now = source.now();
        now.tell(&mut |name, help, samples| sheet.numbers(name, help, samples));
        let help = "How long the log's syncs took.";
        sheet.histogram(
            "log_sync_seconds",
            help,
            &now.load.syncs,
            now.load.sync_seconds,
        );
    })
}
