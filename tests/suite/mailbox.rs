//! Mailboxes as interactions: who wrote to whom and when, who answered, who could not be reached; nothing else.

use crate::project::{HEADER, Project};

const WHAT: &[&str] = &["customer_id", "contact_id", "happened_on", "direction", "outcome"];

/// A message without a word of its own that may be kept.
fn message(from: &str, to: &str, day: &str, rest: &str) -> String {
    format!(
        "From: Name <{from}>\nTo: {to}\nDate: {day} 2021 10:00:00 +0200\n{rest}Subject: TOPSECRET offer\n\nTOPSECRET body\n\n"
    )
}

fn project() -> Project {
    let mut project = Project::new();
    project.file("order_lines.csv", format!("{HEADER}1,K1,2021-01-01,10.00\n"));
    project.file(
        "contacts.csv",
        "contact_id,customer_id,email,full_name\nc1,K1,Anna@Kunde.de,Anna\nc2,K1,ben@kunde.de,Ben\nc3,K2,carl@other.at,Carl\n",
    );
    project.configure("[interactions]\nname = 'mail'\nfiles = ['data/mail']\nown_domains = ['us.example']\n");
    std::fs::create_dir_all(project.folder.path().join("data/mail/erika/cur")).unwrap();
    std::fs::create_dir_all(project.folder.path().join("data/mail/erika/new")).unwrap();
    project
}

fn everything(project: &Project) -> String {
    let tables = project.rows(&["table_name"], "FROM duckdb_tables() WHERE NOT internal ORDER BY 1");
    let text = |table: &String| project.rows(&[&format!("{table}::VARCHAR")], &format!("FROM {table}")).join("\n");
    tables.iter().map(text).collect()
}

#[test]
fn replies_join_mailboxes_and_only_contacts_are_kept() {
    let project = project();
    let sent = [
        message("erika@us.example", "anna@kunde.de, nobody@nowhere.de", "Fri, 1 Oct", "Message-ID: <o1@us>\n"),
        message("erika@us.example", "BEN@kunde.de, carl@other.at", "Mon, 4 Oct", "Message-ID: <o2@us>\n"),
        message("erika@us.example", "max@sub.us.example", "Mon, 4 Oct", "Message-ID: <o3@us>\n"),
    ];
    project.file("mail/Sent", sent.map(|text| format!("From erika@us.example Fri Oct\n{text}")).concat());
    let inbox = [
        ("erika/cur/1:2,S", message("anna@kunde.de", "erika@us.example", "Sat, 2 Oct", "Message-ID: <i1@k>\nIn-Reply-To: <o1@us>\n")),
        ("erika/new/2", message("carl@other.at", "erika@us.example", "Tue, 5 Oct", "Message-ID: <i2@k>\n")),
        ("erika/new/3", message("news@shop.example", "erika@us.example", "Tue, 5 Oct", "List-Unsubscribe: <x>\n")),
        ("erika/new/4", message("stranger@nowhere.de", "erika@us.example", "Tue, 5 Oct", "Message-ID: <i3@n>\n")),
        ("erika/new/5", "From: a\nSubject: TOPSECRET broken\n\nTOPSECRET\n".to_owned()),
        (
            "erika/new/6",
            "From: MAILER-DAEMON@mx.example\nTo: erika@us.example\nDate: Mon, 4 Oct 2021 10:01:00 +0200\nContent-Type: \
             multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nFinal-Recipient: rfc822; Ben@Kunde.de\n\
             Action: failed\n\n--b\n\nMessage-ID: <o2@us>\nSubject: TOPSECRET offer\n--b--\n"
                .to_owned(),
        ),
        ("erika/cur/7:2,", message("erika@us.example", "carl@other.at", "Wed, 6 Oct", "Message-ID: <o4@us>\nReferences: <i0@k> <i2@k>\n")),
        ("erika/cur/8:2,", message("anna@kunde.de", "erika@us.example", "Sat, 2 Oct", "Message-ID: <i1@k>\n")),
    ];
    for (name, text) in inbox {
        project.file(&format!("mail/{name}"), text);
    }
    let report = project.ingest().unwrap();
    let rows = project.rows(WHAT, "FROM interactions ORDER BY happened_on, customer_id, contact_id, direction");
    assert_eq!(
        rows,
        [
            "K1|c1|2021-10-01|out|answered",
            "K1|c1|2021-10-02|in|unanswered",
            "K1|c2|2021-10-04|out|bounced",
            "K2|c3|2021-10-04|out|unanswered",
            "K2|c3|2021-10-05|in|answered",
            "K2|c3|2021-10-06|out|unanswered",
        ]
    );
    let notices: Vec<&str> = report.notices.iter().map(|notice| notice.text.as_str()).collect();
    let counted = "data/mail: of 11 messages 1 were with addresses of no contact, 1 among our own, 2 by programs, 1 further copies";
    assert!(notices.contains(&counted), "{notices:#?}");
    let refused = project.rows(&["column_name", "value"], "FROM quarantine ORDER BY 1");
    assert_eq!(refused, ["customer_id|-", "happened_on|-"]);
    let kept = everything(&project);
    for word in ["TOPSECRET", "nowhere.de", "stranger", "Erika", "o1@us"] {
        assert!(!kept.contains(word), "`{word}` was kept");
    }
    assert!(kept.contains("K2"));

    assert!(project.ingest().unwrap().batches.iter().all(|batch| batch.reused), "the same mailbox is loaded once");
}

#[test]
fn new_contacts_are_looked_for_in_messages_loaded_before() {
    let mut project = project();
    project.configure(
        "[contacts]\nreceived_on = 2021-12-31\n[interactions]\nname = 'mail'\nfiles = ['data/mail/*.mbox']\nown_domains = \
         ['us.example']\n",
    );
    let text = message("stranger@nowhere.de", "erika@us.example", "Tue, 5 Oct", "");
    project.file("mail/a.mbox", format!("From x\n{text}"));
    project.ingest().unwrap();
    assert!(project.rows(WHAT, "FROM interactions").is_empty());
    project.file("contacts.csv", "contact_id,customer_id,email\nc4,K2,stranger@nowhere.de\n");
    project.ingest().unwrap();
    assert_eq!(project.rows(WHAT, "FROM interactions"), ["K2|c4|2021-10-05|in|unanswered"]);
}

#[test]
fn a_mailbox_of_nobody_and_a_line_of_a_hundred_megabytes() {
    let mut project = project();
    let mut text = format!(
        "From anna@kunde.de Tue Oct  5 10:00:00 2021\n{}",
        message("anna@kunde.de", "e@us.example", "Tue, 5 Oct", "")
    )
    .into_bytes();
    text.resize(100 << 20, b'x');
    text.extend_from_slice(b"\n\nFrom carl@other.at Tue Oct  5 10:00:00 2021\n");
    text.extend(message("carl@other.at", "e@us.example", "Tue, 5 Oct", "").into_bytes());
    project.file("mail/long.mbox", text);
    project.configure("[interactions]\nfiles = ['data/mail/long.mbox']\n");
    let error = project.ingest().unwrap_err();
    assert_eq!(error.hint().unwrap(), "set `own_domains = [\"example.com\"]` in `[interactions]`");
    project.configure("[interactions]\nfiles = ['data/mail/long.mbox']\nown_domains = ['us.example']\n");
    project.ingest().unwrap();
    assert_eq!(project.rows(&["contact_id"], "FROM interactions ORDER BY 1"), ["c1", "c3"]);
}
