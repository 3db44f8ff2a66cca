//! Connections to the services, for the commands: in the open on this machine, or over TLS with a token from a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use clap::Args as Arguments;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::Failure;

/// A connection to a service; each call on it says who calls.
pub type Channel = InterceptedService<tonic::transport::Channel, Bearer>;

/// Who calls, and whom the commands believe. Secrets are in files, never on the command line.
#[derive(Clone, Debug, Default, Arguments)]
pub struct Credentials {
    /// For servers at https://: the authorities whose certificates are believed (PEM).
    #[arg(help_heading = crate::args::EVERYWHERE, long, global = true, value_name = "FILE", env = "HOSO_CA")]
    pub ca: Option<PathBuf>,
    /// The file with the token that says who calls; it is read anew for each call.
    #[arg(help_heading = crate::args::EVERYWHERE, long, global = true, value_name = "FILE", env = "HOSO_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// A certificate of one's own, for servers that ask for one (PEM).
    #[arg(
        help_heading = crate::args::EVERYWHERE, long,
        global = true,
        value_name = "FILE",
        env = "HOSO_CLIENT_CERT",
        requires = "client_key"
    )]
    pub client_cert: Option<PathBuf>,
    /// Its private key (PEM).
    #[arg(
        help_heading = crate::args::EVERYWHERE, long,
        global = true,
        value_name = "FILE",
        env = "HOSO_CLIENT_KEY",
        requires = "client_cert"
    )]
    pub client_key: Option<PathBuf>,
}

/// The command's own credentials, the same for all of its connections.
static CREDENTIALS: OnceLock<Credentials> = OnceLock::new();

/// From now on connections are made with these.
pub fn calls_with(credentials: Credentials) {
    // The program says it once, at its start.
    let _ = CREDENTIALS.set(credentials);
}

/// Whether calls are made with a token.
pub fn has_token() -> bool {
    let credentials = CREDENTIALS.get_or_init(Credentials::default);
    credentials.token_file.is_some()
}

/// A connection to a service at `host:port` or a URL.
pub async fn connect(server: &str) -> Result<Channel, Failure> {
    open(server, |endpoint| endpoint.timeout(Duration::from_secs(30))).await
}

/// The same, as whoever has the token in this file.
pub async fn connect_as(server: &str, token: &Path) -> Result<Channel, Failure> {
    let own = CREDENTIALS.get_or_init(Credentials::default);
    let credentials = Credentials {
        token_file: Some(token.to_owned()),
        ..own.clone()
    };
    let with = |endpoint: Endpoint| endpoint.timeout(Duration::from_secs(30));
    open_with(server, &credentials, with).await
}

/// The same, for an answer that may take as long as it takes.
pub async fn lasting(server: &str) -> Result<Channel, Failure> {
    open(server, |endpoint| endpoint).await
}

async fn open(server: &str, with: impl FnOnce(Endpoint) -> Endpoint) -> Result<Channel, Failure> {
    let credentials = CREDENTIALS.get_or_init(Credentials::default);
    open_with(server, credentials, with).await
}

async fn open_with(
    server: &str,
    credentials: &Credentials,
    with: impl FnOnce(Endpoint) -> Endpoint,
) -> Result<Channel, Failure> {
    let url = if server.contains("://") {
        server.to_owned()
    } else {
        format!("http://{server}")
    };
    let mut endpoint = Endpoint::from_shared(url.clone())?.connect_timeout(Duration::from_secs(5));
    let secure = url.starts_with("https://");
    if secure {
        endpoint = endpoint.tls_config(tls(credentials)?)?;
    }
    let token = credentials.token_file.as_deref().map(Arc::from);
    if token.is_some() && !secure && !is_here(&endpoint) {
        return Err(format!("{url} is in the open: a token is sent over https:// only").into());
    }
    let channel = with(endpoint).connect().await.map_err(|error| {
        let why = if secure {
            format!(" ({})", innermost(&error))
        } else {
            String::new()
        };
        format!(
            "nobody answers at {url}{why}; is it running? The address is told on the command line (--help says where)"
        )
    })?;
    Ok(InterceptedService::new(channel, Bearer { token }))
}

/// Whether the endpoint is on this machine.
fn is_here(endpoint: &Endpoint) -> bool {
    let host = endpoint.uri().host().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn tls(credentials: &Credentials) -> Result<ClientTlsConfig, Failure> {
    let Some(ca) = &credentials.ca else {
        return Err(
            "https:// needs --ca or HOSO_CA: the file with the authorities to believe".into(),
        );
    };
    let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(ca)?));
    if let (Some(certificate), Some(key)) = (&credentials.client_cert, &credentials.client_key) {
        tls = tls.identity(Identity::from_pem(read(certificate)?, read(key)?));
    }
    Ok(tls)
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|error| format!("{}: {error}", file.display()).into())
}

/// What went wrong at the bottom of it: an authority that is not believed, say.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

/// Says with each call who calls.
#[derive(Clone, Debug)]
pub struct Bearer {
    token: Option<Arc<Path>>,
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(file) = &self.token {
            request
                .metadata_mut()
                .insert("authorization", bearer(file)?);
        }
        Ok(request)
    }
}

fn bearer(file: &Path) -> Result<MetadataValue<Ascii>, Status> {
    let shown = file.display();
    let token = fs::read_to_string(file)
        .map_err(|error| Status::unauthenticated(format!("the token in {shown}: {error}")))?;
    let mut said: MetadataValue<Ascii> = format!("Bearer {}", token.trim())
        .parse()
        .map_err(|_| Status::unauthenticated(format!("what {shown} holds is no token")))?;
    said.set_sensitive(true);
    Ok(said)
}

/// What to do next, as the service says it.
pub fn hint(details: &ErrorDetails) -> Option<&str> {
    let info = details.error_info()?;
    info.metadata.get("hint").map(String::as_str)
}

/// What a service answered instead of a result, for a person: the Vietnamese sentence, the reason, each field, and what
/// to do next.
pub fn explain(status: &Status) -> Failure {
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
    if let Some(hint) = hint(&details) {
        said.push_str(&format!("\n  → {hint}"));
    }
    said.trim().into()
}
