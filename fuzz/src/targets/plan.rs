//! Plans and undo files, and the target texts that plans turn.

use linkwright_fs::{LinkContent, Name, ReparseBuffer};
use linkwright_links::plan::Step;
use linkwright_links::plan::make::TargetMap;
use linkwright_links::plan::read::Lines;
use linkwright_links::target::{TargetText, with_text};

use crate::bytes::{answers, text as utf16, units};

pub(super) fn plan(bytes: &[u8]) {
    let Ok(lines) = Lines::open(bytes) else {
        return;
    };
    let steps: Vec<Step> = lines.map_while(Result::ok).collect();
    for step in steps {
        let names = step.path.names().expect("what is read has a path");
        for name in names {
            let units = name.units();
            assert!(!units.is_empty() && !units.contains(&u16::from(b'/')));
            assert!(name != Name::from("..") && name != Name::from("."));
        }
        answers(step.reversed());
    }
}

pub(super) fn plan_seeds() -> Vec<Vec<u8>> {
    let times = r#"{"modified":[1,2],"changed":[-1,999999999]}"#;
    let link = |text: &str, hex: &str| {
        format!(
            r#"{{"is":"link","kind":"symlink","type":null,"target":"{text}","text":"{hex}","attributes":0,"times":{times},"id":[5,0],"names":1}}"#
        )
    };
    let file = format!(
        r#"{{"is":"file","size":1,"attributes":32,"mode":420,"times":{times},"id":null,"names":1,"of":{{"path":"a/b"}},"shared":true}}"#
    );
    let header = |kind: &str| {
        format!(
            r#"{{"message_type":"{kind}","version":1,"verb":"retarget","made":"","location":"/t","volume":{{"kind":"posix","serial":"0","record":2,"sequence":0}}}}"#
        )
    };
    let step = |was: &str, shall: &str| {
        format!(r#"{{"message_type":"step","path":"d/l","why":["x"],"was":{was},"shall":{shall}}}"#)
    };
    let absent = r#"{"is":"absent"}"#;
    let (old, new) = (link("/old", "2f6f6c64"), link("/new", "2f6e6577"));
    let end = r#"{"message_type":"end","steps":2}"#;
    let steps = [step(&old, &new), step(&file, absent)].join("\n");
    vec![
        format!("{}\n{steps}\n{end}\n", header("plan")).into_bytes(),
        format!("{}\n{steps}\n", header("undo")).into_bytes(),
    ]
}

/// A map and a link that it may turn.
pub(super) fn targets(bytes: &[u8]) {
    let Some((&len, rest)) = bytes.split_first() else {
        return;
    };
    let (map, buffer) = rest.split_at(usize::from(len).min(rest.len()));
    answers(TargetMap::parse(&Name::from_units(units(map))));
    let content = match ReparseBuffer::decode(buffer) {
        Ok(buffer) => LinkContent::Reparse(buffer),
        Err(_) => LinkContent::Posix(buffer.to_vec()),
    };
    let Some(text) = TargetText::of(&content) else {
        return;
    };
    answers(text.goes_up_again());
    let clean = text.clean();
    if let Ok(content) = with_text(&content, &clean, &clean) {
        let again = TargetText::of(&content).expect("it is of the same kind");
        assert_eq!(again.clean(), clean, "what is clean stays as it is");
    }
}

pub(super) fn target_seeds() -> Vec<Vec<u8>> {
    let map = utf16("D:\\a=E:\\b");
    let head = [u8::try_from(map.len()).unwrap_or(0)];
    super::reparse::buffer_seeds()
        .into_iter()
        .map(|buffer| [&head[..], &map, &buffer].concat())
        .chain([[&[0][..], b"a/../b//./c/"].concat()])
        .collect()
}
