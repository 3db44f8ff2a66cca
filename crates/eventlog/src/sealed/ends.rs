//! Reading a sealed file's two ends, header and footer, and checking that they describe the file.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::error::DecodeError;
use crate::sealed::error::SealedError;
use crate::sealed::footer::{self, Footer, HEADER_BYTES, TRAILER_BYTES};

/// Reads and checks header, trailer and footer.
pub(crate) fn read_footer(file: &File, path: &Path) -> Result<Footer, SealedError> {
    let damaged = |why: DecodeError| SealedError::damaged(path, why);
    let len = file
        .metadata()
        .map_err(SealedError::io("reading", path))?
        .len();
    let header_bytes = u64::try_from(HEADER_BYTES).unwrap_or(u64::MAX);
    let trailer_bytes = u64::try_from(TRAILER_BYTES).unwrap_or(u64::MAX);
    if len < header_bytes.saturating_add(trailer_bytes) {
        let why = format!("{len} bytes are less than a sealed file has");
        return Err(SealedError::damaged(path, why));
    }
    let read = |offset: u64, len: usize| {
        let mut bytes = vec![0; len];
        file.read_exact_at(&mut bytes, offset)
            .map_err(SealedError::io("reading", path))?;
        Ok::<_, SealedError>(bytes)
    };
    let (log, first) = footer::decode_header(&read(0, HEADER_BYTES)?).map_err(damaged)?;
    let trailer_at = len.saturating_sub(trailer_bytes);
    let trailer = read(trailer_at, TRAILER_BYTES)?;
    let (footer_len, checksum) = footer::decode_trailer(&trailer).map_err(damaged)?;
    let footer_at = trailer_at
        .checked_sub(u64::from(footer_len))
        .filter(|at| *at >= header_bytes)
        .ok_or_else(|| SealedError::damaged(path, "the footer is longer than the file"))?;
    let bytes = read(footer_at, usize::try_from(footer_len).unwrap_or(usize::MAX))?;
    footer::check("footer", &bytes, checksum).map_err(damaged)?;
    let footer = Footer::decode(&bytes).map_err(damaged)?;
    if footer.log() != log || footer.first() != first {
        return Err(SealedError::damaged(path, "header and footer disagree"));
    }
    check_sections(path, &footer, header_bytes, footer_at)?;
    Ok(footer)
}

/// The sections must fill the file from the header to the footer.
fn check_sections(
    path: &Path,
    footer: &Footer,
    mut at: u64,
    footer_at: u64,
) -> Result<(), SealedError> {
    for (name, section) in footer.sections.in_order() {
        if section.offset != at {
            let why = format!("the {name} section is not where the one before it ends");
            return Err(SealedError::damaged(path, why));
        }
        at = section
            .end()
            .filter(|end| *end <= footer_at)
            .ok_or_else(|| SealedError::damaged(path, format!("the {name} section is too long")))?;
    }
    if at == footer_at {
        Ok(())
    } else {
        Err(SealedError::damaged(
            path,
            "bytes that belong to no section lie before the footer",
        ))
    }
}
