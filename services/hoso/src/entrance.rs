//! How services are entered: TLS, tokens and how often one may call, from flags, the environment or a role's file.

use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use api::authority::{Caller, Entry};
use chassis::rates::{RateSettings, Rates};
use chassis::tls::{Tls, TlsFiles};
use chassis::tokens::{TokenSettings, Tokens};
use chassis::{Clock, FileError};
use clap::Args as Arguments;

use crate::config::Settings;

/// For whom tokens are issued, unless told otherwise.
const AUDIENCE: &str = "hoso";

/// Who may connect, and who may do what. Files are read again when they change; connections that are open stay.
#[derive(Debug, Default, Arguments)]
pub struct EntranceArgs {
    /// The server's certificate, and those between it and its authority (PEM): gRPC and the side door speak TLS with it.
    #[arg(
        help_heading = "Who may connect, and who may do what",
        long,
        value_name = "FILE",
        env = "HOSO_TLS_CERT"
    )]
    pub tls_cert: Option<String>,
    /// Its private key (PEM).
    #[arg(
        help_heading = "Who may connect, and who may do what",
        long,
        value_name = "FILE",
        env = "HOSO_TLS_KEY"
    )]
    pub tls_key: Option<String>,
    /// The authorities of clients' certificates (PEM): over gRPC only their clients may connect. Tokens still say who may do what.
    #[arg(
        help_heading = "Who may connect, and who may do what",
        long,
        value_name = "FILE",
        env = "HOSO_TLS_CLIENT_CA"
    )]
    pub tls_client_ca: Option<String>,
    /// The public keys of whoever issues tokens (a JWKS file; Ed25519, ES256 or RS256). Without it nobody is asked who calls,
    /// and this machine only is listened to.
    #[arg(
        help_heading = "Who may connect, and who may do what",
        long,
        value_name = "FILE",
        env = "HOSO_JWKS"
    )]
    pub jwks: Option<String>,
    /// Who issues tokens: their claim `iss`.
    #[arg(
        help_heading = "Who may connect, and who may do what",
        long,
        value_name = "ISSUER",
        env = "HOSO_TOKEN_ISSUER"
    )]
    pub token_issuer: Option<String>,
    /// For whom: their claim `aud` (hoso if not said).
    #[arg(
        help_heading = "Who may connect, and who may do what",
        long,
        value_name = "AUDIENCE",
        env = "HOSO_TOKEN_AUDIENCE"
    )]
    pub token_audience: Option<String>,
    /// So many calls a second one account may make, and at once after a silence (1000 if not said; 0: as many as it wants).
    #[arg(
        help_heading = "Who may connect, and who may do what",
        long,
        value_name = "N",
        env = "HOSO_CALLS_PER_SECOND"
    )]
    pub calls_per_second: Option<String>,
    /// So many calls a minute one address may make without a token, of those that need none (30 if not said).
    #[arg(
        help_heading = "Who may connect, and who may do what",
        long,
        value_name = "N",
        env = "HOSO_ANONYMOUS_PER_MINUTE"
    )]
    pub anonymous_per_minute: Option<String>,
    /// So many look-ups by an identity number a minute one account may make (30 if not said).
    #[arg(
        help_heading = "Who may connect, and who may do what",
        long,
        value_name = "N",
        env = "HOSO_LOOK_UPS_PER_MINUTE"
    )]
    pub look_ups_per_minute: Option<String>,
}

impl EntranceArgs {
    /// The settings by their keys, as they were given.
    pub fn keys(self) -> Vec<(&'static str, Option<String>)> {
        vec![
            ("tls_cert", self.tls_cert),
            ("tls_key", self.tls_key),
            ("tls_client_ca", self.tls_client_ca),
            ("jwks", self.jwks),
            ("token_issuer", self.token_issuer),
            ("token_audience", self.token_audience),
            ("calls_per_second", self.calls_per_second),
            ("anonymous_per_minute", self.anonymous_per_minute),
            ("look_ups_per_minute", self.look_ups_per_minute),
        ]
    }
}

/// How services are entered, as it was settled.
#[derive(Clone, Debug, Default)]
pub struct Entrance {
    tls: Option<TlsFiles>,
    tokens: Option<TokenSettings>,
    rates: RateSettings,
}

impl Entrance {
    /// Reads the settings; what does not go together is a fault of theirs.
    pub fn read(settings: &mut Settings) -> Self {
        let certificate: Option<PathBuf> = settings.optional("tls_cert");
        let key: Option<PathBuf> = settings.optional("tls_key");
        let client_authorities: Option<PathBuf> = settings.optional("tls_client_ca");
        if client_authorities.is_some() && certificate.is_none() {
            settings.fault("tls_client_ca", "it goes with tls_cert and tls_key");
        }
        let tls = match (certificate, key) {
            (Some(certificate), Some(key)) => Some(TlsFiles {
                certificate,
                key,
                client_authorities,
            }),
            (None, None) => None,
            (Some(_), None) => {
                settings.fault("tls_cert", "it goes with tls_key");
                None
            }
            (None, Some(_)) => {
                settings.fault("tls_key", "it goes with tls_cert");
                None
            }
        };
        let jwks: Option<PathBuf> = settings.optional("jwks");
        let issuer: Option<String> = settings.optional("token_issuer");
        let audience: Option<String> = settings.optional("token_audience");
        let tokens = match (jwks, issuer) {
            (Some(jwks), Some(issuer)) => Some(TokenSettings {
                jwks,
                issuer,
                audience: audience.unwrap_or_else(|| AUDIENCE.to_owned()),
            }),
            (Some(_), None) => {
                settings.fault("jwks", "it goes with token_issuer");
                None
            }
            (None, Some(_)) => {
                settings.fault("token_issuer", "it goes with jwks");
                None
            }
            (None, None) => {
                if audience.is_some() {
                    settings.fault("token_audience", "it goes with jwks");
                }
                None
            }
        };
        let usual = RateSettings::default();
        let rates = RateSettings {
            calls_per_second: settings.or("calls_per_second", usual.calls_per_second),
            anonymous_per_minute: settings
                .or::<NonZeroU32>("anonymous_per_minute", usual.anonymous_per_minute),
            look_ups_per_minute: settings
                .or::<NonZeroU32>("look_ups_per_minute", usual.look_ups_per_minute),
        };
        Self { tls, tokens, rates }
    }

    /// Whether others than this machine may be listened to: what is said is secret, and who says it is known.
    pub fn is_guarded(&self) -> bool {
        self.tls.is_some() && self.tokens.is_some()
    }

    /// Notes every file that cannot be read or used, with its key.
    pub fn look_at_files(&self, settings: &mut Settings) {
        let mut named: Vec<(&'static str, &Path)> = Vec::new();
        if let Some(tls) = &self.tls {
            named.push(("tls_cert", &tls.certificate));
            named.push(("tls_key", &tls.key));
            let clients = tls.client_authorities.as_deref();
            named.extend(clients.map(|file| ("tls_client_ca", file)));
        }
        named.extend(self.tokens.iter().map(|it| ("jwks", it.jwks.as_path())));
        let mut missing = Vec::new();
        for (key, file) in &named {
            if let Err(error) = fs::File::open(file) {
                settings.fault(key, &format!("{}: {error}", file.display()));
                missing.push(*key);
            }
        }
        let missing = |key: &str| missing.iter().any(|it| it.starts_with(key));
        let mut unusable = Vec::new();
        if let Some(files) = self.tls.as_ref().filter(|_| !missing("tls")) {
            unusable.extend(Tls::open(files).err());
        }
        if let Some(tokens) = self.tokens.as_ref().filter(|_| !missing("jwks")) {
            let opened = Tokens::open(tokens.clone(), Clock::system(), Caller::of);
            unusable.extend(opened.err());
        }
        for error in unusable {
            let key = named.iter().find(|(_, file)| *file == error.file);
            settings.fault(key.map_or("tls_cert", |(key, _)| key), &error.to_string());
        }
    }

    /// Reads the files.
    ///
    /// # Errors
    /// When one cannot be read or used.
    pub fn open(&self, clock: &Clock) -> Result<OpenEntrance, FileError> {
        let rates = Arc::new(Rates::new(self.rates));
        let of_addresses = Arc::clone(&rates);
        let address: api::authority::entry::CountAddress =
            Arc::new(move |from| of_addresses.address(from));
        let entry = match &self.tokens {
            Some(settings) => {
                let tokens = Tokens::open(settings.clone(), clock.clone(), Caller::of)?;
                let of_look_ups = Arc::clone(&rates);
                Entry {
                    verify: Some(Arc::new(move |token| {
                        tokens.verify(token).map_err(|not_valid| not_valid.0)
                    })),
                    caller: Arc::new(move |subject| rates.caller(subject)),
                    address,
                    look_up: Arc::new(move |subject| of_look_ups.look_up(subject)),
                }
            }
            None => {
                tracing::info!(
                    "nobody is asked for a token: whoever is on this machine may do everything"
                );
                Entry {
                    address,
                    ..Entry::local()
                }
            }
        };
        Ok(OpenEntrance {
            tls: self.tls.as_ref().map(Tls::open).transpose()?,
            entry,
            guarded: self.is_guarded(),
        })
    }
}

/// The same, its files read.
#[derive(Clone, Debug)]
pub struct OpenEntrance {
    /// What is spoken on its sockets.
    pub tls: Option<Tls>,
    /// Who may call.
    pub entry: Entry,
    /// See [`Entrance::is_guarded`].
    pub guarded: bool,
}

impl OpenEntrance {
    /// In the open, on this machine only, for whoever is there.
    pub fn local() -> Self {
        Self {
            tls: None,
            entry: Entry::local(),
            guarded: false,
        }
    }
}
