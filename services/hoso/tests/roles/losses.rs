//! A node that is gone for good: two persons say so, erasures go on without its vault, and nothing is forgiven it once it is back.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::office::file;
use crate::operations::number_of;
use crate::process::{self, Role, ran, said};
use crate::subjects::{Place, dossier, erase, is_known, last_event, status, submission, until};

/// `hoso vault give-up`, as this person.
fn give_up(processing: &Role, log: &str, actor: &str) -> Vec<String> {
    let words = ["vault", "give-up", log, "--reason", "Ổ đĩa đã hủy, BB 12"];
    let more = ["--actor", actor, "--server", &processing.address];
    [words.as_slice(), &more, &["--format", "json"]]
        .concat()
        .into_iter()
        .map(str::to_owned)
        .collect()
}

/// What it answers: whether erasures do not wait any more, and who has said that it is gone.
fn gives_up(processing: &Role, log: &str, actor: &str) -> (bool, Vec<String>) {
    let words = give_up(processing, log, actor);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let told: Value = serde_json::from_slice(&said(&words)).unwrap();
    let by = told["declared_by"].as_array().unwrap().iter();
    let by = by.map(|one| one.as_str().unwrap().to_owned()).collect();
    (told["given_up"].as_bool().unwrap(), by)
}

/// A role as `hoso status` tells of it.
fn as_seen(processing: &Role) -> Value {
    let nowhere = ["--intake", "127.0.0.1:1", "--reporting", "127.0.0.1:1"];
    let words = [
        "status",
        "--format",
        "json",
        "--processing",
        &processing.address,
    ];
    let (_, told) = ran(&[&words[..], &nowhere].concat());
    let told: Value = serde_json::from_str(&told).unwrap();
    told["roles"][1].clone()
}

/// Whether the status says that a vault is given up, and how many erasures it has not carried out.
async fn given_up(processing: &Role, log: &str) -> (bool, usize, u64) {
    let vaults = status(processing).await.vaults;
    let vault = vaults.into_iter().find(|vault| vault.log_id == log);
    vault.map_or((false, 0, 0), |it| {
        (it.given_up, it.losses.len(), it.erasures_untold)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn erasures_wait_for_no_vault_that_two_persons_gave_up_and_for_each_that_is_back() {
    let place = Place::new();
    let mut gone = place.start("intake", 1, &[]);
    let stays = place.start("intake", 2, &[]);
    let mut processing = place.start("processing", 1, &[]);
    let mut filed = Vec::new();
    for intake in [&gone, &gone, &stays] {
        let dossier = file(&intake.address, Uuid::new_v4()).await.dossier.unwrap();
        is_known(&processing, &dossier.dossier_id).await;
        filed.push(dossier.dossier_id);
    }
    let log = status(&gone).await.log_id;
    let other = status(&stays).await.log_id;

    // A vault that answers is given up by nobody.
    let refused = give_up(&processing, &other, "head-1");
    let refused: Vec<&str> = refused.iter().map(String::as_str).collect();
    let refused = process::refused(&refused);
    assert!(refused.contains("is waited for now"), "{refused}");

    gone.kill();
    assert_eq!(erase(&processing, &filed[0]), (false, vec![log.clone()]));
    until("the vault is missed", || async {
        let vaults = status(&processing).await.vaults;
        vaults
            .iter()
            .any(|vault| vault.log_id == log && !vault.waiting.is_empty())
    })
    .await;
    let waits = format!("waits for log {log}");
    until("its feed is missed", || async {
        as_seen(&processing)["wrong"].to_string().contains(&waits)
    })
    .await;
    // One person is not enough, however often; nor is a crash of the one who counts them anything to them.
    let first = vec!["head-1".to_owned()];
    assert_eq!(
        gives_up(&processing, &log, "head-1"),
        (false, first.clone())
    );
    assert_eq!(gives_up(&processing, &log, "head-1"), (false, first));
    processing.restart();
    until("the vault is missed again", || async {
        let (_, declared, _) = given_up(&processing, &log).await;
        let vaults = status(&processing).await.vaults;
        declared == 1
            && vaults
                .iter()
                .any(|vault| vault.log_id == log && !vault.waiting.is_empty())
    })
    .await;
    assert_eq!(erase(&processing, &filed[0]), (false, vec![log.clone()]));
    let both = vec!["head-1".to_owned(), "head-2".to_owned()];
    assert_eq!(gives_up(&processing, &log, "head-2"), (true, both));
    until("the erasure is complete without it", || async {
        erase(&processing, &filed[0]) == (true, Vec::new())
    })
    .await;
    let event = last_event(&processing, &filed[0]).await;
    assert_eq!(event.kind, "subject_key_destroyed");
    assert!(event.text_vi.contains(&log), "{}", event.text_vi);
    // Its records are taken as soon as any comes, but nobody is called for them; the operator reads that it is given up.
    let seen = as_seen(&processing);
    assert_eq!((&seen["sound"], &seen["wrong"]), (&json!(true), &json!([])));
    let followed = seen["status"]["followed"].as_array().unwrap();
    let fed = |one: &&Value| one["log"] == *log && one["given_up"] == true && one["waiting"] != "";
    assert!(followed.iter().any(|it| fed(&it)), "{seen}");
    assert!(
        followed
            .iter()
            .all(|it| it["log"] == *log || it["given_up"] == false)
    );
    // A vault that answers must answer.
    until("the other's erasure is complete", || async {
        erase(&processing, &filed[2]) == (true, Vec::new())
    })
    .await;
    assert!(submission(&stays, &filed[2]).await.applicant_erased);
    let event = last_event(&processing, &filed[2]).await;
    assert!(!event.text_vi.contains(&other), "{}", event.text_vi);
    assert!(number_of(&processing, "hoso_vault_given_up", &log) > 0.0);

    // It was not gone at all: it is told what it missed, and the next erasure waits for it again.
    gone.restart();
    until("it is waited for again, and was told all", || async {
        given_up(&processing, &log).await == (false, 0, 0)
    })
    .await;
    assert!(submission(&gone, &filed[0]).await.applicant_erased);
    assert!(submission(&gone, &filed[1]).await.applicant.is_some());
    gone.kill();
    until("its feed is missed again", || async {
        as_seen(&processing)["wrong"].to_string().contains(&waits)
    })
    .await;
    assert_eq!(erase(&processing, &filed[1]), (false, vec![log]));
    assert!(dossier(&processing, &filed[1], "").await.applicant_erased);
    processing.kill();
    processing.verify();
}
