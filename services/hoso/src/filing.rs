//! `hoso filing`: what is brought for dossiers is taken in and receipted, and what became of it is told.

pub mod args;
mod receive;

use api::hoso::dossier::v1::{Filing as Wire, ReceivedFiling, filing};
use api::hoso::processing::v1::processing_service_client::ProcessingServiceClient;
use api::hoso::processing::v1::{
    FilingState, FilingWait, GetFilingRequest, GetFilingResponse, ListHeldFilingsRequest,
    WaitReason,
};
use comfy_table::{Table, presets};
use serde_json::{Value, json};

use self::args::{Act, Held, Show};
use crate::{Failure, client, out, table};

/// Does what was asked, and prints.
///
/// # Errors
/// When the service does not answer, or refuses.
pub async fn run(filing: args::Filing) -> Result<(), Failure> {
    match filing.act {
        Act::Receive { brought } => receive::run(brought).await,
        Act::Show(asked) => show(&asked).await,
        Act::Held(asked) => held(&asked).await,
    }
}

async fn show(asked: &Show) -> Result<(), Failure> {
    let mut processing = ProcessingServiceClient::new(client::connect(&asked.server).await?);
    let request = GetFilingRequest {
        filing_id: asked.filing.clone(),
        min_position: asked.after.clone(),
    };
    let told = processing
        .get_filing(request)
        .await
        .map_err(|status| client::explain(&status))?
        .into_inner();
    if asked.format.is_json() {
        out::print(&of_outcome(&told).to_string());
    } else {
        tell_outcome(&told);
    }
    Ok(())
}

fn of_outcome(told: &GetFilingResponse) -> Value {
    let mut object = told.filing.as_ref().map(object).unwrap_or_default();
    object["state"] = match told.state() {
        FilingState::Held => "held".into(),
        FilingState::Decided => "decided".into(),
        FilingState::Refused => "refused".into(),
        FilingState::Unspecified => Value::Null,
    };
    object["refused_because"] = none_if_empty(&told.reason);
    object["decided_in"] = none_if_empty(&told.dossier_id);
    object["event"] = told.event.as_ref().map_or(Value::Null, |event| {
        json!({
            "kind": event.kind,
            "occurred_at": table::instant(event.occurred_at),
            "recorded_at": table::instant(event.recorded_at),
        })
    });
    object["wait"] = told.wait.as_ref().map_or(Value::Null, of_wait);
    object
}

fn tell_outcome(told: &GetFilingResponse) {
    let received = told.filing.clone().unwrap_or_default();
    tell_received(&received);
    match told.state() {
        FilingState::Held => {
            out::print("  … đang chờ · held");
            if let Some(wait) = &told.wait {
                out::print(&format!("    {}", for_what(wait)));
            }
        }
        FilingState::Decided => {
            out::print(&format!(
                "  ✓ đã ghi vào hồ sơ · recorded in dossier {}",
                told.dossier_id
            ));
        }
        FilingState::Refused => {
            out::print(&format!(
                "  ✗ không được chấp nhận · refused: {}",
                told.reason
            ));
        }
        FilingState::Unspecified => {}
    }
    if let Some(event) = &told.event {
        out::print(&format!(
            "    {}  {} · {}",
            table::moment(event.occurred_at),
            event.text_vi,
            event.text_en
        ));
    }
}

async fn held(asked: &Held) -> Result<(), Failure> {
    let mut processing = ProcessingServiceClient::new(client::connect(&asked.server).await?);
    let mut request = ListHeldFilingsRequest {
        page_size: 500,
        ..ListHeldFilingsRequest::default()
    };
    let mut count = 0;
    loop {
        let answer = processing
            .list_held_filings(request.clone())
            .await
            .map_err(|status| client::explain(&status))?
            .into_inner();
        count += answer.filings.len();
        let each = answer.filings.iter().zip(&answer.waits);
        if asked.format.is_json() {
            for (filing, wait) in each {
                let mut object = object(filing);
                object["wait"] = of_wait(wait);
                out::print(&object.to_string());
            }
        } else if count > 0 {
            out::print(&grid(each).to_string());
        }
        request.page_token = answer.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    if !asked.format.is_json() {
        out::print(&format!("{count} giấy tờ đang chờ · filings are held"));
    }
    Ok(())
}

fn grid<'a>(held: impl Iterator<Item = (&'a ReceivedFiling, &'a FilingWait)>) -> Table {
    let mut grid = Table::new();
    grid.load_style(presets::UTF8_FULL_CONDENSED).set_header([
        "Nhận lúc\nreceived",
        "Định danh\nfiling id",
        "Nội dung\nwhat",
        "Hồ sơ\ndossier",
        "Chờ\nwaits for",
    ]);
    for (filing, wait) in held {
        let (vi, en, _) = kind(filing.filing.as_ref());
        grid.add_row([
            table::moment(filing.received_at),
            filing.filing_id.clone(),
            format!("{vi} · {en}"),
            dossier(filing.filing.as_ref()),
            for_what(wait),
        ]);
    }
    grid
}

/// A receipt, for people.
fn tell_received(received: &ReceivedFiling) {
    let (vi, en, _) = kind(received.filing.as_ref());
    out::print(&format!(
        "{}  {vi} · {en}\n  nhận lúc · received {} · {} · {}\n  hồ sơ · dossier {}",
        received.filing_id,
        table::moment(received.received_at),
        received.actor,
        received.operator,
        dossier(received.filing.as_ref()),
    ));
}

/// A receipt as one object for programs.
fn object(received: &ReceivedFiling) -> Value {
    let (_, _, kind) = kind(received.filing.as_ref());
    json!({
        "filing_id": received.filing_id,
        "brought": kind,
        "dossier": dossier(received.filing.as_ref()),
        "received_at": table::instant(received.received_at),
        "actor": received.actor,
        "operator": received.operator,
    })
}

fn of_wait(wait: &FilingWait) -> Value {
    let reason = match wait.reason() {
        WaitReason::DossierUnknown => "dossier_unknown",
        WaitReason::Home => "home",
        WaitReason::Acceptance => "acceptance",
        WaitReason::NotUnderstood => "not_understood",
        WaitReason::Turn => "turn",
        WaitReason::Unspecified => "",
    };
    json!({
        "reason": reason,
        "home": none_if_empty(&wait.home_log_id),
        "problem": none_if_empty(&wait.problem),
    })
}

/// For what a filing waits, in words.
fn for_what(wait: &FilingWait) -> String {
    let mut text = match wait.reason() {
        WaitReason::DossierUnknown => {
            "chưa có hồ sơ này · no dossier of that name is known yet".to_owned()
        }
        WaitReason::Home => format!(
            "nút đã nhận hồ sơ sẽ quyết định · the node where the dossier was filed decides: log {}",
            wait.home_log_id
        ),
        WaitReason::Acceptance => {
            "đến khi hồ sơ được tiếp nhận · until the dossier is accepted".to_owned()
        }
        WaitReason::NotUnderstood => {
            "cần nâng cấp chương trình · a newer program is needed: see `hoso parked list`"
                .to_owned()
        }
        WaitReason::Turn => "sắp được quyết định · about to be decided".to_owned(),
        WaitReason::Unspecified => String::new(),
    };
    if !wait.problem.is_empty() {
        text.push_str("\n    ⚠ ");
        text.push_str(&wait.problem);
    }
    text
}

fn none_if_empty(text: &str) -> Value {
    if text.is_empty() {
        Value::Null
    } else {
        text.into()
    }
}

/// What was brought: in Vietnamese, in English, and for programs.
fn kind(filing: Option<&Wire>) -> (&'static str, &'static str, &'static str) {
    use filing::Brought;
    match filing.and_then(|filing| filing.brought.as_ref()) {
        Some(Brought::Supplement(_)) => ("giấy tờ bổ sung", "supplement", "supplement"),
        Some(Brought::Payment(_)) => ("chứng từ nộp tiền", "payment", "payment"),
        Some(Brought::Withdrawal(_)) => ("đơn rút hồ sơ", "withdrawal", "withdrawal"),
        Some(Brought::Authorisation(_)) => ("giấy ủy quyền", "authorisation", "authorisation"),
        Some(Brought::Delivery(_)) => ("phát thành công", "delivered", "delivery"),
        Some(Brought::DeliveryFailure(_)) => ("phát không thành công", "not delivered", "attempt"),
        Some(Brought::GivenBack(_)) => ("chuyển hoàn", "given back", "return"),
        None => ("", "", ""),
    }
}

/// The dossier as it was named, as people type it.
fn dossier(filing: Option<&Wire>) -> String {
    use filing::Dossier;
    match filing.and_then(|filing| filing.dossier.as_ref()) {
        Some(Dossier::DossierId(id)) => id.clone(),
        Some(Dossier::Code(code)) => code.clone(),
        Some(Dossier::Source(source)) => format!("{}:{}", source.system, source.reference),
        None => String::new(),
    }
}
