//! What the texts of a link alone say.

use linkwright_names::UpcaseTable;

use crate::target::{Form, Grammar, TargetText, clean};
use crate::text::{nt_to_win32, win32_to_nt};

/// How a text is badly written.
pub(super) fn mess(text: &TargetText, clean: &[u16]) -> String {
    format!(
        "{} says no more than {}",
        text.name(),
        String::from_utf16_lossy(clean)
    )
}

/// How the name that is shown differs from the one that is followed; a link
/// without a name to be shown has none that differs.
pub(super) fn disagreement(
    text: &TargetText,
    followed: &[u16],
    upcase: &UpcaseTable,
) -> Option<String> {
    let print = text.print.as_ref().filter(|print| !print.is_empty())?;
    let shown = plain(print);
    match upcase.eq_ignore_case(&shown, &plain(followed)) {
        true => None,
        false => Some(format!(
            "shows {} and leads to {}",
            String::from_utf16_lossy(print),
            text.name()
        )),
    }
}

/// A path in the one form that all ways to write it have.
fn plain(text: &[u16]) -> Vec<u16> {
    let form = Grammar::Windows.form(text);
    match form {
        Form::Relative | Form::Rooted => clean(Grammar::Windows, form, text),
        Form::Drive | Form::Share | Form::Device => {
            // `\\?\C:\x` is `C:\x`.
            let text = nt_to_win32(&win32_to_nt(text));
            clean(Grammar::Windows, Grammar::Windows.form(&text), &text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disagree(print: &str, text: &str) -> bool {
        let units = |text: &str| -> Vec<u16> { text.encode_utf16().collect() };
        let followed = units(text);
        let target = TargetText {
            grammar: Grammar::Windows,
            form: Grammar::Windows.form(&followed),
            units: followed.clone(),
            print: Some(units(print)),
        };
        disagreement(&target, &followed, &UpcaseTable::windows()).is_some()
    }

    #[test]
    fn names_of_one_place_agree_however_they_are_written() {
        for (print, text) in [
            ("", r"C:\a"),
            (r"C:\a", r"C:\a"),
            ("C:/a/./", r"C:\a"),
            (r"\\?\C:\a", r"C:\a"),
            (r"c:\A", r"C:\a"),
            ("../a", r"..\a"),
        ] {
            assert!(!disagree(print, text), "{print} {text}");
        }
        for (print, text) in [(r"C:\b", r"C:\a"), ("a", "b"), (r"D:\a", r"C:\a")] {
            assert!(disagree(print, text), "{print} {text}");
        }
    }
}
