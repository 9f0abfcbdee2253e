//! JSON and JSON lines: one record after the other, nested members by dotted path (`contact.email`, `lines.0.price`).
//!
//! A file is read as a stream, whatever its size; a single record may have 1 MiB. Members of a list beyond the tenth are
//! left aside; a list of plain values is one text. A broken line of JSON lines goes to quarantine, a broken JSON file is
//! an error.

use std::{
    collections::BTreeMap,
    collections::HashMap,
    fmt,
    fs::File,
    io::{BufRead, BufReader},
};

use csv::StringRecord;
use encoding_rs::Encoding;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer,
};
use serde_json::Value;

use super::{
    IngestError,
    decode::{Decoded, Gauge},
    delimited::fingerprint,
    discover::SourceFile,
    rows::{EXACT, Take, TextRows, check_width},
};
use crate::{config::sources::SourceConfig, domain::Notice};

/// Members of a list of objects that become columns.
const MOST_MEMBERS: usize = 10;

/// A JSON file whose members are known.
pub(super) struct Json {
    file: SourceFile,
    encoding: &'static Encoding,
    is_lines: bool,
    /// Members that lead to the records.
    path: Vec<String>,
    header: Vec<String>,
    has_damage: bool,
}

/// What a record is, once read.
type TakeRecord<'a> = &'a mut dyn FnMut(u64, Option<&Value>) -> Result<(), IngestError>;

impl Json {
    /// Reads a file once for the names of all members.
    ///
    /// # Errors
    /// If it is not JSON, or a record is too long or has too many members.
    pub(super) fn open(
        file: &SourceFile,
        hash: &str,
        is_lines: bool,
        config: &SourceConfig,
    ) -> Result<Self, IngestError> {
        let fingerprint = fingerprint(file, hash)?;
        let encoding = config.encoding.map_or(fingerprint.encoding, |encoding| encoding.0);
        let path = config.records.as_deref().map(|path| path.split('.').map(str::to_owned).collect());
        let path = path.unwrap_or_default();
        let mut json = Self { file: file.clone(), encoding, is_lines, path, header: Vec::new(), has_damage: false };
        let (mut names, mut header) = (HashMap::new(), Vec::new());
        json.records(&mut |_, record| {
            for_each_member(record, &mut |name, _| {
                if !names.contains_key(name) {
                    names.insert(name.to_owned(), ());
                    header.push(name.to_owned());
                }
            });
            check_width(&file.name, header.len())
        })?;
        if header.is_empty() {
            return Err(IngestError::NoRecords { file: file.name.clone(), path: config.records.clone() });
        }
        json.header = header;
        Ok(json)
    }

    fn records(&mut self, take: TakeRecord<'_>) -> Result<(), IngestError> {
        let unreadable = |reason: String| IngestError::Read { file: self.file.name.clone(), reason };
        let gauge = Gauge::default();
        let opened = File::open(&self.file.path).map_err(|error| unreadable(error.to_string()))?;
        let mut text = BufReader::new(Decoded::new(opened, self.encoding, gauge.clone()));
        let result =
            if self.is_lines { self.lines(&mut text, &gauge, take) } else { self.stream(&mut text, &gauge, take) };
        self.has_damage |= gauge.has_damage();
        result
    }

    fn lines(&self, text: &mut impl BufRead, gauge: &Gauge, take: TakeRecord<'_>) -> Result<(), IngestError> {
        let mut line = String::new();
        for number in 1.. {
            line.clear();
            gauge.next_record();
            let read = text.read_line(&mut line).map_err(|error| match gauge.is_too_long() {
                true => self.too_long(number),
                false => IngestError::Read { file: self.file.name.clone(), reason: error.to_string() },
            })?;
            if read == 0 {
                break;
            }
            if !line.trim().is_empty() {
                take(number, serde_json::from_str::<Value>(&line).ok().filter(Value::is_object).as_ref())?;
            }
        }
        Ok(())
    }

    fn stream(&self, text: &mut impl BufRead, gauge: &Gauge, take: TakeRecord<'_>) -> Result<(), IngestError> {
        let mut json = serde_json::Deserializer::from_reader(text);
        let mut stopped = None;
        let mut number = 0;
        loop {
            let mut each = |record: &Value| -> Result<(), String> {
                number += 1;
                gauge.next_record();
                take(number, Some(record)).map_err(|error| {
                    stopped = Some(error);
                    "stopped".into()
                })
            };
            if let Err(error) = (Records { path: &self.path, take: &mut each }).deserialize(&mut json) {
                return Err(match stopped {
                    Some(error) => error,
                    None if gauge.is_too_long() => self.too_long(number + 1),
                    None => IngestError::Read { file: self.file.name.clone(), reason: format!("is no JSON: {error}") },
                });
            }
            gauge.next_record();
            // Several values may follow each other.
            if json.end().is_ok() {
                return Ok(());
            }
        }
    }

    fn too_long(&self, line: u64) -> IngestError {
        let reason = "is longer than 1 MiB (a record that lies deeper is found by `records = \"member.member\"`)";
        IngestError::Record { file: self.file.name.clone(), line, reason }
    }
}

impl TextRows for Json {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn recognised(&self) -> BTreeMap<String, String> {
        let format = if self.is_lines { "json lines" } else { "json" };
        BTreeMap::from([
            ("format".to_owned(), format.to_owned()),
            ("encoding".to_owned(), self.encoding.name().to_owned()),
        ])
    }

    fn rows(&mut self, take: Take<'_>) -> Result<(), IngestError> {
        let header = std::mem::take(&mut self.header);
        let position: HashMap<&str, usize> = header.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
        let mut cells = vec![String::new(); header.len()];
        let mut row = StringRecord::new();
        let result = self.records(&mut |number, record| {
            row.clear();
            if record.is_some() {
                for_each_member(record, &mut |name, value| {
                    if let Some(at) = position.get(name) {
                        cells[*at] = text_of(value);
                    }
                });
                for cell in &mut cells {
                    row.push_field(cell);
                    cell.clear();
                }
            }
            take(number, &row)
        });
        self.header = header;
        result
    }

    fn notices(&self) -> Vec<Notice> {
        if !self.has_damage {
            return Vec::new();
        }
        let text = format!("{}: some bytes are no {}; they show as \u{fffd}", self.file.name, self.encoding.name());
        vec![Notice::warning("damaged-text", text)]
    }
}

/// Every member of a record that holds a value, by its dotted path, in order.
fn for_each_member(record: Option<&Value>, take: &mut dyn FnMut(&str, &Value)) {
    fn descend(path: &mut String, value: &Value, take: &mut dyn FnMut(&str, &Value)) {
        let mut below = |name: &str, value: &Value| {
            let length = path.len();
            if length > 0 {
                path.push('.');
            }
            path.push_str(name);
            descend(path, value, take);
            path.truncate(length);
        };
        match value {
            Value::Object(members) => members.iter().for_each(|(name, value)| below(name, value)),
            Value::Array(members) if members.iter().any(|member| member.is_object() || member.is_array()) => {
                (0..)
                    .zip(members.iter().take(MOST_MEMBERS))
                    .for_each(|(at, value): (usize, _)| below(&at.to_string(), value));
            }
            Value::Null => {}
            value => take(path, value),
        }
    }
    if let Some(record) = record {
        descend(&mut String::new(), record, take);
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => format!("{EXACT}{number}"),
        Value::Array(members) => {
            let texts: Vec<String> = members.iter().map(|m| text_of(m).trim_start_matches(EXACT).to_owned()).collect();
            texts.join(", ")
        }
        Value::Bool(value) => value.to_string(),
        Value::Null | Value::Object(_) => String::new(),
    }
}

/// Finds the records below a path and hands them on one by one.
struct Records<'a> {
    path: &'a [String],
    take: &'a mut dyn FnMut(&Value) -> Result<(), String>,
}

impl<'de> DeserializeSeed<'de> for Records<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Records<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.first() {
            Some(member) => write!(f, "an object with the member `{member}`"),
            None => f.write_str("records, each an object"),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Some((wanted, rest)) = self.path.split_first() else {
            let record = serde::Deserialize::deserialize(MapAccessDeserializer::new(members))?;
            return (self.take)(&record).map_err(A::Error::custom);
        };
        while let Some(name) = members.next_key::<String>()? {
            if name == *wanted {
                members.next_value_seed(Records { path: rest, take: self.take })?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while members.next_element_seed(Records { path: self.path, take: self.take })?.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(record: &str) -> Vec<String> {
        let record: Value = serde_json::from_str(record).unwrap();
        let mut found = Vec::new();
        for_each_member(Some(&record), &mut |name, value| found.push(format!("{name}={}", text_of(value))));
        found
    }

    #[test]
    fn nested_members_are_named_by_their_path() {
        assert_eq!(
            members(
                r#"{"id": 7, "who": {"email": "a@b.de", "x": null}, "tags": ["a", 1], "lines": [{"p": 1.5}, {"p": true}]}"#
            ),
            ["id=\u{2}7", "lines.0.p=\u{2}1.5", "lines.1.p=true", "tags=a, 1", "who.email=a@b.de"]
        );
    }

    #[test]
    fn records_are_found_in_lists_below_a_path_and_one_after_the_other() {
        let found = |text: &str, path: &str| {
            let path: Vec<String> = path.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect();
            let mut json = serde_json::Deserializer::from_str(text);
            let mut count = 0;
            let mut each = |_: &Value| {
                count += 1;
                Ok(())
            };
            let result = Records { path: &path, take: &mut each }.deserialize(&mut json);
            result.map(|()| count).map_err(|error| error.to_string())
        };
        assert_eq!(found("[{}, {}]", ""), Ok(2));
        assert_eq!(found(r#"{"d": {"n": 2, "results": [{}, {}, {}]}}"#, "d.results"), Ok(3));
        assert_eq!(found(r#"{"d": []}"#, ""), Ok(1));
        assert_eq!(found(r#"{"x": [{}]}"#, "y"), Ok(0));
        assert!(found("[1]", "").unwrap_err().contains("expected records, each an object"));
        assert!(found(&"[".repeat(500), "").unwrap_err().contains("recursion limit"));
    }
}
