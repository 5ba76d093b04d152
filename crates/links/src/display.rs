//! Names as people see them: what could move a cursor, end a line, turn the
//! direction of text or hide itself is shown as an escape.

use std::borrow::Cow;
use std::fmt::Write;

use linkwright_fs::Name;

/// The text with everything escaped that is no visible character.
pub fn for_display(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        push(&mut safe, c);
    }
    Cow::Owned(safe)
}

/// A name as [`for_display`] shows it; a surrogate without its other half is an
/// escape too.
pub fn name_for_display(name: &Name) -> String {
    let mut safe = String::with_capacity(name.units().len());
    for c in char::decode_utf16(name.units().iter().copied()) {
        match c {
            Ok(c) => push(&mut safe, c),
            Err(error) => escape(&mut safe, u32::from(error.unpaired_surrogate())),
        }
    }
    safe
}

fn push(safe: &mut String, c: char) {
    match is_hidden(c) {
        true => escape(safe, u32::from(c)),
        false => safe.push(c),
    }
}

fn escape(safe: &mut String, code: u32) {
    // Writing to a String cannot fail.
    write!(safe, "\\u{{{code:x}}}").ok();
}

/// Controls, what is no character, line and paragraph separators, and what turns
/// the direction of text or has no width.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{061c}'
            | '\u{feff}'
            | '\u{fffe}'..='\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_stay() {
        for name in ["a b", "日本語", "é", "a\u{fffd}", "-rf", "$x"] {
            assert_eq!(for_display(name), name);
        }
    }

    #[test]
    fn what_is_not_seen_is_escaped() {
        assert_eq!(for_display("a\x1b[31mb"), "a\\u{1b}[31mb");
        assert_eq!(for_display("a\nb"), "a\\u{a}b");
        assert_eq!(for_display("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(for_display("\u{9b}x"), "\\u{9b}x");
        let lone = Name::from_units(vec![0x61, 0xD800, 0x07]);
        assert_eq!(name_for_display(&lone), "a\\u{d800}\\u{7}");
    }
}
