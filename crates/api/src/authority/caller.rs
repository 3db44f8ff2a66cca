//! Who calls, and what is theirs.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Scope;

/// Who calls when nobody asks for tokens: whoever is on this machine.
pub const LOCAL: &str = "local";
/// What a claim says that names everything.
const ALL: &str = "*";

/// What of a kind is theirs: agencies, units, points, offices.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Bound {
    /// Every one.
    All,
    /// These only; none if there are none.
    Only(BTreeSet<Box<str>>),
}

impl Bound {
    /// The claim as it was given: nothing is theirs that is not named.
    pub fn of<'a>(named: impl IntoIterator<Item = &'a str>) -> Self {
        let named: BTreeSet<Box<str>> = named.into_iter().map(Into::into).collect();
        if named.contains(ALL) {
            Self::All
        } else {
            Self::Only(named)
        }
    }

    /// Whether this one is theirs.
    pub fn has(&self, one: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(named) => named.contains(one),
        }
    }

    /// Whether every one is.
    pub fn is_all(&self) -> bool {
        match self {
            Self::All => true,
            Self::Only(_) => false,
        }
    }
}

/// Who calls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caller {
    /// The account: what a request id belongs to, and who acts unless the token may name another.
    pub subject: Arc<str>,
    /// What the token is good for.
    pub scopes: BTreeSet<Scope>,
    /// The agencies (*cơ quan*) whose dossiers are theirs.
    pub agencies: Bound,
    /// Within those, the units (*đơn vị*) for which they act.
    pub units: Bound,
    /// The one-stop points (*bộ phận một cửa*) at which they take in and accept.
    pub points: Bound,
    /// The offices (*bưu cục*) and firms for which they take in.
    pub offices: Bound,
}

impl Caller {
    /// Whoever is on this machine, where no tokens are asked for: everything is theirs, as the machine is. An earlier legal
    /// time is not: nobody has given that right.
    pub fn local() -> Self {
        let mut scopes: BTreeSet<_> = Scope::ALL.iter().copied().collect();
        scopes.remove(&Scope::RecordLate);
        Self {
            subject: LOCAL.into(),
            scopes,
            agencies: Bound::All,
            units: Bound::All,
            points: Bound::All,
            offices: Bound::All,
        }
    }

    /// Whether the token is good for this.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}
