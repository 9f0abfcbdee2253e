//! The ABC curve: the share of all margin that the first accounts make up.

use super::{
    axis::Axis,
    figure::{Anchor, Figure},
    paint::width_of,
    style::{CLASSES, GRID, HAIRLINE, HALF_WIDTH, INK, LABEL, MUTED, STROKE, TICK},
};
use crate::report::{Report, voice::Voice};

const HEIGHT: f64 = 330.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 50.0;

/// Accounts, largest margin first, against their cumulative share of margin, coloured by class.
pub fn figure(report: &Report, voice: &Voice) -> Figure {
    let mut figure = Figure::new("abc_pareto", voice.say("chart", "abc_pareto"), HALF_WIDTH, HEIGHT);
    let total: usize = report.classes.iter().map(|class| class.accounts).sum();
    if total == 0 || report.pareto.is_empty() {
        return figure.nothing(voice.say("chart", "no_positive_margin"));
    }
    let x = Axis::linear(0.0, total as f64, (LEFT, HALF_WIDTH - RIGHT));
    let y = Axis::linear(0.0, 1.0, (HEIGHT - BOTTOM, TOP));
    let share_of = |accounts: f64| interpolated(report, accounts);

    let mut start = 0.0;
    let mut legend = LEFT;
    for (class, colour) in report.classes.iter().zip(CLASSES) {
        let end = start + class.accounts as f64;
        if end > start {
            let inner = report.pareto.iter().map(|p| p.accounts as f64).filter(|&a| start < a && a < end);
            let mut points = vec![(x.at(start), y.at(0.0)), (x.at(start), y.at(share_of(start)))];
            points.extend(inner.map(|a| (x.at(a), y.at(share_of(a)))));
            points.extend([(x.at(end), y.at(share_of(end))), (x.at(end), y.at(0.0))]);
            figure.area(points, colour);
        }
        let n = voice.locale.count(class.accounts);
        let label = voice.fill("chart", "class_count", &[("class", class.class.name()), ("n", &n)]);
        figure.bar((legend, 10.0), (legend + 11.0, 21.0), colour);
        figure.text((legend + 17.0, 16.0), &label, TICK, INK, Anchor::Start);
        legend += 17.0 + width_of(&label, TICK) + 28.0;
        start = end;
    }
    for tick in [0.0, 0.2, 0.4, 0.6, 0.8, 1.0] {
        figure.line(vec![(LEFT, y.at(tick)), (HALF_WIDTH - RIGHT, y.at(tick))], GRID, HAIRLINE);
        figure.text((LEFT - 8.0, y.at(tick)), voice.locale.percent(tick, 0), TICK, MUTED, Anchor::End);
    }
    let curve: Vec<_> = std::iter::once((x.at(0.0), y.at(0.0)))
        .chain(report.pareto.iter().map(|p| (x.at(p.accounts as f64), y.at(p.share))))
        .collect();
    figure.line(curve, INK, STROKE);
    for limit in [report.about.abc_a, report.about.abc_b] {
        figure.dashes((LEFT, y.at(limit)), (HALF_WIDTH - RIGHT, y.at(limit)), INK);
    }
    for tick in x.ticks().into_iter().filter(|tick| tick.fract() == 0.0) {
        figure.text((x.at(tick), HEIGHT - BOTTOM + 15.0), voice.locale.number(tick, 0), TICK, MUTED, Anchor::Middle);
    }
    let title = voice.say("chart", if report.about.margin_is_revenue { "pareto_x_revenue" } else { "pareto_x" });
    figure.text(((LEFT + HALF_WIDTH - RIGHT) / 2.0, HEIGHT - 12.0), title, LABEL, MUTED, Anchor::Middle);
    figure
}

/// The share at `accounts`, on the straight line between the neighbouring points.
fn interpolated(report: &Report, accounts: f64) -> f64 {
    let mut before = (0.0, 0.0);
    for point in &report.pareto {
        let here = (point.accounts as f64, point.share);
        if accounts <= here.0 {
            let span = here.0 - before.0;
            return if span <= 0.0 { here.1 } else { before.1 + (accounts - before.0) / span * (here.1 - before.1) };
        }
        before = here;
    }
    before.1
}
