//! Who may lean on whom: the arrows between our packages, and what only one of them may touch.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;
use support::repository;

/// Each package and those of ours it may use; a new arrow is a change of the design, talked about before it is drawn.
const ARROWS: &[(&str, &[&str])] = &[
    // The law, the disk, the vault and the process know nothing of each other.
    ("domain", &[]),
    ("eventlog", &[]),
    ("vault", &[]),
    ("chassis", &[]),
    ("statistics", &["domain"]),
    ("application", &["domain", "eventlog", "vault"]),
    ("messaging", &["eventlog"]),
    ("api", &["application", "domain"]),
    (
        "intake",
        &[
            "api",
            "application",
            "chassis",
            "domain",
            "eventlog",
            "messaging",
            "vault",
        ],
    ),
    (
        "processing",
        &[
            "api",
            "application",
            "chassis",
            "domain",
            "eventlog",
            "messaging",
            "vault",
        ],
    ),
    // No vault, and so no key: no personal data can come to reporting.
    (
        "reporting",
        &[
            "api",
            "application",
            "chassis",
            "domain",
            "eventlog",
            "messaging",
            "statistics",
        ],
    ),
    (
        "hoso",
        &[
            "api",
            "application",
            "chassis",
            "domain",
            "eventlog",
            "intake",
            "messaging",
            "processing",
            "reporting",
            "statistics",
            "vault",
        ],
    ),
    (
        "tests",
        &[
            "api",
            "application",
            "chassis",
            "domain",
            "eventlog",
            "hoso",
            "intake",
            "messaging",
            "processing",
            "reporting",
            "statistics",
            "vault",
        ],
    ),
];

/// Others' crates that one package of ours keeps to itself.
const ONLY: &[(&str, &str)] = &[("sled", "eventlog"), ("async-nats", "messaging")];

/// What may stand at the top of the repository.
const TOP: &[&str] = &[
    ".ci",
    ".dockerignore",
    ".gitignore",
    "Cargo.lock",
    "Cargo.toml",
    "README.md",
    "clippy.toml",
    "crates",
    "deny.toml",
    "deploy",
    "proto",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "services",
    "tests",
];

/// Each package of ours and all it names in its manifest, for building and testing alike.
fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(repository::top())
        .output()
        .expect("cargo metadata runs");
    assert!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let uses = package["dependencies"].as_array().unwrap();
            (name(package), uses.iter().map(name).collect())
        })
        .collect()
}

#[test]
fn packages_lean_only_where_they_may() {
    let packages = packages();
    let table: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (package, uses) in &packages {
        let Some(may) = table.get(package.as_str()) else {
            wrong.push(format!("{package} is not in the table of arrows"));
            continue;
        };
        let ours = uses.iter().filter(|used| packages.contains_key(*used));
        let forbidden: Vec<_> = ours.filter(|used| !may.contains(&used.as_str())).collect();
        if !forbidden.is_empty() {
            wrong.push(format!("{package} may not use {forbidden:?}"));
        }
    }
    for (package, _) in ARROWS {
        if !packages.contains_key(*package) {
            wrong.push(format!(
                "the table of arrows names {package}, which does not exist"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_one_package_keeps_to_itself_no_other_names() {
    let mut wrong = Vec::new();
    for (package, uses) in packages() {
        for (others, owner) in ONLY {
            if package != *owner && uses.contains(*others) {
                wrong.push(format!("{package} may not use {others}: only {owner} does"));
            }
        }
    }
    for source in repository::files() {
        let Some(owner) = owner(&source.path) else {
            continue;
        };
        for (others, keeper) in ONLY {
            let path = format!("{}::", others.replace('-', "_"));
            if owner != *keeper && source.path.ends_with(".rs") && source.text.contains(&path) {
                wrong.push(format!("{} names {path}, which is {keeper}'s", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The package a file belongs to; this package's own tests name what they forbid.
fn owner(path: &str) -> Option<&str> {
    let (folder, rest) = path.split_once('/')?;
    let (package, _) = rest.split_once('/')?;
    matches!(folder, "crates" | "services").then_some(package)
}

#[test]
fn nothing_else_stands_at_the_top() {
    let found = repository::top_entries();
    let strangers: Vec<_> = found
        .iter()
        .filter(|name| !TOP.contains(&name.as_str()))
        .collect();
    assert!(
        strangers.is_empty(),
        "at the top of the repository: {strangers:?}"
    );
}
