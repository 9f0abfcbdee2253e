//! Records out of JSON and JSON lines: of lines every other byte stays, a document is written anew without them.

use serde_json::{Deserializer, Value};

use super::files::{Change, Edit, Places, is_meant, places};

/// The file without what is forgotten, and how many records changed; `None` if it is not laid out as the reader has it.
pub(super) fn rewrite(bytes: &[u8], is_lines: bool, change: &Change<'_>) -> Option<(Vec<u8>, u64)> {
    let text = std::str::from_utf8(bytes).ok()?;
    if is_lines { Some(lines(text, change)) } else { document(text, change) }
}

fn lines(text: &str, change: &Change<'_>) -> (Vec<u8>, u64) {
    let parsed: Vec<(&str, Option<Value>)> = text
        .split_inclusive('\n')
        .map(|line| (line, serde_json::from_str(line.trim_start_matches('\u{feff}')).ok()))
        .collect();
    let table = Table::of(parsed.iter().filter_map(|(_, record)| record.as_ref()), change);
    let (mut out, mut changed) = (Vec::with_capacity(text.len()), 0);
    for (line, record) in parsed {
        match record.map(|record| table.edited(record, change)) {
            None | Some(Edited::Same) => out.extend_from_slice(line.as_bytes()),
            Some(Edited::Gone) => changed += 1,
            Some(Edited::Other(record)) => {
                changed += 1;
                out.extend_from_slice(record.to_string().as_bytes());
                out.push(b'\n');
            }
        }
    }
    (out, changed)
}

fn document(text: &str, change: &Change<'_>) -> Option<(Vec<u8>, u64)> {
    let values = Deserializer::from_str(text.trim_start_matches('\u{feff}')).into_iter::<Value>();
    let mut values: Vec<Value> = values.collect::<Result<_, _>>().ok()?;
    let path: Vec<&str> = change.records.map(|path| path.split('.').collect()).unwrap_or_default();
    let mut changed = 0;
    let mut edit = |records: &mut Vec<Value>| {
        let table = Table::of(records.iter(), change);
        let before = std::mem::take(records);
        for record in before {
            match table.edited(record.clone(), change) {
                Edited::Same => records.push(record),
                Edited::Gone => changed += 1,
                Edited::Other(other) => {
                    changed += 1;
                    records.push(other);
                }
            }
        }
    };
    match &mut values[..] {
        [one] if one.is_array() || !path.is_empty() => edit(list_at(one, &path)?),
        _ if path.is_empty() => edit(&mut values),
        _ => return None,
    }
    let texts: Vec<String> = values.iter().map(Value::to_string).collect();
    Some((texts.join("\n").into_bytes(), changed))
}

fn list_at<'a>(value: &'a mut Value, path: &[&str]) -> Option<&'a mut Vec<Value>> {
    match path.split_first() {
        None => value.as_array_mut(),
        Some((member, rest)) => list_at(value.get_mut(*member)?, rest),
    }
}

/// What becomes of a record.
enum Edited {
    Same,
    Gone,
    Other(Value),
}

/// The records as rows of a table whose columns are the paths of their members.
struct Table {
    columns: Vec<String>,
    places: Places,
}

impl Table {
    fn of<'a>(records: impl Iterator<Item = &'a Value> + Clone, change: &Change<'_>) -> Self {
        let mut columns: Vec<String> = Vec::new();
        for record in records.clone() {
            each_leaf(record, "", &mut |path, _| {
                if !columns.iter().any(|column| column == path) {
                    columns.push(path.to_owned());
                }
            });
        }
        // the name of a member is its last
        let names = columns.iter().map(|path| path.rsplit('.').next().unwrap_or(path).to_owned()).collect();
        let mut table = Self { columns, places: Places::default() };
        let rows = records.map(|record| table.row(record));
        table.places = places(std::iter::once(names).chain(std::iter::once(table.columns.clone())).chain(rows), change);
        table
    }

    fn row(&self, record: &Value) -> Vec<String> {
        let mut row = vec![String::new(); self.columns.len()];
        each_leaf(record, "", &mut |path, text| {
            if let Some(place) = self.columns.iter().position(|column| column == path) {
                row[place] = text;
            }
        });
        row
    }

    fn edited(&self, mut record: Value, change: &Change<'_>) -> Edited {
        let row = self.row(&record);
        let meant = is_meant(&row, &self.places, change);
        if meant && change.edit == Edit::Drop {
            return Edited::Gone;
        }
        let mut has_changed = false;
        edit_leaves(&mut record, String::new(), &mut |path, leaf| {
            let Some(place) = self.columns.iter().position(|column| column == path) else { return };
            if let Some(by) = self.places.replaced(place, &row[place], meant, change) {
                *leaf = if by.is_empty() { Value::Null } else { Value::String(by.to_owned()) };
                has_changed = true;
            }
        });
        if has_changed { Edited::Other(record) } else { Edited::Same }
    }
}

fn below(path: &str, member: &str) -> String {
    if path.is_empty() { member.to_owned() } else { format!("{path}.{member}") }
}

fn each_leaf(value: &Value, path: &str, take: &mut dyn FnMut(&str, String)) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| each_leaf(value, &below(path, name), take)),
        Value::Array(values) => {
            values.iter().enumerate().for_each(|(at, value)| each_leaf(value, &below(path, &at.to_string()), take));
        }
        Value::Null => {}
        Value::String(text) => take(path, text.trim().to_owned()),
        other => take(path, other.to_string()),
    }
}

fn edit_leaves(value: &mut Value, path: String, edit: &mut dyn FnMut(&str, &mut Value)) {
    match value {
        Value::Object(members) => {
            members.iter_mut().for_each(|(name, value)| edit_leaves(value, below(&path, name), edit));
        }
        Value::Array(values) => values
            .iter_mut()
            .enumerate()
            .for_each(|(at, value)| edit_leaves(value, below(&path, &at.to_string()), edit)),
        leaf => edit(&path, leaf),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn set(texts: &[&str]) -> BTreeSet<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn rewritten(text: &str, is_lines: bool, records: Option<&str>, edit: Edit<'_>) -> (String, u64) {
        let (ids, known) = (set(&["7"]), set(&["8", "9"]));
        let change =
            Change { ids: &ids, known: &known, edit, emptied: &set(&["comment"]), reference: &set(&[]), records };
        let (bytes, changed) = rewrite(text.as_bytes(), is_lines, &change).unwrap();
        (String::from_utf8(bytes).unwrap(), changed)
    }

    #[test]
    fn records_of_an_id_go_and_other_lines_keep_their_bytes() {
        let text = "{\"buyer\": {\"id\": 8}, \"n\": 7}\nbroken\n{\"buyer\": {\"id\": 7}}\n{\"buyer\": {\"id\": 9}}";
        let (out, changed) = rewritten(text, true, None, Edit::Drop);
        assert_eq!(
            (out.as_str(), changed),
            ("{\"buyer\": {\"id\": 8}, \"n\": 7}\nbroken\n{\"buyer\": {\"id\": 9}}", 1)
        );
    }

    #[test]
    fn an_id_deep_in_a_document_is_replaced_and_its_remark_emptied() {
        let text = r#"{"d":{"results":[{"id":"8","comment":"x"},{"comment":"y","id":"7"},{"id":"9"}]},"n":1}"#;
        let (out, changed) = rewritten(text, false, Some("d.results"), Edit::Replace("gone"));
        let expected = r#"{"d":{"results":[{"comment":"x","id":"8"},{"comment":null,"id":"gone"},{"id":"9"}]},"n":1}"#;
        assert_eq!(
            (serde_json::from_str::<Value>(&out).unwrap(), changed),
            (serde_json::from_str(expected).unwrap(), 1)
        );
        let (out, changed) = rewritten(r#"[{"id":"8"},{"id":"7"}]"#, false, None, Edit::Drop);
        assert_eq!((out.as_str(), changed), (r#"[{"id":"8"}]"#, 1));
    }
}
