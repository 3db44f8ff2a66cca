//! What intake tells about itself, to people over gRPC and to Prometheus.

use std::sync::Arc;

use application::status::{Folded, RelayedLog, Source};
use chassis::metrics::{Sheet, Tell};
use messaging::Relayed;
use tokio::sync::watch;

use crate::grpc::Calls;
use crate::terminals;

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
        vault: Some(calls.edge.desk.vault().clone()),
        relayed: Arc::new(move || relayed.as_ref().map(|it| relay(&it.borrow()))),
        folded: Arc::new(move || Folded {
            position: worklist.position(),
            not_understood: None,
            held_filings: None,
            codes_given_twice: None,
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

/// The papers that the post has.
fn custody(calls: &Calls, sheet: &mut Sheet<'_>) {
    let (now, catalogue) = ((calls.edge.now)(), calls.edge.desk.catalogue());
    let (open, oldest) = calls.worklist.read(|(_, (_, custody)), _| {
        let oldest = custody.papers(None).next();
        let oldest = oldest.map(|(_, held)| terminals::waited(&catalogue, held, now));
        (custody.open(), oldest.unwrap_or_default())
    });
    let of = |holder: &str, legs: u64| (vec![("holder", holder.to_owned())], legs as f64);
    sheet.numbers(
        "custody_open_legs",
        "Papers on their way, by who has them.",
        &[of("terminal", open.terminals), of("office", open.offices)],
    );
    sheet.numbers(
        "custody_unacknowledged_legs",
        "Papers that were handed on by one signature only.",
        &[(Vec::new(), open.unacknowledged as f64)],
    );
    sheet.numbers(
        "custody_oldest_working_minutes",
        "For how many working minutes the paper that waits longest is where it is.",
        &[(Vec::new(), oldest as f64)],
    );
}

/// Its numbers, at each scrape.
pub(crate) fn tell(source: Source, calls: Calls) -> Tell {
    Arc::new(move |sheet| {
        custody(&calls, sheet);
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
