//! Folders for tests that write much: in memory where there is room for it.

use rustix::fs::statvfs;
use tempfile::TempDir;

/// What such tests may need at a time.
const ROOM: u64 = 2 << 30;

/// A folder of the test's own. What is tried in it is the order of writes and syncs, not the speed of a disk.
pub fn in_memory() -> TempDir {
    let memory = "/dev/shm";
    let room = statvfs(memory).map_or(0, |stat| stat.f_bavail.saturating_mul(stat.f_frsize));
    let folder = if room > ROOM {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    folder.expect("a folder can be made")
}
