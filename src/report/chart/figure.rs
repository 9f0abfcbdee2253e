//! A figure as data: marks in logical pixels, from which the SVG of the page and the PNG beside it are both painted.
//!
//! Keeping the marks apart from the painting makes a figure testable without looking at pixels, and makes both files
//! show the same thing. Nothing here knows what a mark stands for.

use super::style::{Colour, HAIRLINE, LABEL, MUTED};

/// Height of a figure that has nothing to show.
const NOTHING_HEIGHT: f64 = 60.0;

/// Where a text stands relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// The point is at its left end.
    Start,
    /// The point is in its middle.
    Middle,
    /// The point is at its right end.
    End,
}

/// One mark.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// A filled rectangle from corner to corner.
    Bar { from: (f64, f64), to: (f64, f64), fill: Colour },
    /// A line through points.
    Line { points: Vec<(f64, f64)>, stroke: Colour, width: f64 },
    /// A filled polygon.
    Area { points: Vec<(f64, f64)>, fill: Colour },
    /// A disc, or a ring if not filled.
    Dot { at: (f64, f64), radius: f64, colour: Colour, filled: bool },
    /// A line of text, vertically centred on its point.
    Text { at: (f64, f64), text: String, size: f64, colour: Colour, anchor: Anchor },
}

/// A drawing of given size.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Name of its files.
    pub name: String,
    /// What it shows, in words, for readers who cannot see it.
    pub title: String,
    /// What a heading above it says, where it stands among figures of its kind.
    pub caption: String,
    /// Width in logical pixels.
    pub width: f64,
    /// Height in logical pixels.
    pub height: f64,
    /// Marks in painting order.
    pub marks: Vec<Mark>,
}

impl Figure {
    /// An empty sheet.
    pub fn new(name: impl Into<String>, title: impl Into<String>, width: f64, height: f64) -> Self {
        Self { name: name.into(), title: title.into(), caption: String::new(), width, height, marks: Vec::new() }
    }

    /// Adds a filled rectangle between two corners given in any order; it is at least a hairline wide and high.
    pub fn bar(&mut self, a: (f64, f64), b: (f64, f64), fill: Colour) {
        let from = (a.0.min(b.0), a.1.min(b.1));
        let to = (a.0.max(b.0).max(from.0 + HAIRLINE), a.1.max(b.1).max(from.1 + HAIRLINE));
        self.marks.push(Mark::Bar { from, to, fill });
    }

    /// Adds a line through `points`.
    pub fn line(&mut self, points: Vec<(f64, f64)>, stroke: Colour, width: f64) {
        self.marks.push(Mark::Line { points, stroke, width });
    }

    /// Adds a dashed straight line.
    pub fn dashes(&mut self, from: (f64, f64), to: (f64, f64), stroke: Colour) {
        const DASH: f64 = 5.0;
        const GAP: f64 = 4.0;
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        if length <= 0.0 {
            return;
        }
        let at = |d: f64| {
            let share = (d / length).min(1.0);
            (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share)
        };
        let pieces = (length / (DASH + GAP)).ceil() as usize;
        for start in (0..pieces).map(|i| i as f64 * (DASH + GAP)) {
            self.line(vec![at(start), at(start + DASH)], stroke, HAIRLINE);
        }
    }

    /// Adds a filled polygon.
    pub fn area(&mut self, points: Vec<(f64, f64)>, fill: Colour) {
        self.marks.push(Mark::Area { points, fill });
    }

    /// Adds a disc.
    pub fn dot(&mut self, at: (f64, f64), radius: f64, colour: Colour) {
        self.marks.push(Mark::Dot { at, radius, colour, filled: true });
    }

    /// Adds a ring: a value that lies beyond the axis.
    pub fn ring(&mut self, at: (f64, f64), radius: f64, colour: Colour) {
        self.marks.push(Mark::Dot { at, radius, colour, filled: false });
    }

    /// Adds a line of text.
    pub fn text(&mut self, at: (f64, f64), text: impl Into<String>, size: f64, colour: Colour, anchor: Anchor) {
        self.marks.push(Mark::Text { at, text: text.into(), size, colour, anchor });
    }

    /// A strip that says why there is nothing to draw.
    pub fn nothing(mut self, why: &str) -> Self {
        self.height = NOTHING_HEIGHT;
        let middle = (self.width / 2.0, self.height / 2.0);
        self.text(middle, why, LABEL, MUTED, Anchor::Middle);
        self
    }

    /// Every text in it, in painting order.
    #[cfg(test)]
    pub fn texts(&self) -> Vec<&str> {
        self.marks
            .iter()
            .filter_map(|mark| match mark {
                Mark::Text { text, .. } => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    /// Whether every mark lies on the sheet (texts by their point).
    #[cfg(test)]
    pub fn is_on_sheet(&self) -> bool {
        let inside =
            |&(x, y): &(f64, f64)| (-1.0..=self.width + 1.0).contains(&x) && (-1.0..=self.height + 1.0).contains(&y);
        self.marks.iter().all(|mark| match mark {
            Mark::Bar { from, to, .. } => inside(from) && inside(to),
            Mark::Line { points, .. } | Mark::Area { points, .. } => points.iter().all(inside),
            Mark::Dot { at, .. } | Mark::Text { at, .. } => inside(at),
        })
    }
}
