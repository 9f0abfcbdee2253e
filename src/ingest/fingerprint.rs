//! One pass over a file's bytes: its hash, and for text its encoding, judged by the whole file, since the first umlaut
//! may come late.

use std::{fs::File, io::Read, path::Path};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

const CHUNK: usize = 1 << 16;
/// Bytes with the high bit set that the detector gets to see: more of them do not change its mind.
const DETECTOR_LIMIT: usize = 1 << 20;

/// What a file's bytes say.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fingerprint {
    /// BLAKE3 of the bytes, hexadecimal.
    pub(super) hash: String,
    /// The encoding, if the file is text.
    pub(super) encoding: &'static Encoding,
    /// Whether it begins with a byte order mark.
    pub(super) has_bom: bool,
    /// Whether there is nothing in it.
    pub(super) is_empty: bool,
}

/// Hashes a file.
pub(super) fn hash(path: &Path) -> std::io::Result<String> {
    Ok(blake3::Hasher::new().update_reader(File::open(path)?)?.finalize().to_hex().to_string())
}

/// Recognises the encoding of text.
///
/// A byte order mark decides; then UTF-16 shows by its zero bytes; then valid UTF-8 is UTF-8, also where a few bytes
/// among many are damaged; anything else is what `chardetng` takes it for, Windows-1252 in western Europe.
pub(super) fn recognise(text: impl Read) -> std::io::Result<Fingerprint> {
    let mut text = text;
    let mut hasher = blake3::Hasher::new();
    let mut utf8 = Utf8Census::default();
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let mut fed = 0;
    let mut head: Vec<u8> = Vec::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = match text.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let bytes = &chunk[..read];
        hasher.update(bytes);
        utf8.count(bytes);
        if fed < DETECTOR_LIMIT && !bytes.is_ascii() {
            detector.feed(bytes, false);
            fed += read;
        }
        if head.len() < 4096 {
            head.extend_from_slice(&bytes[..bytes.len().min(4096)]);
        }
    }
    detector.feed(&[], true);
    let bom = Encoding::for_bom(&head).map(|(encoding, _)| encoding);
    let encoding = bom
        .or_else(|| utf16(&head))
        .unwrap_or_else(|| if utf8.looks_right() { UTF_8 } else { detector.guess(Some(b"de"), Utf8Detection::Deny) });
    Ok(Fingerprint {
        hash: hasher.finalize().to_hex().to_string(),
        encoding,
        has_bom: bom.is_some(),
        is_empty: head.is_empty(),
    })
}

/// UTF-16 by its mark, or without one by the zeros that are nearly every second byte of western text.
pub(crate) fn is_utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(4096)];
    let bom = Encoding::for_bom(head).map(|(encoding, _)| encoding);
    bom.filter(|encoding| *encoding != UTF_8).or_else(|| if bom.is_none() { utf16(head) } else { None })
}

/// UTF-16 without a mark: nearly every second byte of western text is zero.
fn utf16(head: &[u8]) -> Option<&'static Encoding> {
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|&&byte| byte == 0).count();
    let (even, odd, pairs) = (zeros(0), zeros(1), head.len() / 2);
    match pairs {
        0 => None,
        _ if odd * 2 > pairs && even * 10 < pairs => Some(UTF_16LE),
        _ if even * 2 > pairs && odd * 10 < pairs => Some(UTF_16BE),
        _ => None,
    }
}

/// Counts well-formed and damaged multi-byte characters over chunks that may cut one in two.
#[derive(Default)]
struct Utf8Census {
    carried: Vec<u8>,
    good: u64,
    damaged: u64,
}

impl Utf8Census {
    fn count(&mut self, bytes: &[u8]) {
        if self.carried.is_empty() && bytes.is_ascii() {
            return;
        }
        let joined = [std::mem::take(&mut self.carried).as_slice(), bytes].concat();
        let mut rest = joined.as_slice();
        loop {
            let (valid, damage) = match std::str::from_utf8(rest) {
                Ok(text) => (text.len(), None),
                Err(error) => (error.valid_up_to(), Some(error.error_len())),
            };
            self.good += rest[..valid].iter().filter(|&&byte| byte >= 0xC0).count() as u64;
            match damage {
                None => return,
                Some(None) => {
                    self.carried = rest[valid..].to_vec();
                    return;
                }
                Some(Some(length)) => {
                    self.damaged += 1;
                    rest = &rest[valid + length..];
                }
            }
        }
    }

    fn looks_right(&self) -> bool {
        let damaged = self.damaged + u64::from(!self.carried.is_empty());
        damaged == 0 || self.good > 10 * damaged
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::WINDOWS_1252;

    use super::*;

    fn encoding(bytes: &[u8]) -> &'static Encoding {
        recognise(bytes).unwrap().encoding
    }

    #[test]
    fn encodings_in_the_wild_are_recognised() {
        let text = "Auftrag;Kunde;Ort\n1;Müller & Söhne;Köln\n2;Bäckerei Weiß;Preis 5 €\n";
        assert_eq!(encoding(text.as_bytes()), UTF_8);
        assert_eq!(encoding(&WINDOWS_1252.encode(text).0), WINDOWS_1252);
        assert_eq!(encoding(&[b"\xEF\xBB\xBF", text.as_bytes()].concat()), UTF_8);
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(encoding(&utf16), UTF_16LE);
        assert_eq!(encoding(&[b"\xFF\xFE", utf16.as_slice()].concat()), UTF_16LE);
        assert_eq!(encoding(b"plain ascii"), UTF_8);
    }

    #[test]
    fn a_late_umlaut_across_two_chunks_still_counts() {
        let mut text = "a".repeat(CHUNK - 1);
        text.push('ü');
        assert_eq!(encoding(text.as_bytes()), UTF_8);
        let mut bytes = "order;name\n".repeat(20_000).into_bytes();
        bytes.extend_from_slice(b"1;M\xFCller\n");
        assert_eq!(encoding(&bytes), WINDOWS_1252);
    }

    #[test]
    fn one_damaged_byte_does_not_turn_every_umlaut_into_two_characters() {
        let mut bytes = "Müller Köln\n".repeat(100).into_bytes();
        bytes.extend_from_slice(b"\xFF\n");
        assert_eq!(encoding(&bytes), UTF_8);
    }

    #[test]
    fn the_hash_of_the_pass_is_the_hash_of_the_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "some bytes").unwrap();
        assert_eq!(recognise(File::open(file.path()).unwrap()).unwrap().hash, hash(file.path()).unwrap());
    }
}
