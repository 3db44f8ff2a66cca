//! The roles that tokens are usually issued for, as the scopes each has. Whoever issues tokens may mix others.

use super::Scope::{
    self, Accept, ActFor, Correct, Erase, Import, LookupIdentity, Operate, Process, ReadApplicant,
    ReadCounts, ReadDossier, ReadHistory, ReadReport, RecordLate, TakeIn,
};

/// A role.
#[derive(Clone, Copy, Debug)]
pub struct Role {
    /// Its name.
    pub name: &'static str,
    /// What its tokens are good for.
    pub scopes: &'static [Scope],
}

/// All of them.
pub const ROLES: &[Role] = &[
    // The provincial one-stop software (một cửa điện tử): everything that its users do, in their names.
    Role {
        name: "one-stop",
        scopes: &[
            TakeIn,
            Accept,
            Process,
            Correct,
            ReadDossier,
            ReadApplicant,
            ActFor,
        ],
    },
    // A one-stop point's counter.
    Role {
        name: "counter",
        scopes: &[TakeIn, Accept, ReadDossier, ReadApplicant],
    },
    // A postal terminal.
    Role {
        name: "terminal",
        scopes: &[TakeIn],
    },
    // An officer of a unit.
    Role {
        name: "officer",
        scopes: &[Process, ReadDossier],
    },
    // A head of unit or agency: puts right, too, and may record what happened earlier.
    Role {
        name: "head",
        scopes: &[
            Process,
            Correct,
            RecordLate,
            ReadDossier,
            ReadApplicant,
            ReadReport,
        ],
    },
    // Whoever answers citizens who exercise their rights over their data.
    Role {
        name: "data-protection",
        scopes: &[Erase, ReadApplicant],
    },
    // Whoever may find dossiers by an identity number: nobody else may, whatever else they are. Each look-up leaves a record.
    Role {
        name: "look-up",
        scopes: &[LookupIdentity],
    },
    // The provincial operations centre.
    Role {
        name: "ioc",
        scopes: &[ReadCounts],
    },
    Role {
        name: "auditor",
        scopes: &[ReadHistory],
    },
    Role {
        name: "operator",
        scopes: &[Operate, Import],
    },
];
