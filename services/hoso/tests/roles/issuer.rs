//! Whoever issues certificates and tokens in a province.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

/// Issues certificates and tokens.
pub(crate) struct Issuer {
    folder: PathBuf,
    authority: CertifiedIssuer<'static, KeyPair>,
    key: Ed25519KeyPair,
}

impl Issuer {
    /// In this folder: `ca.pem`, `server.pem`, `server.key`, `jwks.json`.
    pub(crate) fn new(folder: &Path) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name = named("tinh");
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let issuer = Self {
            folder: folder.to_owned(),
            authority,
            key: Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap(),
        };
        fs::write(issuer.file("ca.pem"), issuer.authority.pem()).unwrap();
        issuer.certify("server");
        let x = BASE64.encode(issuer.key.public_key());
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "1", "x": x});
        fs::write(
            issuer.file("jwks.json"),
            json!({ "keys": [jwk] }).to_string(),
        )
        .unwrap();
        issuer
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A certificate for this machine, in `NAME.pem` and `NAME.key`.
    pub(crate) fn certify(&self, name: &str) {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
        // OpenSSL takes a certificate that is named as its authority for one that signed itself.
        params.distinguished_name = named(name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        fs::write(self.file(&format!("{name}.pem")), certificate.pem()).unwrap();
        fs::write(self.file(&format!("{name}.key")), key.serialize_pem()).unwrap();
    }

    /// A token that is good for an hour.
    pub(crate) fn token(&self, subject: &str, scopes: &[&str], more: &Value) -> String {
        let mut claims = json!({
            "iss": "tinh", "aud": "hoso", "sub": subject, "scope": scopes.join(" "), "exp": now() + 3600,
        });
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let part = |value: &Value| BASE64.encode(value.to_string());
        let said = format!(
            "{}.{}",
            part(&json!({"alg": "EdDSA", "kid": "1"})),
            part(&claims)
        );
        let signature = BASE64.encode(self.key.sign(said.as_bytes()));
        format!("{said}.{signature}")
    }
}

fn named(name: &str) -> DistinguishedName {
    let mut named = DistinguishedName::new();
    named.push(DnType::CommonName, name);
    named
}

#[allow(
    clippy::disallowed_methods,
    reason = "an issuer of tokens goes by its own clock"
)]
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap().as_secs()
}
