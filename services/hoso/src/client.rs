//! Connections to the services, for the commands.

use std::time::Duration;

use tonic::transport::{Channel, Endpoint};

use crate::Failure;

/// A connection to a service at `host:port` or a URL.
pub async fn connect(server: &str) -> Result<Channel, Failure> {
    open(server, |endpoint| endpoint.timeout(Duration::from_secs(30))).await
}

/// The same, for an answer that may take as long as it takes.
pub async fn lasting(server: &str) -> Result<Channel, Failure> {
    open(server, |endpoint| endpoint).await
}

async fn open(server: &str, with: impl FnOnce(Endpoint) -> Endpoint) -> Result<Channel, Failure> {
    let url = if server.contains("://") {
        server.to_owned()
    } else {
        format!("http://{server}")
    };
    let endpoint = Endpoint::from_shared(url.clone())?.connect_timeout(Duration::from_secs(5));
    with(endpoint).connect().await.map_err(|_| {
        format!("nobody answers at {url}; is it running (`hoso up`)? Name another with --server")
            .into()
    })
}

/// What a service answered instead of a result, for a person: the Vietnamese sentence, the reason and each field.
pub fn explain(status: &tonic::Status) -> Failure {
    use tonic_types::StatusExt as _;
    let details = status.get_error_details();
    let mut said = details
        .localized_message()
        .map(|message| message.message.clone())
        .unwrap_or_default();
    let reason = details
        .error_info()
        .map_or_else(|| status.code().to_string(), |info| info.reason.clone());
    said = format!("{said} ({reason}: {})", status.message());
    if let Some(request) = details.bad_request() {
        for fault in &request.field_violations {
            said.push_str(&format!("\n  {}: {}", fault.field, fault.description));
        }
    }
    said.trim().into()
}
