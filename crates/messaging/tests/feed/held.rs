//! What an origin hears of its follower's disk, in both forms.

use eventlog::Role as LogRole;
use messaging::Mode;
use messaging::nats::Role;
use tokio::sync::watch;

use crate::form::{Form, connect};
use crate::logs::{eventually, imported, open, write};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_origin_hears_how_much_of_it_is_on_its_followers_disk_and_believes_no_other_history() {
    for form in Form::both() {
        let folder = tempfile::tempdir().unwrap();
        let origin = open(&folder.path().join("origin"), LogRole::Origin);
        let into = open(&folder.path().join("into"), LogRole::Origin);
        let (tell, held) = watch::channel(0);
        let mut tasks = tokio::task::JoinSet::new();
        match &form {
            Form::Embedded => {
                tasks.spawn(messaging::held::keep(into.clone(), origin.head().log, tell));
            }
            Form::Nats(server) => {
                let (nats, other) = (connect(server).await, connect(server).await);
                tasks.spawn(messaging::nats::held::hear(
                    nats,
                    Role::Intake,
                    origin.clone(),
                    tell,
                ));
                tasks.spawn(messaging::nats::held::say(
                    other,
                    Role::Intake,
                    into.clone(),
                ));
            }
        }
        let _up = form.serve(Role::Intake, &origin, folder.path()).await;
        write(&origin, 20).await;
        assert_eq!(*held.borrow(), 0, "nobody follows yet");
        let following = form
            .follow(Role::Intake, &origin, &into, Mode::Import)
            .await;
        for round in 2..5 {
            write(&origin, 20).await;
            imported(&origin, &into).await;
            eventually("the origin hears of it", || *held.borrow() == 20 * round).await;
        }
        if let Form::Nats(server) = &form {
            // A word lost with the server is said again.
            server.kill();
            write(&origin, 20).await;
            server.restart();
            eventually("the origin hears of it", || *held.borrow() == 100).await;
            let log = origin.head().log;
            let wrong = format!("{log} 0 90 {} 0", "00".repeat(32));
            let subject = messaging::nats::subjects::held(Role::Intake, log);
            let client = connect(server).await;
            client
                .client()
                .publish(subject, wrong.into())
                .await
                .unwrap();
            client.client().flush().await.unwrap();
            write(&origin, 20).await;
            eventually("the origin hears of it", || *held.borrow() == 120).await;
        }
        drop(following);
    }
}
