//! Dossiers are found by the number of whoever they name now, and by no other; each look-up leaves its record, or is not answered.

use std::time::Duration;

use application::errands;
use application::identities::{Marked, Marks, Naming, Unaccepted, read_all};
use application::look_ups::{self, LookUps};
use application::personal::{Applicant, Person, secret};
use application::post::By;
use domain::command::{EraseSubject, ReceiveFiling, ReplaceSubject};
use domain::event::{Authorised, AuthorisedTo, Brought, IdentityLookedUp, LookUpPurpose};
use domain::ids::{DossierName, FilingId};
use eventlog::Position;

use super::two_histories::{Province, province};
use super::*;

const NUMBER: &str = "087190765431";
const ANOTHER: &str = "082195000777";
const PATIENCE: Duration = Duration::from_secs(60);

fn applicant(number: &str) -> Vec<u8> {
    secret(&Applicant {
        name: "Nguyễn Thị Mắc Khén".to_owned(),
        identity_number: number.to_owned(),
        phone: String::new(),
        email: String::new(),
        address: String::new(),
        submitter_name: String::new(),
        request_content: String::new(),
    })
    .unwrap()
}

/// Marks that are kept up until this is dropped.
struct Looking {
    marked: Marked,
    running: tokio::task::JoinHandle<()>,
}

impl Drop for Looking {
    fn drop(&mut self) {
        self.running.abort();
    }
}

fn looking(desk: &Desk) -> Looking {
    let marked = Marked::new(Marks::new(desk.clone()));
    let running = tokio::spawn(marked.clone().keep_up());
    Looking { marked, running }
}

impl Looking {
    /// What processing finds of a number now, before a position.
    async fn finds_before(
        &self,
        desk: &Desk,
        number: &str,
        before: Option<Position>,
        max: usize,
    ) -> Vec<(Position, DossierId)> {
        let head = desk.log().head().position;
        assert!(self.marked.reach(head, PATIENCE).await);
        let naming = self.marked.of(number);
        assert!(!naming.incomplete);
        desk.naming(number, &naming.positions, before, max, |_| true)
            .unwrap()
    }

    async fn finds(&self, desk: &Desk, number: &str) -> Vec<DossierId> {
        let found = self.finds_before(desk, number, None, 100).await;
        found.into_iter().map(|(_, id)| id).collect()
    }
}

impl Province {
    /// Filed and accepted at the first node, for somebody with this number.
    async fn files(&self, request: u128, number: &str) -> DossierId {
        let node = &self.nodes[0];
        let wish = node.wish(request, "SubmitAndAccept", b"");
        let secrets = vec![applicant(number)];
        let answer = node.desk.carry_out(&wish, secrets, move |kept| {
            vec![submit(kept, None), accept()]
        });
        answer.await.unwrap().id
    }

    /// Processing has the records, and then the personal data of these.
    async fn gathers(&self, looking: &Looking, subjects: &[Uuid]) {
        self.import(0).await;
        let desk = &self.processing.desk;
        for subject in subjects {
            let records = desk.records(DossierId(*subject)).unwrap();
            for wanted in errands::wanted(&records).unwrap() {
                let handed = self.nodes[0].vault.hand_over(wanted.entry).unwrap();
                let taken = desk
                    .vault()
                    .take_over(*subject, wanted.entry, wanted.digest, &handed);
                taken.await.unwrap();
            }
            looking.marked.marks.came(*subject).unwrap();
        }
    }

    async fn puts_right(&self, request: u128, dossier: DossierId, number: &str) {
        let office = &self.processing;
        let wish = Wish {
            dossier,
            ..office.wish(request, "CorrectApplicant", b"")
        };
        let secrets = vec![applicant(number)];
        let answer = office.desk.carry_out(&wish, secrets, move |kept| {
            vec![Command::ReplaceSubject(ReplaceSubject {
                subject: kept[0].clone(),
                reason: Reason {
                    code: "typing_error".into(),
                    text: None,
                },
            })]
        });
        answer.await.unwrap();
    }

    async fn erases(&self, request: u128, dossier: DossierId) {
        let office = &self.processing;
        let wish = Wish {
            dossier,
            ..office.wish(request, "EraseSubject", b"")
        };
        let answer = office
            .desk
            .carry_out(&wish, Vec::new(), move |_| vec![erase()]);
        answer.await.unwrap();
        office.desk.erase_here(dossier).await.unwrap();
    }
}

fn erase() -> Command {
    Command::EraseSubject(EraseSubject {
        ground: "data_subject_request".into(),
    })
}

#[tokio::test]
async fn a_number_finds_the_dossiers_that_name_it_the_newest_first_and_in_pages() {
    let province = province();
    let desk = &province.processing.desk;
    let looking = looking(desk);
    let mut ids = Vec::new();
    for request in 1..=5 {
        ids.push(province.files(request, NUMBER).await);
    }
    let other = province.files(9, ANOTHER).await;
    province.import(0).await;
    assert!(looking.finds(desk, NUMBER).await.is_empty(), "not here yet");
    let subjects: Vec<_> = ids.iter().chain([&other]).map(|id| id.0).collect();
    province.gathers(&looking, &subjects).await;
    ids.reverse();
    assert_eq!(looking.finds(desk, NUMBER).await, ids);
    assert_eq!(looking.finds(desk, ANOTHER).await, [other]);
    assert!(looking.finds(desk, "087190765432").await.is_empty());

    let first = looking.finds_before(desk, NUMBER, None, 2).await;
    let rest = looking
        .finds_before(desk, NUMBER, Some(first[1].0), 100)
        .await;
    let paged: Vec<_> = first.iter().chain(&rest).map(|(_, id)| *id).collect();
    assert_eq!(paged, ids);
    let naming = looking.marked.of(NUMBER).positions;
    let nobody = desk.naming(NUMBER, &naming, None, 100, |_| false).unwrap();
    assert!(nobody.is_empty(), "who may not see them finds none");
}

#[tokio::test]
async fn a_number_that_was_put_right_is_found_and_the_wrong_one_is_not() {
    let province = province();
    let desk = &province.processing.desk;
    let looking = looking(desk);
    let id = province.files(1, NUMBER).await;
    province.gathers(&looking, &[id.0]).await;
    assert_eq!(looking.finds(desk, NUMBER).await, [id]);
    province.puts_right(2, id, ANOTHER).await;
    assert!(looking.finds(desk, NUMBER).await.is_empty());
    assert_eq!(looking.finds(desk, ANOTHER).await, [id]);
    province.puts_right(3, id, NUMBER).await;
    assert_eq!(looking.finds(desk, NUMBER).await, [id], "once");
    assert!(looking.finds(desk, ANOTHER).await.is_empty());
}

#[tokio::test]
async fn whoever_may_act_for_the_applicant_is_found_too_once_that_is_recorded() {
    let province = province();
    let desk = &province.processing.desk;
    let looking = looking(desk);
    let id = province.files(1, NUMBER).await;
    let node = &province.nodes[0];
    let person = Person {
        name: "Đinh Thị Cà Na".to_owned(),
        identity_number: ANOTHER.to_owned(),
        phone: String::new(),
    };
    let wish = node.wish(2, "ReceiveFiling", b"");
    let answer = node
        .desk
        .carry_out(&wish, vec![secret(&person).unwrap()], move |kept| {
            vec![Command::ReceiveFiling(ReceiveFiling {
                dossier: DossierName::Id(id),
                brought: Brought::Authorisation(Authorised {
                    to: AuthorisedTo::Act,
                    person: kept[0].clone(),
                    until: None,
                }),
                words: None,
            })]
        });
    let filing = FilingId(answer.await.unwrap().id.0);
    // Its data comes before it is decided, and after.
    province.gathers(&looking, &[id.0, filing.0]).await;
    assert!(looking.finds(desk, ANOTHER).await.is_empty());
    province.decide().await;
    assert_eq!(looking.finds(desk, ANOTHER).await, [id]);
    assert_eq!(looking.finds(desk, NUMBER).await, [id]);
    let anew = Marked::new(Marks::new(desk.clone()));
    anew.marks.came(filing.0).unwrap();
    assert_eq!(
        anew.of(ANOTHER).positions,
        looking.marked.of(ANOTHER).positions
    );

    province.erases(3, id).await;
    assert!(looking.finds(desk, ANOTHER).await.is_empty());
    assert_eq!(looking.marked.marks.count(), 0);
}

/// Every byte of every file below a folder.
fn bytes(folder: &Path, all: &mut Vec<Vec<u8>>) {
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            bytes(&path, all);
        } else {
            all.push(std::fs::read(path).unwrap());
        }
    }
}

#[tokio::test]
async fn what_was_erased_is_found_by_nobody_and_no_file_ever_held_a_digest() {
    let mut province = province();
    let id = province.files(1, NUMBER).await;
    let kept = province.files(2, ANOTHER).await;
    let looking_before = looking(&province.processing.desk);
    province.gathers(&looking_before, &[id.0, kept.0]).await;
    let desk = province.processing.desk.clone();
    assert_eq!(looking_before.finds(&desk, NUMBER).await, [id]);
    assert_eq!(looking_before.marked.marks.count(), 2);
    let digest = desk
        .vault()
        .fingerprint("identity number", NUMBER.as_bytes());

    province.erases(3, id).await;
    assert!(looking_before.finds(&desk, NUMBER).await.is_empty());
    assert_eq!(looking_before.finds(&desk, ANOTHER).await, [kept]);
    assert_eq!(
        looking_before.marked.marks.count(),
        1,
        "not in memory either"
    );
    drop(looking_before);
    drop(desk);
    province.restart();
    let desk = &province.processing.desk;
    let looking = looking(desk);
    assert!(looking.finds(desk, NUMBER).await.is_empty());
    assert_eq!(looking.finds(desk, ANOTHER).await, [kept]);
    assert_eq!(looking.marked.marks.count(), 1);
    let mut files = Vec::new();
    for folder in &province.folders {
        bytes(folder.path(), &mut files);
    }
    for file in files {
        let holds = |part: &[u8]| file.windows(part.len()).any(|window| window == part);
        assert!(!holds(&digest[..8]) && !holds(&digest[8..]));
        assert!(!holds(NUMBER.as_bytes()));
    }
}

#[tokio::test]
async fn the_same_is_found_under_another_master_key_and_in_a_vault_out_of_a_copy() {
    let province = province();
    let id = province.files(1, NUMBER).await;
    let before = looking(&province.processing.desk);
    province.gathers(&before, &[id.0]).await;
    let desk = &province.processing.desk;
    let rotated = desk.vault().rotate(MasterKey::from_bytes(&[9; 32]));
    rotated.await.unwrap();
    assert_eq!(before.finds(desk, NUMBER).await, [id]);
    let second = province.files(2, NUMBER).await;
    province.gathers(&before, &[second.0]).await;
    assert_eq!(before.finds(desk, NUMBER).await, [second, id]);
    drop(before);
    desk.vault().close();
    let copy = TempDir::new().unwrap();
    let restored = copy.path().join("vault");
    vault::copy::restore(&province.folders[2].path().join("vault"), &restored).unwrap();
    let vault = Vault::open(
        &restored,
        MasterKey::from_bytes(&[9; 32]),
        vault::Settings::default(),
    );
    let codes = Arc::new(Codes::none());
    let desk = Desk::new(
        province.processing.log.clone(),
        vault.unwrap(),
        catalogue(),
        codes,
        Writer::Processing,
    );
    assert_eq!(
        looking(&desk).finds(&desk, NUMBER).await,
        [second, id],
        "nothing had to be copied for it"
    );
}

#[tokio::test]
async fn intake_answers_for_what_is_not_accepted_and_for_nothing_else() {
    let folder = TempDir::new().unwrap();
    let office = office(folder.path(), Writer::Intake);
    let list = Projection::open(office.log.clone(), Unaccepted::default()).unwrap();
    let finds = |number: &str| -> Vec<DossierId> {
        while list.step().unwrap() {}
        let all = list.read(|list, _| list.named());
        let Naming {
            positions,
            incomplete,
        } = read_all(&office.vault, all, number);
        assert!(!incomplete);
        let found = office.desk.naming(number, &positions, None, 100, |_| true);
        found.unwrap().into_iter().map(|(_, id)| id).collect()
    };
    let mut ids = Vec::new();
    for request in 1..=3 {
        let wish = office.wish(request, "Submit", b"");
        let answer = office
            .desk
            .carry_out(&wish, vec![applicant(NUMBER)], move |kept| {
                vec![submit(kept, None)]
            });
        ids.push(answer.await.unwrap().id);
    }
    assert_eq!(finds(NUMBER), [ids[2], ids[1], ids[0]]);
    let does = async |request: u128, dossier: DossierId, command: Command| {
        let wish = Wish {
            dossier,
            ..office.wish(request, "Change", b"")
        };
        let answer = office
            .desk
            .carry_out(&wish, Vec::new(), move |_| vec![command.clone()]);
        answer.await.unwrap();
    };
    does(4, ids[2], accept()).await;
    does(5, ids[1], Command::Withdraw(Withdraw { reason: None })).await;
    assert_eq!(
        finds(NUMBER),
        [ids[1], ids[0]],
        "withdrawn, and never accepted"
    );
    does(6, ids[1], erase()).await;
    assert_eq!(finds(NUMBER), [ids[0]]);
    assert!(finds(ANOTHER).is_empty());
}

fn looked_up(dossiers: &[DossierId]) -> IdentityLookedUp {
    IdentityLookedUp {
        purpose: LookUpPurpose::OwnDossiers,
        reference: None,
        account: None,
        dossiers: dossiers.to_vec(),
        more: false,
    }
}

fn by(office: &Office, request: u128) -> By {
    let wish = office.wish(request, "FindDossiersByIdentity", b"");
    By {
        request: wish.request,
        request_id: wish.request_id,
        actor: wish.actor,
        organisation: wish.organisation,
        now: wish.now,
    }
}

#[tokio::test]
async fn each_look_up_has_its_record_which_is_listed_and_travels_and_is_no_dossier() {
    let province = province();
    let office = &province.nodes[0];
    let id = province.files(1, NUMBER).await;
    for request in 11..=13 {
        let shown = if request == 12 { vec![] } else { vec![id] };
        let by = by(office, request);
        let record = office.desk.record_look_up(looked_up(&shown), &by).await;
        assert_eq!(record.unwrap().revision, 1, "a history of its own");
    }
    province.import(0).await;
    let log = &province.processing.log;
    let list = Projection::open(log.clone(), LookUps::default()).unwrap();
    let page = |dossier, before, max| list.read(|list, _| list.page(dossier, before, max));
    let head = log.head().position;
    assert_eq!(page(None, None, 10), [head, head - 1, head - 2]);
    assert_eq!(page(None, Some(head), 1), [head - 1]);
    assert_eq!(page(Some(id), None, 10), [head, head - 2]);
    assert!(page(Some(DossierId(Uuid::from_u128(7))), None, 10).is_empty());
    let record = log.record(head).unwrap().unwrap();
    assert_eq!(look_ups::told(&record), Some(looked_up(&[id])));
    assert_eq!(&*record.event.actor, "can-bo-1");
    let loaded = province.loaded(DossierId(record.stream.0));
    assert_eq!(loaded.dossier.phase(), Phase::Unknown);
}

#[tokio::test]
async fn while_the_log_takes_no_writes_no_look_up_is_recorded_and_so_none_is_answered() {
    let folder = TempDir::new().unwrap();
    let full = EventLog::open(
        &folder.path().join("log"),
        eventlog::Settings {
            free_bytes_min: u64::MAX,
            ..eventlog::Settings::new(|| 1_671_069_600_000_000)
        },
    );
    let full = full.unwrap();
    let elsewhere = TempDir::new().unwrap();
    let office = office(elsewhere.path(), Writer::Intake);
    let codes = Arc::new(Codes::none());
    let desk = Desk::new(
        full.clone(),
        office.vault.clone(),
        catalogue(),
        codes,
        Writer::Intake,
    );
    let refused = desk.record_look_up(looked_up(&[]), &by(&office, 1)).await;
    assert!(
        matches!(refused, Err(HandleError::DiskNearlyFull)),
        "{refused:?}"
    );
    assert_eq!(full.head().position, 0);
    full.close();
    let refused = desk.record_look_up(looked_up(&[]), &by(&office, 2)).await;
    assert!(
        matches!(refused, Err(HandleError::Closed(_))),
        "{refused:?}"
    );
}
