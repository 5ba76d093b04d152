//! What of a graph is drawn as a picture: cards with rows, pills and lines. A
//! graph that is too large for a picture is drawn coarser: long directories are
//! cut, deep ones become one with those above, ends of a kind become one.

use std::collections::{BTreeMap, HashMap};

use super::model::{Directory, EndKind, Graph, NodeId};
use crate::inspect::LinkKind;

/// Most cards; with more, directories below some depth become one with that
/// above them.
pub(super) const MAX_CARDS: usize = 120;
/// Most rows of a card; with more, the rest becomes one row.
pub(super) const MAX_ROWS: usize = 40;
/// Most ends of one kind; with more, they become one.
pub(super) const MAX_ENDS: usize = 60;

/// The colour of a class of edges where there is no style sheet.
pub(super) fn color_of(class: &str) -> &'static str {
    match class {
        "symlink" => "#2563eb",
        "junction" => "#7c3aed",
        "mount_point" => "#0f766e",
        "hard" => "#15803d",
        "lx_symlink" => "#0e7490",
        "broken" => "#dc2626",
        "loop" => "#d97706",
        _ => "#64748b",
    }
}

/// A picture, before anything has a place.
#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) cards: Vec<Card>,
    pub(super) pills: Vec<Pill>,
    pub(super) lines: Vec<Line>,
    /// For each edge of the graph the line it became.
    pub(super) line_of: Vec<usize>,
    /// For each entry of the graph where it is.
    pub(super) anchor_of: Vec<Anchor>,
    /// Whether it is coarser than the graph.
    pub(super) is_coarse: bool,
}

/// A directory, or several.
#[derive(Debug)]
pub(super) struct Card {
    pub(super) title: String,
    pub(super) rows: Vec<Row>,
    /// Its rows are sums over several directories.
    pub(super) is_sum: bool,
}

/// A name, or several.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) text: String,
    /// What is written dimly at its end.
    pub(super) note: String,
    /// The class that gives it its colour.
    pub(super) class: &'static str,
}

/// An end, or several.
#[derive(Debug)]
pub(super) struct Pill {
    pub(super) text: String,
    pub(super) kind: EndKind,
}

/// Something a line begins or ends at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Anchor {
    /// The head of a card.
    Head(usize),
    /// A row of a card.
    Row(usize, usize),
    /// A pill.
    Pill(usize),
}

/// One link, or several that have the same ends and class.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) from: Anchor,
    pub(super) to: Anchor,
    pub(super) class: &'static str,
    pub(super) count: usize,
}

impl View {
    pub(super) fn of(graph: &Graph) -> Self {
        let mut view = Self::default();
        let classes = classes(graph);
        let card_of = view.add_cards(graph, &classes);
        let pill_of = view.add_pills(graph);
        let mut lines: HashMap<(Anchor, Anchor, &'static str), usize> = HashMap::new();
        for edge in &graph.edges {
            let class = edge.class();
            let from = view.anchor_of.get(edge.from).copied();
            let to = match edge.to {
                NodeId::Entry(entry) => view.anchor_of.get(entry).copied(),
                NodeId::Directory(directory) => card_of.get(directory).map(|&c| Anchor::Head(c)),
                NodeId::End(end) => pill_of.get(end).map(|&p| Anchor::Pill(p)),
            };
            let to = to.map(|anchor| view.entered(anchor));
            // Every index of the graph is one of its own lists.
            let (Some(from), Some(to)) = (from, to) else {
                continue;
            };
            let next = view.lines.len();
            let number = *lines.entry((from, to, class)).or_insert(next);
            match view.lines.get_mut(number) {
                Some(line) => line.count += 1,
                None => view.lines.push(Line {
                    from,
                    to,
                    class,
                    count: 1,
                }),
            }
            view.line_of.push(number);
        }
        view
    }

    /// Where a line to this ends: a sum is left by its rows and entered at its head.
    fn entered(&self, anchor: Anchor) -> Anchor {
        match anchor {
            Anchor::Row(card, _) if self.cards.get(card).is_some_and(|card| card.is_sum) => {
                Anchor::Head(card)
            }
            anchor => anchor,
        }
    }

    /// Adds the cards; gives for each directory its card.
    fn add_cards(&mut self, graph: &Graph, classes: &[&'static str]) -> Vec<usize> {
        let depth = depth_shown(&graph.directories);
        let mut cards: HashMap<String, usize> = HashMap::new();
        let mut members: Vec<Vec<usize>> = Vec::new();
        let mut card_of = Vec::new();
        let mut first_of: Vec<usize> = Vec::new();
        for (number, directory) in graph.directories.iter().enumerate() {
            let title = title_at(directory, depth, &graph.place);
            let next = members.len();
            let card = *cards.entry(title).or_insert(next);
            if card == next {
                members.push(Vec::new());
                first_of.push(number);
            }
            if let Some(member) = members.get_mut(card) {
                member.push(number);
            }
            card_of.push(card);
        }
        self.anchor_of = vec![Anchor::Head(0); graph.entries.len()];
        for (card, directories) in members.iter().enumerate() {
            let first = directories
                .first()
                .and_then(|&number| graph.directories.get(number));
            let Some(first) = first else { continue };
            let title = match directories.len() {
                1 => first.path.clone(),
                n => format!("{} ({n} directories)", title_at(first, depth, &graph.place)),
            };
            let entries: Vec<usize> = directories
                .iter()
                .filter_map(|&number| graph.directories.get(number))
                .flat_map(|directory| directory.entries.iter().copied())
                .collect();
            let rows = match directories.len() {
                1 => self.names(graph, card, &entries, classes),
                _ => self.summary(card, &entries, classes),
            };
            self.cards.push(Card {
                title,
                rows,
                is_sum: directories.len() > 1,
            });
        }
        self.is_coarse |= self.cards.len() < graph.directories.len();
        card_of
    }

    /// A row a name; what is too much becomes one row.
    fn names(
        &mut self,
        graph: &Graph,
        card: usize,
        entries: &[usize],
        classes: &[&'static str],
    ) -> Vec<Row> {
        let shown = match entries.len() > MAX_ROWS {
            true => MAX_ROWS - 1,
            false => entries.len(),
        };
        let mut rows = Vec::new();
        for (position, &number) in entries.iter().enumerate() {
            if let Some(anchor) = self.anchor_of.get_mut(number) {
                *anchor = Anchor::Row(card, position.min(shown));
            }
            let Some(entry) = graph.entries.get(number) else {
                continue;
            };
            if position < shown {
                rows.push(Row {
                    text: entry.name.clone(),
                    note: entry.kind.map_or("", kind_word).to_owned(),
                    class: classes.get(number).copied().unwrap_or("plain"),
                });
            }
        }
        if entries.len() > shown {
            self.is_coarse = true;
            rows.push(Row {
                text: format!("{} more", entries.len() - shown),
                note: String::new(),
                class: "more",
            });
        }
        rows
    }

    /// A row a class, with its number.
    fn summary(&mut self, card: usize, entries: &[usize], classes: &[&'static str]) -> Vec<Row> {
        let class = |number: usize| classes.get(number).copied().unwrap_or("plain");
        let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
        for &number in entries {
            *counts.entry(class(number)).or_default() += 1;
        }
        for &number in entries {
            let row = counts.keys().position(|key| *key == class(number));
            if let Some(anchor) = self.anchor_of.get_mut(number) {
                *anchor = Anchor::Row(card, row.unwrap_or_default());
            }
        }
        counts
            .into_iter()
            .map(|(class, count)| Row {
                text: format!("{count} {}", class_words(class, count)),
                note: String::new(),
                class,
            })
            .collect()
    }

    /// Adds the ends; gives for each its pill.
    fn add_pills(&mut self, graph: &Graph) -> Vec<usize> {
        let mut counts: HashMap<EndKind, usize> = HashMap::new();
        for end in &graph.ends {
            *counts.entry(end.kind).or_default() += 1;
        }
        let mut merged: HashMap<EndKind, usize> = HashMap::new();
        let mut pill_of = Vec::new();
        for end in &graph.ends {
            let count = counts.get(&end.kind).copied().unwrap_or_default();
            let next = self.pills.len();
            let pill = match count > MAX_ENDS {
                true => *merged.entry(end.kind).or_insert(next),
                false => next,
            };
            if pill == next {
                self.pills.push(Pill {
                    text: match count > MAX_ENDS {
                        true => format!("{count} {}", end_words(end.kind)),
                        false => end.label.clone(),
                    },
                    kind: end.kind,
                });
            }
            self.is_coarse |= count > MAX_ENDS;
            pill_of.push(pill);
        }
        pill_of
    }
}

/// For each entry the class of its edge, or `plain`.
fn classes(graph: &Graph) -> Vec<&'static str> {
    let mut classes = vec!["plain"; graph.entries.len()];
    for edge in &graph.edges {
        if let Some(class) = classes.get_mut(edge.from) {
            *class = edge.class();
        }
    }
    classes
}

/// Down to which depth directories have cards of their own.
fn depth_shown(directories: &[Directory]) -> usize {
    let deepest = directories.iter().map(|directory| directory.depth).max();
    let mut depth = deepest.unwrap_or_default();
    while depth > 0 && directories.len() > MAX_CARDS {
        let mut titles: Vec<String> = directories
            .iter()
            .map(|directory| title_at(directory, depth, ""))
            .collect();
        titles.sort_unstable();
        titles.dedup();
        if titles.len() <= MAX_CARDS {
            break;
        }
        depth -= 1;
    }
    depth
}

/// The path of the directory at this depth that a directory belongs to.
fn title_at(directory: &Directory, depth: usize, place: &str) -> String {
    match directory.depth.min(depth) {
        0 => place.to_owned(),
        depth => {
            let names: Vec<&str> = directory.path.split('/').take(depth).collect();
            names.join("/")
        }
    }
}

/// A kind of link in a word.
pub(super) fn kind_word(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Hard => "hard link",
        LinkKind::Symlink => "symlink",
        LinkKind::Junction => "junction",
        LinkKind::MountPoint => "mount point",
        LinkKind::LxSymlink => "WSL link",
        LinkKind::Other => "other",
    }
}

/// A class of edges in words, for the legend and for sums.
pub(super) fn class_words(class: &str, count: usize) -> &'static str {
    match (class, count) {
        ("hard", 1) => "hard link",
        ("hard", _) => "hard links",
        ("symlink", 1) => "symlink",
        ("symlink", _) => "symlinks",
        ("junction", 1) => "junction",
        ("junction", _) => "junctions",
        ("mount_point", 1) => "mount point",
        ("mount_point", _) => "mount points",
        ("lx_symlink", 1) => "WSL link",
        ("lx_symlink", _) => "WSL links",
        ("broken", _) => "broken",
        ("loop", _) => "looping",
        ("plain", 1) => "target",
        ("plain", _) => "targets",
        _ => "other",
    }
}

fn end_words(kind: EndKind) -> &'static str {
    match kind {
        EndKind::File => "files with several names",
        EndKind::Outside => "targets outside",
        EndKind::Unknown => "targets not to be told",
        EndKind::Missing => "missing targets",
    }
}
