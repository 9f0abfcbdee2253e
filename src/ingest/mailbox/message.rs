//! What is taken from a message: when, from whom, to whom, which message it answers; no subject and no body.

use jiff::civil::Date;
use mail_parser::{Address, HeaderValue, Message, MessageParser};

use super::split::RawMessage;

/// Recipients and references that are read of one message.
const MOST_ADDRESSES: usize = 1000;

/// A message's envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Envelope {
    /// Day on which it was sent, where the sender was.
    pub(super) day: Date,
    /// Its id, if it has one.
    pub(super) id: Option<String>,
    /// Ids of the messages that it answers.
    pub(super) answers: Vec<String>,
    /// Who sent it, in lower case.
    pub(super) from: String,
    /// To whom, copies included, in lower case.
    pub(super) to: Vec<String>,
    /// Written by a program: an out-of-office note, a mailing list, a newsletter.
    pub(super) is_automatic: bool,
    /// Addresses that could not be reached, and the message that was meant for them.
    pub(super) bounce: Option<Bounce>,
}

/// A delivery that failed for good.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bounce {
    /// Addresses, in lower case.
    pub(super) addresses: Vec<String>,
    /// The message, where the report repeats its id.
    pub(super) id: Option<String>,
}

impl Envelope {
    /// Reads a message's envelope; `None` if it has no sender or no plausible date, or its header does not end.
    pub(super) fn of(raw: &RawMessage) -> Option<Self> {
        if raw.is_cut {
            return None;
        }
        let message = MessageParser::default().parse_headers(&raw.header)?;
        let from = addresses(message.from()).into_iter().next()?;
        let day = day(&message)?;
        let mut to: Vec<String> =
            [message.to(), message.cc(), message.bcc()].into_iter().flat_map(addresses).take(MOST_ADDRESSES).collect();
        to.sort();
        to.dedup();
        let replied = ids(message.in_reply_to());
        let answers = match replied.is_empty() {
            false => replied,
            true => ids(message.references()).pop().into_iter().collect(),
        };
        let bounce = (!raw.report.is_empty()).then(|| Bounce::of(&raw.report)).filter(|b| !b.addresses.is_empty());
        Some(Self {
            day,
            id: message.message_id().map(str::to_owned),
            answers,
            from,
            to,
            is_automatic: is_automatic(&message),
            bounce,
        })
    }
}

impl Bounce {
    /// The recipients of a delivery report (RFC 3464) whose delivery failed, and the id of the message.
    fn of(report: &[u8]) -> Self {
        let text = String::from_utf8_lossy(report);
        let mut bounce = Self::default();
        let mut recipient = None;
        for line in text.lines() {
            let Some((name, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            match name.trim().to_ascii_lowercase().as_str() {
                "final-recipient" => {
                    recipient = value.split_once(';').map(|(_, address)| normal(address)).filter(|a| a.contains('@'));
                }
                "action" if value.eq_ignore_ascii_case("failed") => {
                    bounce.addresses.extend(recipient.take().filter(|_| bounce.addresses.len() < MOST_ADDRESSES));
                }
                "message-id" => {
                    bounce.id = Some(value.trim_matches(['<', '>']).to_owned()).filter(|id| !id.is_empty());
                }
                _ => {}
            }
        }
        bounce
    }
}

/// An address as it is compared.
pub(super) fn normal(address: &str) -> String {
    address.trim_matches(|c: char| c.is_whitespace() || matches!(c, '<' | '>')).to_lowercase()
}

fn addresses(header: Option<&Address<'_>>) -> Vec<String> {
    let Some(header) = header else { return Vec::new() };
    let found = header.iter().filter_map(|one| one.address.as_deref()).map(normal);
    found.filter(|address| address.contains('@')).take(MOST_ADDRESSES).collect()
}

fn ids(header: &HeaderValue<'_>) -> Vec<String> {
    header.as_text_list().unwrap_or_default().iter().take(MOST_ADDRESSES).map(|id| id.to_string()).collect()
}

/// The day in the header, or else the day on which the last server received it.
fn day(message: &Message<'_>) -> Option<Date> {
    let received = || message.received().and_then(|received| received.date.as_ref());
    let day = |date: &mail_parser::DateTime| {
        let (year, month, day) = (i16::try_from(date.year).ok()?, i8::try_from(date.month).ok()?, date.day);
        Date::new(year, month, i8::try_from(day).ok()?).ok().filter(|day| (1970..2200).contains(&day.year()))
    };
    message.date().and_then(day).or_else(|| received().and_then(day))
}

fn is_automatic(message: &Message<'_>) -> bool {
    let header = |name: &'static str| message.header_raw(name).map(|value| value.trim().to_ascii_lowercase());
    header("Auto-Submitted").is_some_and(|value| !value.starts_with("no"))
        || header("Precedence").is_some_and(|value| ["bulk", "list", "junk", "auto_reply"].contains(&value.as_str()))
        || ["List-Id", "List-Unsubscribe", "X-Autoreply", "X-Autorespond"]
            .into_iter()
            .any(|name| header(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(header: &str) -> Option<Envelope> {
        Envelope::of(&RawMessage { header: header.as_bytes().to_vec(), is_cut: false, report: Vec::new() })
    }

    #[test]
    fn sender_recipients_day_and_what_it_answers_are_read() {
        let found = envelope(
            "From: =?utf-8?q?J=C3=B6rg?= <Joerg@Kunde.DE>\nTo: Erika <erika@us.example>, team@us.example\n\
             Cc: ERIKA@us.example\nDate: Fri, 1 Oct 2021 23:30:00 -0500\nMessage-ID: <a1@kunde.de>\n\
             In-Reply-To: <q7@us.example>\nReferences: <q1@us.example> <q7@us.example>\nSubject: secret\n\n",
        )
        .unwrap();
        assert_eq!(found.day.to_string(), "2021-10-01");
        assert_eq!((found.from.as_str(), found.id.as_deref()), ("joerg@kunde.de", Some("a1@kunde.de")));
        assert_eq!(found.to, ["erika@us.example", "team@us.example"]);
        assert_eq!(found.answers, ["q7@us.example"]);
        assert!(!found.is_automatic && !format!("{found:?}").contains("secret"));
    }

    #[test]
    fn without_a_sender_or_a_date_it_is_broken() {
        assert_eq!(envelope("To: a@b\nDate: Fri, 1 Oct 2021 10:00:00 +0200\n\n"), None);
        assert_eq!(envelope("From: a@b\nTo: c@d\n\n"), None);
        assert_eq!(envelope("From: a@b\nDate: Fri, 31 Feb 2021 10:00:00 +0200\n\n"), None);
        assert_eq!(envelope("\n"), None);
        let received = "From: a@b\nReceived: from x by y; Fri, 1 Oct 2021 10:00:00 +0200\n\n";
        assert_eq!(envelope(received).unwrap().day.to_string(), "2021-10-01");
    }

    #[test]
    fn programs_are_told_from_people() {
        let with = |line: &str| {
            envelope(&format!("From: a@b\nDate: Fri, 1 Oct 2021 10:00:00 +0200\n{line}\n\n")).unwrap().is_automatic
        };
        for automatic in ["Auto-Submitted: auto-replied", "Precedence: bulk", "List-Unsubscribe: <mailto:x@y>"] {
            assert!(with(automatic), "{automatic}");
        }
        for person in ["Auto-Submitted: no", "Precedence: normal", "X-Mailer: x"] {
            assert!(!with(person), "{person}");
        }
    }

    #[test]
    fn a_delivery_report_names_who_was_not_reached() {
        let report = "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n\
                      Final-Recipient: rfc822; Gone@Kunde.de\nAction: failed\nStatus: 5.1.1\n\n\
                      Final-Recipient: rfc822; slow@kunde.de\nAction: delayed\n\n--b\n\nMessage-ID: <m9@us.example>\n";
        let bounce = Bounce::of(report.as_bytes());
        assert_eq!(bounce, Bounce { addresses: vec!["gone@kunde.de".into()], id: Some("m9@us.example".into()) });
    }
}
