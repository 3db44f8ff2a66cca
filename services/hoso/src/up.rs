//! `hoso up`: all roles in one process, with either form of the feed and the machine's clock.

use std::time::Duration;

use chassis::{Clock, signals};

use crate::args::Up;
use crate::stack::{FeedKind, FolderKind, Options, Stack};
use crate::{Failure, out, shipped};

/// Runs until a signal, or until a role ends by itself.
pub async fn run(up: Up) -> Result<(), Failure> {
    let signal = signals::stop();
    let catalogue = shipped::catalogue(up.catalogue.as_deref())?;
    let stack = Stack::start(Options {
        data: up.data,
        kind: FolderKind::Real,
        catalogue,
        clock: Clock::system(),
        listen: [up.intake, up.processing, up.reporting],
        master_key_file: up.master_key_file,
        node: up.node,
        segment_bytes_max: up.segment_bytes_max,
        feed: FeedKind::over(up.nats, FolderKind::Real)?,
    })?;
    out::print(&format!("intake {}", stack.intake));
    out::print(&format!("processing {}", stack.processing));
    out::print(&format!("reporting {}", stack.reporting));
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
