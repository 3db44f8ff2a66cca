//! The command line, as `hoso --help` tells it.

use std::net::SocketAddr;
use std::path::PathBuf;

use chassis::telemetry;
use clap::{Args as Arguments, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::client::Credentials;
use crate::days::{Day, date, moment};
use crate::entrance::EntranceArgs;
use crate::nats_access::{NatsArgs, NatsKey};
use crate::stack::AckKind;
use crate::{
    backup, calendar, filing, find, import, lists, load, parked, roles, status, terminal, vaults,
};

/// Where `hoso up` listens, and where the commands ask, unless told otherwise.
pub const INTAKE: &str = "127.0.0.1:7601";
/// See [`INTAKE`].
pub const PROCESSING: &str = "127.0.0.1:7602";
/// See [`INTAKE`].
pub const REPORTING: &str = "127.0.0.1:7603";

/// Under which heading `--help` shows what every command takes, after the command's own.
pub const EVERYWHERE: &str = "Every command";

/// Hồ sơ thủ tục hành chính: tiếp nhận, xử lý, báo cáo.
///
/// Takes in, processes and counts administrative-procedure dossiers of a Vietnamese province. Every dossier's history is
/// an append-only log; every figure is counted from it and can be counted again.
#[derive(Debug, Parser)]
#[command(name = "hoso", version, arg_required_else_help = true)]
pub struct Args {
    /// Which log lines to show on standard error: error, warn, info, debug, or a filter such as `intake=debug,info`.
    #[arg(long, global = true, default_value = "warn", env = "HOSO_LOG", help_heading = EVERYWHERE)]
    pub log: String,
    /// How log lines look.
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        env = "HOSO_LOG_FORMAT",
        help_heading = EVERYWHERE
    )]
    pub log_format: LogFormat,
    /// Who calls, and whom the commands believe.
    #[command(flatten)]
    pub credentials: Credentials,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum LogFormat {
    /// For a person at a terminal.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl From<LogFormat> for telemetry::Format {
    fn from(format: LogFormat) -> Self {
        match format {
            LogFormat::Text => Self::Text,
            LogFormat::Json => Self::Json,
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run intake, processing and reporting in this process, until SIGTERM or Ctrl-C.
    Up(Up),
    /// Run one intake node; NATS joins it to the other roles.
    Intake(roles::IntakeNode),
    /// Run processing: it follows every intake node, and one of it runs in a province.
    Processing(roles::ProcessingRole),
    /// Run one reporting replica: it follows processing.
    Reporting(roles::ReportingReplica),
    /// Play a department's half-year (15/12/2022–14/6/2023) through the three services and print its report.
    Demo(Demo),
    /// Look at one dossier (its state, its history, why it is due then), or at many: lists, what happens, what is due; or erase the personal data of one.
    Dossier(Dossier),
    /// Take in what is brought for a dossier (papers, a payment, a withdrawal, word of a delivery), and see what became of it.
    Filing(Box<filing::args::Filing>),
    /// Look at the dossiers that are not understood, because a newer program wrote about them.
    Parked(parked::Parked),
    /// Print an official form, for any period, as known at any moment.
    Report(Report),
    /// Check published figures: which identities fail, by how much, and what could explain it.
    CheckFigures(CheckFigures),
    /// Load a server, or services of its own, with synthetic dossiers, and measure.
    Load(Box<load::args::Load>),
    /// How each role is: whether it does its work, how far behind it is, what room is left; fails if anything is wrong.
    Status(status::Status),
    /// Keep a copy of a role's log, or of its vault, while it works; the same command again takes it further.
    Backup(backup::Backup),
    /// Make a role's log, or its vault, out of a copy.
    Restore(backup::Restore),
    /// Publish a working calendar to the services that run: provisional due dates are computed on it, and new ones count on it.
    Calendar(calendar::Calendar),
    /// Take over the dossiers that another system has accepted and not ended, from a CSV or JSON Lines file.
    Import(import::Import),
    /// A terminal of the public post: key in without a line, upload when there is one; check a server's promises.
    Terminal(Box<terminal::args::Terminal>),
    /// Declare the vault of an intake node gone for good: with two persons' word, erasures do not wait for it any more.
    Vault(vaults::Vault),
    /// Print the public key of an NKey, for the settings of the NATS server; its seed is in a file, drawn if there is none.
    NatsKey(NatsKey),
    /// Look into a log that no service has open: verify, dump, export, import.
    Log(Log),
}

/// `hoso up`.
#[derive(Debug, Arguments)]
pub struct Up {
    /// The folder with every role's log and vault; made if it is not there.
    #[arg(long, default_value = "hoso-data/up", env = "HOSO_DATA")]
    pub data: PathBuf,
    /// Where intake listens; port 0 takes a free one.
    #[arg(long, default_value = INTAKE, value_name = "ADDR")]
    pub intake: SocketAddr,
    /// Where processing listens.
    #[arg(long, default_value = PROCESSING, value_name = "ADDR")]
    pub processing: SocketAddr,
    /// Where reporting listens.
    #[arg(long, default_value = REPORTING, value_name = "ADDR")]
    pub reporting: SocketAddr,
    /// Where intake's side door is: /livez, /readyz, /metrics over HTTP; the port ten above its own if not said.
    #[arg(long, value_name = "ADDR")]
    pub intake_http: Option<SocketAddr>,
    /// Where processing's is.
    #[arg(long, value_name = "ADDR")]
    pub processing_http: Option<SocketAddr>,
    /// Where reporting's is.
    #[arg(long, value_name = "ADDR")]
    pub reporting_http: Option<SocketAddr>,
    /// Join the three over this NATS server instead of directly.
    #[arg(long, value_name = "URL", env = "HOSO_NATS")]
    pub nats: Option<String>,
    /// How a role logs in to NATS.
    #[command(flatten)]
    pub access: NatsArgs,
    /// A folder with agencies, points, fields, procedures, calendar and law, instead of the ones in the program.
    #[arg(long, value_name = "DIR", env = "HOSO_CATALOGUE")]
    pub catalogue: Option<PathBuf>,
    /// The file with the vaults' master key (32 random bytes, mode 0600); made in the data folder if not given.
    #[arg(long, value_name = "FILE", env = "HOSO_MASTER_KEY_FILE")]
    pub master_key_file: Option<PathBuf>,
    /// This intake node's digit in the dossier codes it issues.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=9))]
    pub node: u8,
    /// Over HTTP and NATS, rows of reports with fewer dossiers than this are merged; 0 merges none.
    #[arg(long, default_value_t = reporting::settings::SMALL_CELLS_MIN, value_name = "N", env = "HOSO_SMALL_CELLS_MIN")]
    pub small_cells_min: u64,
    /// The live part of each log is sealed when it passes this many bytes.
    #[arg(long, default_value_t = eventlog::SEGMENT_BYTES_MAX, value_parser = clap::value_parser!(u64).range(65_536..))]
    pub segment_bytes_max: u64,
    /// When intake answers a write: once it is on its disk, or once processing has it too.
    #[arg(long, value_enum, default_value_t, env = "HOSO_ACK")]
    pub ack: AckKind,
    /// The machine's clock is right on this day, 2026-11-25 or 25/11/2026, although it is more than a day ahead of the last
    /// time these services were alive (they were switched off for so long, say). Without it they take no writes.
    #[arg(long, value_name = "DAY", env = "HOSO_CONFIRM_CLOCK")]
    pub confirm_clock: Option<Day>,
    /// Rehearse: the time is what this file says (2023-01-16T08:00:00+07:00), read whenever the time is needed. Only in a
    /// folder of rehearsals and with synthetic dossiers; its logs say so, and are never served with the machine's clock.
    #[arg(long, value_name = "FILE", conflicts_with = "confirm_clock")]
    pub rehearsal_clock: Option<PathBuf>,
    /// Writes are refused while the disk has fewer bytes free than this.
    #[arg(long, default_value_t = roles::FREE_BYTES_MIN, value_name = "BYTES", env = "HOSO_FREE_BYTES_MIN")]
    pub free_bytes_min: u64,
    /// Who may connect, and who may do what.
    #[command(flatten)]
    pub entrance: EntranceArgs,
}

/// `hoso demo`.
#[derive(Debug, Arguments)]
pub struct Demo {
    /// The folder to play in; a fresh one under `hoso-data/` if not given.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// End after printing instead of staying up until Ctrl-C.
    #[arg(long)]
    pub exit: bool,
    /// `json`: the report object alone on standard output, everything else on standard error.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Join the three services over this NATS server instead of directly; the demo has streams of its own there.
    #[arg(long, value_name = "URL")]
    pub nats: Option<String>,
    /// How one logs in there.
    #[command(flatten)]
    pub access: NatsArgs,
    /// Another catalogue folder.
    #[arg(long, value_name = "DIR")]
    pub catalogue: Option<PathBuf>,
}

/// `hoso dossier`.
#[derive(Debug, Arguments)]
pub struct Dossier {
    /// What to look at.
    #[command(subcommand)]
    pub view: View,
}

/// What to look at.
#[derive(Debug, Subcommand)]
pub enum View {
    /// Its state now.
    Show(OneDossier),
    /// Everything that happened to it, in order.
    History(OneDossier),
    /// Why its due date is what it is, day by day.
    Explain(OneDossier),
    /// Those that officers have, or that are finished: by agency, holder, phase, due date, beginning of the code.
    List(lists::List),
    /// What happens to dossiers from now on, or after a position, until Ctrl-C.
    Watch(lists::Watch),
    /// What an agency has that is due soon or overdue.
    Due(lists::Due),
    /// Those whose applicant has an identity number, which is read from standard input or a file.
    Find(find::Find),
    /// Who looked dossiers up by an identity number, the newest first.
    LookUps(find::LookUps),
    /// Erase its personal data, in every vault and for good; the history and the figures stay.
    Erase(EraseDossier),
}

/// `hoso dossier erase`.
#[derive(Debug, Arguments)]
pub struct EraseDossier {
    /// Which dossier.
    #[command(flatten)]
    pub one: OneDossier,
    /// The word `xoa`: what is erased cannot be brought back, except from backups until they expire.
    #[arg(long, value_name = "WORD", value_parser = ["xoa"], required = true)]
    pub confirm: String,
    /// On which ground, as a code.
    #[arg(long, value_name = "CODE", default_value = "data_subject_request")]
    pub ground: String,
    /// The acting account.
    #[arg(long, value_name = "ACCOUNT")]
    pub actor: String,
}

/// One dossier.
#[derive(Debug, Arguments)]
pub struct OneDossier {
    /// Its code, its id, or another system's number as SYSTEM:NUMBER.
    pub name: String,
    /// Where processing listens.
    #[arg(long, default_value = PROCESSING, value_name = "ADDR")]
    pub server: String,
    /// `json`: one object.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// `hoso report`.
#[derive(Debug, Arguments)]
pub struct Report {
    /// Which form.
    #[command(subcommand)]
    pub form: Form,
}

/// Which form.
#[derive(Debug, Subcommand)]
pub enum Form {
    /// II.06a/VPCP/KSTT: how dossiers were received, resolved and are pending.
    Ii06a(Ii06a),
}

/// `hoso report ii06a`.
#[derive(Debug, Arguments)]
pub struct Ii06a {
    /// First day of the period: 2022-12-15 or 15/12/2022.
    #[arg(long, value_parser = date)]
    pub from: Date,
    /// Last day of the period, inclusive.
    #[arg(long, value_parser = date)]
    pub to: Date,
    /// As known at this moment: a day (its end), or 2023-03-15T09:00 in Vietnam.
    #[arg(long, value_parser = moment, value_name = "T")]
    pub as_of: Option<Timestamp>,
    /// What the rows are.
    #[arg(long, value_enum, default_value_t)]
    pub by: By,
    /// Only this agency's dossiers.
    #[arg(long, default_value = "")]
    pub agency: String,
    /// Only this field's.
    #[arg(long, default_value = "")]
    pub field: String,
    /// Only this procedure's.
    #[arg(long, default_value = "")]
    pub procedure: String,
    /// As those get it who may see counts only: rows of fewer dossiers are merged, a report of fewer is withheld.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub small_cells_min: u64,
    /// By agencies as they are now: what was an agency's that ended is its successor's.
    #[arg(long)]
    pub organised_now: bool,
    /// Count pending dossiers by the provincial product's laxer rule.
    #[arg(long)]
    pub provincial: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub format: ReportFormat,
    /// Where reporting listens.
    #[arg(long, default_value = REPORTING, value_name = "URL")]
    pub server: String,
}

/// What the rows of a report are.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum By {
    /// Lĩnh vực.
    #[default]
    Field,
    /// Thủ tục.
    Procedure,
    /// Cơ quan.
    Agency,
    /// Kênh tiếp nhận.
    Channel,
}

/// `hoso check-figures`.
#[derive(Debug, Arguments)]
pub struct CheckFigures {
    /// The figures, laid out as deploy/examples/dong-thap-2023-h1.toml.
    pub file: PathBuf,
    /// `json`: one object.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// `hoso log`.
#[derive(Debug, Arguments)]
pub struct Log {
    /// What to do with it.
    #[command(subcommand)]
    pub act: LogAct,
}

/// What to do with a log.
#[derive(Debug, Subcommand)]
pub enum LogAct {
    /// Check every record, checksum, chain hash and index, and say the first bad position.
    Verify {
        /// The log's folder, or files that `hoso log export` wrote.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// A head published earlier, as POSITION:HASH.
        #[arg(long)]
        anchor: Option<String>,
    },
    /// Print records, one JSON object a line.
    Dump {
        /// The log's folder.
        folder: PathBuf,
        /// Only records after this position.
        #[arg(long, default_value_t = 0)]
        after: u64,
        /// At most this many.
        #[arg(long, default_value_t = u64::MAX)]
        limit: u64,
    },
    /// Write the log, or what came after a position, into files of the sealed format; again takes it further.
    Export {
        /// The log's folder.
        folder: PathBuf,
        /// The folder to write the files to; made if it is not there.
        to: PathBuf,
        /// Only records after this position.
        #[arg(long, default_value_t = 0)]
        after: u64,
    },
    /// Make a new log folder out of exported files, verified, with the same positions and chain.
    Import {
        /// The folder to make; it must be empty or not there.
        folder: PathBuf,
        /// The files, in any order.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The log is reporting's copy of processing's.
        #[arg(long)]
        replica: bool,
        /// A head published earlier, as POSITION:HASH.
        #[arg(long)]
        anchor: Option<String>,
    },
}

/// How to print.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}

impl Format {
    /// Whether it is for programs.
    pub fn is_json(self) -> bool {
        match self {
            Self::Table => false,
            Self::Json => true,
        }
    }
}

/// How to print a report.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum ReportFormat {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
    /// For a spreadsheet.
    Csv,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn help_tells_a_commands_own_options_before_those_of_every_command() {
        let mut all = Args::command();
        all.build();
        let status = all.find_subcommand_mut("status").unwrap();
        let help = status.render_long_help().to_string();
        let (own, everywhere) = help.split_once(EVERYWHERE).unwrap();
        assert!(
            own.contains("--reporting") && own.contains("--format"),
            "{help}"
        );
        assert!(
            !own.contains("--token-file") && everywhere.contains("--token-file"),
            "{help}"
        );
    }
}
