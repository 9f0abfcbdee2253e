//! Rows out of `.xlsx` workbooks: their cells go from the sheet and from the texts that all sheets share; every other part
//! keeps its bytes. Rows keep their numbers, so formulas and formats elsewhere stay right.

use std::{
    collections::BTreeSet,
    io::{Cursor, Read, Write},
    ops::Range,
};

use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::files::{Change, Edit, is_in, is_meant, places};

/// Most bytes that a workbook may unpack to, as where it is read.
const LARGEST_UNPACKED: u64 = 512 << 20;

const STRINGS: &str = "xl/sharedStrings.xml";

/// The workbook without what is forgotten, and how many rows changed; `None` if it cannot be unpacked.
pub(super) fn rewrite(bytes: &[u8], change: &Change<'_>) -> Option<(Vec<u8>, u64)> {
    let mut parts = parts(bytes)?;
    let strings: Vec<String> = match parts.iter().find(|(name, _)| name == STRINGS) {
        Some((_, part)) => {
            let xml = std::str::from_utf8(part).ok()?;
            elements(xml, "si").into_iter().map(|at| text_of(&xml[at])).collect()
        }
        None => Vec::new(),
    };
    let mut changed = 0;
    let (mut freed, mut used) = (BTreeSet::new(), BTreeSet::new());
    for (_, part) in parts.iter_mut().filter(|(name, _)| is_sheet(name)) {
        let xml = std::str::from_utf8(part).ok()?;
        let (edited, rows) = sheet(xml, &strings, change, &mut freed);
        used.extend(elements(&edited, "c").into_iter().filter_map(|at| Cell::of(&edited[at], &strings).shared));
        changed += rows;
        if rows > 0 {
            *part = edited.into_bytes();
        }
    }
    if changed == 0 {
        return Some((bytes.to_vec(), 0));
    }
    for (name, part) in &mut parts {
        let xml = || std::str::from_utf8(part).ok();
        let new = match name.as_str() {
            STRINGS => blanked(xml()?, &freed, &used),
            // the order of formulas is made again where it is missing
            "[Content_Types].xml" => without(xml()?, "Override", "calcChain"),
            "xl/_rels/workbook.xml.rels" => without(xml()?, "Relationship", "calcChain"),
            _ => continue,
        };
        *part = new.into_bytes();
    }
    parts.retain(|(name, _)| name != "xl/calcChain.xml");
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    for (name, part) in parts {
        archive.start_file(name, options).ok()?;
        archive.write_all(&part).ok()?;
    }
    Some((archive.finish().ok()?.into_inner(), changed))
}

/// Whether the texts of a zipped file of XML, whatever its kind, hold one of the texts as a word.
pub(super) fn mentions(bytes: &[u8], texts: &BTreeSet<String>) -> bool {
    let Some(parts) = parts(bytes) else { return true };
    parts.iter().any(|(name, part)| {
        let text = String::from_utf8_lossy(part);
        if !name.ends_with(".xml") && !name.ends_with(".rels") {
            return is_in(part, texts);
        }
        let mut plain = String::new();
        for piece in text.split('<') {
            // links stand in attributes
            let (tag, content) = piece.split_once('>').unwrap_or(("", piece));
            if name.ends_with(".rels") {
                plain.push_str(tag);
            }
            plain.push_str(&unescaped(content));
            plain.push('\n');
        }
        is_in(plain.as_bytes(), texts)
    })
}

fn parts(bytes: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    let (mut parts, mut room) = (Vec::new(), LARGEST_UNPACKED);
    for index in 0..archive.len() {
        let part = archive.by_index(index).ok()?;
        let name = part.name().ok()?.to_string();
        let mut content = Vec::new();
        room = room.checked_sub(part.take(room).read_to_end(&mut content).ok()? as u64).filter(|room| *room > 0)?;
        if !name.ends_with('/') {
            parts.push((name, content));
        }
    }
    Some(parts)
}

fn is_sheet(part: &str) -> bool {
    part.strip_prefix("xl/worksheets/").is_some_and(|name| !name.contains('/') && name.ends_with(".xml"))
}

/// A cell: its column from 0, its text, and the number of that text if it is shared.
struct Cell {
    column: Option<usize>,
    text: String,
    shared: Option<usize>,
}

impl Cell {
    fn of(xml: &str, strings: &[String]) -> Self {
        let tag = &xml[..tag_end(xml)];
        let column = attribute(tag, "r").and_then(column_of);
        let value = || elements(xml, "v").into_iter().next().map(|at| content(&xml[at]).to_owned());
        if attribute(tag, "t") == Some("s") {
            let shared = value().and_then(|number| number.trim().parse::<usize>().ok());
            let text = shared.and_then(|number| strings.get(number)).cloned().unwrap_or_default();
            return Self { column, text, shared };
        }
        let text = if attribute(tag, "t") == Some("inlineStr") {
            text_of(xml)
        } else {
            unescaped(&value().unwrap_or_default())
        };
        Self { column, text: text.trim().to_owned(), shared: None }
    }
}

/// A sheet's XML with the rows edited, and how many were; `freed` gets the shared texts of cells that went.
fn sheet(xml: &str, strings: &[String], change: &Change<'_>, freed: &mut BTreeSet<usize>) -> (String, u64) {
    let rows = elements(xml, "row");
    let cells_of = |row: &Range<usize>| {
        let base = row.start;
        let mut next = 0;
        let placed = elements(&xml[row.clone()], "c").into_iter().map(|at| {
            let at = base + at.start..base + at.end;
            let cell = Cell::of(&xml[at.clone()], strings);
            let column = cell.column.unwrap_or(next);
            next = column + 1;
            (at, column, cell)
        });
        placed.collect::<Vec<_>>()
    };
    let texts_of = |row: &Range<usize>| {
        let mut texts: Vec<String> = Vec::new();
        for (_, column, cell) in cells_of(row) {
            texts.resize(texts.len().max(column + 1), String::new());
            texts[column] = cell.text;
        }
        texts
    };
    let places = places(rows.iter().map(texts_of), change);
    let (mut out, mut from, mut changed) = (String::with_capacity(xml.len()), 0, 0);
    for row in &rows {
        let meant = is_meant(&texts_of(row), &places, change);
        if meant && change.edit == Edit::Drop {
            let tag = &xml[row.start..row.start + tag_end(&xml[row.clone()])];
            out.push_str(&xml[from..row.start]);
            out.push_str(tag.trim_end_matches('>').trim_end_matches('/'));
            out.push_str("/>");
            freed.extend(cells_of(row).into_iter().filter_map(|(_, _, cell)| cell.shared));
            from = row.end;
            changed += 1;
            continue;
        }
        let mut has_changed = false;
        for (at, column, cell) in cells_of(row) {
            let Some(by) = places.replaced(column, &cell.text, meant, change) else { continue };
            out.push_str(&xml[from..at.start]);
            if !by.is_empty() {
                let reference = attribute(&xml[at.clone()], "r").unwrap_or_default();
                out.push_str(&format!("<c r=\"{reference}\" t=\"inlineStr\"><is><t>{by}</t></is></c>"));
            }
            freed.extend(cell.shared);
            from = at.end;
            has_changed = true;
        }
        changed += u64::from(has_changed);
    }
    out.push_str(&xml[from..]);
    (out, changed)
}

/// The shared texts with those emptied that no cell uses any more.
fn blanked(xml: &str, freed: &BTreeSet<usize>, used: &BTreeSet<usize>) -> String {
    let (mut out, mut from) = (String::with_capacity(xml.len()), 0);
    for (number, at) in elements(xml, "si").into_iter().enumerate() {
        if freed.contains(&number) && !used.contains(&number) {
            out.push_str(&xml[from..at.start]);
            out.push_str("<si><t/></si>");
            from = at.end;
        }
    }
    out + &xml[from..]
}

/// XML without the elements of a name that hold a word.
fn without(xml: &str, name: &str, word: &str) -> String {
    let (mut out, mut from) = (String::with_capacity(xml.len()), 0);
    for at in elements(xml, name).into_iter().filter(|at| xml[at.clone()].contains(word)) {
        out.push_str(&xml[from..at.start]);
        from = at.end;
    }
    out + &xml[from..]
}

/// Where the elements of a name stand that never hold their like, in order.
fn elements(xml: &str, name: &str) -> Vec<Range<usize>> {
    let (open, close) = (format!("<{name}"), format!("</{name}>"));
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(start) = xml[from..].find(&open).map(|at| from + at) {
        let rest = &xml[start..];
        from = start + open.len();
        if !rest[open.len()..].starts_with([' ', '\t', '\r', '\n', '>', '/']) {
            continue;
        }
        let tag = tag_end(rest);
        let length = match rest[..tag].ends_with("/>") {
            true => Some(tag),
            false => rest.find(&close).map(|at| at + close.len()),
        };
        let Some(length) = length else { break };
        found.push(start..start + length);
        from = start + length;
    }
    found
}

/// How long the tag is with which a text begins.
fn tag_end(xml: &str) -> usize {
    let mut quote = None;
    for (at, byte) in xml.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    xml.len()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let tag = &tag[..tag_end(tag)];
    let start = [" ", "\t", "\n"].iter().find_map(|blank| {
        let written = format!("{blank}{name}=");
        tag.find(&written).map(|at| at + written.len())
    })?;
    let quote = tag[start..].chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    tag[start + 1..].split(quote).next()
}

/// `BC12` is column 54, from 0.
fn column_of(reference: &str) -> Option<usize> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic);
    let number =
        letters.take(4).fold(0, |number, letter| number * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1);
    number.checked_sub(1)
}

fn content(element: &str) -> &str {
    let start = tag_end(element);
    element.rfind("</").filter(|end| *end >= start).map_or("", |end| &element[start..end])
}

/// The runs of text in an element, joined.
fn text_of(xml: &str) -> String {
    elements(xml, "t").into_iter().map(|at| unescaped(content(&xml[at]))).collect::<String>().trim().to_owned()
}

fn unescaped(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(';').unwrap_or(0);
        let name = rest.get(1..end.max(1)).unwrap_or_default();
        let code = name.strip_prefix('#').and_then(|code| match code.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => code.parse().ok(),
        });
        let character = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => code.and_then(char::from_u32),
        };
        out.push(character.unwrap_or('&'));
        rest = if character.is_some() { &rest[end + 1..] } else { &rest[1..] };
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_they_were_meant() {
        assert_eq!(unescaped("M&#252;ller &amp; S&#xF6;hne &unknown; &"), "Müller & Söhne &unknown; &");
        assert_eq!(text_of("<si><r><t xml:space=\"preserve\">Anna </t></r><r><t>Weber</t></r></si>"), "Anna Weber");
        assert_eq!((column_of("A1"), column_of("BC12"), column_of("7")), (Some(0), Some(54), None));
        assert_eq!(attribute("<c r=\"B2\" s='1' t=\"s\">", "t"), Some("s"));
        assert_eq!(elements("<row r=\"1\"/><rows/><row><c/></row>", "row"), [0..12, 19..34]);
    }

    #[test]
    fn shared_texts_go_with_the_last_cell_that_uses_them() {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        let rows = [["id", "name", "city"], ["7", "Weber", "Köln"], ["8", "Anders", "Köln"], ["9", "Zander", "Ulm"]];
        for (row, cells) in (0..).zip(rows) {
            for (column, cell) in (0..).zip(cells) {
                sheet.write_string(row, column, cell).unwrap();
            }
        }
        let bytes = book.save_to_buffer().unwrap();
        let set = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<BTreeSet<String>>();
        let (ids, known, none) = (set(&["7"]), set(&["8", "9"]), set(&[]));
        let change =
            Change { ids: &ids, known: &known, edit: Edit::Drop, emptied: &none, reference: &none, records: None };
        let (out, changed) = rewrite(&bytes, &change).unwrap();
        assert_eq!(changed, 1);
        let holds = |bytes: &[u8], text: &str| mentions(bytes, &set(&[text]));
        assert!(holds(&bytes, "Weber") && !holds(&out, "Weber"));
        assert!(holds(&out, "Köln") && holds(&out, "Anders"));
        assert_eq!(rewrite(&out, &change).unwrap(), (out.clone(), 0));
    }
}
