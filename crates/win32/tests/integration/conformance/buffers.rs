//! Buffers that go to DeviceIoControl, in words:
//! `symlink:TARGET`, `symlinkraw:SUBSTITUTE:FLAGS`, `junction:PATH`,
//! `junctionnoprint:PATH`, `tag:TAG:HEX`, `guid:TAG:N:HEX`, `hex:HEX`, `big:N`,
//! `empty`.

use linkwright_reparse::{MountPoint, SymbolicLink, TargetContext};

use super::steps::Word;
use super::world::number;

/// The bytes that a word stands for.
pub(crate) fn input(word: &Word) -> Result<Vec<u8>, String> {
    if word.is("empty") {
        return Ok(Vec::new());
    }
    let (kind, rest) = word.raw.split_once(':').ok_or("no such buffer")?;
    let head = kind.len() + 1;
    let units = word.units.get(head..).unwrap_or_default();
    match kind {
        "symlink" => {
            let link = SymbolicLink::from_target_text(units, &TargetContext::default());
            Ok(link.map_err(|error| error.to_string())?.encode())
        }
        "symlinkraw" => {
            let (text, flags) = split_last(units).ok_or("symlinkraw:TEXT:FLAGS")?;
            Ok(symlink_bytes(text, number(&flags)?))
        }
        "junction" => {
            let point = MountPoint::junction(units).map_err(|error| error.to_string())?;
            Ok(point.encode())
        }
        "junctionnoprint" => {
            let nt: Vec<u16> = r"\??\"
                .encode_utf16()
                .chain(units.iter().copied())
                .collect();
            Ok(junction_bytes(&nt))
        }
        "tag" => {
            let (tag, data) = rest.split_once(':').ok_or("tag:TAG:HEX")?;
            Ok(header(number(tag)?, &[], &hex(data)?))
        }
        "guid" => {
            let (tag, rest) = rest.split_once(':').ok_or("guid:TAG:N:HEX")?;
            let (guid, data) = rest.split_once(':').ok_or("guid:TAG:N:HEX")?;
            let byte = guid.parse().map_err(|_| "N is a byte")?;
            Ok(header(number(tag)?, &[byte; 16], &hex(data)?))
        }
        "hex" => hex(rest),
        "big" => {
            let length = usize::try_from(number(rest)?).map_err(|error| error.to_string())?;
            let mut bytes = header(0x123, &[7; 16], &vec![0x55; length.saturating_sub(24)]);
            bytes.resize(length, 0x55);
            Ok(bytes)
        }
        _ => Err(format!("{kind} is no buffer")),
    }
}

fn split_last(units: &[u16]) -> Option<(&[u16], String)> {
    let at = units.iter().rposition(|&unit| unit == u16::from(b':'))?;
    Some((&units[..at], String::from_utf16_lossy(&units[at + 1..])))
}

/// Tag, data length, reserved, perhaps a GUID, data. A length that does not fit
/// its field is cut, as a program would.
fn header(tag: u32, guid: &[u8], data: &[u8]) -> Vec<u8> {
    let length = (data.len() & 0xFFFF) as u16;
    [
        &tag.to_le_bytes(),
        length.to_le_bytes().as_slice(),
        &[0, 0],
        guid,
        data,
    ]
    .concat()
}

fn le(units: &[u16]) -> Vec<u8> {
    units.iter().flat_map(|unit| unit.to_le_bytes()).collect()
}

/// A symbolic link whose names hold whatever the text is.
fn symlink_bytes(text: &[u16], flags: u32) -> Vec<u8> {
    let name = le(text);
    let length = (name.len() as u16).to_le_bytes();
    let data = [
        length.as_slice(),
        &length,
        &[0, 0],
        &length,
        &flags.to_le_bytes(),
        &name,
        &name,
    ];
    header(0xA000_000C, &[], &data.concat())
}

/// A junction without a print name, as PowerShell makes it.
fn junction_bytes(substitute: &[u16]) -> Vec<u8> {
    let name = le(substitute);
    let length = (name.len() as u16).to_le_bytes();
    let print = (name.len() as u16 + 2).to_le_bytes();
    let data = [
        &[0, 0],
        length.as_slice(),
        &print,
        &[0, 0],
        &name,
        &[0, 0, 0, 0],
    ];
    header(0xA000_0003, &[], &data.concat())
}

/// Bytes from hexadecimal digits.
pub(crate) fn hex(text: &str) -> Result<Vec<u8>, String> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return Err(format!("{text:?} is not hexadecimal"));
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16))
        .collect::<Result<_, _>>()
        .map_err(|_| format!("{text:?} is not hexadecimal"))
}

/// Hexadecimal digits from bytes.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
