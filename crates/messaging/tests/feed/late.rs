//! What the stream still brings of a history that its origin has lost and given up.

use std::sync::atomic::{AtomicBool, Ordering};

use eventlog::epoch::Opening;
use eventlog::{EventLog, LogId, Position, Record, Role};
use messaging::follow::Trouble;
use messaging::{Feed, FeedError, Follower, Mode, Newest, News};

use crate::logs::{all, open, write};

/// A feed whose stream brings a record too late; the origin itself gives what it has.
struct Late {
    origin: EventLog,
    record: Record,
    distrusted: AtomicBool,
}

impl Feed for Late {
    fn log(&self) -> LogId {
        self.origin.head().log
    }

    async fn after(&self, have: Position, max: usize) -> Result<News, FeedError> {
        let head = self.origin.head();
        let records = if self.distrusted.load(Ordering::SeqCst) {
            self.origin.read_after(have, max).unwrap()
        } else {
            vec![self.record.clone()]
        };
        Ok(News {
            records,
            newest: Newest {
                position: head.position,
                hash: Some(head.hash),
                recorded_at: None,
            },
            waiting: None,
        })
    }

    async fn distrust(&self) {
        self.distrusted.store(true, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn what_was_given_up_and_comes_late_stops_nothing_unless_the_origin_says_the_same() {
    let folders = tempfile::tempdir().unwrap();
    let path = |name: &str| folders.path().join(name);
    let origin = open(&path("origin"), Role::Origin);
    write(&origin, 12).await;
    let old = all(&origin);
    let export = path("export");
    let files = eventlog::transfer::export(&origin, 0, &export, |_| {}).unwrap();
    origin.close();
    // Restored from a copy; what came after it is given up, and others are written.
    let files: Vec<_> = files.into_iter().map(|file| file.path).collect();
    eventlog::transfer::import_into(&path("anew"), Role::Origin, &files, &[], |_| {}).unwrap();
    let anew = open(&path("anew"), Role::Origin);
    anew.open_epoch(Opening::default()).await.unwrap();
    write(&anew, 2).await;
    let into = open(&path("into"), Role::Origin);
    into.import(all(&anew)[..14].to_vec()).await.unwrap();

    // The 15th as the old history would have had it.
    let mut record = old[11].clone();
    record.place.position = 15;
    let late = |origin: &EventLog| Late {
        origin: origin.clone(),
        record: record.clone(),
        distrusted: AtomicBool::new(false),
    };
    let follower = Follower::new(late(&anew), into.clone(), Mode::Import);
    let told = follower.round().await.unwrap_err();
    assert!(
        matches!(&told, Trouble::Wait(why) if why.contains("the origin itself is asked")),
        "{told:?}"
    );
    follower.round().await.unwrap();
    assert_eq!(
        into.watermark(anew.head().log).unwrap().hash,
        anew.head().hash
    );

    // An origin that says so itself has two histories.
    write(&anew, 1).await;
    let forked = Forked(late(&anew), record.clone());
    let follower = Follower::new(forked, into.clone(), Mode::Import);
    assert!(matches!(follower.round().await, Err(Trouble::Wait(_))));
    assert!(matches!(follower.round().await, Err(Trouble::Stop(_))));
    assert_eq!(into.watermark(anew.head().log).unwrap().position, 15);
}

/// A feed whose origin gives, whenever it is asked, a record of another history.
struct Forked(Late, Record);

impl Feed for Forked {
    fn log(&self) -> LogId {
        self.0.log()
    }

    async fn after(&self, have: Position, _: usize) -> Result<News, FeedError> {
        let mut record = self.1.clone();
        record.place.position = have + 1;
        let news = self.0.after(have, 1).await?;
        Ok(News {
            records: vec![record],
            ..news
        })
    }
}
