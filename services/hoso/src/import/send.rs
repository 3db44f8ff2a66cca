//! Requests of an import on their way: many at a time, what each line came to, and how far it is.

use std::io::IsTerminal as _;
use std::time::Duration;

use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use api::hoso::intake::v1::{ImportDossierRequest, ImportDossierResponse};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::task::JoinSet;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::columns::column;
use super::layout::{Dossier, Fault};
use crate::client::Channel;
use crate::{Failure, client};

/// They share syncs; more of them would only wait.
const AT_ONCE: usize = 32;
/// How often a request is made again that intake asked to make again, and after how long if it did not say.
const TRIES_MAX: u32 = 20;
const WAIT: Duration = Duration::from_millis(200);
const WAIT_MAX: Duration = Duration::from_secs(2);

/// Sends.
pub(super) struct Sender {
    intake: IntakeServiceClient<Channel>,
}

/// What was sent came to this.
#[derive(Default)]
pub(super) struct Sent {
    /// What intake took.
    pub(super) taken: Taken,
    /// What it refused.
    pub(super) faults: Vec<Fault>,
}

/// What intake took, or would take.
#[derive(Default)]
pub(super) struct Taken {
    /// Now.
    pub(super) imported: u64,
    /// In an earlier run.
    pub(super) before: u64,
    /// With another due date than hoso would have given.
    pub(super) otherwise: u64,
    /// With another due date than the other system had in the end.
    pub(super) counted: u64,
    /// Without a due date.
    pub(super) without_due: u64,
}

type Answered = (u64, Result<ImportDossierResponse, Status>);

impl Sender {
    pub(super) fn new(channel: Channel) -> Self {
        Self {
            intake: IntakeServiceClient::new(channel),
        }
    }

    /// Sends them all; or only asks of each whether it could be.
    ///
    /// # Errors
    /// When intake cannot answer; what was taken is taken, and the same again goes on from there.
    pub(super) async fn send(
        &mut self,
        dossiers: &[Dossier],
        only_ask: bool,
    ) -> Result<Sent, Failure> {
        let bar = bar(dossiers.len(), only_ask);
        let mut sent = Sent::default();
        let mut under_way = JoinSet::new();
        let mut waiting = dossiers.iter();
        loop {
            while under_way.len() < AT_ONCE
                && let Some(dossier) = waiting.next()
            {
                let request = ImportDossierRequest {
                    validate_only: only_ask,
                    ..dossier.request.clone()
                };
                under_way.spawn(one(self.intake.clone(), dossier.line, request));
            }
            let Some(answered) = under_way.join_next().await else {
                break;
            };
            if let Err(status) = sent.take(answered?) {
                let taken = sent.taken.imported;
                let why = client::explain(&status);
                return Err(if only_ask {
                    format!("nothing was imported: {why}")
                } else {
                    format!("{why}\n{taken} were imported; run it again to go on from there")
                }
                .into());
            }
            if let Some(bar) = &bar {
                bar.inc(1);
            }
        }
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        sent.faults.sort_by_key(|fault| fault.line);
        Ok(sent)
    }
}

/// One request, made again while intake asks for that.
async fn one(
    mut intake: IntakeServiceClient<Channel>,
    line: u64,
    request: ImportDossierRequest,
) -> Answered {
    let mut tries = 1;
    loop {
        let answer = intake.import_dossier(request.clone()).await;
        let again = answer.as_ref().err().and_then(wait);
        match again {
            Some(wait) if tries < TRIES_MAX => tokio::time::sleep(wait).await,
            Some(_) | None => return (line, answer.map(tonic::Response::into_inner)),
        }
        tries += 1;
    }
}

/// After how long intake asks to be asked again.
fn wait(status: &Status) -> Option<Duration> {
    let retry = status.get_details_retry_info()?;
    Some(retry.retry_delay.unwrap_or(WAIT).min(WAIT_MAX))
}

impl Sent {
    /// # Errors
    /// When it is not this line that keeps intake from taking it.
    fn take(&mut self, (line, answer): Answered) -> Result<(), Status> {
        match answer {
            Ok(answer) => {
                self.taken.take(&answer);
                Ok(())
            }
            Err(status) if of_the_line(status.code()) => {
                self.faults.extend(faults(line, &status));
                Ok(())
            }
            Err(status) => Err(status),
        }
    }
}

impl Taken {
    fn take(&mut self, answer: &ImportDossierResponse) {
        if answer.imported_before {
            self.before += 1;
        } else {
            self.imported += 1;
        }
        if let Some(dossier) = &answer.dossier {
            self.otherwise += u64::from(dossier.computed_due.is_some() && dossier.due.is_some());
            self.counted += u64::from(dossier.recorded_due.is_some());
            self.without_due += u64::from(dossier.original_due.is_none());
        }
    }
}

fn of_the_line(code: Code) -> bool {
    matches!(
        code,
        Code::InvalidArgument | Code::FailedPrecondition | Code::AlreadyExists
    )
}

fn faults(line: u64, status: &Status) -> Vec<Fault> {
    let details = status.get_error_details();
    let fields = details
        .bad_request()
        .map(|request| request.field_violations.as_slice())
        .unwrap_or_default();
    if let [field] = fields
        && let Some(hint) = client::hint(&details)
    {
        return vec![Fault {
            line,
            column: column(&field.field).to_owned(),
            what: format!("{}: {hint}", field.description),
        }];
    }
    if !fields.is_empty() {
        return fields
            .iter()
            .map(|field| Fault {
                line,
                column: column(&field.field).to_owned(),
                what: field.description.clone(),
            })
            .collect();
    }
    let reason = details.error_info().map(|info| info.reason.as_str());
    let (column, what) = match reason {
        Some("SOURCE_REFERENCE_TAKEN") => ("source_reference", status.message()),
        Some("REQUEST_ID_REUSED") => (
            "source_reference",
            "it was imported before, and the line said something else then",
        ),
        Some("CODE_TAKEN") => ("code", status.message()),
        Some("NO_LAW_IN_FORCE") => ("accepted_at", status.message()),
        Some(_) | None => ("", status.message()),
    };
    vec![Fault {
        line,
        column: column.to_owned(),
        what: what.to_owned(),
    }]
}

fn bar(length: usize, only_ask: bool) -> Option<ProgressBar> {
    if !std::io::stderr().is_terminal() {
        return None;
    }
    let bar = ProgressBar::new(u64::try_from(length).unwrap_or(u64::MAX));
    let words = if only_ask {
        "kiểm tra · checking"
    } else {
        "nhập · importing"
    };
    let template = format!("{words} {{wide_bar}} {{pos}}/{{len}} hồ sơ · dossiers, {{eta}}");
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    Some(bar)
}
