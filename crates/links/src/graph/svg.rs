//! The graph as a drawing.

use svg::node::element::{Circle, Definitions, Group, Marker, Path, Rectangle, Style, Text, Title};
use svg::{Document, Node};

use super::layout::{
    Area, HEAD, LETTER, Layout, PILL, ROW, Route, SMALL_LETTER, bulge, columns, fitted,
};
use super::model::{EndKind, Graph};
use super::view::{Anchor, Card, Line, Pill, Row, View, class_words};

/// The style sheet of the drawing, for light and dark.
const STYLE: &str = include_str!("assets/drawing.css");

/// Around everything.
const MARGIN: f64 = 28.0;
/// Height of title and legend.
const LEGEND: f64 = 76.0;

/// The classes that edges have, in the order of the legend.
pub(super) const CLASSES: [&str; 8] = [
    "symlink",
    "junction",
    "mount_point",
    "lx_symlink",
    "hard",
    "other",
    "loop",
    "broken",
];

/// The graph as an SVG file, with its style in it. A graph that is too large for
/// a picture is drawn coarser, which the drawing says.
pub fn svg(graph: &Graph) -> String {
    let view = View::of(graph);
    let layout = Layout::of(&view);
    let legend = legend(graph, &view);
    let width = layout.width.max(legend.width) + 2.0 * MARGIN;
    let height = layout.height + LEGEND + 2.0 * MARGIN;
    let background = Rectangle::new()
        .set("class", "paper")
        .set("width", width)
        .set("height", height);
    let document = document(width, height)
        .add(Style::new(STYLE))
        .add(Title::new(format!("Links of {}", graph.place)))
        .add(background)
        .add(legend.group.set("transform", at(MARGIN, MARGIN)))
        .add(drawing(&view, &layout).set("transform", at(MARGIN, MARGIN + LEGEND)));
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{document}\n")
}

/// The drawing alone, for a page that has style and legend of its own.
pub(super) fn bare(view: &View) -> String {
    let layout = Layout::of(view);
    let (width, height) = (layout.width + 2.0 * MARGIN, layout.height + 2.0 * MARGIN);
    document(width, height)
        .set("id", "drawing")
        .add(drawing(view, &layout).set("transform", at(MARGIN, MARGIN)))
        .to_string()
}

/// The style sheet, for the page.
pub(super) fn style() -> &'static str {
    STYLE
}

fn document(width: f64, height: f64) -> Document {
    Document::new()
        .set("class", "links")
        .set("width", width)
        .set("height", height)
        .set("viewBox", (0, 0, width, height))
}

fn at(x: f64, y: f64) -> String {
    format!("translate({x} {y})")
}

fn text(class: &str, x: f64, y: f64, words: &str) -> Text {
    Text::new(words).set("class", class).set("x", x).set("y", y)
}

/// A text that is cut where it is long, with the whole of it to be pointed at.
fn label(class: &str, x: f64, y: f64, words: &str) -> Group {
    let group = Group::new().add(text(class, x, y, &fitted(words)));
    match fitted(words) == words {
        true => group,
        false => group.add(Title::new(words)),
    }
}

/// The title and what the colours mean.
struct Legend {
    group: Group,
    width: f64,
}

fn legend(graph: &Graph, view: &View) -> Legend {
    let title = format!("Links of {}", fitted(&graph.place));
    let mut group = Group::new()
        .set("class", "legend")
        .add(text("heading", 0.0, 16.0, &title));
    let mut x = 0.0;
    for class in CLASSES {
        let count = graph.edges.iter().filter(|e| e.class() == class).count();
        if count == 0 {
            continue;
        }
        let words = format!("{count} {}", class_words(class, count));
        group = group
            .add(
                Path::new()
                    .set("class", format!("line {class}"))
                    .set("d", format!("M{x} 44H{}", x + 24.0)),
            )
            .add(text("note", x + 32.0, 48.0, &words));
        x += 32.0 + width(&words, SMALL_LETTER) + 26.0;
    }
    if view.is_coarse {
        let words = "too large to draw in full: some names are drawn as one";
        group = group.add(text("note", x, 48.0, words));
        x += width(words, SMALL_LETTER);
    }
    Legend {
        group,
        width: x.max(width(&title, LETTER * 1.3)),
    }
}

fn width(words: &str, letter: f64) -> f64 {
    f64::from(u32::try_from(columns(words)).unwrap_or(u32::MAX)) * letter
}

fn drawing(view: &View, layout: &Layout) -> Group {
    let class = if view.is_coarse { "coarse" } else { "fine" };
    let mut group = Group::new().set("class", class).add(tips());
    let mut lines = Group::new().set("class", "lines");
    for (number, (line, route)) in view.lines.iter().zip(&layout.lines).enumerate() {
        lines.append(line_of(number, line, route));
    }
    group.append(lines);
    for (number, card) in view.cards.iter().enumerate() {
        group.append(card_of(number, card, layout));
    }
    for (number, pill) in view.pills.iter().enumerate() {
        group.append(pill_of(number, pill, layout.area(Anchor::Pill(number))));
    }
    group
}

/// An arrow head for each class.
fn tips() -> Definitions {
    let mut tips = Definitions::new();
    for class in CLASSES {
        tips.append(
            Marker::new()
                .set("id", format!("tip-{class}"))
                .set("viewBox", "0 0 10 10")
                .set("refX", 9)
                .set("refY", 5)
                .set("markerWidth", 9)
                .set("markerHeight", 9)
                .set("markerUnits", "userSpaceOnUse")
                .set("orient", "auto-start-reverse")
                .add(
                    Path::new()
                        .set("class", format!("tip {class}"))
                        .set("d", "M0 1L10 5L0 9z"),
                ),
        );
    }
    tips
}

fn line_of(number: usize, line: &Line, route: &Route) -> Group {
    let path = Path::new()
        .set("class", format!("line {}", line.class))
        .set("d", curve(route));
    let path = match line.class {
        // A hard link is no way from here to there: all names are alike.
        "hard" => path,
        class => path.set("marker-end", format!("url(#tip-{class})")),
    };
    let mut group = Group::new()
        .set("class", "edge")
        .set("id", format!("l{number}"))
        .add(path);
    if let Some(&(x, y)) = route.points.first() {
        group.append(
            Circle::new()
                .set("class", format!("start {}", line.class))
                .set("cx", if route.leads_left() { x - 3.0 } else { x + 3.0 })
                .set("cy", y)
                .set("r", 3),
        );
    }
    if line.count > 1 {
        let words = format!("{} {}", line.count, class_words(line.class, line.count));
        group.append(Title::new(words));
    }
    group
}

/// A smooth way through the points, level at each of them.
fn curve(route: &Route) -> String {
    let Some(&(mut x, mut y)) = route.points.first() else {
        return String::new();
    };
    let mut path = format!("M{x:.1} {y:.1}");
    for &(to_x, to_y) in route.points.get(1..).unwrap_or_default() {
        let (a, b) = match route.is_beside {
            true => {
                let far = x.max(to_x) + bulge(route) * 1.3;
                (far, far)
            }
            false => {
                let middle = (x + to_x) / 2.0;
                (middle, middle)
            }
        };
        path.push_str(&format!(
            "C{a:.1} {y:.1} {b:.1} {to_y:.1} {to_x:.1} {to_y:.1}"
        ));
        (x, y) = (to_x, to_y);
    }
    path
}

fn card_of(number: usize, card: &Card, layout: &Layout) -> Group {
    let area = layout.cards.get(number).copied().unwrap_or_default();
    let mut group = Group::new()
        .set("class", "card")
        .set("id", format!("c{number}"))
        .add(rectangle("box", area, 8.0))
        .add(
            Path::new()
                .set("class", "folder")
                .set("transform", at(area.x + 13.0, area.y + 11.0))
                .set(
                    "d",
                    "M0 2.5Q0 1 1.5 1H5L7 3H13.5Q15 3 15 4.5V11.5Q15 13 13.5 13H1.5Q0 13 0 11.5z",
                ),
        )
        .add(label(
            "name title",
            area.x + 35.0,
            area.y + HEAD / 2.0 + 4.5,
            &card.title,
        ));
    if !card.rows.is_empty() {
        group.append(
            Path::new()
                .set("class", "rule")
                .set("d", format!("M{} {}h{}", area.x, area.y + HEAD, area.width)),
        );
    }
    for (position, row) in card.rows.iter().enumerate() {
        group.append(row_of(
            &format!("r{number}-{position}"),
            row,
            layout.area(Anchor::Row(number, position)),
        ));
    }
    group
}

fn row_of(id: &str, row: &Row, area: Area) -> Group {
    let middle = area.y + ROW / 2.0 + 2.0;
    let back = Area {
        x: area.x + 4.0,
        y: area.y + 2.0,
        width: area.width - 8.0,
        height: ROW - 2.0,
    };
    let mut group = Group::new()
        .set("class", format!("row {}", row.class))
        .set("id", id)
        .add(rectangle("back", back, 5.0))
        .add(glyph(row.class, area.x + 20.0, middle))
        .add(label("name", area.x + 35.0, middle + 4.5, &row.text));
    if !row.note.is_empty() {
        group.append(
            text("note", area.x + area.width - 14.0, middle + 4.0, &row.note)
                .set("text-anchor", "end"),
        );
    }
    group
}

/// A sign for a class, that tells the bad ones without colours too.
fn glyph(class: &str, x: f64, y: f64) -> Path {
    let sign = match class {
        "broken" => format!("M{} {}l7 7m0 -7l-7 7", x - 3.5, y - 3.5),
        "loop" => format!("M{} {}a4 4 0 1 1 -2.8 -3.8", x + 4.0, y),
        "more" | "plain" => format!("M{} {}h6", x - 3.0, y),
        _ => format!("M{} {}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z", x - 3.5, y),
    };
    Path::new()
        .set("class", format!("glyph {class}"))
        .set("d", sign)
}

fn pill_of(number: usize, pill: &Pill, area: Area) -> Group {
    let middle = area.y + PILL / 2.0;
    let sign = match pill.kind {
        EndKind::Missing => "broken",
        EndKind::File => "hard",
        EndKind::Outside | EndKind::Unknown => "plain",
    };
    Group::new()
        .set("class", format!("pill {}", pill.kind.as_str()))
        .set("id", format!("p{number}"))
        .add(rectangle("box", area, PILL / 2.0))
        .add(glyph(sign, area.x + 17.0, middle))
        .add(label("name", area.x + 29.0, middle + 4.5, &pill.text))
}

fn rectangle(class: &str, area: Area, radius: f64) -> Rectangle {
    Rectangle::new()
        .set("class", class)
        .set("x", area.x)
        .set("y", area.y)
        .set("width", area.width)
        .set("height", area.height)
        .set("rx", radius)
}
