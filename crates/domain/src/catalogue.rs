//! The catalogue: agencies, one-stop points, fields, procedures, calendar and law versions, all of it data with a version.

mod agencies;
mod check;
mod fault;
mod indexed;
pub(crate) mod names;
mod parse;
mod procedures;
pub(crate) mod table;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::calendar::Calendar;
use crate::clock::TimeLimit;
use crate::event::{Channel, PlaceKind};
use crate::ids::{
    AgencyId, ComponentCode, FieldCode, LawId, OrganisationId, PointId, ProcedureCode, VersionHash,
};
use crate::law::LawVersion;
use crate::working_hours::WorkingHours;

pub use fault::CatalogueFault;
use indexed::Indexed;

/// Level of administration.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// *Cấp tỉnh*: the people's committee of the province.
    Province,
    /// *Cấp sở*.
    Department,
    /// *Cấp huyện*: until June 2025.
    District,
    /// *Cấp xã*.
    Commune,
}

impl Level {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("province", Self::Province),
        ("department", Self::Department),
        ("district", Self::District),
        ("commune", Self::Commune),
    ];
}

/// An agency that decides procedures.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Agency {
    /// Its identifier.
    pub id: AgencyId,
    /// Its name, Vietnamese.
    pub name: Box<str>,
    /// The agency above it.
    pub parent: Option<AgencyId>,
    /// Its level.
    pub level: Level,
    /// What its dossier codes begin with.
    pub code_prefix: Box<str>,
    /// Its first day.
    pub valid_from: Date,
    /// Its last day.
    pub valid_to: Option<Date>,
    /// Who took over when it ended.
    pub successor: Option<AgencyId>,
    /// When it works.
    pub hours: WorkingHours,
}

/// A one-stop point that may accept dossiers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Point {
    /// Its identifier.
    pub id: PointId,
    /// Its name, Vietnamese.
    pub name: Box<str>,
    /// What sort of place it is.
    pub place: PlaceKind,
    /// The agencies it may accept for.
    pub serves: Vec<AgencyId>,
    /// Who may run it.
    pub operators: Vec<OrganisationId>,
    /// Its first day.
    pub valid_from: Date,
    /// Its last day.
    pub valid_to: Option<Date>,
}

/// A field of procedures (*lĩnh vực*).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// Its code.
    pub code: FieldCode,
    /// Its name, Vietnamese.
    pub name: Box<str>,
}

/// A paper that a procedure requires or allows (*thành phần hồ sơ*).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Component {
    /// Its code, unique within the procedure.
    pub code: ComponentCode,
    /// Its name, Vietnamese.
    pub name: Box<str>,
    /// Whether a dossier is incomplete without it.
    pub required: bool,
}

/// How far a procedure can be done online (NĐ 42/2022/NĐ-CP).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnlineLevel {
    /// *Toàn trình*.
    Full,
    /// *Một phần*.
    Partial,
    /// Only described online.
    InformationOnly,
}

impl OnlineLevel {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("full", Self::Full),
        ("partial", Self::Partial),
        ("information_only", Self::InformationOnly),
    ];
}

/// An administrative procedure (*thủ tục hành chính*).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Procedure {
    /// National code.
    pub code: ProcedureCode,
    /// Its name, Vietnamese.
    pub name: Box<str>,
    /// Its field.
    pub field: FieldCode,
    /// At which level it is decided.
    pub level: Level,
    /// Who decides it.
    pub agencies: Vec<AgencyId>,
    /// How far it can be done online.
    pub online: OnlineLevel,
    /// The result is given at once: no form 01 unless asked (NĐ 61/2018 Đ.17.4).
    pub immediate: bool,
    /// The statutory time; none when the law sets none.
    pub limit: Option<TimeLimit>,
    /// The statutory time for online filings, when it differs.
    pub limit_online: Option<TimeLimit>,
    /// Whether there is a fee, charge or tax.
    pub fee_bearing: bool,
    /// Whether it can be paid online.
    pub fee_online: bool,
    /// Whether the clock stands still until it is paid.
    pub fee_suspends_clock: bool,
    /// Its papers.
    pub components: Vec<Component>,
    /// Name or code are made up.
    pub synthetic: bool,
    /// Its first day.
    pub valid_from: Date,
    /// Its last day.
    pub valid_to: Option<Date>,
}

impl Agency {
    /// Whether it exists on a day.
    pub fn valid_on(&self, date: Date) -> bool {
        within(self.valid_from, self.valid_to, date)
    }
}

impl Point {
    /// Whether it may accept on a day.
    pub fn valid_on(&self, date: Date) -> bool {
        within(self.valid_from, self.valid_to, date)
    }
}

impl Procedure {
    /// Whether it may be filed on a day.
    pub fn valid_on(&self, date: Date) -> bool {
        within(self.valid_from, self.valid_to, date)
    }

    /// The statutory time for a dossier that came by this channel.
    pub fn limit_for(&self, channel: Channel) -> Option<TimeLimit> {
        match channel {
            Channel::Online => self.limit_online.or(self.limit),
            Channel::Direct | Channel::Postal => self.limit,
        }
    }

    /// The component with this code.
    pub fn component(&self, code: &ComponentCode) -> Option<&Component> {
        self.components
            .iter()
            .find(|component| component.code == *code)
    }
}

fn within(from: Date, to: Option<Date>, date: Date) -> bool {
    from <= date && to.is_none_or(|last| date <= last)
}

/// Everything above, checked as a whole.
#[derive(Clone, Debug)]
pub struct Catalogue {
    version: VersionHash,
    files_version: VersionHash,
    agencies: Indexed<AgencyId, Agency>,
    points: Indexed<PointId, Point>,
    fields: Indexed<FieldCode, Field>,
    procedures: Indexed<ProcedureCode, Procedure>,
    laws: Indexed<LawId, LawVersion>,
    calendar: Calendar,
}

impl Catalogue {
    /// The files a catalogue consists of.
    pub const FILES: [&'static str; 6] = [
        "agencies.toml",
        "points.toml",
        "fields.toml",
        "procedures.toml",
        "calendar.csv",
        "law.toml",
    ];

    /// Reads a catalogue from its files, each with its name (a path before it does not matter).
    ///
    /// # Errors
    /// Every fault of every file, in order; a catalogue with any is not usable.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, Vec<CatalogueFault>> {
        parse::parse(files)
    }

    /// This catalogue with a newly published calendar, read and checked as the one in its files was. Its version follows
    /// from this one's and the calendar's text.
    ///
    /// # Errors
    /// Every fault of the calendar, with its line; one that no longer publishes a year that this one does has a fault.
    pub fn with_calendar(&self, text: &str) -> Result<Self, Vec<CatalogueFault>> {
        const FILE: &str = "calendar.csv";
        let calendar = Calendar::parse(FILE, text)?;
        let lost: Vec<String> = self
            .calendar
            .published_years()
            .filter(|year| !calendar.published(*year))
            .map(|year| year.to_string())
            .collect();
        if !lost.is_empty() {
            let reason = format!(
                "no longer publishes {}, which the calendar in use does; due dates rest on it",
                lost.join(", ")
            );
            return Err(vec![CatalogueFault::new(FILE, 1, reason)]);
        }
        let version = if calendar.version() == self.calendar.version() {
            self.version.clone()
        } else {
            version_of(&[(self.version.as_str(), ""), (FILE, text)])
        };
        Ok(Self {
            version,
            calendar,
            ..self.clone()
        })
    }

    /// The version: a hash of names and contents of all files.
    pub fn version(&self) -> &VersionHash {
        &self.version
    }

    /// The version of the files that it was read from, whatever calendar was published since: by its checklists papers are
    /// counted.
    pub fn files_version(&self) -> &VersionHash {
        &self.files_version
    }

    /// The calendar.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// An agency, whether or not it still exists.
    pub fn agency(&self, id: &AgencyId) -> Option<&Agency> {
        self.agencies.get(id)
    }

    /// Whether an agency is known and exists on a day.
    pub fn agency_valid(&self, id: &AgencyId, on: Date) -> bool {
        self.agency(id).is_some_and(|agency| agency.valid_on(on))
    }

    /// Who has an agency's dossiers on a day: the agency itself, or whoever took over from it, or from that one.
    pub fn agency_in_charge(&self, id: &AgencyId, on: Date) -> Option<&Agency> {
        let mut agency = self.agency(id)?;
        // Successors form no circle: that is checked when the catalogue is read.
        while agency.valid_to.is_some_and(|last| last < on) {
            agency = self.agency(agency.successor.as_ref()?)?;
        }
        agency.valid_on(on).then_some(agency)
    }

    /// A one-stop point, whether or not it still accepts.
    pub fn point(&self, id: &PointId) -> Option<&Point> {
        self.points.get(id)
    }

    /// A field.
    pub fn field(&self, code: &FieldCode) -> Option<&Field> {
        self.fields.get(code)
    }

    /// A procedure, whether or not it may still be filed.
    pub fn procedure(&self, code: &ProcedureCode) -> Option<&Procedure> {
        self.procedures.get(code)
    }

    /// The law in force on a day; none before the first one known.
    pub fn law_on(&self, date: Date) -> Option<&LawVersion> {
        self.laws.iter().find(|law| law.in_force_on(date))
    }

    /// A law version by its name.
    pub fn law(&self, id: &LawId) -> Option<&LawVersion> {
        self.laws.get(id)
    }

    /// An agency's working hours; the standard ones for an agency that is not in the catalogue.
    pub fn hours(&self, id: &AgencyId) -> &WorkingHours {
        self.agency(id)
            .map_or(&WorkingHours::STANDARD, |agency| &agency.hours)
    }

    /// All agencies, in the file's order.
    pub fn agencies(&self) -> impl ExactSizeIterator<Item = &Agency> {
        self.agencies.iter()
    }

    /// All one-stop points, in the file's order.
    pub fn points(&self) -> impl ExactSizeIterator<Item = &Point> {
        self.points.iter()
    }

    /// All fields, in the file's order.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = &Field> {
        self.fields.iter()
    }

    /// All procedures, in the file's order.
    pub fn procedures(&self) -> impl ExactSizeIterator<Item = &Procedure> {
        self.procedures.iter()
    }

    /// All law versions, in the file's order.
    pub fn laws(&self) -> impl ExactSizeIterator<Item = &LawVersion> {
        self.laws.iter()
    }
}

/// The version of some files: the first 16 hexadecimal digits of the SHA-256 over their names and contents, by name.
pub(crate) fn version_of(files: &[(&str, &str)]) -> VersionHash {
    let mut files = files.to_vec();
    files.sort_unstable();
    let mut hash = Sha256::new();
    for (name, text) in files {
        for part in [name, text] {
            // The lengths keep a name apart from its text, and a text from the next name.
            hash.update(part.len().to_string());
            hash.update(":");
            hash.update(part);
        }
    }
    let digest = hash.finalize();
    VersionHash::new(
        digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>(),
    )
}

#[cfg(test)]
mod tests;
