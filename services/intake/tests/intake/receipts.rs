//! Receipt numbers: given once, used once, and what was issued outside its range is a fact that is flagged.

use api::hoso::intake::v1::journal_entry::Item;
use api::hoso::intake::v1::{
    FeeReceipt, GetTerminalRequest, LeaseReceiptRangeRequest, LeaseReceiptRangeResponse,
    fee_receipt,
};
use tonic::Code;
use uuid::Uuid;

use crate::node::Node;
use crate::terminal::{Terminal, collected, reason, taken};

fn lease(terminal: &str, count: u32) -> LeaseReceiptRangeRequest {
    LeaseReceiptRangeRequest {
        request_id: Uuid::new_v4().to_string(),
        terminal_id: terminal.to_owned(),
        series: "AA-22P".to_owned(),
        count,
        actor: "operator-1".to_owned(),
        min_position: String::new(),
    }
}

async fn leased(node: &Node, request: &LeaseReceiptRangeRequest) -> LeaseReceiptRangeResponse {
    let answer = node.terminals().lease_receipt_range(request.clone()).await;
    answer.unwrap().into_inner()
}

fn receipt(number: u64, dossier: fee_receipt::Dossier, notice: &str) -> Item {
    Item::FeeReceipt(FeeReceipt {
        series: "AA-22P".to_owned(),
        number,
        dossier: Some(dossier),
        amount_vnd: 50_000,
        notice: notice.to_owned(),
    })
}

fn for_slip(slip: &str) -> fee_receipt::Dossier {
    fee_receipt::Dossier::Slip(slip.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_number_is_given_twice_also_after_a_restart() {
    let mut node = Node::start().await;
    node.enrol("T-1").await;
    node.enrol("T-2").await;
    let asked = [lease("T-1", 50), lease("T-2", 50), lease("T-1", 10)];
    let first = leased(&node, &asked[0]).await;
    assert_eq!(leased(&node, &asked[0]).await, first, "asked again");
    node.restart().await;
    assert_eq!(leased(&node, &asked[0]).await, first, "and after a restart");
    let ranges = [
        first.range.unwrap(),
        leased(&node, &asked[1]).await.range.unwrap(),
        leased(&node, &asked[2]).await.range.unwrap(),
    ];
    // Node 1 has the numbers from 10 000 001 on.
    let numbers = ranges.each_ref().map(|it| (it.first, it.last));
    let expected = [
        (10_000_001, 10_000_050),
        (10_000_051, 10_000_100),
        (10_000_101, 10_000_110),
    ];
    assert_eq!(numbers, expected);
    let request = GetTerminalRequest {
        terminal_id: "T-1".to_owned(),
        min_position: String::new(),
    };
    let told = node
        .terminals()
        .get_terminal(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(told.terminal.unwrap().receipt_ranges.len(), 2);
    let refused = node.terminals().lease_receipt_range(lease("T-9", 1)).await;
    assert_eq!(refused.unwrap_err().code(), Code::NotFound);
    let refused = node
        .terminals()
        .lease_receipt_range(lease("T-1", 1001))
        .await;
    assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_outside_its_range_is_flagged_and_a_number_used_twice_is_refused() {
    let mut node = Node::start().await;
    let mut terminal = Terminal::enrolled(&node, "T-1").await;
    let mut other = Terminal::enrolled(&node, "T-2").await;
    let first = leased(&node, &lease("T-1", 10)).await.range.unwrap().first;
    terminal.key_in(collected("PG-1"));
    let inside = terminal.key_in(receipt(first, for_slip("PG-1"), ""));
    let outside = terminal.key_in(receipt(first + 10, for_slip("PG-1"), ""));
    let twice = terminal.key_in(receipt(first, for_slip("PG-1"), ""));
    let no_notice = terminal.key_in(receipt(first + 1, for_slip("PG-1"), "TB-1"));
    terminal.sync(&node).await;
    taken(terminal.answer(inside));
    assert!(terminal.answer(inside).flags.is_empty());
    taken(terminal.answer(outside));
    assert_eq!(terminal.answer(outside).flags, ["receipt_outside_range"]);
    assert_eq!(reason(terminal.answer(twice)), "RECEIPT_NUMBER_USED");
    assert_eq!(reason(terminal.answer(no_notice)), "INVALID_FIELD");
    let stolen = other.key_in(receipt(first + 2, for_slip("PG-1"), ""));
    let again = other.key_in(receipt(first, for_slip("PG-1"), ""));
    other.sync(&node).await;
    assert_eq!(other.answer(stolen).flags, ["receipt_outside_range"]);
    assert_eq!(reason(other.answer(again)), "RECEIPT_NUMBER_USED");
    assert_eq!(node.count("fee_receipt_issued"), 3);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_for_a_notice_files_the_payment_once() {
    let mut node = Node::start().await;
    let mut terminal = Terminal::enrolled(&node, "T-1").await;
    let first = leased(&node, &lease("T-1", 10)).await.range.unwrap().first;
    let dossier = fee_receipt::Dossier::Code("000.00.06.H20-221201-0001".to_owned());
    let paid = terminal.key_in(receipt(first, dossier, "TB-1"));
    terminal.sync_until(&node, 0).await;
    terminal.sync(&node).await;
    let filing = &terminal.answer(paid).filing_id;
    assert!(!filing.is_empty());
    assert_eq!(node.count("filing_received"), 1);
    node.stop().await;
}
