//! Mailboxes as interactions: mbox files, Maildirs and single messages, alone or together in a folder.
//!
//! Of each message only day, sender, recipients and what it answers are read; subject, body and attachments are passed
//! over. A message becomes one row for every contact it was exchanged with; addresses that belong to no contact are
//! counted and forgotten, and so are what our own people write each other and what programs send.
//!
//! `outcome`: `answered` if the other side replied to that very message, `bounced` if it came back, else `unanswered`.

mod addresses;
mod message;
mod split;

use std::{
    collections::{BTreeMap, HashSet},
    fs::{self, File},
    io::{self, BufReader},
    path::{Path, PathBuf},
};

use csv::StringRecord;

pub(super) use self::addresses::Addresses;
use self::message::{Envelope, normal};
pub(crate) use self::split::begins_a_message;
use super::{
    IngestError,
    discover::SourceFile,
    rows::{Take, TextRows},
};
use crate::domain::Notice;

const HEADER: [&str; 6] = ["customer_id", "contact_id", "happened_on", "channel", "direction", "outcome"];

/// Folders in folders that are looked into.
const DEEPEST: usize = 16;

/// Receives a message with its number; `None` if it is broken.
type TakeEnvelope<'a> = &'a mut dyn FnMut(u64, Option<&Envelope>) -> Result<(), IngestError>;

/// Identity of a message, or of a message and a recipient.
type Mark = [u8; 16];

/// A mailbox whose replies are known.
pub(super) struct Mailbox {
    name: String,
    files: Vec<PathBuf>,
    own_domains: Vec<String>,
    addresses: Addresses,
    header: Vec<String>,
    /// Messages that the other side answered.
    answered: HashSet<Mark>,
    /// Recipients whom a message did not reach.
    bounced: HashSet<Mark>,
    /// Messages of our own that are here.
    sent: HashSet<Mark>,
    counts: Counts,
}

/// What became of messages that are no row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    messages: u64,
    copies: u64,
    internal: u64,
    automatic: u64,
    unknown: u64,
}

impl Mailbox {
    /// Reads all envelopes once, for the reply relation.
    ///
    /// # Errors
    /// If nobody said which domains are our own, or a file cannot be read.
    pub(super) fn open(
        file: &SourceFile,
        table: &'static str,
        own_domains: &[String],
        addresses: Addresses,
    ) -> Result<Self, IngestError> {
        if own_domains.is_empty() {
            return Err(IngestError::NoOwnDomain { table, file: file.name.clone() });
        }
        let files = files_of(&file.path).map_err(|error| unreadable(&file.name, &error))?;
        let mut mailbox = Self {
            name: file.name.clone(),
            files,
            own_domains: own_domains.iter().map(|domain| normal(domain)).collect(),
            addresses,
            header: HEADER.map(str::to_owned).to_vec(),
            answered: HashSet::new(),
            bounced: HashSet::new(),
            sent: HashSet::new(),
            counts: Counts::default(),
        };
        let (mut answered, mut bounced, mut sent) = (HashSet::new(), HashSet::new(), HashSet::new());
        mailbox.envelopes(&mut |_, envelope| {
            let Some(envelope) = envelope else { return Ok(()) };
            let is_own = mailbox.is_own(&envelope.from);
            if let Some(bounce) = &envelope.bounce {
                let marks = bounce.addresses.iter().filter_map(|address| Some(mark(&[bounce.id.as_ref()?, address])));
                bounced.extend(marks);
            } else if !envelope.is_automatic {
                // The two sides apart: who adds to his own message has not been answered.
                answered.extend(envelope.answers.iter().map(|id| mark(&[side(!is_own), id])));
            }
            if is_own {
                sent.extend(envelope.id.iter().map(|id| mark(&[id])));
            }
            Ok(())
        })?;
        (mailbox.answered, mailbox.bounced, mailbox.sent) = (answered, bounced, sent);
        Ok(mailbox)
    }

    fn is_own(&self, address: &str) -> bool {
        let domain = address.rsplit('@').next().unwrap_or("");
        self.own_domains
            .iter()
            .any(|own| domain == own || domain.strip_suffix(own.as_str()).is_some_and(|rest| rest.ends_with('.')))
    }

    /// Every message with its number over all files; `None` if it is broken.
    fn envelopes(&self, take: TakeEnvelope<'_>) -> Result<(), IngestError> {
        let mut number = 0;
        for path in &self.files {
            let text = BufReader::new(File::open(path).map_err(|error| unreadable(&self.name, &error))?);
            split::messages(text, &mut |raw| {
                number += 1;
                take(number, Envelope::of(raw).as_ref()).map_err(Stopped::By)
            })
            .map_err(|stopped| match stopped {
                Stopped::By(error) => error,
                Stopped::Reading(error) => unreadable(&self.name, &error),
            })?;
        }
        Ok(())
    }

    /// The rows of one message: contact, direction and outcome.
    fn rows_of<'a>(&'a self, envelope: &'a Envelope, counts: &mut Counts) -> Vec<(&'a addresses::Contact, Row)> {
        let reached = |address: &String| self.addresses.find(address);
        if let Some(bounce) = &envelope.bounce {
            // The message itself says so, if it is here.
            let is_here = bounce.id.as_ref().is_some_and(|id| self.sent.contains(&mark(&[id])));
            let contacts: Vec<_> = bounce.addresses.iter().filter(|_| !is_here).filter_map(reached).collect();
            counts.automatic += u64::from(contacts.is_empty());
            return distinct(contacts.into_iter().map(|contact| (contact, Row { is_out: true, outcome: "bounced" })));
        }
        if envelope.is_automatic {
            counts.automatic += 1;
            return Vec::new();
        }
        let is_own = self.is_own(&envelope.from);
        let answered = envelope.id.as_ref().is_some_and(|id| self.answered.contains(&mark(&[side(is_own), id])));
        let outcome = if answered { "answered" } else { "unanswered" };
        if !is_own {
            let contact = reached(&envelope.from);
            counts.unknown += u64::from(contact.is_none());
            return contact.map(|contact| (contact, Row { is_out: false, outcome })).into_iter().collect();
        }
        if !envelope.to.is_empty() && envelope.to.iter().all(|address| self.is_own(address)) {
            counts.internal += 1;
            return Vec::new();
        }
        let row = |address: &'a String| {
            let bounced = envelope.id.as_ref().is_some_and(|id| self.bounced.contains(&mark(&[id, address])));
            Some((reached(address)?, Row { is_out: true, outcome: if bounced { "bounced" } else { outcome } }))
        };
        let rows = distinct(envelope.to.iter().filter_map(row));
        counts.unknown += u64::from(rows.is_empty());
        rows
    }
}

/// What a row says of a message besides day and contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    is_out: bool,
    outcome: &'static str,
}

/// A contact with two addresses in one message was written to once.
fn distinct<'a>(rows: impl Iterator<Item = (&'a addresses::Contact, Row)>) -> Vec<(&'a addresses::Contact, Row)> {
    let mut found: Vec<(&addresses::Contact, Row)> = Vec::new();
    for row in rows {
        if !found.iter().any(|(contact, _)| *contact == row.0) {
            found.push(row);
        }
    }
    found
}

impl TextRows for Mailbox {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn recognised(&self) -> BTreeMap<String, String> {
        let Counts { messages, .. } = self.counts;
        BTreeMap::from([("format".into(), "mailbox".into()), ("messages".into(), messages.to_string())])
    }

    fn rows(&mut self, take: Take<'_>) -> Result<(), IngestError> {
        let mut counts = Counts::default();
        let mut seen = HashSet::new();
        self.envelopes(&mut |number, envelope| {
            counts.messages += 1;
            let Some(envelope) = envelope else {
                // To quarantine, without anything of its content.
                return take(number, &StringRecord::from(vec!["", "", "", "email", "", ""]));
            };
            if !envelope.id.as_ref().is_none_or(|id| seen.insert(mark(&[id]))) {
                counts.copies += 1;
                return Ok(());
            }
            let day = envelope.day.to_string();
            for (contact, row) in self.rows_of(envelope, &mut counts) {
                let direction = if row.is_out { "out" } else { "in" };
                let cells = [&contact.customer_id, &contact.contact_id, day.as_str(), "email", direction, row.outcome];
                take(number, &StringRecord::from(cells.to_vec()))?;
            }
            Ok(())
        })?;
        self.counts = counts;
        Ok(())
    }

    fn notices(&self) -> Vec<Notice> {
        let Counts { messages, copies, internal, automatic, unknown } = self.counts;
        let text = format!(
            "{}: of {messages} messages {unknown} were with addresses of no contact, {internal} among our own, {automatic} \
             by programs, {copies} further copies",
            self.name
        );
        vec![Notice::info("mailbox", text)]
    }
}

/// Why a pass over messages ended early.
enum Stopped {
    By(IngestError),
    Reading(io::Error),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Reading(error)
    }
}

fn side(is_own: bool) -> &'static str {
    if is_own { "ours" } else { "theirs" }
}

fn mark(parts: &[&str]) -> Mark {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update(b"\n");
    }
    let mut mark = [0; 16];
    mark.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    mark
}

fn unreadable(file: &str, error: &io::Error) -> IngestError {
    IngestError::Read { file: file.to_owned(), reason: error.to_string() }
}

/// Reads all messages of any bytes, for [`super::properties`].
#[cfg(any(test, fuzzing))]
pub(super) fn read_all(bytes: &[u8]) {
    let read = split::messages::<io::Error>(bytes, &mut |raw| {
        assert!(raw.header.len() <= bytes.len());
        if let Some(envelope) = Envelope::of(raw) {
            assert!(envelope.from.contains('@') && envelope.from == envelope.from.trim(), "{envelope:?}");
            assert!((1970..2200).contains(&envelope.day.year()), "{envelope:?}");
        }
        Ok(())
    });
    read.unwrap_or_else(|error| panic!("bytes in memory cannot fail: {error}"));
}

/// The files of a mailbox that hold messages, by name: an mbox begins with `From `, the messages of a Maildir lie in
/// `cur` and `new`, others end in `.eml`. Links are not followed.
pub(crate) fn files_of(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if path.is_file() {
        found.push(path.to_path_buf());
    } else {
        collect(path, DEEPEST, &mut found)?;
    }
    Ok(found)
}

fn collect(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let is_maildir = folder.file_name().is_some_and(|name| name == "cur" || name == "new");
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (kind, path) = (entry.file_type()?, entry.path());
        if kind.is_dir() && depth > 0 {
            collect(&path, depth - 1, found)?;
        } else if kind.is_file()
            && (is_maildir || path.extension().is_some_and(|e| e.eq_ignore_ascii_case("eml")) || is_mbox(&path)?)
        {
            found.push(path);
        }
    }
    Ok(())
}

fn is_mbox(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(File::open(path)?, 5), &mut head)?;
    Ok(head == b"From ")
}

/// Hash of a mailbox that is a folder: its messages' files by name and bytes, without a Maildir's flags.
pub(super) fn hash(folder: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    for path in files_of(folder)? {
        let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
        hasher.update(name.split(":2,").next().unwrap_or(&name).as_bytes());
        hasher.update(blake3::Hasher::new().update_reader(File::open(&path)?)?.finalize().as_bytes());
    }
    Ok(hasher.finalize().to_hex().to_string())
}
