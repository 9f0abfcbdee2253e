//! Does headroom find the accounts that can buy more? On simulated companies the true headroom is known.
//!
//! ```text
//! cargo run --release --example potential -- [--seeds 20] [--accounts 1000] [--months 72] [docs/results.md]
//! ```
//!
//! Prints a table: Spearman of headroom with the true one, beside visit-the-big-ones, peer level and stretch alone, and
//! the oracle of METHOD section 10. With a file, the table replaces what stands there between the two `potential` marks.

mod measure;

use std::{error::Error, fmt::Write};

use headroom::{domain::Seed, simulate::Company};
use measure::{Measured, measure};

const SPREADS: [f64; 3] = [0.2, 0.6, 1.0];
const BEGIN: &str = "<!-- potential: begin -->\n";
const END: &str = "<!-- potential: end -->\n";
/// 97.5 % quantile of Student's t with 19 degrees of freedom; a little too narrow for fewer seeds.
const T: f64 = 2.093;

fn main() -> Result<(), Box<dyn Error>> {
    let (mut seeds, mut accounts, mut months, mut file) = (20, 1000, 72, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || -> Result<u64, Box<dyn Error>> {
            let value = arguments.next().ok_or_else(|| format!("{argument} needs a number"))?;
            Ok(value.parse().map_err(|_| format!("{argument} is `{value}`, expected a whole number"))?)
        };
        match argument.as_str() {
            "--seeds" => seeds = number()?,
            "--accounts" => accounts = number()?,
            "--months" => months = number()?,
            _ => file = Some(argument),
        }
    }
    let mut table = format!(
        "{seeds} companies a row, {accounts} accounts over {months} months each, the horizon the program recommends; \
         Spearman with the true headroom over the accounts still with us, mean over companies. *Gain* is published \
         minus big ones, paired, with its two-sided 95 % interval.\n\n\
         | spread | accounts | published | big ones | peer level | stretch | blend, nobody asked | oracle | gain | of the oracle | \
         levels used |\n|---|---|---|---|---|---|---|---|---|---|---|\n"
    );
    for spread in SPREADS {
        let mut found = Vec::new();
        for seed in 1..=seeds {
            let company = Company {
                accounts: accounts as usize,
                months: months as usize,
                seed: Seed(seed),
                spread,
                ..Company::default()
            };
            let project = tempfile::tempdir()?;
            let measured = measure(&company, project.path())?;
            eprintln!("spread {spread} seed {seed}: {measured:.3?}");
            found.push(measured);
        }
        writeln!(table, "{}", row(spread, &found))?;
    }
    println!("{table}");
    if let Some(path) = file {
        let text = std::fs::read_to_string(&path)?;
        let (before, rest) = text.split_once(BEGIN).ok_or_else(|| format!("{path} has no line `{}`", BEGIN.trim()))?;
        let (_, after) = rest.split_once(END).ok_or_else(|| format!("{path} has no line `{}`", END.trim()))?;
        std::fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}"))?;
    }
    Ok(())
}

fn row(spread: f64, found: &[Measured]) -> String {
    let n = found.len() as f64;
    let mean = |of: &dyn Fn(&Measured) -> f64| found.iter().map(of).sum::<f64>() / n;
    let gain = mean(&|m| m.published - m.big);
    let variance = found.iter().map(|m| (m.published - m.big - gain).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    let error = T * (variance / n).sqrt();
    let mut levels: Vec<(&str, usize)> = Vec::new();
    for measured in found {
        match levels.iter_mut().find(|(level, _)| *level == measured.level) {
            Some((_, times)) => *times += 1,
            None => levels.push((&measured.level, 1)),
        }
    }
    levels.sort_unstable();
    let levels: Vec<String> = levels.iter().map(|(level, times)| format!("{level} {times}")).collect();
    format!(
        "| {spread} | {:.0} | **{:.3}** | {:.3} | {:.3} | {:.3} | {:.3} | {:.3} | {gain:+.3} ({:+.3} to {:+.3}) | {:.0} % | {} |",
        mean(&|m| m.accounts as f64),
        mean(&|m| m.published),
        mean(&|m| m.big),
        mean(&|m| m.peer),
        mean(&|m| m.stretch),
        mean(&|m| m.blend),
        mean(&|m| m.oracle),
        gain - error,
        gain + error,
        100.0 * mean(&|m| m.published) / mean(&|m| m.oracle),
        levels.join(", "),
    )
}
