//! `hoso parked`: the dossiers that are not understood, because a newer program wrote about them.

use api::hoso::log::v1::get_parked_request::Name;
use api::hoso::log::v1::parked_service_client::ParkedServiceClient;
use api::hoso::log::v1::{
    GetParkedRequest, GetParkedResponse, ListParkedRequest, ParkedDossier, ParkedRecord,
};
use clap::{Args as Arguments, Subcommand};
use comfy_table::{Table, presets};
use serde_json::{Value, json};

use crate::args::{Format, PROCESSING};
use crate::client::Channel;
use crate::{Failure, client, out, table};

/// `hoso parked`.
#[derive(Debug, Arguments)]
pub struct Parked {
    /// Which of them.
    #[command(subcommand)]
    pub which: WhichParked,
}

/// Which of the parked dossiers.
#[derive(Debug, Subcommand)]
pub enum WhichParked {
    /// All of them, in the order in which they were parked.
    List {
        /// Where processing or reporting listens.
        #[arg(long, default_value = PROCESSING, value_name = "ADDR")]
        server: String,
        /// `json`: one object a line.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// One of them, with each record that is not understood.
    Show {
        /// Its code or its id.
        name: String,
        /// Where processing or reporting listens.
        #[arg(long, default_value = PROCESSING, value_name = "ADDR")]
        server: String,
        /// `json`: one object.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

/// Asks processing or reporting and prints.
pub async fn run(parked: Parked) -> Result<(), Failure> {
    match parked.which {
        WhichParked::List { server, format } => list(&server, format).await,
        WhichParked::Show {
            name,
            server,
            format,
        } => show(&name, &server, format).await,
    }
}

async fn service(server: &str) -> Result<ParkedServiceClient<Channel>, Failure> {
    Ok(ParkedServiceClient::new(client::connect(server).await?))
}

async fn list(server: &str, format: Format) -> Result<(), Failure> {
    let mut service = service(server).await?;
    let mut page_token = String::new();
    loop {
        let request = ListParkedRequest {
            page_size: 500,
            page_token,
            min_position: String::new(),
        };
        let answer = service
            .list_parked(request)
            .await
            .map_err(|status| client::explain(&status))?
            .into_inner();
        if format.is_json() {
            for dossier in &answer.dossiers {
                out::print(&of_dossier(dossier).to_string());
            }
        } else if !answer.dossiers.is_empty() {
            out::print(&grid(&answer.dossiers).to_string());
        }
        if answer.next_page_token.is_empty() {
            if !format.is_json() {
                out::print(&format!(
                    "{} hồ sơ chưa hiểu được, {} bản ghi · dossiers not understood, records",
                    answer.total, answer.records
                ));
            }
            return Ok(());
        }
        page_token = answer.next_page_token;
    }
}

fn grid(dossiers: &[ParkedDossier]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header([
        "Mã hồ sơ\ncode",
        "Định danh\ndossier id",
        "Vị trí\nposition",
        "Loại\nkind",
        "Phiên bản\nversion",
        "Lý do\nreason",
    ]);
    for dossier in dossiers {
        table.add_row([
            dossier.code.clone(),
            dossier.dossier_id.clone(),
            dossier.position.to_string(),
            dossier.kind.clone(),
            dossier.schema_version.to_string(),
            dossier.reason.clone(),
        ]);
    }
    table
}

async fn show(name: &str, server: &str, format: Format) -> Result<(), Failure> {
    let name = if uuid::Uuid::try_parse(name).is_ok() {
        Name::DossierId(name.to_owned())
    } else {
        Name::Code(name.to_owned())
    };
    let request = GetParkedRequest {
        name: Some(name),
        min_position: String::new(),
    };
    let GetParkedResponse {
        dossier, records, ..
    } = service(server)
        .await?
        .get_parked(request)
        .await
        .map_err(|status| client::explain(&status))?
        .into_inner();
    let dossier = dossier.unwrap_or_default();
    if format.is_json() {
        let mut object = of_dossier(&dossier);
        if let Some(object) = object.as_object_mut() {
            let records = records.iter().map(of_record).collect();
            object.insert("records".to_owned(), Value::Array(records));
        }
        out::print(&object.to_string());
        return Ok(());
    }
    out::print(&grid(std::slice::from_ref(&dossier)).to_string());
    for record in &records {
        out::print(&format!(
            "  {} · lần {} · {} v{} · {} · {}\n    từ nhật ký {} vị trí {} · from log, position\n    {}\n    {}",
            record.position,
            record.revision,
            record.kind,
            record.schema_version,
            table::moment(record.recorded_at),
            record.actor,
            record.origin_log_id,
            record.origin_position,
            record.reason,
            record.data_json,
        ));
    }
    out::print(
        "Nâng cấp chương trình lên phiên bản đã ghi các bản ghi này rồi khởi động lại · upgrade to the program that wrote them and start again",
    );
    Ok(())
}

fn of_dossier(dossier: &ParkedDossier) -> Value {
    json!({
        "dossier_id": dossier.dossier_id,
        "code": dossier.code,
        "position": dossier.position,
        "kind": dossier.kind,
        "schema_version": dossier.schema_version,
        "reason": dossier.reason,
    })
}

fn of_record(record: &ParkedRecord) -> Value {
    let data: Value = serde_json::from_str(&record.data_json)
        .unwrap_or_else(|_| Value::String(record.data_json.clone()));
    json!({
        "position": record.position,
        "revision": record.revision,
        "kind": record.kind,
        "schema_version": record.schema_version,
        "reason": record.reason,
        "occurred_at": table::instant(record.occurred_at),
        "recorded_at": table::instant(record.recorded_at),
        "actor": record.actor,
        "origin": {"log": record.origin_log_id, "position": record.origin_position},
        "data": data,
    })
}
