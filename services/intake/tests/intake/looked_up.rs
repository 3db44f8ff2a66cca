//! What the office looks up: the answers that a terminal got, and by which checklists papers are counted.

use api::hoso::intake::v1::get_terminal_answer_request::Entry as Named;
use api::hoso::intake::v1::{
    EntryAnswer, EntryResult, GetChecklistRequest, GetTerminalAnswerRequest, JournalEntry,
    ListChecklistsRequest, ListTerminalAnswersRequest, ListTerminalAnswersResponse, TerminalAnswer,
    TerminalHello,
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::node::{DEPARTMENT, MORNING, Node, catalogue, wire};
use crate::terminal::{Line, Terminal, bad, collected};

async fn page(
    node: &Node,
    asked: ListTerminalAnswersRequest,
) -> Result<ListTerminalAnswersResponse, Status> {
    let answer = node.terminals().list_terminal_answers(asked).await;
    answer.map(tonic::Response::into_inner)
}

async fn answers(node: &Node, refused_only: bool) -> Vec<TerminalAnswer> {
    let mut asked = ListTerminalAnswersRequest {
        terminal_id: "T-1".to_owned(),
        refused_only,
        page_size: 2,
        ..ListTerminalAnswersRequest::default()
    };
    let mut found = Vec::new();
    loop {
        let page = page(node, asked.clone()).await.unwrap();
        assert!(page.answers.len() <= 2);
        found.extend(page.answers);
        asked.page_token = page.next_page_token;
        if asked.page_token.is_empty() {
            return found;
        }
    }
}

async fn answer(node: &Node, entry: Named) -> Result<EntryAnswer, Status> {
    let asked = GetTerminalAnswerRequest {
        terminal_id: "T-1".to_owned(),
        entry: Some(entry),
        min_position: String::new(),
    };
    let answer = node.terminals().get_terminal_answer(asked).await?;
    Ok(answer.into_inner().answer.unwrap().answer.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_office_reads_the_same_answers_that_the_terminal_got_also_after_a_restart() {
    let mut node = Node::start().await;
    let mut terminal = Terminal::enrolled(&node, "T-1").await;
    let first = terminal.key_in(collected("PG-1"));
    let wrong = terminal.key_in(bad());
    let again = JournalEntry {
        sequence: 3,
        ..terminal.journal[0].clone()
    };
    terminal.journal.push(again);
    terminal.key_in(collected("PG-2"));
    terminal.sync(&node).await;
    // Another terminal's entries are none of this one's.
    let mut other = Terminal::enrolled(&node, "T-2").await;
    other.key_in(collected("PG-3"));
    other.sync(&node).await;
    node.restart().await;

    let told = answers(&node, false).await;
    let got: Vec<_> = terminal.answers.values().cloned().collect();
    let theirs: Vec<_> = told.iter().map(|it| it.answer.clone().unwrap()).collect();
    assert_eq!(theirs, got);
    assert_eq!(theirs[2].result(), EntryResult::Duplicate);
    assert_eq!(theirs[2].dossier_id, theirs[0].dossier_id);
    assert!(told.iter().all(|it| it.device_time == Some(wire(MORNING))));
    assert!(told.iter().all(|it| it.actor == "postman-1"));

    let refused = answers(&node, true).await;
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].answer.as_ref().unwrap().sequence, wrong);
    let by_number = answer(&node, Named::Sequence(wrong)).await.unwrap();
    assert_eq!(by_number, got[1]);
    // A command is the entry that first had it, not its repetition.
    let command = terminal.journal[0].command_id.clone();
    let by_command = answer(&node, Named::CommandId(command)).await.unwrap();
    assert_eq!(by_command.sequence, first);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_keyed_in_is_told_apart_from_a_terminal_that_nobody_knows() {
    let mut node = Node::start().await;
    Terminal::enrolled(&node, "T-1").await;
    assert_eq!(answers(&node, false).await, []);
    for (named, code, reason) in [
        (Named::Sequence(1), Code::NotFound, "NOT_FOUND"),
        (Named::Sequence(0), Code::InvalidArgument, "INVALID_FIELD"),
        (
            Named::CommandId(Uuid::new_v4().to_string()),
            Code::NotFound,
            "NOT_FOUND",
        ),
        (
            Named::CommandId("x".to_owned()),
            Code::InvalidArgument,
            "INVALID_FIELD",
        ),
    ] {
        let no = answer(&node, named).await.unwrap_err();
        assert_eq!(no.code(), code);
        assert_eq!(no.get_details_error_info().unwrap().reason, reason);
    }
    let stranger = ListTerminalAnswersRequest {
        terminal_id: "T-9".to_owned(),
        ..ListTerminalAnswersRequest::default()
    };
    let no = page(&node, stranger).await.unwrap_err();
    assert_eq!(
        no.get_details_error_info().unwrap().reason,
        "TERMINAL_UNKNOWN"
    );
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_that_calls_another_node_is_told_whose_it_is_and_nothing_is_taken() {
    let mut node = Node::start().await;
    let enrolled = node.enrol("T-1").await.terminal.unwrap();
    assert_eq!(enrolled.node, 1);
    let mut terminal = Terminal::enrolled(&node, "T-1").await;
    terminal.key_in(collected("PG-1"));
    let elsewhere = TerminalHello {
        node: Some(3),
        ..terminal.hello()
    };
    let Err(no) = Line::open(&node, elsewhere).await else {
        panic!("it was let in")
    };
    assert_eq!(no.code(), Code::FailedPrecondition);
    let info = no.get_details_error_info().unwrap();
    assert_eq!(info.reason, "TERMINAL_OF_ANOTHER_NODE");
    assert!(
        no.message().contains("intake node 3, and this is node 1"),
        "{no:?}"
    );
    assert_eq!(node.count("journal_entry_answered"), 0);
    let here = TerminalHello {
        node: Some(1),
        ..terminal.hello()
    };
    Line::open(&node, here).await.unwrap();
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_gets_the_checklists_once_for_each_version() {
    let mut node = Node::start().await;
    let mut asked = ListChecklistsRequest {
        agency: DEPARTMENT.to_owned(),
        page_size: 3,
        ..ListChecklistsRequest::default()
    };
    let mut found = Vec::new();
    loop {
        let page = node.terminals().list_checklists(asked.clone()).await;
        let page = page.unwrap().into_inner();
        assert_eq!(page.version, catalogue().version().as_str());
        assert!(!page.unchanged);
        found.extend(page.checklists);
        asked.page_token = page.next_page_token;
        if asked.page_token.is_empty() {
            break;
        }
    }
    assert!(found.is_sorted_by(|one, next| one.procedure < next.procedure));
    let one = found.iter().find(|it| it.procedure == "2.001616").unwrap();
    assert_eq!(
        (one.items[0].code.as_str(), one.items[0].required),
        ("DON", true)
    );
    assert!(!one.items[1].required);
    assert!(
        found
            .iter()
            .all(|it| it.agencies.contains(&DEPARTMENT.to_owned()))
    );

    let known = ListChecklistsRequest {
        version: catalogue().version().to_string(),
        ..ListChecklistsRequest::default()
    };
    let same = node.terminals().list_checklists(known).await.unwrap();
    let same = same.into_inner();
    assert!(same.unchanged && same.checklists.is_empty());

    let asked = |procedure: &str| GetChecklistRequest {
        procedure: procedure.to_owned(),
        min_position: String::new(),
    };
    let told = node.terminals().get_checklist(asked("2.001616")).await;
    let told = told.unwrap().into_inner();
    assert_eq!(told.checklist.as_ref(), Some(one));
    let no = node
        .terminals()
        .get_checklist(asked("9.9"))
        .await
        .unwrap_err();
    assert_eq!(
        no.get_details_error_info().unwrap().reason,
        "UNKNOWN_PROCEDURE"
    );
    node.stop().await;
}
