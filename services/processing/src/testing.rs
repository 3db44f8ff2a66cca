//! An office for tests: intake's desk and processing over real logs and vaults, with a clock that is set by hand.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use api::watching::Watchers;
use application::codes::{Codes, Counters};
use application::{Desk, Wish, Writer};
use chassis::Clock;
use domain::Catalogue;
use domain::command::{Accept, Command, ReceiveFiling, Resolve, Submit, Transfer};
use domain::event::{ApplicantKind, Brought, Channel, PlaceKind};
use domain::ids::{
    ActorId, AgencyId, DossierId, DossierName, FilingId, OrganisationId, PointId, ProcedureCode,
    VaultRef,
};
use eventlog::EventLog;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::sync::watch;
use uuid::Uuid;
use vault::{MasterKey, Vault};

use crate::grpc::Calls;
use crate::watching::Watches;
use crate::{Processing, Settings};

/// The department that has the dossiers.
pub(crate) const AGENCY: &str = "000.00.06.H20";
/// Another.
pub(crate) const OTHER: &str = "000.00.14.H20";
/// Five working days.
const PROCEDURE: &str = "2.001616";
/// Longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Office {
    intake: Desk,
    pub(crate) calls: Calls,
    pub(crate) clock: Clock,
    pub(crate) watches: Watches,
    pub(crate) stop: watch::Sender<bool>,
    _folder: TempDir,
}

impl Office {
    /// Opened at this time.
    pub(crate) fn open(now: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let clock = Clock::manual(time(now));
        let catalogue = catalogue();
        let own = clock.clone();
        let log = EventLog::open(
            &folder.path().join("intake/log"),
            eventlog::Settings::new(move || own.now_us()),
        );
        let vault = Vault::open(
            &folder.path().join("intake/vault"),
            MasterKey::from_bytes(&[7; 32]),
            vault::Settings::default(),
        );
        let intake = Desk::new(
            log.unwrap(),
            vault.unwrap(),
            Arc::clone(&catalogue),
            Arc::new(Codes::after(&Counters::of(0))),
            Writer::Intake,
        );
        let processing = Processing::open(Settings {
            data: folder.path().join("processing"),
            catalogue,
            clock: clock.clone(),
            clock_confirmed: None,
            master_key: MasterKey::from_bytes(&[8; 32]).into(),
            line_key: None,
            segment_bytes_max: eventlog::SEGMENT_BYTES_MAX,
            free_bytes_min: 0,
            patience: Duration::from_secs(5),
            drain: Duration::from_secs(5),
            entry: api::authority::Entry::local(),
        });
        let calls = processing.unwrap().calls;
        tokio::spawn(calls.board.clone().run());
        let (stop, stopping) = watch::channel(false);
        Self {
            intake,
            watches: Watches::new(calls.clone(), Watchers::new(stopping)),
            calls,
            clock,
            stop,
            _folder: folder,
        }
    }

    pub(crate) fn set(&self, now: &str) {
        self.clock.set(time(now));
    }

    /// A dossier filed and accepted at intake, and here.
    pub(crate) async fn accepted(&self) -> DossierId {
        let request_id = Uuid::new_v4();
        let wish = self.wish(
            &self.intake,
            request_id,
            DossierId::derive("test", request_id),
        );
        let secrets = vec![b"\"Nguyen Van A\"".to_vec()];
        let answer = self
            .intake
            .carry_out(&wish, secrets, move |kept| vec![submit(kept), accept()]);
        let id = answer.await.unwrap().id;
        let log = self.calls.edge.desk.log();
        let here = log.watermark(self.intake.log().head().log);
        let records = self
            .intake
            .log()
            .read_after(here.map_or(0, |mark| mark.position), 100);
        log.import(records.unwrap()).await.unwrap();
        id
    }

    /// A dossier filed at intake and not accepted, and here.
    pub(crate) async fn filed(&self) -> DossierId {
        let id = self.at_intake(|kept| vec![submit(kept)]).await;
        self.import().await;
        id
    }

    /// A withdrawal that is brought for it, and here.
    pub(crate) async fn withdrawal_of(&self, dossier: DossierId) -> FilingId {
        let brought = ReceiveFiling {
            dossier: DossierName::Id(dossier),
            brought: Brought::Withdrawal { reason: None },
            words: None,
        };
        let id = self
            .at_intake(move |_| vec![Command::ReceiveFiling(brought.clone())])
            .await;
        self.import().await;
        FilingId(id.0)
    }

    async fn at_intake(
        &self,
        commands: impl Fn(&[VaultRef]) -> Vec<Command> + Send + Sync + 'static,
    ) -> DossierId {
        let request_id = Uuid::new_v4();
        let id = DossierId::derive("test", request_id);
        let wish = self.wish(&self.intake, request_id, id);
        let secrets = vec![b"\"Nguyen Van A\"".to_vec()];
        let answer = self.intake.carry_out(&wish, secrets, commands);
        answer.await.unwrap().id
    }

    /// Takes in everything that intake has.
    pub(crate) async fn import(&self) {
        let log = self.calls.edge.desk.log();
        let here = log.watermark(self.intake.log().head().log);
        let after = here.map_or(0, |mark| mark.position);
        let records = self.intake.log().read_after(after, 100).unwrap();
        log.import(records).await.unwrap();
        self.calls.board.reach(log.head().position, PATIENCE).await;
    }

    /// Intake's own desk.
    pub(crate) fn intake(&self) -> &Desk {
        &self.intake
    }

    /// Something happens to it at processing.
    pub(crate) async fn does(&self, dossier: DossierId, command: Command) {
        let desk = &self.calls.edge.desk;
        let wish = self.wish(desk, Uuid::new_v4(), dossier);
        let answer = desk.carry_out(&wish, Vec::new(), move |_| vec![command.clone()]);
        answer.await.unwrap();
    }

    fn wish(&self, desk: &Desk, request_id: Uuid, dossier: DossierId) -> Wish {
        Wish {
            request: Wish::request(desk.vault(), "test", request_id, "Test", b""),
            request_id,
            dossier,
            expected: None,
            actor: ActorId::new("can-bo-1"),
            organisation: OrganisationId::new(AGENCY),
            now: self.clock.now(),
            through: None,
            may_record_late: false,
        }
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        for desk in [&self.intake, &self.calls.edge.desk] {
            desk.log().close();
            desk.vault().close();
        }
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// As it is shipped.
pub(crate) fn catalogue() -> Arc<Catalogue> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/catalogue");
    let read = |name: &&'static str| (*name, std::fs::read_to_string(folder.join(name)).unwrap());
    let texts: Vec<_> = Catalogue::FILES.iter().map(read).collect();
    let files: Vec<_> = texts
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    Arc::new(Catalogue::parse(&files).unwrap())
}

fn submit(kept: &[VaultRef]) -> Command {
    Command::Submit(Submit {
        procedure: ProcedureCode::new(PROCEDURE),
        agency: AgencyId::new(AGENCY),
        channel: Channel::Direct,
        assisted: false,
        place: PlaceKind::Counter,
        point: Some(PointId::new("TTPVHCC-DT")),
        operator: OrganisationId::new("VNPOST-DT"),
        applicant: ApplicantKind::Citizen,
        subject: kept[0].clone(),
        components: Vec::new(),
        source: None,
        synthetic: true,
        boundary_independent: false,
    })
}

fn accept() -> Command {
    Command::Accept(Accept {
        point: PointId::new("TTPVHCC-DT"),
        operator: OrganisationId::new("VNPOST-DT"),
        earlier: None,
        receipt_issued: true,
    })
}

pub(crate) fn transfer(to: &str, unit: Option<&str>) -> Command {
    Command::Transfer(Transfer {
        to: AgencyId::new(to),
        unit: unit.map(Into::into),
    })
}

pub(crate) fn resolve() -> Command {
    Command::Resolve(Resolve {
        result: "KQ-1".into(),
        electronic: true,
        earlier: None,
    })
}
