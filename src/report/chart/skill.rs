//! How much better than the baseline each target is predicted, with its interval, around a zero line.

use super::{
    axis::Axis,
    figure::{Anchor, Figure},
    paint::fitted,
    style::{DOT, EXPECTED, FULL_WIDTH, GRID, HAIRLINE, INK, LABEL, MUTED, OTHER, ROW, STROKE, TICK},
};
use crate::report::{Report, voice::Voice};

const LEFT: f64 = 250.0;
const RIGHT: f64 = 200.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 34.0;
/// Beyond -100 % and 100 % an interval is cut: what lies there is "useless" and "perfect".
const LIMIT: f64 = 1.0;

/// A dot and an interval per target; grey where nothing is claimed.
pub fn figure(report: &Report, voice: &Voice) -> Figure {
    let height = TOP + ROW * report.targets.len().max(1) as f64 + BOTTOM;
    let mut figure = Figure::new("skill", voice.say("chart", "skill"), FULL_WIDTH, height);
    if report.targets.is_empty() {
        return figure.nothing(voice.say("chart", "nothing_tested"));
    }
    let bounds = report.targets.iter().filter_map(|t| t.skill).flat_map(|s| [s.low, s.value, s.high]);
    let x = Axis::covering(bounds.map(|v| v.clamp(-LIMIT, LIMIT)).chain([0.1, -0.1]), (LEFT, FULL_WIDTH - RIGHT));
    let floor = height - BOTTOM;
    for tick in x.ticks() {
        figure.line(vec![(x.at(tick), TOP), (x.at(tick), floor)], GRID, HAIRLINE);
        figure.text((x.at(tick), floor + 14.0), voice.locale.percent(tick, 0), TICK, MUTED, Anchor::Middle);
    }
    figure.line(vec![(x.at(0.0), TOP - 6.0), (x.at(0.0), floor)], INK, HAIRLINE);
    figure.text((x.at(0.0) - 10.0, TOP - 18.0), voice.say("chart", "worse"), TICK, MUTED, Anchor::End);
    figure.text((x.at(0.0) + 10.0, TOP - 18.0), voice.say("chart", "better"), TICK, MUTED, Anchor::Start);
    for (i, target) in report.targets.iter().enumerate() {
        let y = TOP + ROW * (i as f64 + 0.5);
        figure.text((0.0, y), fitted(voice.target(target.target), LABEL, LEFT - 16.0), LABEL, INK, Anchor::Start);
        match target.skill {
            None => {
                figure.text((x.at(0.0) + 10.0, y), voice.say("chart", "not_tested"), TICK, MUTED, Anchor::Start);
            }
            Some(skill) => {
                let colour = if target.claimed { EXPECTED } else { OTHER };
                figure.line(vec![(x.at(skill.low), y), (x.at(skill.high), y)], colour, STROKE);
                if x.holds(skill.value) {
                    figure.dot((x.at(skill.value), y), DOT, colour);
                } else {
                    figure.ring((x.at(skill.value), y), DOT, colour);
                }
                let percent = |v: f64| voice.locale.percent(v, 0);
                let [value, low, high] = [skill.value, skill.low, skill.high].map(percent);
                let text = if target.published == target.baseline {
                    voice.say("chart", "rule_itself").to_owned()
                } else {
                    voice.fill("chart", "interval", &[("value", &value), ("low", &low), ("high", &high)])
                };
                figure.text((FULL_WIDTH - RIGHT + 16.0, y), text, TICK, INK, Anchor::Start);
            }
        }
    }
    figure
}
