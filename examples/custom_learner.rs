//! A learner of one's own, measured like the ladder's rungs: the mean outcome of the nearest accounts.
//!
//! `cargo run --release --example custom_learner` simulates a company, builds its ledger, and prints the learner's skill
//! over the best baseline on past months that it has not seen.

use headroom::{
    backtest::{self, Learner, OriginPlan, Setting, Trial},
    config::{Overrides, RunConfig},
    domain::{AbcThresholds, Horizon, Seed, Target},
    features::Facts,
    pipeline::{self, Resources, Silent, Stage},
    simulate::{self, Company},
    train::{FeatureList, Ladder, TrainingSet},
    warehouse::{Warehouse, WarehouseOptions},
};
use ndarray::{Array1, Array2};

/// The mean outcome of the `k` nearest rows.
struct Nearest {
    k: usize,
}

impl Learner for Nearest {
    type Model = (Array2<f64>, Array1<f64>);

    fn fit(&self, set: &TrainingSet) -> Result<Self::Model, String> {
        let enough = set.y().len() > self.k;
        enough.then(|| (set.x().clone(), set.y().clone())).ok_or(format!("fewer rows than k = {}", self.k))
    }

    fn predict(&self, (x, y): &Self::Model, rows: &Array2<f64>) -> Vec<f64> {
        let nearest = |row: ndarray::ArrayView1<'_, f64>| {
            let mut distances: Vec<(f64, f64)> =
                x.rows().into_iter().zip(y).map(|(other, y)| ((&other - &row).mapv(|d| d * d).sum(), *y)).collect();
            distances.sort_by(|a, b| a.0.total_cmp(&b.0));
            distances[..self.k].iter().map(|(_, y)| y).sum::<f64>() / self.k as f64
        };
        rows.rows().into_iter().map(nearest).collect()
    }
}

/// The skill of [`Nearest`] for the probability of inactivity, on a simulated company.
pub fn run(accounts: usize) -> Result<Trial, Box<dyn std::error::Error>> {
    let project = tempfile::tempdir()?;
    simulate::write(&Company { accounts, months: 60, seed: Seed(7), ..Company::default() }, project.path(), None)?;
    let config = RunConfig::load(project.path(), Overrides::default())?;
    pipeline::run(&config, Stage::History, Resources::default(), &Silent)?;
    let facts = Facts::load(&Warehouse::open(config.warehouse(), &WarehouseOptions::default())?)?;
    let (as_of, _) = facts.last_complete_month();
    let plan = OriginPlan::new(facts.first_month(), as_of, Horizon::new(3)?);
    let panel = facts.panel(&plan.origins(), plan.horizon, as_of)?;
    let features = FeatureList {
        features: ["days_since_last_order", "hiatus_ratio", "orders_12", "active_months_12"].map(String::from).into(),
        baselines: Vec::new(),
        anchor: None,
    };
    let ladder = Ladder::default();
    let setting =
        Setting { plan: &plan, ladder: &ladder, abc: AbcThresholds::default(), seed: Seed(7), looks: 1, staff: None };
    Ok(backtest::trial(&Nearest { k: 40 }, Target::Inactivity, &features, &panel, &setting)?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let trial = run(300)?;
    println!(
        "{} over {}: skill {:.1} % (90 % interval {:.1} to {:.1} %), learned from {} rows",
        trial.metric,
        trial.baseline,
        100.0 * trial.skill.value,
        100.0 * trial.skill.low,
        100.0 * trial.skill.high,
        trial.rows
    );
    Ok(())
}
