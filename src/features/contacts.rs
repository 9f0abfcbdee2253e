//! Whom we know at the account: which parts of the buying centre are filled, and how fresh the entries are.
//!
//! A person counts from the day the company knew the entry until the day he or she left. Where a file of contacts says
//! nothing of when they became known, they count from its receipt: who is among them today says nothing of the past.

use super::{
    as_of::{Known, ROLES},
    catalogue::Feature,
};

const FAMILY: &str = "contacts";

const fn role(name: &'static str, definition: &'static str) -> Feature {
    Feature::number(FAMILY, name, "flag", definition)
}

pub(super) const FEATURES: [Feature; 11] = [
    Feature::number(FAMILY, "contacts_present", "count", "contacts known at `t` who have not left"),
    Feature::number(
        FAMILY,
        "buying_centre_coverage",
        "share",
        "share of the six parts in the buying decision that one of them plays",
    ),
    role("initiator_known", "1 if one of them is an initiator"),
    role("user_known", "1 if one of them is a user"),
    role("influencer_known", "1 if one of them is an influencer"),
    role("buyer_known", "1 if one of them is a buyer"),
    role("decider_known", "1 if one of them is a decider"),
    role("gatekeeper_known", "1 if one of them is a gatekeeper"),
    Feature::number(
        FAMILY,
        "contact_confirmed_days",
        "days",
        "days from the newest confirmation of one of them to the end of `t`",
    ),
    Feature::number(FAMILY, "contacts_left_12", "count", "contacts who left in the window").over(12),
    Feature::number(FAMILY, "contacts_known", "flag", "1 if a contact of the account is known at `t`, else 0"),
];

/// The family's values in the order of [`FEATURES`].
pub(super) fn values(known: &Known<'_>, account: usize) -> [Option<f64>; FEATURES.len()] {
    let (start, end) = (known.first_day_of_window(12), known.end_day());
    let mut values = [None; FEATURES.len()];
    let (mut all, mut present, mut left_lately) = (0_u32, 0_u32, 0_u32);
    let mut roles = [false; ROLES.len()];
    let mut confirmed: Option<i32> = None;
    for contact in known.contacts(account) {
        all += 1;
        if let Some(left) = contact.left {
            left_lately += u32::from(left >= start);
            continue;
        }
        present += 1;
        confirmed = confirmed.max(contact.confirmed);
        if let Some(role) = contact.role {
            roles[usize::from(role)] = true;
        }
    }
    let flag = |value: bool| f64::from(u8::from(value));
    values[10] = Some(flag(all > 0));
    if all > 0 {
        values[0] = Some(f64::from(present));
        values[1] = Some(roles.iter().filter(|known| **known).count() as f64 / ROLES.len() as f64);
        values[2..2 + ROLES.len()].iter_mut().zip(roles).for_each(|(value, known)| *value = Some(flag(known)));
        values[8] = confirmed.map(|day| f64::from(end - day));
        values[9] = Some(f64::from(left_lately));
    }
    values
}
