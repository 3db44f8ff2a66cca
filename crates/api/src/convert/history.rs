//! Events in words, outwards.

use application::codec;
use application::log::Record;
use domain::dossier::words::words;
use jiff::Timestamp;

use super::values;
use crate::edge::recorded_at;
use crate::hoso::dossier::v1 as wire;

/// One event of a history on the wire; one that this program does not understand is told as it lies in the log.
pub fn entry(record: &Record) -> wire::HistoryEntry {
    let event = &record.event;
    let (text_vi, text_en) = match codec::decode(record) {
        Ok(occurrence) => {
            let said = words(&occurrence.event);
            (said.vi, said.en)
        }
        Err(why) => (
            format!(
                "Chưa hiểu được: {} phiên bản {}, cần nâng cấp chương trình",
                why.kind, why.schema_version
            ),
            format!("Not understood: {why}"),
        ),
    };
    wire::HistoryEntry {
        revision: record.revision,
        kind: event.kind.to_string(),
        schema_version: u32::from(event.schema_version),
        occurred_at: Timestamp::from_microsecond(event.occurred_at)
            .ok()
            .map(values::timestamp),
        recorded_at: recorded_at(record.place.recorded_at),
        actor: event.actor.to_string(),
        organisation: event.organisation.to_string(),
        // An event's data is JSON, which is UTF-8; the history must be told even if it were not.
        data_json: String::from_utf8_lossy(&event.data).into_owned(),
        text_vi,
        text_en,
        event_id: event.event_id.to_string(),
        position: record.place.position,
    }
}
