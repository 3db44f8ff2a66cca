//! Building a log's folder anew from exported files: all of it verified, or nothing made.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::durable;
use crate::epoch::{Awaits, Why};
use crate::live::{Header, Live, STORE_SEGMENT_BYTES};
use crate::manifest::{self, End, Entry, Form, Manifest};
use crate::record::Position;
use crate::sealed::{self, Footer, SealedSegment};
use crate::settings::{Faults, Role};
use crate::standing::Standing;
use crate::transfer::error::RestoreError;
use crate::verify::{Anchor, Fault, Verified, Verifier};

/// Makes the folder of a whole log, from position 1 on, out of exported files in any order; they may
/// overlap. Log, positions and chain stay what they were. `folder` must be empty or not there.
/// Everything is verified, the anchors too; then the folder appears whole. Others may have seen more of the log than it
/// holds: an origin's takes no writes until its next epoch is open, a replica catches up.
/// `progress` is told how far it has come.
///
/// # Errors
/// When `folder` is not empty or the files are not one whole log; nothing is made then.
pub fn import_into(
    folder: &Path,
    role: Role,
    files: &[PathBuf],
    anchors: &[Anchor],
    progress: impl FnMut(Position),
) -> Result<Verified, RestoreError> {
    match fs::read_dir(folder).map(|mut entries| entries.next().is_some()) {
        Ok(true) => {
            let folder = folder.to_path_buf();
            return Err(RestoreError::NotEmpty { folder });
        }
        Ok(false) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(RestoreError::io("listing", folder)(error)),
    }
    let aside = aside(folder)?;
    durable::remove_folder(&aside).map_err(RestoreError::io("removing", &aside))?;
    fs::create_dir_all(&aside).map_err(RestoreError::io("making", &aside))?;
    let made = build(&aside, role, files, anchors, progress).and_then(|verified| {
        let parent = aside.parent().unwrap_or(&aside);
        durable::sync_folder(&aside).map_err(RestoreError::io("syncing", &aside))?;
        // Takes the place of an empty folder; of nothing else.
        fs::rename(&aside, folder).map_err(RestoreError::io("naming", folder))?;
        durable::sync_folder(parent).map_err(RestoreError::io("syncing", parent))?;
        Ok(verified)
    });
    if made.is_err() {
        // If it stays, the next attempt removes it.
        let _ = durable::remove_folder(&aside);
    }
    made
}

/// The folder's name while it is being made.
fn aside(folder: &Path) -> Result<PathBuf, RestoreError> {
    let Some(name) = folder.file_name() else {
        let folder = folder.to_path_buf();
        return Err(RestoreError::Name { folder });
    };
    let mut name = name.to_os_string();
    name.push(".restoring");
    let parent = folder.parent().filter(|p| !p.as_os_str().is_empty());
    Ok(parent.unwrap_or_else(|| Path::new(".")).join(name))
}

fn build(
    folder: &Path,
    role: Role,
    files: &[PathBuf],
    anchors: &[Anchor],
    mut progress: impl FnMut(Position),
) -> Result<Verified, RestoreError> {
    let mut segments = Vec::with_capacity(files.len());
    for file in files {
        segments.push(SealedSegment::open(file).map_err(Fault::from)?);
    }
    // What begins first and reaches furthest is taken first.
    segments.sort_by_key(|segment| (segment.first(), u64::MAX - segment.last()));
    let mut verifier = Verifier::new(&all_anchors(&segments, anchors));
    let mut entries = Vec::new();
    for segment in &segments {
        let number = number(entries.len())?;
        let path = manifest::sealed_file(folder, number);
        if !place(segment, verifier.standing(), &path)? {
            continue;
        }
        let copy = SealedSegment::open(&path).map_err(Fault::from)?;
        entries.push(entry(number, copy.footer()));
        verifier.sealed(copy)?;
        progress(
            entries
                .last()
                .and_then(|entry| entry.end)
                .map_or(0, |end| end.last),
        );
    }
    let standing = verifier.standing().cloned();
    let verified = verifier.finish()?;
    let Some(standing) = standing else {
        return Err(Fault::new(folder, None, "there is nothing to restore").into());
    };
    finish(folder, role, entries, &standing)?;
    Ok(verified)
}

/// Puts what the segment adds after `standing` into the file `path`; false when it adds nothing.
fn place(
    segment: &SealedSegment,
    standing: Option<&Standing>,
    path: &Path,
) -> Result<bool, RestoreError> {
    let have = standing.map_or(0, |standing| standing.position);
    let next = have.saturating_add(1);
    if segment.last() <= have {
        return Ok(false);
    }
    if segment.first() > next {
        let last = segment.first().saturating_sub(1);
        let what = format!("positions {next} to {last} are in none of the files");
        return Err(Fault::new(segment.path(), Some(next), what).into());
    }
    match standing {
        Some(standing) if segment.first() < next => {
            let records = segment.blocks_after(have).flat_map(|block| {
                let records = block.and_then(|block| records(segment, &block));
                let (records, error) = match records {
                    Ok(records) => (records, None),
                    Err(error) => (Vec::new(), Some(Err(error))),
                };
                records.into_iter().map(Ok).chain(error)
            });
            let new = records
                .skip_while(|record| record.as_ref().is_ok_and(|r| r.place.position <= have));
            sealed::write(path, standing, new)?;
        }
        Some(_) | None => {
            fs::copy(segment.path(), path).map_err(RestoreError::io("copying to", path))?;
            File::open(path)
                .and_then(|file| file.sync_all())
                .map_err(RestoreError::io("syncing", path))?;
        }
    }
    Ok(true)
}

pub(super) fn records(
    segment: &SealedSegment,
    block: &crate::format::EncodedBlock,
) -> Result<Vec<crate::record::Record>, crate::error::ReadError> {
    let decoded = segment.decode(block)?;
    decoded
        .records()
        .collect::<Result<Vec<_>, _>>()
        .map_err(|why| segment.damaged(block.header.first, why))
}

/// Every file's own end must be met too: two histories of one log are told apart by it.
fn all_anchors(segments: &[SealedSegment], anchors: &[Anchor]) -> Vec<Anchor> {
    let ends = segments.iter().flat_map(|segment| {
        let footer = segment.footer();
        [&footer.before, &footer.after].map(|standing| Anchor {
            position: standing.position,
            hash: standing.chain,
        })
    });
    ends.chain(anchors.iter().copied()).collect()
}

fn number(count: usize) -> Result<u32, RestoreError> {
    u32::try_from(count)
        .ok()
        .and_then(|count| count.checked_add(1))
        .ok_or_else(|| Fault::new(Path::new(""), None, "too many files").into())
}

fn entry(number: u32, footer: &Footer) -> Entry {
    Entry {
        number,
        first: footer.first(),
        before: footer.before.chain,
        end: Some(End {
            last: footer.last(),
            hash: footer.after.chain,
        }),
        form: Form::Sealed,
    }
}

/// Adds an empty live segment, the manifest and, to an origin's, the mark.
fn finish(
    folder: &Path,
    role: Role,
    mut entries: Vec<Entry>,
    standing: &Standing,
) -> Result<(), RestoreError> {
    let number = number(entries.len())?;
    let path = manifest::live_folder(folder, number);
    let (first, before) = (standing.position.saturating_add(1), standing.chain);
    let live = Live::create(&path, &Header { first, before }, STORE_SEGMENT_BYTES);
    drop(live.map_err(RestoreError::io("making", &path))?);
    let live = Entry {
        number,
        first,
        before,
        end: None,
        form: Form::Folder,
    };
    let mut manifest = Manifest::new(standing.log, role, live);
    entries.push(live);
    manifest.segments = entries;
    manifest.epoch = standing.epoch.max(manifest.epoch);
    manifest
        .store(folder, &Faults::default())
        .map_err(RestoreError::io("writing the manifest of", folder))?;
    match role {
        Role::Origin => Awaits::new(Why::Restored, standing)
            .store(folder)
            .map_err(RestoreError::io("marking", folder)),
        Role::Replica => Ok(()),
    }
}
