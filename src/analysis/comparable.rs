//! A comparable account and what it buys: evidence that a person can check beside a figure.

use crate::features::Purchases;

/// One of the accounts nearest to another, by what would hold if both bought everything from us.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparable {
    /// Its leading id.
    pub customer_id: String,
    /// Its industry, if that is known.
    pub industry: Option<String>,
    /// Its employees, if they are known.
    pub employees: Option<f64>,
    /// Product groups it bought within 24 months, most revenue first, each with whether the other account buys it too.
    pub groups: Vec<(String, bool)>,
}

impl Comparable {
    /// What the account at `peer` bought, beside the one at `account`.
    pub fn groups(purchases: &Purchases, peer: usize, account: usize) -> Vec<(String, bool)> {
        let buys = |group: u32| purchases.before(account).iter().any(|(own, revenue)| *own == group && *revenue > 0.0);
        let mut bought: Vec<(u32, f64)> =
            purchases.before(peer).iter().copied().filter(|(_, revenue)| *revenue > 0.0).collect();
        bought.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        bought.into_iter().map(|(group, _)| (purchases.groups()[group as usize].clone(), buys(group))).collect()
    }

    /// One line; groups that the other account does not buy carry an asterisk.
    pub fn line(&self, name: &str) -> String {
        let industry = self.industry.as_deref().unwrap_or("industry not known");
        let employees =
            self.employees.map_or("employees not known".to_owned(), |number| format!("{number:.0} employees"));
        let groups: Vec<String> =
            (self.groups.iter()).map(|(group, too)| if *too { group.clone() } else { format!("{group}*") }).collect();
        let buys = if groups.is_empty() { "no product group".to_owned() } else { groups.join(", ") };
        format!("  {name}, {industry}, {employees}: {buys}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_account_does_not_buy_is_marked_and_what_is_not_known_is_said() {
        let found = Comparable {
            customer_id: "K1".into(),
            industry: Some("chemicals".into()),
            employees: Some(42.0),
            groups: vec![("bolts".into(), true), ("glue".into(), false)],
        };
        assert_eq!(found.line("K1"), "  K1, chemicals, 42 employees: bolts, glue*");
        let bare = Comparable { industry: None, employees: None, groups: Vec::new(), ..found };
        assert_eq!(
            bare.line("comparable account 1"),
            "  comparable account 1, industry not known, employees not known: no product group"
        );
    }
}
