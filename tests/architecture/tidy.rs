//! What every source file looks like, and what no file of the repository may say.

use support::repository::{self, Source};

/// A file that needs more is two files.
const LINES_MAX: usize = 500;

fn rust_files() -> impl Iterator<Item = Source> {
    repository::files()
        .into_iter()
        .filter(|source| source.path.ends_with(".rs"))
}

fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_source_file_can_be_read_in_one_sitting() {
    let wrong: Vec<_> = rust_files()
        .map(|source| (source.text.lines().count(), source.path))
        .filter(|(lines, _)| *lines > LINES_MAX)
        .map(|(lines, path)| format!("{path} has {lines} lines; {LINES_MAX} are allowed"))
        .collect();
    none(&wrong);
}

#[test]
fn a_source_file_opens_with_a_sentence_that_says_what_it_is_for() {
    let wrong: Vec<_> = rust_files()
        .filter(|source| {
            let first = source.text.lines().next().unwrap_or_default();
            first
                .strip_prefix("//! ")
                .is_none_or(|sentence| sentence.len() < 20)
        })
        .map(|source| format!("{} does not open with `//!` and a sentence", source.path))
        .collect();
    none(&wrong);
}

#[test]
fn nothing_is_left_for_later_and_no_test_is_put_aside() {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("#[ig", "nore"),
        concat!("@unittest.", "skip"),
    ];
    let wrong: Vec<_> = repository::files()
        .iter()
        .filter(|source| source.path != "Cargo.lock")
        .flat_map(|source| says(source, &marks))
        .collect();
    none(&wrong);
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let places = [
        concat!("/wo", "rk/"),
        concat!("/tmp", "/t-"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
    ];
    let registries = [
        concat!("crates", ".io"),
        concat!("py", "pi.org"),
        concat!("pythonhosted", ".org"),
        concat!("npm", "js.org"),
        concat!("deb.", "debian.org"),
        concat!("proxy.", "golang.org"),
    ];
    let mut wrong = Vec::new();
    for source in repository::files() {
        wrong.extend(says(&source, &places));
        // Cargo itself writes where each package comes from into its lock file.
        if source.path != "Cargo.lock" {
            wrong.extend(says(&source, &registries));
        }
    }
    none(&wrong);
}

fn says(source: &Source, words: &[&str]) -> Vec<String> {
    source
        .text
        .lines()
        .enumerate()
        .flat_map(|(index, line)| {
            words
                .iter()
                .filter(move |word| line.contains(**word))
                .map(move |word| format!("{}:{} says {word}", source.path, index + 1))
        })
        .collect()
}
