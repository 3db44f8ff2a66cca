//! `hoso report`: an official form, for any period, as known at any moment.

use api::convert::values;
use api::hoso::reporting::v1::reporting_service_client::ReportingServiceClient;
use api::hoso::reporting::v1::{
    GetReportRequest, GetReportResponse, Grouping, Organised, PendingRule, ReportQuestion,
    ReportRow,
};

use crate::args::{By, Form, Ii06a, Report, ReportFormat};
use crate::{Failure, client, out, table};

/// Asks reporting and prints the form.
pub async fn run(report: Report) -> Result<(), Failure> {
    let Form::Ii06a(form) = report.form;
    let answer = ask(&form).await?;
    match form.format {
        ReportFormat::Table => out::print(&table::report(&answer)),
        ReportFormat::Json => out::print(&answer.json),
        ReportFormat::Csv => out::print(csv(&answer).trim_end()),
    }
    Ok(())
}

async fn ask(form: &Ii06a) -> Result<GetReportResponse, Failure> {
    let mut reporting = ReportingServiceClient::new(client::connect(&form.server).await?);
    let grouping = match form.by {
        By::Field => Grouping::Field,
        By::Procedure => Grouping::Procedure,
        By::Agency => Grouping::Agency,
        By::Channel => Grouping::Channel,
    };
    let pending_rule = if form.provincial {
        PendingRule::Provincial
    } else {
        PendingRule::Strict
    };
    let organised = if form.organised_now {
        Organised::Now
    } else {
        Organised::Then
    };
    let question = ReportQuestion {
        from: form.from.to_string(),
        to: form.to.to_string(),
        as_of: form.as_of.map(values::timestamp),
        grouping: grouping.into(),
        agency: form.agency.clone(),
        field: form.field.clone(),
        procedure: form.procedure.clone(),
        channel: 0,
        pending_rule: pending_rule.into(),
        organised: organised.into(),
    };
    let request = GetReportRequest {
        question: Some(question),
        min_position: String::new(),
        small_cells_min: form.small_cells_min,
    };
    let answer = reporting
        .get_report(request)
        .await
        .map_err(|status| client::explain(&status))?;
    Ok(answer.into_inner())
}

/// The rows and the total as RFC 4180 has it.
fn csv(report: &GetReportResponse) -> String {
    let mut text = String::from("key,name,c3,c4,c5,c6,c7,c8,c9,c10,c11,c12,c13\r\n");
    for row in report.rows.iter().chain(&report.total) {
        text.push_str(&line(row));
    }
    text
}

fn line(row: &ReportRow) -> String {
    let quote = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let figures = [
        row.c3, row.c4, row.c5, row.c6, row.c7, row.c8, row.c9, row.c10, row.c11, row.c12, row.c13,
    ];
    let figures: Vec<String> = figures.iter().map(u64::to_string).collect();
    format!(
        "{},{},{}\r\n",
        quote(&row.key),
        quote(&row.name),
        figures.join(",")
    )
}
