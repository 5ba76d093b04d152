//! From a walk to the graph: which links there are and where each leads.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

use linkwright_fs::resolve::{LastLink, Outcome, Resolver, Walk};
use linkwright_fs::{Capabilities, Name, Node, Result, Stat};

use super::model::{Directory, Edge, End, EndKind, Entry, Graph, NodeId, State};
use crate::display::name_for_display;
use crate::inspect::{LinkKind, LinkRecord, inspect};
use crate::walk::{Event, Place, Wanted, walk, walk_for};

/// Most links that are kept; more than any picture shows, so that a volume of
/// millions does not fill the memory.
const MAX_LINKS: usize = 100_000;

/// A file or directory, whatever its names: device and record.
type Id = (u64, u64);

/// A path from the root of the volume.
type Path = Vec<Name>;

/// A link that was met.
struct Link {
    path: Path,
    id: Id,
    record: LinkRecord,
    lead: Lead,
    /// Whether who follows it goes round and round.
    loops: bool,
}

/// Where a link leads, before it is known what of it is drawn.
enum Lead {
    /// The file behind the name.
    File,
    /// Another link.
    Link(Path),
    /// An object of the same volume.
    Object {
        id: Id,
        /// The way there.
        asked: Path,
        is_directory: bool,
    },
    /// Nothing that could be in a directory here.
    End(EndKind),
}

/// What the walk found.
#[derive(Default)]
struct Found {
    links: Vec<(Path, Node, Stat)>,
    unread: u64,
    left_out: u64,
}

impl Graph {
    /// The links below the directory `top`, which people call `place`. Before each
    /// object `go_on` says whether to go on; after a break the graph holds what
    /// was seen so far.
    ///
    /// # Errors
    /// `top` cannot be listed. What cannot be read below it is counted.
    pub fn of(
        resolver: &Resolver<'_>,
        top: &Place,
        place: &str,
        go_on: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Self> {
        let mut found = collect(top, go_on)?;
        let mut links = Vec::with_capacity(found.links.len());
        for (path, node, stat) in std::mem::take(&mut found.links) {
            if go_on().is_break() {
                break;
            }
            match follow(resolver, top, path, &node, &stat) {
                Ok(Some(link)) => links.push(link),
                Ok(None) => {}
                Err(_) => found.unread += 1,
            }
        }
        let names = names_of(top, &links, go_on)?;
        let mut graph = draw(top, place, &links, &names);
        graph.unread = found.unread;
        graph.left_out = found.left_out;
        Ok(graph)
    }
}

/// Every link and every one of several names below `top`.
fn collect(top: &Place, go_on: &mut dyn FnMut() -> ControlFlow<()>) -> Result<Found> {
    let mut found = Found::default();
    walk_for(top, Wanted::Links, &mut |event| {
        match event {
            Event::Met(met) if found.links.len() < MAX_LINKS => {
                found
                    .links
                    .push((met.path.to_vec(), met.node.clone(), met.stat.clone()));
            }
            Event::Met(_) => found.left_out += 1,
            Event::Failed { .. } => found.unread += 1,
        }
        go_on()
    })?;
    Ok(found)
}

fn id_of(stat: &Stat) -> Id {
    (stat.device, stat.record)
}

fn follow(
    resolver: &Resolver<'_>,
    top: &Place,
    path: Path,
    node: &Node,
    stat: &Stat,
) -> Result<Option<Link>> {
    let Some(record) = inspect(resolver, &top.fs, &path, node, stat)? else {
        return Ok(None);
    };
    let (lead, loops) = match record.kind {
        LinkKind::Hard => (Lead::File, false),
        _ => {
            let way = way(resolver, top, &path, &record)?;
            let loops = matches!(way.outcome, Outcome::Loop);
            (lead_of(top, &path, &record, &way), loops)
        }
    };
    Ok(Some(Link {
        id: id_of(stat),
        path,
        record,
        lead,
        loops,
    }))
}

/// The way a link leads. The resolver knows no root for absolute links of a host;
/// here it is that of the file system the link is on.
fn way(resolver: &Resolver<'_>, top: &Place, path: &[Name], record: &LinkRecord) -> Result<Walk> {
    let follows = top.fs.capabilities().contains(Capabilities::FOLLOWS_LINKS);
    let from_root = record
        .target
        .as_ref()
        .filter(|_| follows && record.relative == Some(false));
    let Some(target) = from_root else {
        return resolver.walk(&top.fs, path, LastLink::Follow);
    };
    let slash = u16::from(b'/');
    let mut names: Path = Vec::new();
    for part in target.units().split(|unit| *unit == slash) {
        match String::from_utf16_lossy(part).as_str() {
            "" | "." => {}
            ".." => drop(names.pop()),
            _ => names.push(Name::from_units(part.to_vec())),
        }
    }
    resolver.walk(&top.fs, &names, LastLink::Follow)
}

fn lead_of(top: &Place, path: &[Name], record: &LinkRecord, way: &Walk) -> Lead {
    // The next link at the end of the way, for a chain is drawn link by link.
    let next = way
        .hops
        .iter()
        .find(|hop| hop.is_last && hop.at != path)
        .map(|hop| hop.at.clone());
    match &way.outcome {
        Outcome::Loop => Lead::Link(next.unwrap_or_else(|| path.to_vec())),
        Outcome::Found(place) if Arc::ptr_eq(&place.fs, &top.fs) => match next {
            Some(next) => Lead::Link(next),
            None => Lead::Object {
                id: id_of(&place.stat),
                asked: place.path.clone(),
                is_directory: place.stat.is_plain_directory(),
            },
        },
        Outcome::Found(_) => Lead::End(EndKind::Outside),
        Outcome::Missing | Outcome::MissingDirectory => match next {
            Some(next) => Lead::Link(next),
            None => Lead::End(EndKind::Missing),
        },
        Outcome::Elsewhere | Outcome::Opaque | Outcome::Refused(_) => {
            Lead::End(match record.broken {
                Some(true) => EndKind::Missing,
                Some(false) => EndKind::Outside,
                None => EndKind::Unknown,
            })
        }
    }
}

/// The names, below `top`, of what the links lead to.
fn names_of(
    top: &Place,
    links: &[Link],
    go_on: &mut dyn FnMut() -> ControlFlow<()>,
) -> Result<HashMap<Id, Vec<Path>>> {
    let mut names: HashMap<Id, Vec<Path>> = HashMap::new();
    for link in links {
        if let Lead::Object { id, .. } = &link.lead {
            names.entry(*id).or_default();
        }
    }
    if names.is_empty() {
        return Ok(names);
    }
    if let Some(paths) = names.get_mut(&id_of(&top.fs.stat(&top.node)?)) {
        paths.push(top.path.clone());
    }
    walk(top, &mut |event| {
        if let Event::Met(met) = event
            && let Some(paths) = names.get_mut(&id_of(met.stat))
        {
            paths.push(met.path.to_vec());
        }
        go_on()
    })?;
    Ok(names)
}

/// A name that is drawn.
struct Named<'a> {
    path: Path,
    is_directory: bool,
    /// The link that it is; `None`: only what a link leads to.
    link: Option<&'a Link>,
}

/// The drawing while it grows.
struct Drawing<'a> {
    top: &'a Place,
    graph: Graph,
    directories: HashMap<Path, usize>,
    entries: HashMap<Path, usize>,
    ends: HashMap<(Option<Id>, End), usize>,
}

fn draw(top: &Place, place: &str, links: &[Link], names: &HashMap<Id, Vec<Path>>) -> Graph {
    let targets: Vec<Option<(Path, Id)>> = links
        .iter()
        .map(|link| match &link.lead {
            Lead::Object { id, asked, .. } => {
                let paths = names.get(id).map_or(&[][..], Vec::as_slice);
                name_meant(paths, asked).map(|path| (path, *id))
            }
            _ => None,
        })
        .collect();
    let mut drawing = Drawing {
        top,
        graph: Graph {
            place: place.to_owned(),
            ..Graph::default()
        },
        directories: HashMap::new(),
        entries: HashMap::new(),
        ends: HashMap::new(),
    };
    drawing.place_names(links, &targets);
    for (link, target) in links.iter().zip(&targets) {
        drawing.edge(link, target.as_ref());
    }
    drawing.graph
}

/// The name that was asked for, in the case it has; else any.
fn name_meant(paths: &[Path], asked: &[Name]) -> Option<Path> {
    let fold = |path: &[Name]| -> Vec<String> {
        path.iter()
            .map(|name| name.to_string().to_lowercase())
            .collect()
    };
    let asked_folded = fold(asked);
    let exact = paths.iter().find(|path| path.as_slice() == asked);
    exact
        .or_else(|| paths.iter().find(|path| fold(path) == asked_folded))
        .or_else(|| paths.first())
        .cloned()
}

impl Drawing<'_> {
    /// Directories by path, names by name in them.
    fn place_names(&mut self, links: &[Link], targets: &[Option<(Path, Id)>]) {
        let key = |path: &[Name]| -> Vec<Vec<u16>> {
            path.iter().map(|name| name.units().to_vec()).collect()
        };
        let mut all: BTreeMap<Vec<Vec<u16>>, Named<'_>> = BTreeMap::new();
        for link in links {
            let named = Named {
                path: link.path.clone(),
                is_directory: false,
                link: Some(link),
            };
            all.insert(key(&link.path), named);
        }
        for (link, target) in links.iter().zip(targets) {
            let Some((path, _)) = target else { continue };
            all.entry(key(path)).or_insert_with(|| Named {
                path: path.clone(),
                is_directory: matches!(
                    link.lead,
                    Lead::Object {
                        is_directory: true,
                        ..
                    }
                ),
                link: None,
            });
        }
        let mut directories: BTreeMap<Vec<Vec<u16>>, Path> = BTreeMap::new();
        for named in all.values() {
            let path = match (named.is_directory, named.path.split_last()) {
                (false, Some((_, parent))) => parent,
                _ => named.path.as_slice(),
            };
            directories.insert(key(path), path.to_vec());
        }
        for path in directories.into_values() {
            self.directory(path);
        }
        for named in all.into_values() {
            if !named.is_directory {
                self.entry(named.path, named.link);
            }
        }
    }

    fn directory(&mut self, path: Path) {
        let below = path.get(self.top.path.len()..).unwrap_or_default();
        let shown: Vec<String> = below.iter().map(name_for_display).collect();
        self.graph.directories.push(Directory {
            path: match below.is_empty() {
                true => self.graph.place.clone(),
                false => shown.join("/"),
            },
            depth: below.len(),
            entries: Vec::new(),
        });
        self.directories
            .insert(path, self.graph.directories.len() - 1);
    }

    fn entry(&mut self, path: Path, link: Option<&Link>) {
        let Some((name, parent)) = path.split_last() else {
            return;
        };
        let Some(&directory) = self.directories.get(parent) else {
            return;
        };
        let number = self.graph.entries.len();
        let target = link.and_then(|link| link.record.target.as_ref());
        self.graph.entries.push(Entry {
            directory,
            name: name_for_display(name),
            kind: link.map(|link| link.record.kind),
            target: target.map(name_for_display),
        });
        if let Some(directory) = self.graph.directories.get_mut(directory) {
            directory.entries.push(number);
        }
        self.entries.insert(path, number);
    }

    fn edge(&mut self, link: &Link, target: Option<&(Path, Id)>) {
        let Some(&from) = self.entries.get(&link.path) else {
            return;
        };
        let to = match (&link.lead, target) {
            (Lead::File, _) => self.file(link),
            (Lead::Link(path), _) => match self.entries.get(path) {
                Some(&entry) => NodeId::Entry(entry),
                None => self.end_of(link, EndKind::Outside),
            },
            (Lead::Object { .. }, Some((path, _))) => {
                match (self.entries.get(path), self.directories.get(path)) {
                    (Some(&entry), _) => NodeId::Entry(entry),
                    (None, Some(&directory)) => NodeId::Directory(directory),
                    (None, None) => self.end_of(link, EndKind::Outside),
                }
            }
            (Lead::Object { .. }, None) => self.end_of(link, EndKind::Outside),
            (Lead::End(kind), _) => self.end_of(link, *kind),
        };
        self.graph.edges.push(Edge {
            from,
            to,
            kind: link.record.kind,
            state: link.state(target),
        });
    }

    fn file(&mut self, link: &Link) -> NodeId {
        let label = format!("1 file, {} names", link.record.names);
        self.end(Some(link.id), EndKind::File, label)
    }

    fn end_of(&mut self, link: &Link, kind: EndKind) -> NodeId {
        let label = match (&link.record.target, link.record.tag) {
            (Some(target), _) => name_for_display(target),
            (None, Some(tag)) => format!("reparse tag 0x{tag:08X}"),
            (None, None) => "?".to_owned(),
        };
        self.end(None, kind, label)
    }

    /// One end for each file, and for each text.
    fn end(&mut self, id: Option<Id>, kind: EndKind, label: String) -> NodeId {
        let end = End { kind, label };
        let next = self.graph.ends.len();
        let number = *self.ends.entry((id, end.clone())).or_insert(next);
        if number == next {
            self.graph.ends.push(end);
        }
        NodeId::End(number)
    }
}

impl Link {
    fn state(&self, target: Option<&(Path, Id)>) -> State {
        match (&self.lead, target) {
            _ if self.loops => State::Loop,
            (Lead::Object { .. }, Some((path, _))) if self.path.starts_with(path) => {
                State::Ancestor
            }
            (Lead::End(EndKind::Missing), _) => State::Broken,
            (Lead::End(EndKind::Unknown), _) => State::Unknown,
            _ if self.record.broken == Some(true) => State::Broken,
            _ => State::Leads,
        }
    }
}
