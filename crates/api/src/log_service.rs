//! The log service that every role answers: where its log ends.

use std::sync::Arc;

use application::log::Head;
use jiff::Timestamp;
use tonic::{Request, Response, Status};

use crate::convert::values;
use crate::hoso::log::v1::log_service_server::{LogService, LogServiceServer};
use crate::hoso::log::v1::{GetHeadRequest, GetHeadResponse};
use crate::token;

/// Answers for one log.
#[derive(Clone)]
pub struct LogCalls {
    head: Arc<dyn Fn() -> Head + Send + Sync>,
}

impl std::fmt::Debug for LogCalls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LogCalls")
    }
}

impl LogCalls {
    /// The service for a log whose head `head` tells.
    pub fn server(head: impl Fn() -> Head + Send + Sync + 'static) -> LogServiceServer<Self> {
        LogServiceServer::new(Self {
            head: Arc::new(head),
        })
    }
}

#[tonic::async_trait]
impl LogService for LogCalls {
    async fn get_head(
        &self,
        _: Request<GetHeadRequest>,
    ) -> Result<Response<GetHeadResponse>, Status> {
        let head = (self.head)();
        Ok(Response::new(GetHeadResponse {
            log_id: head.log.to_string(),
            epoch: head.epoch,
            position: head.position,
            chain_hash: head.hash.to_string(),
            recorded_at: Timestamp::from_microsecond(head.recorded_at)
                .ok()
                .map(values::timestamp),
            token: token::write(&[head.into()]),
        }))
    }
}
