//! Logging in to NATS, from flags, the environment or a role's file: the settings name files, and hold no secret.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args as Arguments;
use messaging::nats::{Access, AccessFile, ClientFiles, login};

use crate::config::Settings;
use crate::line::Line;
use crate::stack::{FeedKind, FolderKind};
use crate::{Failure, out};

/// How one logs in to NATS. The files are read anew at each connection.
#[derive(Clone, Debug, Default, Arguments)]
pub struct NatsArgs {
    /// A file that says who logs in to NATS, which only its owner may read (0600): a `.creds` file (a JWT and its NKey), the
    /// seed of a user's NKey (`hoso nats-key` makes one), or `USER:PASSWORD` in one line. It is read anew at each connection.
    #[arg(
        help_heading = "Logging in to NATS",
        long,
        value_name = "FILE",
        env = "HOSO_NATS_CREDENTIALS_FILE"
    )]
    pub nats_credentials_file: Option<String>,
    /// The authorities of the NATS servers' certificates (PEM); the system's are then not believed, and nothing is said outside
    /// TLS.
    #[arg(
        help_heading = "Logging in to NATS",
        long,
        value_name = "FILE",
        env = "HOSO_NATS_CA"
    )]
    pub nats_ca: Option<String>,
    /// This role's certificate for NATS servers that ask for one (`verify: true`), and those between it and its authority
    /// (PEM); nothing is then said outside TLS.
    #[arg(
        help_heading = "Logging in to NATS",
        long,
        value_name = "FILE",
        env = "HOSO_NATS_TLS_CERT"
    )]
    pub nats_tls_cert: Option<String>,
    /// Its private key (PEM), which only its owner may read.
    #[arg(
        help_heading = "Logging in to NATS",
        long,
        value_name = "FILE",
        env = "HOSO_NATS_TLS_KEY"
    )]
    pub nats_tls_key: Option<String>,
}

impl NatsArgs {
    /// The settings by their keys, as they were given.
    pub fn keys(self) -> Vec<(&'static str, Option<String>)> {
        vec![
            ("nats_credentials_file", self.nats_credentials_file),
            ("nats_ca", self.nats_ca),
            ("nats_tls_cert", self.nats_tls_cert),
            ("nats_tls_key", self.nats_tls_key),
        ]
    }

    /// What they say, read at once.
    ///
    /// # Errors
    /// With all that is wrong with them.
    pub fn access(self) -> Result<Access, Failure> {
        let mut settings = Settings::read(None, self.keys());
        let access = read(&mut settings);
        settings.finish()?;
        Ok(access)
    }

    /// What joins services of this kind: NATS at these addresses, logged in to as the files say; or nothing but the process.
    ///
    /// # Errors
    /// With all that is wrong with the files, or an address that cannot be used.
    pub fn feed(self, nats: Option<String>, kind: FolderKind) -> Result<FeedKind, Failure> {
        let access = self.access()?;
        Ok(FeedKind::over(nats, kind)?.log_in_with(access))
    }

    /// The same words, for a process that is started.
    pub fn words(&self) -> Vec<String> {
        let given = self.clone().keys().into_iter();
        given
            .filter_map(|(key, value)| Some([format!("--{}", key.replace('_', "-")), value?]))
            .flatten()
            .collect()
    }
}

/// Reads the settings, and the files that they name; whatever is wrong with them is a fault.
pub fn read(settings: &mut Settings) -> Access {
    let certificate: Option<PathBuf> = settings.optional("nats_tls_cert");
    let key: Option<PathBuf> = settings.optional("nats_tls_key");
    let certificate = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(ClientFiles { certificate, key }),
        (None, None) => None,
        (Some(_), None) => {
            settings.fault("nats_tls_cert", "it goes with nats_tls_key");
            None
        }
        (None, Some(_)) => {
            settings.fault("nats_tls_key", "it goes with nats_tls_cert");
            None
        }
    };
    let access = Access {
        credentials: settings.optional("nats_credentials_file"),
        authorities: settings.optional("nats_ca"),
        certificate,
    };
    for (file, reason) in access.faults() {
        let key = match file {
            AccessFile::Credentials => "nats_credentials_file",
            AccessFile::Authorities => "nats_ca",
            AccessFile::Certificate => "nats_tls_cert",
            AccessFile::Key => "nats_tls_key",
        };
        settings.fault(key, &reason);
    }
    access
}

impl FeedKind {
    /// The same, coming in to NATS as the files say.
    #[must_use]
    pub fn log_in_with(self, access: Access) -> Self {
        match self {
            Self::Embedded => Self::Embedded,
            Self::Nats(line) => Self::Nats(Line {
                access: Arc::new(access),
                ..line
            }),
        }
    }
}

/// `hoso nats-key`.
#[derive(Debug, Arguments)]
pub struct NatsKey {
    /// The file with the seed; drawn and kept there, with mode 0600, if there is no such file. A seed is never overwritten.
    pub file: PathBuf,
}

/// Prints the public key, for the server's settings.
///
/// # Errors
/// When the file cannot be made, or holds something else.
pub fn key(asked: &NatsKey) -> Result<(), Failure> {
    out::print(&login::public_key(&asked.file)?);
    Ok(())
}
