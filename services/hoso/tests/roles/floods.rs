//! More than a service can take: a thousand connections at once on a slow disk, and very many calls on one connection.

use std::time::Duration;

use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use tokio::task::JoinSet;

use crate::clerk::{self, until_answered};
use crate::dial::Dial;
use crate::office::connection;
use crate::running::Province;
use crate::server::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_on_a_slow_disk_is_refused_in_part_and_answered_in_full_when_it_is_over() {
    const CONNECTIONS: usize = 1_000;
    const ON_ONE: usize = 600;
    // Each connection is an open file here too.
    chassis::limits::raise_open_files();
    let folder = tempfile::tempdir().unwrap();
    let dial = Dial::new(folder.path());
    let nats = Server::start();
    let mut province = Province::open_in(folder, 1, |_| nats.url(), |_| dial.special());
    let address = province.intakes[0].address.clone();
    let before = province.intakes[0].memory();
    dial.slow_disk(400);
    let mut callers = JoinSet::new();
    let many = (0..CONNECTIONS).map(|_| connection(&address));
    let one = connection(&address);
    let same = std::iter::repeat_n(one, ON_ONE);
    for connection in many.chain(same) {
        let record = province.record.clone();
        callers.spawn(async move {
            let intake = IntakeServiceClient::new(connection);
            let filing = clerk::counter_filing();
            let answer = until_answered(&record, "filing", || {
                let (mut to, filing) = (intake.clone(), filing.clone());
                async move { to.submit_and_accept_dossier(filing).await }
            })
            .await;
            record.wrote(&answer.position);
            record.note(clerk::counter_filed(answer));
        });
    }
    province.record.refused_for("BUSY").await;
    let flooded = province.intakes[0].memory();
    dial.slow_disk(0);
    while let Some(answered) = callers.join_next().await {
        answered.unwrap();
    }
    let after = province.intakes[0].memory();
    println!("intake had {before} MiB, {flooded} MiB in the flood, {after} MiB after it");
    assert!(
        flooded.max(after) < before + 256,
        "intake had {before} MiB, then {flooded} and {after} MiB"
    );
    // Nobody has to start anything anew.
    province.work(2);
    province.record.grown(3).await;
    tokio::time::timeout(Duration::from_secs(120), province.reconcile())
        .await
        .unwrap();
}
