//! Progress on standard error: a bar at a terminal, else a line every two seconds.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;

use crate::out;

const EVERY: Duration = Duration::from_secs(2);

/// How far the play is.
#[derive(Debug)]
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    total: u64,
    done: u64,
    said: Instant,
}

impl Progress {
    /// Of so many calls.
    pub(super) fn new(total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(total);
            if let Ok(style) =
                ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} lời gọi · calls")
            {
                bar.set_style(style);
            }
            bar
        });
        Self {
            bar,
            total,
            done: 0,
            said: Instant::now(),
        }
    }

    /// So many more calls, and the virtual clock is on this day.
    pub(super) fn advance(&mut self, calls: u64, day: Date) {
        self.done += calls;
        if let Some(bar) = &self.bar {
            bar.set_message(day.strftime("%d/%m/%Y").to_string());
            bar.set_position(self.done);
        } else if self.said.elapsed() >= EVERY {
            self.said = Instant::now();
            let day = day.strftime("%d/%m/%Y");
            out::say(&format!(
                "{day}: {}/{} lời gọi · calls",
                self.done, self.total
            ));
        }
    }

    /// The play is over.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
