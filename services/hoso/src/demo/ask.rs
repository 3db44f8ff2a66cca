//! The demo's questions to processing and reporting, through the same calls as everybody's.

use crate::client::Channel;
use api::convert::values;
use api::hoso::dossier::v1::HistoryEntry;
use api::hoso::log::v1::log_service_client::LogServiceClient;
use api::hoso::log::v1::{GetHeadRequest, GetHeadResponse};
use api::hoso::processing::v1::processing_service_client::ProcessingServiceClient;
use api::hoso::processing::v1::{
    DossierName, ExplainDeadlineRequest, ExplainDeadlineResponse, GetHistoryRequest, dossier_name,
};
use api::hoso::reporting::v1::reporting_service_client::ReportingServiceClient;
use api::hoso::reporting::v1::{
    CheckFiguresRequest, CheckFiguresResponse, GetReportRequest, GetReportResponse, Grouping,
    ReportQuestion,
};
use domain::local;
use jiff::Timestamp;
use jiff::civil::Date;
use tonic::Status;

/// Connections for reading.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    processing: ProcessingServiceClient<Channel>,
    reporting: ReportingServiceClient<Channel>,
    head: LogServiceClient<Channel>,
}

impl Asker {
    /// On connections to processing and reporting.
    pub(super) fn new(processing: Channel, reporting: Channel) -> Self {
        Self {
            head: LogServiceClient::new(processing.clone()),
            processing: ProcessingServiceClient::new(processing),
            reporting: ReportingServiceClient::new(reporting),
        }
    }

    /// How far processing's log is.
    pub(super) async fn head(&self) -> Result<GetHeadResponse, Status> {
        Ok(self
            .head
            .clone()
            .get_head(GetHeadRequest {})
            .await?
            .into_inner())
    }

    /// Form II.06a of an agency by field, as known at the end of a day, or now; after what the token names.
    pub(super) async fn report(
        &self,
        agency: &str,
        (from, to): (Date, Date),
        as_of: Option<Date>,
        after: &str,
    ) -> Result<GetReportResponse, Status> {
        let question = ReportQuestion {
            from: from.to_string(),
            to: to.to_string(),
            as_of: as_of.and_then(end_of).map(values::timestamp),
            grouping: Grouping::Field.into(),
            agency: agency.to_owned(),
            ..ReportQuestion::default()
        };
        let request = GetReportRequest {
            question: Some(question),
            min_position: after.to_owned(),
            small_cells_min: 0,
        };
        Ok(self
            .reporting
            .clone()
            .get_report(request)
            .await?
            .into_inner())
    }

    /// What is wrong with published figures.
    pub(super) async fn check(&self, figures_toml: &str) -> Result<CheckFiguresResponse, Status> {
        let request = CheckFiguresRequest {
            figures_toml: figures_toml.to_owned(),
        };
        Ok(self
            .reporting
            .clone()
            .check_figures(request)
            .await?
            .into_inner())
    }

    /// Why a dossier is due when it is.
    pub(super) async fn explain(&self, code: &str) -> Result<ExplainDeadlineResponse, Status> {
        let request = ExplainDeadlineRequest {
            dossier: Some(named(code)),
            min_position: String::new(),
        };
        Ok(self
            .processing
            .clone()
            .explain_deadline(request)
            .await?
            .into_inner())
    }

    /// What happened to a dossier.
    pub(super) async fn history(&self, code: &str) -> Result<Vec<HistoryEntry>, Status> {
        let request = GetHistoryRequest {
            dossier: Some(named(code)),
            page_size: 500,
            page_token: String::new(),
            min_position: String::new(),
        };
        Ok(self
            .processing
            .clone()
            .get_history(request)
            .await?
            .into_inner()
            .events)
    }
}

fn named(code: &str) -> DossierName {
    DossierName {
        name: Some(dossier_name::Name::Code(code.to_owned())),
    }
}

/// The last instant of a day.
fn end_of(day: Date) -> Option<Timestamp> {
    let next = local::instant(day.tomorrow().ok()?.at(0, 0, 0, 0));
    Timestamp::from_microsecond(next.as_microsecond() - 1).ok()
}
