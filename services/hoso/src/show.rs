//! `hoso dossier`: one dossier's state, history, or the account of its due date; many of them are in [`crate::lists`].

use api::hoso::dossier::v1::{self as wire, SourceReference};
use api::hoso::processing::v1::processing_service_client::ProcessingServiceClient;
use api::hoso::processing::v1::{
    DossierName, ExplainDeadlineRequest, GetDossierRequest, GetHistoryRequest, dossier_name,
};
use serde_json::{Value, json};

use crate::args::{Dossier, OneDossier, View};
use crate::client::Channel;
use crate::{Failure, client, find, lists, out, table};

/// Asks processing and prints.
pub async fn run(dossier: Dossier) -> Result<(), Failure> {
    match dossier.view {
        View::Show(one) => show(&one).await,
        View::History(one) => history(&one).await,
        View::Explain(one) => explain(&one).await,
        View::List(asked) => lists::list(&asked).await,
        View::Watch(asked) => lists::watch(&asked).await,
        View::Due(asked) => lists::due(&asked).await,
        View::Find(asked) => find::find(&asked).await,
        View::LookUps(asked) => find::look_ups(&asked).await,
        View::Erase(erase) => crate::erase::run(&erase).await,
    }
}

/// A dossier as one object for programs.
pub fn object(dossier: &wire::Dossier) -> Value {
    json!({
        "dossier_id": dossier.dossier_id,
        "code": dossier.code,
        "national_status": dossier.national_status,
        "revision": dossier.revision,
        "procedure": dossier.procedure,
        "agency": dossier.agency,
        "agency_now": dossier.agency_now,
        "accepted_at": table::instant(dossier.accepted_at),
        "original_due": table::instant(dossier.original_due.and_then(|due| due.at)),
        "due": table::instant(dossier.due.and_then(|due| due.at)),
        "ended_at": table::instant(dossier.ended_at),
        "exit": dossier.exit,
        "holder": dossier.holder,
        "flags": dossier.flags,
        "synthetic": dossier.synthetic,
    })
}

pub async fn processing(one: &OneDossier) -> Result<ProcessingServiceClient<Channel>, Failure> {
    Ok(ProcessingServiceClient::new(
        client::connect(&one.server).await?,
    ))
}

/// The name as the person typed it: an id, another system's number, or else a code.
pub fn name(typed: &str) -> DossierName {
    use dossier_name::Name;
    let name = if uuid::Uuid::try_parse(typed).is_ok() {
        Name::DossierId(typed.to_owned())
    } else if let Some((system, reference)) = typed.split_once(':') {
        Name::Source(SourceReference {
            system: system.to_owned(),
            reference: reference.to_owned(),
        })
    } else {
        Name::Code(typed.to_owned())
    };
    DossierName { name: Some(name) }
}

async fn show(one: &OneDossier) -> Result<(), Failure> {
    let request = GetDossierRequest {
        dossier: Some(name(&one.name)),
        min_position: String::new(),
    };
    let answer = processing(one)
        .await?
        .get_dossier(request)
        .await
        .map_err(|status| client::explain(&status))?
        .into_inner();
    let dossier = answer.dossier.unwrap_or_default();
    let others: Vec<Value> = dossier
        .other_histories
        .iter()
        .map(|other| json!({"log": other.log_id, "void_code": other.void_code}))
        .collect();
    if one.format.is_json() {
        let mut object = object(&dossier);
        object["other_histories"] = others.into();
        object["notice"] = answer.notice_vi.into();
        object["notice_en"] = answer.notice_en.into();
        out::print(&object.to_string());
    } else {
        if !answer.notice_vi.is_empty() {
            out::print(&format!("⚠ {} · {}", answer.notice_vi, answer.notice_en));
        }
        out::print(table::dossier(&dossier).trim_end());
    }
    Ok(())
}

async fn history(one: &OneDossier) -> Result<(), Failure> {
    let mut processing = processing(one).await?;
    let mut page_token = String::new();
    loop {
        let request = GetHistoryRequest {
            dossier: Some(name(&one.name)),
            page_size: 500,
            page_token,
            min_position: String::new(),
        };
        let answer = processing
            .get_history(request)
            .await
            .map_err(|status| client::explain(&status))?
            .into_inner();
        if one.format.is_json() {
            for event in &answer.events {
                let data: Value = serde_json::from_str(&event.data_json)?;
                out::print(
                    &json!({
                        "revision": event.revision,
                        "position": event.position,
                        "kind": event.kind,
                        "schema_version": event.schema_version,
                        "occurred_at": table::instant(event.occurred_at),
                        "recorded_at": table::instant(event.recorded_at),
                        "actor": event.actor,
                        "organisation": event.organisation,
                        "data": data,
                    })
                    .to_string(),
                );
            }
        } else {
            out::print(table::history(&answer.events).trim_end());
        }
        if answer.next_page_token.is_empty() {
            return Ok(());
        }
        page_token = answer.next_page_token;
    }
}

async fn explain(one: &OneDossier) -> Result<(), Failure> {
    let request = ExplainDeadlineRequest {
        dossier: Some(name(&one.name)),
        min_position: String::new(),
    };
    let answer = processing(one)
        .await?
        .explain_deadline(request)
        .await
        .map_err(|status| client::explain(&status))?
        .into_inner();
    if one.format.is_json() {
        let days: Vec<Value> = answer
            .days
            .iter()
            .map(|day| json!({"date": day.date, "kind": day.kind, "reason": day.reason, "reason_en": day.reason_en, "count": day.count}))
            .collect();
        let steps: Vec<Value> = answer
            .steps
            .iter()
            .map(|step| {
                json!({"at": table::instant(step.at), "text_vi": step.text_vi, "text_en": step.text_en,
                       "due": table::instant(step.due.and_then(|due| due.at))})
            })
            .collect();
        out::print(
            &json!({
                "code": answer.code,
                "accepted_at": table::instant(answer.accepted_at),
                "original_due": table::instant(answer.original_due.and_then(|due| due.at)),
                "due": table::instant(answer.due.and_then(|due| due.at)),
                "law": answer.law,
                "calendar": answer.calendar,
                "catalogue": answer.catalogue,
                "steps": steps,
                "days": days,
            })
            .to_string(),
        );
    } else {
        out::print(table::explanation(&answer).trim_end());
    }
    Ok(())
}
