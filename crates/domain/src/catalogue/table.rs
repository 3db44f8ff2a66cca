//! Reading a TOML table key by key, so that every fault is found at once and each is named with its line.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

use jiff::civil::{Date, Time};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::names::{Kind, Reading};

/// A file being read.
pub(crate) struct Source<'a> {
    pub(crate) file: &'a str,
    /// The offset at which each line begins.
    starts: Vec<usize>,
    pub(crate) reading: &'a Reading,
}

impl<'a> Source<'a> {
    pub(crate) fn new(file: &'a str, text: &str, reading: &'a Reading) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0)
            .chain(breaks.map(|(at, _)| at + 1))
            .collect();
        Self {
            file,
            starts,
            reading,
        }
    }

    fn line(&self, span: &Range<usize>) -> usize {
        self.starts.partition_point(|start| *start <= span.start)
    }

    pub(crate) fn fault(&self, line: usize, reason: impl Into<Box<str>>) {
        self.reading.fault(self.file, line, reason);
    }

    /// Reads the file with `read`; what is not even TOML is a fault, and then `read` is not asked.
    pub(crate) fn document<T>(&self, text: &str, read: impl FnOnce(&Table<'_>) -> T) -> Option<T> {
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let line = error.span().map_or(1, |span| self.line(&span));
            self.fault(line, format!("not TOML: {}", error.message()));
        }
        if !errors.is_empty() {
            return None;
        }
        let table = Table {
            source: self,
            table: document.get_ref(),
            line: 1,
            asked: RefCell::default(),
        };
        let out = read(&table);
        table.finish();
        Some(out)
    }
}

/// Something read, and its line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) line: usize,
}

/// A table being read. [`Table::finish`] faults the keys nobody asked for.
pub(crate) struct Table<'a> {
    source: &'a Source<'a>,
    table: &'a DeTable<'a>,
    /// The line of its header, or of its opening brace.
    pub(crate) line: usize,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Table<'a> {
    fn find(&self, key: &'static str) -> Option<At<&'a DeValue<'a>>> {
        self.asked.borrow_mut().insert(key);
        let value = self.table.get(key)?;
        Some(At {
            value: value.get_ref(),
            line: self.source.line(&value.span()),
        })
    }

    pub(crate) fn fault(&self, line: usize, reason: impl Into<Box<str>>) {
        self.source.fault(line, reason);
    }

    fn wrong(&self, key: &str, at: At<&DeValue<'_>>, expected: &str) {
        self.fault(at.line, format!("`{key}` is not {expected}"));
    }

    /// Faults a key that must be there and is not.
    pub(crate) fn required<T>(&self, key: &str, value: Option<T>) -> Option<T> {
        if value.is_none() && !self.table.contains_key(key) {
            self.fault(self.line, format!("`{key}` is missing"));
        }
        value
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    pub(crate) fn text_opt(&self, key: &'static str) -> Option<At<&'a str>> {
        let at = self.find(key)?;
        let text = at.value.as_str().filter(|text| !text.trim().is_empty());
        if text.is_none() {
            self.wrong(key, at, "a text, or empty");
        }
        Some(At {
            value: text?,
            line: at.line,
        })
    }

    pub(crate) fn text(&self, key: &'static str) -> Option<At<&'a str>> {
        self.required(key, self.text_opt(key))
    }

    /// True or false; false when it is not there.
    pub(crate) fn flag(&self, key: &'static str) -> bool {
        let Some(at) = self.find(key) else {
            return false;
        };
        at.value.as_bool().unwrap_or_else(|| {
            self.wrong(key, at, "true or false");
            false
        })
    }

    pub(crate) fn flag_required(&self, key: &'static str) -> Option<bool> {
        let flag = self.flag(key);
        self.required(key, self.has(key).then_some(flag))
    }

    pub(crate) fn number_opt<N: TryFrom<i64>>(&self, key: &'static str) -> Option<N> {
        let at = self.find(key)?;
        let number = at
            .value
            .as_integer()
            .and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok())
            .and_then(|number| N::try_from(number).ok());
        if number.is_none() {
            self.wrong(key, at, "a whole number in range");
        }
        number
    }

    pub(crate) fn number<N: TryFrom<i64>>(&self, key: &'static str) -> Option<N> {
        self.required(key, self.number_opt(key))
    }

    pub(crate) fn date_opt(&self, key: &'static str) -> Option<At<Date>> {
        let at = self.find(key)?;
        let date = at
            .value
            .as_datetime()
            .filter(|it| it.time.is_none() && it.offset.is_none())
            .and_then(|it| it.to_string().parse().ok());
        if date.is_none() {
            self.wrong(key, at, "a date like 2026-11-24, without quotes");
        }
        Some(At {
            value: date?,
            line: at.line,
        })
    }

    pub(crate) fn date(&self, key: &'static str) -> Option<At<Date>> {
        self.required(key, self.date_opt(key))
    }

    pub(crate) fn time(&self, key: &'static str) -> Option<Time> {
        let time = self.find(key).and_then(|at| {
            let time = at.value.as_str().and_then(time_of_day);
            if time.is_none() {
                self.wrong(key, at, "a time like \"15:00\"");
            }
            time
        });
        self.required(key, time)
    }

    /// One of a list of words.
    pub(crate) fn word<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let at = self.text(key)?;
        let found = words
            .iter()
            .find(|(word, _)| *word == at.value)
            .map(|(_, value)| *value);
        if found.is_none() {
            let list = words
                .iter()
                .map(|(word, _)| *word)
                .collect::<Vec<_>>()
                .join(", ");
            self.fault(
                at.line,
                format!("`{key}` is `{}`, which is none of {list}", at.value),
            );
        }
        found
    }

    /// A list of texts, not empty.
    pub(crate) fn texts(&self, key: &'static str) -> Option<Vec<At<&'a str>>> {
        let list = self.find(key).and_then(|at| {
            let texts = at
                .value
                .as_array()
                .filter(|array| !array.is_empty())
                .and_then(|array| {
                    array
                        .iter()
                        .map(|item| self.item_text(item))
                        .collect::<Option<Vec<_>>>()
                });
            if texts.is_none() {
                self.wrong(key, at, "a list of at least one text");
            }
            texts
        });
        self.required(key, list)
    }

    fn item_text(&self, item: &'a Spanned<DeValue<'a>>) -> Option<At<&'a str>> {
        let value = item
            .get_ref()
            .as_str()
            .filter(|text| !text.trim().is_empty())?;
        Some(At {
            value,
            line: self.source.line(&item.span()),
        })
    }

    /// Reads an inner table; none when it is not there.
    pub(crate) fn inner<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&Table<'a>) -> Option<T>,
    ) -> Option<T> {
        let at = self.find(key)?;
        let Some(table) = at.value.as_table() else {
            self.wrong(key, at, "a table");
            return None;
        };
        let table = Table {
            source: self.source,
            table,
            line: at.line,
            asked: RefCell::default(),
        };
        let out = read(&table);
        table.finish();
        out
    }

    /// Reads each table of an array of tables; those that lack something are left out, having been faulted.
    pub(crate) fn each<T>(
        &self,
        key: &'static str,
        mut read: impl FnMut(&Table<'a>) -> Option<T>,
    ) -> Vec<T> {
        let Some(at) = self.find(key) else {
            return Vec::new();
        };
        let Some(array) = at.value.as_array() else {
            self.wrong(key, at, &format!("a list of tables, written [[{key}]]"));
            return Vec::new();
        };
        let mut out = Vec::new();
        for item in array {
            let line = self.source.line(&item.span());
            let Some(table) = item.get_ref().as_table() else {
                self.fault(line, format!("`{key}` holds something that is not a table"));
                continue;
            };
            let table = Table {
                source: self.source,
                table,
                line,
                asked: RefCell::default(),
            };
            out.extend(read(&table));
            table.finish();
        }
        out
    }

    /// The name this table defines, which must be the only one of its kind.
    pub(crate) fn define(&self, kind: Kind, key: &'static str) -> Option<&'a str> {
        let name = self.text(key)?;
        self.source
            .reading
            .define(kind, name.value, self.source.file, name.line);
        Some(name.value)
    }

    /// A name defined elsewhere.
    pub(crate) fn refer(&self, kind: Kind, name: At<&'a str>) -> &'a str {
        self.source
            .reading
            .refer(kind, name.value, self.source.file, name.line);
        name.value
    }

    /// `valid_from` and `valid_to`, or the like, in order.
    pub(crate) fn period(
        &self,
        from: &'static str,
        to: &'static str,
    ) -> Option<(Date, Option<Date>)> {
        let (first, last) = (self.date(from), self.date_opt(to));
        if let (Some(first), Some(last)) = (first, last)
            && last.value < first.value
        {
            self.fault(last.line, format!("`{to}` lies before `{from}`"));
        }
        Some((first?.value, last.map(|last| last.value)))
    }

    /// Faults every key that nobody asked for.
    fn finish(&self) {
        let asked = self.asked.borrow();
        for (key, _) in self.table {
            if !asked.contains(key.get_ref().as_ref()) {
                let line = self.source.line(&key.span());
                self.fault(line, format!("nothing is called `{}` here", key.get_ref()));
            }
        }
    }
}

/// `07:30`, to the minute.
pub(crate) fn time_of_day(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let two = |part: &str| {
        let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse::<i8>().ok()).flatten()
    };
    Time::new(two(hour)?, two(minute)?, 0, 0).ok()
}
