//! What a call is about, as its first message says it.

use application::desk::Name;
use domain::ids::FilingId;

use crate::Faults;
use crate::convert::{brought, change};
use crate::hoso::{intake::v1 as intake, processing::v1 as processing};

/// What a call is about. A name that cannot be read is `None`: such a call is answered with its faults.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Matter {
    /// The dossiers of this agency; of all agencies when empty.
    Agency(String),
    /// A one-stop point, or where there is none the office or firm that takes in.
    Counter {
        /// The point; may be empty.
        point: String,
        /// Who runs the place.
        operator: String,
    },
    /// One dossier, to look at: its agencies' and those that were asked for their part.
    Read(Option<Name>),
    /// One dossier, to act on: for the agency and the unit that have it, in the name of one's own.
    Act {
        /// Which.
        dossier: Option<Name>,
        /// The organisation acted for; empty: the agency that has it.
        organisation: String,
    },
    /// One dossier's sub-task, to answer: for the agency that was asked, too.
    Answer {
        /// Which dossier.
        dossier: Option<Name>,
        /// Which sub-task.
        number: u32,
        /// The organisation acted for.
        organisation: String,
    },
    /// One filing: where it was received, and its dossier's.
    Filing(Option<FilingId>),
    /// One terminal (*thiết bị của bưu cục*), by its id: the token's claim names it.
    Terminal(String),
    /// One hand-over minute (*biên bản bàn giao*), by its number.
    Minute {
        /// Its number.
        number: String,
        /// Whether it is to be signed: then the side that takes must be the caller's, and otherwise either side.
        signing: bool,
    },
    /// What a terminal, an office or a point holds; whatever anybody holds when empty.
    Holder(String),
    /// Figures: whoever may see counts only asks for them with cells of fewer dossiers than this merged.
    Counts(u64),
}

impl Matter {
    /// What it is, for whom it is refused.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Agency(_) => "agency",
            Self::Counter { .. } => "counter",
            Self::Read(_) | Self::Act { .. } | Self::Answer { .. } => "dossier",
            Self::Filing(_) => "filing",
            Self::Terminal(_) => "terminal",
            Self::Minute { .. } => "hand-over minute",
            Self::Holder(_) => "holder",
            Self::Counts(_) => "report with small cells",
        }
    }
}

/// What a call is about, and what it waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct About {
    /// Each of these must be the caller's.
    pub matters: Vec<Matter>,
    /// The positions to wait for before a dossier is looked for.
    pub min_position: String,
}

/// What a call is about.
pub(super) fn about(min_position: String, matters: impl Into<Vec<Matter>>) -> About {
    About {
        matters: matters.into(),
        min_position,
    }
}

/// What is filed, and where.
pub(super) fn filed(submission: Option<intake::Submission>) -> Vec<Matter> {
    let submission = submission.unwrap_or_default();
    vec![
        Matter::Agency(submission.agency),
        Matter::Counter {
            point: submission.point,
            operator: submission.operator,
        },
    ]
}

/// Where it is accepted.
pub(super) fn accepted(acceptance: Option<intake::Acceptance>) -> Matter {
    let acceptance = acceptance.unwrap_or_default();
    Matter::Counter {
        point: acceptance.point,
        operator: acceptance.operator,
    }
}

/// A dossier at intake, by its id, to act on.
pub(super) fn at_intake(dossier_id: &str) -> Matter {
    Matter::Act {
        dossier: change::dossier_id(dossier_id, &mut Faults::default()).map(Name::Id),
        organisation: String::new(),
    }
}

/// The terminal that begins to upload, and where it stands.
pub(super) fn uploading(first: intake::SyncTerminalRequest) -> [Matter; 2] {
    use intake::sync_terminal_request::Body;
    let (office, terminal) = match first.body {
        Some(Body::Hello(hello)) => (hello.office, hello.terminal_id),
        Some(Body::Entry(_)) | None => (String::new(), String::new()),
    };
    let counter = Matter::Counter {
        point: String::new(),
        operator: office,
    };
    [counter, Matter::Terminal(terminal)]
}

/// A hand-over minute.
pub(super) fn minute(number: String, signing: bool, min_position: String) -> About {
    about(min_position, [Matter::Minute { number, signing }])
}

/// A change of an accepted dossier.
pub(super) fn changed(change: Option<processing::Change>) -> About {
    let change = change.unwrap_or_default();
    let act = Matter::Act {
        dossier: named(change.dossier.as_ref()),
        organisation: change.organisation,
    };
    about(change.min_position, [act])
}

/// An answer to what an agency was asked for.
pub(super) fn answered(change: Option<processing::Change>, number: u32) -> About {
    let change = change.unwrap_or_default();
    let answer = Matter::Answer {
        dossier: named(change.dossier.as_ref()),
        number,
        organisation: change.organisation,
    };
    about(change.min_position, [answer])
}

/// A dossier to look at.
pub(super) fn read(name: Option<&processing::DossierName>, min_position: String) -> About {
    about(min_position, [Matter::Read(named(name))])
}

/// A filing, by its id.
pub(super) fn filing(filing_id: &str, min_position: String) -> About {
    let id = brought::filing_id(filing_id, &mut Faults::default());
    about(min_position, [Matter::Filing(id)])
}

fn named(name: Option<&processing::DossierName>) -> Option<Name> {
    change::name(name, &mut Faults::default())
}

/// The agency that a side door is asked about; empty: all.
pub(super) fn asked_agency(query: &[u8]) -> Matter {
    let agency = form_urlencoded::parse(query)
        .filter(|(key, _)| key == "agency")
        .last()
        .map_or_else(String::new, |(_, agency)| agency.into_owned());
    Matter::Agency(agency)
}
