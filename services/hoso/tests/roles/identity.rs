//! A program that asks for certificates and tokens, and clients that have them.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

use crate::issuer::Issuer;
use crate::process::{first_lines, hoso, path};

impl Issuer {
    /// A connection over TLS, with a certificate of one's own if there is a name for it.
    pub(crate) fn connection(&self, address: &str, own: Option<&str>) -> Channel {
        self.endpoint(address, own).connect_lazy()
    }

    /// One on which an answer waits once some bytes of it are unread.
    pub(crate) fn narrow(&self, address: &str) -> Channel {
        let endpoint = self.endpoint(address, None);
        endpoint.initial_stream_window_size(64).connect_lazy()
    }

    fn endpoint(&self, address: &str, own: Option<&str>) -> Endpoint {
        let read = |name: &str| fs::read(self.file(name)).unwrap();
        let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read("ca.pem")));
        if let Some(own) = own {
            let (certificate, key) = (read(&format!("{own}.pem")), read(&format!("{own}.key")));
            tls = tls.identity(Identity::from_pem(certificate, key));
        }
        Endpoint::from_shared(format!("https://{address}"))
            .unwrap()
            .tls_config(tls)
            .unwrap()
            .timeout(Duration::from_secs(10))
    }
}

/// A request with this token.
pub(crate) fn with_token<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    if !token.is_empty() {
        let said: MetadataValue<Ascii> = format!("Bearer {token}").parse().unwrap();
        request.metadata_mut().insert("authorization", said);
    }
    request
}

/// `hoso up` with TLS and tokens; it ends when dropped.
pub(crate) struct Guarded {
    child: Child,
    pub(crate) intake: String,
    pub(crate) processing: String,
    pub(crate) reporting: String,
    /// The side door of reporting.
    pub(crate) reporting_http: String,
}

impl Guarded {
    pub(crate) fn start(data: &Path, issuer: &Issuer, more: &[&str]) -> Self {
        let any = "127.0.0.1:0";
        let mut child = hoso()
            .args(["up", "--log", "error", "--data", path(data)])
            .args(["--intake", any, "--processing", any, "--reporting", any])
            .args(["--free-bytes-min", "0", "--token-issuer", "tinh"])
            .args(["--tls-cert", path(&issuer.file("server.pem"))])
            .args(["--tls-key", path(&issuer.file("server.key"))])
            .args(["--jwks", path(&issuer.file("jwks.json"))])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let told = first_lines(&mut child, 6);
        let at = |name: &str| {
            let mut lines = told.iter().filter_map(|line| line.split_once(' '));
            let line = lines.find(|(said, _)| *said == name);
            line.expect("each role says where it listens").1.to_owned()
        };
        Self {
            intake: at("intake"),
            processing: at("processing"),
            reporting: at("reporting"),
            reporting_http: at("reporting-http"),
            child,
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
