//! Junctions and volume mount points, tag 0xA0000003 (MS-FSCC 2.1.2.5).

use linkwright_names::path::normalise;
use zerocopy::FromBytes;

use crate::error::{ReparseError, TargetError};
use crate::header::{self, HEADER_BYTES, MAX_REPARSE_BYTES};
use crate::name_pair::{NameFields, NamePair};
use crate::tag::ReparseTag;
use crate::target::{self, SEPARATOR, TargetForm};

/// Bytes before the path buffer, header included.
const PATH_BUFFER_AT: usize = HEADER_BYTES + size_of::<NameFields>();

/// A junction or a volume mount point.
///
/// Two values are equal when their encoded bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountPoint {
    reserved: u16,
    names: NamePair,
}

impl MountPoint {
    /// A junction as `mklink /J` makes it, to a path with a drive letter (`C:\dir`) or one that
    /// begins with `\\?\` and names a drive or volume.
    ///
    /// The path is normalised and loses a trailing separator unless it is a root: such a
    /// separator breaks traversal where the target is itself a link (libuv/libuv#3329).
    ///
    /// # Errors
    /// [`TargetError::NotAbsolute`], [`TargetError::NotLocal`] for network paths,
    /// [`TargetError::Empty`], [`TargetError::InteriorNul`] or [`TargetError::TooLong`].
    pub fn junction(path: &[u16]) -> Result<Self, TargetError> {
        target::check_text(path)?;
        let print = match TargetForm::of(path) {
            TargetForm::DriveAbsolute => normalise(path),
            TargetForm::Device if target::is_verbatim(path) => local_verbatim(path)?,
            TargetForm::Unc => return Err(TargetError::NotLocal),
            _ => return Err(TargetError::NotAbsolute),
        };
        let print = without_trailing_separator(&print);
        Self::new(&target::nt_name(print), print)
    }

    /// A volume mount point: `\??\Volume{guid}\` as substitute name, no print name.
    ///
    /// `guid` is in the byte order of the GUID structure (first three fields little-endian).
    ///
    /// # Errors
    /// None in practice: the names have a fixed length that fits.
    pub fn volume(guid: [u8; 16]) -> Result<Self, TargetError> {
        let name = format!(r"\??\Volume{}\", guid_text(guid));
        Self::new(&name.encode_utf16().collect::<Vec<u16>>(), &[])
    }

    /// A mount point with these names, laid out as Windows does: substitute name, NUL, print
    /// name, NUL.
    ///
    /// # Errors
    /// [`TargetError::TooLong`] when the buffer would be longer than [`MAX_REPARSE_BYTES`].
    pub fn new(substitute: &[u16], print: &[u16]) -> Result<Self, TargetError> {
        let length = PATH_BUFFER_AT + 2 * (substitute.len() + print.len() + 2);
        let names = NamePair::substitute_first_with_nuls(substitute, print)
            .filter(|_| length <= MAX_REPARSE_BYTES)
            .ok_or(TargetError::TooLong { length })?;
        Ok(Self { reserved: 0, names })
    }

    /// Decodes a whole buffer that must carry the tag of a mount point.
    ///
    /// # Errors
    /// Whatever makes the bytes no mount point, with its place.
    pub fn decode(bytes: &[u8]) -> Result<Self, ReparseError> {
        let (head, data) = header::split_tagged(bytes, ReparseTag::MOUNT_POINT)?;
        let (fields, path_buffer) = NameFields::read_from_prefix(data)
            .map_err(|_| header::truncated(PATH_BUFFER_AT, bytes.len(), HEADER_BYTES))?;
        Ok(Self {
            reserved: head.reserved(),
            names: NamePair::decode(fields, path_buffer, PATH_BUFFER_AT)?,
        })
    }

    /// The buffer, header included.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let data = [self.names.fields(), self.names.path_buffer()].concat();
        header::join(ReparseTag::MOUNT_POINT, self.reserved, None, &data)
    }

    /// The NT path that is followed.
    #[must_use]
    pub fn substitute_name(&self) -> &[u16] {
        self.names.substitute()
    }

    /// The name that is shown to people; empty in volume mount points and some tools' junctions.
    #[must_use]
    pub fn print_name(&self) -> &[u16] {
        self.names.print()
    }

    /// Whether the substitute name is `\??\Volume{...}\`, that is, the root of a volume.
    #[must_use]
    pub fn is_volume(&self) -> bool {
        let name = String::from_utf16_lossy(self.substitute_name());
        name.strip_prefix(r"\??\Volume{")
            .and_then(|rest| rest.strip_suffix(r"}\"))
            .is_some_and(|guid| !guid.contains('\\'))
    }
}

/// `\\?\X:\...` or `\\?\Volume{...}\...`; everything else under `\\?\` is no local directory.
fn local_verbatim(path: &[u16]) -> Result<Vec<u16>, TargetError> {
    let rest = path.get(4..).unwrap_or_default();
    let text = String::from_utf16_lossy(rest).to_ascii_lowercase();
    if TargetForm::of(rest) == TargetForm::DriveAbsolute || text.starts_with("volume{") {
        Ok(path.to_vec())
    } else if text.starts_with(r"unc\") {
        Err(TargetError::NotLocal)
    } else {
        Err(TargetError::NotAbsolute)
    }
}

fn without_trailing_separator(path: &[u16]) -> &[u16] {
    match path {
        // `X:\` and `Volume{...}\` name roots: there the separator has a meaning.
        [.., before, SEPARATOR] if ![b':', b'}', b'\\'].map(u16::from).contains(before) => {
            path.split_last().map_or(path, |(_, head)| head)
        }
        _ => path,
    }
}

/// `{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}` of a GUID in structure order.
fn guid_text(guid: [u8; 16]) -> String {
    let [a, b, c, d, e, f, g, h, i, j, rest @ ..] = guid;
    let first = u32::from_le_bytes([a, b, c, d]);
    let second = u16::from_le_bytes([e, f]);
    let third = u16::from_le_bytes([g, h]);
    let node: String = rest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{{{first:08x}-{second:04x}-{third:04x}-{i:02x}{j:02x}-{node}}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn u(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn junction_layout_matches_the_published_numbers() {
        // libuv/libuv#3329: substitute 0/74, print 76/66.
        let path = format!("C:\\{}", "x".repeat(30));
        let bytes = MountPoint::junction(&u(&path)).unwrap().encode();
        let numbers = header::units(&bytes[8..16]);
        assert_eq!(numbers, [0, 74, 76, 66]);
        assert_eq!(usize::from(bytes[4]), bytes.len() - 8);
        assert_eq!(bytes.len(), 8 + 74 + 66 + 12);
    }

    #[test]
    fn junction_targets() {
        for (path, substitute, print) in [
            ("C:\\a\\b", "\\??\\C:\\a\\b", "C:\\a\\b"),
            ("c:/a/../b/", "\\??\\c:\\b", "c:\\b"),
            ("C:\\", "\\??\\C:\\", "C:\\"),
            ("\\\\?\\C:\\a", "\\??\\C:\\a", "\\\\?\\C:\\a"),
            (
                "\\\\?\\Volume{1}\\",
                "\\??\\Volume{1}\\",
                "\\\\?\\Volume{1}\\",
            ),
        ] {
            let junction = MountPoint::junction(&u(path)).unwrap();
            assert_eq!(junction.substitute_name(), u(substitute), "{path}");
            assert_eq!(junction.print_name(), u(print), "{path}");
        }
        for (path, error) in [
            ("a", TargetError::NotAbsolute),
            ("\\a", TargetError::NotAbsolute),
            ("C:a", TargetError::NotAbsolute),
            ("\\\\.\\x", TargetError::NotAbsolute),
            ("\\\\?\\GLOBALROOT\\x", TargetError::NotAbsolute),
            ("\\\\s\\h\\x", TargetError::NotLocal),
            ("\\\\?\\UNC\\s\\h", TargetError::NotLocal),
            ("", TargetError::Empty),
        ] {
            assert_eq!(MountPoint::junction(&u(path)), Err(error), "{path}");
        }
    }

    #[test]
    fn volume_mount_points_name_the_guid_and_keep_the_backslash() {
        let guid = [
            0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd,
            0xee, 0xff,
        ];
        let mount = MountPoint::volume(guid).unwrap();
        assert_eq!(
            mount.substitute_name(),
            u("\\??\\Volume{00112233-4455-6677-8899-aabbccddeeff}\\")
        );
        assert!(mount.print_name().is_empty());
        assert!(mount.is_volume());
        assert!(!MountPoint::junction(&u("C:\\x")).unwrap().is_volume());
        assert_eq!(MountPoint::decode(&mount.encode()).unwrap(), mount);
    }

    #[test]
    fn the_limit_counts_the_whole_buffer() {
        let path = format!("C:\\{}", "x".repeat(4085));
        let junction = MountPoint::junction(&u(&path)).unwrap();
        assert_eq!(junction.encode().len(), MAX_REPARSE_BYTES - 4);
        let path = format!("C:\\{}", "x".repeat(4087));
        assert_eq!(
            MountPoint::junction(&u(&path)),
            Err(TargetError::TooLong { length: 16_388 })
        );
    }
}
