//! What a log holds of others: their records as they are at their origin, for an origin that has lost some.

use crate::error::ReadError;
use crate::reader;
use crate::record::{LogId, Position, Record};
use crate::segment::{Segment, Segments};
use crate::standing::Standing;

/// Up to `max` records of `origin` after its position `after`, and the last of our own positions that was looked at. We begin
/// to look after `from`, or where we know that nothing before is wanted.
pub(crate) fn records_of(
    segments: &Segments,
    origin: LogId,
    after: Position,
    from: Position,
    max: usize,
) -> Result<(Vec<Record>, Position), ReadError> {
    let mut looked = from.max(begin(segments, origin, after));
    let mut found = Vec::new();
    while found.len() < max {
        let records = reader::block_from(segments, looked.saturating_add(1))?;
        let Some(last) = records.last() else { break };
        let end = last.place.position;
        for record in records {
            let wanted = record
                .origin
                .is_some_and(|place| place.log == origin && place.position > after);
            if wanted && found.len() < max {
                looked = record.place.position;
                found.push(record.at_origin());
            }
        }
        if found.len() < max {
            looked = end;
        }
    }
    Ok((found, looked))
}

/// The end of the newest segment before which nothing is wanted: segments know what was taken before them.
fn begin(segments: &Segments, origin: LogId, after: Position) -> Position {
    let had = |before: &Standing| {
        let mark = before.watermarks.get(&origin);
        mark.map_or(0, |mark| mark.position) <= after
    };
    let live = &segments.live().before;
    let closed = segments.closed().iter().rev().map(Segment::before);
    std::iter::once(live)
        .chain(closed)
        .find(|before| had(before))
        .map_or(0, |before| before.position)
}
