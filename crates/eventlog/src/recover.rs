//! Reading a live folder at open: every block is checked, and what an unclean stop left is written anew before it is served.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::chain;
use crate::error::OpenError;
use crate::format::{BLOCK_RAW_MAX, BlockBuilder, EncodedBlock, decode_record};
use crate::index::{Index, Run};
use crate::journal;
use crate::live::{self, Header, Live, SYNC_BYTES_MAX};
use crate::locks::read;
use crate::open::{damaged, io_error};
use crate::record::Position;
use crate::segment::LiveSegment;
use crate::standing::Standing;

/// Copies a folder's data aside for sled to recover: recovery zeroes what it cannot read, and the
/// original must stay as the crash left it until its content is known to be whole.
pub(crate) fn copy(folder: &Path, copy: &Path) -> Result<(), OpenError> {
    let blobs = folder.join("blobs");
    if fs::read_dir(&blobs).is_ok_and(|mut blobs| blobs.next().is_some()) {
        return Err(damaged(
            &blobs,
            "there are files here, which are never synced",
        ));
    }
    let db = folder.join("db");
    let file = File::open(&db).map_err(io_error("opening", &db))?;
    file.sync_all().map_err(io_error("syncing", &db))?;
    crate::durable::remove_folder(copy).map_err(io_error("removing", copy))?;
    fs::create_dir(copy).map_err(io_error("making", copy))?;
    fs::copy(&db, copy.join("db"))
        .and_then(|_| live::copy_conf(folder, copy))
        .and_then(|()| journal::copy(folder, copy))
        .map_err(io_error("copying to", copy))
}

/// Opens a folder and reads all of it: checksums, chain, gaplessness. Gives its index and where the
/// log stands after it. `segment` is the size of sled's segments, if the folder does not say.
pub(crate) fn walk(
    folder: &Path,
    before: &Standing,
    segment: usize,
) -> Result<(Live, Index, Standing), OpenError> {
    let first = before.position.saturating_add(1);
    let header = Header {
        first,
        before: before.chain,
    };
    let live = Live::open(folder, &header, segment).map_err(|error| {
        if error.kind() == io::ErrorKind::InvalidData {
            damaged(folder, &error)
        } else {
            io_error("opening", folder)(error)
        }
    })?;
    let mut index = Index::new(first);
    let mut standing = before.clone();
    let mut scratch = Vec::new();
    loop {
        let next = standing.position.saturating_add(1);
        let wrong = |why: String| damaged(folder, &format!("at position {next}: {why}"));
        let Some(block) = live.block(next).map_err(|error| wrong(error.to_string()))? else {
            break;
        };
        take(&block, &mut index, &mut standing, &mut scratch).map_err(wrong)?;
    }
    let next = standing.position.saturating_add(1);
    match live.any_from(next).map_err(io_error("reading", folder))? {
        None => Ok((live, index, standing)),
        Some(later) => Err(damaged(
            folder,
            &format!("the block at position {next} is missing, but there is one at {later}"),
        )),
    }
}

fn take(
    block: &EncodedBlock,
    index: &mut Index,
    standing: &mut Standing,
    scratch: &mut Vec<u8>,
) -> Result<(), String> {
    index.add_block(block.header.first, block.bytes.len());
    let decoded = block.decode().map_err(|error| error.to_string())?;
    for slice in decoded.slices() {
        let slice = slice.map_err(|error| error.to_string())?;
        let record = decode_record(slice).map_err(|error| error.to_string())?;
        let hash = chain::next(standing.chain, slice);
        let position = record.place.position;
        standing
            .take_hashed(&record, hash, scratch)
            .map_err(|error| format!("{error} (position {position})"))?;
        index.add(Run {
            stream: record.listed(),
            revision: record.revision,
            count: 1,
        });
        for key in &record.event.keys {
            index.add_key(*key, position);
        }
        if let Some(request) = &record.request {
            index.add_request(request.key, position);
        }
    }
    if (standing.position, standing.chain) != (block.header.last, block.header.chain) {
        return Err(format!(
            "the chain hash at position {} does not fit",
            block.header.last
        ));
    }
    Ok(())
}

/// Writes all of `old` into a fresh folder and syncs it: the page cache may hold what the disk does
/// not. Small blocks are packed together.
pub(crate) fn rewrite(
    old: &LiveSegment,
    path: &Path,
    segment: usize,
) -> Result<(Live, Index), OpenError> {
    let first = old.first();
    let before = old.before.chain;
    let live = Live::create(path, &Header { first, before }, segment);
    let live = live.map_err(io_error("making", path))?;
    let mut packing = Packing {
        live: &live,
        blocks: Vec::new(),
        bytes: 0,
        places: Vec::new(),
    };
    let mut builder = BlockBuilder::new(first, before);
    let mut next = first;
    while let Some(block) = old.block(next).map_err(|error| damaged(path, &error))? {
        next = block.header.last.saturating_add(1);
        let large = usize::try_from(block.header.raw_len).is_ok_and(|len| len > BLOCK_RAW_MAX / 2);
        if large {
            packing
                .push(builder.finish())
                .map_err(io_error("writing", path))?;
            builder.restart(next, block.header.chain);
            packing
                .push(Some(block))
                .map_err(io_error("writing", path))?;
        } else {
            repack(&block, &mut builder, &mut packing, path)?;
        }
    }
    packing
        .push(builder.finish())
        .map_err(io_error("writing", path))?;
    packing.sync().map_err(io_error("writing", path))?;
    let index = read(&old.index).reblocked(&packing.places);
    Ok((live, index))
}

fn repack(
    block: &EncodedBlock,
    builder: &mut BlockBuilder,
    packing: &mut Packing<'_>,
    path: &Path,
) -> Result<(), OpenError> {
    let decoded = block.decode().map_err(|error| damaged(path, &error))?;
    for record in decoded.records() {
        let record = record.map_err(|error| damaged(path, &error))?;
        if !builder.fits(crate::format::canonical_len(&record), 1) {
            packing
                .push(builder.finish())
                .map_err(io_error("writing", path))?;
        }
        builder
            .push(&record)
            .map_err(|error| damaged(path, &error))?;
    }
    if builder.chain() == block.header.chain {
        return Ok(());
    }
    Err(damaged(
        path,
        "the chain hash changed while the segment was written anew",
    ))
}

/// Blocks on their way into a folder, synced every 1 MiB.
struct Packing<'a> {
    live: &'a Live,
    blocks: Vec<EncodedBlock>,
    bytes: usize,
    /// First position and length of each block written.
    places: Vec<(Position, usize)>,
}

impl Packing<'_> {
    fn push(&mut self, block: Option<EncodedBlock>) -> io::Result<()> {
        let Some(block) = block else {
            return Ok(());
        };
        if self.bytes + block.bytes.len() > SYNC_BYTES_MAX {
            self.sync()?;
        }
        self.bytes += block.bytes.len();
        self.places.push((block.header.first, block.bytes.len()));
        self.blocks.push(block);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.blocks.is_empty() {
            return Ok(());
        }
        self.live.apply(&self.blocks)?;
        self.live.flush()?;
        self.live.sync()?;
        self.blocks.clear();
        self.bytes = 0;
        Ok(())
    }
}
