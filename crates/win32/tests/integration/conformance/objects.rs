//! Functions on handles: information, controls, searches, sections.

use linkwright_win32::constants as c;
use linkwright_win32::{Handle, NtStatus};

use super::buffers::hex;
use super::calls::{Answer, Trouble, done, named, opened, text, wide};
use super::steps::Word;
use super::world::{World, number};

/// Calls a function.
pub(crate) fn call(world: &mut World, verb: &str, words: &[Word]) -> Answer {
    let system = world.system()?;
    match (verb, words) {
        ("NtSetInformationFile", [handle, class, rest @ ..]) => {
            let handle = world.handle(handle)?;
            let (class, buffer) = name_information(world, class, rest)?;
            status(system.nt_set_information_file(handle, class, &buffer))
        }
        ("MoveFileExW", [existing, new, flags]) => {
            let flags = named(
                &flags.raw,
                &[
                    ("MOVEFILE_REPLACE_EXISTING", c::MOVEFILE_REPLACE_EXISTING),
                    ("MOVEFILE_COPY_ALLOWED", c::MOVEFILE_COPY_ALLOWED),
                ],
            )?;
            done(system.move_file_ex_w(wide(existing), wide(new), flags))
        }
        ("CreateImageSection", [handle]) => {
            let protection = c::PAGE_EXECUTE_READ | c::SEC_IMAGE;
            opened(system.create_file_mapping_w(world.handle(handle)?, protection))
        }
        _ => Err(format!("{verb} with {} arguments", words.len()).into()),
    }
}

fn status(status: NtStatus) -> Answer {
    match status.is_error() || status.to_win32().0 != 0 {
        true => Err(Trouble::Status(status)),
        false => text(status_name(status)),
    }
}

/// `STATUS_...`.
pub(crate) fn status_name(status: NtStatus) -> String {
    let name = status.name().unwrap_or("UNKNOWN");
    match name.starts_with("STATUS_") {
        true => name.to_owned(),
        false => format!("STATUS_{name}"),
    }
}

/// FILE_LINK_INFORMATION(_EX) and FILE_RENAME_INFORMATION(_EX):
/// `NAME [replace] [root=$h] [flags=...]`, or `raw=hex:...`.
fn name_information(world: &World, class: &Word, words: &[Word]) -> Result<(u32, Vec<u8>), String> {
    let class = match class.raw.as_str() {
        "FileLinkInformation" => c::FILE_LINK_INFORMATION,
        "FileLinkInformationEx" => c::FILE_LINK_INFORMATION_EX,
        "FileRenameInformation" => c::FILE_RENAME_INFORMATION,
        "FileRenameInformationEx" => c::FILE_RENAME_INFORMATION_EX,
        other => return Err(format!("the class {other} is not known here")),
    };
    let (name, options) = words.split_first().ok_or("no name")?;
    if let Some(raw) = name.value_of("raw") {
        return Ok((class, hex(raw.trim_start_matches("hex:"))?));
    }
    let (mut flags, mut root) = (0, 0);
    for option in options {
        if option.is("replace") {
            flags |= c::FILE_LINK_REPLACE_IF_EXISTS;
        } else if let Some(value) = option.value_of("flags") {
            flags |= named(
                value,
                &[
                    ("REPLACE_IF_EXISTS", c::FILE_LINK_REPLACE_IF_EXISTS),
                    ("POSIX_SEMANTICS", c::FILE_LINK_POSIX_SEMANTICS),
                    (
                        "IGNORE_READONLY_ATTRIBUTE",
                        c::FILE_LINK_IGNORE_READONLY_ATTRIBUTE,
                    ),
                ],
            )?;
        } else if let Some(value) = option.value_of("root") {
            root = root_handle(world, value)?.value();
        } else {
            return Err(format!("{} is not understood", option.raw));
        }
    }
    let text: Vec<u8> = name.units.iter().flat_map(|u| u.to_le_bytes()).collect();
    let length = u32::try_from(text.len()).map_err(|error| error.to_string())?;
    let mut bytes = flags.to_le_bytes().to_vec();
    bytes.extend([0; 4]);
    bytes.extend(root.to_le_bytes());
    bytes.extend(length.to_le_bytes());
    bytes.extend(text);
    // The structure with its padding.
    bytes.resize(bytes.len().max(24), 0);
    Ok((class, bytes))
}

fn root_handle(world: &World, text: &str) -> Result<Handle, String> {
    if text.starts_with('$') {
        let words = super::steps::words(text)?;
        return world.handle(words.first().ok_or("no handle")?);
    }
    number(text).map(|value| Handle::from_value(u64::from(value)))
}
