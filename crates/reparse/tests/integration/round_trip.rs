//! Decoding never panics, and whatever decodes is encoded to the same bytes.

use linkwright_reparse::{
    MountPoint, OtherReparse, ReparseBuffer, ReparseTag, SymbolicLink, TargetContext,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn check(bytes: &[u8]) -> bool {
    let whole = OtherReparse::decode(bytes);
    if let Ok(other) = &whole {
        assert_eq!(other.encode(), bytes);
    }
    match ReparseBuffer::decode(bytes) {
        Ok(buffer) => {
            assert_eq!(buffer.encode(), bytes);
            assert!(whole.is_ok());
            if let ReparseBuffer::Other(other) = buffer {
                // Only that the views return: arbitrary data is mostly refused.
                let views = (other.wof().is_ok(), other.app_exec_link().is_ok());
                assert!(views.0 || other.tag() == ReparseTag::WOF);
                assert!(views.1 || other.tag() == ReparseTag::APPEXECLINK);
            }
            true
        }
        Err(error) => {
            assert!(error.offset <= bytes.len() + 0x1_0000);
            assert!(!error.to_string().is_empty());
            false
        }
    }
}

fn tags() -> impl Strategy<Value = u32> {
    let known: Vec<u32> = ReparseTag::known().map(|(tag, _)| tag.0).collect();
    prop_oneof![
        4 => proptest::sample::select(vec![0xA000_000C, 0xA000_0003, 0xA000_001D, 0x8000_0017, 0x8000_001B]),
        1 => proptest::sample::select(known),
        1 => any::<u32>(),
    ]
}

/// Mostly consistent buffers: a true length, small name fields.
fn likely() -> impl Strategy<Value = Vec<u8>> {
    let fields = vec((0u16..24).prop_map(u16::to_le_bytes), 4);
    let data = (fields, vec(any::<u8>(), 0..64))
        .prop_map(|(head, tail)| head.into_iter().flatten().chain(tail).collect::<Vec<u8>>());
    (tags(), any::<u16>(), data, -1i32..=1).prop_map(|(tag, reserved, data, slip)| {
        let guid = if tag >> 31 == 1 { 0 } else { 16 };
        let length = i32::try_from(data.len()).unwrap() - guid;
        let wrong = if slip == 1 { 1 } else { 0 };
        let length = u16::try_from((length + wrong).max(0)).unwrap();
        let mut bytes = tag.to_le_bytes().to_vec();
        bytes.extend(length.to_le_bytes());
        bytes.extend(reserved.to_le_bytes());
        bytes.extend(data);
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn arbitrary_bytes(bytes in vec(any::<u8>(), 0..128)) {
        check(&bytes);
    }

    #[test]
    fn likely_buffers(bytes in likely()) {
        check(&bytes);
    }

    #[test]
    fn built_links_decode_to_themselves(text in vec(1u16.., 1..300), directory in vec(any::<u16>(), 0..40)) {
        let context = TargetContext { drive_directory: Some(&directory) };
        if let Ok(link) = SymbolicLink::from_target_text(&text, &context) {
            prop_assert!(check(&link.encode()));
            prop_assert_eq!(SymbolicLink::decode(&link.encode()).unwrap(), link);
        }
        let path: Vec<u16> = "C:\\".encode_utf16().chain(text).collect();
        let junction = MountPoint::junction(&path).unwrap();
        prop_assert!(check(&junction.encode()));
        prop_assert_eq!(MountPoint::decode(&junction.encode()).unwrap(), junction);
    }

    #[test]
    fn path_like_texts_are_absolute_or_kept(text in "[a-c:.?/\\\\ ]{1,12}") {
        let units: Vec<u16> = text.encode_utf16().collect();
        let directory: Vec<u16> = "a:\\d".encode_utf16().collect();
        let context = TargetContext { drive_directory: Some(&directory) };
        if let Ok(link) = SymbolicLink::from_target_text(&units, &context) {
            if link.is_relative() {
                prop_assert_eq!(link.substitute_name(), units.as_slice());
            } else {
                let name = String::from_utf16_lossy(link.substitute_name());
                prop_assert!(name.starts_with("\\??\\"), "{}", name);
            }
        }
    }
}

#[test]
fn the_likely_strategy_reaches_every_variant() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let strategy = likely();
    let mut seen = [0usize; 4];
    for _ in 0..2000 {
        let bytes = strategy.new_tree(&mut runner).unwrap().current();
        match ReparseBuffer::decode(&bytes) {
            Ok(ReparseBuffer::SymbolicLink(_)) => seen[0] += 1,
            Ok(ReparseBuffer::MountPoint(_)) => seen[1] += 1,
            Ok(ReparseBuffer::Other(_)) => seen[2] += 1,
            Ok(ReparseBuffer::LxSymlink(_)) => seen[3] += 1,
            Err(_) => {}
        }
    }
    assert!(seen[0] > 0 && seen[1] > 0 && seen[2] > 0, "{seen:?}");
}
