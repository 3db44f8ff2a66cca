//! Events in words, outwards.

use application::log::Record;
use domain::dossier::words::words;
use domain::event::Occurrence;

use super::values;
use crate::edge::recorded_at;
use crate::hoso::dossier::v1 as wire;

/// One event of a history on the wire.
pub fn entry(record: &Record, occurrence: &Occurrence) -> wire::HistoryEntry {
    let said = words(&occurrence.event);
    let event = &record.event;
    wire::HistoryEntry {
        revision: record.revision,
        kind: event.kind.to_string(),
        schema_version: u32::from(event.schema_version),
        occurred_at: Some(values::timestamp(occurrence.at)),
        recorded_at: recorded_at(record.place.recorded_at),
        actor: event.actor.to_string(),
        organisation: event.organisation.to_string(),
        // An event's data is JSON, which is UTF-8; the history must be told even if it were not.
        data_json: String::from_utf8_lossy(&event.data).into_owned(),
        text_vi: said.vi,
        text_en: said.en,
        event_id: event.event_id.to_string(),
        position: record.place.position,
    }
}
