//! The findings: stable codes, what each means, what can be done.

use linkwright_fs::Name;

/// Something that is wrong with a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finding {
    /// It leads nowhere.
    Dangling,
    /// It leads back to itself.
    Loop,
    /// It leads through more links than are followed.
    ChainTooLong,
    /// A link to a file leads to a directory, or the other way round.
    WrongType,
    /// Its target is absolute, and is in the same tree.
    Absolute,
    /// Its target is relative, and is outside of the tree.
    OutsideTree,
    /// Its target is on another volume.
    OtherVolume,
    /// The name that is followed and the name that is shown are of two places.
    NamesDisagree,
    /// Its text has `.`, `..`, or separators that are needless or wrong.
    Messy,
    /// It matches its target only when letter case does not count.
    Case,
    /// A link of WSL, which Windows does not follow.
    LxLink,
    /// It leads to a directory that it is in.
    IntoAncestor,
    /// A reparse tag that nobody here knows.
    UnknownTag,
    /// A file has nearly as many names as it can have.
    LinkLimit,
    /// It is missing in the volume's index of reparse points.
    ReparseIndexMissing,
}

/// What can be done about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mending {
    /// The link is removed.
    Remove,
    /// Its text is written anew; it leads to the same place.
    Rewrite,
    /// It is made again, with the right type or of the right kind.
    MakeAgain,
    /// It is set again as it is.
    SetAgain,
    /// Nothing by itself: somebody has to decide where it should lead.
    Nothing,
}

/// A finding, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What.
    pub finding: Finding,
    /// Names from the root of the volume.
    pub path: Vec<Name>,
    /// What exactly.
    pub detail: String,
}

impl Finding {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Dangling,
        Self::Loop,
        Self::ChainTooLong,
        Self::WrongType,
        Self::Absolute,
        Self::OutsideTree,
        Self::OtherVolume,
        Self::NamesDisagree,
        Self::Messy,
        Self::Case,
        Self::LxLink,
        Self::IntoAncestor,
        Self::UnknownTag,
        Self::LinkLimit,
        Self::ReparseIndexMissing,
    ];

    /// The code in output and on the command line; it never changes.
    pub fn code(self) -> &'static str {
        match self {
            Self::Dangling => "dangling",
            Self::Loop => "loop",
            Self::ChainTooLong => "chain-too-long",
            Self::WrongType => "wrong-type",
            Self::Absolute => "absolute",
            Self::OutsideTree => "outside-tree",
            Self::OtherVolume => "other-volume",
            Self::NamesDisagree => "names-disagree",
            Self::Messy => "messy",
            Self::Case => "case",
            Self::LxLink => "lx-link",
            Self::IntoAncestor => "into-ancestor",
            Self::UnknownTag => "unknown-tag",
            Self::LinkLimit => "link-limit",
            Self::ReparseIndexMissing => "reparse-index-missing",
        }
    }

    /// The finding with a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|finding| finding.code() == code)
    }

    /// What can be done about it.
    pub fn mending(self) -> Mending {
        match self {
            Self::Dangling | Self::Loop => Mending::Remove,
            Self::ChainTooLong
            | Self::Absolute
            | Self::NamesDisagree
            | Self::Messy
            | Self::Case => Mending::Rewrite,
            Self::WrongType | Self::LxLink => Mending::MakeAgain,
            Self::ReparseIndexMissing => Mending::SetAgain,
            Self::OutsideTree
            | Self::OtherVolume
            | Self::IntoAncestor
            | Self::UnknownTag
            | Self::LinkLimit => Mending::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_found_again() {
        for finding in Finding::ALL {
            assert_eq!(Finding::from_code(finding.code()), Some(finding));
        }
        assert_eq!(Finding::from_code("Dangling"), None);
    }
}
