//! Keys are exchanged while everything runs: a successor is laid beside one, and nobody notices but who reads the status.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::office::{Notes, file, work};
use crate::process::{Role, Special, path, refused};
use crate::province::key_of;
use crate::server::Server;
use crate::subjects::{Place, dossier, erase, is_known, status, until};

const PATIENCE: Duration = Duration::from_secs(60);

/// The successor of the role's own master key, laid beside it.
fn lay_master(role: &Role) -> PathBuf {
    let successor = role.data().join("master.key.new");
    key_of(&successor, 9);
    successor
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_master_key_is_exchanged_while_clerks_work_and_the_old_one_opens_nothing_afterwards() {
    let place = Place::new();
    let mut intake = place.start("intake", 1, &[]);
    let mut processing = place.start("processing", 1, &[]);
    let notes = Notes::default();
    let (closing, closed) = watch::channel(false);
    let (to_intake, to_processing) = (intake.address.clone(), processing.address.clone());
    let clerk = tokio::spawn(work(to_intake, to_processing, closed, notes.clone()));
    let more = |than: usize| {
        let notes = notes.clone();
        async move {
            let until = Instant::now() + PATIENCE;
            while notes.all().len() <= than {
                assert!(Instant::now() < until, "the clerk comes to a standstill");
                sleep(Duration::from_millis(20)).await;
            }
        }
    };
    more(10).await;
    let erased = notes.all()[0].dossier.clone();
    is_known(&processing, &erased).await;

    let successors = [lay_master(&intake), lay_master(&processing)];
    // Whoever falls in the middle goes on where he was when he is back.
    intake.restart();
    until("the erasure is complete", || async {
        erase(&processing, &erased) == (true, Vec::new())
    })
    .await;
    for (role, successor) in [&intake, &processing].into_iter().zip(&successors) {
        until("the status says that the old key is not needed", || async {
            let exchange = status(role).await.master_key;
            exchange.is_some_and(|it| it.new_file == path(successor) && it.waiting.is_empty())
        })
        .await;
        let (_, numbers) = role.ask("/metrics");
        let unneeded = |line: &str| {
            line.starts_with("hoso_vault_old_master_key_unneeded") && line.ends_with(" 1.0")
        };
        assert!(numbers.lines().any(unneeded), "{numbers}");
    }
    let so_far = notes.all().len();
    more(so_far + 5).await;
    closing.send_replace(true);
    clerk.await.unwrap();

    for (role, successor) in [&mut intake, &mut processing].into_iter().zip(&successors) {
        role.kill();
        let aside = successor.with_extension("aside");
        fs::rename(successor, &aside).unwrap();
        let words = role.words();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let said = refused(&words);
        assert!(said.contains("master key is not the one"), "{said}");
        // The new file in the place of the old one is all that is left to do.
        fs::rename(&aside, role.data().join("master.key")).unwrap();
        role.restart();
    }
    for one in notes.all().into_iter().skip(1) {
        is_known(&processing, &one.dossier).await;
    }
    let there = dossier(&processing, &erased, "").await;
    assert!(there.applicant.is_none() && there.applicant_erased);
    assert_eq!(status(&intake).await.master_key, None);
}

/// Nodes each with a file of its own for the line's key.
struct Line {
    folder: tempfile::TempDir,
    nats: Server,
}

impl Line {
    fn key(&self, role: &str, node: u8) -> PathBuf {
        self.folder.path().join(format!("line-{role}-{node}.key"))
    }

    fn start(&self, role: &'static str, node: u8) -> Role {
        let key = self.key(role, node);
        key_of(&key, 7);
        let special = Special::with(&["--line-key-file", path(&key)]);
        Role::start_with(role, node, self.folder.path(), &self.nats.url(), special)
    }

    /// Lays the successor beside a node's key.
    fn lay(&self, (role, node): (&str, u8)) {
        key_of(&self.key(role, node).with_extension("key.new"), 9);
    }

    /// Moves it over that.
    fn moves(&self, (role, node): (&str, u8)) {
        let key = self.key(role, node);
        fs::rename(key.with_extension("key.new"), key).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_line_key_is_exchanged_one_node_after_the_other_and_personal_data_comes_all_the_while()
{
    let line = Line {
        folder: tempfile::tempdir().unwrap(),
        nats: Server::start(),
    };
    let intakes = [line.start("intake", 1), line.start("intake", 2)];
    let processing = line.start("processing", 1);
    let comes_from_both = async || {
        for intake in &intakes {
            let filed = file(&intake.address, Uuid::new_v4()).await.dossier.unwrap();
            is_known(&processing, &filed.dossier_id).await;
        }
    };
    comes_from_both().await;
    let nodes = [("processing", 1), ("intake", 1), ("intake", 2)];
    for node in nodes {
        line.lay(node);
        comes_from_both().await;
    }
    for node in nodes {
        line.moves(node);
        comes_from_both().await;
    }
    // And after each of them has been started anew with what is left.
    let mut all = [processing].into_iter().chain(intakes).collect::<Vec<_>>();
    all.iter_mut().for_each(Role::restart);
    let filed = file(&all[1].address, Uuid::new_v4()).await.dossier.unwrap();
    is_known(&all[0], &filed.dossier_id).await;
}
