//! A replica takes its identity while it is open, and is exported as the log it follows all the same.

use super::*;

#[test]
fn a_replica_that_has_just_taken_its_identity_is_exported_as_the_log_it_follows() {
    let folders = tempfile::tempdir().unwrap();
    let path = |name: &str| folders.path().join(name);
    let origin = EventLog::open(&path("origin"), settings()).unwrap();
    fill(&origin, 0..5);
    let follows = Settings {
        role: Role::Replica,
        ..settings()
    };
    let replica = EventLog::open(&path("replica"), follows).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let taken = replica.replicate(all(&origin));
    runtime.unwrap().block_on(taken).unwrap();
    let files = export_to(&replica, 0, &path("export"));
    let verified = import_into(&path("anew"), Role::Origin, &files, &[], |_| {}).unwrap();
    assert_eq!(verified.last, origin.head().position);
    let anew = EventLog::open(&path("anew"), settings()).unwrap();
    assert_eq!(all(&anew), all(&origin));
}
