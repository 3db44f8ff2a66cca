//! Each identifier once, as a small number: what the columns hold instead of text.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use super::row::NONE;

/// Numbers for identifiers, in order of first sight.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Interner<T: Eq + Hash> {
    names: Vec<T>,
    numbers: HashMap<T, u32, BuildHasherDefault<Folding>>,
}

impl<T: Eq + Hash> Default for Interner<T> {
    fn default() -> Self {
        Self {
            names: Vec::new(),
            numbers: HashMap::default(),
        }
    }
}

impl<T: Clone + Eq + Hash + Borrow<str> + for<'a> From<&'a str>> Interner<T> {
    /// The number of this identifier, a new one at first sight.
    pub(crate) fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        // Four milliard identifiers do not fit in memory either; the arithmetic must be total all the same.
        let number = u32::try_from(self.names.len()).unwrap_or(NONE);
        self.names.push(name.into());
        self.numbers.insert(name.into(), number);
        number
    }

    /// The number of an identifier already seen.
    pub(crate) fn find(&self, name: &T) -> Option<u32> {
        self.numbers.get::<str>(name.borrow()).copied()
    }

    /// All identifiers, each at its number.
    pub(crate) fn names(&self) -> &[T] {
        &self.names
    }
}

/// Numbers for small values that many rows have in common, in order of first sight.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Numbers<T: Eq + Hash> {
    values: Vec<T>,
    numbers: HashMap<T, u32, BuildHasherDefault<Folding>>,
}

impl<T: Eq + Hash> Default for Numbers<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            numbers: HashMap::default(),
        }
    }
}

impl<T: Copy + Eq + Hash> Numbers<T> {
    /// The number of this value, a new one at first sight.
    pub(crate) fn number(&mut self, value: T) -> u32 {
        let next = u32::try_from(self.values.len()).unwrap_or(NONE);
        let number = *self.numbers.entry(value).or_insert(next);
        if number == next {
            self.values.push(value);
        }
        number
    }

    /// The value behind a number that was given out.
    pub(crate) fn get(&self, number: u32) -> T {
        self.values[crate::scan::number(number)]
    }

    /// All values, each at its number.
    pub(crate) fn values(&self) -> &[T] {
        &self.values
    }
}

/// Hashes short identifiers by multiplying and folding: they come from the catalogue or are digests themselves, and
/// looking them up is most of what folding an event costs.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Folding(u64);

impl Folding {
    /// An odd constant without pattern: 2^64 divided by the golden ratio.
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

    fn mix(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * u128::from(Self::FACTOR);
        let [low, high] = [product & u128::from(u64::MAX), product >> 64];
        self.0 = u64::try_from(low ^ high).unwrap_or_default();
    }
}

impl Hasher for Folding {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.mix(
            u64::from_le_bytes(last)
                ^ u64::try_from(bytes.len())
                    .unwrap_or_default()
                    .rotate_left(32),
        );
    }

    fn write_u8(&mut self, byte: u8) {
        self.mix(u64::from(byte));
    }

    fn write_u32(&mut self, number: u32) {
        self.mix(u64::from(number));
    }

    fn write_usize(&mut self, length: usize) {
        self.mix(u64::try_from(length).unwrap_or_default());
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::FieldCode;

    use super::*;

    #[test]
    fn an_identifier_keeps_its_first_number() {
        let mut interner = Interner::<FieldCode>::default();
        assert_eq!(interner.number("H20-VH"), 0);
        assert_eq!(interner.number("H20-TT"), 1);
        assert_eq!(interner.number("H20-VH"), 0);
        assert_eq!(interner.find(&FieldCode::new("H20-TT")), Some(1));
        assert_eq!(interner.find(&FieldCode::new("H20-DL")), None);
        assert_eq!(interner.names(), ["H20-VH", "H20-TT"].map(FieldCode::new));
    }
}
