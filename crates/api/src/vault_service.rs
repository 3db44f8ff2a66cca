//! The vault service of those roles that keep personal data: a copy of the encrypted files, for backup.

use std::pin::Pin;

use application::backup;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status};

use crate::edge::Edge;
use crate::hoso::vault::v1::vault_service_server::{VaultService, VaultServiceServer};
use crate::hoso::vault::v1::{CopyVaultRequest, CopyVaultResponse};
use crate::status::EdgeError;

/// Answers for one vault.
#[derive(Clone, Debug)]
pub struct VaultCalls {
    edge: Edge,
}

impl VaultCalls {
    /// The service of the vault beside this desk.
    pub fn server(edge: Edge) -> VaultServiceServer<Self> {
        VaultServiceServer::new(Self { edge })
    }
}

#[tonic::async_trait]
impl VaultService for VaultCalls {
    type CopyVaultStream = Pin<Box<dyn Stream<Item = Result<CopyVaultResponse, Status>> + Send>>;

    async fn copy_vault(
        &self,
        _: Request<CopyVaultRequest>,
    ) -> Result<Response<Self::CopyVaultStream>, Status> {
        let pieces = backup::vault(self.edge.desk.vault().clone());
        let answers = ReceiverStream::new(pieces).map(|piece| {
            let piece = piece.map_err(EdgeError::from)?;
            Ok(CopyVaultResponse {
                vault_id: piece.vault.to_string(),
                file: piece.file.to_string(),
                data: piece.bytes,
                again: piece.again,
                last: piece.last,
            })
        });
        Ok(Response::new(Box::pin(answers)))
    }
}
