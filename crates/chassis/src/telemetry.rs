//! Log lines on standard error: text for people, JSON for machines. No personal data ever enters one.

use std::io::IsTerminal as _;

use thiserror::Error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// How log lines look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// For a person at a terminal.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Telemetry could not be started.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// The filter is not one.
    #[error("the log filter `{filter}` is not understood: {reason}")]
    Filter {
        /// What was given.
        filter: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Somebody else started it.
    #[error("telemetry is started already")]
    Started,
}

/// Starts telemetry for the whole process; `filter` is a tracing filter such as `info` or `intake=debug,info`.
///
/// # Errors
/// When the filter is not one, or telemetry runs already.
pub fn start(format: Format, filter: &str) -> Result<(), TelemetryError> {
    let env = EnvFilter::try_new(filter).map_err(|error| TelemetryError::Filter {
        filter: filter.to_owned(),
        reason: error.to_string(),
    })?;
    let builder = fmt()
        .with_env_filter(env)
        .with_writer(std::io::stderr)
        // Colours are for terminals; a file or a journal keeps plain text.
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        Format::Text => builder.with_target(false).try_init(),
        Format::Json => builder.json().flatten_event(true).try_init(),
    }
    .map_err(|_| TelemetryError::Started)
}
