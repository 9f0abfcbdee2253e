//! What the future knows never reaches the past: features, baselines and classes at `t` from the full database equal,
//! byte for byte, those from the database as it stood at `t`.

use headroom::{
    domain::{AsOf, Horizon, Month, Seed},
    features::{Facts, FeatureFrame},
    simulate,
};
use jiff::{ToSpan, civil::Date};

use crate::company::{Company, Opportunity, Validity, bytes, month, simulated};

/// What can be told only where every state was kept.
const OF_KEPT_STATES: &str = "opportunity_stage_changes";

/// Everything that a run as of `t` computes from facts without looking at an outcome.
fn as_known_at(facts: &Facts, t: Month) -> Vec<u8> {
    known_at_but_for(facts, t, &[])
}

fn known_at_but_for(facts: &Facts, t: Month, features: &[&str]) -> Vec<u8> {
    let as_of = AsOf::end_of(t);
    let mut all = bytes(&[facts.all_accounts(as_of).unwrap().frame()]);
    for months in [3, 12] {
        let slice = facts.slice(as_of, Horizon::new(months).unwrap(), None).unwrap();
        let told = slice.features().frame().drop_many(features.iter().copied());
        all.extend(bytes(&[&told, slice.baselines().frame()]));
        all.extend(slice.baselines().threshold().to_bits().to_le_bytes());
    }
    // a group that nobody had bought by then may have a name today
    let purchases = facts.purchases(as_of, Horizon::new(3).unwrap(), None).unwrap();
    for account in 0..purchases.accounts() {
        for (group, revenue) in purchases.before(account) {
            all.extend(format!("{account} {} {revenue};", purchases.groups()[*group as usize]).into_bytes());
        }
    }
    all
}

/// Names the first column that differs before comparing all bytes.
fn assert_same(today: &Facts, then: &Facts, t: Month) {
    let columns = |facts: &Facts| facts.features(AsOf::end_of(t)).unwrap().frame().clone();
    let (a, b) = (columns(today), columns(then));
    for (a, b) in a.columns().iter().zip(b.columns()) {
        assert!(a.equals_missing(b), "{} as of {t} differs: {a:?} and {b:?}", a.name());
    }
    assert!(as_known_at(today, t) == as_known_at(then, t), "the past as of {t} differs");
}

fn facts(company: &Company) -> Facts {
    Facts::load(&company.warehouse()).unwrap()
}

fn features(company: &Company, t: Month) -> FeatureFrame {
    facts(company).features(AsOf::end_of(t)).unwrap()
}

fn value(features: &FeatureFrame, account: &str, name: &str) -> Option<f64> {
    let row = features.accounts().iter().position(|id| id == Some(account)).unwrap();
    Some(features.numbers(name).unwrap()[row]).filter(|value| !value.is_nan())
}

#[test]
fn the_past_looks_the_same_from_the_database_of_today_and_from_the_one_of_then() {
    for seed in 21..=22 {
        let company = Company::random(seed);
        let today = facts(&company);
        for n in [3, 25, 33, 37] {
            let then = facts(&company.known_by(month(n)));
            assert_same(&today, &then, month(n));
        }
    }
}

#[test]
fn a_simulated_past_looks_the_same_where_each_state_was_kept_and_where_it_was_overwritten_then() {
    let kept = simulate::Company { accounts: 80, months: 40, seed: Seed(5), ..simulate::Company::default() };
    let overwritten = simulate::Company { changes: simulate::Changes::Overwritten, ..kept };
    let today = Facts::load(&simulated(&kept, kept.last_month())).unwrap();
    for n in [13, 29] {
        let t = kept.start.plus(n);
        let then = Facts::load(&simulated(&overwritten, t)).unwrap();
        assert!(today.population(AsOf::end_of(t)).unwrap().len() > 20);
        let of_both = [&today, &then].map(|facts| known_at_but_for(facts, t, &[OF_KEPT_STATES]));
        assert!(of_both[0] == of_both[1], "the past as of {t} differs");
    }
}

#[test]
fn stage_changes_are_counted_where_all_states_are_known_as_of_their_day() {
    let mut company = Company::random(32);
    let t = month(32);
    company.opportunities.retain(|opportunity| !["K02", "K05"].contains(&opportunity.customer.as_str()));
    let mut offer = company.opportunities[0].clone();
    let (opened, moved, moved_again) = (t.plus(-6).first_day(), t.plus(-3).first_day(), t.plus(1).first_day());
    (offer.id, offer.customer, offer.opened, offer.closed) = ("O-K02".into(), "K02".into(), opened, None);
    let days = [opened, moved, moved_again];
    for (n, stage) in [Some("offer"), Some("negotiation"), None].into_iter().enumerate() {
        let mut state = Opportunity { stage, ..offer.clone() };
        state.validity = Validity { known: days[n], until: days.get(n + 1).copied(), batch: 2 };
        company.opportunities.push(state.clone());
        // the first state of this one was not received
        if n > 0 {
            company.opportunities.push(Opportunity { id: "O-K05".into(), customer: "K05".into(), ..state });
        }
    }
    let of = |account: &str, months: i32| value(&features(&company, t.plus(months)), account, OF_KEPT_STATES);
    assert_eq!([of("K02", -4), of("K02", 0), of("K02", 1)], [Some(0.0), Some(1.0), Some(2.0)]);
    assert_eq!([of("K05", 0), of("K05", 1)], [None, None]);
}

#[test]
fn whatever_happens_later_changes_nothing() {
    let company = Company::random(24);
    let t = month(26);
    let end = t.last_day();
    let mut other = company.clone();
    // another future: every later fact has another value, some are gone, and a new account and a new group appear
    for line in other.lines.iter_mut().filter(|line| line.day > end || line.known > end) {
        line.net = line.net * 7 + 1;
        line.cost = line.cost.map(|cost| cost * 3);
        line.group = "aaa".into();
    }
    let mut n = 0;
    other.lines.retain(|line| {
        n += 1;
        line.day <= end || line.reversal || n % 5 != 0
    });
    let mut stranger = other.lines.iter().find(|line| line.day > end && !line.reversal).unwrap().clone();
    stranger.customer = "A-new".into();
    stranger.order_id = "A-new-1".into();
    other.lines.push(stranger);
    for invoice in &mut other.invoices {
        invoice.paid = invoice.paid.map(|paid| if paid > end { paid.checked_add(40.days()).unwrap() } else { paid });
        invoice.dunning = Some(7);
        invoice.disputed = Some(true);
    }
    other.invoices.retain(|invoice| invoice.issued <= end);
    for complaint in &mut other.complaints {
        complaint.closed = complaint.closed.filter(|closed| *closed <= end);
        complaint.severity = Some("fatal");
    }
    other.answers.retain(|answer| answer.day <= end && answer.known <= end);
    for touch in other.touches.iter_mut().filter(|touch| touch.day > end || touch.known > end) {
        (touch.channel, touch.direction, touch.outcome) = ("visit", Some("in"), Some("opened"));
    }
    for contact in &mut other.contacts {
        contact.role = Some("decider");
        contact.left = Some(t.plus(1).first_day());
    }
    for opportunity in &mut other.opportunities {
        opportunity.closed = opportunity.closed.filter(|closed| *closed <= end);
        (opportunity.stage, opportunity.amount, opportunity.risk) = (Some("lost"), Some(77), Some("all"));
    }
    other.opportunities.retain(|opportunity| opportunity.opened <= end);
    for signal in other.signals.iter_mut().filter(|signal| signal.day > end || signal.known > end) {
        (signal.topic, signal.sentiment, signal.text) = (Some("a new topic"), Some(-1.0), Some("group aaa".into()));
    }
    for customer in other.customers.iter_mut().filter(|customer| customer.validity.known > end) {
        customer.employees = Some(1);
        customer.industry = Some("space");
    }
    let (company, other) = (facts(&company), facts(&other));
    assert!(as_known_at(&company, month(40)) != as_known_at(&other, month(40)), "the futures differ");
    assert_same(&company, &other, t);
}

#[test]
fn an_invoice_paid_after_t_is_open_at_t() {
    let mut company = Company::random(25);
    company.invoices.truncate(1);
    let t = month(20);
    let invoice = &mut company.invoices[0];
    invoice.customer = "K02".into();
    invoice.issued = t.plus(-3).first_day();
    invoice.due = Some(t.plus(-2).first_day());
    invoice.amount = 5_000_000;
    invoice.paid = Some(t.last_day().tomorrow().unwrap());
    invoice.paid_amount = None;
    invoice.dunning = Some(3);
    invoice.validity = Validity { known: invoice.issued, until: None, batch: 1 };
    let at_t = features(&company, t);
    assert_eq!(value(&at_t, "K02", "open_amount"), Some(500.0));
    assert_eq!(value(&at_t, "K02", "overdue_amount"), Some(500.0));
    assert_eq!(value(&at_t, "K02", "days_beyond_terms_24"), None);
    // the dunning level is the state of a file received in month 30
    assert_eq!(value(&at_t, "K02", "dunning_level"), None);
    let paid = features(&company, t.plus(1));
    assert_eq!(value(&paid, "K02", "open_amount"), Some(0.0));
    assert!(value(&paid, "K02", "days_beyond_terms_24").unwrap() > 60.0);
}

#[test]
fn a_survey_answered_after_t_or_handed_in_after_t_is_unknown_at_t() {
    let mut company = Company::random(26);
    company.answers.truncate(1);
    let t = month(20);
    let answer = &mut company.answers[0];
    (answer.customer, answer.question, answer.score) = ("K02".into(), "recommend", 9.0);
    (answer.day, answer.known) = (t.last_day().tomorrow().unwrap(), t.last_day().tomorrow().unwrap());
    assert_eq!(value(&features(&company, t), "K02", "nps_score"), None);
    assert_eq!(value(&features(&company, t.plus(1)), "K02", "nps_score"), Some(9.0));
    // answered before, handed in after
    company.answers[0].day = t.first_day();
    assert_eq!(value(&features(&company, t), "K02", "nps_score"), None);
    let later = facts(&company);
    let known_later = later.features(AsOf::known_by(t, t.plus(1)).unwrap()).unwrap();
    assert_eq!(value(&known_later, "K02", "nps_score"), Some(9.0));
}

#[test]
fn a_touch_after_t_or_entered_after_t_is_unknown_at_t() {
    let mut company = Company::random(29);
    let t = month(20);
    company.touches.retain(|touch| touch.customer != "K02");
    let mut call = company.touches[0].clone();
    (call.customer, call.channel, call.direction, call.outcome) = ("K02".into(), "call", Some("out"), None);
    (call.day, call.known) = (t.first_day(), t.first_day());
    let mut answer = call.clone();
    answer.direction = Some("in");
    (answer.day, answer.known) = (t.first_day().checked_add(10.days()).unwrap(), t.plus(1).first_day());
    company.touches.extend([call, answer]);
    let at_t = features(&company, t);
    assert_eq!(value(&at_t, "K02", "calls_12"), Some(1.0));
    assert_eq!(value(&at_t, "K02", "answered_share_12"), Some(0.0), "the answer is entered a month later");
    let later = facts(&company).features(AsOf::known_by(t, t.plus(1)).unwrap()).unwrap();
    assert_eq!(value(&later, "K02", "calls_12"), Some(2.0));
    assert_eq!(value(&later, "K02", "answered_share_12"), Some(1.0));
}

#[test]
fn an_opportunity_decided_after_t_is_open_at_t_and_its_stage_of_today_is_not_that_of_then() {
    let mut company = Company::random(30);
    let t = month(32);
    company.opportunities.retain(|opportunity| opportunity.customer != "K02");
    let mut won = company.opportunities[0].clone();
    (won.id, won.customer, won.opened) = ("O-K02".into(), "K02".into(), t.plus(-6).first_day());
    (won.closed, won.stage, won.amount) = (Some(t.plus(1).first_day()), Some("Closed Won"), Some(5_000_000));
    won.validity = Validity { known: won.opened, until: None, batch: 1 };
    company.opportunities.push(won);
    let at_t = features(&company, t);
    assert_eq!(value(&at_t, "K02", "opportunities_open"), Some(1.0));
    assert_eq!(value(&at_t, "K02", "opportunity_amount"), Some(500.0), "its state was received in month 30");
    assert_eq!(value(&at_t, "K02", "win_rate_24"), None);
    let before = features(&company, t.plus(-4));
    assert_eq!(value(&before, "K02", "opportunities_open"), Some(1.0));
    assert_eq!(value(&before, "K02", "opportunity_amount"), None, "nothing of its state was known then");
    let after = features(&company, t.plus(1));
    assert_eq!(value(&after, "K02", "opportunities_open"), Some(0.0));
    assert_eq!(value(&after, "K02", "win_rate_24"), Some(1.0));
}

#[test]
fn a_contact_of_todays_file_says_nothing_of_the_time_before_its_receipt() {
    let mut company = Company::random(31);
    company.contacts.retain(|contact| contact.customer != "K02");
    let mut decider = company.contacts[0].clone();
    (decider.id, decider.customer, decider.role) = ("P-K02".into(), "K02".into(), Some("decider"));
    (decider.confirmed, decider.left) = (Some(month(10).first_day()), Some(month(33).first_day()));
    decider.validity = Validity { known: Date::constant(1900, 1, 1), until: None, batch: 1 };
    company.contacts.push(decider);
    let before = features(&company, month(20));
    assert_eq!(value(&before, "K02", "decider_known"), None);
    assert_eq!(value(&before, "K02", "contacts_known"), Some(0.0));
    assert_eq!(value(&features(&company, month(31)), "K02", "decider_known"), Some(1.0));
    let gone = features(&company, month(33));
    assert_eq!(value(&gone, "K02", "decider_known"), Some(0.0));
    assert_eq!(value(&gone, "K02", "contacts_left_12"), Some(1.0));
}

#[test]
fn a_line_known_after_t_counts_from_the_month_in_which_it_became_known() {
    let mut company = Company::random(27);
    let t = month(20);
    let late = company.lines.iter().position(|line| line.customer == "K02" && !line.reversal).unwrap();
    let mut line = company.lines[late].clone();
    company.lines.retain(|line| line.customer != "K02");
    (line.day, line.net) = (t.plus(-1).first_day(), 1_000_000);
    let mut on_time = line.clone();
    (on_time.known, on_time.order_id, on_time.number) = (on_time.day, "on-time".into(), 1);
    (line.known, line.order_id) = (t.plus(1).first_day(), "late".into());
    company.lines.extend([line, on_time]);
    assert_eq!(value(&features(&company, t), "K02", "revenue_3"), Some(100.0));
    assert_eq!(value(&features(&company, t), "K02", "orders_3"), Some(1.0));
    assert_eq!(value(&features(&company, t.plus(1)), "K02", "revenue_3"), Some(200.0));
    let facts = facts(&company);
    let known_later = facts.features(AsOf::known_by(t, t.plus(1)).unwrap()).unwrap();
    assert_eq!(value(&known_later, "K02", "revenue_3"), Some(200.0));
    assert_eq!(value(&known_later, "K02", "order_days_3"), Some(1.0), "both orders are of one day");
}

#[test]
fn a_label_never_counts_what_became_known_after_the_run() {
    let company = Company::random(28);
    let (origin, known_by) = (AsOf::end_of(month(24)), month(31));
    let horizon = Horizon::new(6).unwrap();
    let labels = |company: &Company| {
        let labels = facts(company).labels(origin, horizon, known_by).unwrap();
        bytes(&[labels.frame()])
    };
    assert_eq!(labels(&company), labels(&company.known_by(known_by)));
    let mut corrected = company.clone();
    let end = known_by.last_day();
    for line in corrected.lines.iter_mut().filter(|line| line.known > end) {
        line.net *= 2;
    }
    assert_eq!(labels(&company), labels(&corrected));
    // and what a window holds does reach it
    for line in corrected.lines.iter_mut().filter(|line| line.day > origin.at().last_day()) {
        line.net *= 2;
    }
    assert_ne!(labels(&company), labels(&corrected));
}
