//! How a NATS server is logged in to: as whom, as a file that may change says it, and by which certificates each knows the other.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_nats::rustls::pki_types::pem::PemObject as _;
use async_nats::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use async_nats::rustls::{ClientConfig, RootCertStore, crypto};
use async_nats::{AuthError, ConnectOptions, ServerAddr};

use super::login::{self, Login};

/// How a server is logged in to. The files are read anew at each connection: what they hold may change while a role runs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Access {
    /// A file that says who comes in: see [`Login`].
    pub credentials: Option<PathBuf>,
    /// Authorities (PEM) that are believed, and no others: the system's if there are none. With them nothing is said outside
    /// TLS.
    pub authorities: Option<PathBuf>,
    /// By which the server knows who connects, when it asks for that. With it nothing is said outside TLS.
    pub certificate: Option<ClientFiles>,
}

/// A client's certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientFiles {
    /// The certificate, and those between it and its authority (PEM).
    pub certificate: PathBuf,
    /// Its private key (PEM), which only its owner may read.
    pub key: PathBuf,
}

/// Which of the files cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AccessFile {
    /// [`Access::credentials`].
    Credentials,
    /// [`Access::authorities`].
    Authorities,
    /// [`ClientFiles::certificate`].
    Certificate,
    /// [`ClientFiles::key`].
    Key,
}

impl Access {
    /// Everything that is wrong with the files now.
    pub fn faults(&self) -> Vec<(AccessFile, String)> {
        let mut faults = Vec::new();
        let mut wrong = |which, file: &Path, reason: String| {
            faults.push((which, format!("{}: {reason}", file.display())));
        };
        if let Some(file) = &self.credentials
            && let Err(reason) = Login::read(file)
        {
            wrong(AccessFile::Credentials, file, reason);
        }
        if let Some(file) = &self.authorities
            && let Err(reason) = authorities(file)
        {
            wrong(AccessFile::Authorities, file, reason);
        }
        if let Some(files) = &self.certificate {
            let chain = certificates(&files.certificate);
            let key = private_key(&files.key);
            match (chain, key) {
                (Ok(chain), Ok(key)) => {
                    if let Err(reason) = belong_together(chain, key) {
                        wrong(AccessFile::Key, &files.key, reason);
                    }
                }
                (chain, key) => {
                    if let Err(reason) = chain {
                        wrong(AccessFile::Certificate, &files.certificate, reason);
                    }
                    if let Err(reason) = key {
                        wrong(AccessFile::Key, &files.key, reason);
                    }
                }
            }
        }
        faults
    }

    pub(super) fn options(&self, servers: &[ServerAddr]) -> ConnectOptions {
        // The client does not look for them in the address itself.
        let word = |server: &ServerAddr| {
            Some((server.username()?.to_owned(), server.password()?.to_owned()))
        };
        let options = match (&self.credentials, servers.iter().find_map(word)) {
            (Some(file), _) => {
                let file = file.clone();
                ConnectOptions::with_auth_callback(move |nonce| {
                    let answer = Login::read(&file)
                        .map_err(|reason| AuthError::new(format!("{}: {reason}", file.display())))
                        .and_then(|login| login.answer(&nonce));
                    async move { answer }
                })
            }
            (None, Some((user, password))) => {
                ConnectOptions::with_user_and_password(user, password)
            }
            (None, None) => ConnectOptions::new(),
        };
        // A server that says it has no TLS, and servers that others tell of, are not believed where TLS was asked for.
        let secret = self.authorities.is_some()
            || self.certificate.is_some()
            || servers.iter().any(ServerAddr::tls_required);
        let options = options.require_tls(secret);
        let options = match &self.authorities {
            Some(file) => options.add_root_certificates(file.clone()),
            None => options,
        };
        match &self.certificate {
            Some(ClientFiles { certificate, key }) => {
                options.add_client_certificate(certificate.clone(), key.clone())
            }
            None => options,
        }
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = fs::read(file).map_err(|error| error.to_string())?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err("there is no certificate in it".to_owned()),
        Ok(chain) => Ok(chain),
        Err(error) => Err(error.to_string()),
    }
}

fn authorities(file: &Path) -> Result<(), String> {
    let mut roots = RootCertStore::empty();
    certificates(file)?
        .into_iter()
        .try_for_each(|authority| roots.add(authority).map_err(|error| error.to_string()))
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let mut pem = Vec::new();
    login::private(file)?
        .read_to_end(&mut pem)
        .map_err(|error| error.to_string())?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| "there is no private key in it".to_owned())
}

fn belong_together(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<(), String> {
    ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(RootCertStore::empty())
        .with_client_auth_cert(chain, key)
        .map(|_| ())
        .map_err(|error| error.to_string())
}
