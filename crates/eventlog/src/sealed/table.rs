//! A sorted table of fixed-width entries in pages of 4 KiB: looked up by one positioned read.

use std::cmp::Ordering;
use std::io::{self, Write};

use crate::error::ReadError;
use crate::sealed::error::SealedError;
use crate::sealed::filter::{self, Filter};
use crate::sealed::output::{Output, Section};
use crate::sealed::source::Source;

const PAGE_BYTES: usize = 4096;
const CHECKSUM_BYTES: usize = 4;

/// What a table is called and how its entries are cut: the key in front, the value after it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    /// Bytes an entry.
    pub(crate) width: usize,
    /// Bytes of the key the entries are sorted by, compared as bytes; 0 when they are found by place.
    pub(crate) key: usize,
}

impl Shape {
    fn per_page(&self) -> usize {
        PAGE_BYTES / self.width
    }

    /// Bytes a page takes in the page list: its first key and its checksum.
    fn listed(&self) -> usize {
        self.key + CHECKSUM_BYTES
    }
}

/// Where a table lies in its file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct TableSections {
    pub(crate) entries: u32,
    pub(crate) pages: Section,
    pub(crate) list: Section,
    pub(crate) filter: Section,
}

/// Writes entries that come sorted; `keys` is how many different keys there are, for the filter.
pub(crate) fn write_table<W: Write, E: AsRef<[u8]>>(
    out: &mut Output<W>,
    shape: Shape,
    keys: usize,
    entries: impl Iterator<Item = E>,
) -> io::Result<TableSections> {
    let mut page = Vec::with_capacity(PAGE_BYTES);
    let mut list = Vec::new();
    let mut filter = Filter::with_capacity(keys);
    let mut count = 0_u32;
    let full = shape.per_page() * shape.width;
    let end_page = |page: &mut Vec<u8>, list: &mut Vec<u8>, out: &mut Output<W>| {
        list.extend_from_slice(page.get(..shape.key).unwrap_or_default());
        list.extend_from_slice(&crc32fast::hash(page).to_le_bytes());
        let written = out.put(page);
        page.clear();
        written
    };
    for entry in entries {
        let entry = entry.as_ref();
        if shape.key > 0 {
            filter.insert(filter::hash(entry.get(..shape.key).unwrap_or_default()));
        }
        page.extend_from_slice(entry);
        count = count
            .checked_add(1)
            .ok_or_else(|| io::Error::other("too many index entries for one file"))?;
        if page.len() == full {
            end_page(&mut page, &mut list, out)?;
        }
    }
    if !page.is_empty() {
        end_page(&mut page, &mut list, out)?;
    }
    let pages = out.end_section();
    out.put(&list)?;
    let list = out.end_section();
    out.put(filter.bytes())?;
    let filter = out.end_section();
    Ok(TableSections {
        entries: count,
        pages,
        list,
        filter,
    })
}

/// A table open for look-ups: the page list and the filter are in memory, the pages are not.
#[derive(Debug)]
pub(crate) struct Table {
    shape: Shape,
    entries: usize,
    offset: u64,
    list: Box<[u8]>,
    filter: Filter,
}

impl Table {
    /// Reads and checks the page list and the filter.
    pub(crate) fn open(
        source: &Source,
        shape: Shape,
        sections: &TableSections,
    ) -> Result<Self, SealedError> {
        let entries = usize::try_from(sections.entries).unwrap_or(usize::MAX);
        let pages = entries.div_ceil(shape.per_page());
        let fits = |section: &Section, bytes: usize| {
            u64::try_from(bytes).is_ok_and(|bytes| bytes == section.len)
        };
        if !fits(&sections.pages, entries.saturating_mul(shape.width))
            || !fits(&sections.list, pages.saturating_mul(shape.listed()))
        {
            let why = format!("the {} index has not the length of its entries", shape.name);
            return Err(SealedError::damaged(source.path(), why));
        }
        let list = read_section(source, &sections.list, shape.name)?;
        let filter = read_section(source, &sections.filter, shape.name)?;
        Ok(Self {
            shape,
            entries,
            offset: sections.pages.offset,
            list: list.into(),
            filter: Filter::from_bytes(filter),
        })
    }

    fn pages(&self) -> usize {
        self.list.len() / self.shape.listed()
    }

    fn listed(&self, page: usize) -> Option<(&[u8], u32)> {
        let len = self.shape.listed();
        let start = page.checked_mul(len)?;
        let entry = self.list.get(start..start.checked_add(len)?)?;
        let (key, checksum) = entry.split_at_checked(self.shape.key)?;
        Some((key, u32::from_le_bytes(checksum.try_into().ok()?)))
    }

    fn page(&self, source: &Source, page: usize) -> Result<Vec<u8>, ReadError> {
        let name = self.shape.name;
        let Some((_, checksum)) = self.listed(page) else {
            return Err(source.damaged_index(format!("the {name} index has no page {page}")));
        };
        let before = page.saturating_mul(self.shape.per_page());
        let count = self
            .entries
            .saturating_sub(before)
            .min(self.shape.per_page());
        let start = u64::try_from(before.saturating_mul(self.shape.width)).unwrap_or(u64::MAX);
        let offset = self.offset.saturating_add(start);
        let bytes = source.read_index(offset, count * self.shape.width)?;
        if crc32fast::hash(&bytes) != checksum {
            let why = format!("page {page} of the {name} index, at byte {offset}, is damaged");
            return Err(source.damaged_index(why));
        }
        Ok(bytes)
    }

    /// All entries under `key`, in order, one after the other; empty when there is none.
    pub(crate) fn find(&self, source: &Source, key: &[u8]) -> Result<Vec<u8>, ReadError> {
        let mut found = Vec::new();
        if !self.filter.may_hold(filter::hash(key)) {
            return Ok(found);
        }
        // The first page that may hold it: the one before the first that begins at or after it.
        let mut page = self.partition(key).saturating_sub(1);
        while page < self.pages() {
            let bytes = self.page(source, page)?;
            let mut beyond = false;
            for entry in bytes
                .chunks_exact(self.shape.width)
                .skip(first_in(&bytes, self.shape, key))
            {
                if entry.get(..self.shape.key) != Some(key) {
                    beyond = true;
                    break;
                }
                found.extend_from_slice(entry);
            }
            page += 1;
            let goes_on = !beyond && self.listed(page).is_some_and(|(first, _)| first <= key);
            if !goes_on {
                break;
            }
        }
        Ok(found)
    }

    /// How many pages begin before `key`.
    fn partition(&self, key: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.pages());
        while low < high {
            let middle = low.midpoint(high);
            if self.listed(middle).is_some_and(|(first, _)| first < key) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The entries from `from` up to, not including, `to`, one after the other.
    pub(crate) fn range(
        &self,
        source: &Source,
        from: usize,
        to: usize,
    ) -> Result<Vec<u8>, ReadError> {
        if from > to || to > self.entries {
            let why = format!(
                "the {} index has no entries {from} to {to}",
                self.shape.name
            );
            return Err(source.damaged_index(why));
        }
        let width = self.shape.width;
        let per_page = self.shape.per_page();
        let mut found = Vec::with_capacity((to - from).saturating_mul(width));
        let mut at = from;
        while at < to {
            let bytes = self.page(source, at / per_page)?;
            let start = at % per_page;
            let count = (per_page - start).min(to - at);
            found.extend_from_slice(
                bytes
                    .get(start * width..(start + count) * width)
                    .unwrap_or_default(),
            );
            at += count;
        }
        Ok(found)
    }
}

/// The place in the page of the first entry not before `key`.
fn first_in(page: &[u8], shape: Shape, key: &[u8]) -> usize {
    let (mut low, mut high) = (0, page.len() / shape.width);
    while low < high {
        let middle = low.midpoint(high);
        let start = middle * shape.width;
        let entry = page.get(start..start + shape.key).unwrap_or_default();
        if entry.cmp(key) == Ordering::Less {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// Reads a whole section and checks it.
pub(crate) fn read_section(
    source: &Source,
    section: &Section,
    what: &str,
) -> Result<Vec<u8>, SealedError> {
    let damaged = |why: String| SealedError::damaged(source.path(), why);
    let len = usize::try_from(section.len)
        .map_err(|_| damaged(format!("the {what} section is too long")))?;
    let bytes = source
        .read_index(section.offset, len)
        .map_err(|error| damaged(error.to_string()))?;
    if crc32fast::hash(&bytes) != section.checksum {
        let at = section.offset;
        return Err(damaged(format!(
            "the {what} section at byte {at} is damaged"
        )));
    }
    Ok(bytes)
}
