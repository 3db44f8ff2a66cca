//! How soon each role answers again after kill -9 over a folder that is full, and what memory it has then.

use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::args::{OneRole, Restart};
use super::child::{Memory, timed};
use super::place::RoleFolder;
use super::progress::Progress;
use crate::Failure;

/// How long a role may take to lay its folded state down.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is told.
#[derive(Debug, Serialize)]
pub struct Told {
    measured: &'static str,
    /// One for each role.
    pub roles: Vec<Row>,
}

/// Of one role.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Which.
    pub role: &'static str,
    /// Records in its log.
    pub events: u64,
    /// The start that finds no folded state of this program, as after an upgrade: milliseconds to the first answer.
    pub first_start_ms: f64,
    /// The start after kill -9.
    pub after_kill_ms: f64,
    /// Whether that one had a folded state to go on from.
    pub from_snapshot: bool,
    /// Memory right after that answer.
    pub memory: Memory,
}

/// Measures.
///
/// # Errors
/// When a role does not start or answer.
pub async fn run(asked: Restart) -> Result<Told, Failure> {
    let roles: Vec<OneRole> = OneRole::ALL
        .into_iter()
        .filter(|role| asked.only.is_none_or(|only| only == *role))
        .collect();
    let mut progress = Progress::new(roles.len() as u64, "vai · roles");
    let mut rows = Vec::new();
    for role in roles {
        progress.step(role.as_str());
        rows.push(one(role, &asked.data).await?);
        progress.done(rows.len() as u64);
    }
    progress.finish();
    Ok(Told {
        measured: "restart",
        roles: rows,
    })
}

async fn one(role: OneRole, data: &Path) -> Result<Row, Failure> {
    let folder = RoleFolder::of(data, role)?.data;
    remove_folded(&folder)?;
    let (first, first_start_ms) = timed(role, data).await?;
    // It is laid down right after the start when there is enough of it.
    let begun = Instant::now();
    let events = first.head().await?.position;
    while events >= 100_000 && !folded(&folder)? && begun.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let from_snapshot = folded(&folder)?;
    first.kill()?;
    let (again, after_kill_ms) = timed(role, data).await?;
    let memory = again.memory()?;
    again.kill()?;
    Ok(Row {
        role: role.as_str(),
        events,
        first_start_ms,
        after_kill_ms,
        from_snapshot,
        memory,
    })
}

fn folded(folder: &Path) -> Result<bool, Failure> {
    Ok(files(folder)?.next().is_some())
}

fn remove_folded(folder: &Path) -> Result<(), Failure> {
    for file in files(folder)? {
        std::fs::remove_file(file)?;
    }
    Ok(())
}

fn files(folder: &Path) -> Result<impl Iterator<Item = std::path::PathBuf>, Failure> {
    let entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    Ok(entries
        .into_iter()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|it| it == "fold")))
}

/// The figures as a table for people.
pub fn table(told: &Told) -> String {
    let mut grid = comfy_table::Table::new();
    grid.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    grid.set_header([
        "Vai\nrole",
        "Sự kiện\nevents",
        "Lần đầu, đến trả lời\nfirst start to answer",
        "Sau kill -9\nafter kill -9",
        "Bộ nhớ · cao nhất\nmemory · peak",
    ]);
    for row in &told.roles {
        grid.add_row([
            row.role.to_owned(),
            row.events.to_string(),
            format!("{:.0} ms", row.first_start_ms),
            format!(
                "{:.0} ms{}",
                row.after_kill_ms,
                if row.from_snapshot {
                    ""
                } else {
                    " (folded anew)"
                }
            ),
            format!("{} · {} MiB", row.memory.now_mib, row.memory.peak_mib),
        ]);
    }
    grid.to_string()
}
