//! Reparse buffers and the texts they are made from.

use linkwright_reparse::{
    AppExecLink, LxSymlink, MountPoint, OtherReparse, ReparseBuffer, ReparseTag, SymbolicLink,
    TargetContext, TargetForm, WofInfo,
};

use crate::bytes::{answers, text as utf16, units};

pub(super) fn buffer(bytes: &[u8]) {
    answers(ReparseTag::of_buffer(bytes).map(|tag| (tag.name(), tag.is_name_surrogate())));
    if let Ok(buffer) = ReparseBuffer::decode(bytes) {
        assert_eq!(buffer.encode(), bytes, "what is decoded is kept");
        if let ReparseBuffer::Other(other) = &buffer {
            answers(other.wof());
            answers(other.app_exec_link());
            answers((other.guid(), other.data().len()));
        }
    }
    answers(SymbolicLink::decode(bytes));
    answers(MountPoint::decode(bytes).map(|mount| mount.is_volume()));
    answers(LxSymlink::decode(bytes));
    answers(OtherReparse::decode(bytes));
    answers(WofInfo::from_data(bytes));
    if let Ok(link) = AppExecLink::from_data(bytes) {
        answers((link.package(), link.entry_point(), link.program()));
    }
}

pub(super) fn buffer_seeds() -> Vec<Vec<u8>> {
    let name = |text: &str| units(&utf16(text));
    let relative = SymbolicLink::relative(&name("..\\x")).expect("a target");
    let absolute = SymbolicLink::absolute(&name("C:\\x"), &name("\\??\\C:\\x")).expect("a target");
    let junction = MountPoint::junction(&name("C:\\dir")).expect("a target");
    let volume = MountPoint::volume([5; 16]).expect("a volume");
    let lx = LxSymlink::new(b"/a/b").expect("a target");
    // A tag, the length, data: an overlay and an app execution alias.
    let tagged = |tag: u32, data: &[u8]| {
        let len = u16::try_from(data.len()).unwrap_or(0).to_le_bytes();
        [&tag.to_le_bytes()[..], &len, &[0, 0], data].concat()
    };
    let overlay = [1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0];
    let alias = [
        &3_u32.to_le_bytes()[..],
        &utf16("p\0e\0C:\\x.exe\0\u{30}\0"),
    ]
    .concat();
    vec![
        relative.encode(),
        absolute.encode(),
        junction.encode(),
        volume.encode(),
        lx.encode(),
        tagged(0x8000_0017, &overlay),
        tagged(0x8000_001B, &alias),
        tagged(0x0000_1234, &[6; 40]),
        overlay.to_vec(),
        alias,
    ]
}

/// A text as the target of a link.
pub(super) fn text(bytes: &[u8]) {
    let text = units(bytes);
    answers(TargetForm::of(&text));
    let context = TargetContext::default();
    if let Ok(link) = SymbolicLink::from_target_text(&text, &context) {
        let stored = link.encode();
        let again = SymbolicLink::decode(&stored).expect("what is made is sound");
        assert_eq!(again, link);
    }
    if let Ok(mount) = MountPoint::junction(&text) {
        assert_eq!(MountPoint::decode(&mount.encode()), Ok(mount));
    }
    if let Ok(lx) = LxSymlink::new(bytes) {
        assert_eq!(LxSymlink::decode(&lx.encode()), Ok(lx));
    }
}
