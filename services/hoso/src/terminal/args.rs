//! `hoso terminal` on the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args as Arguments, Subcommand, ValueEnum};
use jiff::Timestamp;
use uuid::Uuid;

use crate::args::{Format, INTAKE};
use crate::days::moment;

/// `hoso terminal`.
#[derive(Debug, Arguments)]
pub struct Terminal {
    /// The terminal's folder.
    #[arg(
        long,
        global = true,
        default_value = "hoso-data/terminal",
        env = "HOSO_TERMINAL"
    )]
    pub dir: PathBuf,
    /// What to do.
    #[command(subcommand)]
    pub act: Act,
}

/// What a terminal does.
#[derive(Debug, Subcommand)]
pub enum Act {
    /// Make the terminal known to its intake node, and its folder here.
    Enrol {
        /// Its id, unique in the province.
        #[arg(long)]
        terminal: String,
        /// The post office it stands in.
        #[arg(long)]
        office: String,
        /// The firm that runs it.
        #[arg(long)]
        operator: String,
        /// Where the intake node listens.
        #[arg(long, default_value = INTAKE, value_name = "ADDR")]
        server: String,
        /// The acting account.
        #[arg(long, env = "HOSO_ACTOR")]
        actor: String,
    },
    /// Get numbers for fee receipts, which are then issued without a line.
    Lease {
        /// The series.
        #[arg(long)]
        series: String,
        /// How many.
        #[arg(long, default_value_t = 50)]
        count: u32,
        /// The acting account.
        #[arg(long, env = "HOSO_ACTOR")]
        actor: String,
    },
    /// A dossier is collected from a person: prints the slip's number.
    Collect(Collect),
    /// Papers change hands: one minute.
    HandOver(HandOver),
    /// A fee is taken: prints the receipt's number.
    Receipt(Receipt),
    /// A result was handed over.
    Deliver(Deliver),
    /// Nobody was met.
    Attempt(Attempt),
    /// A result is given back to the agency.
    Return(GiveBack),
    /// What waits for its answer, and what was refused.
    Queue {
        /// `json`: one object a line.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// A refused entry was seen to: forget it.
    Dismiss {
        /// Its number.
        sequence: u32,
    },
    /// Upload what waits, once.
    Sync,
    /// Upload what waits whenever there is a line, until SIGTERM or Ctrl-C.
    Run {
        /// How long to wait between two tries, in seconds.
        #[arg(long, default_value = "10", value_parser = seconds)]
        every: Duration,
    },
    /// Papers that are where they are for too long, with who has them; exit code 2 if there are any.
    Legs(Legs),
    /// The answers to a terminal's journal, as its node keeps them.
    Answers(Answers),
    /// Which papers a procedure asks for, or each of them.
    Checklist(Checklists),
    /// Check that a server keeps every promise of the protocol, with synthetic entries of a terminal of its own.
    Check {
        /// Where the intake node listens.
        #[arg(long, default_value = INTAKE, value_name = "ADDR")]
        server: String,
        /// The firm that runs the terminal.
        #[arg(long, default_value = "VNPOST-DT")]
        operator: String,
        /// A procedure of its catalogue.
        #[arg(long, default_value = "1.003738")]
        procedure: String,
        /// The agency that decides it.
        #[arg(long, default_value = "000.00.06.H20")]
        agency: String,
        /// A one-stop point that accepts for that agency; the firm must be among its operators.
        #[arg(long, default_value = "TTPVHCC-DT")]
        point: String,
        /// Where processing listens: a dossier is accepted on a minute only where the acceptance can be voided again.
        #[arg(long, value_name = "ADDR")]
        processing: Option<String>,
        /// The file with the token of a second account, which confirms that the acceptance is voided: where tokens are asked for,
        /// no account is two persons.
        #[arg(long, value_name = "FILE", env = "HOSO_SECOND_TOKEN_FILE")]
        second_token_file: Option<PathBuf>,
    },
}

/// Who keys it in.
#[derive(Clone, Debug, Arguments)]
pub struct Hand {
    /// The clerk's account.
    #[arg(long, env = "HOSO_ACTOR")]
    pub actor: String,
    /// A UUID by which the same command, keyed in again because nobody saw whether it was kept, is known; drawn if not given.
    #[arg(long)]
    pub command_id: Option<Uuid>,
}

/// `hoso terminal collect`.
#[derive(Debug, Arguments)]
pub struct Collect {
    /// Who keys it in.
    #[command(flatten)]
    pub hand: Hand,
    /// The procedure's national code.
    #[arg(long)]
    pub procedure: String,
    /// The agency that decides it.
    #[arg(long)]
    pub agency: String,
    /// A file with the applicant as a JSON object (name, identity_number, phone, email, address, …), `-` for standard input:
    /// what a command line holds, every account of the machine may read.
    #[arg(long, value_name = "FILE")]
    pub applicant: PathBuf,
    /// A paper, as CODE or CODE:ORIGINALS:CERTIFIED:COPIES; again for each.
    #[arg(long = "paper", value_name = "PAPER")]
    pub papers: Vec<String>,
    /// The version of the checklist by which they were counted; the last welcome's if not given.
    #[arg(long)]
    pub checklist: Option<String>,
    /// At the applicant's address, not at the post office.
    #[arg(long)]
    pub at_home: bool,
    /// The slip's number, where slips are printed ahead; given by the terminal if not.
    #[arg(long)]
    pub slip: Option<String>,
    /// For an agency elsewhere.
    #[arg(long)]
    pub boundary_independent: bool,
    /// For demonstrations and training.
    #[arg(long)]
    pub synthetic: bool,
}

/// `hoso terminal hand-over`.
#[derive(Debug, Arguments)]
pub struct HandOver {
    /// Who keys it in, and signs for the side that gives.
    #[command(flatten)]
    pub hand: Hand,
    /// The minute's number.
    #[arg(long)]
    pub number: String,
    /// Who gives, as KIND:ID with terminal, office or point; this terminal if not given.
    #[arg(long)]
    pub from: Option<String>,
    /// Who takes, as KIND:ID.
    #[arg(long)]
    pub to: String,
    /// The account that signed for the side that takes; left out while it has not.
    #[arg(long, default_value = "")]
    pub taker: String,
    /// When it was signed; now if not given.
    #[arg(long, value_parser = moment, value_name = "T")]
    pub signed_at: Option<Timestamp>,
    /// What changes hands, as SLIP or code:CODE, with what was found behind `=`: complete, incomplete, missing or damaged.
    #[arg(long = "paper", value_name = "PAPER", required = true)]
    pub papers: Vec<String>,
}

/// `hoso terminal receipt`.
#[derive(Debug, Arguments)]
#[command(group(ArgGroup::new("dossier").args(["slip", "code"]).required(true)))]
pub struct Receipt {
    /// Who keys it in.
    #[command(flatten)]
    pub hand: Hand,
    /// The series.
    #[arg(long)]
    pub series: String,
    /// In đồng.
    #[arg(long)]
    pub amount_vnd: u64,
    /// For a collected dossier, by its slip.
    #[arg(long)]
    pub slip: Option<String>,
    /// For a dossier, by its code.
    #[arg(long)]
    pub code: Option<String>,
    /// The notice that is paid, when the agency asked for it.
    #[arg(long, default_value = "", requires = "code")]
    pub notice: String,
}

/// A result on its way.
#[derive(Clone, Debug, Arguments)]
pub struct Posted {
    /// Who keys it in.
    #[command(flatten)]
    pub hand: Hand,
    /// The dossier's code.
    pub code: String,
    /// The postal item.
    #[arg(long)]
    pub item: String,
    /// When it was signed for; now if not given.
    #[arg(long, value_parser = moment, value_name = "T")]
    pub signed_at: Option<Timestamp>,
    /// A file with what was noted, `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub words: Option<PathBuf>,
}

/// `hoso terminal deliver`.
#[derive(Debug, Arguments)]
pub struct Deliver {
    /// What.
    #[command(flatten)]
    pub posted: Posted,
    /// To somebody authorised, not to the applicant.
    #[arg(long)]
    pub to_authorised: bool,
}

/// `hoso terminal attempt`.
#[derive(Debug, Arguments)]
pub struct Attempt {
    /// What.
    #[command(flatten)]
    pub posted: Posted,
    /// Why nobody was met, as a code.
    #[arg(long)]
    pub reason: String,
}

/// `hoso terminal return`.
#[derive(Debug, Arguments)]
pub struct GiveBack {
    /// What.
    #[command(flatten)]
    pub posted: Posted,
}

/// `hoso terminal legs`.
#[derive(Debug, Arguments)]
pub struct Legs {
    /// Only those that are where they are for at least so many working hours of their agency; 0: all.
    #[arg(long, default_value_t = 8, value_name = "HOURS")]
    pub older: u32,
    /// Only those that this terminal, office or point has.
    #[arg(long, default_value = "", value_name = "ID")]
    pub holder: String,
    /// Where the intake node listens.
    #[arg(long, default_value = INTAKE, value_name = "ADDR")]
    pub server: String,
    /// `json`: one object a line.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// `hoso terminal answers`.
#[derive(Debug, Arguments)]
pub struct Answers {
    /// The terminal's id.
    pub terminal: String,
    /// Only refused entries.
    #[arg(long)]
    pub refused: bool,
    /// Where the intake node that enrolled it listens.
    #[arg(long, default_value = INTAKE, value_name = "ADDR")]
    pub server: String,
    /// `json`: one object a line.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// `hoso terminal checklist`.
#[derive(Debug, Arguments)]
pub struct Checklists {
    /// The procedure's national code; every procedure that may be filed today if not given.
    pub procedure: Option<String>,
    /// Only procedures that this agency decides.
    #[arg(
        long,
        default_value = "",
        value_name = "AGENCY",
        conflicts_with = "procedure"
    )]
    pub agency: String,
    /// Where the intake node listens.
    #[arg(long, default_value = INTAKE, value_name = "ADDR")]
    pub server: String,
    /// `json`: one object a line.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// What the side that takes found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Found {
    /// With every paper.
    Complete,
    /// Papers are missing.
    Incomplete,
    /// Not there.
    Missing,
    /// Damaged.
    Damaged,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: u64 = text.parse().map_err(|_| "must be whole seconds")?;
    (1..=86_400)
        .contains(&seconds)
        .then(|| Duration::from_secs(seconds))
        .ok_or_else(|| "must be 1 to 86400 seconds".to_owned())
}
