//! An intake node whose disk gets full: nearly, and so that a write fails in the middle.

use std::path::Path;
use std::process::Command;

use rustix::process::{Resource, Rlimit, prlimit};

use crate::process::Special;
use crate::running::Province;
use crate::server::Server;

/// A small disk of its own, where the system lets us have one.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    fn mounted(at: &'a Path) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        mount(&["-t", "tmpfs", "-o", "size=3g", "small"], at).then(|| Self(at))
    }

    fn becomes(&self, size: &str) {
        assert!(mount(&["-o", &format!("remount,size={size}")], self.0));
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

fn mount(options: &[&str], at: &Path) -> bool {
    let status = Command::new("mount").args(options).arg(at).output();
    status.is_ok_and(|output| output.status.success())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_gets_full_refuses_writes_and_loses_none() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("intake-1");
    // Where nothing may be mounted the second half, which needs no rights, stands alone.
    let disk = SmallDisk::mounted(&at);
    let nats = Server::start();
    let mut province = Province::open_in(
        folder,
        1,
        |_| nats.url(),
        |_| Special {
            outlives_full_files: true,
            ..Special::default()
        },
    );
    province.work(3);
    province.record.grown(3).await;
    if let Some(disk) = &disk {
        // Writes are refused before it is full, and taken again when there is room, without anybody's doing.
        disk.becomes("700m");
        province.record.refused_for("DISK_NEARLY_FULL").await;
        disk.becomes("3g");
        province.record.grown(3).await;
    }
    // From now on no file may grow: the next write fails halfway. The log takes nothing more, for nobody knows what the
    // disk has; the process serves reads until its operator makes room and starts it anew.
    let node = &mut province.intakes[0];
    let limit = Rlimit {
        current: Some(4096),
        maximum: None,
    };
    prlimit(Some(node.pid()), Resource::Fsize, limit).unwrap();
    province.record.refused_for("LOG_CLOSED").await;
    let node = &mut province.intakes[0];
    node.restart();
    province.record.grown(3).await;
    province.reconcile().await;
    drop(disk);
}
