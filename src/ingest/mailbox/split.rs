//! The messages of a mailbox file one after the other: their headers, and of delivery reports the beginning of the body.
//!
//! Everything else of a body is passed over without being kept, whatever its length, so a line of 100 MB costs no
//! memory.

use std::io::{self, BufRead};

/// Longest header that is read; a longer one is broken.
const LONGEST_HEADER: usize = 256 << 10;

/// So much of a delivery report is read.
const LONGEST_REPORT: usize = 64 << 10;

/// A message, as far as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RawMessage {
    /// Its header, with the blank line that ends it.
    pub(super) header: Vec<u8>,
    /// Whether the header is longer than what is here.
    pub(super) is_cut: bool,
    /// The body's beginning, of delivery reports only.
    pub(super) report: Vec<u8>,
}

/// Hands on every message of a file: those of an mbox, which begin with `From ` after a blank line, or the one that the
/// file is.
pub(super) fn messages<E: From<io::Error>>(
    mut text: impl BufRead,
    take: &mut dyn FnMut(&RawMessage) -> Result<(), E>,
) -> Result<(), E> {
    let is_mbox = text.fill_buf()?.starts_with(b"From ");
    let mut line = Vec::new();
    let mut message: Option<RawMessage> = None;
    let (mut in_header, mut is_report, mut after_blank) = (true, false, true);
    loop {
        let room = if in_header { LONGEST_HEADER } else { 1024 };
        let length = read_line(&mut text, &mut line, room)?;
        if length == 0 {
            break;
        }
        let is_blank = matches!(line.as_slice(), b"\n" | b"\r\n");
        if is_mbox && after_blank && (message.is_none() || begins_a_message(&line)) {
            if let Some(done) = message.take() {
                take(&done)?;
            }
            message = Some(RawMessage { header: Vec::new(), is_cut: false, report: Vec::new() });
            (in_header, is_report, after_blank) = (true, false, false);
            continue;
        }
        after_blank = is_blank;
        let message =
            message.get_or_insert_with(|| RawMessage { header: Vec::new(), is_cut: false, report: Vec::new() });
        if in_header {
            let room = LONGEST_HEADER.saturating_sub(message.header.len());
            message.is_cut |= length > room;
            message.header.extend_from_slice(&line[..line.len().min(room)]);
            if is_blank {
                in_header = false;
                is_report = is_delivery_report(&message.header);
            }
        } else if is_report {
            let room = LONGEST_REPORT.saturating_sub(message.report.len());
            message.report.extend_from_slice(&line[..line.len().min(room)]);
        }
    }
    match message {
        Some(last) => take(&last),
        None => Ok(()),
    }
}

/// Whether a line after a blank one is an mbox's `From sender date`, and no sentence that begins so.
pub(crate) fn begins_a_message(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else { return false };
    let sender = rest.split(|byte| byte.is_ascii_whitespace()).next().unwrap_or_default();
    sender.contains(&b'@') || sender.eq_ignore_ascii_case(b"mailer-daemon") || sender == b"-"
}

/// Reads a line with its end, keeps at most `room` bytes of it, and returns how long it was.
fn read_line(text: &mut impl BufRead, line: &mut Vec<u8>, room: usize) -> io::Result<usize> {
    line.clear();
    let mut length = 0;
    loop {
        let chunk = match text.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let end = chunk.iter().position(|&byte| byte == b'\n').map(|at| at + 1);
        let part = &chunk[..end.unwrap_or(chunk.len())];
        let kept = part.len().min(room.saturating_sub(line.len()));
        line.extend_from_slice(&part[..kept]);
        let read = part.len();
        length += read;
        text.consume(read);
        if end.is_some() || read == 0 {
            return Ok(length);
        }
    }
}

fn is_delivery_report(header: &[u8]) -> bool {
    let header = String::from_utf8_lossy(header).to_ascii_lowercase();
    header.contains("multipart/report") && header.contains("delivery-status")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &[u8]) -> Vec<RawMessage> {
        let mut found = Vec::new();
        messages::<io::Error>(text, &mut |message| {
            found.push(message.clone());
            Ok(())
        })
        .unwrap();
        found
    }

    #[test]
    fn an_mbox_is_split_where_messages_begin_and_nowhere_else() {
        let found = split(
            b"From a@x Fri Oct  1 10:00:00 2021\nSubject: one\n\nFrom here on we talk.\n>From me\n\nFrom b@x Sat\r\nSubject: two\r\n\r\nbody",
        );
        let headers: Vec<_> =
            found.iter().map(|message| String::from_utf8_lossy(&message.header).into_owned()).collect();
        assert_eq!(headers, ["Subject: one\n\n", "Subject: two\r\n\r\n"]);
        assert!(found.iter().all(|message| message.report.is_empty() && !message.is_cut));
    }

    #[test]
    fn a_file_of_its_own_is_one_message_and_an_empty_file_none() {
        assert_eq!(split(b"Subject: x\n\nFrom here\n").len(), 1);
        assert!(split(b"").is_empty());
    }

    #[test]
    fn an_endless_line_is_passed_over_and_an_endless_header_is_cut() {
        let mut text = b"From a@x\nSubject: one\n\n".to_vec();
        text.extend(std::iter::repeat_n(b'x', 3 << 20));
        text.extend_from_slice(b"\n\nFrom b@x\nX-Long: ");
        text.extend(std::iter::repeat_n(b'y', 3 << 20));
        text.extend_from_slice(b"\n\nbody\n");
        let found = split(&text);
        assert_eq!(found.len(), 2);
        assert!(!found[0].is_cut && found[1].is_cut);
        assert!(found[1].header.len() <= LONGEST_HEADER);
    }

    #[test]
    fn of_a_delivery_report_the_beginning_of_the_body_is_read() {
        let mut text = b"Content-Type: multipart/report; report-type=\"delivery-status\"\n\nAction: failed\n".to_vec();
        text.extend(std::iter::repeat_n(b"filler\n".as_slice(), 50_000).flatten());
        let found = split(&text);
        assert!(found[0].report.starts_with(b"Action: failed\n"));
        assert_eq!(found[0].report.len(), LONGEST_REPORT);
    }
}
