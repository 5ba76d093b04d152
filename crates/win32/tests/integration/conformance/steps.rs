//! The notation of set-ups, arguments and checks: see docs/conformance.md.

/// One word of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// As it stands in the table.
    pub(crate) raw: String,
    /// The units it stands for.
    pub(crate) units: Vec<u16>,
    /// The bytes it stands for, where a code page is spoken.
    pub(crate) bytes: Vec<u8>,
    /// In quotes: never a keyword.
    pub(crate) quoted: bool,
}

/// What a step must come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expected {
    /// Success, whatever it gives.
    Success,
    /// Failure with this code.
    Failure(u32),
    /// This text.
    Is(Word),
    /// Anything but this text.
    IsNot(Word),
}

/// `$name = verb arguments => expected`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// The name the result gets.
    pub(crate) binding: Option<String>,
    pub(crate) verb: String,
    pub(crate) arguments: Vec<Word>,
    pub(crate) expected: Expected,
}

impl Word {
    /// Whether it is this keyword.
    pub(crate) fn is(&self, keyword: &str) -> bool {
        !self.quoted && self.raw == keyword
    }

    /// What stands after `key=`.
    pub(crate) fn value_of(&self, key: &str) -> Option<&str> {
        self.raw.strip_prefix(key)?.strip_prefix('=')
    }

    /// The text.
    pub(crate) fn text(&self) -> String {
        String::from_utf16_lossy(&self.units)
    }
}

/// All steps of a text.
pub(crate) fn parse(text: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    for part in text.split(';') {
        if part.trim().is_empty() {
            if text.trim().is_empty() {
                break;
            }
            return Err(format!("an empty step in {text:?}"));
        }
        steps.push(step(part).map_err(|error| format!("{:?}: {error}", part.trim()))?);
    }
    Ok(steps)
}

fn step(text: &str) -> Result<Step, String> {
    let (before, expected) = match text.split_once(" => ") {
        None => (text, Expected::Success),
        Some((before, after)) => (before, expected(&words(after)?)?),
    };
    let mut words = words(before)?;
    let binding = match words.as_slice() {
        [name, equals, _, ..] if name.raw.starts_with('$') && equals.is("=") => {
            let name = name.raw.clone();
            words.drain(..2);
            Some(name)
        }
        _ => None,
    };
    if words.is_empty() {
        return Err("says nothing".into());
    }
    let verb = words.remove(0).raw;
    Ok(Step {
        binding,
        verb,
        arguments: words,
        expected,
    })
}

fn expected(words: &[Word]) -> Result<Expected, String> {
    match words {
        [word] if word.is("ok") => Ok(Expected::Success),
        [fails, code] if fails.is("fails") => {
            let code = code.raw.parse();
            Ok(Expected::Failure(code.map_err(|_| "no code after fails")?))
        }
        [not, word] if not.is("not") => Ok(Expected::IsNot(word.clone())),
        [] => Err("nothing is expected".into()),
        // Several words are one text.
        words => Ok(Expected::Is(joined(words))),
    }
}

/// Words with single spaces between them.
fn joined(words: &[Word]) -> Word {
    let join = |parts: Vec<String>| parts.join(" ");
    Word {
        raw: join(words.iter().map(|word| word.raw.clone()).collect()),
        units: words
            .iter()
            .map(|word| word.units.as_slice())
            .collect::<Vec<_>>()
            .join(&u16::from(b' ')),
        bytes: words
            .iter()
            .map(|word| word.bytes.as_slice())
            .collect::<Vec<_>>()
            .join(&b' '),
        quoted: words.iter().all(|word| word.quoted),
    }
}

/// The words of a text; one in single quotes may hold spaces.
pub(crate) fn words(text: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (raw, quoted, after) = match rest.strip_prefix('\'') {
            Some(inside) => {
                let (raw, after) = inside.split_once('\'').ok_or("a quote does not end")?;
                if !(after.is_empty() || after.starts_with(' ')) {
                    return Err("something follows a quote".into());
                }
                (raw, true, after)
            }
            None => {
                let end = rest.find(' ').unwrap_or(rest.len());
                let (raw, after) = rest.split_at(end);
                (raw, false, after)
            }
        };
        words.push(word(raw, quoted)?);
        rest = after.trim_start();
    }
    Ok(words)
}

fn word(raw: &str, quoted: bool) -> Result<Word, String> {
    let mut word = Word {
        raw: raw.to_owned(),
        units: Vec::new(),
        bytes: Vec::new(),
        quoted,
    };
    let mut rest = raw;
    while let Some((before, brace)) = rest.split_once('{') {
        push_text(&mut word, before);
        let (inside, after) = brace.split_once('}').ok_or("a brace does not end")?;
        escape(&mut word, inside)?;
        rest = after;
    }
    push_text(&mut word, rest);
    Ok(word)
}

fn push_text(word: &mut Word, text: &str) {
    word.units.extend(text.encode_utf16());
    word.bytes.extend(text.bytes());
}

/// `{u+0041}`, `{x+41}`, `{text*3}`; a GUID stays as it stands.
fn escape(word: &mut Word, inside: &str) -> Result<(), String> {
    let is_guid = inside.len() == 36 && inside.bytes().filter(|&b| b == b'-').count() == 4;
    if is_guid {
        push_text(word, &format!("{{{inside}}}"));
        return Ok(());
    }
    let (what, times) = match inside.rsplit_once('*') {
        Some((what, times)) => (what, times.parse().map_err(|_| "no number after *")?),
        None => (inside, 1_usize),
    };
    for _ in 0..times {
        if let Some(unit) = what.strip_prefix("u+") {
            let unit = u16::from_str_radix(unit, 16).map_err(|_| "no unit after u+")?;
            word.units.push(unit);
            let text = String::from_utf16_lossy(&[unit]);
            word.bytes.extend(text.bytes());
        } else if let Some(byte) = what.strip_prefix("x+") {
            let byte = u8::from_str_radix(byte, 16).map_err(|_| "no byte after x+")?;
            word.bytes.push(byte);
            word.units.push(u16::from(byte));
        } else if times > 1 {
            push_text(word, what);
        } else {
            return Err(format!("{{{inside}}} stands for nothing"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn words_and_escapes() {
        let found = words(r"C:\f  'a b. ' '' {a*3}{u+D800} x{x+FF}").unwrap();
        let raw: Vec<&str> = found.iter().map(|word| word.raw.as_str()).collect();
        assert_eq!(raw, [r"C:\f", "a b. ", "", "{a*3}{u+D800}", "x{x+FF}"]);
        assert_eq!(found[3].units, [0x61, 0x61, 0x61, 0xD800]);
        assert_eq!(found[4].bytes, [b'x', 0xFF]);
        assert!(found[2].quoted && !found[0].quoted);
        let guid = r"\\?\Volume{12345678-1234-1234-1234-123456789abc}\x";
        assert_eq!(words(guid).unwrap()[0].units, units(guid));
    }

    #[test]
    fn steps_have_names_and_expectations() {
        let steps = parse(r"$h = hold C:\f R 0; links C:\f => 2; open x => fails 32").unwrap();
        assert_eq!(steps[0].binding.as_deref(), Some("$h"));
        assert_eq!(steps[0].verb, "hold");
        assert_eq!(steps[0].arguments.len(), 3);
        assert!(matches!(&steps[1].expected, Expected::Is(word) if word.raw == "2"));
        assert_eq!(steps[2].expected, Expected::Failure(32));
        assert_eq!(parse("").unwrap(), []);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for bad in [
            "file 'x",
            "file {x",
            "file {what}",
            "a;;b",
            "a; ",
            "x => fails y",
            "'a'b c",
            "file {a*x}",
            "file {u+XYZ}",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
