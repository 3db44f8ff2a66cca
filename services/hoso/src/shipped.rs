//! The catalogue inside the program, or the folder that replaces it.

use std::path::Path;
use std::sync::Arc;

use domain::Catalogue;
use thiserror::Error;

/// The catalogue's files, by the names a folder has them under.
const FILES: [(&str, &str); 6] = [
    (
        "agencies.toml",
        include_str!("../../../deploy/catalogue/agencies.toml"),
    ),
    (
        "points.toml",
        include_str!("../../../deploy/catalogue/points.toml"),
    ),
    (
        "fields.toml",
        include_str!("../../../deploy/catalogue/fields.toml"),
    ),
    (
        "procedures.toml",
        include_str!("../../../deploy/catalogue/procedures.toml"),
    ),
    (
        "calendar.csv",
        include_str!("../../../deploy/catalogue/calendar.csv"),
    ),
    (
        "law.toml",
        include_str!("../../../deploy/catalogue/law.toml"),
    ),
];

/// The article's published figures, for the demo.
pub const PUBLISHED: &str = include_str!("../../../deploy/examples/dong-thap-2023-h1.toml");

/// The catalogue cannot be used; every fault is named.
#[derive(Debug, Error)]
pub enum CatalogueError {
    /// A file is missing or unreadable.
    #[error("the catalogue file {file} cannot be read: {source}")]
    Unreadable {
        /// Which file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// The content is wrong.
    #[error("the catalogue is not sound:\n{0}")]
    Broken(String),
}

/// The catalogue in this folder, or the one in the program.
///
/// # Errors
/// With file, line and reason of every fault.
pub fn catalogue(folder: Option<&Path>) -> Result<Arc<Catalogue>, CatalogueError> {
    let texts = match folder {
        None => FILES.map(|(name, text)| (name, text.to_owned())).to_vec(),
        Some(folder) => FILES
            .iter()
            .map(|(name, _)| {
                let path = folder.join(name);
                std::fs::read_to_string(&path)
                    .map(|text| (*name, text))
                    .map_err(|source| CatalogueError::Unreadable {
                        file: path.display().to_string(),
                        source,
                    })
            })
            .collect::<Result<Vec<_>, _>>()?,
    };
    let files: Vec<(&str, &str)> = texts
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    Catalogue::parse(&files).map(Arc::new).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(|fault| format!("  {fault}")).collect();
        CatalogueError::Broken(lines.join("\n"))
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_catalogue_in_the_program_is_sound() {
        let catalogue = super::catalogue(None).unwrap();
        assert_eq!(catalogue.procedures().count(), 152);
    }
}
