//! What the public says of the account: how much, where, how kindly, on what, and whether it is about what we sell.
//!
//! A topic enters as a category of plain words, never as free text; of texts only the product groups they name are
//! kept. Nothing is known before the first signal of the whole company; from then on no signal means none.

use polars::prelude::*;

use super::{
    as_of::{Known, SIGNAL_SOURCES},
    catalogue::Feature,
};

const FAMILY: &str = "public";
const TOPIC: &str = "newest_signal_topic";

const fn count(name: &'static str, definition: &'static str) -> Feature {
    Feature::number(FAMILY, name, "count", definition).over(12)
}

const fn sentiment(name: &'static str, definition: &'static str) -> Feature {
    Feature::number(FAMILY, name, "sentiment", definition).over(12)
}

const fn age(name: &'static str, definition: &'static str) -> Feature {
    Feature::number(FAMILY, name, "days", definition)
}

pub(super) const FEATURES: [Feature; 23] = [
    Feature::category(FAMILY, TOPIC, "topic of the newest public signal, in small letters and digits"),
    count("signals_website_12", "signals on websites"),
    count("signals_annual_report_12", "signals in annual reports"),
    count("signals_association_12", "signals from associations"),
    count("signals_forum_12", "signals in forums"),
    count("signals_social_12", "signals in social media"),
    sentiment("sentiment_website_12", "mean sentiment of signals on websites, -1 to 1"),
    sentiment("sentiment_annual_report_12", "mean sentiment of signals in annual reports, -1 to 1"),
    sentiment("sentiment_association_12", "mean sentiment of signals from associations, -1 to 1"),
    sentiment("sentiment_forum_12", "mean sentiment of signals in forums, -1 to 1"),
    sentiment("sentiment_social_12", "mean sentiment of signals in social media, -1 to 1"),
    age("signal_age_website", "days from the newest signal on a website to the end of `t`"),
    age("signal_age_annual_report", "days from the newest signal in an annual report to the end of `t`"),
    age("signal_age_association", "days from the newest signal from an association to the end of `t`"),
    age("signal_age_forum", "days from the newest signal in a forum to the end of `t`"),
    age("signal_age_social", "days from the newest signal in social media to the end of `t`"),
    sentiment("signal_sentiment_12", "mean sentiment of all signals, -1 to 1"),
    count("newest_topic_signals_12", "signals on the topic of the newest one"),
    sentiment("newest_topic_sentiment_12", "mean sentiment of the signals on the topic of the newest one, -1 to 1"),
    age("newest_topic_age", "days from the first signal on the topic of the newest one to the end of `t`"),
    Feature::number(
        FAMILY,
        "signal_group_share_12",
        "share",
        "share of the signals whose topic or text names a product group that anybody has bought by `t`",
    )
    .over(12),
    count("signal_new_groups_12", "product groups so named that the account has not bought in the last 24 months"),
    Feature::number(FAMILY, "signals_known", "flag", "1 if public signals were recorded by the end of `t`, else 0"),
];

/// All of [`FEATURES`] that are numbers: those after the topic.
pub(super) const NUMBERS: &[Feature] = FEATURES.split_at(1).1;

/// Number and mean of sentiments.
#[derive(Debug, Clone, Copy, Default)]
struct Mood {
    signals: u32,
    judged: u32,
    sum: f64,
}

impl Mood {
    fn add(&mut self, sentiment: Option<f64>) {
        self.signals += 1;
        if let Some(sentiment) = sentiment {
            self.judged += 1;
            self.sum += sentiment;
        }
    }

    fn mean(self) -> Option<f64> {
        (self.judged > 0).then(|| self.sum / f64::from(self.judged))
    }
}

/// The family's values in the order of [`NUMBERS`].
pub(super) fn values(known: &Known<'_>, account: usize) -> [Option<f64>; FEATURES.len() - 1] {
    let mut values = [None; FEATURES.len() - 1];
    let months = known.signal_months();
    values[21] = Some(f64::from(u8::from(months.is_some())));
    let Some(months) = months else { return values };
    let (start, end) = (known.first_day_of_window(12), known.end_day());
    let mut sources = [Mood::default(); SIGNAL_SOURCES.len()];
    let mut newest = [None; SIGNAL_SOURCES.len()];
    let (mut all, mut naming) = (Mood::default(), 0_u32);
    let mut groups: Vec<u32> = Vec::new();
    for signal in known.signals(account) {
        let source = usize::from(signal.source);
        newest[source] = Some(signal.day);
        if signal.day < start {
            continue;
        }
        sources[source].add(signal.sentiment);
        all.add(signal.sentiment);
        let before = groups.len();
        groups.extend(known.named_groups(&signal));
        naming += u32::from(groups.len() > before);
    }
    let is_recorded = months >= 12;
    for (source, mood) in sources.into_iter().enumerate() {
        values[source] = is_recorded.then_some(f64::from(mood.signals));
        values[5 + source] = mood.mean();
        values[10 + source] = newest[source].map(|day: i32| f64::from(end - day));
    }
    values[15] = all.mean();
    if let Some(topic) = newest_topic(known, account) {
        let (mut mood, mut first) = (Mood::default(), None);
        for signal in known.signals(account).filter(|signal| signal.topic == Some(topic)) {
            first.get_or_insert(signal.day);
            if signal.day >= start {
                mood.add(signal.sentiment);
            }
        }
        values[16] = is_recorded.then_some(f64::from(mood.signals));
        values[17] = mood.mean();
        values[18] = first.map(|day| f64::from(end - day));
    }
    values[19] = (all.signals > 0).then(|| f64::from(naming) / f64::from(all.signals));
    values[20] = is_recorded.then(|| new_groups(known, account, groups) as f64);
    values
}

/// How many of `groups` the account has not bought in the last 24 months.
fn new_groups(known: &Known<'_>, account: usize, mut groups: Vec<u32>) -> usize {
    groups.sort_unstable();
    groups.dedup();
    groups.retain(|group| {
        let bought: i64 = known
            .group_records(account)
            .filter(|record| record.group == *group && known.months_before_end(record.month) < 24)
            .map(|record| record.revenue)
            .sum();
        bought <= 0
    });
    groups.len()
}

/// The topic of the newest signal that has one.
fn newest_topic(known: &Known<'_>, account: usize) -> Option<u32> {
    known.signals(account).filter_map(|signal| signal.topic).last()
}

/// The one category of the family, for `members` in their order.
pub(super) fn newest_topics(known: &Known<'_>, members: &[usize]) -> Column {
    let topics: Vec<Option<&str>> =
        members.iter().map(|&account| newest_topic(known, account).map(|topic| known.topic(topic))).collect();
    Column::new(TOPIC.into(), topics)
}
