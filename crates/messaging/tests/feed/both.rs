//! What holds for a feed of either form.

use eventlog::Role as LogRole;
use messaging::Mode;
use messaging::nats::Role;

use crate::form::Form;
use crate::logs::{eventually, imported, open, replicated, write};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_arrives_once_and_in_order() {
    for form in Form::both() {
        let folder = tempfile::tempdir().unwrap();
        let origin = open(&folder.path().join("origin"), LogRole::Origin);
        let into = open(&folder.path().join("into"), LogRole::Origin);
        write(&origin, 700).await;
        let _up = form.serve(Role::Intake, &origin, folder.path()).await;
        let following = form
            .follow(Role::Intake, &origin, &into, Mode::Import)
            .await;
        for _ in 0..10 {
            write(&origin, 50).await;
        }
        imported(&origin, &into).await;
        eventually("the follower says so", || {
            let progress = following.progress.borrow();
            progress.have == 1200 && progress.upstream == 1200 && progress.waiting.is_none()
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_origins_are_interleaved_and_each_stays_in_order() {
    for form in Form::both() {
        let folder = tempfile::tempdir().unwrap();
        let one = open(&folder.path().join("one"), LogRole::Origin);
        let two = open(&folder.path().join("two"), LogRole::Origin);
        let into = open(&folder.path().join("into"), LogRole::Origin);
        let _ups = (
            form.serve(Role::Intake, &one, folder.path()).await,
            form.serve(Role::Intake, &two, folder.path()).await,
        );
        let _first = form.follow(Role::Intake, &one, &into, Mode::Import).await;
        let _second = form.follow(Role::Intake, &two, &into, Mode::Import).await;
        for _ in 0..10 {
            tokio::join!(write(&one, 20), write(&two, 30), write(&into, 3));
        }
        imported(&one, &into).await;
        imported(&two, &into).await;
        assert_eq!(into.head().position, 530);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_chain_of_logs_has_the_positions_of_its_middle() {
    for form in Form::both() {
        let folder = tempfile::tempdir().unwrap();
        let intake = open(&folder.path().join("intake"), LogRole::Origin);
        let processing = open(&folder.path().join("processing"), LogRole::Origin);
        let reporting = open(&folder.path().join("reporting"), LogRole::Replica);
        let _ups = (
            form.serve(Role::Intake, &intake, folder.path()).await,
            form.serve(Role::Processing, &processing, folder.path())
                .await,
        );
        let _first = form
            .follow(Role::Intake, &intake, &processing, Mode::Import)
            .await;
        let _second = form
            .follow(Role::Processing, &processing, &reporting, Mode::Replicate)
            .await;
        for _ in 0..5 {
            tokio::join!(write(&intake, 40), write(&processing, 10));
        }
        imported(&intake, &processing).await;
        assert_eq!(processing.head().position, 250);
        replicated(&processing, &reporting).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_that_ended_goes_on_where_its_own_disk_says() {
    for form in Form::both() {
        let folder = tempfile::tempdir().unwrap();
        let origin = open(&folder.path().join("origin"), LogRole::Origin);
        let _up = form.serve(Role::Intake, &origin, folder.path()).await;
        for round in 1..=3 {
            let into = open(&folder.path().join("into"), LogRole::Origin);
            let following = form
                .follow(Role::Intake, &origin, &into, Mode::Import)
                .await;
            write(&origin, 60).await;
            imported(&origin, &into).await;
            assert_eq!(into.head().position, 60 * round);
            drop(following);
            into.close();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_history_of_the_same_log_stops_the_feed() {
    for form in Form::both() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let origin = open(&path("origin"), LogRole::Origin);
        write(&origin, 5).await;
        origin.close();
        drop(origin);
        let copied = std::process::Command::new("cp")
            .args([
                "-r".as_ref(),
                path("origin").as_os_str(),
                path("copy").as_os_str(),
            ])
            .status();
        assert!(copied.unwrap().success());
        let (origin, copy) = (
            open(&path("origin"), LogRole::Origin),
            open(&path("copy"), LogRole::Origin),
        );
        write(&origin, 3).await;
        write(&copy, 3).await;
        let into = open(&path("into"), LogRole::Origin);
        let up = form.serve(Role::Intake, &origin, folder.path()).await;
        let following = form
            .follow(Role::Intake, &origin, &into, Mode::Import)
            .await;
        imported(&origin, &into).await;
        drop((up, following));
        let _up = form.serve(Role::Intake, &copy, folder.path()).await;
        let following = form.follow(Role::Intake, &copy, &into, Mode::Import).await;
        eventually("the feed has stopped", || following.task.is_finished()).await;
        assert_eq!(into.head().position, 8);
        let waiting = following.progress.borrow().waiting.clone().unwrap();
        assert!(waiting.contains("chain hash at 8"), "{waiting}");
    }
}
