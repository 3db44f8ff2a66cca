//! `hoso log`: look into a log that no service has open.

use std::process::ExitCode;

use crate::Failure;
use crate::args::Log;

/// Does what was asked.
pub fn run(log: Log) -> Result<ExitCode, Failure> {
    let _ = log;
    Err("not yet".into())
}
