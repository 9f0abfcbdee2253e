//! Which files a table comes from, in the order in which they were received. Looks at names only, never inside.

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

use jiff::civil::Date;

use super::{IngestError, contract::Table, workbook::WorkbookFormat};
use crate::config::{database::fetched_pattern, sources::SourceConfig};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// CSV and its kin.
    Delimited,
    /// Parquet.
    Parquet,
    /// A workbook.
    Workbook(WorkbookFormat),
    /// JSON.
    Json,
    /// One JSON object a line.
    JsonLines,
    /// E-mail messages: one file of them, or a folder.
    Mailbox,
}

/// A file of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourceFile {
    /// Where it lies.
    pub(super) path: PathBuf,
    /// Its path relative to the project folder, with `/`.
    pub(super) name: String,
    /// How it is written.
    pub(super) format: Format,
    /// Day it was received, from its name or the configuration.
    pub(super) received_on: Option<Date>,
}

/// The files of `table`, those without a day first, then by day, then by name.
pub(super) fn files_of(
    project: &Path,
    tables: &Path,
    table: &Table,
    config: Option<&SourceConfig>,
) -> Result<Vec<SourceFile>, IngestError> {
    // By name, so that a file matched by two patterns counts once.
    let mut found = BTreeMap::new();
    let mut add = |folder: &str, name: &str| {
        let format = format_of(name).or_else(|| project.join(folder).join(name).is_dir().then_some(Format::Mailbox));
        if let Some(format) = format {
            let relative = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            let received_on = day_in(name).or_else(|| config.and_then(|config| config.received_on));
            let file = SourceFile { path: project.join(&relative), name: relative.clone(), format, received_on };
            found.insert(relative, file);
        }
    };
    let is_mail = config.is_some_and(|config| !config.own_domains.is_empty());
    let fetched = config.filter(|config| config.database.is_some());
    let fetched: Vec<String> = fetched.iter().map(|config| fetched_pattern(table.name, config.name.as_str())).collect();
    let patterns = if fetched.is_empty() { config.map_or(&[] as &[String], |config| &config.files) } else { &fetched };
    for pattern in patterns {
        let (folder, wanted) = pattern.rsplit_once('/').unwrap_or(("", pattern));
        let outside =
            Path::new(pattern).components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir));
        if outside {
            return Err(IngestError::OutsideProject { table: table.name.into(), pattern: pattern.clone() });
        }
        let matching: Vec<String> =
            names_in(&project.join(folder), is_mail)?.into_iter().filter(|name| matches(wanted, name)).collect();
        let has_files = !matching.is_empty() && (is_mail || matching.iter().any(|name| format_of(name).is_some()));
        if !has_files && !config.is_some_and(|config| config.optional) {
            if let Some(config) = config.filter(|config| config.database.is_some()) {
                return Err(IngestError::NotFetched { table: table.name.into(), source_name: config.name.to_string() });
            }
            return Err(IngestError::NoFile { table: table.name.into(), pattern: pattern.clone() });
        }
        matching.iter().for_each(|name| add(folder, name));
    }
    if patterns.is_empty() {
        let folder = tables.to_string_lossy().replace('\\', "/");
        for name in names_in(&project.join(tables), false)? {
            if belongs_to(table.name, &name) {
                add(&folder, &name);
            }
        }
    }
    let mut files: Vec<SourceFile> = found.into_values().collect();
    if let Some(file) = files.iter().find(|file| leads_outside(project, &file.path)) {
        return Err(IngestError::OutsideProject { table: table.name.into(), pattern: file.name.clone() });
    }
    files.sort_by(|a, b| (a.received_on, &a.name).cmp(&(b.received_on, &b.name)));
    Ok(files)
}

/// Whether a file is a link, or lies behind one, to what is not in the project.
fn leads_outside(project: &Path, path: &Path) -> bool {
    match (project.canonicalize(), path.canonicalize()) {
        (Ok(project), Ok(path)) => !path.starts_with(project),
        _ => false,
    }
}

/// Names of the files in a folder, and of its folders if asked for, sorted; a folder that does not exist has none.
fn names_in(folder: &Path, with_folders: bool) -> Result<Vec<String>, IngestError> {
    let failed =
        |error: std::io::Error| IngestError::Read { file: folder.display().to_string(), reason: error.to_string() };
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if (entry.path().is_file() || with_folders && entry.path().is_dir())
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn format_of(name: &str) -> Option<Format> {
    let (_, extension) = name.rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "csv" | "tsv" | "txt" => Some(Format::Delimited),
        "parquet" => Some(Format::Parquet),
        "xlsx" | "xlsm" => Some(Format::Workbook(WorkbookFormat::Xlsx)),
        "xls" => Some(Format::Workbook(WorkbookFormat::Xls)),
        "ods" => Some(Format::Workbook(WorkbookFormat::Ods)),
        "json" => Some(Format::Json),
        "jsonl" | "ndjson" => Some(Format::JsonLines),
        "mbox" | "eml" => Some(Format::Mailbox),
        _ => None,
    }
}

/// Whether a file in `data/` is one of `table` by its name: `order_lines.csv`, `order_lines_2021.csv`, `order_lines2.csv`.
fn belongs_to(table: &str, name: &str) -> bool {
    name.strip_prefix(table).is_some_and(|rest| rest.starts_with(|next: char| !next.is_alphabetic()))
}

/// `*` stands for any characters, `?` for one.
fn matches(pattern: &str, name: &str) -> bool {
    fn from(pattern: &[char], name: &[char]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some(('*', rest)) => (0..=name.len()).any(|skip| from(rest, &name[skip..])),
            Some(('?', rest)) => !name.is_empty() && from(rest, &name[1..]),
            Some((one, rest)) => name.first() == Some(one) && from(rest, &name[1..]),
        }
    }
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    from(&pattern, &name)
}

/// The day in a file's name: `_2021-10-31`, `_20211031`, or the last day of `_2021-10`.
fn day_in(name: &str) -> Option<Date> {
    let bytes = name.as_bytes();
    let digits = |from: usize, n: usize| -> Option<i16> {
        let text = bytes.get(from..from + n)?;
        let ends = bytes.get(from + n).is_none_or(|next| !next.is_ascii_digit()) || n == 4;
        (ends && text.iter().all(u8::is_ascii_digit)).then(|| std::str::from_utf8(text).ok()?.parse().ok())?
    };
    let starts = (0..bytes.len()).filter(|&at| at == 0 || !bytes[at - 1].is_ascii_digit());
    starts.into_iter().find_map(|at| {
        let year = digits(at, 4).filter(|year| (1900..2200).contains(year))?;
        let (month, day) = if bytes.get(at + 4) == Some(&b'-') {
            let month = digits(at + 5, 2)?;
            match (bytes.get(at + 7), digits(at + 8, 2)) {
                (Some(b'-'), Some(day)) => (month, Some(day)),
                _ => (month, None),
            }
        } else {
            let text = bytes.get(at + 4..at + 8)?;
            let all_digits = text.iter().all(u8::is_ascii_digit) && !bytes.get(at + 8).is_some_and(u8::is_ascii_digit);
            let number = |part: &[u8]| std::str::from_utf8(part).ok()?.parse::<i16>().ok();
            all_digits.then_some(())?;
            (number(&text[..2])?, Some(number(&text[2..])?))
        };
        let first = Date::new(year, month as i8, 1).ok()?;
        match day {
            None => Some(first.last_of_month()),
            Some(day) => Date::new(year, month as i8, day as i8).ok(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::contract::table;

    #[test]
    fn the_day_of_receipt_is_read_from_the_name() {
        let day = |name: &str| day_in(name).map(|day| day.to_string());
        assert_eq!(day("order_lines_2021-10-31.csv").as_deref(), Some("2021-10-31"));
        assert_eq!(day("order_lines_20211031.parquet").as_deref(), Some("2021-10-31"));
        assert_eq!(day("order_lines-2021-02.csv").as_deref(), Some("2021-02-28"));
        for none in [
            "order_lines.csv",
            "order_lines_2021.csv",
            "order_lines_2021-13-01.csv",
            "erp_120211031.csv",
            "a_0099-01-01",
        ] {
            assert_eq!(day(none), None, "{none}");
        }
    }

    #[test]
    fn canonical_names_need_no_configuration() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        for name in [
            "order_lines.csv",
            "order_lines_2021-02.csv",
            "order_lines_2021-01.CSV",
            "order_linesx.csv",
            "orders.csv",
            "order_lines.md",
        ] {
            std::fs::write(folder.path().join("data").join(name), "").unwrap();
        }
        let files = files_of(folder.path(), Path::new("data"), table("order_lines").unwrap(), None).unwrap();
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["data/order_lines.csv", "data/order_lines_2021-01.CSV", "data/order_lines_2021-02.csv"]);
    }

    #[test]
    fn a_pattern_without_a_file_and_a_path_out_of_the_project_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let config = |pattern: &str| SourceConfig { files: vec![pattern.into()], ..SourceConfig::default() };
        let find =
            |pattern| files_of(folder.path(), Path::new("data"), table("order_lines").unwrap(), Some(&config(pattern)));
        assert!(matches!(find("data/erp_*.csv"), Err(IngestError::NoFile { .. })));
        assert!(matches!(find("../secret.csv"), Err(IngestError::OutsideProject { .. })));
        assert!(matches!(find("/etc/passwd.csv"), Err(IngestError::OutsideProject { .. })));
    }
}
