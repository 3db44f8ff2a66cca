//! Reporting's calls: tie the question to a position of the log, ask the facts, answer.

use std::sync::Arc;
use std::time::Duration;

use api::convert::values;
use api::edge::recorded_at;
use api::hoso::reporting::v1::reporting_service_server::ReportingService;
use api::hoso::reporting::v1::{
    CellDossier, Check, CheckFiguresRequest, CheckFiguresResponse, Finding, GetReportRequest,
    GetReportResponse, GetStatusRequest, GetStatusResponse, ListCellDossiersRequest,
    ListCellDossiersResponse, MemoLine, ReportRow,
};
use api::token::{self, Point};
use api::{EdgeError, Faults, page};
use application::projection::Projection;
use application::{codec, position};
use chassis::Clock;
use domain::Catalogue;
use domain::catalogue::OnlineLevel;
use domain::event::Event;
use domain::ids::{AgencyId, DossierId, FieldCode, ProcedureCode};
use eventlog::{EventLog, Position, StreamId};
use messaging::Progress;
use statistics::published::{Published, Severity};
use statistics::report::{Cells, Column};
use statistics::{AsOf, Grouping, Question, Report, cell, ii06a};
use tokio::sync::watch;
use tonic::{Request, Response, Status};

use crate::figures::Figures;
use crate::question::{self, Asked};

/// Published figures are a page of text.
const FIGURES_BYTES_MAX: usize = 64 * 1024;

/// What the calls work with.
#[derive(Clone, Debug)]
pub struct Calls {
    pub(crate) log: EventLog,
    pub(crate) figures: Projection<Figures>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) clock: Clock,
    pub(crate) patience: Duration,
    pub(crate) progress: watch::Receiver<Progress>,
}

impl Calls {
    /// Waits until these positions are here and folded.
    async fn wait_for(&self, points: &[Point]) -> Result<(), EdgeError> {
        for point in points {
            position::reach(&self.log, point.log, point.position, self.patience).await?;
        }
        let head = self.log.head();
        if self.figures.reach(head.position, self.patience).await {
            Ok(())
        } else {
            Err(EdgeError::NotYetHere {
                log: head.log.to_string(),
                wanted: head.position,
                here: self.figures.position(),
            })
        }
    }

    /// Ties a question to the part of the log that was written by then.
    fn tie(&self, asked: &Asked) -> Result<Question, EdgeError> {
        let folded = self.figures.position();
        let (position, at) = match asked.as_of {
            None => (folded, self.clock.now()),
            Some(at) => {
                let known = self
                    .log
                    .position_at(at.as_microsecond())
                    .map_err(|error| EdgeError::Internal(error.to_string()))?;
                (known.min(folded), at)
            }
        };
        Ok(Question {
            as_of: AsOf { position, at },
            group: asked.grouping,
            filter: asked.filter.clone(),
            due_rule: asked.pending_rule,
            information_only: Some(self.information_only()),
            ..Question::new(asked.period, AsOf { position, at })
        })
    }

    fn information_only(&self) -> Vec<ProcedureCode> {
        self.catalogue
            .procedures()
            .filter(|procedure| match procedure.online {
                OnlineLevel::InformationOnly => true,
                OnlineLevel::Full | OnlineLevel::Partial => false,
            })
            .map(|procedure| procedure.code.clone())
            .collect()
    }

    fn report(&self, question: &Question) -> Result<(Report, String), EdgeError> {
        let hash = self.hash_at(question.as_of.position)?;
        let mut report = self
            .figures
            .read(|figures, _| ii06a(&figures.facts, question))
            .named(|key| self.name(question.group, key));
        report
            .rules
            .more
            .insert("catalogue".to_owned(), self.catalogue.version().to_string());
        report
            .rules
            .more
            .insert("chain_hash".to_owned(), hash.clone());
        report
            .rules
            .more
            .insert("log".to_owned(), self.log.head().log.to_string());
        Ok((report, hash))
    }

    /// The chain hash at a position, in hexadecimal.
    fn hash_at(&self, position: Position) -> Result<String, EdgeError> {
        self.log
            .hash_at(position)
            .map(|hash| hash.unwrap_or_default().to_string())
            .map_err(|error| EdgeError::Internal(error.to_string()))
    }

    fn name(&self, group: Grouping, key: &str) -> Option<String> {
        match group {
            Grouping::Field => self
                .catalogue
                .field(&FieldCode::new(key))
                .map(|field| field.name.to_string()),
            Grouping::Procedure => self
                .catalogue
                .procedure(&ProcedureCode::new(key))
                .map(|procedure| procedure.name.to_string()),
            Grouping::Agency => self
                .catalogue
                .agency(&AgencyId::new(key))
                .map(|agency| agency.name.to_string()),
            Grouping::Channel => None,
        }
    }

    /// The code of a dossier, from its acceptance.
    fn code(&self, dossier: DossierId) -> Result<String, EdgeError> {
        let records = self
            .log
            .stream(StreamId(dossier.0))
            .map_err(|error| EdgeError::Internal(error.to_string()))?;
        Ok(records
            .iter()
            .filter_map(|record| codec::decode(record).ok())
            .find_map(|occurrence| {
                if let Event::DossierAccepted(accepted) = occurrence.event {
                    Some(accepted.code.to_string())
                } else {
                    None
                }
            })
            .unwrap_or_default())
    }

    fn here(&self) -> String {
        token::write(&[self.log.head().into()])
    }
}

#[tonic::async_trait]
impl ReportingService for Calls {
    async fn get_report(
        &self,
        request: Request<GetReportRequest>,
    ) -> Result<Response<GetReportResponse>, Status> {
        let request = request.into_inner();
        let mut faults = Faults::default();
        let asked = question::read(request.question.as_ref(), &mut faults);
        let points = faults.take("min_position", token::read(&request.min_position));
        let (asked, points) = faults.finish(asked.zip(points))?;
        self.wait_for(&points).await?;
        let question = self.tie(&asked)?;
        let (report, chain_hash) = self.report(&question)?;
        let json = serde_json::to_string(&report)
            .map_err(|error| EdgeError::Internal(error.to_string()))?;
        Ok(Response::new(GetReportResponse {
            from: report.period.from().to_string(),
            to: report.period.to().to_string(),
            as_of: Some(values::timestamp(report.as_of)),
            log_position: report.position,
            chain_hash,
            total: Some(row("total", "Tổng số", &report.total)),
            memo: report
                .memo
                .rows()
                .map(|(line, value)| MemoLine {
                    key: line.key().to_owned(),
                    label: line.label_vi().to_owned(),
                    value,
                })
                .collect(),
            rows: report
                .rows
                .iter()
                .map(|it| row(&it.key, &it.name, &it.cells))
                .collect(),
            checks: report
                .checks
                .into_iter()
                .map(|check| Check {
                    id: check.id.to_owned(),
                    holds: check.holds,
                    detail: check.detail,
                })
                .collect(),
            json,
            position: self.here(),
        }))
    }

    async fn list_cell_dossiers(
        &self,
        request: Request<ListCellDossiersRequest>,
    ) -> Result<Response<ListCellDossiersResponse>, Status> {
        let request = request.into_inner();
        let bound_to = format!("{:?}/{}/{}", request.question, request.row, request.column);
        let mut faults = Faults::default();
        let asked = question::read(request.question.as_ref(), &mut faults);
        let size = page::size(request.page_size, &mut faults);
        let after = page::read(&request.page_token, &bound_to, &mut faults);
        let column = faults.take(
            "column",
            u8::try_from(request.column)
                .ok()
                .and_then(Column::from_number)
                .ok_or("must be a column of the form, 3 to 13"),
        );
        if request.row.is_empty() {
            faults.note("row", "must be a row's key, or total");
        }
        let points = faults.take("min_position", token::read(&request.min_position));
        let ((asked, column), points) = faults.finish(asked.zip(column).zip(points))?;
        self.wait_for(&points).await?;
        let question = self.tie(&asked)?;
        let row = (request.row != "total").then_some(request.row.as_str());
        let mut behind = self
            .figures
            .read(|figures, _| cell(&figures.facts, &question, row, column));
        behind.sort_unstable();
        let total = behind.len();
        let from = after
            .and_then(|bytes| uuid::Uuid::from_slice(&bytes).ok())
            .map_or(0, |last| {
                behind.partition_point(|dossier| *dossier <= DossierId(last))
            });
        let shown: Vec<_> = behind.iter().skip(from).take(size).collect();
        let next = shown
            .last()
            .filter(|_| from + shown.len() < total)
            .map(|last| page::write(&bound_to, last.0.as_bytes()));
        let dossiers = shown
            .into_iter()
            .map(|dossier| {
                Ok(CellDossier {
                    dossier_id: dossier.to_string(),
                    code: self.code(*dossier)?,
                })
            })
            .collect::<Result<_, EdgeError>>()?;
        Ok(Response::new(ListCellDossiersResponse {
            dossiers,
            total: u64::try_from(total).unwrap_or(u64::MAX),
            next_page_token: next.unwrap_or_default(),
            position: self.here(),
        }))
    }

    async fn check_figures(
        &self,
        request: Request<CheckFiguresRequest>,
    ) -> Result<Response<CheckFiguresResponse>, Status> {
        let text = request.into_inner().figures_toml;
        let mut faults = Faults::default();
        let published = if text.len() > FIGURES_BYTES_MAX {
            faults.note("figures_toml", "may have at most 64 KiB");
            None
        } else {
            match Published::parse(&text) {
                Ok(published) => Some(published),
                Err(wrong) => {
                    for fault in wrong {
                        faults.note("figures_toml", fault.to_string());
                    }
                    None
                }
            }
        };
        let published = faults.finish(published)?;
        let mut findings = published.findings();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        Ok(Response::new(CheckFiguresResponse {
            balances: findings
                .iter()
                .all(|finding| finding.severity != Severity::Error),
            findings: findings
                .into_iter()
                .map(|finding| Finding {
                    id: finding.id.to_owned(),
                    severity: severity(finding.severity).to_owned(),
                    text_vi: finding.vi,
                    text_en: finding.en,
                })
                .collect(),
        }))
    }

    async fn get_status(
        &self,
        _: Request<GetStatusRequest>,
    ) -> Result<Response<GetStatusResponse>, Status> {
        let head = self.log.head();
        let upstream = self.progress.borrow().upstream;
        let (folded, not_understood) = self
            .figures
            .read(|figures, folded| (folded, figures.parked.records()));
        Ok(Response::new(GetStatusResponse {
            log_id: head.log.to_string(),
            position: head.position,
            folded,
            upstream,
            lag: upstream.saturating_sub(head.position),
            not_understood,
            recorded_at: recorded_at(head.recorded_at),
            token: self.here(),
        }))
    }
}

fn row(key: &str, name: &str, cells: &Cells) -> ReportRow {
    ReportRow {
        key: key.to_owned(),
        name: name.to_owned(),
        c3: cells.c3,
        c4: cells.c4,
        c5: cells.c5,
        c6: cells.c6,
        c7: cells.c7,
        c8: cells.c8,
        c9: cells.c9,
        c10: cells.c10,
        c11: cells.c11,
        c12: cells.c12,
        c13: cells.c13,
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Holds => "holds",
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}
