//! A dossier about which a newer program wrote: kept, listed, never written about, and whole again after an upgrade.

use application::codec::{self, NotUnderstood};
use application::parked::{self, Parked};
use domain::event::{Event, Occurrence, Transferred};
use eventlog::{Append, Expected, NewRecord, Record, StreamId};

use super::*;

/// A record as a newer program would write it.
async fn written_by_a_newer_program(office: &Office, dossier: DossierId) {
    let record = NewRecord {
        event_id: Uuid::from_u128(77),
        kind: "dossier_blessed".into(),
        schema_version: 1,
        occurred_at: 1_671_069_600_000_000,
        actor: "can-bo-9".into(),
        organisation: AGENCY.into(),
        correlation: dossier.0,
        causation: Uuid::from_u128(78),
        keys: Vec::new(),
        data: b"{\"by\":\"the head\"}".to_vec(),
    };
    let append = Append {
        stream: StreamId(dossier.0),
        expected: Expected::Any,
        request: None,
        events: vec![record],
    };
    office.log.append(append).await.unwrap();
}

/// What the newer program makes of a record.
fn newer(record: &Record) -> Result<Occurrence, NotUnderstood> {
    if &*record.event.kind != "dossier_blessed" {
        return codec::decode(record);
    }
    Ok(Occurrence {
        at: Timestamp::from_microsecond(record.event.occurred_at).unwrap(),
        event: Event::Transferred(Transferred {
            to: AgencyId::new(AGENCY),
            unit: None,
            expected_by: None,
        }),
    })
}

#[tokio::test]
async fn a_dossier_not_understood_is_listed_and_refused_until_a_newer_program_folds_it() {
    let folder = TempDir::new().unwrap();
    let office = office(folder.path(), Writer::Intake);
    let filed = office.submit(1).await.unwrap();
    let accepted = office.submit_and_accept(2).await.unwrap();
    written_by_a_newer_program(&office, accepted.id).await;
    written_by_a_newer_program(&office, filed.id).await;
    written_by_a_newer_program(&office, accepted.id).await;

    let mut parked = Parked::default();
    for record in office.log.read_after(0, 100).unwrap() {
        if let Err(why) = codec::decode(&record) {
            parked.note(DossierId(record.stream.0), &why);
        }
    }
    {
        let listed = parked.page(0, 10);
        let ids: Vec<_> = listed.iter().map(|(id, why)| (*id, why.position)).collect();
        assert_eq!(ids, [(accepted.id, 4), (filed.id, 5)]);
        assert_eq!((parked.dossiers(), parked.records()), (2, 3));
        assert_eq!(&*listed[0].1.kind, "dossier_blessed");
    }
    let known = parked::code(&office.log, accepted.id).unwrap().unwrap();
    assert_eq!(known.as_str(), code(&accepted));
    let records = parked::records(&office.log, accepted.id, 10).unwrap();
    assert_eq!(records.len(), 2);

    // It is shown as far as it is understood, and nothing may be written about it.
    let (loaded, stuck) = office.desk.load_known(filed.id).unwrap();
    assert_eq!(
        (loaded.dossier.phase(), loaded.revision),
        (Phase::Submitted, 2)
    );
    assert_eq!(stuck.unwrap().position, 5);
    let wish = Wish {
        dossier: filed.id,
        ..office.wish(9, "Withdraw", b"")
    };
    let refused = office.desk.carry_out(&wish, Vec::new(), move |_| {
        vec![Command::Withdraw(Withdraw { reason: None })]
    });
    let refused = refused.await;
    assert!(
        matches!(refused, Err(HandleError::NotUnderstood(_))),
        "{refused:?}"
    );

    // Nothing says in the log that it was parked: the same records, folded by a program that knows the event.
    let mut after = Parked::default();
    let mut dossier = domain::dossier::Dossier::default();
    for record in office.log.read_after(0, 100).unwrap() {
        let event = newer(&record);
        if let Err(why) = &event {
            after.note(DossierId(record.stream.0), why);
        }
        if record.stream.0 == accepted.id.0 {
            dossier = domain::dossier::evolve(dossier, &event.unwrap());
        }
    }
    assert_eq!(after.dossiers(), 0);
    assert_eq!(dossier.phase(), Phase::InProcessing);
}
