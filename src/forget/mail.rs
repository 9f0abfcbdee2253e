//! Messages out of mailboxes: one that names the forgotten anywhere, be it in an encoded body or an attached workbook, goes
//! as a whole, since nobody can tell what in it speaks of them.

use std::{collections::BTreeSet, fs, path::Path};

use mail_parser::{HeaderValue, Message, MessageParser, MimeHeaders, PartType, decoders::html::html_to_text};

use super::{ForgetError, files};
use crate::{atomic, ingest};

/// Removes the messages of a file or folder in which one of the texts stands; says how many.
pub(super) fn rewrite(path: &Path, texts: &BTreeSet<String>) -> Result<u64, ForgetError> {
    let lower = texts.iter().map(|text| text.to_lowercase()).collect();
    let files = ingest::mail_files(path).map_err(|error| ForgetError::file(path, error))?;
    let mut removed = 0;
    for file in files {
        let bytes = fs::read(&file).map_err(|error| ForgetError::file(&file, error))?;
        let messages = messages(&bytes);
        let kept: Vec<&[u8]> = messages.iter().copied().filter(|message| !names(message, texts, &lower)).collect();
        let gone = (messages.len() - kept.len()) as u64;
        if gone > 0 && kept.is_empty() {
            fs::remove_file(&file).map_err(|error| ForgetError::file(&file, error))?;
        } else if gone > 0 {
            atomic::write_bytes(&file, &kept.concat())?;
        }
        removed += gone;
    }
    Ok(removed)
}

/// Whether a message of a file names somebody.
pub(super) fn mentions(bytes: &[u8], texts: &BTreeSet<String>) -> bool {
    let lower = texts.iter().map(|text| text.to_lowercase()).collect();
    messages(bytes).into_iter().any(|message| names(message, texts, &lower))
}

fn names(message: &[u8], texts: &BTreeSet<String>, lower: &BTreeSet<String>) -> bool {
    let text = match std::str::from_utf8(message) {
        Ok(text) => text.to_lowercase(),
        Err(_) => encoding_rs::WINDOWS_1252.decode(message).0.to_lowercase(),
    };
    // the line before a message of an mbox is none of its header
    let start = message.iter().position(|byte| *byte == b'\n').filter(|_| message.starts_with(b"From "));
    files::is_in(text.as_bytes(), lower)
        || MessageParser::default()
            .parse(&message[start.map_or(0, |end| end + 1)..])
            .is_some_and(|message| packed(&message, texts, lower))
}

/// Whether somebody is named in what a message encodes: words of headers, bodies, attachments, messages within it.
fn packed(message: &Message<'_>, texts: &BTreeSet<String>, lower: &BTreeSet<String>) -> bool {
    let is_named = |text: &str| files::is_in(text.to_lowercase().as_bytes(), lower);
    let in_header = |value: &HeaderValue<'_>| match value {
        HeaderValue::Text(text) => is_named(text),
        HeaderValue::TextList(list) => list.iter().any(|text| is_named(text)),
        HeaderValue::Address(list) => {
            list.iter().any(|one| one.name().is_some_and(is_named) || one.address().is_some_and(is_named))
        }
        _ => false,
    };
    message.parts.iter().any(|part| {
        let attached = part.attachment_name();
        attached.is_some_and(is_named)
            || part.headers.iter().any(|header| in_header(&header.value))
            || match &part.body {
                PartType::Text(text) => is_named(text),
                PartType::Html(html) => is_named(html) || is_named(&html_to_text(html)),
                PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
                    let kind = attached.map(Path::new).map(files::extension).unwrap_or_default();
                    files::holds(&kind, bytes, texts)
                }
                PartType::Message(message) => packed(message, texts, lower),
                PartType::Multipart(_) => false,
            }
    })
}

/// The messages of an mbox, each with its first line and the blank one behind it, or the one that the file is.
fn messages(bytes: &[u8]) -> Vec<&[u8]> {
    if !bytes.starts_with(b"From ") {
        return vec![bytes];
    }
    let (mut found, mut start, mut at, mut after_blank) = (Vec::new(), 0, 0, false);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if after_blank && at > start && ingest::begins_a_message(line) {
            found.push(&bytes[start..at]);
            start = at;
        }
        after_blank = matches!(line, b"\n" | b"\r\n");
        at += line.len();
    }
    found.push(&bytes[start..]);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_that_name_somebody_go_and_the_others_keep_their_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sales.mbox");
        let of = |from: &str, text: &str| format!("From {from} Mon\nFrom: <{from}>\n\n{text}\n\n");
        let parts = [
            of("a@x.de", "hello"),
            of("B@x.de", "From here on"),
            of("c@x.de", "> b@x.de wrote"),
            of("d@x.de", "ab@x.de"),
        ];
        fs::write(&path, parts.concat()).unwrap();
        let texts = BTreeSet::from(["b@x.de".to_owned()]);
        assert_eq!(rewrite(&path, &texts).unwrap(), 2);
        assert_eq!(fs::read_to_string(&path).unwrap(), [parts[0].as_str(), &parts[3]].concat());
        assert_eq!(rewrite(&path, &texts).unwrap(), 0);
        // a mailbox of nothing but theirs is no file any more
        fs::write(&path, &parts[1]).unwrap();
        assert_eq!(rewrite(folder.path(), &texts).unwrap(), 1);
        assert!(!path.exists());
    }

    #[test]
    fn what_is_encoded_in_a_message_is_read() {
        let head = "From a@x.de Mon\nFrom: a@x.de\nMIME-Version: 1.0\n";
        let base64 = format!(
            "{head}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n\
             R3V0ZW4gVGFnLCBiaXR0ZSBhbiBiQHguZGUgYW50d29ydGVuLgo=\n"
        );
        let quoted = format!(
            "{head}Content-Type: text/html; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n\
             <p>Herr Kr=FCger</p>=\n<p>b=40x.de</p>\n"
        );
        let subject = format!("{head}Subject: =?UTF-8?Q?Herr_Kr=C3=BCger?=\n\nhello\n");
        let is_named = |message: &str, text: &str| mentions(message.as_bytes(), &BTreeSet::from([text.to_owned()]));
        assert!(is_named(&base64, "b@x.de") && is_named(&quoted, "B@x.de"));
        assert!(is_named(&quoted, "Krüger") && is_named(&subject, "Krüger"));
        assert!(!is_named(&base64, "c@x.de") && !is_named(&subject, "Weber"));
    }
}
