//! How far a measurement is, on standard error: a bar at a terminal, else a line for each step.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::out;

/// How far it is.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    silent: bool,
}

impl Progress {
    /// Of so much; `unit` follows the numbers.
    pub fn new(total: u64, unit: &str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(total);
            let template = format!("{{msg}} {{wide_bar}} {{pos}}/{{len}} {unit} · {{eta}}");
            if let Ok(style) = ProgressStyle::with_template(&template) {
                bar.set_style(style);
            }
            bar
        });
        Self { bar, silent: false }
    }

    /// Of a time.
    pub fn over(time: Duration) -> Self {
        Self::new(u64::try_from(time.as_millis()).unwrap_or(u64::MAX), "ms")
    }

    /// Of something too short to be told.
    pub fn none() -> Self {
        Self {
            bar: None,
            silent: true,
        }
    }

    /// What is done now.
    pub fn step(&mut self, what: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(what.to_owned()),
            None if !self.silent => out::say(what),
            None => {}
        }
    }

    /// A time has passed, and so many calls were granted.
    pub fn at(&mut self, passed: Duration, calls: u64) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{calls} lời gọi · calls"));
            bar.set_position(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX));
        }
    }

    /// So much is done.
    pub fn done(&mut self, done: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
        }
    }

    /// It is over.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
