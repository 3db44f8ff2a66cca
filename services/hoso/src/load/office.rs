//! Connections to an intake node, and one load call over them.

use std::net::SocketAddr;
use std::sync::Arc;

use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use tonic::Status;

use super::args::Method;
use super::dossiers::Dossiers;
use super::pace::Calls;
use crate::client::Channel;
use crate::{Failure, client};

/// One connection takes a thread to its end before another could help; more share the work of framing.
const CONNECTIONS_MAX: u32 = 8;

/// Whoever files dossiers.
#[derive(Clone, Debug)]
pub struct Office {
    connections: Arc<[IntakeServiceClient<Channel>]>,
    dossiers: Dossiers,
}

impl Office {
    /// With connections for so many callers.
    ///
    /// # Errors
    /// When nobody answers there.
    pub async fn open(server: &str, callers: u32, dossiers: Dossiers) -> Result<Self, Failure> {
        let mut connections = Vec::new();
        for _ in 0..callers.clamp(1, CONNECTIONS_MAX) {
            connections.push(IntakeServiceClient::new(client::connect(server).await?));
        }
        Ok(Self {
            connections: connections.into(),
            dossiers,
        })
    }

    /// As [`Office::open`], of a server in this process.
    ///
    /// # Errors
    /// When nobody answers there.
    pub async fn at(server: SocketAddr, callers: u32, dossiers: Dossiers) -> Result<Self, Failure> {
        Self::open(&server.to_string(), callers, dossiers).await
    }

    /// Files the dossier with this number; gives the write's token.
    ///
    /// # Errors
    /// What the server says.
    pub async fn file(&self, method: Method, number: u64) -> Result<String, Status> {
        let count = u64::try_from(self.connections.len()).unwrap_or(1);
        let at = usize::try_from(number % count).unwrap_or_default();
        let connection = self.connections.get(at).cloned();
        let mut connection =
            connection.ok_or_else(|| Status::internal("an office without a connection"))?;
        match method {
            Method::Submit => {
                let request = self.dossiers.submit(number);
                let answer = connection.submit_dossier(request).await?;
                Ok(answer.into_inner().position)
            }
            Method::SubmitAndAccept => {
                let request = self.dossiers.submit_and_accept(number);
                let answer = connection.submit_and_accept_dossier(request).await?;
                Ok(answer.into_inner().position)
            }
        }
    }

    /// The load calls of one method.
    pub fn calls(&self, method: Method) -> Calls {
        let office = self.clone();
        Arc::new(move |number| {
            let office = office.clone();
            Box::pin(async move { office.file(method, number).await.map(drop) })
        })
    }
}
