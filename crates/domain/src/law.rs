//! Law versions: what the one-stop law in force on a day says, each figure with its source and how certain it is.

mod parse;

use jiff::{
    Timestamp,
    civil::{Date, Time},
};

use crate::calendar::Calendar;
use crate::clock::{self, Due, TimeLimit};
use crate::ids::LawId;
use crate::working_hours::WorkingHours;

pub(crate) use parse::parse;

/// How certain it is that the law says this.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Certainty {
    /// Read in the official text.
    Official,
    /// Not read there; systems in use behave so.
    Practice,
    /// Neither: chosen so that the system can work, to be confirmed by whoever runs it.
    Assumed,
    /// The law may say something else; its text was not available.
    NotEstablished,
}

impl Certainty {
    pub(crate) const NAMES: &'static [(&'static str, Self)] = &[
        ("official", Self::Official),
        ("practice", Self::Practice),
        ("assumed", Self::Assumed),
        ("not_established", Self::NotEstablished),
    ];

    /// The stable name, as in the catalogue.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Official => "official",
            Self::Practice => "practice",
            Self::Assumed => "assumed",
            Self::NotEstablished => "not_established",
        }
    }
}

/// One thing a law version says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parameter<T> {
    /// What it says.
    pub value: T,
    /// Where: instrument and article.
    pub source: Box<str>,
    /// How certain that is.
    pub certainty: Certainty,
}

/// What a supplement after acceptance does to the time limit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SupplementRule {
    /// It is counted from the start again once the dossier is complete (NĐ 61/2018 Đ.19.4).
    Restart,
    /// It stands still until the supplement comes.
    Suspend,
}

impl SupplementRule {
    pub(crate) const NAMES: &'static [(&'static str, Self)] =
        &[("restart", Self::Restart), ("suspend", Self::Suspend)];
}

/// What a suspension does to the time limit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SuspensionRule {
    /// It stands still.
    Pause,
    /// It runs on.
    Continue,
}

impl SuspensionRule {
    pub(crate) const NAMES: &'static [(&'static str, Self)] =
        &[("pause", Self::Pause), ("continue", Self::Continue)];
}

/// The one-stop law as it stood in a period. A dossier is judged by the version in force when it was accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LawVersion {
    /// Its name in the catalogue.
    pub id: LawId,
    /// Its title, Vietnamese.
    pub name: Box<str>,
    /// First day in force.
    pub in_force_from: Date,
    /// Last day in force; none while it is.
    pub in_force_to: Option<Date>,
    /// What a supplement after acceptance does to the time limit.
    pub on_supplement: Parameter<SupplementRule>,
    /// Within how many working days of acceptance a supplement may be asked for.
    pub supplement_request_within_working_days: Parameter<u16>,
    /// How often it may be asked for.
    pub supplement_requests_max: Parameter<u16>,
    /// After how many working days without an answer the request lapses and the clock ends; none when no limit is known.
    pub supplement_lapses_after_working_days: Parameter<Option<u16>>,
    /// How many re-appointments count.
    pub extensions_max: Parameter<u16>,
    /// How many days before the due date a re-appointment must be notified.
    pub extension_notice_days: Parameter<u16>,
    /// Whether a re-appointment notified too late moves the due date all the same.
    pub late_extension_counts: Parameter<bool>,
    /// What a suspension does to the time limit.
    pub on_suspension: Parameter<SuspensionRule>,
    /// Within how many working hours an online filing must be answered.
    pub online_answer_working_hours: Parameter<u32>,
    /// Up to which time of day an accepted dossier must be forwarded the same day.
    pub transfer_cutoff: Parameter<Time>,
    /// Up to which time of day a same-day procedure is due the same day.
    pub same_day_cutoff: Parameter<Time>,
    /// How many working days back a signed hand-over minute may put the acceptance.
    pub accept_back_dating_max_working_days: Parameter<u16>,
    /// How many working days back a time may lie that is recorded late under the scope `record-late`.
    pub record_late_max_working_days: Parameter<u16>,
}

impl LawVersion {
    /// Whether it is in force on a day.
    pub fn in_force_on(&self, date: Date) -> bool {
        self.in_force_from <= date && self.in_force_to.is_none_or(|last| date <= last)
    }

    /// [`clock::due`] with this law version's cut-off for same-day procedures.
    pub fn due(
        &self,
        limit: TimeLimit,
        start: Timestamp,
        calendar: &Calendar,
        hours: &WorkingHours,
    ) -> Due {
        clock::due_with_cutoff(limit, start, self.same_day_cutoff.value, calendar, hours)
    }
}
