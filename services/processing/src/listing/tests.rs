//! What a list shows is what the log says now, however often it was looked at before.

use domain::command::{AssignTask, Command};

use super::*;
use crate::testing::{AGENCY, OTHER, Office, resolve, transfer};

async fn rows(office: &Office, asked: ListDossiersRequest) -> Vec<wire::Dossier> {
    office
        .calls
        .ask_list_dossiers(asked)
        .await
        .unwrap()
        .dossiers
}

async fn pending(office: &Office, agency: &str) -> Vec<(String, u32, String)> {
    let asked = ListDossiersRequest {
        agency: agency.to_owned(),
        ..ListDossiersRequest::default()
    };
    let rows = rows(office, asked).await.into_iter();
    rows.map(|row| (row.dossier_id, row.revision, row.holder))
        .collect()
}

#[tokio::test]
async fn a_list_that_is_looked_at_again_shows_what_happened_meanwhile() {
    let office = Office::open("2022-12-15T02:00:00Z");
    let (one, two) = (office.accepted().await, office.accepted().await);
    let row = |id: DossierId, revision, holder: &str| (id.to_string(), revision, holder.to_owned());
    let first = [row(one, 2, ""), row(two, 2, "")];
    for _ in 0..2 {
        assert_eq!(pending(&office, AGENCY).await, first);
    }
    let officer = AssignTask {
        holder: ActorId::new("cv.07"),
        unit: None,
    };
    office.does(two, Command::AssignTask(officer)).await;
    let second = [row(one, 2, ""), row(two, 3, "cv.07")];
    assert_eq!(pending(&office, AGENCY).await, second);
    office.does(one, transfer(OTHER, None)).await;
    office.does(two, resolve()).await;
    assert_eq!(pending(&office, AGENCY).await, []);
    assert_eq!(pending(&office, OTHER).await, [row(one, 3, "")]);
    let resolved = ListDossiersRequest {
        phases: vec![wire::Phase::Resolved.into()],
        ..ListDossiersRequest::default()
    };
    let resolved = rows(&office, resolved).await;
    assert_eq!(resolved.len(), 1);
    assert_eq!((resolved[0].revision, &*resolved[0].holder), (4, "cv.07"));
}
