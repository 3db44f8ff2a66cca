//! What is asked of a side door over TLS, and what it answers, line by line.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use crate::issuer::Issuer;

const PATIENCE: Duration = Duration::from_secs(60);

/// An answer that is being read.
pub(crate) struct Answer {
    /// Its code.
    pub(crate) code: u16,
    lines: BufReader<TlsStream<TcpStream>>,
}

impl Answer {
    /// The next line; none at the end. Not for ever.
    pub(crate) async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = timeout(PATIENCE, self.lines.read_line(&mut line)).await;
        // Whoever is cut off in the middle of TLS has heard the end, too.
        let read = read.expect("nothing comes, and no end").unwrap_or(0);
        (read > 0).then(|| line.trim_end().to_owned())
    }
}

/// Asks with this token, if there is one.
pub(crate) async fn get(issuer: &Issuer, address: &str, path: &str, token: &str) -> Answer {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(&fs::read(issuer.file("ca.pem")).unwrap());
    roots.add(authority.unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let line = TcpStream::connect(address).await.unwrap();
    let mut line = TlsConnector::from(Arc::new(config))
        .connect(name, line)
        .await
        .unwrap();
    let says = if token.is_empty() {
        String::new()
    } else {
        format!("authorization: Bearer {token}\r\n")
    };
    let asked =
        format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{says}\r\n");
    line.write_all(asked.as_bytes()).await.unwrap();
    line.flush().await.unwrap();
    let mut answer = Answer {
        code: 0,
        lines: BufReader::new(line),
    };
    let first = answer.line().await.unwrap();
    answer.code = first.split(' ').nth(1).unwrap().parse().unwrap();
    answer
}
