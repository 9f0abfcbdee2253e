//! What customers say: complaints about orders, and answers to the half-yearly survey.
//!
//! Recent complaints and paying late go with lower scores; contentment differs between accounts and lasts.

use super::{
    account::{Account, Kind},
    calendar::Day,
    draw::Draw,
    firm::contact_id,
    orders::OrderLine,
    table::table,
    world::World,
};

/// Probability that an order of an account of average contentment is complained about.
const COMPLAINT_RATE: f64 = 0.012;
const CATEGORIES: [&str; 5] = ["Lieferverzug", "Falschlieferung", "Qualität", "Rechnung", "Beratung"];
const SEVERITIES: [&str; 3] = ["low", "medium", "high"];
/// Calendar months in which customers are asked.
const SURVEY_MONTHS: [i32; 2] = [3, 9];
const RESPONSE_RATE: f64 = 0.2;
/// Score of an account of average contentment without complaints, and what a complaint of the last year takes off.
const USUAL_SCORE: f64 = 7.9;
const COMPLAINT_EFFECT: f64 = 0.7;
const LATE_PAYER_EFFECT: f64 = 0.5;

table! {
    /// A state of a complaint.
    ComplaintRow is "complaints" by (complaint_id) {
        complaint_id: String,
        customer_id: String,
        opened_on: Day,
        closed_on: Option<Day>,
        category: &'static str,
        severity: &'static str,
    }
}

table! {
    /// An answer to one question of the customer survey.
    SurveyRow is "survey_answers" by () {
        customer_id: String,
        answered_on: Day,
        question: &'static str,
        score: i64,
        contact_id: String,
        comment: Option<&'static str>,
    }
}

/// The account's complaints, each when opened and when closed; severity may be judged anew.
pub(super) fn complaints(world: &World, account: &Account, lines: &[OrderLine]) -> Vec<ComplaintRow> {
    let mut draw = world.stream("complaints", account.index);
    let rate = COMPLAINT_RATE * (-0.4 * account.satisfaction).exp();
    let mut rows = Vec::new();
    let (mut number, mut order) = (0, 0);
    // Orders are numbered by day, so a number above all before is a new order; returns carry an old one.
    for line in lines {
        if line.order <= order {
            continue;
        }
        order = line.order;
        if !draw.chance(rate) {
            continue;
        }
        number += 1;
        let opened = line.ordered_on.plus(draw.between(2, 20));
        let closed = opened.plus(3 + (12.0 * draw.exponential()) as i32);
        let severity = draw.weighted(&[0.5, 0.85, 1.0]);
        let worse = usize::from(draw.chance(0.15));
        let first = ComplaintRow {
            complaint_id: format!("B{}-{number}", account.index + 1),
            customer_id: account.id(),
            opened_on: opened,
            closed_on: None,
            category: draw.pick(&CATEGORIES),
            severity: SEVERITIES[severity],
            known_at: opened.plus(draw.between(0, 2)),
        };
        let last = ComplaintRow {
            closed_on: Some(closed),
            severity: SEVERITIES[(severity + worse).min(2)],
            known_at: closed.max(first.known_at.plus(1)),
            ..first.clone()
        };
        rows.extend([first, last]);
    }
    rows
}

/// The account's answers to the half-yearly survey: recommendation and satisfaction.
pub(super) fn survey_answers(world: &World, account: &Account, complaints: &[ComplaintRow]) -> Vec<SurveyRow> {
    if account.kind != Kind::Customer {
        return Vec::new();
    }
    let mut draw = world.stream("survey", account.index);
    let late_payer = if account.payment_delay.0 > 8.0 { LATE_PAYER_EFFECT } else { 0.0 };
    let mut rows = Vec::new();
    for month in account.months_alive(world) {
        let calendar = &world.calendar[month];
        if !SURVEY_MONTHS.contains(&calendar.month.of_year()) || !draw.chance(RESPONSE_RATE) {
            continue;
        }
        let answered = draw.pick(&calendar.weekdays);
        let recent = complaints
            .iter()
            .filter(|c| c.closed_on.is_none() && c.opened_on < answered && c.opened_on > answered.plus(-365))
            .count();
        let mood = USUAL_SCORE + 1.2 * account.satisfaction - COMPLAINT_EFFECT * recent as f64 - late_payer
            + 1.1 * draw.normal();
        let known_at = answered.plus(draw.between(0, 5));
        for (question, shift) in [("recommend", 0.0), ("satisfaction", 0.2 + 0.6 * draw.normal())] {
            let score = (mood + shift).round().clamp(0.0, 10.0) as i64;
            rows.push(SurveyRow {
                customer_id: account.id(),
                answered_on: answered,
                question,
                score,
                contact_id: contact_id(account, 1),
                comment: comment(score, &mut draw),
                known_at,
            });
        }
    }
    rows
}

fn comment(score: i64, draw: &mut Draw) -> Option<&'static str> {
    if !draw.chance(0.25) {
        return None;
    }
    let words = match score {
        9.. => ["Schnelle Lieferung, gute Beratung.", "Immer erreichbar.", "Gerne wieder."],
        7..=8 => ["Im Großen und Ganzen zufrieden.", "Preise könnten besser sein.", "Sortiment passt."],
        _ => ["Lieferung kam zu spät.", "Rückfragen dauern zu lange.", "Falsche Ware erhalten."],
    };
    Some(draw.pick(&words))
}
