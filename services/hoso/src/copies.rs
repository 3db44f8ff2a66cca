//! Who has copies of a role's log, and what an operator may decide when they cannot be heard.

use clap::Args as Arguments;
use messaging::AcceptedLoss;

use crate::config::Settings;

/// Long enough for a sentence, short enough for a record.
const REASON_BYTES_MAX: usize = 2000;
const NAME_BYTES_MAX: usize = 64;

/// What a role with a log of its own is told about its followers. A log that was restored, or that has lost its end, takes no
/// writes until all of them have been heard, have given back what it lacks, and its next epoch is open.
///
/// Losing everything of processing, for instance:
///
///   hoso log export REPORTING/log COPY          (reporting stopped for as long as that takes)
///   hoso log import PROCESSING/log COPY/*       (verified; the same positions, the same chain)
///   hoso processing --data PROCESSING …         (heals from the replicas in `followers`, opens the next epoch, serves)
///
/// The vault and its master key come from their own backup. Reporting goes on following.
#[derive(Debug, Arguments)]
pub struct Copies {
    /// The names of those who follow this log and can say what it lacks, with commas between: of processing for an intake
    /// node (`processing` if not said), of the reporting replicas for processing.
    #[arg(long, value_name = "NAMES", env = "HOSO_FOLLOWERS")]
    pub followers: Option<String>,
    /// Open the log's next epoch without the followers that cannot be heard. What only they have is lost; the log records
    /// who was not heard, who decided it and why. Refused when the log waits for no epoch.
    #[arg(long, requires = "reason")]
    pub accept_loss: bool,
    /// Why the loss is accepted.
    #[arg(long, value_name = "TEXT", requires = "accept_loss", value_parser = reason)]
    pub reason: Option<String>,
    /// Who accepts it.
    #[arg(long, value_name = "NAME", env = "USER", hide_env_values = true, default_value = "operator", value_parser = name)]
    pub by: String,
}

impl Copies {
    /// The loss that is accepted, if one is.
    pub fn accepted(&self) -> Option<AcceptedLoss> {
        self.reason.clone().map(|reason| AcceptedLoss {
            by: self.by.clone(),
            reason,
        })
    }
}

/// The followers listed in the settings.
pub fn followers(settings: &mut Settings, unless_said: &str) -> Vec<String> {
    let listed: String = settings.or("followers", unless_said.to_owned());
    let names: Vec<_> = listed
        .split(',')
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    for wrong in names.iter().filter(|name| !is_name(name)) {
        settings.fault("followers", &format!("{wrong:?}: {NAME_RULE}"));
    }
    names
}

const NAME_RULE: &str = "a name is letters, digits, `-` and `_`, 64 at most";

/// Can it be one token of an address in NATS?
pub fn is_name(name: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.chars().all(plain)
}

/// The name of a follower, as the settings have it.
pub fn own_name(settings: &mut Settings) -> Option<String> {
    let name: Option<String> = settings.optional("name");
    if name.as_deref().is_some_and(|name| !is_name(name)) {
        settings.fault("name", NAME_RULE);
    }
    name
}

fn reason(text: &str) -> Result<String, String> {
    short(text, REASON_BYTES_MAX)
}

fn name(text: &str) -> Result<String, String> {
    short(text, NAME_BYTES_MAX)
}

fn short(text: &str, max: usize) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.len() > max {
        return Err(format!("1 to {max} bytes are possible"));
    }
    Ok(text.to_owned())
}
