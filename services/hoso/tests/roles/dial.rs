//! A machine whose wall clock and disk are turned by hand, through a library that stands between the program and the system.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::Command;

use crate::process::Special;

/// The two numbers that `preload.c` reads.
pub(crate) struct Dial {
    file: File,
    special: Special,
}

impl Dial {
    /// Compiles the library into this folder; the C compiler is the one that the build needs too.
    pub(crate) fn new(folder: &Path) -> Self {
        let library = folder.join("preload.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/roles/preload.c");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&library, &source])
            .status()
            .expect("there is a C compiler");
        assert!(compiled.success());
        let path = folder.join("dial");
        std::fs::write(&path, [0; 16]).unwrap();
        Self {
            file: File::options().write(true).open(&path).unwrap(),
            special: Special {
                env: vec![("LD_PRELOAD", library), ("DIAL", path)],
                ..Special::default()
            },
        }
    }

    /// What a role on this machine is started with.
    pub(crate) fn special(&self) -> Special {
        self.special.clone()
    }

    /// Sets the wall clock so many days ahead of the true time.
    pub(crate) fn clock_ahead(&self, days: i64) {
        self.turn(0, days * 24 * 3600);
    }

    /// Makes each sync take so many milliseconds longer.
    pub(crate) fn slow_disk(&self, milliseconds: i64) {
        self.turn(1, milliseconds);
    }

    fn turn(&self, which: u64, to: i64) {
        self.file
            .write_all_at(&to.to_ne_bytes(), which * 8)
            .unwrap();
    }
}
