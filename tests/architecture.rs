//! The invariants of `ARCHITECTURE.md`, each as a test on the text of the sources.
//!
//! Most are absences: a stage never names a later one, a crate stays in its folder, nothing prints or reads the clock
//! below the command line.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The stages in data-flow order; each may use those before it and the foundations.
const STAGES: [&str; 18] = [
    "warehouse",
    "fetch",
    "ingest",
    "resolve",
    "check",
    "history",
    "features",
    "learners",
    "train",
    "backtest",
    "registry",
    "score",
    "rank",
    "plan",
    "survey",
    "analysis",
    "report",
    "pipeline",
];

/// Library files with their path below `src/`.
fn sources() -> Vec<(String, String)> {
    fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                collect(&path, into);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                into.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect()
}

/// The lines of production code: no comments, nothing from `mod tests` on.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let end = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
    text[..end]
        .lines()
        .enumerate()
        .map(|(n, line)| (n + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn stage_of(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap_or(file)
}

/// Every line of production code for which `offends` holds.
fn offenders(offends: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (file, text) in sources() {
        for (number, line) in code(&text) {
            if offends(&file, line) {
                found.push(format!("src/{file}:{number}: {}", line.trim()));
            }
        }
    }
    found
}

#[track_caller]
fn assert_none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

#[test]
fn a_stage_never_names_a_later_one() {
    let found = offenders(|file, line| {
        let Some(own) = STAGES.iter().position(|stage| *stage == stage_of(file)) else { return false };
        STAGES.iter().skip(own + 1).any(|later| line.contains(&format!("crate::{later}::")))
    });
    assert_none("a stage depends on a later one", &found);
}

#[test]
fn the_domain_knows_no_frame_no_file_and_no_database() {
    let found = offenders(|file, line| {
        stage_of(file) == "domain"
            && ["polars", "duckdb", "ndarray", "std::fs", "std::io"].iter().any(|w| line.contains(w))
    });
    assert_none("domain/ does I/O or names a frame", &found);
}

#[test]
fn learners_see_arrays_only() {
    let words = ["polars", "duckdb", "jiff", "std::fs", "crate::features", "crate::warehouse", "customer", "Month"];
    let found = offenders(|file, line| stage_of(file) == "learners" && words.iter().any(|word| line.contains(word)));
    assert_none("learners/ sees a frame, a date, a file or a customer", &found);
}

#[test]
fn each_crate_stays_where_it_belongs() {
    let homes: [(&str, &[&str]); 7] = [
        ("duckdb::", &["warehouse"]),
        ("adbc_", &["fetch"]),
        ("linfa", &["learners", "train"]),
        ("ndarray", &["learners", "train", "backtest"]),
        ("plotters", &["report"]),
        ("minijinja", &["report"]),
        ("clap", &["cli", "main"]),
    ];
    for (name, allowed) in homes {
        let found = offenders(|file, line| line.contains(name) && !allowed.contains(&stage_of(file)));
        assert_none(&format!("`{name}` outside {allowed:?}"), &found);
    }
}

#[test]
fn nothing_prints_or_reads_the_clock_or_the_environment_below_the_command_line() {
    let words = ["println!", "eprintln!", "print!(", "SystemTime::now", "Instant::now", "Zoned::now", "env::var"];
    let found = offenders(|file, line| {
        !["cli", "main"].contains(&stage_of(file)) && words.iter().any(|word| line.contains(word))
    });
    assert_none("output, clock or environment below cli/", &found);
}

#[test]
fn randomness_comes_from_a_named_seed_only() {
    let words = ["thread_rng", "rand::rng()", "from_os_rng", "from_entropy", "RandomState"];
    let found = offenders(|_, line| words.iter().any(|word| line.contains(word)));
    assert_none("unseeded randomness", &found);
}

#[test]
fn results_never_follow_hash_order() {
    let found = offenders(|file, line| {
        !["cli", "main"].contains(&stage_of(file)) && (line.contains("for ") && line.contains("HashMap"))
    });
    assert_none("iteration over a HashMap", &found);
}

#[test]
fn staff_answers_reach_no_feature() {
    let found = offenders(|file, line| stage_of(file) == "features" && line.contains("staff_answers"));
    assert_none("features/ reads the staff survey", &found);
}

#[test]
fn every_file_says_what_it_is_and_none_is_too_long() {
    let mut found = Vec::new();
    for (file, text) in sources() {
        if !text.starts_with("//!") {
            found.push(format!("src/{file}: does not open with `//!`"));
        }
        if text.lines().count() > 600 {
            found.push(format!("src/{file}: {} lines", text.lines().count()));
        }
    }
    assert_none("files", &found);
}

#[test]
fn no_module_is_called_by_a_name_that_says_nothing() {
    let empty = ["utils", "helpers", "manager", "common", "misc"];
    let found: Vec<String> = sources()
        .into_iter()
        .map(|(file, _)| file)
        .filter(|file| file.split(['/', '.']).any(|part| empty.contains(&part)))
        .collect();
    assert_none("empty names", &found);
}
