//! A role logs in to a NATS server with what a file says now: an NKey, or a JWT that an account's owner signed.

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use messaging::Nats;
use messaging::nats::{Access, login};
use nkeys::KeyPair;
use serde_json::{Value, json};

use crate::server::Server;

/// A condition that must come true on a slow machine too.
const PATIENCE: Duration = Duration::from_secs(60);

async fn connected(nats: &Nats) {
    let until = Instant::now() + PATIENCE;
    while !nats.connected() {
        assert!(Instant::now() < until, "the server does not let it in");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    nats.client().flush().await.unwrap();
}

async fn coming(server: &Server, file: &Path) -> Nats {
    let access = Access {
        credentials: Some(file.to_owned()),
        ..Access::default()
    };
    assert_eq!(access.faults(), []);
    Nats::connect_with(&server.url(), "test", &access)
        .await
        .unwrap()
}

fn connections(nats: &Nats) -> u64 {
    nats.client().statistics().connects.load(Ordering::Relaxed)
}

/// A file as an operator keeps a secret.
fn secret(file: &Path, text: &str) {
    let mut made = fs::OpenOptions::new();
    let made = made.write(true).create_new(true).mode(0o600).open(file);
    std::io::Write::write_all(&mut &made.unwrap(), text.as_bytes()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_nkey_that_was_exchanged_is_used_at_the_next_connection_and_a_strangers_never() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let first = login::public_key(&file("first")).unwrap();
    let second = login::public_key(&file("second")).unwrap();
    login::public_key(&file("strangers")).unwrap();
    let users = |key: &str| format!("authorization {{ users: [{{ nkey: {key} }}] }}");
    let server = Server::start_with(Some(&users(&first)));
    fs::rename(file("first"), file("key")).unwrap();
    let nats = coming(&server, &file("key")).await;
    let stranger = coming(&server, &file("strangers")).await;
    connected(&nats).await;

    // The server is told of another key; nobody comes in until the file is exchanged too.
    server.reconfigure(&users(&second));
    fs::rename(file("second"), file("key")).unwrap();
    let until = Instant::now() + PATIENCE;
    while connections(&nats) < 2 {
        assert!(Instant::now() < until, "the new key is not used");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    connected(&nats).await;
    assert_eq!(connections(&stranger), 0);
}

#[test]
fn a_key_is_drawn_once_for_its_owner_only_and_its_public_half_told_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    let key = login::public_key(&file).unwrap();
    assert_eq!(login::public_key(&file).unwrap(), key);
    assert!(key.starts_with('U') && key.len() == 56, "{key}");
    let access = |file: &Path| Access {
        credentials: Some(file.to_owned()),
        ..Access::default()
    };
    assert_eq!(access(&file).faults(), []);
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o640);
    fs::set_permissions(&file, open).unwrap();
    let faults = access(&file).faults();
    assert!(faults[0].1.contains("mode 0640"), "{faults:?}");
}

/// A JWT as NATS has them.
fn signed(by: &KeyPair, of: &KeyPair, name: &str, nats: &Value) -> String {
    let claims = json!({
        "jti": name, "iat": 1_700_000_000, "iss": by.public_key(), "sub": of.public_key(), "name": name, "nats": nats,
    });
    let header = json!({ "typ": "JWT", "alg": "ed25519-nkey" });
    let parts = [header, claims].map(|part| BASE64.encode(part.to_string()));
    let text = parts.join(".");
    let signature = BASE64.encode(by.sign(text.as_bytes()).unwrap());
    format!("{text}.{signature}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_whom_an_accounts_owner_signed_comes_in_with_a_creds_file() {
    let (operator, account) = (KeyPair::new_operator(), KeyPair::new_account());
    let all = json!({
        "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1,
    });
    let province = signed(
        &operator,
        &operator,
        "province",
        &json!({ "type": "operator", "version": 2 }),
    );
    let hoso = json!({ "type": "account", "version": 2, "limits": all });
    let hoso = signed(&operator, &account, "hoso", &hoso);
    let key = account.public_key();
    let server = Server::start_with(Some(&format!(
        "operator: {province:?}\nresolver: MEMORY\nresolver_preload {{ {key}: {hoso:?} }}\n"
    )));
    let folder = tempfile::tempdir().unwrap();
    let creds = |name: &str, by: &KeyPair| {
        let user = KeyPair::new_user();
        let claims = json!({
            "type": "user", "version": 2, "pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1,
        });
        let jwt = signed(by, &user, name, &claims);
        let seed = user.seed().unwrap();
        let file = folder.path().join(name);
        secret(
            &file,
            &format!(
                "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n\
                 -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
            ),
        );
        file
    };
    // Of an account that the server does not know.
    let stranger = coming(&server, &creds("stranger", &KeyPair::new_account())).await;
    let nats = coming(&server, &creds("intake", &account)).await;
    connected(&nats).await;
    let mut heard = nats.client().subscribe("hoso.test").await.unwrap();
    nats.client()
        .publish("hoso.test", "word".into())
        .await
        .unwrap();
    let message = tokio::time::timeout(PATIENCE, tokio_stream::StreamExt::next(&mut heard)).await;
    assert_eq!(message.unwrap().unwrap().payload, "word");
    assert_eq!(connections(&stranger), 0);
}
