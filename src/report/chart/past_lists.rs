//! What an earlier list would have brought: growth per account of the listed against three other lists of that length.

use super::{
    axis::Axis,
    figure::{Anchor, Figure},
    paint::fitted,
    style::{DOT, FULL_WIDTH, GRID, HAIRLINE, HEADROOM, INK, LABEL, MUTED, OTHER, ROW, STROKE, TICK},
};
use crate::report::{Report, voice::Voice};

const LEFT: f64 = 250.0;
const RIGHT: f64 = 235.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 34.0;

/// A row per list; only the list by headroom has an interval. `None` without a complete origin.
pub fn figure(report: &Report, voice: &Voice) -> Option<Figure> {
    let realised = report.realised.as_ref()?;
    let listed = realised.growth_list;
    let rows = [
        ("by_headroom", listed.value),
        ("below_mean", realised.growth_below_mean),
        ("biggest", realised.growth_biggest),
        ("random", realised.growth_random),
    ];
    let height = TOP + ROW * rows.len() as f64 + BOTTOM;
    let floor = height - BOTTOM;
    let mut figure = Figure::new("past_lists", voice.say("chart", "past_lists"), FULL_WIDTH, height);
    let bounds = rows.iter().map(|row| row.1).chain([listed.low, listed.high]);
    let x = Axis::covering(bounds, (LEFT, FULL_WIDTH - RIGHT));
    for tick in x.ticks() {
        figure.line(vec![(x.at(tick), TOP), (x.at(tick), floor)], GRID, HAIRLINE);
        figure.text((x.at(tick), floor + 14.0), voice.locale.short_money(tick), TICK, MUTED, Anchor::Middle);
    }
    figure.line(vec![(x.at(0.0), TOP), (x.at(0.0), floor)], INK, HAIRLINE);
    for (i, (key, value)) in rows.into_iter().enumerate() {
        let y = TOP + ROW * (i as f64 + 0.5);
        figure.text((0.0, y), fitted(voice.say("chart", key), LABEL, LEFT - 16.0), LABEL, INK, Anchor::Start);
        let money = |v: f64| voice.locale.short_money(v);
        let (colour, text) = if i == 0 {
            figure.line(vec![(x.at(listed.low), y), (x.at(listed.high), y)], HEADROOM, STROKE);
            let values = [("value", money(value)), ("low", money(listed.low)), ("high", money(listed.high))];
            let values: Vec<_> = values.iter().map(|(name, text)| (*name, text.as_str())).collect();
            (HEADROOM, voice.fill("chart", "interval", &values))
        } else {
            (OTHER, money(value))
        };
        figure.dot((x.at(value), y), DOT, colour);
        figure.text((FULL_WIDTH - RIGHT + 16.0, y), text, TICK, INK, Anchor::Start);
    }
    Some(figure)
}
