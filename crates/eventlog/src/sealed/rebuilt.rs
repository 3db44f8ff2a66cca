//! A file's directory and indexes made again from its records, and compared byte for byte.

use std::io::{self, Write};

use crate::record::{Position, Record};
use crate::sealed::directory::Directory;
use crate::sealed::footer::Footer;
use crate::sealed::index::{Beginning, IndexBuilder};
use crate::sealed::output::Output;
use crate::sealed::read::SealedSegment;
use crate::sealed::source::Source;

/// What the directory and indexes of a file ought to be.
#[derive(Debug)]
pub(crate) struct Rebuilt {
    index: IndexBuilder,
    directory: Directory,
    first_recorded_at: Option<i64>,
    /// Position and recorded at of the open block's first record.
    block: Option<(Position, i64)>,
    offset: u64,
}

impl Rebuilt {
    pub(crate) fn new(footer: &Footer) -> Self {
        Self {
            index: IndexBuilder::new(footer.first()),
            directory: Directory::default(),
            first_recorded_at: None,
            block: None,
            offset: footer.sections.blocks.offset,
        }
    }

    /// Takes the next record; false when it is one too many.
    pub(crate) fn take(&mut self, record: &Record) -> bool {
        let place = &record.place;
        self.first_recorded_at.get_or_insert(place.recorded_at);
        self.block
            .get_or_insert((place.position, place.recorded_at));
        self.index.take(record).is_ok()
    }

    /// Ends a block of `len` bytes.
    pub(crate) fn end_block(&mut self, len: usize) {
        let len = u32::try_from(len).unwrap_or(u32::MAX);
        if let Some((first, recorded_at)) = self.block.take() {
            self.directory.push(first, recorded_at, self.offset, len);
        }
        self.offset = self.offset.saturating_add(u64::from(len));
    }

    /// Sorts; a stream whose revisions have a gap is a fault at that position.
    pub(crate) fn sort(&mut self) -> Result<(), (Position, String)> {
        self.index.sort().map_err(|gap| {
            let what = format!(
                "stream {} has revision {} after {}",
                gap.stream, gap.found, gap.last
            );
            (gap.position, what)
        })
    }

    /// Where each stream begins in the file; after `sort`.
    pub(crate) fn beginnings(&self) -> impl Iterator<Item = Beginning> {
        self.index.beginnings()
    }

    /// Compares all of it with what the file has; after `sort`.
    pub(crate) fn compare(&self, segment: &SealedSegment) -> Result<(), String> {
        let footer = segment.footer();
        if footer.blocks != self.directory.blocks
            || Some(footer.first_recorded_at) != self.first_recorded_at
        {
            return Err("the footer's counts and times are not those of the records".to_owned());
        }
        let at = footer.sections.directory.offset;
        let source = segment.source();
        let mut out = Output::new(Comparing { source, at }, at);
        let same = out.put(&self.directory.bytes).and_then(|()| {
            let directory = out.end_section();
            let index = self.index.write(&mut out)?;
            Ok(directory == footer.sections.directory && index == footer.sections.index)
        });
        match same {
            Ok(true) => Ok(()),
            Ok(false) => Err("the footer does not describe the indexes".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Takes bytes and compares them with those of the file.
struct Comparing<'a> {
    source: &'a Source,
    at: u64,
}

impl Write for Comparing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let there = self
            .source
            .read_index(self.at, bytes.len())
            .map_err(io::Error::other)?;
        if there != bytes {
            let at = self.at;
            return Err(io::Error::other(format!(
                "the directory or index near byte {at} is not that of the records"
            )));
        }
        let len = u64::try_from(bytes.len()).map_err(io::Error::other)?;
        self.at = self.at.saturating_add(len);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
