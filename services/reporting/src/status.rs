//! What reporting tells about itself, to people over gRPC and to Prometheus.

use std::sync::Arc;

use application::status::{Folded, FollowedLog, Source};
use chassis::metrics::Tell;
use messaging::Progress;
use tokio::sync::watch;

use crate::grpc::Calls;

/// Where its status comes from.
pub(crate) fn source(calls: &Calls, unable: watch::Receiver<Option<String>>) -> Source {
    let (figures, clock) = (calls.reports.figures.clone(), calls.reports.clock.clone());
    let progress = calls.progress.clone();
    Source {
        role: "reporting",
        log: calls.reports.log.clone(),
        unable,
        followed: Arc::new(move || {
            let progress = progress.borrow().clone();
            follow(progress).into_iter().collect()
        }),
        // Nobody follows a replica.
        vaults: Arc::new(Vec::new),
        vault: None,
        relayed: Arc::new(|| None),
        folded: Arc::new(move || {
            figures.read(|figures, position| Folded {
                position,
                not_understood: Some(figures.parked.records()),
                held_filings: None,
                codes_given_twice: None,
            })
        }),
        now_us: Arc::new(move || clock.now_us()),
    }
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
