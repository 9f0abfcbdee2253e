//! Messages out of mailboxes: one that names the forgotten anywhere in its bytes goes as a whole, since nobody can tell
//! what in it speaks of them.

use std::{collections::BTreeSet, fs, path::Path};

use super::{ForgetError, files};
use crate::{atomic, ingest};

/// Removes the messages of a file or folder in which one of the texts stands; says how many.
pub(super) fn rewrite(path: &Path, texts: &BTreeSet<String>) -> Result<u64, ForgetError> {
    let texts: BTreeSet<String> = texts.iter().map(|text| text.to_lowercase()).collect();
    let files = ingest::mail_files(path).map_err(|error| ForgetError::file(path, error))?;
    let mut removed = 0;
    for file in files {
        let bytes = fs::read(&file).map_err(|error| ForgetError::file(&file, error))?;
        let messages = messages(&bytes);
        let kept: Vec<&[u8]> = messages.iter().copied().filter(|message| !names(message, &texts)).collect();
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

fn names(message: &[u8], texts: &BTreeSet<String>) -> bool {
    let lower = match std::str::from_utf8(message) {
        Ok(text) => text.to_lowercase(),
        Err(_) => encoding_rs::WINDOWS_1252.decode(message).0.to_lowercase(),
    };
    files::is_in(lower.as_bytes(), texts)
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
}
