//! Personal data lies nowhere in the clear: known names, numbers and words are looked for in every byte on disk and scraped.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use support::program::Hoso;
use support::python;
use unicode_normalization::UnicodeNormalization as _;

use crate::scenarios::files;

/// The ways in which a word may lie in a file.
fn spellings(secret: &str) -> Vec<Vec<u8>> {
    let composed: String = secret.nfc().collect();
    let decomposed: String = secret.nfd().collect();
    let escaped = composed
        .encode_utf16()
        .map(|unit| match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
            _ => format!("\\u{unit:04x}"),
        })
        .collect::<String>();
    let wide = composed.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut all = vec![
        composed.into_bytes(),
        decomposed.into_bytes(),
        escaped.into_bytes(),
        wide,
    ];
    all.sort();
    all.dedup();
    all
}

fn holds(bytes: &[u8], secret: &str) -> bool {
    spellings(secret)
        .iter()
        .any(|spelling| memchr::memmem::find(bytes, spelling).is_some())
}

/// Which secrets lie where, in files below a folder.
fn found_below(folder: &Path, secrets: &BTreeMap<String, String>) -> Vec<String> {
    let mut found = Vec::new();
    for file in files(folder) {
        let bytes = fs::read(&file).unwrap();
        for (name, secret) in secrets {
            if holds(&bytes, secret) {
                found.push(format!("{name} lies in {}", file.display()));
            }
        }
    }
    found
}

#[test]
fn no_file_no_log_line_and_no_number_holds_what_was_told_about_people() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let state = place.path().join("state.json");
    // Everything our own code can say; a curious operator turns this on.
    let talkative = "info,api=trace,application=trace,chassis=trace,domain=trace,eventlog=trace,hoso=trace,\
                     intake=trace,messaging=trace,processing=trace,reporting=trace,statistics=trace,vault=trace";
    let hoso = Hoso::start_with(&data, &["--log", talkative]);
    python::run("personal", &hoso, &state);
    let secrets: BTreeMap<String, String> =
        serde_json::from_slice(&fs::read(&state).unwrap()).unwrap();
    assert!(secrets.len() > 10);

    // While it runs, after it stopped, and after it read everything again.
    let mut found = found_below(&data, &secrets);
    for numbers in hoso.ask("/metrics") {
        assert!(numbers.contains("hoso_grpc_calls_total{"), "{numbers}");
        for (name, secret) in &secrets {
            if holds(numbers.as_bytes(), secret) {
                found.push(format!("{name} is in the metrics"));
            }
        }
    }
    let mut said = hoso.stop();
    found.extend(found_below(&data, &secrets));
    let hoso = Hoso::start_with(&data, &["--log", "debug"]);
    said.push_str(&hoso.stop());
    found.extend(found_below(&data, &secrets));
    for (name, secret) in &secrets {
        if holds(said.as_bytes(), secret) {
            found.push(format!("{name} is in the log lines"));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// A search that cannot find proves nothing.
#[test]
fn the_search_finds_what_is_there() {
    let place = tempfile::tempdir().unwrap();
    let secret = "Nguyễn Thị Mắc Khén";
    let secrets = BTreeMap::from([("name".to_owned(), secret.to_owned())]);
    assert!(found_below(place.path(), &secrets).is_empty());
    let below = place.path().join("intake/vault");
    fs::create_dir_all(&below).unwrap();
    for (index, spelling) in spellings(secret).iter().enumerate() {
        let file = below.join("slot");
        fs::write(&file, [&[0, 255, 7][..], spelling, &[0; 9]].concat()).unwrap();
        assert_eq!(
            found_below(place.path(), &secrets).len(),
            1,
            "spelling {index}"
        );
    }
    assert_eq!(spellings(secret).len(), 4);
}
