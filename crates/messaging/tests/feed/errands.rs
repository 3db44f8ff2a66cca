//! Errands in either form: what is asked of the vault beside an origin's log is answered, refused with the reason, or away.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use eventlog::LogId;
use messaging::nats::Role;
use messaging::{Answering, ErrandError};
use uuid::Uuid;

use crate::form::{Carrier, Form};
use crate::logs::eventually;

fn log(n: u128) -> LogId {
    LogId(Uuid::from_u128(n))
}

/// Says it backwards, and refuses what is empty.
fn backwards(asked: &Arc<AtomicUsize>) -> Answering {
    let asked = Arc::clone(asked);
    Arc::new(move |question| {
        asked.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            if question.is_empty() {
                return Err("nothing is asked; hỏi gì?".to_owned());
            }
            Ok(question.into_iter().rev().collect())
        })
    })
}

/// Nobody hears a question that was put before the answerer had subscribed.
async fn there(carrier: &Carrier, of: LogId) {
    for _ in 0..1000 {
        if carrier.ask(of, b"there?").await.is_ok() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("nobody answers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vault_answers_refuses_with_the_reason_and_is_away() {
    for form in Form::both() {
        let asked = Arc::default();
        let (carrier, answerer) = form.answer(Role::Intake, log(7), backwards(&asked)).await;
        there(&carrier, log(7)).await;
        // Any bytes, and more than a line of text would take.
        let question: Vec<u8> = (0..=255).cycle().take(300_000).collect();
        let answer = carrier.ask(log(7), &question).await.unwrap();
        assert!(answer.iter().rev().eq(&question));
        let refused = carrier.ask(log(7), b"").await.unwrap_err();
        let ErrandError::Refused { log: of, reason } = refused else {
            panic!("{refused}")
        };
        assert_eq!((of, reason.is_empty()), (log(7), false));
        let away = carrier.ask(log(8), b"there?").await.unwrap_err();
        assert!(
            matches!(away, ErrandError::Away { log: of, .. } if of == log(8)),
            "{away}"
        );
        if let Form::Nats(_) = form {
            drop(answerer);
            let mut gone = false;
            for _ in 0..1000 {
                gone = matches!(
                    carrier.ask(log(7), b"there?").await,
                    Err(ErrandError::Away { .. })
                );
                if gone {
                    break;
                }
            }
            assert!(gone, "an answerer that is gone still answers");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_asked_at_once_each_get_their_own_answer() {
    for form in Form::both() {
        let asked = Arc::new(AtomicUsize::new(0));
        let (carrier, _answerer) = form.answer(Role::Intake, log(7), backwards(&asked)).await;
        there(&carrier, log(7)).await;
        let before = asked.load(Ordering::Relaxed);
        let all: Vec<_> = (0..50_u8)
            .map(|n| {
                let carrier = carrier.clone();
                tokio::spawn(async move { carrier.ask(log(7), &[n, 1]).await.unwrap() })
            })
            .collect();
        for (n, answer) in (0..50_u8).zip(all) {
            assert_eq!(answer.await.unwrap(), [1, n]);
        }
        eventually("each was asked once", || {
            asked.load(Ordering::Relaxed) == before + 50
        })
        .await;
    }
}
