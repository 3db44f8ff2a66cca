//! Any log, cut anywhere: written records are read records, and every look-up agrees with a plain scan.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::made::{Step, follow, history, listings, made_log, origin_log, sample, steps};

use crate::error::ReadError;
use crate::record::{Key, Position, Record};
use crate::sealed::{SealError, SealedSegment, temporary, write};
use crate::standing::{Break, Standing};

fn whole(records: &[Record]) -> impl Iterator<Item = Result<Record, ReadError>> {
    records.iter().cloned().map(Ok)
}

/// Splits a history, seals its second part, and gives back that part with the open file.
fn sealed(
    steps: &[Step],
    cut: prop::sample::Index,
) -> (tempfile::TempDir, Vec<Record>, Standing, SealedSegment) {
    let mut records = history(steps);
    let part = records.split_off(cut.index(records.len()));
    let before = follow(&records);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sealed");
    let footer = write(&path, &before, whole(&part)).unwrap();
    let segment = SealedSegment::open(&path).unwrap();
    assert_eq!(segment.footer(), &footer);
    (folder, part, before, segment)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_was_written_is_read_back_by_every_way_in(
        steps in steps(120), cut in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), max in 0..200_usize,
    ) {
        let (_folder, part, before, segment) = sealed(&steps, cut);
        let first = part[0].place.position;
        let last = part[part.len() - 1].place.position;
        prop_assert_eq!((segment.first(), segment.last()), (first, last));
        prop_assert_eq!(&segment.footer().before, &before);
        let mut after = before;
        for record in &part {
            prop_assert_eq!(segment.record(record.place.position).unwrap(), Some(record.clone()));
            prop_assert_eq!(segment.chain_at(after.position).unwrap(), Some(after.chain));
            after.take(record).unwrap();
        }
        prop_assert_eq!(&segment.footer().after, &after);
        prop_assert_eq!(segment.chain_at(last).unwrap(), Some(after.chain));
        prop_assert_eq!(segment.chain_at(last + 1).unwrap(), None);
        for outside in [0, first - 1, last + 1, Position::MAX] {
            prop_assert_eq!(segment.record(outside).unwrap(), None);
            prop_assert!(segment.block(outside).unwrap().is_none());
        }

        let from = at.index(part.len() + 1);
        let rest: Vec<Record> = part[from..].iter().take(max).cloned().collect();
        prop_assert_eq!(segment.read_after(first - 1 + u64::try_from(from).unwrap(), max).unwrap(), rest);
        prop_assert_eq!(segment.read_after(0, usize::MAX).unwrap(), part.clone());
        let mut blocks = Vec::new();
        for block in segment.blocks() {
            let block = block.unwrap().decode().unwrap();
            blocks.extend(block.records().map(Result::unwrap));
        }
        prop_assert_eq!(blocks, part);
    }

    #[test]
    fn every_look_up_agrees_with_a_plain_scan(steps in steps(120), cut in any::<prop::sample::Index>()) {
        let (_folder, part, _, segment) = sealed(&steps, cut);
        for stream in listings() {
            let of_stream: Vec<Record> = part.iter().filter(|r| r.listed() == stream).cloned().collect();
            let positions: Vec<Position> = of_stream.iter().map(|r| r.place.position).collect();
            prop_assert_eq!(segment.stream_positions(stream).unwrap(), positions);
            prop_assert_eq!(segment.revision(stream).unwrap(), of_stream.last().map(|r| r.revision));
            prop_assert_eq!(segment.stream_records(stream).unwrap(), of_stream);
        }
        for key in (0..130_u128).map(|key| Key(key.to_be_bytes())) {
            let held = part.iter().find(|r| r.event.keys.contains(&key)).map(|r| r.place.position);
            prop_assert_eq!(segment.find_key(key).unwrap(), held);
            let asked: Vec<Record> = part.iter().filter(|r| r.request.is_some_and(|q| q.key == key)).cloned().collect();
            prop_assert_eq!(segment.find_request(key).unwrap(), asked.first().map(|r| r.place.position));
            prop_assert_eq!(segment.request_records(key).unwrap(), asked);
        }
        let times: BTreeSet<i64> = part.iter().map(|r| r.place.recorded_at).collect();
        for time in times.iter().flat_map(|time| [time - 1, *time, time + 1]) {
            let held = part.iter().rev().find(|r| r.place.recorded_at <= time).map(|r| r.place.position);
            prop_assert_eq!(segment.position_at(time).unwrap(), held);
        }
    }
}

#[test]
fn an_index_of_many_pages_finds_everything_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sealed");
    let template = sample(1).remove(0);
    let records = (1..=20_000_u64).map(|position| {
        let mut record = template.clone();
        record.place.position = position;
        // Three records a stream, far apart; every second request asks for two in a row.
        record.stream.0 = uuid::Uuid::from_u128(u128::from(position % 7_000) << 64);
        record.revision = u32::try_from((position - 1) / 7_000 + 1).unwrap();
        if position % 7_000 == 0 {
            record.revision = u32::try_from(position / 7_000).unwrap();
        }
        // Hundreds of keys share their first eight bytes.
        record.event.keys = vec![Key(
            (u128::from(position % 9) << 64 | u128::from(position)).to_be_bytes()
        )];
        record.request = None;
        record
    });
    let all: Vec<Record> = records.collect();
    write(&path, &Standing::start(made_log()), whole(&all)).unwrap();
    let segment = SealedSegment::open(&path).unwrap();
    for stream in 0..7_000_u64 {
        let id = crate::record::StreamId(uuid::Uuid::from_u128(u128::from(stream) << 64));
        let expected: Vec<Position> = (0..3)
            .map(|n| stream + n * 7_000)
            .filter(|p| (1..=20_000).contains(p))
            .collect();
        assert_eq!(segment.stream_positions(id).unwrap(), expected);
    }
    for position in (1..=20_000_u64).step_by(1_777) {
        let key = Key((u128::from(position % 9) << 64 | u128::from(position)).to_be_bytes());
        assert_eq!(segment.find_key(key).unwrap(), Some(position));
    }
    assert_eq!(
        segment.find_key(Key((3_u128 << 64).to_be_bytes())).unwrap(),
        None
    );
}

#[test]
fn a_record_that_does_not_follow_is_not_sealed_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sealed");
    let start = Standing::start(made_log());
    let good = sample(30);
    let refuse = |change: &dyn Fn(&mut Vec<Record>)| {
        let mut records = good.clone();
        change(&mut records);
        let error = write(&path, &start, whole(&records)).unwrap_err();
        assert!(!path.exists() && !temporary(&path).exists());
        error
    };
    let gap = refuse(&|records| drop(records.remove(3)));
    assert!(matches!(
        gap,
        SealError::Break {
            position: 4,
            source: Break::Position { want: 4, found: 5 },
            ..
        }
    ));
    let time = refuse(&|records| records[3].place.recorded_at = 0);
    assert!(matches!(
        time,
        SealError::Break {
            source: Break::Time { .. },
            ..
        }
    ));
    let log = refuse(&|records| records[3].place.log = origin_log(0));
    assert!(matches!(
        log,
        SealError::Break {
            source: Break::Log { .. },
            ..
        }
    ));
    let last = u32::MAX;
    let revision = refuse(&|records| records.iter_mut().for_each(|record| record.revision = last));
    assert!(matches!(revision, SealError::Revision { .. }));
    let empty = refuse(&Vec::clear);
    assert!(matches!(empty, SealError::Empty { .. }));
    let failed = std::iter::once(Err(ReadError::Io {
        file: "live".into(),
        why: "gone".into(),
    }));
    let read = write(&path, &start, whole(&good).chain(failed)).unwrap_err();
    assert!(matches!(read, SealError::Read(_)));
    assert!(!path.exists() && !temporary(&path).exists());
    write(&path, &start, whole(&good)).unwrap();
}
