//! The node: started over a folder, stopped as an operator stops it, started again.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use api::hoso::intake::v1::terminal_service_client::TerminalServiceClient;
use api::hoso::intake::v1::{EnrolTerminalRequest, EnrolTerminalResponse};
use application::ack::Ack;
use chassis::Clock;
use chassis::serve::{ServeError, Sockets};
use domain::Catalogue;
use eventlog::{EventLog, Record};
use intake::{Intake, Settings};
use jiff::Timestamp;
use messaging::Healer;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;
use vault::MasterKey;

pub(crate) const DEPARTMENT: &str = "000.00.06.H20";
pub(crate) const CENTRE: &str = "TTPVHCC-DT";
pub(crate) const POST: &str = "VNPOST-DT";
pub(crate) const OFFICE: &str = "BC-870000";
/// 2022-12-15 09:00 in Vietnam, a Thursday.
pub(crate) const MORNING: &str = "2022-12-15T02:00:00Z";

pub(crate) struct Node {
    folder: TempDir,
    pub(crate) clock: Clock,
    address: String,
    log: EventLog,
    stop: Option<oneshot::Sender<()>>,
    served: Option<JoinHandle<Result<(), ServeError>>>,
}

impl Node {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(at(MORNING));
        let (address, log, stop, served) = serve(folder.path(), clock.clone()).await;
        Self {
            folder,
            clock,
            address,
            log,
            stop: Some(stop),
            served: Some(served),
        }
    }

    /// As SIGTERM stops it; how long that took.
    pub(crate) async fn stop(&mut self) -> Duration {
        let began = std::time::Instant::now();
        let _ = self.stop.take().unwrap().send(());
        self.served.take().unwrap().await.unwrap().unwrap();
        began.elapsed()
    }

    /// Stopped and started again over the same folder.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.start_again().await;
    }

    pub(crate) async fn start_again(&mut self) {
        let (address, log, stop, served) = serve(self.folder.path(), self.clock.clone()).await;
        (self.address, self.log) = (address, log);
        (self.stop, self.served) = (Some(stop), Some(served));
    }

    /// Its log and vault, as they are while it is stopped.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn at(&self, time: &str) {
        self.clock.set(at(time));
    }

    fn channel(&self) -> Channel {
        Endpoint::from_shared(format!("http://{}", self.address))
            .unwrap()
            // What a client that does not read leaves unread at its own door.
            .initial_stream_window_size(64 * 1024)
            .connect_lazy()
    }

    pub(crate) fn terminals(&self) -> TerminalServiceClient<Channel> {
        TerminalServiceClient::new(self.channel())
    }

    pub(crate) fn counter(&self) -> IntakeServiceClient<Channel> {
        IntakeServiceClient::new(self.channel())
    }

    pub(crate) async fn enrol(&self, terminal: &str) -> EnrolTerminalResponse {
        let request = EnrolTerminalRequest {
            request_id: Uuid::new_v4().to_string(),
            terminal_id: terminal.to_owned(),
            office: OFFICE.to_owned(),
            operator: POST.to_owned(),
            actor: "operator-1".to_owned(),
            min_position: String::new(),
        };
        let answer = self.terminals().enrol_terminal(request).await;
        answer.unwrap().into_inner()
    }

    /// Everything in the node's log.
    pub(crate) fn records(&self) -> Vec<Record> {
        self.log.read_after(0, 1_000_000).unwrap()
    }

    /// How many events of a kind the log has.
    pub(crate) fn count(&self, kind: &str) -> usize {
        let records = self.records();
        records.iter().filter(|it| &*it.event.kind == kind).count()
    }
}

async fn serve(
    folder: &Path,
    clock: Clock,
) -> (
    String,
    EventLog,
    oneshot::Sender<()>,
    JoinHandle<Result<(), ServeError>>,
) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let settings = Settings {
        data: folder.to_owned(),
        node: 1,
        one_of_several: false,
        catalogue: catalogue(),
        clock,
        clock_confirmed: None,
        master_key: MasterKey::from_bytes(&[7; 32]).into(),
        line_key: None,
        segment_bytes_max: 64 * 1024 * 1024,
        free_bytes_min: 0,
        patience: Duration::from_secs(10),
        ack: Ack::Local,
        drain: Duration::from_secs(30),
        entry: api::authority::Entry::local(),
    };
    let intake = Intake::open(settings).unwrap();
    let log = intake.log().clone();
    let healer = Healer::alone(log.clone());
    healer.look().await;
    let sockets = Sockets {
        grpc: listener,
        http: None,
        tls: None,
    };
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(intake.serve(healer, sockets, async move {
        let _ = stopped.await;
    }));
    (address, log, stop, served)
}

pub(crate) fn catalogue() -> Arc<Catalogue> {
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

pub(crate) fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

pub(crate) fn wire(time: &str) -> prost_types::Timestamp {
    let time = at(time);
    prost_types::Timestamp {
        seconds: time.as_second(),
        nanos: time.subsec_nanosecond(),
    }
}
