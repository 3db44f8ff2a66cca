//! The line to NATS: cut, slow, or open and silent.

use std::time::Duration;

use tokio::time::Instant;

use crate::proxy::{Cable, Proxy};
use crate::running::Province;
use crate::server::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_is_cut_slow_or_silent_delays_records_and_loses_none() {
    let nats = Server::start();
    let behind = nats.url().replace("nats://", "");
    let from_intake = Proxy::before(behind.clone()).await;
    let from_processing = Proxy::before(behind).await;
    let mut province = Province::open(1, |role| match role {
        "intake" => from_intake.url(),
        "processing" => from_processing.url(),
        _ => nats.url(),
    });
    province.work(3);
    province.record.grown(3).await;
    let lines = [&from_intake, &from_processing];
    for line in lines {
        line.is(Cable::Cut);
        // Intake answers all the same; whoever needs what has not come is told to come back.
        province.record.refused_for("POSITION_NOT_YET_HERE").await;
        line.is(Cable::Whole);
        province.record.grown(3).await;
    }
    for line in lines {
        line.is(Cable::Slow(Duration::from_millis(5)));
    }
    province.record.grown(6).await;
    let memory = province.intakes[0].memory();
    assert!(memory < 300, "intake has {memory} MiB over a slow line");
    for line in lines {
        line.is(Cable::Whole);
    }
    let began = Instant::now();
    from_intake.hang();
    province.record.refused_for("POSITION_NOT_YET_HERE").await;
    province.record.grown(6).await;
    println!("a silent line was given up within {:?}", began.elapsed());
    province.reconcile().await;
}
