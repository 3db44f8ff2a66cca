//! What people bring to a node is decided by processing, once, from the day it was brought: early, twice, or too late.

use domain::command::{
    ReceiveFiling, RecordComponents, RecordPayment, RequestFee, RequestIntakeSupplement,
    RequestSupplement,
};
use domain::event::{Authorised, AuthorisedTo, Brought, ComponentDigitised, Event, PaymentMethod};
use domain::ids::{ComponentCode, DossierCode, DossierName, FilingId};

use super::two_histories::{Province, kinds, province};
use super::*;

/// Two working days before [`NOW`].
pub(super) const BROUGHT: &str = "2022-12-13T02:00:00Z";
const ACCEPTED: &str = "2022-12-08T02:00:00Z";

pub(super) fn source() -> SourceReference {
    SourceReference {
        system: "motcua".into(),
        reference: "7".into(),
    }
}

pub(super) fn papers() -> Brought {
    Brought::Supplement {
        components: Vec::new(),
    }
}

pub(super) fn money() -> Brought {
    Brought::Payment {
        notice: "TB-1".into(),
        amount_vnd: 250_000,
        method: PaymentMethod::Post,
        receipt: "BL-77".into(),
    }
}

pub(super) fn withdrawal() -> Brought {
    Brought::Withdrawal { reason: None }
}

impl Province {
    /// Filed and accepted at the first node, a week ago.
    async fn accepted(&self, number: u128) -> DossierId {
        let node = &self.nodes[0];
        let wish = Wish {
            now: ACCEPTED.parse().unwrap(),
            ..node.wish(number, "SubmitAndAccept", b"")
        };
        let secrets = vec![b"\"Nguyen Van A\"".to_vec()];
        let answer = node.desk.carry_out(&wish, secrets, move |kept| {
            vec![submit(kept, Some(source())), accept()]
        });
        answer.await.unwrap().id
    }

    pub(super) async fn brought(
        &self,
        node: usize,
        number: u128,
        dossier: DossierName,
        brought: Brought,
    ) -> FilingId {
        let office = &self.nodes[node];
        let wish = Wish {
            now: BROUGHT.parse().unwrap(),
            ..office.wish(number, "ReceiveFiling", b"")
        };
        let answer = office.desk.carry_out(&wish, Vec::new(), move |_| {
            vec![Command::ReceiveFiling(ReceiveFiling {
                dossier: dossier.clone(),
                brought: brought.clone(),
                words: None,
            })]
        });
        FilingId(answer.await.unwrap().id.0)
    }

    /// An officer asks for something the day after acceptance.
    async fn officer(&self, dossier: DossierId, number: u128, command: Command) {
        let wish = Wish {
            dossier,
            now: "2022-12-09T02:00:00Z".parse().unwrap(),
            ..self.processing.wish(number, "Change", b"")
        };
        let desk = &self.processing.desk;
        desk.carry_out(&wish, Vec::new(), move |_| vec![command.clone()])
            .await
            .unwrap();
    }

    /// The dossier's last event, and why a filing was refused when it was.
    pub(super) fn outcome(
        &self,
        filing: FilingId,
    ) -> Option<(DossierId, &'static str, Option<Box<str>>)> {
        let decision = self.processing.desk.decision(filing).unwrap()?;
        let told_in = decision.dossier.unwrap_or(DossierId(filing.0));
        let loaded = self.loaded(told_in);
        let named: Vec<_> = loaded
            .history
            .iter()
            .filter(|it| it.event.filing() == Some(filing))
            .collect();
        assert_eq!(named.len(), 1, "exactly one event decides");
        Some((told_in, named[0].event.kind(), decision.refused))
    }
}

fn ask_papers() -> Command {
    Command::RequestSupplement(RequestSupplement {
        reason: Reason {
            code: "needs_clarification".into(),
            text: None,
        },
        components: Vec::new(),
    })
}

fn ask_money() -> Command {
    Command::RequestFee(RequestFee {
        notice: "TB-1".into(),
        amount_vnd: 250_000,
    })
}

#[tokio::test]
async fn what_is_brought_to_another_node_counts_from_the_day_it_was_brought() {
    for (asked, brought, kind) in [
        (Some(ask_papers()), papers(), "supplement_received"),
        (Some(ask_money()), money(), "fee_paid"),
        (None, withdrawal(), "dossier_withdrawn"),
    ] {
        let mut province = province();
        let id = province.accepted(1).await;
        province.import(0).await;
        if let Some(asked) = asked {
            province.officer(id, 2, asked).await;
        }
        let filing = province.brought(1, 3, DossierName::Id(id), brought).await;
        province.import(1).await;
        assert_eq!(province.outcome(filing), None);
        // The process ends between taking the filing in and deciding it.
        province.restart();
        for decided_again in [false, true] {
            assert_eq!(province.decide().await, 0, "again: {decided_again}");
            assert_eq!(province.outcome(filing), Some((id, kind, None)));
            let loaded = province.loaded(id);
            let last = loaded.history.last().unwrap();
            assert_eq!(last.at, BROUGHT.parse::<Timestamp>().unwrap());
            let desk = &province.processing.desk;
            let now = NOW.parse().unwrap();
            desk.decide_filing(filing, now).await.unwrap();
            assert_eq!(province.loaded(id).revision, loaded.revision);
            province.restart();
        }
    }
}

#[tokio::test]
async fn what_arrives_before_its_dossier_is_held_and_decided_when_the_dossier_is_there() {
    let mut province = province();
    let filing = province
        .brought(1, 3, DossierName::Source(source()), withdrawal())
        .await;
    let lost = DossierName::Code(DossierCode::new("000.00.06.H20-221208-9999"));
    let lost = province.brought(1, 4, lost, money()).await;
    province.import(1).await;
    assert_eq!(province.decide().await, 2);
    province.restart();
    assert_eq!(province.decide().await, 2, "held by the log, not by memory");

    let id = province.accepted(1).await;
    province.import(0).await;
    assert_eq!(province.decide().await, 1);
    assert_eq!(
        province.outcome(filing),
        Some((id, "dossier_withdrawn", None))
    );
    let ended = *province.loaded(id).dossier.ended().unwrap();
    assert_eq!(ended.at, BROUGHT.parse::<Timestamp>().unwrap());
    assert_eq!(province.outcome(lost), None, "nobody knows that dossier");
}

#[tokio::test]
async fn a_filing_waits_until_its_dossier_is_accepted() {
    let province = province();
    let filed = province.nodes[0].submit(1).await.unwrap();
    province.import(0).await;
    let filing = province
        .brought(1, 3, DossierName::Id(filed.id), withdrawal())
        .await;
    province.import(1).await;
    assert_eq!(province.decide().await, 1);
    let wish = Wish {
        dossier: filed.id,
        ..province.nodes[0].wish(2, "Accept", b"")
    };
    let accepted = province.nodes[0]
        .desk
        .carry_out(&wish, Vec::new(), move |_| vec![accept()]);
    accepted.await.unwrap();
    province.import(0).await;
    assert_eq!(province.decide().await, 0);
    let outcome = province.outcome(filing).unwrap();
    assert_eq!(outcome, (filed.id, "dossier_withdrawn", None));
}

#[tokio::test]
async fn what_is_brought_twice_happens_once_and_the_second_is_told_so() {
    let province = province();
    let id = province.accepted(1).await;
    province.import(0).await;
    province.officer(id, 2, ask_money()).await;
    let named = || DossierName::Id(id);
    let first = province.brought(0, 3, named(), money()).await;
    let repeated = province.brought(0, 3, named(), money()).await;
    assert_eq!(first, repeated, "the same request gets the first answer");
    let elsewhere = province.brought(1, 3, named(), money()).await;
    assert_eq!(first, elsewhere, "at the other node it is the same filing");
    let second = province.brought(1, 4, named(), money()).await;
    for node in [0, 1] {
        province.import(node).await;
        assert_eq!(province.decide().await, 0);
    }
    assert_eq!(province.outcome(first), Some((id, "fee_paid", None)));
    let refused = Some("ALREADY_RECORDED".into());
    assert_eq!(
        province.outcome(second),
        Some((id, "filing_refused", refused))
    );
    let loaded = province.loaded(id);
    let paid = kinds(&loaded)
        .iter()
        .filter(|it| **it == "fee_paid")
        .count();
    assert_eq!(paid, 1);
}

#[tokio::test]
async fn what_is_brought_for_a_dossier_that_has_ended_is_refused_with_the_reason() {
    let province = province();
    let id = province.accepted(1).await;
    province.import(0).await;
    province
        .officer(id, 2, Command::Withdraw(Withdraw { reason: None }))
        .await;
    let code = province.loaded(id).dossier.case().unwrap().code.clone();
    let filing = province
        .brought(1, 3, DossierName::Code(code), papers())
        .await;
    province.import(1).await;
    assert_eq!(province.decide().await, 0);
    let refused = Some("ALREADY_WITHDRAWN".into());
    assert_eq!(
        province.outcome(filing),
        Some((id, "filing_refused", refused))
    );
    let last = province.loaded(id).history.pop().unwrap();
    let Event::FilingRefused(told) = last.event else {
        panic!("{last:?}")
    };
    assert_eq!(told.filing, filing);
    assert_eq!(last.at, NOW.parse::<Timestamp>().unwrap());
}

#[tokio::test]
async fn what_an_officer_recorded_already_is_not_recorded_again_when_the_filing_arrives() {
    let province = province();
    let id = province.accepted(1).await;
    province.import(0).await;
    province.officer(id, 2, ask_money()).await;
    let paid = Command::RecordPayment(RecordPayment {
        notice: "TB-1".into(),
        amount_vnd: 250_000,
        method: PaymentMethod::Post,
        receipt: "BL-77".into(),
    });
    province.officer(id, 5, paid).await;
    let filing = province.brought(1, 3, DossierName::Id(id), money()).await;
    province.import(1).await;
    assert_eq!(province.decide().await, 0);
    let refused = Some("ALREADY_RECORDED".into());
    assert_eq!(
        province.outcome(filing),
        Some((id, "filing_refused", refused))
    );
}

/// Intake asks for what is missing, or accepts.
pub(super) async fn at_intake(
    province: &Province,
    dossier: DossierId,
    number: u128,
    command: Command,
) {
    let wish = Wish {
        dossier,
        ..province.nodes[0].wish(number, "Change", b"")
    };
    let desk = &province.nodes[0].desk;
    desk.carry_out(&wish, Vec::new(), move |_| vec![command.clone()])
        .await
        .unwrap();
}

pub(super) fn ask_missing() -> Command {
    Command::RequestIntakeSupplement(RequestIntakeSupplement {
        reason: Reason {
            code: "missing_component".into(),
            text: None,
        },
        components: Vec::new(),
    })
}

#[tokio::test]
async fn before_acceptance_its_home_decides_what_is_brought_there_and_nobody_decides_it_again() {
    let mut province = province();
    let id = province.nodes[0].submit(1).await.unwrap().id;
    at_intake(&province, id, 2, ask_missing()).await;
    let named = || DossierName::Id(id);
    let supplement = province.brought(0, 3, named(), papers()).await;
    let unasked = province.brought(0, 4, named(), papers()).await;
    let now = NOW.parse().unwrap();
    for again in [false, true] {
        for filing in [supplement, unasked] {
            let home = &province.nodes[0].desk;
            home.decide_filing(filing, now).await.unwrap();
        }
        if again {
            at_intake(&province, id, 5, accept()).await;
        }
        province.import(0).await;
        assert_eq!(province.decide().await, 0);
        let outcome = province.outcome(supplement);
        assert_eq!(outcome, Some((id, "intake_supplement_received", None)));
        let refused = Some("INTAKE_SUPPLEMENT_NOT_REQUESTED".into());
        let outcome = province.outcome(unasked);
        assert_eq!(outcome, Some((id, "filing_refused", refused)));
        province.restart();
    }
}

#[tokio::test]
async fn what_its_home_had_not_decided_when_it_accepted_is_decided_by_processing_alone() {
    let province = province();
    let id = province.nodes[0].submit(1).await.unwrap().id;
    let named = || DossierName::Id(id);
    let (home, now) = (&province.nodes[0].desk, NOW.parse().unwrap());
    // Only an accepted dossier can be paid for.
    let early = province.brought(0, 3, named(), money()).await;
    home.decide_filing(early, now).await.unwrap();
    // The node ended between the receipt and the decision.
    let crashed = province.brought(0, 4, named(), withdrawal()).await;
    province.import(0).await;
    assert_eq!(province.decide().await, 2);
    at_intake(&province, id, 5, accept()).await;
    for filing in [early, crashed] {
        home.decide_filing(filing, now).await.unwrap();
        assert!(home.decision(filing).unwrap().is_none());
    }
    province.import(0).await;
    assert_eq!(province.decide().await, 0);
    let refused = Some("FEE_NOT_REQUESTED".into());
    let outcome = province.outcome(early);
    assert_eq!(outcome, Some((id, "filing_refused", refused)));
    let outcome = province.outcome(crashed);
    assert_eq!(outcome, Some((id, "dossier_withdrawn", None)));
}

#[tokio::test]
async fn whom_an_authorisation_names_lies_in_the_vault_and_is_swept_from_it_by_nobody() {
    let province = province();
    let id = province.accepted(1).await;
    let office = &province.nodes[1];
    let wish = office.wish(3, "ReceiveFiling", b"");
    let secrets = vec![b"\"Tran Thi B\"".to_vec(), b"\"her sister\"".to_vec()];
    let answer = office.desk.carry_out(&wish, secrets, move |kept| {
        vec![Command::ReceiveFiling(ReceiveFiling {
            dossier: DossierName::Id(id),
            brought: Brought::Authorisation(Authorised {
                to: AuthorisedTo::Collect,
                person: kept[0].clone(),
                until: None,
            }),
            words: kept.get(1).cloned(),
        })]
    });
    let filing = FilingId(answer.await.unwrap().id.0);
    let mark = office.vault.mark();
    let swept = orphans::sweep(office.log.clone(), &office.vault, mark);
    assert_eq!(swept.await.unwrap(), 0);
    province.import(0).await;
    province.import(1).await;
    assert_eq!(province.decide().await, 0);
    let outcome = province.outcome(filing);
    assert_eq!(outcome, Some((id, "authorisation_recorded", None)));
    let loaded = province.loaded(id);
    let known = &loaded.dossier.filing().unwrap().authorisations;
    assert_eq!(known.len(), 1);
    assert_eq!(known[0].filing, Some(filing));
    let person = &known[0].authorised.person;
    let name: Option<String> = application::personal::recall(&office.vault, person).unwrap();
    assert_eq!(name.as_deref(), Some("Tran Thi B"));
}

#[tokio::test]
async fn what_is_brought_for_a_dossier_that_was_never_accepted_is_refused_and_held_no_longer() {
    for (end, reason) in [
        (
            Command::RefuseIntake(RefuseIntake {
                reason: Reason {
                    code: "not_competent".into(),
                    text: None,
                },
            }),
            "REFUSED_AT_INTAKE",
        ),
        (
            Command::Withdraw(Withdraw { reason: None }),
            "ALREADY_WITHDRAWN",
        ),
    ] {
        let mut province = province();
        let id = province.nodes[0].submit(1).await.unwrap().id;
        let named = || DossierName::Id(id);
        let (home, now) = (province.nodes[0].desk.clone(), NOW.parse().unwrap());
        let at_home = province.brought(0, 3, named(), money()).await;
        let elsewhere = province.brought(1, 4, named(), withdrawal()).await;
        home.decide_filing(at_home, now).await.unwrap();
        for node in [0, 1] {
            province.import(node).await;
        }
        assert_eq!(province.decide().await, 2);
        at_intake(&province, id, 5, end).await;
        // Its home leaves to processing what it had not decided before the end.
        home.decide_filing(at_home, now).await.unwrap();
        assert!(home.decision(at_home).unwrap().is_none());
        province.import(0).await;
        for again in [false, true] {
            assert_eq!(province.decide().await, 0, "again: {again}");
            for filing in [at_home, elsewhere] {
                let told = province.outcome(filing).unwrap();
                let refused = Some(reason.into());
                assert_eq!(told, (DossierId(filing.0), "filing_refused", refused));
            }
            province.restart();
        }
        // The dossier's history is still its home's to write.
        let applicant = Command::RecordComponents(RecordComponents {
            digitised: vec![ComponentDigitised {
                component: ComponentCode::new("DON"),
                digest: "ab".repeat(32).into(),
                certified: false,
            }],
            reused: Vec::new(),
        });
        at_intake(&province, id, 6, applicant).await;
        province.import(0).await;
        let last = province.loaded(id).history.pop().unwrap();
        assert_eq!(last.event.kind(), "component_digitised");
    }
}
