//! `name:stream:$TYPE`: the last component of a path (MS-FSCC 2.1.5).

use std::fmt;

use super::{BACKSLASH, COLON, SLASH};
use crate::validity::{MAX_COMPONENT_UNITS, eq_ascii};

/// The type part of a stream name: the attribute types that NTFS lets be named
/// (MS-FSCC 2.1.5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the attribute of that name")]
pub enum StreamType {
    StandardInformation,
    AttributeList,
    FileName,
    ObjectId,
    SecurityDescriptor,
    VolumeName,
    VolumeInformation,
    Data,
    IndexRoot,
    IndexAllocation,
    Bitmap,
    ReparsePoint,
    EaInformation,
    Ea,
    LoggedUtilityStream,
}

impl StreamType {
    /// Every type.
    pub const ALL: [Self; 15] = [
        Self::StandardInformation,
        Self::AttributeList,
        Self::FileName,
        Self::ObjectId,
        Self::SecurityDescriptor,
        Self::VolumeName,
        Self::VolumeInformation,
        Self::Data,
        Self::IndexRoot,
        Self::IndexAllocation,
        Self::Bitmap,
        Self::ReparsePoint,
        Self::EaInformation,
        Self::Ea,
        Self::LoggedUtilityStream,
    ];

    /// The name, with its `$`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::StandardInformation => "$STANDARD_INFORMATION",
            Self::AttributeList => "$ATTRIBUTE_LIST",
            Self::FileName => "$FILE_NAME",
            Self::ObjectId => "$OBJECT_ID",
            Self::SecurityDescriptor => "$SECURITY_DESCRIPTOR",
            Self::VolumeName => "$VOLUME_NAME",
            Self::VolumeInformation => "$VOLUME_INFORMATION",
            Self::Data => "$DATA",
            Self::IndexRoot => "$INDEX_ROOT",
            Self::IndexAllocation => "$INDEX_ALLOCATION",
            Self::Bitmap => "$BITMAP",
            Self::ReparsePoint => "$REPARSE_POINT",
            Self::EaInformation => "$EA_INFORMATION",
            Self::Ea => "$EA",
            Self::LoggedUtilityStream => "$LOGGED_UTILITY_STREAM",
        }
    }

    /// The type of that name, in either case.
    #[must_use]
    pub fn parse(name: &[u16]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| eq_ascii(name, kind.name().as_bytes()))
    }
}

impl fmt::Display for StreamType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A component taken apart. Whether the name part is a good name is a question for
/// [`check_ntfs_component`](crate::check_ntfs_component).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamSpec<'a> {
    /// The file; empty in `:stream`, which is a stream of the directory itself.
    pub file: &'a [u16],
    /// The stream; empty for the unnamed one.
    pub stream: &'a [u16],
    /// The type, if it was written; `$DATA` is meant if not.
    pub stream_type: Option<StreamType>,
}

/// A component whose stream part is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StreamNameError {
    /// `name:`, or `name::` without a type.
    #[error("the stream name is empty")]
    Empty,
    /// More than [`MAX_COMPONENT_UNITS`].
    #[error("the stream name is {units} units long, the limit is {MAX_COMPONENT_UNITS}")]
    TooLong {
        /// Length in units.
        units: usize,
    },
    /// NUL, `/`, `\` or `:` in a stream name.
    #[error("the stream name contains U+{unit:04X} at unit {index}")]
    IllegalCharacter {
        /// The unit.
        unit: u16,
        /// Where in the stream name.
        index: usize,
    },
    /// A type that NTFS does not have.
    #[error("there is no such stream type")]
    UnknownType,
    /// A third colon.
    #[error("there are more than two colons")]
    TooManyParts,
}

impl<'a> StreamSpec<'a> {
    /// Takes a component apart at its colons. A component without one is a file.
    ///
    /// # Errors
    /// [`StreamNameError`].
    pub fn parse(component: &'a [u16]) -> Result<Self, StreamNameError> {
        let mut parts = component.splitn(4, |&u| u == COLON);
        let file = parts.next().unwrap_or_default();
        let (stream, type_name) = (parts.next(), parts.next());
        if parts.next().is_some() {
            return Err(StreamNameError::TooManyParts);
        }
        let stream_type = match type_name {
            Some(name) => Some(StreamType::parse(name).ok_or(match name {
                [] => StreamNameError::Empty,
                _ => StreamNameError::UnknownType,
            })?),
            None => None,
        };
        match (stream, stream_type) {
            (None, _) | (Some([]), Some(_)) => {}
            (Some(name), _) => check_stream_name(name)?,
        }
        Ok(Self {
            file,
            stream: stream.unwrap_or_default(),
            stream_type,
        })
    }

    /// Whether this is the file itself: its unnamed data, or a name without a stream
    /// part. `file` and `file::$DATA` both are.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.stream.is_empty() && matches!(self.stream_type, None | Some(StreamType::Data))
    }
}

/// Whether a named stream can have this name: 1 to 255 units, none of them NUL, `/`,
/// `\` or `:` (MS-FSCC 2.1.5.3).
///
/// # Errors
/// [`StreamNameError::Empty`], [`StreamNameError::TooLong`],
/// [`StreamNameError::IllegalCharacter`].
pub fn check_stream_name(name: &[u16]) -> Result<(), StreamNameError> {
    if name.is_empty() {
        return Err(StreamNameError::Empty);
    }
    if name.len() > MAX_COMPONENT_UNITS {
        return Err(StreamNameError::TooLong { units: name.len() });
    }
    let illegal = |&(_, &unit): &(usize, &u16)| matches!(unit, 0 | SLASH | BACKSLASH | COLON);
    match name.iter().enumerate().find(illegal) {
        Some((index, &unit)) => Err(StreamNameError::IllegalCharacter { unit, index }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    fn parse(text: &str) -> Result<(String, String, Option<StreamType>), StreamNameError> {
        let component = units(text);
        StreamSpec::parse(&component).map(|spec| {
            let text = String::from_utf16_lossy;
            (text(spec.file), text(spec.stream), spec.stream_type)
        })
    }

    #[test]
    fn parts() {
        let is = |file: &str, stream: &str, kind| Ok((file.into(), stream.into(), kind));
        assert_eq!(parse("f"), is("f", "", None));
        assert_eq!(parse("f:s"), is("f", "s", None));
        assert_eq!(parse("f:s:$DATA"), is("f", "s", Some(StreamType::Data)));
        assert_eq!(parse("f::$data"), is("f", "", Some(StreamType::Data)));
        assert_eq!(
            parse("d:$I30:$Index_Allocation"),
            is("d", "$I30", Some(StreamType::IndexAllocation))
        );
        assert_eq!(parse(":s"), is("", "s", None));
        assert_eq!(parse("f:$DATA"), is("f", "$DATA", None));
        assert_eq!(parse("f:a*?<>|\u{1}"), is("f", "a*?<>|\u{1}", None));
    }

    #[test]
    fn refusals() {
        assert_eq!(parse("f:"), Err(StreamNameError::Empty));
        assert_eq!(parse("f::"), Err(StreamNameError::Empty));
        assert_eq!(parse("f:s:"), Err(StreamNameError::Empty));
        assert_eq!(parse("f:s:x"), Err(StreamNameError::UnknownType));
        assert_eq!(parse("f:s:$DATA:x"), Err(StreamNameError::TooManyParts));
        assert_eq!(
            parse("f:a\\b"),
            Err(StreamNameError::IllegalCharacter {
                unit: BACKSLASH,
                index: 1
            })
        );
        assert_eq!(
            parse("f:\0"),
            Err(StreamNameError::IllegalCharacter { unit: 0, index: 0 })
        );
        assert!(parse(&format!("f:{}", "s".repeat(255))).is_ok());
        assert_eq!(
            parse(&format!("f:{}", "s".repeat(256))),
            Err(StreamNameError::TooLong { units: 256 })
        );
    }

    #[test]
    fn the_file_itself() {
        for (text, default) in [
            ("f", true),
            ("f::$DATA", true),
            ("f:s", false),
            ("f:s:$DATA", false),
            ("f::$BITMAP", false),
        ] {
            assert_eq!(
                StreamSpec::parse(&units(text)).unwrap().is_default(),
                default,
                "{text}"
            );
        }
    }

    #[test]
    fn types_by_name() {
        for kind in StreamType::ALL {
            assert_eq!(
                StreamType::parse(&units(&kind.to_string().to_lowercase())),
                Some(kind)
            );
        }
        assert_eq!(StreamType::parse(&units("DATA")), None);
    }
}
