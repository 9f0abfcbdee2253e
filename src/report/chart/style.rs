//! Colours and sizes of every figure and of the page, each named once.
//!
//! The colours are those of Okabe & Ito (2008, "Color Universal Design"), which stay apart for readers with any common
//! colour blindness; no figure relies on colour alone. Sizes are in logical pixels of the page.

/// An RGB colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    /// As CSS writes it, such as `#0072b2`.
    pub fn css(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// Text and axes.
pub const INK: Colour = Colour(0x1b, 0x24, 0x30);
/// Secondary text.
pub const MUTED: Colour = Colour(0x5b, 0x67, 0x75);
/// Grid lines and borders.
pub const GRID: Colour = Colour(0xe1, 0xe5, 0xea);
/// Background of the sheet.
pub const PAPER: Colour = Colour(0xff, 0xff, 0xff);
/// What is expected or known.
pub const EXPECTED: Colour = Colour(0x00, 0x72, 0xb2);
/// What could come on top: headroom.
pub const HEADROOM: Colour = Colour(0xd5, 0x5e, 0x00);
/// A verdict that holds.
pub const GOOD: Colour = Colour(0x00, 0x7a, 0x5a);
/// Something to compare with.
pub const OTHER: Colour = Colour(0x8a, 0x94, 0xa3);
/// Fill of classes A, B and C under the ABC curve.
pub const CLASSES: [Colour; 3] = [Colour(0x00, 0x72, 0xb2), Colour(0x56, 0xb4, 0xe9), Colour(0xbf, 0xdf, 0xf2)];

/// Width of a figure that fills half the sheet.
pub const HALF_WIDTH: f64 = 520.0;
/// Width of a figure that fills the sheet.
pub const FULL_WIDTH: f64 = 940.0;
/// Width of one of several figures side by side.
pub const SMALL_WIDTH: f64 = 290.0;
/// Size of labels.
pub const LABEL: f64 = 13.0;
/// Size of axis figures.
pub const TICK: f64 = 12.0;
/// Height of one row in figures with a row per item.
pub const ROW: f64 = 30.0;
/// Radius of a dot.
pub const DOT: f64 = 4.5;
/// Width of a line that carries data.
pub const STROKE: f64 = 2.0;
/// Width of axes and grid lines.
pub const HAIRLINE: f64 = 1.0;
/// Pixels of an image file per logical pixel, so that slides stay sharp.
pub const PIXELS: f64 = 2.0;
