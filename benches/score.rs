//! Scoring a million accounts from a ready ledger: 36 months, orders in 10 to 33 % of them, dated facts beside them.
//!
//! ```text
//! cargo bench --no-default-features --bench score -- [ACCOUNTS] [FOLDER] [orders] [usual]
//! ```
//! With `orders` there is nothing but the ledger and its customers. The models are fitted on 5,000 accounts of the same
//! formula and are the costliest that the ladder knows, with as many trees as it allows for stretch: an average of two
//! boosted rungs for money, twenty refits of it and of boosted peers. With `usual` they are those that simulated companies
//! of 2,000 accounts mostly published: one boosted rung for money and stretch, peers by size.
//! Neither that nor making the ledger is timed; both stay in FOLDER, if there is one, for the next time. Prints seconds by
//! step, peak memory, and the hash of the scores: a change that only makes it faster leaves the hash as it is.

mod company;

use std::{fs, path::Path, time::Duration};

use headroom::{
    atomic,
    backtest::{self, Hold, Holds, OriginPlan, Setting, Trained},
    domain::{AbcThresholds, AsOf, Horizon, Level, Month, Seed, Target},
    features::{Facts, Parts},
    score::{self, Account, Forecast},
    train::{Candidate, Ladder, Recipe},
    warehouse::{Warehouse, WarehouseOptions},
};

use company::{MONTHS, timed};

const SAMPLE: i64 = 5_000;
/// Trees of every boosted rung but stretch's, which has as many as the ladder allows; 66 to 167 were chosen on companies
/// of 2,000 to 6,600 accounts.
const TREES: f64 = 150.0;
const MOST_TREES: f64 = 300.0;

/// What is published for money, margin, stretch, peer level, and for both probabilities.
type Rungs = [&'static str; 5];

const COSTLIEST: Rungs = ["average", "average", "average_quantile", "peer_boosting", "average_odds"];
const USUAL: Rungs = ["tweedie_boosting", "boosting", "boosting", "peer_size", "average_odds"];

/// Fills a warehouse with so many accounts.
type Fill = fn(&Warehouse, i64, Month, i64);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let accounts: i64 = arguments.first().and_then(|number| number.parse().ok()).unwrap_or(1_000_000);
    let held = tempfile::tempdir().expect("a temporary folder");
    let folder = arguments.get(1).map_or_else(|| held.path().to_owned(), Into::into);
    fs::create_dir_all(&folder).expect("a folder");
    let wanted = |word: &str| arguments.iter().any(|argument| argument == word);
    let (fill, name): (Fill, &str) =
        if wanted("orders") { (company::fill_ledger, "-orders") } else { (company::fill, "") };
    let (rungs, models) = if wanted("usual") { (USUAL, "-usual") } else { (COSTLIEST, "") };
    let champions = champions(&folder.join(format!("champions{name}{models}.json")), fill, rungs);
    let file = folder.join(format!("{accounts}{name}.duckdb"));
    if !file.exists() {
        fill(&open(&file), accounts, first(), 33);
    }

    let warehouse = open(&file);
    let (horizon, at) = (horizon(), AsOf::end_of(first().plus(MONTHS - 1)));
    let mut total = Duration::ZERO;
    let (begun, mut before) = (company::processor(), company::processor());
    let mut step = |name: &str, took: Duration| {
        total += took;
        let now = company::processor();
        println!("{name:30} {:7.2} s {:7.2} s of the processors", took.as_secs_f64(), now - before);
        before = now;
    };
    let (facts, took) = timed(|| Facts::load(&warehouse).expect("the ledger loads"));
    step("read the facts", took);
    let (members, took) = timed(|| facts.members(at, horizon).expect("an origin of the ledger"));
    step("population and its baselines", took);
    let (all, took) = timed(|| {
        Account::all(&members.all_accounts().expect("accounts of the ledger")).expect("accounts of the ledger")
    });
    step("every account", took);
    let ((forecast, population), took) =
        timed(|| Forecast::with_population(&champions, &members, Level::Blend).expect("models of this schema"));
    step("features, predictions, refits", took);
    let (scores, took) = timed(|| score::score(&population, &all, &forecast, "a run").expect("scores"));
    step("scores", took);
    let parquet = folder.join("scores.parquet");
    let ((), took) = timed(|| atomic::write_parquet(&parquet, scores.frame()).expect("room for the scores"));
    step("scores.parquet", took);
    let all = company::processor() - begun;
    println!("{:30} {:7.2} s {all:7.2} s of the processors", "all", total.as_secs_f64());
    let trees: usize = champions.iter().map(|model| 1 + model.refits.len()).sum();
    println!("{} of {accounts} accounts scored by {trees} models", members.height());
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("{line}"));
    println!("scores {}", blake3::hash(&fs::read(&parquet).expect("the scores")).to_hex());
}

/// As the pipeline opens it.
fn open(file: &Path) -> Warehouse {
    Warehouse::open(file, &WarehouseOptions::default().memory_limit(2 << 30)).expect("a warehouse")
}

fn first() -> Month {
    Month::new(2022, 1).expect("a month")
}

fn horizon() -> Horizon {
    Horizon::new(3).expect("a horizon")
}

/// The models, from `file` if they are there.
fn champions(file: &Path, fill: Fill, [revenue, margin, stretch, peers, chance]: Rungs) -> Vec<Trained> {
    if let Ok(bytes) = fs::read(file) {
        return serde_json::from_slice(&bytes).expect("models that this bench wrote");
    }
    let warehouse = Warehouse::in_memory(&WarehouseOptions::default()).expect("a warehouse in memory");
    fill(&warehouse, SAMPLE, first(), 33);
    let facts = Facts::load(&warehouse).expect("the ledger loads");
    let as_of = first().plus(MONTHS - 1);
    let plan = OriginPlan::new(first(), as_of, horizon());
    let panel = facts.panel(&plan.origins(), horizon(), as_of).expect("origins of the ledger");
    let ladder = Ladder::default();
    let setting =
        Setting { plan: &plan, ladder: &ladder, abc: AbcThresholds::default(), seed: Seed(1), looks: 1, staff: None };
    let holds: Holds = [
        (Target::ExpectedRevenue, revenue, TREES),
        (Target::ExpectedMargin, margin, TREES),
        (Target::Stretch, stretch, MOST_TREES),
        (Target::PeerLevel, peers, TREES),
        (Target::Growth, chance, TREES),
        (Target::Inactivity, chance, TREES),
    ]
    .map(|(target, name, trees)| {
        let candidates = ladder.candidates(target);
        let named =
            |name: &str| candidates.iter().find(|candidate| candidate.name == name).expect("a line of the ladder");
        let recipe = Recipe::new(&frozen(named(name), trees), &candidates[0]);
        (target, Hold { recipe, forced: true })
    })
    .into();
    let found = backtest::run_holding(&panel, &setting, &Target::ALL, &holds).expect("the ladder");
    for model in &found.champions {
        println!("{}: {}, {} refits", model.target, model.recipe, model.refits.len());
    }
    let bytes = serde_json::to_vec(&found.champions).expect("models are JSON");
    fs::write(file, bytes).expect("room for the models");
    found.champions
}

/// The recipe with its number of trees chosen.
fn frozen(candidate: &Candidate, trees: f64) -> Candidate {
    let mut frozen = candidate.clone();
    frozen.frozen = true;
    frozen.members = frozen.members.iter().map(|member| self::frozen(member, trees)).collect();
    if frozen.name.ends_with("boosting") && frozen.name != "peer_boosting" {
        frozen.params.insert("trees".into(), trees);
    }
    frozen
}
