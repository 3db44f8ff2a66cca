//! Where a load works: a folder that is marked as synthetic, and in it the three services, or intake alone.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use api::authority::Entry;
use application::ack::Ack;
use chassis::Clock;
use domain::Catalogue;
use intake::Intake;
use messaging::Healer;
use tokio::sync::oneshot;

use super::args::OneRole;
use crate::doors::Doors;
use crate::entrance::{Entrance, OpenEntrance};
use crate::roles;
use crate::stack::{self, AckKind, FeedKind, FolderKind, Options, Stack};
use crate::{Failure, shipped};

const PATIENCE: Duration = Duration::from_secs(2);
const DRAIN: Duration = Duration::from_secs(10);

/// A folder for a load. A fresh one goes with it.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    fresh: bool,
}

impl Folder {
    /// This one; or a fresh one under the system's folder for such.
    pub fn of(path: Option<PathBuf>) -> Self {
        match path {
            Some(path) => Self { path, fresh: false },
            None => Self {
                path: std::env::temp_dir().join(format!("hoso-load-{}", uuid::Uuid::new_v4())),
                fresh: true,
            },
        }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.fresh
            && let Err(error) = std::fs::remove_dir_all(&self.path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(folder = %self.path.display(), %error, "a fresh folder was not removed");
        }
    }
}

/// A free port on this machine only, and no side door.
///
/// # Errors
/// When there is none.
pub fn free_doors() -> Result<Doors, Failure> {
    Ok(Doors::bind(
        SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        None,
        &OpenEntrance::local(),
    )?)
}

/// The three services in such a folder, on free ports.
///
/// # Errors
/// When the folder is another's, or anything in it does not open.
pub fn all(data: &Path, feed: FeedKind) -> Result<Stack, Failure> {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Ok(Stack::start(Options {
        data: data.to_owned(),
        kind: FolderKind::Load,
        catalogue: shipped::catalogue(None)?,
        clock: Clock::system(),
        listen: [any; 3],
        http: [None; 3],
        master_key_file: None,
        node: 0,
        segment_bytes_max: eventlog::SEGMENT_BYTES_MAX,
        free_bytes_min: roles::FREE_BYTES_MIN,
        small_cells_min: reporting::settings::SMALL_CELLS_MIN,
        ack: AckKind::Local,
        clock_confirmed: None,
        feed,
        entrance: Entrance::default(),
    })?)
}

/// One role's settings in such a folder.
#[derive(Clone, Debug)]
pub struct RoleFolder {
    base: PathBuf,
    /// The role's own.
    pub data: PathBuf,
    catalogue: Arc<Catalogue>,
}

impl RoleFolder {
    /// Of this role.
    ///
    /// # Errors
    /// When the folder is another's.
    pub fn of(base: &Path, role: OneRole) -> Result<Self, Failure> {
        stack::claim(base, FolderKind::Load)?;
        Ok(Self {
            base: base.to_owned(),
            data: base.join(role.as_str()),
            catalogue: shipped::catalogue(None)?,
        })
    }

    /// Opens intake.
    ///
    /// # Errors
    /// When it does not open.
    pub fn intake(&self) -> Result<Intake, Failure> {
        Ok(Intake::open(intake::Settings {
            one_of_several: false,
            data: self.data.clone(),
            node: 0,
            catalogue: Arc::clone(&self.catalogue),
            clock: Clock::system(),
            master_key: stack::master_key(&self.base, None)?,
            // One role alone: there is no other vault to speak with.
            line_key: None,
            segment_bytes_max: eventlog::SEGMENT_BYTES_MAX,
            free_bytes_min: roles::FREE_BYTES_MIN,
            patience: PATIENCE,
            drain: DRAIN,
            entry: Entry::local(),
            clock_confirmed: None,
            ack: Ack::Local,
        })?)
    }

    /// Opens processing.
    ///
    /// # Errors
    /// When it does not open.
    pub fn processing(&self) -> Result<processing::Processing, Failure> {
        Ok(processing::Processing::open(processing::Settings {
            data: self.data.clone(),
            catalogue: Arc::clone(&self.catalogue),
            clock: Clock::system(),
            master_key: stack::master_key(&self.base, None)?,
            // One role alone: there is no other vault to speak with.
            line_key: None,
            segment_bytes_max: eventlog::SEGMENT_BYTES_MAX,
            free_bytes_min: roles::FREE_BYTES_MIN,
            patience: PATIENCE,
            drain: DRAIN,
            entry: Entry::local(),
            clock_confirmed: None,
        })?)
    }

    /// Opens reporting.
    ///
    /// # Errors
    /// When it does not open.
    pub fn reporting(&self) -> Result<reporting::Reporting, Failure> {
        Ok(reporting::Reporting::open(reporting::Settings {
            data: self.data.clone(),
            catalogue: Arc::clone(&self.catalogue),
            clock: Clock::system(),
            segment_bytes_max: eventlog::SEGMENT_BYTES_MAX,
            free_bytes_min: roles::FREE_BYTES_MIN,
            patience: PATIENCE,
            drain: DRAIN,
            entry: Entry::local(),
            small_cells_min: reporting::settings::SMALL_CELLS_MIN,
        })?)
    }
}

/// Intake alone, on a thread and a runtime of its own, as it runs in a process of its own; it stops when dropped.
#[derive(Debug)]
pub struct IntakeAlone {
    /// Where it listens.
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl IntakeAlone {
    /// Starts it.
    ///
    /// # Errors
    /// When the folder is another's, or it does not open.
    pub fn start(base: &Path) -> Result<Self, Failure> {
        let intake = RoleFolder::of(base, OneRole::Intake)?.intake()?;
        let doors = free_doors()?;
        let address = doors.addresses()?.grpc;
        let (stop, stopped) = oneshot::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = std::thread::Builder::new()
            .name("intake".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    let stopped = async {
                        let _ = stopped.await;
                    };
                    let healer = Healer::alone(intake.log().clone());
                    let served = async {
                        let sockets = doors.open()?;
                        Ok::<_, Failure>(intake.serve(healer, sockets, stopped).await?)
                    };
                    if let Err(error) = served.await {
                        tracing::error!(%error, "intake ended");
                    }
                });
            })?;
        Ok(Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for IntakeAlone {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in there has been told by the panic itself.
            let _ = thread.join();
        }
    }
}
