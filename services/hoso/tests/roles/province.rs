//! The province in `deploy/examples/province`, started as its files say, over NATS as `deploy/nats/nats.conf` says.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use messaging::Nats;
use messaging::nats::Subscriber;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_stream::StreamExt as _;
use yaml_rust2::YamlLoader;

use crate::office::{Notes, figures, work};
use crate::process::{Role, Special, hoso, path, said};
use crate::server::Server;

/// A file with a key, as an operator makes it.
pub(crate) fn key_file(path: &Path) {
    key_of(path, 7);
}

/// The same with a key of its own.
pub(crate) fn key_of(path: &Path, byte: u8) {
    let mut key = fs::OpenOptions::new();
    let key = key.write(true).create_new(true).mode(0o400);
    let key = key.open(path).unwrap();
    std::io::Write::write_all(&mut &key, &[byte; 32]).unwrap();
}

/// The configuration of NATS as it is shipped, with the public keys of the roles: each has its NKey in `nats-ROLE.nk`.
pub(crate) fn nats_config(folder: &Path) -> String {
    let mut config = read("nats/nats.conf").replace("$HOSO_NATS_IOC", "\"word-of-ioc\"");
    for role in ROLES {
        let file = folder.join(format!("nats-{role}.nk"));
        let key = String::from_utf8(said(&["nats-key", path(&file)])).unwrap();
        let variable = format!("$HOSO_NATS_{}", role.to_uppercase());
        assert!(
            config.contains(&format!("nkey: {variable}\n")),
            "{variable}"
        );
        config = config.replace(&variable, key.trim());
    }
    config
}

const ROLES: [&str; 3] = ["intake", "processing", "reporting"];

fn deploy(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../deploy")
        .join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(deploy(path)).unwrap()
}

/// The files of settings, by name, each with its role.
fn settings() -> Vec<(&'static str, PathBuf)> {
    let folder = fs::read_dir(deploy("examples/province")).unwrap();
    let mut files: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let role = |file: &Path| {
        let stem = file.file_stem().unwrap().to_str().unwrap();
        let (role, _) = stem.split_once('-')?;
        ROLES.into_iter().find(|known| *known == role)
    };
    files
        .into_iter()
        .filter_map(|file| Some((role(&file)?, file)))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_province_of_the_examples_works_as_its_files_say() {
    let folder = tempfile::tempdir().unwrap();
    let nats = Server::start_with(Some(&nats_config(folder.path())));
    let mut centre = Centre::listen(&nats).await;
    for name in ["master.key", "line.key"] {
        key_file(&folder.path().join(name));
    }
    let roles: Vec<_> = settings()
        .into_iter()
        .map(|(role, file)| {
            let role_of_it = Role::start_shipped(role, &file, folder.path(), &nats.url());
            (role, role_of_it)
        })
        .collect();
    let all = |wanted: &str| {
        let found = roles.iter().filter(|(role, _)| *role == wanted);
        found.map(|(_, role)| &role.address).collect::<Vec<_>>()
    };
    let (intakes, processing, reporting) = (all("intake"), all("processing"), all("reporting"));
    assert_eq!((intakes.len(), processing.len()), (2, 1));
    let notes = Notes::default();
    let (closing, closed) = watch::channel(false);
    let clerks: Vec<_> = intakes
        .into_iter()
        .map(|intake| {
            let (intake, processing) = (intake.clone(), processing[0].clone());
            tokio::spawn(work(intake, processing, closed.clone(), notes.clone()))
        })
        .collect();
    let until = Instant::now() + Duration::from_secs(60);
    let digits = |notes: &Notes| {
        let codes = notes.all().into_iter().map(|one| one.code);
        codes
            .map(|code| code.rsplit('-').next().unwrap()[..1].to_owned())
            .collect::<BTreeSet<_>>()
    };
    while digits(&notes).len() < 2 {
        assert!(Instant::now() < until, "not both nodes have issued codes");
        sleep(Duration::from_millis(50)).await;
    }
    closing.send_replace(true);
    for clerk in clerks {
        clerk.await.unwrap();
    }
    let mut total = None;
    for one in notes.all() {
        total = figures(reporting[0], one.position).await.total;
    }
    let dossiers: BTreeSet<_> = notes.all().into_iter().map(|one| one.dossier).collect();
    assert_eq!(dossiers.len(), notes.all().len());
    let resolved = u64::try_from(notes.all().len()).unwrap();
    assert_eq!(total.unwrap().c7, resolved);
    centre.heard_figures_and_nothing_else().await;
}

/// The operations centre, with the user that the accounts give it.
struct Centre {
    figures: Subscriber,
    records: Subscriber,
}

impl Centre {
    async fn listen(nats: &Server) -> Self {
        let url = nats.url().replace("nats://", "nats://ioc:word-of-ioc@");
        let nats = Nats::connect(&url, "ioc").await.unwrap();
        let client = nats.client();
        Self {
            figures: client.subscribe("hoso.figures.>").await.unwrap(),
            records: client.subscribe("hoso.*.*.*.*").await.unwrap(),
        }
    }

    async fn heard_figures_and_nothing_else(&mut self) {
        let heard = tokio::time::timeout(Duration::from_secs(60), self.figures.next());
        let message = heard.await.expect("figures come").unwrap();
        let department = "hoso.figures.000-00-06-H20.ii06a.";
        assert!(
            message.subject.starts_with(department),
            "{}",
            message.subject
        );
        let report: serde_json::Value = serde_json::from_slice(&message.payload).unwrap();
        assert!(report["position"].as_u64().unwrap() > 0);
        // Many records have passed by then; the server let none of them through.
        let heard = tokio::time::timeout(Duration::from_millis(100), self.records.next());
        assert!(heard.await.is_err(), "a record came to the centre");
    }
}

#[test]
fn an_intake_node_with_the_digit_of_another_gives_out_no_code_and_says_whose_digit_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let nats = Server::start_with(Some(&nats_config(folder.path())));
    let key = folder.path().join("nats-intake.nk");
    let special = Special {
        env: vec![("HOSO_NATS_CREDENTIALS_FILE", key.clone())],
        ..Special::default()
    };
    let first = Role::start_with("intake", 1, folder.path(), &nats.url(), special);
    let mut second = hoso();
    second.args(["intake", "--node", "1", "--listen", "127.0.0.1:0"]);
    second.args(["--nats", &nats.url(), "--nats-credentials-file", path(&key)]);
    second.args(["--data", path(&folder.path().join("second"))]);
    let mut second = second.stderr(Stdio::piped()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    let ended = loop {
        if let Some(ended) = second.try_wait().unwrap() {
            break ended;
        }
        if Instant::now() > until {
            second.kill().unwrap();
            panic!("both nodes give out codes with the digit 1");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(!ended.success());
    let mut said = String::new();
    std::io::Read::read_to_string(&mut second.stderr.take().unwrap(), &mut said).unwrap();
    assert!(said.contains("with the digit 1 already"), "{said}");
    assert!(said.contains("`node`"), "{said}");
    // The one that was there first goes on.
    assert_eq!(first.ready().0, 200, "{:?}", first.ready());
}

#[test]
fn the_centres_password_is_made_so_that_nats_reads_it_as_one() {
    // nats-server takes a value that begins with a hyphen or a digit for a number.
    for text in [
        read("examples/province/README.md"),
        read("container/compose.yaml"),
    ] {
        let made = text
            .lines()
            .find(|line| line.contains("HOSO_NATS_IOC=$") || line.contains("HOSO_NATS_IOC=ioc"));
        let made = made.expect("a password for the operations centre is made");
        assert!(made.contains("HOSO_NATS_IOC=ioc-$("), "{made}");
    }
}

#[test]
fn units_and_containers_start_the_roles_with_the_same_words() {
    let unit = read("systemd/hoso@.service");
    let start = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="));
    let start = start.unwrap();
    let compose = YamlLoader::load_from_str(&read("container/compose.yaml")).unwrap();
    let services = compose[0]["services"].as_hash().unwrap();
    let mut contained = BTreeSet::new();
    for (name, service) in services {
        let name = name.as_str().unwrap();
        // A list of words, or key and value pairs, of which none is asked for here.
        let words = |key: &str| {
            let words = service[key].as_vec().into_iter().flatten();
            words.filter_map(|word| word.as_str()).collect::<Vec<_>>()
        };
        let mounts: Vec<_> = words("volumes")
            .into_iter()
            .filter_map(|mount| mount.strip_suffix(":ro")?.split_once(':'))
            .collect();
        for (here, _) in &mounts {
            let made_by_hand = here.starts_with("./keys");
            let here = deploy("container").join(here);
            assert!(made_by_hand || here.exists(), "{name}: {}", here.display());
        }
        let Some((role, node)) = name
            .split_once('-')
            .filter(|(role, _)| ROLES.contains(role))
        else {
            continue;
        };
        let command = start.replace("%j", role).replace("%i", node);
        let (_, command) = command.split_once(' ').unwrap();
        assert_eq!(words("command").join(" "), command, "{name}");
        let file = words("command")[2];
        assert!(
            mounts.iter().any(|(_, there)| *there == file),
            "{name}: {file}"
        );
        contained.insert(format!("{name}.toml"));
    }
    let written = settings().into_iter().map(|(_, file)| {
        let name = file.file_name().unwrap().to_str().unwrap();
        name.to_owned()
    });
    assert_eq!(contained, written.collect());
}

#[test]
fn no_two_roles_of_the_province_want_the_same_address_or_digit() {
    let mut taken = BTreeSet::new();
    for (role, file) in settings() {
        let table: toml::Table = fs::read_to_string(&file).unwrap().parse().unwrap();
        for key in ["listen", "http", "node", "data"] {
            let Some(value) = table.get(key) else {
                continue;
            };
            // An address is one, whichever of its doors is behind it.
            let kind = if key == "http" { "listen" } else { key };
            let value = format!("{kind} {value}");
            assert!(taken.insert(value.clone()), "{}: {value}", file.display());
        }
        let nats = table["nats"].as_str().unwrap();
        assert!(!nats.contains('@'), "{role}: a password in a file");
    }
}
