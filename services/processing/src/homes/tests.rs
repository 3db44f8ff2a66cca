//! A home that is away is waited for by name; of one dossier it is shown one filing at a time, the oldest first.

use std::sync::atomic::{AtomicBool, Ordering};

use application::calendar::Calendars;
use application::errands;

use super::*;
use crate::testing::{Office, PATIENCE};

const NOW: &str = "2022-12-15T02:00:00Z";

fn key() -> LineKey {
    LineKey::from_bytes(&[3; 32])
}

/// The home, which notes how many filings each question shows.
#[derive(Clone)]
struct Home {
    node: Calendars,
    away: Arc<AtomicBool>,
    shown: Arc<Mutex<Vec<usize>>>,
}

impl Errands for Home {
    async fn ask(&self, of: LogId, question: Vec<u8>) -> Result<Vec<u8>, ErrandError> {
        if self.away.load(Ordering::SeqCst) {
            let reason = "its line is cut".to_owned();
            return Err(ErrandError::Away { log: of, reason });
        }
        let heard = key().hear(of.0, &question).unwrap();
        let (mut shown, mut rest) = (0, &heard.question[1..]);
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let length = usize::try_from(u32::from_le_bytes(*length)).unwrap();
            (shown, rest) = (shown + 1, &after[length..]);
        }
        self.shown.lock().unwrap().push(shown);
        let now = NOW.parse().unwrap();
        Ok(
            errands::answer(&self.node, &key().into(), of, now, &question)
                .await
                .unwrap(),
        )
    }
}

/// Waits until it holds, not for ever.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_home_that_is_away_is_told_of_by_name_and_then_shown_one_filing_of_a_dossier_at_a_time() {
    let office = Office::open(NOW);
    let dossier = office.filed().await;
    let first = office.withdrawal_of(dossier).await;
    let second = office.withdrawal_of(dossier).await;
    let folder = tempfile::tempdir().unwrap();
    let home = Home {
        node: Calendars {
            desk: office.intake().clone(),
            own: office.calls.edge.desk.catalogue(),
            folder: folder.path().to_owned(),
        },
        away: Arc::new(AtomicBool::new(true)),
        shown: Arc::default(),
    };
    let of = office.intake().log().head().log;
    let homes = office.calls.homes.clone();
    let stands = FilingStanding::AtHome { dossier, home: of };
    for filing in [second, first] {
        homes.hear(filing, stands);
    }
    let shower = Shower {
        desk: office.calls.edge.desk.clone(),
        board: office.calls.board.clone(),
        homes: homes.clone(),
        now: Arc::clone(&office.calls.edge.now),
        line: crate::line::Line {
            keys: key().into(),
            errands: home.clone(),
        },
    };
    let showing = tokio::spawn(shower.run());
    until("it is said who is away", || {
        let problem = homes.problem(of, second);
        problem.is_some_and(|why| why.contains("its line is cut"))
    })
    .await;
    home.away.store(false, Ordering::SeqCst);
    until("both are answered", || {
        let shown = homes.shown_to(of);
        shown.values().all(|it| it.answered)
    })
    .await;
    assert_eq!(*home.shown.lock().unwrap(), [1, 1]);
    assert_eq!(homes.problem(of, second), None);
    let decided = office.intake().decision(first).unwrap().unwrap();
    assert_eq!((decided.dossier, decided.refused), (Some(dossier), None));
    // The dossier ended with the first: the second is for processing, once the end is here.
    assert!(office.intake().decision(second).unwrap().is_none());
    office.import().await;
    let receipt = office.calls.edge.desk.filing(second).unwrap().unwrap();
    let stands = office
        .calls
        .edge
        .desk
        .filing_standing(&receipt, NOW.parse().unwrap());
    assert_eq!(stands.unwrap(), FilingStanding::ForProcessing);
    showing.abort();
}
