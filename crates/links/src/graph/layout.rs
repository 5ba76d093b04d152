//! Where cards, pills and lines go: ranks from left to right by the crate
//! `layout-rs`, which knows boxes; lines begin and end at rows, which is ours.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use layout::core::base::Orientation;
use layout::core::format::{ClipHandle, RenderBackend};
use layout::core::geometry::{Point, Position};
use layout::core::style::StyleAttr;
use layout::std_shapes::shapes::{Arrow, Element, ShapeKind};
use layout::topo::layout::VisualGraph;

use super::view::{Anchor, Card, Pill, View};

/// Height of a row, of a pill and of the head of a card, in pixels.
pub(super) const ROW: f64 = 28.0;
pub(super) const PILL: f64 = 30.0;
pub(super) const HEAD: f64 = 36.0;
/// What a card has below its last row.
pub(super) const FOOT: f64 = 8.0;
/// Width of a letter of the fonts, which have one width.
pub(super) const LETTER: f64 = 7.4;
pub(super) const SMALL_LETTER: f64 = 6.2;
/// Most letters of a text; a longer one is cut in its middle.
pub(super) const LETTERS: usize = 36;

/// What `layout-rs` leaves around a box: across the ranks, and within one.
const GAP_ACROSS: f64 = 90.0;
const GAP_WITHIN: f64 = 26.0;

/// Most pairs of boxes beyond those that hold the picture together.
const MORE_PAIRS: usize = 24;

/// A rectangle, in pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Where everything is.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) cards: Vec<Area>,
    pub(super) pills: Vec<Area>,
    /// Curves: a point to start at, then points to pass, the last to end at.
    pub(super) lines: Vec<Route>,
}

/// The way of a line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Route {
    pub(super) points: Vec<(f64, f64)>,
    /// Both ends are at the right side of one card.
    pub(super) is_beside: bool,
}

impl Route {
    /// Whether it begins towards the left.
    pub(super) fn leads_left(&self) -> bool {
        match self.points.as_slice() {
            [(x, _), (next, _), ..] => next < x,
            _ => false,
        }
    }
}

/// Columns that a text takes; East Asian ones are wide.
pub(super) fn columns(text: &str) -> usize {
    text.chars()
        .map(|c| if u32::from(c) >= 0x1100 { 2 } else { 1 })
        .sum()
}

/// The text, cut in its middle when it is long.
pub(super) fn fitted(text: &str) -> String {
    if columns(text) <= LETTERS {
        return text.to_owned();
    }
    let half = |chars: &mut dyn Iterator<Item = char>| {
        let mut taken = 0;
        let mut part = Vec::new();
        for c in chars {
            taken += columns(c.encode_utf8(&mut [0; 4]));
            if taken > LETTERS / 2 - 1 {
                break;
            }
            part.push(c);
        }
        part
    };
    let head: String = half(&mut text.chars()).into_iter().collect();
    let tail: String = half(&mut text.chars().rev()).into_iter().rev().collect();
    format!("{head}…{tail}")
}

fn width_of(text: &str, letter: f64) -> f64 {
    f64::from(u32::try_from(columns(&fitted(text))).unwrap_or(u32::MAX)) * letter
}

fn card_size(card: &Card) -> (f64, f64) {
    let head = 44.0 + width_of(&card.title, LETTER);
    let rows = card.rows.iter().map(|row| {
        let note = match row.note.is_empty() {
            true => 0.0,
            false => 24.0 + width_of(&row.note, SMALL_LETTER),
        };
        46.0 + width_of(&row.text, LETTER) + note
    });
    let width = rows.fold(head, f64::max).max(150.0).ceil();
    let count = f64::from(u32::try_from(card.rows.len()).unwrap_or(u32::MAX));
    let foot = if card.rows.is_empty() { 0.0 } else { FOOT };
    (width, HEAD + count * ROW + foot)
}

fn pill_size(pill: &Pill) -> (f64, f64) {
    ((42.0 + width_of(&pill.text, LETTER)).ceil(), PILL)
}

impl Layout {
    pub(super) fn of(view: &View) -> Self {
        let sizes: Vec<(f64, f64)> = view
            .cards
            .iter()
            .map(card_size)
            .chain(view.pills.iter().map(pill_size))
            .collect();
        let node_of = |anchor: Anchor| match anchor {
            Anchor::Head(card) | Anchor::Row(card, _) => card,
            Anchor::Pill(pill) => view.cards.len() + pill,
        };
        let ends = view.lines.iter().map(|l| (node_of(l.from), node_of(l.to)));
        let pairs = leading(ends, sizes.len());
        let mut drawn = arrange(&sizes, &pairs);
        drawn.shift();
        let mut areas: Vec<Area> = (0..sizes.len())
            .map(|node| drawn.boxes.get(&node).copied().unwrap_or_default())
            .collect();
        let pills = areas.split_off(view.cards.len());
        let mut layout = Self {
            cards: areas,
            pills,
            ..Self::default()
        };
        layout.lines = view
            .lines
            .iter()
            .map(|line| {
                let (from, to) = (node_of(line.from), node_of(line.to));
                let between = match (drawn.ways.get(&(from, to)), drawn.ways.get(&(to, from))) {
                    (Some(way), _) => way.clone(),
                    (_, Some(way)) => way.iter().rev().copied().collect(),
                    _ => Vec::new(),
                };
                layout.route(line.from, line.to, &between, from == to)
            })
            .collect();
        layout.measure();
        layout
    }

    /// The area of what a line begins or ends at.
    pub(super) fn area(&self, anchor: Anchor) -> Area {
        match anchor {
            Anchor::Pill(pill) => self.pills.get(pill).copied().unwrap_or_default(),
            Anchor::Head(card) => Area {
                height: HEAD,
                ..self.cards.get(card).copied().unwrap_or_default()
            },
            Anchor::Row(card, row) => {
                let card = self.cards.get(card).copied().unwrap_or_default();
                let above = f64::from(u32::try_from(row).unwrap_or(u32::MAX));
                Area {
                    y: card.y + HEAD + above * ROW,
                    height: ROW,
                    ..card
                }
            }
        }
    }

    fn route(&self, from: Anchor, to: Anchor, between: &[(f64, f64)], is_beside: bool) -> Route {
        let (start, end) = (self.area(from), self.area(to));
        let middle = |area: Area| area.y + area.height / 2.0;
        let right = |area: Area| (area.x + area.width, middle(area));
        let left = |area: Area| (area.x, middle(area));
        if is_beside {
            // What leads to itself needs two points all the same.
            let apart = if from == to { 6.0 } else { 0.0 };
            let ((x, y), (to_x, to_y)) = (right(start), right(end));
            return Route {
                points: vec![(x, y - apart), (to_x, to_y + apart)],
                is_beside,
            };
        }
        let (first, last) = match start.x <= end.x {
            true => (right(start), left(end)),
            false => (left(start), right(end)),
        };
        let mut points = vec![first];
        points.extend_from_slice(between);
        points.push(last);
        Route { points, is_beside }
    }

    fn measure(&mut self) {
        for area in self.cards.iter().chain(&self.pills) {
            self.width = self.width.max(area.x + area.width);
            self.height = self.height.max(area.y + area.height);
        }
        for route in &self.lines {
            let aside = if route.is_beside { bulge(route) } else { 0.0 };
            for (x, y) in &route.points {
                self.width = self.width.max(x + aside);
                self.height = self.height.max(*y);
            }
        }
    }
}

/// How far the line of a card to itself goes to the right.
pub(super) fn bulge(route: &Route) -> f64 {
    match route.points.as_slice() {
        [(_, from), .., (_, to)] => 22.0 + ((from - to).abs() * 0.22).min(60.0),
        _ => 0.0,
    }
}

/// The pairs of boxes that say where boxes go: each that joins what was apart, and
/// some more, those with most lines first. Their number is bounded, as the time of
/// `layout-rs` grows with the cube of all the ranks that lines pass.
fn leading(ends: impl Iterator<Item = (usize, usize)>, boxes: usize) -> Vec<(usize, usize)> {
    let mut counts: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for (from, to) in ends.filter(|(from, to)| from != to) {
        match counts.get_mut(&(to, from)) {
            Some(count) => *count += 1,
            None => *counts.entry((from, to)).or_default() += 1,
        }
    }
    let mut pairs: Vec<_> = counts.into_iter().collect();
    pairs.sort_by_key(|&(pair, count)| (Reverse(count), pair));
    let mut groups: Vec<usize> = (0..boxes).collect();
    let mut more = boxes.min(MORE_PAIRS);
    let mut kept: Vec<(usize, usize)> = Vec::new();
    for ((from, to), _) in pairs {
        let group = |node: usize| groups.get(node).copied().unwrap_or(node);
        let (a, b) = (group(from), group(to));
        if a == b {
            if more == 0 {
                continue;
            }
            more -= 1;
        }
        for group in groups.iter_mut().filter(|group| **group == b) {
            *group = a;
        }
        kept.push((from, to));
    }
    kept.sort_unstable();
    kept
}

/// What `layout-rs` would draw.
#[derive(Default)]
struct Drawn {
    boxes: HashMap<usize, Area>,
    /// From box to box, the points between.
    ways: HashMap<(usize, usize), Vec<(f64, f64)>>,
}

/// Gives every box its place, so that lines lead from left to right.
fn arrange(sizes: &[(f64, f64)], pairs: &[(usize, usize)]) -> Drawn {
    let mut drawn = Drawn::default();
    if sizes.is_empty() {
        return drawn;
    }
    let direction = Orientation::LeftToRight;
    let mut graph = VisualGraph::new(direction);
    let look = StyleAttr::simple();
    let nodes: Vec<_> = sizes
        .iter()
        .enumerate()
        .map(|(number, &(width, height))| {
            let mut element = Element::create_with_properties(
                ShapeKind::new_box(""),
                look.clone(),
                direction,
                Point::new(width, height),
                number.to_string(),
            );
            element.pos = Position::new(
                Point::zero(),
                Point::new(width, height),
                Point::zero(),
                Point::new(GAP_ACROSS, GAP_WITHIN),
            );
            graph.add_node(element)
        })
        .collect();
    for &(from, to) in pairs {
        if let (Some(&a), Some(&b)) = (nodes.get(from), nodes.get(to)) {
            let arrow = Arrow::simple_with_properties("", format!("{from} {to}"));
            graph.add_edge(arrow, a, b);
        }
    }
    graph.do_it(false, false, false, &mut drawn);
    drawn
}

impl Drawn {
    /// What is leftmost and topmost, box or line, gets the coordinates 0.
    fn shift(&mut self) {
        let corners = self.boxes.values().map(|area| (area.x, area.y));
        let least = corners
            .chain(self.ways.values().flatten().copied())
            .reduce(|(x, y), (other_x, other_y)| (x.min(other_x), y.min(other_y)));
        let (x, y) = least.unwrap_or_default();
        for area in self.boxes.values_mut() {
            area.x = (area.x - x).round();
            area.y = (area.y - y).round();
        }
        for point in self.ways.values_mut().flatten() {
            point.0 -= x;
            point.1 -= y;
        }
    }
}

impl RenderBackend for Drawn {
    fn draw_rect(
        &mut self,
        xy: Point,
        size: Point,
        _look: &StyleAttr,
        properties: Option<String>,
        _clip: Option<ClipHandle>,
    ) {
        if let Some(number) = properties.and_then(|text| text.parse().ok()) {
            let area = Area {
                x: xy.x,
                y: xy.y,
                width: size.x,
                height: size.y,
            };
            self.boxes.insert(number, area);
        }
    }

    fn draw_line(&mut self, _: Point, _: Point, _: &StyleAttr, _: Option<String>) {}

    fn draw_circle(&mut self, _: Point, _: Point, _: &StyleAttr, _: Option<String>) {}

    fn draw_text(&mut self, _: Point, _: &str, _: &StyleAttr) {}

    fn draw_arrow(
        &mut self,
        path: &[(Point, Point)],
        _dashed: bool,
        head: (bool, bool),
        _look: &StyleAttr,
        properties: Option<String>,
        _text: &str,
    ) {
        let pair = properties.as_deref().and_then(|text| {
            let (from, to) = text.split_once(' ')?;
            Some((from.parse().ok()?, to.parse().ok()?))
        });
        let Some(pair) = pair else { return };
        let inner = path
            .get(1..path.len().saturating_sub(1))
            .unwrap_or_default();
        let mut points: Vec<(f64, f64)> = inner.iter().map(|(_, at)| (at.x, at.y)).collect();
        // It was turned round to break a cycle: the head is at its beginning.
        if head.0 {
            points.reverse();
        }
        self.ways.insert(pair, points);
    }

    fn create_clip(&mut self, _: Point, _: Point, _: usize) -> ClipHandle {
        0
    }
}
