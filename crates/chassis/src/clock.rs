//! The time, as a handle: the machine's, or one that a test, a rehearsal or the demo sets.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// Where a service gets the time from; clones share it.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    /// Microseconds since 1970.
    Manual(Arc<AtomicI64>),
    /// What a file says, and what it said last.
    File(Arc<(PathBuf, AtomicI64)>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until it is set.
    pub fn manual(start: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(
            start.as_microsecond(),
        ))))
    }

    /// A clock that stands at the moment written in a file, such as `2023-01-16T08:00:00+07:00`, until another is written
    /// there: whoever writes the file and then calls is answered at the time it says. While the file says no moment, it stays
    /// at the last. Write beside it and rename, as for every file that others read.
    ///
    /// # Errors
    /// When the file cannot be read or says no moment now.
    pub fn file(path: &Path) -> io::Result<Self> {
        let now = read(path)?;
        let at = AtomicI64::new(now.as_microsecond());
        Ok(Self(Source::File(Arc::new((path.to_owned(), at)))))
    }

    /// The time now, in whole microseconds: what a log keeps of it, so that a first answer and its repeat are the same.
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the one place that asks the machine"
    )]
    pub fn now(&self) -> Timestamp {
        let micros = match &self.0 {
            Source::System => Timestamp::now().as_microsecond(),
            Source::Manual(at) => at.load(Ordering::SeqCst),
            Source::File(file) => {
                let (path, last) = &**file;
                if let Ok(now) = read(path) {
                    last.store(now.as_microsecond(), Ordering::SeqCst);
                }
                last.load(Ordering::SeqCst)
            }
        };
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The time now in microseconds since 1970, as logs keep it.
    pub fn now_us(&self) -> i64 {
        self.now().as_microsecond()
    }

    /// Sets a manual clock; the machine's own clock and a file are not ours to set, and stay.
    pub fn set(&self, to: Timestamp) {
        match &self.0 {
            Source::System | Source::File(_) => {}
            Source::Manual(at) => at.store(to.as_microsecond(), Ordering::SeqCst),
        }
    }

    /// Whether somebody sets this clock by hand.
    pub fn is_manual(&self) -> bool {
        match &self.0 {
            Source::System => false,
            Source::Manual(_) | Source::File(_) => true,
        }
    }
}

fn read(path: &Path) -> io::Result<Timestamp> {
    let text = fs::read_to_string(path)?;
    text.trim().parse().map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_time_comes_in_whole_microseconds() {
        let clock = Clock::system();
        for _ in 0..100 {
            assert_eq!(clock.now().subsec_nanosecond() % 1_000, 0);
        }
    }

    #[test]
    fn a_file_says_what_time_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clock");
        assert!(Clock::file(&path).is_err(), "nobody has said anything");
        fs::write(&path, "2023-01-16T08:00:00+07:00\n").unwrap();
        let clock = Clock::file(&path).unwrap();
        assert_eq!(clock.now().to_string(), "2023-01-16T01:00:00Z");
        fs::write(&path, "2023-01-17T08:00:00+07:00").unwrap();
        assert_eq!(clock.now().to_string(), "2023-01-17T01:00:00Z");
        fs::write(&path, "tomorrow").unwrap();
        assert_eq!(clock.now().to_string(), "2023-01-17T01:00:00Z");
        assert!(clock.is_manual());
    }

    #[test]
    fn a_manual_clock_stands_still_until_it_is_set() {
        let start = Timestamp::from_second(1_000).unwrap();
        let clock = Clock::manual(start);
        assert_eq!(clock.now(), start);

        let later = Timestamp::from_second(2_000).unwrap();
        let other = clock.clone();
        other.set(later);
        assert_eq!(
            (clock.now(), other.now()),
            (later, later),
            "clones share one time"
        );
    }
}
