//! What is published where: codes not names, ASCII only.
//!
//! | Subject | What |
//! |---|---|
//! | `hoso.<role>.<log>.<agency or ->.<event type>` | a record; kept by the stream `HOSO_<ROLE>` |
//! | `hoso.figures.<agency>.<form>.<period>` | an agency's figures now; the last of each is kept by the stream `HOSO_FIGURES` |
//! | `hoso.ask.<role>.<log>.head` | a request: where the log ends |
//! | `hoso.ask.<role>.<log>.records-after` | a request: the records after a position |
//! | `hoso.ask.<role>.<log>.vault` | a request, sealed: an entry of the vault beside the log, or an erasure there |
//! | `hoso.follower.<role>.<follower>.<log>.head` | a request of an origin: where what a follower has of its log ends |
//! | `hoso.follower.<role>.<follower>.<log>.records-after` | a request of an origin: its own records after a position |
//! | `hoso.list.<role>` | a request to all origins of a role: announce yourselves |
//! | `hoso.held.<role>.<log>` | a follower says how much of a log is on its disk |
//! | `hoso.announce.<role>` | an origin says that it is there, and where its log ends |
//! | `hoso.digit.<role>` | an intake node says which digit its dossier codes have |
//!
//! Requests lie outside the space of the stream: what it kept it would also acknowledge, in place of the origin.

use std::fmt;

use eventlog::{LogId, Record};

/// Whose log it is. Reporting has none of its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Role {
    /// Tiếp nhận.
    Intake,
    /// Giải quyết.
    Processing,
    /// The demo's intake: synthetic records never share a stream with real ones, and no real role finds them.
    DemoIntake,
    /// The demo's processing.
    DemoProcessing,
}

impl Role {
    /// The role's token in subjects.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Processing => "processing",
            Self::DemoIntake => "demo-intake",
            Self::DemoProcessing => "demo-processing",
        }
    }

    /// The stream with the records of all logs of this role.
    pub const fn stream(self) -> &'static str {
        match self {
            Self::Intake => "HOSO_INTAKE",
            Self::Processing => "HOSO_PROCESSING",
            Self::DemoIntake => "HOSO_DEMO_INTAKE",
            Self::DemoProcessing => "HOSO_DEMO_PROCESSING",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Everything the role's stream keeps.
pub fn stream(role: Role) -> String {
    format!("hoso.{role}.*.*.*")
}

/// All records of one log.
pub fn log(role: Role, log: LogId) -> String {
    format!("hoso.{role}.{log}.*.*")
}

/// Where one record goes.
pub fn record(role: Role, record: &Record) -> String {
    let agency = token(&record.event.organisation);
    let kind = token(&record.event.kind);
    format!("hoso.{role}.{}.{agency}.{kind}", record.place.log)
}

/// The stream with the current figures.
pub const FIGURES: &str = "HOSO_FIGURES";

/// Everything that stream keeps.
pub fn all_figures() -> String {
    "hoso.figures.*.*.*".to_owned()
}

/// Where an agency's current figures go: which form, for which kind of period.
pub fn figures(agency: &str, form: &str, period: &str) -> String {
    let [agency, form, period] = [agency, form, period].map(token);
    format!("hoso.figures.{agency}.{form}.{period}")
}

/// What an origin is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ask {
    /// Where its log ends.
    Head,
    /// The records after a position.
    RecordsAfter,
    /// The vault beside its log.
    Vault,
}

impl Ask {
    /// The last token of the subject.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::RecordsAfter => "records-after",
            Self::Vault => "vault",
        }
    }
}

/// Where one log's origin is asked something.
pub fn ask(role: Role, log: LogId, what: Ask) -> String {
    format!("hoso.ask.{role}.{log}.{}", what.as_str())
}

/// Where a follower of a role's logs is asked something about one of them.
pub fn ask_follower(role: Role, follower: &str, log: LogId, what: Ask) -> String {
    let follower = token(follower);
    format!("hoso.follower.{role}.{follower}.{log}.{}", what.as_str())
}

/// Where the follower of this name is asked everything.
pub fn asked(role: Role, follower: &str) -> String {
    format!("hoso.follower.{role}.{}.*.*", token(follower))
}

/// Which log a follower is asked about, and what.
pub fn asked_for(subject: &str) -> Option<(LogId, Ask)> {
    let mut tokens = subject.rsplit('.');
    let (what, log) = (tokens.next()?, tokens.next()?);
    let all = [Ask::Head, Ask::RecordsAfter];
    let what = all.into_iter().find(|ask| ask.as_str() == what)?;
    Some((LogId(log.parse().ok()?), what))
}

/// Where all origins of a role are asked to announce themselves.
pub fn list(role: Role) -> String {
    format!("hoso.list.{role}")
}

/// Where intake nodes tell which digit the codes have that they give out.
pub fn digit(role: Role) -> String {
    format!("hoso.digit.{role}")
}

/// Where origins announce themselves.
pub fn announce(role: Role) -> String {
    format!("hoso.announce.{role}")
}

/// Where a follower says how much of one log it has.
pub fn held(role: Role, log: LogId) -> String {
    format!("hoso.held.{role}.{log}")
}

/// A code as one token of a subject: letters, digits, `_` and `-` stay, everything else (the dots of agencies' codes)
/// becomes `-`; no code is `-`.
pub fn token(code: &str) -> String {
    if code.is_empty() {
        return "-".to_owned();
    }
    let plain = |letter: char| {
        if letter.is_ascii_alphanumeric() || letter == '_' {
            letter
        } else {
            '-'
        }
    };
    code.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_one_token_whatever_it_holds() {
        assert_eq!(token("000.00.06.H20"), "000-00-06-H20");
        assert_eq!(token(""), "-");
        assert_eq!(token("a*b>c d\r\nSở"), "a-b-c-d--S-");
    }

    #[test]
    fn a_follower_reads_what_it_is_asked() {
        let log = LogId(uuid::Uuid::from_u128(7));
        for what in [Ask::Head, Ask::RecordsAfter] {
            let subject = ask_follower(Role::Processing, "reporting.1", log, what);
            assert!(subject.starts_with("hoso.follower.processing.reporting-1."));
            assert_eq!(asked_for(&subject), Some((log, what)));
        }
        assert_eq!(asked_for("hoso.follower.processing.one.two.head"), None);
        assert_eq!(asked_for("head"), None);
    }

    #[test]
    fn no_request_lies_in_the_space_of_a_stream() {
        for role in [Role::Intake, Role::Processing] {
            let space = stream(role);
            let log = LogId(uuid::Uuid::nil());
            for subject in [
                ask(role, log, Ask::Head),
                ask(role, log, Ask::RecordsAfter),
                ask(role, log, Ask::Vault),
                ask_follower(role, "one.two", log, Ask::Head),
                list(role),
                announce(role),
                held(role, log),
            ] {
                let same = |(space, token): (&str, &str)| space == "*" || space == token;
                let inside = subject.split('.').count() == 5
                    && space.split('.').zip(subject.split('.')).all(same);
                assert!(!inside, "{subject} is in {space}");
            }
        }
    }
}
