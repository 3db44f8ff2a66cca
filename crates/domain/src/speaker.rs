//! Two persons (*hai người*): what changes figures that may be published, or gives something up for good, is said by two, and
//! not by one account for both.

use crate::ids::ActorId;
use crate::rejection::Rejection;

/// Who says something that another person has to say too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Speaker<'a> {
    /// The person.
    pub person: &'a str,
    /// The account that called: the person's own, unless it named the person, as software does that has authenticated its
    /// users itself.
    pub account: &'a str,
}

impl<'a> Speaker<'a> {
    /// A person, and the account that named them, if one did.
    pub fn new(person: &'a ActorId, through: Option<&'a ActorId>) -> Self {
        Self {
            person: person.as_str(),
            account: through.unwrap_or(person).as_str(),
        }
    }

    /// Whether these are two persons, and no account spoke for both.
    pub fn is_another_than(self, first: Self) -> bool {
        self.person != first.person && self.account != first.account
    }

    /// The same, said to the second of them.
    ///
    /// # Errors
    /// With `same_person` when they are one; when one account spoke for both.
    pub fn follows(self, first: Self, same_person: Rejection) -> Result<(), Rejection> {
        if self.is_another_than(first) {
            Ok(())
        } else if self.person == first.person {
            Err(same_person)
        } else {
            Err(Rejection::SecondPersonBySameAccount)
        }
    }
}
