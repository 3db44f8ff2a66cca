//! A sealed file's blocks one after the other, still compressed: two workers can share them out.

use crate::error::ReadError;
use crate::format::EncodedBlock;
use crate::sealed::read::SealedSegment;

/// The blocks from some place on; each is checked when it is read. Ends after the first error.
#[derive(Clone, Debug)]
pub struct Blocks {
    segment: SealedSegment,
    next: usize,
}

impl Blocks {
    pub(crate) fn new(segment: SealedSegment, next: usize) -> Self {
        Self { segment, next }
    }
}

impl Iterator for Blocks {
    type Item = Result<EncodedBlock, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let block = self.segment.block_at(self.next)?;
        self.next = match &block {
            Ok(_) => self.next.saturating_add(1),
            Err(_) => usize::MAX,
        };
        Some(block)
    }
}
