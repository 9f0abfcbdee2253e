//! Bytes of any encoding as UTF-8 with plain line ends, and a limit on how long one record may be.
//!
//! Line ends become `\n`, the last line gets one, so that line numbers can be counted. A quotation mark that is never
//! closed would make a record of the rest of the file: the limit turns that into an error instead of memory.

use std::{
    cell::Cell,
    io::{self, Read},
    rc::Rc,
};

use encoding_rs::{CoderResult, Decoder, Encoding};

/// Longest record, in bytes of UTF-8.
pub(super) const LONGEST_RECORD: u64 = 1 << 20;
const CHUNK: usize = 1 << 16;

/// What the reader and whoever reads from it tell each other.
#[derive(Debug, Clone, Default)]
pub(super) struct Gauge(Rc<GaugeCells>);

#[derive(Debug, Default)]
struct GaugeCells {
    since_record: Cell<u64>,
    is_too_long: Cell<bool>,
    has_ended: Cell<bool>,
    damaged: Cell<bool>,
}

impl Gauge {
    /// A record has been read; the next may be as long again.
    pub(super) fn next_record(&self) {
        self.0.since_record.set(0);
    }

    /// Whether reading failed because of the limit.
    pub(super) fn is_too_long(&self) -> bool {
        self.0.is_too_long.get()
    }

    /// Whether the end of the file was asked for.
    pub(super) fn has_ended(&self) -> bool {
        self.0.has_ended.get()
    }

    /// Whether bytes were met that the encoding does not have.
    pub(super) fn has_damage(&self) -> bool {
        self.0.damaged.get()
    }
}

/// A [`Read`] of clean UTF-8.
pub(super) struct Decoded<R> {
    inner: R,
    decoder: Decoder,
    raw: Vec<u8>,
    decoded: Vec<u8>,
    text: Vec<u8>,
    at: usize,
    after_return: bool,
    last: u8,
    has_ended: bool,
    gauge: Gauge,
}

impl<R: Read> Decoded<R> {
    /// Reads `inner` in `encoding`; a byte order mark is removed.
    pub(super) fn new(inner: R, encoding: &'static Encoding, gauge: Gauge) -> Self {
        Self {
            inner,
            decoder: encoding.new_decoder_with_bom_removal(),
            raw: vec![0; CHUNK],
            decoded: vec![0; CHUNK * 3 + 16],
            text: Vec::with_capacity(CHUNK * 3),
            at: 0,
            after_return: false,
            last: b'\n',
            has_ended: false,
            gauge,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.at = 0;
        while self.text.is_empty() && !self.has_ended {
            let read = match self.inner.read(&mut self.raw) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            self.has_ended = read == 0;
            let mut from = 0;
            loop {
                let (result, used, written, damaged) =
                    self.decoder.decode_to_utf8(&self.raw[from..read], &mut self.decoded, self.has_ended);
                from += used;
                if damaged {
                    self.gauge.0.damaged.set(true);
                }
                self.take(written);
                if result == CoderResult::InputEmpty {
                    break;
                }
            }
            if self.has_ended && self.last != b'\n' {
                self.text.push(b'\n');
                self.last = b'\n';
            }
        }
        Ok(())
    }

    /// Takes over decoded bytes with plain line ends.
    fn take(&mut self, length: usize) {
        for &byte in &self.decoded[..length] {
            let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\r' => self.text.push(b'\n'),
                b'\n' if after_return => {}
                byte => self.text.push(byte),
            }
        }
        if let Some(&last) = self.text.last() {
            self.last = last;
        }
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.text.len() {
            self.refill()?;
        }
        let supplied = self.gauge.0.since_record.get();
        if supplied > LONGEST_RECORD {
            self.gauge.0.is_too_long.set(true);
            return Err(io::Error::other("record too long"));
        }
        let length = into.len().min(self.text.len() - self.at);
        into[..length].copy_from_slice(&self.text[self.at..self.at + length]);
        self.at += length;
        if length == 0 && !into.is_empty() {
            self.gauge.0.has_ended.set(true);
        }
        self.gauge.0.since_record.set(supplied + length as u64);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::{UTF_8, UTF_16LE, WINDOWS_1252};

    use super::*;

    fn decode(bytes: &[u8], encoding: &'static Encoding) -> String {
        let mut text = String::new();
        Decoded::new(bytes, encoding, Gauge::default()).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn every_line_end_becomes_the_same_and_the_last_line_has_one() {
        assert_eq!(decode(b"a\r\nb\rc\nd", UTF_8), "a\nb\nc\nd\n");
        assert_eq!(decode(b"a\r\n\r\nb\r\n", UTF_8), "a\n\nb\n");
        assert_eq!(decode(b"", UTF_8), "");
    }

    #[test]
    fn marks_and_code_pages_disappear() {
        assert_eq!(decode(b"\xEF\xBB\xBFK\xC3\xB6ln\n", UTF_8), "Köln\n");
        assert_eq!(decode(b"5 \x80 f\xFCr K\xF6ln\n", WINDOWS_1252), "5 € für Köln\n");
        let utf16: Vec<u8> = "\u{FEFF}Köln\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&utf16, UTF_16LE), "Köln\n");
    }

    #[test]
    fn a_return_at_the_end_of_a_chunk_is_one_line_end() {
        let text = format!("{}\r\nb", "a".repeat(CHUNK - 1));
        assert_eq!(decode(text.as_bytes(), UTF_8), format!("{}\nb\n", "a".repeat(CHUNK - 1)));
    }

    #[test]
    fn an_endless_record_is_an_error_and_not_memory() {
        let gauge = Gauge::default();
        let endless = std::io::repeat(b'x');
        let error = Decoded::new(endless, UTF_8, gauge.clone()).read_to_end(&mut Vec::new()).unwrap_err();
        assert!(gauge.is_too_long(), "{error}");
    }
}
