//! What must hold of personal data at rest: each vault opens what it was given, and nobody opens what was erased.

use std::collections::BTreeSet;

use application::codec;
use domain::event::Event;
use domain::ids::{DossierId, VaultRef};
use eventlog::{Record, StreamId, epoch};
use vault::GetError;

use crate::node::Node;
use crate::wishes;

/// Holds the vaults of these offices, the last of which is processing, against what the records name.
/// Where an erasure was wished for and the log does not say so, it may have been carried out all the same.
pub(crate) fn hold(offices: &[Node], all: &[Record], wished: &BTreeSet<DossierId>) {
    let (processing, fronts) = offices.split_last().expect("one at least");
    let events: Vec<_> = all
        .iter()
        .filter(|record| !epoch::opens(record))
        .map(|record| {
            (
                record,
                codec::decode(record).expect("it is understood").event,
            )
        })
        .collect();
    let asked = events
        .iter()
        .filter(|(_, event)| matches!(event, Event::SubjectErasureRequested(_)));
    let erased: BTreeSet<StreamId> = asked.clone().map(|(record, _)| record.stream).collect();
    for (record, _) in asked.filter(|(record, _)| !record.rival) {
        let desk = processing.desk().expect("it is alive");
        let dossier = desk
            .load(DossierId(record.stream.0))
            .expect("it is understood");
        let filing = dossier.dossier.filing().expect("it was filed");
        assert!(
            filing.subject_erased_at.is_some(),
            "an erasure is not noted"
        );
    }
    for (record, event) in &events {
        let (Some(named), Some(request)) = (named(event), record.request) else {
            continue;
        };
        let text = wishes::text(u128::from_be_bytes(request.key.0));
        if erased.contains(&record.stream) {
            for office in offices {
                assert!(
                    !opens(office, named, &text),
                    "{} opens what was erased",
                    office.machine.name
                );
            }
            continue;
        }
        if wished.contains(&DossierId(record.stream.0)) {
            continue;
        }
        let home = fronts
            .iter()
            .find(|front| front.machine.id == record.writer());
        let home = home.unwrap_or(processing);
        let put_at = record.at_origin().place.recorded_at;
        let may_lack = home.lacks.iter().any(|gone| gone.contains(&put_at));
        let here = opens(home, named, &text);
        assert!(
            here || may_lack,
            "{} has lost personal data put there at {put_at}",
            home.machine.name
        );
        if here && !record.rival && is_accepted(processing, record.stream) {
            assert!(
                opens(processing, named, &text),
                "processing does not have what {} has for {}",
                home.machine.name,
                record.stream
            );
        }
    }
}

/// The words that an event names.
fn named(event: &Event) -> Option<&VaultRef> {
    if let Event::DossierSubmitted(it) = event {
        Some(&it.subject)
    } else if let Event::DossierWithdrawn(it) = event {
        it.reason.as_ref()?.text.as_ref()
    } else if let Event::SupplementRequested(it) = event {
        it.reason.text.as_ref()
    } else {
        None
    }
}

fn is_accepted(processing: &Node, stream: StreamId) -> bool {
    let desk = processing.desk().expect("it is alive");
    let loaded = desk.load(DossierId(stream.0)).expect("it is understood");
    loaded.dossier.case().is_some()
}

/// Whether the vault of this office opens an entry; what it opens must be what was put there.
fn opens(office: &Node, named: &VaultRef, text: &[u8]) -> bool {
    let vault = office.desk().expect("it is alive").vault();
    match vault.get(named.entry) {
        Ok(plain) => {
            assert_eq!(&**plain, text, "{}: another text", office.machine.name);
            true
        }
        Err(GetError::Unknown { .. } | GetError::Erased { .. }) => false,
        Err(error) => panic!("{}: {error}", office.machine.name),
    }
}
