//! The journal: nothing keyed in is lost or doubled, wherever the line is cut, however often it comes, whoever restarts.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use api::hoso::dossier::v1::{BroughtWithdrawal, Channel, Filing, Phase, SourceReference, filing};
use api::hoso::intake::v1::journal_entry::Item;
use api::hoso::intake::v1::sync_terminal_request::Body as Asked;
use api::hoso::intake::v1::{
    EntryAnswer, EntryResult, GetSubmissionRequest, GetTerminalRequest, JournalEntry, LostEntry,
    PaperResult, get_submission_request,
};
use tokio::time::sleep;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::node::{MORNING, Node, wire};
use crate::terminal::{
    APPLICANT, IDENTITY, Line, Terminal, bad, collected, minute, office, postman, reason, slip,
    taken,
};

/// A morning of a postman: collections, a mistake, something brought for a dossier, and the minute.
fn morning(terminal: &mut Terminal, slips: &str) {
    for number in 1..=3 {
        terminal.key_in(collected(&format!("{slips}-{number}")));
    }
    terminal.key_in(bad());
    terminal.key_in(Item::Filing(Filing {
        dossier: Some(filing::Dossier::Code(
            "000.00.06.H20-221201-0001".to_owned(),
        )),
        brought: Some(filing::Brought::Withdrawal(BroughtWithdrawal {
            reason_code: "applicant_wish".to_owned(),
        })),
        ..Filing::default()
    }));
    terminal.key_in(collected(&format!("{slips}-4")));
    let papers = (1..=4)
        .map(|number| slip(&format!("{slips}-{number}"), PaperResult::Complete))
        .collect();
    let by = postman(&terminal.id);
    terminal.key_in(minute(
        &format!("BB-{slips}"),
        by,
        office(),
        "2022-12-15T02:00:00Z",
        papers,
    ));
}

/// What a morning leaves in the log, once.
fn one_morning(node: &Node, terminals: usize) {
    for (kind, times) in [
        ("dossier_submitted", 4),
        ("dossier_collected", 4),
        ("filing_received", 1),
        ("hand_over_signed", 1),
        ("journal_entry_answered", 7),
    ] {
        assert_eq!(node.count(kind), times * terminals, "{kind}");
    }
}

fn results(terminal: &Terminal) -> Vec<EntryResult> {
    terminal.answers.values().map(EntryAnswer::result).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_keyed_in_is_lost_or_doubled_wherever_the_line_is_cut() {
    for cut in 0..=7 {
        let mut node = Node::start().await;
        let mut terminal = Terminal::enrolled(&node, "T-1").await;
        morning(&mut terminal, "PG");
        terminal.sync_until(&node, cut).await;
        if cut % 2 == 0 {
            node.restart().await;
        }
        terminal.sync(&node).await;
        one_morning(&node, 1);
        let taken = EntryResult::Taken;
        let refused = EntryResult::Refused;
        let expected = [taken, taken, taken, refused, taken, taken, taken];
        assert_eq!(results(&terminal), expected, "cut after {cut}");
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_again_gets_its_first_answer_also_after_a_restart() {
    let mut node = Node::start().await;
    let mut terminal = Terminal::enrolled(&node, "T-1").await;
    morning(&mut terminal, "PG");
    terminal.sync(&node).await;
    for _ in 0..2 {
        let records = node.records().len();
        let (mut line, _) = terminal.call(&node).await;
        for entry in &terminal.journal {
            let again = line.asked(entry).await;
            assert_eq!(&again, terminal.answer(entry.sequence));
        }
        assert_eq!(node.records().len(), records, "nothing more happened");
        node.restart().await;
    }
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_entry_stops_nothing_and_is_told_every_fault_at_once() {
    let mut node = Node::start().await;
    let mut terminal = Terminal::enrolled(&node, "T-1").await;
    let wrong = terminal.key_in(bad());
    terminal.journal[0].command_id = "not one".to_owned();
    terminal.journal[0].device_time = None;
    let Item::Collected(mut strange) = collected("PG-1") else {
        panic!("it is collected")
    };
    strange.procedure = "9.999999".to_owned();
    let unknown = terminal.key_in(Item::Collected(strange));
    let empty = terminal.key_in(Item::Lost(LostEntry::default()));
    terminal.journal[2].item = None;
    let right = terminal.key_in(collected("PG-1"));
    terminal.sync(&node).await;

    let refusal = terminal.answer(wrong).refusal.clone().unwrap();
    assert_eq!(refusal.reason, "INVALID_FIELD");
    assert!(!refusal.message.is_empty());
    let fields: BTreeSet<_> = refusal.faults.iter().map(|it| it.field.as_str()).collect();
    assert_eq!(
        fields.len(),
        refusal.faults.len(),
        "each field once: {:?}",
        refusal.faults
    );
    for field in [
        "command_id",
        "device_time",
        "collected.slip",
        "collected.procedure",
        "collected.agency",
        "collected.place",
        "collected.applicant",
        "collected.checklist",
    ] {
        assert!(fields.contains(field), "{field} is not in {fields:?}");
    }
    let refusal = terminal.answer(unknown).refusal.clone().unwrap();
    assert_eq!(refusal.reason, "UNKNOWN_PROCEDURE");
    assert_eq!(refusal.faults[0].field, "collected.procedure");
    assert_eq!(reason(terminal.answer(empty)), "INVALID_FIELD");
    taken(terminal.answer(right));
    assert_eq!(node.count("dossier_submitted"), 1);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_collected_is_found_by_its_slip_and_has_neither_code_nor_due_date() {
    let mut node = Node::start().await;
    let mut terminal = Terminal::enrolled(&node, "T-1").await;
    let first = terminal.key_in(collected("PG-1"));
    let same_slip = terminal.key_in(collected("PG-1"));
    terminal.sync(&node).await;
    let answer = terminal.answer(first);
    taken(answer);
    assert_eq!(reason(terminal.answer(same_slip)), "SOURCE_REFERENCE_TAKEN");
    let request = GetSubmissionRequest {
        name: Some(get_submission_request::Name::Source(SourceReference {
            system: "phieu-gui".to_owned(),
            reference: "PG-1".to_owned(),
        })),
        min_position: answer.position.clone(),
    };
    let found = node
        .counter()
        .get_submission(request)
        .await
        .unwrap()
        .into_inner();
    let dossier = found.dossier.unwrap();
    assert_eq!(dossier.dossier_id, answer.dossier_id);
    assert_eq!(dossier.phase(), Phase::Submitted);
    assert_eq!(dossier.channel(), Channel::Postal);
    assert!(dossier.code.is_empty() && dossier.due.is_none());
    assert_eq!(found.applicant.unwrap().name, APPLICANT);
    for record in node.records() {
        let text = String::from_utf8_lossy(&record.event.data).into_owned();
        assert!(
            !text.contains(APPLICANT) && !text.contains(IDENTITY),
            "{text}"
        );
    }
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_that_come_too_early_are_held_and_what_is_missing_is_asked_for() {
    let mut node = Node::start().await;
    let mut terminal = Terminal::enrolled(&node, "T-1").await;
    for number in 1..=5 {
        terminal.key_in(collected(&format!("PG-{number}")));
    }
    let (mut line, welcome) = terminal.call(&node).await;
    assert_eq!(welcome.next_sequence, 1);
    line.send(&terminal.journal[3]).await;
    let missing = line.missing().await;
    assert_eq!((missing.from, missing.to), (1, 3));
    line.send(&terminal.journal[2]).await;
    line.send(&terminal.journal[1]).await;
    line.send(&terminal.journal[0]).await;
    line.send(&terminal.journal[4]).await;
    for sequence in 1..=5 {
        assert_eq!(line.answer().await.sequence, sequence);
    }
    assert_eq!(node.count("dossier_submitted"), 5);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_is_held_than_was_said_and_what_was_not_is_taken_when_it_comes_again() {
    let mut node = Node::start().await;
    let mut terminal = Terminal::enrolled(&node, "T-1").await;
    let lost = || {
        Item::Lost(LostEntry {
            reason_code: "disk_replaced".to_owned(),
        })
    };
    for _ in 0..100 {
        terminal.key_in(lost());
    }
    let (mut line, welcome) = terminal.call(&node).await;
    for entry in &terminal.journal[1..] {
        line.send(entry).await;
    }
    let missing = line.missing().await;
    assert_eq!((missing.from, missing.to), (1, 1));
    line.send(&terminal.journal[0]).await;
    for sequence in 1..=welcome.held_max + 1 {
        assert_eq!(line.answer().await.sequence, sequence);
    }
    for entry in &terminal.journal[usize::try_from(welcome.held_max).unwrap() + 1..] {
        taken(&line.asked(entry).await);
    }
    assert_eq!(node.count("journal_entry_answered"), 100);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_entry_under_a_taken_number_is_refused_and_noted_and_loses_nothing() {
    let mut node = Node::start().await;
    let mut terminal = Terminal::enrolled(&node, "T-1").await;
    terminal.key_in(collected("PG-1"));
    terminal.sync(&node).await;
    let mut older = Terminal {
        journal: Vec::new(),
        answers: terminal.answers.clone(),
        ..terminal.clone()
    };
    older.key_in(collected("PG-2"));
    let (mut line, _) = older.call(&node).await;
    let refused = line.asked(&older.journal[0]).await;
    assert_eq!(reason(&refused), "SEQUENCE_REUSED");
    let again = JournalEntry {
        sequence: 2,
        ..older.journal[0].clone()
    };
    taken(&line.asked(&again).await);
    assert_eq!(node.count("dossier_submitted"), 2);
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
    let told = told.terminal.unwrap();
    assert_eq!(told.last_sequence, 2);
    assert_eq!(told.notes[0].flag, "sequence_reused");
    assert_eq!(told.notes[0].sequence, 1);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_set_back_to_an_older_copy_of_itself_is_noticed_when_it_calls() {
    let mut node = Node::start().await;
    let mut terminal = Terminal::enrolled(&node, "T-1").await;
    terminal.key_in(collected("PG-1"));
    let copy = terminal.clone();
    terminal.key_in(collected("PG-2"));
    terminal.sync(&node).await;
    for _ in 0..2 {
        let (_, welcome) = copy.call(&node).await;
        assert!(welcome.set_back && !welcome.server_behind);
        assert_eq!(welcome.next_sequence, 3);
    }
    assert_eq!(node.count("terminal_noted"), 1, "noted once");
    let (_, welcome) = terminal.call(&node).await;
    assert!(!welcome.set_back);

    // The other way round: it has answers to what the node does not know.
    let mut ahead = terminal.clone();
    ahead.key_in(collected("PG-3"));
    ahead.answers.insert(3, EntryAnswer::default());
    let (mut line, welcome) = ahead.call(&node).await;
    assert!(welcome.server_behind);
    let gone = JournalEntry {
        item: Some(Item::Lost(LostEntry {
            reason_code: "purged".to_owned(),
        })),
        command_id: Uuid::new_v4().to_string(),
        ..ahead.journal[2].clone()
    };
    taken(&line.asked(&gone).await);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_is_carried_out_once_under_whatever_number_it_comes() {
    let mut node = Node::start().await;
    let mut terminal = Terminal::enrolled(&node, "T-1").await;
    let first = terminal.key_in(collected("PG-1"));
    let again = terminal.key_in(collected("PG-1"));
    let other = terminal.key_in(collected("PG-2"));
    let command = terminal.journal[0].command_id.clone();
    terminal.journal[1].command_id.clone_from(&command);
    terminal.journal[2].command_id = command;
    terminal.sync(&node).await;
    let repeated = terminal.answer(again);
    assert_eq!(repeated.result(), EntryResult::Duplicate);
    assert_eq!(repeated.duplicate_of, first);
    assert_eq!(repeated.dossier_id, terminal.answer(first).dossier_id);
    assert_eq!(reason(terminal.answer(other)), "REQUEST_ID_REUSED");
    assert_eq!(node.count("dossier_submitted"), 1);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn terminals_do_not_disturb_each_other_and_two_lines_of_one_terminal_take_each_entry_once() {
    let mut node = Node::start().await;
    let mut one = Terminal::enrolled(&node, "T-1").await;
    let mut other = Terminal::enrolled(&node, "T-2").await;
    morning(&mut one, "A");
    morning(&mut other, "B");
    let mut twin = one.clone();
    tokio::join!(one.sync(&node), other.sync(&node), twin.sync(&node));
    one_morning(&node, 2);
    assert_eq!(one.answers, twin.answers);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_that_does_not_read_is_not_read_from() {
    let mut node = Node::start().await;
    let mut terminal = Terminal::enrolled(&node, "T-1").await;
    // Long to send, and long to answer.
    let papers = (0..64).map(|number| slip(&"x".repeat(300 + number), PaperResult::Complete));
    let by = postman("T-1");
    let long = minute("BB-1", by, office(), MORNING, papers.collect());
    const ENTRIES: usize = 300;
    for _ in 0..ENTRIES {
        terminal.key_in(long.clone());
    }
    let (mut line, _) = terminal.call(&node).await;
    let (sender, journal) = (line.sender(), terminal.journal.clone());
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let sending = tokio::spawn(async move {
        for entry in journal {
            sender.send(Asked::Entry(entry)).await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    // Until nothing moves any more: the answers that nobody reads stand in the way.
    let mut before = usize::MAX;
    while before != sent.load(Ordering::SeqCst) || before == 0 {
        before = sent.load(Ordering::SeqCst);
        sleep(Duration::from_millis(500)).await;
    }
    assert!(before < ENTRIES, "all of it was taken in");
    for sequence in 1..=u32::try_from(ENTRIES).unwrap() {
        let answer = line.answer().await;
        assert_eq!(
            (answer.sequence, reason(&answer)),
            (sequence, "INVALID_FIELD")
        );
    }
    sending.await.unwrap();
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_whose_clock_is_off_is_flagged_and_noted_and_gives_no_legal_time() {
    let mut node = Node::start().await;
    let mut terminal = Terminal::enrolled(&node, "T-1").await;
    let right = terminal.key_in(collected("PG-1"));
    terminal.sync(&node).await;
    assert!(terminal.answer(right).flags.is_empty());
    terminal.now = "2022-12-15T03:00:00Z";
    let ahead = terminal.key_in(collected("PG-2"));
    terminal.sync(&node).await;
    assert_eq!(terminal.answer(ahead).flags, ["clock_skewed"]);
    let recorded = terminal.answer(ahead).recorded_at;
    assert!(recorded.unwrap().seconds < wire("2022-12-15T02:01:00Z").seconds);
    terminal.now = "2022-12-15T01:59:00Z";
    let back = terminal.key_in(collected("PG-3"));
    terminal.sync(&node).await;
    assert_eq!(terminal.answer(back).flags, ["clock_went_back"]);
    let (_, welcome) = terminal.call(&node).await;
    assert_eq!((welcome.skew_seconds, welcome.clock_skewed), (-60, false));
    assert_eq!(node.count("terminal_noted"), 1);
    node.stop().await;
}

fn told(refused: &Status) -> (Code, String) {
    let info = refused.get_details_error_info().unwrap();
    (refused.code(), info.reason)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_known_or_speaks_out_of_turn_is_told_so() {
    let mut node = Node::start().await;
    let terminal = Terminal::enrolled(&node, "T-1").await;
    let refused = |hello| Line::open(&node, hello);
    let mut hello = terminal.hello();
    hello.terminal_id = "T-9".to_owned();
    let no = refused(hello).await.err().unwrap();
    assert_eq!(told(&no), (Code::NotFound, "TERMINAL_UNKNOWN".to_owned()));
    let mut hello = terminal.hello();
    hello.office = "BC-1".to_owned();
    let no = refused(hello).await.err().unwrap();
    assert_eq!(no.code(), Code::PermissionDenied);
    let mut hello = terminal.hello();
    hello.device_time = None;
    let no = refused(hello).await.err().unwrap();
    assert_eq!(
        told(&no),
        (Code::InvalidArgument, "INVALID_FIELD".to_owned())
    );

    let mut line = Line::silent(&node).await.unwrap();
    let entry = JournalEntry::default();
    line.send(&entry).await;
    assert_eq!(line.said().await.unwrap_err().code(), Code::InvalidArgument);
    let (mut line, _) = terminal.call(&node).await;
    line.send(&entry).await;
    assert_eq!(line.said().await.unwrap_err().code(), Code::InvalidArgument);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stops_sends_its_terminals_away_and_does_not_wait_for_them() {
    let mut node = Node::start().await;
    let mut terminal = Terminal::enrolled(&node, "T-1").await;
    let (mut line, _) = terminal.call(&node).await;
    let stopping = tokio::spawn(async move {
        let took = node.stop().await;
        (node, took)
    });
    let away = line.said().await.unwrap_err();
    assert_eq!(away.code(), Code::Unavailable, "{away:?}");
    assert!(away.get_details_retry_info().is_some());
    drop(line);
    let (mut node, took) = stopping.await.unwrap();
    assert!(took < Duration::from_secs(25), "{took:?}");
    node.start_again().await;
    terminal.key_in(collected("PG-1"));
    terminal.sync(&node).await;
    node.stop().await;
}
