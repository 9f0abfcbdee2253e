//! An address with its password, which no message may repeat.

use std::fmt;

/// Text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// What stands in its place.
const MASK: &str = "***";

impl Secret {
    /// Keeps `text` to itself.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the driver alone.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    /// `message` without the address, its user information and its password, plain or percent-encoded.
    pub fn redact(&self, message: &str) -> String {
        let mut parts = vec![self.0.clone()];
        if let Some((scheme, rest)) = self.0.split_once("://") {
            // What remains when a program has cut off or replaced the scheme.
            parts.push(rest.to_owned());
            let authority = rest.split(['/', '?']).next().unwrap_or(rest);
            if let Some((user, _)) = authority.rsplit_once('@') {
                parts.push(user.to_owned());
                parts.extend(user.split_once(':').map(|(_, password)| password.to_owned()));
            }
            parts.push(format!("{scheme}//{rest}"));
        }
        for key in ["password=", "pwd=", "token=", "secret="] {
            let lower = self.0.to_ascii_lowercase();
            parts.extend(lower.match_indices(key).filter_map(|(at, _)| {
                let value = self.0.get(at + key.len()..)?;
                let end = value.find(['&', ' ', ';']).unwrap_or(value.len());
                Some(value[..end].trim_matches('\'').to_owned())
            }));
        }
        let decoded: Vec<String> = parts.iter().map(|part| percent_decoded(part)).collect();
        parts.extend(decoded);
        parts.retain(|part| !part.is_empty());
        parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
        parts.iter().fold(message.to_owned(), |text, part| text.replace(part.as_str(), MASK))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// `%41` is `A`.
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_an_address_that_opens_a_door_is_repeated() {
        let secret = Secret::new("postgresql://me:s%40cret@db.example:5432/erp?sslmode=require".into());
        for message in [
            "invalid URI postgresql://me:s%40cret@db.example:5432/erp?sslmode=require",
            "missing = after postgresql//me:s%40cret@db.example:5432/erp?sslmode=require",
            "password s@cret refused",
            "password s%40cret refused",
        ] {
            let shown = secret.redact(message);
            assert!(!shown.contains("cret"), "{shown}");
        }
        let pairs = Secret::new("host=db user=me password='tiger42' dbname=erp".into());
        assert_eq!(pairs.redact("no, tiger42 is wrong"), "no, *** is wrong");
        assert_eq!(format!("{pairs:?}"), "***");
    }

    #[test]
    fn a_message_without_secrets_stays_as_it_is() {
        let secret = Secret::new("file:/srv/erp.sqlite".into());
        assert_eq!(secret.redact("no such table: order_lines"), "no such table: order_lines");
        assert_eq!(percent_decoded("50%"), "50%");
        assert_eq!(percent_decoded("%zz%41ü"), "%zzAü");
    }
}
