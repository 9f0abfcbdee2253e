//! Rows out of `.xlsx` and `.ods` workbooks: their cells go from the sheet and from the texts that all sheets share; every
//! other part keeps its bytes. Rows keep their numbers, so formulas and formats elsewhere stay right.

use std::{
    collections::BTreeSet,
    io::{Cursor, Read, Write},
    ops::Range,
};

use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::files::{Change, Edit, is_in, is_meant, places};

/// Most bytes that a workbook may unpack to, as where it is read.
const LARGEST_UNPACKED: u64 = 512 << 20;

const STRINGS: &str = "xl/sharedStrings.xml";
/// The part of an OpenDocument that holds all its sheets.
const CONTENT: &str = "content.xml";
/// What a cell of an OpenDocument keeps when its text goes: where it lies.
const LAYOUT: [&str; 4] =
    ["table:style-name", "table:number-columns-repeated", "table:number-columns-spanned", "table:number-rows-spanned"];
/// Columns that a repeated cell may fill, as many as are read.
const WIDEST: usize = 4096;

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
    for (name, part) in &mut parts {
        let Some(writing) = Writing::of(name) else { continue };
        let xml = std::str::from_utf8(part).ok()?;
        let (edited, rows) = sheet(xml, writing, &strings, change, &mut freed);
        used.extend(writing.cells(&edited, &strings).into_iter().filter_map(|(_, cell)| cell.shared));
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
            // a picture of the first page
            "META-INF/manifest.xml" => without(xml()?, "manifest:file-entry", "Thumbnails/"),
            _ => continue,
        };
        *part = new.into_bytes();
    }
    parts.retain(|(name, _)| name != "xl/calcChain.xml" && !name.starts_with("Thumbnails/"));
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    for (name, part) in parts {
        // an OpenDocument says in its first bytes what it is
        let method = if name == "mimetype" { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        archive.start_file(name, options.compression_method(method)).ok()?;
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
            // OpenDocument repeats values and links in attributes
            for held in ["office:string-value", "office:value", "xlink:href"] {
                plain.extend(attribute(tag, held).map(|value| unescaped(value) + "\n"));
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

/// A cell: its columns, its text, and the number of that text if it is shared.
struct Cell {
    columns: Range<usize>,
    text: String,
    shared: Option<usize>,
}

/// How a kind of workbook writes its sheets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    /// `.xlsx`.
    OpenXml,
    /// `.ods`.
    OpenDocument,
}

impl Writing {
    /// That of a part; `None` if it holds no sheet.
    fn of(part: &str) -> Option<Self> {
        let sheet = part.strip_prefix("xl/worksheets/");
        match sheet.is_some_and(|name| !name.contains('/') && name.ends_with(".xml")) {
            true => Some(Self::OpenXml),
            false => (part == CONTENT).then_some(Self::OpenDocument),
        }
    }

    fn rows(self, xml: &str) -> Vec<Range<usize>> {
        elements(xml, if self == Self::OpenXml { "row" } else { "table:table-row" })
    }

    /// The cells of a row, or of several, and where they stand.
    fn cells(self, xml: &str, strings: &[String]) -> Vec<(Range<usize>, Cell)> {
        let mut places = match self {
            Self::OpenXml => elements(xml, "c"),
            Self::OpenDocument => elements(xml, "table:table-cell"),
        };
        if self == Self::OpenDocument {
            places.extend(elements(xml, "table:covered-table-cell"));
            places.sort_by_key(|place| place.start);
        }
        let mut next = 0;
        let cell = |at: Range<usize>| {
            let cell = self.cell(&xml[at.clone()], next, strings);
            next = cell.columns.end;
            (at, cell)
        };
        places.into_iter().map(cell).collect()
    }

    /// A cell that follows those left of column `next`.
    fn cell(self, xml: &str, next: usize, strings: &[String]) -> Cell {
        if self == Self::OpenDocument {
            let repeated = attribute(xml, "table:number-columns-repeated").and_then(|times| times.parse().ok());
            let lines: Vec<String> =
                elements(xml, "text:p").into_iter().map(|at| plain(content(&xml[at])).trim().to_owned()).collect();
            let text = attribute(xml, "office:value").map_or_else(|| lines.join("\n"), str::to_owned);
            return Cell { columns: next..next + repeated.unwrap_or(1_usize).min(WIDEST), text, shared: None };
        }
        let column = attribute(xml, "r").and_then(column_of).unwrap_or(next);
        let columns = column..column + 1;
        let value = || elements(xml, "v").into_iter().next().map(|at| content(&xml[at]).to_owned());
        if attribute(xml, "t") == Some("s") {
            let shared = value().and_then(|number| number.trim().parse::<usize>().ok());
            let text = shared.and_then(|number| strings.get(number)).cloned().unwrap_or_default();
            return Cell { columns, text, shared };
        }
        let text = if attribute(xml, "t") == Some("inlineStr") {
            text_of(xml)
        } else {
            unescaped(&value().unwrap_or_default())
        };
        Cell { columns, text: text.trim().to_owned(), shared: None }
    }

    /// A row without its cells.
    fn blank_row(self, row: &str) -> String {
        let tag = row[..tag_end(row)].trim_end_matches('>').trim_end_matches('/');
        match self {
            Self::OpenXml => format!("{tag}/>"),
            Self::OpenDocument => format!("{tag}><table:table-cell/></table:table-row>"),
        }
    }

    /// A cell with another text, which needs no escaping.
    fn written(self, cell: &str, text: &str) -> String {
        if self == Self::OpenXml {
            let reference = attribute(cell, "r").unwrap_or_default();
            return match text {
                "" => String::new(),
                text => format!("<c r=\"{reference}\" t=\"inlineStr\"><is><t>{text}</t></is></c>"),
            };
        }
        let kept = LAYOUT.iter().filter_map(|name| Some(format!(" {name}=\"{}\"", attribute(cell, name)?)));
        let covered = if cell.starts_with("<table:covered") { "covered-" } else { "" };
        let (name, kept) = (format!("table:{covered}table-cell"), kept.collect::<String>());
        match text {
            "" => format!("<{name}{kept}/>"),
            text => format!("<{name}{kept} office:value-type=\"string\"><text:p>{text}</text:p></{name}>"),
        }
    }
}

/// A sheet's XML with the rows edited, and how many were; `freed` gets the shared texts of cells that went.
fn sheet(
    xml: &str,
    writing: Writing,
    strings: &[String],
    change: &Change<'_>,
    freed: &mut BTreeSet<usize>,
) -> (String, u64) {
    let rows = writing.rows(xml);
    let texts_of = |row: &Range<usize>| {
        let mut texts: Vec<String> = Vec::new();
        for (_, cell) in writing.cells(&xml[row.clone()], strings) {
            if !cell.text.is_empty() {
                texts.resize(texts.len().max(cell.columns.end), String::new());
                texts[cell.columns].fill(cell.text);
            }
        }
        texts
    };
    let places = places(rows.iter().map(texts_of), change);
    let (mut out, mut from, mut changed) = (String::with_capacity(xml.len()), 0, 0);
    for row in &rows {
        let meant = is_meant(&texts_of(row), &places, change);
        let cells = writing.cells(&xml[row.clone()], strings);
        if meant && change.edit == Edit::Drop {
            out.push_str(&xml[from..row.start]);
            out.push_str(&writing.blank_row(&xml[row.clone()]));
            freed.extend(cells.into_iter().filter_map(|(_, cell)| cell.shared));
            from = row.end;
            changed += 1;
            continue;
        }
        let mut has_changed = false;
        for (at, mut cell) in cells {
            let Some(by) = cell.columns.find_map(|column| places.replaced(column, &cell.text, meant, change)) else {
                continue;
            };
            let at = row.start + at.start..row.start + at.end;
            out.push_str(&xml[from..at.start]);
            out.push_str(&writing.written(&xml[at.clone()], by));
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

/// A text without the marks in it.
fn plain(xml: &str) -> String {
    let pieces = xml.split('<').enumerate();
    // what stands before the first mark is no tag
    pieces
        .map(|(n, piece)| unescaped(if n == 0 { piece } else { piece.split_once('>').map_or("", |(_, text)| text) }))
        .collect()
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

    #[test]
    fn rows_of_an_open_document_go_and_repeated_and_covered_cells_keep_their_columns() {
        let text = |text: &str| {
            format!(
                "<table:table-cell office:value-type=\"string\" office:string-value=\"{text}\"><text:p>{text}</text:p></table:table-cell>"
            )
        };
        let row =
            |cells: &[String]| format!("<table:table-row table:style-name=\"r\">{}</table:table-row>", cells.concat());
        let number =
            "<table:table-cell office:value-type=\"float\" office:value=\"7\"><text:p>7,00</text:p></table:table-cell>";
        let anna = "<table:table-cell office:value-type=\"string\"><text:p>Anna <text:s/>&amp; <text:span>Berg</text:span></text:p></table:table-cell>";
        let gap = "<table:table-cell table:number-columns-repeated=\"2\"/>";
        let sheet = [
            row(&[text("id"), gap.into(), text("parent_id"), text("name")]),
            row(&[number.into(), gap.into(), text(""), anna.into()]),
            row(&[text("8"), gap.into(), text("7"), text("Zander")]),
            row(&[text("9"), "<table:covered-table-cell/>".into(), "<table:table-cell/>".into(), text(""), text("7")]),
        ];
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let body = format!("<office:spreadsheet><table:table>{}</table:table></office:spreadsheet>", sheet.concat());
        let manifest = "<m><manifest:file-entry manifest:full-path=\"Thumbnails/thumbnail.png\"/></m>";
        for (name, part) in [
            ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
            ("content.xml", &body),
            ("Thumbnails/thumbnail.png", "a picture"),
            ("META-INF/manifest.xml", manifest),
        ] {
            archive.start_file(name, SimpleFileOptions::default()).unwrap();
            archive.write_all(part.as_bytes()).unwrap();
        }
        let bytes = archive.finish().unwrap().into_inner();
        let set = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<BTreeSet<String>>();
        let (ids, known, none) = (set(&["7"]), set(&["8", "9"]), set(&[]));
        let reference = set(&["parent_id"]);
        let change =
            Change { ids: &ids, known: &known, edit: Edit::Drop, emptied: &none, reference: &reference, records: None };
        let (out, changed) = rewrite(&bytes, &change).unwrap();
        assert_eq!(changed, 2);
        let parts: Vec<(String, String)> =
            parts(&out).unwrap().into_iter().map(|(name, part)| (name, String::from_utf8(part).unwrap())).collect();
        assert_eq!(
            parts.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
            ["mimetype", "content.xml", "META-INF/manifest.xml"]
        );
        let blank = "<table:table-row table:style-name=\"r\"><table:table-cell/></table:table-row>";
        let orphan = sheet[2].replace(&text("7"), "<table:table-cell/>");
        assert!(parts[1].1.contains(&[&sheet[0], blank, &orphan, &sheet[3]].concat()), "{}", parts[1].1);
        assert_eq!(parts[2].1, "<m></m>");
        let replaced = Change { edit: Edit::Replace("gone"), ..change };
        let (out, changed) = rewrite(&bytes, &replaced).unwrap();
        assert!(changed == 2 && mentions(&out, &set(&["gone"])) && mentions(&out, &set(&["Zander"])));
        assert!(mentions(&bytes, &set(&["Anna"])) && !mentions(&bytes, &set(&["table"])));
    }
}
