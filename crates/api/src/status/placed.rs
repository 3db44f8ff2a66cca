//! Where in a request the rules' field stands: they name what is wrong, the request has it within its messages.

use application::HandleError;

use super::EdgeError;

impl EdgeError {
    /// The same, the field to blame named by its path in the request: `procedure` as `submission.procedure`.
    #[must_use]
    pub fn placed(self, paths: &[(&str, &'static str)]) -> Self {
        let Self::Handle(HandleError::Rejected(no)) = self else {
            return self;
        };
        let path = paths.iter().find(|(field, _)| no.field() == Some(*field));
        match path {
            Some((_, path)) => Self::Placed(Box::new(no), path),
            None => Self::from(HandleError::from(no)),
        }
    }
}
