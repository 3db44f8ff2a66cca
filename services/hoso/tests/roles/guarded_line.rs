//! NATS as a real data room runs it: over TLS, with certificates of both sides and NKeys; what is wrong with them is said at once.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::issuer::Issuer;
use crate::operations::{number, some_work, until};
use crate::process::{Role, Special, hoso, path, refused, said};
use crate::server::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_work_over_a_server_that_wants_a_certificate_and_an_nkey_and_only_with_both() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = Issuer::new(folder.path());
    issuer.certify("client");
    for key in ["client.key", "server.key"] {
        fs::set_permissions(issuer.file(key), fs::Permissions::from_mode(0o600)).unwrap();
    }
    let seed = issuer.file("hoso.nk");
    let key = String::from_utf8(said(&["nats-key", path(&seed)])).unwrap();
    let nats = Server::start_with(Some(&format!(
        "jetstream {{ store_dir: \"/var/lib/nats\" }}\n\
         tls {{ cert_file: {:?}, key_file: {:?}, ca_file: {:?}, verify: true }}\n\
         authorization {{ users: [{{ nkey: {} }}] }}\n",
        issuer.file("server.pem"),
        issuer.file("server.key"),
        issuer.file("ca.pem"),
        key.trim(),
    )));
    let url = nats.url().replace("nats://", "tls://");
    let with = |names: &[(&'static str, &str)]| Special {
        env: names
            .iter()
            .map(|(name, file)| (*name, issuer.file(file)))
            .collect(),
        ..Special::default()
    };
    let all = [
        ("HOSO_NATS_CA", "ca.pem"),
        ("HOSO_NATS_CREDENTIALS_FILE", "hoso.nk"),
        ("HOSO_NATS_TLS_CERT", "client.pem"),
        ("HOSO_NATS_TLS_KEY", "client.key"),
    ];
    let start = |role, node, special| Role::start_with(role, node, folder.path(), &url, special);
    let without = start("intake", 2, with(&all[..2]));
    let intake = start("intake", 1, with(&all));
    let processing = start("processing", 0, with(&all));
    // So do the demo and a load, each with streams of its own.
    let files = all.map(|(name, file)| (name, issuer.file(file)));
    let played = |words: Vec<&str>| {
        let words = [&words[..], &["--nats", &url, "--format", "json"]].concat();
        let output = hoso().args(words).envs(files.clone()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let data = folder.path().join("demo");
    let demo = played(vec!["demo", "--exit", "--data", path(&data)]);
    assert!(demo.is_object(), "{demo}");
    let lag = played(vec!["load", "lag", "--rates", "20", "--duration", "1s"]);
    assert!(!lag.is_null());
    let caught_up = folder.path().join("filled");
    said(&["load", "fill", path(&caught_up), "--events", "600"]);
    let told = played(vec!["load", "catch-up", path(&caught_up)]);
    assert_eq!(told["measured"], "catch-up");
    // Each dossier goes on at processing, which had it over NATS.
    let notes = some_work(&intake, &processing, 2).await;
    assert!(notes.all().len() >= 2);
    until("the one without a certificate waits", || {
        number(&without, "hoso_relay_waiting") > 0.0
    })
    .await;
    assert!(number(&intake, "hoso_relay_waiting") < 1.0);
}

#[test]
fn all_that_is_wrong_with_the_files_is_told_at_once_and_a_seed_is_not_taken_from_the_command_line()
{
    let folder = tempfile::tempdir().unwrap();
    let issuer = Issuer::new(folder.path());
    issuer.certify("client");
    let seed = issuer.file("hoso.nk");
    said(&["nats-key", path(&seed)]);
    let words = fs::read_to_string(&seed).unwrap();
    fs::set_permissions(&seed, fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(issuer.file("client.key"), fs::Permissions::from_mode(0o600)).unwrap();
    let data = folder.path().join("data");
    let files = ["jwks.json", "server.pem", "client.key"].map(|name| issuer.file(name));
    let mut asked = vec!["intake", "--data", path(&data), "--nats", "tls://localhost"];
    asked.extend(["--nats-credentials-file", path(&seed)]);
    asked.extend(["--nats-ca", path(&files[0])]);
    asked.extend(["--nats-tls-cert", path(&files[1])]);
    asked.extend(["--nats-tls-key", path(&files[2])]);
    let told = refused(&asked);
    for part in [
        "nats_credentials_file (",
        "mode 0644",
        "nats_ca (",
        "no certificate",
        "nats_tls_key (",
    ] {
        assert!(told.contains(part), "{part} is not in: {told}");
    }
    assert!(!told.contains(words.trim()), "{told}");
    let told = refused(&["up", "--nats-tls-cert", path(&files[1])]);
    assert!(told.contains("it goes with nats_tls_key"), "{told}");
    for command in ["demo", "load lag", "load serve nowhere"] {
        let words: Vec<_> = command.split(' ').collect();
        let wrong = ["--nats-tls-cert", path(&files[1])];
        let told = refused(&[&words[..], &wrong].concat());
        assert!(
            told.contains("it goes with nats_tls_key"),
            "{command}: {told}"
        );
    }
    let told = refused(&["intake", "--nats-credentials-file", words.trim()]);
    assert!(told.contains("can be read by everybody"), "{told}");
    assert!(!told.contains(words.trim()), "{told}");
}
