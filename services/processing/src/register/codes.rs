//! Dossier codes in order, so that those that begin alike lie together.
//!
//! A code is kept in two parts, because a day's codes of an agency are alike but for their last digits:
//! `000.00.06.H20-221215` once, and `10001` for each.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Bound;

/// The longest end that is kept apart; the ends that codes have are shorter.
const END_MAX: usize = 13;

/// Where a dossier stands in the order of codes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodePlace(Box<str>);

impl api::place::Place for CodePlace {
    fn to_bytes(&self) -> Vec<u8> {
        self.0.as_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let code = std::str::from_utf8(bytes).ok()?;
        (!code.is_empty() && code.len() <= domain::code::LENGTH_MAX).then(|| Self(code.into()))
    }
}

/// The last digits of a code, filled up with zero bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) struct End(pub(super) [u8; END_MAX]);

impl End {
    fn new(text: &str) -> Self {
        let mut bytes = [0; END_MAX];
        for (to, from) in bytes.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        Self(bytes)
    }

    fn text(&self) -> &str {
        let end = self.0.iter().position(|byte| *byte == 0);
        let text = self.0.get(..end.unwrap_or(END_MAX)).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }
}

/// A code in its two parts. One that has no short end, as another system may have given it, is all beginning.
fn split(code: &str) -> (&str, End) {
    match code.rsplit_once('-') {
        Some((begin, end)) if !end.is_empty() && end.len() <= END_MAX && !end.contains('\0') => {
            (begin, End::new(end))
        }
        _ => (code, End::default()),
    }
}

fn joined(begin: &str, end: End) -> CodePlace {
    CodePlace(match end.text() {
        "" => begin.into(),
        end => format!("{begin}-{end}").into(),
    })
}

/// Every code, and the number of its dossier in the register.
#[derive(Debug, Default)]
pub(super) struct Codes(pub(super) BTreeMap<Box<str>, BTreeMap<End, u32>>);

impl Codes {
    /// Gives a code its dossier; whoever had it already keeps it, and is told.
    pub(super) fn insert(&mut self, code: &str, number: u32) -> Option<u32> {
        let (begin, end) = split(code);
        let Some(ends) = self.0.get_mut(begin) else {
            self.0.insert(begin.into(), BTreeMap::from([(end, number)]));
            return None;
        };
        match ends.entry(end) {
            Entry::Occupied(taken) => Some(*taken.get()),
            Entry::Vacant(free) => {
                free.insert(number);
                None
            }
        }
    }

    /// Those that begin so, after one, in order.
    pub(super) fn beginning<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a CodePlace>,
    ) -> impl Iterator<Item = (CodePlace, u32)> + 'a {
        let after = after.map(|code| split(&code.0));
        // The prefix may reach into the ends of one beginning, which stands before all that have the whole prefix in theirs.
        let within = prefix
            .rsplit_once('-')
            .and_then(|(begin, end)| Some((self.0.get_key_value(begin)?, end)))
            .into_iter()
            .flat_map(|((begin, ends), start)| {
                ends.range(End::new(start)..)
                    .filter(|(end, _)| !end.text().is_empty())
                    .take_while(move |(end, _)| end.text().starts_with(start))
                    .map(move |(end, number)| (begin, *end, *number))
            });
        let from = after.map_or(prefix, |(begin, _)| begin.max(prefix));
        let whole = self
            .0
            .range::<str, _>((Bound::Included(from), Bound::Unbounded))
            .take_while(move |(begin, _)| begin.starts_with(prefix))
            .flat_map(|(begin, ends)| ends.iter().map(move |(end, number)| (begin, *end, *number)));
        within
            .chain(whole)
            .filter(move |(begin, end, _)| after.is_none_or(|after| (&***begin, *end) > after))
            .map(|(begin, end, number)| (joined(begin, end), number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(codes: &Codes, prefix: &str) -> Vec<String> {
        let mut all = Vec::new();
        let mut after = None;
        // One a page: the order must hold across pages.
        loop {
            let next = codes.beginning(prefix, after.as_ref()).next();
            let Some((code, _)) = next else {
                return all;
            };
            all.push(code.0.to_string());
            after = Some(code);
        }
    }

    #[test]
    fn codes_are_found_by_whatever_they_begin_with() {
        let given = [
            "000.00.06.H20-221215-0001",
            "000.00.06.H20-221215-0012",
            "000.00.06.H20-221215-10001",
            "000.00.06.H20-221216-0001",
            "000.00.14.H20-221215-0001",
            "CU-2019",
            "CU",
            "một số cũ không có gạch",
            "X-12345678901234567890",
        ];
        let mut codes = Codes::default();
        for (number, code) in (0..).zip(given) {
            assert_eq!(codes.insert(code, number), None);
        }
        for code in given {
            assert!(found(&codes, code).contains(&code.to_owned()), "{code}");
        }
        let expected = |prefix: &str| {
            let mut expected: Vec<_> = given
                .iter()
                .filter(|code| code.starts_with(prefix))
                .map(ToString::to_string)
                .collect();
            expected.sort();
            expected
        };
        for code in given {
            for (to, _) in code.char_indices() {
                let prefix = &code[..to];
                let mut found = found(&codes, prefix);
                found.sort();
                assert_eq!(found, expected(prefix), "{prefix:?}");
            }
        }
        assert_eq!(found(&codes, "000.00.06.H20-221215-00"), given[..2]);
        assert!(found(&codes, "000.00.07").is_empty());
    }
}
