//! What intake tells about itself, to people over gRPC and to Prometheus.

use std::sync::Arc;

use application::status::{Folded, RelayedLog, Source};
use chassis::metrics::Tell;
use messaging::Relayed;
use tokio::sync::watch;

use crate::grpc::Calls;

/// Where its status comes from.
pub(crate) fn source(
    calls: &Calls,
    unable: watch::Receiver<Option<String>>,
    relayed: Option<watch::Receiver<Relayed>>,
) -> Source {
    let (worklist, now) = (calls.worklist.clone(), Arc::clone(&calls.edge.now));
    Source {
        role: "intake",
        log: calls.edge.desk.log().clone(),
        unable,
        // Intake follows nobody.
        followed: Arc::new(Vec::new),
        vaults: Arc::new(Vec::new),
        relayed: Arc::new(move || relayed.as_ref().map(|it| relay(&it.borrow()))),
        folded: Arc::new(move || Folded {
            position: worklist.position(),
            not_understood: None,
            held_filings: None,
        }),
        now_us: Arc::new(move || now().as_microsecond()),
    }
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
