//! Contacts, touches, opportunities and public signals as they stood at a point in time.
//!
//! What happened after `t` does not exist, dated outcomes after `t` are null, and undated state is null before it was
//! received. That a person was among the contacts carries no date of its own and is such a state. Of public texts only
//! what they name is kept: a sanitised topic, and the product groups whose names occur.

use std::collections::BTreeMap;

use jiff::civil::Date;
use polars::prelude::DataFrame;

use super::{
    FeatureError, Known, day_of,
    events::{Events, Firsts, days, numbers},
    packed::{Sharded, given, optional},
};
use crate::{params, warehouse::Warehouse};

/// Longest topic that is told apart.
const TOPIC_LENGTH: usize = 40;
/// Shorter words of a product group's name name nothing.
const SHORTEST_NAME: usize = 4;

/// How somebody was in touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::features) enum Channel {
    Visit,
    Call,
    Email,
    Newsletter,
    Ticket,
    Social,
    Event,
}

impl Channel {
    pub(in crate::features) const ALL: [(&'static str, Self); 7] = [
        ("visit", Self::Visit),
        ("call", Self::Call),
        ("email", Self::Email),
        ("newsletter", Self::Newsletter),
        ("ticket", Self::Ticket),
        ("social", Self::Social),
        ("event", Self::Event),
    ];
}

/// Whether the customer began a touch, in the order of touches of one day.
const DIRECTIONS: [Option<bool>; 3] = [None, Some(false), Some(true)];

/// What came of a touch, as far as it is told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::features) enum TouchOutcome {
    /// Nobody was reached.
    Missed,
    /// A newsletter was opened or clicked.
    Engaged,
    /// Anything else, nothing among it.
    Other,
}

/// Outcomes that interactions.sql tells apart.
const OUTCOMES: [(&str, TouchOutcome); 2] = [("missed", TouchOutcome::Missed), ("engaged", TouchOutcome::Engaged)];

/// A contact event.
#[derive(Debug, Clone, Copy)]
pub(in crate::features) struct Touch {
    pub(in crate::features) day: i32,
    pub(in crate::features) channel: Channel,
    /// Whether the customer began it, where the direction is known.
    pub(in crate::features) inbound: Option<bool>,
    /// `None` where it was not known yet.
    pub(in crate::features) outcome: Option<TouchOutcome>,
    state_known_at: i32,
}

/// The parts in a buying decision, in the order of the data contract.
pub(in crate::features) const ROLES: [&str; 6] = ["initiator", "user", "influencer", "buyer", "decider", "gatekeeper"];

/// A person at the customer.
#[derive(Debug, Clone, Copy)]
pub(in crate::features) struct Contact {
    /// Position in [`ROLES`].
    pub(in crate::features) role: Option<u8>,
    pub(in crate::features) confirmed: Option<i32>,
    pub(in crate::features) left: Option<i32>,
    state_known_at: i32,
}

/// A sales opportunity.
#[derive(Debug, Clone, Copy)]
pub(in crate::features) struct Opportunity {
    pub(in crate::features) opened: i32,
    pub(in crate::features) closed: Option<i32>,
    /// `None` where it was not known yet.
    pub(in crate::features) state: Option<OpportunityState>,
    state_known_at: i32,
}

/// What was known of an opportunity beside its dates.
#[derive(Debug, Clone, Copy)]
pub(in crate::features) struct OpportunityState {
    /// In ten-thousandths.
    pub(in crate::features) amount: Option<i64>,
    pub(in crate::features) probability: Option<f64>,
    pub(in crate::features) decision: Option<i32>,
    /// Whether it was won, where stage or probability say so.
    pub(in crate::features) won: Option<bool>,
    /// Since when all of this has been so, where the source dates its states.
    pub(in crate::features) since: Option<i32>,
    /// How often its stage had changed by then, where every state since its opening is known.
    pub(in crate::features) stage_changes: Option<i32>,
    pub(in crate::features) has_competitor: bool,
    pub(in crate::features) has_chance: bool,
    pub(in crate::features) has_risk: bool,
}

/// Where something was observed, in the order of the data contract.
pub(in crate::features) const SIGNAL_SOURCES: [&str; 5] =
    ["website", "annual_report", "association", "forum", "social"];

/// An observation in public.
#[derive(Debug, Clone, Copy)]
pub(in crate::features) struct Signal {
    pub(in crate::features) day: i32,
    /// Position in [`SIGNAL_SOURCES`].
    pub(in crate::features) source: u8,
    pub(in crate::features) sentiment: Option<f64>,
    /// Number of the topic, for [`Known::topic`].
    pub(in crate::features) topic: Option<u32>,
    /// Where the product groups it names lie.
    named: (u32, u32),
}

#[derive(Debug)]
pub(super) struct Dialogue {
    touches: Events<Touch>,
    channels: [Firsts; 7],
    /// Outbound and inbound touches other than newsletters.
    directions: [Firsts; 2],
    engagements: Firsts,
    contacts: Events<Contact>,
    opportunities: Events<Opportunity>,
    opportunities_first: Firsts,
    signals: Events<Signal>,
    signals_first: Firsts,
    topics: Vec<String>,
    /// Product groups that signals name, side by side.
    named_groups: Vec<u32>,
}

impl Dialogue {
    /// `last_day` is the day on which a batch without a date of receipt counts as received; `groups` are the names of
    /// the product groups.
    pub(super) fn load(
        warehouse: &Warehouse,
        accounts: usize,
        last_day: Date,
        groups: &[String],
    ) -> Result<Self, FeatureError> {
        let touches = touches(warehouse, accounts, last_day)?;
        let contacts = contacts(warehouse, accounts, last_day)?;
        let frame = warehouse.frame(include_str!("../sql/opportunities.sql"), params![last_day])?;
        let opportunities = Events::new(&frame, accounts, opportunities(&frame)?)?;
        let frame = warehouse.frame(include_str!("../sql/public_signals.sql"), params![])?;
        let mut topics = BTreeMap::new();
        let mut named_groups = Vec::new();
        let signals = Events::new(&frame, accounts, signals(&frame, groups, &mut topics, &mut named_groups)?)?;
        let direction = |inbound: bool| {
            touches.firsts(|touch| {
                (touch.channel != Channel::Newsletter && touch.inbound == Some(inbound)).then_some(touch.day)
            })
        };
        Ok(Self {
            channels: Channel::ALL
                .map(|(_, channel)| touches.firsts(|touch| (touch.channel == channel).then_some(touch.day))),
            directions: [direction(false), direction(true)],
            engagements: touches.firsts(|touch| {
                let engaged = touch.channel == Channel::Newsletter && touch.outcome == Some(TouchOutcome::Engaged);
                engaged.then_some(touch.day.max(touch.state_known_at))
            }),
            opportunities_first: opportunities.firsts(|opportunity| Some(opportunity.opened)),
            signals_first: signals.firsts(|signal| Some(signal.day)),
            touches,
            contacts,
            opportunities,
            signals,
            topics: topics.into_keys().collect(),
            named_groups,
        })
    }

    /// Whether touches, contacts, opportunities and signals are known at all.
    pub(super) fn are_known(&self) -> [bool; 4] {
        let (touches, contacts) = (!self.touches.is_empty(), !self.contacts.is_empty());
        [touches, contacts, !self.opportunities.is_empty(), !self.signals.is_empty()]
    }
}

impl Known<'_> {
    /// The account's contact events by `t`, by day, those the customer began after the others.
    pub(in crate::features) fn touches(&self, account: usize) -> impl Iterator<Item = Touch> {
        let end = self.end_day();
        let known = self.facts.dialogue.touches.known(account, self.knowledge_day());
        known
            .filter(move |touch| touch.day <= end)
            .map(move |touch| Touch { outcome: touch.outcome.filter(|_| touch.state_known_at <= end), ..*touch })
    }

    /// The account's contacts by `t`; who left after `t` is there.
    pub(in crate::features) fn contacts(&self, account: usize) -> impl Iterator<Item = Contact> {
        let end = self.end_day();
        let known = self.facts.dialogue.contacts.known(account, self.knowledge_day());
        known.filter(move |contact| contact.state_known_at <= end).map(move |contact| Contact {
            confirmed: contact.confirmed.filter(|day| *day <= end),
            left: contact.left.filter(|day| *day <= end),
            ..*contact
        })
    }

    /// The account's opportunities by `t`; what was decided after `t` is open.
    pub(in crate::features) fn opportunities(&self, account: usize) -> impl Iterator<Item = Opportunity> {
        let end = self.end_day();
        let known = self.facts.dialogue.opportunities.known(account, self.knowledge_day());
        known.filter(move |opportunity| opportunity.opened <= end).map(move |opportunity| Opportunity {
            closed: opportunity.closed.filter(|day| *day <= end),
            state: opportunity.state.filter(|_| opportunity.state_known_at <= end),
            ..*opportunity
        })
    }

    /// What was observed of the account in public by `t`, by day.
    pub(in crate::features) fn signals(&self, account: usize) -> impl Iterator<Item = Signal> {
        let end = self.end_day();
        let known = self.facts.dialogue.signals.known(account, self.knowledge_day());
        known.filter(move |signal| signal.day <= end).copied()
    }

    /// A topic in plain words.
    pub(in crate::features) fn topic(&self, topic: u32) -> &str {
        &self.facts.dialogue.topics[topic as usize]
    }

    /// The product groups a signal names and anybody has bought by `t`.
    pub(in crate::features) fn named_groups(&self, signal: &Signal) -> impl Iterator<Item = u32> {
        let (start, end) = signal.named;
        let named = &self.facts.dialogue.named_groups[start as usize..end as usize];
        named.iter().copied().filter(|group| self.facts.ledger.is_sold(*group, self.as_of()))
    }

    /// Months up to `t` since the first touch of this channel with anybody, both included.
    pub(in crate::features) fn channel_months(&self, channel: Channel) -> Option<i32> {
        self.months_since(&self.facts.dialogue.channels[channel as usize])
    }

    /// Months up to `t` since the first touch with anybody, other than a newsletter, whose direction was this one.
    pub(in crate::features) fn direction_months(&self, inbound: bool) -> Option<i32> {
        self.months_since(&self.facts.dialogue.directions[usize::from(inbound)])
    }

    /// Months up to `t` since anybody was first seen to open or click a newsletter.
    pub(in crate::features) fn engagement_months(&self) -> Option<i32> {
        self.months_since(&self.facts.dialogue.engagements)
    }

    /// Months up to `t` since the first opportunity with anybody.
    pub(in crate::features) fn opportunity_months(&self) -> Option<i32> {
        self.months_since(&self.facts.dialogue.opportunities_first)
    }

    /// Months up to `t` since the first public signal of anybody.
    pub(in crate::features) fn signal_months(&self) -> Option<i32> {
        self.months_since(&self.facts.dialogue.signals_first)
    }

    fn months_since(&self, firsts: &Firsts) -> Option<i32> {
        let first = firsts.by(self.end_day(), self.knowledge_day())?;
        Some(self.months_before_end(super::month_of_day(first)) + 1)
    }

    pub(super) fn knowledge_day(&self) -> i32 {
        day_of(self.as_of().knowledge().last_day())
    }
}

/// Topic and text of a signal.
type Said<'a> = (Option<&'a str>, Option<&'a str>);

type Texts<'a> = Vec<Option<&'a str>>;

fn texts<'a>(frame: &'a DataFrame, name: &str) -> Result<Texts<'a>, FeatureError> {
    Ok(frame.column(name)?.str()?.iter().collect())
}

fn flags(frame: &DataFrame, name: &str) -> Result<Vec<Option<bool>>, FeatureError> {
    Ok(frame.column(name)?.bool()?.iter().collect())
}

fn floats(frame: &DataFrame, name: &str) -> Result<Vec<Option<f64>>, FeatureError> {
    Ok(frame.column(name)?.f64()?.iter().collect())
}

/// By day, those the customer began after the others.
fn touches(warehouse: &Warehouse, accounts: usize, last_day: Date) -> Result<Events<Touch>, FeatureError> {
    let mut rows = Sharded::of(accounts);
    warehouse.each_chunk(include_str!("../sql/interactions.sql"), params![last_day], |chunk| {
        let account = chunk.column("account")?.i32()?.into_no_null_iter();
        let (day, state) = (days(chunk, "happened_on")?, days(chunk, "state_known_at")?);
        let (known_at, known_until) = (days(chunk, "known_at")?, days(chunk, "known_until")?);
        let (channel, outcome, inbound) =
            (texts(chunk, "channel")?, texts(chunk, "outcome")?, flags(chunk, "inbound")?);
        for (row, account) in account.enumerate() {
            let day = day[row].unwrap_or(i32::MAX);
            let known = known_at[row].unwrap_or(i32::MIN);
            let touch = [
                i64::from(account),
                // an event never changes
                0,
                i64::from(day),
                DIRECTIONS.iter().position(|known| *known == inbound[row]).unwrap_or_default() as i64,
                Channel::ALL.iter().position(|(name, _)| Some(*name) == channel[row]).unwrap_or(Channel::Event as usize)
                    as i64,
                OUTCOMES.iter().position(|(name, _)| Some(*name) == outcome[row]).map_or(0, |at| 1 + at as i64),
                // mostly the same day
                i64::from(known) - i64::from(day),
                i64::from(state[row].unwrap_or(i32::MAX)) - i64::from(day),
                i64::from(known_until[row].unwrap_or(i32::MAX)),
            ];
            rows.push(account, touch);
        }
        Ok::<_, FeatureError>(())
    })?;
    Ok(Events::of_rows(rows, |[_, _, day, inbound, channel, outcome, known, state, until]| {
        let (_, channel) = Channel::ALL[*channel as usize];
        let outcome = if *outcome == 0 { TouchOutcome::Other } else { OUTCOMES[*outcome as usize - 1].1 };
        let touch = Touch {
            day: *day as i32,
            channel,
            inbound: DIRECTIONS[*inbound as usize],
            outcome: Some(outcome),
            state_known_at: (day + state) as i32,
        };
        ((day + known) as i32, *until as i32, touch)
    }))
}

fn contacts(warehouse: &Warehouse, accounts: usize, last_day: Date) -> Result<Events<Contact>, FeatureError> {
    let mut rows = Sharded::of(accounts);
    warehouse.each_chunk(include_str!("../sql/contacts.sql"), params![last_day], |chunk| {
        let account = chunk.column("account")?.i32()?.into_no_null_iter();
        let (several, batch) = (numbers(chunk, "several_states")?, numbers(chunk, "batch_id")?);
        let (known_at, known_until) = (days(chunk, "known_at")?, days(chunk, "known_until")?);
        let (confirmed, left) = (days(chunk, "last_confirmed_on")?, days(chunk, "left_on")?);
        let (role, state) = (texts(chunk, "role")?, days(chunk, "state_known_at")?);
        for (row, account) in account.enumerate() {
            let role = role[row].and_then(|role| ROLES.iter().position(|known| *known == role));
            let contact = [
                i64::from(account),
                several[row].unwrap_or(0),
                i64::from(known_at[row].unwrap_or(i32::MIN)),
                batch[row].unwrap_or(0),
                optional(role.map(|role| role as i64)),
                optional(confirmed[row].map(i64::from)),
                optional(left[row].map(i64::from)),
                optional(known_until[row].map(i64::from)),
                i64::from(state[row].unwrap_or(i32::MAX)),
            ];
            rows.push(account, contact);
        }
        Ok::<_, FeatureError>(())
    })?;
    Ok(Events::of_rows(rows, |[_, _, known_at, _, role, confirmed, left, until, state]| {
        let day = |day: &i64| given(*day).map(|day| day as i32);
        let contact = Contact {
            role: given(*role).map(|role| role as u8),
            confirmed: day(confirmed),
            left: day(left),
            state_known_at: *state as i32,
        };
        (*known_at as i32, day(until).unwrap_or(i32::MAX), contact)
    }))
}

fn opportunities(frame: &DataFrame) -> Result<Vec<Opportunity>, FeatureError> {
    let day = |name| days(frame, name);
    let (opened, closed, decision) = (day("opened_on")?, day("closed_on")?, day("decision_expected_on")?);
    let (since, state) = (day("since")?, day("state_known_at")?);
    let stage_changes: Vec<Option<i32>> = frame.column("stage_changes")?.i32()?.iter().collect();
    let amount: Vec<Option<i64>> = frame.column("amount_e4")?.i64()?.iter().collect();
    let probability = floats(frame, "probability")?;
    let won = flags(frame, "won")?;
    let named = ["has_competitor", "has_chance", "has_risk"].map(|name| flags(frame, name));
    let [competitor, chance, risk] = named;
    let (competitor, chance, risk, has_state) = (competitor?, chance?, risk?, flags(frame, "has_state")?);
    let opportunity = |row: usize| Opportunity {
        opened: opened[row].unwrap_or(i32::MAX),
        closed: closed[row],
        state: (has_state[row] == Some(true)).then(|| OpportunityState {
            amount: amount[row],
            probability: probability[row],
            decision: decision[row],
            won: won[row],
            since: since[row],
            stage_changes: stage_changes[row],
            has_competitor: competitor[row] == Some(true),
            has_chance: chance[row] == Some(true),
            has_risk: risk[row] == Some(true),
        }),
        state_known_at: state[row].unwrap_or(i32::MAX),
    };
    Ok((0..frame.height()).map(opportunity).collect())
}

/// Fills `topics` with the distinct topics, in ascending order, and `named` with the product groups that are named.
fn signals(
    frame: &DataFrame,
    groups: &[String],
    topics: &mut BTreeMap<String, u32>,
    named: &mut Vec<u32>,
) -> Result<Vec<Signal>, FeatureError> {
    let day = days(frame, "observed_on")?;
    let (source, sentiment) = (texts(frame, "stated_source")?, floats(frame, "sentiment")?);
    let (topic, text) = (texts(frame, "topic")?, texts(frame, "text")?);
    let plain: Vec<Option<String>> =
        topic.iter().map(|topic| topic.map(plain_topic).filter(|topic| !topic.is_empty())).collect();
    topics.extend(plain.iter().flatten().map(|topic| (topic.clone(), 0)));
    topics.values_mut().zip(0..).for_each(|(number, position)| *number = position);
    let names: Vec<Vec<String>> = groups.iter().map(|group| names_of(group)).collect();
    // the same words come again and again
    let mut found: BTreeMap<Said<'_>, (u32, u32)> = BTreeMap::new();
    let mut name = |topic: Option<&str>, text: Option<&str>| {
        let start = named.len() as u32;
        let said = words(&format!("{} {}", topic.unwrap_or_default(), text.unwrap_or_default()));
        let all = |names: &[String]| !names.is_empty() && names.iter().all(|name| said.contains(name));
        named.extend(names.iter().zip(0..).filter(|(names, _)| all(names)).map(|(_, group)| group));
        (start, named.len() as u32)
    };
    let signal = |row: usize| Signal {
        day: day[row].unwrap_or(i32::MAX),
        source: SIGNAL_SOURCES.iter().position(|known| Some(*known) == source[row]).unwrap_or_default() as u8,
        sentiment: sentiment[row],
        topic: plain[row].as_ref().and_then(|topic| topics.get(topic).copied()),
        named: *found.entry((topic[row], text[row])).or_insert_with(|| name(topic[row], text[row])),
    };
    Ok((0..frame.height()).map(signal).collect())
}

/// Small letters and digits only, one blank between words.
fn words(text: &str) -> Vec<String> {
    let letters: String = text.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    letters.to_lowercase().split_whitespace().map(str::to_owned).collect()
}

fn plain_topic(text: &str) -> String {
    words(text).join(" ").chars().take(TOPIC_LENGTH).collect::<String>().trim_end().to_owned()
}

/// The words that must all occur where a product group is named.
fn names_of(group: &str) -> Vec<String> {
    words(group).into_iter().filter(|word| word.chars().count() >= SHORTEST_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_words_and_nothing_that_could_be_executed() {
        assert_eq!(plain_topic("  =CMD|'/C calc'!A1 <b>Ärger</b> "), "cmd c calc a1 b ärger b");
        assert_eq!(plain_topic(&"wachstum ".repeat(9)).chars().count(), TOPIC_LENGTH);
    }

    #[test]
    fn a_product_group_is_named_by_all_of_its_longer_words() {
        assert_eq!(names_of("Farben & Lacke (innen)"), ["farben", "lacke", "innen"]);
        assert!(names_of("PG 7").is_empty());
    }
}
