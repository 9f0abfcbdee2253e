//! Everything that is no order line: four customer files that overlap, and the lists of a dozen departments.

use std::collections::BTreeMap;

use super::{
    Mess, Record, Source,
    format::{Encoding, csv, json_lines, json_records, workbook},
    sheet::{Sheet, date, number},
    variants,
};
use crate::simulate::SimulateError;

/// Writes all of them.
pub(super) fn add(mess: &mut Mess) -> Result<(), SimulateError> {
    customers(mess)?;
    contacts(mess)?;
    products(mess)?;
    invoices(mess)?;
    complaints(mess)?;
    surveys(mess)?;
    dialogue(mess)?;
    opportunities(mess)?;
    signals(mess)?;
    team(mess)
}

/// The same companies in the ERP, the CRM, the shop and on a list from a fair.
fn customers(mess: &mut Mess) -> Result<(), SimulateError> {
    const TABLE: &str = "customers";
    let all = mess.read(TABLE)?;
    let id = all.at("customer_id");
    let mut companies: BTreeMap<String, Vec<Record>> = BTreeMap::new();
    let mut remember = |row: &str, source: &str, id: &str| {
        companies.entry(row.to_owned()).or_default().push(Record { source: source.into(), customer_id: id.into() });
    };

    for row in &all.rows {
        remember(&row[id], "erp", &row[id]);
    }
    let mut erp = all
        .select(&[
            ("customer_id", "Debitor"),
            ("name", "Name"),
            ("vat_id", "USt-IdNr."),
            ("street", "Straße"),
            ("postal_code", "PLZ"),
            ("city", "Ort"),
            ("country", "Land"),
            ("phone", "Telefon"),
            ("industry", "Branche"),
            ("employees", "Mitarbeiter"),
            ("region", "Gebiet"),
            ("rep_id", "Vertreter"),
            ("customer_since", "Kunde seit"),
            ("status", "Status"),
        ])
        .write("Kunde seit", |day| date(day, "%d.%m.%Y"))
        .write("Status", |status| if status == "blocked" { "gesperrt".into() } else { status.into() });
    let (number, employees, count) = (erp.at("Debitor"), erp.at("Mitarbeiter"), erp.rows.len() as u64);
    let guessed: Vec<Vec<String>> = erp.rows.iter().skip(3).step_by(8).take(2).cloned().collect();
    for (at, mut row) in guessed.into_iter().enumerate() {
        (row[number], row[employees]) = (format!("NEU-{at}"), "ca. 50".into());
        erp.rows.push(row);
        mess.planted.fault(TABLE, "erp", "debitoren.csv", "employees in words", 1);
    }
    let again: Vec<Vec<String>> = erp.rows.iter().skip(20).step_by(60).take(2).cloned().collect();
    mess.planted.fault(TABLE, "erp", "debitoren.csv", "the same number twice", again.len() as u64);
    erp.rows.extend(again);
    let settings = "columns = { customer_id = \"Debitor\", name = \"Name\", vat_id = \"USt-IdNr.\", street = \"Straße\", postal_code = \
                    \"PLZ\", city = \"Ort\", country = \"Land\", phone = \"Telefon\", industry = \"Branche\", employees = \
                    \"Mitarbeiter\", region = \"Gebiet\", rep_id = \"Vertreter\", customer_since = \"Kunde seit\", status = \"Status\" \
                    }\nvalues.status = { gesperrt = \"blocked\" }";
    let bytes = csv(&erp, b';', Encoding::Windows1252);
    mess.add(TABLE, "erp", "Buchhaltung", settings, ("debitoren.csv", bytes), count as usize);

    let name = all.at("name");
    let mut draw = mess.draw("crm");
    let mut crm = all.filter(|row| mess.crm_id(&row[id]).is_some());
    for row in &mut crm.rows {
        row[name] = variants::name(&row[name], &mut draw);
        for (column, spell) in [("street", variants::street as fn(&str, &mut _) -> String), ("phone", variants::phone)]
        {
            let at = all.at(column);
            row[at] = spell(&row[at], &mut draw);
        }
        if draw.chance(0.5) {
            row[all.at("vat_id")] = String::new();
        }
        if let Some(other) = mess.crm_id(&row[id]) {
            remember(&row[id], "crm", &other);
            row[id] = other;
        }
    }
    let crm = crm.select(&[
        ("customer_id", "Record Id"),
        ("name", "Account Name"),
        ("vat_id", "VAT"),
        ("street", "Billing Street"),
        ("postal_code", "Billing Code"),
        ("city", "Billing City"),
        ("country", "Billing Country"),
        ("phone", "Phone"),
        ("website", "Website"),
    ]);
    let settings = "columns = { customer_id = \"Record Id\", name = \"Account Name\", vat_id = \"VAT\", street = \"Billing Street\", \
                    postal_code = \"Billing Code\", city = \"Billing City\", country = \"Billing Country\", phone = \"Phone\", website = \
                    \"Website\" }";
    let rows = crm.rows.len();
    mess.add(TABLE, "crm", "Vertrieb", settings, ("crm_accounts.csv", csv(&crm, b',', Encoding::Utf8)), rows);

    let mut draw = mess.draw("shop");
    let mut shop = all.filter(|row| mess.shop_id(&row[id]).is_some());
    for row in &mut shop.rows {
        row[name] = variants::name(&row[name], &mut draw);
        if let Some(other) = mess.shop_id(&row[id]) {
            remember(&row[id], "shop", &other);
            row[id] = other;
        }
    }
    let shop = shop.select(&[
        ("customer_id", "id"),
        ("name", "company"),
        ("street", "address.street"),
        ("postal_code", "address.zip"),
        ("city", "address.city"),
        ("email", "email"),
    ]);
    let settings = "columns = { customer_id = \"id\", name = \"company\", street = \"address.street\", postal_code = \"address.zip\", city = \
                    \"address.city\", email = \"email\" }";
    let rows = shop.rows.len();
    mess.add(TABLE, "shop", "E-Commerce", settings, ("shop_customers.jsonl", json_lines(&shop)), rows);

    let mut draw = mess.draw("fair");
    let mut fair = Sheet { columns: all.columns.clone(), rows: all.rows.iter().skip(5).step_by(12).cloned().collect() };
    for (at, row) in fair.rows.iter_mut().enumerate() {
        let number = format!("M{:03}", at + 1);
        remember(&row[id], "messe", &number);
        row[id] = number;
        row[name] = variants::name(&row[name], &mut draw);
    }
    let fair = fair.select(&[
        ("customer_id", "Nr"),
        ("name", "Firma"),
        ("city", "Stadt"),
        ("postal_code", "PLZ"),
        ("phone", "Tel"),
    ]);
    let settings = "columns = { customer_id = \"Nr\", name = \"Firma\", city = \"Stadt\", postal_code = \"PLZ\", phone = \"Tel\" }";
    let bytes = workbook("Besucher Fachmesse", &fair, &[], None);
    mess.add(TABLE, "messe", "Marketing", settings, ("messe_besucher.xlsx", bytes), fair.rows.len());

    mess.planted.duplicates = companies.into_values().filter(|records| records.len() > 1).collect();
    Ok(())
}

/// People as the CRM knows them, and what the newsletter tool knows of some.
fn contacts(mess: &mut Mess) -> Result<(), SimulateError> {
    let all = mess.read("contacts")?;
    let customer = all.at("customer_id");
    let named = |mess: &Mess, sheet: Sheet| {
        let mut sheet = sheet;
        for row in &mut sheet.rows {
            row[customer] = mess.crm_id(&row[customer]).unwrap_or_else(|| row[customer].clone());
        }
        sheet
    };
    let people = named(mess, all.clone()).select(&[
        ("contact_id", "Contact Id"),
        ("customer_id", "Account Id"),
        ("full_name", "Full Name"),
        ("role", "Role"),
        ("email", "Email"),
        ("phone", "Phone"),
        ("last_confirmed_on", "Last Confirmed"),
        ("left_on", "Left"),
    ]);
    let settings = "columns = { contact_id = \"Contact Id\", customer_id = \"Account Id\", full_name = \"Full Name\", role = \"Role\", email = \
                    \"Email\", phone = \"Phone\", last_confirmed_on = \"Last Confirmed\", left_on = \"Left\" }";
    let rows = people.rows.len();
    mess.add(
        "contacts",
        "crm",
        "Vertrieb",
        settings,
        ("crm_contacts.csv", csv(&people, b',', Encoding::Utf8WithMark)),
        rows,
    );

    let readers = named(mess, all.filter(|row| mess.place(&row[customer]) % 4 == 1));
    let readers = readers
        .select(&[("contact_id", "Leser"), ("customer_id", "Konto"), ("email", "Adresse")])
        .write("Leser", |id| format!("N-{id}"));
    let settings = "columns = { contact_id = \"Leser\", customer_id = \"Konto\", email = \"Adresse\" }";
    let rows = readers.rows.len();
    mess.add(
        "contacts",
        "newsletter",
        "Marketing",
        settings,
        ("newsletter.txt", csv(&readers, b'\t', Encoding::Utf16)),
        rows,
    );

    // One person of each customer, written to and answering every other time.
    let (address, contact) = (all.at("email"), all.at("contact_id"));
    let mut mailbox = String::new();
    let mut messages = 0;
    for (at, row) in
        all.rows.iter().filter(|row| !row[address].is_empty() && !row[contact].is_empty()).step_by(5).enumerate()
    {
        let day = 1 + at % 28;
        let written = format!(
            "From vertrieb@messy.example\nFrom: <vertrieb@messy.example>\nTo: <{}>\nMessage-ID: <{at}@messy.example>\nDate: {day} Mar \
             {} 10:00:00 +0100\nSubject: Angebot\n\nGuten Tag\n\n",
            row[address],
            mess.company.last_month().year()
        );
        mailbox.push_str(&written);
        messages += 1;
        if at % 2 == 0 {
            let reply = format!(
                "From {0}\nFrom: <{0}>\nTo: <vertrieb@messy.example>\nIn-Reply-To: <{at}@messy.example>\nMessage-ID: <r{at}@{0}>\nDate: \
                 {day} Mar {1} 15:00:00 +0100\nSubject: AW: Angebot\n\nDanke\n\n",
                row[address],
                mess.company.last_month().year()
            );
            mailbox.push_str(&reply);
            messages += 1;
        }
    }
    mailbox.push_str("From MAILER-DAEMON Mon Mar 1 10:00:00\nSubject: no sender, no date\n\nlost\n");
    mess.planted.fault("interactions", "mail", "mail", "a message without sender and date", 1);
    mess.sources.push(Source {
        table: "interactions",
        name: "mail",
        owner: "Vertrieb",
        patterns: vec!["mail".into()],
        settings: "own_domains = [\"messy.example\"]".into(),
        files: vec![("mail/Vertrieb".into(), mailbox.into_bytes())],
        rows: messages,
    });
    Ok(())
}

fn products(mess: &mut Mess) -> Result<(), SimulateError> {
    let all = mess.read("products")?.select(&[
        ("product_id", "ArtNr"),
        ("name", "Bezeichnung"),
        ("product_group", "Warengruppe"),
    ]);
    let settings = "columns = { product_id = \"ArtNr\", name = \"Bezeichnung\", product_group = \"Warengruppe\" }";
    let rows = all.rows.len();
    mess.add("products", "artikel", "Einkauf", settings, ("artikel.csv", csv(&all, b';', Encoding::Windows1252)), rows);
    Ok(())
}

/// Accounting's open items, and the invoices of Vienna in a workbook.
fn invoices(mess: &mut Mess) -> Result<(), SimulateError> {
    const TABLE: &str = "invoices";
    let all = mess.read(TABLE)?;
    let customer = all.at("customer_id");
    let vienna = |mess: &Mess, row: &[String]| (12..14).contains(&(mess.place(&row[customer]) % 20));
    let names = [
        ("invoice_id", "Rechnung"),
        ("customer_id", "Konto"),
        ("issued_on", "Datum"),
        ("amount", "Betrag"),
        ("due_on", "Fällig"),
        ("paid_on", "Bezahlt"),
        ("paid_amount", "Zahlung"),
        ("dunning_level", "Mahnstufe"),
    ];
    let settings = "columns = { invoice_id = \"Rechnung\", customer_id = \"Konto\", issued_on = \"Datum\", amount = \"Betrag\", due_on = \
                    \"Fällig\", paid_on = \"Bezahlt\", paid_amount = \"Zahlung\", dunning_level = \"Mahnstufe\" }";
    let spell = |value: &str| number(value, ".", ',');
    let mut books = all.filter(|row| !vienna(mess, row)).select(&names).write("Betrag", spell).write("Zahlung", spell);
    for column in ["Datum", "Fällig", "Bezahlt"] {
        books = books.write(column, |day| if day.is_empty() { "00.00.0000".into() } else { date(day, "%d.%m.%Y") });
    }
    let amount = books.at("Betrag");
    for at in [5, 6] {
        if let Some(row) = books.rows.get_mut(at) {
            row[amount] = "#WERT!".into();
            mess.planted.fault(TABLE, "buchhaltung", "opos.csv", "an error of a formula for an amount", 1);
        }
    }
    let rows = books.rows.len();
    mess.add(
        TABLE,
        "buchhaltung",
        "Buchhaltung",
        settings,
        ("opos.csv", csv(&books, b';', Encoding::Windows1252)),
        rows,
    );
    let book = all.filter(|row| vienna(mess, row)).select(&names);
    let rows = book.rows.len();
    let bytes = workbook("Rechnungsausgang", &book, &["Betrag", "Zahlung", "Mahnstufe"], Some("Betrag"));
    mess.add(TABLE, "wien", "Büro Wien", settings, ("wien_rechnungen.xlsx", bytes), rows);
    Ok(())
}

fn complaints(mess: &mut Mess) -> Result<(), SimulateError> {
    const TABLE: &str = "complaints";
    let all = mess.read(TABLE)?;
    let customer = all.at("customer_id");
    let even = |mess: &Mess, row: &[String]| mess.place(&row[customer]).is_multiple_of(2);
    let tickets = all.filter(|row| even(mess, row)).select(&[
        ("complaint_id", "id"),
        ("customer_id", "organization.external_id"),
        ("opened_on", "created_at"),
        ("closed_on", "solved_at"),
        ("category", "type"),
        ("severity", "priority"),
    ]);
    let tickets = tickets.write("created_at", |day| format!("{day}T08:00:00"));
    let settings = "allow_missing = true\ncolumns = { complaint_id = \"id\", customer_id = \"organization.external_id\", opened_on = \"created_at\", closed_on = \
                    \"solved_at\", category = \"type\", severity = \"priority\" }";
    let rows = tickets.rows.len();
    mess.add(TABLE, "tickets", "Service", settings, ("tickets.jsonl", json_lines(&tickets)), rows);
    let list = all.filter(|row| !even(mess, row)).select(&[
        ("complaint_id", "Nr."),
        ("customer_id", "Kunde"),
        ("opened_on", "Eingang"),
        ("closed_on", "Erledigt"),
        ("severity", "Schwere"),
    ]);
    let list = list.write("Eingang", |day| date(day, "%d.%m.%Y")).write("Erledigt", |day| date(day, "%d.%m.%Y"));
    let settings = "columns = { complaint_id = \"Nr.\", customer_id = \"Kunde\", opened_on = \"Eingang\", closed_on = \"Erledigt\", severity = \
                    \"Schwere\" }";
    let rows = list.rows.len();
    mess.add(
        TABLE,
        "reklamationen",
        "Qualität",
        settings,
        ("reklamationen.csv", csv(&list, b';', Encoding::Utf8WithMark)),
        rows,
    );
    Ok(())
}

/// Two surveys, one of them with impossible scores; and what the staff think.
fn surveys(mess: &mut Mess) -> Result<(), SimulateError> {
    const TABLE: &str = "survey_answers";
    let all = mess.read(TABLE)?;
    let question = all.at("question");
    let names = [("customer_id", "Kunde"), ("answered_on", "Datum"), ("score", "Wert"), ("contact_id", "Person")];
    let mut recommend = all.filter(|row| row[question] == "recommend").select(&names);
    let score = recommend.at("Wert");
    for row in recommend.rows.iter_mut().take(3) {
        row[score] = "11".into();
        mess.planted.fault(TABLE, "nps", "nps.csv", "a score of 11", 1);
    }
    let settings = "columns = { customer_id = \"Kunde\", answered_on = \"Datum\", score = \"Wert\", contact_id = \"Person\" }\nconstants = { \
                    question = \"recommend\" }";
    let rows = recommend.rows.len();
    mess.add(TABLE, "nps", "Marketing", settings, ("nps.csv", csv(&recommend, b';', Encoding::Utf8)), rows);
    let satisfied = all.filter(|row| row[question] == "satisfaction").select(&names);
    let rows = satisfied.rows.len();
    let settings = settings.replace("recommend", "satisfaction");
    let bytes = workbook("Zufriedenheit", &satisfied, &["Wert"], None);
    mess.add(TABLE, "zufriedenheit", "Marketing", &settings, ("zufriedenheit.xlsx", bytes), rows);

    let staff = mess.read("staff_answers")?;
    let rows = staff.rows.len();
    mess.add("staff_answers", "umfrage", "Personal", "", ("staff.csv", csv(&staff, b',', Encoding::Utf8)), rows);
    Ok(())
}

/// Visits and calls from the CRM; newsletters from another tool.
fn dialogue(mess: &mut Mess) -> Result<(), SimulateError> {
    const TABLE: &str = "interactions";
    let all = mess.read(TABLE)?;
    let (channel, customer) = (all.at("channel"), all.at("customer_id"));
    let mut touches = all.filter(|row| row[channel] != "newsletter");
    for row in &mut touches.rows {
        row[customer] = mess.crm_id(&row[customer]).unwrap_or_else(|| row[customer].clone());
    }
    let touches = touches.select(&[
        ("customer_id", "Konto"),
        ("happened_on", "Datum"),
        ("channel", "Art"),
        ("contact_id", "Kontakt"),
        ("rep_id", "Besitzer"),
        ("direction", "Richtung"),
        ("outcome", "Ergebnis"),
    ]);
    let touches = touches.write("Datum", |day| date(day, "%d.%m.%Y")).write("Art", |kind| match kind {
        "visit" => "Besuch".into(),
        "call" => "Anruf".into(),
        other => other.to_uppercase(),
    });
    let settings = "columns = { customer_id = \"Konto\", happened_on = \"Datum\", channel = \"Art\", contact_id = \"Kontakt\", rep_id = \
                    \"Besitzer\", direction = \"Richtung\", outcome = \"Ergebnis\" }\nvalues.channel = { Besuch = \"visit\", Anruf = \"call\" }";
    let rows = touches.rows.len();
    mess.add(
        TABLE,
        "crm",
        "Vertrieb",
        settings,
        ("crm_aktivitaeten.csv", csv(&touches, b';', Encoding::Windows1252)),
        rows,
    );
    let letters = all.filter(|row| row[channel] == "newsletter").select(&[
        ("customer_id", "account"),
        ("happened_on", "sent"),
        ("contact_id", "reader"),
        ("outcome", "result"),
    ]);
    let settings = "columns = { customer_id = \"account\", happened_on = \"sent\", contact_id = \"reader\", outcome = \"result\" }\nconstants = { \
                    channel = \"newsletter\", direction = \"out\" }";
    let rows = letters.rows.len();
    mess.add(TABLE, "newsletter", "Marketing", settings, ("kampagnen.jsonl", json_lines(&letters)), rows);
    Ok(())
}

fn opportunities(mess: &mut Mess) -> Result<(), SimulateError> {
    let all = mess.read("opportunities")?;
    let deals = all.select(&[
        ("opportunity_id", "Deal Id"),
        ("customer_id", "Account Id"),
        ("opened_on", "Created"),
        ("closed_on", "Closing"),
        ("stage", "Stage"),
        ("amount", "Amount"),
        ("probability", "Probability"),
        ("decision_expected_on", "Expected"),
        ("competitor", "Competitor"),
    ]);
    let deals = deals.write("Amount", |value| number(value, ",", '.')).write("Stage", |stage| match stage {
        "won" => "Gewonnen".into(),
        "lost" => "Verloren".into(),
        other => other.into(),
    });
    let settings = "columns = { opportunity_id = \"Deal Id\", customer_id = \"Account Id\", opened_on = \"Created\", closed_on = \"Closing\", \
                    stage = \"Stage\", amount = \"Amount\", probability = \"Probability\", decision_expected_on = \"Expected\", competitor = \
                    \"Competitor\" }\nvalues.stage = { Gewonnen = \"won\", Verloren = \"lost\" }";
    let rows = deals.rows.len();
    mess.add("opportunities", "crm", "Vertrieb", settings, ("crm_deals.csv", csv(&deals, b',', Encoding::Utf8)), rows);
    Ok(())
}

/// What social listening and a clipping service found.
fn signals(mess: &mut Mess) -> Result<(), SimulateError> {
    const TABLE: &str = "public_signals";
    let all = mess.read(TABLE)?;
    let source = all.at("source");
    let is_social = |row: &[String]| matches!(row[source].as_str(), "forum" | "social");
    let social = all.filter(is_social);
    let rows = social.rows.len();
    mess.add(
        TABLE,
        "listening",
        "Marketing",
        "records = \"d.results\"",
        ("listening.json", json_records(&social)),
        rows,
    );
    let clippings = all.filter(|row| !is_social(row));
    let rows = clippings.rows.len();
    mess.add(TABLE, "presse", "Marketing", "", ("presse.csv", csv(&clippings, b',', Encoding::Utf8WithMark)), rows);
    Ok(())
}

/// Representatives and their calendar.
fn team(mess: &mut Mess) -> Result<(), SimulateError> {
    let reps = mess.read("reps")?;
    let rows = reps.rows.len();
    mess.add("reps", "personal", "Personal", "", ("vertreter.csv", csv(&reps, b';', Encoding::Utf8)), rows);
    let dates = mess.read("appointments")?.write("planned_on", |day| date(day, "%d.%m.%Y"));
    let rows = dates.rows.len();
    mess.add(
        "appointments",
        "kalender",
        "Vertrieb",
        "",
        ("kalender.csv", csv(&dates, b';', Encoding::Windows1252)),
        rows,
    );
    Ok(())
}
