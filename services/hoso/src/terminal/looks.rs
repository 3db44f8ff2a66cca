//! What the office and whoever helps it look at, on any machine: open legs, the answers to a terminal's journal, checklists.

use api::hoso::intake::v1::terminal_service_client::TerminalServiceClient;
use api::hoso::intake::v1::{
    Checklist, EntryResult, GetChecklistRequest, HandOverParty, ListChecklistsRequest,
    ListOpenCustodyRequest, ListTerminalAnswersRequest, OpenCustody, PaperResult, PartyKind,
    TerminalAnswer, open_custody,
};
use comfy_table::{Table, presets};
use serde_json::{Value, json};

use super::args::{Answers, Checklists, Legs};
use crate::{Failure, client, out, table};

/// As much of a list is asked for at once.
const PAGE: i32 = 500;

/// Papers that are where they are for so long, with who has them; how many there are.
///
/// # Errors
/// When the node does not answer, or refuses.
pub async fn legs(told: &Legs) -> Result<usize, Failure> {
    let mut calls = TerminalServiceClient::new(client::connect(&told.server).await?);
    let mut request = ListOpenCustodyRequest {
        working_hours_min: told.older,
        holder: told.holder.clone(),
        page_size: PAGE,
        ..ListOpenCustodyRequest::default()
    };
    let mut found = 0;
    loop {
        let page = calls.list_open_custody(request.clone()).await;
        let page = page
            .map_err(|status| client::explain(&status))?
            .into_inner();
        found += page.papers.len();
        if told.format.is_json() {
            for leg in &page.papers {
                out::print(&leg_object(leg).to_string());
            }
        } else if !page.papers.is_empty() {
            out::print(&grid(&page.papers).to_string());
        }
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    if !told.format.is_json() {
        out::print(&format!(
            "{found} giấy tờ đang trên đường từ {} giờ làm việc · on their way for that many working hours",
            told.older
        ));
    }
    Ok(found)
}

fn grid(legs: &[OpenCustody]) -> Table {
    let mut grid = Table::new();
    grid.load_style(presets::UTF8_FULL_CONDENSED).set_header([
        "Giấy tờ\npaper",
        "Đang giữ\nholder",
        "Từ lúc\nsince",
        "Giờ làm việc\nworking hours",
        "Biên bản chưa ký nhận\nunacknowledged",
        "Tình trạng\nfound",
    ]);
    for leg in legs {
        let (_, paper) = paper(leg);
        let minutes = leg.working_minutes;
        grid.add_row([
            paper,
            holder(leg.holder.as_ref()),
            table::moment(leg.since),
            format!("{}:{:02}", minutes / 60, minutes % 60),
            leg.unacknowledged.clone(),
            found(leg.found()).unwrap_or_default().to_owned(),
        ]);
    }
    grid
}

fn leg_object(leg: &OpenCustody) -> Value {
    let (kind, name) = paper(leg);
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    json!({
        (kind): name,
        "dossier_id": some(&leg.dossier_id),
        "holder": holder(leg.holder.as_ref()),
        "since": table::instant(leg.since),
        "working_minutes": leg.working_minutes,
        "unacknowledged": some(&leg.unacknowledged),
        "found": found(leg.found()),
    })
}

fn paper(leg: &OpenCustody) -> (&'static str, String) {
    match &leg.paper {
        Some(open_custody::Paper::Slip(slip)) => ("slip", slip.clone()),
        Some(open_custody::Paper::Code(code)) => ("code", code.clone()),
        None => ("slip", String::new()),
    }
}

/// As `hoso terminal hand-over` takes it: KIND:ID.
fn holder(party: Option<&HandOverParty>) -> String {
    let party = party.cloned().unwrap_or_default();
    let kind = match party.kind() {
        PartyKind::Terminal => "terminal",
        PartyKind::PostOffice => "office",
        PartyKind::Point => "point",
        PartyKind::Unspecified => "?",
    };
    format!("{kind}:{}", party.id)
}

fn found(result: PaperResult) -> Option<&'static str> {
    match result {
        PaperResult::Unspecified => None,
        PaperResult::Complete => Some("complete"),
        PaperResult::Incomplete => Some("incomplete"),
        PaperResult::Missing => Some("missing"),
        PaperResult::Damaged => Some("damaged"),
    }
}

/// The answers to a terminal's journal, as its node keeps them.
///
/// # Errors
/// When the node does not answer, or refuses.
pub async fn answers(told: &Answers) -> Result<(), Failure> {
    let mut calls = TerminalServiceClient::new(client::connect(&told.server).await?);
    let mut request = ListTerminalAnswersRequest {
        terminal_id: told.terminal.clone(),
        refused_only: told.refused,
        page_size: PAGE,
        ..ListTerminalAnswersRequest::default()
    };
    loop {
        let page = calls.list_terminal_answers(request.clone()).await;
        let page = page
            .map_err(|status| client::explain(&status))?
            .into_inner();
        for answer in &page.answers {
            if told.format.is_json() {
                out::print(&answer_object(answer).to_string());
            } else {
                print_answer(answer);
            }
        }
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return Ok(());
        }
    }
}

fn result(answer: EntryResult) -> &'static str {
    match answer {
        EntryResult::Taken => "taken",
        EntryResult::Duplicate => "duplicate",
        EntryResult::Refused => "refused",
        EntryResult::Unspecified => "?",
    }
}

fn answer_object(it: &TerminalAnswer) -> Value {
    let answer = it.answer.clone().unwrap_or_default();
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let refusal = answer.refusal.as_ref();
    let faults = refusal.map(|it| it.faults.as_slice()).unwrap_or_default();
    let faults: Vec<_> = faults
        .iter()
        .map(|it| json!({"field": it.field, "description": it.description}))
        .collect();
    json!({
        "sequence": answer.sequence,
        "command_id": answer.command_id,
        "result": result(answer.result()),
        "duplicate_of": (answer.duplicate_of > 0).then_some(answer.duplicate_of),
        "dossier_id": some(&answer.dossier_id),
        "filing_id": some(&answer.filing_id),
        "reason": refusal.map(|it| it.reason.as_str()),
        "message": refusal.map(|it| it.message.as_str()),
        "faults": faults,
        "flags": answer.flags,
        "keyed_in_at": table::instant(it.device_time),
        "recorded_at": table::instant(answer.recorded_at),
        "actor": it.actor,
        "position": answer.position,
    })
}

fn print_answer(it: &TerminalAnswer) {
    let answer = it.answer.clone().unwrap_or_default();
    let (mark, what) = match answer.result() {
        EntryResult::Taken => ("✓", "đã nhận · taken".to_owned()),
        EntryResult::Duplicate => ("=", format!("trùng · duplicate of {}", answer.duplicate_of)),
        EntryResult::Refused => ("✗", "bị từ chối · refused".to_owned()),
        EntryResult::Unspecified => ("?", String::new()),
    };
    let at = table::moment(answer.recorded_at);
    let of = [answer.dossier_id.as_str(), &answer.filing_id].concat();
    let flags = answer.flags.join(" ");
    let line = format!("{mark} {:>6}  {at}  {what}  {of}  {flags}", answer.sequence);
    out::print(line.trim_end());
    if let Some(refusal) = &answer.refusal {
        out::print(&format!(
            "          {} ({})",
            refusal.message, refusal.reason
        ));
        for fault in &refusal.faults {
            out::print(&format!("          {}: {}", fault.field, fault.description));
        }
    }
}

/// The checklists in use, or that of one procedure.
///
/// # Errors
/// When the node does not answer, or knows no such procedure.
pub async fn checklists(told: &Checklists) -> Result<(), Failure> {
    let mut calls = TerminalServiceClient::new(client::connect(&told.server).await?);
    if let Some(procedure) = &told.procedure {
        let request = GetChecklistRequest {
            procedure: procedure.clone(),
            min_position: String::new(),
        };
        let answer = calls.get_checklist(request).await;
        let answer = answer.map_err(|status| client::explain(&status))?;
        let answer = answer.into_inner();
        let checklist = answer.checklist.ok_or("the server gave no checklist")?;
        print_checklist(told, &answer.version, &checklist);
        return Ok(());
    }
    let mut request = ListChecklistsRequest {
        agency: told.agency.clone(),
        page_size: PAGE,
        ..ListChecklistsRequest::default()
    };
    loop {
        let page = calls.list_checklists(request.clone()).await;
        let page = page
            .map_err(|status| client::explain(&status))?
            .into_inner();
        for checklist in &page.checklists {
            print_checklist(told, &page.version, checklist);
        }
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return Ok(());
        }
    }
}

fn print_checklist(told: &Checklists, version: &str, checklist: &Checklist) {
    if told.format.is_json() {
        let items: Vec<_> = checklist
            .items
            .iter()
            .map(|it| json!({"code": it.code, "name": it.name, "required": it.required}))
            .collect();
        let object = json!({
            "version": version,
            "procedure": checklist.procedure,
            "name": checklist.name,
            "agencies": checklist.agencies,
            "items": items,
        });
        out::print(&object.to_string());
        return;
    }
    out::print(&format!(
        "{}  {}  ({version})",
        checklist.procedure, checklist.name
    ));
    for item in &checklist.items {
        let mark = if item.required { "*" } else { " " };
        out::print(&format!("  {mark} {:<12} {}", item.code, item.name));
    }
}
