//! The market the company sells into: industries with their wallets and seasons, product groups with their margins,
//! and what each industry likes to buy.
//!
//! The figures are invented; only their roles are METHOD's. Industry effects are standardised here so that industry
//! and employees together explain exactly one standard deviation of the log wallet.

use super::draw::Draw;
use crate::domain::Seed;

/// Product groups of the catalogue.
pub(super) const GROUPS: usize = 12;
/// Products in each group.
pub(super) const PRODUCTS_PER_GROUP: usize = 10;
/// Weight of the logarithm of employees in the log wallet: their standard deviation of 1.2 becomes 0.8.
pub(super) const EMPLOYEES_WEIGHT: f64 = 0.8 / EMPLOYEES_SD;
/// Standard deviation of log employees.
pub(super) const EMPLOYEES_SD: f64 = 1.2;
/// Median number of employees.
pub(super) const EMPLOYEES_MEDIAN: f64 = 40.0;
/// Standard deviation of the industries' part; with 0.8 of the employees' part it makes 1.
const INDUSTRY_SD: f64 = 0.6;

/// An industry: who they are, how much they spend, when, and on what.
pub(super) struct Industry {
    /// Its German name.
    pub(super) name: &'static str,
    /// The word company names carry.
    pub(super) word: &'static str,
    weight: f64,
    raw_effect: f64,
    season_amplitude: f64,
    season_peak: f64,
    /// How much of each product group it takes, relative to others.
    pub(super) affinity: [f64; GROUPS],
}

/// A product group: its name, nouns for its products, margin rate and price level.
pub(super) struct Group {
    /// Its German name.
    pub(super) name: &'static str,
    noun: &'static str,
    /// Contribution margin over net revenue before an account's discount.
    pub(super) margin: f64,
    price: f64,
}

#[rustfmt::skip]
pub(super) const INDUSTRIES: [Industry; 8] = [
    Industry { name: "Maschinenbau", word: "Maschinenbau", weight: 0.18, raw_effect: 0.9, season_amplitude: 0.08, season_peak: 10.0, affinity: [5.0, 2.0, 4.0, 1.0, 0.3, 4.0, 1.5, 1.0, 0.5, 0.6, 3.0, 3.0] },
    Industry { name: "Bauhauptgewerbe", word: "Bau", weight: 0.17, raw_effect: 0.4, season_amplitude: 0.30, season_peak: 7.0, affinity: [4.0, 4.0, 5.0, 1.0, 2.0, 0.8, 3.0, 0.4, 0.5, 0.3, 1.0, 0.8] },
    Industry { name: "Elektrohandwerk", word: "Elektrotechnik", weight: 0.14, raw_effect: -0.7, season_amplitude: 0.12, season_peak: 9.0, affinity: [2.0, 1.0, 3.0, 6.0, 0.2, 0.1, 0.8, 0.3, 0.2, 0.3, 0.3, 2.5] },
    Industry { name: "Metallverarbeitung", word: "Metallbau", weight: 0.15, raw_effect: 0.3, season_amplitude: 0.06, season_peak: 5.0, affinity: [4.0, 2.5, 3.0, 0.6, 0.2, 1.5, 1.0, 0.8, 0.6, 0.4, 6.0, 1.5] },
    Industry { name: "Lebensmittelproduktion", word: "Lebensmittel", weight: 0.09, raw_effect: 1.1, season_amplitude: 0.15, season_peak: 11.0, affinity: [0.5, 3.0, 0.6, 0.8, 1.5, 1.0, 0.4, 2.5, 5.0, 4.0, 0.3, 1.0] },
    Industry { name: "Logistik", word: "Logistik", weight: 0.10, raw_effect: -0.2, season_amplitude: 0.18, season_peak: 11.0, affinity: [0.6, 2.5, 0.6, 0.6, 0.3, 0.5, 0.4, 6.0, 2.0, 5.0, 0.1, 0.5] },
    Industry { name: "Holz und Möbel", word: "Holzbau", weight: 0.10, raw_effect: -0.6, season_amplitude: 0.12, season_peak: 4.0, affinity: [5.0, 1.5, 3.0, 0.6, 0.3, 0.3, 5.0, 0.8, 0.6, 1.5, 0.2, 0.6] },
    Industry { name: "Gesundheitswesen", word: "Medizintechnik", weight: 0.07, raw_effect: -1.0, season_amplitude: 0.05, season_peak: 2.0, affinity: [0.3, 4.0, 0.4, 1.0, 1.5, 0.1, 0.3, 1.5, 6.0, 1.5, 0.1, 1.5] },
];

#[rustfmt::skip]
pub(super) const PRODUCT_GROUPS: [Group; GROUPS] = [
    Group { name: "Befestigungstechnik", noun: "Schraube", margin: 0.42, price: 18.0 },
    Group { name: "Arbeitsschutz", noun: "Schutzhandschuh", margin: 0.36, price: 24.0 },
    Group { name: "Werkzeuge", noun: "Bohrer", margin: 0.31, price: 65.0 },
    Group { name: "Elektroinstallation", noun: "Leitung", margin: 0.24, price: 40.0 },
    Group { name: "Sanitär", noun: "Armatur", margin: 0.27, price: 85.0 },
    Group { name: "Hydraulik", noun: "Zylinder", margin: 0.33, price: 140.0 },
    Group { name: "Klebstoffe", noun: "Montagekleber", margin: 0.45, price: 12.0 },
    Group { name: "Lagertechnik", noun: "Regal", margin: 0.22, price: 190.0 },
    Group { name: "Reinigung", noun: "Reiniger", margin: 0.38, price: 15.0 },
    Group { name: "Verpackung", noun: "Karton", margin: 0.20, price: 9.0 },
    Group { name: "Schweißtechnik", noun: "Elektrode", margin: 0.29, price: 55.0 },
    Group { name: "Messtechnik", noun: "Messgerät", margin: 0.35, price: 220.0 },
];

/// A product of the catalogue.
pub(super) struct Product {
    /// Its number, such as `P-0307`.
    pub(super) id: String,
    /// Its German name.
    pub(super) name: String,
    /// Index of its product group.
    pub(super) group: usize,
    /// List price in units of currency.
    pub(super) price: f64,
}

/// Standardised industries and the product catalogue.
pub(super) struct Market {
    /// Cumulative weights of the industries.
    pub(super) industry_weights: Vec<f64>,
    effects: Vec<f64>,
    seasons: Vec<[f64; 12]>,
    /// All products, group by group.
    pub(super) products: Vec<Product>,
}

impl Market {
    /// The market; only prices depend on the seed.
    pub(super) fn new(seed: Seed) -> Self {
        let weights: Vec<f64> = INDUSTRIES.iter().map(|industry| industry.weight).collect();
        let total: f64 = weights.iter().sum();
        let mean = INDUSTRIES.iter().map(|i| i.weight * i.raw_effect).sum::<f64>() / total;
        let variance = INDUSTRIES.iter().map(|i| i.weight * (i.raw_effect - mean).powi(2)).sum::<f64>() / total;
        let effects = INDUSTRIES.iter().map(|i| (i.raw_effect - mean) * INDUSTRY_SD / variance.sqrt()).collect();
        let industry_weights = weights
            .iter()
            .scan(0.0, |sum, weight| {
                *sum += weight;
                Some(*sum)
            })
            .collect();

        let mut draw = Draw::of(seed, "simulate/products");
        let products = (0..GROUPS * PRODUCTS_PER_GROUP)
            .map(|p| {
                let (group, k) = (p / PRODUCTS_PER_GROUP, p % PRODUCTS_PER_GROUP);
                let price = (PRODUCT_GROUPS[group].price * draw.lognormal(0.6)).max(0.5);
                Product {
                    id: format!("P-{:02}{k:02}", group + 1),
                    name: format!("{} Typ {}", PRODUCT_GROUPS[group].noun, 100 + 25 * k),
                    group,
                    price,
                }
            })
            .collect();
        Self { industry_weights, effects, seasons: INDUSTRIES.iter().map(season_index).collect(), products }
    }

    /// The industry's part of the log wallet; weighted mean 0, weighted standard deviation 0.6.
    pub(super) fn effect(&self, industry: usize) -> f64 {
        self.effects[industry]
    }

    /// Seasonal index of an industry in a month of the year (1 to 12); the twelve have mean 1.
    pub(super) fn season(&self, industry: usize, month_of_year: i32) -> f64 {
        self.seasons[industry][month_of_year as usize - 1]
    }
}

/// A yearly wave around the industry's peak, with the pauses that all share in August and December.
fn season_index(industry: &Industry) -> [f64; 12] {
    let mut index = [0.0; 12];
    for (m, value) in index.iter_mut().enumerate() {
        let angle = std::f64::consts::TAU * (m as f64 + 1.0 - industry.season_peak) / 12.0;
        let pause = if m == 7 || m == 11 { 0.85 } else { 1.0 };
        *value = (1.0 + industry.season_amplitude * angle.cos()) * pause;
    }
    let mean = index.iter().sum::<f64>() / 12.0;
    index.map(|value| value / mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn industry_effects_are_standardised_and_seasons_have_mean_one() {
        let market = Market::new(Seed(1));
        let total: f64 = INDUSTRIES.iter().map(|i| i.weight).sum();
        let weighted = |f: &dyn Fn(usize) -> f64| {
            INDUSTRIES.iter().enumerate().map(|(i, industry)| industry.weight * f(i)).sum::<f64>() / total
        };
        assert!(weighted(&|i| market.effect(i)).abs() < 1e-12);
        assert!((weighted(&|i| market.effect(i).powi(2)) - INDUSTRY_SD * INDUSTRY_SD).abs() < 1e-12);
        assert!((INDUSTRY_SD.powi(2) + (EMPLOYEES_WEIGHT * EMPLOYEES_SD).powi(2) - 1.0).abs() < 1e-12);
        for i in 0..INDUSTRIES.len() {
            let mean = (1..=12).map(|m| market.season(i, m)).sum::<f64>() / 12.0;
            assert!((mean - 1.0).abs() < 1e-12);
        }
    }
}
