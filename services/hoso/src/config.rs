//! The settings of a role: flags over environment over one TOML file; all faults at once, each with its key.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::net::AddrParseError;
use std::num::ParseIntError;
use std::path::Path;
use std::str::FromStr;

/// One setting as it was given: its text, and where.
struct Given {
    text: String,
    whence: String,
}

/// Reads settings one by one and gathers what is wrong with them.
pub struct Settings {
    given: BTreeMap<&'static str, Given>,
    faults: Vec<String>,
}

/// Everything that is wrong with the settings.
#[derive(Debug)]
pub struct Faults(Vec<String>);

impl std::error::Error for Faults {}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(faults) = self;
        write!(f, "the settings cannot be used:")?;
        faults.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl Settings {
    /// The settings in a file, and over them those given as flags or in the environment: each key of the role with what was
    /// given for it.
    pub fn read(file: Option<&Path>, keys: Vec<(&'static str, Option<String>)>) -> Self {
        let mut settings = Self {
            given: BTreeMap::new(),
            faults: Vec::new(),
        };
        if let Some(file) = file {
            let known: Vec<_> = keys.iter().map(|(key, _)| *key).collect();
            settings.read_file(file, &known);
        }
        for (key, text) in keys {
            if let Some(text) = text {
                let flag = key.replace('_', "-");
                let whence = format!("--{flag} or HOSO_{}", key.to_uppercase());
                settings.given.insert(key, Given { text, whence });
            }
        }
        settings
    }

    fn read_file(&mut self, file: &Path, known: &[&'static str]) {
        let name = file.display();
        let table = fs::read_to_string(file)
            .map_err(|error| error.to_string())
            .and_then(|text| {
                text.parse::<toml::Table>()
                    .map_err(|error| error.to_string())
            });
        let table = match table {
            Ok(table) => table,
            Err(error) => {
                self.faults.push(format!("{name}: {}", error.trim_end()));
                return;
            }
        };
        for (key, value) in table {
            let Some(key) = known.iter().find(|known| **known == key) else {
                let known = known.join(", ");
                self.faults.push(format!(
                    "{key} ({name}): there is no such setting; there are {known}"
                ));
                continue;
            };
            let Some(text) = text(&value) else {
                let kind = value.type_str();
                self.faults.push(format!(
                    "{key} ({name}): text or a number is wanted, not {kind}"
                ));
                continue;
            };
            let whence = name.to_string();
            self.given.insert(key, Given { text, whence });
        }
    }

    /// A setting, when it was given.
    pub fn optional<T: FromStr<Err: fmt::Display + 'static>>(
        &mut self,
        key: &'static str,
    ) -> Option<T> {
        let given = self.given.get(key)?;
        match given.text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                let Given { text, whence } = given;
                let why = plainly(&error);
                self.faults
                    .push(format!("{key} ({whence}): {text:?}: {why}"));
                None
            }
        }
    }

    /// A setting, or its default.
    pub fn or<T: FromStr<Err: fmt::Display + 'static>>(
        &mut self,
        key: &'static str,
        default: T,
    ) -> T {
        self.optional(key).unwrap_or(default)
    }

    /// A setting without which nothing works.
    pub fn required<T: FromStr<Err: fmt::Display + 'static>>(
        &mut self,
        key: &'static str,
    ) -> Option<T> {
        if !self.given.contains_key(key) {
            let flag = key.replace('_', "-");
            self.faults.push(format!(
                "{key}: it is missing; give --{flag}, HOSO_{}, or the key in the file",
                key.to_uppercase()
            ));
        }
        self.optional(key)
    }

    /// Something else is wrong with a setting.
    pub fn fault(&mut self, key: &'static str, reason: &str) {
        let whence = self
            .given
            .get(key)
            .map_or("the default", |given| given.whence.as_str());
        self.faults.push(format!("{key} ({whence}): {reason}"));
    }

    /// Everything that was wrong, if anything was.
    ///
    /// # Errors
    /// All faults.
    pub fn finish(self) -> Result<(), Faults> {
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(Faults(self.faults))
        }
    }
}

/// What is wanted instead, where the library's own words do not say it.
fn plainly<E: fmt::Display + 'static>(error: &E) -> String {
    let any: &dyn Any = error;
    if any.is::<AddrParseError>() {
        "an address is wanted, such as 127.0.0.1:7601".to_owned()
    } else if any.is::<ParseIntError>() {
        format!("a whole number is wanted ({error})")
    } else {
        error.to_string()
    }
}

/// A value of the file as the same text that a flag would have.
fn text(value: &toml::Value) -> Option<String> {
    if let Some(list) = value.as_array() {
        let items: Option<Vec<_>> = list.iter().map(text).collect();
        return Some(items?.join(","));
    }
    let text = value.as_str().map(str::to_owned);
    text.or_else(|| value.as_integer().map(|number| number.to_string()))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn keys(node: Option<&str>) -> Vec<(&'static str, Option<String>)> {
        vec![
            ("listen", None),
            ("node", node.map(str::to_owned)),
            ("nats", None),
        ]
    }

    #[test]
    fn a_flag_comes_before_the_file_and_the_file_before_the_default() {
        let folder = std::env::temp_dir().join(format!("hoso-config-{}", uuid::Uuid::new_v4()));
        fs::create_dir(&folder).unwrap();
        let file = folder.join("intake.toml");
        fs::write(&file, "node = 3\nnats = [\"nats://a\", \"nats://b\"]\n").unwrap();
        let mut settings = Settings::read(Some(&file), keys(Some("7")));
        assert_eq!(settings.or::<u8>("node", 0), 7);
        assert_eq!(
            settings.required::<String>("nats").unwrap(),
            "nats://a,nats://b"
        );
        assert_eq!(settings.or::<u16>("listen", 9), 9);
        settings.finish().unwrap();
        let mut settings = Settings::read(Some(&file), keys(None));
        assert_eq!(settings.or::<u8>("node", 0), 3);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn all_faults_are_told_at_once_with_their_keys() {
        let folder = std::env::temp_dir().join(format!("hoso-config-{}", uuid::Uuid::new_v4()));
        fs::create_dir(&folder).unwrap();
        let file = folder.join("intake.toml");
        fs::write(&file, "listne = \"127.0.0.1:1\"\nlisten = \"here\"\n").unwrap();
        let mut settings = Settings::read(Some(&file), keys(Some("300")));
        assert_eq!(settings.optional::<SocketAddr>("listen"), None);
        assert_eq!(settings.or::<u8>("node", 0), 0);
        assert_eq!(settings.required::<String>("nats"), None);
        let told = settings.finish().unwrap_err().to_string();
        for part in [
            "listne",
            "no such setting",
            "\"here\": an address is wanted, such as 127.0.0.1:7601",
            "--node or HOSO_NODE",
            "nats: it is missing",
        ] {
            assert!(told.contains(part), "{part} is not in: {told}");
        }
        assert_eq!(told.lines().count(), 5);
        fs::remove_dir_all(&folder).unwrap();
    }
}
