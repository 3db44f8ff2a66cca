//! The one program: every role, all roles in one process, and the commands for people.

#![allow(
    unreachable_pub,
    reason = "a program exports nothing; `pub` says what a module offers the others"
)]

mod args;
mod backup;
mod calendar;
mod client;
mod config;
mod copies;
mod days;
mod demo;
mod doors;
mod entrance;
mod erase;
mod figures;
mod filing;
mod find;
mod import;
mod line;
mod lists;
mod load;
mod logs;
mod nats_access;
mod out;
mod papers;
mod parked;
mod report;
mod roles;
mod secrets;
mod shipped;
mod show;
mod stack;
mod status;
mod table;
mod terminal;
mod typed;
mod up;
mod vaults;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Args, Command};

/// Ten per cent more unary calls and far more batches than with the system's allocator, measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a person is told when a command fails; the exit code is 1.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    if secrets::on_the_command_line(std::env::args_os().skip(1)) {
        out::say(secrets::REFUSAL);
        return ExitCode::FAILURE;
    }
    let args = Args::parse();
    match run(args) {
        Ok(code) => code,
        Err(failure) => {
            out::say(&format!("hoso: {failure}"));
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> Result<ExitCode, Failure> {
    chassis::telemetry::start(args.log_format.into(), &args.log)?;
    chassis::limits::raise_open_files();
    client::calls_with(args.credentials);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match args.command {
            Command::Up(up) => up::run(up).await.map(|()| ExitCode::SUCCESS),
            Command::Intake(node) => roles::intake(node).await.map(|()| ExitCode::SUCCESS),
            Command::Processing(role) => roles::processing(role).await.map(|()| ExitCode::SUCCESS),
            Command::Reporting(role) => roles::reporting(role).await.map(|()| ExitCode::SUCCESS),
            Command::Demo(demo) => {
                let options = demo::DemoOptions {
                    data: demo.data,
                    exit: demo.exit,
                    json: demo.format.is_json(),
                    catalogue: shipped::catalogue(demo.catalogue.as_deref())?,
                    feed: demo.access.feed(demo.nats, stack::FolderKind::Demo)?,
                };
                demo::run(options).await?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Dossier(dossier) => show::run(dossier).await.map(|()| ExitCode::SUCCESS),
            Command::Filing(told) => Box::pin(filing::run(*told))
                .await
                .map(|()| ExitCode::SUCCESS),
            Command::Parked(parked) => parked::run(parked).await.map(|()| ExitCode::SUCCESS),
            Command::Report(report) => report::run(report).await.map(|()| ExitCode::SUCCESS),
            Command::CheckFigures(check) => figures::run(&check),
            Command::Load(load) => load::run(*load).await.map(|()| ExitCode::SUCCESS),
            Command::Backup(backup) => backup::backup(backup).await.map(|()| ExitCode::SUCCESS),
            Command::Restore(restore) => backup::restore(&restore).map(|()| ExitCode::SUCCESS),
            Command::Status(status) => status::run(status).await,
            Command::Calendar(calendar) => {
                calendar::run(calendar).await.map(|()| ExitCode::SUCCESS)
            }
            Command::Import(import) => import::run(import).await,
            Command::Terminal(told) => Box::pin(terminal::run(*told)).await,
            Command::Vault(told) => vaults::run(told).await.map(|()| ExitCode::SUCCESS),
            Command::NatsKey(asked) => nats_access::key(&asked).map(|()| ExitCode::SUCCESS),
            Command::Log(log) => logs::run(log),
        }
    })
}
