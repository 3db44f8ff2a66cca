//! The thread that writes down, every minute, that the log is alive: so that a long absence is told from a leaping clock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::guard;
use crate::locks::lock;
use crate::shared::Shared;

/// A holiday passes without a write; the file says all the same how lately the log was alive.
const EVERY: Duration = Duration::from_secs(60);

/// Beats until `stop` is set, and once more then; setting it must be followed by `unpark`.
pub(crate) fn run(shared: &Shared, stop: &AtomicBool) {
    loop {
        beat(shared);
        let until = Instant::now() + EVERY;
        while !stop.load(Ordering::Relaxed) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            thread::park_timeout(left);
        }
        if stop.load(Ordering::Relaxed) {
            beat(shared);
            return;
        }
    }
}

/// A clock that is not believed is not written down: it would be believed after the next start.
fn beat(shared: &Shared) {
    if shared.clock_jump().is_some() {
        return;
    }
    let trusted = lock(&shared.guard).trusted((shared.settings.steady)());
    let Some(at) = trusted else { return };
    if let Err(error) = guard::alive(&shared.folder, at) {
        tracing::warn!(folder = %shared.folder.display(), %error, "that the log is alive is not written down");
    }
}
