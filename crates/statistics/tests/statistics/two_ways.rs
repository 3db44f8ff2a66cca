//! An event read past what does not count is the event read whole: the two ways into the facts are held together.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use domain::event::{Event, EventKind};
use proptest::prelude::*;
use serde_json::Deserializer;
use statistics::Facts;
use statistics::facts::{Fact, FactEvent};

use crate::any::any_log;
use crate::history::{calendar, fold};

#[test]
fn every_event_that_lies_in_a_log_is_the_same_read_whole_or_past_what_does_not_count() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/tests/domain/golden");
    let mut seen = BTreeSet::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let Some((kind, _)) = name.split_once(".v") else {
            continue;
        };
        let json = fs::read(&path).unwrap();
        let whole = Event::decode(kind, &mut Deserializer::from_slice(&json));
        let whole = whole.unwrap().unwrap();
        let kind_read = EventKind::named(kind).unwrap();
        let read = FactEvent::read(kind_read, &mut Deserializer::from_slice(&json)).unwrap();
        assert_eq!(read, FactEvent::from(&whole), "{name}");
        assert_eq!(read.clone().into_owned(), read, "{name}");
        seen.insert(kind.to_owned());
    }
    let kinds: BTreeSet<_> = Event::KINDS
        .iter()
        .map(|(kind, _)| (*kind).to_owned())
        .collect();
    assert_eq!(seen, kinds);
}

#[test]
fn what_counts_must_be_there() {
    let read = |kind, json: &str| {
        FactEvent::read(kind, &mut Deserializer::from_slice(json.as_bytes())).is_ok()
    };
    let outcome = r#"{"outcome":{"kind":"granted","result":"1/GP"}}"#;
    assert!(read(EventKind::DossierResolved, outcome));
    assert!(!read(
        EventKind::DossierResolved,
        r#"{"outcome":{"kind":"blessed"}}"#
    ));
    assert!(!read(
        EventKind::DossierSubmitted,
        r#"{"procedure":"1.003654"}"#
    ));
    assert!(!read(EventKind::DueDateRecomputed, "{}"));
    assert!(!read(EventKind::FeePaid, r#"{"due":"#));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn facts_folded_from_bytes_are_those_folded_from_events(log in any_log()) {
        let mut facts = Facts::new(calendar());
        for entry in &log {
            let mut json = Vec::new();
            let event = entry.occurrence.as_ref().map(|it| {
                it.event.encode(&mut serde_json::Serializer::new(&mut json)).unwrap();
                let kind = EventKind::named(it.event.kind()).unwrap();
                (it.at, FactEvent::read(kind, &mut Deserializer::from_slice(&json)).unwrap())
            });
            facts.apply_fact(&Fact { event, ..entry.fact() });
        }
        prop_assert!(facts == fold(&log));
    }
}
