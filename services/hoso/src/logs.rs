//! `hoso log`: look into a log that no service has open: verify, dump, export, import.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chassis::Clock;
use eventlog::transfer::Archive;
use eventlog::verify::{self, Anchor, Verified};
use eventlog::{ChainHash, EventLog, OpenError, Record, Role, Settings, transfer};
use serde_json::{Value, json};

use crate::args::{Log, LogAct};
use crate::{Failure, out};

/// Does what was asked.
pub fn run(log: Log) -> Result<ExitCode, Failure> {
    match log.act {
        LogAct::Verify { paths, anchor } => verify(&paths, anchor.as_deref())?,
        LogAct::Dump {
            folder,
            after,
            limit,
        } => dump(&open(&folder)?, after, limit)?,
        LogAct::Export { folder, to, after } => export(&open(&folder)?, &to, after)?,
        LogAct::Import {
            folder,
            files,
            replica,
            anchor,
        } => {
            let role = if replica { Role::Replica } else { Role::Origin };
            let anchors = anchors(anchor.as_deref())?;
            let mut told = 0;
            let verified = transfer::import_into(&folder, role, &files, &anchors, |position| {
                progress(&mut told, position);
            })?;
            say_verified(&verified);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens a log in whichever role it was made.
fn open(folder: &Path) -> Result<EventLog, Failure> {
    if !folder.is_dir() {
        return Err(format!("{} is not a folder", folder.display()).into());
    }
    let clock = Clock::system();
    let settings = move || {
        let clock = clock.clone();
        Settings::new(move || clock.now_us())
    };
    match EventLog::open(folder, settings()) {
        Err(OpenError::Role { .. }) => Ok(EventLog::open(
            folder,
            Settings {
                role: Role::Replica,
                ..settings()
            },
        )?),
        opened => Ok(opened?),
    }
}

fn verify(paths: &[PathBuf], anchor: Option<&str>) -> Result<(), Failure> {
    let anchors = anchors(anchor)?;
    if let [folder] = paths
        && folder.is_dir()
    {
        if !folder.join("manifest").exists() {
            // A backup: sealed files and no log's own folder.
            let files = Archive::open(folder)?.files();
            say_verified(&verify::files(&files, &anchors)?);
            return Ok(());
        }
        let log = open(folder)?;
        let verified = verify::log(&log, &anchors)?;
        say_verified(&verified);
        if let Some(awaits) = log.awaits() {
            out::print(&format!(
                "chờ kỷ nguyên mới · waits for its next epoch, takes no writes until then: {awaits}"
            ));
        }
        log.close();
    } else {
        say_verified(&verify::files(paths, &anchors)?);
    }
    Ok(())
}

pub fn say_verified(verified: &Verified) {
    out::print(&format!(
        "nguyên vẹn · whole: log {} epoch {} positions {}–{} ({} records), chain hash {}",
        verified.log,
        verified.epoch,
        verified.first,
        verified.last,
        verified.records,
        verified.hash
    ));
}

fn anchors(anchor: Option<&str>) -> Result<Vec<Anchor>, Failure> {
    let Some(anchor) = anchor else {
        return Ok(Vec::new());
    };
    let wrong = || format!("`{anchor}` is not POSITION:HASH, the hash being 64 hexadecimal digits");
    let (position, hash) = anchor.split_once(':').ok_or_else(wrong)?;
    let hash = ChainHash::parse(hash).ok_or_else(wrong)?;
    Ok(vec![Anchor {
        position: position.parse().map_err(|_| wrong())?,
        hash,
    }])
}

fn dump(log: &EventLog, after: u64, limit: u64) -> Result<(), Failure> {
    let (mut at, mut left) = (after, limit);
    while left > 0 {
        let records = log.read_after(at, usize::try_from(left).unwrap_or(usize::MAX).min(1024))?;
        let Some(last) = records.last() else { break };
        at = last.place.position;
        left = left.saturating_sub(u64::try_from(records.len()).unwrap_or(u64::MAX));
        for record in &records {
            out::print(&line(record).to_string());
        }
    }
    log.close();
    Ok(())
}

/// A record as an auditor reads it.
fn line(record: &Record) -> Value {
    let event = &record.event;
    let data: Value = serde_json::from_slice(&event.data)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&event.data).into_owned()));
    let time = |micros| {
        jiff::Timestamp::from_microsecond(micros)
            .map(|at| at.to_string())
            .ok()
    };
    json!({
        "position": record.place.position,
        "epoch": record.place.epoch,
        "recorded_at": time(record.place.recorded_at),
        "stream": record.stream.to_string(),
        "rival": record.rival,
        "revision": record.revision,
        "event_id": event.event_id.to_string(),
        "kind": event.kind,
        "schema_version": event.schema_version,
        "occurred_at": time(event.occurred_at),
        "actor": event.actor,
        "organisation": event.organisation,
        "correlation": event.correlation.to_string(),
        "causation": event.causation.to_string(),
        "origin": record.origin.map(|origin| json!({
            "log": origin.log.to_string(),
            "epoch": origin.epoch,
            "position": origin.position,
            "recorded_at": time(origin.recorded_at),
        })),
        "data": data,
    })
}

fn export(log: &EventLog, to: &Path, after: u64) -> Result<(), Failure> {
    let mut told = 0;
    let files = transfer::export(log, after, to, |position| progress(&mut told, position))?;
    for file in files {
        out::print(&format!(
            "{} positions {}–{}",
            file.path.display(),
            file.footer.first(),
            file.footer.last()
        ));
    }
    log.close();
    Ok(())
}

/// Says now and then how far a long piece of work is.
pub fn progress(told: &mut u64, position: u64) {
    const EVERY: u64 = 250_000;
    if position >= *told + EVERY {
        *told = position;
        out::say(&format!("… {position}"));
    }
}
