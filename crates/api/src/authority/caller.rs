//! Who calls, and what is theirs.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Arc, LazyLock};

use domain::ids::ActorId;
use serde_json::{Map, Value};

use super::Scope;
use crate::text;

/// Who calls when nobody asks for tokens: whoever is on this machine.
pub const LOCAL: &str = "local";
/// Who calls what anyone may call.
const NOBODY: &str = "nobody";
/// Who acts when the clock does.
const OURS: &str = "hoso";
/// What a claim says that names everything.
const ALL: &str = "*";

/// What of a kind is theirs: agencies, units, points, offices, terminals.
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
    /// The terminals (*thiết bị của bưu cục*) that they are or speak for, by their ids.
    pub terminals: Bound,
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
            terminals: Bound::All,
        }
    }

    /// Whoever calls without a token what anyone may call.
    pub fn nobody() -> Self {
        Self {
            subject: NOBODY.into(),
            scopes: BTreeSet::new(),
            agencies: Bound::of([]),
            units: Bound::of([]),
            points: Bound::of([]),
            offices: Bound::of([]),
            terminals: Bound::of([]),
        }
    }

    /// The caller that a token's claims tell of: `sub`; `scope`, with spaces between, of which those that are not ours are
    /// another service's; the lists `agency`, `point`, `office` and `terminal`, nothing where they are absent, and `unit`, every
    /// unit of the agencies where it is. `*` in a list is everything.
    ///
    /// # Errors
    /// When a claim is not what it should be.
    pub fn of(claims: &Map<String, Value>) -> Result<Self, &'static str> {
        let subject = claims
            .get("sub")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let subject = text::identifier(subject, 128).map_err(|_| "the claim sub is no account")?;
        if [LOCAL, NOBODY, OURS].contains(&subject) {
            return Err("the claim sub is a name that the services keep for themselves");
        }
        let scopes = match claims.get("scope") {
            None => "",
            Some(scopes) => scopes
                .as_str()
                .ok_or("the claim scope is no text with spaces between")?,
        };
        let all = Bound::All;
        Ok(Self {
            subject: subject.into(),
            scopes: scopes
                .split_ascii_whitespace()
                .filter_map(|name| name.parse().ok())
                .collect(),
            agencies: list(claims.get("agency"))?.unwrap_or_else(|| Bound::of([])),
            units: list(claims.get("unit"))?.unwrap_or(all),
            points: list(claims.get("point"))?.unwrap_or_else(|| Bound::of([])),
            offices: list(claims.get("office"))?.unwrap_or_else(|| Bound::of([])),
            terminals: list(claims.get("terminal"))?.unwrap_or_else(|| Bound::of([])),
        })
    }

    /// Who acts: the account itself, unless the token may name another or nobody was asked for one.
    pub fn acts(&self) -> Option<&str> {
        let names_another = self.may(Scope::ActFor) || *self.subject == *LOCAL;
        (!names_another).then_some(&self.subject)
    }

    /// The account, where it is not who acts; none where nobody was asked for one.
    pub fn names(&self, actor: &ActorId) -> Option<ActorId> {
        let asked = *self.subject != *LOCAL;
        (asked && *self.subject != *actor.as_str()).then(|| ActorId::new(&*self.subject))
    }

    /// Whether the token is good for this.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}

/// A claim that lists codes: a text for one, a list for several.
fn list(claim: Option<&Value>) -> Result<Option<Bound>, &'static str> {
    let wrong = "one of the claims agency, unit, point, office and terminal is no list of codes";
    match claim {
        None => Ok(None),
        Some(Value::String(one)) => Ok(Some(Bound::of([one.as_str()]))),
        Some(Value::Array(several)) => {
            let named: Option<Vec<_>> = several.iter().map(Value::as_str).collect();
            Ok(Some(Bound::of(named.ok_or(wrong)?)))
        }
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => Err(wrong),
    }
}

tokio::task_local! {
    static CALLER: Arc<Caller>;
}

static HERE: LazyLock<Arc<Caller>> = LazyLock::new(|| Arc::new(Caller::local()));

/// Who makes the call that is being answered. What a call starts beside itself has to be told, by [`acting`].
pub fn current() -> Arc<Caller> {
    CALLER
        .try_with(Arc::clone)
        .unwrap_or_else(|_| Arc::clone(&HERE))
}

/// Does something as this caller.
pub async fn acting<F: Future>(caller: Arc<Caller>, doing: F) -> F::Output {
    CALLER.scope(caller, doing).await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(claims: &Value) -> Result<Caller, &'static str> {
        Caller::of(claims.as_object().unwrap())
    }

    #[test]
    fn nothing_is_theirs_that_a_token_does_not_name() {
        let bare = of(&json!({"sub": "an", "scope": "process"})).unwrap();
        assert!(bare.may(Scope::Process) && !bare.may(Scope::Accept));
        assert!(!bare.agencies.has("a") && !bare.points.has("p") && !bare.offices.has("o"));
        assert!(!bare.agencies.has(""), "no agency is not every agency");
        assert!(bare.units.has("any unit of its agencies"));

        let account = of(&json!({"sub": "pos-1", "office": ["*"]})).unwrap();
        assert!(!account.terminals.has("pos-1"), "an account is no terminal");
        let named = of(&json!({"sub": "an", "terminal": ["pos-2"]})).unwrap();
        assert!(named.terminals.has("pos-2") && !named.terminals.has("an"));

        let officer = of(&json!({"sub": "an", "agency": "a", "unit": ["u1", "u2"]})).unwrap();
        assert!(officer.agencies.has("a") && !officer.agencies.has("b"));
        assert!(officer.units.has("u2") && !officer.units.has("u3"));
        assert!(
            of(&json!({"sub": "an", "agency": ["*"]}))
                .unwrap()
                .agencies
                .is_all()
        );
    }

    #[test]
    fn claims_that_say_what_they_may_not_are_no_callers() {
        for claims in [
            json!({}),
            json!({"sub": ""}),
            json!({"sub": 7}),
            json!({"sub": "local"}),
            json!({"sub": "hoso"}),
            json!({"sub": "an", "scope": ["process"]}),
            json!({"sub": "an", "agency": [7]}),
            json!({"sub": "an", "agency": {}}),
            json!({"sub": "an", "unit": null}),
        ] {
            assert!(of(&claims).is_err(), "{claims}");
        }
    }

    #[test]
    fn a_token_acts_as_itself_unless_it_may_name_another() {
        let person = of(&json!({"sub": "an", "scope": "process"})).unwrap();
        assert_eq!(person.acts(), Some("an"));
        let software = of(&json!({"sub": "mot-cua", "scope": "process act-for"})).unwrap();
        assert_eq!(software.acts(), None);
        let an = ActorId::new("an");
        assert_eq!(software.names(&an), Some(ActorId::new("mot-cua")));
        assert_eq!(
            (person.names(&an), Caller::local().names(&an)),
            (None, None)
        );
        assert_eq!(Caller::local().acts(), None);
    }
}
