//! Reporting's calls: tie the question to a position of the log, ask the facts, answer.

use api::convert::values;
use api::edge::recorded_at;
use api::hoso::reporting::v1::reporting_service_server::ReportingService;
use api::hoso::reporting::v1::{
    CellDossier, Check, CheckFiguresRequest, CheckFiguresResponse, Finding, GetReportRequest,
    GetReportResponse, GetStatusRequest, GetStatusResponse, ListCellDossiersRequest,
    ListCellDossiersResponse, MemoLine, ReportRow,
};
use api::{EdgeError, Faults, page, place, token};
use domain::ids::DossierId;
use messaging::Progress;
use statistics::cell;
use statistics::published::{Published, Severity};
use statistics::report::{Cells, Column};
use tokio::sync::watch;
use tonic::{Request, Response, Status};

use crate::question;
use crate::reports::{CHAIN_HASH, Reports};

/// Published figures are a page of text.
const FIGURES_BYTES_MAX: usize = 64 * 1024;

/// What the calls work with.
#[derive(Clone, Debug)]
pub struct Calls {
    pub(crate) reports: Reports,
    pub(crate) progress: watch::Receiver<Progress>,
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
        self.reports.wait_for(&points).await?;
        let question = self.reports.tie(&asked)?;
        let shown = self
            .reports
            .report(&question)?
            .shown(request.small_cells_min);
        let json = serde_json::to_string(&shown)
            .map_err(|error| EdgeError::Internal(error.to_string()))?;
        let about = shown.about();
        let whole = shown.whole();
        Ok(Response::new(GetReportResponse {
            from: about.period.from().to_string(),
            to: about.period.to().to_string(),
            as_of: Some(values::timestamp(about.as_of)),
            log_position: about.position,
            chain_hash: about
                .rules
                .more
                .get(CHAIN_HASH)
                .cloned()
                .unwrap_or_default(),
            total: whole.map(|report| row("total", "Tổng số", &report.total)),
            memo: whole
                .into_iter()
                .flat_map(|report| report.memo.rows())
                .map(|(line, value)| MemoLine {
                    key: line.key().to_owned(),
                    label: line.label_vi().to_owned(),
                    value,
                })
                .collect(),
            rows: whole
                .into_iter()
                .flat_map(|report| &report.rows)
                .map(|it| row(&it.key, &it.name, &it.cells))
                .collect(),
            checks: whole
                .into_iter()
                .flat_map(|report| &report.checks)
                .map(|check| Check {
                    id: check.id.to_owned(),
                    holds: check.holds,
                    detail: check.detail.clone(),
                })
                .collect(),
            json,
            position: self.reports.here(),
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
        let after = place::read::<DossierId>(&request.page_token, &bound_to, &mut faults);
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
        self.reports.wait_for(&points).await?;
        let question = self.reports.tie(&asked)?;
        let row = (request.row != "total").then_some(request.row.as_str());
        let mut behind = self
            .reports
            .figures
            .read(|figures, _| cell(&figures.facts, &question, row, column));
        behind.sort_unstable();
        let total = behind.len();
        let from = after.map_or(0, |last| behind.partition_point(|dossier| *dossier <= last));
        let mut shown: Vec<_> = behind.into_iter().skip(from).take(size + 1).collect();
        let next_page_token = place::cut(&mut shown, size, &bound_to, |last| *last);
        let dossiers = shown
            .into_iter()
            .map(|dossier| {
                Ok(CellDossier {
                    dossier_id: dossier.to_string(),
                    code: self.reports.code(dossier)?,
                })
            })
            .collect::<Result<_, EdgeError>>()?;
        Ok(Response::new(ListCellDossiersResponse {
            dossiers,
            total: u64::try_from(total).unwrap_or(u64::MAX),
            next_page_token,
            position: self.reports.here(),
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
        let head = self.reports.log.head();
        let upstream = self.progress.borrow().upstream;
        let (folded, not_understood) = self
            .reports
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
            token: self.reports.here(),
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
