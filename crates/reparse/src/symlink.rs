//! Symbolic links, tag 0xA000000C (MS-FSCC 2.1.2.4).

use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{ReparseError, TargetError};
use crate::header::{self, HEADER_BYTES, MAX_REPARSE_BYTES};
use crate::name_pair::{NameFields, NamePair};
use crate::tag::ReparseTag;
use crate::target::{self, TargetContext, TargetForm};

/// Bit of [`SymbolicLink::flags`]: the target is relative to the directory of the link, or to the
/// root of its volume (MS-FSCC `SYMLINK_FLAG_RELATIVE`).
pub const SYMLINK_FLAG_RELATIVE: u32 = 0x0000_0001;

#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Fixed {
    names: NameFields,
    flags: U32,
}

const _: () = assert!(size_of::<Fixed>() == 12);

/// Bytes before the path buffer, header included.
const PATH_BUFFER_AT: usize = HEADER_BYTES + size_of::<Fixed>();

/// A symbolic link.
///
/// Two values are equal when their encoded bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SymbolicLink {
    reserved: u16,
    flags: u32,
    names: NamePair,
}

impl SymbolicLink {
    /// A relative link: both names are `target`, unchanged, and the relative flag is set.
    ///
    /// # Errors
    /// [`TargetError::TooLong`] when the buffer would be longer than [`MAX_REPARSE_BYTES`].
    pub fn relative(target: &[u16]) -> Result<Self, TargetError> {
        Self::new(target, target, SYMLINK_FLAG_RELATIVE)
    }

    /// An absolute link from its two names, both taken as they are: `print` is shown,
    /// `substitute` (an NT path such as `\??\C:\dir`) is followed.
    ///
    /// # Errors
    /// [`TargetError::TooLong`] when the buffer would be longer than [`MAX_REPARSE_BYTES`].
    pub fn absolute(print: &[u16], substitute: &[u16]) -> Result<Self, TargetError> {
        Self::new(print, substitute, 0)
    }

    /// A link with these names and flags, laid out as Windows does: print name first, substitute
    /// name after it, no NULs.
    ///
    /// # Errors
    /// [`TargetError::TooLong`] when the buffer would be longer than [`MAX_REPARSE_BYTES`].
    pub fn new(print: &[u16], substitute: &[u16], flags: u32) -> Result<Self, TargetError> {
        let length = PATH_BUFFER_AT + 2 * (print.len() + substitute.len());
        let names = NamePair::print_first(substitute, print)
            .filter(|_| length <= MAX_REPARSE_BYTES)
            .ok_or(TargetError::TooLong { length })?;
        Ok(Self {
            reserved: 0,
            flags,
            names,
        })
    }

    /// What `CreateSymbolicLinkW` stores for the target text `text`.
    ///
    /// Relative and rooted texts are stored unchanged as a relative link, even those that Windows
    /// cannot resolve later (forward slashes, `\??\...`). Absolute ones are normalised (slashes
    /// turned, dots collapsed, unless they begin with `\\?\`) and get an NT name as substitute
    /// name; the print name is the text as given. A drive-relative text (`C:name`) is joined with
    /// the drive's current directory in `context` and becomes absolute, with the normalised path
    /// as print name. Names of DOS devices (`NUL`) get no special treatment.
    ///
    /// # Errors
    /// [`TargetError::Empty`], [`TargetError::InteriorNul`], [`TargetError::NeedsDriveDirectory`],
    /// [`TargetError::BadDriveDirectory`] or [`TargetError::TooLong`].
    pub fn from_target_text(
        text: &[u16],
        context: &TargetContext<'_>,
    ) -> Result<Self, TargetError> {
        target::check_text(text)?;
        match TargetForm::of(text) {
            TargetForm::Relative | TargetForm::Rooted => Self::relative(text),
            TargetForm::DriveRelative => {
                let full = target::drive_relative_path(text, context)?;
                Self::absolute(&full, &target::nt_name(&full))
            }
            TargetForm::DriveAbsolute | TargetForm::Unc | TargetForm::Device => {
                Self::absolute(text, &target::nt_name(text))
            }
        }
    }

    /// Decodes a whole buffer that must carry the tag of a symbolic link.
    ///
    /// # Errors
    /// Whatever makes the bytes no symbolic link, with its place.
    pub fn decode(bytes: &[u8]) -> Result<Self, ReparseError> {
        let (head, data) = header::split_tagged(bytes, ReparseTag::SYMLINK)?;
        let (fixed, path_buffer) = Fixed::read_from_prefix(data)
            .map_err(|_| header::truncated(PATH_BUFFER_AT, bytes.len(), HEADER_BYTES))?;
        Ok(Self {
            reserved: head.reserved(),
            flags: fixed.flags.get(),
            names: NamePair::decode(fixed.names, path_buffer, PATH_BUFFER_AT)?,
        })
    }

    /// The buffer, header included.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let data = [
            self.names.fields(),
            &self.flags.to_le_bytes(),
            self.names.path_buffer(),
        ]
        .concat();
        header::join(ReparseTag::SYMLINK, self.reserved, None, &data)
    }

    /// The name that is followed; an NT path for absolute links.
    #[must_use]
    pub fn substitute_name(&self) -> &[u16] {
        self.names.substitute()
    }

    /// The name that is shown to people; may be empty and need not lead to the same place.
    #[must_use]
    pub fn print_name(&self) -> &[u16] {
        self.names.print()
    }

    /// Whether the target is relative (bit 0 of the flags).
    #[must_use]
    pub fn is_relative(&self) -> bool {
        self.flags & SYMLINK_FLAG_RELATIVE != 0
    }

    /// All flag bits as stored. Newer systems keep a trust level in bits 28 and 29.
    #[must_use]
    pub fn flags(&self) -> u32 {
        self.flags
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{NameField, ReparseErrorKind};

    fn u(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    fn make(text: &str) -> SymbolicLink {
        SymbolicLink::from_target_text(&u(text), &TargetContext::default()).unwrap()
    }

    /// `mklink /D dot .` on Windows, as published in winfsp/winfsp#454.
    const DOT: [u8; 24] = [
        0x0C, 0x00, 0x00, 0xA0, 0x10, 0x00, 0x00, 0x00, 0x02, 0x00, 0x02, 0x00, 0x00, 0x00, 0x02,
        0x00, 0x01, 0x00, 0x00, 0x00, 0x2E, 0x00, 0x2E, 0x00,
    ];

    #[test]
    fn published_windows_bytes_are_decoded_and_rebuilt() {
        let link = SymbolicLink::decode(&DOT).unwrap();
        assert_eq!(link.print_name(), u("."));
        assert_eq!(link.substitute_name(), u("."));
        assert!(link.is_relative());
        assert_eq!(make("."), link);
        assert_eq!(make(".").encode(), DOT);
    }

    #[test]
    fn second_published_sample_has_the_stated_fields() {
        // Target `bar` as read from a Windows server: data length 0x18, substitute 6/6, print 0/6.
        let bytes = make("bar").encode();
        assert_eq!(
            bytes[..20],
            [
                0x0C, 0, 0, 0xA0, 0x18, 0, 0, 0, 6, 0, 6, 0, 0, 0, 6, 0, 1, 0, 0, 0
            ]
        );
    }

    #[test]
    fn decision_table_of_target_texts() {
        for text in [
            "x",
            "a\\b",
            ".\\x",
            "..\\x",
            ".",
            "..",
            "\\foo",
            "./x",
            "a/b",
            "\\??\\C:\\x",
            "/x",
            "*?<",
            " x. ",
        ] {
            let link = make(text);
            assert!(link.is_relative(), "{text}");
            assert_eq!(link.substitute_name(), u(text));
            assert_eq!(link.print_name(), u(text));
        }
        for (text, substitute) in [
            ("C:\\a\\b", "\\??\\C:\\a\\b"),
            ("x:\\File", "\\??\\x:\\File"),
            ("C:/a/./b/", "\\??\\C:\\a\\b\\"),
            ("C:\\a\\..\\..\\b", "\\??\\C:\\b"),
            ("\\\\srv\\share\\x", "\\??\\UNC\\srv\\share\\x"),
            ("//srv/share/../x", "\\??\\UNC\\srv\\share\\x"),
            ("\\\\\\srv\\share", "\\??\\UNC\\\\srv\\share"),
            ("\\\\?\\C:\\x", "\\??\\C:\\x"),
            ("\\\\?\\C:\\a\\..\\b/c", "\\??\\C:\\a\\..\\b/c"),
            (
                "\\\\?\\Volume{00000000-0000-0000-0000-000000000000}\\x",
                "\\??\\Volume{00000000-0000-0000-0000-000000000000}\\x",
            ),
            ("\\\\.\\dev", "\\??\\dev"),
        ] {
            let link = make(text);
            assert_eq!(link.flags(), 0, "{text}");
            assert_eq!(
                String::from_utf16_lossy(link.substitute_name()),
                substitute,
                "{text}"
            );
            assert_eq!(link.print_name(), u(text), "{text}");
        }
    }

    #[test]
    fn drive_relative_text_needs_the_directory_of_its_drive() {
        let text = u("C:foo\\..\\bar");
        assert_eq!(
            SymbolicLink::from_target_text(&text, &TargetContext::default()),
            Err(TargetError::NeedsDriveDirectory)
        );
        let directory = u("c:\\work\\dir");
        let context = TargetContext {
            drive_directory: Some(&directory),
        };
        let link = SymbolicLink::from_target_text(&text, &context).unwrap();
        assert_eq!(link.substitute_name(), u("\\??\\c:\\work\\dir\\bar"));
        assert_eq!(link.print_name(), u("c:\\work\\dir\\bar"));
        assert!(!link.is_relative());
        for wrong in ["D:\\work", "work", "C:work", ""] {
            let directory = u(wrong);
            let context = TargetContext {
                drive_directory: Some(&directory),
            };
            assert_eq!(
                SymbolicLink::from_target_text(&text, &context),
                Err(TargetError::BadDriveDirectory),
                "{wrong}"
            );
        }
    }

    #[test]
    fn empty_text_and_nul_are_refused() {
        let context = TargetContext::default();
        assert_eq!(
            SymbolicLink::from_target_text(&[], &context),
            Err(TargetError::Empty)
        );
        assert_eq!(
            SymbolicLink::from_target_text(&[0x61, 0], &context),
            Err(TargetError::InteriorNul { position: 1 })
        );
    }

    #[test]
    fn the_largest_link_fills_the_buffer_and_one_more_unit_is_refused() {
        let most = vec![u16::from(b'x'); 4091];
        let link = SymbolicLink::relative(&most).unwrap();
        assert_eq!(link.encode().len(), MAX_REPARSE_BYTES);
        assert_eq!(SymbolicLink::decode(&link.encode()).unwrap(), link);
        assert_eq!(
            SymbolicLink::relative(&vec![u16::from(b'x'); 4092]),
            Err(TargetError::TooLong { length: 16_388 })
        );
        let huge = vec![1; 100_000];
        assert_eq!(
            SymbolicLink::absolute(&huge, &[]),
            Err(TargetError::TooLong { length: 200_020 })
        );
    }

    #[test]
    fn each_damage_is_told_by_kind_and_place() {
        use ReparseErrorKind as K;
        let damage = |at: usize, byte: u8| {
            let mut bytes = DOT;
            bytes[at] = byte;
            SymbolicLink::decode(&bytes).unwrap_err()
        };
        let cases = [
            (
                damage(0, 3),
                K::WrongTag {
                    expected: ReparseTag::SYMLINK,
                    found: ReparseTag::MOUNT_POINT,
                },
                0,
            ),
            (
                damage(4, 17),
                K::LengthMismatch {
                    declared: 17,
                    actual: 16,
                },
                4,
            ),
            (damage(8, 3), K::NameOutOfBounds(NameField::Substitute), 23),
            (damage(10, 1), K::NameLengthOdd(NameField::Substitute), 22),
            (damage(13, 1), K::NameOutOfBounds(NameField::Print), 276),
            (damage(14, 1), K::NameLengthOdd(NameField::Print), 20),
        ];
        for (error, kind, offset) in cases {
            assert_eq!(error, ReparseError { kind, offset });
        }
        let mut short = DOT[..19].to_vec();
        short[4] = 11;
        assert_eq!(
            SymbolicLink::decode(&short).unwrap_err().kind,
            K::Truncated {
                needed: 20,
                actual: 19
            }
        );
    }

    #[test]
    fn unknown_flags_odd_places_and_bytes_behind_the_names_survive() {
        // Substitute name first with NULs, trust bits, two spare bytes, reserved field set.
        let mut bytes = vec![
            0x0C, 0, 0, 0xA0, 22, 0, 7, 0, 0, 0, 2, 0, 5, 0, 2, 0, 1, 0, 0, 0x20,
        ];
        bytes.extend_from_slice(b"a\0\0\0\0b\0xyz");
        let link = SymbolicLink::decode(&bytes).unwrap();
        assert_eq!(link.flags(), 0x2000_0001);
        assert_eq!(link.substitute_name(), u("a"));
        assert_eq!(link.print_name(), u("b"));
        assert_eq!(link.encode(), bytes);
    }
}
