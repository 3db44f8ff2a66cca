//! A machine whose clock goes back, leaps ahead, and was set while nobody was looking.

use tonic::Code;
use tonic_types::StatusExt as _;

use crate::clerk;
use crate::dial::Dial;
use crate::office::connection;
use crate::running::Province;
use crate::server::Server;

use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use api::hoso::reporting::v1::Grouping;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_dossier_gets_a_date_that_a_wrong_clock_made_up_and_the_logs_time_never_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let dial = Dial::new(folder.path());
    let nats = Server::start();
    let mut province = Province::open_in(folder, 1, |_| nats.url(), |_| dial.special());
    province.work(2);
    province.record.grown(3).await;
    // Everybody has written something down: a log that is empty yet would begin in the past.
    province.report(Grouping::Field).await;
    dial.clock_ahead(-3);
    province.record.grown(6).await;
    dial.clock_ahead(0);
    province.record.grown(3).await;

    // Everybody is refused, and told when to come back; health says why.
    dial.clock_ahead(400);
    province.record.refused_for("CLOCK_JUMPED").await;
    let mut intake = IntakeServiceClient::new(connection(&province.intakes[0].address));
    let refused = intake
        .submit_and_accept_dossier(clerk::counter_filing())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    let info = refused.get_details_error_info().unwrap();
    assert_eq!(info.reason, "CLOCK_JUMPED");
    let day = info.metadata["confirm"].clone();
    assert!(refused.get_details_retry_info().is_some());
    assert!(
        refused
            .message()
            .contains(&format!("--confirm-clock {day}")),
        "{}",
        refused.message()
    );
    eventually_ready(&province, 503, "--confirm-clock").await;
    // The clock comes back, and so does the service, by itself.
    dial.clock_ahead(0);
    province.record.grown(3).await;
    eventually_ready(&province, 200, "").await;
    province.reconcile().await;

    // Switched off for a month, or a clock that was set meanwhile? The operator says.
    dial.clock_ahead(30);
    let node = &mut province.intakes[0];
    node.restart();
    let mut intake = IntakeServiceClient::new(connection(&node.address));
    let filing = clerk::counter_filing();
    let refused = intake.submit_and_accept_dossier(filing.clone()).await;
    let info = refused.unwrap_err().get_details_error_info().unwrap();
    assert_eq!(info.reason, "CLOCK_JUMPED");
    let confirmed = ["--confirm-clock", &info.metadata["confirm"]];
    node.special.args = confirmed.map(str::to_owned).to_vec();
    node.restart();
    let mut intake = IntakeServiceClient::new(connection(&node.address));
    intake.submit_and_accept_dossier(filing).await.unwrap();
    // From then on it is alive at that time.
    node.special.args.clear();
    node.restart();
    let mut intake = IntakeServiceClient::new(connection(&node.address));
    intake
        .submit_and_accept_dossier(clerk::counter_filing())
        .await
        .unwrap();
}

async fn eventually_ready(province: &Province, status: u16, why: &str) {
    for _ in 0..1000 {
        let (now, told) = province.intakes[0].ready();
        if now == status {
            assert!(told.contains(why), "{told}");
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("intake's readiness did not become {status}");
}
