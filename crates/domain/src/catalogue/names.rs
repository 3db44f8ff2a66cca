//! Which names the files define and which they use: every name once, none used that is not there.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;

use super::CatalogueFault;

/// What a name is a name of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Kind {
    Agency,
    Hours,
    Point,
    Field,
    Procedure,
    Law,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Agency => "agency",
            Self::Hours => "working hours",
            Self::Point => "one-stop point",
            Self::Field => "field",
            Self::Procedure => "procedure",
            Self::Law => "law version",
        })
    }
}

#[derive(Clone, Debug)]
struct Place {
    file: Box<str>,
    line: usize,
}

/// What has been read so far that concerns more than one place, and every fault found.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    faults: RefCell<Vec<CatalogueFault>>,
    defined: RefCell<HashMap<(Kind, Box<str>), Place>>,
    used: RefCell<Vec<(Kind, Box<str>, Place)>>,
}

impl Reading {
    pub(crate) fn fault(&self, file: &str, line: usize, reason: impl Into<Box<str>>) {
        self.faults
            .borrow_mut()
            .push(CatalogueFault::new(file, line, reason));
    }

    pub(crate) fn faults(&self, faults: Vec<CatalogueFault>) {
        self.faults.borrow_mut().extend(faults);
    }

    pub(crate) fn define(&self, kind: Kind, name: &str, file: &str, line: usize) {
        let mut defined = self.defined.borrow_mut();
        if let Some(first) = defined.get(&(kind, name.into())) {
            let first = first.line;
            self.fault(
                file,
                line,
                format!("{kind} `{name}` is already defined in line {first}"),
            );
        } else {
            defined.insert(
                (kind, name.into()),
                Place {
                    file: file.into(),
                    line,
                },
            );
        }
    }

    pub(crate) fn refer(&self, kind: Kind, name: &str, file: &str, line: usize) {
        self.used.borrow_mut().push((
            kind,
            name.into(),
            Place {
                file: file.into(),
                line,
            },
        ));
    }

    /// The line in which something is defined.
    pub(crate) fn line(&self, kind: Kind, name: &str) -> usize {
        self.defined
            .borrow()
            .get(&(kind, name.into()))
            .map_or(1, |place| place.line)
    }

    /// Faults every name that is used and not defined.
    pub(crate) fn check_references(&self) {
        let defined = self.defined.borrow();
        for (kind, name, place) in self.used.borrow().iter() {
            if !defined.contains_key(&(*kind, name.clone())) {
                self.fault(
                    &place.file,
                    place.line,
                    format!("there is no {kind} `{name}`"),
                );
            }
        }
    }

    /// Whether nothing has been found wrong so far.
    pub(crate) fn clean(&self) -> bool {
        self.faults.borrow().is_empty()
    }

    pub(crate) fn into_faults(self) -> Vec<CatalogueFault> {
        self.faults.into_inner()
    }
}
