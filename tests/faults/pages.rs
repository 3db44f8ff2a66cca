//! A file's content in pages, of which copies share those that are the same: a record of a life needs hundreds of copies.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

/// What a disk writes as one.
pub(crate) const PAGE: usize = 4096;

/// What a file holds; copies share the pages that are the same.
#[derive(Clone, Default, Debug)]
pub(crate) struct Pages {
    pub(crate) len: usize,
    /// None where there are only zeros.
    pages: Vec<Option<Arc<[u8; PAGE]>>>,
}

impl Pages {
    pub(crate) fn resize(&mut self, len: usize) {
        self.pages.resize(len.div_ceil(PAGE), None);
        // What grows again later must be zeros.
        if len < self.len
            && !len.is_multiple_of(PAGE)
            && let Some(Some(page)) = self.pages.last_mut()
        {
            Arc::make_mut(page)[len % PAGE..].fill(0);
        }
        self.len = len;
    }

    pub(crate) fn write(&mut self, at: usize, bytes: &[u8]) {
        if self.len < at + bytes.len() {
            self.resize(at + bytes.len());
        }
        let mut rest = bytes;
        let mut at = at;
        while !rest.is_empty() {
            let (within, page) = (at % PAGE, &mut self.pages[at / PAGE]);
            let (now, later) = rest.split_at(rest.len().min(PAGE - within));
            if page.is_some() || now.iter().any(|byte| *byte != 0) {
                let page = page.get_or_insert_with(|| Arc::new([0; PAGE]));
                Arc::make_mut(page)[within..within + now.len()].copy_from_slice(now);
            }
            (rest, at) = (later, at + now.len());
        }
    }

    /// The bytes from `at` on, as many as there are of `count`.
    pub(crate) fn read(&self, at: usize, count: usize) -> Vec<u8> {
        let end = self.len.min(at + count);
        let mut bytes = Vec::with_capacity(end.saturating_sub(at));
        let mut at = at;
        while at < end {
            let within = at % PAGE;
            let count = (end - at).min(PAGE - within);
            match &self.pages[at / PAGE] {
                Some(page) => bytes.extend_from_slice(&page[within..within + count]),
                None => bytes.resize(bytes.len() + count, 0),
            }
            at += count;
        }
        bytes
    }

    pub(crate) fn store(&self, path: &Path) -> io::Result<()> {
        let file = File::create(path)?;
        file.set_len(self.len as u64)?;
        for (page, start) in self.pages.iter().zip((0..).step_by(PAGE)) {
            if let Some(page) = page {
                file.write_all_at(&page[..PAGE.min(self.len - start)], start as u64)?;
            }
        }
        Ok(())
    }
}
