//! Who has which papers, as both sides have signed; and when a dossier that came by post was lawfully filed.

use api::hoso::dossier::v1::{BroughtDelivery, BroughtDeliveryFailure, Filing, filing};
use api::hoso::intake::v1::journal_entry::Item;
use api::hoso::intake::v1::{
    AcceptDossierRequest, Acceptance, AcknowledgeHandOverRequest, GetHandOverRequest, HandedOver,
    ListOpenCustodyRequest, OpenCustody, PaperResult, open_custody,
};
use tonic::Code;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::node::{CENTRE, MORNING, Node, POST, wire};
use crate::terminal::{
    Terminal, centre, code, collected, minute, office, postman, reason, slip, taken,
};

const COMPLETE: PaperResult = PaperResult::Complete;

async fn open(node: &Node, working_hours_min: u32) -> Vec<OpenCustody> {
    let mut papers = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListOpenCustodyRequest {
            working_hours_min,
            page_size: 2,
            page_token,
            ..ListOpenCustodyRequest::default()
        };
        let page = node.terminals().list_open_custody(request).await;
        let page = page.unwrap().into_inner();
        papers.extend(page.papers);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return papers;
        }
    }
}

/// Each paper with its holder.
fn held(papers: &[OpenCustody]) -> Vec<(String, String)> {
    let name = |it: &OpenCustody| match it.paper.clone().unwrap() {
        open_custody::Paper::Slip(slip) => slip,
        open_custody::Paper::Code(code) => code,
    };
    papers
        .iter()
        .map(|it| (name(it), it.holder.clone().unwrap().id))
        .collect()
}

fn is(paper: &str, holder: &str) -> (String, String) {
    (paper.to_owned(), holder.to_owned())
}

fn acceptance(dossier_id: &str) -> AcceptDossierRequest {
    AcceptDossierRequest {
        request_id: Uuid::new_v4().to_string(),
        dossier_id: dossier_id.to_owned(),
        acceptance: Some(Acceptance {
            point: CENTRE.to_owned(),
            operator: POST.to_owned(),
            ..Acceptance::default()
        }),
        actor: "clerk-1".to_owned(),
        ..AcceptDossierRequest::default()
    }
}

fn acknowledging(number: &str, papers: Vec<HandedOver>) -> AcknowledgeHandOverRequest {
    AcknowledgeHandOverRequest {
        request_id: Uuid::new_v4().to_string(),
        number: number.to_owned(),
        actor: "clerk-1".to_owned(),
        papers,
        min_position: String::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dossier_by_post_is_lawfully_filed_when_both_sides_sign_the_minute() {
    let mut node = Node::start().await;
    let mut terminal = Terminal::enrolled(&node, "T-1").await;
    let first = terminal.key_in(collected("PG-1"));
    let second = terminal.key_in(collected("PG-2"));
    let papers = vec![
        slip("PG-1", COMPLETE),
        slip("PG-2", PaperResult::Incomplete),
        slip("PG-9", COMPLETE),
    ];
    let signed = "2022-12-15T03:30:00Z";
    let minute = terminal.key_in(minute("BB-1", office(), centre(), signed, papers));
    // It comes a day later.
    node.at("2022-12-16T08:00:00Z");
    terminal.now = "2022-12-16T08:00:00Z";
    terminal.sync(&node).await;
    let told = terminal.answer(minute);
    taken(told);
    assert_eq!(told.flags, ["paper_unknown"]);
    assert_eq!(told.papers[0].dossier_id, terminal.answer(first).dossier_id);
    assert_eq!(told.papers[1].result(), PaperResult::Incomplete);
    assert!(told.papers[2].dossier_id.is_empty());
    assert_eq!(open(&node, 0).await, [], "the centre has them");

    // Whoever accepts need not say so, and a restart forgets nothing.
    node.restart().await;
    let mut counter = node.counter();
    let accepted = counter
        .accept_dossier(acceptance(&terminal.answer(first).dossier_id))
        .await
        .unwrap()
        .into_inner();
    let dossier = accepted.dossier.unwrap();
    assert_eq!(dossier.accepted_at, Some(wire(signed)));
    assert!(!dossier.code.is_empty());
    // What was incomplete was not lawfully filed by the minute.
    let accepted = counter
        .accept_dossier(acceptance(&terminal.answer(second).dossier_id))
        .await
        .unwrap()
        .into_inner();
    let at = accepted.dossier.unwrap().accepted_at.unwrap();
    assert_eq!(at, wire("2022-12-16T08:00:00Z"));
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn papers_that_wait_too_long_are_listed_with_who_has_them() {
    let mut node = Node::start().await;
    let mut terminal = Terminal::enrolled(&node, "T-1").await;
    for number in 1..=3 {
        terminal.key_in(collected(&format!("PG-{number}")));
    }
    terminal.sync(&node).await;
    // From Thursday nine o'clock to Friday nine o'clock are eight working hours.
    node.at("2022-12-16T01:59:00Z");
    assert_eq!(open(&node, 8).await, []);
    node.at("2022-12-16T02:00:00Z");
    let papers = open(&node, 8).await;
    assert_eq!(
        held(&papers),
        [is("PG-1", "T-1"), is("PG-2", "T-1"), is("PG-3", "T-1")]
    );
    assert_eq!(papers[0].working_minutes, 480);
    // A weekend is no working time.
    node.at("2022-12-19T00:00:00Z");
    assert_eq!(open(&node, 16).await, []);

    // One is missing when the office takes them; the postman answers for it still.
    terminal.now = "2022-12-19T00:00:00Z";
    let papers = vec![
        slip("PG-1", COMPLETE),
        slip("PG-2", PaperResult::Missing),
        slip("PG-3", PaperResult::Damaged),
    ];
    let by = postman("T-1");
    terminal.key_in(minute("BB-1", by, office(), terminal.now, papers));
    terminal.sync(&node).await;
    let papers = open(&node, 0).await;
    assert_eq!(
        held(&papers),
        [
            is("PG-1", "BC-870000"),
            is("PG-2", "T-1"),
            is("PG-3", "BC-870000")
        ]
    );
    let found: Vec<_> = papers.iter().map(OpenCustody::found).collect();
    let nothing = PaperResult::Unspecified;
    assert_eq!(found, [nothing, PaperResult::Missing, PaperResult::Damaged]);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_side_says_it_handed_over_is_its_own_until_the_other_side_signs() {
    let mut node = Node::start().await;
    let mut terminal = Terminal::enrolled(&node, "T-1").await;
    let dossier = terminal.key_in(collected("PG-1"));
    let not_looked_at = vec![slip("PG-1", PaperResult::Unspecified)];
    terminal.key_in(minute(
        "BB-1",
        postman("T-1"),
        centre(),
        "2022-12-15T02:00:00Z",
        not_looked_at,
    ));
    terminal.sync(&node).await;
    let papers = open(&node, 0).await;
    assert_eq!(held(&papers), [is("PG-1", "T-1")]);
    assert_eq!(papers[0].unacknowledged, "BB-1");

    node.at("2022-12-15T04:00:00Z");
    let mut clerk = node.terminals();
    let other = acknowledging("BB-1", vec![slip("PG-2", COMPLETE)]);
    let refused = clerk.acknowledge_hand_over(other).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let signing = acknowledging("BB-1", vec![slip("PG-1", COMPLETE)]);
    let signed = clerk.acknowledge_hand_over(signing.clone()).await;
    let signed = signed.unwrap().into_inner();
    let again = clerk
        .acknowledge_hand_over(signing)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, signed);
    let minute = signed.hand_over.unwrap();
    assert_eq!(minute.taker, "clerk-1");
    assert_eq!(minute.signed_at, Some(wire("2022-12-15T04:00:00Z")));
    let twice = acknowledging("BB-1", vec![slip("PG-1", COMPLETE)]);
    let refused = clerk.acknowledge_hand_over(twice).await.unwrap_err();
    let info = refused.get_details_error_info().unwrap();
    assert_eq!(info.reason, "HAND_OVER_ACKNOWLEDGED");
    assert_eq!(open(&node, 0).await, []);

    node.at("2022-12-15T07:00:00Z");
    let accept = acceptance(&terminal.answer(dossier).dossier_id);
    let accepted = node.counter().accept_dossier(accept).await.unwrap();
    let accepted = accepted.into_inner().dossier.unwrap().accepted_at;
    assert_eq!(accepted, Some(wire("2022-12-15T04:00:00Z")));
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_is_the_posts_until_it_is_back_at_the_point() {
    let mut node = Node::start().await;
    let mut terminal = Terminal::enrolled(&node, "T-1").await;
    let result = "000.00.06.H20-221201-0001";
    let at = "2022-12-15T02:00:00Z";
    let papers = || vec![code(result, COMPLETE)];
    terminal.key_in(minute("KQ-1", centre(), office(), at, papers()));
    terminal.sync(&node).await;
    assert_eq!(held(&open(&node, 0).await), [is(result, "BC-870000")]);
    let by = postman("T-1");
    terminal.key_in(minute("KQ-2", office(), by, at, papers()));
    terminal.sync(&node).await;
    node.restart().await;
    assert_eq!(held(&open(&node, 0).await), [is(result, "T-1")]);
    let by = postman("T-1");
    terminal.key_in(minute("KQ-3", by, centre(), at, papers()));
    terminal.sync(&node).await;
    assert_eq!(open(&node, 0).await, []);
    node.stop().await;
}

fn filing(code: &str, brought: filing::Brought) -> Item {
    Item::Filing(Filing {
        dossier: Some(filing::Dossier::Code(code.to_owned())),
        brought: Some(brought),
        words: "Không gặp người nhận".to_owned(),
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_is_the_posts_through_failed_attempts_until_it_is_signed_for() {
    let mut node = Node::start().await;
    let mut terminal = Terminal::enrolled(&node, "T-1").await;
    let result = "000.00.06.H20-221201-0001";
    let papers = vec![code(result, COMPLETE)];
    let by = postman("T-1");
    terminal.key_in(minute("KQ-1", centre(), by, MORNING, papers));
    let item = "EA000000001VN".to_owned();
    for attempted in [MORNING, "2022-12-19T02:00:00Z"] {
        let failed = filing::Brought::DeliveryFailure(BroughtDeliveryFailure {
            postal_item: item.clone(),
            signed_at: Some(wire(attempted)),
            reason_code: "vang_nha".to_owned(),
        });
        terminal.key_in(filing(result, failed));
    }
    terminal.sync(&node).await;
    assert_eq!(held(&open(&node, 0).await), [is(result, "T-1")]);
    let delivered = filing::Brought::Delivery(BroughtDelivery {
        postal_item: item,
        ..BroughtDelivery::default()
    });
    let delivered = terminal.key_in(filing(result, delivered));
    terminal.sync(&node).await;
    taken(terminal.answer(delivered));
    assert!(!terminal.answer(delivered).filing_id.is_empty());
    assert_eq!(open(&node, 0).await, []);
    assert_eq!(node.count("filing_received"), 3);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_minute_has_its_own_number_and_is_never_signed_in_the_future() {
    let mut node = Node::start().await;
    let mut terminal = Terminal::enrolled(&node, "T-1").await;
    terminal.key_in(collected("PG-1"));
    let later = "2022-12-15T09:00:00Z";
    let papers = || vec![slip("PG-1", COMPLETE)];
    let first = terminal.key_in(minute("BB-1", postman("T-1"), office(), later, papers()));
    let other = terminal.key_in(minute("BB-1", office(), centre(), later, papers()));
    let mut twice = papers();
    twice.extend(papers());
    let twice = terminal.key_in(minute("BB-2", office(), centre(), later, twice));
    terminal.sync(&node).await;
    assert_eq!(terminal.answer(first).flags, ["signed_in_future"]);
    assert_eq!(reason(terminal.answer(other)), "HAND_OVER_NUMBER_TAKEN");
    assert_eq!(reason(terminal.answer(twice)), "INVALID_FIELD");
    let request = GetHandOverRequest {
        number: "BB-1".to_owned(),
        min_position: String::new(),
    };
    let told = node
        .terminals()
        .get_hand_over(request)
        .await
        .unwrap()
        .into_inner();
    let told = told.hand_over.unwrap();
    assert_eq!(told.signed_at, Some(wire("2022-12-15T02:00:00Z")));
    let request = GetHandOverRequest {
        number: "BB-9".to_owned(),
        min_position: String::new(),
    };
    let refused = node.terminals().get_hand_over(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    node.stop().await;
}
