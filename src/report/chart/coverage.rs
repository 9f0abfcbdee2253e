//! How often reality fell outside the 80 % interval, per tail, against the 10 % that each tail should have.

use super::{
    axis::Axis,
    figure::{Anchor, Figure},
    paint::width_of,
    style::{EXPECTED, FULL_WIDTH, GRID, HAIRLINE, HEADROOM, INK, LABEL, MUTED, TICK},
};
use crate::{
    domain::Target,
    report::{Report, voice::Voice},
};

const LEFT: f64 = 150.0;
const RIGHT: f64 = 60.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 34.0;
const GROUP: f64 = 46.0;
const BAR: f64 = 13.0;
/// Share of accounts that should lie beyond each end of an 80 % interval.
pub const TARGET: f64 = 0.10;

/// Two bars per class; `None` if no interval was measured.
pub fn figure(report: &Report, voice: &Voice) -> Option<Figure> {
    let measured = &report.targets.iter().find(|t| t.target == Target::ExpectedRevenue)?.coverage;
    if measured.is_empty() {
        return None;
    }
    let height = TOP + GROUP * measured.len() as f64 + BOTTOM;
    let mut figure = Figure::new("coverage", voice.say("chart", "coverage"), FULL_WIDTH, height);
    let x = Axis::covering(measured.iter().flat_map(|c| [c.below, c.above]).chain([0.2]), (LEFT, FULL_WIDTH - RIGHT));
    let floor = height - BOTTOM;
    let mut legend = LEFT;
    for (key, colour) in [("below", EXPECTED), ("above", HEADROOM)] {
        figure.bar((legend, 10.0), (legend + 11.0, 21.0), colour);
        figure.text((legend + 17.0, 16.0), voice.say("chart", key), TICK, INK, Anchor::Start);
        legend += 17.0 + width_of(voice.say("chart", key), TICK) + 30.0;
    }
    figure.dashes((legend, 16.0), (legend + 24.0, 16.0), INK);
    figure.text((legend + 30.0, 16.0), voice.say("chart", "coverage_target"), TICK, INK, Anchor::Start);
    for tick in x.ticks() {
        figure.line(vec![(x.at(tick), TOP), (x.at(tick), floor)], GRID, HAIRLINE);
        figure.text((x.at(tick), floor + 14.0), voice.locale.percent(tick, 0), TICK, MUTED, Anchor::Middle);
    }
    for (i, coverage) in measured.iter().enumerate() {
        let y = TOP + GROUP * (i as f64 + 0.5);
        figure.text((0.0, y), voice.class(coverage.class), LABEL, INK, Anchor::Start);
        for (share, colour, middle) in
            [(coverage.below, EXPECTED, y - BAR / 2.0 - 1.0), (coverage.above, HEADROOM, y + BAR / 2.0 + 1.0)]
        {
            figure.bar((x.at(0.0), middle - BAR / 2.0), (x.at(share), middle + BAR / 2.0), colour);
            let text = voice.locale.percent(share, 1);
            figure.text((x.at(share) + 7.0, middle), text, TICK, INK, Anchor::Start);
        }
    }
    figure.dashes((x.at(TARGET), TOP), (x.at(TARGET), floor), INK);
    Some(figure)
}
