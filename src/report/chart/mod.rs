//! The figures of a report, one a file: data in, marks out.
//!
//! `figure` holds marks, `axis` places them, `paint` turns them into SVG and PNG, `style` names every colour and size.
//! No figure computes a business number; sums and shares come from the [`Report`].

mod abc_pareto;
mod axis;
mod calibration;
mod coverage;
mod figure;
mod headroom_bars;
mod paint;
mod past_lists;
mod skill;
pub mod style;

pub use figure::Figure;
pub use paint::{PaintError, png, svg};

use super::{Report, voice::Voice};

/// Every figure that the report has data for, in page order.
pub fn figures(report: &Report, voice: &Voice) -> Vec<Figure> {
    let mut figures =
        vec![headroom_bars::figure(report, voice), abc_pareto::figure(report, voice), skill::figure(report, voice)];
    figures.extend(coverage::figure(report, voice));
    figures.extend(past_lists::figure(report, voice));
    figures.extend(report.targets.iter().filter_map(|target| calibration::figure(target, voice)));
    figures
}
