//! A new reporting node beside a processing that is full: how fast it copies and folds, over NATS, and what memory it takes.

use std::time::{Duration, Instant};

use api::hoso::reporting::v1::GetStatusRequest;
use api::hoso::reporting::v1::reporting_service_client::ReportingServiceClient;
use serde::Serialize;

use super::args::{CatchUp, OneRole};
use super::child::{Memory, RoleProcess};
use super::place::Folder;
use super::progress::Progress;
use super::tally::per_second;
use crate::{Failure, client};

/// A node that gets nothing for so long is stuck.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is told.
#[derive(Debug, Serialize)]
pub struct Told {
    measured: &'static str,
    /// Records copied and folded.
    pub events: u64,
    /// From the start of the process until the last was folded.
    pub seconds: f64,
    /// Records a second.
    pub events_a_second: f64,
    /// The new node's memory.
    pub reporting: Memory,
    /// Processing's meanwhile.
    pub processing: Memory,
}

/// Measures.
///
/// # Errors
/// When a role does not start, or nothing comes.
pub async fn run(asked: CatchUp) -> Result<Told, Failure> {
    let access = asked.access.words();
    let over: Vec<_> = ["--nats", asked.nats.as_str()]
        .into_iter()
        .chain(access.iter().map(String::as_str))
        .collect();
    let processing = RoleProcess::start(OneRole::Processing, &asked.data, &over).await?;
    let head = processing.head().await?;
    let folder = Folder::of(None);
    let from = [&over[..], &["--origin", &head.log_id]].concat();
    let mut progress = Progress::new(head.position, "sự kiện · events");
    progress.step("một nút báo cáo mới · a new reporting node");
    let begun = Instant::now();
    let node = RoleProcess::start(OneRole::Reporting, folder.path(), &from).await?;
    let mut status = ReportingServiceClient::new(client::connect(&node.address).await?);
    let (mut folded, mut moved) = (0, Instant::now());
    while folded < head.position {
        let now = status
            .get_status(GetStatusRequest {})
            .await
            .map_err(|status| client::explain(&status))?
            .into_inner()
            .folded;
        if now > folded {
            (folded, moved) = (now, Instant::now());
            progress.done(folded);
        } else if moved.elapsed() > PATIENCE {
            return Err(format!("the new node stands still at {folded}").into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let took = begun.elapsed();
    progress.finish();
    let told = Told {
        measured: "catch-up",
        events: folded,
        seconds: took.as_secs_f64(),
        events_a_second: per_second(folded, took),
        reporting: node.memory()?,
        processing: processing.memory()?,
    };
    node.kill()?;
    processing.kill()?;
    Ok(told)
}

/// The figures for people.
pub fn table(told: &Told) -> String {
    format!(
        "{} sự kiện · events, {:.1} s, {:.0}/s; bộ nhớ · memory: báo cáo · reporting {} MiB (cao nhất · peak {}), \
         xử lý · processing {} MiB (cao nhất · peak {})",
        told.events,
        told.seconds,
        told.events_a_second,
        told.reporting.now_mib,
        told.reporting.peak_mib,
        told.processing.now_mib,
        told.processing.peak_mib
    )
}
