//! What is wrong with a catalogue, and where.

/// One fault, at its place. A catalogue with any is refused at start.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct CatalogueFault {
    /// The file's name, as it was given.
    pub file: Box<str>,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and, where it is not obvious, what is expected.
    pub reason: Box<str>,
}

impl CatalogueFault {
    pub(crate) fn new(file: &str, line: usize, reason: impl Into<Box<str>>) -> Self {
        Self {
            file: file.into(),
            line,
            reason: reason.into(),
        }
    }
}
