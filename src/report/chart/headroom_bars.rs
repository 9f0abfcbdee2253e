//! The first accounts of the ranking: what is expected of each and, where it may be shown, what could come on top.

use super::{
    axis::Axis,
    figure::{Anchor, Figure},
    paint::{fitted, width_of},
    style::{EXPECTED, FULL_WIDTH, GRID, HAIRLINE, HEADROOM, INK, LABEL, MUTED, ROW, STROKE, TICK},
};
use crate::report::{Report, model::Account, voice::Voice};

/// Accounts in the figure.
const SHOWN: usize = 15;
const LEFT: f64 = 250.0;
const RIGHT: f64 = 110.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 34.0;
const BAR: f64 = 13.0;
const CAP: f64 = 4.0;

/// A bar per account with the interval of its end: of headroom, or of expected revenue where potential is not shown.
pub fn figure(report: &Report, voice: &Voice) -> Figure {
    let shown = &report.accounts[..report.accounts.len().min(SHOWN)];
    let potential = report.basis.shows_potential();
    let title = voice.say("chart", if potential { "headroom_bars" } else { "expected_bars" });
    let height = TOP + ROW * shown.len().max(2) as f64 + BOTTOM;
    let mut figure = Figure::new("headroom_bars", title, FULL_WIDTH, height);
    if shown.is_empty() {
        return figure.nothing(voice.say("chart", "no_accounts"));
    }
    let ends = shown.iter().flat_map(|account| {
        let (low, high) = interval(account).unwrap_or_default();
        [account.expected_revenue.value, end(account), low, high]
    });
    let x = Axis::covering(ends, (LEFT, FULL_WIDTH - RIGHT));
    let floor = height - BOTTOM;
    legend(&mut figure, voice, potential);
    for tick in x.ticks() {
        figure.line(vec![(x.at(tick), TOP), (x.at(tick), floor)], GRID, HAIRLINE);
        figure.text((x.at(tick), floor + 14.0), voice.locale.short_money(tick), TICK, MUTED, Anchor::Middle);
    }
    for (i, account) in shown.iter().enumerate() {
        let y = TOP + ROW * (i as f64 + 0.5);
        figure.text((22.0, y), voice.locale.count(account.rank), TICK, MUTED, Anchor::End);
        figure.text((32.0, y), fitted(account.label(), LABEL, LEFT - 58.0), LABEL, INK, Anchor::Start);
        figure.bar((x.at(0.0), y - BAR / 2.0), (x.at(account.expected_revenue.value), y + BAR / 2.0), EXPECTED);
        if account.headroom_revenue.is_some() {
            let from = x.at(account.expected_revenue.value.max(0.0));
            figure.bar((from, y - BAR / 2.0), (x.at(end(account)), y + BAR / 2.0), HEADROOM);
        }
        if let Some((low, high)) = interval(account) {
            figure.line(vec![(x.at(low), y), (x.at(high), y)], INK, STROKE / 2.0);
            for bound in [low, high] {
                figure.line(vec![(x.at(bound), y - CAP), (x.at(bound), y + CAP)], INK, STROKE / 2.0);
            }
        }
        let text = match account.headroom_revenue {
            Some(headroom) => format!("+\u{a0}{}", voice.locale.short_money(headroom.value)),
            None => voice.locale.short_money(account.expected_revenue.value),
        };
        figure.text((FULL_WIDTH - 4.0, y), text, LABEL, INK, Anchor::End);
    }
    figure.line(vec![(x.at(0.0), TOP), (x.at(0.0), floor)], INK, HAIRLINE);
    figure
}

fn end(account: &Account) -> f64 {
    account.expected_revenue.value.max(0.0) + account.headroom_revenue.map_or(0.0, |headroom| headroom.value)
}

fn interval(account: &Account) -> Option<(f64, f64)> {
    let expected = account.expected_revenue.value.max(0.0);
    match account.headroom_revenue {
        Some(headroom) => headroom.bounds().map(|(low, high)| (expected + low, expected + high)),
        None => account.expected_revenue.bounds(),
    }
}

fn legend(figure: &mut Figure, voice: &Voice, potential: bool) {
    let mut at = LEFT;
    let swatches: &[_] =
        if potential { &[("expected", EXPECTED), ("headroom", HEADROOM)] } else { &[("expected", EXPECTED)] };
    for &(key, colour) in swatches {
        let text = voice.say("chart", key);
        figure.bar((at, 10.0), (at + 11.0, 21.0), colour);
        figure.text((at + 17.0, 16.0), text, TICK, INK, Anchor::Start);
        at += 17.0 + width_of(text, TICK) + 30.0;
    }
    figure.line(vec![(at, 16.0), (at + 24.0, 16.0)], INK, STROKE / 2.0);
    for cap in [at, at + 24.0] {
        figure.line(vec![(cap, 16.0 - CAP), (cap, 16.0 + CAP)], INK, STROKE / 2.0);
    }
    let text = voice.say("chart", if potential { "headroom_interval" } else { "expected_interval" });
    figure.text((at + 31.0, 16.0), text, TICK, INK, Anchor::Start);
}
