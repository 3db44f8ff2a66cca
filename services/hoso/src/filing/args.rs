//! `hoso filing` on the command line.

use std::path::PathBuf;

use clap::{Args as Arguments, Subcommand, ValueEnum};
use jiff::Timestamp;
use uuid::Uuid;

use crate::args::{Format, INTAKE, PROCESSING};
use crate::days::{Day, moment};

/// `hoso filing`.
#[derive(Debug, Arguments)]
pub struct Filing {
    /// What to do.
    #[command(subcommand)]
    pub act: Act,
}

/// What is done with filings.
#[derive(Debug, Subcommand)]
pub enum Act {
    /// Take in what is brought for a dossier: any node takes it, at once, whether or not it knows the dossier; prints the receipt.
    Receive {
        /// What is brought.
        #[command(subcommand)]
        brought: Brought,
    },
    /// What became of one, by the id on its receipt.
    Show(Show),
    /// Those about which nothing is decided yet: since when each is held, for what it waits, and what is wrong there.
    Held(Held),
}

/// What is brought.
#[derive(Debug, Subcommand)]
pub enum Brought {
    /// Papers that were asked for.
    Supplement {
        /// For which dossier, and who takes it in.
        #[command(flatten)]
        counter: Counter,
        /// A paper, as CODE or CODE:ORIGINALS:CERTIFIED:COPIES; again for each.
        #[arg(long = "paper", value_name = "PAPER")]
        papers: Vec<String>,
    },
    /// Proof that a fee was paid.
    Payment {
        /// For which dossier, and who takes it in.
        #[command(flatten)]
        counter: Counter,
        /// The notice that was paid.
        #[arg(long)]
        notice: String,
        /// In đồng.
        #[arg(long)]
        amount_vnd: u64,
        /// How it was paid.
        #[arg(long, value_enum)]
        method: Method,
        /// The receipt's number.
        #[arg(long)]
        receipt: String,
    },
    /// The applicant's wish to take the dossier back.
    Withdrawal {
        /// For which dossier, and who takes it in.
        #[command(flatten)]
        counter: Counter,
        /// Why, as a code.
        #[arg(long, default_value = "", value_name = "CODE")]
        reason: String,
    },
    /// That somebody else may act for the applicant.
    Authorisation {
        /// For which dossier, and who takes it in.
        #[command(flatten)]
        counter: Counter,
        /// What for.
        #[arg(long, value_enum)]
        to: AuthorisedTo,
        /// A file with who it is as a JSON object (name, identity_number, phone), `-` for standard input: what a command line
        /// holds, every account of the machine may read.
        #[arg(long, value_name = "FILE")]
        person: PathBuf,
        /// The last day on which it holds.
        #[arg(long, value_name = "DAY")]
        until: Option<Day>,
    },
    /// Proof that the post handed the result over.
    Delivery {
        /// For which dossier, and who takes it in.
        #[command(flatten)]
        counter: Counter,
        /// What the post says of the item.
        #[command(flatten)]
        posted: Posted,
        /// To somebody authorised, not to the applicant.
        #[arg(long)]
        to_authorised: bool,
    },
    /// The post met nobody.
    Attempt {
        /// For which dossier, and who takes it in.
        #[command(flatten)]
        counter: Counter,
        /// What the post says of the item.
        #[command(flatten)]
        posted: Posted,
        /// Why, as a code.
        #[arg(long, value_name = "CODE")]
        reason: String,
    },
    /// The post gave the result back to the agency.
    Return {
        /// For which dossier, and who takes it in.
        #[command(flatten)]
        counter: Counter,
        /// What the post says of the item.
        #[command(flatten)]
        posted: Posted,
    },
}

/// For which dossier something is brought, and who takes it in.
#[derive(Clone, Debug, Arguments)]
pub struct Counter {
    /// The dossier's code, its id, or another system's number as SYSTEM:NUMBER.
    pub dossier: String,
    /// Who runs the place where it is brought: an agency's id or a firm's code.
    #[arg(long)]
    pub operator: String,
    /// The acting account.
    #[arg(long, env = "HOSO_ACTOR")]
    pub actor: String,
    /// A file with what was noted, such as the applicant's words; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub words: Option<PathBuf>,
    /// A UUID by which the same filing, brought in again because nobody saw the receipt, is known; drawn if not given.
    #[arg(long, value_name = "UUID")]
    pub request_id: Option<Uuid>,
    /// Where an intake node listens.
    #[arg(long, default_value = INTAKE, value_name = "ADDR")]
    pub server: String,
    /// `json`: one object.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// What the post says of an item.
#[derive(Clone, Debug, Arguments)]
pub struct Posted {
    /// The postal item.
    #[arg(long)]
    pub item: String,
    /// When it was signed for; from the receipt if not given.
    #[arg(long, value_parser = moment, value_name = "T")]
    pub signed_at: Option<Timestamp>,
}

/// How a fee was paid.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Method {
    /// At the counter.
    Cash,
    /// By bank transfer.
    Transfer,
    /// Online.
    Online,
    /// Through the post.
    Post,
}

/// What somebody may do for the applicant.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum AuthorisedTo {
    /// Act in everything about the dossier.
    Act,
    /// Collect the result.
    Collect,
}

/// `hoso filing show`.
#[derive(Debug, Arguments)]
pub struct Show {
    /// The filing's id.
    pub filing: String,
    /// Wait until processing has what this position names, as the receipt told it.
    #[arg(long, default_value = "", value_name = "POSITION")]
    pub after: String,
    /// Where processing listens.
    #[arg(long, default_value = PROCESSING, value_name = "ADDR")]
    pub server: String,
    /// `json`: one object.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// `hoso filing held`.
#[derive(Debug, Arguments)]
pub struct Held {
    /// Where processing listens.
    #[arg(long, default_value = PROCESSING, value_name = "ADDR")]
    pub server: String,
    /// `json`: one object a line.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}
