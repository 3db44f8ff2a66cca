//! A paper on the command line and in files: what it is and how many of it were handed in.

use api::hoso::dossier::v1::Component;

use crate::Failure;

/// A paper, as CODE or CODE:ORIGINALS:CERTIFIED:COPIES.
///
/// # Errors
/// When it is not written so.
pub fn component(text: &str) -> Result<Component, Failure> {
    let mut parts = text.split(':');
    let code = parts.next().unwrap_or_default().to_owned();
    let counts: Vec<u32> = parts
        .map(|count| count.parse())
        .collect::<Result<_, _>>()
        .map_err(|_| format!("{text}: a paper is CODE or CODE:ORIGINALS:CERTIFIED:COPIES"))?;
    let count = |at: usize| counts.get(at).copied().unwrap_or_default();
    Ok(Component {
        code,
        originals: if counts.is_empty() { 1 } else { count(0) },
        certified_copies: count(1),
        copies: count(2),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paper_is_one_original_unless_said_otherwise() {
        assert_eq!(component("DON").unwrap().originals, 1);
        let counted = component("DON:0:2:1").unwrap();
        assert_eq!(
            (counted.originals, counted.certified_copies, counted.copies),
            (0, 2, 1)
        );
        assert!(component("DON:one").is_err());
    }
}
