//! Calls that come at the same moment, and go through vault and log side by side.

use std::collections::BTreeSet;
use std::sync::Arc;

use application::{Wish, Writer, personal};
use domain::command::{Command, ReplaceSubject};
use domain::event::Reason;
use tempfile::TempDir;

use crate::{Office, office};

#[tokio::test]
async fn of_calls_that_come_together_each_is_answered_and_each_change_counts_once() {
    let folder = TempDir::new().unwrap();
    let node = Arc::new(office(folder.path(), Writer::Intake));
    let mut calls = tokio::task::JoinSet::new();
    // Each filing is sent twice at the same moment: its client did not wait.
    for number in (1..=20).chain(1..=20) {
        let office = Arc::clone(&node);
        calls.spawn(async move { office.submit(number).await.unwrap() });
    }
    let filed = calls.join_all().await;
    assert_eq!(node.log.head().position, 20);
    assert_eq!(filed.iter().filter(|answer| !answer.replayed).count(), 20);

    // The applicant of one dossier is put right by several at once: each finds the dossier changed, and decides again.
    let id = filed[0].id;
    let mut calls = tokio::task::JoinSet::new();
    for number in 101..=103 {
        let office = Arc::clone(&node);
        calls.spawn(async move {
            let wish = Wish {
                dossier: id,
                ..office.wish(number, "CorrectApplicant", b"")
            };
            let right = vec![format!("\"Nguyen Van {number}\"").into_bytes()];
            let answer = office.desk.carry_out(&wish, right, |kept| {
                vec![Command::ReplaceSubject(ReplaceSubject {
                    subject: kept[0].clone(),
                    reason: Reason {
                        code: "typing_error".into(),
                        text: None,
                    },
                })]
            });
            answer.await.unwrap().revision
        });
    }
    let revisions: BTreeSet<_> = calls.join_all().await.into_iter().collect();
    assert_eq!(revisions, BTreeSet::from([2, 3, 4]));

    // Whatever the log names the vault has, here and after a restart.
    let names = |office: &Office| {
        let filed = filed
            .iter()
            .map(|answer| answer.id)
            .collect::<BTreeSet<_>>();
        filed
            .into_iter()
            .map(|id| {
                let dossier = office.desk.load(id).unwrap().dossier;
                let subject = dossier.filing().unwrap().submitted.subject.clone();
                personal::recall::<String>(&office.vault, &subject).unwrap()
            })
            .collect::<Vec<_>>()
    };
    let before = names(&node);
    assert!(before.iter().all(Option::is_some), "{before:?}");
    Arc::into_inner(node).unwrap().close();
    assert_eq!(names(&office(folder.path(), Writer::Intake)), before);
}

#[tokio::test]
async fn whoever_brings_a_subject_to_the_vault_in_between_changes_what_a_submission_names_not_whether_it_is_there()
 {
    let folder = TempDir::new().unwrap();
    let office = office(folder.path(), Writer::Intake);
    let subject = office.wish(1, "SubmitDossier", b"").dossier.0;
    // A submission drafts, and lets others that came with it draft too before it goes to the vault: this one goes first.
    let between = office.vault.put(subject, b"\"before it\"".to_vec());
    let (filed, between) = tokio::join!(office.submit(1), between);
    between.unwrap();
    let filing = filed.unwrap().dossier;
    let named = &filing.filing().unwrap().submitted.subject;
    let kept = personal::recall::<String>(&office.vault, named).unwrap();
    assert!(kept.is_some(), "the log names what the vault has not");
    assert_eq!(office.vault.status().entries, 2);
}
