//! Reading fixed-size fields out of untrusted bytes, never past their end.

use uuid::Uuid;

use crate::error::DecodeError;

/// A place in a byte slice. Every `take` names what it wanted, for the error.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes read so far.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Bytes not read yet.
    pub(crate) fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    pub(crate) fn take(
        &mut self,
        what: &'static str,
        need: usize,
    ) -> Result<&'a [u8], DecodeError> {
        let short = DecodeError::CutShort {
            what,
            at: self.at,
            need,
            left: self.left(),
        };
        let end = self.at.checked_add(need).ok_or_else(|| short.clone())?;
        let slice = self.bytes.get(self.at..end).ok_or(short)?;
        self.at = end;
        Ok(slice)
    }

    pub(crate) fn array<const N: usize>(
        &mut self,
        what: &'static str,
    ) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(what, N)?);
        Ok(array)
    }

    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8, DecodeError> {
        self.array(what).map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self, what: &'static str) -> Result<u16, DecodeError> {
        self.array(what).map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        self.array(what).map(u32::from_le_bytes)
    }

    /// A length or count kept in 32 bits.
    pub(crate) fn len32(&mut self, what: &'static str) -> Result<usize, DecodeError> {
        let at = self.at;
        usize::try_from(self.u32(what)?).map_err(|_| DecodeError::Value {
            what,
            at,
            why: "too large for this machine",
        })
    }

    pub(crate) fn u64(&mut self, what: &'static str) -> Result<u64, DecodeError> {
        self.array(what).map(u64::from_le_bytes)
    }

    pub(crate) fn i64(&mut self, what: &'static str) -> Result<i64, DecodeError> {
        self.array(what).map(i64::from_le_bytes)
    }

    pub(crate) fn uuid(&mut self, what: &'static str) -> Result<Uuid, DecodeError> {
        self.array(what).map(Uuid::from_bytes)
    }

    /// Refuses bytes after the end: what is not understood is not passed over.
    pub(crate) fn finish(self, what: &'static str) -> Result<(), DecodeError> {
        match self.left() {
            0 => Ok(()),
            left => Err(DecodeError::Trailing {
                what,
                at: self.at,
                left,
            }),
        }
    }
}
