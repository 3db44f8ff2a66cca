//! What is asked of a node is answered by what it has, under cover, as often as it is asked.

use domain::Catalogue;
use domain::ids::VersionHash;

use super::*;
use crate::testing;

/// A node that is told calendars, with a vault beside its log.
fn calendars(folder: &std::path::Path) -> Calendars {
    let own = testing::shipped_catalogue();
    Calendars {
        desk: testing::desk(folder, &own, eventlog::Settings::new(|| 1)),
        own,
        folder: folder.to_owned(),
    }
}

fn published(own: &Catalogue, replaces: &str) -> CalendarPublished {
    let csv = testing::shipped_calendar() + "2026-12-31,off,Nghỉ,official\n";
    CalendarPublished {
        replaces: VersionHash::new(replaces),
        version: own
            .with_calendar(&csv)
            .unwrap()
            .calendar()
            .version()
            .clone(),
        csv: csv.into(),
    }
}

#[tokio::test]
async fn a_calendar_is_taken_under_cover_or_openly_where_nobody_has_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let calendars = calendars(folder.path());
    let own = calendars.own.calendar().version().to_string();
    let told = published(&calendars.own, &own);
    let key = LineKey::from_bytes(&[3; 32]);
    let of = LogId(Uuid::from_u128(77));
    // Whoever has a key believes nothing that is said openly.
    let openly = tell_openly(&told).unwrap();
    let no = answer(
        &calendars,
        &key.clone().into(),
        of,
        Timestamp::UNIX_EPOCH,
        &openly,
    )
    .await;
    assert!(matches!(no, Err(ErrandFault::Line(_))), "{no:?}");
    let in_use = || calendars.desk.catalogue().calendar().version().to_string();
    assert_eq!(in_use(), own);
    for _ in 0..2 {
        let (question, awaiting) = tell_calendar(&key, of, &told).unwrap();
        let answered = answer(
            &calendars,
            &key.clone().into(),
            of,
            Timestamp::UNIX_EPOCH,
            &question,
        )
        .await;
        assert_eq!(open(awaiting, &answered.unwrap()).unwrap().given, []);
        assert_eq!(in_use(), told.version.as_str());
    }
    // One for another catalogue is refused, and the one before stays.
    let other = published(&calendars.own, "0000000000000000");
    let no = answer_openly(&calendars, &tell_openly(&other).unwrap());
    assert!(
        matches!(no, Err(ErrandFault::Calendar(CalendarError::Other { .. }))),
        "{no:?}"
    );
    assert_eq!(in_use(), told.version.as_str());
    answer_openly(&calendars, &openly).unwrap();
    // Personal data is never asked for openly.
    let (question, _) = ask_to_erase(&key, of, &[]).unwrap();
    let no = answer_openly(&calendars, &question);
    assert!(matches!(no, Err(ErrandFault::NoKey)), "{no:?}");
}

#[tokio::test]
async fn entries_are_given_as_far_as_one_answer_holds_and_erased_ones_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let calendars = calendars(folder.path());
    let vault = calendars.desk.vault().clone();
    let key = LineKey::from_bytes(&[3; 32]);
    let of = LogId(Uuid::from_u128(77));
    let mut wanted = Vec::new();
    for n in 0..12_u128 {
        let subject = Uuid::from_u128(n);
        let kept = vault.put(subject, vec![7; 60_000]).await.unwrap();
        wanted.push(Wanted {
            dossier: DossierId(subject),
            entry: kept.entry,
            digest: kept.digest,
            of,
        });
    }
    vault.erase(Uuid::from_u128(1)).await.unwrap();
    let nobody = Wanted {
        entry: Uuid::from_u128(5),
        ..wanted[0]
    };
    wanted.insert(2, nobody);
    let (question, awaiting) = ask_entries(&key, of, wanted.iter()).unwrap();
    let answered = answer(
        &calendars,
        &key.clone().into(),
        of,
        Timestamp::UNIX_EPOCH,
        &question,
    )
    .await
    .unwrap();
    assert!(answered.len() < 512 * 1024, "{}", answered.len());
    let answered = open(awaiting, &answered).unwrap();
    assert_eq!(answered.opening, vault.opening());
    assert!((3..13).contains(&answered.given.len()));
    assert_eq!(answered.given[1..3], [Given::Erased, Given::Unknown]);
    let here = testing::vault(&folder.path().join("here"), 2);
    let Given::Here(handed) = &answered.given[0] else {
        panic!("it is not here")
    };
    let first = wanted[0];
    here.take_over(first.dossier.0, first.entry, first.digest, handed)
        .await
        .unwrap();
    assert_eq!(*here.get(first.entry).unwrap(), [7; 60_000]);
}

#[tokio::test]
async fn what_was_put_right_is_destroyed_and_nothing_else_of_its_dossier_is() {
    let folder = tempfile::tempdir().unwrap();
    let key = LineKey::from_bytes(&[3; 32]);
    let of = LogId(Uuid::from_u128(77));
    let subject = Uuid::from_u128(1);
    let node = calendars(folder.path());
    let vault = node.desk.vault().clone();
    let wrong = vault.put(subject, b"wrong".to_vec()).await.unwrap();
    let reason = vault.put(subject, b"a reason".to_vec()).await.unwrap();
    let elsewhere = Uuid::from_u128(9);
    for _ in 0..2 {
        let entries = [wrong.entry, elsewhere];
        let (question, awaiting) = ask_to_destroy(&key, of, &entries).unwrap();
        let answered = answer(
            &node,
            &key.clone().into(),
            of,
            Timestamp::UNIX_EPOCH,
            &question,
        )
        .await;
        assert_eq!(open(awaiting, &answered.unwrap()).unwrap().given, []);
        assert!(!vault.has(wrong.entry) && vault.has(reason.entry));
    }
    assert!(!vault.is_erased(subject));
    vault.put(subject, b"more".to_vec()).await.unwrap();
    let (question, _) = key.ask(of.0, &[WRONG, 1, 2, 3]).unwrap();
    let refused = answer(
        &node,
        &key.clone().into(),
        of,
        Timestamp::UNIX_EPOCH,
        &question,
    )
    .await;
    assert!(
        matches!(refused, Err(ErrandFault::Unreadable)),
        "{refused:?}"
    );
    drop((vault, node));
    let reopened = calendars(folder.path());
    let vault = reopened.desk.vault();
    assert!(!vault.has(wrong.entry) && vault.has(reason.entry));
}

#[tokio::test]
async fn erasing_is_asked_as_often_as_need_be() {
    let folder = tempfile::tempdir().unwrap();
    let calendars = calendars(folder.path());
    let vault = calendars.desk.vault().clone();
    let key = LineKey::from_bytes(&[3; 32]);
    let of = LogId(Uuid::from_u128(77));
    let subjects = [Uuid::from_u128(1), Uuid::from_u128(2)];
    let kept = vault.put(subjects[0], b"text".to_vec()).await.unwrap();
    for _ in 0..2 {
        let (question, awaiting) = ask_to_erase(&key, of, &subjects).unwrap();
        let answered = answer(
            &calendars,
            &key.clone().into(),
            of,
            Timestamp::UNIX_EPOCH,
            &question,
        )
        .await
        .unwrap();
        assert_eq!(open(awaiting, &answered).unwrap().given, []);
        assert!(!vault.has(kept.entry));
        assert!(subjects.iter().all(|subject| vault.is_erased(*subject)));
    }
    let stranger = LineKey::from_bytes(&[4; 32]);
    let (question, _) = ask_to_erase(&stranger, of, &subjects).unwrap();
    let refused = answer(
        &calendars,
        &key.clone().into(),
        of,
        Timestamp::UNIX_EPOCH,
        &question,
    )
    .await
    .unwrap_err();
    let foreign = matches!(refused, ErrandFault::Line(LineError::Foreign));
    assert!(foreign, "{refused:?}");
}
