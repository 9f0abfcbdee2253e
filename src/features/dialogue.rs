//! How we talk with the account: touches by channel and direction, whether we get answers, the last real conversation.
//!
//! Whether a company without calls made none or did not write them down cannot be seen, so a count is unknown unless
//! its channel (or direction) was in use anywhere before its window begins; from then on no touch means none. Bigger
//! accounts are visited more: none of this is an effect of ours that could be promised.

use super::{
    as_of::{Channel, Known, TouchOutcome},
    catalogue::Feature,
};

const FAMILY: &str = "dialogue";
const WINDOW: i32 = 12;
/// An answer comes within so many days, or does not come.
const ANSWER_DAYS: i32 = 14;

const fn touches(name: &'static str, definition: &'static str) -> Feature {
    Feature::number(FAMILY, name, "count", definition).over(12)
}

pub(super) const FEATURES: [Feature; 13] = [
    touches("visits_12", "visits"),
    touches("calls_12", "calls"),
    touches("emails_12", "emails"),
    touches("newsletters_12", "newsletters"),
    touches("tickets_12", "tickets"),
    touches("social_12", "touches in social media"),
    touches("events_12", "events attended"),
    touches("touches_out_12", "touches that we began, newsletters apart"),
    touches("touches_in_12", "touches that the customer began, newsletters apart"),
    Feature::number(
        FAMILY,
        "answered_share_12",
        "share",
        "share of our calls and emails, at least 14 days old at the end of `t`, after which the customer was in touch \
         within 14 days",
    )
    .over(12),
    Feature::number(
        FAMILY,
        "days_since_conversation",
        "days",
        "days from the last visit, event, call that reached somebody or email from the customer to the end of `t`",
    ),
    Feature::number(
        FAMILY,
        "newsletter_engagement_12",
        "share",
        "share of the newsletters whose outcome is known that were opened or clicked; unknown where none ever was",
    )
    .over(12),
    Feature::number(FAMILY, "dialogue_known", "flag", "1 if touches were recorded by the end of `t`, else 0"),
];

/// What of the dialogue was recorded at all at `t`.
#[derive(Debug)]
pub(super) struct Recorded {
    channels: [Option<i32>; 7],
    directions: [Option<i32>; 2],
    engagement: Option<i32>,
}

impl Recorded {
    pub(super) fn new(known: &Known<'_>) -> Self {
        Self {
            channels: Channel::ALL.map(|(_, channel)| known.channel_months(channel)),
            directions: [known.direction_months(false), known.direction_months(true)],
            engagement: known.engagement_months(),
        }
    }
}

/// The family's values in the order of [`FEATURES`].
pub(super) fn values(known: &Known<'_>, recorded: &Recorded, account: usize) -> [Option<f64>; FEATURES.len()] {
    let (start, end) = (known.first_day_of_window(WINDOW), known.end_day());
    let mut channels = [0_u32; 7];
    let mut directions = [0_u32; 2];
    let (mut asked, mut answered) = (0_u32, 0_u32);
    let (mut newsletters, mut engaged) = (0_u32, 0_u32);
    let mut conversation = None;
    // our touches that still wait for an answer, oldest first
    let mut waiting: Vec<i32> = Vec::new();
    for touch in known.touches(account) {
        let letter = touch.channel == Channel::Newsletter;
        let reached = match touch.channel {
            Channel::Visit | Channel::Event => true,
            Channel::Call => touch.outcome != Some(TouchOutcome::Missed),
            Channel::Email => touch.inbound == Some(true),
            Channel::Newsletter | Channel::Ticket | Channel::Social => false,
        };
        if reached {
            conversation = Some(touch.day);
        }
        if touch.day < start {
            continue;
        }
        channels[touch.channel as usize] += 1;
        if letter {
            newsletters += u32::from(touch.outcome.is_some());
            engaged += u32::from(touch.outcome == Some(TouchOutcome::Engaged));
            continue;
        }
        let Some(inbound) = touch.inbound else { continue };
        directions[usize::from(inbound)] += 1;
        if inbound {
            answered += waiting.drain(..).filter(|day| touch.day - day <= ANSWER_DAYS).count() as u32;
        } else if matches!(touch.channel, Channel::Call | Channel::Email) && touch.day <= end - ANSWER_DAYS {
            asked += 1;
            waiting.push(touch.day);
        }
    }
    let mut values = [None; FEATURES.len()];
    let is_recorded = |months: Option<i32>| months.is_some_and(|months| months >= WINDOW);
    let share = |part: u32, whole: u32| (whole > 0).then(|| f64::from(part) / f64::from(whole));
    for (channel, count) in channels.into_iter().enumerate() {
        values[channel] = is_recorded(recorded.channels[channel]).then_some(f64::from(count));
    }
    for (direction, count) in directions.into_iter().enumerate() {
        values[7 + direction] = is_recorded(recorded.directions[direction]).then_some(f64::from(count));
    }
    values[9] = if is_recorded(recorded.directions[1]) { share(answered, asked) } else { None };
    values[10] = conversation.map(|day| f64::from(end - day));
    values[11] = recorded.engagement.and_then(|_| share(engaged, newsletters));
    let any = recorded.channels.iter().any(Option::is_some);
    values[12] = Some(f64::from(u8::from(any)));
    values
}
