//! Postal terminals: the calls by which the public post brings what it collected, handed over and delivered.

use std::pin::Pin;

use api::hoso::intake::v1::terminal_service_server::TerminalService;
use api::hoso::intake::v1::{
    AcknowledgeHandOverRequest, AcknowledgeHandOverResponse, EnrolTerminalRequest,
    EnrolTerminalResponse, GetHandOverRequest, GetHandOverResponse, GetTerminalRequest,
    GetTerminalResponse, LeaseReceiptRangeRequest, LeaseReceiptRangeResponse,
    ListOpenCustodyRequest, ListOpenCustodyResponse, SyncTerminalRequest, SyncTerminalResponse,
};
use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};

/// What the terminals' calls work with.
#[derive(Clone, Debug)]
pub struct TerminalCalls;

/// Answers as they come.
type Answers = Pin<Box<dyn Stream<Item = Result<SyncTerminalResponse, Status>> + Send>>;

fn not_here() -> Status {
    Status::unimplemented("this node does not serve terminals")
}

#[tonic::async_trait]
impl TerminalService for TerminalCalls {
    type SyncTerminalStream = Answers;

    async fn enrol_terminal(
        &self,
        _: Request<EnrolTerminalRequest>,
    ) -> Result<Response<EnrolTerminalResponse>, Status> {
        Err(not_here())
    }

    async fn get_terminal(
        &self,
        _: Request<GetTerminalRequest>,
    ) -> Result<Response<GetTerminalResponse>, Status> {
        Err(not_here())
    }

    async fn sync_terminal(
        &self,
        _: Request<Streaming<SyncTerminalRequest>>,
    ) -> Result<Response<Self::SyncTerminalStream>, Status> {
        Err(not_here())
    }

    async fn lease_receipt_range(
        &self,
        _: Request<LeaseReceiptRangeRequest>,
    ) -> Result<Response<LeaseReceiptRangeResponse>, Status> {
        Err(not_here())
    }

    async fn acknowledge_hand_over(
        &self,
        _: Request<AcknowledgeHandOverRequest>,
    ) -> Result<Response<AcknowledgeHandOverResponse>, Status> {
        Err(not_here())
    }

    async fn get_hand_over(
        &self,
        _: Request<GetHandOverRequest>,
    ) -> Result<Response<GetHandOverResponse>, Status> {
        Err(not_here())
    }

    async fn list_open_custody(
        &self,
        _: Request<ListOpenCustodyRequest>,
    ) -> Result<Response<ListOpenCustodyResponse>, Status> {
        Err(not_here())
    }
}
