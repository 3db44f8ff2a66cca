//! The register as it is laid down with the other lists: in bytes, because there are many of them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};

use application::snapshot::{self, read_bytes as take, read_count, write_count};
use domain::ids::DossierId;
use uuid::Uuid;

use super::codes::{Codes, End};
use super::{Place, Register};

impl Register {
    /// Lays the register down.
    pub(crate) fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        write_count(to, self.dossiers.len())?;
        for dossier in &self.dossiers {
            to.write_all(dossier.0.as_bytes())?;
        }
        write_count(to, self.shelves.len())?;
        for (shelf, places) in &self.shelves {
            snapshot::write_value(to, shelf)?;
            write_count(to, places.len())?;
            for place in places {
                to.write_all(&place.due.to_le_bytes())?;
                to.write_all(&place.number.to_le_bytes())?;
            }
        }
        write_count(to, self.codes.0.len())?;
        for (begin, ends) in &self.codes.0 {
            snapshot::write_value(to, begin)?;
            write_count(to, ends.len())?;
            for (end, number) in ends {
                to.write_all(&end.0)?;
                to.write_all(&number.to_le_bytes())?;
            }
        }
        snapshot::write_value(to, &self.twice)
    }

    /// The register that was laid down.
    pub(crate) fn read(from: &mut dyn Read) -> io::Result<Self> {
        let dossiers = (0..read_count(from)?)
            .map(|_| Ok(DossierId(Uuid::from_bytes(take(from)?))))
            .collect::<io::Result<_>>()?;
        let mut shelves = BTreeMap::new();
        for _ in 0..read_count(from)? {
            let shelf = snapshot::read_value(from)?;
            let places = (0..read_count(from)?)
                .map(|_| {
                    Ok(Place {
                        due: i64::from_le_bytes(take(from)?),
                        number: u32::from_le_bytes(take(from)?),
                    })
                })
                .collect::<io::Result<BTreeSet<_>>>()?;
            shelves.insert(shelf, places);
        }
        let mut codes = BTreeMap::new();
        for _ in 0..read_count(from)? {
            let begin: Box<str> = snapshot::read_value(from)?;
            let ends = (0..read_count(from)?)
                .map(|_| Ok((End(take(from)?), u32::from_le_bytes(take(from)?))))
                .collect::<io::Result<BTreeMap<_, _>>>()?;
            codes.insert(begin, ends);
        }
        Ok(Self {
            dossiers,
            shelves,
            codes: Codes(codes),
            twice: snapshot::read_value(from)?,
        })
    }
}
