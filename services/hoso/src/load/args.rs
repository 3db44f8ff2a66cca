//! The command line of `hoso load`, as its help tells it.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as Arguments, Subcommand, ValueEnum};

use super::mix::Mix;
use crate::args::{Format, INTAKE, REPORTING};
use crate::nats_access::NatsArgs;

/// `hoso load`.
#[derive(Debug, Arguments)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Load {
    /// What to measure besides.
    #[command(subcommand)]
    pub act: Option<Act>,
    /// Load as told.
    #[command(flatten)]
    pub run: Run,
}

/// What to measure besides a load.
#[derive(Debug, Subcommand)]
pub enum Act {
    /// Durable calls against their limits in the same run: a call that does nothing, and one over a raw file with fdatasync.
    Ratios(Ratios),
    /// From the acknowledgement at intake until the report has it, at several rates.
    Lag(Lag),
    /// Make a folder of finished lives, fast, through the real logs.
    Fill(Fill),
    /// How long a page of a list takes, over a filled folder.
    Lists(Lists),
    /// Time from a start after kill -9 to the first answer, and the memory then, of each role over a filled folder.
    Restart(Restart),
    /// How fast a new reporting node copies and folds what processing has, and its memory.
    CatchUp(CatchUp),
    /// Run the three services, or one, over a folder of `hoso load`, until SIGTERM or Ctrl-C.
    Serve(Serve),
}

/// How to print.
#[derive(Clone, Debug, Arguments)]
pub struct Told {
    /// `json`: one object alone on standard output.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// A load.
#[derive(Clone, Debug, Arguments)]
pub struct Run {
    /// Start all it needs in this process, in a folder of its own, instead of loading a server.
    #[arg(long)]
    pub embedded: bool,
    /// As --embedded, with the three services joined over this NATS server.
    #[arg(long, value_name = "URL")]
    pub nats: Option<String>,
    /// How one logs in there.
    #[command(flatten)]
    pub access: NatsArgs,
    /// The folder for --embedded and --nats; a fresh one, removed at the end, if not given.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The intake node to load.
    #[arg(long, default_value = INTAKE, value_name = "ADDR")]
    pub server: String,
    /// The reporting replica that says whether that node's dossiers are synthetic.
    #[arg(long, default_value = REPORTING, value_name = "ADDR")]
    pub reporting: String,
    /// Load a server whose dossiers may be real; the load's will be counted among them, for ever.
    #[arg(long)]
    pub count_among_real_dossiers: bool,
    /// Open loop: so many calls a second, whatever comes back; latencies count from when a call was due.
    #[arg(long, value_name = "N/s", value_parser = rate, conflicts_with = "callers")]
    pub rate: Option<u32>,
    /// Closed loop: so many callers, each with its next call when it has its answer.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub callers: u32,
    /// How long to measure: 500ms, 10s, 2m.
    #[arg(long, default_value = "10s", value_parser = duration)]
    pub duration: Duration,
    /// How long to load before that, unmeasured.
    #[arg(long, default_value = "2s", value_parser = duration)]
    pub warm_up: Duration,
    /// Which call.
    #[arg(long, value_enum, default_value_t)]
    pub method: Method,
    /// How the dossiers come, by weight.
    #[arg(long, default_value = "online=60,direct=30,postal=10")]
    pub mix: Mix,
    /// How to print.
    #[command(flatten)]
    pub told: Told,
}

/// Which call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Method {
    /// `SubmitDossier`.
    #[default]
    Submit,
    /// `SubmitAndAcceptDossier`.
    SubmitAndAccept,
}

impl Method {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::SubmitAndAccept => "submit-and-accept",
        }
    }
}

/// `hoso load ratios`.
#[derive(Debug, Arguments)]
pub struct Ratios {
    /// Callers at a time, one figure each.
    #[arg(long, value_delimiter = ',', default_value = "1,64,256")]
    pub callers: Vec<u32>,
    /// Rounds; in each, every limit and every call has its turn. The medians are told.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=99))]
    pub rounds: u32,
    /// How long each turn lasts.
    #[arg(long, default_value = "2s", value_parser = duration)]
    pub duration: Duration,
    /// How the dossiers come, by weight.
    #[arg(long, default_value = "online=60,direct=30,postal=10")]
    pub mix: Mix,
    /// Where to work; a fresh folder, removed at the end, if not given. The disk under it is what is measured.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// How to print.
    #[command(flatten)]
    pub told: Told,
}

/// `hoso load lag`.
#[derive(Debug, Arguments)]
pub struct Lag {
    /// Calls a second, one figure each; 0 is saturation, with 64 callers.
    #[arg(long, value_delimiter = ',', default_value = "100,1000,0")]
    pub rates: Vec<u32>,
    /// How long to measure each.
    #[arg(long, default_value = "10s", value_parser = duration)]
    pub duration: Duration,
    /// Join the three services over this NATS server instead of directly.
    #[arg(long, value_name = "URL")]
    pub nats: Option<String>,
    /// How one logs in there.
    #[command(flatten)]
    pub access: NatsArgs,
    /// How the dossiers come, by weight.
    #[arg(long, default_value = "online=60,direct=30,postal=10")]
    pub mix: Mix,
    /// Where to work; a fresh folder, removed at the end, if not given.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// How to print.
    #[command(flatten)]
    pub told: Told,
}

/// `hoso load fill`.
#[derive(Debug, Arguments)]
pub struct Fill {
    /// The folder to make; it must be empty or not there.
    pub data: PathBuf,
    /// How many records processing's log gets: six for each dossier, two of them intake's.
    #[arg(long, default_value_t = 1_000_000)]
    pub events: u64,
    /// How far each dossier gets; what is not returned stays on the lists, and in memory.
    #[arg(long, value_enum, default_value_t)]
    pub until: Until,
    /// How to print.
    #[command(flatten)]
    pub told: Told,
}

/// How far a dossier of a filled folder gets.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, ValueEnum)]
pub enum Until {
    /// Intake has not answered yet.
    Filed,
    /// Accepted: everything is pending.
    Accepted,
    /// To its end, but for the last days'.
    #[default]
    Returned,
}

/// `hoso load lists`.
#[derive(Debug, Arguments)]
pub struct Lists {
    /// A folder that `hoso load fill` made.
    pub data: PathBuf,
    /// How long to measure each list.
    #[arg(long, default_value = "5s", value_parser = duration)]
    pub duration: Duration,
    /// How to print.
    #[command(flatten)]
    pub told: Told,
}

/// `hoso load restart`.
#[derive(Debug, Arguments)]
pub struct Restart {
    /// A folder that `hoso load fill` made.
    pub data: PathBuf,
    /// Only this role.
    #[arg(long, value_enum)]
    pub only: Option<OneRole>,
    /// How to print.
    #[command(flatten)]
    pub told: Told,
}

/// `hoso load catch-up`.
#[derive(Debug, Arguments)]
pub struct CatchUp {
    /// A folder that `hoso load fill` made; its reporting folder is left alone.
    pub data: PathBuf,
    /// The NATS server that joins processing and the new node, each a process.
    #[arg(long, value_name = "URL")]
    pub nats: String,
    /// How one logs in there.
    #[command(flatten)]
    pub access: NatsArgs,
    /// How to print.
    #[command(flatten)]
    pub told: Told,
}

/// `hoso load serve`.
#[derive(Debug, Arguments)]
pub struct Serve {
    /// A folder that `hoso load` made.
    pub data: PathBuf,
    /// Only this role; without --nats it follows nobody.
    #[arg(long, value_enum)]
    pub only: Option<OneRole>,
    /// Join the roles over this NATS server instead of directly.
    #[arg(long, value_name = "URL")]
    pub nats: Option<String>,
    /// How one logs in there.
    #[command(flatten)]
    pub access: NatsArgs,
    /// The log that a role started alone follows over NATS.
    #[arg(long, value_name = "ID", requires = "nats")]
    pub origin: Option<uuid::Uuid>,
}

/// A role.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum OneRole {
    /// Tiếp nhận.
    Intake,
    /// Xử lý.
    Processing,
    /// Báo cáo.
    Reporting,
}

impl OneRole {
    /// All of them, as records flow.
    pub const ALL: [Self; 3] = [Self::Intake, Self::Processing, Self::Reporting];

    /// The role's name, which is its folder's too.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Processing => "processing",
            Self::Reporting => "reporting",
        }
    }
}

/// `100`, or `100/s`.
fn rate(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix("/s").unwrap_or(text);
    number
        .parse()
        .ok()
        .filter(|rate| (1..=1_000_000).contains(rate))
        .ok_or_else(|| "calls a second, 1 to 1000000, as 100 or 100/s".to_owned())
}

/// `500ms`, `10s`, `2m`.
fn duration(text: &str) -> Result<Duration, String> {
    let split = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let unit = match unit {
        "ms" => 1,
        "s" | "" => 1_000,
        "m" => 60_000,
        _ => 0,
    };
    number
        .parse::<u32>()
        .ok()
        .map(|number| Duration::from_millis(u64::from(number) * unit))
        .filter(|duration| !duration.is_zero() || number.starts_with('0') && unit > 0)
        .ok_or_else(|| "a time such as 500ms, 10s or 2m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_rates_are_written_as_people_write_them() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("7"), Ok(Duration::from_secs(7)));
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
        assert!(duration("soon").is_err());
        assert!(duration("5 years").is_err());
        assert_eq!(rate("1000/s"), Ok(1_000));
        assert!(rate("0").is_err());
    }
}
