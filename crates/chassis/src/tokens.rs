//! Who calls, as a token says: a JWT signed by a key of a JWKS file, verified once and then known until it expires.

mod signatures;

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::Clock;
use crate::watched::{FileError, Watched};

/// By how many seconds the clock of whoever issues tokens may differ from ours.
const LEEWAY_SECONDS: i64 = 30;
/// A longer token is none; a long honest one has some hundred agencies.
const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// As many tokens are known at once.
const KNOWN_MAX: usize = 4096;

/// Where tokens come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TokenSettings {
    /// The JWKS file with the public keys of whoever issues them.
    pub jwks: PathBuf,
    /// Who issues them: the claim `iss`.
    pub issuer: String,
    /// For whom: the claim `aud`.
    pub audience: String,
}

/// A token says nothing: why, in English, for the one who sent it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("{0}")]
pub struct NotValid(pub &'static str);

/// Makes the caller from a token's claims; the reason when they say what they may not.
pub type ReadClaims<C> = fn(&Map<String, Value>) -> Result<C, &'static str>;

/// Verifies tokens. `C` is what the claims say to whoever asks.
pub struct Tokens<C> {
    keys: Watched<Keys<C>>,
    validation: Validation,
    clock: Clock,
    read: ReadClaims<C>,
}

impl<C> fmt::Debug for Tokens<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

/// The keys in use, and the tokens that were verified by them: with a key go the tokens it signed.
struct Keys<C> {
    keys: Vec<Key>,
    known: Mutex<HashMap<[u8; 32], Known<C>>>,
}

struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

struct Known<C> {
    caller: Arc<C>,
    expires: i64,
}

/// The claims that concern the token itself.
#[derive(Deserialize)]
struct Registered {
    exp: f64,
    nbf: Option<f64>,
    #[serde(flatten)]
    all: Map<String, Value>,
}

impl<C> Tokens<C> {
    /// Reads the keys.
    ///
    /// # Errors
    /// When the file cannot be read, or no key in it can be used.
    pub fn open(
        settings: TokenSettings,
        clock: Clock,
        read: ReadClaims<C>,
    ) -> Result<Self, FileError> {
        signatures::install();
        let keys = Watched::open(vec![settings.jwks], |files| {
            let bytes = files.first().map(Vec::as_slice).unwrap_or_default();
            Keys::read(bytes).map_err(|reason| (0, reason))
        })?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[settings.issuer]);
        validation.set_audience(&[settings.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The times are held against our own clock, below.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Ok(Self {
            keys,
            validation,
            clock,
            read,
        })
    }

    /// Who calls with this token.
    ///
    /// # Errors
    /// When the token is not valid.
    pub fn verify(&self, token: &str) -> Result<Arc<C>, NotValid> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(NotValid("the token is too long"));
        }
        let now = self.clock.now().as_second();
        let keys = self.keys.now();
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if let Some(caller) = keys.known(&digest, now) {
            return Ok(caller);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| NotValid("it is no token"))?;
        let id = header.kid.as_deref();
        // A key that is not there may have come a moment ago.
        let keys = match keys.find(id, header.alg) {
            Some(_) => keys,
            None => self.keys.again(),
        };
        let Some(key) = keys.find(id, header.alg) else {
            return Err(NotValid("no key of that id and algorithm is known"));
        };
        let mut validation = self.validation.clone();
        validation.algorithms = vec![key.algorithm];
        let claims = jsonwebtoken::decode::<Registered>(token, &key.key, &validation)
            .map_err(|_| NotValid("its signature, issuer, audience or form is not valid"))?
            .claims;
        let expires = seconds(claims.exp).saturating_add(LEEWAY_SECONDS);
        if expires <= now {
            return Err(NotValid("the token has expired"));
        }
        if let Some(from) = claims.nbf
            && seconds(from) > now.saturating_add(LEEWAY_SECONDS)
        {
            return Err(NotValid("the token is not valid yet"));
        }
        let caller = Arc::new((self.read)(&claims.all).map_err(NotValid)?);
        keys.keep(digest, &caller, expires, now);
        Ok(caller)
    }
}

impl<C> Keys<C> {
    fn read(bytes: &[u8]) -> Result<Self, String> {
        let set: JwkSet = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let keys: Vec<_> = set.keys.iter().filter_map(usable).collect();
        if keys.is_empty() {
            return Err("it has no key for EdDSA (Ed25519), ES256 or RS256".to_owned());
        }
        Ok(Self {
            keys,
            known: Mutex::default(),
        })
    }

    /// The key of that id; the only one when the token names none.
    fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&Key> {
        let key = match (id, self.keys.as_slice()) {
            (Some(id), keys) => keys.iter().find(|key| key.id.as_deref() == Some(id)),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        key.filter(|key| key.algorithm == algorithm)
    }

    fn known(&self, digest: &[u8; 32], now: i64) -> Option<Arc<C>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let it = known.get(digest).filter(|it| it.expires > now)?;
        Some(Arc::clone(&it.caller))
    }

    fn keep(&self, digest: [u8; 32], caller: &Arc<C>, expires: i64, now: i64) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN_MAX {
            known.retain(|_, it| it.expires > now);
        }
        // Verified anew each time, then: slower, never wrong.
        if known.len() < KNOWN_MAX {
            let caller = Arc::clone(caller);
            known.insert(digest, Known { caller, expires });
        }
    }
}

/// A key that we can verify with; a set may hold others.
fn usable(jwk: &Jwk) -> Option<Key> {
    use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, KeyAlgorithm, PublicKeyUse};
    let parameters = &jwk.algorithm;
    let (algorithm, named) = if let AlgorithmParameters::OctetKeyPair(key) = parameters
        && key.curve == EllipticCurve::Ed25519
    {
        (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
    } else if let AlgorithmParameters::EllipticCurve(key) = parameters
        && key.curve == EllipticCurve::P256
    {
        (Algorithm::ES256, KeyAlgorithm::ES256)
    } else if let AlgorithmParameters::RSA(_) = parameters {
        (Algorithm::RS256, KeyAlgorithm::RS256)
    } else {
        return None;
    };
    let said = jwk.common.key_algorithm.as_ref();
    let used = jwk.common.public_key_use.as_ref();
    if said.is_some_and(|said| *said != named)
        || used.is_some_and(|used| *used != PublicKeyUse::Signature)
    {
        return None;
    }
    Some(Key {
        id: jwk.common.key_id.clone(),
        algorithm,
        key: DecodingKey::from_jwk(jwk).ok()?,
    })
}

/// Whole seconds since 1970; a moment that no clock reaches is never.
#[allow(
    clippy::cast_possible_truncation,
    reason = "a cast from a float saturates, and that is what is wanted"
)]
fn seconds(numeric_date: f64) -> i64 {
    numeric_date as i64
}

#[cfg(test)]
mod tests;
