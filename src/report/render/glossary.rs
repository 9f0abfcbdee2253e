//! The words of the page, explained for a reader who has never met them.

use serde::Serialize;

use crate::{
    domain::Level,
    report::{Report, voice::Voice},
};

#[derive(Debug, Serialize)]
pub struct Entry {
    term: String,
    text: String,
}

/// Terms in reading order; those of potential only where potential is shown.
pub fn view(report: &Report, voice: &Voice) -> Vec<Entry> {
    let months = voice.locale.count(report.about.horizon.months() as usize);
    let values = [
        ("months", months),
        ("a", voice.locale.percent(report.about.abc_a, 0)),
        ("b", voice.locale.percent(report.about.abc_b, 0)),
    ];
    let values: Vec<_> = values.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let entry = |name: &str, text: &str| Entry {
        term: voice.code("glossary", &format!("{name}_term")),
        text: voice.texts.fill("glossary", text, &values),
    };
    let plain = |name: &str| entry(name, &format!("{name}_text"));
    let mut entries = vec![plain("expected"), plain("interval")];
    if report.basis.shows_potential() {
        let level = match report.about.level {
            Some(Level::Peer) => "level_text_peer",
            Some(Level::Blend) => "level_text_blend",
            Some(Level::Stretch) | None => "level_text_stretch",
        };
        entries.push(entry("level", level));
        entries.extend(["headroom", "can", "growth", "band"].map(plain));
    }
    entries.extend(["margin", "abc", "rule", "skill", "locked"].map(plain));
    entries
}
