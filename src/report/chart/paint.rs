//! Paints a [`Figure`] with plotters: SVG text for the page, a PNG file for slides.
//!
//! The only code that names plotters. Text is measured and, in images, drawn with the embedded font, so that the same
//! figure has the same bytes on every machine.

use std::{path::Path, sync::OnceLock};

use plotters::{
    coord::Shift,
    prelude::*,
    style::{FontStyle, register_font, text_anchor},
};

use super::{
    figure::{Anchor, Figure, Mark},
    style::{Colour, INK, PAPER, PIXELS},
};

/// DejaVu Sans Condensed 2.37; its licence lies beside it.
static FONT: &[u8] = include_bytes!("font/DejaVuSansCondensed.ttf");

/// The name under which plotters knows the font; in a page the style sheet's font wins.
const FAMILY: &str = "sans-serif";

/// How a backend reads a font size, and where it puts a text that should be centred on its point.
#[derive(Debug, Clone, Copy)]
struct Lettering {
    /// Size to ask for per size of the letter square (em).
    ratio: f64,
    /// Logical pixels to move down, per size.
    shift: f64,
}

/// plotters divides a size by 1.24 before writing it into an SVG.
const SVG_LETTERING: Lettering = Lettering { ratio: 1.24, shift: 0.0 };
/// In an image a size is the font's full height: DejaVu's ascent and descent are 1.164 em. Its middle line is drawn above
/// the point.
const PNG_LETTERING: Lettering = Lettering { ratio: 1.164, shift: 0.17 };

/// White around an image, where there is no page around it.
const MARGIN: f64 = 18.0;
/// Height of an image's heading.
const HEADING: f64 = 34.0;
/// Size of its letters.
const HEADING_SIZE: f64 = 15.0;

/// A figure that could not be painted.
#[derive(Debug, thiserror::Error)]
#[error("cannot paint the figure `{figure}`: {reason}")]
pub struct PaintError {
    /// Its name.
    pub figure: String,
    /// Why, in the words of the painting library.
    pub reason: String,
}

fn register() -> Result<(), &'static str> {
    static DONE: OnceLock<bool> = OnceLock::new();
    match DONE.get_or_init(|| register_font(FAMILY, FontStyle::Normal, FONT).is_ok()) {
        true => Ok(()),
        false => Err("the embedded font is not readable"),
    }
}

fn pixels(value: f64) -> i32 {
    (value * PIXELS).round() as i32
}

fn size(figure: &Figure) -> (u32, u32) {
    (pixels(figure.width).max(1) as u32, pixels(figure.height).max(1) as u32)
}

/// The figure as a complete SVG document with a view box and a title.
///
/// # Errors
/// If plotters refuses a mark.
pub fn svg(figure: &Figure) -> Result<String, PaintError> {
    let failed = |reason: String| PaintError { figure: figure.name.clone(), reason };
    register().map_err(|reason| failed(reason.into()))?;
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, size(figure)).into_drawing_area();
        paint(figure, &area, SVG_LETTERING).map_err(failed)?;
    }
    // plotters fixes the size in pixels; the page wants a drawing that fits its column
    let body = text.split_once('>').map_or("", |(_, body)| body);
    let (width, height) = size(figure);
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{}</title>{body}",
        escaped(&figure.title)
    ))
}

/// The figure as an image file, with its title above it.
///
/// # Errors
/// If plotters refuses a mark or the file cannot be written.
pub fn png(figure: &Figure, path: &Path) -> Result<(), PaintError> {
    let failed = |reason: String| PaintError { figure: figure.name.clone(), reason };
    register().map_err(|reason| failed(reason.into()))?;
    let sheet = on_a_sheet(figure);
    let area = BitMapBackend::new(path, size(&sheet)).into_drawing_area();
    area.fill(&rgb(PAPER)).map_err(|error| failed(error.to_string()))?;
    paint(&sheet, &area, PNG_LETTERING).map_err(failed)
}

/// The figure with white around it and its title above it.
fn on_a_sheet(figure: &Figure) -> Figure {
    let moved = |&(x, y): &(f64, f64)| (x + MARGIN, y + MARGIN + HEADING);
    let all = |points: &[(f64, f64)]| points.iter().map(moved).collect();
    let mut sheet =
        Figure::new(&figure.name, &figure.title, figure.width + 2.0 * MARGIN, figure.height + 2.0 * MARGIN + HEADING);
    let title = if figure.caption.is_empty() { &figure.title } else { &figure.caption };
    let title = fitted(title, HEADING_SIZE, figure.width);
    sheet.text((MARGIN, MARGIN + HEADING_SIZE / 2.0), title, HEADING_SIZE, INK, Anchor::Start);
    sheet.marks.extend(figure.marks.iter().map(|mark| match mark.clone() {
        Mark::Bar { from, to, fill } => Mark::Bar { from: moved(&from), to: moved(&to), fill },
        Mark::Line { points, stroke, width } => Mark::Line { points: all(&points), stroke, width },
        Mark::Area { points, fill } => Mark::Area { points: all(&points), fill },
        Mark::Dot { at, radius, colour, filled } => Mark::Dot { at: moved(&at), radius, colour, filled },
        Mark::Text { at, text, size, colour, anchor } => Mark::Text { at: moved(&at), text, size, colour, anchor },
    }));
    sheet
}

/// How wide `text` is in the embedded font, in logical pixels.
pub fn width_of(text: &str, size: f64) -> f64 {
    if register().is_err() {
        return 0.0;
    }
    let font = FontDesc::new(FontFamily::Name(FAMILY), size * PIXELS * PNG_LETTERING.ratio, FontStyle::Normal);
    font.box_size(text).map_or(0.0, |(width, _)| f64::from(width) / PIXELS)
}

/// `text`, or as much of it as fits into `width` with an ellipsis.
pub fn fitted(text: &str, size: f64, width: f64) -> String {
    if width_of(text, size) <= width {
        return text.to_owned();
    }
    let mut short: Vec<char> = text.chars().collect();
    while short.pop().is_some() {
        let candidate = format!("{}…", short.iter().collect::<String>().trim_end());
        if width_of(&candidate, size) <= width {
            return candidate;
        }
    }
    "…".into()
}

fn rgb(colour: Colour) -> RGBColor {
    RGBColor(colour.0, colour.1, colour.2)
}

fn paint<DB: DrawingBackend>(
    figure: &Figure,
    area: &DrawingArea<DB, Shift>,
    lettering: Lettering,
) -> Result<(), String> {
    let at = |&(x, y): &(f64, f64)| (pixels(x), pixels(y));
    for mark in &figure.marks {
        match mark {
            Mark::Bar { from, to, fill } => area.draw(&Rectangle::new([at(from), at(to)], rgb(*fill).filled())),
            Mark::Line { points, stroke, width } => area.draw(&PathElement::new(
                points.iter().map(at).collect::<Vec<_>>(),
                rgb(*stroke).stroke_width(pixels(*width).max(1) as u32),
            )),
            Mark::Area { points, fill } => {
                area.draw(&Polygon::new(points.iter().map(at).collect::<Vec<_>>(), rgb(*fill).filled()))
            }
            Mark::Dot { at: centre, radius, colour, filled } => {
                let style =
                    ShapeStyle { color: rgb(*colour).to_rgba(), filled: *filled, stroke_width: pixels(1.5) as u32 };
                area.draw(&Circle::new(at(centre), pixels(*radius), style))
            }
            Mark::Text { at: point, text, size, colour, anchor } => {
                let h_pos = match anchor {
                    Anchor::Start => text_anchor::HPos::Left,
                    Anchor::Middle => text_anchor::HPos::Center,
                    Anchor::End => text_anchor::HPos::Right,
                };
                let colour = rgb(*colour);
                let style = TextStyle::from((FAMILY, size * PIXELS * lettering.ratio).into_font())
                    .color(&colour)
                    .pos(text_anchor::Pos::new(h_pos, text_anchor::VPos::Center));
                let point = (point.0, point.1 + size * lettering.shift);
                area.draw(&Text::new(text.as_str(), at(&point), style))
            }
        }
        .map_err(|error| error.to_string())?;
    }
    area.present().map_err(|error| error.to_string())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&apos;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(text: &str) -> Figure {
        let mut figure = Figure::new("test", text, 100.0, 40.0);
        figure.text((50.0, 20.0), text, 12.0, INK, Anchor::Middle);
        figure
    }

    #[test]
    fn names_cannot_break_out_of_the_drawing() {
        let text = svg(&figure("</title><script>alert('x')</script>")).unwrap();
        assert!(!text.contains("<script"));
        assert_eq!(text.matches("&lt;script&gt;").count(), 2);
    }

    #[test]
    fn long_names_are_cut_to_the_width_given() {
        assert_eq!(fitted("Short", 12.0, 200.0), "Short");
        let cut = fitted("A very long company name GmbH & Co. KG, branch office north", 12.0, 120.0);
        assert!(cut.ends_with('…') && width_of(&cut, 12.0) <= 120.0, "{cut}");
        assert_eq!(fitted("x", 12.0, 0.0), "…");
    }

    #[test]
    fn the_same_figure_has_the_same_bytes_in_both_formats() {
        let folder = tempfile::tempdir().unwrap();
        let bytes: Vec<_> = ["a.png", "b.png"]
            .map(|name| {
                png(&figure("Grün & Söhne"), &folder.path().join(name)).unwrap();
                std::fs::read(folder.path().join(name)).unwrap()
            })
            .into();
        assert_eq!(bytes[0], bytes[1]);
        assert_eq!(svg(&figure("Grün")).unwrap(), svg(&figure("Grün")).unwrap());
    }
}
