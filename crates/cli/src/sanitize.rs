//! Names on a terminal: what could move the cursor, change colours or hide
//! itself is shown as an escape. Files and pipes get names as they are.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with everything a terminal would act on escaped.
pub(crate) fn for_terminal(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_dangerous(c) {
            // Writing to a String cannot fail.
            write!(safe, "\\u{{{:x}}}", u32::from(c)).ok();
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// Controls, line and paragraph separators, and what turns the direction of
/// text or has no width.
fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{061c}'
            | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_stay() {
        for name in ["a b", "日本語", "é", "a\u{fffd}", "-rf", "$x"] {
            assert_eq!(for_terminal(name), name);
        }
    }

    #[test]
    fn what_a_terminal_acts_on_is_escaped() {
        assert_eq!(for_terminal("a\x1b[31mb"), "a\\u{1b}[31mb");
        assert_eq!(for_terminal("a\nb"), "a\\u{a}b");
        assert_eq!(for_terminal("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(for_terminal("\u{9b}x"), "\\u{9b}x");
    }
}
