//! What is brought to one node for a dossier of another that is not accepted yet: processing shows it to that home, which decides.

use application::calendar::Calendars;
use application::errands;
use application::errands::decisions::{self, Told};
use application::filings::{FilingStanding, Receipt};
use domain::command::ReceiveFiling;
use domain::event::Brought;
use domain::ids::{DossierName, FilingId};
use eventlog::LogId;
use vault::LineKey;

use super::brought::{ask_missing, at_intake, papers, source, withdrawal};
use super::two_histories::{Province, kinds, province};
use super::*;

fn key() -> LineKey {
    LineKey::from_bytes(&[3; 32])
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

impl Province {
    /// Filed at the first node a week ago, and asked for papers then.
    async fn filed_a_week_ago(&self) -> DossierId {
        let node = &self.nodes[0];
        let wish = Wish {
            now: "2022-12-08T02:00:00Z".parse().unwrap(),
            ..node.wish(1, "Submit", b"")
        };
        let secrets = vec![b"\"Nguyen Van A\"".to_vec()];
        let answer = node.desk.carry_out(&wish, secrets, move |kept| {
            vec![submit(kept, None), ask_missing()]
        });
        answer.await.unwrap().id
    }

    fn home(&self) -> LogId {
        self.nodes[0].log.head().log
    }

    fn receipt(&self, filing: FilingId) -> Receipt {
        self.processing.desk.filing(filing).unwrap().unwrap()
    }

    fn standing(&self, filing: FilingId) -> FilingStanding {
        let receipt = self.receipt(filing);
        self.processing
            .desk
            .filing_standing(&receipt, now())
            .unwrap()
    }

    /// Shows the first node what processing has of these.
    async fn shown(&self, filings: &[FilingId]) -> Vec<Told> {
        let receipts: Vec<_> = filings.iter().map(|it| self.receipt(*it).record).collect();
        let (question, awaiting) = decisions::ask(&key(), self.home(), receipts.iter()).unwrap();
        let node = Calendars {
            desk: self.nodes[0].desk.clone(),
            own: catalogue(),
            folder: self.folders[0].path().to_owned(),
        };
        let answer = errands::answer(&node, &key().into(), self.home(), now(), &question).await;
        decisions::open(awaiting, &answer.unwrap()).unwrap()
    }
}

#[tokio::test]
async fn what_is_brought_to_another_node_before_acceptance_is_decided_once_by_its_home_from_the_day_it_was_brought()
 {
    let mut province = province();
    let id = province.filed_a_week_ago().await;
    let named = || DossierName::Id(id);
    let papers = province.brought(1, 3, named(), papers()).await;
    let gone = province.brought(1, 4, named(), withdrawal()).await;
    for node in [0, 1] {
        province.import(node).await;
    }
    assert_eq!(province.decide().await, 2, "processing decides neither");
    let home = FilingStanding::AtHome {
        dossier: id,
        home: province.home(),
    };
    assert_eq!(province.standing(papers), home);
    let told = province.shown(&[papers, gone]).await;
    assert_eq!(told, [Told::Decided, Told::Decided]);
    let revision = province.nodes[0].desk.revision(id).unwrap();
    // The answer was lost, or the node ended before processing had the decision.
    assert_eq!(province.shown(&[gone, papers]).await, told);
    assert_eq!(province.nodes[0].desk.revision(id).unwrap(), revision);
    province.import(0).await;
    for _ in 0..2 {
        assert_eq!(province.decide().await, 0);
        let received = Some((id, "intake_supplement_received", None));
        assert_eq!(province.outcome(papers), received);
        assert_eq!(
            province.outcome(gone),
            Some((id, "dossier_withdrawn", None))
        );
        assert_eq!(province.standing(gone), FilingStanding::Decided);
        province.restart();
    }
    let loaded = province.loaded(id);
    let kinds = kinds(&loaded);
    assert_eq!(
        kinds[2..],
        ["intake_supplement_received", "dossier_withdrawn"]
    );
    for occurrence in &loaded.history[2..] {
        assert_eq!(occurrence.at, brought::BROUGHT.parse().unwrap());
    }
}

#[tokio::test]
async fn what_came_before_its_dossier_goes_to_its_home_as_soon_as_the_dossier_is_filed() {
    let province = province();
    let early = DossierName::Source(source());
    let early = province.brought(1, 3, early, withdrawal()).await;
    province.import(1).await;
    assert_eq!(province.decide().await, 1);
    assert_eq!(province.standing(early), FilingStanding::NoDossier);
    // Another dossier is none of its business; to the home nothing is known of either.
    province.nodes[0].submit(8).await.unwrap();
    assert_eq!(province.shown(&[early]).await, [Told::NoDossier]);

    let node = &province.nodes[0];
    let wish = node.wish(1, "Submit", b"");
    let secrets = vec![b"\"Nguyen Van A\"".to_vec()];
    let filed = node.desk.carry_out(&wish, secrets, move |kept| {
        vec![submit(kept, Some(source()))]
    });
    let id = filed.await.unwrap().id;
    province.import(0).await;
    assert_eq!(province.decide().await, 1);
    let home = FilingStanding::AtHome {
        dossier: id,
        home: province.home(),
    };
    assert_eq!(province.standing(early), home);
    assert_eq!(province.shown(&[early]).await, [Told::Decided]);
    province.import(0).await;
    assert_eq!(province.decide().await, 0);
    assert_eq!(
        province.outcome(early),
        Some((id, "dossier_withdrawn", None))
    );
}

#[tokio::test]
async fn what_only_an_accepted_dossier_can_be_told_is_shown_to_nobody_and_a_late_question_changes_nothing()
 {
    let province = province();
    let id = province.nodes[0].submit(1).await.unwrap().id;
    let named = || DossierName::Id(id);
    let money = province.brought(1, 3, named(), brought::money()).await;
    let gone = province.brought(1, 4, named(), withdrawal()).await;
    for node in [0, 1] {
        province.import(node).await;
    }
    assert_eq!(province.standing(money), FilingStanding::ForAcceptance);
    assert_eq!(province.shown(&[money]).await, [Told::ForAcceptance]);
    // Its home accepts while the question is on its way.
    at_intake(&province, id, 5, accept()).await;
    let revision = province.nodes[0].desk.revision(id).unwrap();
    let told = province.shown(&[gone, money]).await;
    assert_eq!(told, [Told::ForProcessing, Told::ForProcessing]);
    assert_eq!(province.nodes[0].desk.revision(id).unwrap(), revision);
    province.import(0).await;
    assert_eq!(province.decide().await, 0);
    let refused = Some("FEE_NOT_REQUESTED".into());
    assert_eq!(
        province.outcome(money),
        Some((id, "filing_refused", refused))
    );
    assert_eq!(
        province.outcome(gone),
        Some((id, "dossier_withdrawn", None))
    );
}

#[tokio::test]
async fn what_a_filing_brought_is_fetched_from_where_it_was_brought_and_not_from_where_it_was_decided()
 {
    let province = province();
    let id = province.nodes[0].submit(1).await.unwrap().id;
    let there = &province.nodes[1];
    let wish = there.wish(3, "ReceiveFiling", b"");
    let secrets = vec![b"\"he moves away\"".to_vec()];
    let answer = there.desk.carry_out(&wish, secrets, move |kept| {
        vec![Command::ReceiveFiling(ReceiveFiling {
            dossier: DossierName::Id(id),
            brought: Brought::Withdrawal {
                reason: Some(Reason {
                    code: "moves_away".into(),
                    text: None,
                }),
            },
            words: kept.first().cloned(),
        })]
    });
    let filing = FilingId(answer.await.unwrap().id.0);
    for node in [0, 1] {
        province.import(node).await;
    }
    assert_eq!(province.shown(&[filing]).await, [Told::Decided]);
    province.import(0).await;
    let records = |id: DossierId| province.processing.desk.records(id).unwrap();
    let of_dossier = errands::wanted(&records(id)).unwrap();
    assert_eq!(of_dossier.len(), 1, "the applicant: {of_dossier:?}");
    assert_eq!(of_dossier[0].of, province.home());
    let of_filing = errands::wanted(&records(DossierId(filing.0))).unwrap();
    assert_eq!(of_filing.len(), 1, "his words: {of_filing:?}");
    assert_eq!(of_filing[0].of, there.log.head().log);
    // And the erasure of the dossier reaches them there.
    let subjects = province.processing.desk.subjects_of(id).unwrap();
    assert_eq!(subjects, [id.0, filing.0]);
}
