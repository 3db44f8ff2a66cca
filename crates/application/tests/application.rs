//! Commands meet a real log and a real vault on a real disk.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failed set-up fails the test"
)]

#[path = "application/brought.rs"]
mod brought;
#[path = "application/errands.rs"]
mod errands;
#[path = "application/identities.rs"]
mod identities;
#[path = "application/not_understood.rs"]
mod not_understood;
#[path = "application/together.rs"]
mod together;
#[path = "application/two_histories.rs"]
mod two_histories;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use application::codes::{Codes, Counters};
use application::projection::{Fold, Projection};
use application::snapshot::{self, Keep, Mark};
use application::{Answer, Desk, HandleError, Wish, Writer, orphans, riding};
use domain::Catalogue;
use domain::command::{Accept, Command, RefuseIntake, Submit, Transfer, Withdraw};
use domain::dossier::Phase;
use domain::event::{ApplicantKind, Channel, PlaceKind, Reason};
use domain::ids::{
    ActorId, AgencyId, DossierId, OrganisationId, PointId, ProcedureCode, SourceReference, VaultRef,
};
use eventlog::EventLog;
use eventlog::format::RecordView;
use jiff::Timestamp;
use tempfile::TempDir;
use uuid::Uuid;
use vault::{MasterKey, Vault};

const AGENCY: &str = "000.00.06.H20";
const POINT: &str = "TTPVHCC-DT";
/// 2022-12-15 09:00 in Vietnam, a Thursday.
const NOW: &str = "2022-12-15T02:00:00Z";

struct Office {
    desk: Desk,
    log: EventLog,
    vault: Vault,
}

fn office(folder: &Path, writer: Writer) -> Office {
    node(folder, writer, 0)
}

/// An office whose codes carry a digit of its own.
fn node(folder: &Path, writer: Writer, digit: u8) -> Office {
    let vault = Vault::open(
        &folder.join("vault"),
        MasterKey::from_bytes(&[7; 32]),
        vault::Settings::default(),
    )
    .unwrap();
    let settings = eventlog::Settings {
        keeping: riding::keeping(&vault),
        ..eventlog::Settings::new(|| 1_671_069_600_000_000)
    };
    let log = EventLog::open(&folder.join("log"), settings).unwrap();
    let counters = Projection::open(log.clone(), Counters::of(digit)).unwrap();
    let codes = Arc::new(counters.read(|counters, _| Codes::after(counters)));
    let desk = Desk::new(log.clone(), vault.clone(), catalogue(), codes, writer);
    Office { desk, log, vault }
}

impl Office {
    fn close(self) {
        self.log.close();
        self.vault.close();
    }

    fn wish(&self, number: u128, method: &str, body: &[u8]) -> Wish {
        let request_id = Uuid::from_u128(number);
        Wish {
            request: Wish::request(&self.vault, "test", request_id, method, body),
            request_id,
            dossier: DossierId::derive("test", request_id),
            expected: None,
            actor: ActorId::new("can-bo-1"),
            organisation: OrganisationId::new(AGENCY),
            now: NOW.parse::<Timestamp>().unwrap(),
            through: None,
            may_record_late: false,
        }
    }

    async fn submit_and_accept(&self, number: u128) -> Result<Answer, HandleError> {
        let wish = self.wish(number, "SubmitAndAccept", b"");
        self.desk
            .carry_out(&wish, vec![b"\"Nguyen Van A\"".to_vec()], move |kept| {
                vec![submit(kept, None), accept()]
            })
            .await
    }

    async fn submit(&self, number: u128) -> Result<Answer, HandleError> {
        let wish = self.wish(number, "Submit", b"");
        self.desk
            .carry_out(&wish, vec![b"\"Nguyen Van A\"".to_vec()], move |kept| {
                vec![submit(kept, None)]
            })
            .await
    }
}

fn catalogue() -> Arc<Catalogue> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/catalogue");
    let texts: Vec<(&str, String)> = Catalogue::FILES
        .iter()
        .map(|name| (*name, std::fs::read_to_string(folder.join(name)).unwrap()))
        .collect();
    let files: Vec<(&str, &str)> = texts
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    Arc::new(Catalogue::parse(&files).unwrap())
}

fn submit(kept: &[VaultRef], source: Option<SourceReference>) -> Command {
    Command::Submit(Submit {
        procedure: ProcedureCode::new("1.003738"),
        agency: AgencyId::new(AGENCY),
        channel: Channel::Direct,
        assisted: false,
        place: PlaceKind::Counter,
        point: Some(PointId::new(POINT)),
        operator: OrganisationId::new("VNPOST-DT"),
        applicant: ApplicantKind::Citizen,
        subject: kept[0].clone(),
        components: Vec::new(),
        source,
        synthetic: true,
        boundary_independent: false,
    })
}

fn accept() -> Command {
    Command::Accept(Accept {
        point: PointId::new(POINT),
        operator: OrganisationId::new("VNPOST-DT"),
        earlier: None,
        receipt_issued: true,
    })
}

fn code(answer: &Answer) -> String {
    answer.dossier.case().unwrap().code.to_string()
}

#[tokio::test]
async fn many_acceptances_at_once_for_one_agency_get_each_their_own_code() {
    let folder = TempDir::new().unwrap();
    let office = Arc::new(office(folder.path(), Writer::Intake));
    let mut calls = tokio::task::JoinSet::new();
    for number in 1..=64 {
        let office = Arc::clone(&office);
        calls.spawn(async move { code(&office.submit_and_accept(number).await.unwrap()) });
    }
    let codes: BTreeSet<String> = calls.join_all().await.into_iter().collect();
    assert_eq!(codes.len(), 64, "no code was given twice");
    assert_eq!(codes.first().unwrap(), "000.00.06.H20-221215-0001");
    assert_eq!(codes.last().unwrap(), "000.00.06.H20-221215-0064");
}

#[tokio::test]
async fn after_a_restart_codes_go_on_where_the_records_end() {
    let folder = TempDir::new().unwrap();
    let before = office(folder.path(), Writer::Intake);
    before.submit_and_accept(1).await.unwrap();
    before.close();

    let after = office(folder.path(), Writer::Intake);
    let answer = after.submit_and_accept(2).await.unwrap();
    assert_eq!(code(&answer), "000.00.06.H20-221215-0002");
}

#[tokio::test]
async fn a_repeated_request_gets_its_first_answer_after_a_restart_and_after_the_dossier_moved_on() {
    let folder = TempDir::new().unwrap();
    let before = office(folder.path(), Writer::Intake);
    let first = before.submit(1).await.unwrap();
    let withdraw = before.wish(2, "Withdraw", b"");
    let withdraw = Wish {
        dossier: first.id,
        ..withdraw
    };
    before
        .desk
        .carry_out(&withdraw, Vec::new(), move |_| {
            vec![Command::Withdraw(Withdraw { reason: None })]
        })
        .await
        .unwrap();
    before.close();

    let after = office(folder.path(), Writer::Intake);
    let again = after.submit(1).await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.id, first.id);
    assert_eq!(again.revision, 1);
    assert_eq!(again.dossier.phase(), Phase::Submitted, "the state of then");
    assert_eq!(again.record, first.record);
    assert_eq!(after.log.head().position, 2, "nothing was added");
}

#[tokio::test]
async fn the_same_request_id_with_another_body_is_another_wish_and_refused() {
    let folder = TempDir::new().unwrap();
    let office = office(folder.path(), Writer::Intake);
    office.submit(1).await.unwrap();
    let other = office.wish(1, "Submit", b"another body");
    let refused = office
        .desk
        .carry_out(&other, vec![b"\"B\"".to_vec()], move |kept| {
            vec![submit(kept, None)]
        })
        .await;
    assert!(matches!(
        refused,
        Err(HandleError::RequestReused { position: 1 })
    ));
}

#[tokio::test]
async fn a_wish_that_is_refused_leaves_nothing_in_log_or_vault() {
    let folder = TempDir::new().unwrap();
    let office = office(folder.path(), Writer::Intake);
    let source = || SourceReference {
        system: "motcua".into(),
        reference: "2022-1".into(),
    };
    let taken = office.wish(1, "Submit", b"");
    office
        .desk
        .carry_out(&taken, vec![b"\"A\"".to_vec()], move |kept| {
            vec![submit(kept, Some(source()))]
        })
        .await
        .unwrap();
    let entries = office.vault.status().entries;

    let unknown = office.wish(2, "Submit", b"");
    let refused = office
        .desk
        .carry_out(&unknown, vec![b"\"B\"".to_vec()], move |kept| {
            let Command::Submit(good) = submit(kept, None) else {
                unreachable!()
            };
            vec![Command::Submit(Submit {
                procedure: ProcedureCode::new("9.000000"),
                ..good
            })]
        })
        .await;
    assert!(
        matches!(refused, Err(HandleError::Rejected(_))),
        "{refused:?}"
    );
    let same_source = office.wish(3, "Submit", b"");
    let refused = office
        .desk
        .carry_out(&same_source, vec![b"\"C\"".to_vec()], move |kept| {
            vec![submit(kept, Some(source()))]
        })
        .await;
    assert!(matches!(
        refused,
        Err(HandleError::SourceTaken { position: 1 })
    ));

    assert_eq!(office.log.head().position, 1);
    assert_eq!(office.vault.status().entries, entries);
}

#[tokio::test]
async fn one_service_writes_a_dossier_at_a_time() {
    let folder = TempDir::new().unwrap();
    let intake = office(folder.path(), Writer::Intake);
    let filed = intake.submit(1).await.unwrap();
    let accepted = intake.submit_and_accept(2).await.unwrap();
    let transfer = |_: &[VaultRef]| {
        vec![Command::Transfer(Transfer {
            to: AgencyId::new(AGENCY),
            unit: None,
        })]
    };
    let late = Wish {
        dossier: accepted.id,
        ..intake.wish(3, "Transfer", b"")
    };
    let refused = intake.desk.carry_out(&late, Vec::new(), transfer).await;
    assert!(matches!(
        refused,
        Err(HandleError::Elsewhere {
            writer: "processing"
        })
    ));

    let codes = Arc::new(Codes::none());
    let processing = Desk::new(
        intake.log.clone(),
        intake.vault.clone(),
        catalogue(),
        codes,
        Writer::Processing,
    );
    let early = Wish {
        dossier: filed.id,
        ..intake.wish(4, "Refuse", b"")
    };
    let refused = processing
        .carry_out(&early, Vec::new(), move |_| {
            vec![Command::RefuseIntake(RefuseIntake {
                reason: Reason {
                    code: "incomplete".into(),
                    text: None,
                },
            })]
        })
        .await;
    assert!(matches!(
        refused,
        Err(HandleError::Elsewhere { writer: "intake" })
    ));
}

#[tokio::test]
async fn what_a_crash_left_in_the_vault_is_destroyed_and_what_an_event_names_stays() {
    let folder = TempDir::new().unwrap();
    let office = office(folder.path(), Writer::Intake);
    let filed = office.submit(1).await.unwrap();
    let orphan = office
        .vault
        .put(Uuid::from_u128(99), b"never named".to_vec())
        .await
        .unwrap();
    let mark = office.vault.mark();
    let swept = orphans::sweep(office.log.clone(), &office.vault, mark)
        .await
        .unwrap();
    assert_eq!(swept, 1);
    assert!(office.vault.get(orphan.entry).is_err());
    let subject = &filed.dossier.filing().unwrap().submitted.subject;
    assert!(office.vault.get(subject.entry).is_ok());
}

/// Remembers what it was given, in order.
#[derive(Default)]
struct Seen(Vec<(u64, String)>);

impl Fold for Seen {
    fn apply(&mut self, record: &RecordView<'_>) {
        self.0.push((record.place.position, record.kind.to_owned()));
    }
}

impl Keep for Seen {
    fn write(&self, to: &mut dyn std::io::Write) -> std::io::Result<()> {
        snapshot::write_lines(to, &self.0)
    }

    fn read(&self, from: &mut dyn std::io::Read) -> std::io::Result<Self> {
        Ok(Self(snapshot::read_lines(from)?))
    }
}

#[tokio::test]
async fn a_projection_sees_every_record_once_and_in_order_whether_at_once_or_as_they_come() {
    let folder = TempDir::new().unwrap();
    let office = office(folder.path(), Writer::Intake);
    let growing = Projection::open(office.log.clone(), Seen::default()).unwrap();
    let running = tokio::spawn(growing.clone().run());
    for number in 1..=200 {
        office.submit_and_accept(number).await.unwrap();
    }
    let head = office.log.head().position;
    assert!(
        growing
            .reach(head, std::time::Duration::from_secs(10))
            .await
    );
    let rebuilt = Projection::open(office.log.clone(), Seen::default()).unwrap();
    let at_once = rebuilt.read(|seen, _| seen.0.clone());
    assert_eq!(growing.read(|seen, _| seen.0.clone()), at_once);
    let positions: Vec<u64> = at_once.iter().map(|(position, _)| *position).collect();
    assert_eq!(positions, (1..=400).collect::<Vec<_>>());
    running.abort();
}

#[tokio::test]
async fn a_state_laid_down_is_used_only_for_the_log_it_was_folded_from_and_only_whole() {
    let folder = TempDir::new().unwrap();
    let office = office(folder.path(), Writer::Intake);
    for number in 1..=20 {
        office.submit_and_accept(number).await.unwrap();
    }
    let file = folder.path().join("seen.fold");
    let empty = || (Seen::default(), Counters::of(0));
    let folded = Projection::open(office.log.clone(), empty()).unwrap();
    let mark = Mark::at(&office.log, 40).unwrap().unwrap();
    folded
        .read(|state, _| snapshot::save(&file, state, &mark))
        .unwrap();
    for number in 21..=25 {
        office.submit_and_accept(number).await.unwrap();
    }

    let load = |log: &EventLog, empty| snapshot::load(log, empty, &file).unwrap();
    let (state, position) = load(&office.log, empty());
    assert_eq!((state.0.0.len(), position), (40, 40));
    let resumed = Projection::open_kept(office.log.clone(), empty(), file.clone()).unwrap();
    let anew = Projection::open(office.log.clone(), empty()).unwrap();
    let seen = |from: &Projection<(Seen, Counters)>| {
        from.read(|state, position| (state.0.0.clone(), format!("{:?}", state.1), position))
    };
    assert_eq!(seen(&resumed), seen(&anew));

    // Another node's codes, another log, a log that is shorter: nothing of the file is believed.
    assert_eq!(load(&office.log, (Seen::default(), Counters::of(1))).1, 0);
    let elsewhere = TempDir::new().unwrap();
    let other = self::office(elsewhere.path(), Writer::Intake);
    assert_eq!(load(&other.log, empty()).1, 0);
    for number in 1..=25 {
        other.submit_and_accept(number).await.unwrap();
    }
    assert_eq!(load(&other.log, empty()).1, 0);

    // Nor when any byte of it has changed, or its end is missing.
    let whole = std::fs::read(&file).unwrap();
    for at in (0..whole.len()).step_by(97).chain([whole.len() - 1]) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(&file, &bytes).unwrap();
        assert_eq!(load(&office.log, empty()).1, 0, "byte {at}");
        std::fs::write(&file, &whole[..at]).unwrap();
        assert_eq!(load(&office.log, empty()).1, 0, "{at} bytes");
    }
    std::fs::write(&file, &whole).unwrap();
    assert_eq!(load(&office.log, empty()).1, 40);
}
