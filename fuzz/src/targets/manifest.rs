//! Manifests of links.

use linkwright_links::manifest::{Manifest, Writer, read};

/// What is read is written again and read back the same, and no path of it leads
/// out.
pub(super) fn manifest(bytes: &[u8]) {
    let Ok(manifest) = read(&mut &*bytes) else {
        return;
    };
    for path in manifest.links.keys() {
        let plain = |text: String| !text.is_empty() && text != "." && text != "..";
        assert!(!path.is_empty() && path.iter().all(|name| plain(name.to_string())));
    }
    let again = read(&mut &*written(&manifest)).expect("what is written is sound");
    assert_eq!(again, manifest);
}

fn written(manifest: &Manifest) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), &manifest.header).expect("memory does not fail");
    for (path, link) in &manifest.links {
        writer.link(path, link).expect("memory does not fail");
    }
    writer
        .finish(manifest.unreadable)
        .expect("memory does not fail")
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let lines = [
        r#"{"message_type":"manifest","version":1,"place":"p","names":"posix"}"#,
        r#"{"message_type":"link","path":"a/b","kind":"hard","type":"file","group":"1.2.3","names":2,"size":5,"modified":"2026-11-28T16:32:04.2610481Z","mode":"0644"}"#,
        r#"{"message_type":"link","path":"s","path_bytes":[115,255],"kind":"symlink","target":"x","target_bytes":[120,255]}"#,
        r#"{"message_type":"link","path":"w","path_utf16":[119,55296],"kind":"symlink","type":"dir","reparse_data":"0c0000a018000000060006000000060001000000730075006200730075006200","attributes":"0x00000020"}"#,
        r#"{"message_type":"end","links":3,"unreadable":0}"#,
    ];
    vec![lines.join("\n").into_bytes()]
}
