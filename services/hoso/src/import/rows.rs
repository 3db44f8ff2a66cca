//! The lines of a file to be imported, each a set of named values: CSV with a header, or one JSON object a line.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::Failure;

/// A line of the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Row {
    /// Where it begins in the file; the first line is 1.
    pub(super) line: u64,
    /// What it says, or what keeps it from being read.
    pub(super) values: Result<BTreeMap<String, String>, String>,
}

/// Every line that says something.
///
/// # Errors
/// When the file has no line of column names.
pub(super) fn read(file: &Path, text: &str) -> Result<Vec<Row>, Failure> {
    // What spreadsheets put before the first character.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let ending = file.extension().and_then(|ending| ending.to_str());
    match ending.map(str::to_ascii_lowercase).as_deref() {
        Some("jsonl" | "ndjson") => Ok(json_lines(text)),
        Some(_) | None => csv_lines(text),
    }
}

fn csv_lines(text: &str) -> Result<Vec<Row>, Failure> {
    let header = text.lines().next().unwrap_or_default();
    // A spreadsheet in Vietnam writes the comma within numbers, and this between columns.
    let delimiter = if header.contains(';') && !header.contains(',') {
        b';'
    } else {
        b','
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(text.as_bytes());
    let names: Vec<String> = reader
        .headers()
        .map_err(|error| format!("the line of column names: {error}"))?
        .iter()
        .map(str::to_owned)
        .collect();
    if names.iter().all(String::is_empty) {
        return Err("the file is empty: its first line names the columns".into());
    }
    let mut rows = Vec::new();
    let mut lines = Lines {
        text,
        byte: 0,
        line: 1,
    };
    for record in reader.records() {
        let row = match record {
            Ok(record) => {
                let line = lines.at(record.position());
                let values = if record.len() == names.len() {
                    let values = record.iter().map(str::to_owned);
                    Ok(names.iter().cloned().zip(values).collect())
                } else {
                    Err(format!(
                        "it has {} columns, the first line names {}",
                        record.len(),
                        names.len()
                    ))
                };
                Row { line, values }
            }
            Err(error) => Row {
                line: lines.at(error.position()),
                values: Err(error.to_string()),
            },
        };
        rows.push(row);
    }
    Ok(rows)
}

/// Which line a byte is on. The reader's own count is one behind after a line that ends as Windows ends it.
struct Lines<'a> {
    text: &'a str,
    byte: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line on which what is read next begins; positions only grow.
    fn at(&mut self, position: Option<&csv::Position>) -> u64 {
        let byte = position.map_or(self.byte, |at| {
            usize::try_from(at.byte()).unwrap_or(usize::MAX)
        });
        let bytes = self.text.as_bytes();
        let ends = bytes.get(byte..).unwrap_or_default().iter();
        let ends = ends.take_while(|it| matches!(it, b'\r' | b'\n')).count();
        let begins = byte.saturating_add(ends);
        let passed = bytes.get(self.byte..begins).unwrap_or_default().iter();
        for _ in passed.filter(|it| **it == b'\n') {
            self.line += 1;
        }
        self.byte = begins;
        self.line
    }
}

fn json_lines(text: &str) -> Vec<Row> {
    (1..)
        .zip(text.lines())
        .filter(|(_, said)| !said.trim().is_empty())
        .map(|(line, said)| Row {
            line,
            values: object(said),
        })
        .collect()
}

fn object(said: &str) -> Result<BTreeMap<String, String>, String> {
    let object: BTreeMap<String, Value> =
        serde_json::from_str(said).map_err(|error| format!("it is no JSON object: {error}"))?;
    object
        .into_iter()
        .map(|(name, value)| {
            let value = match value {
                Value::Null => String::new(),
                Value::Bool(value) => value.to_string(),
                Value::Number(value) => value.to_string(),
                Value::String(value) => value.trim().to_owned(),
                Value::Array(values) => values
                    .iter()
                    .map(Value::as_str)
                    .collect::<Option<Vec<_>>>()
                    .map(|values| values.join(" "))
                    .ok_or_else(|| format!("`{name}` is no list of texts"))?,
                Value::Object(_) => return Err(format!("`{name}` is not one value")),
            };
            Ok((name, value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(rows: &[Row], at: usize, name: &str) -> String {
        rows[at].values.as_ref().unwrap()[name].clone()
    }

    #[test]
    fn a_spreadsheets_file_is_read_with_either_mark_between_columns() {
        for text in [
            "\u{feff}code,due\r\nA, 1\r\n\r\n\"B,C\",2\r\n",
            "code;due\nA;1\n\n\"B,C\";2\n",
        ] {
            let rows = read(Path::new("old.csv"), text).unwrap();
            assert_eq!((rows[0].line, said(&rows, 0, "due").as_str()), (2, "1"));
            assert_eq!((rows[1].line, said(&rows, 1, "code").as_str()), (4, "B,C"));
        }
    }

    #[test]
    fn a_line_with_too_few_columns_is_told_and_the_next_is_read() {
        let rows = read(Path::new("old.csv"), "code,due\nA\nB,2\n").unwrap();
        let fault = rows[0].values.as_ref().unwrap_err();
        assert_eq!(fault, "it has 1 columns, the first line names 2");
        assert_eq!(said(&rows, 1, "code"), "B");
    }

    #[test]
    fn json_lines_say_the_same() {
        let text = "{\"code\":\"A\",\"synthetic\":true,\"law\":null}\n\nnonsense\n";
        let rows = read(Path::new("old.JSONL"), text).unwrap();
        assert_eq!(said(&rows, 0, "synthetic"), "true");
        assert_eq!(said(&rows, 0, "law"), "");
        assert_eq!(rows[1].line, 3);
        assert!(rows[1].values.is_err());
    }

    #[test]
    fn a_list_of_texts_is_the_same_with_spaces_between() {
        let text = "{\"papers\":[\"DON\",\"GPCU\"]}\n{\"papers\":[1]}\n";
        let rows = read(Path::new("old.jsonl"), text).unwrap();
        assert_eq!(said(&rows, 0, "papers"), "DON GPCU");
        let fault = rows[1].values.as_ref().unwrap_err();
        assert_eq!(fault, "`papers` is no list of texts");
    }

    #[test]
    fn an_empty_file_names_no_columns() {
        assert!(read(Path::new("old.csv"), "").is_err());
    }
}
