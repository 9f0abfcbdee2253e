//! Predicted against actual, by decile of the prediction: on the diagonal the figures mean what they say.

use super::{
    axis::Axis,
    figure::{Anchor, Figure},
    paint::width_of,
    style::{DOT, EXPECTED, GRID, HAIRLINE, LABEL, MUTED, OTHER, SMALL_WIDTH, STROKE, TICK},
};
use crate::{backtest::TargetReport, domain::Target, report::voice::Voice};

const HEIGHT: f64 = 290.0;
/// Between a label of the upright axis and the axis.
const GAP: f64 = 7.0;
const RIGHT: f64 = 22.0;
const TOP: f64 = 38.0;
const BOTTOM: f64 = 50.0;

/// Ten dots around the diagonal, on logarithmic axes where money spans decades; `None` if nothing was measured.
///
/// A value below the axis, such as a decile without any revenue, is a ring at its edge.
pub fn figure(target: &TargetReport, voice: &Voice) -> Option<Figure> {
    let bins = &target.calibration;
    // a good year lies above the mean outcome by definition: its check is the share above, not this diagonal
    if bins.is_empty() || matches!(target.target, Target::Stretch | Target::PeerLevel) {
        return None;
    }
    let name = format!("calibration_{}", target.target.name());
    let title = voice.fill("chart", "calibration", &[("target", voice.target(target.target))]);
    let mut figure = Figure::new(name, title, SMALL_WIDTH, HEIGHT);
    voice.target(target.target).clone_into(&mut figure.caption);
    let is_share = matches!(target.target, Target::Growth | Target::Inactivity);
    let values = || bins.iter().flat_map(|bin| [bin.predicted, bin.actual]);
    let axis = match Axis::log_covering(values(), (0.0, 1.0)) {
        Some(axis) if !is_share => axis,
        _ => Axis::covering(values(), (0.0, 1.0)),
    };
    let label = |value: f64| if is_share { voice.locale.percent(value, 0) } else { voice.locale.short_money(value) };
    let ticks = axis.ticks();
    let every = ticks.len().div_ceil(4);
    let left = GAP + ticks.iter().map(|&tick| width_of(&label(tick), TICK)).fold(0.0, f64::max);
    let (x, y) = (axis.onto((left, SMALL_WIDTH - RIGHT)), axis.onto((HEIGHT - BOTTOM, TOP)));
    for (i, &tick) in ticks.iter().enumerate() {
        figure.line(vec![(x.at(tick), TOP), (x.at(tick), HEIGHT - BOTTOM)], GRID, HAIRLINE);
        figure.line(vec![(left, y.at(tick)), (SMALL_WIDTH - RIGHT, y.at(tick))], GRID, HAIRLINE);
        figure.text((left - GAP, y.at(tick)), label(tick), TICK, MUTED, Anchor::End);
        if i % every == 0 {
            figure.text((x.at(tick), HEIGHT - BOTTOM + 15.0), label(tick), TICK, MUTED, Anchor::Middle);
        }
    }
    figure.dashes((x.at(x.low()), y.at(x.low())), (x.at(x.high()), y.at(x.high())), OTHER);
    figure.line(bins.iter().map(|bin| (x.at(bin.predicted), y.at(bin.actual))).collect(), EXPECTED, STROKE / 2.0);
    for bin in bins {
        let at = (x.at(bin.predicted), y.at(bin.actual));
        if x.holds(bin.predicted) && x.holds(bin.actual) {
            figure.dot(at, DOT, EXPECTED);
        } else {
            figure.ring(at, DOT, EXPECTED);
        }
    }
    let middle = (left + SMALL_WIDTH - RIGHT) / 2.0;
    figure.text((middle, HEIGHT - 12.0), voice.say("chart", "predicted"), LABEL, MUTED, Anchor::Middle);
    figure.text((0.0, 14.0), voice.say("chart", "actual"), LABEL, MUTED, Anchor::Start);
    Some(figure)
}
