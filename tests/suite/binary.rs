//! A project folder in a temporary place, and the binary run on it.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Output,
};

use headroom::{
    domain::Seed,
    simulate::{self, Company},
};
use polars::prelude::*;
use tempfile::TempDir;

/// A project folder that vanishes with the test.
pub struct Project {
    folder: TempDir,
}

impl Project {
    /// An empty folder.
    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A synthetic company.
    pub fn simulated(company: &Company) -> Self {
        let project = Self::empty();
        simulate::write(company, project.path(), None).unwrap();
        project
    }

    /// Orders only, as CSV text.
    pub fn with_orders(csv: &str) -> Self {
        let project = Self::empty();
        project.write("data/order_lines.csv", csv);
        project
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file below the folder.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// The binary with `arguments` and `--project` set.
    pub fn command(&self, arguments: &[&str]) -> assert_cmd::Command {
        let mut command = assert_cmd::Command::new(assert_cmd::cargo::cargo_bin!("headroom"));
        command.args(arguments).arg("--project").arg(self.path());
        command
    }

    /// Runs the binary and expects success.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Said {
        let said = Said::from(self.command(arguments).output().unwrap());
        assert_eq!(said.code, Some(0), "{arguments:?}\n{}\n{}", said.out, said.err);
        said
    }

    /// Runs the binary and expects it to fail with `code`.
    #[track_caller]
    pub fn fails(&self, code: i32, arguments: &[&str]) -> Said {
        let said = Said::from(self.command(arguments).output().unwrap());
        assert_eq!(said.code, Some(code), "{arguments:?}\n{}\n{}", said.out, said.err);
        said
    }

    /// Runs the binary; a closed gate is as good as success.
    #[track_caller]
    pub fn run_or_gate(&self, arguments: &[&str]) -> Said {
        let said = Said::from(self.command(arguments).output().unwrap());
        assert!([Some(0), Some(3)].contains(&said.code), "{arguments:?}\n{}\n{}", said.out, said.err);
        said
    }

    /// The only report folder.
    #[track_caller]
    pub fn report(&self) -> PathBuf {
        let reports = folders(&self.path().join("reports"));
        assert_eq!(reports.len(), 1, "{reports:?}");
        reports[0].clone()
    }

    /// A table of the only report.
    #[track_caller]
    pub fn table(&self, name: &str) -> DataFrame {
        let path = self.report().join(format!("{name}.parquet"));
        ParquetReader::new(File::open(path).unwrap()).finish().unwrap()
    }

    /// The page of the only report.
    #[track_caller]
    pub fn page(&self) -> String {
        fs::read_to_string(self.report().join("index.html")).unwrap()
    }

    /// Every file below reports/ and models/ with the hash of its bytes.
    pub fn results(&self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for root in ["reports", "models"] {
            hash_files(&self.path().join(root), self.path(), &mut found);
        }
        found
    }
}

/// What a process said, with the folder's name taken out.
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// A company small enough for a test.
pub fn company(accounts: usize, months: usize, seed: u64) -> Company {
    Company { accounts, months, seed: Seed(seed), ..Company::default() }
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(parent).into_iter().flatten().flatten().map(|e| e.path()).filter(|p| p.is_dir()).collect();
    found.sort();
    found
}

fn hash_files(folder: &Path, root: &Path, into: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            hash_files(&path, root, into);
        } else {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            into.insert(name, blake3::hash(&fs::read(&path).unwrap()).to_hex().to_string());
        }
    }
}

/// The numbers of a column.
#[track_caller]
pub fn numbers(frame: &DataFrame, name: &str) -> Vec<Option<f64>> {
    frame.column(name).unwrap().f64().unwrap().iter().collect()
}
