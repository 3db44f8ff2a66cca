//! Places in the order of lists, as page tokens carry them: a page begins after a place, so it stays where it was while others
//! come and go.

use domain::ids::{DossierId, ProcedureCode};
use jiff::Timestamp;
use uuid::Uuid;

use crate::faults::Faults;
use crate::page;

/// A place in the order of a list.
pub trait Place: Sized {
    /// The place as a page token carries it.
    fn to_bytes(&self) -> Vec<u8>;

    /// The place in a page token; none when these bytes name none.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

/// A place by a number alone: a position, a revision.
impl Place for u64 {
    fn to_bytes(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }
}

/// A place by a number alone.
impl Place for u32 {
    fn to_bytes(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }
}

/// A place by the dossier alone.
impl Place for DossierId {
    fn to_bytes(&self) -> Vec<u8> {
        self.0.as_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Uuid::from_slice(bytes).ok().map(Self)
    }
}

/// A place by a procedure's code alone.
impl Place for ProcedureCode {
    fn to_bytes(&self) -> Vec<u8> {
        self.as_str().as_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        std::str::from_utf8(bytes).ok().map(Self::from)
    }
}

/// The far future, as a moment that comes back out of a page token unchanged: in whole seconds.
pub fn never() -> Timestamp {
    Timestamp::from_second(Timestamp::MAX.as_second()).unwrap_or_default()
}

/// A time as a place carries it: eight bytes of microseconds since 1970.
pub fn time(bytes: &[u8]) -> Option<Timestamp> {
    let micros = i64::from_be_bytes(bytes.try_into().ok()?);
    Timestamp::from_microsecond(micros).ok()
}

/// The place after which a page begins; none for the first page. A token that names no place is a fault: taken for the first
/// page, it would show everything again.
pub fn read<P: Place>(token: &str, question: &str, faults: &mut Faults) -> Option<P> {
    let bytes = page::read(token, question, faults)?;
    let place = P::from_bytes(&bytes);
    if place.is_none() {
        faults.note("page_token", page::NOT_OURS);
    }
    place
}

/// The token of the next page, when more than `size` were found; they are cut to `size`.
pub fn cut<T, P: Place>(
    found: &mut Vec<T>,
    size: usize,
    question: &str,
    place: impl Fn(&T) -> P,
) -> String {
    let more = found.len() > size;
    found.truncate(size);
    found
        .last()
        .filter(|_| more)
        .map(|last| page::write(question, &place(last).to_bytes()))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_names_no_place_is_a_fault_and_not_the_first_page() {
        for bytes in [&[][..], &[1, 2, 3], &[0; 9]] {
            let mut faults = Faults::default();
            let token = page::write("question", bytes);
            assert_eq!(read::<u64>(&token, "question", &mut faults), None);
            assert!(faults.finish(Some(())).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn the_far_future_comes_back_as_it_went() {
        let bytes = never().as_microsecond().to_be_bytes();
        assert_eq!(time(&bytes), Some(never()));
        assert_eq!(time(&[0xff; 9]), None);
    }

    #[test]
    fn only_a_page_with_something_after_it_has_a_next_one() {
        let mut found: Vec<u64> = vec![3, 4, 5];
        assert_eq!(cut(&mut found, 3, "question", |last| *last), "");
        let next = cut(&mut found, 2, "question", |last| *last);
        assert_eq!(found, [3, 4]);
        let mut faults = Faults::default();
        assert_eq!(read::<u64>(&next, "question", &mut faults), Some(4));
    }
}
