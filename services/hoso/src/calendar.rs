//! `hoso calendar publish`: a calendar goes into use, and the due dates that waited for it are computed.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Duration;

use api::hoso::processing::v1::processing_service_client::ProcessingServiceClient;
use api::hoso::processing::v1::{CalendarInUse, GetCalendarRequest, PublishCalendarRequest};
use clap::{Args as Arguments, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::args::{Format, PROCESSING};
use crate::client::Channel;
use crate::{Failure, client, out};

/// How often to ask how far it is.
const EVERY: Duration = Duration::from_millis(250);
/// How long intake nodes are waited for: one that is away gets it when it is back.
const NODES: Duration = Duration::from_secs(10);

/// `hoso calendar`.
#[derive(Debug, Arguments)]
pub struct Calendar {
    /// What to do with it.
    #[command(subcommand)]
    pub act: CalendarAct,
}

/// What to do with a calendar.
#[derive(Debug, Subcommand)]
pub enum CalendarAct {
    /// Check a calendar, put it in use, and wait until every provisional due date is computed on it. Broken off, run it again.
    Publish {
        /// The calendar, laid out as deploy/catalogue/calendar.csv.
        file: PathBuf,
        /// Where processing listens.
        #[arg(long, default_value = PROCESSING, value_name = "ADDR")]
        server: String,
        /// `json`: one object.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

/// Publishes, and waits until everything is computed.
pub async fn run(told: Calendar) -> Result<(), Failure> {
    let CalendarAct::Publish {
        file,
        server,
        format,
    } = told.act;
    let name = file.display().to_string();
    let text =
        std::fs::read_to_string(&file).map_err(|error| format!("reading {name}: {error}"))?;
    // Its faults are told with the file's own name, before anything is asked of anybody.
    domain::calendar::Calendar::parse(&name, &text).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(|fault| format!("  {fault}")).collect();
        format!("this is no sound calendar:\n{}", lines.join("\n"))
    })?;
    let mut processing = ProcessingServiceClient::new(client::connect(&server).await?);
    let answer = processing
        .publish_calendar(PublishCalendarRequest { calendar_csv: text })
        .await
        .map_err(|status| client::explain(&status))?
        .into_inner();
    let in_use = answer
        .calendar
        .ok_or("processing did not say which calendar is in use")?;
    let computed = wait(&mut processing, &in_use).await?;
    let not_yet_at = reach(&mut processing, &in_use).await?;
    if format.is_json() {
        out::print(
            &json!({
                "calendar": in_use.version,
                "published_years": in_use.published_years,
                "changed": answer.changed,
                "recomputed": computed,
                "not_yet_at": not_yet_at,
            })
            .to_string(),
        );
    } else {
        let state = if answer.changed {
            "đã áp dụng · in use now"
        } else {
            "đã áp dụng từ trước · was in use before"
        };
        out::print(&format!(
            "lịch · calendar {} {state}; tính lại {computed} ngày hẹn trả · {computed} due dates computed anew",
            in_use.version
        ));
        for log in not_yet_at {
            out::say(&format!(
                "nút tiếp nhận chưa có lịch này, sẽ nhận khi nối lại · an intake node does not have it yet and will, log {log}"
            ));
        }
    }
    Ok(())
}

/// Waits a while until every intake node has it; the logs of those that do not.
async fn reach(
    processing: &mut ProcessingServiceClient<Channel>,
    published: &CalendarInUse,
) -> Result<Vec<String>, Failure> {
    let until = tokio::time::Instant::now() + NODES;
    loop {
        let answer = processing
            .get_calendar(GetCalendarRequest {})
            .await
            .map_err(|status| client::explain(&status))?;
        let now = answer.into_inner().calendar.unwrap_or_default();
        let settled = now.version != published.version || now.not_yet_at.is_empty();
        if settled || tokio::time::Instant::now() >= until {
            return Ok(now.not_yet_at);
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Waits until no provisional due date is left that was computed on another calendar; how many there were.
async fn wait(
    processing: &mut ProcessingServiceClient<Channel>,
    published: &CalendarInUse,
) -> Result<u64, Failure> {
    let total = published.to_recompute;
    let bar = (total > 0 && std::io::stderr().is_terminal()).then(|| {
        let bar = ProgressBar::new(total);
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} hồ sơ · dossiers")
        {
            bar.set_style(style);
        }
        bar
    });
    let mut left = total;
    while left > 0 {
        tokio::time::sleep(EVERY).await;
        let answer = processing
            .get_calendar(GetCalendarRequest {})
            .await
            .map_err(|status| client::explain(&status))?
            .into_inner();
        let now = answer
            .calendar
            .ok_or("processing did not say which calendar is in use")?;
        if now.version != published.version {
            return Err("another calendar was published meanwhile".into());
        }
        left = now.to_recompute;
        if let Some(bar) = &bar {
            bar.set_position(total.saturating_sub(left));
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    Ok(total)
}
