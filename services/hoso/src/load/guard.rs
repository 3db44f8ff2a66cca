//! Which server a load may be put on: one whose dossiers are synthetic already, or any that the operator answers for.

use api::hoso::intake::v1::ListSubmissionsRequest;
use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use api::hoso::reporting::v1::reporting_service_client::ReportingServiceClient;
use api::hoso::reporting::v1::{GetReportRequest, GetReportResponse, Grouping, ReportQuestion};

use super::args::Run;
use crate::{Failure, client};

/// Refuses a server that may hold real dossiers, now or later.
///
/// # Errors
/// When nothing shows that it is for synthetic ones only, and the operator has not said that they may be mixed.
pub async fn may_load(asked: &Run) -> Result<(), Failure> {
    if asked.count_among_real_dossiers {
        return Ok(());
    }
    let refused = |why: &str| -> Failure {
        format!(
            "{} {why}; the load's dossiers would be counted among its own, for ever. Load a folder of its own with \
             --embedded or `hoso load serve`; or say --count-among-real-dossiers",
            asked.server
        )
        .into()
    };
    let reporting = client::connect(&asked.reporting).await?;
    let report = ReportingServiceClient::new(reporting)
        .get_report(GetReportRequest {
            question: Some(ReportQuestion {
                from: "2000-01-01".to_owned(),
                to: "2099-12-31".to_owned(),
                grouping: Grouping::Agency.into(),
                ..ReportQuestion::default()
            }),
            min_position: String::new(),
            small_cells_min: 0,
        })
        .await
        .map_err(|status| client::explain(&status))?
        .into_inner();
    let waiting = IntakeServiceClient::new(client::connect(&asked.server).await?)
        .list_submissions(ListSubmissionsRequest {
            page_size: 500,
            ..ListSubmissionsRequest::default()
        })
        .await
        .map_err(|status| client::explain(&status))?
        .into_inner()
        .submissions;
    let mut waiting = waiting.iter().filter_map(|it| it.dossier.as_ref());
    if waiting.any(|dossier| !dossier.synthetic) {
        return Err(refused("has dossiers that are not synthetic"));
    }
    match (counted(&report), synthetic(&report)) {
        (0, _) => Err(refused(
            "has no dossier yet, so nothing shows that it is for synthetic ones",
        )),
        (all, synthetic) if all == synthetic => Ok(()),
        _ => Err(refused("has dossiers that are not synthetic")),
    }
}

fn counted(report: &GetReportResponse) -> u64 {
    report.total.as_ref().map_or(0, |total| total.c3)
}

fn synthetic(report: &GetReportResponse) -> u64 {
    let line = report.memo.iter().find(|line| line.key == "synthetic");
    line.map_or(0, |line| line.value)
}
