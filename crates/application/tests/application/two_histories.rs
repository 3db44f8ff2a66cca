//! The same request at two intake nodes: one dossier, noticed once, whichever of them goes on and whatever crashes.

use application::desk::{Loaded, Name};
use application::duplicates::Duplicates;
use application::filings::Filings;
use application::follow_up::decide;
use domain::command::{Awaited, CarriedWait, CarryOver, RecordedDue};
use domain::event::Event;
use domain::ids::DossierCode;

use super::*;

type Lists = (Duplicates, Filings);

pub(super) struct Province {
    pub(super) folders: [TempDir; 3],
    pub(super) nodes: [Office; 2],
    pub(super) processing: Office,
}

pub(super) fn province() -> Province {
    let folders = [(); 3].map(|()| TempDir::new().unwrap());
    let nodes = [1, 2].map(|digit| {
        let folder = folders[usize::from(digit) - 1].path();
        node(folder, Writer::Intake, digit)
    });
    let processing = office(folders[2].path(), Writer::Processing);
    Province {
        folders,
        nodes,
        processing,
    }
}

impl Province {
    /// Takes in everything that a node has and processing has not.
    pub(super) async fn import(&self, node: usize) {
        let from = &self.nodes[node].log;
        let have = self.processing.log.watermark(from.head().log);
        let have = have.map_or(0, |mark| mark.position);
        let records = from.read_after(have, 1000).unwrap();
        self.processing.log.import(records).await.unwrap();
    }

    async fn accept(&self, node: usize, dossier: DossierId, number: u128) -> String {
        let office = &self.nodes[node];
        let wish = Wish {
            dossier,
            ..office.wish(number, "Accept", b"")
        };
        let answer = office
            .desk
            .carry_out(&wish, Vec::new(), move |_| vec![accept()]);
        code(&answer.await.unwrap())
    }

    /// Decides what can be decided of what processing has now, as its process does; how many filings are held then.
    pub(super) async fn decide(&self) -> usize {
        let log = &self.processing.log;
        let seen = Projection::open(log.clone(), Lists::default()).unwrap();
        let now = NOW.parse().unwrap();
        let desk = &self.processing.desk;
        let due = |(duplicates, filings): &Lists, after| {
            duplicates
                .since(after)
                .chain(filings.since(after))
                .collect()
        };
        let done = decide(desk, &seen, due, 0, now, |_, _| ()).await;
        assert_eq!(done, Some(seen.position()));
        while seen.step().unwrap() {}
        seen.read(|(_, filings), _| filings.held())
    }

    /// Processing stops, and starts again on the same disk.
    pub(super) fn restart(&mut self) {
        self.processing.log.close();
        self.processing.vault.close();
        self.processing = office(self.folders[2].path(), Writer::Processing);
    }

    pub(super) fn loaded(&self, dossier: DossierId) -> Loaded {
        self.processing.desk.load(dossier).unwrap()
    }
}

pub(super) fn kinds(loaded: &Loaded) -> Vec<&'static str> {
    let events = loaded.history.iter();
    events.map(|occurrence| occurrence.event.kind()).collect()
}

#[tokio::test]
async fn a_retry_on_the_other_node_is_the_same_dossier_and_the_second_code_is_void() {
    let province = province();
    let mut codes = Vec::new();
    let mut id = None;
    for office in &province.nodes {
        let answer = office.submit_and_accept(1).await.unwrap();
        assert!(
            id.is_none_or(|id| id == answer.id),
            "one request, one dossier"
        );
        id = Some(answer.id);
        codes.push(code(&answer));
    }
    let id = id.unwrap();
    assert_ne!(codes[0], codes[1]);
    province.import(1).await;
    province.import(0).await;
    province.decide().await;
    for crashed in [false, true] {
        let loaded = province.loaded(id);
        assert_eq!(
            kinds(&loaded),
            [
                "dossier_submitted",
                "dossier_accepted",
                "duplicate_submission"
            ],
            "after a crash: {crashed}"
        );
        let Event::DuplicateSubmission(noticed) = &loaded.history[2].event else {
            panic!("{loaded:?}");
        };
        assert_eq!(noticed.other_home.0, province.nodes[0].log.head().log.0);
        assert_eq!(noticed.void_code.as_ref().unwrap().as_str(), codes[0]);
        assert_eq!(loaded.dossier.case().unwrap().code.as_str(), codes[1]);
        for code in &codes {
            let name = Name::Code(DossierCode::new(code.as_str()));
            assert_eq!(province.processing.desk.find(&name).unwrap(), id);
        }
        // Again from the beginning, as after a crash that forgot the decision was written.
        let home = province.nodes[0].log.head().log;
        let now = NOW.parse().unwrap();
        let desk = &province.processing.desk;
        desk.notice_duplicate(id, home, now).await.unwrap();
        province.decide().await;
    }
}

#[tokio::test]
async fn the_receipt_that_the_other_node_gave_counts_when_the_first_one_never_accepted() {
    let province = province();
    let first = province.nodes[0].submit(1).await.unwrap();
    province.import(0).await;
    province.nodes[1].submit(1).await.unwrap();
    province.import(1).await;
    province.decide().await;
    assert_eq!(kinds(&province.loaded(first.id)), ["dossier_submitted"]);

    // The client goes on where it was answered.
    let code = province.accept(1, first.id, 2).await;
    province.import(1).await;
    province.decide().await;
    let loaded = province.loaded(first.id);
    assert_eq!(
        kinds(&loaded),
        [
            "dossier_submitted",
            "duplicate_submission",
            "dossier_accepted"
        ]
    );
    assert_eq!(loaded.dossier.phase(), Phase::Accepted);
    assert_eq!(loaded.dossier.case().unwrap().code.as_str(), code);
    let name = Name::Code(DossierCode::new(code.as_str()));
    assert_eq!(province.processing.desk.find(&name).unwrap(), first.id);

    // The first node does not know, and accepts it too: its code is void, and its feed goes on.
    let void = province.accept(0, first.id, 3).await;
    province.nodes[0].submit_and_accept(4).await.unwrap();
    province.import(0).await;
    province.decide().await;
    let loaded = province.loaded(first.id);
    assert_eq!(kinds(&loaded).last(), Some(&"duplicate_submission"));
    assert_eq!(loaded.dossier.case().unwrap().code.as_str(), code);
    let others = province
        .processing
        .desk
        .other_histories(first.id, &loaded.dossier);
    let others = others.unwrap();
    let issued: Vec<_> = others
        .iter()
        .map(|other| other.acceptance.as_ref().unwrap().1.code.to_string())
        .collect();
    assert_eq!(issued, [code, void.clone()]);
    let name = Name::Code(DossierCode::new(void));
    assert_eq!(province.processing.desk.find(&name).unwrap(), first.id);
}

#[tokio::test]
async fn what_was_taken_in_before_a_crash_is_noticed_after_it() {
    let mut province = province();
    for office in &province.nodes {
        office.submit_and_accept(1).await.unwrap();
    }
    province.import(0).await;
    province.import(1).await;
    let id = DossierId::derive("test", Uuid::from_u128(1));
    province.restart();
    province.decide().await;
    assert_eq!(
        kinds(&province.loaded(id)).last(),
        Some(&"duplicate_submission")
    );
}

/// Of another province's form, which no node here gives out.
fn carried_over(kept: &[VaultRef]) -> CarryOver {
    let source = SourceReference {
        system: "motcua.cu".into(),
        reference: "2022-77".into(),
    };
    let Command::Submit(submit) = submit(kept, Some(source)) else {
        panic!()
    };
    CarryOver {
        submit,
        system: "motcua.cu".into(),
        filed_at: None,
        code: DossierCode::new("000.00.06.H56-221201-0361"),
        accepted_at: "2022-12-01T02:00:00Z".parse().unwrap(),
        due: Some(RecordedDue::On(jiff::civil::date(2022, 12, 29))),
        original_due: None,
        extensions: Vec::new(),
        waits: vec![CarriedWait {
            since: "2022-12-05T02:00:00Z".parse().unwrap(),
            awaited: Awaited::Suspension {
                reason: "xac_minh".into(),
                over: None,
            },
        }],
        law: None,
        point: PointId::new(POINT),
    }
}

#[tokio::test]
async fn a_dossier_carried_over_at_two_nodes_by_two_people_is_counted_once_with_all_that_happened_to_it()
 {
    let province = province();
    let mut id = None;
    for (office, number) in province.nodes.iter().zip(1..) {
        let source = SourceReference {
            system: "motcua.cu".into(),
            reference: "2022-77".into(),
        };
        let wish = Wish {
            dossier: DossierId::carried_over(&source),
            ..office.wish(number, "ImportDossier", b"")
        };
        let secrets = vec![b"\"Nguyen Van A\"".to_vec()];
        let wishes = |kept: &[VaultRef]| vec![Command::CarryOver(Box::new(carried_over(kept)))];
        let answer = office.desk.carry_out(&wish, secrets, wishes);
        let answer = answer.await.unwrap();
        assert!(id.is_none_or(|id| id == answer.id));
        id = Some(answer.id);
    }
    let id = id.unwrap();
    province.import(0).await;
    province.import(1).await;
    province.decide().await;
    let loaded = province.loaded(id);
    assert_eq!(
        kinds(&loaded),
        [
            "dossier_submitted",
            "dossier_accepted",
            "processing_suspended",
            "duplicate_submission"
        ]
    );
    let Event::DuplicateSubmission(noticed) = &loaded.history[3].event else {
        panic!("{loaded:?}");
    };
    assert_eq!(noticed.void_code, None, "its one code stands");
    assert_eq!(loaded.dossier.phase(), Phase::Suspended);
}
