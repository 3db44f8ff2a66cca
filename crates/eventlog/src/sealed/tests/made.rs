//! Made-up logs that keep the log's promises, for tests.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use uuid::Uuid;

use crate::record::{Key, LogId, NewRecord, Place, Record, Request, Revision, StreamId};
use crate::standing::Standing;

/// What one record of a made-up log is to be like.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    stream: u8,
    /// Same request as the record before, or a new one, or none.
    request: Option<bool>,
    key: bool,
    /// From which origin it is imported.
    origin: Option<u8>,
    /// When it is imported: beside another log's history of the stream.
    rival: bool,
    later: u8,
    data: Vec<u8>,
}

/// Any plan for a log of up to `max` records.
pub(crate) fn steps(max: usize) -> impl Strategy<Value = Vec<Step>> {
    let data = prop_oneof![
        8 => prop::collection::vec(any::<u8>(), 0..400),
        1 => prop::collection::vec(any::<u8>(), 20_000..47_000),
    ];
    let step = (
        0..12_u8,
        prop::option::of(any::<bool>()),
        prop::bool::weighted(0.3),
        (prop::option::weighted(0.3, 0..3_u8), any::<bool>()),
        0..4_u8,
        data,
    )
        .prop_map(
            |(stream, request, key, (origin, rival), later, data)| Step {
                stream,
                request,
                key,
                origin,
                rival,
                later,
                data,
            },
        );
    prop::collection::vec(step, 1..max)
}

pub(crate) fn made_log() -> LogId {
    LogId(Uuid::from_u128(0xA))
}

pub(crate) fn origin_log(origin: u8) -> LogId {
    LogId(Uuid::from_u128(0xB00 + u128::from(origin)))
}

/// Makes the records that a log would hold, the first one at position 1. Some keys and streams share
/// their first eight bytes, so that look-ups have collisions to tell apart.
pub(crate) fn history(steps: &[Step]) -> Vec<Record> {
    let mut revisions: BTreeMap<(u8, Option<u8>), Revision> = BTreeMap::new();
    let mut origins: BTreeMap<u8, u64> = BTreeMap::new();
    let mut recorded_at = 1_700_000_000_000_000;
    let mut request = 0_u128;
    let mut records = Vec::new();
    for (step, position) in steps.iter().zip(1_u64..) {
        recorded_at += i64::from(step.later);
        let beside = step.origin.filter(|_| step.rival);
        // A rival history need not begin with the first revision.
        let begin = if beside.is_some() { 2 } else { 0 };
        let revision = revisions.entry((step.stream, beside)).or_insert(begin);
        *revision += 1;
        if step.request == Some(false) {
            request += 1;
        }
        let place = |log, epoch, position| Place {
            log,
            epoch,
            position,
            recorded_at,
        };
        let origin = step.origin.map(|origin| {
            let next = origins.entry(origin).or_insert(0);
            *next += 1;
            place(origin_log(origin), 3, *next)
        });
        records.push(Record {
            place: place(made_log(), 1 + u32::from(position > 40), position),
            origin,
            stream: stream_id(step.stream),
            revision: *revision,
            rival: beside.is_some(),
            request: step.request.map(|_| Request {
                key: Key((request % 5).to_be_bytes()),
                body: [9; 16],
            }),
            event: NewRecord {
                event_id: Uuid::from_u128(u128::from(position)),
                kind: "dossier.submitted".into(),
                schema_version: 1,
                occurred_at: recorded_at - 1,
                actor: "clerk".into(),
                organisation: "H20".into(),
                correlation: Uuid::nil(),
                causation: Uuid::nil(),
                keys: if step.key {
                    vec![Key(u128::from(position).to_be_bytes())]
                } else {
                    Vec::new()
                },
                data: step.data.clone(),
            },
        });
    }
    records
}

pub(crate) fn stream_id(stream: u8) -> StreamId {
    StreamId(Uuid::from_u128(u128::from(stream) << 3))
}

/// Every stream of a made-up log, and of some that have none, and where rivals are listed.
pub(crate) fn listings() -> impl Iterator<Item = StreamId> {
    (0..14).map(stream_id).flat_map(|stream| {
        let rivals = (0..3).map(move |origin| stream.rival(origin_log(origin)));
        std::iter::once(stream).chain(rivals)
    })
}

/// Where a log stands after `records`, all from position 1 on.
pub(crate) fn follow(records: &[Record]) -> Standing {
    let mut standing = Standing::start(made_log());
    for record in records {
        standing.take(record).unwrap();
    }
    standing
}

/// The same short records every time, with as many kinds of them as chance gives.
pub(crate) fn sample(count: usize) -> Vec<Record> {
    let mut runner = TestRunner::deterministic();
    let plan = steps(40);
    let mut steps: Vec<Step> = std::iter::repeat_with(|| plan.new_tree(&mut runner).unwrap())
        .flat_map(|tree| tree.current())
        .take(count)
        .collect();
    for step in &mut steps {
        step.data.truncate(60);
    }
    history(&steps)
}
