//! `hoso load serve`: the services over a folder of `hoso load`, all of them or one, until a signal.

use std::time::Duration;

use chassis::serve::Sockets;
use chassis::signals;
use eventlog::LogId;
use messaging::{Embedded, EmbeddedErrands, Feeds, Healer};

use super::args::{OneRole, Serve};
use super::place::{self, RoleFolder};
use crate::stack::{FeedKind, FolderKind};
use crate::{Failure, doors};

/// Serves until a signal.
///
/// # Errors
/// When the folder is another's, or anything in it does not open.
pub async fn run(asked: Serve) -> Result<(), Failure> {
    match asked.only {
        None => all(asked).await,
        Some(role) => one(role, asked).await,
    }
}

async fn all(asked: Serve) -> Result<(), Failure> {
    let signal = signals::stop();
    let feed = asked.access.feed(asked.nats, FolderKind::Load)?;
    let stack = place::all(&asked.data, feed)?;
    doors::tell("intake", stack.intake);
    doors::tell("processing", stack.processing);
    doors::tell("reporting", stack.reporting);
    let ended = async {
        while stack.runs() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::select! {
        signal = signal => tracing::info!(signal = signal?, "stopping"),
        () = ended => {}
    }
    Ok(stack.stop()?)
}

/// One role, as in a process of its own; without NATS it follows nobody and is followed by nobody.
async fn one(role: OneRole, asked: Serve) -> Result<(), Failure> {
    let signal = signals::stop();
    let stop = async move {
        if let Err(error) = signal.await {
            tracing::error!(%error, "signals cannot be heard; stopping");
        }
    };
    let folder = RoleFolder::of(&asked.data, role)?;
    let free = place::free_doors()?;
    let line = match asked.access.feed(asked.nats, FolderKind::Load)? {
        FeedKind::Embedded => None,
        FeedKind::Nats(line) => Some(match asked.origin {
            Some(origin) => line.from(LogId(origin)),
            None => line,
        }),
    };
    let data = folder.data.clone();
    // Told once the role is open: whoever reads the address may call.
    let sockets = move || -> Result<Sockets, Failure> {
        doors::tell(role.as_str(), free.addresses()?);
        Ok(free.open()?)
    };
    let nobody = || Feeds::fixed(Vec::<Embedded>::new());
    match (role, line) {
        (OneRole::Intake, None) => {
            let intake = folder.intake()?;
            let healer = Healer::alone(intake.log().clone());
            intake.serve(healer, sockets()?, stop).await?;
        }
        (OneRole::Intake, Some(line)) => {
            line.intake(folder.intake()?, &data, sockets()?, None, stop)
                .await?;
        }
        (OneRole::Processing, None) => {
            let processing = folder.processing()?;
            let healer = Healer::alone(processing.log().clone());
            let errands = EmbeddedErrands::new(processing.log().head().log, None);
            let serve = processing.serve(nobody(), errands, healer, sockets()?, stop);
            serve.await?;
        }
        (OneRole::Processing, Some(line)) => {
            line.processing(folder.processing()?, &data, sockets()?, stop)
                .await?;
        }
        (OneRole::Reporting, None) => {
            let reporting = folder.reporting()?;
            reporting.serve(nobody(), sockets()?, stop).await?;
        }
        (OneRole::Reporting, Some(line)) => {
            line.reporting(folder.reporting()?, &data, sockets()?, stop)
                .await?;
        }
    }
    Ok(())
}
