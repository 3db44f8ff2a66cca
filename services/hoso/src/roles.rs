//! `hoso intake`, `hoso processing`, `hoso reporting`: one role a process, joined over NATS.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use api::authority::Entry;
use chassis::serve::Sockets;
use chassis::{Clock, signals};
use clap::Args as Arguments;
use domain::Catalogue;
use eventlog::LogId;
use intake::Intake;
use messaging::nats;
use processing::Processing;
use reporting::Reporting;
use vault::{LineKeys, MasterKeys};

use crate::config::Settings;
use crate::copies::{self, Copies};
use crate::days::Day;
use crate::doors::{self, Doors};
use crate::entrance::{Entrance, EntranceArgs};
use crate::line::{self, Line};
use crate::nats_access::{self, NatsArgs};
use crate::stack::{self, AckKind, FolderKind};
use crate::{Failure, args, shipped};

const PATIENCE: Duration = Duration::from_secs(2);
const DRAIN_SECONDS: u64 = 10;
const DRAIN_SECONDS_MAX: u64 = 3600;
const SEGMENT_BYTES_MIN: u64 = 65_536;
/// See [`Common::free_bytes_min`].
pub const FREE_BYTES_MIN: u64 = 1 << 30;
const NODE_MAX: u8 = 9;
/// JetStream's own bound.
const REPLICAS_MAX: usize = 5;

/// What every role is told. Each may also be a key of the file, with `_` for `-`; a flag comes before the environment, the
/// environment before the file.
#[derive(Debug, Arguments)]
pub struct Common {
    /// A TOML file with these settings.
    #[arg(long, value_name = "FILE", env = "HOSO_CONFIG")]
    pub config: Option<PathBuf>,
    /// The folder with the role's log and vault; made if it is not there.
    #[arg(long, value_name = "DIR", env = "HOSO_DATA")]
    pub data: Option<String>,
    /// Where the role listens; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", env = "HOSO_LISTEN")]
    pub listen: Option<String>,
    /// Where the role's side door is: /livez, /readyz, /metrics over HTTP; none if not said, a free port for port 0.
    #[arg(long, value_name = "ADDR", env = "HOSO_HTTP")]
    pub http: Option<String>,
    /// The NATS server or cluster: `nats://host[:port]`, or `tls://`, several with commas between. A password is not for the
    /// command line: it goes into `nats_credentials_file`, or before the host (`user:password@`) in the environment or the file.
    #[arg(long, value_name = "URL", env = "HOSO_NATS")]
    pub nats: Option<String>,
    /// How a role logs in to NATS.
    #[command(flatten)]
    pub access: NatsArgs,
    /// On how many servers of a cluster the streams are kept (1 if not said).
    #[arg(long, value_name = "N", env = "HOSO_NATS_REPLICAS")]
    pub nats_replicas: Option<String>,
    /// A folder with agencies, points, fields, procedures, calendar and law, instead of the ones in the program.
    #[arg(long, value_name = "DIR", env = "HOSO_CATALOGUE")]
    pub catalogue: Option<String>,
    /// The live part of the log is sealed when it passes this many bytes (67108864 if not said).
    #[arg(long, value_name = "BYTES", env = "HOSO_SEGMENT_BYTES_MAX")]
    pub segment_bytes_max: Option<String>,
    /// Writes are refused while the disk has fewer bytes free than this (1073741824 if not said; a quarter of it for the
    /// vault). Keep it above twice --segment-bytes-max: after a power cut the live part is written anew.
    #[arg(long, value_name = "BYTES", env = "HOSO_FREE_BYTES_MIN")]
    pub free_bytes_min: Option<String>,
    /// How many seconds calls under way may take after SIGTERM (10 if not said). Health says NOT_SERVING at once; a second
    /// signal does not wait.
    #[arg(long, value_name = "SECONDS", env = "HOSO_DRAIN_SECONDS")]
    pub drain_seconds: Option<String>,
    /// Who may connect, and who may do what.
    #[command(flatten)]
    pub entrance: EntranceArgs,
}

/// `hoso intake`.
#[derive(Debug, Arguments)]
pub struct IntakeNode {
    /// What every role is told.
    #[command(flatten)]
    pub common: Common,
    /// This node's digit in the dossier codes it issues; each node of a province has its own (0 if not said).
    #[arg(long, value_name = "DIGIT", env = "HOSO_NODE")]
    pub node: Option<String>,
    /// The file with the vault's master key; made in the data folder if not given.
    #[arg(long, value_name = "FILE", env = "HOSO_MASTER_KEY_FILE")]
    pub master_key_file: Option<String>,
    /// The file with the key under which processing speaks with this node's vault (32 random bytes, the same file at both).
    /// Without it personal data stays in this node's vault, and erasures do not reach it.
    #[arg(long, value_name = "FILE", env = "HOSO_LINE_KEY_FILE")]
    pub line_key_file: Option<String>,
    /// When a write is answered. `local` (if not said): once it is on this node's disk; it survives the loss of power, not of
    /// the disk. `follower`: once processing has it on its disk too (personal data, which stays in this node's vault, apart); it
    /// survives the loss of either machine, and while processing is away writes are answered with NOT_YET_AT_FOLLOWER: they
    /// are on this disk, and the same request again is answered well once they are there too.
    #[arg(long, value_name = "local|follower", env = "HOSO_ACK")]
    pub ack: Option<String>,
    /// The machine's clock is right on this day, 2026-11-25 or 25/11/2026, although it is more than a day ahead of the last
    /// time this node was alive (it was switched off for so long, say). Without it such a node takes no writes.
    #[arg(long, value_name = "DAY", env = "HOSO_CONFIRM_CLOCK")]
    pub confirm_clock: Option<String>,
    /// Who has copies of its log.
    #[command(flatten)]
    pub copies: Copies,
}

/// `hoso processing`.
#[derive(Debug, Arguments)]
pub struct ProcessingRole {
    /// What every role is told.
    #[command(flatten)]
    pub common: Common,
    /// The file with the vault's master key; made in the data folder if not given.
    #[arg(long, value_name = "FILE", env = "HOSO_MASTER_KEY_FILE")]
    pub master_key_file: Option<String>,
    /// The file with the key under which processing speaks with the vaults of intake nodes (32 random bytes, the same file at
    /// all of them). Without it personal data stays with them, and erasures do not reach them.
    #[arg(long, value_name = "FILE", env = "HOSO_LINE_KEY_FILE")]
    pub line_key_file: Option<String>,
    /// Log ids of intake nodes, with commas between, besides those that announce themselves.
    #[arg(long, value_name = "IDS", env = "HOSO_ORIGINS")]
    pub origins: Option<String>,
    /// The machine's clock is right on this day, 2026-11-25 or 25/11/2026, although it is more than a day ahead of the last
    /// time processing was alive (it was switched off for so long, say). Without it processing takes no writes.
    #[arg(long, value_name = "DAY", env = "HOSO_CONFIRM_CLOCK")]
    pub confirm_clock: Option<String>,
    /// Who has copies of its log.
    #[command(flatten)]
    pub copies: Copies,
}

/// `hoso reporting`.
#[derive(Debug, Arguments)]
pub struct ReportingReplica {
    /// What every role is told.
    #[command(flatten)]
    pub common: Common,
    /// The log id of processing, if it is not to be found by its announcement.
    #[arg(long, value_name = "ID", env = "HOSO_ORIGINS")]
    pub origins: Option<String>,
    /// This replica's name, for the list of followers in processing's settings; drawn once and kept in the data folder if not
    /// given.
    #[arg(long, value_name = "NAME", env = "HOSO_NAME")]
    pub name: Option<String>,
    /// Over HTTP and NATS, rows of fewer dossiers than this are merged (5 if not said; 0 merges none).
    #[arg(long, value_name = "N", env = "HOSO_SMALL_CELLS_MIN")]
    pub small_cells_min: Option<String>,
}

/// The part of the settings that all roles have.
struct Base {
    settings: Settings,
    data: PathBuf,
    listen: SocketAddr,
    http: Option<SocketAddr>,
    entrance: Entrance,
    catalogue: Option<PathBuf>,
    segment_bytes_max: u64,
    free_bytes_min: u64,
    drain: Duration,
    line: Line,
}

impl Base {
    fn read(
        common: Common,
        listen: &'static str,
        more: Vec<(&'static str, Option<String>)>,
    ) -> Result<Self, Failure> {
        let mut keys = vec![
            ("data", common.data),
            ("listen", common.listen),
            ("http", common.http),
            ("nats", common.nats),
            ("nats_replicas", common.nats_replicas),
            ("catalogue", common.catalogue),
            ("segment_bytes_max", common.segment_bytes_max),
            ("free_bytes_min", common.free_bytes_min),
            ("drain_seconds", common.drain_seconds),
        ];
        let follows = more.iter().any(|(key, _)| *key == "origins");
        keys.extend(more);
        keys.extend(common.access.keys());
        keys.extend(common.entrance.keys());
        let mut settings = Settings::read(common.config.as_deref(), keys);
        let data = settings.required("data").unwrap_or_default();
        let listen: SocketAddr = settings.or("listen", listen.parse()?);
        let http: Option<SocketAddr> = settings.optional("http");
        let entrance = Entrance::read(&mut settings);
        let told = [("listen", Some(listen)), ("http", http)];
        for (key, address) in told.iter().filter(|_| !entrance.is_guarded()) {
            if address.is_some_and(|address| !address.ip().is_loopback()) {
                settings.fault(
                    key,
                    "without tls_cert and jwks a role listens on this machine only",
                );
            }
        }
        let urls: String = settings.required("nats").unwrap_or_default();
        if !urls.is_empty()
            && let Err(error) = nats::addresses(&urls)
        {
            settings.fault("nats", &error.to_string());
        }
        let replicas = settings.or("nats_replicas", 1);
        if !(1..=REPLICAS_MAX).contains(&replicas) {
            settings.fault("nats_replicas", "1 to 5 are possible");
        }
        let segment_bytes_max = settings.or("segment_bytes_max", eventlog::SEGMENT_BYTES_MAX);
        if segment_bytes_max < SEGMENT_BYTES_MIN {
            settings.fault("segment_bytes_max", "at least 65536 are needed");
        }
        let free_bytes_min = settings.or("free_bytes_min", FREE_BYTES_MIN);
        let drain = settings.or("drain_seconds", DRAIN_SECONDS);
        if drain > DRAIN_SECONDS_MAX {
            settings.fault("drain_seconds", "at most 3600 are possible");
        }
        let mut origins = Vec::new();
        let listed: Option<String> = if follows {
            settings.optional("origins")
        } else {
            None
        };
        for id in listed.iter().flat_map(|list| list.split(',')) {
            match id.trim().parse() {
                Ok(id) => origins.push(LogId(id)),
                Err(_) => settings.fault("origins", &format!("{id:?} is no log id")),
            }
        }
        Ok(Self {
            data,
            listen,
            http,
            entrance,
            catalogue: settings.optional("catalogue"),
            segment_bytes_max,
            free_bytes_min,
            drain: Duration::from_secs(drain),
            line: Line {
                urls,
                replicas,
                origins,
                followers: Vec::new(),
                accepted: None,
                name: None,
                access: Arc::new(nats_access::read(&mut settings)),
                kind: FolderKind::Real,
            },
            settings,
        })
    }

    /// Ends the reading: from here on the settings are good. Prepares the folder, the socket and the catalogue.
    fn ready(mut self) -> Result<Ready, Failure> {
        self.entrance.look_at_files(&mut self.settings);
        if let Err(error) = shipped::catalogue(self.catalogue.as_deref()) {
            self.settings.fault("catalogue", &error.to_string());
        }
        self.settings.finish()?;
        stack::claim(&self.data, FolderKind::Real)?;
        let entrance = self.entrance.open(&Clock::system())?;
        Ok(Ready {
            catalogue: shipped::catalogue(self.catalogue.as_deref())?,
            doors: Doors::bind(self.listen, self.http, &entrance)?,
            entry: entrance.entry,
            data: self.data,
            segment_bytes_max: self.segment_bytes_max,
            free_bytes_min: self.free_bytes_min,
            drain: self.drain,
            line: self.line,
        })
    }
}

struct Ready {
    data: PathBuf,
    doors: Doors,
    entry: Entry,
    catalogue: Arc<Catalogue>,
    segment_bytes_max: u64,
    free_bytes_min: u64,
    drain: Duration,
    line: Line,
}

impl Ready {
    /// The sockets, once the role is open: whoever reads their addresses may call.
    fn sockets(doors: Doors, role: &str) -> Result<Sockets, Failure> {
        doors::tell(role, doors.addresses()?);
        Ok(doors.open()?)
    }
}

/// Listens for signals from now on; resolves with the first.
fn stop() -> impl Future<Output = ()> + Send + 'static {
    let signal = signals::stop();
    async move {
        match signal.await {
            Ok(signal) => tracing::info!(signal, "stopping"),
            Err(error) => tracing::error!(%error, "signals cannot be heard; stopping"),
        }
    }
}

/// The file with the vault's master key, if one is named; that it cannot be used is a fault like any other.
fn master_key_file(settings: &mut Settings) -> Option<PathBuf> {
    let file: PathBuf = settings.optional("master_key_file")?;
    if let Err(error) = MasterKeys::read_file(&file) {
        settings.fault("master_key_file", &error.to_string());
    }
    Some(file)
}

/// The line's key, if there is one.
fn line_key(settings: &mut Settings) -> Option<LineKeys> {
    let file: PathBuf = settings.optional("line_key_file")?;
    match LineKeys::read_file(&file) {
        Ok(key) => Some(key),
        Err(error) => {
            settings.fault("line_key_file", &error.to_string());
            None
        }
    }
}

/// Runs an intake node until a signal.
pub async fn intake(told: IntakeNode) -> Result<(), Failure> {
    let accepted = told.copies.accepted();
    let more = vec![
        ("node", told.node),
        ("master_key_file", told.master_key_file),
        ("line_key_file", told.line_key_file),
        ("ack", told.ack),
        ("confirm_clock", told.confirm_clock),
        ("followers", told.copies.followers),
    ];
    let mut base = Base::read(told.common, args::INTAKE, more)?;
    let node = base.settings.or("node", 0);
    if node > NODE_MAX {
        base.settings.fault("node", "it is one digit, 0 to 9");
    }
    let (ack, held) = base.settings.or("ack", AckKind::Local).ready();
    let confirmed: Option<Day> = base.settings.optional("confirm_clock");
    base.line.followers = copies::followers(&mut base.settings, line::PROCESSING);
    base.line.accepted = accepted;
    let key = master_key_file(&mut base.settings);
    let line_key = line_key(&mut base.settings);
    let ready = base.ready()?;
    let opened = Intake::open(intake::Settings {
        master_key: stack::master_key(&ready.data, key.as_deref())?,
        line_key,
        data: ready.data.clone(),
        node,
        one_of_several: true,
        catalogue: ready.catalogue,
        clock: Clock::system(),
        segment_bytes_max: ready.segment_bytes_max,
        clock_confirmed: confirmed.map(|Day(day)| day),
        ack,
        free_bytes_min: ready.free_bytes_min,
        patience: PATIENCE,
        drain: ready.drain,
        entry: ready.entry,
    })?;
    let stop = stop();
    let sockets = Ready::sockets(ready.doors, "intake")?;
    Ok(ready
        .line
        .intake(opened, &ready.data, sockets, held, stop)
        .await?)
}

/// Runs processing until a signal.
pub async fn processing(told: ProcessingRole) -> Result<(), Failure> {
    let accepted = told.copies.accepted();
    let more = vec![
        ("origins", told.origins),
        ("master_key_file", told.master_key_file),
        ("line_key_file", told.line_key_file),
        ("confirm_clock", told.confirm_clock),
        ("followers", told.copies.followers),
    ];
    let mut base = Base::read(told.common, args::PROCESSING, more)?;
    base.line.followers = copies::followers(&mut base.settings, "");
    base.line.accepted = accepted;
    let key = master_key_file(&mut base.settings);
    let line_key = line_key(&mut base.settings);
    let confirmed: Option<Day> = base.settings.optional("confirm_clock");
    let ready = base.ready()?;
    let opened = Processing::open(processing::Settings {
        master_key: stack::master_key(&ready.data, key.as_deref())?,
        line_key,
        data: ready.data.clone(),
        catalogue: ready.catalogue,
        clock: Clock::system(),
        segment_bytes_max: ready.segment_bytes_max,
        clock_confirmed: confirmed.map(|Day(day)| day),
        free_bytes_min: ready.free_bytes_min,
        patience: PATIENCE,
        drain: ready.drain,
        entry: ready.entry,
    })?;
    let stop = stop();
    let sockets = Ready::sockets(ready.doors, "processing")?;
    Ok(ready
        .line
        .processing(opened, &ready.data, sockets, stop)
        .await?)
}

/// Runs a reporting replica until a signal.
pub async fn reporting(told: ReportingReplica) -> Result<(), Failure> {
    let more = vec![
        ("origins", told.origins),
        ("name", told.name),
        ("small_cells_min", told.small_cells_min),
    ];
    let mut base = Base::read(told.common, args::REPORTING, more)?;
    let small_cells_min = base
        .settings
        .or("small_cells_min", reporting::settings::SMALL_CELLS_MIN);
    base.line.name = copies::own_name(&mut base.settings);
    let ready = base.ready()?;
    let opened = Reporting::open(reporting::Settings {
        data: ready.data.clone(),
        catalogue: ready.catalogue,
        clock: Clock::system(),
        segment_bytes_max: ready.segment_bytes_max,
        free_bytes_min: ready.free_bytes_min,
        patience: PATIENCE,
        drain: ready.drain,
        entry: ready.entry,
        small_cells_min,
    })?;
    let stop = stop();
    let sockets = Ready::sockets(ready.doors, "reporting")?;
    Ok(ready
        .line
        .reporting(opened, &ready.data, sockets, stop)
        .await?)
}
