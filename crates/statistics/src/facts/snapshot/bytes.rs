//! Tables, names and numbers as bytes and back, hashed on the way.

use std::borrow::Borrow;
use std::hash::Hash;
use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

use super::RestoreError;
use crate::facts::{Interner, Numbers};

/// Rows converted at once; the copy on the way stays small.
const CHUNK: usize = 8 * 1024;

pub(super) fn write_all<T, const N: usize>(
    to: &mut impl Write,
    column: &[T],
    bytes: impl Fn(&T) -> [u8; N],
) -> io::Result<()> {
    write_number(to, column.len())?;
    let mut buffer = Vec::with_capacity(N * CHUNK.min(column.len()));
    for chunk in column.chunks(CHUNK) {
        buffer.clear();
        for value in chunk {
            buffer.extend_from_slice(&bytes(value));
        }
        to.write_all(&buffer)?;
    }
    Ok(())
}

pub(super) fn read_all<T, const N: usize>(
    from: &mut impl Read,
    value: impl Fn([u8; N]) -> T,
) -> Result<Vec<T>, RestoreError> {
    let length = read_length(from)?;
    let mut column = Vec::new();
    let mut buffer = Vec::new();
    let mut left = length;
    while left > 0 {
        // A damaged length must not reserve memory that no data fills.
        let rows = left.min(CHUNK);
        buffer.resize(N * rows, 0);
        from.read_exact(&mut buffer)?;
        if column.capacity() - column.len() < rows {
            column.reserve_exact(left.min(rows.max(column.len())));
        }
        column.extend(buffer.as_chunks::<N>().0.iter().map(|bytes| value(*bytes)));
        left -= rows;
    }
    Ok(column)
}

pub(super) fn write_names<T>(
    to: &mut impl Write,
    names: &[T],
    text: impl Fn(&T) -> &str,
) -> io::Result<()> {
    write_number(to, names.len())?;
    names.iter().try_for_each(|name| write_text(to, text(name)))
}

pub(super) fn read_names<T>(from: &mut impl Read) -> Result<Interner<T>, RestoreError>
where
    T: Clone + Eq + Hash + Borrow<str> + for<'a> From<&'a str>,
{
    let mut interner = Interner::default();
    for _ in 0..read_length(from)? {
        interner.number(&read_text(from)?);
    }
    Ok(interner)
}

/// A table of values, each of which stands in it once.
pub(super) fn read_numbers<T: Copy + Eq + Hash, const N: usize>(
    from: &mut impl Read,
    value: impl Fn([u8; N]) -> T,
) -> Result<Numbers<T>, RestoreError> {
    let values = read_all(from, value)?;
    let mut numbers = Numbers::default();
    for value in &values {
        numbers.number(*value);
    }
    if numbers.values().len() == values.len() {
        Ok(numbers)
    } else {
        Err(RestoreError::Damaged("a table holds a value twice"))
    }
}

pub(super) fn write_text(to: &mut impl Write, text: &str) -> io::Result<()> {
    write_number(to, text.len())?;
    to.write_all(text.as_bytes())
}

pub(super) fn read_text(from: &mut impl Read) -> Result<Box<str>, RestoreError> {
    let length = u64::try_from(read_length(from)?).unwrap_or(u64::MAX);
    let mut text = String::new();
    let read = from
        .take(length)
        .read_to_string(&mut text)
        .map_err(|error| {
            if error.kind() == io::ErrorKind::InvalidData {
                RestoreError::Damaged("a name is no text")
            } else {
                RestoreError::Unreadable(error)
            }
        })?;
    if u64::try_from(read).is_ok_and(|read| read == length) {
        Ok(text.into())
    } else {
        Err(RestoreError::Damaged("it is cut short"))
    }
}

pub(super) fn write_number(to: &mut impl Write, number: usize) -> io::Result<()> {
    to.write_all(&u64::try_from(number).unwrap_or(u64::MAX).to_le_bytes())
}

pub(super) fn read_number(from: &mut impl Read) -> Result<u64, RestoreError> {
    let mut bytes = [0; 8];
    from.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

pub(super) fn read_length(from: &mut impl Read) -> Result<usize, RestoreError> {
    usize::try_from(read_number(from)?).map_err(|_| RestoreError::Damaged("a table is too long"))
}

/// Hashes what it passes on.
pub(super) struct Hashing<'a, W> {
    pub(super) inner: &'a mut W,
    pub(super) hash: Sha256,
}

impl<W: Write> Write for Hashing<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Hashes what it hands out.
pub(super) struct HashingReader<'a, R> {
    pub(super) inner: &'a mut R,
    pub(super) hash: Sha256,
}

impl<R: Read> Read for HashingReader<'_, R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.hash.update(&bytes[..read]);
        Ok(read)
    }
}
