//! Fit time, peak memory and loss of gradient boosting, for `scripts/bench_lightgbm.py` to put beside LightGBM's.
//!
//! With a folder as argument: reads `x.f64`, `y.f64`, `x_test.f64`, `y_test.f64` (little-endian, row-major) from it and
//! writes one line of JSON. Without: a smaller matrix of its own, so that `cargo bench` alone says something.

use std::path::Path;
use std::time::Instant;
use std::{env, fs};

use headroom::domain::Seed;
use headroom::learners::boosting::{GradientBoostingParams, Loss};
use headroom::learners::loss;
use linfa::Dataset;
use linfa::traits::{Fit, Predict};
use ndarray::{Array1, Array2, s};
use rand::Rng;

type Rows = (Array2<f64>, Array1<f64>);

fn main() {
    // cargo passes `--bench`
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let name = arguments.get(1).map_or("squared", String::as_str);
    let loss = match name {
        "squared" => Loss::Squared,
        "tweedie" => Loss::Tweedie { power: 1.5 },
        "pinball" => Loss::Pinball { level: 0.9 },
        other => panic!("loss is {other}, expected squared, tweedie or pinball"),
    };
    let trees = arguments.get(2).map_or(200, |trees| trees.parse().expect("the number of trees is a whole number"));
    let (train, test) = match arguments.first() {
        Some(folder) => (read(Path::new(folder), ""), read(Path::new(folder), "_test")),
        None => draw(),
    };
    let (rows, columns) = train.0.dim();
    let train = Dataset::new(train.0, train.1);
    let params = GradientBoostingParams::new(loss).trees(trees).l2(0.0);
    let start = Instant::now();
    let model = params.fit(&train).expect("the arrays are valid");
    let fit_seconds = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let predicted = model.predict(&test.0);
    let predict_seconds = start.elapsed().as_secs_f64();
    let of = |y: f64, f: f64| match loss {
        Loss::Squared => loss::squared(y, f),
        Loss::Tweedie { power } => loss::tweedie_deviance(power, y, f),
        Loss::Pinball { level } => loss::pinball(level, y, f),
        Loss::Logistic => loss::log_loss(y > 0.5, f),
    };
    let mean_loss = test.1.iter().zip(&predicted).map(|(y, f)| of(*y, *f)).sum::<f64>() / test.1.len() as f64;
    println!(
        "{{\"loss\": \"{name}\", \"rows\": {rows}, \"columns\": {columns}, \"trees\": {}, \
         \"fit_seconds\": {fit_seconds:.2}, \"predict_seconds\": {predict_seconds:.2}, \"test_loss\": {mean_loss:.6}, \
         \"cpu_seconds\": {:.2}, \"peak_mib\": {}}}",
        model.trees(),
        cpu_seconds(),
        peak_mib()
    );
}

fn read(folder: &Path, part: &str) -> Rows {
    let numbers = |name: &str| -> Vec<f64> {
        let path = folder.join(format!("{name}{part}.f64"));
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        bytes.chunks_exact(8).map(|eight| f64::from_le_bytes(eight.try_into().expect("eight bytes"))).collect()
    };
    let (x, y) = (numbers("x"), numbers("y"));
    let columns = x.len() / y.len();
    (Array2::from_shape_vec((y.len(), columns), x).expect("whole rows"), Array1::from_vec(y))
}

fn draw() -> (Rows, Rows) {
    let mut rng = Seed(1).derive("bench").rng();
    let x = Array2::from_shape_simple_fn((120_000, 30), || rng.random_range(-1.0..1.0f64));
    let y: Array1<f64> = x.rows().into_iter().map(|r| (r[0] + r[1] * r[2]).exp() * rng.random::<f64>()).collect();
    let part = |from: usize, to: usize| (x.slice(s![from..to, ..]).to_owned(), y.slice(s![from..to]).to_owned());
    (part(0, 100_000), part(100_000, 120_000))
}

/// User and system time of this process.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    // fields 14 and 15 of proc(5), in hundredths
    let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok()).unwrap_or(f64::NAN);
    (ticks(11) + ticks(12)) / 100.0
}

/// Largest resident size of this process.
fn peak_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) / 1024
}
