//! Tokens as issuers make them, and as forgers do.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use serde_json::json;

use super::*;

const NOW: i64 = 1_800_000_000;

/// Somebody who issues tokens with an Ed25519 key.
struct Issuer {
    id: &'static str,
    key: Ed25519KeyPair,
}

impl Issuer {
    fn new(id: &'static str) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let key = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        Self { id, key }
    }

    fn jwk(&self) -> Value {
        let x = BASE64.encode(self.key.public_key());
        json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.id, "x": x})
    }

    fn token(&self, claims: &Value) -> String {
        let header = json!({"alg": "EdDSA", "typ": "JWT", "kid": self.id});
        let said = said(&header, claims);
        let signature = self.key.sign(said.as_bytes());
        format!("{said}.{}", BASE64.encode(signature))
    }
}

fn said(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

fn claims() -> Value {
    json!({"iss": "tinh", "aud": "hoso", "sub": "an", "exp": NOW + 300, "scope": "process"})
}

fn with(key: &str, value: Value) -> Value {
    let mut claims = claims();
    claims
        .as_object_mut()
        .unwrap()
        .insert(key.to_owned(), value);
    claims
}

fn publish(file: &Path, keys: &[Value]) {
    fs::write(file, json!({ "keys": keys }).to_string()).unwrap();
}

fn tokens(file: &Path) -> (Tokens<String>, Clock) {
    let clock = Clock::manual(Timestamp::from_second(NOW).unwrap());
    let settings = TokenSettings {
        jwks: file.to_owned(),
        issuer: "tinh".to_owned(),
        audience: "hoso".to_owned(),
    };
    let read: ReadClaims<String> = |claims| {
        let subject = claims.get("sub").and_then(Value::as_str);
        subject.map(str::to_owned).ok_or("sub is missing")
    };
    (Tokens::open(settings, clock.clone(), read).unwrap(), clock)
}

#[test]
fn a_token_says_who_calls_until_it_expires() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    let issuer = Issuer::new("k1");
    publish(&file, &[issuer.jwk()]);
    let (tokens, clock) = tokens(&file);
    let token = issuer.token(&claims());
    for _ in 0..2 {
        assert_eq!(*tokens.verify(&token).unwrap(), "an");
    }
    clock.set(Timestamp::from_second(NOW + 300 + LEEWAY_SECONDS).unwrap());
    assert_eq!(
        tokens.verify(&token),
        Err(NotValid("the token has expired")),
        "what is known is forgotten when it expires"
    );
}

#[test]
fn what_was_not_said_by_the_issuer_to_us_and_for_now_is_worth_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    let issuer = Issuer::new("k1");
    publish(&file, &[issuer.jwk()]);
    let (tokens, _) = tokens(&file);
    let good = issuer.token(&claims());
    tokens.verify(&good).unwrap();

    let mut without_subject = claims();
    without_subject.as_object_mut().unwrap().remove("sub");
    let mut without_end = claims();
    without_end.as_object_mut().unwrap().remove("exp");
    let unsigned = format!("{}.", said(&json!({"alg": "none"}), &claims()));
    // The public key as the secret of a symmetric signature: the oldest forgery there is.
    let confused = said(&json!({"alg": "HS256", "kid": "k1"}), &claims());
    let signature = good.rsplit('.').next().unwrap();
    let swapped = format!(
        "{}.{signature}",
        said(
            &json!({"alg": "EdDSA", "kid": "k1"}),
            &with("scope", json!("operate"))
        )
    );
    let bad = [
        ("another issuer", issuer.token(&with("iss", json!("khac")))),
        (
            "another audience",
            issuer.token(&with("aud", json!("khac"))),
        ),
        ("expired", issuer.token(&with("exp", json!(NOW - 60)))),
        ("not yet", issuer.token(&with("nbf", json!(NOW + 60)))),
        (
            "an end that is no number",
            issuer.token(&with("exp", json!("9999999999"))),
        ),
        (
            "a start that is no number",
            issuer.token(&with("nbf", json!("soon"))),
        ),
        ("no subject", issuer.token(&without_subject)),
        ("no end", issuer.token(&without_end)),
        (
            "another's key under the same name",
            Issuer::new("k1").token(&claims()),
        ),
        ("a key nobody knows", Issuer::new("k2").token(&claims())),
        ("unsigned", unsigned),
        ("symmetric", format!("{confused}.{signature}")),
        ("other claims under the same signature", swapped),
        ("no token", "an".to_owned()),
        ("nothing", String::new()),
        ("too long", "a".repeat(TOKEN_BYTES_MAX + 1)),
    ];
    for (what, token) in bad {
        assert!(tokens.verify(&token).is_err(), "{what} was believed");
    }
}

#[test]
fn keys_are_exchanged_while_it_runs_and_with_a_key_go_its_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    let (old, new) = (Issuer::new("old"), Issuer::new("new"));
    publish(&file, &[old.jwk()]);
    let (tokens, _) = tokens(&file);
    let by_old = old.token(&claims());
    tokens.verify(&by_old).unwrap();

    // A file that is being written is not believed, nor does it take anything away.
    fs::write(&file, "{\"keys\": [").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(600));
    let by_new = new.token(&claims());
    assert!(tokens.verify(&by_new).is_err());
    tokens.verify(&by_old).unwrap();

    publish(&file, &[new.jwk()]);
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while tokens.verify(&by_new).is_err() {
        assert!(
            std::time::Instant::now() < until,
            "the new key is not taken"
        );
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(
        tokens.verify(&by_old).is_err(),
        "a key that is gone is gone"
    );
}

#[test]
fn a_key_of_the_other_kinds_verifies_its_own_tokens_only() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let signing = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let key = EcdsaKeyPair::from_pkcs8(signing, document.as_ref(), &random).unwrap();
    let point = key.public_key().as_ref();
    let (x, y) = point[1..].split_at(32);
    let jwk = json!({"kty": "EC", "crv": "P-256", "kid": "ec", "x": BASE64.encode(x), "y": BASE64.encode(y)});
    let symmetric = json!({"kty": "oct", "kid": "shared", "k": BASE64.encode("secret")});
    publish(&file, &[symmetric, jwk]);
    let (tokens, _) = tokens(&file);
    let said = said(&json!({"alg": "ES256", "kid": "ec"}), &claims());
    let signature = key.sign(&random, said.as_bytes()).unwrap();
    let token = format!("{said}.{}", BASE64.encode(signature));
    assert_eq!(*tokens.verify(&token).unwrap(), "an");
    let other = Issuer::new("ec").token(&claims());
    assert!(tokens.verify(&other).is_err());
}

#[test]
fn a_file_without_a_key_that_can_be_used_is_refused_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    publish(&file, &[json!({"kty": "oct", "k": "c2VjcmV0"})]);
    let settings = TokenSettings {
        jwks: file,
        issuer: String::new(),
        audience: String::new(),
    };
    let opened = Tokens::<()>::open(settings, Clock::system(), |_| Ok(()));
    assert!(opened.unwrap_err().to_string().contains("jwks.json"));
}
