//! Whatever is altered afterwards, the verifier says so and where.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Anchor, Fault, Verified, Verifier, files};
use crate::format::BLOCK_HEADER_LEN;
use crate::record::{ChainHash, Position, Record};
use crate::sealed::tests::made::{follow, made_log, sample};
use crate::sealed::{Footer, SealedSegment, Section, header, trailer, write};
use crate::standing::Standing;

struct Log {
    _folder: tempfile::TempDir,
    records: Vec<Record>,
    files: Vec<PathBuf>,
}

/// A log of 60 records in three files: 1 to 20, 21 to 40, 41 to 60.
fn log_of(records: Vec<Record>) -> Log {
    let folder = tempfile::tempdir().unwrap();
    let mut standing = Standing::start(made_log());
    let mut files = Vec::new();
    for (part, number) in records.chunks(20).zip(0..) {
        let path = folder.path().join(format!("file-{number}"));
        let footer = write(&path, &standing, part.iter().cloned().map(Ok)).unwrap();
        standing = footer.after;
        files.push(path);
    }
    Log {
        _folder: folder,
        records,
        files,
    }
}

fn log() -> Log {
    log_of(sample(60))
}

fn anchor(records: &[Record], position: usize) -> Anchor {
    Anchor {
        position: Position::try_from(position).unwrap(),
        hash: follow(&records[..position]).chain,
    }
}

#[test]
fn a_log_that_nobody_altered_is_verified_and_meets_its_anchors() {
    let log = log();
    let anchors = [0, 1, 20, 33, 60].map(|position| anchor(&log.records, position));
    let verified = files(&log.files, &anchors).unwrap();
    let after = follow(&log.records);
    let expected = Verified {
        log: made_log(),
        epoch: after.epoch,
        first: 1,
        last: 60,
        hash: after.chain,
        records: 60,
    };
    assert_eq!(verified, expected);
    let tail = files(&log.files[1..], &anchors[2..]).unwrap();
    assert_eq!((tail.first, tail.last, tail.hash), (21, 60, after.chain));
}

#[test]
fn unsealed_records_are_verified_after_the_files() {
    let log = log();
    let verify = |tail: Vec<Record>| {
        let mut verifier = Verifier::new(&[anchor(&log.records, 50)]);
        for file in &log.files[..2] {
            verifier.sealed(SealedSegment::open(file).unwrap())?;
        }
        let before = follow(&log.records[..40]);
        let live = Path::new("live");
        verifier.records(live, &before, tail.into_iter().map(Ok))?;
        verifier.finish()
    };
    let tail = log.records[40..].to_vec();
    assert_eq!(
        verify(tail.clone()).unwrap().hash,
        follow(&log.records).chain
    );
    for at in 0..20 {
        let expect = |tail: Vec<Record>, what: &str| {
            let fault = verify(tail).unwrap_err();
            assert!(fault.what.contains(what), "{fault}");
            assert_eq!(
                (fault.file.as_str(), fault.position),
                ("live", Some(41 + at))
            );
        };
        let place = usize::try_from(at).unwrap();
        let mut gap = tail.clone();
        gap.remove(place);
        if place < 19 {
            expect(gap, "belongs");
        }
        let mut skipped = tail.clone();
        skipped[place].revision += 1;
        if place < 9 && !tail[place].rival {
            // Up to the anchor at 50 the first thing wrong is the revision itself.
            expect(skipped, "revision");
        }
    }
    let mut altered = tail;
    altered[3].event.data.push(b' ');
    let fault = verify(altered).unwrap_err();
    assert_eq!(fault.position, Some(50));
    assert!(fault.what.contains("anchor"), "{fault}");
}

#[test]
fn a_record_altered_and_sealed_again_breaks_the_chain_at_the_next_file_or_the_anchor() {
    let log = log();
    for (at, found) in [(3, 21), (25, 41)] {
        let mut altered = log.records.clone();
        altered[at].event.actor = "someone else".into();
        let forged = log_of(altered);
        let part = at / 20;
        let mut mixed = log.files.clone();
        mixed[part].clone_from(&forged.files[part]);
        let fault = files(&mixed, &[]).unwrap_err();
        assert_eq!(fault.position, Some(found));
        assert_eq!(fault.file, log.files[part + 1].display().to_string());
    }
    // Where everything after it was forged too, only an anchor can tell.
    let mut altered = log.records.clone();
    altered[3].event.actor = "someone else".into();
    let forged = log_of(altered);
    files(&forged.files, &[]).unwrap();
    let anchors = [anchor(&log.records, 3), anchor(&log.records, 4)];
    let fault = files(&forged.files, &anchors).unwrap_err();
    assert_eq!(fault.position, Some(4));
}

#[test]
fn a_missing_file_a_foreign_file_and_an_anchor_out_of_reach_are_faults() {
    let log = log();
    let without = [log.files[0].clone(), log.files[2].clone()];
    assert_eq!(files(&without, &[]).unwrap_err().position, Some(41));
    let twice = [log.files[0].clone(), log.files[0].clone()];
    assert_eq!(files(&twice, &[]).unwrap_err().position, Some(1));
    let beyond = Anchor {
        position: 61,
        hash: ChainHash::default(),
    };
    assert_eq!(files(&log.files, &[beyond]).unwrap_err().position, Some(61));
    assert!(files(&[], &[]).is_err());
    assert!(files(&[log.files[0].with_extension("none")], &[]).is_err());
}

#[test]
fn a_stream_that_starts_anew_in_a_later_file_is_a_fault() {
    let mut records = sample(60);
    let stream = records[45].listed();
    let mut revision = 0;
    for record in records.iter_mut().skip(40).filter(|r| r.listed() == stream) {
        revision += 1;
        record.revision = revision;
    }
    assert!(records[..40].iter().any(|record| record.listed() == stream));
    let first = records[40..].iter().find(|r| r.listed() == stream).unwrap();
    let position = first.place.position;
    let fault = files(&log_of(records).files, &[]).unwrap_err();
    assert_eq!(fault.position, Some(position));
    assert!(fault.what.contains("revision 1 after"), "{fault}");
}

#[test]
fn any_changed_byte_is_a_fault_that_names_the_file() {
    let log = log();
    let bytes = fs::read(&log.files[1]).unwrap();
    for at in (0..bytes.len()).step_by(5) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        fs::write(&log.files[1], &changed).unwrap();
        let fault = files(&log.files, &[]).unwrap_err();
        assert_eq!(
            fault.file,
            log.files[1].display().to_string(),
            "{at}: {fault}"
        );
    }
    fs::write(&log.files[1], &bytes).unwrap();
    files(&log.files, &[]).unwrap();
}

/// Puts another footer, with all its checksums right, in the place of the file's.
fn forge_footer(bytes: &mut Vec<u8>, forged: &Footer) {
    let (_, last) = *forged.sections.in_order().last().unwrap();
    bytes.truncate(usize::try_from(last.end().unwrap()).unwrap());
    bytes.extend_from_slice(&forged.encode());
    bytes.extend_from_slice(&trailer(&forged.encode()).unwrap());
}

fn bounds(section: Section) -> std::ops::Range<usize> {
    let start = usize::try_from(section.offset).unwrap();
    start..start + usize::try_from(section.len).unwrap()
}

fn footer(path: &Path) -> Footer {
    SealedSegment::open(path).unwrap().footer().clone()
}

#[test]
fn an_index_that_was_forged_with_all_its_checksums_is_a_fault() {
    let log = log();
    let mut bytes = fs::read(&log.files[0]).unwrap();
    let mut forged = footer(&log.files[0]);
    let places = &mut forged.sections.index.places;
    // Two places change sides, so that two streams have each other's record.
    let pages = &mut bytes[bounds(places.pages)];
    let (front, back) = pages.split_at_mut(pages.len() - 4);
    assert_ne!(front[..4], *back);
    front[..4].swap_with_slice(back);
    places.pages.checksum = crc32fast::hash(pages);
    let list = &mut bytes[bounds(places.list)];
    list.copy_from_slice(&places.pages.checksum.to_le_bytes());
    places.list.checksum = crc32fast::hash(list);
    forge_footer(&mut bytes, &forged);
    fs::write(&log.files[0], &bytes).unwrap();
    SealedSegment::open(&log.files[0]).unwrap();
    let Fault { position, what, .. } = files(&log.files, &[]).unwrap_err();
    assert_eq!(position, Some(1));
    assert!(what.contains("not that of the records"), "{what}");
}

/// A file of altered records that claims, with all checksums right, to be the one it was made of.
/// `keep` says whether the block claims the chain hash of the true records too.
fn forged_records(log: &Log, keep: bool) -> Vec<u8> {
    let mut altered = log.records.clone();
    altered[3].event.data.push(b' ');
    let altered = log_of(altered);
    let mut bytes = fs::read(&altered.files[0]).unwrap();
    let mut forged = footer(&altered.files[0]);
    assert_eq!(forged.blocks, 1);
    forged.after = footer(&log.files[0]).after;
    if keep {
        let block = &mut bytes[bounds(forged.sections.blocks)];
        let (body, checksum) = block.split_at_mut(block.len() - 4);
        // The chain hash ends the block's header.
        body[BLOCK_HEADER_LEN - 32..BLOCK_HEADER_LEN].copy_from_slice(&forged.after.chain.0);
        checksum.copy_from_slice(&crc32fast::hash(body).to_le_bytes());
        forged.sections.blocks.checksum = crc32fast::hash(block);
    }
    forge_footer(&mut bytes, &forged);
    bytes
}

#[test]
fn records_forged_with_all_checksums_do_not_lead_to_the_hashes_that_were_kept() {
    let log = log();
    for (keep, found) in [(false, 20), (true, 1)] {
        fs::write(&log.files[0], forged_records(&log, keep)).unwrap();
        let segment = SealedSegment::open(&log.files[0]).unwrap();
        assert!(segment.blocks().all(|block| block.is_ok()));
        let fault = files(&log.files, &[]).unwrap_err();
        assert_eq!(fault.position, Some(found), "{fault}");
        assert_eq!(fault.file, log.files[0].display().to_string());
    }
}

#[test]
fn watermarks_that_were_forged_are_a_fault() {
    let log = log();
    let mut bytes = fs::read(&log.files[2]).unwrap();
    let mut forged = footer(&log.files[2]);
    let mark = forged.after.watermarks.values_mut().next().unwrap();
    mark.hash.0[0] ^= 1;
    forge_footer(&mut bytes, &forged);
    fs::write(&log.files[2], &bytes).unwrap();
    let fault = files(&log.files, &[]).unwrap_err();
    assert_eq!(fault.position, Some(60));
    assert!(fault.what.contains("footer"), "{fault}");
}

#[test]
fn a_directory_that_was_forged_gives_no_record_of_another_place() {
    let log = log_of(sample(60));
    let mut bytes = fs::read(&log.files[1]).unwrap();
    let mut forged = footer(&log.files[1]);
    // The file claims to begin and end one position later than it does.
    forged.before.position += 1;
    forged.after.position += 1;
    let directory = &mut bytes[bounds(forged.sections.directory)];
    directory[..8].copy_from_slice(&22_u64.to_le_bytes());
    forged.sections.directory.checksum = crc32fast::hash(directory);
    let start = header(made_log(), 22);
    bytes[..start.len()].copy_from_slice(&start);
    forge_footer(&mut bytes, &forged);
    fs::write(&log.files[1], &bytes).unwrap();
    let segment = SealedSegment::open(&log.files[1]).unwrap();
    for position in 22..=41 {
        assert!(segment.record(position).is_err());
    }
    assert!(segment.read_after(0, 100).is_err());
    assert!(files(&log.files[1..2], &[]).is_err());
}
