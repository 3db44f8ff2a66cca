//! What people hand in as files, or on standard input: texts that are nobody else's to read.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use zeroize::Zeroizing;

use crate::Failure;

/// A file's bytes, `-` for standard input; forgotten when they are dropped.
///
/// # Errors
/// When it cannot be read.
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut bytes = Zeroizing::new(Vec::new());
    if path == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut bytes)?;
    } else {
        *bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(bytes)
}

/// A file's text without the end of its last line.
///
/// # Errors
/// When it cannot be read, or is no text.
pub fn text(path: &Path) -> Result<String, Failure> {
    let text = String::from_utf8(read(path)?.to_vec())
        .map_err(|_| format!("{}: it is no text in UTF-8", path.display()))?;
    Ok(text.trim_end().to_owned())
}
