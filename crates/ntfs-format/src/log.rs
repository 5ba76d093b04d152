//! `$LogFile`: restart pages, the header of record pages, and what state the
//! log is in.
//!
//! The two restart pages at the start of the log are written in turn, so that
//! one of them is whole whatever happens; the newer one counts. LFS 1.1 follows
//! them with two tail pages, LFS 2.0 (Windows 8 and later, while mounted) with
//! 32 fast-copy pages. Sources: libfsntfs documentation, "$LogFile"; versions
//! and the clean flag: M. Suhanov, dfir.ru 2019-02-16, and logs that Windows
//! 7 and 10 wrote.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{FormatError, FormatErrorKind};
use crate::{fixup, num};

/// Signature of a restart page.
pub const RESTART_SIGNATURE: [u8; 4] = *b"RSTR";
/// Signature of a restart page that chkdsk has written.
pub const CHKDSK_SIGNATURE: [u8; 4] = *b"CHKD";
/// Signature of a record page.
pub const RECORD_PAGE_SIGNATURE: [u8; 4] = *b"RCRD";
/// Page size of every log that Windows makes.
pub const PAGE_SIZE: usize = 4096;
/// The byte that fills an empty log.
pub const EMPTY_FILL: u8 = 0xFF;
/// "No client", at the end of the client lists.
pub const NO_CLIENT: u16 = 0xFFFF;
/// Name of NTFS' own client record.
pub const NTFS_CLIENT: [u16; 4] = [b'N' as u16, b'T' as u16, b'F' as u16, b'S' as u16];

const MIN_PAGE_SIZE: u32 = 512;
const MAX_PAGE_SIZE: u32 = 65_536;
/// Client records a restart page is searched for; Windows has one.
const MAX_CLIENTS: u16 = 64;
/// Update sequence array of a restart page.
const RESTART_USA_OFFSET: u16 = 0x1E;
/// Restart area of a 4 KiB page, behind the update sequence array.
const RESTART_AREA_OFFSET: u16 = 0x30;
/// Client array from the start of the restart area.
const CLIENT_ARRAY_OFFSET: u16 = 0x40;

bitflags::bitflags! {
    /// Flags of a restart area.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct RestartFlags: u16 {
        /// Log pages are written one at a time.
        const SINGLE_PAGE_IO = 0x0001;
        /// The volume was dismounted and nothing waits in the log.
        const CLEAN = 0x0002;
        const _ = !0;
    }
}

/// Version of the log file service: (major, minor).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogVersion {
    /// 1 or 2.
    pub major: u16,
    /// 1 for 1.1, 0 for 2.0.
    pub minor: u16,
}

impl LogVersion {
    /// The version of dismounted volumes and of Windows before 8.
    pub const V1_1: Self = Self { major: 1, minor: 1 };
    /// The version Windows 8 and later use while a volume is mounted.
    pub const V2_0: Self = Self { major: 2, minor: 0 };
}

/// The fixed start of a restart page.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct RestartPageHeader {
    /// [`RESTART_SIGNATURE`] or [`CHKDSK_SIGNATURE`].
    pub signature: [u8; 4],
    /// Offset of the update sequence array.
    pub usa_offset: U16,
    /// Entries of the update sequence array.
    pub usa_count: U16,
    /// Last LSN chkdsk found; 0 unless it wrote the page.
    pub chkdsk_lsn: U64,
    /// Bytes of a restart page.
    pub system_page_size: U32,
    /// Bytes of a record page.
    pub log_page_size: U32,
    /// Offset of the restart area.
    pub restart_offset: U16,
    /// Minor version of the log file service.
    pub minor: U16,
    /// Major version of the log file service.
    pub major: U16,
}

const _: () = assert!(size_of::<RestartPageHeader>() == 0x1E);

/// The restart area: the log's own state.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct RestartArea {
    /// The log is complete up to this LSN.
    pub current_lsn: U64,
    /// Number of client records.
    pub client_count: U16,
    /// First free client record, or [`NO_CLIENT`].
    pub client_free: U16,
    /// First client record in use, or [`NO_CLIENT`].
    pub client_in_use: U16,
    /// [`RestartFlags`].
    pub flags: U16,
    /// Bits of an LSN that count rounds through the log; the rest is the
    /// offset in the log, in units of 8 bytes.
    pub sequence_bits: U32,
    /// Bytes of the restart area with its client records.
    pub length: U16,
    /// Offset of the client records from the start of the area.
    pub clients_offset: U16,
    /// Bytes of the log that are used; must equal the size of the stream.
    pub file_size: U64,
    /// Data bytes of the record at `current_lsn`.
    pub last_data_length: U32,
    /// Bytes of a log record's header.
    pub record_header_length: U16,
    /// Offset of the first record in a record page.
    pub page_data_offset: U16,
    /// Differs at each opening of the log.
    pub open_count: U32,
    /// Unused.
    pub reserved: U32,
}

const _: () = assert!(size_of::<RestartArea>() == 0x30);

/// A client of the log: NTFS itself.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct ClientRecord {
    /// Oldest LSN the client needs.
    pub oldest_lsn: U64,
    /// LSN of the client's last checkpoint; 0 if there is none.
    pub restart_lsn: U64,
    /// Index of the record before, or [`NO_CLIENT`].
    pub previous: U16,
    /// Index of the record behind, or [`NO_CLIENT`].
    pub next: U16,
    /// Counts the uses of this record.
    pub sequence: U16,
    /// Unused.
    pub reserved: [u8; 6],
    /// Bytes of the name.
    pub name_length: U32,
    /// Name, [`NTFS_CLIENT`].
    pub name: [U16; 64],
}

const _: () = assert!(size_of::<ClientRecord>() == 0xA0);

/// A restart page, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestartPage {
    /// The page's header.
    pub header: RestartPageHeader,
    /// The log's state.
    pub area: RestartArea,
    /// The client records, in the order of the array.
    pub clients: Vec<ClientRecord>,
}

impl RestartPage {
    /// Reads a restart page as it lies on disk (fix-ups in place). `bytes` may
    /// be longer than the page.
    ///
    /// # Errors
    /// [`FormatErrorKind::Signature`], [`FormatErrorKind::Truncated`],
    /// [`FormatErrorKind::TornBlock`], or the field that cannot be right.
    pub fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        let (raw, _) = RestartPageHeader::read_from_prefix(bytes)
            .map_err(|_| FormatError::new(FormatErrorKind::Truncated, bytes.len()))?;
        if raw.signature != RESTART_SIGNATURE && raw.signature != CHKDSK_SIGNATURE {
            return Err(FormatError::new(FormatErrorKind::Signature, 0));
        }
        check_page_size(raw.system_page_size.get(), 0x10)?;
        check_page_size(raw.log_page_size.get(), 0x14)?;
        let page_len = num::u32_to_usize(raw.system_page_size.get())?;
        let mut page = num::slice(bytes, 0, page_len)?.to_vec();
        fixup::remove(&mut page)?;

        let start = usize::from(raw.restart_offset.get());
        if start < size_of::<RestartPageHeader>() || !start.is_multiple_of(8) {
            return Err(FormatError::new(FormatErrorKind::Offset, 0x18));
        }
        let area_bytes = num::slice(&page, start, size_of::<RestartArea>())?;
        let area = RestartArea::read_from_bytes(area_bytes)
            .map_err(|_| FormatError::new(FormatErrorKind::Truncated, start))?;
        let clients = read_clients(&page, start, &area)?;
        Ok(Self {
            header: raw,
            area,
            clients,
        })
    }

    /// The page as it lies on disk, with its update sequence number raised
    /// from `previous_number` (that of the page it replaces, 0 at first).
    ///
    /// Offsets and lengths come out as Windows writes them for 4 KiB pages.
    ///
    /// # Errors
    /// [`FormatErrorKind::NoRoom`] when the clients do not fit the page,
    /// [`FormatErrorKind::Length`] when the page size cannot be right.
    pub fn encode(&self, previous_number: u16) -> Result<Vec<u8>, FormatError> {
        check_page_size(self.header.system_page_size.get(), 0x10)?;
        let page_len = num::u32_to_usize(self.header.system_page_size.get())?;
        let usa_count = num::to_u16(fixup::entries_for(page_len))?;
        let usa_end = usize::from(RESTART_USA_OFFSET) + usize::from(usa_count) * 2;
        let start = usize::from(RESTART_AREA_OFFSET).max(num::align8(usa_end)?);
        let clients_len = size_of::<ClientRecord>()
            .checked_mul(self.clients.len())
            .ok_or(FormatError::new(FormatErrorKind::NoRoom, 0))?;
        let area_len = usize::from(CLIENT_ARRAY_OFFSET).saturating_add(clients_len);

        let mut header = self.header;
        header.usa_offset = U16::new(RESTART_USA_OFFSET);
        header.usa_count = U16::new(usa_count);
        header.restart_offset = U16::new(num::to_u16(start)?);
        let mut area = self.area;
        area.client_count = U16::new(num::to_u16(self.clients.len())?);
        area.clients_offset = U16::new(CLIENT_ARRAY_OFFSET);
        area.length = U16::new(num::to_u16(area_len)?);

        let mut page = vec![0; page_len];
        let no_room = |_| FormatError::new(FormatErrorKind::NoRoom, start);
        num::put(&mut page, 0, header.as_bytes())?;
        num::put(
            &mut page,
            usize::from(RESTART_USA_OFFSET),
            &previous_number.to_le_bytes(),
        )?;
        num::put(&mut page, start, area.as_bytes()).map_err(no_room)?;
        let clients_at = start.saturating_add(usize::from(CLIENT_ARRAY_OFFSET));
        num::put(&mut page, clients_at, self.clients.as_bytes()).map_err(no_room)?;
        fixup::apply(&mut page)?;
        Ok(page)
    }

    /// Version of the log file service that wrote it.
    #[must_use]
    pub const fn version(&self) -> LogVersion {
        LogVersion {
            major: self.header.major.get(),
            minor: self.header.minor.get(),
        }
    }

    /// Flags of the restart area.
    #[must_use]
    pub const fn flags(&self) -> RestartFlags {
        RestartFlags::from_bits_retain(self.area.flags.get())
    }

    /// Whether nothing waits in the log: the clean flag is set, or no client
    /// has it open.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.flags().contains(RestartFlags::CLEAN) || self.area.client_in_use.get() == NO_CLIENT
    }
}

/// The client records of a restart area at `start` of `page`.
fn read_clients(
    page: &[u8],
    start: usize,
    area: &RestartArea,
) -> Result<Vec<ClientRecord>, FormatError> {
    let count = area.client_count.get();
    if count > MAX_CLIENTS {
        return Err(FormatError::new(FormatErrorKind::Value, start + 8));
    }
    let offset = usize::from(area.clients_offset.get());
    if count > 0 && offset < size_of::<RestartArea>() {
        return Err(FormatError::new(FormatErrorKind::Offset, start + 0x16));
    }
    let len = size_of::<ClientRecord>() * usize::from(count);
    if usize::from(area.length.get()) < offset + len {
        return Err(FormatError::new(FormatErrorKind::Length, start + 0x14));
    }
    for (index, at) in [(area.client_free, 0xA), (area.client_in_use, 0xC)] {
        if index.get() != NO_CLIENT && index.get() >= count {
            return Err(FormatError::new(FormatErrorKind::Value, start + at));
        }
    }
    let bytes = num::slice(page, start + offset, len)?;
    let (records, _) = bytes.as_chunks::<{ size_of::<ClientRecord>() }>();
    Ok(records
        .iter()
        .map(|record| zerocopy::transmute!(*record))
        .collect())
}

fn check_page_size(size: u32, offset: usize) -> Result<(), FormatError> {
    if size.is_power_of_two() && (MIN_PAGE_SIZE..=MAX_PAGE_SIZE).contains(&size) {
        Ok(())
    } else {
        Err(FormatError::new(FormatErrorKind::Length, offset))
    }
}

/// Header of a page that holds log records.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct RecordPageHeader {
    /// [`RECORD_PAGE_SIGNATURE`].
    pub signature: [u8; 4],
    /// Offset of the update sequence array.
    pub usa_offset: U16,
    /// Entries of the update sequence array.
    pub usa_count: U16,
    /// LSN of the last record that starts in the page; in a tail copy of LFS
    /// 1.1 the offset of the page it copies.
    pub last_lsn_or_offset: U64,
    /// 1: a record ends in the page.
    pub flags: U32,
    /// Pages written together.
    pub page_count: U16,
    /// Place of this page among them, from 1.
    pub page_position: U16,
    /// Offset of the first free byte.
    pub next_record_offset: U16,
    /// Unused.
    pub reserved: [u8; 6],
    /// LSN of the last record that ends in the page.
    pub last_end_lsn: U64,
}

const _: () = assert!(size_of::<RecordPageHeader>() == 0x28);

impl RecordPageHeader {
    /// Reads the header of a record page.
    ///
    /// # Errors
    /// [`FormatErrorKind::Signature`], [`FormatErrorKind::Truncated`].
    pub fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        let (header, _) = Self::read_from_prefix(bytes)
            .map_err(|_| FormatError::new(FormatErrorKind::Truncated, bytes.len()))?;
        if header.signature != RECORD_PAGE_SIGNATURE {
            return Err(FormatError::new(FormatErrorKind::Signature, 0));
        }
        Ok(header)
    }
}

/// What a volume's log says about the volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogState {
    /// Filled with 0xFF: nothing logged; accepted and taken over by Windows.
    Empty,
    /// Restart pages that say the volume was dismounted.
    Clean(LogVersion),
    /// Work waits in the log, or a restart page was cut short while written.
    NotClean(LogVersion),
    /// Neither: no restart page can be read.
    Unknown,
}

impl LogState {
    /// The state from the first bytes of the log: two pages, 8 KiB as a rule.
    ///
    /// A restart page that is torn while the other is whole counts as not
    /// clean: the volume was in use when it was written.
    #[must_use]
    pub fn of(start_of_log: &[u8]) -> Self {
        if is_empty_log(start_of_log) {
            return Self::Empty;
        }
        match newest_restart_page(start_of_log) {
            None => Self::Unknown,
            Some(found) if found.page.is_clean() && !found.other_is_torn => {
                Self::Clean(found.page.version())
            }
            Some(found) => Self::NotClean(found.page.version()),
        }
    }
}

/// The restart page that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewestRestart {
    /// The page.
    pub page: RestartPage,
    /// Which of the two it is: 0 or 1.
    pub index: usize,
    /// The other one carries the signature but cannot be read.
    pub other_is_torn: bool,
}

/// The newer of the two restart pages at the start of the log, `None` when
/// neither can be read.
#[must_use]
pub fn newest_restart_page(start_of_log: &[u8]) -> Option<NewestRestart> {
    let first = RestartPage::decode(start_of_log);
    // The second follows the first at its page size; if the first is lost, at
    // the size every log has.
    let step = match &first {
        Ok(page) => usize::try_from(page.header.system_page_size.get()).ok()?,
        Err(_) => PAGE_SIZE,
    };
    let second = RestartPage::decode(start_of_log.get(step..).unwrap_or_default());
    let torn = |result: &Result<RestartPage, FormatError>| {
        result.as_ref().err().is_some_and(|error| {
            !matches!(
                error.kind,
                FormatErrorKind::Signature | FormatErrorKind::Truncated
            )
        })
    };
    let other_is_torn = torn(&first) || torn(&second);
    let (page, index) = match (first, second) {
        (Ok(first), Ok(second)) if second.area.current_lsn.get() > first.area.current_lsn.get() => {
            (second, 1)
        }
        (Ok(first), _) => (first, 0),
        (Err(_), Ok(second)) => (second, 1),
        (Err(_), Err(_)) => return None,
    };
    Some(NewestRestart {
        page,
        index,
        other_is_torn,
    })
}

/// Whether every byte is [`EMPTY_FILL`]: the state in which a log is handed to
/// Windows to start afresh. Give it the whole log for certainty; no bytes at
/// all are not an empty log.
#[must_use]
pub fn is_empty_log(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| *byte == EMPTY_FILL)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(version: LogVersion, flags: RestartFlags, lsn: u64) -> RestartPage {
        let mut name = [U16::ZERO; 64];
        for (to, from) in name.iter_mut().zip(NTFS_CLIENT) {
            *to = U16::new(from);
        }
        RestartPage {
            header: RestartPageHeader {
                signature: RESTART_SIGNATURE,
                usa_offset: U16::new(0x1E),
                usa_count: U16::new(9),
                chkdsk_lsn: U64::ZERO,
                system_page_size: U32::new(4096),
                log_page_size: U32::new(4096),
                restart_offset: U16::new(0x30),
                minor: U16::new(version.minor),
                major: U16::new(version.major),
            },
            area: RestartArea {
                current_lsn: U64::new(lsn),
                client_count: U16::new(1),
                client_free: U16::new(NO_CLIENT),
                client_in_use: U16::ZERO,
                flags: U16::new(flags.bits()),
                sequence_bits: U32::new(0x2B),
                length: U16::new(0xE0),
                clients_offset: U16::new(0x40),
                file_size: U64::new(2 << 20),
                last_data_length: U32::new(0x70),
                record_header_length: U16::new(0x30),
                page_data_offset: U16::new(0x40),
                open_count: U32::new(7),
                reserved: U32::ZERO,
            },
            clients: vec![ClientRecord {
                oldest_lsn: U64::new(lsn - 1),
                restart_lsn: U64::new(lsn),
                previous: U16::new(NO_CLIENT),
                next: U16::new(NO_CLIENT),
                sequence: U16::ZERO,
                reserved: [0; 6],
                name_length: U32::new(8),
                name,
            }],
        }
    }

    fn log(first: &RestartPage, second: &RestartPage) -> Vec<u8> {
        [first.encode(4).unwrap(), second.encode(5).unwrap()].concat()
    }

    #[test]
    fn a_restart_page_comes_back() {
        let page = page(LogVersion::V2_0, RestartFlags::SINGLE_PAGE_IO, 0x80_6158);
        let bytes = page.encode(0).unwrap();
        assert_eq!(bytes.len(), 4096);
        assert_eq!(bytes[510..512], [1, 0]);
        assert_eq!(RestartPage::decode(&bytes), Ok(page));
    }

    #[test]
    fn the_newer_page_decides() {
        let clean = |lsn| page(LogVersion::V1_1, RestartFlags::CLEAN, lsn);
        let in_use = |lsn| page(LogVersion::V2_0, RestartFlags::empty(), lsn);
        for (bytes, want) in [
            (log(&clean(9), &clean(9)), LogState::Clean(LogVersion::V1_1)),
            (
                log(&clean(8), &in_use(9)),
                LogState::NotClean(LogVersion::V2_0),
            ),
            (
                log(&in_use(9), &clean(8)),
                LogState::NotClean(LogVersion::V2_0),
            ),
            (
                log(&in_use(8), &clean(9)),
                LogState::Clean(LogVersion::V1_1),
            ),
        ] {
            assert_eq!(LogState::of(&bytes), want);
        }
        assert_eq!(
            newest_restart_page(&log(&clean(8), &in_use(9)))
                .unwrap()
                .index,
            1
        );
    }

    #[test]
    fn a_log_without_clients_is_clean() {
        let mut page = page(LogVersion::V1_1, RestartFlags::empty(), 9);
        page.area.client_in_use = U16::new(NO_CLIENT);
        page.area.client_free = U16::ZERO;
        assert_eq!(
            LogState::of(&log(&page, &page)),
            LogState::Clean(LogVersion::V1_1)
        );
    }

    #[test]
    fn one_lost_page_is_bridged_but_a_torn_one_is_not_clean() {
        let clean = page(LogVersion::V1_1, RestartFlags::CLEAN, 9);
        let whole = log(&clean, &clean);
        for lost in [0, 4096] {
            let mut bytes = whole.clone();
            bytes[lost..lost + 4096].fill(0xFF);
            assert_eq!(LogState::of(&bytes), LogState::Clean(LogVersion::V1_1));
            let mut bytes = whole.clone();
            bytes[lost + 1022] ^= 1;
            assert_eq!(LogState::of(&bytes), LogState::NotClean(LogVersion::V1_1));
        }
    }

    #[test]
    fn empty_and_unknown_logs() {
        assert_eq!(LogState::of(&[0xFF; 8192]), LogState::Empty);
        assert_eq!(LogState::of(&[0; 8192]), LogState::Unknown);
        assert_eq!(LogState::of(&[]), LogState::Unknown);
        assert_eq!(LogState::of(b"RSTR"), LogState::Unknown);
    }

    #[test]
    fn each_bad_field_is_refused() {
        use FormatErrorKind as K;
        let good = page(LogVersion::V1_1, RestartFlags::CLEAN, 9)
            .encode(0)
            .unwrap();
        // Bytes below 0x1FE only, so that the update sequence stays whole.
        for (at, value, kind) in [
            (0x00, 0, K::Signature),
            (0x06, 8, K::UpdateSequence),
            (0x11, 0x11, K::Length),
            (0x15, 0x30, K::Length),
            (0x18, 0x10, K::Offset),
            (0x19, 0x10, K::Truncated),
            (0x38, 65, K::Value),
            (0x3A, 1, K::Value),
            (0x3C, 1, K::Value),
            (0x44, 0xDF, K::Length),
            (0x46, 0x2F, K::Offset),
            (0x1FE, 0xEE, K::TornBlock),
        ] {
            let mut bytes = good.clone();
            bytes[at] = value;
            assert_eq!(
                RestartPage::decode(&bytes).unwrap_err().kind,
                kind,
                "byte {at:#x}"
            );
        }
        assert_eq!(
            RestartPage::decode(&good[..4095]).unwrap_err().kind,
            K::Truncated
        );
    }

    #[test]
    fn record_pages_are_told_by_their_signature() {
        let mut bytes = vec![0; 4096];
        assert_eq!(
            RecordPageHeader::decode(&bytes).unwrap_err().kind,
            FormatErrorKind::Signature
        );
        bytes[..4].copy_from_slice(b"RCRD");
        bytes[0x18..0x1A].copy_from_slice(&0x188_u16.to_le_bytes());
        let header = RecordPageHeader::decode(&bytes).unwrap();
        assert_eq!(header.next_record_offset.get(), 0x188);
    }
}
