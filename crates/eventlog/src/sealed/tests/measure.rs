//! Sizes and times of a sealed file of realistic events, and that everything in it is found; `--nocapture` shows them.

use std::time::Duration;

use uuid::Uuid;

use super::made::made_log;
use crate::record::{Key, NewRecord, Place, Record, Request, StreamId};
use crate::sealed::{SealedSegment, write};
use crate::standing::Standing;

/// A small generator, so that every run measures the same.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn wide(&mut self) -> u128 {
        u128::from(self.next()) << 64 | u128::from(self.next())
    }
}

/// Seven events a dossier, a hundred thousand dossiers under way at once.
fn events(count: u64) -> impl Iterator<Item = Record> {
    let mut draw = Draw(7);
    let mut open: Vec<(u128, u32)> = Vec::new();
    (1..=count).map(move |position| {
        let at = 1_700_000_000_000_000 + i64::try_from(position).unwrap() * 3_000_000;
        let slot = usize::try_from(draw.below(100_000)).unwrap();
        if slot >= open.len() {
            open.push((id(&mut draw, at), 0));
        }
        let slot = slot.min(open.len() - 1);
        if open[slot].1 == 7 {
            open[slot] = (id(&mut draw, at), 0);
        }
        open[slot].1 += 1;
        let (stream, revision) = open[slot];
        let number = draw.below(100_000);
        let data = format!(
            r#"{{"dossier":"000.00.06.H20-26{:02}{:02}-{number:05}","procedure":"1.{:06}","from":"H20.{:02}.{:03}","officer":"cb-{:04}","due":"2026-{:02}-{:02}T17:00:00+07:00","step":"{}","note":"Hồ sơ {} thành phần, đã kiểm tra tính hợp lệ, chuyển {} xử lý theo quy trình nội bộ số {}","fee":{},"channel":"{}","digest":"{:032x}"}}"#,
            draw.below(12) + 1, draw.below(28) + 1, 3_600 + draw.below(900), draw.below(63), draw.below(709),
            draw.below(3_000), draw.below(12) + 1, draw.below(28) + 1,
            ["received", "forwarded", "examined", "approved", "resolved"][usize::try_from(draw.below(5)).unwrap()],
            draw.below(9) + 1, ["phòng chuyên môn", "lãnh đạo", "cán bộ"][usize::try_from(draw.below(3)).unwrap()],
            draw.below(200), draw.below(20) * 10_000,
            ["online", "counter", "post"][usize::try_from(draw.below(3)).unwrap()], draw.wide(),
        );
        Record {
            place: Place { log: made_log(), epoch: 1, position, recorded_at: at },
            origin: None,
            rival: false,
            stream: StreamId(Uuid::from_u128(stream)),
            revision,
            request: Some(Request { key: Key(draw.wide().to_be_bytes()), body: draw.wide().to_be_bytes() }),
            event: NewRecord {
                event_id: Uuid::from_u128(id(&mut draw, at)),
                kind: "dossier.forwarded".into(),
                schema_version: 1,
                occurred_at: at - 1_500_000,
                actor: format!("cb-{:04}", draw.below(3_000)).into(),
                organisation: format!("000.00.{:02}.H20", draw.below(63)).into(),
                correlation: Uuid::from_u128(stream),
                causation: Uuid::from_u128(draw.wide()),
                keys: if revision == 1 { vec![Key(draw.wide().to_be_bytes())] } else { Vec::new() },
                data: data.into_bytes(),
            },
        }
    })
}

/// The processor's time this thread has had: what else runs on the machine does not count.
fn spent() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

/// Like a version 7 UUID: milliseconds, then random bits.
fn id(draw: &mut Draw, at: i64) -> u128 {
    let millis = u128::try_from(at / 1_000).unwrap();
    millis << 80 | 7 << 76 | draw.wide() & ((1 << 76) - 1)
}

/// To measure, run it alone, in release, with its output shown; among the other tests it looks everything up in less.
#[test]
fn sizes_and_times() {
    let count: u64 = if cfg!(debug_assertions) {
        20_000
    } else {
        1_000_000
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sealed");
    let records: Vec<Record> = events(count).collect();
    let json: usize = records.iter().map(|record| record.event.data.len()).sum();
    let start = spent();
    let footer = write(
        &path,
        &Standing::start(made_log()),
        records.iter().cloned().map(Ok),
    )
    .unwrap();
    let wrote = spent() - start;
    let bytes = std::fs::metadata(&path).unwrap().len();
    let (blocks, indexes) = footer.section_bytes();
    let start = spent();
    let segment = SealedSegment::open(&path).unwrap();
    println!("open {:?}", (spent() - start));
    println!(
        "{count} events, JSON {} B each; file {} B each: blocks {}, indexes {}; {} streams; written in {wrote:?}",
        json / records.len(),
        bytes / count,
        blocks / count,
        indexes / count,
        footer.streams(),
    );
    let start = spent();
    let replayed: u64 = segment
        .blocks()
        .map(|b| u64::from(b.unwrap().decode().unwrap().header.count))
        .sum();
    println!("decompressing all: {:?} for {replayed}", (spent() - start));
    let time = |what: &str, look: &dyn Fn(&Record)| {
        let start = spent();
        let mut looked = 0_u32;
        for record in records.iter().step_by(97) {
            look(record);
            looked += 1;
        }
        println!("{what}: {:?}", (spent() - start) / looked);
    };
    let absent = |key: &Key| Key(key.0.map(|byte| byte ^ 0x5a));
    time("revision, there", &|r| {
        assert!(segment.revision(r.stream).unwrap().is_some());
    });
    time("revision, absent", &|r| {
        let other = StreamId(Uuid::from_u128(r.stream.0.as_u128() ^ 1));
        assert!(segment.revision(other).unwrap().is_none());
    });
    time("stream positions", &|r| {
        assert!(!segment.stream_positions(r.stream).unwrap().is_empty());
    });
    time("record", &|r| {
        assert!(segment.record(r.place.position).unwrap().is_some());
    });
    time("stream records", &|r| {
        assert!(!segment.stream_records(r.stream).unwrap().is_empty());
    });
    time("request, there", &|r| {
        assert!(
            segment
                .find_request(r.request.unwrap().key)
                .unwrap()
                .is_some()
        );
    });
    time("request, absent", &|r| {
        assert!(
            segment
                .find_request(absent(&r.request.unwrap().key))
                .unwrap()
                .is_none()
        );
    });
    time("position at", &|r| {
        assert!(segment.position_at(r.place.recorded_at).unwrap().is_some());
    });
}
