//! Intake, processing and reporting in one process, each on its own thread, joined by either form of the feed.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use application::ack::Ack;
use chassis::Clock;
use clap::ValueEnum;
use domain::Catalogue;
use eventlog::{EventLog, Position};
use intake::Intake;
use jiff::civil::Date;
use messaging::nats::AddressError;
use messaging::{Embedded, EmbeddedErrands, EmbeddedWitness, Feeds, Healer, held};
use processing::Processing;
use reporting::Reporting;
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinSet;
use vault::{LineKey, LineKeys, MasterKey, MasterKeys};

use crate::doors::{Addresses, Doors};
use crate::entrance::Entrance;
use crate::line::{self, Line, RoleError};

/// What calls wait for at most: a position, or the end of a drain.
const PATIENCE: Duration = Duration::from_secs(2);
const DRAIN: Duration = Duration::from_secs(10);
/// The file that marks a folder of the demo: its dossiers are synthetic and its clock was set by hand.
const DEMO_MARK: &str = "DEMO";
/// The file that marks a folder of `hoso load`: its dossiers are synthetic.
const LOAD_MARK: &str = "LOAD";

/// What a data folder is for; the two are never mixed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FolderKind {
    /// Real dossiers.
    Real,
    /// The demo's.
    Demo,
    /// A load's.
    Load,
}

impl FolderKind {
    /// The file that marks a folder of synthetic dossiers, and what is in it.
    fn mark(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Real => None,
            Self::Demo => Some((
                DEMO_MARK,
                "Dữ liệu minh họa, không có thật. Synthetic data of a demonstration.\n",
            )),
            Self::Load => Some((
                LOAD_MARK,
                "Dữ liệu thử tải, không có thật. Synthetic data of a load.\n",
            )),
        }
    }
}

/// What the answer to a write at intake promises.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum AckKind {
    /// It is on this machine's disk: it survives the loss of power, not of the disk.
    #[default]
    Local,
    /// Processing has it on its disk too (personal data, which stays in this node's vault, apart): it survives the loss of
    /// either machine. While processing is away no write is answered well; the same request again is answered once it is there.
    Follower,
}

impl FromStr for AckKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        ValueEnum::from_str(text, false).map_err(|_| "local or follower is possible".to_owned())
    }
}

impl AckKind {
    /// What intake is told, and where it is to be told how much the follower has.
    pub fn ready(self) -> (Ack, Option<watch::Sender<Position>>) {
        match self {
            Self::Local => (Ack::Local, None),
            Self::Follower => {
                let (tell, held) = watch::channel(0);
                (Ack::Follower(held), Some(tell))
            }
        }
    }
}

/// What joins the three.
#[derive(Clone, Debug)]
pub enum FeedKind {
    /// Each follows the other's log directly.
    Embedded,
    /// NATS.
    Nats(Line),
}

impl FeedKind {
    /// NATS when there is an address for it.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub fn over(nats: Option<String>, kind: FolderKind) -> Result<Self, AddressError> {
        nats.map_or(Ok(Self::Embedded), |urls| {
            Line::new(urls, kind).map(Self::Nats)
        })
    }
}

/// What to run.
#[derive(Debug)]
pub struct Options {
    /// The folder with every role's log and vault.
    pub data: PathBuf,
    /// What the folder is for.
    pub kind: FolderKind,
    /// The catalogue in use.
    pub catalogue: Arc<Catalogue>,
    /// The time.
    pub clock: Clock,
    /// Where intake, processing and reporting listen; port 0 takes a free one.
    pub listen: [SocketAddr; 3],
    /// Where their side doors are, if they are to have any.
    pub http: [Option<SocketAddr>; 3],
    /// The file with the master key; one is made in the data folder if not given.
    pub master_key_file: Option<PathBuf>,
    /// The intake node's digit.
    pub node: u8,
    /// How large the live part of each log grows, in bytes.
    pub segment_bytes_max: u64,
    /// How many bytes of the disk stay free.
    pub free_bytes_min: u64,
    /// From how many dossiers on a row is shown to those who see counts only.
    pub small_cells_min: u64,
    /// What joins them.
    pub feed: FeedKind,
    /// What intake's answers promise.
    pub ack: AckKind,
    /// The day on which the machine's clock is right, whatever it is ahead of.
    pub clock_confirmed: Option<Date>,
    /// How they are entered.
    pub entrance: Entrance,
}

/// The three services, running.
#[derive(Debug)]
pub struct Stack {
    /// Where intake listens.
    pub intake: Addresses,
    /// Where processing listens.
    pub processing: Addresses,
    /// Where reporting listens.
    pub reporting: Addresses,
    stop: watch::Sender<bool>,
    roles: Vec<RoleThread>,
}

/// The services could not start, or one ended badly.
#[derive(Debug, Error)]
pub enum StackError {
    /// The folder is the demo's or a load's.
    #[error("{} is a folder of synthetic dossiers; choose another with --data", .0.display())]
    SyntheticFolder(PathBuf),
    /// The folder has something else in it already.
    #[error("{} is not empty and has no file {mark}: it may hold real dossiers; choose another folder", folder.display())]
    OtherFolder {
        /// The folder.
        folder: PathBuf,
        /// What marks a folder of the wanted kind.
        mark: &'static str,
    },
    /// Nothing says yet who calls, so nobody from outside may.
    #[error(
        "{0} is not a loopback address: without TLS and tokens the services listen on this machine only"
    )]
    NotLoopback(SocketAddr),
    /// The system refused.
    #[error("{doing}: {source}")]
    Io {
        /// What was tried.
        doing: String,
        /// The system's answer.
        source: io::Error,
    },
    /// A certificate, or the keys of tokens.
    #[error(transparent)]
    Entrance(#[from] chassis::FileError),
    /// The master key, or the line's, cannot be used.
    #[error("a key cannot be used: {0}")]
    Key(String),
    /// Intake did not start.
    #[error(transparent)]
    Intake(#[from] intake::StartError),
    /// Processing did not start.
    #[error(transparent)]
    Processing(#[from] processing::StartError),
    /// Reporting did not start.
    #[error(transparent)]
    Reporting(#[from] reporting::StartError),
    /// A role ended badly.
    #[error("{role} ended: {reason}")]
    Ended {
        /// Which.
        role: &'static str,
        /// Why.
        reason: String,
    },
}

/// A role's name and its thread.
type RoleThread = (&'static str, JoinHandle<Result<(), RoleError>>);

/// What the system said, and what was tried.
pub fn io_error(doing: impl Into<String>) -> impl FnOnce(io::Error) -> StackError {
    let doing = doing.into();
    move |source| StackError::Io { doing, source }
}

impl Stack {
    /// Opens the folder and starts the three services; they answer when this returns.
    ///
    /// # Errors
    /// When the folder is of the other kind, or anything in it does not open.
    pub fn start(options: Options) -> Result<Self, StackError> {
        let Options {
            data,
            kind,
            catalogue,
            clock,
            listen,
            http,
            master_key_file,
            node,
            segment_bytes_max,
            free_bytes_min,
            small_cells_min,
            feed,
            ack,
            clock_confirmed,
            entrance,
        } = options;
        let entrance = entrance.open(&clock)?;
        let (ack, held) = ack.ready();
        claim(&data, kind)?;
        let [intake, processing, reporting] = listen;
        let [intake_http, processing_http, reporting_http] = http;
        let intake = Doors::bind(intake, intake_http, &entrance)?;
        let processing = Doors::bind(processing, processing_http, &entrance)?;
        let reporting = Doors::bind(reporting, reporting_http, &entrance)?;
        let key = || master_key(&data, master_key_file.as_deref());
        let line_key = own_line_key(&data)?;
        let intake_node = Intake::open(intake::Settings {
            data: data.join("intake"),
            node,
            one_of_several: false,
            catalogue: Arc::clone(&catalogue),
            clock: clock.clone(),
            master_key: key()?,
            line_key: Some(line_key.clone()),
            segment_bytes_max,
            clock_confirmed,
            ack,
            free_bytes_min,
            patience: PATIENCE,
            drain: DRAIN,
            entry: entrance.entry.clone(),
        })?;
        let processing_role = Processing::open(processing::Settings {
            data: data.join("processing"),
            catalogue: Arc::clone(&catalogue),
            clock: clock.clone(),
            master_key: key()?,
            line_key: Some(line_key),
            segment_bytes_max,
            clock_confirmed,
            free_bytes_min,
            patience: PATIENCE,
            drain: DRAIN,
            entry: entrance.entry.clone(),
        })?;
        let reporting_role = Reporting::open(reporting::Settings {
            data: data.join("reporting"),
            catalogue,
            clock,
            segment_bytes_max,
            free_bytes_min,
            patience: PATIENCE,
            drain: DRAIN,
            entry: entrance.entry,
            small_cells_min,
        })?;
        let logs = [intake_node.log(), processing_role.log()].map(|log| log.head().log);
        let replica = match &feed {
            FeedKind::Embedded => "reporting".to_owned(),
            FeedKind::Nats(_) => line::follower(&data.join("reporting"))
                .map_err(io_error("reading the replica's name"))?,
        };
        let of_intake = EmbeddedWitness::new(line::PROCESSING, processing_role.log().clone());
        let of_processing = EmbeddedWitness::new(&replica, reporting_role.log().clone());
        let from_intake = Embedded::new(intake_node.log().clone());
        let from_processing = Embedded::new(processing_role.log().clone());
        let errands = EmbeddedErrands::new(logs[0], Some(intake_node.answering()));
        let at_processing = processing_role.log().clone();
        let (stop, stopped) = watch::channel(false);
        let stopped = || until(stopped.clone());
        Ok(Self {
            intake: intake.addresses()?,
            processing: processing.addresses()?,
            reporting: reporting.addresses()?,
            roles: vec![
                role("intake", {
                    let (stopped, feed, data) = (stopped(), feed.clone(), data.join("intake"));
                    async move {
                        let sockets = intake.open()?;
                        match feed {
                            FeedKind::Embedded => {
                                let mut held_by = JoinSet::new();
                                if let Some(held) = held {
                                    held_by.spawn(held::keep(at_processing, logs[0], held));
                                }
                                let healer = healer(intake_node.log(), of_intake).await;
                                Ok(intake_node.serve(healer, sockets, stopped).await?)
                            }
                            FeedKind::Nats(line) => {
                                line.followed_by(line::PROCESSING)
                                    .intake(intake_node, &data, sockets, held, stopped)
                                    .await
                            }
                        }
                    }
                })?,
                role("processing", {
                    let (stopped, feed, data) = (stopped(), feed.clone(), data.join("processing"));
                    async move {
                        let (sockets, role) = (processing.open()?, processing_role);
                        match feed {
                            FeedKind::Embedded => {
                                let feeds = Feeds::fixed(vec![from_intake]);
                                let healer = healer(role.log(), of_processing).await;
                                let serve = role.serve(feeds, errands, healer, sockets, stopped);
                                Ok(serve.await?)
                            }
                            FeedKind::Nats(line) => {
                                line.from(logs[0])
                                    .followed_by(&replica)
                                    .processing(role, &data, sockets, stopped)
                                    .await
                            }
                        }
                    }
                })?,
                role("reporting", {
                    let (stopped, feed, data) = (stopped(), feed, data.join("reporting"));
                    async move {
                        let (sockets, role) = (reporting.open()?, reporting_role);
                        match feed {
                            FeedKind::Embedded => {
                                let feeds = Feeds::fixed(vec![from_processing]);
                                Ok(role.serve(feeds, sockets, stopped).await?)
                            }
                            FeedKind::Nats(line) => {
                                line.from(logs[1])
                                    .reporting(role, &data, sockets, stopped)
                                    .await
                            }
                        }
                    }
                })?,
            ],
            stop,
        })
    }

    /// Whether every role still runs.
    pub fn runs(&self) -> bool {
        self.roles.iter().all(|(_, thread)| !thread.is_finished())
    }

    /// Stops the services, NOT_SERVING first, and waits until they have drained.
    ///
    /// # Errors
    /// When a role had ended badly.
    pub fn stop(self) -> Result<(), StackError> {
        self.stop.send_replace(true);
        let mut first = Ok(());
        for (role, thread) in self.roles {
            let ended = match thread.join() {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => error.to_string(),
                Err(_) => "it panicked".to_owned(),
            };
            if first.is_ok() {
                first = Err(StackError::Ended {
                    role,
                    reason: ended,
                });
            }
        }
        first
    }
}

/// One role on a thread and a runtime of its own: on few cores that beats one runtime over all of them.
fn role(
    name: &'static str,
    serving: impl Future<Output = Result<(), RoleError>> + Send + 'static,
) -> Result<RoleThread, StackError> {
    let thread = std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?
                .block_on(serving)
        })
        .map_err(io_error(format!("starting {name}'s thread")))?;
    Ok((name, thread))
}

/// Holds a log against what its follower in this process has seen of it.
async fn healer(log: &EventLog, follower: EmbeddedWitness) -> Healer<EmbeddedWitness> {
    let healer = Healer::new(log.clone(), vec![follower], None);
    healer.look().await;
    healer
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // The sender lives as long as the stack; without it there is nobody left to serve for.
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// Makes the folder if need be and sees to it that it is of the right kind.
///
/// # Errors
/// When it is not, or cannot be used.
pub fn claim(data: &Path, kind: FolderKind) -> Result<(), StackError> {
    fs::create_dir_all(data).map_err(io_error(format!("making {}", data.display())))?;
    let marked = |name: &str| data.join(name).exists();
    let empty = fs::read_dir(data)
        .map_err(io_error(format!("reading {}", data.display())))?
        .next()
        .is_none();
    match kind.mark() {
        None if marked(DEMO_MARK) || marked(LOAD_MARK) => {
            Err(StackError::SyntheticFolder(data.to_owned()))
        }
        None => Ok(()),
        Some((name, _)) if marked(name) => Ok(()),
        Some((name, words)) if empty => fs::write(data.join(name), words)
            .map_err(io_error(format!("marking {}", data.display()))),
        Some((name, _)) => Err(StackError::OtherFolder {
            folder: data.to_owned(),
            mark: name,
        }),
    }
}

/// The key under which the vaults of one process speak: the data folder's own, made when there is none.
///
/// # Errors
/// When it cannot be read or made.
pub fn own_line_key(data: &Path) -> Result<LineKeys, StackError> {
    let own = data.join("line.key");
    let made = if own.exists() {
        Ok(())
    } else {
        LineKey::generate_file(&own).map(drop)
    };
    let keys = made.and_then(|()| LineKeys::read_file(&own));
    keys.map_err(|error| StackError::Key(error.to_string()))
}

/// The key in the file that was named, and its successor's if there is one; or the data folder's own, made when there is none.
///
/// # Errors
/// When it cannot be read or made.
pub fn master_key(data: &Path, named: Option<&Path>) -> Result<MasterKeys, StackError> {
    let own = data.join("master.key");
    let there = own.exists() || MasterKeys::successor(&own).exists();
    let made = match named {
        None if !there => MasterKey::generate_file(&own).map(drop),
        Some(_) | None => Ok(()),
    };
    let keys = made.and_then(|()| MasterKeys::read_file(named.unwrap_or(&own)));
    keys.map_err(|error| StackError::Key(error.to_string()))
}
