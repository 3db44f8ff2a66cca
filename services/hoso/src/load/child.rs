//! A role as a process of its own, started by a measurement: when it answers, what memory it has, and its end by kill -9.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use api::hoso::intake::v1::ListSubmissionsRequest;
use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use api::hoso::log::v1::log_service_client::LogServiceClient;
use api::hoso::log::v1::{GetHeadRequest, GetHeadResponse};
use api::hoso::processing::v1::ListDossiersRequest;
use api::hoso::processing::v1::processing_service_client::ProcessingServiceClient;
use api::hoso::reporting::v1::reporting_service_client::ReportingServiceClient;
use api::hoso::reporting::v1::{GetReportRequest, Grouping, ReportQuestion};
use serde::Serialize;
use tonic::Status;

use super::args::OneRole;
use crate::{Failure, client};

/// The process; killed when dropped.
#[derive(Debug)]
pub struct RoleProcess {
    role: OneRole,
    child: Child,
    /// Where it listens.
    pub address: String,
}

/// What a process holds, in MiB.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Memory {
    /// Now.
    pub now_mib: u64,
    /// At most, since its start.
    pub peak_mib: u64,
}

impl RoleProcess {
    /// Starts a role over a folder of `hoso load`; it listens when this returns.
    ///
    /// # Errors
    /// When it ends instead.
    pub async fn start(role: OneRole, data: &Path, more: &[&str]) -> Result<Self, Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["load", "serve", "--only", role.as_str()])
            .args(more)
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let said = child.stdout.take();
        let mut process = Self {
            role,
            child,
            address: String::new(),
        };
        let said = said.ok_or("a child without output")?;
        // Its first line, or the end of its output when it could not start.
        let first = tokio::task::spawn_blocking(move || BufReader::new(said).lines().next());
        let line = first.await?.transpose()?;
        process.address = line
            .as_deref()
            .and_then(|line| line.strip_prefix(role.as_str()))
            .ok_or_else(|| format!("{} did not start", role.as_str()))?
            .trim()
            .to_owned();
        Ok(process)
    }

    /// Asks it something that needs what it folded.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn ask(&self) -> Result<(), Failure> {
        let connection = client::connect(&self.address).await?;
        let answered: Result<(), Status> = match self.role {
            OneRole::Intake => IntakeServiceClient::new(connection)
                .list_submissions(ListSubmissionsRequest::default())
                .await
                .map(drop),
            OneRole::Processing => ProcessingServiceClient::new(connection)
                .list_dossiers(ListDossiersRequest::default())
                .await
                .map(drop),
            OneRole::Reporting => ReportingServiceClient::new(connection)
                .get_report(GetReportRequest {
                    question: Some(ReportQuestion {
                        from: "2024-01-01".to_owned(),
                        to: "2024-12-31".to_owned(),
                        grouping: Grouping::Procedure.into(),
                        ..ReportQuestion::default()
                    }),
                    min_position: String::new(),
                    small_cells_min: 0,
                })
                .await
                .map(drop),
        };
        answered.map_err(|status| client::explain(&status))
    }

    /// How far its log is.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn head(&self) -> Result<GetHeadResponse, Failure> {
        let connection = client::connect(&self.address).await?;
        let answered = LogServiceClient::new(connection)
            .get_head(GetHeadRequest {})
            .await;
        Ok(answered
            .map_err(|status| client::explain(&status))?
            .into_inner())
    }

    /// What it holds.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn memory(&self) -> Result<Memory, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let mib = |key: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(key))
                .and_then(|rest| rest.trim().strip_suffix(" kB"))
                .and_then(|kib| kib.trim().parse::<u64>().ok())
                .map(|kib| kib.div_ceil(1_024))
                .ok_or_else(|| format!("the system does not say {key}"))
        };
        Ok(Memory {
            now_mib: mib("VmRSS:")?,
            peak_mib: mib("VmHWM:")?,
        })
    }

    /// kill -9.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn kill(mut self) -> Result<(), Failure> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

/// Nothing stays behind, however a measurement ends.
impl Drop for RoleProcess {
    fn drop(&mut self) {
        // It may have ended by itself, or been killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How long a role takes from its start to its first answer, in milliseconds.
///
/// # Errors
/// When it does not answer.
pub async fn timed(role: OneRole, data: &Path) -> Result<(RoleProcess, f64), Failure> {
    let begun = Instant::now();
    let process = RoleProcess::start(role, data, &[]).await?;
    process.ask().await?;
    Ok((process, begun.elapsed().as_secs_f64() * 1_000.0))
}
