//! `hoso import`: dossiers that another system has accepted and not ended, taken over from a file, all of them or none.
//!
//! * [`rows`]: the file's lines, as CSV or JSON Lines; [`columns`]: what they are called; [`layout`]: the request each becomes
//! * [`send`]: many requests at a time, in the order of the file
//!
//! Every line is checked first, here and by intake, and all faults of all lines are told; only a file without any is
//! imported. Each request's id follows from the system and its number of the dossier, so an import that was broken off
//! is run again as it was, and doubles nothing.

mod columns;
mod layout;
mod rows;
mod send;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args as Arguments;
use serde_json::json;

use self::layout::{Dossier, Fault};
use self::send::{Sender, Taken};
use crate::args::{Format, INTAKE};
use crate::{Failure, client, out};

/// `hoso import`.
#[derive(Debug, Arguments)]
#[command(after_long_help = columns::HELP)]
pub struct Import {
    /// The file: CSV with a line of column names (comma or semicolon), or JSON Lines (.jsonl, .ndjson); UTF-8.
    pub file: PathBuf,
    /// The system the dossiers come from, such as `motcua.dongthap`: letters, digits, dots, hyphens and underscores.
    #[arg(long, value_name = "NAME")]
    pub system: String,
    /// Only check: tell every fault of every line, and take nothing over.
    #[arg(long)]
    pub dry_run: bool,
    /// The acting account.
    #[arg(long, default_value = "hoso-import", value_name = "ACCOUNT")]
    pub actor: String,
    /// Where intake listens.
    #[arg(long, default_value = INTAKE, value_name = "ADDR")]
    pub server: String,
    /// `json`: one object.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Checks everything, then imports everything; fails when a line has a fault.
pub async fn run(told: Import) -> Result<ExitCode, Failure> {
    let name = told.file.display().to_string();
    let bytes = std::fs::read(&told.file).map_err(|error| format!("reading {name}: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        format!("{name} is not UTF-8 from byte {good} on")
    })?;
    let read = rows::read(&told.file, &text)?;
    let (dossiers, mut faults) = layout::dossiers(&read, &told.system, &told.actor);
    let mut sender = Sender::new(client::connect(&told.server).await?);
    let checked = sender.send(&dossiers, true).await?;
    faults.extend(checked.faults);
    faults.sort_by_key(|fault| fault.line);
    let count = read.len();
    if !faults.is_empty() {
        refuse(&told, count, &faults);
        return Ok(ExitCode::FAILURE);
    }
    let taken = if told.dry_run {
        checked.taken
    } else {
        import(&mut sender, &dossiers).await?
    };
    succeed(&told, count, &taken);
    Ok(ExitCode::SUCCESS)
}

/// What was right when it was checked may be wrong now, when somebody did the same meanwhile.
async fn import(sender: &mut Sender, dossiers: &[Dossier]) -> Result<Taken, Failure> {
    let sent = sender.send(dossiers, false).await?;
    if sent.faults.is_empty() {
        return Ok(sent.taken);
    }
    let told: Vec<String> = sent.faults.iter().map(Fault::to_string).collect();
    Err(format!(
        "{} were imported; these were right when they were checked, and are not any more:\n{}",
        sent.taken.imported,
        told.join("\n")
    )
    .into())
}

fn refuse(told: &Import, read: usize, faults: &[Fault]) {
    if told.format.is_json() {
        let faults: Vec<_> = faults.iter().map(Fault::to_json).collect();
        let object =
            json!({ "read": read, "dry_run": told.dry_run, "imported": 0, "faults": faults });
        out::print(&object.to_string());
        return;
    }
    for fault in faults {
        out::say(&fault.to_string());
    }
    out::say(&format!(
        "{} lỗi trong {read} dòng, chưa nhập hồ sơ nào · {} faults in {read} lines, nothing was imported",
        faults.len(),
        faults.len()
    ));
}

fn succeed(told: &Import, read: usize, taken: &Taken) {
    if told.format.is_json() {
        let object = json!({
            "read": read,
            "dry_run": told.dry_run,
            "imported": if told.dry_run { 0 } else { taken.imported },
            "imported_before": taken.before,
            "due_date_as_recorded": taken.otherwise,
            "due_date_not_as_recorded": taken.counted,
            "without_due_date": taken.without_due,
            "faults": [],
        });
        out::print(&object.to_string());
    } else if told.dry_run {
        out::print(&format!(
            "{read} dòng đều nhập được, {} đã nhập từ trước · all {read} lines can be imported, {} were before",
            taken.before, taken.before
        ));
    } else {
        out::print(&format!(
            "đã nhập {} hồ sơ, {} đã nhập từ trước; {} giữ ngày hẹn trả khác ngày hoso tính, {} có ngày hẹn trả khác hệ thống cũ ghi, \
             {} không có ngày hẹn trả\n\
             {} dossiers imported, {} were before; {} keep a due date that hoso would not have given, {} have another than the \
             other system had, {} have none",
            taken.imported,
            taken.before,
            taken.otherwise,
            taken.counted,
            taken.without_due,
            taken.imported,
            taken.before,
            taken.otherwise,
            taken.counted,
            taken.without_due,
        ));
    }
}
