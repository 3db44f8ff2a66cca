//! What a token may be good for.

use std::fmt;
use std::str::FromStr;

macro_rules! scopes {
    ($($(#[$doc:meta])* $scope:ident = $name:literal,)*) => {
        /// What a token may be good for; its name is what the claim `scope` says.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Scope {
            $($(#[$doc])* $scope,)*
        }

        impl Scope {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$scope,)*];

            /// Its name in a token.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$scope => $name,)*
                }
            }
        }
    };
}

scopes! {
    /// Takes in at its counters and offices (*thu gom, nhận nộp*): files, and receives what is brought later. Accepts nothing.
    TakeIn = "take-in",
    /// Decides at intake (*tiếp nhận*): accepts, refuses, asks for what is missing.
    Accept = "accept",
    /// Works on accepted dossiers (*giải quyết*).
    Process = "process",
    /// Puts right what was recorded (*đính chính*): facts, the applicant's data, an acceptance that should never have been.
    Correct = "correct",
    /// Reads dossiers and lists of them, without the applicant's data.
    ReadDossier = "read-dossier",
    /// Reads histories, and why a due date is what it is; nothing else of a dossier.
    ReadHistory = "read-history",
    /// Reads the applicant's data.
    ReadApplicant = "read-applicant",
    /// Finds dossiers by an identity number (*tra cứu theo số định danh*); each look-up leaves a record.
    LookupIdentity = "lookup-identity",
    /// Reads figures with small cells merged, and no dossier behind them (*IOC*).
    ReadCounts = "read-counts",
    /// Reads figures as they are, and the dossiers behind a cell: whoever signs the report.
    ReadReport = "read-report",
    /// Operates the services (*quản trị vận hành*): status, copies of logs and vaults, calendars.
    Operate = "operate",
    /// Destroys the applicant's data (*xóa dữ liệu cá nhân*).
    Erase = "erase",
    /// Carries dossiers over from another system (*chuyển đổi dữ liệu*).
    Import = "import",
    /// May bring an earlier legal time than the server's (*ghi nhận muộn*).
    RecordLate = "record-late",
    /// Names the acting account itself: software that has authenticated its own users.
    ActFor = "act-for",
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scope {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.iter();
        all.find(|scope| scope.name() == name).copied().ok_or(())
    }
}
