//! What the program prints: lines for people or, with `--json`, one object a
//! line with a `message_type`, and a last `summary`.

use std::cell::{Cell, RefCell};
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use linkwright_fs::Name;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::sanitize::for_terminal;

/// For whom the output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// People.
    Text,
    /// Programs.
    Json,
}

/// Standard output and standard error.
pub(crate) struct Output {
    format: Format,
    color: bool,
    is_terminal: bool,
    stdout: RefCell<BufWriter<StdoutLock<'static>>>,
    state: Cell<State>,
}

/// Whether anybody still reads standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// The reader went away (`| head`): there is nothing more to say.
    Closed,
    /// It failed otherwise, which was reported.
    Failed,
}

/// How a piece of a text line is to look on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// A symbolic link.
    Link,
    /// A name of a file with several.
    Hard,
    /// A mount point that leads to a directory.
    Junction,
    /// A mount point that leads to a volume.
    MountPoint,
    /// A link of the Windows subsystem for Linux.
    LxLink,
    /// Another reparse point that stands for something else.
    OtherLink,
    /// Nothing of its own.
    Plain,
    /// A link that leads nowhere, or an error.
    Bad,
    /// A directory.
    Directory,
    /// What matters less.
    Dim,
}

impl Output {
    /// For this format; colours where wanted.
    pub(crate) fn new(format: Format, color: Option<bool>) -> Self {
        let is_terminal = io::stdout().is_terminal();
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            format,
            color: color.unwrap_or(is_terminal && wanted),
            is_terminal,
            stdout: RefCell::new(BufWriter::new(io::stdout().lock())),
            state: Cell::new(State::Open),
        }
    }

    /// Whether programs read the output.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Writes a line for people; nothing with `--json`.
    pub(crate) fn text(&self, line: impl AsRef<[u8]>) {
        if !self.is_json() {
            self.write(&[line.as_ref(), b"\n"].concat());
        }
    }

    /// Writes a line for people from pieces that may be names.
    pub(crate) fn text_of(&self, parts: &[&[u8]]) {
        self.text(self.shown(&parts.concat()));
    }

    /// Writes a line for programs; nothing without `--json`.
    pub(crate) fn json(&self, line: Line) {
        if self.is_json() {
            self.write(format!("{}\n", Value::Object(line.0)).as_bytes());
        }
    }

    /// Writes bytes as they are: the data of a file.
    pub(crate) fn data(&self, data: &[u8]) {
        self.write(data);
    }

    fn write(&self, bytes: &[u8]) {
        if self.state.get() == State::Open {
            let written = self.stdout.borrow_mut().write_all(bytes);
            self.take(written);
        }
    }

    fn take(&self, written: io::Result<()>) {
        let Err(error) = written else { return };
        if error.kind() == io::ErrorKind::BrokenPipe {
            self.state.set(State::Closed);
        } else {
            self.state.set(State::Failed);
            note(&format!("standard output: {error}"));
        }
    }

    /// Whether nobody reads standard output any more, so that a verb that only
    /// reports can stop.
    pub(crate) fn is_closed(&self) -> bool {
        self.state.get() != State::Open
    }

    /// Whether standard output failed.
    pub(crate) fn is_failed(&self) -> bool {
        self.state.get() == State::Failed
    }

    /// Reports an error: text on standard error, an object with `--json`.
    pub(crate) fn failure(&self, failure: &Failure) {
        if self.is_json() {
            match failure.json() {
                Ok(line) => self.write(format!("{line}\n").as_bytes()),
                Err(error) => note(&error.to_string()),
            }
        }
        self.flush();
        for (i, line) in failure.text().lines().enumerate() {
            note_line(if i == 0 { "linkwright: " } else { "" }, line);
        }
    }

    /// Says something that is no error on standard error.
    pub(crate) fn note(&self, text: &str) {
        note(text);
    }

    /// Writes out what was kept back.
    pub(crate) fn flush(&self) {
        if self.state.get() == State::Open {
            let flushed = self.stdout.borrow_mut().flush();
            self.take(flushed);
        }
    }

    /// A name or path as a text line shows it: escaped on a terminal, byte for
    /// byte elsewhere.
    pub(crate) fn shown(&self, bytes: &[u8]) -> Vec<u8> {
        if self.is_terminal {
            for_terminal(&String::from_utf8_lossy(bytes))
                .into_owned()
                .into_bytes()
        } else {
            bytes.to_vec()
        }
    }

    /// A piece of text in a style.
    pub(crate) fn styled(&self, style: Style, text: &[u8]) -> Vec<u8> {
        if !self.color || text.is_empty() {
            return text.to_vec();
        }
        let code = match style {
            Style::Plain => return text.to_vec(),
            Style::Link => "36",
            Style::Hard => "33",
            Style::Junction => "35",
            Style::MountPoint => "1;35",
            Style::LxLink => "32",
            Style::OtherLink => "1;33",
            Style::Bad => "31",
            Style::Directory => "34",
            Style::Dim => "2",
        };
        [format!("\x1b[{code}m").as_bytes(), text, b"\x1b[0m"].concat()
    }
}

fn note(text: &str) {
    note_line("linkwright: ", text);
}

fn note_line(prefix: &str, line: &str) {
    let mut stderr = io::stderr().lock();
    let text = match stderr.is_terminal() {
        true => for_terminal(line).into_owned(),
        false => line.to_owned(),
    };
    // Nowhere is left to report that standard error is gone.
    writeln!(stderr, "{prefix}{text}").ok();
}

/// One object of the JSON output.
pub(crate) struct Line(Map<String, Value>);

impl Line {
    /// A line of this type.
    pub(crate) fn new(message_type: &str) -> Self {
        let mut map = Map::new();
        map.insert("message_type".to_owned(), message_type.into());
        Self(map)
    }

    /// With a field.
    #[must_use]
    pub(crate) fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    /// With a field that is null when there is nothing to say.
    #[must_use]
    pub(crate) fn set_opt(self, key: &str, value: Option<impl Into<Value>>) -> Self {
        let value = value.map_or(Value::Null, Into::into);
        self.set(key, value)
    }

    /// With a name; where it is not exact as text, the units stand beside it.
    #[must_use]
    pub(crate) fn set_name(self, key: &str, name: Option<&Name>) -> Self {
        let Some(name) = name else {
            return self.set(key, Value::Null);
        };
        let line = self.set(key, name.to_string());
        match name.to_text() {
            Some(_) => line,
            None => line.set(&format!("{key}_utf16"), name.units().to_vec()),
        }
    }

    /// With a host text; where it is not UTF-8, the bytes stand beside it.
    #[must_use]
    pub(crate) fn set_bytes(self, key: &str, bytes: &[u8]) -> Self {
        let line = self.set(key, String::from_utf8_lossy(bytes).into_owned());
        match std::str::from_utf8(bytes) {
            Ok(_) => line,
            Err(_) => line.set(&format!("{key}_bytes"), bytes.to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_text_come_with_their_units() {
        let good = Line::new("x").set_name("path", Some(&Name::from("a")));
        assert_eq!(
            Value::Object(good.0).to_string(),
            r#"{"message_type":"x","path":"a"}"#
        );
        let lone = Name::from_units(vec![0x61, 0xD800]);
        let bad = Line::new("x").set_name("path", Some(&lone));
        assert_eq!(
            Value::Object(bad.0).to_string(),
            "{\"message_type\":\"x\",\"path\":\"a\u{fffd}\",\"path_utf16\":[97,55296]}"
        );
        let bytes = Line::new("x").set_bytes("path", b"a\xff");
        assert_eq!(
            Value::Object(bytes.0).to_string(),
            "{\"message_type\":\"x\",\"path\":\"a\u{fffd}\",\"path_bytes\":[97,255]}"
        );
    }
}
