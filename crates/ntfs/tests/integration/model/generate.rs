//! Steps to take. They name files, directories and names by numbers, which
//! each run maps to what there is at that time.

use proptest::prelude::*;

/// One of the things that are there, modulo their number.
pub(super) type Pick = u16;

#[derive(Debug, Clone)]
pub(super) enum Op {
    Create {
        dir: Pick,
        name: u8,
        directory: bool,
    },
    Link {
        file: Pick,
        dir: Pick,
        name: u8,
    },
    Symlink {
        dir: Pick,
        name: u8,
        target: u8,
        directory: bool,
    },
    Junction {
        dir: Pick,
        name: u8,
        target: u8,
    },
    Remove {
        dir: Pick,
        entry: Pick,
    },
    RemoveNothing {
        dir: Pick,
    },
    Rename {
        dir: Pick,
        entry: Pick,
        to: Pick,
        name: u8,
        replace: bool,
    },
    Write {
        file: Pick,
        stream: Pick,
        offset: u32,
        len: u32,
        seed: u32,
    },
    SetLen {
        file: Pick,
        stream: Pick,
        len: u32,
    },
    SetSparse {
        file: Pick,
        stream: Pick,
    },
    Zero {
        file: Pick,
        stream: Pick,
        offset: u32,
        len: u32,
    },
    CreateStream {
        file: Pick,
        name: u8,
    },
    RemoveStream {
        file: Pick,
        name: u8,
    },
    SetReparse {
        file: Pick,
        tag: u8,
        len: u16,
    },
    DeleteReparse {
        file: Pick,
        tag: u8,
    },
    SetAttributes {
        file: Pick,
        bits: u32,
    },
    /// Many names or streams at once, so that attribute lists and indexes grow.
    ManyLinks {
        file: Pick,
        dir: Pick,
        count: u8,
    },
    ManyFiles {
        dir: Pick,
        count: u8,
    },
    ManyStreams {
        file: Pick,
        count: u8,
    },
}

#[derive(Debug, Clone)]
pub(super) enum Step {
    One(Op),
    Together { ops: Vec<Op>, keep: bool },
    Sync,
    Reopen,
    Compare,
}

/// Lengths and offsets: small ones, those around a cluster, and large ones.
fn extent() -> impl Strategy<Value = u32> {
    prop_oneof![
        4 => 0_u32..900,
        2 => (0_u32..20, 0_u32..5).prop_map(|(n, d)| (n * 4096 + d).saturating_sub(2)),
        2 => (0_u32..40, 0_u32..5).prop_map(|(n, d)| (n * 512 + d).saturating_sub(2)),
        1 => 0_u32..300_000,
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let p = || any::<Pick>();
    let name = || 0_u8..48;
    prop_oneof![
        8 => (p(), name(), prop::bool::weighted(0.3)).prop_map(|(dir, name, directory)| Op::Create { dir, name, directory }),
        6 => (p(), p(), name()).prop_map(|(file, dir, name)| Op::Link { file, dir, name }),
        3 => (p(), name(), any::<u8>(), any::<bool>()).prop_map(|(dir, name, target, directory)| Op::Symlink { dir, name, target, directory }),
        2 => (p(), name(), any::<u8>()).prop_map(|(dir, name, target)| Op::Junction { dir, name, target }),
        7 => (p(), p()).prop_map(|(dir, entry)| Op::Remove { dir, entry }),
        1 => p().prop_map(|dir| Op::RemoveNothing { dir }),
        6 => (p(), p(), p(), name(), any::<bool>()).prop_map(|(dir, entry, to, name, replace)| Op::Rename { dir, entry, to, name, replace }),
        9 => (p(), p(), extent(), extent(), any::<u32>()).prop_map(|(file, stream, offset, len, seed)| Op::Write { file, stream, offset, len, seed }),
        5 => (p(), p(), extent()).prop_map(|(file, stream, len)| Op::SetLen { file, stream, len }),
        2 => (p(), p()).prop_map(|(file, stream)| Op::SetSparse { file, stream }),
        3 => (p(), p(), extent(), extent()).prop_map(|(file, stream, offset, len)| Op::Zero { file, stream, offset, len }),
        4 => (p(), name()).prop_map(|(file, name)| Op::CreateStream { file, name }),
        2 => (p(), name()).prop_map(|(file, name)| Op::RemoveStream { file, name }),
        3 => (p(), any::<u8>(), 0_u16..3000).prop_map(|(file, tag, len)| Op::SetReparse { file, tag, len }),
        2 => (p(), any::<u8>()).prop_map(|(file, tag)| Op::DeleteReparse { file, tag }),
        2 => (p(), any::<u32>()).prop_map(|(file, bits)| Op::SetAttributes { file, bits }),
        1 => (p(), p(), 1_u8..60).prop_map(|(file, dir, count)| Op::ManyLinks { file, dir, count }),
        1 => (p(), 1_u8..60).prop_map(|(dir, count)| Op::ManyFiles { dir, count }),
        1 => (p(), 1_u8..60).prop_map(|(file, count)| Op::ManyStreams { file, count }),
    ]
}

/// Up to `most` steps.
pub(super) fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        20 => op().prop_map(Step::One),
        3 => (prop::collection::vec(op(), 1..8), any::<bool>()).prop_map(|(ops, keep)| Step::Together { ops, keep }),
        1 => Just(Step::Sync),
        1 => Just(Step::Reopen),
        1 => Just(Step::Compare),
    ];
    prop::collection::vec(step, most / 2..=most)
}
