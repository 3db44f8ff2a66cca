//! `hoso demo`: a department's half-year.

use std::path::PathBuf;
use std::sync::Arc;

use domain::Catalogue;

/// What was asked.
pub struct DemoOptions {
    /// The folder.
    pub data: Option<PathBuf>,
    /// End after printing.
    pub exit: bool,
    /// The object alone.
    pub json: bool,
    /// The catalogue.
    pub catalogue: Arc<Catalogue>,
}

/// Plays it.
pub async fn run(options: DemoOptions) -> Result<(), crate::Failure> {
    let _ = (options.data, options.exit, options.json, options.catalogue);
    Err("not yet".into())
}
