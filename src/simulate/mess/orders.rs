//! Nine systems that book orders: each exports its customers' lines in its own way, some with faults.

use super::{
    Mess, Source,
    format::{Encoding, csv, json_lines, json_records, workbook},
    sheet::{Sheet, date, number},
};
use crate::simulate::SimulateError;

const TABLE: &str = "order_lines";

/// The columns under the names of a German ERP.
const GERMAN: [(&str, &str); 8] = [
    ("order_id", "Beleg-Nr."),
    ("line_number", "Pos"),
    ("customer_id", "Debitor"),
    ("ordered_on", "Belegdatum"),
    ("product_id", "Artikel"),
    ("quantity", "Menge"),
    ("net_revenue", "Nettoumsatz"),
    ("cost", "Einstand"),
];

/// The mapping of [`GERMAN`].
const GERMAN_COLUMNS: &str = "columns = { order_id = \"Beleg-Nr.\", line_number = \"Pos\", customer_id = \"Debitor\", ordered_on = \
                              \"Belegdatum\", product_id = \"Artikel\", quantity = \"Menge\", net_revenue = \"Nettoumsatz\", cost = \
                              \"Einstand\" }";

/// Writes the lines of all systems.
pub(super) fn add(mess: &mut Mess) -> Result<(), SimulateError> {
    let lines = mess.read(TABLE)?;
    let customer = lines.at("customer_id");
    let of = |mess: &Mess, buckets: std::ops::Range<usize>| {
        lines.filter(|row| buckets.contains(&(mess.place(&row[customer]) % 20)))
    };
    north(mess, &of(mess, 0..5));
    south(mess, &of(mess, 5..9));
    east(mess, &of(mess, 10..12));
    vienna(mess, &of(mess, 12..14));
    switzerland(mess, &of(mess, 14..15));
    edi(mess, &of(mess, 15..16));
    partner(mess, &of(mess, 16..17));
    list(mess, &of(mess, 17..19));
    let shop = lines.filter(|row| matches!(mess.place(&row[customer]) % 20, 9 | 19));
    web_shop(mess, &shop);
    Ok(())
}

/// Adds up what a source delivers.
fn deliver(mess: &mut Mess, source: &str, lines: &Sheet) {
    let (day, net) = (lines.at("ordered_on"), lines.at("net_revenue"));
    let months = mess.planted.revenue.entry(source.to_owned()).or_default();
    for row in &lines.rows {
        *months.entry(row[day][..7].to_owned()).or_default() += cents(&row[net]);
    }
}

fn cents(amount: &str) -> i64 {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    format!("{whole}{fraction:0<2}").parse().unwrap_or_default()
}

/// The last months in which a source has lines, oldest first.
fn months(lines: &Sheet) -> Vec<String> {
    let day = lines.at("ordered_on");
    let mut months: Vec<String> = lines.rows.iter().map(|row| row[day][..7].to_owned()).collect();
    months.sort();
    months.dedup();
    months
}

fn last_day(month: &str) -> String {
    let first = format!("{month}-01").parse::<jiff::civil::Date>().unwrap_or_default();
    first.last_of_month().to_string()
}

fn german(lines: &Sheet, thousands: &str) -> Sheet {
    let spell = |value: &str| number(value, thousands, ',');
    lines
        .select(&GERMAN)
        .write("Belegdatum", |day| date(day, "%d.%m.%Y"))
        .write("Nettoumsatz", spell)
        .write("Einstand", spell)
}

/// Two overlapping snapshots in Windows-1252; the second corrects amounts of the first and holds broken rows.
fn north(mess: &mut Mess, lines: &Sheet) {
    const NAME: &str = "erp-nord";
    let months = months(lines);
    let [.., before, last] = &months[..] else { return };
    let day = lines.at("ordered_on");
    let net = lines.at("net_revenue");
    let earlier = lines.filter(|row| row[day][..7] <= before[..]);
    let mut later = lines.clone();
    let mut corrected = 0;
    for row in later.rows.iter_mut().filter(|row| row[day][..7] <= before[..]).step_by(97).take(5) {
        row[net] = format!("{}.{:02}", cents(&row[net]) / 100 + 1, 50);
        corrected += 1;
    }
    mess.planted.corrected_lines += corrected;
    deliver(mess, NAME, &later);
    let mut sheet = german(&later, ".");
    let broken = [("Nettoumsatz", "12,x5"), ("Belegdatum", "31.02.2021"), ("Debitor", "")];
    let file = format!("erp_nord/auftraege_{}.csv", last_day(last));
    for (column, value) in broken {
        let (Some(row), at) = (sheet.rows.first().cloned(), sheet.at(column)) else { return };
        let mut row = row;
        row[at] = value.to_owned();
        sheet.rows.push(row);
        mess.planted.fault(TABLE, NAME, &file, &format!("{column} is `{value}`"), 1);
    }
    let files = vec![
        (
            format!("erp_nord/auftraege_{}.csv", last_day(before)),
            csv(&german(&earlier, "."), b';', Encoding::Windows1252),
        ),
        (file, csv(&sheet, b';', Encoding::Windows1252)),
    ];
    let settings = format!("mode = \"snapshot\"\n{GERMAN_COLUMNS}");
    let patterns = vec!["erp_nord/*.csv".to_owned()];
    mess.sources.push(Source {
        table: TABLE,
        name: NAME,
        owner: "Vertrieb Nord",
        patterns,
        settings,
        files,
        rows: later.rows.len(),
    });
}

/// A file a month with a byte order mark; one month never came.
fn south(mess: &mut Mess, lines: &Sheet) {
    const NAME: &str = "erp-sued";
    let months = months(lines);
    let day = lines.at("ordered_on");
    let lost = months.len().saturating_sub(4);
    let mut files = Vec::new();
    let mut rows = 0;
    for (at, month) in months.iter().enumerate() {
        if at == lost {
            mess.planted.missing(TABLE, NAME, month);
            continue;
        }
        let delivered = lines.filter(|row| row[day].starts_with(month.as_str()));
        deliver(mess, NAME, &delivered);
        rows += delivered.rows.len();
        let sheet = delivered.select(&[
            ("order_id", "order"),
            ("line_number", "line"),
            ("customer_id", "customer"),
            ("ordered_on", "date"),
            ("product_id", "product"),
            ("net_revenue", "net"),
        ]);
        files.push((format!("erp_sued/orders_{month}.csv"), csv(&sheet, b',', Encoding::Utf8WithMark)));
    }
    let settings = "mode = \"append\"\ncolumns = { order_id = \"order\", line_number = \"line\", customer_id = \"customer\", ordered_on = \
                    \"date\", product_id = \"product\", net_revenue = \"net\" }"
        .to_owned();
    let patterns = vec!["erp_sued/*.csv".to_owned()];
    mess.sources.push(Source { table: TABLE, name: NAME, owner: "Vertrieb Süd", patterns, settings, files, rows });
}

/// Tabs and UTF-16, as Excel saves "Unicode text"; rows in which a surplus tab has shifted the columns.
fn east(mess: &mut Mess, lines: &Sheet) {
    const NAME: &str = "erp-ost";
    deliver(mess, NAME, lines);
    let mut sheet = german(lines, ".");
    for at in 0..4 {
        if let Some(mut row) = sheet.rows.get(at * 7).cloned() {
            row.insert(3, "verschoben".to_owned());
            sheet.rows.push(row);
        }
    }
    mess.planted.fault(
        TABLE,
        NAME,
        "ost_export.txt",
        "a surplus tab shifts the columns",
        (sheet.rows.len() - lines.rows.len()) as u64,
    );
    let bytes = csv(&sheet, b'\t', Encoding::Utf16);
    mess.add(TABLE, NAME, "Vertrieb Ost", GERMAN_COLUMNS, ("ost_export.txt", bytes), lines.rows.len());
}

/// A workbook with a merged title above the header and a row of totals below.
fn vienna(mess: &mut Mess, lines: &Sheet) {
    const NAME: &str = "erp-wien";
    deliver(mess, NAME, lines);
    let sheet = lines.select(&GERMAN);
    let bytes =
        workbook("Auftragsliste Österreich", &sheet, &["Menge", "Nettoumsatz", "Einstand"], Some("Nettoumsatz"));
    mess.add(TABLE, NAME, "Büro Wien", GERMAN_COLUMNS, ("wien_auftraege.xlsx", bytes), lines.rows.len());
}

/// Bars, apostrophes, days with slashes.
fn switzerland(mess: &mut Mess, lines: &Sheet) {
    const NAME: &str = "erp-schweiz";
    deliver(mess, NAME, lines);
    let sheet = german(lines, "").write("Nettoumsatz", |value| number(&value.replace(',', "."), "'", '.'));
    let sheet = sheet.write("Einstand", |value| number(&value.replace(',', "."), "'", '.'));
    let sheet = sheet.write("Belegdatum", |day| day.replace('.', "/"));
    let bytes = csv(&sheet, b'|', Encoding::Utf8);
    let settings = format!("date_order = \"dmy\"\nconstants = {{ currency = \"EUR\" }}\n{GERMAN_COLUMNS}");
    mess.add(TABLE, NAME, "Büro Zürich", &settings, ("schweiz.csv", bytes), lines.rows.len());
}

/// Records deep in a JSON document.
fn edi(mess: &mut Mess, lines: &Sheet) {
    const NAME: &str = "edi";
    deliver(mess, NAME, lines);
    let sheet = lines.select(&[
        ("order_id", "SalesOrder"),
        ("line_number", "SalesOrderItem"),
        ("customer_id", "SoldToParty"),
        ("ordered_on", "SalesOrderDate"),
        ("net_revenue", "NetAmount"),
    ]);
    let settings = "records = \"d.results\"\ncolumns = { order_id = \"SalesOrder\", line_number = \"SalesOrderItem\", customer_id = \
                    \"SoldToParty\", ordered_on = \"SalesOrderDate\", net_revenue = \"NetAmount\" }";
    mess.add(TABLE, NAME, "IT", settings, ("edi.json", json_records(&sheet)), lines.rows.len());
}

/// Canonical names, and customers whom nobody knows.
fn partner(mess: &mut Mess, lines: &Sheet) {
    const NAME: &str = "partner";
    let mut lines = lines.clone();
    let customer = lines.at("customer_id");
    let unknown = "PARTNER-77";
    let strangers: Vec<Vec<String>> = lines.rows.iter().step_by(50).take(3).cloned().collect();
    for mut row in strangers {
        row[customer] = unknown.to_owned();
        let order = lines.at("order_id");
        row[order] = format!("P-{}", row[order]);
        lines.rows.push(row);
    }
    mess.planted.unknown_customers.push(unknown.to_owned());
    deliver(mess, NAME, &lines);
    let sheet = lines.select(&[
        ("order_id", "order_id"),
        ("line_number", "line_number"),
        ("customer_id", "customer_id"),
        ("ordered_on", "ordered_on"),
        ("net_revenue", "net_revenue"),
    ]);
    mess.add(TABLE, NAME, "Partnervertrieb", "", ("partner.csv", csv(&sheet, b',', Encoding::Utf8)), sheet.rows.len());
}

/// A list kept by hand: three ways to write a day, remarks below, blanks around everything.
fn list(mess: &mut Mess, lines: &Sheet) {
    const NAME: &str = "handliste";
    deliver(mess, NAME, lines);
    let mut sheet = german(lines, ".");
    let (day, order) = (sheet.at("Belegdatum"), sheet.at("Beleg-Nr."));
    for (at, row) in sheet.rows.iter_mut().enumerate() {
        let parts: Vec<String> = row[day].split('.').map(str::to_owned).collect();
        if let ([d, m, y], 1 | 2) = (&parts[..], at % 3) {
            row[day] = if at % 3 == 1 { format!("{y}-{m}-{d}") } else { format!("{y}{m}{d}") };
        }
        row[order] = format!(" {} ", row[order]);
    }
    let mut remark = vec![String::new(); sheet.columns.len()];
    remark[sheet.at("Debitor")] = "Bitte noch prüfen!".to_owned();
    sheet.rows.push(remark);
    mess.planted.fault(TABLE, NAME, "liste_hand.csv", "a remark below the rows", 1);
    let bytes = csv(&sheet, b';', Encoding::Windows1252);
    mess.add(TABLE, NAME, "Innendienst", GERMAN_COLUMNS, ("liste_hand.csv", bytes), lines.rows.len());
}

/// JSON lines with the shop's own customer numbers and a line that breaks off.
fn web_shop(mess: &mut Mess, lines: &Sheet) {
    const NAME: &str = "shop";
    deliver(mess, NAME, lines);
    let sheet = lines.select(&[
        ("order_id", "order.id"),
        ("line_number", "order.position"),
        ("ordered_on", "order.placed_at"),
        ("customer_id", "customer.id"),
        ("net_revenue", "net"),
    ]);
    let sheet = sheet.write("customer.id", |id| mess.shop_id(id).unwrap_or_else(|| id.to_owned()));
    let sheet = sheet.write("order.placed_at", |day| format!("{day}T09:30:00"));
    let mut bytes = json_lines(&sheet);
    bytes.extend_from_slice(b"{\"order\": {\"id\": \"S-1\n");
    mess.planted.fault(TABLE, NAME, "shop.jsonl", "a line breaks off", 1);
    let settings = "columns = { order_id = \"order.id\", line_number = \"order.position\", ordered_on = \"order.placed_at\", customer_id = \
                    \"customer.id\", net_revenue = \"net\" }";
    mess.add(TABLE, NAME, "E-Commerce", settings, ("shop.jsonl", bytes), lines.rows.len());
}
