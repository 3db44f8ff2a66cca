//! A log that lost something takes it back from those who have it, whichever form the feed has, and never gives a position twice.

use std::path::{Path, PathBuf};
use std::process::Command;

use async_nats::jetstream;
use eventlog::epoch::{self, Why};
use eventlog::{EventLog, Role as LogRole};
use messaging::nats::Role;
use messaging::{AcceptedLoss, Mode};
use tempfile::TempDir;

use crate::form::{Form, connect};
use crate::logs::{all, eventually, imported, open, replicated, write};

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-r").arg(from).arg(to).status();
    assert!(copied.unwrap().success());
}

/// An origin's folder and an older copy of it, 60 records long.
struct Origin {
    folder: TempDir,
    log: EventLog,
}

impl Origin {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("origin");
        let log = open(&path, LogRole::Origin);
        write(&log, 60).await;
        log.close();
        copy(&path, &folder.path().join("older"));
        Self {
            log: open(&path, LogRole::Origin),
            folder,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The disk is replaced by the older copy.
    fn restore(&mut self) -> Vec<eventlog::Record> {
        let lost = all(&self.log);
        self.log.close();
        self.log = open(&self.path("older"), LogRole::Origin);
        assert_eq!(self.log.head().position, 60);
        lost
    }

    /// What its next epoch waits for.
    fn waiting(&self) -> String {
        let awaits = self.log.awaits();
        awaits.map(|awaits| awaits.to_string()).unwrap_or_default()
    }

    async fn goes_on(&self) {
        eventually("the next epoch is open", || self.log.awaits().is_none()).await;
        write(&self.log, 5).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_follower_has_is_taken_back_and_the_follower_goes_on_with_the_next_epoch() {
    for form in Form::both() {
        for mode in [Mode::Import, Mode::Replicate] {
            let mut origin = Origin::new().await;
            let role = match mode {
                Mode::Import => LogRole::Origin,
                Mode::Replicate => LogRole::Replica,
            };
            let into = open(&origin.path("into"), role);
            let up = form
                .serve(Role::Intake, &origin.log, origin.folder.path())
                .await;
            let following = form.follow(Role::Intake, &origin.log, &into, mode).await;
            write(&origin.log, 1500).await;
            match mode {
                Mode::Import => {
                    write(&into, 3).await;
                    imported(&origin.log, &into).await;
                }
                Mode::Replicate => replicated(&origin.log, &into).await,
            }
            drop((up, following));
            let lost = origin.restore();
            let _holding = form.hold(Role::Intake, "follower.1", &into).await;
            let listed = [("follower.1", &into)];
            let _healing = form.heal(Role::Intake, &origin.log, &listed, None).await;
            // By the time anybody could write, it was known that something is lost.
            let noted = origin.log.awaits().map(|awaits| awaits.why);
            assert!(matches!(
                noted,
                None | Some(Why::Shorter { seen: 1560, .. })
            ));
            origin.goes_on().await;
            let whole = all(&origin.log);
            assert_eq!(whole[..1560], lost);
            assert!(epoch::opens(&whole[1560]));
            assert_eq!(whole.len(), 1566);
            let _up = form
                .serve(Role::Intake, &origin.log, origin.folder.path())
                .await;
            let _following = form.follow(Role::Intake, &origin.log, &into, mode).await;
            match mode {
                Mode::Import => imported(&origin.log, &into).await,
                Mode::Replicate => replicated(&origin.log, &into).await,
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_histories_are_never_joined() {
    for form in Form::both() {
        let mut origin = Origin::new().await;
        let into = open(&origin.path("into"), LogRole::Origin);
        let up = form
            .serve(Role::Intake, &origin.log, origin.folder.path())
            .await;
        let following = form
            .follow(Role::Intake, &origin.log, &into, Mode::Import)
            .await;
        write(&origin.log, 50).await;
        imported(&origin.log, &into).await;
        drop((up, following));
        origin.restore();
        // Somebody writes on without having asked anybody.
        write(&origin.log, 20).await;
        let _holding = form.hold(Role::Intake, "follower.1", &into).await;
        let listed = [("follower.1", &into)];
        let _healing = form.heal(Role::Intake, &origin.log, &listed, None).await;
        eventually("the fork is found", || {
            let waiting = origin.waiting();
            waiting.contains("follower.1 has of it differ at or before position 110")
        })
        .await;
        assert_eq!(origin.log.head().position, 80);
        assert!(origin.log.awaits().is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_opened_before_every_follower_listed_is_heard() {
    let [_, form] = Form::both();
    let mut origin = Origin::new().await;
    let (one, two) = (
        open(&origin.path("one"), LogRole::Replica),
        open(&origin.path("two"), LogRole::Replica),
    );
    // Over no stream, so that each has exactly what it is given here.
    write(&origin.log, 40).await;
    let records = all(&origin.log);
    one.replicate(records[..70].to_vec()).await.unwrap();
    two.replicate(records.clone()).await.unwrap();
    let lost = origin.restore();
    let _one = form.hold(Role::Processing, "one", &one).await;
    let listed = [("one", &one), ("two", &two)];
    let _healing = form
        .heal(Role::Processing, &origin.log, &listed, None)
        .await;
    eventually("the one that is away is named", || {
        origin.waiting().contains("not heard: two: ")
    })
    .await;
    assert_eq!(origin.log.head().position, 70);
    assert!(origin.log.awaits().is_some());
    let _two = form.hold(Role::Processing, "two", &two).await;
    origin.goes_on().await;
    assert_eq!(all(&origin.log)[..100], lost);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_the_stream_has_is_taken_from_it() {
    let [_, form] = Form::both();
    let mut origin = Origin::new().await;
    let into = open(&origin.path("into"), LogRole::Origin);
    let up = form
        .serve(Role::Intake, &origin.log, origin.folder.path())
        .await;
    let following = form
        .follow(Role::Intake, &origin.log, &into, Mode::Import)
        .await;
    write(&origin.log, 20).await;
    imported(&origin.log, &into).await;
    drop(following);
    write(&origin.log, 40).await;
    form.stream_holds("HOSO_INTAKE", 120).await;
    drop(up);
    let lost = origin.restore();
    let _holding = form.hold(Role::Intake, "follower.1", &into).await;
    let _healing = form
        .heal(Role::Intake, &origin.log, &[("follower.1", &into)], None)
        .await;
    origin.goes_on().await;
    assert_eq!(all(&origin.log)[..120], lost);
    let _up = form
        .serve(Role::Intake, &origin.log, origin.folder.path())
        .await;
    let _following = form
        .follow(Role::Intake, &origin.log, &into, Mode::Import)
        .await;
    imported(&origin.log, &into).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loss_that_is_accepted_is_recorded_and_what_was_given_up_comes_back_from_nowhere() {
    let [_, form] = Form::both();
    let Form::Nats(server) = &form else {
        unreachable!("the second form is over NATS");
    };
    let mut origin = Origin::new().await;
    let up = form
        .serve(Role::Intake, &origin.log, origin.folder.path())
        .await;
    write(&origin.log, 60).await;
    form.stream_holds("HOSO_INTAKE", 120).await;
    drop(up);
    let jetstream = jetstream::new(connect(server).await.client().clone());
    let stream = jetstream.get_stream("HOSO_INTAKE").await.unwrap();
    // The stream has forgotten what would lead to its end.
    for lost in 50..100 {
        stream.delete_message(lost).await.unwrap();
    }
    let lost = origin.restore();
    let into = open(&origin.path("into"), LogRole::Origin);
    let accepted = AcceptedLoss {
        by: "vận hành".to_owned(),
        reason: "processing's disk is gone".to_owned(),
    };
    let _healing = form
        .heal(
            Role::Intake,
            &origin.log,
            &[("follower.1", &into)],
            Some(accepted),
        )
        .await;
    origin.goes_on().await;
    let whole = all(&origin.log);
    assert_eq!(whole[..60], lost[..60]);
    assert_eq!((whole[60].place.epoch, whole[60].place.position), (2, 61));
    assert_eq!(&*whole[60].event.actor, "vận hành");
    let data: serde_json::Value = serde_json::from_slice(&whole[60].event.data).unwrap();
    let not_heard = serde_json::json!(["follower.1", "HOSO_INTAKE"]);
    assert_eq!(data["loss"]["not_heard"], not_heard);
    assert_eq!(data["loss"]["reason"], "processing's disk is gone");
    assert_eq!(data["from_position"], 60);
    // Whoever had not come as far follows the next epoch, and nothing of the old one is between.
    let _up = form
        .serve(Role::Intake, &origin.log, origin.folder.path())
        .await;
    let _following = form
        .follow(Role::Intake, &origin.log, &into, Mode::Import)
        .await;
    write(&origin.log, 80).await;
    imported(&origin.log, &into).await;
}
