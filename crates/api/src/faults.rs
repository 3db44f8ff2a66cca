//! What is wrong with a request's fields: all of it at once, not the first only.

use std::borrow::Cow;

use crate::status::EdgeError;

/// One field that says something it may not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldFault {
    /// The field, as the protocol names it: `submission.applicant.name`.
    pub field: String,
    /// What is wrong and what would be right, in English. Never quotes what was sent: it may be personal data.
    pub description: String,
}

/// Collects faults while a request is read.
#[derive(Debug, Default)]
pub struct Faults {
    faults: Vec<FieldFault>,
    path: Vec<Cow<'static, str>>,
}

impl Faults {
    /// Notes that a field of the message now being read is wrong.
    pub fn note(&mut self, field: &str, description: impl Into<String>) {
        let mut full = self.path.join(".");
        if !full.is_empty() && !field.is_empty() {
            full.push('.');
        }
        full.push_str(field);
        self.faults.push(FieldFault {
            field: full,
            description: description.into(),
        });
    }

    /// Reads a message within the field `name`.
    pub fn within<T>(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.path.push(name.into());
        let value = read(self);
        self.path.pop();
        value
    }

    /// Takes a field's value, or notes the fault and gives nothing.
    pub fn take<T>(&mut self, field: &str, value: Result<T, impl Into<String>>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(description) => {
                self.note(field, description);
                None
            }
        }
    }

    /// The value read, if no field was wrong.
    ///
    /// # Errors
    /// With every fault noted.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, EdgeError> {
        match value {
            Some(value) if self.faults.is_empty() => Ok(value),
            _ => Err(EdgeError::Fields(self.faults)),
        }
    }
}
