//! What text from outside may be. Vietnamese may come composed or decomposed; it is kept composed (NFC).

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};
use uuid::Uuid;

/// Text that people wrote: any script, line breaks, no other control characters; at most `characters_max`.
///
/// # Errors
/// A sentence about what is wrong.
pub fn prose(text: &str, characters_max: usize) -> Result<String, String> {
    let text = bounded(text, characters_max)?;
    let text = text.trim();
    if text
        .chars()
        .any(|c| (c.is_control() && c != '\n' && c != '\t') || invisible(c))
    {
        return Err("may not contain control or invisible characters".to_owned());
    }
    Ok(text.to_owned())
}

/// One line that people wrote.
///
/// # Errors
/// A sentence about what is wrong.
pub fn line(text: &str, characters_max: usize) -> Result<String, String> {
    let text = prose(text, characters_max)?;
    if text.contains(['\n', '\t']) {
        return Err("must be a single line".to_owned());
    }
    Ok(text)
}

/// The name of a person or a firm: letters of any script, digits and the punctuation names have; no symbols or emoji.
///
/// # Errors
/// A sentence about what is wrong.
pub fn name(text: &str) -> Result<String, String> {
    let text = line(text, 200)?;
    if text.is_empty() {
        return Err("must not be empty".to_owned());
    }
    if !text
        .chars()
        .all(|c| c.is_alphanumeric() || " .,'’-–&/()\"“”+:;".contains(c))
    {
        return Err("may hold letters, digits and the punctuation of names only".to_owned());
    }
    Ok(text)
}

/// An identifier that travels in subjects, headers and codes: printable ASCII without spaces.
///
/// # Errors
/// A sentence about what is wrong.
pub fn identifier(text: &str, characters_max: usize) -> Result<&str, String> {
    if text.is_empty() {
        return Err("must not be empty".to_owned());
    }
    if text.len() > characters_max {
        return Err(format!("may have at most {characters_max} characters"));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("may hold printable ASCII without spaces only".to_owned());
    }
    Ok(text)
}

/// A short stable code: lower-case letters, digits and underscores.
///
/// # Errors
/// A sentence about what is wrong.
pub fn reason_code(text: &str) -> Result<&str, String> {
    if text.is_empty() || text.len() > 64 {
        return Err("must have 1 to 64 characters".to_owned());
    }
    if !text
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    {
        return Err("may hold lower-case letters, digits and underscores only".to_owned());
    }
    Ok(text)
}

/// A UUID in its usual form.
///
/// # Errors
/// A sentence about what is wrong.
pub fn uuid(text: &str) -> Result<Uuid, String> {
    let parsed = Uuid::try_parse(text)
        .map_err(|_| "must be a UUID such as 0192f0c1-2b5e-7c3a-9d41-5a0f6f1e2d3c".to_owned())?;
    if parsed.is_nil() {
        return Err("must not be the nil UUID".to_owned());
    }
    Ok(parsed)
}

/// The text composed, if it is not too long.
fn bounded(text: &str, characters_max: usize) -> Result<Cow<'_, str>, String> {
    let too_long = || format!("may have at most {characters_max} characters");
    // A character has at most four bytes, and decomposed Vietnamese at most three characters a letter; the cheap bound
    // first, so that ten megabytes are not walked.
    if text.len() > characters_max.saturating_mul(12) {
        return Err(too_long());
    }
    let composed = composed(text);
    if composed.chars().count() > characters_max {
        return Err(too_long());
    }
    Ok(composed)
}

/// The text in NFC. Nearly all of it is already, and asking is ten times faster than composing; to see that it is composed
/// Vietnamese is faster still.
fn composed(text: &str) -> Cow<'_, str> {
    if text.chars().all(composed_vietnamese) {
        return Cow::Borrowed(text);
    }
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        IsNormalized::No | IsNormalized::Maybe => Cow::Owned(text.nfc().collect()),
    }
}

/// Characters that NFC leaves as they are, whatever stands beside them: those before the combining ones, and the Vietnamese
/// letters with two marks.
fn composed_vietnamese(c: char) -> bool {
    matches!(c, '\0'..='\u{2FF}' | '\u{1EA0}'..='\u{1EF9}')
}

/// Characters that show as nothing or turn text around: good only for deceiving a reader.
fn invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decomposed_vietnamese_is_the_same_name() {
        let composed = "Nguyễn Thị Hồng Ngự";
        let decomposed: String = composed.nfd().collect();
        assert_ne!(composed, decomposed);
        assert_eq!(name(&decomposed).unwrap(), composed);
    }

    #[test]
    fn what_passes_for_composed_vietnamese_is_composed_whatever_stands_beside_it() {
        let letters: Vec<char> = ('\0'..='\u{FFFF}')
            .filter(|c| composed_vietnamese(*c))
            .collect();
        assert_eq!(letters.len(), 0x300 + 0x5A);
        for letter in &letters {
            let text = String::from_iter(['a', *letter, '\u{1EC7}', *letter]);
            assert_eq!(text.nfc().collect::<String>(), text, "{letter:?}");
        }
    }

    #[test]
    fn a_name_is_no_place_for_emoji_or_control_characters() {
        assert!(name("Trần 🎉").is_err());
        assert!(name("Trần\u{0}").is_err());
        assert!(name("Trần\u{202E}").is_err());
        assert!(name("").is_err());
        assert!(name(&"a".repeat(201)).is_err());
        assert_eq!(
            name("Công ty TNHH A & B (chi nhánh 2)").unwrap(),
            "Công ty TNHH A & B (chi nhánh 2)"
        );
    }

    #[test]
    fn prose_keeps_its_lines_and_its_emoji() {
        assert_eq!(prose("một\nhai 🙂", 20).unwrap(), "một\nhai 🙂");
        assert!(line("một\nhai", 20).is_err());
    }
}
