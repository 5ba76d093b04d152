//! The restart pages of an open volume: "LFS 2.0, not clean".

use linkwright_ntfs_format::log::{
    ClientRecord, LogVersion, NO_CLIENT, NTFS_CLIENT, PAGE_SIZE, RESTART_SIGNATURE, RestartArea,
    RestartFlags, RestartPage, RestartPageHeader,
};
use zerocopy::little_endian::{U16, U32, U64};

use super::layout::HEAD;
use crate::error::{Place, Result};

/// Sequence number in the LSNs of the pages: any but 0.
const LSN_SEQUENCE: u64 = 4;

/// Both restart pages for a log of `len` bytes. They say what Windows 8 and
/// later say of a mounted volume; ntfs-3g then refuses to write, and ntfs3 to
/// mount (docs/design/journal.md).
pub(super) fn pages(len: u64) -> Result<Vec<u8>> {
    // An LSN holds the offset in units of 8 bytes in its low bits. The log's
    // length itself, a power of two or not, must fit them: ntfs-3g takes a
    // page with another number for none, and throws the log away.
    let offset_bits = 64 - len.leading_zeros();
    let lsn = LSN_SEQUENCE << (offset_bits - 3);
    let mut name = [U16::ZERO; 64];
    for (to, from) in name.iter_mut().zip(NTFS_CLIENT) {
        *to = U16::new(from);
    }
    let page_size = U32::new(u32::try_from(PAGE_SIZE).unwrap_or(4096));
    let page = RestartPage {
        header: RestartPageHeader {
            signature: RESTART_SIGNATURE,
            // Offsets and lengths are filled in by the encoder.
            usa_offset: U16::ZERO,
            usa_count: U16::ZERO,
            chkdsk_lsn: U64::ZERO,
            system_page_size: page_size,
            log_page_size: page_size,
            restart_offset: U16::ZERO,
            minor: U16::new(LogVersion::V2_0.minor),
            major: U16::new(LogVersion::V2_0.major),
        },
        area: RestartArea {
            current_lsn: U64::new(lsn),
            client_count: U16::new(1),
            client_free: U16::new(NO_CLIENT),
            client_in_use: U16::ZERO,
            flags: U16::new(RestartFlags::empty().bits()),
            sequence_bits: U32::new(67 - offset_bits),
            length: U16::ZERO,
            clients_offset: U16::ZERO,
            file_size: U64::new(len),
            last_data_length: U32::ZERO,
            record_header_length: U16::new(0x30),
            page_data_offset: U16::new(0x40),
            open_count: U32::new(1),
            reserved: U32::ZERO,
        },
        clients: vec![ClientRecord {
            oldest_lsn: U64::new(lsn),
            restart_lsn: U64::new(lsn),
            previous: U16::new(NO_CLIENT),
            next: U16::new(NO_CLIENT),
            sequence: U16::ZERO,
            reserved: [0; 6],
            name_length: U32::new(8),
            name,
        }],
    };
    let mut bytes = Vec::with_capacity(HEAD);
    for previous in 0..2 {
        bytes.extend(
            page.encode(previous)
                .map_err(|e| Place::default().format(e))?,
        );
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use linkwright_ntfs_format::log::LogState;

    #[test]
    fn sequence_numbers_have_the_bits_that_windows_gives_them() {
        // Logs of two volumes by Windows 10 and one by Windows 7.
        for (len, bits) in [(0x20_0000, 0x2D), (0x8A_0000, 0x2B), (0x167_8000, 0x2A)] {
            let page = RestartPage::decode(&pages(len).unwrap()).unwrap();
            assert_eq!(page.area.sequence_bits.get(), bits, "{len:#x}");
        }
    }

    #[test]
    fn they_say_that_the_volume_is_in_use() {
        for len in [256 << 10, 2 << 20, (64 << 20) - 4096] {
            assert_eq!(
                LogState::of(&pages(len).unwrap()),
                LogState::NotClean(LogVersion::V2_0)
            );
        }
    }
}
