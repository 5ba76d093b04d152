//! `FormatMessage` for system codes.

use linkwright_codes::Win32Error;

use crate::constants::{
    FORMAT_MESSAGE_ARGUMENT_ARRAY, FORMAT_MESSAGE_FROM_SYSTEM, FORMAT_MESSAGE_IGNORE_INSERTS,
    FORMAT_MESSAGE_MAX_WIDTH_MASK,
};
use crate::{System, Win32Result};

/// Texts that people know from Windows; the other codes have those of
/// [`Win32Error::text`].
const KNOWN_TEXTS: [(u32, &str); 12] = [
    (0, "The operation completed successfully."),
    (1, "Incorrect function."),
    (2, "The system cannot find the file specified."),
    (3, "The system cannot find the path specified."),
    (5, "Access is denied."),
    (
        17,
        "The system cannot move the file to a different disk drive.",
    ),
    (50, "The request is not supported."),
    (87, "The parameter is incorrect."),
    (
        123,
        "The filename, directory name, or volume label syntax is incorrect.",
    ),
    (183, "Cannot create a file when that file already exists."),
    (
        1142,
        "An attempt was made to create more links on a file than the file system supports.",
    ),
    (4390, "The file or directory is not a reparse point."),
];

impl System {
    /// `FormatMessageW` with FORMAT_MESSAGE_FROM_SYSTEM: the text of a code, with
    /// its line end, or with a space instead where FORMAT_MESSAGE_MAX_WIDTH_MASK
    /// asks for no line ends. How many units it has, without the NUL.
    ///
    /// # Errors
    /// ERROR_MR_MID_NOT_FOUND for a code without a text;
    /// ERROR_INSUFFICIENT_BUFFER; ERROR_INVALID_PARAMETER for other sources of
    /// texts.
    pub fn format_message_w(&self, flags: u32, code: u32, buffer: &mut [u16]) -> Win32Result<u32> {
        self.remember(message(flags, code).and_then(|text| put(&text, buffer)))
    }

    /// `FormatMessageA`: the same in the ANSI code page.
    ///
    /// # Errors
    /// As [`System::format_message_w`].
    pub fn format_message_a(&self, flags: u32, code: u32, buffer: &mut [u8]) -> Win32Result<u32> {
        let page = self.process.code_page;
        self.remember(message(flags, code).and_then(|text| put(&page.encode(&text), buffer)))
    }
}

fn message(flags: u32, code: u32) -> Win32Result<Vec<u16>> {
    let known = FORMAT_MESSAGE_FROM_SYSTEM
        | FORMAT_MESSAGE_IGNORE_INSERTS
        | FORMAT_MESSAGE_ARGUMENT_ARRAY
        | FORMAT_MESSAGE_MAX_WIDTH_MASK;
    if flags & FORMAT_MESSAGE_FROM_SYSTEM == 0 || flags & !known != 0 {
        return Err(Win32Error::INVALID_PARAMETER);
    }
    let known = KNOWN_TEXTS.iter().find(|(number, _)| *number == code);
    let text = known
        .map(|(_, text)| *text)
        .or_else(|| Win32Error(code).text())
        .ok_or(Win32Error::MR_MID_NOT_FOUND)?;
    let no_breaks = flags & FORMAT_MESSAGE_MAX_WIDTH_MASK == FORMAT_MESSAGE_MAX_WIDTH_MASK;
    let end = if no_breaks { " " } else { "\r\n" };
    Ok(text.encode_utf16().chain(end.encode_utf16()).collect())
}

fn put<T: Copy + Default>(text: &[T], buffer: &mut [T]) -> Win32Result<u32> {
    if buffer.len() <= text.len() {
        return Err(Win32Error::INSUFFICIENT_BUFFER);
    }
    let with_end = text.iter().copied().chain([T::default()]);
    for (to, from) in buffer.iter_mut().zip(with_end) {
        *to = from;
    }
    u32::try_from(text.len()).map_err(|_| Win32Error::INSUFFICIENT_BUFFER)
}
