//! `hoso up`: all roles in one process, with either form of the feed, and the machine's clock or a rehearsal's.

use std::time::Duration;

use chassis::{Clock, signals};

use crate::args::Up;
use crate::config::Settings;
use crate::days::Day;
use crate::entrance::Entrance;
use crate::nats_access;
use crate::stack::{FeedKind, FolderKind, Options, Stack};
use crate::{Failure, doors, shipped};

/// Runs until a signal, or until a role ends by itself.
pub async fn run(up: Up) -> Result<(), Failure> {
    let signal = signals::stop();
    let mut keys = up.entrance.keys();
    keys.extend(up.access.keys());
    let mut settings = Settings::read(None, keys);
    let entrance = Entrance::read(&mut settings);
    let access = nats_access::read(&mut settings);
    settings.finish()?;
    let catalogue = shipped::catalogue(up.catalogue.as_deref())?;
    let (kind, clock) = match &up.rehearsal_clock {
        None => (FolderKind::Real, Clock::system()),
        Some(file) => (
            FolderKind::Demo,
            Clock::file(file)
                .map_err(|error| format!("{} must say the time: {error}", file.display()))?,
        ),
    };
    let stack = Stack::start(Options {
        data: up.data,
        kind,
        catalogue,
        clock,
        listen: [up.intake, up.processing, up.reporting],
        http: [
            (up.intake, up.intake_http),
            (up.processing, up.processing_http),
            (up.reporting, up.reporting_http),
        ]
        .map(|(door, side)| Some(side.unwrap_or_else(|| doors::beside(door)))),
        master_key_file: up.master_key_file,
        node: up.node,
        segment_bytes_max: up.segment_bytes_max,
        free_bytes_min: up.free_bytes_min,
        small_cells_min: up.small_cells_min,
        feed: FeedKind::over(up.nats, kind)?.log_in_with(access),
        ack: up.ack,
        clock_confirmed: up.confirm_clock.map(|Day(day)| day),
        entrance,
    })?;
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
    stack.stop()?;
    Ok(())
}
