//! Connections to the services, for the commands.

use tonic::transport::{Channel, Endpoint};

use crate::Failure;

/// A connection to a service at `host:port` or a URL.
pub async fn connect(server: &str) -> Result<Channel, Failure> {
    let url = if server.contains("://") {
        server.to_owned()
    } else {
        format!("http://{server}")
    };
    Endpoint::from_shared(url.clone())?
        .connect_timeout(std::time::Duration::from_secs(5))
        .timeout(std::time::Duration::from_secs(30))
        .connect()
        .await
        .map_err(|_| {
            format!(
                "nobody answers at {url}; is it running (`hoso up`)? Name another with --server"
            )
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
