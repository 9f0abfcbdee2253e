//! The card in words, for `card.md`: what the model is for, what it saw, how well it did beside the baseline, where it
//! is weak, and what was tried and lost.

use std::fmt::Write as _;

use super::{Card, CardDraft, CardMetric};
use crate::{
    backtest::Estimate,
    domain::{Month, Target},
};

/// Bias of a total beyond which it is a weakness.
const LARGE_BIAS: f64 = 0.1;
/// Accounts below which everything on the card is a rough guess.
const FEW_ACCOUNTS: usize = 200;
/// The share of outcomes that should lie beyond each end of the interval, and how far off is worth saying.
const TAIL: f64 = 0.1;
const TAIL_TOLERANCE: f64 = 0.04;

impl Card {
    /// The card in words.
    pub fn markdown(&self) -> String {
        let t = &self.training;
        let mut text = format!("# {} over {}: {}\n\n{}\n", t.target, t.horizon, t.rung, capital(&t.verdict));
        section(&mut text, "Intended use", intended_use(t.target));
        facts(&mut text, self);
        measures(&mut text, t);
        interval(&mut text, t);
        let weak = weaknesses(t);
        text.push_str("\n## Weaknesses\n");
        for weakness in &weak {
            line(&mut text, weakness);
        }
        if weak.is_empty() {
            text.push_str("None was found on the origins above; the future may differ from them.\n");
        }
        tried(&mut text, t);
        text
    }
}

fn section(text: &mut String, title: &str, body: &str) {
    // Writing to a String cannot fail.
    let _ = write!(text, "\n## {title}\n{body}\n");
}

fn line(text: &mut String, item: &str) {
    let _ = writeln!(text, "- {item}");
}

fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    first.chain(letters).collect::<String>() + "."
}

const fn intended_use(target: Target) -> &'static str {
    match target {
        Target::ExpectedRevenue => {
            "What each active account will probably buy, in net revenue, to plan visits and totals. It is a mean, not a \
             goal, and says nothing of what an account could buy. Not for judging representatives, not for credit."
        }
        Target::ExpectedMargin => {
            "The contribution margin to expect of each active account; it ranks accounts where no potential is shown. \
             Negative figures are meant. Not for pricing single orders."
        }
        Target::Stretch => {
            "What each account buys in a good year (nine of ten come out below), to measure how far it is from that. It \
             is known from the account's own past, so it is no share of wallet."
        }
        Target::PeerLevel => {
            "What comparable accounts buy in a good year (nine of ten come out below), known from what would hold if the \
             account bought everything from us. It is a realistic level, not the account's wallet."
        }
        Target::Growth => {
            "The probability that an account grows noticeably beyond its base; it weighs headroom in the rank. It says \
             who grows, not who grows because of a visit."
        }
        Target::Inactivity => {
            "The probability that an account orders nothing at all over the horizon, to look after it in time. It says \
             nothing about accounts that only buy less."
        }
    }
}

fn facts(text: &mut String, card: &Card) {
    let t = &card.training;
    let months = |months: &[Month]| match months {
        [] => "none".to_owned(),
        [one] => one.to_string(),
        [first, .., last] => format!("{first} to {last} ({})", months.len()),
    };
    section(text, "What it is", "");
    text.pop();
    line(text, &format!("model: {}", card.id));
    line(text, &format!("recipe: {}", t.recipe));
    line(text, &format!("baseline: {}", t.baseline));
    line(text, &format!("skill claimed: {}", if t.claimed { "yes" } else { "no" }));
    line(text, &format!("data window: {} to {}", t.window.first, t.window.last));
    line(
        text,
        &format!(
            "population: accounts with an order in the 24 months to each origin, but for blocked, insolvent, internal and \
             collective ones: {} accounts in {} rows",
            t.accounts, t.rows
        ),
    );
    line(text, &format!("trained on origins: {}", months(&t.origins.train)));
    line(text, &format!("calibrated on: {}", months(&t.origins.calibrate)));
    line(text, &format!("chosen on: {}", months(&t.origins.choose)));
    let judged = t
        .origins
        .locked
        .map_or_else(|| "none, too little history".to_owned(), |month| format!("{month}, looked at {} times", t.looks));
    line(text, &format!("judged on: {judged}"));
    line(text, &format!("seed: {}", t.seed.0));
    line(text, &format!("feature schema: {}", t.feature_schema));
    if !t.recipe.candidate.features.is_empty() {
        line(text, &format!("features: {}", t.recipe.candidate.features.join(", ")));
    }
    let versions = &card.versions;
    line(
        text,
        &format!("headroom: {} ({}), model format {}", versions.headroom, versions.code_hash, versions.model_format),
    );
}

fn measures(text: &mut String, t: &CardDraft) {
    section(text, "Measures beside the baseline", "");
    if t.metrics.is_empty() {
        text.push_str("None: no origin is complete.\n");
        return;
    }
    let _ = writeln!(
        text,
        "`{}` decides, less is better; the last columns bound model minus baseline (90 %, bootstrap by account).\n",
        t.metric
    );
    text.push_str("| origin | measure | class | model | baseline | difference from | to | accounts |\n");
    text.push_str("|---|---|---|---|---|---|---|---|\n");
    let number = |value: Option<f64>| value.map_or_else(String::new, |v| format!("{v:.4}"));
    for m in &t.metrics {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            m.origin,
            m.metric,
            m.segment,
            number(Some(m.value)),
            number(m.baseline_value),
            number(m.difference_low),
            number(m.difference_high),
            m.n
        );
    }
}

fn interval(text: &mut String, t: &CardDraft) {
    if t.coverage.is_empty() {
        return;
    }
    section(text, "Misses of the 80 % prediction interval", "");
    text.push_str("| class | below (goal 10 %) | above (goal 10 %) | mean width | interval score | pooled residuals | accounts |\n");
    text.push_str("|---|---|---|---|---|---|---|\n");
    for c in &t.coverage {
        let _ = writeln!(
            text,
            "| {} | {:.1} % | {:.1} % | {:.0} | {:.0} | {:.0} | {} |",
            c.class.map_or("all", |class| class.name()),
            100.0 * c.below,
            100.0 * c.above,
            c.width,
            c.interval_score,
            c.baseline_interval_score,
            c.n
        );
    }
}

/// What a reader should hold against the model, each from a figure of the card.
fn weaknesses(t: &CardDraft) -> Vec<String> {
    let mut found = Vec::new();
    if t.step == 0 {
        found.push("it is a baseline: it carries the past forward, and nothing was learned beyond that".to_owned());
    } else if !t.claimed {
        found.push("its skill over the baseline is not proven".to_owned());
    }
    if t.origins.locked.is_none() {
        found.push("no origin was left to judge it on".to_owned());
    } else if t.looks > 1 {
        found.push(format!("the origin that judges it has been looked at {} times, so its figures flatter", t.looks));
    }
    if t.accounts > 0 && t.accounts < FEW_ACCOUNTS {
        found.push(format!("it was fitted on {} accounts only", t.accounts));
    }
    let last = t.metrics.iter().map(|metric| metric.origin).max();
    let latest = |name: &str| -> Vec<&CardMetric> {
        t.metrics.iter().filter(|m| Some(m.origin) == last && m.metric == name).collect()
    };
    for m in latest(&t.metric).into_iter().filter(|m| t.step > 0 && m.segment != "all") {
        let Some(baseline) = m.baseline_value else { continue };
        match m.difference_high {
            _ if m.value > baseline => found.push(format!(
                "class {}: its {} was {:.4}, the baseline's {baseline:.4} (as of {}, {} accounts)",
                m.segment, m.metric, m.value, m.origin, m.n
            )),
            Some(high) if high > 0.0 => found.push(format!(
                "class {}: better than the baseline only within chance (as of {}, {} accounts)",
                m.segment, m.origin, m.n
            )),
            _ => {}
        }
    }
    for m in latest("bias").into_iter().filter(|m| m.value.abs() > LARGE_BIAS) {
        let who = if m.segment == "all" { "the total".to_owned() } else { format!("the total of class {}", m.segment) };
        found.push(format!("{who} came out {:+.0} % off as of {}", 100.0 * m.value, m.origin));
    }
    for c in &t.coverage {
        for (side, share) in [("below", c.below), ("above", c.above)] {
            if share > TAIL + TAIL_TOLERANCE {
                let who = c.class.map_or_else(|| "all accounts".to_owned(), |class| format!("class {}", class.name()));
                found.push(format!("{who}: {:.0} % lay {side} the interval, where 10 % should", 100.0 * share));
            }
        }
    }
    found
}

fn tried(text: &mut String, t: &CardDraft) {
    section(text, "What was tried, and lost", "");
    if t.tried.is_empty() {
        text.push_str("Nothing was compared: no selection origin is complete.\n");
        return;
    }
    let _ = writeln!(text, "On the selection origins; skill is the share taken off the baseline's {}.\n", t.metric);
    text.push_str("| rung | step | loss | skill | from | to | what became of it |\n|---|---|---|---|---|---|---|\n");
    for rung in &t.tried {
        let Estimate { value, low, high } = rung.skill;
        let _ = writeln!(
            text,
            "| {} | {} | {:.4} | {:.1} % | {:.1} % | {:.1} % | {} |",
            rung.rung,
            rung.step,
            rung.loss,
            100.0 * value,
            100.0 * low,
            100.0 * high,
            rung.outcome
        );
    }
}
