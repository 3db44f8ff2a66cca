//! A client that never sees the answer asks the other intake node: one dossier, counted once, and nothing stands still.

use std::time::Duration;

use api::hoso::dossier::v1::{Dossier, Reason};
use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use api::hoso::intake::v1::{AcceptDossierRequest, RefuseDossierRequest, SubmitDossierRequest};
use api::hoso::processing::v1::dossier_name::Name;
use api::hoso::processing::v1::processing_service_client::ProcessingServiceClient;
use api::hoso::processing::v1::{DossierName, GetDossierRequest, GetDossierResponse};
use tokio::time::{Instant, sleep};
use tonic::Code;
use tonic::transport::Channel;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::office::{
    acceptance, connection, figures, filing, resolving, submission, until_answered,
};
use crate::process::{Role, said};
use crate::server::Server;

struct Province {
    nodes: [Role; 2],
    processing: Role,
    reporting: Role,
    _nats: Server,
    _folder: tempfile::TempDir,
}

fn province() -> Province {
    let folder = tempfile::tempdir().unwrap();
    let nats = Server::start();
    let url = nats.url();
    let start = |role, node| Role::start(role, node, folder.path(), &url);
    Province {
        nodes: [start("intake", 1), start("intake", 2)],
        processing: start("processing", 0),
        reporting: start("reporting", 0),
        _nats: nats,
        _folder: folder,
    }
}

impl Province {
    fn node(&self, at: usize) -> IntakeServiceClient<Channel> {
        IntakeServiceClient::new(connection(&self.nodes[at].address))
    }

    fn officer(&self) -> ProcessingServiceClient<Channel> {
        ProcessingServiceClient::new(connection(&self.processing.address))
    }

    async fn seen(&self, name: Name) -> GetDossierResponse {
        let request = GetDossierRequest {
            dossier: Some(DossierName { name: Some(name) }),
            min_position: String::new(),
        };
        until_answered("looking", || {
            let (mut officer, request) = (self.officer(), request.clone());
            async move { officer.get_dossier(request).await }
        })
        .await
    }

    async fn submit(&self, node: usize, request: &SubmitDossierRequest) -> Dossier {
        let answer = until_answered("filing", || {
            let (mut to, request) = (self.node(node), request.clone());
            async move { to.submit_dossier(request).await }
        });
        answer.await.dossier.unwrap()
    }

    /// The dossier, once processing has noticed so many other histories of it.
    async fn noticed(&self, id: &str, others: usize) -> Dossier {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let dossier = self
                .seen(Name::DossierId(id.to_owned()))
                .await
                .dossier
                .unwrap();
            if dossier.other_histories.len() == others {
                return dossier;
            }
            assert!(Instant::now() < until, "{dossier:?}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn resolve(&self, name: Name, min_position: String) -> String {
        let request = resolving(name, min_position);
        let answer = until_answered("resolving", || {
            let (mut officer, request) = (self.officer(), request.clone());
            async move { officer.resolve_dossier(request).await }
        });
        answer.await.position
    }

    /// Both nodes take in another dossier each, and the officer resolves them: no feed stands still.
    async fn both_feeds_run(&self) -> String {
        let mut last = String::new();
        for node in 0..2 {
            let request = filing();
            let filed = until_answered("filing", || {
                let (mut to, request) = (self.node(node), request.clone());
                async move { to.submit_and_accept_dossier(request).await }
            })
            .await;
            let id = filed.dossier.unwrap().dossier_id;
            last = self.resolve(Name::DossierId(id), filed.position).await;
        }
        last
    }

    /// Everything that must hold in the end: so many dossiers, all resolved, one of them filed twice.
    async fn counted_once(mut self, position: String, all: u64, id: &str, noticed: usize) {
        let report = figures(&self.reporting.address, position).await;
        let total = report.total.unwrap();
        assert_eq!((total.c3, total.c7, total.c11), (all, all, 0));
        assert!(
            report.checks.iter().all(|check| check.holds),
            "{:?}",
            report.checks
        );
        let memo = |key| {
            report
                .memo
                .iter()
                .find(|line| line.key == key)
                .unwrap()
                .value
        };
        assert_eq!(memo("duplicates"), 1);
        assert_eq!(memo("never_accepted"), 0);
        let [first, second] = &mut self.nodes;
        for role in [first, second, &mut self.processing, &mut self.reporting] {
            role.kill();
            role.verify();
        }
        let (middle, end) = (self.processing.dump(), self.reporting.dump());
        assert_eq!(middle, end);
        let of = |record: &&serde_json::Value| record["stream"] == id && record["rival"] == false;
        let kinds = middle
            .iter()
            .filter(of)
            .map(|record| record["kind"].as_str().unwrap());
        let kinds: Vec<_> = kinds.collect();
        let count = |kind| kinds.iter().filter(|it| **it == kind).count();
        assert_eq!(count("duplicate_submission"), noticed, "{kinds:?}");
        for kind in ["dossier_submitted", "dossier_accepted", "dossier_resolved"] {
            assert_eq!(count(kind), 1, "{kinds:?}");
        }
        // Whatever either node wrote is there, whether it stands or not.
        for node in &self.nodes {
            for record in node.dump() {
                let kept = middle
                    .iter()
                    .filter(|here| here["event_id"] == record["event_id"]);
                assert!(kept.count() > 0, "{record}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_asked_for_again_at_the_other_node_is_one_dossier_with_one_code() {
    let mut province = province();
    let request = filing();
    // The answer comes, and the client never sees it.
    let unseen = until_answered("filing", || {
        let (mut to, request) = (province.node(0), request.clone());
        async move { to.submit_and_accept_dossier(request).await }
    })
    .await
    .dossier
    .unwrap();
    province.nodes[0].kill();
    let filed = until_answered("filing again", || {
        let (mut to, request) = (province.node(1), request.clone());
        async move { to.submit_and_accept_dossier(request).await }
    })
    .await;
    let dossier = filed.dossier.unwrap();
    assert_eq!(dossier.dossier_id, unseen.dossier_id);
    assert_ne!(dossier.code, unseen.code);
    let id = dossier.dossier_id;
    // The client goes on with what it was told, whichever code turns out to stand.
    province
        .resolve(Name::Code(dossier.code.clone()), filed.position)
        .await;
    province.nodes[0].restart();

    let noticed = province.noticed(&id, 1).await;
    let mut codes = [
        noticed.code.clone(),
        noticed.other_histories[0].void_code.clone(),
    ];
    codes.sort();
    let mut issued = [unseen.code, dossier.code];
    issued.sort();
    assert_eq!(codes, issued, "one stands, the other is void");
    assert!(noticed.flags.contains(&"duplicate_submission".to_owned()));
    let void = noticed.other_histories[0].void_code.clone();
    let found = province.seen(Name::Code(void.clone())).await;
    assert_eq!(found.dossier.unwrap().code, noticed.code);
    for told in [found.notice_vi, found.notice_en] {
        assert!(
            told.contains(&void) && told.contains(&noticed.code),
            "{told}"
        );
    }
    let server = ["--server", &province.processing.address];
    let shown = said(&[&["dossier", "show", &void], &server[..]].concat());
    assert!(String::from_utf8(shown).unwrap().contains(&noticed.code));

    let last = province.both_feeds_run().await;
    province.counted_once(last, 3, &id, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filing_that_only_the_other_node_accepted_counts_and_a_late_refusal_does_not() {
    let mut province = province();
    let request = SubmitDossierRequest {
        request_id: Uuid::new_v4().to_string(),
        submission: Some(submission()),
        actor: "clerk-1".to_owned(),
        ..SubmitDossierRequest::default()
    };
    let id = province.submit(0, &request).await.dossier_id;
    province.seen(Name::DossierId(id.clone())).await;
    province.nodes[0].kill();
    let accept = AcceptDossierRequest {
        request_id: Uuid::new_v4().to_string(),
        dossier_id: id.clone(),
        acceptance: Some(acceptance()),
        actor: "clerk-1".to_owned(),
        ..AcceptDossierRequest::default()
    };
    // The other node cannot say that there is no such dossier, only that it is not at home there.
    let refusal = province.node(1).accept_dossier(accept.clone()).await;
    let refusal = refusal.unwrap_err();
    assert_eq!(refusal.code(), Code::Unavailable);
    let info = refusal.get_details_error_info().unwrap();
    assert_eq!(info.reason, "DOSSIER_AT_ANOTHER_HOME");

    assert_eq!(province.submit(1, &request).await.dossier_id, id);
    let accepted = until_answered("accepting", || {
        let (mut to, request) = (province.node(1), accept.clone());
        async move { to.accept_dossier(request).await }
    })
    .await;
    let code = accepted.dossier.unwrap().code;
    let noticed = province.noticed(&id, 1).await;
    assert_eq!(
        noticed.code, code,
        "the receipt that the client holds counts"
    );
    assert_eq!(noticed.other_histories[0].void_code, "");
    province
        .resolve(Name::Code(code.clone()), accepted.position)
        .await;

    // At the first node somebody finds the filing that nobody went on with.
    province.nodes[0].restart();
    let refusal = RefuseDossierRequest {
        request_id: Uuid::new_v4().to_string(),
        dossier_id: id.clone(),
        reason: Some(Reason {
            code: "duplicate".to_owned(),
            text: String::new(),
        }),
        actor: "clerk-2".to_owned(),
        ..RefuseDossierRequest::default()
    };
    until_answered("refusing", || {
        let (mut to, request) = (province.node(0), refusal.clone());
        async move { to.refuse_dossier(request).await }
    })
    .await;
    assert_eq!(province.noticed(&id, 2).await.code, code);
    let last = province.both_feeds_run().await;
    province.counted_once(last, 3, &id, 2).await;
}
