//! The repository's files, and where Cargo put what it built from them.

use std::fs;
use std::path::{Path, PathBuf};

/// Left out wherever it stands: not ours, or made by running what is ours.
const NOT_OURS: [&str; 4] = [".git", "__pycache__", "hoso-data", "target"];

/// A text file of the repository.
#[derive(Debug)]
pub struct Source {
    /// Where it is, from the top of the repository.
    pub path: String,
    /// What it says; bytes that are no UTF-8 are replaced.
    pub text: String,
}

/// The top of the repository.
pub fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package `tests` lies in the repository")
        .to_owned()
}

/// Every file of the repository, in order of its path.
pub fn files() -> Vec<Source> {
    let top = top();
    let mut found = Vec::new();
    let mut folders = vec![top.clone()];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes =
                fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            found.push(Source {
                path: path
                    .strip_prefix(&top)
                    .expect("found below the top")
                    .to_string_lossy()
                    .into_owned(),
                text: String::from_utf8_lossy(&bytes).into_owned(),
            });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// The names of everything at the top of the repository that is kept.
pub fn top_entries() -> Vec<String> {
    let mut names: Vec<_> = entries(&top())
        .iter()
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    names
}

/// The folder with what Cargo built beside this test: `target/debug`, say.
pub fn built() -> PathBuf {
    let test = std::env::current_exe().expect("the test knows its own path");
    let built = test.parent().and_then(Path::parent);
    built.expect("Cargo puts tests into deps/").to_owned()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a folder that can be read").path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| !NOT_OURS.iter().any(|other| name == *other))
        })
        .collect()
}
